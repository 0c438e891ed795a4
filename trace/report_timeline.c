/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who ran where, in a chosen stretch of the run.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_A_ROW 70.0    /* what the eye takes in on a row */
#define SEGMENTS_AT_LEAST 12.0 /* of the run that switches most rarely ... */
#define SEGMENTS_DENSE 400.0   /* ... unless that makes the busiest one a grey mush */
#define LENGTH_MIN_NS 1000000ull
#define BEFORE 4u   /* such a part of the stretch comes before what happened */
#define GRID 10u    /* and it starts at a multiple of such a part */
#define SLOTS 1200u /* a row is never cut finer than this: about what a screen shows */

static double round_up_125(double x)
{
	double decade = 1;

	while (decade * 10 <= x)
		decade *= 10;
	return x <= decade       ? decade
	       : x <= 2 * decade ? 2 * decade
	       : x <= 5 * decade ? 5 * decade
				 : 10 * decade;
}

static uint64_t shortest_run(const struct cx_report *report)
{
	uint64_t least = UINT64_MAX;
	unsigned i;

	for (i = 0; i < report->n_runs; i++)
		if (report->records[i]->duration_ns < least)
			least = report->records[i]->duration_ns;
	return report->n_runs ? least : 0;
}

static uint64_t fitting_length(const struct cx_report *report, uint64_t duration_ns)
{
	double most = 0, fewest = 1e300, length;
	unsigned i;

	for (i = 0; i < report->n_runs; i++) {
		unsigned pcpus = report->records[i]->n_pcpus;
		double rate = report->metrics[i]->switches_per_s / (pcpus ? pcpus : 1);

		if (rate > most)
			most = rate;
		if (rate > 0 && rate < fewest)
			fewest = rate;
	}
	if (most <= 0)
		return duration_ns;
	length = SEGMENTS_A_ROW / most;
	if (length < SEGMENTS_AT_LEAST / fewest)
		length = SEGMENTS_AT_LEAST / fewest;
	if (length > SEGMENTS_DENSE / most)
		length = SEGMENTS_DENSE / most;
	length = length * 1e9 < LENGTH_MIN_NS ? LENGTH_MIN_NS : length * 1e9;
	length = round_up_125(length);
	return length < (double)duration_ns ? (uint64_t)length : duration_ns;
}

/** Somewhere in the middle of the run, or around what happened nearest to it. */
static uint64_t fitting_start(const struct cx_report *report, uint64_t duration_ns,
			      uint64_t length_ns)
{
	uint64_t middle = duration_ns / 2, start = (duration_ns - length_ns) / 2, best = UINT64_MAX;
	uint64_t grid = length_ns;
	struct cx_changes list = { 0 };
	unsigned i;

	for (i = 0; i < report->n_runs && list.n == 0; i++) {
		cx_changes_free(&list);
		if (cx_marks_find(report->records[i], &list))
			break;
	}
	for (i = 0; i < list.n; i++) {
		uint64_t t = list.change[i].event.t_ns, far = t > middle ? t - middle : middle - t;

		if (far >= best || t >= duration_ns)
			continue;
		best = far;
		start = t > length_ns / BEFORE ? t - length_ns / BEFORE : 0;
		if (start > duration_ns - length_ns)
			start = duration_ns - length_ns;
		grid = length_ns / GRID;
	}
	cx_changes_free(&list);
	return start - (grid ? start % grid : 0);
}

struct cx_timeline cx_timeline_choose(const struct cx_report *report, uint64_t start_ns,
				      uint64_t length_ns)
{
	uint64_t duration = shortest_run(report);
	struct cx_timeline t = { .start_ns = start_ns, .length_ns = length_ns };
	unsigned i;

	if (length_ns == 0) {
		t.length_ns = fitting_length(report, duration);
		t.start_ns = fitting_start(report, duration, t.length_ns);
	}
	for (i = 0; i < report->n_runs; i++)
		if (report->records[i]->n_pcpus > t.pcpus)
			t.pcpus = report->records[i]->n_pcpus;
	if (t.pcpus > CX_TIMELINE_PCPUS)
		t.pcpus = CX_TIMELINE_PCPUS;
	return t;
}

/** What one pCPU's row is at: the segment that grows, and who had most of it. */
struct row {
	uint32_t current;
	uint64_t since_ns;
	/* The slot being filled, when segments are shorter than a slot. */
	uint32_t owner;
	uint64_t owner_ns, from_ns, to_ns;
	bool merged;
};

struct drawing {
	FILE *out;
	const struct cx_record *record;
	const struct cx_rows *rows;
	uint64_t start_ns, end_ns, slot_ns;
	unsigned pcpus;
	struct row *row;
	unsigned *number; /* of a domain within its row of the tables, from 0 */
};

static void put_segment(const struct drawing *d, unsigned p, uint32_t vcpu, uint64_t from,
			uint64_t to, bool merged)
{
	const struct cx_record_vcpu *v = &d->record->vcpus[vcpu];
	unsigned row = v->domain < d->rows->n_domains ? d->rows->row_of[v->domain] : 0;

	fprintf(d->out, "%u,%.9f,%.9f,%u,", p, (double)from / 1e9, (double)to / 1e9, row);
	cx_put_csv(d->out, d->record->domains[v->domain].name);
	fprintf(d->out, ",%u,%u,%c", v->index, merged, CX_ROW_LETTER(row));
	if (row < d->rows->n && d->rows->row[row].count > 1)
		fprintf(d->out, "%u", d->number[v->domain]);
	fputc('\n', d->out);
}

static void flush_row(const struct drawing *d, unsigned p)
{
	struct row *r = &d->row[p];

	if (r->owner != CX_NO_VCPU)
		put_segment(d, p, r->owner, r->from_ns, r->to_ns, r->merged);
	r->owner = CX_NO_VCPU;
	r->merged = false;
	r->owner_ns = 0;
}

/** Segments shorter than a slot are drawn as one, in the name of the longest of them. */
static void segment(const struct drawing *d, unsigned p, uint32_t vcpu, uint64_t from, uint64_t to)
{
	struct row *r = &d->row[p];

	from = from < d->start_ns ? d->start_ns : from;
	to = to > d->end_ns ? d->end_ns : to;
	if (from >= to)
		return;
	if (r->owner != CX_NO_VCPU && (from / d->slot_ns != r->from_ns / d->slot_ns ||
				       to - from >= d->slot_ns || r->owner_ns >= d->slot_ns))
		flush_row(d, p);
	if (r->owner == CX_NO_VCPU) {
		r->from_ns = from;
	} else if (vcpu != r->owner) {
		r->merged = true;
	}
	if (r->owner == CX_NO_VCPU || to - from > r->owner_ns) {
		r->owner = vcpu;
		r->owner_ns = to - from;
	}
	r->to_ns = to;
}

static void leave(const struct drawing *d, unsigned p, uint64_t t_ns)
{
	struct row *r = &d->row[p];

	if (r->current != CX_NO_VCPU)
		segment(d, p, r->current, r->since_ns, t_ns);
}

static int draw(const struct drawing *d)
{
	struct cx_history_cursor *cursor = cx_history_walk(d->record->history);
	const struct cx_event *ev;
	unsigned p;

	if (!cursor)
		return -ENOMEM;
	while ((ev = cx_history_next(cursor)) != NULL && ev->t_ns < d->end_ns) {
		if (ev->type != CX_EV_SWITCH || ev->pcpu >= d->pcpus)
			continue;
		if (ev->vcpu == d->row[ev->pcpu].current)
			continue;
		leave(d, ev->pcpu, ev->t_ns);
		d->row[ev->pcpu].current = ev->vcpu < d->record->n_vcpus ? ev->vcpu : CX_NO_VCPU;
		d->row[ev->pcpu].since_ns = ev->t_ns;
	}
	for (p = 0; p < d->pcpus; p++) {
		leave(d, p, d->end_ns);
		flush_row(d, p);
	}
	cx_history_cursor_free(cursor);
	return 0;
}

static void number_domains(const struct cx_rows *rows, unsigned n, unsigned *number)
{
	unsigned next[CX_ROWS_MAX] = { 0 }, d;

	for (d = 0; d < n && d < rows->n_domains; d++)
		if (rows->row_of[d] < CX_ROWS_MAX)
			number[d] = next[rows->row_of[d]]++;
}

static int draw_run(const struct cx_record *record, const struct cx_rows *rows,
		    const struct cx_timeline *timeline, FILE *out)
{
	uint64_t end = timeline->start_ns + timeline->length_ns;
	struct drawing d = {
		.out = out,
		.record = record,
		.rows = rows,
		.start_ns = timeline->start_ns,
		.end_ns = end < record->duration_ns ? end : record->duration_ns,
		.slot_ns = timeline->length_ns / SLOTS + 1,
		.pcpus = record->n_pcpus < timeline->pcpus ? record->n_pcpus : timeline->pcpus,
	};
	unsigned p;
	int ret = -ENOMEM;

	d.row = calloc(d.pcpus + 1u, sizeof(*d.row));
	d.number = calloc(record->n_domains + 1u, sizeof(*d.number));
	if (!d.row || !d.number)
		goto out;
	number_domains(rows, record->n_domains, d.number);
	for (p = 0; p < d.pcpus; p++)
		d.row[p].current = d.row[p].owner = CX_NO_VCPU;
	fputs("pcpu,start_s,end_s,row,domain,vcpu,merged,tag\n", out);
	ret = draw(&d);
out:
	free(d.row);
	free(d.number);
	return ret;
}

int cx_timeline_csv(const struct cx_report *report, const struct cx_rows *rows,
		    const struct cx_timeline *timeline, const char *dir, struct cx_error *err)
{
	unsigned i;

	for (i = 0; i < report->n_runs; i++) {
		char slug[64], name[128];
		int ret, failed;
		FILE *out;

		cx_run_slug(report, i, slug, sizeof(slug));
		snprintf(name, sizeof(name), "data/timeline-%s.csv", slug);
		out = cx_folder_create(dir, name, err);
		if (!out)
			return -errno;
		failed = draw_run(report->records[i], rows, timeline, out);
		ret = cx_folder_close(out, dir, name, err);
		if (ret)
			return ret;
		if (failed)
			return cx_fail(err, -failed, "timeline: out of memory");
	}
	return 0;
}
