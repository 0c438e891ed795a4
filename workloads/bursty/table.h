/* SPDX-License-Identifier: BSD-2-Clause */
/* bursty: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_BURSTY_TABLE_H
#define CX_WORKLOADS_BURSTY_TABLE_H

#include "cx_table.h"

enum { P_RUN, P_BLOCK, P_VARY, P_TICK, P_OFFSET, P_PHASES, N_PARAMS };
enum { R_PHASES, R_RUN_MAX_NS, R_LATE_MAX_NS, R_LATE_SUM_NS, R_SKIPPED, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "bursty",
	.summary = "runs and blocks in phases, optionally between the ticks: boost and cheating",
	.progress_unit = "units",
	.n_params = N_PARAMS,
	.params =
		{
			[P_RUN] = CX_DURATION(
				"run", CX_NSEC_PER_USEC, CX_HOUR_NS, 5 * CX_NSEC_PER_MSEC,
				"CPU time used in a phase; with `tick`: its end by the clock"),
			[P_BLOCK] = CX_DURATION(
				"block", CX_NSEC_PER_USEC, CX_HOUR_NS, 5 * CX_NSEC_PER_MSEC,
				"time blocked between two phases; with `tick`: at least"),
			[P_VARY] = CX_INT("vary", "percent", 0, 100, 0,
					  "change each run and block at random by up to this much"),
			[P_TICK] = CX_DURATION(
				"tick", 0, CX_HOUR_NS, 0,
				"begin phases at a fixed place in this period; 0 = anywhere"),
			[P_OFFSET] = CX_DURATION("offset", 0, CX_HOUR_NS, 0,
						 "where in the tick's period phases begin"),
			[P_PHASES] = CX_INT("phases", "phases", 0, INT64_C(1) << 60, 0,
					    "phases after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_PHASES] = "phases",
		    [R_RUN_MAX_NS] = "run_max_ns",
		    [R_LATE_MAX_NS] = "late_max_ns",
		    [R_LATE_SUM_NS] = "late_sum_ns",
		    [R_SKIPPED] = "skipped"},
};

#endif
