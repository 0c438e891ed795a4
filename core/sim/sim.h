/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sim/sim.h - the simulated machine: virtual time, any number of pCPUs, one thread.
 *
 * A discrete-event simulation that drives the dispatcher through the interface that the
 * kvm machine drives it by (core/dispatch/dispatch.h), with workload models in the place of
 * guests (coxswain/model.h) and costs by table (core/sim/costs.h).  It makes no sequence of
 * calls that the kvm machine could not make: a kick takes its time to arrive, a slice ends
 * late, what is due is noticed late, an idle pCPU is decided for by whoever wakes it.
 *
 * What happens at one instant happens in this order: ticks, timers and deadlines; what the
 * agenda has (domains that start and stop); guests' steps and ends of slices, by pCPU; after
 * each of these the kicks that it brought about, in their order.  The same configuration
 * gives the same run, to the last event, on every host.  Nothing here is shared between two
 * simulations: each may run in a thread of its own.
 *
 * Speeds.  A vCPU that is put on a pCPU first pays for the switch and, if it ran elsewhere
 * last, for the move; then it works, slowly until what is missing of its working set has come
 * into the caches (core/sim/cache.c), at full speed from then on.
 */
#ifndef CX_CORE_SIM_H
#define CX_CORE_SIM_H

#include "base/error.h"
#include "core/dispatch/dispatch.h"
#include "core/sim/costs.h"
#include "topology/topology.h"

#include <coxswain/model.h>

struct cx_sim;

struct cx_sim_domain {
	const char *name;
	unsigned vcpus;
	const struct cx_model *model;
	const int64_t *params; /* CX_GUEST_PARAMS values, in the model's order */
	unsigned n_peers;
	const unsigned *peers; /* domain indices */
	uint64_t heap;         /* bytes that each vCPU's part of its heap would have */
};

struct cx_sim_config {
	const struct cx_topology *topology;
	unsigned n_pcpus;
	const unsigned *pcpus; /* CPU numbers of the topology */
	unsigned n_domains;
	const struct cx_sim_domain *domains;
	const struct cx_costs *costs;
	uint64_t seed;
	bool shuffle; /* let chance decide what comes first at one instant */
	uint64_t shuffle_seed;
	bool traced; /* note hypercalls */
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

/** What happens at set times, beside guests: domains start and stop. */
struct cx_sim_agenda {
	uint64_t (*next)(void *arg); /* when; CX_NEVER = nothing any more */
	int (*act)(void *arg);       /* do what is due now; a negative errno ends the run */
	bool (*over)(void *arg);     /* asked when a vCPU has ended: is nothing left to do? */
	void *arg;
};

/**
 * A machine for the dispatcher that is yet to be made; copies what it needs of the
 * configuration but for topology, models and names, which must outlive it.
 * Returns 0 or -ENOMEM with a message.
 */
int cx_sim_new(const struct cx_sim_config *config, struct cx_sim **sim, struct cx_error *err);
void cx_sim_free(struct cx_sim *sim);

/** The dispatcher's machine is the struct cx_sim; its configuration: single_thread. */
extern const struct cx_machine_ops cx_sim_machine_ops;
/** The dispatcher that was made for it.  Before anything runs. */
void cx_sim_bind(struct cx_sim *sim, struct cx_dispatch *d);
uint64_t cx_sim_now(const struct cx_sim *sim);

/**
 * Run until @until_ns, or for @max_events, whichever comes first.
 * Returns 1: until_ns is reached (and all that is due before it done), or the agenda says
 * that it is over; 0: call again;
 * -EDEADLK: time stands still (a model or a policy that acts for ever at one instant);
 * what the agenda returned.  A message with the last two.
 */
int cx_sim_run(struct cx_sim *sim, uint64_t until_ns, uint64_t max_events,
	       const struct cx_sim_agenda *agenda, struct cx_error *err);

/** After cx_dispatch_finish(): every vCPU leaves its pCPU, results are brought up to date. */
void cx_sim_finish(struct cx_sim *sim);
/** What vCPU @id has come to. */
struct cx_sim_outcome {
	uint64_t progress;
	uint64_t status;         /* of its exit; 0 while it lives */
	const uint64_t *results; /* as many as its model has, in that order */
};
struct cx_sim_outcome cx_sim_outcome(const struct cx_sim *sim, unsigned id);

/* --- watch.c --- */

/** A thread that looks, in real time, for an operation of the policy that never returns. */
struct cx_sim_watch;
int cx_sim_watch_start(struct cx_dispatch *d, struct cx_sim_watch **watch, struct cx_error *err);
void cx_sim_watch_stop(struct cx_sim_watch *watch);

#endif
