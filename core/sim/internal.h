/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sim/internal.h - the simulator's own structures.  For this folder only.
 *
 *   sim.c     beginning and end
 *   loop.c    time, and what is next
 *   pcpu.c    a vCPU is put on a pCPU and leaves it
 *   step.c    what a guest does: the model's steps, booked as time passes
 *   cache.c   what is warm
 *   services.c what models call
 */
#ifndef CX_SIM_INTERNAL_H
#define CX_SIM_INTERNAL_H

#include "core/dispatch/timers.h"
#include "core/sim/sim.h"

#define CX_SIM_NOWHERE UINT32_MAX

struct sim_domain;

/** A cache that one core or several share. */
struct sim_cache {
	uint64_t size;   /* bytes */
	uint64_t filled; /* bytes brought in so far, by anybody */
};

/** What a vCPU has left behind in one cache. */
struct sim_traces {
	uint32_t where; /* index of the cache; CX_SIM_NOWHERE = none yet */
	uint64_t bytes; /* of its set, when it left */
	uint64_t mark;  /* the cache's `filled` then */
};

struct cx_model_vcpu {
	struct cx_sim *sim;
	struct sim_domain *dom;
	struct cx_vcpu *v;
	void *priv;
	unsigned id, index;
	uint32_t on;   /* pCPU, or CX_SIM_NOWHERE */
	uint32_t last; /* pCPU where it ran last, or CX_SIM_NOWHERE */

	/* The step under way. */
	struct cx_model_step step;
	bool stepping;         /* there is one */
	bool asleep;           /* its BLOCK has begun: what it returns is still to come */
	bool released;         /* its SPIN */
	uint64_t left_ns;      /* of the step: work, or run time */
	uint64_t stall_ns;     /* run time before it gets on with it */
	uint64_t cold_ns;      /* then run time ... */
	uint64_t cold_work_ns; /* ... in which only so much work is done */

	uint64_t pending, ports; /* bit masks */
	uint64_t status;         /* of its exit */

	uint64_t set_bytes;           /* its working set */
	uint64_t warm_ps;             /* an access to it, where all of it lies best */
	uint64_t cold_all_ns;         /* cold_ns at the beginning of this stay */
	uint64_t miss_near, miss_llc; /* bytes, likewise */
	uint64_t stay_work_ns;        /* work done in this stay */
	struct sim_traces near, llc;

	uint64_t progress;
	uint64_t *results; /* as many as its model has */
};

struct sim_domain {
	const struct cx_model *model;
	const char *name;
	void *priv;
	unsigned index, n_vcpus, n_peers;
	struct cx_model_vcpu *vcpus;
	unsigned *peers;
	uint64_t heap; /* bytes, each vCPU's part */
	int64_t params[CX_GUEST_PARAMS];
};

struct sim_pcpu {
	struct cx_pcpu *p;
	struct cx_model_vcpu *on;
	uint64_t booked_ns; /* what `on` does is booked up to here */
	uint64_t until_ns;  /* end of its slice */
	uint64_t
		leave_ns; /* it is left then, its slice over or a kick there, if nothing comes before */
	uint64_t stands_ns;   /* from then on it does nothing any more, on its way out */
	struct cx_timer next; /* what comes first of the events here */
	uint32_t near, llc;   /* caches */
	bool called;          /* on the list of kicks */
};

struct cx_sim {
	const struct cx_topology *topology;
	struct cx_dispatch *d;
	struct cx_costs costs;
	uint64_t now_ns, events;
	uint64_t instant_events; /* at now_ns */
	uint64_t timers_ns;      /* cx_dispatch_timers() is due; CX_NEVER = never */
	uint64_t late_ns;        /* and is called so much later */
	unsigned n_pcpus, n_domains, n_vcpus, n_near, n_llcs;
	unsigned *cpus; /* pCPUs' numbers in the topology */
	struct sim_pcpu *pcpus;
	struct sim_domain *domains;
	struct cx_model_vcpu *vcpus;
	struct sim_cache *near, *llcs;
	uint64_t *results; /* all vCPUs' */
	uint8_t *privs;    /* all private areas of models */
	size_t privs_size, n_results;
	struct cx_timers queue; /* of pCPUs' next events */
	uint32_t *kicks;        /* pCPUs to decide for */
	unsigned n_kicks;
	uint64_t seed;
	uint64_t random; /* of ties */
	uint64_t chance; /* of what things cost */
	bool shuffle, traced;
	bool ended; /* somebody has, since the agenda was asked last */
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

static inline uint64_t cost(const struct cx_sim *sim, enum cx_cost_index index)
{
	return sim->costs.value[index];
}

static inline uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/** @value * @by / @of, rounded down, without overflow between. */
static inline uint64_t scale(uint64_t value, uint64_t by, uint64_t of)
{
	return (uint64_t)((unsigned __int128)value * by / of);
}

/* --- loop.c --- */
/** What is to be charged for @index this time: the cost, varied by chance as CX_COST_JITTER says. */
uint64_t sim_charge(struct cx_sim *sim, enum cx_cost_index index);

/* --- pcpu.c --- */
/** Something is due on @p: a kick, the end of a slice or of a step. */
void sim_pcpu_event(struct cx_sim *sim, struct sim_pcpu *p);
/** The dispatcher has kicked @p. */
void sim_pcpu_kicked(struct cx_sim *sim, struct sim_pcpu *p);
/** When something is next due there, from what is known now, into the queue. */
void sim_pcpu_plan(struct cx_sim *sim, struct sim_pcpu *p);

/* --- step.c --- */
/** Book what @p's vCPU has done until now. */
void sim_book(struct cx_sim *sim, struct sim_pcpu *p);
/** How long from now, on its pCPU, until its step is done; CX_NEVER = it has no end. */
uint64_t sim_step_takes(const struct cx_model_vcpu *v);
/** What sim_step_done() wants of its vCPU. */
enum sim_then { SIM_GOES_ON, SIM_EXITED_TO_US, SIM_LEAVES };
/** The step is done: put it into effect.  SIM_LEAVES: with *why and, for BLOCK, *deadline_ns. */
enum sim_then sim_step_done(struct cx_sim *sim, struct cx_model_vcpu *v, enum cx_why *why,
			    uint64_t *deadline_ns);
/** It runs again: what its BLOCK was waiting for is there. */
void sim_step_resume(struct cx_model_vcpu *v);
/** Its sibling lets it go. */
void sim_release(struct cx_sim *sim, struct cx_model_vcpu *from, struct cx_model_vcpu *to);
/** Make @port pending and wake it. */
void sim_post(struct cx_model_vcpu *v, unsigned port, enum cx_wake_why why);

/* --- cache.c --- */
/** After its working set is known. */
void sim_cache_init(const struct cx_sim *sim, struct cx_model_vcpu *v);
/** It is put on @p: how long is it slow? */
void sim_cache_enter(struct cx_sim *sim, struct cx_model_vcpu *v, const struct sim_pcpu *p);
/** It leaves @p. */
void sim_cache_leave(struct cx_sim *sim, struct cx_model_vcpu *v, const struct sim_pcpu *p);

#endif
