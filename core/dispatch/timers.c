/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dispatch/timers.h"

#include <errno.h>
#include <stdlib.h>

static bool before(const struct cx_timer *a, const struct cx_timer *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->order < b->order;
}

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

static void put(struct cx_timers *t, unsigned slot, struct cx_timer *timer)
{
	t->heap[slot] = timer;
	timer->slot = slot + 1;
}

static void sift_up(struct cx_timers *t, unsigned slot)
{
	struct cx_timer *timer = t->heap[slot];

	while (slot > 0) {
		unsigned parent = (slot - 1) / 2;

		if (!before(timer, t->heap[parent]))
			break;
		put(t, slot, t->heap[parent]);
		slot = parent;
	}
	put(t, slot, timer);
}

static void sift_down(struct cx_timers *t, unsigned slot)
{
	struct cx_timer *timer = t->heap[slot];

	for (;;) {
		unsigned child = 2 * slot + 1;

		if (child >= t->n)
			break;
		if (child + 1 < t->n && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], timer))
			break;
		put(t, slot, t->heap[child]);
		slot = child;
	}
	put(t, slot, timer);
}

static void take_out(struct cx_timers *t, struct cx_timer *timer)
{
	unsigned slot = timer->slot - 1;
	struct cx_timer *last = t->heap[--t->n];

	timer->slot = 0;
	if (last == timer)
		return;
	put(t, slot, last);
	sift_up(t, slot);
	sift_down(t, last->slot - 1);
}

static void note_earliest(struct cx_timers *t)
{
	atomic_store(&t->earliest, t->n ? t->heap[0]->when_ns : UINT64_MAX);
}

int cx_timers_init(struct cx_timers *t, unsigned room, bool unlocked)
{
	t->heap = calloc(room, sizeof(*t->heap));
	if (!t->heap)
		return -ENOMEM;
	t->unlocked = unlocked;
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
	lock(t);
	if (timer->slot)
		take_out(t, timer);
	timer->when_ns = when_ns;
	if (when_ns != UINT64_MAX) {
		timer->order = t->shuffled ? next_random(t) : timer->number;
		t->heap[t->n] = timer;
		sift_up(t, t->n++);
	}
	note_earliest(t);
	unlock(t);
}

struct cx_timer *cx_timers_pop(struct cx_timers *t, uint64_t now, uint64_t *when_ns)
{
	struct cx_timer *timer = NULL;

	lock(t);
	if (t->n && t->heap[0]->when_ns <= now) {
		timer = t->heap[0];
		*when_ns = timer->when_ns;
		take_out(t, timer);
		note_earliest(t);
	}
	unlock(t);
	return timer;
}
