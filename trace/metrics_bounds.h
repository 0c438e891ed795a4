/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics_bounds.h - how far a guarantee or a limit was missed, over all windows.
 *
 * Amounts are in hundredths of a nanosecond ("percent ns"): a percentage of one pCPU times
 * nanoseconds.  All arithmetic is in whole numbers, so nothing is rounded on the way.
 */
#ifndef CX_TRACE_METRICS_BOUNDS_H
#define CX_TRACE_METRICS_BOUNDS_H

#include "trace/metrics.h"

#include <stddef.h>

/** Where the rate changes. */
struct cx_slide_point {
	uint64_t t_ns;
	uint64_t sum; /* of rate x time until here; wraps, only differences count */
	int64_t rate; /* from here on */
};

/**
 * The window of one length in which a sum of rate x time grew most.  The sum is piecewise
 * linear, so the extremes over all windows lie where one of the window's ends is at a change
 * of the rate, or at an end of the stretch; each of those is looked at once.  Stretches are
 * apart: no window reaches over a gap.  Keeps the changes of the last window only.
 */
struct cx_slide {
	uint64_t window_ns;          /* 1 or more */
	struct cx_slide_point *ring; /* n of them from `first` on */
	size_t room, first, n;
	uint64_t start_ns, end_ns; /* of the stretch */
	uint64_t end_sum;
	uint64_t judged_ns; /* time in stretches of a window or longer */
	int64_t worst;      /* the most it grew, 0 or more */
	uint64_t at_ns;     /* start of the first window in which it did; 0 if worst is 0 */
};

/**
 * Time goes on from @from_ns to @to_ns with @rate, whose magnitude times the window is less
 * than 2^62.  @from_ns is where the last call ended, or later: then a new stretch begins.
 * Amortised O(1).  Returns 0 or -ENOMEM.
 */
int cx_slide_add(struct cx_slide *s, uint64_t from_ns, uint64_t to_ns, int64_t rate);
void cx_slide_free(struct cx_slide *s);

/** What is watched of all domains and pools of a record. */
struct cx_bounds;

/** NULL when out of memory. */
struct cx_bounds *cx_bounds_new(const struct cx_record *record);
void cx_bounds_free(struct cx_bounds *b);

/**
 * At @t_ns, not before earlier calls, a vCPU of domain @d goes from state @before to @after;
 * CX_STATES stands for not being there.
 */
void cx_bounds_move(struct cx_bounds *b, unsigned d, uint64_t t_ns, unsigned before,
		    unsigned after);

/** The reservation or limit of domain @d becomes @value at @t_ns; other kinds do nothing. */
void cx_bounds_adjust(struct cx_bounds *b, unsigned d, uint64_t t_ns, unsigned what,
		      unsigned value);
/** Likewise of pool @pool. */
void cx_bounds_adjust_pool(struct cx_bounds *b, unsigned pool, uint64_t t_ns, unsigned what,
			   unsigned value);

/** The run ends at @end_ns: fill in @m.  Returns 0 or -ENOMEM, also for earlier calls. */
int cx_bounds_finish(struct cx_bounds *b, uint64_t end_ns, struct cx_metrics *m);

#endif
