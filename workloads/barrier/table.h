/* SPDX-License-Identifier: BSD-2-Clause */
/* barrier: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_BARRIER_TABLE_H
#define CX_WORKLOADS_BARRIER_TABLE_H

#include "cx_table.h"

enum { P_WORK, P_SPREAD, P_ROUNDS, P_YIELD_SPINS, N_PARAMS };
enum { R_ROUNDS, R_WAIT_MAX_NS, R_WAIT_SUM_NS, R_YIELDS, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "barrier",
	.summary = "all vCPUs meet at a spinning barrier: what running apart (skew) costs",
	.progress_unit = "rounds",
	.n_params = N_PARAMS,
	.params =
		{
			[P_WORK] = CX_DURATION("work", 0, CX_HOUR_NS, 100 * CX_NSEC_PER_USEC,
					       "CPU time used between two meetings"),
			[P_SPREAD] = CX_DURATION(
				"spread", 0, CX_HOUR_NS, 0,
				"more work, random below this, for each vCPU and round"),
			[P_ROUNDS] = CX_INT("rounds", "rounds", 0, INT64_C(1) << 60, 0,
					    "meetings after which the domain ends; 0 = never"),
			[P_YIELD_SPINS] = CX_INT(
				"yield_spins", "spins", 0, INT64_C(1) << 40, 0,
				"spins of waiting after which it yields the pCPU; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_ROUNDS] = "rounds",
		    [R_WAIT_MAX_NS] = "wait_max_ns",
		    [R_WAIT_SUM_NS] = "wait_sum_ns",
		    [R_YIELDS] = "yields"},
};

#endif
