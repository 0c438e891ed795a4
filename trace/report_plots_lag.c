/* SPDX-License-Identifier: BSD-2-Clause */
/* The plot of the lag's distribution. */
#include "trace/report_plots.h"

#include <math.h>
#include <stdlib.h>

#define EVEN_MS 1.0 /* nearer to zero than this the axis is about even */
#define TICS 7      /* on either side: 1 ms .. 1000 s */
#define MARGIN 1.3

/** The largest magnitude of any row's lag, in ms. */
static double most_of(const struct cx_script *s)
{
	double most = EVEN_MS;
	unsigned row, run;

	for (row = 0; row < s->rows->n; row++)
		for (run = 0; run < s->report->n_runs; run++) {
			int64_t lag[CX_LAG_QUANTILES];

			if (cx_row_lag(s->report, run, s->rows, row, lag))
				continue;
			most = fmax(most, fabs((double)lag[0]) / 1e6);
			most = fmax(most, fabs((double)lag[CX_LAG_QUANTILES - 1]) / 1e6);
		}
	return most;
}

/** Even around zero, and ten times as far with each step further out. */
static void axis(const struct cx_script *s)
{
	static const char *const names[TICS] = { "1 ms", "10 ms", "100 ms", "1 s",
						 "10 s", "100 s", "1000 s" };
	double most = most_of(s) * MARGIN;
	unsigned i;

	fprintf(s->out,
		"set nonlinear x via asinh(x/%g) inverse %g*sinh(x)\n"
		"set xlabel 'lag: ahead of its entitlement  |  behind it'\n"
		"set xrange [%.6g:%.6g]\nset xtics ('0' 0",
		EVEN_MS, EVEN_MS, -most, most);
	for (i = 0; i < TICS && pow(10, i) <= most; i++)
		fprintf(s->out, ", '-%s' %g, '%s' %g", names[i], -pow(10, i), names[i], pow(10, i));
	fputs(")\n", s->out);
}

/** From column @low to column @high, so far to either side of the bar's middle. */
static void put_boxes(const struct cx_script *s, unsigned run, unsigned low, unsigned high,
		      double half, bool named)
{
	fprintf(s->out,
		"data skip 1 using ($%u):($2 == %u ? y($1,$2) : NaN):%u:%u:"
		"(y($1,$2)-%g):(y($1,$2)+%g) with boxxyerror %s border lc rgb 'black' ",
		low, run, low, high, half, half, cx_fill_style(run));
	if (named) {
		fputs("title ", s->out);
		cx_put_gnuplot(s->out, cx_plot_scheduler(s, run));
	} else {
		fputs("notitle", s->out);
	}
}

void cx_write_lag(struct cx_script *s)
{
	unsigned run;
	bool first = true;

	cx_plot_header(s, cx_plot_bars_height(s, 1),
		       "How far each domain was behind its entitlement, or ahead, over the run.");
	axis(s);
	cx_plot_bars_axes(s);
	cx_plot_bars_names(s);
	fputs("set arrow from 0, graph 0 to 0, graph 1 nohead lw 1 lc rgb '#707070' back\n"
	      "data = 'data/lag.csv'\n",
	      s->out);
	cx_plot_clause(s->out, &first);
	fputs("data skip 1 using ($5):(y($1,$2)):5:11 with xerrorbars pt 0 lw 1.5 "
	      "lc rgb '#505050' title 'least and largest'",
	      s->out);
	for (run = 0; run < s->report->n_runs; run++) {
		cx_plot_clause(s->out, &first);
		put_boxes(s, run, 6, 10, 0.2, false);
		cx_plot_clause(s->out, &first);
		put_boxes(s, run, 7, 9, 0.42, true);
	}
	cx_plot_clause(s->out, &first);
	fputs("data skip 1 using 8:(y($1,$2)-0.46):(0):(0.92) with vectors nohead lw 5 "
	      "lc rgb 'white' notitle",
	      s->out);
	cx_plot_clause(s->out, &first);
	fputs("data skip 1 using 8:(y($1,$2)-0.46):(0):(0.92) with vectors nohead lw 2.5 "
	      "lc rgb 'black' title 'median'\n",
	      s->out);
}
