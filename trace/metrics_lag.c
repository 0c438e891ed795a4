/* SPDX-License-Identifier: BSD-2-Clause */
/* How a domain's lag was spread over its lifetime. */
#include "trace/metrics_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLE_NS 500000ull  /* so often, more rarely in long runs ... */
#define SAMPLES_MAX 10000u   /* ... and with many domains */
#define SAMPLES_MIN 1000u    /* but this many */
#define SAMPLES_ALL 2000000u /* of all domains together */
#define GOLDEN 2654435769u   /* 2^32 over the golden ratio */
#define LAST (CX_LAG_QUANTILES - 1)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/**
 * The @k-th sample: somewhere in the k-th piece of time, at a place that wanders evenly
 * (multiples of the golden ratio), so that samples do not fall in step with time slices.
 */
static uint64_t place(size_t k, uint64_t every)
{
	uint32_t part = (uint32_t)k * GOLDEN;

	return k * every + (uint64_t)(((unsigned __int128)every * part) >> 32);
}

static unsigned samples_for(unsigned n_domains)
{
	unsigned n = SAMPLES_ALL / (n_domains + 1);

	return n > SAMPLES_MAX ? SAMPLES_MAX : n < SAMPLES_MIN ? SAMPLES_MIN : n;
}

int cx_lag_quantiles(const struct cx_lag *lag, uint64_t start_ns, uint64_t stop_ns,
		     unsigned n_domains, struct cx_metrics_domain *out)
{
	unsigned most = samples_for(n_domains), q;
	uint64_t every;
	size_t n, at = 0;
	double *sample;

	if (lag->n == 0 || stop_ns <= start_ns)
		return 0;
	every = (stop_ns - start_ns + most - 1) / most;
	if (every < SAMPLE_NS)
		every = SAMPLE_NS;
	sample = calloc(most, sizeof(*sample));
	if (!sample)
		return -ENOMEM;
	for (n = 0; n < most && start_ns + place(n, every) < stop_ns; n++)
		sample[n] = cx_lag_at(lag, start_ns + place(n, every), &at);
	qsort(sample, n, sizeof(*sample), by_value);
	for (q = 1; q < LAST; q++) /* the nearest rank; the first sample is always there */
		out->lag_ns[q] = (int64_t)llround(sample[(n * q + LAST - 1) / LAST - 1]);
	out->lag_ns[0] = out->lag_min_ns;
	out->lag_ns[LAST] = out->lag_max_ns;
	free(sample);
	return 0;
}
