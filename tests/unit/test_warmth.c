/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/warmth.h"

#include <pthread.h>

#define CAP 1000u

static void test_zeroed_is_cold(void **state)
{
	struct cx_warmth_cache cache;
	struct cx_warmth v = { 0 };

	(void)state;
	cx_warmth_cache_init(&cache, CAP);
	assert_int_equal(cx_warmth_value(&v, &cache), 0);
	cx_warmth_note_run(&v, &cache, 0);
	assert_int_equal(cx_warmth_value(&v, &cache), 0);
}

static void test_the_default_cap(void **state)
{
	struct cx_warmth_cache cache;
	struct cx_warmth v = { 0 };

	(void)state;
	cx_warmth_cache_init(&cache, 0);
	cx_warmth_note_run(&v, &cache, CX_WARMTH_CAP_NS - 1);
	assert_int_equal(cx_warmth_value(&v, &cache), CX_WARMTH_CAP_NS - 1);
	cx_warmth_note_run(&v, &cache, 1000);
	assert_int_equal(cx_warmth_value(&v, &cache), CX_WARMTH_CAP_NS);
}

static void test_own_run_time_warms_up_to_the_cap(void **state)
{
	struct cx_warmth_cache cache;
	struct cx_warmth v = { 0 };

	(void)state;
	cx_warmth_cache_init(&cache, CAP);
	cx_warmth_note_run(&v, &cache, 300);
	assert_int_equal(cx_warmth_value(&v, &cache), 300);
	cx_warmth_note_run(&v, &cache, 300);
	assert_int_equal(cx_warmth_value(&v, &cache), 600);
	cx_warmth_note_run(&v, &cache, 500);
	assert_int_equal(cx_warmth_value(&v, &cache), CAP);
	cx_warmth_note_run(&v, &cache, UINT64_MAX / 2);
	assert_int_equal(cx_warmth_value(&v, &cache), CAP);
}

static void test_what_others_run_cools(void **state)
{
	struct cx_warmth_cache cache;
	struct cx_warmth a = { 0 }, b = { 0 };

	(void)state;
	cx_warmth_cache_init(&cache, CAP);
	cx_warmth_note_run(&a, &cache, 600);
	cx_warmth_note_run(&b, &cache, 200);
	assert_int_equal(cx_warmth_value(&a, &cache), 400);
	assert_int_equal(cx_warmth_value(&b, &cache), 200);
	/* b's warmth before was 200: a runs and cools it away. */
	cx_warmth_note_run(&a, &cache, 250);
	assert_int_equal(cx_warmth_value(&a, &cache), 650);
	assert_int_equal(cx_warmth_value(&b, &cache), 0);
	cx_warmth_note_run(&b, &cache, 100);
	assert_int_equal(cx_warmth_value(&b, &cache), 100);
	assert_int_equal(cx_warmth_value(&a, &cache), 550);
}

static void test_others_for_the_cap_leave_nothing(void **state)
{
	struct cx_warmth_cache cache;
	struct cx_warmth a = { 0 }, b = { 0 };

	(void)state;
	cx_warmth_cache_init(&cache, CAP);
	cx_warmth_note_run(&a, &cache, 50 * CAP);
	cx_warmth_note_run(&b, &cache, CAP - 1);
	assert_int_equal(cx_warmth_value(&a, &cache), 1);
	cx_warmth_note_run(&b, &cache, 1);
	assert_int_equal(cx_warmth_value(&a, &cache), 0);
	cx_warmth_note_run(&b, &cache, CAP);
	assert_int_equal(cx_warmth_value(&a, &cache), 0);
}

/* Leaving and coming back costs only what others ran here meanwhile. */
static void test_another_cache_is_another_matter(void **state)
{
	struct cx_warmth_cache here, there;
	struct cx_warmth on_here = { 0 }, on_there = { 0 }, other = { 0 };

	(void)state;
	cx_warmth_cache_init(&here, CAP);
	cx_warmth_cache_init(&there, CAP);
	cx_warmth_note_run(&on_here, &here, 500);
	cx_warmth_note_run(&on_there, &there, 900);
	assert_int_equal(cx_warmth_value(&on_here, &here), 500);
	assert_int_equal(cx_warmth_value(&on_there, &there), 900);
	cx_warmth_note_run(&other, &here, 100);
	assert_int_equal(cx_warmth_value(&on_here, &here), 400);
	assert_int_equal(cx_warmth_value(&on_there, &there), 900);
}

#define THREADS 4
#define ROUNDS 20000u
#define STEP 7u

struct noter {
	struct cx_warmth_cache *cache;
	struct cx_warmth own;
	struct cx_warmth *peer;
	int bad;
};

static void *note_rounds(void *arg)
{
	struct noter *n = arg;
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		cx_warmth_note_run(&n->own, n->cache, STEP);
		if (cx_warmth_value(n->peer, n->cache) > CAP)
			n->bad++;
	}
	return NULL;
}

static void test_cpus_that_share_a_cache_lose_no_time(void **state)
{
	struct cx_warmth_cache cache;
	struct noter noters[THREADS] = { 0 };
	pthread_t threads[THREADS];
	struct cx_warmth last = { 0 };
	unsigned i;

	(void)state;
	cx_warmth_cache_init(&cache, CAP);
	for (i = 0; i < THREADS; i++) {
		noters[i].cache = &cache;
		noters[i].peer = &noters[(i + 1) % THREADS].own;
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, note_rounds, &noters[i]), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(noters[i].bad, 0);
	assert_int_equal(atomic_load(&cache.total_ns), THREADS * ROUNDS * STEP);
	cx_warmth_note_run(&last, &cache, 2 * CAP);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(cx_warmth_value(&noters[i].own, &cache), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_is_cold),
		cmocka_unit_test(test_the_default_cap),
		cmocka_unit_test(test_own_run_time_warms_up_to_the_cap),
		cmocka_unit_test(test_what_others_run_cools),
		cmocka_unit_test(test_others_for_the_cap_leave_nothing),
		cmocka_unit_test(test_another_cache_is_another_matter),
		cmocka_unit_test(test_cpus_that_share_a_cache_lose_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
