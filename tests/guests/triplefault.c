/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * triplefault - in ring 0, takes its own interrupt table away and then an exception.
 */
#include "cx_guest.h"

#define EXIT_NO_RING0 6

enum { P_AFTER, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "triplefault",
	.summary = "ends by a triple fault",
	.progress_unit = "attempts",
	.n_params = N_PARAMS,
	.params = { [P_AFTER] = CX_DURATION("after", 0, CX_HOUR_NS, 0, "how long it waits first") },
};

int cx_main(struct cx_guest_page *page)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_table = { 0, 0 };

	if (page->params[P_AFTER])
		cx_sleep_until(page, cx_now(page) + (uint64_t)page->params[P_AFTER]);
	cx_set_progress(page, 1);
	if (cx_hypercall(CX_HC_RING0, 0, 0, 0))
		return EXIT_NO_RING0;
	__asm__ volatile("lidt %0\n\tud2" : : "m"(no_table));
	__builtin_unreachable();
}
