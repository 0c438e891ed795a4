/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics.h - the yardsticks, computed from a record's event stream.
 *
 * Sources: entitlement as VMware's resource management guide describes it (clamped
 * proportional share); Jain's index from R. Jain, D. Chiu, W. Hawe, "A Quantitative
 * Measure of Fairness", DEC TR-301, 1984; lag and window error as in the proportional-
 * share literature (I. Stoica et al., "A Proportional Share Resource Allocation
 * Algorithm", RTSS 1996); ready, limited, co-stop as esxtop names them.
 */
#ifndef CX_TRACE_METRICS_H
#define CX_TRACE_METRICS_H

#include "base/error.h"
#include "trace/record.h"

#define CX_WINDOWS 12 /* at most so many window lengths */

/** Clients of one capacity, for cx_entitle().  All amounts in the same unit. */
struct cx_claim {
	double weight; /* > 0 */
	double lo;     /* guaranteed: min(reservation, hi) */
	double hi;     /* at most: min(limit, demand, vCPUs * 100) */
	double share;  /* out: what it is entitled to */
};

/**
 * Solve e_i = clamp(w_i x, lo_i, hi_i) with one x such that the e_i add up to
 * @capacity; if the hi_i together fit, everyone gets hi_i; if the lo_i together do not
 * fit, each gets its lo_i scaled down alike.  O(n log n).  Returns 0 or -ENOMEM.
 */
int cx_entitle(struct cx_claim *claims, unsigned n, double capacity);

struct cx_metrics_vcpu {
	uint64_t time_ns[CX_STATES]; /* from the events; equals the record's */
	struct cx_hist *wake_ns;     /* wake-up latency: event to running */
	uint64_t switches;           /* times it was put on a pCPU */
	uint64_t migrations[CX_DISTANCES];
};

struct cx_metrics_domain {
	uint64_t run_ns, ready_ns, limited_ns, costop_ns, blocked_ns, paused_ns;
	uint64_t entitled_ns; /* what the yardstick gives it over the run */
	uint64_t demand_ns;   /* run + ready + limited + co-stop */
	int64_t lag_max_ns, lag_min_ns; /* entitled minus received, over time */
	uint64_t lag_p50_ns, lag_p99_ns; /* of its magnitude */
	uint64_t progress;
	struct cx_hist wake_ns;
};

struct cx_metrics {
	struct cx_metrics_vcpu *vcpus;     /* as in the record */
	struct cx_metrics_domain *domains; /* as in the record */
	double jain;
	unsigned n_windows;
	struct {
		uint64_t window_ns;
		double error;         /* E(W), 0 .. n */
		unsigned worst_domain;
		uint64_t worst_at_ns; /* start of the worst window */
	} windows[CX_WINDOWS];
	uint64_t switches, migrations[CX_DISTANCES];
	double switches_per_s;
	struct cx_hist wake_ns; /* of all vCPUs */
	double busy_percent;    /* of all pCPUs */
};

/** Compute everything.  Returns 0 or -ENOMEM; *metrics is the caller's to free. */
int cx_metrics_compute(const struct cx_record *record, struct cx_metrics **metrics,
		       struct cx_error *err);
void cx_metrics_free(struct cx_metrics *metrics);

#endif
