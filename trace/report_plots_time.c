/* SPDX-License-Identifier: BSD-2-Clause */
/* The plots over the time of a run, a lane for each row of domains. */
#include "trace/report_plots.h"

#include <math.h>

#define LANE 90u  /* pixels */
#define FILL 0.78 /* of a lane's height is drawn on */

/** 10, 20, 50, 100 ...: the first that is not less. */
static double round_up(double percent)
{
	double decade = 1;

	while (decade * 10 < percent)
		decade *= 10;
	return percent <= decade       ? decade
	       : percent <= 2 * decade ? 2 * decade
	       : percent <= 5 * decade ? 5 * decade
				       : 10 * decade;
}

/** The end of @row's scale, the same in all runs. */
static double top_of(const struct cx_script *s, unsigned row)
{
	double most = 0;
	unsigned run, i;

	for (run = 0; run < s->report->n_runs; run++)
		for (i = 0; i < s->report->metrics[run]->n_intervals; i++) {
			struct cx_row_interval x;

			cx_row_interval(s->report, run, s->rows, row, i, &x);
			most = fmax(most, fmax(x.entitled, x.received));
		}
	return round_up(most);
}

static unsigned label_lines(const struct cx_record *record)
{
	return cx_marks_lines(record, 0, record->duration_ns);
}

static double lanes_top(const struct cx_script *s)
{
	unsigned lines = label_lines(s->report->records[s->run]);

	return s->rows->n + (double)lines * CX_PLOT_LABEL_LINE / LANE;
}

static void open_lanes(struct cx_script *s, const char *what)
{
	const struct cx_record *record = s->report->records[s->run];
	double end = (double)record->duration_ns / 1e9;
	unsigned n = s->rows->n, lines = label_lines(record), r;
	double top = lanes_top(s);

	cx_plot_header(s, CX_PLOT_FRAME + n * LANE + lines * CX_PLOT_LABEL_LINE, what);
	fprintf(s->out,
		"set xlabel 'time since the start of the run (s)'\n"
		"set xrange [0:%.9g]\nset yrange [0:%.6g]\nset y2range [0:%.6g]\n"
		"set tics out nomirror\nset grid y2tics ls 100 back\nset rmargin 9\n"
		"set style textbox opaque noborder fillcolor rgb 'white' margins 0.4,0.4\n"
		"set ytics (",
		end > 0 ? end : 1, top, top);
	for (r = 0; r < n; r++) {
		fputs(r ? ", \\\n    " : "", s->out);
		cx_put_tic(s->out, s->rows->row[r].label);
		fprintf(s->out, " %g", n - 1 - r + FILL / 2);
	}
	fputs(")\n", s->out);
	cx_marks_put(s, 0, record->duration_ns, lines ? lines : 1, 1);
}

/** The lines of the marks, over all lanes. */
static void close_lanes(const struct cx_script *s, bool *first)
{
	cx_marks_plot(s, first, 0, lanes_top(s));
	fputs("\n", s->out);
}

/** The scales on the right, and where a value of a row lies. */
static void put_scales(const struct cx_script *s, bool whole)
{
	unsigned n = s->rows->n, r;

	fputs("set y2tics (", s->out);
	for (r = 0; r < n; r++)
		fprintf(s->out, "%s'0' %u, '%g %%%%' %g", r ? ", " : "", n - 1 - r,
			whole ? 100 : top_of(s, r), n - 1 - r + FILL);
	fprintf(s->out, ")\narray top[%u] = [", n);
	for (r = 0; r < n; r++)
		fprintf(s->out, "%s%g", r ? ", " : "", whole ? 100 : top_of(s, r));
	fprintf(s->out,
		"]\ny(row, percent) = %u - row + %g * percent / top[row+1]\n"
		"data = 'data/rows-over-time.csv'\n",
		n - 1, FILL);
}

void cx_write_over_time(struct cx_script *s)
{
	bool first = true;

	open_lanes(s, "What each domain was entitled to and what it received, over time.");
	put_scales(s, false);
	cx_plot_clause(s->out, &first);
	fprintf(s->out,
		"data skip 1 using ($1 == %u ? $5 : NaN):(y($2,0)):5:6:(y($2,0)):(y($2,$8)) with "
		"boxxyerror fc rgb '#6f9cc4' fs solid 1.0 border lc rgb '#6f9cc4' title 'received'",
		s->run);
	cx_plot_clause(s->out, &first);
	fprintf(s->out,
		"data skip 1 using ($1 == %u ? $5 : NaN):(y($2,$7)):($6-$5):(0) with vectors "
		"nohead lw 2.5 lc rgb 'black' title 'entitled'",
		s->run);
	close_lanes(s, &first);
}

void cx_write_states_over_time(struct cx_script *s)
{
	static const unsigned states[CX_ESXTOP] = {
		[CX_ESXTOP_RUN] = CX_RUNNING,   [CX_ESXTOP_RDY] = CX_READY,
		[CX_ESXTOP_MLMTD] = CX_LIMITED, [CX_ESXTOP_CSTP] = CX_COSTOPPED,
		[CX_ESXTOP_WAIT] = CX_BLOCKED,
	};
	bool first = true;
	unsigned k;

	open_lanes(s, "Where the time of each domain's vCPUs went, over time.");
	put_scales(s, true);
	fputs("# Lower end of the k-th piece: what those before it add up to.\n"
	      "from(k) = k ? sum [j=0:k-1] column(9+j) : 0\n",
	      s->out);
	for (k = 0; k < CX_ESXTOP; k++) {
		struct cx_state_style style = cx_state_style(states[k]);
		bool wait = k == CX_ESXTOP_WAIT;

		if (!cx_state_seen(s->report, states[k]) &&
		    !(wait && cx_state_seen(s->report, CX_PAUSED)))
			continue;
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using ($1 == %u ? $5 : NaN):(y($2,0)):5:6:(y($2,from(%u))):"
			"(y($2,from(%u))) with boxxyerror %s noborder title '%s'",
			s->run, k, k + 1, style.fill, wait ? "wait" : style.title);
	}
	close_lanes(s, &first);
}
