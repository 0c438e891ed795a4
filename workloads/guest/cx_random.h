/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for payloads: xorshift64* (Vigna, "An experimental exploration of
 * Marsaglia's xorshift generators, scrambled", 2016).  Small, and the same everywhere.
 */
#ifndef CX_WORKLOADS_RANDOM_H
#define CX_WORKLOADS_RANDOM_H

#include <stdint.h>

struct cx_random {
	uint64_t state; /* never 0 */
};

/** Any @seed will do; nearby seeds give unrelated sequences. */
static inline void cx_random_init(struct cx_random *random, uint64_t seed)
{
	/* One step of splitmix64, so that seeds 1, 2, 3 do not start alike. */
	seed += 0x9e3779b97f4a7c15ull;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ull;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebull;
	seed ^= seed >> 31;
	random->state = seed ? seed : 1;
}

static inline uint64_t cx_random_next(struct cx_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * 0x2545f4914f6cdd1dull;
}

/** A number from 0 to @bound - 1; @bound > 0.  By multiplication: unbiased enough for
 *  bounds far below 2^64, and without a division. */
static inline uint64_t cx_random_below(struct cx_random *random, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)cx_random_next(random) * bound) >> 64);
}

#endif
