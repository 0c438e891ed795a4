/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hist.h"

#include <math.h>

#define SUB (1u << CX_HIST_SUB_BITS)

uint64_t cx_hist_low(unsigned index)
{
	unsigned shift;

	if (index < SUB)
		return index;
	shift = (index >> CX_HIST_SUB_BITS) - 1;
	return (uint64_t)(SUB + (index & (SUB - 1))) << shift;
}

uint64_t cx_hist_high(unsigned index)
{
	unsigned shift;

	if (index < SUB)
		return index;
	shift = (index >> CX_HIST_SUB_BITS) - 1;
	return cx_hist_low(index) + ((1ULL << shift) - 1);
}

void cx_hist_merge(struct cx_hist *into, const struct cx_hist *from)
{
	unsigned i;

	if (from->count == 0)
		return;
	if (into->count == 0 || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (i = 0; i < CX_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t cx_hist_percentile(const struct cx_hist *h, double percent)
{
	uint64_t rank, seen = 0;
	unsigned i;

	if (h->count == 0)
		return 0;
	rank = (uint64_t)ceil(percent / 100.0 * (double)h->count);
	if (rank < 1)
		rank = 1;
	if (rank >= h->count)
		return h->max;
	for (i = 0; i < CX_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank) {
			uint64_t v = cx_hist_high(i);

			return v < h->max ? v : h->max;
		}
	}
	return h->max;
}
