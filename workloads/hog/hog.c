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
#include "table.h"

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
