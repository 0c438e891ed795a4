/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fabricate.h"
#include "trace/metrics.h"
#include "trace/metrics_internal.h"

#include <math.h>

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))

static struct cx_metrics *measure(const struct fab *f)
{
	struct cx_metrics *m = NULL;
	struct cx_error err = { "" };

	assert_int_equal(cx_metrics_compute(f->record, &m, &err), 0);
	assert_non_null(m);
	return m;
}

/* ---- accounts ---- */

/* Any legal sequence at all: the events' times equal the accounts to the nanosecond. */
static void random_stream(unsigned seed, struct fab *f, unsigned n_vcpus, unsigned n_pcpus)
{
	uint64_t t = 0, end = f->record->duration_ns;
	unsigned v;

	for (v = 0; v < n_vcpus; v++)
		fab_born(f, v, 0);
	while ((t += (unsigned)rand_r(&seed) % 40000) < end) {
		struct fab_vcpu *x;
		unsigned p = (unsigned)rand_r(&seed) % n_pcpus;

		v = (unsigned)rand_r(&seed) % n_vcpus;
		x = &f->vcpus[v];
		if (x->gone)
			continue;
		switch (rand_r(&seed) % 8) {
		case 0:
			if (!x->runnable)
				fab_wake(f, t, v, (enum cx_wake_why)(rand_r(&seed) % CX_WAKE_WHYS));
			break;
		case 1:
			if (x->runnable)
				fab_block(f, t, v);
			break;
		case 2:
			fab_park(f, t, v, (enum cx_park_reason)(rand_r(&seed) % CX_PARK_REASONS),
				 rand_r(&seed) % 2);
			break;
		case 3:
			fab_pause(f, t, v, rand_r(&seed) % 2);
			break;
		case 4:
			if (!x->on)
				fab_migrate(f, t, v, p,
					    (enum cx_distance)(rand_r(&seed) % CX_DISTANCES));
			break;
		case 5:
			if (rand_r(&seed) % 200 == 0)
				fab_end(f, t, v, CX_END_EXIT);
			break;
		default:
			if (x->on && x->pcpu != p)
				break;
			if (rand_r(&seed) % 3 == 0)
				fab_switch(f, t, p, CX_NO_VCPU, CX_WHY_PREEMPT);
			else
				fab_switch(f, t, p, v, CX_WHY_SLICE);
		}
	}
	fab_finish(f);
}

static void test_accounts_exact(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "a", .vcpus = 1 },
		{ .name = "b", .vcpus = 4, .limit = 50 },
		{ .name = "c", .vcpus = 2, .affinity = "0-1", .reservation = 20 },
		{ .name = "d", .vcpus = 3, .affinity = "2" },
	};
	unsigned seed, v, s, i;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		struct fab f = fab_new(300 * CX_MS + seed, 3, 4, domains);
		struct cx_metrics *m;
		uint64_t wall = 0, busy = 0, switches = 0;

		random_stream(seed, &f, 10, 3);
		m = measure(&f);
		for (v = 0; v < 10; v++) {
			const struct cx_record_vcpu *r = &f.record->vcpus[v];
			uint64_t sum = 0;

			for (s = 0; s < CX_STATES; s++) {
				assert_int_equal(m->vcpus[v].time_ns[s], r->time_ns[s]);
				sum += m->vcpus[v].time_ns[s];
			}
			assert_int_equal(sum, r->stop_ns - r->start_ns);
			assert_int_equal(m->vcpus[v].switches, r->dispatches);
			for (i = 0; i < CX_DISTANCES; i++)
				assert_int_equal(m->vcpus[v].migrations[i], r->migrations[i]);
			wall += sum;
			switches += r->dispatches;
		}
		for (i = 0; i < 3; i++)
			busy += f.record->pcpus[i].busy_ns;
		assert_int_equal(m->disagreement_ns, 0);
		assert_int_equal(m->busy_ns, busy);
		assert_int_equal(m->switches, switches);
		for (i = 0; i < 4; i++) {
			const struct cx_metrics_domain *d = &m->domains[i];

			assert_int_equal(d->run_ns + d->ready_ns + d->limited_ns + d->costop_ns +
						 d->blocked_ns + d->paused_ns,
					 d->wall_ns);
			assert_true(d->entitled_ns <= d->demand_ns + 4);
			wall -= d->wall_ns;
		}
		assert_int_equal(wall, 0);
		cx_metrics_free(m);
		fab_free(&f);
	}
}

/* ---- shares over time ---- */

/* A, B, B, A, B, B ... of 10 ms, weights 256 and 512. */
static struct fab one_to_two(uint64_t duration_ns)
{
	static const struct fab_domain domains[] = { { .name = "A", .vcpus = 1, .weight = 256 },
						     { .name = "B", .vcpus = 1, .weight = 512 } };
	struct fab f = fab_new(duration_ns, 1, 2, domains);
	uint64_t t;

	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	for (t = 0; t < duration_ns; t += 10 * CX_MS)
		fab_switch(&f, t, 0, t / (10 * CX_MS) % 3 ? 1 : 0, t ? CX_WHY_SLICE : CX_WHY_IDLE);
	fab_finish(&f);
	return f;
}

static void test_two_weights(void **state)
{
	struct fab f = one_to_two(900 * CX_MS);
	struct cx_metrics *m = measure(&f);

	(void)state;
	assert_near(m->domains[0].entitled_ns, 300 * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, 600 * CX_MS, 10);
	assert_int_equal(m->domains[0].run_ns, 300 * CX_MS);
	assert_near(m->jain, 1, 1e-9);
	/* Within A's slice it receives all and is entitled to a third, and in two slices of
	 * B nothing of two thirds of a slice. */
	assert_near(cx_metrics_window_error(m, 1 * CX_MS), 2.0 / 3, 1e-6);
	assert_near(cx_metrics_window_error(m, 10 * CX_MS), 2.0 / 3, 1e-6);
	assert_near(cx_metrics_window_error(m, 20 * CX_MS), 1.0 / 3, 1e-6);
	/* 50 ms: A B B A B has 20 of 16.7; B B A B B has 10 of 16.7 */
	assert_near(cx_metrics_window_error(m, 50 * CX_MS), (50.0 / 3 - 10) / 50, 1e-6);
	assert_near(cx_metrics_window_error(m, 900 * CX_MS), 0, 1e-6);
	assert_true(cx_metrics_window_error(m, 2 * CX_SEC) < 0);
	assert_true(cx_metrics_window_error(m, 1) < 0);
	/* A leads by two thirds of a slice after its turn, and B then catches up. */
	assert_near(m->domains[0].lag_min_ns, -20.0 / 3 * CX_MS, 1000);
	assert_near(m->domains[0].lag_max_ns, 0, 1000);
	/* The lag is evenly spread over 0 .. 6.67 ms. */
	assert_near(m->domains[0].lag_p50_ns, 10.0 / 3 * CX_MS, 0.7 * CX_MS);
	assert_int_equal(m->switches, 60);
	assert_near(m->switches_per_s, 60 / 0.9, 1e-6);
	assert_near(m->busy_percent, 100, 1e-6);
	assert_int_equal(m->wake_ns.count, 0); /* starts are no wake-ups */
	assert_int_equal(m->events, cx_history_count(f.record->history));
	cx_metrics_free(m);
	fab_free(&f);
}

/* One gets 90 % of what both are entitled to half of: q = 0.2 and 1.8. */
static void test_unfair(void **state)
{
	static const struct fab_domain domains[] = { { .name = "A", .vcpus = 1 },
						     { .name = "B", .vcpus = 1 } };
	struct fab f = fab_new(1 * CX_SEC, 1, 2, domains);
	struct cx_metrics *m;
	uint64_t t;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	for (t = 0; t < 1 * CX_SEC; t += 100 * CX_MS) {
		fab_switch(&f, t, 0, 0, CX_WHY_SLICE);
		fab_switch(&f, t + 10 * CX_MS, 0, 1, CX_WHY_SLICE);
	}
	fab_finish(&f);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, 500 * CX_MS, 10);
	assert_near(m->jain, 4.0 / (2 * (0.04 + 3.24)), 1e-9);
	assert_near(m->domains[0].lag_max_ns, 400 * CX_MS, 10);
	assert_near(m->domains[1].lag_min_ns, -400.0 * CX_MS, 10);
	assert_near(cx_metrics_window_error(m, 1 * CX_SEC), 0.4, 1e-6);
	cx_metrics_free(m);
	fab_free(&f);
}

/*
 * B joins A after a quarter of a second, in the middle of a step, which is cut there: A is
 * entitled to the whole pCPU before and to half of it afterwards.
 */
static void test_late_start(void **state)
{
	static const struct fab_domain domains[] = { { .name = "A", .vcpus = 1 },
						     { .name = "B", .vcpus = 1 } };
	struct fab f = fab_new(1 * CX_SEC, 1, 2, domains);
	uint64_t join = 250 * CX_MS, t;
	struct cx_metrics *m;

	(void)state;
	f.record->domains[1].start_ns = join;
	fab_born(&f, 1, join);
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_wake(&f, join, 1, CX_WAKE_START);
	for (t = join; t < 1 * CX_SEC; t += CX_MS)
		fab_switch(&f, t, 0, (unsigned)(t / CX_MS % 2), CX_WHY_SLICE);
	fab_finish(&f);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, 625 * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, 375 * CX_MS, 10);
	assert_int_equal(m->domains[1].wall_ns, 750 * CX_MS);
	assert_near(m->domains[0].lag_max_ns, 0, 0.6 * CX_MS);
	assert_near(m->domains[1].lag_max_ns, 0, 0.6 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/*
 * S sleeps for the first second and is hungry in the second; served 1:1 from then on.
 * Sleeping earned it nothing, so both were treated fairly.
 */
static void test_sleeper_hoards_nothing(void **state)
{
	static const struct fab_domain domains[] = { { .name = "H", .vcpus = 1 },
						     { .name = "S", .vcpus = 1 } };
	struct fab f = fab_new(2 * CX_SEC, 1, 2, domains);
	struct cx_metrics *m;
	uint64_t t;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_wake(&f, 1 * CX_SEC, 1, CX_WAKE_EVENT);
	for (t = 1 * CX_SEC; t < 2 * CX_SEC; t += 10 * CX_MS)
		fab_switch(&f, t, 0, t / (10 * CX_MS) % 2 ? 0 : 1, CX_WHY_SLICE);
	fab_finish(&f);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, 1500 * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, 500 * CX_MS, 10);
	assert_near(m->jain, 1, 1e-6);
	assert_near(m->domains[1].lag_max_ns, 0, 10);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Bursts of 1 ms every 9 ms, at odd times, each served at once: never behind, E(W) = 0. */
static void test_prompt_sleeper(void **state)
{
	static const struct fab_domain domains[] = { { .name = "H", .vcpus = 1 },
						     { .name = "S", .vcpus = 1 } };
	struct fab f = fab_new(900 * CX_MS, 1, 2, domains);
	struct cx_metrics *m;
	uint64_t t;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	for (t = 3 * CX_MS; t < 900 * CX_MS; t += 9 * CX_MS) {
		fab_wake(&f, t, 1, CX_WAKE_TIMER);
		fab_switch(&f, t + 5 * CX_US, 0, 1, CX_WHY_PREEMPT);
		fab_block(&f, t + CX_MS, 1);
		fab_switch(&f, t + CX_MS, 0, 0, CX_WHY_BLOCK);
	}
	fab_finish(&f);
	m = measure(&f);
	assert_near(m->domains[1].entitled_ns, 100 * CX_MS, 10);
	assert_true(m->domains[1].lag_max_ns <= (int64_t)(100 * 5 * CX_US));
	assert_int_equal(m->domains[1].wake_ns.count, 100);
	assert_int_equal(m->domains[1].wake_ns.max, 5 * CX_US);
	assert_int_equal(m->vcpus[1].wake_ns->min, 5 * CX_US);
	assert_null(m->vcpus[0].wake_ns);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Alone with a limit of 50: 60 ms on, 60 ms parked. */
static void test_limit(void **state)
{
	static const struct fab_domain domains[] = { { .name = "L", .vcpus = 1, .limit = 50 } };
	struct fab f = fab_new(1200 * CX_MS, 1, 1, domains);
	struct cx_metrics *m;
	uint64_t t;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	for (t = 0; t < 1200 * CX_MS; t += 120 * CX_MS) {
		if (t)
			fab_park(&f, t, 0, CX_PARK_LIMIT, false);
		fab_switch(&f, t, 0, 0, CX_WHY_IDLE);
		fab_park(&f, t + 60 * CX_MS, 0, CX_PARK_LIMIT, true);
		fab_switch(&f, t + 60 * CX_MS, 0, CX_NO_VCPU, CX_WHY_PREEMPT);
	}
	fab_finish(&f);
	m = measure(&f);
	assert_int_equal(m->domains[0].run_ns, 600 * CX_MS);
	assert_int_equal(m->domains[0].limited_ns, 600 * CX_MS);
	assert_near(m->domains[0].entitled_ns, 600 * CX_MS, 10);
	assert_near(m->jain, 1, 1e-9);
	assert_int_equal(m->idle_while_ready_ns, 0); /* parked is not ready */
	assert_near(m->busy_percent, 50, 1e-6);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- affinity ---- */

static void all_hungry(struct fab *f, uint64_t end, unsigned n_pcpus)
{
	uint64_t t;
	unsigned v, p;

	for (v = 0; v < f->record->n_vcpus; v++)
		fab_wake(f, 0, v, CX_WAKE_START);
	for (t = 0; t < end; t += 10 * CX_MS)
		for (p = 0; p < n_pcpus; p++) {
			unsigned next = p == 1 ? 3 : (unsigned)(t / (10 * CX_MS) % 3);

			fab_switch(f, t, p, next, t ? CX_WHY_SLICE : CX_WHY_IDLE);
		}
	fab_finish(f);
}

/* Three bound to pCPU 0, one free: a third each, and a whole pCPU for the free one. */
static void test_affinity_bounds(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 1, .affinity = "0" },
						     { .name = "b", .vcpus = 1, .affinity = "0" },
						     { .name = "c", .vcpus = 1, .affinity = "0" },
						     { .name = "free", .vcpus = 1 } };
	struct fab f = fab_new(600 * CX_MS, 2, 4, domains);
	struct cx_metrics *m;
	unsigned i;

	(void)state;
	all_hungry(&f, 600 * CX_MS, 2);
	m = measure(&f);
	for (i = 0; i < 3; i++)
		assert_near(m->domains[i].entitled_ns, 200 * CX_MS, 10);
	assert_near(m->domains[3].entitled_ns, 600 * CX_MS, 10);
	assert_near(m->jain, 1, 1e-6);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Nothing connects pCPU 0 and 1: each is shared among its own by weight. */
static void test_affinity_groups(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "a", .vcpus = 1, .affinity = "0", .weight = 1 },
		{ .name = "b", .vcpus = 1, .affinity = "0", .weight = 3 },
		{ .name = "c", .vcpus = 1, .affinity = "0", .weight = 4 },
		{ .name = "d", .vcpus = 1, .affinity = "1", .weight = 1 },
	};
	struct fab f = fab_new(600 * CX_MS, 2, 4, domains);
	struct cx_metrics *m;

	(void)state;
	all_hungry(&f, 600 * CX_MS, 2);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, 75 * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, 225 * CX_MS, 10);
	assert_near(m->domains[2].entitled_ns, 300 * CX_MS, 10);
	assert_near(m->domains[3].entitled_ns, 600 * CX_MS, 10);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- siblings ---- */

static void test_siblings(void **state)
{
	static const struct fab_domain domains[] = { { .name = "pair", .vcpus = 2 },
						     { .name = "one", .vcpus = 1 } };
	struct fab f = fab_new(100 * CX_MS, 2, 2, domains);
	struct cx_metrics *m;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	/* 0-40 together; 40-60 only the first, the second ready; 60-100 the second is
	 * co-stopped while pCPU 1 is idle for 30 of the 40 ms. */
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_switch(&f, 0, 1, 1, CX_WHY_IDLE);
	fab_wake(&f, 40 * CX_MS, 2, CX_WAKE_EVENT);
	fab_switch(&f, 40 * CX_MS, 1, 2, CX_WHY_PREEMPT);
	fab_park(&f, 60 * CX_MS, 1, CX_PARK_COSTOP, true);
	fab_block(&f, 70 * CX_MS, 2);
	fab_switch(&f, 70 * CX_MS, 1, CX_NO_VCPU, CX_WHY_BLOCK);
	fab_finish(&f);
	m = measure(&f);
	assert_int_equal(m->domains[0].skew_max_ns, 60 * CX_MS);
	assert_near(m->domains[0].skew_p50_ns, 10 * CX_MS, 1.4 * CX_MS);
	assert_near(m->domains[0].skew_p99_ns, 59 * CX_MS, 2.5 * CX_MS);
	assert_int_equal(m->domains[0].corun_wall_ns, 100 * CX_MS);
	assert_int_equal(m->domains[0].corun_all_ns, 40 * CX_MS);
	assert_int_equal(m->domains[0].corun_ns[1], 60 * CX_MS);
	assert_int_equal(m->domains[0].corun_ns[2], 40 * CX_MS);
	assert_int_equal(m->domains[0].costop_ns, 40 * CX_MS);
	assert_int_equal(m->fragmented_ns, 30 * CX_MS);
	assert_int_equal(m->idle_while_ready_ns, 0);
	assert_int_equal(m->domains[1].skew_max_ns, 0);
	assert_null(m->domains[1].corun_ns);
	cx_metrics_free(m);
	fab_free(&f);
}

/* An account that is off by a nanosecond is found. */
static void test_disagreement(void **state)
{
	struct fab f = one_to_two(900 * CX_MS);
	struct cx_metrics *m;

	(void)state;
	f.record->vcpus[1].time_ns[CX_READY] -= 1;
	m = measure(&f);
	assert_int_equal(m->disagreement_ns, 1);
	cx_metrics_free(m);
	fab_free(&f);
}

static void test_idle_while_ready(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 1 } };
	struct fab f = fab_new(100 * CX_MS, 2, 1, domains);
	struct cx_metrics *m;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 30 * CX_MS, 1, 0, CX_WHY_IDLE);
	fab_finish(&f);
	m = measure(&f);
	assert_int_equal(m->idle_while_ready_ns, 30 * CX_MS);
	assert_int_equal(m->domains[0].lag_max_ns, 30 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- wakes ---- */

static void test_wake_latency(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 1 } };
	struct fab f = fab_new(100 * CX_MS, 1, 1, domains);
	struct cx_metrics *m;

	(void)state;
	fab_wake(&f, 10 * CX_MS, 0, CX_WAKE_EVENT);
	fab_switch(&f, 13 * CX_MS, 0, 0, CX_WHY_IDLE); /* 3 ms */
	fab_block(&f, 20 * CX_MS, 0);
	fab_wake(&f, 21 * CX_MS, 0, CX_WAKE_EVENT);     /* before it was taken off */
	fab_switch(&f, 22 * CX_MS, 0, 0, CX_WHY_BLOCK); /* 1 ms */
	fab_block(&f, 30 * CX_MS, 0);
	fab_switch(&f, 30 * CX_MS, 0, CX_NO_VCPU, CX_WHY_BLOCK);
	fab_wake(&f, 40 * CX_MS, 0, CX_WAKE_TIMER);
	fab_pause(&f, 41 * CX_MS, 0, true); /* not the scheduler's fault: not counted */
	fab_pause(&f, 60 * CX_MS, 0, false);
	fab_switch(&f, 61 * CX_MS, 0, 0, CX_WHY_IDLE);
	fab_finish(&f);
	m = measure(&f);
	assert_int_equal(m->wake_ns.count, 2);
	assert_int_equal(m->wake_ns.min, 1 * CX_MS);
	assert_int_equal(m->wake_ns.max, 3 * CX_MS);
	assert_int_equal(m->domains[0].paused_ns, 19 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/*
 * One instant, two lanes: the vCPU leaves pCPU 1 blocked, is woken to pCPU 0 and starts
 * there, all at 50 ms.  The merge shows pCPU 0's events first.
 */
static void test_one_instant(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 1 } };
	struct fab f = fab_new(100 * CX_MS, 2, 1, domains);
	struct cx_metrics *m;
	uint64_t t = 50 * CX_MS;

	(void)state;
	f.vcpus[0].pcpu = 1;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 1, 0, CX_WHY_IDLE);
	fab_block(&f, t, 0);
	fab_switch(&f, t, 1, CX_NO_VCPU, CX_WHY_BLOCK);
	fab_migrate(&f, t, 0, 0, CX_DIST_LLC);
	fab_wake(&f, t, 0, CX_WAKE_EVENT);
	fab_switch(&f, t, 0, 0, CX_WHY_IDLE);
	fab_block(&f, 80 * CX_MS, 0);
	fab_switch(&f, 80 * CX_MS, 0, CX_NO_VCPU, CX_WHY_BLOCK);
	fab_finish(&f);
	m = measure(&f);
	assert_int_equal(m->domains[0].run_ns, 80 * CX_MS);
	assert_int_equal(m->domains[0].blocked_ns, 20 * CX_MS);
	assert_int_equal(m->wake_ns.count, 1);
	assert_int_equal(m->wake_ns.max, 0);
	assert_int_equal(m->domains[0].migrations[CX_DIST_LLC], 1);
	assert_int_equal(m->migrations[CX_DIST_LLC], 1);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Numbers out of range, as a damaged trace has them: no harm. */
static void test_nonsense_events(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 2 } };
	struct fab f = fab_new(100 * CX_MS, 1, 1, domains);
	struct cx_metrics *m;
	unsigned type, i, seed = 3;

	(void)state;
	for (i = 0; i < 5000; i++)
		for (type = 0; type < CX_EVENT_TYPES + 3; type++) {
			struct cx_event e = { .t_ns = i * 30000,
					      .type = (uint16_t)type,
					      .pcpu = (uint16_t)(rand_r(&seed) % 3 * 60000),
					      .vcpu = (uint32_t)rand_r(&seed) % 4 * 7,
					      .prev = (uint32_t)rand_r(&seed),
					      .why = (uint32_t)rand_r(&seed) % 9,
					      .x = (uint64_t)rand_r(&seed) };

			cx_history_add(f.record->history, 0, &e);
		}
	m = measure(&f);
	assert_true(m->domains[0].wall_ns <= 200 * CX_MS);
	cx_metrics_free(m);
	f.record->vcpus[1].domain = 9;
	assert_int_equal(cx_metrics_compute(f.record, &m, NULL), -EINVAL);
	assert_null(m);
	fab_free(&f);
}

/* ---- windows: held against trying every start ---- */

static double lag_of(const struct cx_lag_point *p, unsigned n, double t)
{
	unsigned i;

	if (t <= (double)p[0].t_ns)
		return p[0].lag_ns;
	for (i = 1; i < n; i++)
		if (t <= (double)p[i].t_ns)
			return p[i - 1].lag_ns + (t - (double)p[i - 1].t_ns) /
							 (double)(p[i].t_ns - p[i - 1].t_ns) *
							 (p[i].lag_ns - p[i - 1].lag_ns);
	return p[n - 1].lag_ns;
}

static void test_windows_brute(void **state)
{
	enum { DOMAINS = 3, POINTS = 20 };
	unsigned seed, d, i;

	(void)state;
	for (seed = 1; seed < 20; seed++) {
		struct cx_lag lags[DOMAINS] = { { NULL, 0, 0 } };
		struct cx_metrics m = { .n_windows = 0 };
		uint64_t duration = 20 * CX_MS, t, w, grid = CX_MS / 50;
		unsigned s = seed;

		for (d = 0; d < DOMAINS; d++)
			for (i = 0, t = 0; i < POINTS; i++) {
				t += (1 + (unsigned)rand_r(&s) % 50) * grid;
				assert_int_equal(
					cx_lag_add(&lags[d], t, rand_r(&s) % 4000000 - 2e6), 0);
			}
		cx_window_errors(lags, DOMAINS, duration, &m);
		assert_int_equal(m.windows[0].window_ns, CX_MS);
		assert_int_equal(m.windows[m.n_windows - 1].window_ns, duration);
		for (i = 0; i < m.n_windows; i++) {
			double worst = 0;

			w = m.windows[i].window_ns;
			for (d = 0; d < DOMAINS; d++)
				for (t = 0; t + w <= duration; t += grid)
					worst = fmax(worst, fabs(lag_of(lags[d].points, POINTS,
									(double)(t + w)) -
								 lag_of(lags[d].points, POINTS,
									(double)t)) /
								    (double)w);
			assert_near(m.windows[i].error, worst, 1e-9);
			d = m.windows[i].worst_domain;
			t = m.windows[i].worst_at_ns;
			assert_near(m.windows[i].error,
				    fabs(lag_of(lags[d].points, POINTS, (double)(t + w)) -
					 lag_of(lags[d].points, POINTS, (double)t)) /
					    (double)w,
				    1e-9);
		}
		for (d = 0; d < DOMAINS; d++)
			free(lags[d].points);
	}
}

/* Without room for the events the record's own accounts are given, and it is said. */
static void test_dropped(void **state)
{
	struct fab f = one_to_two(900 * CX_MS);
	struct cx_metrics *m;
	struct cx_event e = { .t_ns = 900 * CX_MS, .type = CX_EV_POLICY };

	(void)state;
	cx_history_free(f.record->history);
	f.record->history = cx_history_new(1, 4096);
	while (cx_history_dropped(f.record->history) == 0)
		cx_history_add(f.record->history, 0, &e);
	m = measure(&f);
	assert_int_equal(m->dropped, 1);
	assert_int_equal(m->domains[1].run_ns, 600 * CX_MS);
	cx_metrics_free(m);
	fab_free(&f);
}

/* The tiny scheduler by weight: everybody gets about what it is entitled to. */
static void test_simulated(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "big", .vcpus = 2, .weight = 512 },
		{ .name = "small", .vcpus = 2, .weight = 256 },
		{ .name = "sleepy", .vcpus = 1, .burst_ns = CX_MS, .sleep_ns = 20 * CX_MS },
	};
	static const struct fab_policy fair = {
		.name = "fair", .slice_ns = CX_MS, .weighted = true, .boost = true
	};
	struct fab f = fab_simulate(2 * CX_SEC, 2, 3, domains, &fair);
	struct cx_metrics *m = measure(&f);
	unsigned i;

	(void)state;
	assert_true(m->jain > 0.99);
	for (i = 0; i < 3; i++)
		assert_near((double)m->domains[i].run_ns / (double)m->domains[i].entitled_ns, 1,
			    0.05);
	assert_true(m->domains[2].wake_ns.count > 80);
	cx_metrics_free(m);
	fab_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accounts_exact),
		cmocka_unit_test(test_two_weights),
		cmocka_unit_test(test_unfair),
		cmocka_unit_test(test_late_start),
		cmocka_unit_test(test_sleeper_hoards_nothing),
		cmocka_unit_test(test_prompt_sleeper),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_affinity_bounds),
		cmocka_unit_test(test_affinity_groups),
		cmocka_unit_test(test_siblings),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_idle_while_ready),
		cmocka_unit_test(test_wake_latency),
		cmocka_unit_test(test_one_instant),
		cmocka_unit_test(test_nonsense_events),
		cmocka_unit_test(test_windows_brute),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_simulated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
