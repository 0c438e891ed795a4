/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random walk through memory that visits every cache line once and then starts again.
 * Random, so that no prefetcher guesses it; one cycle, so that all of it is walked.
 */
#ifndef CX_WORKLOADS_CYCLE_H
#define CX_WORKLOADS_CYCLE_H

#include "../guest/cx_random.h"

#include <stdint.h>

#define CX_LINE_SIZE 64

struct cx_line {
	union {
		struct cx_line *next;
		uint64_t index; /* of the next one, while the cycle is being made */
	};
	uint64_t written;
	uint64_t rest[CX_LINE_SIZE / 8 - 2];
};

/** Link @n >= 1 lines into one random cycle (Sattolo, "An algorithm to generate a random
 *  cyclic permutation", 1986). */
static inline void cx_cycle_make(struct cx_line *lines, uint64_t n, struct cx_random *random)
{
	for (uint64_t i = 0; i < n; i++)
		lines[i].index = i;
	for (uint64_t i = n - 1; i > 0; i--) {
		uint64_t j = cx_random_below(random, i);
		uint64_t index = lines[i].index;

		lines[i].index = lines[j].index;
		lines[j].index = index;
	}
	for (uint64_t i = 0; i < n; i++)
		lines[i].next = &lines[lines[i].index];
}

#endif
