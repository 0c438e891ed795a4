/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gnuplot scripts.  Each stands alone, reads the CSV files and may be edited.
 *
 * All plots are to be read in grey too: fills differ in lightness or hatching, lines in
 * dashes and points, and what can be labelled is.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1000u     /* of every plot, in pixels */
#define BAR_HEIGHT 19u  /* of a horizontal bar */
#define LANE_HEIGHT 46u /* of a pCPU in the timeline */
#define FRAME 130u      /* title, axis and key of a plot */
#define KEY_LINE 22u
#define TAG_WIDTH 0.008    /* of a tag's letter, as part of the timeline's width ... */
#define TAG_MARGIN 0.006   /* ... and what a box needs besides to show it */
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

static const struct {
	const char *title, *fill;
} state_styles[CX_STATES] = {
	[CX_RUNNING] = { "run", "fc rgb '#1f4e79' fs solid 1.0" },
	[CX_READY] = { "ready", "fc rgb '#c0563f' fs pattern 4" },
	[CX_LIMITED] = { "limited", "fc rgb '#5e3370' fs pattern 1" },
	[CX_COSTOPPED] = { "co-stop", "fc rgb '#000000' fs pattern 2" },
	[CX_BLOCKED] = { "blocked", "fc rgb '#eef0f2' fs solid 1.0" },
	[CX_PAUSED] = { "paused", "fc rgb '#9aa5ad' fs solid 1.0" },
};

struct script {
	FILE *out;
	const struct cx_report *report;
	const struct cx_rows *rows;
	const struct cx_timeline *timeline;
	struct cx_plot *plot;
	unsigned run;
};

static void header(const struct script *s, unsigned height, const char *what)
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

static const char *scheduler(const struct script *s, unsigned run)
{
	return cx_or_empty(s->report->records[run]->scheduler);
}

/** A logarithmic axis of time, in seconds, from @low to @high, labelled as people say it. */
static void time_axis(const struct script *s, double low, double high)
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

/** Between the plot's clauses; nothing before the first. */
static void clause(FILE *out, bool *first)
{
	fputs(*first ? "plot " : ", \\\n     ", out);
	*first = false;
}

/* ---- received against entitled ---- */

static unsigned bars_height(const struct script *s, unsigned keys)
{
	return FRAME + keys * KEY_LINE + s->rows->n * (s->report->n_runs + 1) * BAR_HEIGHT;
}

/** Bars from top to bottom: a block for each row, in it a bar for each run. */
static void bars_axes(const struct script *s)
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

/** Where the axis of shares ends.  (gnuplot does not look at a box's end for that.) */
static double share_range(const struct script *s)
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

static void write_shares(struct script *s)
{
	unsigned n = s->report->n_runs, r, i;
	bool first = true, spread = false;

	for (r = 0; r < s->rows->n; r++)
		spread |= s->rows->row[r].count > 1;
	header(s, bars_height(s, 1),
	       "Received against entitled share, for each domain and scheduler.");
	fputs("set xlabel 'share while the domain lived (percent of one pCPU)'\n", s->out);
	fprintf(s->out, "set xrange [0:%.4g]\n", share_range(s));
	bars_axes(s);
	fputs("set ytics (", s->out);
	for (r = 0; r < s->rows->n; r++) {
		fputs(r ? ", \\\n    " : "", s->out);
		cx_put_tic(s->out, s->rows->row[r].label);
		fprintf(s->out, " %.1f", r * (n + 1) + (n - 1) / 2.0);
	}
	fputs(")\ndata = 'data/rows.csv'\n", s->out);
	for (i = 0; i < n; i++) {
		clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using (0):(y($1,$2)):(0):($2 == %u ? $6 : NaN):"
			"(y($1,$2)-0.42):(y($1,$2)+0.42) with boxxyerror %s "
			"border lc rgb 'black' title ",
			i, fills[i % FILLS]);
		cx_put_gnuplot(s->out, scheduler(s, i));
	}
	if (spread) {
		clause(s->out, &first);
		fputs("data skip 1 using 6:(y($1,$2)):7:8 with xerrorbars pt 0 lw 1.5 "
		      "lc rgb '#707070' title 'least and most of the replicas'",
		      s->out);
	}
	clause(s->out, &first);
	fputs("data skip 1 using 5:(y($1,$2)-0.5):(0):(1) with vectors nohead lw 5 "
	      "lc rgb 'white' notitle",
	      s->out);
	clause(s->out, &first);
	fputs("data skip 1 using 5:(y($1,$2)-0.5):(0):(1) with vectors nohead lw 2.5 "
	      "lc rgb 'black' title 'entitled'\n",
	      s->out);
}

/* ---- where the time went ---- */

static bool state_seen(const struct cx_report *report, unsigned state)
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
		if (state_seen(report, k))
			return true;
	return false;
}

static void write_states(struct script *s)
{
	/* In the order of the file's columns, from column 9 on. */
	unsigned n = s->report->n_runs, r, i, k;
	bool first = true;

	header(s, bars_height(s, 1), "Where the time of each domain's vCPUs went.");
	fputs("set xlabel 'time of its vCPUs (percent)'\nset xrange [0:100]\n"
	      "",
	      s->out);
	bars_axes(s);
	fputs("set ytics (", s->out);
	for (r = 0; r < s->rows->n; r++)
		for (i = 0; i < n; i++) {
			char *text = NULL;
			size_t len;
			FILE *mem = open_memstream(&text, &len);

			if (!mem)
				return;
			fprintf(mem, "%s%s%s", i ? "" : s->rows->row[r].label, i ? "" : "   ",
				scheduler(s, i));
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
		if (!state_seen(s->report, k))
			continue;
		clause(s->out, &first);
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

static void window_range(const struct script *s)
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

static void write_windows(struct script *s)
{
	bool first = true;
	unsigned i;

	header(s, 480,
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
		clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using 3:($1 == %u ? floor_($4) : NaN) with linespoints %s "
			"title ",
			i, lines[i % LINES]);
		cx_put_gnuplot(s->out, scheduler(s, i));
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

static void latency_range(const struct script *s)
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

static void write_latencies(struct script *s)
{
	double bottom = latency_bottom(s->report);
	bool first = true;
	unsigned i;

	header(s, 480, "How many wake-ups waited at least so long for a pCPU.");
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
		clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using (t($3)):($1 == %u ? p($4) : NaN) with fsteps %s "
			"notitle, \\\n     "
			"data skip 1 using (t($3)):($1 == %u ? p($4) : NaN) every 8::4 with points "
			"%s notitle, \\\n     "
			"keyentry with linespoints %s title ",
			i, dashes[i % LINES], i, style, style);
		cx_put_gnuplot(s->out, scheduler(s, i));
	}
	fputs("\n", s->out);
}

/* ---- the timeline ---- */

/** The unit of the time axis, so that its numbers are short. */
static double axis_unit(uint64_t length_ns, const char **name)
{
	*name = length_ns < 2000000000ull ? "ms" : "s";
	return length_ns < 2000000000ull ? 1e3 : 1;
}

static void timeline_axes(const struct script *s, double unit, const char *name)
{
	const struct cx_record *record = s->report->records[s->run];
	unsigned n = record->n_pcpus < s->timeline->pcpus ? record->n_pcpus : s->timeline->pcpus;
	double start = (double)s->timeline->start_ns / 1e9;
	double length = (double)s->timeline->length_ns / 1e9;
	unsigned p;

	fprintf(s->out,
		"set xlabel 'time since the start of the run (%s)'\n"
		"set xrange [%.9g:%.9g]\nset format x '%%g'\n"
		"set ylabel 'pCPU'\nset yrange [%u.5:-0.5]\nset ytics (",
		name, start * unit, (start + length) * unit, n ? n - 1 : 0);
	for (p = 0; p < n; p++)
		fprintf(s->out, "%s'%u' %u", p ? ", " : "", p, p);
	fputs(")\nset tics out nomirror\nset grid xtics ls 100 back\n"
	      "set key Left reverse\n"
	      "set style textbox opaque noborder fillcolor rgb 'white' margins 0.4,0.4\n",
	      s->out);
}

static void write_timeline(struct script *s)
{
	const struct cx_record *record = s->report->records[s->run];
	unsigned n = record->n_pcpus < s->timeline->pcpus ? record->n_pcpus : s->timeline->pcpus;
	double length = (double)s->timeline->length_ns / 1e9, unit;
	char slug[64];
	const char *name;
	bool first = true;
	unsigned r;

	unit = axis_unit(s->timeline->length_ns, &name);
	header(s, FRAME + n * LANE_HEIGHT + (s->rows->n + 3) / 4 * KEY_LINE,
	       "Who ran on which pCPU, in a stretch of the run.");
	timeline_axes(s, unit, name);
	cx_timeline_marks(s->out, record, s->timeline, unit);
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
		clause(s->out, &first);
		fprintf(s->out,
			"data skip 1 using ($4 == %u ? u*$2 : "
			"NaN):1:(u*$2):(u*$3):($1-0.38):($1+0.38) "
			"with boxxyerror %s border lc rgb 'black' lw 0.5 title ",
			r, fills[r % FILLS]);
		cx_put_gnuplot(s->out, text);
		free(text);
	}
	clause(s->out, &first);
	fprintf(s->out,
		"data skip 1 using ($3-$2 > %.9g * (%g + %g * strlen(strcol(8))) && $7 == 0 ? "
		"u*($2+$3)/2 : NaN):1:8 with labels boxed center font ',11' notitle\n",
		length, TAG_MARGIN, TAG_WIDTH);
}

/* ---- all of them ---- */

struct recipe {
	const char *name, *title, *help;
	void (*write)(struct script *s);
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

static const struct recipe timeline_recipe = {
	"timeline",
	"Who ran where",
	"A row is a pCPU, a box the time for which one vCPU ran there without a break; white is "
	"idle, or the host's other work. The letter on the longer boxes is the domain's in the "
	"legend, a number after it says which replica. Boxes too short to be drawn are merged "
	"under the longest of them. A dashed line is a change that the scenario asks for.",
	write_timeline,
	any_windows,
};

static int write_one(struct script *s, struct cx_plots *plots, const struct recipe *recipe,
		     const char *dir, struct cx_error *err)
{
	char name[128];

	if (plots->n == CX_PLOTS_MAX)
		return 0;
	s->plot = &plots->plot[plots->n];
	if (recipe->write == write_timeline) {
		char slug[48];

		cx_run_slug(s->report, s->run, slug, sizeof(slug));
		snprintf(s->plot->name, sizeof(s->plot->name), "%s-%s", recipe->name, slug);
		snprintf(s->plot->title, sizeof(s->plot->title), "%s: %.80s", recipe->title,
			 scheduler(s, s->run));
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
	struct script s = { .report = report, .rows = rows, .timeline = timeline };
	unsigned i;
	int ret = 0;

	plots->n = 0;
	for (i = 0; i < sizeof(recipes) / sizeof(recipes[0]) && !ret && rows->n; i++)
		if (recipes[i].worth(report))
			ret = write_one(&s, plots, &recipes[i], dir, err);
	for (s.run = 0; s.run < report->n_runs && !ret && rows->n && timeline->length_ns; s.run++)
		ret = write_one(&s, plots, &timeline_recipe, dir, err);
	return ret;
}
