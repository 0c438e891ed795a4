/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap of deadlines against a plain array: what is due comes out in the defined order. */
#include "core/dispatch/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TIMERS 64u
#define ROUNDS 200000u

static uint64_t random64(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool earlier(const struct cx_timer *a, const struct cx_timer *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	return a->kind != b->kind ? a->kind < b->kind : a->number < b->number;
}

/* The one that must come first; NULL = none armed. */
static struct cx_timer *first_of(struct cx_timer *timers)
{
	struct cx_timer *first = NULL;
	unsigned i;

	for (i = 0; i < TIMERS; i++)
		if (timers[i].when_ns != UINT64_MAX && (!first || earlier(&timers[i], first)))
			first = &timers[i];
	return first;
}

static void random_arming(void **state)
{
	struct cx_timer timers[TIMERS], *first;
	struct cx_timers heap;
	uint64_t seed = 1, when, now = 0;
	unsigned i, round, popped = 0;

	(void)state;
	assert_int_equal(cx_timers_init(&heap, TIMERS, false), 0);
	for (i = 0; i < TIMERS; i++)
		cx_timer_setup(&timers[i], (enum cx_timer_kind)(i % (CX_TIMER_WATCHDOG + 1)), i,
			       NULL);
	for (round = 0; round < ROUNDS; round++) {
		struct cx_timer *t = &timers[random64(&seed) % TIMERS];

		/* Few different times, so that many are equal; some are disarmed. */
		cx_timer_arm(&heap, t,
			     random64(&seed) % 8 ? now + random64(&seed) % 50 : UINT64_MAX);
		first = first_of(timers);
		assert_int_equal(heap.earliest, first ? first->when_ns : UINT64_MAX);
		if (random64(&seed) % 4)
			continue;
		now += random64(&seed) % 20;
		for (;;) {
			first = first_of(timers);
			t = cx_timers_pop(&heap, now, &when);
			if (!first || first->when_ns > now) {
				assert_null(t);
				break;
			}
			assert_ptr_equal(t, first);
			assert_int_equal(when, first->when_ns);
			t->when_ns = UINT64_MAX; /* for first_of() */
			popped++;
		}
	}
	assert_true(popped > ROUNDS / 10);
	cx_timers_destroy(&heap);
}

static void disarmed_twice_and_armed_twice(void **state)
{
	struct cx_timers heap;
	struct cx_timer t;
	uint64_t when;

	(void)state;
	assert_int_equal(cx_timers_init(&heap, 1, false), 0);
	cx_timer_setup(&t, CX_TIMER_TICK, 0, NULL);
	cx_timer_arm(&heap, &t, UINT64_MAX);
	assert_null(cx_timers_pop(&heap, UINT64_MAX, &when));
	cx_timer_arm(&heap, &t, 7);
	cx_timer_arm(&heap, &t, 5); /* there is room for one: it is moved */
	assert_null(cx_timers_pop(&heap, 4, &when));
	assert_ptr_equal(cx_timers_pop(&heap, 5, &when), &t);
	assert_int_equal(when, 5);
	assert_null(cx_timers_pop(&heap, 100, &when));
	cx_timers_destroy(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_arming),
		cmocka_unit_test(disarmed_twice_and_armed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
