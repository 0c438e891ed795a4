/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the next phase begins when it is to begin at a fixed place in a tick's period.
 */
#ifndef CX_WORKLOADS_ALIGN_H
#define CX_WORKLOADS_ALIGN_H

#include <stdint.h>

/** The first time from @earliest on that lies @offset behind a multiple of @period, or
 *  UINT64_MAX if there is none; @period > 0, all in one unit. */
static inline uint64_t cx_align_next(uint64_t earliest, uint64_t period, uint64_t offset)
{
	uint64_t at = earliest % period, want = offset % period;
	uint64_t wait = at <= want ? want - at : period - at + want;

	return wait > UINT64_MAX - earliest ? UINT64_MAX : earliest + wait;
}

/** @value changed at random by at most @percent (0 .. 100) of it either way; @random is
 *  any 64-bit random number.  @value of at most 2^56. */
static inline uint64_t cx_vary(uint64_t value, uint64_t percent, uint64_t random)
{
	uint64_t reach = value / 100 * percent + value % 100 * percent / 100;

	return value - reach + random % (2 * reach + 1);
}

#endif
