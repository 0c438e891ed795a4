/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows over time, rows' lags, and what was missed: what tables and plots show of them.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT 100.0
#define MOMENT_PERCENT 1.0 /* of an interval: less life than this has no states there */
#define LAST (CX_LAG_QUANTILES - 1)

/** Did the domain live in more than a moment of it?  States in percent of a moment would look as
 *  those of the whole interval. */
static bool lived(const struct cx_metrics_interval *x, unsigned n_vcpus, double length)
{
	double all = 0;
	unsigned s;

	for (s = 0; s < CX_STATES; s++)
		all += (double)x->time_ns[s];
	return PERCENT * all >= MOMENT_PERCENT * n_vcpus * length;
}

void cx_row_interval(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
		     unsigned row, unsigned interval, struct cx_row_interval *out)
{
	const struct cx_record *record = report->records[run];
	const struct cx_metrics *m = report->metrics[run];
	double length = (double)(cx_interval_start(m, interval + 1, record->duration_ns) -
				 cx_interval_start(m, interval, record->duration_ns));
	unsigned d, s, n = 0;

	memset(out, 0, sizeof(*out));
	for (d = 0; d < record->n_domains && d < rows->n_domains; d++) {
		const struct cx_metrics_interval *x = &m->domains[d].intervals[interval];

		if (rows->row_of[d] != row)
			continue;
		out->entitled += (double)x->entitled_ns;
		out->received += (double)x->time_ns[CX_RUNNING];
		n++;
		if (!lived(x, record->domains[d].n_vcpus, length))
			continue;
		for (s = 0; s < CX_STATES; s++)
			out->time_ns[s] += x->time_ns[s];
	}
	if (n == 0 || length <= 0)
		return;
	out->entitled *= PERCENT / (n * length);
	out->received *= PERCENT / (n * length);
}

void cx_pool_interval(const struct cx_report *report, unsigned run, unsigned pool,
		      unsigned interval, struct cx_row_interval *out)
{
	const struct cx_metrics *m = report->metrics[run];
	const struct cx_metrics_interval *x = &m->pools[pool].intervals[interval];
	uint64_t end = report->records[run]->duration_ns;
	double length = (double)(cx_interval_start(m, interval + 1, end) -
				 cx_interval_start(m, interval, end));

	memset(out, 0, sizeof(*out));
	memcpy(out->time_ns, x->time_ns, sizeof(out->time_ns));
	if (length <= 0)
		return;
	out->entitled = PERCENT * (double)x->entitled_ns / length;
	out->received = PERCENT * (double)x->time_ns[CX_RUNNING] / length;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int cx_row_lag(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
	       unsigned row, int64_t lag_ns[CX_LAG_QUANTILES])
{
	const struct cx_record *record = report->records[run];
	size_t room = 0, n = 0;
	int64_t *all;
	unsigned d, q;

	memset(lag_ns, 0, CX_LAG_QUANTILES * sizeof(*lag_ns));
	for (d = 0; d < record->n_domains && d < rows->n_domains; d++)
		room += rows->row_of[d] == row ? CX_LAG_QUANTILES : 0;
	if (room == 0)
		return 0;
	all = calloc(room, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (d = 0; d < record->n_domains && d < rows->n_domains; d++)
		if (rows->row_of[d] == row) {
			memcpy(all + n, report->metrics[run]->domains[d].lag_ns,
			       CX_LAG_QUANTILES * sizeof(*all));
			n += CX_LAG_QUANTILES;
		}
	qsort(all, n, sizeof(*all), by_value);
	for (q = 0; q <= LAST; q++)
		lag_ns[q] = all[(n - 1) * q / LAST];
	free(all);
	return 0;
}

struct cx_metrics_bound cx_worse_bound(struct cx_metrics_bound a, struct cx_metrics_bound b)
{
	if (b.judged_ns && (!a.judged_ns || b.worst_ns > a.worst_ns))
		return b;
	return a;
}

struct cx_metrics_bounds cx_worst_bounds(const struct cx_metrics *m)
{
	struct cx_metrics_bounds worst = { .shortfall = { .judged_ns = 0 } };
	unsigned d;

	for (d = 0; d < m->n_domains; d++) {
		const struct cx_metrics_bounds *b = &m->domains[d].bounds;

		worst.shortfall = cx_worse_bound(worst.shortfall, b->shortfall);
		worst.overshoot = cx_worse_bound(worst.overshoot, b->overshoot);
	}
	for (d = 0; d < m->n_pools; d++) {
		const struct cx_metrics_bounds *b = &m->pools[d].bounds;

		worst.shortfall = cx_worse_bound(worst.shortfall, b->shortfall);
		worst.overshoot = cx_worse_bound(worst.overshoot, b->overshoot);
	}
	return worst;
}

bool cx_report_bounded(const struct cx_report *report)
{
	unsigned i, k;

	for (i = 0; i < report->n_runs; i++) {
		const struct cx_record *r = report->records[i];
		const struct cx_metrics *m = report->metrics[i];
		struct cx_metrics_bounds worst = cx_worst_bounds(m);

		if (worst.shortfall.judged_ns || worst.overshoot.judged_ns)
			return true;
		for (k = 0; k < r->n_domains; k++)
			if (r->domains[k].reservation || r->domains[k].limit)
				return true;
		for (k = 0; k < r->n_pools; k++)
			if (r->pools[k].reservation || r->pools[k].limit)
				return true;
	}
	return false;
}

const char *cx_fmt_bound(const struct cx_metrics_bound *bound, char buf[CX_SHORT])
{
	if (!bound->judged_ns)
		return strcpy(buf, "-");
	return cx_fmt_signed_ns((int64_t)bound->worst_ns, buf);
}
