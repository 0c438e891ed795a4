/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exponentially distributed random numbers in whole numbers only: the same in a guest, in
 * its model and on every host.
 *
 * By inversion: -ln(u) for u even in (0, 1].  The logarithm is taken bit by bit, by
 * repeated squaring (Knuth, "The Art of Computer Programming", vol. 1, section 1.2.2,
 * exercise 25 and its answer).
 */
#ifndef CX_WORKLOADS_EXPONENTIAL_H
#define CX_WORKLOADS_EXPONENTIAL_H

#include "cx_random.h"

#include <stdint.h>

#define CX_LOG_BITS 32
/** ln 2, in 1/2^64. */
#define CX_LN2_64 0xb17217f7d1cf79acull

/** log2(@x) in 1/2^CX_LOG_BITS, rounded down; @x > 0.  Wrong by less than 2^-31. */
static inline uint64_t cx_log2(uint64_t x)
{
	unsigned whole = 63 - (unsigned)__builtin_clzll(x);
	uint64_t log = whole, m = x << (63 - whole); /* 1 <= m < 2, in 1/2^63 */

	for (unsigned i = 0; i < CX_LOG_BITS; i++) {
		unsigned __int128 square = (unsigned __int128)m * m; /* in 1/2^126 */
		unsigned two = (unsigned)(square >> 127);

		m = (uint64_t)(square >> (63 + two));
		log = log << 1 | two;
	}
	return log;
}

/** -ln(@x / 2^64) in 1/2^CX_LOG_BITS, @x > 0: at most 64 ln 2 = 44.4. */
static inline uint64_t cx_minus_ln(uint64_t x)
{
	uint64_t log = (UINT64_C(64) << CX_LOG_BITS) - cx_log2(x);

	return (uint64_t)(((unsigned __int128)log * CX_LN2_64) >> 64);
}

/** A number from the exponential distribution with mean @mean, at most 2^57; rounded down,
 *  never more than 44.4 times the mean. */
static inline uint64_t cx_random_exponential(struct cx_random *random, uint64_t mean)
{
	/* xorshift64* never gives 0. */
	uint64_t ln = cx_minus_ln(cx_random_next(random));

	return (uint64_t)(((unsigned __int128)mean * ln) >> CX_LOG_BITS);
}

#endif
