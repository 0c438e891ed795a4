/* SPDX-License-Identifier: BSD-2-Clause */
/* The plot of who ran where. */
#include "trace/report_plots.h"

#include <stdlib.h>

#define TAG_WIDTH 0.008  /* of a tag's letter, as part of the timeline's width ... */
#define TAG_MARGIN 0.006 /* ... and what a box needs besides to show it */

/** The unit of the time axis, so that its numbers are short. */
static double axis_unit(uint64_t length_ns, const char **name)
{
	*name = length_ns < 2000000000ull ? "ms" : "s";
	return length_ns < 2000000000ull ? 1e3 : 1;
}

/** The upper end of the axis of pCPUs: above the first there are labels. */
static double timeline_top(unsigned lines)
{
	return -0.5 - (double)lines * CX_PLOT_LABEL_LINE / CX_PLOT_LANE;
}

static void timeline_axes(const struct cx_script *s, double unit, const char *name, unsigned lines)
{
	const struct cx_record *record = s->report->records[s->run];
	unsigned n = record->n_pcpus < s->timeline->pcpus ? record->n_pcpus : s->timeline->pcpus;
	double start = (double)s->timeline->start_ns / 1e9;
	double length = (double)s->timeline->length_ns / 1e9;
	unsigned p;

	fprintf(s->out,
		"set xlabel 'time since the start of the run (%s)'\n"
		"set xrange [%.9g:%.9g]\nset format x '%%g'\n"
		"set ylabel 'pCPU'\nset yrange [%u.5:%.6g]\nset ytics (",
		name, start * unit, (start + length) * unit, n ? n - 1 : 0, timeline_top(lines));
	for (p = 0; p < n; p++)
		fprintf(s->out, "%s'%u' %u", p ? ", " : "", p, p);
	fputs(")\nset tics out nomirror\nset grid xtics ls 100 back\n"
	      "set key Left reverse\n"
	      "set style textbox opaque noborder fillcolor rgb 'white' margins 0.4,0.4\n",
	      s->out);
}

void cx_write_timeline(struct cx_script *s)
{
	const struct cx_record *record = s->report->records[s->run];
	unsigned n = record->n_pcpus < s->timeline->pcpus ? record->n_pcpus : s->timeline->pcpus;
	double length = (double)s->timeline->length_ns / 1e9, unit;
	char slug[64];
	const char *name;
	bool first = true;
	unsigned lines, r;

	lines = cx_marks_lines(record, s->timeline->start_ns, s->timeline->length_ns);
	unit = axis_unit(s->timeline->length_ns, &name);
	cx_plot_header(s,
		       CX_PLOT_FRAME + n * CX_PLOT_LANE + lines * CX_PLOT_LABEL_LINE +
			       (s->rows->n + 3) / 4 * CX_PLOT_KEY_LINE,
		       "Who ran on which pCPU, in a stretch of the run.");
	timeline_axes(s, unit, name, lines);
	cx_marks_put(s, s->timeline->start_ns, s->timeline->length_ns, lines ? lines : 1, unit);
	cx_run_slug(s->report, s->run, slug, sizeof(slug));
	fprintf(s->out, "u = %g                  # seconds to %s\ndata = 'data/timeline-%s.csv'\n",
		unit, name, slug);
	for (r = 0; r < s->rows->n; r++) {
		char tag[4] = { CX_ROW_LETTER(r), ' ', '\0' };
		char *text = NULL;
		size_t len;
		FILE *mem = open_memstream(&text, &len);

		if (!mem)
			return;
		fprintf(mem, "%s %s", tag, s->rows->row[r].label);
		fclose(mem);
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using ($4 == %u ? u*$2 : "
			"NaN):1:(u*$2):(u*$3):($1-0.38):($1+0.38) "
			"with boxxyerror %s border lc rgb 'black' lw 0.5 title ",
			r, cx_fill_style(r));
		cx_put_gnuplot(s->out, text);
		free(text);
	}
	cx_marks_plot(s, &first, n ? n - 0.5 : 0.5, timeline_top(lines));
	cx_plot_clause(s->out, &first);
	fprintf(s->out,
		"data skip 1 using ($3-$2 > %.9g * (%g + %g * strlen(strcol(8))) && $7 == 0 ? "
		"u*($2+$3)/2 : NaN):1:8 with labels boxed center font ',11' notitle\n",
		length, TAG_MARGIN, TAG_WIDTH);
}
