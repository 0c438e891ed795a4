/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * earlyexit - ends long before the run does: vCPU 0 at once, each further one a little
 * later, all with the status asked for.
 */
#include "cx_guest.h"

enum { P_STATUS, P_AFTER, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "earlyexit",
	.summary = "ends its vCPUs one after the other, the first at once",
	.progress_unit = "exits",
	.n_params = N_PARAMS,
	.params =
		{
			[P_STATUS] = CX_INT("status", "", INT32_MIN, INT32_MAX, 0, "exit status"),
			[P_AFTER] = CX_DURATION("after", 0, CX_HOUR_NS, CX_NSEC_PER_MSEC,
						"time from one vCPU's end to the next one's"),
		},
};

int cx_main(struct cx_guest_page *page)
{
	cx_sleep_until(page, cx_now(page) + page->vcpu * (uint64_t)page->params[P_AFTER]);
	cx_set_progress(page, 1);
	return (int)page->params[P_STATUS];
}
