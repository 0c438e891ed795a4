/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guests measured themselves: all of it in the page, response times in the text. */
#include "trace/report_internal.h"

#include <string.h>

#define RESULTS_MAX 64u /* different named results shown */
#define NAME_WIDTH 28u
#define TIME_WIDTH 8u

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	cx_put_html(out, text);
	fputs("</td>", out);
}

struct result {
	unsigned row;
	char name[33];
};

struct spread {
	uint64_t n, min, max;
	double sum;
};

/** Every named figure of every row, in order of appearance. */
static unsigned find_results(const struct cx_report *report, const struct cx_rows *rows,
			     struct result *found)
{
	unsigned i, v, k, j, n = 0;

	for (i = 0; i < report->n_runs; i++)
		for (v = 0; v < report->records[i]->n_vcpus; v++) {
			const struct cx_record_vcpu *vcpu = &report->records[i]->vcpus[v];

			if (vcpu->domain >= rows->n_domains)
				continue;
			for (k = 0; k < vcpu->n_results && k < CX_RECORD_RESULTS; k++) {
				struct result r = { .row = rows->row_of[vcpu->domain] };

				snprintf(r.name, sizeof(r.name), "%.32s", vcpu->results[k].name);
				for (j = 0; j < n; j++)
					if (found[j].row == r.row && !strcmp(found[j].name, r.name))
						break;
				if (j == n && n < RESULTS_MAX)
					found[n++] = r;
			}
		}
	return n;
}

static struct spread collect(const struct cx_record *record, const struct cx_rows *rows,
			     const struct result *r)
{
	struct spread s = { .min = UINT64_MAX };
	unsigned v, k;

	for (v = 0; v < record->n_vcpus; v++) {
		const struct cx_record_vcpu *vcpu = &record->vcpus[v];

		if (vcpu->domain >= rows->n_domains || rows->row_of[vcpu->domain] != r->row)
			continue;
		for (k = 0; k < vcpu->n_results && k < CX_RECORD_RESULTS; k++) {
			uint64_t x = vcpu->results[k].value;

			if (strncmp(vcpu->results[k].name, r->name, 32))
				continue;
			s.n++;
			s.sum += (double)x;
			s.min = x < s.min ? x : s.min;
			s.max = x > s.max ? x : s.max;
		}
	}
	return s;
}

/** A guest may publish anything, and a mean of that may be more than fits. */
static uint64_t as_ns(double value)
{
	return value < 1.8e19 ? (uint64_t)value : UINT64_MAX;
}

static void put_figure(FILE *out, double value, bool time)
{
	char buf[CX_SHORT];

	fputs(time ? cx_fmt_ns(as_ns(value), buf) : cx_fmt_count(value, buf), out);
}

static void put_spread(FILE *out, const struct spread *s, bool time)
{
	fputs("<td>", out);
	if (s->n == 0) {
		fputc('-', out);
	} else {
		put_figure(out, s->sum / (double)s->n, time);
		if (s->max != s->min) {
			fputs(" (", out);
			put_figure(out, (double)s->min, time);
			fputs(" .. ", out);
			put_figure(out, (double)s->max, time);
			fputc(')', out);
		}
	}
	fputs("</td>", out);
}

/** A line of the table, unless the figure is 0 in every run. */
static void put_result(FILE *out, const struct cx_report *report, const struct cx_rows *rows,
		       const struct result *r)
{
	size_t len = strlen(r->name);
	bool time = len > 3 && strcmp(r->name + len - 3, "_ns") == 0, zero = true;
	unsigned i;

	for (i = 0; i < report->n_runs && zero; i++)
		zero = collect(report->records[i], rows, r).sum <= 0;
	if (zero)
		return;
	fputs("<tr>", out);
	cell(out, rows->row[r->row].label);
	cell(out, r->name);
	for (i = 0; i < report->n_runs; i++) {
		struct spread s = collect(report->records[i], rows, r);

		put_spread(out, &s, time);
	}
	fputs("</tr>\n", out);
}

void cx_html_results(FILE *out, const struct cx_report *report, const struct cx_rows *rows)
{
	struct result found[RESULTS_MAX];
	unsigned n = find_results(report, rows, found), j, i;

	if (n == 0)
		return;
	fputs("<h2 id=\"results\">What the guests measured</h2>\n"
	      "<p>Mean over the vCPUs (least .. most), in the guests' own units. "
	      "Figures that are 0 in every run are left out.</p>\n"
	      "<div class=\"wide\"><table><thead><tr><th>domain</th><th>figure</th>",
	      out);
	for (i = 0; i < report->n_runs; i++) {
		fputs("<th>", out);
		cx_put_html(out, report->records[i]->scheduler);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (j = 0; j < n; j++)
		put_result(out, report, rows, &found[j]);
	fputs("</tbody></table></div>\n", out);
}

/* ---- response times ---- */

static const struct {
	const char *name, *head;
} times[] = {
	{ "p50_ns", "p50" },
	{ "p99_ns", "p99" },
	{ "p999_ns", "p99.9" },
	{ "max_ns", "largest" },
};
#define TIMES (sizeof(times) / sizeof(times[0]))

static struct spread response(const struct cx_record *record, const struct cx_rows *rows,
			      unsigned row, unsigned which)
{
	struct result r = { .row = row };

	snprintf(r.name, sizeof(r.name), "%s", times[which].name);
	return collect(record, rows, &r);
}

/** A line, where the guest answered anything; the mean of its vCPUs, the largest of all. */
static void put_response(FILE *out, const struct cx_report *report, const struct cx_rows *rows,
			 unsigned row, unsigned run)
{
	const struct cx_record *record = report->records[run];
	char buf[CX_SHORT];
	unsigned i;

	cx_put_cell(out, rows->row[row].label, NAME_WIDTH, false);
	fputc(' ', out);
	cx_put_cell(out, record->scheduler, NAME_WIDTH / 2, false);
	for (i = 0; i < TIMES; i++) {
		struct spread s = response(record, rows, row, i);
		double x = i + 1 == TIMES ? (double)s.max : s.n ? s.sum / (double)s.n : 0;

		fputc(' ', out);
		cx_put_cell(out, x > 0 ? cx_fmt_ns(as_ns(x), buf) : "-", TIME_WIDTH, true);
	}
	fputc('\n', out);
}

void cx_responses_text(const struct cx_report *report, const struct cx_rows *rows, FILE *out)
{
	unsigned row, run, i, n = 0;

	for (row = 0; row < rows->n; row++)
		for (run = 0; run < report->n_runs; run++) {
			/* p99 and the largest: no other workload has both. */
			if (!(response(report->records[run], rows, row, 1).sum > 0) ||
			    !(response(report->records[run], rows, row, 3).sum > 0))
				continue;
			if (n++ == 0) {
				fputc('\n', out);
				cx_put_cell(out, "response times", NAME_WIDTH, false);
				fputc(' ', out);
				cx_put_cell(out, "scheduler", NAME_WIDTH / 2, false);
				for (i = 0; i < TIMES; i++) {
					fputc(' ', out);
					cx_put_cell(out, times[i].head, TIME_WIDTH, true);
				}
				fputc('\n', out);
			}
			put_response(out, report, rows, row, run);
		}
}
