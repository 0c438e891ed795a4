/* SPDX-License-Identifier: BSD-2-Clause */
/* sleeper: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_SLEEPER_TABLE_H
#define CX_WORKLOADS_SLEEPER_TABLE_H

#include "cx_table.h"

enum { P_PERIOD, P_JITTER, P_WORK, P_ALIGN, P_WAKES, N_PARAMS };
enum { R_LATE_MAX_NS, R_LATE_SUM_NS, R_LATE_1MS, R_MISSED, N_RESULTS };

/** Above this a wake counts as late. */
#define LATE_NS ((uint64_t)CX_NSEC_PER_MSEC)

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "sleeper",
	.summary = "sleeps to deadlines and works after each: wake-up latency as the guest "
		   "sees it",
	.progress_unit = "wakes",
	.n_params = N_PARAMS,
	.params =
		{
			[P_PERIOD] = CX_DURATION("period", 10 * CX_NSEC_PER_USEC, CX_HOUR_NS,
						 10 * CX_NSEC_PER_MSEC,
						 "time from one deadline to the next"),
			[P_JITTER] =
				CX_DURATION("jitter", 0, CX_HOUR_NS, 0,
					    "each deadline is put off by a random time below this"),
			[P_WORK] = CX_DURATION("work", 0, CX_HOUR_NS, 100 * CX_NSEC_PER_USEC,
					       "CPU time used after each wake"),
			[P_ALIGN] =
				CX_BOOL("align", 0,
					"deadlines at multiples of the period, the same for all "
					"sleepers, not from a random start"),
			[P_WAKES] = CX_INT("wakes", "wakes", 0, INT64_C(1) << 60, 0,
					   "wakes after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_LATE_MAX_NS] = "late_max_ns",
		    [R_LATE_SUM_NS] = "late_sum_ns",
		    [R_LATE_1MS] = "late_1ms",
		    [R_MISSED] = "missed"},
};

#endif
