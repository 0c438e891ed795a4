/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What propshare counts and queues with, by itself: its meters against a count in small steps,
 * its heaps and queues against a search through all.
 */
#include "schedulers/propshare/heap.h"
#include "schedulers/propshare/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "schedulers/propshare/heap.c"

#define ITEMS 300u
#define ROUNDS 20000u

static uint64_t next_of(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

/* --- heaps -------------------------------------------------------------------------------- */

struct thing {
	struct ps_item item;
	int64_t key;
	uint64_t since; /* when it went in, to tell equals apart */
};

static struct thing *least_of(struct thing *things, const struct ps_heap *heap)
{
	struct thing *least = NULL;

	for (unsigned i = 0; i < ITEMS; i++) {
		struct thing *t = &things[i];

		if (t->item.heap != heap)
			continue;
		if (!least || t->key < least->key ||
		    (t->key == least->key && t->since < least->since))
			least = t;
	}
	return least;
}

static void test_heap(void **state)
{
	static struct thing things[ITEMS];
	struct ps_heap heap = { 0 };
	uint64_t seed = 1, now = 0;

	(void)state;
	memset(things, 0, sizeof(things));
	assert_int_equal(ps_heap_room(&heap, 1), 0);
	assert_int_equal(ps_heap_room(&heap, ITEMS), 0);
	assert_null(ps_heap_first(&heap));
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct thing *t = &things[next_of(&seed) % ITEMS], *least;

		if (t->item.heap) {
			ps_heap_remove(&t->item);
			assert_null(t->item.heap);
		} else {
			t->key = (int64_t)(next_of(&seed) % 50) - 25;
			t->since = now++;
			ps_heap_insert(&heap, &t->item, t->key);
		}
		least = least_of(things, &heap);
		assert_ptr_equal(ps_heap_first(&heap), least ? &least->item : NULL);
	}
	ps_heap_remove(&things[0].item);
	ps_heap_remove(&things[0].item); /* in none: nothing happens */
	ps_heap_free(&heap);
}

/* Who is released is due, the earliest deadline first; who is not stays, the soonest first. */
static void test_queue(void **state)
{
	struct ps_item items[4];
	struct ps_queue queue = { { 0 }, { 0 } };

	(void)state;
	memset(items, 0, sizeof(items));
	assert_int_equal(ps_queue_room(&queue, 4), 0);
	ps_queue_insert(&queue, &items[0], 10, 90);
	ps_queue_insert(&queue, &items[1], 20, 40);
	ps_queue_insert(&queue, &items[2], 30, 40);
	ps_queue_insert(&queue, &items[3], 31, 20);
	ps_queue_advance(&queue, 9);
	assert_null(ps_heap_first(&queue.due));
	assert_ptr_equal(ps_heap_first(&queue.future), &items[0]);
	ps_queue_advance(&queue, 30);
	assert_ptr_equal(ps_heap_first(&queue.due), &items[1]);
	assert_ptr_equal(ps_heap_first(&queue.future), &items[3]);
	ps_heap_remove(&items[1]);
	assert_ptr_equal(ps_heap_first(&queue.due), &items[2]);
	ps_queue_advance(&queue, 31);
	assert_ptr_equal(ps_heap_first(&queue.due), &items[3]);
	ps_queue_free(&queue);
}

/* --- meters --------------------------------------------------------------------------------- */

/* Half a pCPU comes in, one runs: a level of 5 ms lasts 10 ms, and is full again in 10 more. */
static void test_meter_worked(void **state)
{
	struct ps_meter m = {
		.level = 5000000ll * (int64_t)PS_SECOND,
		.rate = PS_SECOND / 2,
		.running = 1,
		.low = -1000000,
		.high = 5000000,
	};

	(void)state;
	assert_int_equal(ps_meter_meets(&m, 0), 10000000);
	assert_int_equal(ps_meter_meets(&m, 5000000), 0);
	ps_meter_run(&m, 10000000);
	assert_int_equal(m.level, 0);
	assert_true(ps_meter_meets(&m, 5000000) == UINT64_MAX); /* it falls */
	m.running = 0;
	assert_int_equal(ps_meter_meets(&m, 5000000), 20000000);
	ps_meter_run(&m, 19999999);
	assert_true(m.level < m.high * (int64_t)PS_SECOND);
	ps_meter_run(&m, 20000000);
	assert_true(m.level == m.high * (int64_t)PS_SECOND);
	ps_meter_run(&m, 90000000); /* no more than full */
	assert_true(m.level == m.high * (int64_t)PS_SECOND);
	m.running = 2;
	ps_meter_run(&m, 190000000); /* nor less than the least */
	assert_true(m.level == m.low * (int64_t)PS_SECOND);
	m.rate = 2 * PS_SECOND;
	assert_true(ps_meter_meets(&m, 0) == UINT64_MAX); /* neither rises nor falls */
}

/* However it is cut into steps, nothing is lost; it meets a mark when it says. */
static void test_meter_steps(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct ps_meter a = {
			.rate = next_of(&seed) % (4 * PS_SECOND),
			.running = next_of(&seed) % 5,
			.low = -40000000,
			.high = 40000000,
		}, b;
		uint64_t now = 0, end = next_of(&seed) % 5000000 + 1, when;
		int64_t mark = (int64_t)(next_of(&seed) % 30000000) - 15000000;

		b = a;
		when = ps_meter_meets(&a, mark);
		if (when != UINT64_MAX && when > 0) {
			struct ps_meter before = a, then = a;
			bool rises = ps_meter_slope(&a) > 0;

			ps_meter_run(&before, when - 1);
			ps_meter_run(&then, when);
			assert_true(rises ? before.level < mark * (int64_t)PS_SECOND
					  : before.level > mark * (int64_t)PS_SECOND);
			assert_true(rises ? then.level >= mark * (int64_t)PS_SECOND
					  : then.level <= mark * (int64_t)PS_SECOND);
		}
		while (now < end) {
			now += next_of(&seed) % 1000 + 1;
			ps_meter_run(&a, now < end ? now : end);
		}
		ps_meter_run(&b, end);
		assert_true(a.level == b.level);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_meter_worked),
		cmocka_unit_test(test_meter_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
