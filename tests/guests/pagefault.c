/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pagefault - vCPU 0 touches an address that is not its to touch; the others compute, and
 * must stop when their domain has crashed.
 */
#include "cx_guest.h"
#include "cx_work.h"

#define EXIT_SURVIVED 5

enum { P_ADDRESS, P_WRITE, P_JUMP, P_AFTER, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "pagefault",
	.summary = "touches an address that is not its own",
	.progress_unit = "units",
	.n_params = N_PARAMS,
	.params =
		{
			[P_ADDRESS] = CX_INT("address", "", INT64_MIN, INT64_MAX, INT64_C(1) << 40,
					     "what it touches"),
			[P_WRITE] = CX_BOOL("write", 1, "write there rather than read"),
			[P_JUMP] = CX_BOOL("jump", 0, "go there rather than read or write"),
			[P_AFTER] = CX_DURATION("after", 0, CX_HOUR_NS, 0, "how long it waits first"),
		},
};

static void touch(const struct cx_guest_page *page)
{
	volatile uint64_t *at = (volatile uint64_t *)page->params[P_ADDRESS];

	if (page->params[P_JUMP])
		((void (*)(void))page->params[P_ADDRESS])();
	else if (page->params[P_WRITE])
		*at = 1;
	else
		(void)*at;
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t done = 0;

	if (page->vcpu == 0) {
		if (page->params[P_AFTER])
			cx_sleep_until(page, cx_now(page) + (uint64_t)page->params[P_AFTER]);
		touch(page);
		return EXIT_SURVIVED;
	}
	for (;;) {
		cx_work(CX_WORK_UNIT);
		cx_set_progress(page, ++done);
	}
}
