/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics_internal.h - what the metrics' files share: the replay of an event
 * stream and the ledgers that it keeps.
 */
#ifndef CX_TRACE_METRICS_INTERNAL_H
#define CX_TRACE_METRICS_INTERNAL_H

#include "entitlement/affinity.h"
#include "trace/metrics.h"

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
	unsigned class, group;               /* of its hard affinity */
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

struct cx_replay_pool {
	unsigned weight, reservation, limit; /* of the moment */
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
	struct cx_affinity affinity; /* classes, groups and pCPUs online */
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
	struct cx_replay_pool *pools;
	struct cx_solver solver;
	struct cx_solver_domain *claims; /* room for all domains: of those that want something */
	unsigned *claimants;             /* whose they are */
	bool no_memory;
};

int cx_replay_init(struct cx_replay *r, const struct cx_record *record, struct cx_metrics *m);
void cx_replay_free(struct cx_replay *r);
/** Go through all events and on to the run's end. */
int cx_replay_run(struct cx_replay *r);

/** A value of pool @pool is another one from @t_ns on; the step ends there. */
void cx_replay_pool_adjust(struct cx_replay *r, unsigned pool, enum cx_adjust what, uint64_t value,
			   uint64_t t_ns);

/** Charge domain @d up to @t_ns (metrics_siblings.c keeps the co-run part). */
void cx_replay_advance(struct cx_replay *r, unsigned d, uint64_t t_ns);
/** End the step at r->step_end_ns: solve it, turn its points into lag (metrics_step.c). */
void cx_step_close(struct cx_replay *r);
/** Make room for what cx_step_close() solves.  Returns 0, -ENOMEM, or -EINVAL: the record's pools
 *  are no tree. */
int cx_step_init(struct cx_replay *r);
void cx_step_free(struct cx_replay *r);
/** Note that domain @d's received or wanted rate changes at @t_ns. */
void cx_step_note(struct cx_replay *r, unsigned d, uint64_t t_ns);

/* ---- siblings (metrics_siblings.c) ---- */

void cx_siblings_charge(struct cx_replay *r, unsigned d, uint64_t dt_ns);
/** The skew of @d now.  Into the maximum, and with @sample into the distribution. */
void cx_siblings_skew(struct cx_replay *r, unsigned d, uint64_t t_ns, bool sample);
void cx_siblings_summary(struct cx_replay *r);

#endif
