/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page: the question, what must not be overlooked, a table over the schedulers, the
 * plots, a table for each scheduler, what the guests measured, what the figures mean.
 * One file, no scripts, well-formed as XML too.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char css[] =
	"body{font:15px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#1a1a1a;background:#fff;"
	"max-width:1340px;margin:2em auto;padding:0 1em}"
	"h1{margin-bottom:.2em}h2{margin-top:2em;border-bottom:1px solid #ccc}"
	".question{font-size:1.25em;margin:.2em 0 .6em}.host{color:#555;margin:0}"
	".warn{border:2px solid #a40000;border-left-width:12px;padding:.4em 1em;margin:1em 0}"
	".warn p,.note p{margin:.2em 0}.note{border-left:12px solid #bbb;padding:.2em 1em}"
	"table{border-collapse:collapse;margin:.6em 0;font-size:13px;"
	"font-variant-numeric:tabular-nums}"
	"th,td{padding:.2em .5em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}"
	"th{border-bottom:2px solid #888;font-weight:600;white-space:normal;"
	"vertical-align:bottom}"
	"th:first-child,td:first-child{text-align:left;max-width:22em;overflow:hidden;"
	"text-overflow:ellipsis}"
	"th a{color:inherit;text-decoration:underline dotted}"
	".wide{overflow-x:auto}.bad{font-weight:700;color:#a40000}"
	"figure{margin:1.6em 0;max-width:1080px}figure svg{width:100%;height:auto;border:1px solid "
	"#ddd}"
	"figcaption{color:#333;max-width:60em}code{background:#f3f3f3;padding:0 .25em}"
	"pre{background:#f3f3f3;padding:.8em;overflow-x:auto}dt{font-weight:600;margin-top:.8em}"
	"dd{margin-left:1.4em;max-width:60em}:target{background:#fff3c4}"
	"@media print{body{margin:0;max-width:none}figure{break-inside:avoid}}";

void cx_html_open(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>",
	      out);
	cx_put_html(out, title);
	fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", css);
}

void cx_html_close(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	cx_put_html(out, text);
	fputs("</td>", out);
}

static void cell_percent(FILE *out, double percent)
{
	char buf[CX_SHORT];

	cell(out, cx_fmt_percent(percent, buf));
}

static void cell_ns(FILE *out, uint64_t ns, bool there)
{
	char buf[CX_SHORT];

	cell(out, there ? cx_fmt_ns(ns, buf) : "-");
}

static void cell_count(FILE *out, double n)
{
	char buf[CX_SHORT];

	cell(out, cx_fmt_count(n, buf));
}

/* ---- the headline ---- */

static void cell_bound(FILE *out, struct cx_metrics_bound bound)
{
	char buf[CX_SHORT];

	cell(out, cx_fmt_bound(&bound, buf));
}

static void headline_row(FILE *out, const struct cx_record *r, const struct cx_metrics *m,
			 bool bounded)
{
	double error = cx_metrics_window_error(m, CX_HEADLINE_WINDOW_NS);
	const char *verdict = cx_run_verdict(r);
	const struct cx_hist *h = &r->decide_ns;

	fputs("<tr>", out);
	cell(out, r->scheduler);
	fprintf(out, "<td>%.4f</td>", m->jain);
	if (error < 0)
		cell(out, "-");
	else
		cell_percent(out, 100 * error);
	cell_count(out, m->switches_per_s);
	cell_ns(out, cx_hist_percentile(h, 50), h->count);
	cell_ns(out, cx_hist_percentile(h, 99), h->count);
	cell_ns(out, cx_hist_percentile(&m->wake_ns, 99), m->wake_ns.count);
	cell_percent(out, m->busy_percent);
	cell_ns(out, m->idle_while_ready_ns, true);
	if (bounded) {
		cell_bound(out, cx_worst_bounds(m).shortfall);
		cell_bound(out, cx_worst_bounds(m).overshoot);
	}
	if (r->cut)
		cell(out, "-");
	else
		fprintf(out, "<td%s>%.1f</td>",
			m->steal_percent > CX_NOISY_STEAL_PERCENT ? " class=\"bad\"" : "",
			m->steal_percent);
	fprintf(out, "<td%s>%s</td></tr>\n", strcmp(verdict, "ok") ? " class=\"bad\"" : "",
		verdict);
}

static void heading(FILE *out, bool links, const char *id, const char *text)
{
	if (links)
		cx_html_term(out, id, text);
	else
		fprintf(out, "<th>%s</th>", text);
}

void cx_html_headline(FILE *out, const struct cx_report *report, bool links)
{
	bool bounded = cx_report_bounded(report);
	unsigned i;

	fputs("<div class=\"wide\"><table><thead><tr><th>scheduler</th>", out);
	heading(out, links, "jain", "Jain");
	heading(out, links, "window", "E(100 ms) %");
	heading(out, links, "switches", "switches/s");
	heading(out, links, "dispatch", "dispatch p50");
	heading(out, links, "dispatch", "p99");
	heading(out, links, "wake", "wake-up p99");
	heading(out, links, "busy", "busy %");
	heading(out, links, "unused", "idle while ready");
	if (bounded) {
		heading(out, links, "shortfall", "shortfall");
		heading(out, links, "overshoot", "overshoot");
	}
	heading(out, links, "steal", "host steal %");
	fputs("<th>ended</th></tr></thead>\n<tbody>\n", out);
	for (i = 0; i < report->n_runs; i++)
		headline_row(out, report->records[i], report->metrics[i], bounded);
	fputs("</tbody></table></div>\n", out);
}

/* ---- the top ---- */

struct warning_box {
	FILE *out;
	const char *open; /* class of the box that is open, or NULL */
};

static void put_warning(void *arg, bool loud, const char *line)
{
	struct warning_box *box = arg;
	const char *kind = loud ? "warn" : "note";

	if (box->open != kind) {
		fprintf(box->out, "%s<div class=\"%s\">\n", box->open ? "</div>\n" : "", kind);
		box->open = kind;
	}
	fputs("<p>", box->out);
	cx_put_html(box->out, line);
	fputs("</p>\n", box->out);
}

void cx_html_warnings(FILE *out, const struct cx_report *report)
{
	struct warning_box box = { out, NULL };

	cx_report_warnings(report, put_warning, &box);
	if (box.open)
		fputs("</div>\n", out);
}

static void put_top(FILE *out, const struct cx_report *report)
{
	const struct cx_record *r = report->records[0];
	char buf[CX_SHORT];

	fputs("<h1>", out);
	cx_put_html(out, r->scenario);
	fputs("</h1>\n", out);
	if (r->question && *r->question) {
		fputs("<p class=\"question\">", out);
		cx_put_html(out, r->question);
		fputs("</p>\n", out);
	}
	fputs("<p class=\"host\">", out);
	cx_put_html(out, r->host);
	fprintf(out, "<br/>machine ");
	cx_put_html(out, r->machine);
	fputs(", backend ", out);
	cx_put_html(out, r->backend);
	fprintf(out, "; %u pCPU%s; %u domains; %s a run; seed %" PRIu64 "</p>\n", r->n_pcpus,
		r->n_pcpus == 1 ? "" : "s", r->n_domains, cx_fmt_ns(r->duration_ns, buf), r->seed);
	cx_html_warnings(out, report);
}

/* ---- plots ---- */

/**
 * Copy an SVG from its <svg> on, its identifiers made this plot's own: several pictures
 * in one page must not share them.
 */
static void put_svg(FILE *out, FILE *svg, unsigned number)
{
	static const char *const marks[] = { "id=\"", "id='", "url(#", "href=\"#", "href='#" };
	char line[65536];
	bool inside = false;

	while (fgets(line, sizeof(line), svg)) {
		const char *at = line;

		if (!inside) {
			at = strstr(line, "<svg");
			if (!at)
				continue;
			inside = true;
		}
		while (*at) {
			size_t i, n = 0;

			for (i = 0; i < sizeof(marks) / sizeof(marks[0]) && !n; i++)
				if (strncmp(at, marks[i], strlen(marks[i])) == 0)
					n = strlen(marks[i]);
			if (n) {
				fwrite(at, 1, n, out);
				fprintf(out, "p%u_", number);
			} else {
				fputc(*at, out);
				n = 1;
			}
			at += n;
		}
	}
}

static void put_plots(FILE *out, const char *dir, const struct cx_plots *plots,
		      const struct cx_timeline *timeline)
{
	char path[PATH_MAX];
	const char *said = NULL;
	unsigned i;

	fprintf(out,
		"<h2 id=\"plots\">Plots</h2>\n<p>The timelines show %.6g s to %.6g s of the run. "
		"Each plot is drawn by the script named under it from the files in "
		"<code>data/</code>: change it and run it again with gnuplot.</p>\n",
		(double)timeline->start_ns / 1e9,
		(double)(timeline->start_ns + timeline->length_ns) / 1e9);
	for (i = 0; i < plots->n; i++) {
		const struct cx_plot *plot = &plots->plot[i];
		FILE *svg = NULL;

		fprintf(out, "<figure id=\"plot-%s\">\n", plot->name);
		if (plot->drawn &&
		    snprintf(path, sizeof(path), "%s/plots/%s.svg", dir, plot->name) < PATH_MAX)
			svg = fopen(path, "re");
		if (svg) {
			put_svg(out, svg, i);
			fclose(svg);
		} else {
			fputs("<p class=\"bad\">", out);
			cx_put_html(out, plot->title);
			fputs(": not drawn, as gnuplot is missing or failed.</p>\n", out);
		}
		fputs("<figcaption>", out);
		if (plot->help != said) /* once is enough for all timelines */
			cx_put_html(out, plot->help);
		said = plot->help;
		fprintf(out, " <code>gnuplot plots/%s.gp</code></figcaption>\n</figure>\n",
			plot->name);
	}
}

/* ---- a table for each scheduler ---- */

static void domain_row(FILE *out, const struct cx_record *record, const struct cx_rows *rows,
		       unsigned r, const struct cx_row_figures *f)
{
	const struct cx_row *row = &rows->row[r];
	const struct cx_record_domain *dom = &record->domains[row->first];
	char a[CX_SHORT], b[CX_SHORT];
	unsigned s;

	fputs("<tr>", out);
	cell(out, row->label);
	if (record->n_pools)
		cell(out, cx_row_pool(record, rows, r));
	if (row->mixed)
		fputs("<td>*</td><td>*</td><td>*</td><td>*</td>", out);
	else
		fprintf(out, "<td>%u</td><td>%u</td><td>%u</td><td>%u</td>", dom->n_vcpus,
			dom->weight, dom->reservation, dom->limit);
	cell_percent(out, f->entitled);
	cell_percent(out, f->received);
	if (row->count > 1)
		fprintf(out, "<td>%s .. %s</td>", cx_fmt_percent(f->received_min, a),
			cx_fmt_percent(f->received_max, b));
	else
		cell(out, "");
	cell_ns(out, f->lag_max_ns, true);
	for (s = 0; s < CX_PAUSED; s++)
		cell_percent(out, f->state[s]);
	if (record->cut)
		cell(out, "-");
	else
		cell_count(out, f->progress_per_s);
	cell_ns(out, f->wake_p50_ns, f->wakes);
	cell_ns(out, f->wake_p99_ns, f->wakes);
	cell_count(out, (double)f->migrations);
	if (f->corun >= 0) {
		cell_ns(out, f->skew_p99_ns, true);
		cell_percent(out, f->corun);
	} else {
		fputs("<td>-</td><td>-</td>", out);
	}
	fputs("</tr>\n", out);
}

static int put_domains(FILE *out, const struct cx_report *report, const struct cx_rows *rows,
		       unsigned run)
{
	const struct cx_record *record = report->records[run];
	unsigned r;

	fputs("<h3>", out);
	cx_put_html(out, record->scheduler);
	fputs("</h3>\n", out);
	if (record->params && *record->params) {
		fputs("<p><code>", out);
		cx_put_html(out, record->params);
		fputs("</code></p>\n", out);
	}
	fprintf(out,
		"<div class=\"wide\"><table><thead><tr><th>domain</th>%s<th>vCPUs</th>"
		"<th>weight</th><th>reserv. %%</th><th>limit %%</th>",
		record->n_pools ? "<th>pool</th>" : "");
	cx_html_term(out, "entitled", "entitled %");
	cx_html_term(out, "received", "received %");
	cx_html_term(out, "received", "least .. most");
	cx_html_term(out, "lag", "largest lag");
	cx_html_term(out, "states", "run %");
	cx_html_term(out, "states", "ready %");
	cx_html_term(out, "states", "limited %");
	cx_html_term(out, "states", "co-stop %");
	cx_html_term(out, "states", "blocked %");
	cx_html_term(out, "progress", "progress/s");
	cx_html_term(out, "wake", "wake-up p50");
	cx_html_term(out, "wake", "p99");
	cx_html_term(out, "migrations", "migrations");
	cx_html_term(out, "skew", "skew p99");
	cx_html_term(out, "corun", "together %");
	fputs("</tr></thead>\n<tbody>\n", out);
	for (r = 0; r < rows->n; r++) {
		struct cx_row_figures f;

		if (cx_row_measure(report, run, rows, r, &f))
			return -ENOMEM;
		domain_row(out, record, rows, r, &f);
	}
	fputs("</tbody></table></div>\n", out);
	return 0;
}

/* ---- the page ---- */

static void put_scenario(FILE *out, const struct cx_report *report)
{
	const char *yaml = report->records[0]->scenario_yaml;

	if (!yaml || !*yaml)
		return;
	fputs("<h2 id=\"scenario\">The scenario</h2>\n<pre>", out);
	/* Line by line: what is written for HTML has no control characters left. */
	while (*yaml) {
		size_t n = strcspn(yaml, "\n");
		char *line = strndup(yaml, n);

		if (!line)
			break;
		cx_put_html(out, line);
		fputc('\n', out);
		free(line);
		yaml += n + (yaml[n] != '\0');
	}
	fputs("</pre>\n", out);
}

int cx_report_html(const struct cx_report *report, const struct cx_rows *rows,
		   const struct cx_timeline *timeline, const char *dir,
		   const struct cx_plots *plots, struct cx_error *err)
{
	FILE *out = cx_folder_create(dir, "report.html", err);
	unsigned i;
	int failed = 0, ret;

	if (!out)
		return -errno;
	cx_html_open(out, report->n_runs ? cx_or_empty(report->records[0]->scenario) : "report");
	if (report->n_runs) {
		put_top(out, report);
		fputs("<h2 id=\"schedulers\">Schedulers compared</h2>\n", out);
		cx_html_headline(out, report, true);
		failed = cx_html_side_by_side(out, report, rows);
		put_plots(out, dir, plots, timeline);
		fputs("<h2 id=\"domains\">Domains</h2>\n", out);
		for (i = 0; i < report->n_runs && !failed; i++)
			failed = put_domains(out, report, rows, i);
		cx_html_results(out, report, rows);
		cx_html_pools(out, report->records[0]);
		put_scenario(out, report);
	} else {
		fputs("<p>Nothing was run.</p>\n", out);
	}
	cx_html_formulas(out);
	fputs("<p class=\"host\">The same in text: report.txt; for programs: summary.json; all "
	      "figures: data/*.csv.</p>\n",
	      out);
	cx_html_close(out);
	ret = cx_folder_close(out, dir, "report.html", err);
	if (failed && !ret)
		ret = cx_fail(err, ENOMEM, "report: out of memory");
	return ret;
}
