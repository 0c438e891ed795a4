/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened over time, as CSV. */
#include "trace/report_internal.h"

#include <errno.h>
#include <inttypes.h>

/** "run_percent,rdy_percent ..." */
static void put_head(FILE *out, const char *before)
{
	unsigned k;

	fputs(before, out);
	for (k = 0; k < CX_ESXTOP; k++)
		fprintf(out, ",%s_percent", cx_esxtop_name(k));
	fputc('\n', out);
}

/** @none stands for each where there was no life. */
static void put_parts(FILE *out, const uint64_t time_ns[CX_STATES], const char *none)
{
	unsigned part[CX_ESXTOP], k, all = 0;
	char buf[CX_SHORT];

	cx_esxtop_parts(time_ns, CX_ESXTOP_TWO, part);
	for (k = 0; k < CX_ESXTOP; k++)
		all += part[k];
	for (k = 0; k < CX_ESXTOP; k++)
		fprintf(out, ",%s", all ? cx_esxtop_text(part[k], CX_ESXTOP_TWO, buf) : none);
	fputc('\n', out);
}

static void put_stretch(FILE *out, const struct cx_record *r, const struct cx_metrics *m,
			unsigned i)
{
	fprintf(out, ",%.9g,%.9g", (double)cx_interval_start(m, i, r->duration_ns) / 1e9,
		(double)cx_interval_start(m, i + 1, r->duration_ns) / 1e9);
}

static void put_domain(FILE *out, const struct cx_record *r, const struct cx_metrics *m, unsigned d)
{
	uint64_t entitled = 0, received = 0;
	unsigned i;

	for (i = 0; i < m->n_intervals; i++) {
		const struct cx_metrics_interval *x = &m->domains[d].intervals[i];

		cx_put_csv(out, r->scheduler);
		fputc(',', out);
		cx_put_csv(out, r->domains[d].name);
		put_stretch(out, r, m, i);
		entitled += x->entitled_ns;
		received += x->time_ns[CX_RUNNING];
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, x->entitled_ns,
			x->time_ns[CX_RUNNING], entitled, received);
		put_parts(out, x->time_ns, "");
	}
}

static int put_over_time(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	unsigned run, d;

	(void)rows;
	put_head(out, "scheduler,domain,start_s,end_s,entitled_ns,received_ns,entitled_so_far_ns,"
		      "received_so_far_ns");
	for (run = 0; run < report->n_runs; run++)
		for (d = 0; d < report->records[run]->n_domains; d++)
			put_domain(out, report->records[run], report->metrics[run], d);
	return 0;
}

static int put_rows_over_time(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	unsigned run, row, i;

	put_head(out, "run,row,scheduler,domains,start_s,end_s,entitled_percent,received_percent");
	for (run = 0; run < report->n_runs; run++)
		for (row = 0; row < rows->n; row++)
			for (i = 0; i < report->metrics[run]->n_intervals; i++) {
				struct cx_row_interval x;

				cx_row_interval(report, run, rows, row, i, &x);
				fprintf(out, "%u,%u,", run, row);
				cx_put_csv(out, report->records[run]->scheduler);
				fputc(',', out);
				cx_put_csv(out, rows->row[row].label);
				put_stretch(out, report->records[run], report->metrics[run], i);
				fprintf(out, ",%.4f,%.4f", x.entitled, x.received);
				put_parts(out, x.time_ns, "0"); /* so that it can be drawn */
			}
	return 0;
}

/** What the plot of the lag draws. */
static int put_lag(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	static const unsigned shown[] = { 0, 1, 25, 50, 75, 99, 100 };
	unsigned run, row, k;

	fputs("row,run,domains,scheduler,min_ms,p1_ms,p25_ms,p50_ms,p75_ms,p99_ms,max_ms\n", out);
	for (row = 0; row < rows->n; row++)
		for (run = 0; run < report->n_runs; run++) {
			int64_t lag[CX_LAG_QUANTILES];

			if (cx_row_lag(report, run, rows, row, lag))
				return -ENOMEM;
			fprintf(out, "%u,%u,", row, run);
			cx_put_csv(out, rows->row[row].label);
			fputc(',', out);
			cx_put_csv(out, report->records[run]->scheduler);
			for (k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
				fprintf(out, ",%.6f", (double)lag[shown[k]] / 1e6);
			fputc('\n', out);
		}
	return 0;
}

static int put_quantiles(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	unsigned run, row, q;

	fputs("scheduler,domains,percent_of_time,lag_at_most_ns\n", out);
	for (run = 0; run < report->n_runs; run++)
		for (row = 0; row < rows->n; row++) {
			int64_t lag[CX_LAG_QUANTILES];

			if (cx_row_lag(report, run, rows, row, lag))
				return -ENOMEM;
			for (q = 0; q < CX_LAG_QUANTILES; q++) {
				cx_put_csv(out, report->records[run]->scheduler);
				fputc(',', out);
				cx_put_csv(out, rows->row[row].label);
				fprintf(out, ",%u,%" PRId64 "\n", q, lag[q]);
			}
		}
	return 0;
}

static void put_bound(FILE *out, const struct cx_metrics_bound *b)
{
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, b->window_ns, b->judged_ns,
		b->worst_ns, b->at_ns);
}

static int put_pools(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	unsigned run, p;

	(void)rows;
	fputs("scheduler,pool,weight,reservation_percent,limit_percent,entitled_percent,"
	      "received_percent,entitled_ns,run_ns," CX_BOUNDS_HEAD "\n",
	      out);
	for (run = 0; run < report->n_runs; run++)
		for (p = 0; p < report->records[run]->n_pools; p++) {
			const struct cx_record *r = report->records[run];
			const struct cx_record_pool *pool = &r->pools[p];
			const struct cx_metrics_pool *m = &report->metrics[run]->pools[p];

			cx_put_csv(out, r->scheduler);
			fputc(',', out);
			cx_put_csv(out, pool->name);
			fprintf(out, ",%u,%u,%u", pool->weight, pool->reservation, pool->limit);
			fprintf(out, ",%.4f,%.4f,%" PRIu64 ",%" PRIu64,
				cx_pool_percent(r, m->entitled_ns), cx_pool_percent(r, m->run_ns),
				m->entitled_ns, m->run_ns);
			cx_put_bounds_csv(out, &m->bounds);
			fputc('\n', out);
		}
	return 0;
}

/**
 * Its first columns are those of rows-over-time.csv, so that it can be drawn with it; a row is a
 * pool.  In a file of its own: in one with the domains, sums would count all of them twice.
 */
static int put_pools_over_time(FILE *out, const struct cx_report *report,
			       const struct cx_rows *rows)
{
	unsigned run, p, i;

	(void)rows;
	put_head(out, "run,row,scheduler,pool,start_s,end_s,entitled_percent,received_percent");
	for (run = 0; run < report->n_runs; run++)
		for (p = 0; p < report->records[run]->n_pools; p++)
			for (i = 0; i < report->metrics[run]->n_intervals; i++) {
				struct cx_row_interval x;

				cx_pool_interval(report, run, p, i, &x);
				fprintf(out, "%u,%u,", run, p);
				cx_put_csv(out, report->records[run]->scheduler);
				fputc(',', out);
				cx_put_csv(out, report->records[run]->pools[p].name);
				put_stretch(out, report->records[run], report->metrics[run], i);
				fprintf(out, ",%.4f,%.4f", x.entitled, x.received);
				put_parts(out, x.time_ns, "");
			}
	return 0;
}

void cx_put_bounds_csv(FILE *out, const struct cx_metrics_bounds *bounds)
{
	put_bound(out, &bounds->shortfall);
	put_bound(out, &bounds->overshoot);
}

static bool any_pools(const struct cx_report *report)
{
	unsigned run;

	for (run = 0; run < report->n_runs; run++)
		if (report->records[run]->n_pools)
			return true;
	return false;
}

int cx_series_csv(const struct cx_report *report, const struct cx_rows *rows, const char *dir,
		  struct cx_error *err)
{
	static const struct {
		const char *name;
		int (*put)(FILE *out, const struct cx_report *report, const struct cx_rows *rows);
	} files[] = {
		{ "data/over-time.csv", put_over_time },
		{ "data/rows-over-time.csv", put_rows_over_time },
		{ "data/lag.csv", put_lag },
		{ "data/lag-quantiles.csv", put_quantiles },
		{ "data/pools.csv", put_pools },
		{ "data/pools-over-time.csv", put_pools_over_time },
	};
	unsigned i, n = sizeof(files) / sizeof(files[0]) - (any_pools(report) ? 0 : 2);

	for (i = 0; i < n; i++) {
		FILE *out = cx_folder_create(dir, files[i].name, err);
		int ret, failed;

		if (!out)
			return -errno;
		failed = files[i].put(out, report, rows);
		ret = cx_folder_close(out, dir, files[i].name, err);
		if (ret)
			return ret;
		if (failed)
			return cx_fail(err, -failed, "report: out of memory");
	}
	return 0;
}
