/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work as a number of iterations of cx_work(), and the rate that turns time into it.
 * Arithmetic only: payloads and models use it alike.
 */
#ifndef CX_WORKLOADS_RATE_H
#define CX_WORKLOADS_RATE_H

#include <stdint.h>

/** Iterations in one unit of progress: about a microsecond on a CPU of 3 GHz. */
#define CX_WORK_UNIT 750

/** Iterations a nanosecond, in 1/2^CX_WORK_SHIFT. */
#define CX_WORK_SHIFT 20

/** How a payload finds its rate: the best of so many runs of so many iterations. */
#define CX_WORK_RATE_RUNS 64
#define CX_WORK_RATE_ITERATIONS (8 * CX_WORK_UNIT)

/** The rate at which @iterations take @ns. */
static inline uint64_t cx_work_rate_of(uint64_t iterations, uint64_t ns)
{
	return (iterations << CX_WORK_SHIFT) / (ns ? ns : 1);
}

/** The iterations that take @ns; @ns of at most an hour. */
static inline uint64_t cx_work_iterations(uint64_t rate, uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)ns * rate) >> CX_WORK_SHIFT);
}

#endif
