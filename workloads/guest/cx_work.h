/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that costs CPU time and nothing else, in loop iterations; and how many of them a
 * nanosecond holds, so that a payload can do "100 us of work" whatever else happens to
 * it meanwhile (a clock would also count the time in which it did not run).
 */
#ifndef CX_WORKLOADS_WORK_H
#define CX_WORKLOADS_WORK_H

#include "cx_guest.h"
#include "cx_rate.h"

/** @iterations of a chain of multiplications, each of which needs the one before. */
static inline void cx_work(uint64_t iterations)
{
	uint64_t x = iterations;

	/* By hand, so that it costs the same in every payload and at every -O. */
	__asm__ volatile("test %0, %0\n\t"
			 "jz 2f\n\t"
			 ".p2align 5\n"
			 "1:\n\t"
			 "imul %1, %1\n\t"
			 "add $1, %1\n\t"
			 "dec %0\n\t"
			 "jnz 1b\n"
			 "2:"
			 : "+r"(iterations), "+r"(x)
			 :
			 : "cc");
}

/**
 * How fast cx_work() is here: the best of several runs, each short enough that one is
 * likely not to be interrupted.  Where the time has to be asked of the host, the runs are
 * longer and fewer: a question costs as much as thousands of iterations.
 */
static inline uint64_t cx_work_rate(const struct cx_guest_page *page)
{
	const bool asked = !page->tsc_mult;
	const uint64_t iterations = asked ? 256 * CX_WORK_UNIT : CX_WORK_RATE_ITERATIONS;
	const int runs = asked ? 4 : CX_WORK_RATE_RUNS;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < runs; i++) {
		uint64_t start = cx_now(page), took;

		cx_work(iterations);
		took = cx_now(page) - start;
		if (took < best)
			best = took;
	}
	return cx_work_rate_of(iterations, best);
}

#endif
