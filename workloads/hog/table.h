/* SPDX-License-Identifier: BSD-2-Clause */
/* hog: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_HOG_TABLE_H
#define CX_WORKLOADS_HOG_TABLE_H

#include "cx_rate.h"
#include "cx_table.h"

enum { P_UNIT, P_WORK, P_YIELD, N_PARAMS };
enum { R_YIELDS, R_FINISHED_NS, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "hog",
	.summary = "computes without a pause: progress is the CPU time received",
	.progress_unit = "units",
	.n_params = N_PARAMS,
	.params =
		{
			[P_UNIT] = CX_INT(
				"unit", "iterations", 1, 1000000000, CX_WORK_UNIT,
				"loop iterations in one unit of progress; 750 are about 1 us"),
			[P_WORK] = CX_INT("work", "units", 0, INT64_C(1) << 60, 0,
					  "progress after which each vCPU ends; 0 = never"),
			[P_YIELD] = CX_INT("yield", "units", 0, INT64_C(1) << 60, 0,
					   "yield the pCPU each time this much is done; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_YIELDS] = "yields", [R_FINISHED_NS] = "finished_ns"},
};

#endif
