/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/hist.h - a log-linear histogram of nanoseconds.
 *
 * 32 linear sub-buckets in every power of two, so a percentile is at most
 * 1/32 (3.2 %) above the true value; values under 32 are exact, minimum and
 * maximum always are.  Adding costs a few nanoseconds and never allocates.
 * The scheme is that of G. Tene's HdrHistogram.
 */
#ifndef CX_BASE_HIST_H
#define CX_BASE_HIST_H

#include <stdint.h>

#define CX_HIST_SUB_BITS 5
#define CX_HIST_BUCKETS ((64 - CX_HIST_SUB_BITS + 1) << CX_HIST_SUB_BITS)

/** Not thread-safe: one writer each, merged by cx_hist_merge(). Zeroed = empty. */
struct cx_hist {
	uint64_t count;
	uint64_t sum; /* of the values, for the mean; wraps only past 2^64 ns */
	uint64_t min; /* valid when count > 0 */
	uint64_t max;
	uint32_t bucket[CX_HIST_BUCKETS];
};

/** Index of the bucket that holds @value. */
static inline unsigned cx_hist_index(uint64_t value)
{
	unsigned shift;

	if (value < (1u << CX_HIST_SUB_BITS))
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - CX_HIST_SUB_BITS;
	return ((shift + 1) << CX_HIST_SUB_BITS) +
	       (unsigned)((value >> shift) & ((1u << CX_HIST_SUB_BITS) - 1));
}

static inline void cx_hist_add(struct cx_hist *h, uint64_t value)
{
	if (h->count == 0 || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count++;
	h->sum += value;
	h->bucket[cx_hist_index(value)]++;
}

/** Smallest and largest value that share a bucket. */
uint64_t cx_hist_low(unsigned index);
uint64_t cx_hist_high(unsigned index);

/** Add @from's samples to @into. */
void cx_hist_merge(struct cx_hist *into, const struct cx_hist *from);

/**
 * The value below or at which @percent (0..100) of the samples lie, as the upper
 * end of its bucket, never above the maximum.  0 when empty.
 */
uint64_t cx_hist_percentile(const struct cx_hist *h, double percent);

#endif
