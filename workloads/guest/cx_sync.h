/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What payloads need to talk to each other and to the VMM through shared memory.
 * Nothing here knows that it is a guest, so tests run it natively.
 */
#ifndef CX_WORKLOADS_SYNC_H
#define CX_WORKLOADS_SYNC_H

#include <stdint.h>

/** Tells the CPU that this is a spin loop. */
static inline void cx_pause(void)
{
	__builtin_ia32_pause();
}

static inline uint64_t cx_load(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline void cx_store(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

/** Returns the value before. */
static inline uint64_t cx_fetch_add(uint64_t *at, uint64_t n)
{
	return __atomic_fetch_add(at, n, __ATOMIC_ACQ_REL);
}

#endif
