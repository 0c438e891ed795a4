/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened during a run, marked in its plots.  The lines are part of the plot and not
 * arrows: gnuplot draws arrows over labels, whatever comes first.
 */
#include "trace/report_plots.h"

#include <errno.h>
#include <stdlib.h>

#define MARKS_MAX 12u /* in one picture */
#define MARK_TURN 0.8 /* of the width: further right, labels stand left of their line */
#define LETTER 0.0082 /* of the width, about, that a letter of a label takes */

static int by_time(const void *a, const void *b)
{
	const struct cx_change *x = a, *y = b;

	if (x->event.t_ns != y->event.t_ns)
		return x->event.t_ns < y->event.t_ns ? -1 : 1;
	return 0;
}

int cx_marks_find(const struct cx_record *record, struct cx_changes *list)
{
	struct cx_changes lives;
	struct cx_change *more;
	unsigned i;
	int rc = cx_changes_find(record, list);

	if (rc)
		return rc;
	rc = cx_lives_find(record, &lives);
	/* So many would hide the changes. */
	if (rc || list->n + lives.n > MARKS_MAX) {
		cx_changes_free(&lives);
		return 0;
	}
	more = realloc(list->change, (list->n + lives.n + 1) * sizeof(*more));
	if (more) {
		list->change = more;
		for (i = 0; i < lives.n; i++)
			more[list->n++] = lives.change[i];
		qsort(more, list->n, sizeof(*more), by_time);
	}
	cx_changes_free(&lives);
	return 0;
}

static bool is_within(const struct cx_change *c, uint64_t start_ns, uint64_t length_ns)
{
	return c->event.t_ns >= start_ns && c->event.t_ns - start_ns <= length_ns;
}

unsigned cx_marks_lines(const struct cx_record *record, uint64_t start_ns, uint64_t length_ns)
{
	struct cx_changes list;
	unsigned n = 0, i;

	if (cx_marks_find(record, &list) != 0)
		return 0;
	for (i = 0; i < list.n; i++)
		n += is_within(&list.change[i], start_ns, length_ns);
	cx_changes_free(&list);
	return n < CX_PLOT_LABELS ? n : CX_PLOT_LABELS;
}

/** The topmost of @rows in which a label from @left to @right, in parts of the width, hides no
 *  other; where there is none, the one in which it hides least.  @ends: how far each is full. */
static unsigned choose_row(double *ends, unsigned rows, double left, double right)
{
	unsigned row = 0, i;

	for (i = 0; i < rows; i++) {
		if (ends[i] <= left) {
			row = i;
			break;
		}
		if (ends[i] < ends[row])
			row = i;
	}
	if (right > ends[row])
		ends[row] = right;
	return row;
}

void cx_marks_put(struct cx_script *s, uint64_t start_ns, uint64_t length_ns, unsigned rows,
		  double unit)
{
	const struct cx_record *record = s->report->records[s->run];
	double ends[MARKS_MAX] = { 0 };
	struct cx_changes list;
	unsigned i;

	if (rows > MARKS_MAX)
		rows = MARKS_MAX;
	s->marks = 0;
	if (cx_marks_find(record, &list) != 0)
		return;
	for (i = 0; i < list.n && s->marks < MARKS_MAX; i++) {
		uint64_t t = list.change[i].event.t_ns;
		double at = (double)t / 1e9 * unit, left, width;
		unsigned row;
		char *text;
		bool turn;

		if (!is_within(&list.change[i], start_ns, length_ns))
			continue;
		text = cx_change_text(record, &list.change[i]);
		left = length_ns ? (double)(t - start_ns) / (double)length_ns : 0;
		width = LETTER * (2 + cx_text_width(text));
		turn = left > MARK_TURN;
		left -= turn ? width : 0;
		row = choose_row(ends, rows, left, left + width);
		fprintf(s->out, "mark%u = %.9g\nset label ", s->marks++, at);
		cx_put_gnuplot(s->out, text);
		fprintf(s->out,
			" at %.9g, graph 1 %s front boxed font ',11' offset character %g,%g\n", at,
			turn ? "right" : "left", turn ? -0.7 : 0.7, -0.7 - 1.2 * row);
		free(text);
	}
	cx_changes_free(&list);
}

/* A black line of dashes on a white one, to be seen on every fill. */
void cx_marks_plot(const struct cx_script *s, bool *first, double from, double to)
{
	static const char *const looks[] = { "lw 4 lc rgb 'white'", "lw 1.5 dt 2 lc rgb 'black'" };
	unsigned i, k;

	for (i = 0; i < s->marks; i++)
		for (k = 0; k < sizeof(looks) / sizeof(looks[0]); k++) {
			cx_plot_clause(s->out, first);
			fprintf(s->out,
				"'+' using (mark%u):(%.6g):(0):(%.6g) every ::::0 with vectors "
				"nohead %s notitle",
				i, from, to - from, looks[k]);
		}
}
