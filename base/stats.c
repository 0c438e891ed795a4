/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/stats.h"

#include <math.h>

#define NORMAL 1.959963984540054 /* the 97.5 % quantile of the normal distribution */
#define TABLE 10u                /* beyond, the expansion is good enough */

double cx_student_t(size_t df)
{
	/* E.g. M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, table 26.10. */
	static const double table[TABLE + 1] = { 0,        12.706205, 4.302653, 3.182446,
						 2.776445, 2.570582,  2.446912, 2.364624,
						 2.306004, 2.262157,  2.228139 };
	const double x = NORMAL, x2 = x * x;
	double v = (double)df, sum;

	if (df <= TABLE)
		return table[df];
	/* The same, 26.7.5: Fisher's expansion around the normal quantile. */
	sum = x * (x2 + 1) / 4 / v;
	sum += x * ((5 * x2 + 16) * x2 + 3) / 96 / (v * v);
	sum += x * (((3 * x2 + 19) * x2 + 17) * x2 - 15) / 384 / (v * v * v);
	sum += x * ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / 92160 /
	       (v * v * v * v);
	return x + sum;
}

struct cx_mean cx_mean_of(const double *values, size_t n)
{
	struct cx_mean m = { .n = n };
	double squares = 0;
	size_t i;

	if (n == 0)
		return m;
	m.min = m.max = values[0];
	for (i = 0; i < n; i++) {
		m.mean += values[i];
		m.min = fmin(m.min, values[i]);
		m.max = fmax(m.max, values[i]);
	}
	m.mean /= (double)n;
	if (m.min == m.max) /* without what rounding makes of it */
		m.mean = m.min;
	if (n < 2)
		return m;
	for (i = 0; i < n; i++)
		squares += (values[i] - m.mean) * (values[i] - m.mean);
	m.half = cx_student_t(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
	return m;
}
