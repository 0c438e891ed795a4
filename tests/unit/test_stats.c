/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stats.h"

#include <math.h>

/* The quantiles that every table of Student's t prints. */
static void test_quantiles(void **state)
{
	static const struct {
		size_t df;
		double t;
	} table[] = {
		{ 1, 12.7062 }, { 2, 4.3027 },   { 3, 3.1824 },    { 4, 2.7764 },
		{ 5, 2.5706 },  { 9, 2.2622 },   { 10, 2.2281 },   { 11, 2.2010 },
		{ 12, 2.1788 }, { 15, 2.1314 },  { 20, 2.0860 },   { 24, 2.0639 },
		{ 29, 2.0452 }, { 30, 2.0423 },  { 40, 2.0211 },   { 60, 2.0003 },
		{ 99, 1.9842 }, { 120, 1.9799 }, { 1000, 1.9623 }, { 1000000, 1.9600 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (fabs(cx_student_t(table[i].df) - table[i].t) > 0.00006)
			fail_msg("t(%zu) is %.5f, not %.4f", table[i].df, cx_student_t(table[i].df),
				 table[i].t);
	for (i = 1; i < 2000; i++)
		assert_true(cx_student_t(i) > cx_student_t(i + 1));
}

/* Worked by hand: mean 5, squares 4 + 0 + 4 = 8, s = 2, 4.3027 x 2 / sqrt(3) = 4.9683. */
static void test_an_interval(void **state)
{
	static const double three[] = { 3, 5, 7 };
	struct cx_mean m = cx_mean_of(three, 3);

	(void)state;
	assert_int_equal(m.n, 3);
	assert_true(m.mean == 5 && m.min == 3 && m.max == 7);
	assert_true(fabs(m.half - 4.9683) < 0.0001);
}

/* Student's own data (Biometrika 1908): hours of sleep gained; mean 1.58, s 1.2300. */
static void test_students_sleepers(void **state)
{
	static const double gained[] = { 1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4 };
	struct cx_mean m = cx_mean_of(gained, 10);

	(void)state;
	assert_true(fabs(m.mean - 1.58) < 1e-12);
	assert_true(fabs(m.half - 2.262157 * 1.2299955 / sqrt(10)) < 1e-6);
}

static void test_few_values(void **state)
{
	static const double values[] = { 4, 4 };
	struct cx_mean m;

	(void)state;
	m = cx_mean_of(values, 0);
	assert_true(m.n == 0 && m.mean == 0 && m.half == 0);
	m = cx_mean_of(values, 1);
	assert_true(m.n == 1 && m.mean == 4 && m.half == 0 && m.min == 4 && m.max == 4);
	m = cx_mean_of(values, 2);
	assert_true(m.mean == 4 && m.half == 0);
}

/* 0.1 + 0.1 + 0.1 is not 3 x 0.1; nothing varied, and that is what is told. */
static void test_values_that_are_all_alike(void **state)
{
	static const double values[] = { 0.1, 0.1, 0.1 };
	struct cx_mean m = cx_mean_of(values, 3);

	(void)state;
	assert_true(m.mean == 0.1 && m.half == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_an_interval),
		cmocka_unit_test(test_students_sleepers),
		cmocka_unit_test(test_few_values),
		cmocka_unit_test(test_values_that_are_all_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
