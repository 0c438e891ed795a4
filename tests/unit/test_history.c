/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/history.h"
#include "trace/record.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void add(struct cx_history *h, unsigned lane, uint64_t t, uint64_t x)
{
	struct cx_event e = { .t_ns = t, .pcpu = (uint16_t)lane, .x = x };

	cx_history_add(h, lane, &e);
}

static void test_empty(void **state)
{
	struct cx_history *h = cx_history_new(3, 0);
	struct cx_history_cursor *c = cx_history_walk(h);

	(void)state;
	assert_int_equal(cx_history_count(h), 0);
	assert_null(cx_history_next(c));
	assert_null(cx_history_next(c));
	cx_history_cursor_free(c);
	cx_history_free(h);
	assert_null(cx_history_new(0, 0));
	assert_null(cx_history_new(65536, 0));
	cx_history_free(NULL);
}

/* By time; equal times by lane, then by arrival. */
static void test_order(void **state)
{
	static const struct {
		unsigned lane;
		uint64_t t, x;
	} in[] = { { 1, 5, 0 }, { 1, 5, 1 }, { 0, 5, 2 }, { 2, 1, 3 }, { 2, 5, 4 }, { 0, 9, 5 } };
	static const uint64_t expected[] = { 3, 2, 0, 1, 4, 5 };
	struct cx_history *h = cx_history_new(4, 0);
	struct cx_history_cursor *c;
	unsigned i;

	(void)state;
	for (i = 0; i < 6; i++)
		add(h, in[i].lane, in[i].t, in[i].x);
	c = cx_history_walk(h);
	for (i = 0; i < 6; i++) {
		const struct cx_event *e = cx_history_next(c);

		assert_non_null(e);
		assert_int_equal(e->x, expected[i]);
	}
	assert_null(cx_history_next(c));
	cx_history_cursor_free(c);
	cx_history_free(h);
}

/* Many lanes, many chunks: nothing is lost, nothing moves, all comes out in order. */
static void test_many(void **state)
{
	enum { LANES = 70, EVENTS = 400000 };
	struct cx_history *h = cx_history_new(LANES, 0);
	uint64_t last[LANES] = { 0 }, n = 0, t = 0, time[LANES] = { 0 };
	struct cx_history_cursor *c;
	const struct cx_event *e;
	unsigned i, seed = 1;

	(void)state;
	for (i = 0; i < EVENTS; i++) {
		unsigned lane = rand_r(&seed) % 7 ? 3 : (unsigned)rand_r(&seed) % LANES;

		time[lane] += (unsigned)rand_r(&seed) % 3;
		add(h, lane, time[lane], i + 1);
	}
	assert_int_equal(cx_history_count(h), EVENTS);
	assert_int_equal(cx_history_dropped(h), 0);
	c = cx_history_walk(h);
	while ((e = cx_history_next(c)) != NULL) {
		assert_true(e->t_ns >= t);
		t = e->t_ns;
		assert_true(e->x > last[e->pcpu]);
		last[e->pcpu] = e->x;
		n++;
	}
	assert_int_equal(n, EVENTS);
	cx_history_cursor_free(c);
	cx_history_free(h);
}

/* What does not fit is counted, and what was kept is the beginning. */
static void test_bound(void **state)
{
	enum { EVENTS = 100000 };
	struct cx_history *h = cx_history_new(2, 600000);
	struct cx_history_cursor *c;
	const struct cx_event *e;
	uint64_t n = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < EVENTS; i++)
		add(h, 0, i, i);
	add(h, 1, 7, 7);
	assert_true(cx_history_dropped(h) > 0);
	assert_int_equal(cx_history_count(h) + cx_history_dropped(h), EVENTS + 1);
	assert_true(cx_history_count(h) * sizeof(struct cx_event) <= 600000);
	assert_true(cx_history_count(h) * sizeof(struct cx_event) > 300000);
	c = cx_history_walk(h);
	while ((e = cx_history_next(c)) != NULL)
		if (e->pcpu == 0)
			assert_int_equal(e->x, n++);
	cx_history_cursor_free(c);
	cx_history_free(h);

	h = cx_history_new(1, 100); /* not even a page */
	add(h, 0, 1, 1);
	assert_int_equal(cx_history_count(h), 0);
	assert_int_equal(cx_history_dropped(h), 1);
	cx_history_free(h);
}

/* One lane takes events of all pCPUs, and is bounded likewise. */
static void test_untimed(void **state)
{
	struct cx_history *h = cx_history_new_untimed(0);
	struct cx_history_cursor *c = cx_history_walk(h);
	unsigned i;

	(void)state;
	assert_null(cx_history_next(c));
	cx_history_cursor_free(c);
	for (i = 0; i < 20000; i++)
		add(h, i % 3, i, i);
	c = cx_history_walk(h);
	for (i = 0; i < 20000; i++)
		assert_int_equal(cx_history_next(c)->x, i);
	assert_null(cx_history_next(c));
	cx_history_cursor_free(c);
	cx_history_free(h);

	h = cx_history_new_untimed(100);
	add(h, 0, 1, 1);
	assert_int_equal(cx_history_dropped(h), 1);
	cx_history_free(h);
}

struct writer {
	struct cx_history *h;
	unsigned lane;
};

static void *write_lane(void *arg)
{
	struct writer *w = arg;
	unsigned i;

	for (i = 0; i < 50000; i++)
		add(w->h, w->lane, i, i);
	return NULL;
}

/* One writer a lane, and somebody who asks how far they are. */
static void test_threads(void **state)
{
	struct cx_history *h = cx_history_new(4, 4u << 20);
	struct writer w[4];
	pthread_t thread[4];
	uint64_t seen = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		w[i] = (struct writer){ h, i };
		assert_int_equal(pthread_create(&thread[i], NULL, write_lane, &w[i]), 0);
	}
	for (i = 0; i < 1000; i++) {
		uint64_t now = cx_history_count(h);

		assert_true(now >= seen);
		seen = now;
	}
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(cx_history_count(h) + cx_history_dropped(h), 200000);
	cx_history_free(h);
}

static void test_record(void **state)
{
	struct cx_record *r = cx_record_new(2, 5, 3);

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->n_domains, 2);
	assert_int_equal(r->n_vcpus, 5);
	assert_int_equal(r->n_pcpus, 3);
	assert_int_equal(r->vcpus[4].time_ns[CX_READY], 0);
	r->domains[1].name = strdup("x");
	r->scenario = strdup("y");
	add(r->history, 2, 1, 1);
	assert_int_equal(cx_history_count(r->history), 1);
	cx_record_free(r);
	cx_record_free(NULL);
	r = cx_record_new(0, 0, 0);
	assert_non_null(r);
	cx_record_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),   cmocka_unit_test(test_order),
		cmocka_unit_test(test_many),    cmocka_unit_test(test_bound),
		cmocka_unit_test(test_untimed), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
