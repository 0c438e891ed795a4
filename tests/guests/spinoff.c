/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spinoff - in ring 0 with interrupts off, spins for ever: only the host can take the
 * CPU from it.
 */
#include "cx_guest.h"

#define EXIT_NO_RING0 6

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "spinoff",
	.summary = "spins for ever in ring 0, with interrupts off",
	.progress_unit = "loops",
};

int cx_main(struct cx_guest_page *page)
{
	if (cx_hypercall(CX_HC_RING0, 0, 0, 0))
		return EXIT_NO_RING0;
	__asm__ volatile("cli\n"
			 "1:\n\t"
			 "incq %0\n\t"
			 "jmp 1b"
			 : "+m"(page->progress)
			 :
			 : "cc");
	__builtin_unreachable();
}
