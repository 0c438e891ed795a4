/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics_internal.h - what the metrics' files share: the replay of an event
 * stream and the ledgers that it keeps.
 */
#ifndef CX_TRACE_METRICS_INTERNAL_H
#define CX_TRACE_METRICS_INTERNAL_H

#include "trace/metrics.h"

/** The x of cx_entitle(); INFINITY when all hi fit, 0 when the lo do not. */
double cx_entitle_level(const struct cx_claim *claims, unsigned n, double capacity);

/* ---- who may run where (metrics_affinity.c) ---- */

/** A set of pCPUs whose capacity bounds the classes that lie within it. */
struct cx_affinity_bound {
	uint64_t *cpus;
	unsigned group;
};

struct cx_affinity {
	unsigned words; /* 64-bit words of a mask */
	unsigned n_classes, n_bounds, n_groups;
	unsigned *class_of;   /* by domain */
	unsigned *group_of;   /* by pCPU; pCPUs that nobody may use are groups of their own */
	unsigned *group_cpus; /* by group: number of pCPUs online */
	uint64_t *online;     /* pCPUs, as a mask; all at first */
	/* A class: the domains with one and the same hard affinity. */
	uint64_t *class_masks; /* one after the other, each `words` long */
	unsigned *class_group;
	struct cx_affinity_bound *bounds; /* only of groups with several classes */
};

int cx_affinity_init(struct cx_affinity *a, const struct cx_record *record);
void cx_affinity_free(struct cx_affinity *a);

/** pCPU @p goes offline or comes back: it has nothing to give meanwhile. */
void cx_affinity_set_online(struct cx_affinity *a, unsigned p, bool online);

/** One domain's claim in a step, with its affinity. */
struct cx_bound_claim {
	struct cx_claim claim;
	unsigned domain, class;
};

/**
 * Solve all of @claims, of one @group, with @len_ns of each pCPU online to give.
 * @scratch  room for @n claims
 */
void cx_affinity_solve(const struct cx_affinity *a, unsigned group, struct cx_bound_claim *claims,
		       unsigned n, double len_ns, struct cx_claim *scratch);

/* ---- lag over time (metrics_window.c) ---- */

/** Lag is linear between points, and constant before the first and after the last. */
struct cx_lag_point {
	uint64_t t_ns;
	double lag_ns; /* entitled minus received, both since the start of the run */
};

struct cx_lag {
	struct cx_lag_point *points;
	size_t n, room;
};

int cx_lag_add(struct cx_lag *lag, uint64_t t_ns, double lag_ns);
/** The lag at @t_ns; *@at, 0 at first, moves forward only: one walk costs O(n) in all. */
double cx_lag_at(const struct cx_lag *lag, uint64_t t_ns, size_t *at);
/** Fill in out->lag_ns, over [start, stop), the ends from out->lag_min_ns and lag_max_ns.
 *  @n_domains: of so many, which share the work that is done.  Returns 0 or -ENOMEM (metrics_lag.c). */
int cx_lag_quantiles(const struct cx_lag *lag, uint64_t start_ns, uint64_t stop_ns,
		     unsigned n_domains, struct cx_metrics_domain *out);
/** Fill in the domain's lag figures, sampled over [start, stop). */
void cx_lag_summary(const struct cx_lag *lag, uint64_t start_ns, uint64_t stop_ns,
		    struct cx_metrics_domain *out, struct cx_hist *scratch);
/** Fill in metrics->windows from all domains' lags. */
void cx_window_errors(const struct cx_lag *lags, unsigned n, uint64_t duration_ns,
		      struct cx_metrics *metrics);

/* ---- the replay (metrics_replay.c) ---- */

/** A vCPU as the events describe it. */
struct cx_replay_vcpu {
	bool joined, on, paused, ending, dead, waking;
	uint16_t pcpu; /* where it is on */
	unsigned parked;
	int wakes;           /* wakes minus blocks; runnable when positive */
	uint64_t instant_ns; /* of its latest wake or block */
	uint64_t on_ns;      /* when it was put on its pCPU */
	uint64_t woken_ns;   /* valid while `waking` */
	enum cx_state state;
	uint64_t since_ns; /* time_ns is charged up to here */
};

/** Received and wanted so far, at an instant within the current step. */
struct cx_step_point {
	uint64_t t_ns, run_ns, want_ns;
};

struct cx_replay_domain {
	unsigned group;
	unsigned weight, reservation, limit; /* of the moment */
	unsigned in[CX_STATES];              /* vCPUs alive in each state */
	unsigned alive, alive_in_step;
	uint64_t since_ns; /* run_ns and want_ns are charged up to here */
	uint64_t run_ns, want_ns;
	uint64_t step_want_ns;      /* want_ns when the step began */
	double entitled_ns;         /* when the step began */
	struct cx_step_point *step; /* changes within the step */
	size_t n_step, room_step;
	struct cx_hist *skew; /* NULL with one vCPU */
};

struct cx_replay_pcpu {
	uint32_t current; /* CX_NO_VCPU = idle */
	bool offline;
	uint64_t since_ns;
};

/** pCPUs that some affinity connects. */
struct cx_replay_group {
	unsigned idle, ready, costopped; /* idle: of those online */
	uint64_t since_ns;
};

struct cx_replay {
	const struct cx_record *record;
	struct cx_metrics *m;
	struct cx_affinity affinity;
	struct cx_replay_vcpu *vcpus;
	struct cx_replay_domain *domains;
	struct cx_replay_pcpu *pcpus;
	struct cx_replay_group *groups;
	struct cx_lag *lags; /* by domain */
	struct cx_bounds *bounds;
	struct cx_series *series;
	uint64_t step_start_ns, step_end_ns;
	uint64_t *cuts; /* starts and stops of domains, in order: steps end there too */
	unsigned n_cuts, cut;
	uint64_t tick_ns, tick_every_ns; /* next sampling of the skew */
	struct cx_bound_claim *claims;   /* room for all domains */
	struct cx_bound_claim *sorted;   /* likewise: by group */
	unsigned *group_at;
	struct cx_claim *scratch;
	bool no_memory;
};

int cx_replay_init(struct cx_replay *r, const struct cx_record *record, struct cx_metrics *m);
void cx_replay_free(struct cx_replay *r);
/** Go through all events and on to the run's end. */
int cx_replay_run(struct cx_replay *r);

/** Charge domain @d up to @t_ns (metrics_siblings.c keeps the co-run part). */
void cx_replay_advance(struct cx_replay *r, unsigned d, uint64_t t_ns);
/** End the step at r->step_end_ns: solve it, turn its points into lag (metrics_step.c). */
void cx_step_close(struct cx_replay *r);
/** Note that domain @d's received or wanted rate changes at @t_ns. */
void cx_step_note(struct cx_replay *r, unsigned d, uint64_t t_ns);

/* ---- siblings (metrics_siblings.c) ---- */

void cx_siblings_charge(struct cx_replay *r, unsigned d, uint64_t dt_ns);
/** The skew of @d now.  Into the maximum, and with @sample into the distribution. */
void cx_siblings_skew(struct cx_replay *r, unsigned d, uint64_t t_ns, bool sample);
void cx_siblings_summary(struct cx_replay *r);

#endif
