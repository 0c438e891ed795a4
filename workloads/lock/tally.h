/* SPDX-License-Identifier: BSD-2-Clause */
/* What the payload and the model count of their acquisitions. */
#ifndef CX_WORKLOADS_LOCK_TALLY_H
#define CX_WORKLOADS_LOCK_TALLY_H

#include <stdint.h>

/** What a vCPU has seen of the lock so far. */
struct tally {
	uint64_t acquisitions, wait_max, wait_sum, hold_max, hold_sum, preempted, violations;
};

/** Another acquisition, which waited for @wait and held the lock for @hold. */
static inline void count(struct tally *tally, uint64_t wait, uint64_t hold, uint64_t too_long)
{
	tally->acquisitions++;
	tally->wait_sum += wait;
	tally->hold_sum += hold;
	if (wait > tally->wait_max)
		tally->wait_max = wait;
	if (hold > tally->hold_max)
		tally->hold_max = hold;
	if (hold > too_long)
		tally->preempted++;
}

#endif
