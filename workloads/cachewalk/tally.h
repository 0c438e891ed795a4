/* SPDX-License-Identifier: BSD-2-Clause */
/* What the payload and the model count of their accesses. */
#ifndef CX_WORKLOADS_CACHEWALK_TALLY_H
#define CX_WORKLOADS_CACHEWALK_TALLY_H

#include <stdint.h>

#define PIECE UINT64_C(256) /* accesses between two looks at the clock */
#define PS_PER_NS 1000u

#define EXIT_TOO_SMALL 2
#define TOO_SMALL "cachewalk: the working sets do not fit the domain's memory; give it more"

struct tally {
	uint64_t warm, warm_ns; /* accesses, and what they took */
	uint64_t cold, cold_ns;
	uint64_t returns;
};

static inline uint64_t ps_per_access(uint64_t ns, uint64_t accesses)
{
	return accesses ? ns * PS_PER_NS / accesses : 0;
}

/** What it costs to bring the working set of @lines back; prices in picoseconds. */
static inline uint64_t refill_ns(uint64_t warm, uint64_t cold, uint64_t lines)
{
	return warm && cold > warm ? (cold - warm) * lines / PS_PER_NS : 0;
}

#endif
