/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The comparison on a terminal: what must not be overlooked, one line for each
 * scheduler, then one block for each scheduler with a line for each domain.
 */
#include "trace/report_internal.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_DEFAULT 100u
#define COLUMNS_MIN 60u
#define NAME_MIN 14u /* even if the line then gets too long */
#define NAME_MAX 28u
#define CELLS 16
#define POOL_MIN 4u /* columns of the name of a domain's pool */
#define POOL_MAX 12u

/** A table is printed line by line; the first column takes the room that is left. */
struct column {
	const char *head;
	unsigned width;
};

struct table {
	FILE *out;
	unsigned n, first_width;
	const struct column *columns;
};

static void put_line(const struct table *t, const char *first, char cells[][CX_SHORT])
{
	unsigned i;

	cx_put_cell(t->out, first, t->first_width, false);
	for (i = 0; i < t->n; i++) {
		fputc(' ', t->out);
		cx_put_cell(t->out, cells[i], t->columns[i].width, true);
	}
	fputc('\n', t->out);
}

static void put_head(const struct table *t, const char *first)
{
	char cells[CELLS][CX_SHORT];
	unsigned i;

	for (i = 0; i < t->n; i++)
		snprintf(cells[i], CX_SHORT, "%s", t->columns[i].head);
	put_line(t, first, cells);
}

/** As wide as the longest of the first column needs, and as @columns lets it be. */
static struct table new_table(FILE *out, const struct column *columns, unsigned n, unsigned longest,
			      unsigned width)
{
	struct table t = { .out = out, .n = n, .columns = columns };
	unsigned used = 0, i;

	for (i = 0; i < n; i++)
		used += 1 + columns[i].width;
	t.first_width = width > used ? width - used : 0;
	if (t.first_width > longest)
		t.first_width = longest;
	if (t.first_width < NAME_MIN)
		t.first_width = NAME_MIN;
	return t;
}

static unsigned at_least(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* ---- paragraphs ---- */

/** @text in lines of at most @width columns, the second and later ones indented. */
static void put_wrapped(FILE *out, const char *text, unsigned width, unsigned indent)
{
	unsigned at = 0;

	while (*text) {
		size_t word = strcspn(text, " \n\t");
		char *copy = strndup(text, word);
		unsigned n;

		if (!copy)
			return;
		n = cx_text_width(copy);
		if (at && at + 1 + n > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at && n) {
			fputc(' ', out);
			at++;
		}
		cx_put_text(out, copy);
		at += n;
		free(copy);
		text += word;
		text += strspn(text, " \n\t");
	}
	fputc('\n', out);
}

struct paragraph {
	FILE *out;
	unsigned width;
	unsigned n;
};

static void put_warning(void *arg, bool loud, const char *line)
{
	struct paragraph *p = arg;
	size_t room = strlen(line) + sizeof("!! ");
	char *text = malloc(room);

	if (!text)
		return;
	if (p->n++ == 0)
		fputc('\n', p->out);
	snprintf(text, room, "%s %s", loud ? "!!" : "--", line);
	put_wrapped(p->out, text, p->width, 3);
	free(text);
}

static void put_title(FILE *out, const struct cx_report *report, unsigned width)
{
	const struct cx_record *r = report->records[0];
	char buf[CX_SHORT];

	cx_put_text(out, r->scenario);
	fputc('\n', out);
	if (r->question && *r->question)
		put_wrapped(out, r->question, width, 0);
	fputs("machine ", out);
	cx_put_text(out, r->machine);
	fputs(", backend ", out);
	cx_put_text(out, r->backend);
	fprintf(out, ", %u pCPU%s, %s a run, seed %llu\n", r->n_pcpus, r->n_pcpus == 1 ? "" : "s",
		cx_fmt_ns(r->duration_ns, buf), (unsigned long long)r->seed);
	if (r->host && *r->host)
		put_wrapped(out, r->host, width, 0);
}

/* ---- the headline ---- */

static void headline_cells(const struct cx_record *r, const struct cx_metrics *m,
			   char c[][CX_SHORT])
{
	double error = cx_metrics_window_error(m, CX_HEADLINE_WINDOW_NS);
	char buf[CX_SHORT];

	snprintf(c[0], CX_SHORT, "%.4f", m->jain);
	snprintf(c[1], CX_SHORT, "%s", error < 0 ? "-" : cx_fmt_percent(100 * error, buf));
	cx_fmt_count(m->switches_per_s, c[2]);
	if (r->decide_ns.count) {
		cx_fmt_ns(cx_hist_percentile(&r->decide_ns, 50), c[3]);
		cx_fmt_ns(cx_hist_percentile(&r->decide_ns, 99), c[4]);
	} else {
		strcpy(c[3], "-");
		strcpy(c[4], "-");
	}
	if (m->wake_ns.count)
		cx_fmt_ns(cx_hist_percentile(&m->wake_ns, 99), c[5]);
	else
		strcpy(c[5], "-");
	cx_fmt_percent(m->busy_percent, c[6]);
	if (r->cut)
		strcpy(c[7], "-");
	else
		cx_fmt_percent(m->steal_percent, c[7]);
	snprintf(c[8], CX_SHORT, "%s", cx_run_verdict(r));
}

static void put_headline(FILE *out, const struct cx_report *report, unsigned width)
{
	static const struct column columns[] = {
		{ "Jain", 6 },          { "E(100ms)", 8 }, { "switches/s", 10 },
		{ "dispatch p50", 12 }, { "p99", 6 },      { "wake p99", 8 },
		{ "busy", 5 },          { "steal", 6 },    { "ended", 11 },
	};
	char cells[CELLS][CX_SHORT];
	unsigned i, longest = sizeof("scheduler") - 1;
	struct table t;

	for (i = 0; i < report->n_runs; i++)
		longest = at_least(longest, cx_text_width(report->records[i]->scheduler));
	t = new_table(out, columns, sizeof(columns) / sizeof(columns[0]), longest, width);
	fputc('\n', out);
	put_head(&t, "scheduler");
	for (i = 0; i < report->n_runs; i++) {
		headline_cells(report->records[i], report->metrics[i], cells);
		put_line(&t, cx_or_empty(report->records[i]->scheduler), cells);
	}
}

/* ---- one block a scheduler ---- */

/** Which columns are worth their room in this report. */
struct shown {
	bool limited, costop, paused, spread;
	unsigned pool; /* so wide; 0 = not at all */
};

static struct shown what_to_show(const struct cx_report *report, const struct cx_rows *rows)
{
	struct shown s = { .limited = false };
	unsigned i, d, r;

	for (i = 0; i < report->n_runs; i++)
		for (d = 0; d < report->records[i]->n_domains; d++) {
			s.limited |= report->metrics[i]->domains[d].limited_ns > 0 ||
				     report->records[i]->domains[d].limit > 0;
			s.costop |= report->metrics[i]->domains[d].costop_ns > 0;
			s.paused |= report->metrics[i]->domains[d].paused_ns > 0;
		}
	for (r = 0; r < rows->n; r++)
		s.spread |= rows->row[r].count > 1;
	for (r = 0; r < rows->n && report->records[0]->n_pools; r++) {
		s.pool = at_least(s.pool, cx_text_width(cx_row_pool(report->records[0], rows, r)));
		s.pool = s.pool > POOL_MAX ? POOL_MAX : at_least(s.pool, POOL_MIN);
	}
	return s;
}

static unsigned block_columns(const struct shown *s, struct column *c)
{
	unsigned n = 0;

	if (s->pool)
		c[n++] = (struct column){ "pool", s->pool };
	c[n++] = (struct column){ "weight", 6 };
	c[n++] = (struct column){ "entitled", 8 };
	c[n++] = (struct column){ "received", 8 };
	if (s->spread)
		c[n++] = (struct column){ "min..max", 11 };
	c[n++] = (struct column){ "ready", 6 };
	if (s->limited)
		c[n++] = (struct column){ "limited", 7 };
	if (s->costop)
		c[n++] = (struct column){ "costop", 6 };
	c[n++] = (struct column){ "blocked", 7 };
	if (s->paused)
		c[n++] = (struct column){ "paused", 6 };
	c[n++] = (struct column){ "progress/s", 10 };
	c[n++] = (struct column){ "wake p50", 8 };
	c[n++] = (struct column){ "p99", 6 };
	c[n++] = (struct column){ "migr", 5 };
	return n;
}

static void block_cells(const struct shown *s, const struct cx_record *record,
			const struct cx_rows *rows, unsigned r, const struct cx_row_figures *f,
			char c[][CX_SHORT])
{
	const struct cx_row *row = &rows->row[r];
	char lo[CX_SHORT], hi[CX_SHORT];
	unsigned n = 0;

	if (s->pool)
		snprintf(c[n++], CX_SHORT, "%s", cx_row_pool(record, rows, r));
	if (row->mixed)
		strcpy(c[n++], "*");
	else
		snprintf(c[n++], CX_SHORT, "%u", record->domains[row->first].weight);
	cx_fmt_percent(f->entitled, c[n++]);
	cx_fmt_percent(f->received, c[n++]);
	if (s->spread) {
		cx_fmt_percent(f->received_min, lo);
		cx_fmt_percent(f->received_max, hi);
		if (row->count > 1)
			snprintf(c[n++], CX_SHORT, "%.12s..%.12s", lo, hi);
		else
			strcpy(c[n++], "");
	}
	cx_fmt_percent(f->state[CX_READY], c[n++]);
	if (s->limited)
		cx_fmt_percent(f->state[CX_LIMITED], c[n++]);
	if (s->costop)
		cx_fmt_percent(f->state[CX_COSTOPPED], c[n++]);
	cx_fmt_percent(f->state[CX_BLOCKED], c[n++]);
	if (s->paused)
		cx_fmt_percent(f->state[CX_PAUSED], c[n++]);
	if (record->cut)
		strcpy(c[n++], "-");
	else
		cx_fmt_count(f->progress_per_s, c[n++]);
	if (f->wakes) {
		cx_fmt_ns(f->wake_p50_ns, c[n++]);
		cx_fmt_ns(f->wake_p99_ns, c[n++]);
	} else {
		strcpy(c[n++], "-");
		strcpy(c[n++], "-");
	}
	cx_fmt_count((double)f->migrations, c[n++]);
}

static void put_block(FILE *out, const struct cx_report *report, const struct cx_rows *rows,
		      const struct shown *shown, unsigned run, unsigned width)
{
	const struct cx_record *record = report->records[run];
	struct column columns[CELLS];
	unsigned n = block_columns(shown, columns), r, longest = NAME_MIN;
	struct table t;

	for (r = 0; r < rows->n; r++)
		longest = at_least(longest, cx_text_width(rows->row[r].label));
	if (longest > NAME_MAX)
		longest = NAME_MAX;
	t = new_table(out, columns, n, longest, width);
	fputc('\n', out);
	cx_put_text(out, record->scheduler);
	if (record->params && *record->params) {
		fputs("  (", out);
		cx_put_text(out, record->params);
		fputc(')', out);
	}
	fputc('\n', out);
	put_head(&t, "domain");
	for (r = 0; r < rows->n; r++) {
		char cells[CELLS][CX_SHORT];
		struct cx_row_figures f;

		if (cx_row_measure(report, run, rows, r, &f))
			return;
		block_cells(shown, record, rows, r, &f, cells);
		put_line(&t, rows->row[r].label, cells);
	}
	cx_pools_text(record, report->metrics[run], out);
}

/* ---- side by side ---- */

static void side_cells(const struct cx_row_figures *f, bool bounded, char c[][CX_SHORT])
{
	static const unsigned shown[] = { 1, 50, 99 };
	unsigned part[CX_ESXTOP], k, n = 0;

	cx_esxtop_parts(f->time_ns, CX_ESXTOP_ONE, part);
	for (k = 0; k < CX_ESXTOP; k++)
		cx_esxtop_text(part[k], CX_ESXTOP_ONE, c[n++]);
	for (k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
		cx_fmt_signed_ns(f->lag_ns[shown[k]], c[n++]);
	if (bounded) {
		cx_fmt_bound(&f->bounds.shortfall, c[n++]);
		cx_fmt_bound(&f->bounds.overshoot, c[n++]);
	}
}

/** A domain, and below it a line for each scheduler. */
static void put_side_by_side(FILE *out, const struct cx_report *report, const struct cx_rows *rows,
			     bool bounded, unsigned width)
{
	static const struct column columns[] = {
		{ "%RUN", 5 },   { "%RDY", 5 }, { "%MLMTD", 6 }, { "%CSTP", 5 }, { "%WAIT", 5 },
		{ "lag p1", 8 }, { "p50", 8 },  { "p99", 8 },    { "short", 7 }, { "over", 7 },
	};
	unsigned n = sizeof(columns) / sizeof(columns[0]) - (bounded ? 0 : 2), row, run;
	unsigned longest = NAME_MIN;
	struct table t;

	for (run = 0; run < report->n_runs; run++)
		longest = at_least(longest, 2 + cx_text_width(report->records[run]->scheduler));
	t = new_table(out, columns, n, longest < NAME_MAX ? longest : NAME_MAX, width);
	fputc('\n', out);
	put_head(&t, "side by side");
	for (row = 0; row < rows->n; row++) {
		unsigned full = cx_text_width(rows->row[row].label);

		cx_put_cell(out, rows->row[row].label, full < width ? full : width, false);
		fputc('\n', out);
		for (run = 0; run < report->n_runs; run++) {
			char cells[CELLS][CX_SHORT], name[CX_SHORT];
			struct cx_row_figures f;

			if (cx_row_measure(report, run, rows, row, &f))
				return;
			side_cells(&f, bounded, cells);
			snprintf(name, sizeof(name), "  %.28s",
				 cx_or_empty(report->records[run]->scheduler));
			put_line(&t, name, cells);
		}
	}
}

void cx_report_text(const struct cx_report *report, FILE *out, unsigned columns)
{
	unsigned width = columns ? at_least(columns, COLUMNS_MIN) : COLUMNS_DEFAULT, i;
	struct paragraph warnings = { out, width, 0 };
	struct cx_rows rows;
	struct shown shown;
	bool bounded;

	if (report->n_runs == 0) {
		fputs("nothing was run\n", out);
		return;
	}
	put_title(out, report, width);
	cx_report_warnings(report, put_warning, &warnings);
	put_headline(out, report, width);
	if (cx_rows_make(report, &rows)) {
		fputs("out of memory: no table of domains\n", out);
		return;
	}
	shown = what_to_show(report, &rows);
	for (i = 0; i < report->n_runs; i++)
		put_block(out, report, &rows, &shown, i, width);
	bounded = cx_report_bounded(report);
	put_side_by_side(out, report, &rows, bounded, width);
	cx_responses_text(report, &rows, out);
	fputc('\n', out);
	put_wrapped(out,
		    "entitled, received: percent of one pCPU while the domain lived; ready .. "
		    "blocked: percent of its vCPUs' time; wake: event to running; migr: "
		    "migrations; E(100ms): the largest error in any 100 ms, percent of one pCPU; "
		    "dispatch: cost of a decision; busy: percent of all pCPUs; steal: percent of "
		    "the run time that the host took away. Side by side: percent of its vCPUs' "
		    "time in esxtop's words, except that %RDY is without %MLMTD; lag: entitled "
		    "less received since its start, positive = behind.",
		    width, 0);
	if (bounded)
		put_wrapped(out,
			    "short, over: the worst second of its reservation, as far as it "
			    "demanded it, and of its limit; - = no second to judge by.",
			    width, 0);
	if (report->records[0]->n_pools)
		put_wrapped(out,
			    "Of a pool, whose settings are those of the start: entitled, received: "
			    "of its domains and the pools in it together, percent of one pCPU over "
			    "the whole run.",
			    width, 0);
	if (shown.spread)
		put_wrapped(out,
			    "Replicas are shown together: means, and the least and most that "
			    "one of them received; * = not all alike.",
			    width, 0);
	cx_rows_free(&rows);
}
