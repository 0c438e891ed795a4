/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server: what the payload and the model compute with, against libm and sorted samples; and
 * the model against textbook queues.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/model_rig.h"

#include "workloads/guest/cx_hist.h"
#include "workloads/server/queue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO_32 4294967296.0
#define TWO_64 18446744073709551616.0L

/* What the rig's rates make of 64 runs of 6000 iterations, and of a reading of the clock. */
#define CALIBRATION_NS UINT64_C(513707)
#define CLOCK_NS UINT64_C(14)

#define CONFIG(...) (&(struct rig_config){ __VA_ARGS__ })

/* ---- logarithms and random numbers ---------------------------------------- */

static void check_log(uint64_t x)
{
	long double log = cx_log2(x) / (long double)TWO_32, minus_ln = cx_minus_ln(x) / TWO_32;

	/* Rounded down; the squarings lose less than as much again. */
	if (log > log2l(x) + 1e-18L || log < log2l(x) - 2 / TWO_32)
		fail_msg("log2(%llu) = %.12Lf, not %.12Lf", (unsigned long long)x, log, log2l(x));
	if (fabsl(minus_ln + logl(x / TWO_64)) > 2 / TWO_32)
		fail_msg("-ln(%llu / 2^64) = %.12Lf, not %.12Lf", (unsigned long long)x, minus_ln,
			 -logl(x / TWO_64));
}

static void test_logarithms_are_those_of_libm(void **state)
{
	struct cx_random random;

	(void)state;
	cx_random_init(&random, 1);
	for (unsigned i = 0; i < 64; i++) {
		check_log(UINT64_C(1) << i);
		check_log((UINT64_C(1) << i) | 1);
		check_log(UINT64_MAX >> i);
		assert_int_equal(cx_log2(UINT64_C(1) << i), (uint64_t)i << 32);
	}
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t x = cx_random_next(&random) >> (i % 64);

		check_log(x ? x : 1);
	}
	assert_int_equal(cx_minus_ln(UINT64_MAX), 0);
}

/* The mean, the spread, and how far the distribution is from the exponential one anywhere
 * (Kolmogorov and Smirnov's statistic; 1.63 / sqrt(n) has one chance in a hundred). */
static void test_exponential_numbers_are_exponential(void **state)
{
	enum { N = 200000, BINS = 64 };
	static uint64_t below[BINS];
	struct cx_random random;
	double mean = 1e6, sum = 0, squares = 0, worst = 0, seen = 0;

	(void)state;
	cx_random_init(&random, 7);
	for (unsigned i = 0; i < N; i++) {
		uint64_t x = cx_random_exponential(&random, 1000000);
		double u = 1 - exp(-(double)x / mean);

		assert_true(x <= 44400000);
		sum += (double)x;
		squares += (double)x * (double)x;
		below[u < 1 ? (unsigned)(u * BINS) : BINS - 1]++;
	}
	assert_true(fabs(sum / N / mean - 1) < 0.01);
	assert_true(fabs(squares / N / (2 * mean * mean) - 1) < 0.02);
	for (unsigned i = 0; i < BINS; i++) {
		seen += (double)below[i] / N;
		worst = fmax(worst, fabs(seen - (i + 1.0) / BINS));
	}
	assert_true(worst < 1.63 / sqrt(N));
}

static void test_exponential_numbers_at_the_ends(void **state)
{
	struct cx_random random;

	(void)state;
	cx_random_init(&random, 7);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(cx_random_exponential(&random, 0), 0);
		assert_true(cx_random_exponential(&random, UINT64_C(1) << 57) < UINT64_C(45) << 57);
	}
	/* The same on every host and for all time. */
	cx_random_init(&random, 1);
	assert_int_equal(cx_random_exponential(&random, 1000000000), 1224016606);
	assert_int_equal(cx_random_exponential(&random, 1000000000), 170442760);
}

/* ---- the histogram -------------------------------------------------------- */

static void test_buckets_follow_on_each_other(void **state)
{
	uint64_t low = 0;

	(void)state;
	for (unsigned i = 0; i < CX_TIMES_BUCKETS; i++) {
		uint64_t high = cx_times_high(i);

		assert_int_equal(cx_times_index(low), i);
		assert_int_equal(cx_times_index(high), i);
		if (i == CX_TIMES_BUCKETS - 1)
			break;
		assert_int_equal(cx_times_index(high + 1), i + 1);
		/* 3.2 % wide, but for those of 64 ns at the bottom */
		assert_true(high - low <= 63 || (high - low) <= low / 32);
		low = high + 1;
	}
	assert_int_equal(cx_times_high(CX_TIMES_BUCKETS - 1), UINT64_MAX);
	assert_true(low > UINT64_C(4000) * RIG_SEC);
	assert_int_equal(cx_times_index(UINT64_MAX), CX_TIMES_BUCKETS - 1);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void check_percentiles(const struct cx_times *t, const uint64_t *samples, unsigned n)
{
	static const double percent[CX_TIMES_MARKS] = { 50, 99, 99.9 };
	uint64_t *sorted = malloc(n * sizeof(*sorted));

	assert_non_null(sorted);
	memcpy(sorted, samples, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_size);
	for (unsigned i = 0; i < CX_TIMES_MARKS; i++) {
		uint64_t rank = (uint64_t)ceil(percent[i] / 100 * n - 1e-9);
		uint64_t value = sorted[rank - 1], got = cx_times_percentile(t, i);

		assert_true(got >= value);
		assert_true(got <= value + value / 32 + 63);
		assert_true(got <= sorted[n - 1]);
	}
	assert_int_equal(t->max, sorted[n - 1]);
	free(sorted);
}

/* After each sample they are right, whichever way the samples wander. */
static void test_percentiles_are_those_of_the_sorted_samples(void **state)
{
	enum { N = 3000 };
	static uint64_t samples[N];
	static struct cx_times t;
	struct cx_random random;

	(void)state;
	cx_random_init(&random, 11);
	for (unsigned kind = 0; kind < 5; kind++) {
		memset(&t, 0, sizeof(t));
		assert_int_equal(cx_times_percentile(&t, CX_TIMES_P50), 0);
		for (unsigned i = 0; i < N; i++) {
			uint64_t x = cx_random_next(&random);
			uint64_t of[] = { x >> (x % 64), cx_random_exponential(&random, 1000000),
					  (uint64_t)i * i * 1000, (uint64_t)(N - i) * 1000000,
					  777777 };

			samples[i] = of[kind] % (UINT64_C(1) << 41);
			cx_times_add(&t, samples[i]);
			if (i < 100 || i % 97 == 0)
				check_percentiles(&t, samples, i + 1);
		}
		check_percentiles(&t, samples, N);
	}
}

static void test_times_without_end(void **state)
{
	static struct cx_times t;

	(void)state;
	memset(&t, 0, sizeof(t));
	cx_times_add(&t, UINT64_MAX / 4);
	cx_times_add(&t, 0);
	assert_true(cx_times_percentile(&t, CX_TIMES_P50) <= 63);
	assert_int_equal(cx_times_percentile(&t, CX_TIMES_P99), UINT64_MAX / 4);
	assert_int_equal(t.sum, UINT64_MAX / 4);
}

/* ---- the queue ------------------------------------------------------------ */

/* Against one that keeps every request in a list. */
static void test_the_queue_counts_like_a_list(void **state)
{
	enum { N = 5000 };
	static uint64_t arrival[N + 1000];
	static struct cx_queue q;
	struct cx_arrivals a;
	struct cx_random random;
	uint64_t now = 1000, longest = 0, busy = 0, arrived = 0;

	(void)state;
	cx_arrivals_init(&a, 3, now, 100000, false);
	for (unsigned i = 0; i < N + 1000; i++, cx_arrivals_next(&a))
		arrival[i] = a.at;
	memset(&q, 0, sizeof(q));
	cx_queue_init(&q, 3, now, 100000, false);
	cx_random_init(&random, 4);
	for (unsigned i = 0; i < N; i++) {
		uint64_t begin = now > arrival[i] ? now : arrival[i];

		assert_int_equal(q.first.at, arrival[i]);
		now = begin + cx_random_exponential(&random, 90000);
		cx_queue_served(&q, now);
		while (arrived < N + 1000 && arrival[arrived] <= now)
			arrived++;
		assert_in_range(arrived, 0, N + 999);
		longest = arrived - i > longest ? arrived - i : longest;
		busy += now - begin;
		assert_int_equal(q.arrived, arrived);
		assert_int_equal(q.served, i + 1);
		assert_int_equal(q.longest, longest);
		assert_int_equal(q.busy_ns, busy);
	}
	assert_in_range(longest, 10, 1000);
}

/* ---- the model ------------------------------------------------------------ */

static void test_alone_and_even_it_answers_at_once(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	uint64_t service = 2 * RIG_MS + CLOCK_NS;

	(void)state;
	assert_non_null(rig);
	rig_init(rig, CONFIG(.workload = "server", .seed = 5,
			     .params = { { "periodic", 1 },
					 { "service", 2 * RIG_MS },
					 { "requests", 1000 } }));
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].progress, 1000);
	assert_int_equal(rig_result(rig, 0, "arrived"), 1000);
	assert_int_equal(rig_result(rig, 0, "queue_max"), 1);
	assert_int_equal(rig_result(rig, 0, "sum_ns"), 1000 * service);
	assert_int_equal(rig_result(rig, 0, "busy_ns"), 1000 * service);
	assert_int_equal(rig_result(rig, 0, "max_ns"), service);
	assert_int_equal(rig_result(rig, 0, "p50_ns"), service);
	assert_int_equal(rig_result(rig, 0, "p99_ns"), service);
	assert_int_equal(rig_result(rig, 0, "p999_ns"), service);
	assert_int_equal(rig->vcpus[0].blocks, 1000);
	assert_int_equal(rig->vcpus[0].ran_ns, CALIBRATION_NS + 1000 * service);
	rig_fini(rig);
	free(rig);
}

static struct rig *run_queue(int64_t interval, int64_t service, bool exponential, int64_t requests)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig_init(rig, CONFIG(.workload = "server", .seed = 21,
			     .params = { { "interval", interval },
					 { "service", service },
					 { "exponential", exponential },
					 { "requests", requests } }));
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].progress, requests);
	return rig;
}

static void near(double got, double want, double tolerance)
{
	if (fabs(got / want - 1) > tolerance)
		fail_msg("%f, not %f", got, want);
}

/* The mean wait in line of M/D/1 is rho S / 2 (1 - rho) (Pollaczek and Khinchine). */
static void test_even_service_waits_as_m_d_1(void **state)
{
	static const unsigned loads[] = { 20, 50, 70 };
	enum { N = 300000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		int64_t service = loads[i] * 10 * (int64_t)RIG_US;
		struct rig *rig = run_queue((int64_t)RIG_MS, service, false, N);
		double rho = loads[i] / 100.0, s = (double)service;
		double response = (double)rig_result(rig, 0, "sum_ns") / N;

		near(response - s, rho * s / (2 * (1 - rho)), 0.03);
		near((double)rig_result(rig, 0, "busy_ns") / (double)rig->now_ns, rho, 0.01);
		/* Nobody is away: it is busy when it runs. */
		near((double)rig->vcpus[0].ran_ns, (double)rig_result(rig, 0, "busy_ns"), 0.001);
		rig_fini(rig);
		free(rig);
	}
}

/* The response time of M/M/1 is exponential itself, with mean S / (1 - rho). */
static void test_random_service_answers_as_m_m_1(void **state)
{
	enum { N = 400000 };
	struct rig *rig = run_queue((int64_t)RIG_MS, 600 * (int64_t)RIG_US, true, N);
	double mean = 600e3 / (1 - 0.6);

	(void)state;
	near((double)rig_result(rig, 0, "sum_ns") / N, mean, 0.03);
	/* The buckets are up to 3.2 % above. */
	near((double)rig_result(rig, 0, "p50_ns"), mean * log(2) * 1.016, 0.04);
	near((double)rig_result(rig, 0, "p99_ns"), mean * log(100) * 1.016, 0.06);
	near((double)rig_result(rig, 0, "p999_ns"), mean * log(1000) * 1.016, 0.10);
	rig_fini(rig);
	free(rig);
}

static void test_arrivals_do_not_wait_for_the_server(void **state)
{
	struct rig *slow = calloc(1, sizeof(*slow)), *fast = calloc(1, sizeof(*fast));

	(void)state;
	assert_true(slow && fast);
	/* Twice as much as it can do: half of it is left in the queue, and it never blocks. */
	rig_init(slow, CONFIG(.workload = "server", .seed = 2,
			      .params = { { "interval", RIG_MS }, { "service", 2 * RIG_MS } }));
	rig_init(fast, CONFIG(.workload = "server", .seed = 2,
			      .params = { { "interval", RIG_MS }, { "service", 0 } }));
	rig_run(slow, 10 * RIG_SEC);
	rig_run(fast, 10 * RIG_SEC);
	near((double)slow->vcpus[0].progress, 5000, 0.01);
	near((double)rig_result(slow, 0, "arrived"), 10000, 0.03);
	assert_int_equal(rig_result(slow, 0, "queue_max"),
			 rig_result(slow, 0, "arrived") - slow->vcpus[0].progress + 1);
	assert_in_range(slow->vcpus[0].blocks, 1, 10);
	/* The same requests came to both; the slow one looked a service time ago, at most. */
	assert_in_range(rig_result(fast, 0, "arrived") - rig_result(slow, 0, "arrived"), 0, 20);
	assert_int_equal(rig_result(fast, 0, "arrived"), fast->vcpus[0].progress);
	rig_fini(slow);
	rig_fini(fast);
	free(slow);
	free(fast);
}

static void test_kept_from_running_it_is_late_for_all_who_came(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	/* Two servers share a pCPU in turns of 20 ms: a request of 5 ms may wait that long. */
	rig_init(rig, CONFIG(.workload = "server", .vcpus = 2, .slice_ns = 20 * RIG_MS,
			     .params = { { "service", 4 * RIG_MS } }));
	rig_run(rig, 20 * RIG_SEC);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t served = rig->vcpus[i].progress;

		near((double)served, 2000, 0.1);
		assert_true(rig_result(rig, i, "max_ns") > 20 * RIG_MS);
		assert_true(rig_result(rig, i, "sum_ns") / served > 6 * RIG_MS);
		assert_true(rig_result(rig, i, "p50_ns") <= rig_result(rig, i, "p99_ns"));
		assert_true(rig_result(rig, i, "p99_ns") <= rig_result(rig, i, "p999_ns"));
		assert_true(rig_result(rig, i, "p999_ns") <= rig_result(rig, i, "max_ns"));
	}
	rig_fini(rig);
	free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logarithms_are_those_of_libm),
		cmocka_unit_test(test_exponential_numbers_are_exponential),
		cmocka_unit_test(test_exponential_numbers_at_the_ends),
		cmocka_unit_test(test_buckets_follow_on_each_other),
		cmocka_unit_test(test_percentiles_are_those_of_the_sorted_samples),
		cmocka_unit_test(test_times_without_end),
		cmocka_unit_test(test_the_queue_counts_like_a_list),
		cmocka_unit_test(test_alone_and_even_it_answers_at_once),
		cmocka_unit_test(test_even_service_waits_as_m_d_1),
		cmocka_unit_test(test_random_service_answers_as_m_m_1),
		cmocka_unit_test(test_arrivals_do_not_wait_for_the_server),
		cmocka_unit_test(test_kept_from_running_it_is_late_for_all_who_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
