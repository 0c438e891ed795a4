/* SPDX-License-Identifier: BSD-2-Clause */
/* The plot of the lag's distribution. */
#include "trace/report_plots.h"

#include <inttypes.h>
#include <math.h>

#define EVEN_MOST_NS 1000000ull /* nearer to zero than this, or less, the axis is about even */
#define EVEN_LEAST_NS 10000ull
#define LONGEST_NS 1000000000000ull /* no tic beyond */
#define MARGIN 1.3
#define PIXELS 770.0   /* about so wide is the axis */
#define ROOM 68.0      /* and a label with the space beside it ... */
#define ROOM_ZERO 36.0 /* ... beside the short one of zero */
#define TICS_MAX 48u

/** What is marked on one side of zero. */
struct tics {
	double even, pixels; /* nearer than this it is even, in ns; of one unit of asinh() */
	unsigned n;
	struct {
		uint64_t ns;
		bool named;
	} tic[TICS_MAX];
};

/** The largest magnitude of any row's lag, in ns. */
static double most_of(const struct cx_script *s)
{
	double most = 0;
	unsigned row, run;

	for (row = 0; row < s->rows->n; row++)
		for (run = 0; run < s->report->n_runs; run++) {
			int64_t lag[CX_LAG_QUANTILES];

			if (cx_row_lag(s->report, run, s->rows, row, lag))
				continue;
			most = fmax(most, fabs((double)lag[0]));
			most = fmax(most, fabs((double)lag[CX_LAG_QUANTILES - 1]));
		}
	return most;
}

/** Pixels from zero. */
static double place(const struct tics *t, uint64_t ns)
{
	return asinh((double)ns / t->even) * t->pixels;
}

/** A tic at @ns, with a label where it has the room. */
static void add_tic(struct tics *t, uint64_t ns)
{
	bool named = place(t, ns) >= ROOM_ZERO;
	unsigned i;

	for (i = 0; i < t->n; i++) {
		if (t->tic[i].ns == ns)
			return;
		if (t->tic[i].named && fabs(place(t, t->tic[i].ns) - place(t, ns)) < ROOM)
			named = false;
	}
	if (t->n < TICS_MAX) {
		t->tic[t->n].ns = ns;
		t->tic[t->n++].named = named;
	}
}

/** Tenfold steps first, then 5 and 2 times those, as far as there is room. */
static struct tics choose_tics(double most)
{
	static const unsigned steps[] = { 1, 5, 2 };
	struct tics t = { .even = EVEN_MOST_NS };
	double end;
	uint64_t ns;
	unsigned k;

	while (t.even > fmax(most, EVEN_LEAST_NS))
		t.even /= 10;
	end = fmax(most, t.even) * MARGIN;
	t.pixels = PIXELS / 2 / asinh(end / t.even);
	for (k = 0; k < sizeof(steps) / sizeof(steps[0]); k++)
		for (ns = (uint64_t)t.even / (steps[k] == 1 ? 1 : 10);
		     steps[k] * ns <= LONGEST_NS && (double)(steps[k] * ns) <= end; ns *= 10)
			add_tic(&t, steps[k] * ns);
	return t;
}

/** "200 us", "-5 ms". */
static void put_tic(FILE *out, const char *sign, uint64_t ns, bool named)
{
	const char *unit = ns >= 1000000000 ? "s" : ns >= 1000000 ? "ms" : "us";
	uint64_t of = ns >= 1000000000 ? 1000000000 : ns >= 1000000 ? 1000000 : 1000;

	if (named)
		fprintf(out, ", '%s%" PRIu64 " %s' %s%.9g", sign, ns / of, unit, sign,
			(double)ns / 1e6);
	else
		fprintf(out, ", '' %s%.9g 1", sign, (double)ns / 1e6);
}

/** Even around zero, and further and further with each step further out. */
static void axis(const struct cx_script *s)
{
	double most = most_of(s);
	struct tics t = choose_tics(most);
	double even_ms = t.even / 1e6, end_ms = fmax(most, t.even) * MARGIN / 1e6;
	unsigned i;

	fprintf(s->out,
		"set nonlinear x via asinh(x/%g) inverse %g*sinh(x)\n"
		"set xlabel 'lag: ahead of its entitlement  |  behind it'\n"
		"set xrange [%.6g:%.6g]\nset xtics ('0' 0",
		even_ms, even_ms, -end_ms, end_ms);
	for (i = 0; i < t.n; i++) {
		put_tic(s->out, "-", t.tic[i].ns, t.tic[i].named);
		put_tic(s->out, "", t.tic[i].ns, t.tic[i].named);
	}
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
