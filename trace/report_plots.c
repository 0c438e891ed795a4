/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gnuplot scripts.  Each stands alone, reads the CSV files and may be edited.
 *
 * All plots are to be read in grey too: fills differ in lightness or hatching, lines in
 * dashes and points, and what can be labelled is.
 */
#include "trace/report_plots.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1000u        /* of every plot, in pixels */
#define BAR_HEIGHT 19u     /* of a horizontal bar */
#define ERROR_FLOOR 0.01   /* percent: less is drawn here, as zero has no logarithm */
#define SHARE_MARGIN 1.04  /* likewise on a linear one */
#define AXIS_MARGIN 1.3    /* room beside the data on a logarithmic axis */
#define LATENCY_FLOOR 1e-7 /* seconds: likewise */

/* Lightness alternates and hatchings differ, so neighbours are told apart in grey. */
static const char *const fills[] = {
	"fc rgb '#1f4e79' fs solid 1.0", "fc rgb '#f6cf6b' fs solid 1.0",
	"fc rgb '#00695c' fs pattern 4", "fc rgb '#d98873' fs solid 1.0",
	"fc rgb '#5e3370' fs pattern 5", "fc rgb '#dfe7ec' fs solid 1.0",
	"fc rgb '#37474f' fs pattern 1", "fc rgb '#8a5a00' fs pattern 2",
};
#define FILLS (sizeof(fills) / sizeof(fills[0]))

const char *cx_fill_style(unsigned i)
{
	return fills[i % FILLS];
}

#define LINE_STYLES(DO)                                                                            \
	DO("lw 2.5 dt 1 lc rgb '#1f4e79'", "pt 7 ps 0.7")                                          \
	DO("lw 2.5 dt 2 lc rgb '#c0563f'", "pt 5 ps 0.7")                                          \
	DO("lw 2.5 dt 4 lc rgb '#d99a00'", "pt 9 ps 0.9")                                          \
	DO("lw 2.5 dt 3 lc rgb '#00695c'", "pt 13 ps 0.9")                                         \
	DO("lw 2.5 dt 5 lc rgb '#5e3370'", "pt 6 ps 0.8")                                          \
	DO("lw 1.5 dt 1 lc rgb '#7a7a7a'", "pt 4 ps 0.8")                                          \
	DO("lw 1.5 dt 2 lc rgb '#8a5a00'", "pt 8 ps 0.9")                                          \
	DO("lw 1.5 dt 4 lc rgb '#000000'", "pt 12 ps 0.9")
#define DASHES(line, point) line,
#define DASHES_AND_POINTS(line, point) line " " point,

static const char *const dashes[] = { LINE_STYLES(DASHES) };
static const char *const lines[] = { LINE_STYLES(DASHES_AND_POINTS) };
#define LINES (sizeof(lines) / sizeof(lines[0]))

const char *cx_line_style(unsigned i)
{
	return lines[i % LINES];
}

const char *cx_dash_style(unsigned i)
{
	return dashes[i % LINES];
}

static const struct cx_state_style state_styles[CX_STATES] = {
	[CX_RUNNING] = { "run", "fc rgb '#1f4e79' fs solid 1.0" },
	[CX_READY] = { "ready", "fc rgb '#c0563f' fs pattern 4" },
	[CX_LIMITED] = { "limited", "fc rgb '#5e3370' fs pattern 1" },
	[CX_COSTOPPED] = { "co-stop", "fc rgb '#000000' fs pattern 2" },
	[CX_BLOCKED] = { "blocked", "fc rgb '#eef0f2' fs solid 1.0" },
	[CX_PAUSED] = { "paused", "fc rgb '#9aa5ad' fs solid 1.0" },
};

struct cx_state_style cx_state_style(unsigned state)
{
	return state_styles[state % CX_STATES];
}

void cx_plot_header(const struct cx_script *s, unsigned height, const char *what)
{
	fprintf(s->out,
		"# %s\n"
		"# Change what you like and draw it again from the report's folder:\n"
		"#     gnuplot plots/%s.gp\n"
		"reset\n"
		"set encoding utf8\n"
		"set terminal svg size %u,%u dynamic noenhanced font 'DejaVu Sans,14' "
		"background 'white'\n"
		"set output 'plots/%s.svg'\n"
		"set datafile separator comma\n"
		"set style line 100 lc rgb '#c8c8c8' lw 0.7\n"
		"set border lw 1\n"
		"set rmargin 4\n"
		"set key above horizontal samplen 3 width 2 title ",
		what, s->plot->name, WIDTH, height, s->plot->name);
	cx_put_gnuplot(s->out, s->plot->title);
	fputs("\n", s->out);
}

const char *cx_plot_scheduler(const struct cx_script *s, unsigned run)
{
	return cx_or_empty(s->report->records[run]->scheduler);
}

/** A logarithmic axis of time, in seconds, from @low to @high, labelled as people say it. */
static void time_axis(const struct cx_script *s, double low, double high)
{
	static const char *const names[] = {
		"10 ns", "100 ns", "1 us", "10 us", "100 us", "1 ms",
		"10 ms", "100 ms", "1 s",  "10 s",  "100 s",  "1000 s"
	};
	bool first = true;
	unsigned i;

	low /= AXIS_MARGIN;
	high *= AXIS_MARGIN;
	fprintf(s->out, "set xrange [%.4g:%.4g]\nset xtics (", low, high);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double at = 1e-8 * pow(10, i);

		if (at < low || at > high)
			continue;
		fprintf(s->out, "%s'%s' %g", first ? "" : ", ", names[i], at);
		first = false;
	}
	fputs(")\n", s->out);
}

void cx_plot_clause(FILE *out, bool *first)
{
	fputs(*first ? "plot " : ", \\\n     ", out);
	*first = false;
}

/* ---- received against entitled ---- */

unsigned cx_plot_bars_height(const struct cx_script *s, unsigned keys)
{
	return CX_PLOT_FRAME + keys * CX_PLOT_KEY_LINE +
	       s->rows->n * (s->report->n_runs + 1) * BAR_HEIGHT;
}

void cx_plot_bars_axes(const struct cx_script *s)
{
	unsigned n = s->report->n_runs;

	fprintf(s->out,
		"n = %u                 # bars in a block: one for each scheduler\n"
		"y(row, run) = row * (n + 1) + run\n"
		"set yrange [%u.3:-1.3]\n"
		"set grid xtics ls 100 back\n"
		"set tics out nomirror\n",
		n, s->rows->n * (n + 1) - 1);
}

void cx_plot_bars_names(const struct cx_script *s)
{
	unsigned n = s->report->n_runs, r;

	fputs("set ytics (", s->out);
	for (r = 0; r < s->rows->n; r++) {
		fputs(r ? ", \\\n    " : "", s->out);
		cx_put_tic(s->out, s->rows->row[r].label);
		fprintf(s->out, " %.1f", r * (n + 1) + (n - 1) / 2.0);
	}
	fputs(")\n", s->out);
}

/** Where the axis of shares ends.  (gnuplot does not look at a box's end for that.) */
static double share_range(const struct cx_script *s)
{
	double most = 0;
	unsigned r, i;

	for (r = 0; r < s->rows->n; r++)
		for (i = 0; i < s->report->n_runs; i++) {
			struct cx_row_figures f;

			if (!cx_row_measure(s->report, i, s->rows, r, &f))
				most = fmax(most, fmax(f.entitled, f.received_max));
		}
	return most > 0 ? most * SHARE_MARGIN : 1;
}

static void write_shares(struct cx_script *s)
{
	unsigned n = s->report->n_runs, r, i;
	bool first = true, spread = false;

	for (r = 0; r < s->rows->n; r++)
		spread |= s->rows->row[r].count > 1;
	cx_plot_header(s, cx_plot_bars_height(s, 1),
		       "Received against entitled share, for each domain and scheduler.");
	fputs("set xlabel 'share while the domain lived (percent of one pCPU)'\n", s->out);
	fprintf(s->out, "set xrange [0:%.4g]\n", share_range(s));
	cx_plot_bars_axes(s);
	cx_plot_bars_names(s);
	fputs("data = 'data/rows.csv'\n", s->out);
	for (i = 0; i < n; i++) {
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using (0):(y($1,$2)):(0):($2 == %u ? $6 : NaN):"
			"(y($1,$2)-0.42):(y($1,$2)+0.42) with boxxyerror %s "
			"border lc rgb 'black' title ",
			i, cx_fill_style(i));
		cx_put_gnuplot(s->out, cx_plot_scheduler(s, i));
	}
	if (spread) {
		cx_plot_clause(s->out, &first);
		fputs("data skip 1 using 6:(y($1,$2)):7:8 with xerrorbars pt 0 lw 1.5 "
		      "lc rgb '#707070' title 'least and most of the replicas'",
		      s->out);
	}
	cx_plot_clause(s->out, &first);
	fputs("data skip 1 using 5:(y($1,$2)-0.5):(0):(1) with vectors nohead lw 5 "
	      "lc rgb 'white' notitle",
	      s->out);
	cx_plot_clause(s->out, &first);
	fputs("data skip 1 using 5:(y($1,$2)-0.5):(0):(1) with vectors nohead lw 2.5 "
	      "lc rgb 'black' title 'entitled'\n",
	      s->out);
}

/* ---- where the time went ---- */

bool cx_state_seen(const struct cx_report *report, unsigned state)
{
	unsigned i, v;

	for (i = 0; i < report->n_runs; i++)
		for (v = 0; v < report->records[i]->n_vcpus; v++)
			if (report->metrics[i]->vcpus[v].time_ns[state])
				return true;
	return false;
}

static bool any_states(const struct cx_report *report)
{
	unsigned k;

	for (k = 0; k < CX_STATES; k++)
		if (cx_state_seen(report, k))
			return true;
	return false;
}

static void write_states(struct cx_script *s)
{
	/* In the order of the file's columns, from column 9 on. */
	unsigned n = s->report->n_runs, r, i, k;
	bool first = true;

	cx_plot_header(s, cx_plot_bars_height(s, 1), "Where the time of each domain's vCPUs went.");
	fputs("set xlabel 'time of its vCPUs (percent)'\nset xrange [0:100]\n"
	      "",
	      s->out);
	cx_plot_bars_axes(s);
	fputs("set ytics (", s->out);
	for (r = 0; r < s->rows->n; r++)
		for (i = 0; i < n; i++) {
			char *text = NULL;
			size_t len;
			FILE *mem = open_memstream(&text, &len);

			if (!mem)
				return;
			fprintf(mem, "%s%s%s", i ? "" : s->rows->row[r].label, i ? "" : "   ",
				cx_plot_scheduler(s, i));
			fclose(mem);
			fputs(r || i ? ", \\\n    " : "", s->out);
			cx_put_tic(s->out, text);
			fprintf(s->out, " %u", r * (n + 1) + i);
			free(text);
		}
	fputs(")\ndata = 'data/rows.csv'\n"
	      "# Left end of the k-th state's piece: what the states before it add up to.\n"
	      "from(k) = k ? sum [j=0:k-1] column(9+j) : 0\n",
	      s->out);
	for (k = 0; k < CX_STATES; k++) {
		if (!cx_state_seen(s->report, k))
			continue;
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using (0):(y($1,$2)):(from(%u)):(from(%u)):"
			"(y($1,$2)-0.42):(y($1,$2)+0.42) with boxxyerror %s "
			"border lc rgb 'black' title '%s'",
			k, k + 1, state_styles[k].fill, state_styles[k].title);
	}
	fputs("\n", s->out);
}

/* ---- window error ---- */

static bool any_windows(const struct cx_report *report)
{
	unsigned i;

	for (i = 0; i < report->n_runs; i++)
		if (report->metrics[i]->n_windows)
			return true;
	return false;
}

static void window_range(const struct cx_script *s)
{
	double low = 1e300, high = 0;
	unsigned i;

	for (i = 0; i < s->report->n_runs; i++) {
		const struct cx_metrics *m = s->report->metrics[i];

		if (m->n_windows == 0)
			continue;
		low = fmin(low, (double)m->windows[0].window_ns / 1e9);
		high = fmax(high, (double)m->windows[m->n_windows - 1].window_ns / 1e9);
	}
	if (high > 0)
		time_axis(s, low, high);
}

static void write_windows(struct cx_script *s)
{
	bool first = true;
	unsigned i;

	cx_plot_header(
		s, 480,
		"The largest error of any domain in any window, against the window's length.");
	fprintf(s->out,
		"set logscale xy\nset grid xtics ytics ls 100 back\n"
		"set xlabel 'length of the window'\n"
		"set ylabel 'largest error E(W) (percent of one pCPU)'\nset format y '%%g'\n"
		"set key samplen 5\n"
		"floor_(e) = e > %g ? e : %g   # zero has no logarithm\n"
		"data = 'data/window-error.csv'\n",
		ERROR_FLOOR, ERROR_FLOOR);
	window_range(s);
	for (i = 0; i < s->report->n_runs; i++) {
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using 3:($1 == %u ? floor_($4) : NaN) with linespoints %s "
			"title ",
			i, lines[i % LINES]);
		cx_put_gnuplot(s->out, cx_plot_scheduler(s, i));
	}
	fputs("\n", s->out);
}

/* ---- wake-up latency ---- */

static bool any_wakes(const struct cx_report *report)
{
	unsigned i;

	for (i = 0; i < report->n_runs; i++)
		if (report->metrics[i]->wake_ns.count)
			return true;
	return false;
}

/** Half of one wake-up of the run that had most, in percent: where the curves end. */
static double latency_bottom(const struct cx_report *report)
{
	uint64_t most = 1;
	unsigned i;

	for (i = 0; i < report->n_runs; i++)
		if (report->metrics[i]->wake_ns.count > most)
			most = report->metrics[i]->wake_ns.count;
	return 50.0 / (double)most;
}

static void latency_range(const struct cx_script *s)
{
	double low = 1e300, high = 0;
	unsigned i;

	for (i = 0; i < s->report->n_runs; i++) {
		const struct cx_hist *h = &s->report->metrics[i]->wake_ns;

		if (!h->count)
			continue;
		low = fmin(low, (double)h->min / 1e9);
		high = fmax(high, (double)h->max / 1e9);
	}
	low = fmax(low, LATENCY_FLOOR);
	time_axis(s, low, fmax(high, 10 * low));
}

static void write_latencies(struct cx_script *s)
{
	double bottom = latency_bottom(s->report);
	bool first = true;
	unsigned i;

	cx_plot_header(s, 480, "How many wake-ups waited at least so long for a pCPU.");
	fprintf(s->out,
		"set logscale xy\nset grid xtics ytics ls 100 back\n"
		"set xlabel 'time from event to running'\n"
		"set ylabel 'wake-ups that took at least so long (percent)'\nset format y '%%g'\n"
		"set yrange [%.3g:130]\n"
		"set key samplen 5\n"
		"t(x) = x > %g ? x : %g        # zero has no logarithm\n"
		"p(x) = x > 0 ? 100 * x : %.3g # likewise: below one wake-up\n"
		"data = 'data/wake-latency.csv'\n",
		bottom, LATENCY_FLOOR, LATENCY_FLOOR, bottom);
	latency_range(s);
	for (i = 0; i < s->report->n_runs; i++) {
		const char *style = lines[i % LINES];

		if (!s->report->metrics[i]->wake_ns.count)
			continue;
		cx_plot_clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using (t($3)):($1 == %u ? p($4) : NaN) with fsteps %s "
			"notitle, \\\n     "
			"data skip 1 using (t($3)):($1 == %u ? p($4) : NaN) every 8::4 with points "
			"%s notitle, \\\n     "
			"keyentry with linespoints %s title ",
			i, dashes[i % LINES], i, style, style);
		cx_put_gnuplot(s->out, cx_plot_scheduler(s, i));
	}
	fputs("\n", s->out);
}

/* ---- all of them ---- */

struct recipe {
	const char *name, *title, *help;
	void (*write)(struct cx_script *s);
	bool (*worth)(const struct cx_report *report); /* is there anything to draw? */
};

static const struct recipe recipes[] = {
	{ "shares", "Received against entitled share",
	  "A bar is what a domain received; the black mark on it is what it was entitled to, "
	  "worked out from weights, reservations, limits and what everybody wanted, and the same "
	  "yardstick for every scheduler. A fair scheduler's bars end at their marks. A bar short "
	  "of its mark: the domain was held back for others, or the host was busy with other "
	  "things "
	  "(host steal: linux bars are then short, while those of the other schedulers hide it: "
	  "compare the progress); beyond it: it was favoured.",
	  write_shares, any_states },
	{ "states", "Where the time went",
	  "Each bar is all the time of a domain's vCPUs. Run: on a pCPU. Ready: had work and "
	  "waited for a pCPU, which is what competition costs it. Limited: held back by its own "
	  "limit. Co-stop: held back to wait for siblings. Blocked: had nothing to do. A domain "
	  "that is blocked most of the time lacks work, not a pCPU.",
	  write_states, any_states },
	{ "lag", "How far behind or ahead",
	  "Lag is what a domain was entitled to since it started less what it received: right of "
	  "the "
	  "middle it is behind, left of it ahead. The thin line reaches from the least lag of the "
	  "run to the largest, the narrow bar holds all but the outer 1 % of the time on either "
	  "side, the wide one the middle half, the mark is the median. Near zero the axis is even, "
	  "further out it is logarithmic. A domain whose bar lies to one side is "
	  "served too little or too much for good; a wide bar is unfair for a while, either way.",
	  cx_write_lag, any_windows },
	{ "window-error", "Fairness against the length of the window",
	  "For each length of a window: the largest difference, over all windows of that length "
	  "and all domains, between what a domain received in it and what it was entitled to. "
	  "All schedulers are unfair within a time slice, so curves start high; what counts is "
	  "how soon they fall and how far. A curve that stays level means that some domain is "
	  "always short. Errors below 0.01 % are drawn at 0.01 %.",
	  write_windows, any_windows },
	{ "wake-latency", "Wake-up latency",
	  "How long vCPUs that were woken by an event or a timer waited until they ran, all "
	  "domains together. Read from the left: at 1 ms, the curve's height is the part of the "
	  "wake-ups that waited 1 ms or longer; where it crosses 1 % is the 99th percentile. "
	  "Further left and steeper is better. Under 100 ns is drawn at 100 ns.",
	  write_latencies, any_wakes },
};

/* One for each run. */
static const struct recipe run_recipes[] = {
	{ "over-time", "Entitled and received over time",
	  "A lane for each domain, against the time of the run: the filled part is what it "
	  "received "
	  "in each interval, the black line what it was entitled to in it, both in percent of one "
	  "pCPU; a lane's scale stands on its right and is the same for all schedulers. Below "
	  "them, "
	  "lighter, the resource pools (at most 12; all are in data/pools-over-time.csv): a pool's "
	  "time is that of its domains and of the pools in it. After a "
	  "change (a dashed line) the line steps at once, and the fill should follow within a few "
	  "slices.",
	  cx_write_over_time, any_states },
	{ "states-over-time", "Where the time went, over time",
	  "Of the time of a domain's vCPUs in each interval: run, on a pCPU; ready, waiting for "
	  "one "
	  "(esxtop's %RDY without %MLMTD); limited, held back by a limit (%MLMTD); co-stop "
	  "(%CSTP); "
	  "wait, blocked or paused (%WAIT). Each lane is 0 to 100 percent of its vCPUs' lives; it "
	  "is "
	  "empty where the domain did not live, or less than a percent of the interval.",
	  cx_write_states_over_time, any_states },
	{ "timeline", "Who ran where",
	  "A row is a pCPU, a box the time for which one vCPU ran there without a break; white is "
	  "idle, or the host's other work. The letter on the longer boxes is the domain's in the "
	  "legend, a number after it says which replica. Boxes too short to be drawn are merged "
	  "under the longest of them. A dashed line is a change that the scenario asks for.",
	  cx_write_timeline, any_windows },
};

static int write_one(struct cx_script *s, struct cx_plots *plots, const struct recipe *recipe,
		     bool of_run, const char *dir, struct cx_error *err)
{
	char name[128];

	if (plots->n == CX_PLOTS_MAX)
		return 0;
	s->plot = &plots->plot[plots->n];
	if (of_run) {
		char slug[48];

		cx_run_slug(s->report, s->run, slug, sizeof(slug));
		snprintf(s->plot->name, sizeof(s->plot->name), "%s-%s", recipe->name, slug);
		snprintf(s->plot->title, sizeof(s->plot->title), "%s: %.80s", recipe->title,
			 cx_plot_scheduler(s, s->run));
	} else {
		snprintf(s->plot->name, sizeof(s->plot->name), "%s", recipe->name);
		snprintf(s->plot->title, sizeof(s->plot->title), "%s", recipe->title);
	}
	s->plot->help = recipe->help;
	s->plot->drawn = false;
	snprintf(name, sizeof(name), "plots/%s.gp", s->plot->name);
	s->out = cx_folder_create(dir, name, err);
	if (!s->out)
		return -errno;
	recipe->write(s);
	fputs("set output   # closes the picture\n", s->out);
	plots->n++;
	return cx_folder_close(s->out, dir, name, err);
}

int cx_plots_write(const struct cx_report *report, const struct cx_rows *rows,
		   const struct cx_timeline *timeline, const char *dir, struct cx_plots *plots,
		   struct cx_error *err)
{
	struct cx_script s = { .report = report, .rows = rows, .timeline = timeline };
	unsigned n = sizeof(run_recipes) / sizeof(run_recipes[0]), i;
	int ret = 0;

	plots->n = 0;
	if (rows->n == 0)
		return 0;
	for (i = 0; i < sizeof(recipes) / sizeof(recipes[0]) && !ret; i++)
		if (recipes[i].worth(report))
			ret = write_one(&s, plots, &recipes[i], false, dir, err);
	for (i = 0; i < n && timeline->length_ns; i++)
		for (s.run = 0; s.run < report->n_runs && !ret; s.run++)
			if (run_recipes[i].worth(report))
				ret = write_one(&s, plots, &run_recipes[i], true, dir, err);
	return ret;
}
