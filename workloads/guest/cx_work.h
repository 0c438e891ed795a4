/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that costs CPU time and nothing else, in loop iterations; and how many of them a
 * nanosecond holds, so that a payload can do "100 us of work" whatever else happens to
 * it meanwhile (a clock would also count the time in which it did not run).
 */
#ifndef CX_WORKLOADS_WORK_H
#define CX_WORKLOADS_WORK_H

#include "cx_guest.h"

/** Iterations in one unit of progress: about a microsecond on a CPU of 3 GHz. */
#define CX_WORK_UNIT 750

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

/** Iterations a nanosecond, in 1/2^CX_WORK_SHIFT. */
#define CX_WORK_SHIFT 20

/**
 * How fast cx_work() is here: the best of several runs, each short enough that one is
 * likely not to be interrupted.  Where the time has to be asked of the host, the runs are
 * longer and fewer: a question costs as much as thousands of iterations.
 */
static inline uint64_t cx_work_rate(const struct cx_guest_page *page)
{
	const bool asked = !page->tsc_mult;
	const uint64_t iterations = (asked ? 256 : 8) * CX_WORK_UNIT;
	const int runs = asked ? 4 : 64;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < runs; i++) {
		uint64_t start = cx_now(page), took;

		cx_work(iterations);
		took = cx_now(page) - start;
		if (took < best)
			best = took;
	}
	return (iterations << CX_WORK_SHIFT) / (best ? best : 1);
}

/** The iterations that take @ns; @ns of at most an hour. */
static inline uint64_t cx_work_iterations(uint64_t rate, uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)ns * rate) >> CX_WORK_SHIFT);
}

#endif
