/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/warmth.h"

void cx_warmth_cache_init(struct cx_warmth_cache *cache, uint64_t cap_ns)
{
	atomic_init(&cache->total_ns, 0);
	cache->cap_ns = cap_ns ? cap_ns : CX_WARMTH_CAP_NS;
}

/** @at can be newer than @total when another thread is noting a run just now. */
static uint64_t decayed(uint64_t warm, uint64_t at, uint64_t total)
{
	uint64_t others = total > at ? total - at : 0;

	return warm > others ? warm - others : 0;
}

void cx_warmth_note_run(struct cx_warmth *warmth, struct cx_warmth_cache *cache, uint64_t ran_ns)
{
	uint64_t before, warm;

	before = atomic_fetch_add_explicit(&cache->total_ns, ran_ns, memory_order_relaxed);
	warm = decayed(atomic_load_explicit(&warmth->warm_ns, memory_order_relaxed),
		       atomic_load_explicit(&warmth->at_total, memory_order_relaxed), before);
	/* warm is at most the cap, so what is missing to it cannot be negative. */
	warm = ran_ns < cache->cap_ns - warm ? warm + ran_ns : cache->cap_ns;
	atomic_store_explicit(&warmth->warm_ns, warm, memory_order_relaxed);
	atomic_store_explicit(&warmth->at_total, before + ran_ns, memory_order_relaxed);
}

uint64_t cx_warmth_value(const struct cx_warmth *warmth, const struct cx_warmth_cache *cache)
{
	return decayed(atomic_load_explicit(&warmth->warm_ns, memory_order_relaxed),
		       atomic_load_explicit(&warmth->at_total, memory_order_relaxed),
		       atomic_load_explicit(&cache->total_ns, memory_order_relaxed));
}
