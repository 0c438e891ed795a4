/* SPDX-License-Identifier: BSD-2-Clause */
/* lock: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_LOCK_TABLE_H
#define CX_WORKLOADS_LOCK_TABLE_H

#include "cx_table.h"

enum { P_CRITICAL, P_THINK, P_LONG, P_ACQUISITIONS, N_PARAMS };
enum {
	R_ACQUISITIONS,
	R_WAIT_MAX_NS,
	R_WAIT_SUM_NS,
	R_HOLD_MAX_NS,
	R_HOLD_SUM_NS,
	R_PREEMPTED_HOLDS,
	R_VIOLATIONS,
	N_RESULTS
};

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "lock",
	.summary = "all vCPUs share a spinning ticket lock: what preempting the holder costs",
	.progress_unit = "acquisitions",
	.n_params = N_PARAMS,
	.params =
		{
			[P_CRITICAL] = CX_DURATION("critical", 0, CX_HOUR_NS, 5 * CX_NSEC_PER_USEC,
						   "CPU time used while holding the lock"),
			[P_THINK] =
				CX_DURATION("think", 0, CX_HOUR_NS, 20 * CX_NSEC_PER_USEC,
					    "CPU time used between letting go and asking again"),
			[P_LONG] = CX_DURATION(
				"long", CX_NSEC_PER_USEC, CX_HOUR_NS, 200 * CX_NSEC_PER_USEC,
				"a hold that takes this much more than its critical section "
				"was preempted"),
			[P_ACQUISITIONS] =
				CX_INT("acquisitions", "acquisitions", 0, INT64_C(1) << 60, 0,
				       "acquisitions after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_ACQUISITIONS] = "acquisitions",
		    [R_WAIT_MAX_NS] = "wait_max_ns",
		    [R_WAIT_SUM_NS] = "wait_sum_ns",
		    [R_HOLD_MAX_NS] = "hold_max_ns",
		    [R_HOLD_SUM_NS] = "hold_sum_ns",
		    [R_PREEMPTED_HOLDS] = "preempted_holds",
		    [R_VIOLATIONS] = "violations"},
};

#endif
