/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meter.h - an amount of CPU that comes in at a rate and is used up by those that run.
 *
 * Between two changes it grows or falls evenly, so that its level and the time when it meets
 * a mark are known exactly without looking at who runs.
 */
#ifndef PROPSHARE_METER_H
#define PROPSHARE_METER_H

#include <stdint.h>

#define PS_SECOND 1000000000ull
#define PS_LEVEL_MAX_NS 8000000000ull /* of a level, either way: 63 bits */

struct ps_meter {
	int64_t level;     /* ns x PS_SECOND: exact */
	uint64_t at_ns;    /* when it was so */
	uint64_t rate;     /* comes in, ns per second */
	uint64_t running;  /* each uses a second per second */
	int64_t low, high; /* ns: it stays within */
};

static inline int64_t ps_meter_slope(const struct ps_meter *m)
{
	return (int64_t)m->rate - (int64_t)(m->running * PS_SECOND);
}

/** Bring it up to @now. */
static inline void ps_meter_run(struct ps_meter *m, uint64_t now)
{
	__int128 level = m->level, low = (__int128)m->low * (int64_t)PS_SECOND,
		 high = (__int128)m->high * (int64_t)PS_SECOND;

	if (now > m->at_ns) {
		level += (__int128)ps_meter_slope(m) * (int64_t)(now - m->at_ns);
		m->at_ns = now;
	}
	if (level < low)
		level = low;
	if (level > high)
		level = high;
	m->level = (int64_t)level;
}

/** When it meets @mark (ns), having been run until now; UINT64_MAX = never as things are. */
static inline uint64_t ps_meter_meets(const struct ps_meter *m, int64_t mark)
{
	int64_t slope = ps_meter_slope(m);
	__int128 gap = (__int128)mark * (int64_t)PS_SECOND - m->level;

	if (gap == 0)
		return m->at_ns;
	if (slope == 0 || (gap > 0) != (slope > 0))
		return UINT64_MAX;
	if (slope < 0) {
		gap = -gap;
		slope = -slope;
	}
	gap = (gap + slope - 1) / slope;
	return gap > (__int128)(UINT64_MAX - 1 - m->at_ns) ? UINT64_MAX : m->at_ns + (uint64_t)gap;
}

#endif
