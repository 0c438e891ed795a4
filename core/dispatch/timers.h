/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/timers.h - a heap of deadlines.
 *
 * Due timers come out by time, then by kind (ticks before policy timers before vCPUs'
 * deadlines), then by number: a defined order, on every machine.
 */
#ifndef CX_CORE_TIMERS_H
#define CX_CORE_TIMERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum cx_timer_kind {
	CX_TIMER_TICK,
	CX_TIMER_POLICY,
	CX_TIMER_BLOCK, /* a blocked vCPU's deadline */
	CX_TIMER_GUEST, /* a guest's own timer */
	CX_TIMER_WATCHDOG,
	CX_TIMER_RETRY, /* a pCPU that could not look at a peer's queue */
	CX_TIMER_PCPU   /* what comes next on a simulated pCPU; in a heap of its own */
};

/** Embedded in its owner. */
struct cx_timer {
	uint64_t when_ns;
	enum cx_timer_kind kind;
	unsigned number; /* breaks ties; what it means is the owner's business */
	unsigned slot;   /* position in the heap plus one; 0 = not armed */
	void *owner;
};

/** What the heap holds of a timer: all that its place depends on. */
struct cx_timer_entry {
	uint64_t when_ns;
	unsigned kind;
	unsigned order; /* breaks ties: the number, or chance */
	struct cx_timer *timer;
};

struct cx_timers {
	pthread_mutex_t lock;
	bool unlocked; /* one thread alone uses it */
	bool shuffled;
	uint64_t random;
	struct cx_timer_entry *heap;
	unsigned n, room;
	_Atomic uint64_t earliest; /* UINT64_MAX when none */
	_Atomic uint64_t promised; /* when the machine will call next, as it was told */
};

/** Room for @room timers armed at once; @unlocked: for one thread alone.  0 or -ENOMEM. */
int cx_timers_init(struct cx_timers *t, unsigned room, bool unlocked);
/** From now on chance decides among timers of one kind and time, the same for one @seed. */
void cx_timers_shuffle(struct cx_timers *t, uint64_t seed);
void cx_timers_destroy(struct cx_timers *t);
void cx_timer_setup(struct cx_timer *timer, enum cx_timer_kind kind, unsigned number, void *owner);
/** Arm or re-arm for @when_ns; UINT64_MAX disarms.  Takes the heap's lock. */
void cx_timer_arm(struct cx_timers *t, struct cx_timer *timer, uint64_t when_ns);
/** Take out the first timer due at @now, with the time it was armed for; NULL = none.
 *  The owner re-checks under its own lock whether it still means anything. */
struct cx_timer *cx_timers_pop(struct cx_timers *t, uint64_t now, uint64_t *when_ns);

/** The first timer, NULL when none is armed; for one thread alone. */
static inline struct cx_timer *cx_timers_first(const struct cx_timers *t)
{
	return t->n ? t->heap[0].timer : NULL;
}

#endif
