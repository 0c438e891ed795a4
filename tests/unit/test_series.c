/* SPDX-License-Identifier: BSD-2-Clause */
/* Entitlement, states and lag over time; percentages that add up as printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"

/* ---- intervals ---- */

static void intervals_of(uint64_t duration_ns, uint64_t length_ns, unsigned n)
{
	static const struct fab_domain one[] = { { .name = "A", .vcpus = 1 } };
	struct fab f = fab_new(duration_ns, 1, 1, one);
	struct cx_metrics *m = NULL;
	unsigned i;

	fab_finish(&f);
	assert_int_equal(cx_metrics_compute(f.record, &m, NULL), 0);
	assert_int_equal(m->interval_ns, length_ns);
	assert_int_equal(m->n_intervals, n);
	for (i = 0; i < n; i++)
		assert_int_equal(cx_interval_start(m, i, duration_ns), i * length_ns);
	assert_int_equal(cx_interval_start(m, n, duration_ns), duration_ns);
	cx_metrics_free(m);
	fab_free(&f);
}

static void test_interval_lengths(void **state)
{
	(void)state;
	intervals_of(0, 100 * CX_MS, 1);
	intervals_of(30 * CX_MS, 100 * CX_MS, 1);
	intervals_of(149 * CX_MS, 100 * CX_MS, 1);
	intervals_of(150 * CX_MS, 100 * CX_MS, 2);
	intervals_of(5 * CX_SEC, 100 * CX_MS, 50);
	intervals_of(10 * CX_SEC + 3 * CX_MS, 200 * CX_MS, 50);
	intervals_of(7499 * CX_MS, 100 * CX_MS, 75);
	intervals_of(3600 * CX_SEC, 72 * CX_SEC, 50);
}

/*
 * One pCPU, weights 1 : 3.  A runs for the first 250 ms, then B; A sleeps from 400 ms on.
 */
static void test_worked(void **state)
{
	static const struct fab_domain two[] = {
		{ .name = "A", .vcpus = 1, .weight = 256 },
		{ .name = "B", .vcpus = 1, .weight = 768 },
	};
	struct fab f = fab_new(500 * CX_MS, 1, 2, two);
	const struct cx_metrics_interval *a, *b;
	struct cx_metrics *m = NULL;
	unsigned i;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_switch(&f, 250 * CX_MS, 0, 1, CX_WHY_SLICE);
	fab_block(&f, 400 * CX_MS, 0);
	fab_finish(&f);
	assert_int_equal(cx_metrics_compute(f.record, &m, NULL), 0);
	assert_int_equal(m->n_intervals, 5);
	a = m->domains[0].intervals;
	b = m->domains[1].intervals;
	for (i = 0; i < 5; i++) {
		assert_near(a[i].entitled_ns, i < 4 ? 25 * CX_MS : 0, 2);
		assert_near(b[i].entitled_ns, i < 4 ? 75 * CX_MS : 100 * CX_MS, 2);
		assert_int_equal(a[i].time_ns[CX_RUNNING], i < 2    ? 100 * CX_MS
							   : i == 2 ? 50 * CX_MS
								    : 0);
		assert_int_equal(b[i].time_ns[CX_RUNNING], 100 * CX_MS - a[i].time_ns[CX_RUNNING]);
		assert_int_equal(b[i].time_ns[CX_READY], a[i].time_ns[CX_RUNNING]);
		assert_int_equal(a[i].time_ns[CX_BLOCKED], i == 4 ? 100 * CX_MS : 0);
	}
	cx_metrics_free(m);
	fab_free(&f);
}

/* On any record: the pieces make up the whole. */
static void test_pieces_make_the_whole(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "web", .vcpus = 2, .weight = 512 },
		{ .name = "batch", .vcpus = 1, .weight = 128, .limit = 20 },
		{ .name = "sleepy", .vcpus = 1, .burst_ns = 700 * CX_US, .sleep_ns = 9 * CX_MS },
	};
	struct fixture x;
	unsigned d, i, k;

	(void)state;
	make(&x, 1, 1730 * CX_MS, 2, 3, domains);
	/* A step that ends within an interval. */
	fab_emit(&x.fabs[0], 1730 * CX_MS - 1, CX_EV_ADJUST, 1, 0, CX_NO_VCPU, CX_ADJUST_WEIGHT,
		 300, 0);
	measure(&x);
	for (d = 0; d < 3; d++) {
		const struct cx_metrics *m = x.metrics[0];
		const struct cx_metrics_domain *dom = &m->domains[d];
		const uint64_t whole[CX_STATES] = {
			dom->run_ns,    dom->ready_ns,   dom->limited_ns,
			dom->costop_ns, dom->blocked_ns, dom->paused_ns,
		};
		uint64_t entitled = 0, time[CX_STATES] = { 0 };

		assert_int_equal(m->n_intervals, 17);
		for (i = 0; i < m->n_intervals; i++) {
			uint64_t wall = 0;

			entitled += dom->intervals[i].entitled_ns;
			for (k = 0; k < CX_STATES; k++) {
				time[k] += dom->intervals[i].time_ns[k];
				wall += dom->intervals[i].time_ns[k];
			}
			assert_int_equal(wall, (d == 0 ? 2 : 1) * (i < 16 ? 100 : 130) * CX_MS);
		}
		assert_memory_equal(time, whole, sizeof(whole));
		assert_near(entitled, dom->entitled_ns, 1);
	}
	release(&x);
}

/* ---- the lag's distribution ---- */

/*
 * Two alike on one pCPU, A for the first half of 800 ms and B for the second: A's lag falls
 * from 0 to -200 ms and comes back, evenly: it lies at -100 ms or below for half of the time.
 */
static void test_lag_quantiles(void **state)
{
	static const struct fab_domain two[] = { { .name = "A", .vcpus = 1 },
						 { .name = "B", .vcpus = 1 } };
	struct fab f = fab_new(800 * CX_MS, 1, 2, two);
	struct cx_metrics *m = NULL;
	unsigned q;

	(void)state;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_switch(&f, 400 * CX_MS, 0, 1, CX_WHY_SLICE);
	fab_finish(&f);
	assert_int_equal(cx_metrics_compute(f.record, &m, NULL), 0);
	for (q = 0; q < CX_LAG_QUANTILES; q++) {
		assert_near(m->domains[0].lag_ns[q], -200.0 * CX_MS + 2.0 * q * CX_MS, 300 * CX_US);
		assert_near(m->domains[1].lag_ns[q], 2.0 * q * CX_MS, 300 * CX_US);
	}
	assert_int_equal(m->domains[0].lag_ns[0], m->domains[0].lag_min_ns);
	assert_int_equal(m->domains[1].lag_ns[100], m->domains[1].lag_max_ns);
	cx_metrics_free(m);
	fab_free(&f);
}

/* ---- percentages ---- */

static void assert_parts(const uint64_t time[CX_STATES], unsigned whole, unsigned run, unsigned rdy,
			 unsigned mlmtd, unsigned cstp, unsigned wait)
{
	unsigned part[CX_ESXTOP];

	cx_esxtop_parts(time, whole, part);
	assert_int_equal(part[CX_ESXTOP_RUN], run);
	assert_int_equal(part[CX_ESXTOP_RDY], rdy);
	assert_int_equal(part[CX_ESXTOP_MLMTD], mlmtd);
	assert_int_equal(part[CX_ESXTOP_CSTP], cstp);
	assert_int_equal(part[CX_ESXTOP_WAIT], wait);
}

static void test_parts_worked(void **state)
{
	const uint64_t thirds[CX_STATES] = { 1, 1, 0, 0, 1, 0 };
	const uint64_t sixths[CX_STATES] = { 1, 1, 1, 1, 1, 1 }; /* blocked and paused: wait */
	const uint64_t little[CX_STATES] = { 1, 999999, 0, 0, 0, 0 };
	const uint64_t huge[CX_STATES] = { 1ull << 62, 1ull << 61, 0, 1ull << 61, 0, 0 };
	const uint64_t nothing[CX_STATES] = { 0 };

	(void)state;
	assert_parts(thirds, 1000, 334, 333, 0, 0, 333); /* of equals the first gets the odd one */
	assert_parts(sixths, 1000, 167, 167, 167, 166, 333);
	assert_parts(little, 1000, 0, 1000, 0, 0, 0);
	assert_parts(huge, 10000, 5000, 2500, 0, 2500, 0);
	assert_parts(nothing, 1000, 0, 0, 0, 0, 0);
}

static void test_parts_add_up(void **state)
{
	unsigned seed = 5, round, k;

	(void)state;
	for (round = 0; round < 20000; round++) {
		unsigned whole = round % 2 ? 1000 : 10000, part[CX_ESXTOP], sum = 0;
		uint64_t time[CX_STATES], all = 0, column[CX_ESXTOP];

		for (k = 0; k < CX_STATES; k++) {
			time[k] = rand_r(&seed) % 3 ? (uint64_t)rand_r(&seed) * (1 + round) : 0;
			all += time[k];
		}
		cx_esxtop_parts(time, whole, part);
		for (k = 0; k < CX_ESXTOP; k++)
			sum += part[k];
		assert_int_equal(sum, all ? whole : 0);
		memcpy(column, time, sizeof(column));
		column[CX_ESXTOP_WAIT] += time[CX_PAUSED];
		for (k = 0; k < CX_ESXTOP && all; k++)
			assert_true(fabs((double)part[k] -
					 (double)column[k] * whole / (double)all) < 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_lengths),      cmocka_unit_test(test_worked),
		cmocka_unit_test(test_pieces_make_the_whole), cmocka_unit_test(test_lag_quantiles),
		cmocka_unit_test(test_parts_worked),          cmocka_unit_test(test_parts_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
