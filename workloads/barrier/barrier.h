/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A spinning barrier with sense reversal (Mellor-Crummey and Scott, "Algorithms for
 * scalable synchronization on shared-memory multiprocessors", 1991, section 3.1).
 */
#ifndef CX_WORKLOADS_BARRIER_H
#define CX_WORKLOADS_BARRIER_H

#include "../guest/cx_sync.h"

#include <stdint.h>

/** All zero is a barrier nobody waits at.  Counter and flag on lines of their own, so
 *  that arriving does not disturb those who spin. */
struct cx_barrier {
	uint64_t arrived;
	uint64_t rest0[7];
	uint64_t sense;
	uint64_t rest1[7];
};

/**
 * Arrive; returns true for the last of @n, which has let the others go.  Another waits
 * until cx_barrier_open().  *sense is the caller's own, zero at first.
 */
static inline int cx_barrier_arrive(struct cx_barrier *barrier, uint64_t n, uint64_t *sense)
{
	*sense = !*sense;
	if (cx_fetch_add(&barrier->arrived, 1) + 1 < n)
		return 0;
	/* Nobody can arrive for the next round before the flag turns. */
	cx_store(&barrier->arrived, 0);
	cx_store(&barrier->sense, *sense);
	return 1;
}

static inline int cx_barrier_open(const struct cx_barrier *barrier, uint64_t sense)
{
	return cx_load(&barrier->sense) == sense;
}

#endif
