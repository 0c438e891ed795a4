/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain by domain, the schedulers one below the other: esxtop's columns, the lag, and how
 * far reservations and limits were missed.
 */
#include "trace/report_internal.h"

#include <errno.h>

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	cx_put_html(out, text);
	fputs("</td>", out);
}

/** By how much, and in the second that begins when. */
static void cell_bound(FILE *out, const struct cx_metrics_bound *b)
{
	char buf[CX_SHORT];

	fputs("<td>", out);
	cx_put_html(out, cx_fmt_bound(b, buf));
	if (b->worst_ns)
		fprintf(out, " at %.3f s", (double)b->at_ns / 1e9);
	fputs("</td>", out);
}

static void put_row(FILE *out, const char *label, const char *scheduler,
		    const struct cx_row_figures *f, bool bounded)
{
	static const unsigned shown[] = { 0, 1, 50, 99, 100 };
	unsigned part[CX_ESXTOP], k;
	char buf[CX_SHORT];

	fputs("<tr>", out);
	cell(out, label);
	cell(out, scheduler);
	cx_esxtop_parts(f->time_ns, CX_ESXTOP_ONE, part);
	for (k = 0; k < CX_ESXTOP; k++)
		cell(out, cx_esxtop_text(part[k], CX_ESXTOP_ONE, buf));
	for (k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
		cell(out, cx_fmt_signed_ns(f->lag_ns[shown[k]], buf));
	if (bounded) {
		cell_bound(out, &f->bounds.shortfall);
		cell_bound(out, &f->bounds.overshoot);
	}
	fputs("</tr>\n", out);
}

static void put_pools(FILE *out, const struct cx_report *report)
{
	unsigned run, p, n = report->records[0]->n_pools;
	char buf[CX_SHORT];

	if (n == 0)
		return;
	fputs("<div class=\"wide\"><table><thead><tr><th>pool</th><th>scheduler</th>"
	      "<th>reserv. %</th><th>limit %</th>",
	      out);
	cx_html_term(out, "pool", "entitled %");
	cx_html_term(out, "pool", "received %");
	cx_html_term(out, "shortfall", "shortfall");
	cx_html_term(out, "overshoot", "overshoot");
	fputs("</tr></thead>\n<tbody>\n", out);
	for (p = 0; p < n; p++)
		for (run = 0; run < report->n_runs; run++) {
			const struct cx_record *r = report->records[run];
			const struct cx_metrics_pool *m = &report->metrics[run]->pools[p];

			if (p >= r->n_pools)
				continue;
			fputs("<tr>", out);
			cell(out, run ? "" : r->pools[p].name);
			cell(out, r->scheduler);
			fprintf(out, "<td>%u</td><td>%u</td>", r->pools[p].reservation,
				r->pools[p].limit);
			cell(out, cx_fmt_percent(cx_pool_percent(r, m->entitled_ns), buf));
			cell(out, cx_fmt_percent(cx_pool_percent(r, m->run_ns), buf));
			cell_bound(out, &m->bounds.shortfall);
			cell_bound(out, &m->bounds.overshoot);
			fputs("</tr>\n", out);
		}
	fputs("</tbody></table></div>\n", out);
}

int cx_html_side_by_side(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	bool bounded = cx_report_bounded(report);
	unsigned row, run;

	fputs("<h2 id=\"side-by-side\">Domains side by side</h2>\n"
	      "<div class=\"wide\"><table><thead><tr><th>domain</th><th>scheduler</th>",
	      out);
	cx_html_term(out, "esxtop", "%RUN");
	cx_html_term(out, "esxtop", "%RDY");
	cx_html_term(out, "esxtop", "%MLMTD");
	cx_html_term(out, "esxtop", "%CSTP");
	cx_html_term(out, "esxtop", "%WAIT");
	cx_html_term(out, "lag", "lag least");
	cx_html_term(out, "lag", "p1");
	cx_html_term(out, "lag", "p50");
	cx_html_term(out, "lag", "p99");
	cx_html_term(out, "lag", "largest");
	if (bounded) {
		cx_html_term(out, "shortfall", "shortfall");
		cx_html_term(out, "overshoot", "overshoot");
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (row = 0; row < rows->n; row++)
		for (run = 0; run < report->n_runs; run++) {
			struct cx_row_figures f;

			if (cx_row_measure(report, run, rows, row, &f))
				return -ENOMEM;
			put_row(out, run ? "" : rows->row[row].label,
				report->records[run]->scheduler, &f, bounded);
		}
	fputs("</tbody></table></div>\n", out);
	put_pools(out, report);
	return 0;
}
