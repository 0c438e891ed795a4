/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/history.h - the events of a run, kept in memory.
 *
 * One lane per pCPU (plus, for analysis, a single lane for everything).  A lane
 * has one writer at a time: the dispatcher appends under the pCPU's lock.  Lanes
 * grow by chunks mapped and touched beforehand, so an append never faults a page
 * in except when a chunk is full.
 */
#ifndef CX_TRACE_HISTORY_H
#define CX_TRACE_HISTORY_H

#include "trace/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cx_history;

/**
 * @lanes      number of lanes, 1 .. 65535
 * @max_bytes  stop keeping events past this much memory (0 = no bound); what
 *             comes later is counted by cx_history_dropped()
 * Returns NULL when out of memory.
 */
struct cx_history *cx_history_new(unsigned lanes, size_t max_bytes);
/** One lane, and nothing mapped before its first event: for runs in virtual time, which a
 *  stall does not disturb and of which there may be thousands. */
struct cx_history *cx_history_new_untimed(size_t max_bytes);
void cx_history_free(struct cx_history *h);

/**
 * Append to @lane.  Caller holds whatever makes it the lane's only writer.
 * Times in a lane must not go backwards.  Never fails; see cx_history_dropped().
 */
void cx_history_add(struct cx_history *h, unsigned lane, const struct cx_event *event);

uint64_t cx_history_count(const struct cx_history *h);
uint64_t cx_history_dropped(const struct cx_history *h);

/** Walks all lanes in time order; equal times by lane, then by order of arrival. */
struct cx_history_cursor;

/** NULL when out of memory.  No event may be added while a cursor lives. */
struct cx_history_cursor *cx_history_walk(const struct cx_history *h);
/** The next event, or NULL at the end.  Valid until the history is freed. */
const struct cx_event *cx_history_next(struct cx_history_cursor *cursor);
void cx_history_cursor_free(struct cx_history_cursor *cursor);

#endif
