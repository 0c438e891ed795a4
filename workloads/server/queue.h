/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of requests before a server, without room for a single one: when a request
 * arrives follows from the seed alone, so the times are drawn twice, once to serve them in
 * order and once to count those that have arrived.  So it never overflows.
 */
#ifndef CX_WORKLOADS_QUEUE_H
#define CX_WORKLOADS_QUEUE_H

#include "../guest/cx_exponential.h"
#include "../guest/cx_hist.h"

#include <stdbool.h>
#include <stdint.h>

/** When requests arrive, one after another. */
struct cx_arrivals {
	struct cx_random random;
	uint64_t interval; /* mean */
	bool periodic;     /* at even intervals, else a Poisson process */
	uint64_t at;       /* the present one */
};

static inline void cx_arrivals_next(struct cx_arrivals *a)
{
	a->at += a->periodic ? a->interval : cx_random_exponential(&a->random, a->interval);
}

/** The first arrives after @now; at even intervals anywhere in the first, so that replicas
 *  do not move in step. */
static inline void cx_arrivals_init(struct cx_arrivals *a, uint64_t seed, uint64_t now,
				    uint64_t interval, bool periodic)
{
	cx_random_init(&a->random, seed);
	a->interval = interval;
	a->periodic = periodic;
	a->at = now;
	if (periodic)
		a->at += 1 + cx_random_below(&a->random, interval);
	else
		cx_arrivals_next(a);
}

struct cx_queue {
	struct cx_arrivals first; /* the request that is served, or will be next */
	struct cx_arrivals last;  /* the first one that has not arrived */
	uint64_t arrived, served; /* requests */
	uint64_t longest;         /* most that were there at once, the one served included */
	uint64_t busy_ns;         /* time in which there was one */
	uint64_t idle_since;      /* when the last one was served */
	struct cx_times response; /* arrival to completion */
};

/** @q zeroed. */
static inline void cx_queue_init(struct cx_queue *q, uint64_t seed, uint64_t now, uint64_t interval,
				 bool periodic)
{
	cx_arrivals_init(&q->first, seed, now, interval, periodic);
	q->last = q->first;
}

/** Count who has come until @now.  The queue only grows between two completions, so calling
 *  this before each is enough to know its greatest length. */
static inline void cx_queue_look(struct cx_queue *q, uint64_t now)
{
	for (; q->last.at <= now; cx_arrivals_next(&q->last))
		q->arrived++;
	if (q->arrived - q->served > q->longest)
		q->longest = q->arrived - q->served;
}

/** The first one is done at @now. */
static inline void cx_queue_served(struct cx_queue *q, uint64_t now)
{
	uint64_t arrival = q->first.at;

	cx_queue_look(q, now);
	q->served++;
	q->busy_ns += now - (arrival > q->idle_since ? arrival : q->idle_since);
	q->idle_since = now;
	cx_times_add(&q->response, now - arrival);
	cx_arrivals_next(&q->first);
}

#endif
