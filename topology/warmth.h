/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology/warmth.h - how much of its working set a vCPU still has in a cache.
 *
 * A vCPU's warmth on a cache is the run time it has there, decayed by what others ran
 * on that cache since, in nanoseconds of run time.  With T the time that all vCPUs
 * together ran on the cache, and a, w the T and the warmth when this vCPU last left it:
 *
 *     warmth now    = max(0, w - (T - a))
 *     after running = min(cap, warmth before + time run),  a = T
 *
 * The decay is linear: what others ran drives out as much as it would have brought in.
 * The cap is the run time after which the cache holds all that it can of one vCPU; so a
 * vCPU is cold once others ran for the cap, however long it ran itself.  An estimate,
 * not a measurement: it knows run times, not working sets.
 *
 * One struct cx_warmth for each pair of vCPU and cache, one struct cx_warmth_cache for
 * each cache; constant time, integers only.  Several CPUs that share the cache may note
 * runs of different vCPUs at once.  Runs of one vCPU are noted by one thread at a time;
 * cx_warmth_value() may be called beside that, and then sees the warmth a moment before
 * or after, or with one of the two numbers newer: still between 0 and the cap.
 */
#ifndef CX_TOPOLOGY_WARMTH_H
#define CX_TOPOLOGY_WARMTH_H

#include <stdatomic.h>
#include <stdint.h>

/** Default cap: about what filling a last-level cache of 32 MiB takes from memory. */
#define CX_WARMTH_CAP_NS 10000000ull /* 10 ms */

struct cx_warmth_cache {
	_Atomic uint64_t total_ns; /* run there by anybody */
	uint64_t cap_ns;
};

/** Zeroed = cold. */
struct cx_warmth {
	_Atomic uint64_t warm_ns;  /* when it last left the cache */
	_Atomic uint64_t at_total; /* the cache's total at that moment */
};

/** Nobody has run on @cache yet.  @cap_ns 0 = CX_WARMTH_CAP_NS. */
void cx_warmth_cache_init(struct cx_warmth_cache *cache, uint64_t cap_ns);

/** The vCPU of @warmth has just run for @ran_ns on a CPU of @cache: call at each switch. */
void cx_warmth_note_run(struct cx_warmth *warmth, struct cx_warmth_cache *cache, uint64_t ran_ns);

/** Warmth now, 0 .. the cap.  A run that is not over, and so not noted, does not count. */
uint64_t cx_warmth_value(const struct cx_warmth *warmth, const struct cx_warmth_cache *cache);

#endif
