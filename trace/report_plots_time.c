/* SPDX-License-Identifier: BSD-2-Clause */
/* The plots over the time of a run, a lane for each row of domains and, below, for each pool. */
#include "trace/report_plots.h"

#include <math.h>
#include <stdlib.h>

#define LANE 90u  /* pixels */
#define FILL 0.78 /* of a lane's height is drawn on */
#define POOLS 12u /* that have a lane: the first ones of the tree */

/** The pools that have a lane. */
struct lanes {
	unsigned n, pool[POOLS];
};

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

/** Likewise of @pool's. */
static double top_of_pool(const struct cx_script *s, unsigned pool)
{
	double most = 0;
	unsigned run, i;

	for (run = 0; run < s->report->n_runs; run++)
		for (i = 0; i < s->report->metrics[run]->n_intervals; i++) {
			struct cx_row_interval x;

			if (pool >= s->report->records[run]->n_pools)
				continue;
			cx_pool_interval(s->report, run, pool, i, &x);
			most = fmax(most, fmax(x.entitled, x.received));
		}
	return round_up(most);
}

static unsigned label_lines(const struct cx_record *record)
{
	return cx_marks_lines(record, 0, record->duration_ns);
}

static void put_pool_tics(const struct cx_script *s, const struct lanes *pools)
{
	const struct cx_record *record = s->report->records[s->run];
	unsigned k;

	for (k = 0; k < pools->n; k++) {
		char *text = NULL;
		size_t len;
		FILE *mem = open_memstream(&text, &len);

		if (!mem)
			return;
		fprintf(mem, "pool %s", cx_or_empty(record->pools[pools->pool[k]].name));
		if (fclose(mem) == 0) {
			fputs(", \\\n    ", s->out);
			cx_put_tic(s->out, text);
			fprintf(s->out, " %g", pools->n - 1 - k + FILL / 2);
		}
		free(text);
	}
}

/** The upper end of the axis: above the lanes there are labels. */
static double lanes_top(const struct cx_script *s, const struct lanes *pools)
{
	unsigned lines = label_lines(s->report->records[s->run]);

	return s->rows->n + pools->n + (double)lines * CX_PLOT_LABEL_LINE / LANE;
}

static void open_lanes(struct cx_script *s, const struct lanes *pools, const char *what)
{
	const struct cx_record *record = s->report->records[s->run];
	double end = (double)record->duration_ns / 1e9;
	unsigned n = s->rows->n + pools->n, lines = label_lines(record), r;
	double top = lanes_top(s, pools);

	cx_plot_header(s, CX_PLOT_FRAME + n * LANE + lines * CX_PLOT_LABEL_LINE, what);
	fprintf(s->out,
		"set xlabel 'time since the start of the run (s)'\n"
		"set xrange [0:%.9g]\nset yrange [0:%.6g]\nset y2range [0:%.6g]\n"
		"set tics out nomirror\nset grid y2tics ls 100 back\nset rmargin 9\n"
		"set style textbox opaque noborder fillcolor rgb 'white' margins 0.4,0.4\n"
		"set ytics (",
		end > 0 ? end : 1, top, top);
	for (r = 0; r < s->rows->n; r++) {
		fputs(r ? ", \\\n    " : "", s->out);
		cx_put_tic(s->out, s->rows->row[r].label);
		fprintf(s->out, " %g", n - 1 - r + FILL / 2);
	}
	put_pool_tics(s, pools);
	fputs(")\n", s->out);
	cx_marks_put(s, 0, record->duration_ns, lines ? lines : 1, 1);
}

/** The lines of the marks, over all lanes. */
static void close_lanes(const struct cx_script *s, const struct lanes *pools, bool *first)
{
	cx_marks_plot(s, first, 0, lanes_top(s, pools));
	fputs("\n", s->out);
}

/** The scales on the right, and where a value of a row lies. */
static void put_scales(const struct cx_script *s, const struct lanes *pools, bool whole)
{
	unsigned n = s->rows->n + pools->n, r, k;

	fputs("set y2tics (", s->out);
	for (r = 0; r < s->rows->n; r++)
		fprintf(s->out, "%s'0' %u, '%g %%%%' %g", r ? ", " : "", n - 1 - r,
			whole ? 100 : top_of(s, r), n - 1 - r + FILL);
	for (k = 0; k < pools->n; k++)
		fprintf(s->out, ", '0' %u, '%g %%%%' %g", pools->n - 1 - k,
			top_of_pool(s, pools->pool[k]), pools->n - 1 - k + FILL);
	fprintf(s->out, ")\narray top[%u] = [", s->rows->n);
	for (r = 0; r < s->rows->n; r++)
		fprintf(s->out, "%s%g", r ? ", " : "", whole ? 100 : top_of(s, r));
	fprintf(s->out,
		"]\ny(row, percent) = %u - row + %g * percent / top[row+1]\n"
		"data = 'data/rows-over-time.csv'\n",
		n - 1, FILL);
}

/** The pools' lanes: as those of the domains, but lighter, as their time is the domains'. */
static void put_pool_lanes(const struct cx_script *s, const struct lanes *pools, bool *first)
{
	unsigned k;

	for (k = 0; k < pools->n; k++) {
		unsigned pool = pools->pool[k], base = pools->n - 1 - k;
		double scale = FILL / top_of_pool(s, pool);

		cx_plot_clause(s->out, first);
		fprintf(s->out,
			"pools skip 1 using ($1 == %u && $2 == %u ? $5 : NaN):(%u):5:6:(%u):"
			"(%u+%g*$8) with boxxyerror fc rgb '#cfdcc0' fs solid 1.0 "
			"border lc rgb '#cfdcc0' %s",
			s->run, pool, base, base, base, scale,
			k ? "notitle" : "title 'received by a pool'");
		cx_plot_clause(s->out, first);
		fprintf(s->out,
			"pools skip 1 using ($1 == %u && $2 == %u ? $5 : NaN):(%u+%g*$7):"
			"($6-$5):(0) with vectors nohead lw 2.5 lc rgb 'black' notitle",
			s->run, pool, base, scale);
	}
}

void cx_write_over_time(struct cx_script *s)
{
	struct lanes pools = { 0 };
	bool first = true;

	pools.n = cx_pools_first(s->report->records[s->run], POOLS, pools.pool);
	open_lanes(s, &pools, "What each domain was entitled to and what it received, over time.");
	put_scales(s, &pools, false);
	if (pools.n)
		fputs("pools = 'data/pools-over-time.csv'\n", s->out);
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
	put_pool_lanes(s, &pools, &first);
	close_lanes(s, &pools, &first);
}

void cx_write_states_over_time(struct cx_script *s)
{
	static const unsigned states[CX_ESXTOP] = {
		[CX_ESXTOP_RUN] = CX_RUNNING,   [CX_ESXTOP_RDY] = CX_READY,
		[CX_ESXTOP_MLMTD] = CX_LIMITED, [CX_ESXTOP_CSTP] = CX_COSTOPPED,
		[CX_ESXTOP_WAIT] = CX_BLOCKED,
	};
	const struct lanes none = { 0 };
	bool first = true;
	unsigned k;

	open_lanes(s, &none, "Where the time of each domain's vCPUs went, over time.");
	put_scales(s, &none, true);
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
	close_lanes(s, &none, &first);
}
