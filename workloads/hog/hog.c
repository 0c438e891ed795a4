/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hog - counts for ever: its progress is the CPU time it received.
 *
 * One unit of progress is a fixed number of dependent multiplications, so what a unit
 * costs is a number of core cycles and nothing else: no memory beside the page, no
 * branch to mispredict.
 */
#include "cx_guest.h"
#include "cx_work.h"

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

int cx_main(struct cx_guest_page *page)
{
	uint64_t unit = (uint64_t)page->params[P_UNIT];
	uint64_t work = (uint64_t)page->params[P_WORK];
	uint64_t yield = (uint64_t)page->params[P_YIELD];
	uint64_t done = 0, yields = 0, until_yield = yield;

	while (!work || done < work) {
		cx_work(unit);
		cx_set_progress(page, ++done);
		if (yield && --until_yield == 0) {
			until_yield = yield;
			cx_set_result(page, R_YIELDS, ++yields);
			cx_yield();
		}
	}
	cx_set_result(page, R_FINISHED_NS, cx_now(page));
	return 0;
}
