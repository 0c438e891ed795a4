/* SPDX-License-Identifier: BSD-2-Clause */
/* The yardstick when weights, limits and the pool change during the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fabricate.h"
#include "trace/metrics.h"

#include <math.h>

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))

static const struct fab_domain two[] = { { .name = "A", .vcpus = 1 }, { .name = "B", .vcpus = 1 } };

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

static void pool(struct fab *f, uint64_t t, unsigned pcpu, bool online)
{
	fab_emit(f, t, online ? CX_EV_PCPU_ONLINE : CX_EV_PCPU_OFFLINE, pcpu, CX_NO_VCPU,
		 CX_NO_VCPU, 0, 0, 0);
}

/* Both want all of the one pCPU and have it by turns of 1 ms, from @from to @to. */
static void by_turns(struct fab *f, uint64_t from, uint64_t to)
{
	uint64_t t;

	for (t = from; t < to; t += CX_MS)
		fab_switch(f, t, 0, (unsigned)(t / CX_MS % 2), CX_WHY_SLICE);
}

static struct fab start_two(unsigned pcpus)
{
	struct fab f = fab_new(CX_SEC, pcpus, 2, two);

	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	return f;
}

/* In the middle of a step, which ends there: a half until then, a quarter from then on. */
static void a_weight_changes(void **state)
{
	struct fab f = start_two(1);
	struct cx_metrics *m;

	(void)state;
	by_turns(&f, 0, 350 * CX_MS);
	adjust(&f, 350 * CX_MS, 1, CX_ADJUST_WEIGHT, 768);
	by_turns(&f, 350 * CX_MS, CX_SEC);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, (175 + 162.5) * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, (175 + 487.5) * CX_MS, 10);
	/* Until then nobody was behind by more than a turn. */
	assert_near(m->domains[1].lag_max_ns, 162.5 * CX_MS, CX_MS);
	assert_near(cx_metrics_window_error(m, 500 * CX_MS), 0.25, 0.01);
	/* What the record says of the start stands. */
	assert_int_equal(f.record->domains[1].weight, 256);
	cx_metrics_free(m);
	fab_free(&f);
}

static void a_limit_comes_and_goes(void **state)
{
	struct fab f = start_two(1);
	struct cx_metrics *m;

	(void)state;
	by_turns(&f, 0, 300 * CX_MS);
	adjust(&f, 300 * CX_MS, 1, CX_ADJUST_LIMIT, 10);
	by_turns(&f, 300 * CX_MS, 800 * CX_MS);
	adjust(&f, 800 * CX_MS, 1, CX_ADJUST_LIMIT, 0);
	by_turns(&f, 800 * CX_MS, CX_SEC);
	m = measure(&f);
	assert_near(m->domains[1].entitled_ns, (150 + 50 + 100) * CX_MS, 10);
	assert_near(m->domains[0].entitled_ns, (150 + 450 + 100) * CX_MS, 10);
	cx_metrics_free(m);
	fab_free(&f);
}

static void a_reservation_changes(void **state)
{
	struct fab f = start_two(1);
	struct cx_metrics *m;

	(void)state;
	by_turns(&f, 0, 500 * CX_MS);
	adjust(&f, 500 * CX_MS, 0, CX_ADJUST_RESERVATION, 80);
	by_turns(&f, 500 * CX_MS, CX_SEC);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, (250 + 400) * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, (250 + 100) * CX_MS, 10);
	cx_metrics_free(m);
	fab_free(&f);
}

/* A pCPU each, but for 300 ms in which one of them is offline: B waits, nothing idles. */
static void a_pcpu_goes_and_comes_back(void **state)
{
	struct fab f = start_two(2);
	struct cx_metrics *m;

	(void)state;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_switch(&f, 0, 1, 1, CX_WHY_IDLE);
	fab_switch(&f, 450 * CX_MS, 1, CX_NO_VCPU, CX_WHY_PREEMPT);
	pool(&f, 450 * CX_MS, 1, false);
	pool(&f, 750 * CX_MS, 1, true);
	fab_switch(&f, 750 * CX_MS, 1, 1, CX_WHY_IDLE);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, (450 + 150 + 250) * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, (450 + 150 + 250) * CX_MS, 10);
	assert_int_equal(m->domains[1].ready_ns, 300 * CX_MS);
	assert_int_equal(m->idle_while_ready_ns, 0);
	assert_int_equal(m->offline_ns, 300 * CX_MS);
	assert_int_equal(m->busy_ns, 1700 * CX_MS);
	assert_near(m->busy_percent, 100, 1e-9);
	cx_metrics_free(m);
	fab_free(&f);
}

/* The same, idle while it was there: that counts, the time offline does not. */
static void idle_is_not_offline(void **state)
{
	struct fab f = start_two(2);
	struct cx_metrics *m;

	(void)state;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	pool(&f, 400 * CX_MS, 1, false);
	pool(&f, 400 * CX_MS, 1, false); /* told twice */
	pool(&f, 900 * CX_MS, 1, true);
	m = measure(&f);
	assert_int_equal(m->idle_while_ready_ns, 500 * CX_MS);
	assert_int_equal(m->offline_ns, 500 * CX_MS);
	assert_near(m->busy_percent, 100 * 1000.0 / 1500, 1e-9);
	cx_metrics_free(m);
	fab_free(&f);
}

/* Capacity is lost where the pCPU was, and to those who may use it. */
static void affinity_knows_what_is_offline(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "a", .vcpus = 2, .affinity = "0-1" },
		{ .name = "b", .vcpus = 2, .affinity = "0-1" },
		{ .name = "apart", .vcpus = 1, .affinity = "2" },
		{ .name = "wide", .vcpus = 2, .affinity = "3-4" },
		{ .name = "narrow", .vcpus = 1, .affinity = "3" },
	};
	struct fab f = fab_new(CX_SEC, 5, 5, domains);
	struct cx_metrics *m;
	unsigned v;

	(void)state;
	for (v = 0; v < 8; v++)
		fab_wake(&f, 0, v, CX_WAKE_START);
	pool(&f, 500 * CX_MS, 1, false);
	pool(&f, 600 * CX_MS, 4, false);
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, (500 + 250) * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, (500 + 250) * CX_MS, 10);
	assert_near(m->domains[2].entitled_ns, 1000 * CX_MS, 10);
	/* 2 : 1 of two pCPUs, then of one. */
	assert_near(m->domains[3].entitled_ns, (600 * 4 / 3.0 + 400 * 2 / 3.0) * CX_MS, 10);
	assert_near(m->domains[4].entitled_ns, (600 * 2 / 3.0 + 400 / 3.0) * CX_MS, 10);
	cx_metrics_free(m);
	fab_free(&f);
}

/* A switch that a host recorded a moment too late: accounts stay whole. */
static void a_straggler_does_no_harm(void **state)
{
	struct fab f = start_two(2);
	struct cx_metrics *m;

	(void)state;
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_switch(&f, 0, 1, 1, CX_WHY_IDLE);
	pool(&f, 400 * CX_MS, 1, false);
	fab_switch(&f, 410 * CX_MS, 1, CX_NO_VCPU, CX_WHY_PREEMPT);
	pool(&f, 500 * CX_MS, 1, true);
	m = measure(&f);
	assert_int_equal(m->busy_ns, 1410 * CX_MS);
	assert_int_equal(m->offline_ns, 90 * CX_MS);
	assert_int_equal(m->idle_while_ready_ns, 500 * CX_MS);
	assert_int_equal(m->disagreement_ns, 0);
	cx_metrics_free(m);
	fab_free(&f);
}

/* A thousand changes: as many steps, and the same sum. */
static void many_changes(void **state)
{
	struct fab f = start_two(1);
	struct cx_metrics *m;
	uint64_t t;

	(void)state;
	for (t = 0; t < CX_SEC; t += CX_MS) {
		fab_switch(&f, t, 0, (unsigned)(t / CX_MS % 2), CX_WHY_SLICE);
		adjust(&f, t, 0, CX_ADJUST_WEIGHT, t / CX_MS % 2 ? 256 : 768);
	}
	m = measure(&f);
	assert_near(m->domains[0].entitled_ns, 625 * CX_MS, 1000);
	assert_near(m->domains[1].entitled_ns, 375 * CX_MS, 1000);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- pools ---- */

static const struct fab_domain three[] = { { .name = "A", .vcpus = 1 },
					   { .name = "B", .vcpus = 1 },
					   { .name = "C", .vcpus = 1 } };

/* Three that want all of one pCPU and have it by turns; B and C are in a pool, if any. */
static struct fab start_three(unsigned pools)
{
	struct fab f = fab_new(600 * CX_MS, 1, 3, three);
	uint64_t t;
	unsigned i;

	assert_int_equal(cx_record_pools(f.record, pools), 0);
	for (i = 0; i < pools; i++) {
		f.record->pools[i].name = fab_text("pool");
		f.record->pools[i].weight = 256;
	}
	f.record->domains[0].pool = CX_NO_POOL;
	f.record->domains[1].pool = f.record->domains[2].pool = 0;
	for (i = 0; i < 3; i++)
		fab_wake(&f, 0, i, CX_WAKE_START);
	for (t = 0; t < 600 * CX_MS; t += CX_MS)
		fab_switch(&f, t, 0, (unsigned)(t / CX_MS % 3), CX_WHY_SLICE);
	return f;
}

static void expect_three(struct fab *f, double a, double b, double c)
{
	struct cx_metrics *m = measure(f);

	assert_near(m->domains[0].entitled_ns, a * CX_MS, 10);
	assert_near(m->domains[1].entitled_ns, b * CX_MS, 10);
	assert_near(m->domains[2].entitled_ns, c * CX_MS, 10);
	cx_metrics_free(m);
	fab_free(f);
}

static void a_pool_shares_as_one(void **state)
{
	struct fab f = start_three(0);

	(void)state;
	expect_three(&f, 200, 200, 200);
	f = start_three(1);
	f.record->domains[2].weight = 512;
	expect_three(&f, 300, 100, 200);
	/* In a pool of its own within it, of a weight like B's. */
	f = start_three(2);
	f.record->pools[1].parent = 0;
	f.record->domains[2].weight = 512;
	f.record->domains[2].pool = 1;
	expect_three(&f, 300, 150, 150);
	f = start_three(1);
	f.record->pools[0].limit = 20;
	expect_three(&f, 480, 60, 60);
	f = start_three(1);
	f.record->pools[0].reservation = 90;
	expect_three(&f, 60, 270, 270);
}

static void pools_that_are_no_tree(void **state)
{
	struct fab f = start_three(2);
	struct cx_metrics *m = NULL;
	struct cx_error err = { "" };

	(void)state;
	fab_finish(&f);
	f.record->pools[0].parent = 1;
	f.record->pools[1].parent = 0;
	assert_int_equal(cx_metrics_compute(f.record, &m, &err), -EINVAL);
	assert_non_null(strstr(err.text, "pools"));
	assert_int_equal(cx_record_pools(f.record, 1), 0); /* what it had is gone */
	assert_int_equal(f.record->pools[0].parent, CX_NO_POOL);
	assert_int_equal(cx_record_pools(f.record, 0), 0);
	assert_null(f.record->pools);
	fab_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_weight_changes),
		cmocka_unit_test(a_limit_comes_and_goes),
		cmocka_unit_test(a_reservation_changes),
		cmocka_unit_test(a_pcpu_goes_and_comes_back),
		cmocka_unit_test(idle_is_not_offline),
		cmocka_unit_test(affinity_knows_what_is_offline),
		cmocka_unit_test(a_straggler_does_no_harm),
		cmocka_unit_test(many_changes),
		cmocka_unit_test(a_pool_shares_as_one),
		cmocka_unit_test(pools_that_are_no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
