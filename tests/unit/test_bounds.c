/* SPDX-License-Identifier: BSD-2-Clause */
/* How far guarantees and limits are missed: worked by hand, and against trying all windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fabricate.h"
#include "trace/metrics.h"
#include "trace/metrics_bounds.h"

static struct cx_metrics *measure(struct fab *f)
{
	struct cx_metrics *m = NULL;
	struct cx_error err = { "" };

	fab_finish(f);
	assert_int_equal(cx_metrics_compute(f->record, &m, &err), 0);
	assert_non_null(m);
	return m;
}

static void adjust(struct fab *f, uint64_t t, unsigned domain, enum cx_adjust what, uint64_t value)
{
	fab_emit(f, t, CX_EV_ADJUST, 0, domain, CX_NO_VCPU, what, value, 0);
}

/* vCPU @v is on pCPU @p from @from to @to, otherwise nobody. */
static void runs(struct fab *f, unsigned p, unsigned v, uint64_t from, uint64_t to)
{
	fab_switch(f, from, p, v, CX_WHY_IDLE);
	fab_switch(f, to, p, CX_NO_VCPU, CX_WHY_PREEMPT);
}

/* ---- one window ---- */

/* 1, 2 for 3 ns, then -5: a window of 2 ns grows by 4 at most. */
static void test_slide_worked(void **state)
{
	struct cx_slide s = { .window_ns = 2 };

	(void)state;
	assert_int_equal(cx_slide_add(&s, 10, 11, 1), 0);
	assert_int_equal(s.judged_ns, 0);
	assert_int_equal(s.worst, 0);
	assert_int_equal(cx_slide_add(&s, 11, 14, 2), 0);
	assert_int_equal(s.worst, 4);
	assert_int_equal(s.at_ns, 11);
	assert_int_equal(cx_slide_add(&s, 14, 20, -5), 0);
	assert_int_equal(s.worst, 4);
	assert_int_equal(s.judged_ns, 10);
	/* After a gap: 1 ns of 100 is no window. */
	assert_int_equal(cx_slide_add(&s, 21, 22, 100), 0);
	assert_int_equal(s.worst, 4);
	assert_int_equal(s.judged_ns, 10);
	assert_int_equal(cx_slide_add(&s, 22, 23, -100), 0);
	assert_int_equal(cx_slide_add(&s, 23, 23, 7), 0); /* nothing */
	assert_int_equal(s.worst, 4);
	assert_int_equal(s.judged_ns, 12);
	cx_slide_free(&s);
}

/* Every window that there is, one ns after the other. */
static void brute(const int64_t *rate, const bool *counts, unsigned n, unsigned window,
		  int64_t *worst, uint64_t *at, uint64_t *judged)
{
	unsigned t, i, from = 0;

	*worst = 0;
	*at = *judged = 0;
	for (t = 0; t + window <= n; t++) {
		int64_t sum = 0;
		bool all = true;

		for (i = t; i < t + window; i++) {
			sum += rate[i];
			all &= counts[i];
		}
		if (all && sum > *worst) {
			*worst = sum;
			*at = t;
		}
	}
	for (t = 0; t <= n; t++) {
		if (t < n && counts[t])
			continue;
		if (t - from >= window)
			*judged += t - from;
		from = t + 1;
	}
}

static void test_slide_brute(void **state)
{
	enum { LENGTH = 400 };
	unsigned seed = 3, round;

	(void)state;
	for (round = 0; round < 2000; round++) {
		struct cx_slide s = { .window_ns = 1 + (unsigned)rand_r(&seed) % 60 };
		unsigned t = 0, to, gaps = (unsigned)rand_r(&seed) % 3 ? 40 : 5;
		uint64_t at, judged;
		int64_t rate[LENGTH], worst;
		bool counts[LENGTH];

		while (t < LENGTH) {
			int64_t r = rand_r(&seed) % 7 - 3;
			bool there = rand_r(&seed) % gaps != 0;

			to = t + 1 + (unsigned)rand_r(&seed) % 30;
			if (to > LENGTH)
				to = LENGTH;
			if (there)
				assert_int_equal(cx_slide_add(&s, t, to, r), 0);
			for (; t < to; t++) {
				rate[t] = r;
				counts[t] = there;
			}
		}
		brute(rate, counts, LENGTH, (unsigned)s.window_ns, &worst, &at, &judged);
		assert_int_equal(s.worst, worst);
		assert_int_equal(s.judged_ns, judged);
		assert_int_equal(s.at_ns, at);
		assert_true(s.room <= 128);
		cx_slide_free(&s);
	}
}

/* Sums that wrap are no harm: only what a window grows must fit. */
static void test_slide_for_ever(void **state)
{
	struct cx_slide s = { .window_ns = CX_SEC };
	uint64_t t;

	(void)state;
	for (t = 0; t < 1ull << 50; t += 1ull << 40)
		assert_int_equal(cx_slide_add(&s, t, t + (1ull << 40), 1000000000 + (t != 0)), 0);
	assert_int_equal(s.worst, 1000000001 * (int64_t)CX_SEC);
	assert_int_equal(s.at_ns, 1ull << 40);
	cx_slide_free(&s);
}

/* ---- reservations ---- */

/*
 * A has half a pCPU reserved and wants all the time.  It runs 0 .. 2 s, then 300 ms of the
 * second from 2 s on, then all the time again: in that second it is 200 ms short.
 */
static struct fab half_reserved(uint64_t duration)
{
	static const struct fab_domain one[] = { { .name = "A", .vcpus = 1, .reservation = 50 } };
	struct fab f = fab_new(duration, 1, 1, one);

	fab_wake(&f, 0, 0, CX_WAKE_START);
	return f;
}

static void test_shortfall(void **state)
{
	struct fab f = half_reserved(5 * CX_SEC);
	const struct cx_metrics_bound *b;
	struct cx_metrics *m;

	(void)state;
	runs(&f, 0, 0, 0, 2 * CX_SEC);
	runs(&f, 0, 0, 2400 * CX_MS, 2700 * CX_MS);
	runs(&f, 0, 0, 3 * CX_SEC, 5 * CX_SEC);
	m = measure(&f);
	b = &m->domains[0].bounds.shortfall;
	assert_int_equal(b->window_ns, CX_SEC);
	assert_int_equal(b->judged_ns, 5 * CX_SEC);
	assert_int_equal(b->worst_ns, 200 * CX_MS);
	assert_int_equal(b->at_ns, 2 * CX_SEC);
	/* There is no limit. */
	assert_int_equal(m->domains[0].bounds.overshoot.judged_ns, 0);
	assert_int_equal(m->domains[0].bounds.overshoot.worst_ns, 0);
	cx_metrics_free(m);
	fab_free(&f);
}

/* The worst window lies on no round time: gaps of 800 ms between runs of 150 ms. */
static void test_shortfall_anywhere(void **state)
{
	struct fab f = half_reserved(3 * CX_SEC);
	struct cx_metrics *m;

	(void)state;
	runs(&f, 0, 0, 0, 1 * CX_SEC);
	runs(&f, 0, 0, 1800 * CX_MS, 1950 * CX_MS);
	runs(&f, 0, 0, 2750 * CX_MS, 3 * CX_SEC);
	m = measure(&f);
	/* 0.95 .. 1.95: 50 + 150 received; 1.0 .. 2.0: 150; 1.75 .. 2.75: 150: 350 short. */
	assert_int_equal(m->domains[0].bounds.shortfall.worst_ns, 350 * CX_MS);
	assert_int_equal(m->domains[0].bounds.shortfall.at_ns, 1 * CX_SEC);
	cx_metrics_free(m);
	fab_free(&f);
}

/*
 * Ten times a second it wakes, waits for @wait and runs for 10 ms: each time half of that is owed.
 * With @count such turns of 100 ms.
 */
static struct cx_metrics *sleeps(struct fab *f, unsigned count, uint64_t wait)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		uint64_t t = i * 100 * CX_MS, on = t + wait;

		if (i)
			fab_wake(f, t, 0, CX_WAKE_TIMER);
		fab_switch(f, on, 0, 0, CX_WHY_IDLE);
		fab_block(f, on + 10 * CX_MS, 0);
		fab_switch(f, on + 10 * CX_MS, 0, CX_NO_VCPU, CX_WHY_BLOCK);
	}
	return measure(f);
}

static void test_sleeper(void **state)
{
	struct fab waits = half_reserved(4 * CX_SEC), served = half_reserved(4 * CX_SEC);
	struct cx_metrics *m = sleeps(&waits, 40, 40 * CX_MS);

	(void)state;
	assert_int_equal(m->domains[0].bounds.shortfall.judged_ns, 4 * CX_SEC);
	assert_int_equal(m->domains[0].bounds.shortfall.worst_ns, 10 * (25 - 10) * CX_MS);
	cx_metrics_free(m);
	fab_free(&waits);
	/* At once, or nearly so: it receives no less than it is owed of what it asks for. */
	m = sleeps(&served, 40, 4 * CX_MS);
	assert_int_equal(m->domains[0].bounds.shortfall.judged_ns, 4 * CX_SEC);
	assert_int_equal(m->domains[0].bounds.shortfall.worst_ns, 0);
	cx_metrics_free(m);
	fab_free(&served);
}

/* 150 reserved of two vCPUs: all of it is owed while both want, whatever keeps them from running. */
static void test_demand_counts_vcpus(void **state)
{
	static const struct fab_domain one[] = { { .name = "A", .vcpus = 2, .reservation = 150 } };
	struct fab f = fab_new(6 * CX_SEC, 2, 1, one);
	const struct cx_metrics_bound *b;
	struct cx_metrics *m;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_wake(&f, 1 * CX_SEC, 1,
		 CX_WAKE_START); /* until then 100 of 150 are owed, and received */
	fab_park(&f, 2 * CX_SEC, 1, CX_PARK_COSTOP, true);
	fab_park(&f, 3 * CX_SEC, 1, CX_PARK_COSTOP, false);
	fab_switch(&f, 3 * CX_SEC, 1, 1, CX_WHY_IDLE);
	fab_pause(&f, 4 * CX_SEC, 1, true); /* paused: it wants nothing */
	fab_switch(&f, 4 * CX_SEC, 1, CX_NO_VCPU, CX_WHY_PAUSE);
	m = measure(&f);
	b = &m->domains[0].bounds.shortfall;
	assert_int_equal(b->judged_ns, 6 * CX_SEC);
	assert_int_equal(b->worst_ns, 500 * CX_MS);
	assert_int_equal(b->at_ns, 1 * CX_SEC);
	cx_metrics_free(m);
	fab_free(&f);
}

/* 20 until 2.5 s, 80 from then on, and it never runs: a window over the change has both. */
static void test_reservation_changes(void **state)
{
	static const struct fab_domain one[] = { { .name = "A", .vcpus = 1, .reservation = 20 } };
	struct fab f = fab_new(4 * CX_SEC, 1, 1, one);
	const struct cx_metrics_bound *b;
	struct cx_metrics *m;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	adjust(&f, 2500 * CX_MS, 0, CX_ADJUST_RESERVATION, 80);
	runs(&f, 0, 0, 2900 * CX_MS, 4 * CX_SEC);
	m = measure(&f);
	/* 1.9 .. 2.9: 0.6 s at 20 and 0.4 s at 80. */
	b = &m->domains[0].bounds.shortfall;
	assert_int_equal(b->worst_ns, (120 + 320) * CX_MS);
	assert_int_equal(b->at_ns, 1900 * CX_MS);
	assert_int_equal(b->judged_ns, 4 * CX_SEC);
	cx_metrics_free(m);
	fab_free(&f);
}

/* 400 ms are all there is: the window is the whole of it. */
static void test_short_run(void **state)
{
	struct fab f = half_reserved(400 * CX_MS);
	struct cx_metrics *m;

	(void)state;
	runs(&f, 0, 0, 100 * CX_MS, 250 * CX_MS);
	m = measure(&f);
	assert_int_equal(m->domains[0].bounds.shortfall.window_ns, 400 * CX_MS);
	assert_int_equal(m->domains[0].bounds.shortfall.worst_ns, 50 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- limits ---- */

static struct fab limited(unsigned limit)
{
	struct fab_domain one[] = { { .name = "A", .vcpus = 1, .limit = limit } };
	struct fab f = fab_new(4 * CX_SEC, 1, 1, one);

	fab_wake(&f, 0, 0, CX_WAKE_START);
	return f;
}

/* Limit 30, kept in whole seconds of the clock but not in all seconds. */
static void test_overshoot(void **state)
{
	struct fab f = limited(30);
	const struct cx_metrics_bound *b;
	struct cx_metrics *m;

	(void)state;
	runs(&f, 0, 0, 700 * CX_MS, 1300 * CX_MS);
	fab_park(&f, 1300 * CX_MS, 0, CX_PARK_LIMIT, true);
	fab_park(&f, 3 * CX_SEC, 0, CX_PARK_LIMIT, false);
	runs(&f, 0, 0, 3 * CX_SEC, 3300 * CX_MS);
	m = measure(&f);
	b = &m->domains[0].bounds.overshoot;
	assert_int_equal(b->window_ns, CX_SEC);
	assert_int_equal(b->judged_ns, 4 * CX_SEC);
	assert_int_equal(b->worst_ns, 300 * CX_MS);
	assert_int_equal(b->at_ns, 300 * CX_MS); /* the first of all seconds that hold the 600 ms */
	assert_int_equal(m->domains[0].bounds.shortfall.judged_ns, 0);
	cx_metrics_free(m);
	fab_free(&f);
}

/* It runs all the time; 40 until 1.5 s, none until 2 s, 90 then: windows with none are out. */
static void test_limit_changes(void **state)
{
	struct fab f = limited(40);
	const struct cx_metrics_bound *b;
	struct cx_metrics *m;

	(void)state;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	adjust(&f, 1200 * CX_MS, 0, CX_ADJUST_LIMIT, 20);
	adjust(&f, 1500 * CX_MS, 0, CX_ADJUST_LIMIT, 0);
	adjust(&f, 2000 * CX_MS, 0, CX_ADJUST_LIMIT, 90);
	m = measure(&f);
	b = &m->domains[0].bounds.overshoot;
	/* 0.5 .. 1.5: 0.7 s at 40 and 0.3 s at 20 make 340 ms. */
	assert_int_equal(b->worst_ns, 660 * CX_MS);
	assert_int_equal(b->at_ns, 500 * CX_MS);
	assert_int_equal(b->judged_ns, 3500 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Values that no host has, as a damaged trace may tell them. */
static void test_absurd_values(void **state)
{
	struct fab f = limited(40);
	struct cx_metrics *m;

	(void)state;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	adjust(&f, 500 * CX_MS, 0, CX_ADJUST_LIMIT, UINT64_MAX);
	adjust(&f, 500 * CX_MS, 0, CX_ADJUST_RESERVATION, UINT64_MAX);
	adjust(&f, 600 * CX_MS, 77, CX_ADJUST_LIMIT, 1);
	adjust(&f, 600 * CX_MS, 0, CX_ADJUSTS, 1);
	m = measure(&f);
	assert_int_equal(m->domains[0].bounds.overshoot.worst_ns, 0);
	assert_int_equal(m->domains[0].bounds.shortfall.worst_ns, 0);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- pools ---- */

static void drop_pools(struct fab *f)
{
	free(f->record->pools);
	f->record->pools = NULL;
	f->record->n_pools = 0;
	fab_free(f);
}

/* Pool 0 holds domain A and pool 1, which holds B and C; D is in none. */
static struct fab pooled(uint64_t duration)
{
	static const struct fab_domain domains[] = {
		{ .name = "A", .vcpus = 1 },
		{ .name = "B", .vcpus = 1 },
		{ .name = "C", .vcpus = 1 },
		{ .name = "D", .vcpus = 1 },
	};
	struct fab f = fab_new(duration, 4, 4, domains);
	unsigned v;

	f.record->pools = calloc(2, sizeof(*f.record->pools));
	assert_non_null(f.record->pools);
	f.record->n_pools = 2;
	f.record->pools[0].parent = CX_NO_POOL;
	f.record->pools[1].parent = 0;
	f.record->domains[0].pool = 0;
	f.record->domains[1].pool = f.record->domains[2].pool = 1;
	f.record->domains[3].pool = CX_NO_POOL;
	for (v = 0; v < 4; v++)
		fab_wake(&f, 0, v, CX_WAKE_START);
	return f;
}

static void test_pools(void **state)
{
	struct fab f = pooled(3 * CX_SEC);
	struct cx_metrics *m;

	(void)state;
	f.record->pools[0].reservation = 250;
	f.record->pools[0].limit = 260;
	f.record->pools[1].reservation = 120;
	f.record->pools[1].limit = 110;
	f.record->domains[0].limit = 60;
	/* A runs all the time, B in the first two seconds, C and D in the second one. */
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	runs(&f, 1, 1, 0, 2 * CX_SEC);
	runs(&f, 2, 2, 1 * CX_SEC, 2 * CX_SEC);
	runs(&f, 3, 3, 1 * CX_SEC, 2 * CX_SEC);
	m = measure(&f);
	/* The outer one is owed 60 for A and 110 for the inner one, of its 250; A alone has 100. */
	assert_int_equal(m->pools[0].bounds.shortfall.judged_ns, 3 * CX_SEC);
	assert_int_equal(m->pools[0].bounds.shortfall.worst_ns, 700 * CX_MS);
	assert_int_equal(m->pools[0].bounds.shortfall.at_ns, 2 * CX_SEC);
	assert_int_equal(m->pools[0].bounds.overshoot.worst_ns, 400 * CX_MS);
	assert_int_equal(m->pools[0].bounds.overshoot.at_ns, 1 * CX_SEC);
	/* The inner one's own demand is 200: of 120 it has none in the third second. */
	assert_int_equal(m->pools[1].bounds.shortfall.judged_ns, 3 * CX_SEC);
	assert_int_equal(m->pools[1].bounds.shortfall.worst_ns, 1200 * CX_MS);
	assert_int_equal(m->pools[1].bounds.shortfall.at_ns, 2 * CX_SEC);
	assert_int_equal(m->pools[1].bounds.overshoot.worst_ns, 900 * CX_MS);
	cx_metrics_free(m);
	drop_pools(&f);
}

/* Demand follows limits that come and go, all the way up. */
static void test_pool_demand_moves(void **state)
{
	struct fab f = pooled(6 * CX_SEC);
	struct cx_metrics *m;

	(void)state;
	f.record->pools[0].reservation = 280;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	adjust(&f, 1 * CX_SEC, 1, CX_ADJUST_LIMIT, 90); /* 290 are demanded, 280 owed */
	adjust(&f, 2 * CX_SEC, 2, CX_ADJUST_LIMIT, 80); /* 270 */
	adjust(&f, 3 * CX_SEC, 2, CX_ADJUST_LIMIT, 0);
	fab_block(&f, 4500 * CX_MS, 1); /* 200 */
	m = measure(&f);
	assert_int_equal(m->pools[0].bounds.shortfall.judged_ns, 6 * CX_SEC);
	assert_int_equal(m->pools[0].bounds.shortfall.worst_ns, 1800 * CX_MS);
	assert_int_equal(m->pools[0].bounds.shortfall.at_ns, 0);
	cx_metrics_free(m);
	drop_pools(&f);
}

/* Parents that are not there, that are the pool itself, that form a circle: each is of none. */
static void test_pools_of_garbage(void **state)
{
	struct fab f = pooled(CX_SEC);
	struct cx_metrics_domain domains[4] = { { .run_ns = 0 } };
	struct cx_metrics_pool pools[2];
	struct cx_metrics m = { .domains = domains, .pools = pools };
	struct cx_bounds *b;
	unsigned v;

	(void)state;
	f.record->pools[0].parent = 1;
	f.record->pools[1].parent = 1;
	f.record->domains[3].pool = 9;
	f.record->pools[0].reservation = 100;
	b = cx_bounds_new(f.record);
	assert_non_null(b);
	for (v = 0; v < 4; v++)
		cx_bounds_move(b, v, 0, CX_STATES, CX_READY);
	cx_bounds_adjust(b, 9, 0, CX_ADJUST_LIMIT, 1);
	cx_bounds_adjust_pool(b, 9, 0, CX_ADJUST_LIMIT, 1);
	assert_int_equal(cx_bounds_finish(b, CX_SEC, &m), 0);
	assert_int_equal(pools[0].bounds.shortfall.worst_ns, CX_SEC); /* of A alone */
	assert_int_equal(pools[1].bounds.shortfall.worst_ns, 0);
	cx_bounds_free(b);
	drop_pools(&f);
}

/* ---- all of it on any stream of events at all ---- */

enum { MS_OF_RUN = 3000 };

/* What holds in each ms of a domain. */
struct ms {
	unsigned running, wanting, reservation, limit;
};

static void try_all(const struct ms *ms, unsigned window, uint64_t *shortfall, uint64_t *overshoot)
{
	unsigned t, i;

	*shortfall = *overshoot = 0;
	for (t = 0; t + window <= MS_OF_RUN; t++) {
		int64_t low = 0, high = 0;
		bool reserved = true, bounded = true;

		for (i = t; i < t + window; i++) {
			unsigned wanted = 100 * ms[i].wanting;

			low += wanted < ms[i].reservation ? wanted : ms[i].reservation;
			low -= 100 * ms[i].running;
			high += 100 * (int64_t)ms[i].running - ms[i].limit;
			reserved &= ms[i].reservation != 0;
			bounded &= ms[i].limit != 0;
		}
		if (reserved && low > 0 && (uint64_t)low * (CX_MS / 100) > *shortfall)
			*shortfall = (uint64_t)low * (CX_MS / 100);
		if (bounded && high > 0 && (uint64_t)high * (CX_MS / 100) > *overshoot)
			*overshoot = (uint64_t)high * (CX_MS / 100);
	}
}

/* One thing happens to @v, or to its domain. */
static void happens(struct fab *f, uint64_t t, unsigned v, unsigned *seed)
{
	struct fab_vcpu *x = &f->vcpus[v];

	switch (rand_r(seed) % 24) {
	case 0:
		if (x->runnable && !x->on)
			fab_block(f, t, v);
		break;
	case 1:
		if (x->on && rand_r(seed) % 8 == 0) {
			fab_block(f, t, v);
			fab_switch(f, t, v, CX_NO_VCPU, CX_WHY_BLOCK);
		}
		break;
	case 2:
		adjust(f, t, v / 2, CX_ADJUST_RESERVATION, (unsigned)rand_r(seed) % 5 * 40);
		break;
	case 3:
		adjust(f, t, v / 2, CX_ADJUST_LIMIT, (unsigned)rand_r(seed) % 9 * 25);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
		if (!x->runnable)
			fab_wake(f, t, v, CX_WAKE_EVENT);
		break;
	default:
		if (x->on)
			fab_switch(f, t, v, CX_NO_VCPU, CX_WHY_SLICE);
		else if (x->runnable)
			fab_switch(f, t, v, v, CX_WHY_IDLE);
		break;
	}
}

static void test_brute(void **state)
{
	static const struct fab_domain two[] = {
		{ .name = "A", .vcpus = 2, .reservation = 120, .limit = 150 },
		{ .name = "B", .vcpus = 2, .reservation = 60, .limit = 50 },
	};
	static struct ms ms[2][MS_OF_RUN];
	unsigned seed, rounds = 40, some = 0, d, t, v;

	(void)state;
	for (seed = 1; seed <= rounds; seed++) {
		struct fab f = fab_new(MS_OF_RUN * CX_MS, 4, 2, two);
		unsigned s = seed, reservation[2] = { 120, 60 }, limit[2] = { 150, 50 };
		struct cx_history_cursor *cursor;
		const struct cx_event *e;
		struct cx_metrics *m;

		for (v = 0; v < 4; v++)
			fab_wake(&f, 0, v, CX_WAKE_START);
		for (t = 0; t < MS_OF_RUN; t++) {
			if (rand_r(&s) % (seed % 2 ? 8 : 40) == 0)
				happens(&f, t * CX_MS, (unsigned)rand_r(&s) % 4, &s);
			for (d = 0; d < 2; d++) {
				ms[d][t] = (struct ms){ 0, 0, 0, 0 };
				for (v = 2 * d; v < 2 * d + 2; v++) {
					ms[d][t].running += f.vcpus[v].on;
					ms[d][t].wanting += f.vcpus[v].on || f.vcpus[v].runnable;
				}
			}
		}
		/* The values of the moment, from the events themselves. */
		cursor = cx_history_walk(f.record->history);
		assert_non_null(cursor);
		e = cx_history_next(cursor);
		for (t = 0; t < MS_OF_RUN; t++) {
			for (; e && e->t_ns <= t * CX_MS; e = cx_history_next(cursor))
				if (e->type == CX_EV_ADJUST && e->why == CX_ADJUST_LIMIT)
					limit[e->vcpu] = (unsigned)e->x;
				else if (e->type == CX_EV_ADJUST)
					reservation[e->vcpu] = (unsigned)e->x;
			for (d = 0; d < 2; d++) {
				ms[d][t].reservation = reservation[d];
				ms[d][t].limit = limit[d];
			}
		}
		cx_history_cursor_free(cursor);
		m = measure(&f);
		for (d = 0; d < 2; d++) {
			uint64_t shortfall, overshoot;

			try_all(ms[d], 1000, &shortfall, &overshoot);
			assert_int_equal(m->domains[d].bounds.shortfall.worst_ns, shortfall);
			assert_int_equal(m->domains[d].bounds.overshoot.worst_ns, overshoot);
			some += (shortfall != 0) + (overshoot != 0);
		}
		cx_metrics_free(m);
		fab_free(&f);
	}
	assert_true(some > rounds); /* it is not all nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slide_worked),
		cmocka_unit_test(test_slide_brute),
		cmocka_unit_test(test_slide_for_ever),
		cmocka_unit_test(test_shortfall),
		cmocka_unit_test(test_shortfall_anywhere),
		cmocka_unit_test(test_sleeper),
		cmocka_unit_test(test_demand_counts_vcpus),
		cmocka_unit_test(test_reservation_changes),
		cmocka_unit_test(test_short_run),
		cmocka_unit_test(test_overshoot),
		cmocka_unit_test(test_limit_changes),
		cmocka_unit_test(test_absurd_values),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_pool_demand_moves),
		cmocka_unit_test(test_pools_of_garbage),
		cmocka_unit_test(test_brute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
