/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of small numbers as bits in words of 64.
 */
#ifndef CX_BASE_BITS_H
#define CX_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define CX_WORD_BITS 64u

/** Is @bit in @set, which has words for it? */
static inline bool cx_bit_has(const uint64_t *set, unsigned bit)
{
	return set[bit / CX_WORD_BITS] >> bit % CX_WORD_BITS & 1;
}

#endif
