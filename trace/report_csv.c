/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figures behind tables and plots, as CSV: a heading line, text in quotes, times in
 * the unit that the heading names.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <inttypes.h>

#define PERCENT 100.0

static void put_migrations(FILE *out, const uint64_t n[CX_DISTANCES])
{
	unsigned i;

	for (i = CX_DIST_SMT; i < CX_DISTANCES; i++)
		fprintf(out, ",%" PRIu64, n[i]);
}

/** A figure that the record may not know: then nothing. */
static void put_known(FILE *out, bool known, uint64_t value)
{
	fputc(',', out);
	if (known)
		fprintf(out, "%" PRIu64, value);
}

static void put_latency(FILE *out, const struct cx_hist *h)
{
	static const struct cx_hist empty;

	if (!h)
		h = &empty;
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, h->count,
		cx_hist_percentile(h, 50), cx_hist_percentile(h, 99), cx_hist_percentile(h, 99.9),
		h->max);
}

#define LATENCY_HEAD "wakes,wake_p50_ns,wake_p99_ns,wake_p999_ns,wake_max_ns"
#define MIGRATION_HEAD "migrations_smt,migrations_llc,migrations_node,migrations_remote"

static void put_runs(FILE *out, const struct cx_report *report)
{
	unsigned i;

	fputs("scheduler,params,duration_ns,jain,error_100ms_percent,switches,switches_per_s,"
	      "dispatch_p50_ns,dispatch_p99_ns,busy_percent,host_steal_ns,host_steal_percent,"
	      "fragmented_ns,idle_while_ready_ns,degraded,interrupted," LATENCY_HEAD
	      "," MIGRATION_HEAD "," CX_BOUNDS_HEAD "\n",
	      out);
	for (i = 0; i < report->n_runs; i++) {
		const struct cx_record *r = report->records[i];
		const struct cx_metrics *m = report->metrics[i];
		double error = cx_metrics_window_error(m, CX_HEADLINE_WINDOW_NS);
		struct cx_metrics_bounds worst;

		cx_put_csv(out, r->scheduler);
		fputc(',', out);
		cx_put_csv(out, r->params);
		fprintf(out, ",%" PRIu64 ",%.6f,", r->duration_ns, m->jain);
		if (error >= 0)
			fprintf(out, "%.4f", PERCENT * error);
		fprintf(out, ",%" PRIu64 ",%.3f,%" PRIu64 ",%" PRIu64, r->switches,
			m->switches_per_s, cx_hist_percentile(&r->decide_ns, 50),
			cx_hist_percentile(&r->decide_ns, 99));
		fprintf(out, ",%.3f,", m->busy_percent);
		if (r->cut)
			fputc(',', out);
		else
			fprintf(out, "%" PRIu64 ",%.3f", r->host_steal_ns, m->steal_percent);
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%d,%d", m->fragmented_ns,
			m->idle_while_ready_ns, r->degraded, r->interrupted);
		put_latency(out, &m->wake_ns);
		put_migrations(out, m->migrations);
		worst = cx_worst_bounds(m);
		cx_put_bounds_csv(out, &worst);
		fputc('\n', out);
	}
}

static void put_esxtop(FILE *out, const struct cx_metrics_domain *x)
{
	const uint64_t time[CX_STATES] = {
		[CX_RUNNING] = x->run_ns,     [CX_READY] = x->ready_ns,
		[CX_LIMITED] = x->limited_ns, [CX_COSTOPPED] = x->costop_ns,
		[CX_BLOCKED] = x->blocked_ns, [CX_PAUSED] = x->paused_ns,
	};
	unsigned part[CX_ESXTOP], k;
	char buf[CX_SHORT];

	cx_esxtop_parts(time, CX_ESXTOP_TWO, part);
	for (k = 0; k < CX_ESXTOP; k++)
		fprintf(out, ",%s", cx_esxtop_text(part[k], CX_ESXTOP_TWO, buf));
}

static void put_domain(FILE *out, const struct cx_record *r, const struct cx_metrics *m, unsigned d)
{
	const struct cx_record_domain *dom = &r->domains[d];
	const struct cx_metrics_domain *x = &m->domains[d];
	double life = cx_lifetime_ns(r, d);

	cx_put_csv(out, r->scheduler);
	fputc(',', out);
	cx_put_csv(out, dom->name);
	fputc(',', out);
	cx_put_csv(out, dom->workload);
	fprintf(out, ",%u,%u,%u,%u,%" PRIu64 ",%" PRIu64 ",%s", dom->n_vcpus, dom->weight,
		dom->reservation, dom->limit, dom->start_ns, dom->stop_ns,
		cx_or_empty(cx_end_name(dom->end)));
	fprintf(out, ",%.4f,%.4f", PERCENT * (double)x->entitled_ns / life,
		PERCENT * (double)x->run_ns / life);
	fprintf(out,
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		x->entitled_ns, x->run_ns, x->ready_ns, x->limited_ns, x->costop_ns, x->blocked_ns,
		x->paused_ns);
	fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64, x->lag_max_ns, x->lag_min_ns,
		x->lag_p50_ns, x->lag_p99_ns);
	put_known(out, !r->cut, x->progress);
	fputc(',', out);
	cx_put_csv(out, dom->progress_unit);
	put_latency(out, &x->wake_ns);
	fprintf(out, ",%" PRIu64, x->switches);
	put_migrations(out, x->migrations);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, x->skew_p50_ns,
		x->skew_p99_ns, x->skew_max_ns, x->corun_wall_ns, x->corun_all_ns);
	fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64, x->lag_ns[1], x->lag_ns[50],
		x->lag_ns[99]);
	cx_put_bounds_csv(out, &x->bounds);
	put_esxtop(out, x);
	fputc(',', out);
	cx_put_csv(out, dom->pool < r->n_pools ? r->pools[dom->pool].name : "");
	fputc('\n', out);
}

static void put_domains(FILE *out, const struct cx_report *report)
{
	unsigned i, d;

	fputs("scheduler,domain,workload,vcpus,weight,reservation_percent,limit_percent,start_ns,"
	      "stop_ns,end,entitled_percent,received_percent,entitled_ns,run_ns,ready_ns,"
	      "limited_ns,costop_ns,blocked_ns,paused_ns,lag_max_ns,lag_min_ns,lag_p50_ns,"
	      "lag_p99_ns,progress,progress_unit," LATENCY_HEAD ",switches," MIGRATION_HEAD
	      ",skew_p50_ns,skew_p99_ns,skew_max_ns,several_runnable_ns,all_together_ns,lag_signed_"
	      "p1_ns,"
	      "lag_signed_p50_ns,lag_signed_p99_ns," CX_BOUNDS_HEAD
	      ",esxtop_run_percent,esxtop_rdy_percent,esxtop_mlmtd_percent,esxtop_cstp_percent,"
	      "esxtop_wait_percent,pool\n",
	      out);
	for (i = 0; i < report->n_runs; i++)
		for (d = 0; d < report->records[i]->n_domains; d++)
			put_domain(out, report->records[i], report->metrics[i], d);
}

static void put_vcpus(FILE *out, const struct cx_report *report)
{
	unsigned i, v, s;

	fputs("scheduler,domain,vcpu,start_ns,stop_ns,run_ns,ready_ns,limited_ns,costop_ns,"
	      "blocked_ns,paused_ns,host_cpu_ns,dispatches,progress," LATENCY_HEAD
	      "," MIGRATION_HEAD "\n",
	      out);
	for (i = 0; i < report->n_runs; i++)
		for (v = 0; v < report->records[i]->n_vcpus; v++) {
			const struct cx_record *r = report->records[i];
			const struct cx_record_vcpu *vcpu = &r->vcpus[v];
			const struct cx_metrics_vcpu *x = &report->metrics[i]->vcpus[v];

			cx_put_csv(out, r->scheduler);
			fputc(',', out);
			cx_put_csv(out, r->domains[vcpu->domain].name);
			fprintf(out, ",%u,%" PRIu64 ",%" PRIu64, vcpu->index, vcpu->start_ns,
				vcpu->stop_ns);
			for (s = 0; s < CX_STATES; s++)
				fprintf(out, ",%" PRIu64, x->time_ns[s]);
			put_known(out, !r->cut, vcpu->host_cpu_ns);
			fprintf(out, ",%" PRIu64, vcpu->dispatches);
			put_known(out, !r->cut, vcpu->progress);
			put_latency(out, x->wake_ns);
			put_migrations(out, vcpu->migrations);
			fputc('\n', out);
		}
}

static void put_windows(FILE *out, const struct cx_report *report)
{
	unsigned i, w;

	fputs("run,scheduler,window_s,error_percent,domain,at_s\n", out);
	for (i = 0; i < report->n_runs; i++) {
		const struct cx_record *r = report->records[i];
		const struct cx_metrics *m = report->metrics[i];

		for (w = 0; w < m->n_windows; w++) {
			fprintf(out, "%u,", i);
			cx_put_csv(out, r->scheduler);
			fprintf(out, ",%.9g,%.9g,", (double)m->windows[w].window_ns / 1e9,
				PERCENT * m->windows[w].error);
			cx_put_csv(out, m->windows[w].worst_domain < r->n_domains
						? r->domains[m->windows[w].worst_domain].name
						: "");
			fprintf(out, ",%.9g\n", (double)m->windows[w].worst_at_ns / 1e9);
		}
	}
}

/** One line a bucket: the share of wake-ups that took at least about so long. */
static void put_latencies(FILE *out, const struct cx_report *report)
{
	unsigned i, b;

	fputs("run,scheduler,latency_s,at_least_share\n", out);
	for (i = 0; i < report->n_runs; i++) {
		const struct cx_hist *h = &report->metrics[i]->wake_ns;
		uint64_t later = h->count;

		for (b = 0; b < CX_HIST_BUCKETS && later; b++) {
			uint64_t high = cx_hist_high(b) < h->max ? cx_hist_high(b) : h->max;

			if (!h->bucket[b])
				continue;
			fprintf(out, "%u,", i);
			cx_put_csv(out, report->records[i]->scheduler);
			fprintf(out, ",%.9g,%.9g\n", (double)(high ? high : 1) / 1e9,
				(double)later / (double)h->count);
			later -= h->bucket[b];
		}
		if (h->count) { /* and after the longest, none */
			fprintf(out, "%u,", i);
			cx_put_csv(out, report->records[i]->scheduler);
			fprintf(out, ",%.9g,0\n", (double)(h->max ? h->max : 1) / 1e9);
		}
	}
}

/** What the plots of shares and states draw: one line a row of domains and run. */
static int put_rows(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	unsigned i, r, s;

	fputs("row,run,domains,scheduler,entitled_percent,received_percent,received_min_percent,"
	      "received_max_percent",
	      out);
	for (s = 0; s < CX_STATES; s++)
		fprintf(out, ",%s_percent", cx_state_name(s));
	fputs(",progress_per_s,wakes,wake_p50_ns,wake_p99_ns,lag_max_ns,migrations\n", out);
	for (r = 0; r < rows->n; r++)
		for (i = 0; i < report->n_runs; i++) {
			struct cx_row_figures f;

			if (cx_row_measure(report, i, rows, r, &f))
				return -ENOMEM;
			fprintf(out, "%u,%u,", r, i);
			cx_put_csv(out, rows->row[r].label);
			fputc(',', out);
			cx_put_csv(out, report->records[i]->scheduler);
			fprintf(out, ",%.4f,%.4f,%.4f,%.4f", f.entitled, f.received, f.received_min,
				f.received_max);
			for (s = 0; s < CX_STATES; s++)
				fprintf(out, ",%.4f", f.state[s]);
			fputc(',', out);
			if (!report->records[i]->cut)
				fprintf(out, "%.3f", f.progress_per_s);
			fprintf(out,
				",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
				f.wakes, f.wake_p50_ns, f.wake_p99_ns, f.lag_max_ns, f.migrations);
		}
	return 0;
}

int cx_report_csv(const struct cx_report *report, const struct cx_rows *rows, const char *dir,
		  struct cx_error *err)
{
	static const struct {
		const char *name;
		void (*put)(FILE *out, const struct cx_report *report);
	} files[] = {
		{ "data/runs.csv", put_runs },
		{ "data/domains.csv", put_domains },
		{ "data/vcpus.csv", put_vcpus },
		{ "data/window-error.csv", put_windows },
		{ "data/wake-latency.csv", put_latencies },
	};
	FILE *out;
	unsigned i;
	int ret, failed;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		out = cx_folder_create(dir, files[i].name, err);
		if (!out)
			return -errno;
		files[i].put(out, report);
		ret = cx_folder_close(out, dir, files[i].name, err);
		if (ret)
			return ret;
	}
	out = cx_folder_create(dir, "data/rows.csv", err);
	if (!out)
		return -errno;
	failed = put_rows(out, report, rows);
	ret = cx_folder_close(out, dir, "data/rows.csv", err);
	if (failed && !ret)
		ret = cx_fail(err, ENOMEM, "report: out of memory");
	return ret;
}
