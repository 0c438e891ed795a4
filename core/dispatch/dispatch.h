/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/dispatch.h - the dispatcher, as a machine drives it.
 *
 * The dispatcher knows vCPUs, pCPUs, their states and one policy; it knows no threads,
 * no KVM and no real time.  A machine owns those: it tells the dispatcher that a vCPU
 * left the guest, woke up or that time has passed, and enacts what the dispatcher
 * decides.  A pCPU without a running vCPU is not executing anything: whoever wakes it
 * decides on its behalf (cx_dispatch_enter()).
 *
 * Unless said otherwise functions may be called from any thread, hold no lock on entry
 * and call the machine's callbacks with no lock held.
 */
#ifndef CX_CORE_DISPATCH_H
#define CX_CORE_DISPATCH_H

#include "base/error.h"
#include "core/dispatch/loader.h"
#include "entitlement/entitlement.h"
#include "topology/topology.h"
#include "trace/event.h"
#include "trace/record.h"
#include "trace/sink.h"

#include <coxswain/plugin.h>
#include <stdbool.h>
#include <stdint.h>

struct cx_dispatch;

#define CX_NEVER UINT64_MAX
/** Each pCPU keeps a list of all others, which is what bounds them. */
#define CX_DISPATCH_PCPUS_MAX 16384u
#define CX_WATCHDOG_DEFAULT_NS 2000000000ull
#define CX_WATCHDOG_MIN_NS 10000000ull /* it looks four times as often */
#define CX_STUCK_LOOK_NS 250000000ull  /* how often to call cx_dispatch_check_stuck() */

/** What a machine offers.  @m is the machine given in the configuration. */
struct cx_machine_ops {
	/** Nanoseconds since the start of the run; never goes backwards.  Any lock. */
	uint64_t (*now)(void *m);
	/** @pcpu should decide anew: see cx_dispatch_enter().  No lock held. */
	void (*kick)(void *m, struct cx_pcpu *pcpu);
	/** cx_dispatch_timers() wants to be called at @when_ns, earlier than it said. */
	void (*alarm)(void *m, uint64_t when_ns);
	/** Does @v have an event pending, so that it must not block?  pCPU lock held. */
	bool (*pending)(void *m, struct cx_vcpu *v);
	/** The timer set with cx_dispatch_set_timer() has expired; no lock held. */
	void (*timer_expired)(void *m, struct cx_vcpu *v);
	/** The policy's tick() on @pcpu has run; its lock held.  May be NULL. */
	void (*ticked)(void *m, struct cx_pcpu *pcpu);
	/** One line for the run's log; any lock may be held, must not block for long. */
	void (*log)(void *m, const char *line);
};

/** A resource pool; parents come before their children. */
struct cx_dispatch_pool {
	const char *name;
	unsigned parent;                     /* an index, or CX_NO_POOL: part of the whole host */
	unsigned weight, reservation, limit; /* as in the scenario; the whole pool's */
};

struct cx_dispatch_domain {
	const char *name;
	unsigned vcpus;
	unsigned weight, reservation, limit;      /* as in the scenario */
	const struct cx_cpuset *cpus, *cpus_soft; /* host CPU numbers; NULL = all */
	unsigned pool;         /* an index; what is not less than n_pools means none */
	const int64_t *params; /* the policy's per-domain values, in table order */
};

struct cx_dispatch_config {
	const struct cx_machine_ops *ops;
	void *machine;
	const struct cx_plugin *plugin;
	const int64_t *params; /* plugin->n_params values */
	const struct cx_topology *topology;
	unsigned n_pcpus;
	const unsigned *pcpus; /* host CPU numbers */
	unsigned n_pools;
	const struct cx_dispatch_pool *pools;
	unsigned n_domains;
	const struct cx_dispatch_domain *domains;
	struct cx_history *history;       /* a lane a pCPU, or one; NULL = not kept */
	const struct cx_trace_sink *sink; /* NULL = not traced */
	uint64_t watchdog_ns;             /* 0 = the default; at least CX_WATCHDOG_MIN_NS */
	uint64_t seed;
	/* One thread alone drives it, in virtual time: events come in order, so the history
	 * has one lane, and no lock is taken.  Only cx_dispatch_check_stuck() may come from
	 * another thread. */
	bool single_thread;
	/* Among timers of one kind that are due at one instant chance decides, from a seed. */
	bool shuffle;
	uint64_t shuffle_seed;
};

/**
 * Make a dispatcher with all its pCPUs (online, idle) and all its domains (not yet
 * attached), and the policy's instance.
 * Returns 0; -EINVAL when a domain's affinity leaves it no pCPU, or there are too many; -ECANCELED when the
 * policy crashed; what the policy's init or pcpu_online returned; -ENOMEM.
 */
int cx_dispatch_new(const struct cx_dispatch_config *config, struct cx_dispatch **d,
		    struct cx_error *err);
/** After cx_dispatch_finish(), or if nothing ever ran. */
void cx_dispatch_free(struct cx_dispatch *d);

/** Handles by number: pCPUs and domains in the configuration's order, vCPUs by domain. */
struct cx_pcpu *cx_dispatch_pcpu(struct cx_dispatch *d, unsigned index);
struct cx_vcpu *cx_dispatch_vcpu(struct cx_dispatch *d, unsigned id);
/** The machine's own pointer on a vCPU and on a pCPU. */
void cx_vcpu_set_machine(struct cx_vcpu *v, void *data);
void *cx_vcpu_machine(const struct cx_vcpu *v);
/** The status that its guest ended with, for the trace: before its last leave. */
void cx_vcpu_set_status(struct cx_vcpu *v, uint64_t status);
unsigned cx_pcpu_host_cpu(const struct cx_pcpu *pcpu);

/** The domain joins: its vCPUs are attached, then woken with CX_WAKE_START. */
int cx_dispatch_start_domain(struct cx_dispatch *d, unsigned domain, struct cx_error *err);
/**
 * The domain's vCPUs are to end (@end: stopped, crashed).  Those not running end at
 * once; those running are kicked and end through cx_dispatch_leave(), which then
 * answers `ended`.
 */
void cx_dispatch_stop_domain(struct cx_dispatch *d, unsigned domain, enum cx_end end);

/** Has every domain been started, and has every vCPU ended? */
bool cx_dispatch_all_ended(struct cx_dispatch *d);

/** What the machine is to do after a vCPU left. */
struct cx_decision {
	struct cx_vcpu *next; /* run this one (maybe the same); NULL: the pCPU idles */
	struct cx_pcpu *pcpu; /* here */
	uint64_t until_ns;    /* end of its slice */
	uint64_t now_ns;      /* when it was decided */
	uint64_t run_ns;      /* time that `next` has run so far, for its guest to see */
	uint64_t ready_ns;    /* and waited while it had work */
	bool ended;           /* the vCPU that left is no more */
};

/**
 * The running vCPU @v has left the guest, for @why: SLICE, PREEMPT, YIELD, BLOCK, END.
 * With BLOCK and an event pending, @v stays: the decision names it, its slice unchanged.
 * @deadline_ns  BLOCK: wake it then at the latest; CX_NEVER = events only
 * @left_ns      when the guest was left, for the cost of deciding
 * After the run has ended, the decision is empty and `ended`.
 */
void cx_dispatch_leave(struct cx_vcpu *v, enum cx_why why, uint64_t deadline_ns, uint64_t left_ns,
		       struct cx_decision *decision);

/**
 * Decide on an idle pCPU's behalf.
 * Returns 1: decision->next is to run there; 0: it stays idle; -EBUSY: decision->next
 * runs there, make it leave with CX_WHY_PREEMPT (a stale answer does no harm: what it
 * would miss, cx_dispatch_preempted() tells the next one).
 */
int cx_dispatch_enter(struct cx_pcpu *pcpu, struct cx_decision *decision);

/** Should the vCPU running on @pcpu leave with CX_WHY_PREEMPT?  Lock-free. */
bool cx_dispatch_preempted(const struct cx_pcpu *pcpu);
/** Has @v been told to end?  Lock-free. */
bool cx_dispatch_ending(const struct cx_vcpu *v);

/** An event arrived for @v (already visible to ops->pending). */
void cx_dispatch_wake(struct cx_vcpu *v, enum cx_wake_why why);
/** The guest's own timer; CX_NEVER cancels.  Called by @v's machine thread. */
void cx_dispatch_set_timer(struct cx_vcpu *v, uint64_t when_ns);

/**
 * Time has passed: run what is due (ticks, policy timers, deadlines, the watchdog).
 * Called by one thread.  Returns when it is next to be called.
 */
uint64_t cx_dispatch_timers(struct cx_dispatch *d);

/*
 * Changes while the run goes on.  Each holds all locks and tells the policy; after the
 * run's end each returns -ECANCELED and does nothing.
 */

/** The policy's table, with its parameters. */
const struct cx_plugin *cx_dispatch_plugin(const struct cx_dispatch *d);
/** A domain's values of the moment; @domain is one of the configuration's. */
void cx_dispatch_domain_values(struct cx_dispatch *d, unsigned domain, unsigned *weight,
			       unsigned *reservation, unsigned *limit);
/** Change a policy-wide parameter.  -EINVAL index or range. */
int cx_dispatch_set_param(struct cx_dispatch *d, unsigned index, int64_t value);
/** Change the domain's value of a per-domain parameter.  -EINVAL index or range. */
int cx_dispatch_set_domain_param(struct cx_dispatch *d, unsigned domain, unsigned index,
				 int64_t value);
/**
 * Set a domain's weight (1 .. 65535), reservation and limit (percent of a pCPU: the limit
 * at most 100 for each of its vCPUs, 0 = none; the reservation at most the limit, or 100 for
 * each).  What is as before is not told.  -EINVAL domain or range.
 */
int cx_dispatch_adjust(struct cx_dispatch *d, unsigned domain, unsigned weight,
		       unsigned reservation, unsigned limit);

/**
 * Set a resource pool's weight (1 .. CX_POOL_WEIGHT_MAX), reservation and limit (percent of a
 * pCPU; 0 = none; the reservation at most the limit).  Whether the reservation can be kept is
 * the caller's to know (entitlement/admission.h).  -EINVAL pool or range.
 */
int cx_dispatch_adjust_pool(struct cx_dispatch *d, unsigned pool, unsigned weight,
			    unsigned reservation, unsigned limit);
/** A pool's values of the moment; @pool is one of the configuration's. */
void cx_dispatch_pool_values(struct cx_dispatch *d, unsigned pool, unsigned *weight,
			     unsigned *reservation, unsigned *limit);

/**
 * Take the pCPU @index out of the pool.  Who waits or sleeps there is assigned elsewhere at
 * once; a vCPU that runs there is kicked, and the pCPU is offline when it has left: the
 * machine need not wait for that.  From the return on nobody is put there, and
 * cx_dispatch_enter() leaves it idle.
 * Returns 0; -EBUSY: it is the last one, or a domain may run nowhere else; -EALREADY: it is
 * offline, or on its way; -EINVAL: no such pCPU.  With a message in each case.
 */
int cx_dispatch_pcpu_offline(struct cx_dispatch *d, unsigned index, struct cx_error *err);
/**
 * Take it back, idle; one that is still on its way out just stays.
 * Returns 0; -EALREADY: it is online; -EINVAL: no such pCPU; what the policy's pcpu_online
 * returned, and it stays offline; -ENOMEM.  With a message in each case.
 */
int cx_dispatch_pcpu_online(struct cx_dispatch *d, unsigned index, struct cx_error *err);

/** Emit an event that only the trace keeps (hypercalls, exits). */
void cx_dispatch_note(struct cx_vcpu *v, enum cx_event_type type, uint32_t why, uint64_t x,
		      uint64_t y);

/**
 * Called every CX_STUCK_LOOK_NS by a supervising thread: has an operation of the policy been
 * running longer than the watchdog time, on the caller's clock where time is virtual?  Then
 * it is broken off, and the policy is dead.
 */
void cx_dispatch_check_stuck(struct cx_dispatch *d);
/** The policy crashed or hung: the run should end.  @why gets plug-in and operation. */
bool cx_dispatch_dead(struct cx_dispatch *d, struct cx_error *why);

/**
 * Add the dispatch cost of one decision, from leaving one guest to entering the next
 * less the hand-over.  By the thread that now runs on @pcpu.
 */
void cx_pcpu_note_cost(struct cx_pcpu *pcpu, uint64_t ns);
/** Likewise all of the time between the two guests, hand-over and timer included. */
void cx_pcpu_note_gap(struct cx_pcpu *pcpu, uint64_t ns);

/** Close all accounts at one instant and refuse everything from now on.  The end's time. */
uint64_t cx_dispatch_finish(struct cx_dispatch *d);
/** Fill in the vCPUs', pCPUs' and counters' part of the record; after the finish. */
void cx_dispatch_collect(struct cx_dispatch *d, struct cx_record *record);

#endif
