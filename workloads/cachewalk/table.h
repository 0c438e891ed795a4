/* SPDX-License-Identifier: BSD-2-Clause */
/* cachewalk: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_CACHEWALK_TABLE_H
#define CX_WORKLOADS_CACHEWALK_TABLE_H

#include "cx_table.h"

enum { P_SIZE, P_WRITE, P_AWAY, N_PARAMS };
enum { R_WARM_PS, R_COLD_PS, R_REFILL_NS, R_RETURNS, R_WARM, R_COLD, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "cachewalk",
	.summary = "walks a working set in random order: warm against cold, the cost of moving",
	.progress_unit = "accesses",
	.n_params = N_PARAMS,
	.params =
		{
			[P_SIZE] = CX_SIZE(
				"size", 4096, INT64_C(1) << 34, INT64_C(256) * 1024,
				"working set of each vCPU; the domain's memory must hold all"),
			[P_WRITE] =
				CX_BOOL("write", 0,
					"write to each line, so that moving must write it back"),
			[P_AWAY] =
				CX_DURATION("away", 10 * CX_NSEC_PER_USEC, CX_NSEC_PER_SEC,
					    100 * CX_NSEC_PER_USEC,
					    "256 accesses that take longer mean that it was away"),
		},
	.n_results = N_RESULTS,
	.results = {[R_WARM_PS] = "warm_ps_per_access",
		    [R_COLD_PS] = "cold_ps_per_access",
		    [R_REFILL_NS] = "refill_ns",
		    [R_RETURNS] = "returns",
		    [R_WARM] = "warm_accesses",
		    [R_COLD] = "cold_accesses"},
};

#endif
