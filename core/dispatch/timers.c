/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap of four children a node (D. Johnson, "Priority queues with update and finding minimum
 * spanning trees", 1975), the keys in it: it is as flat as it is wide, and finding its way it
 * touches no timer.
 */
#include "core/dispatch/timers.h"

#include <errno.h>
#include <stdlib.h>

#define CHILDREN 4u

static void lock(struct cx_timers *t)
{
	if (!t->unlocked)
		pthread_mutex_lock(&t->lock);
}

static void unlock(struct cx_timers *t)
{
	if (!t->unlocked)
		pthread_mutex_unlock(&t->lock);
}

static bool before(const struct cx_timer_entry *a, const struct cx_timer_entry *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->order < b->order;
}

static void put(struct cx_timers *t, unsigned slot, const struct cx_timer_entry *e)
{
	t->heap[slot] = *e;
	e->timer->slot = slot + 1;
}

/* Each finds the place for @e from the free slot @slot on. */
static unsigned sift_up(struct cx_timers *t, unsigned slot, const struct cx_timer_entry *e)
{
	while (slot > 0) {
		unsigned parent = (slot - 1) / CHILDREN;

		if (!before(e, &t->heap[parent]))
			break;
		put(t, slot, &t->heap[parent]);
		slot = parent;
	}
	return slot;
}

static unsigned sift_down(struct cx_timers *t, unsigned slot, const struct cx_timer_entry *e)
{
	for (;;) {
		unsigned child = CHILDREN * slot + 1, end = child + CHILDREN, least = child;

		if (child >= t->n)
			return slot;
		if (end > t->n)
			end = t->n;
		while (++child < end)
			if (before(&t->heap[child], &t->heap[least]))
				least = child;
		if (!before(&t->heap[least], e))
			return slot;
		put(t, slot, &t->heap[least]);
		slot = least;
	}
}

static void place(struct cx_timers *t, unsigned slot, const struct cx_timer_entry *e)
{
	unsigned up = sift_up(t, slot, e);

	put(t, up == slot ? sift_down(t, slot, e) : up, e);
}

static void take_out(struct cx_timers *t, struct cx_timer *timer)
{
	unsigned slot = timer->slot - 1;
	struct cx_timer_entry last = t->heap[--t->n];

	timer->slot = 0;
	if (last.timer != timer)
		place(t, slot, &last);
}

static void note_earliest(struct cx_timers *t)
{
	atomic_store_explicit(&t->earliest, t->n ? t->heap[0].when_ns : UINT64_MAX,
			      t->unlocked ? memory_order_relaxed : memory_order_seq_cst);
}

int cx_timers_init(struct cx_timers *t, unsigned room, bool unlocked)
{
	t->heap = calloc(room, sizeof(*t->heap));
	if (!t->heap)
		return -ENOMEM;
	t->unlocked = unlocked;
	t->shuffled = false;
	t->room = room;
	t->n = 0;
	atomic_init(&t->earliest, UINT64_MAX);
	atomic_init(&t->promised, UINT64_MAX);
	pthread_mutex_init(&t->lock, NULL);
	return 0;
}

void cx_timers_destroy(struct cx_timers *t)
{
	if (!t->heap)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t->heap);
	t->heap = NULL;
}

/* A linear congruential generator's upper half (D. Knuth's MMIX): no more is needed to
 * break ties. */
static unsigned next_random(struct cx_timers *t)
{
	t->random = t->random * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(t->random >> 32);
}

void cx_timers_shuffle(struct cx_timers *t, uint64_t seed)
{
	t->shuffled = true;
	t->random = seed;
}

void cx_timer_setup(struct cx_timer *timer, enum cx_timer_kind kind, unsigned number, void *owner)
{
	timer->when_ns = UINT64_MAX;
	timer->kind = kind;
	timer->number = number;
	timer->slot = 0;
	timer->owner = owner;
}

void cx_timer_arm(struct cx_timers *t, struct cx_timer *timer, uint64_t when_ns)
{
	struct cx_timer_entry e = { .when_ns = when_ns, .timer = timer };

	lock(t);
	timer->when_ns = when_ns;
	if (when_ns == UINT64_MAX) {
		if (timer->slot)
			take_out(t, timer);
	} else {
		e.kind = timer->kind;
		e.order = t->shuffled ? next_random(t) : timer->number;
		place(t, timer->slot ? timer->slot - 1 : t->n++, &e);
	}
	note_earliest(t);
	unlock(t);
}

struct cx_timer *cx_timers_pop(struct cx_timers *t, uint64_t now, uint64_t *when_ns)
{
	struct cx_timer *timer = NULL;

	lock(t);
	if (t->n && t->heap[0].when_ns <= now) {
		timer = t->heap[0].timer;
		*when_ns = timer->when_ns;
		take_out(t, timer);
		note_earliest(t);
	}
	unlock(t);
	return timer;
}
