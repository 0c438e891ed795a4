/* SPDX-License-Identifier: BSD-2-Clause */
/* How a domain's lag was spread over its lifetime. */
#include "trace/metrics_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLE_NS 100000ull /* so often, more rarely in long runs */
#define SAMPLES_MAX 10000u
#define LAST (CX_LAG_QUANTILES - 1)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int cx_lag_quantiles(const struct cx_lag *lag, uint64_t start_ns, uint64_t stop_ns,
		     struct cx_metrics_domain *out)
{
	uint64_t every, t;
	size_t n = 0, at = 0;
	double *sample;
	unsigned q;

	if (lag->n == 0 || stop_ns <= start_ns)
		return 0;
	every = (stop_ns - start_ns + SAMPLES_MAX - 1) / SAMPLES_MAX;
	if (every < SAMPLE_NS)
		every = SAMPLE_NS;
	sample = calloc(SAMPLES_MAX, sizeof(*sample));
	if (!sample)
		return -ENOMEM;
	for (t = start_ns + every / 2; t < stop_ns && n < SAMPLES_MAX; t += every)
		sample[n++] = cx_lag_at(lag, t, &at);
	qsort(sample, n, sizeof(*sample), by_value);
	for (q = 1; q < LAST && n; q++) /* the nearest rank */
		out->lag_ns[q] = (int64_t)llround(sample[(n * q + LAST - 1) / LAST - 1]);
	out->lag_ns[0] = out->lag_min_ns;
	out->lag_ns[LAST] = out->lag_max_ns;
	free(sample);
	return 0;
}
