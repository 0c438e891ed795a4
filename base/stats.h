/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/stats.h - the mean of a few measurements, and how sure it is.
 */
#ifndef CX_BASE_STATS_H
#define CX_BASE_STATS_H

#include <stddef.h>

struct cx_mean {
	size_t n;
	double mean; /* 0 when n is 0 */
	/** Half of the 95 % confidence interval, t s / sqrt(n), with s the standard deviation
	 *  (of n - 1) and t Student's.  0 when n is below 2: nothing is known. */
	double half;
	double min, max;
};

/** Of @n values, in their order: the same values in the same order give the same bits. */
struct cx_mean cx_mean_of(const double *values, size_t n);

/**
 * The 97.5 % quantile of Student's t with @df degrees of freedom, 1 or more: exact to four
 * digits after the point.
 */
double cx_student_t(size_t df);

#endif
