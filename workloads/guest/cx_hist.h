/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A histogram of times for payloads and their models, with percentiles that are kept up to
 * date: they can be read after every sample at no cost.
 *
 * Log-linear after G. Tene's HdrHistogram: 32 steps in each power of two, so a percentile is
 * at most 1/32 (3.2 %) above the true value, and never below; under 2 us the steps are 64 ns.
 * What is above the longest, 73 minutes, counts as the maximum.
 */
#ifndef CX_WORKLOADS_HIST_H
#define CX_WORKLOADS_HIST_H

#include <stdint.h>

#define CX_TIMES_UNIT_BITS 6 /* the finest step is 64 ns */
#define CX_TIMES_SUB_BITS 5
#define CX_TIMES_BUCKETS 1024u /* up to 2^42 ns */

/** One percentile: the bucket that it lies in, and the samples in all below that. */
struct cx_times_mark {
	uint32_t bucket;
	uint64_t below;
};

enum { CX_TIMES_P50, CX_TIMES_P99, CX_TIMES_P999, CX_TIMES_MARKS };

/** Zeroed = empty. */
struct cx_times {
	uint64_t count, sum, max;
	struct cx_times_mark mark[CX_TIMES_MARKS];
	uint32_t bucket[CX_TIMES_BUCKETS];
};

/** Index of the bucket that holds @ns. */
static inline unsigned cx_times_index(uint64_t ns)
{
	uint64_t value = ns >> CX_TIMES_UNIT_BITS;
	unsigned shift, index;

	if (value < (1u << CX_TIMES_SUB_BITS))
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - CX_TIMES_SUB_BITS;
	index = ((shift + 1) << CX_TIMES_SUB_BITS) +
		(unsigned)((value >> shift) & ((1u << CX_TIMES_SUB_BITS) - 1));
	return index < CX_TIMES_BUCKETS ? index : CX_TIMES_BUCKETS - 1;
}

/** The longest time that falls into bucket @index. */
static inline uint64_t cx_times_high(unsigned index)
{
	unsigned shift = index >> CX_TIMES_SUB_BITS;
	uint64_t sub = index & ((1u << CX_TIMES_SUB_BITS) - 1);

	if (index == CX_TIMES_BUCKETS - 1)
		return UINT64_MAX;
	if (shift) {
		shift--;
		sub += 1u << CX_TIMES_SUB_BITS;
	}
	return (((sub + 1) << shift) << CX_TIMES_UNIT_BITS) - 1;
}

/** Move @mark to where the @rank-th of the samples lies. */
static inline void cx_times_move(const struct cx_times *t, struct cx_times_mark *mark,
				 uint64_t rank)
{
	while (mark->below >= rank)
		mark->below -= t->bucket[--mark->bucket];
	while (mark->below + t->bucket[mark->bucket] < rank)
		mark->below += t->bucket[mark->bucket++];
}

/** Of at most 2^54 samples. */
static inline void cx_times_add(struct cx_times *t, uint64_t ns)
{
	static const uint32_t permille[CX_TIMES_MARKS] = { 500, 990, 999 };
	unsigned index = cx_times_index(ns);

	t->count++;
	t->sum += ns;
	if (ns > t->max)
		t->max = ns;
	t->bucket[index]++;
	for (unsigned i = 0; i < CX_TIMES_MARKS; i++) {
		if (index < t->mark[i].bucket)
			t->mark[i].below++;
		cx_times_move(t, &t->mark[i], (t->count * permille[i] + 999) / 1000);
	}
}

/** The time within which that part of the samples lies, as the upper end of its bucket but
 *  never above the maximum; 0 when empty. */
static inline uint64_t cx_times_percentile(const struct cx_times *t, unsigned mark)
{
	uint64_t high = cx_times_high(t->mark[mark].bucket);

	return high < t->max ? high : t->max;
}

#endif
