/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics.h - the yardsticks, computed from a record's event stream.
 *
 * Sources: entitlement as VMware's resource management guide describes it (clamped
 * proportional share); Jain's index from R. Jain, D. Chiu, W. Hawe, "A Quantitative
 * Measure of Fairness", DEC TR-301, 1984; lag and window error as in the proportional-
 * share literature (I. Stoica et al., "A Proportional Share Resource Allocation
 * Algorithm", RTSS 1996); ready, limited, co-stop as esxtop names them; skew and co-stop
 * as in VMware's "The CPU Scheduler in VMware vSphere"; entitlement under affinity is
 * weighted max-min fairness (D. Bertsekas, R. Gallager, "Data Networks", section 6.5).
 *
 * Time is cut into steps of 100 ms (multiples of that when the run is very long), and
 * wherever a domain starts or stops, a weight, reservation or limit changes, or a pCPU goes
 * offline or comes back.  In each step the entitlements are solved with what that step
 * offers and wants:
 *
 *     e_i = clamp(w_i x, lo_i, hi_i)   with one x, the e_i adding up to the capacity
 *     capacity = pCPUs online * step   w_i  = weight * vCPUs that live in the step
 *     lo_i = min(reservation, hi_i)
 *     hi_i = min(limit, demand_i, 100 * pCPUs allowed and online, 100 * vCPUs that live)
 *     demand_i = time that its vCPUs were running, ready, limited or co-stopped in the step
 *
 * Within the step the entitlement accrues evenly over the time that the domain wanted to
 * run.  So who sleeps is entitled to nothing while it sleeps and hoards nothing from one
 * step to the next; who asks for less than its share of a step is entitled to all that it
 * asks for, however short its bursts; and who is served as soon as it wakes is not behind.
 * The step is longer than common time slices and bursts on purpose: with much shorter ones
 * a domain that uses a tenth of its share, in bursts, would count as served too well.
 * Waiting counts as demand: a sleeper that is kept waiting is entitled to more than it
 * would have used had it been served at once, up to its share.
 *
 * Hard affinity: what one level for all would give to more domains than their pCPUs hold is
 * solved by weighted max-min fairness (entitlement/affinity.h).
 *
 * Resource pools are solved from the host down, each being one client of its parent
 * (entitlement/entitlement.h), with the reservations and limits of pools in proportion to the
 * step as those of domains are.
 */
#ifndef CX_TRACE_METRICS_H
#define CX_TRACE_METRICS_H

#include "base/error.h"
#include "trace/record.h"

#define CX_WINDOWS 24           /* at most so many window lengths */
#define CX_STEP_NS 100000000ull /* entitlement is solved for steps of so long */
#define CX_BOUND_WINDOW_NS                                                                         \
	1000000000ull        /* guarantees and limits are judged in windows of so long */
#define CX_LAG_QUANTILES 101 /* of the lag over time: 0 % .. 100 % */

struct cx_metrics_vcpu {
	uint64_t time_ns[CX_STATES]; /* from the events; equals the record's */
	struct cx_hist *wake_ns;     /* wake-up latency: event to running; NULL = none */
	uint64_t switches;           /* times it was put on a pCPU where another (or none) ran */
	uint64_t migrations[CX_DISTANCES];
};

/** How far a guarantee or a limit was missed, over all windows; exact, not sampled. */
struct cx_metrics_bound {
	uint64_t window_ns; /* CX_BOUND_WINDOW_NS; the lifetime where that is shorter */
	uint64_t judged_ns; /* time in stretches long enough for a window: 0 = none was judged */
	uint64_t worst_ns;  /* by how much in the worst window; 0 = never */
	uint64_t at_ns;     /* where the worst window starts; the first of equals */
};

/**
 * Of a domain or a pool; reservation and limit are those of the moment, so a window with a
 * change in it counts with their integral.
 *
 * Shortfall: the most of owed - received, over the windows with a reservation throughout.  Owed is
 * the integral of the reservation, or of what was demanded where that was less: 100 x the vCPUs
 * that were running, ready, limited or co-stopped.  Nothing is owed to who sleeps.
 *
 * Overshoot: the most of received - limit x window, over the windows with a limit throughout.
 *
 * A pool receives what its domains and the pools in it receive, and demands what they demand,
 * of each no more than its own limit.
 */
struct cx_metrics_bounds {
	struct cx_metrics_bound shortfall, overshoot;
};

/** A piece of the run: what a domain was entitled to and where its vCPUs' time went. */
struct cx_metrics_interval {
	uint64_t entitled_ns;
	uint64_t time_ns[CX_STATES]; /* sums over the vCPUs alive */
};

/**
 * Of a resource pool, over the whole run: the sums over its domains and the pools in it.  What
 * its domains are entitled to is solved within its own bounds, so the sum is what it is entitled
 * to itself.
 */
struct cx_metrics_pool {
	uint64_t entitled_ns, run_ns;
	struct cx_metrics_bounds bounds;
	struct cx_metrics_interval *intervals; /* metrics.n_intervals of them */
};

struct cx_metrics_domain {
	/* Sums over its vCPUs; together they are wall_ns. */
	uint64_t run_ns, ready_ns, limited_ns, costop_ns, blocked_ns, paused_ns;
	uint64_t wall_ns;                /* lifetimes of its vCPUs, added up: 100 % of the states */
	uint64_t entitled_ns;            /* what the yardstick gives it over the run */
	uint64_t demand_ns;              /* run + ready + limited + co-stop */
	int64_t lag_max_ns, lag_min_ns;  /* entitled minus received, over time */
	uint64_t lag_p50_ns, lag_p99_ns; /* of its magnitude, over its lifetime */
	/* With its sign: for q % of its lifetime the lag was [q] or less.  [0] and [100] are its
	 * very least and most, the others of 1,000 to 10,000 samples spread over its lifetime,
	 * fewer when that is under 5 s (one every 0.5 ms). */
	int64_t lag_ns[CX_LAG_QUANTILES];
	struct cx_metrics_bounds bounds;
	struct cx_metrics_interval *intervals; /* metrics.n_intervals of them */
	uint64_t progress;
	struct cx_hist wake_ns; /* event or timer to running; domain starts do not count */
	uint64_t switches, migrations[CX_DISTANCES];

	/* Siblings; all 0 with fewer than two vCPUs.  Progress of a vCPU is the time it ran or
	 * was blocked of its own accord; skew at an instant is the lead of the furthest over
	 * the last of the vCPUs alive, percentiles are over time. */
	uint64_t skew_p50_ns, skew_p99_ns, skew_max_ns;
	/* Time in which two or more siblings could run (running, ready or co-stopped); of it
	 * the time in which all of those did, and corun_ns[k]: in which exactly k did. */
	uint64_t corun_wall_ns, corun_all_ns;
	uint64_t *corun_ns; /* [0 .. its number of vCPUs] */
};

struct cx_metrics {
	struct cx_metrics_vcpu *vcpus;     /* as in the record */
	struct cx_metrics_domain *domains; /* as in the record */
	struct cx_metrics_pool *pools;     /* likewise */
	unsigned n_vcpus, n_domains, n_pools;
	/* The run in equal pieces, multiples of 100 ms and about 50 of them; the last takes what
	 * is left, so it may be half as long or half as long again. */
	unsigned n_intervals; /* 1 or more */
	uint64_t interval_ns;
	uint64_t step_ns; /* length of a step of the entitlement */
	uint64_t events;  /* in the record's history */
	uint64_t dropped; /* events it had no room for: what follows is of the rest only,
			      * except the times per state, then the record's own */
	/* Largest difference, of any vCPU and state, between the events and the record's own
	 * accounts: 0 when neither has a mistake (and nothing was dropped). */
	uint64_t disagreement_ns;
	double jain; /* (sum q)^2 / (n sum q^2), q = received / entitled; 1 = fair */
	unsigned n_windows;
	struct {
		uint64_t window_ns;
		double error; /* E(W), 0 .. n */
		unsigned worst_domain;
		uint64_t worst_at_ns; /* start of the worst window */
	} windows[CX_WINDOWS];
	uint64_t switches, migrations[CX_DISTANCES]; /* switches: to another vCPU than before */
	double switches_per_s;
	struct cx_hist wake_ns; /* of all vCPUs */
	uint64_t busy_ns;       /* of all pCPUs */
	uint64_t offline_ns;    /* likewise: neither busy nor idle */
	double busy_percent;    /* of the time in which pCPUs were online */
	double steal_percent;   /* host steal, of busy_ns */
	/* Time of pCPUs online, idle while as many vCPUs that may run there were co-stopped
	 * (fragmentation), or ready (what a work-conserving policy keeps near nothing). */
	uint64_t fragmented_ns, idle_while_ready_ns;
};

/** Where interval @i begins; @i = n_intervals: the end of the run of @duration_ns. */
uint64_t cx_interval_start(const struct cx_metrics *metrics, unsigned i, uint64_t duration_ns);

/** E(@window_ns), interpolated between the lengths measured; negative = run too short. */
double cx_metrics_window_error(const struct cx_metrics *metrics, uint64_t window_ns);

/**
 * Compute everything; *metrics is the caller's to free.
 * Returns 0, -ENOMEM, or -EINVAL when the record's numbers do not match each other.
 */
int cx_metrics_compute(const struct cx_record *record, struct cx_metrics **metrics,
		       struct cx_error *err);
void cx_metrics_free(struct cx_metrics *metrics);

#endif
