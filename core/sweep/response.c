/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plots of the response to one setting: a panel for each figure, a line for each policy, all
 * other settings at their first value.  The scripts stand alone and may be edited.
 */
#include "core/sweep/harvest_internal.h"

#include "base/units.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PANELS 6u /* the first so many figures */
#define COLUMNS 3u
#define PANEL_WIDTH 400u
#define PANEL_HEIGHT 310u
#define KEY_ROW 20u     /* of the key ... */
#define KEY_COLUMNS 5u  /* ... which has about so many entries */
#define HEAD 80u        /* pixels above the panels, without the key */
#define LOG_FROM 10.0   /* an axis whose largest value is so many times its smallest */
#define Y_LOG_FROM 50.0 /* likewise, of a figure */
#define TICS_MAX 10u    /* labels on an axis */

/** One plot. */
struct response {
	const struct cx_harvest *harvest;
	const struct cx_sweep *sweep;
	unsigned scenario, axis;
	uint64_t *group; /* [policy * values + value] */
	double *x;       /* by value: where it stands */
	bool log_x, ordinal;
	char name[64];
};

static const struct cx_axis *axis_of(const struct response *r)
{
	return &r->sweep->plan->axes[r->axis];
}

static const struct cx_mean *mean_at(const struct response *r, unsigned policy, unsigned value,
				     unsigned figure)
{
	return &r->harvest->groups[r->group[policy * axis_of(r)->n + value]].means[figure];
}

static unsigned key_rows(const struct response *r)
{
	return (r->sweep->plan->n_schedulers + KEY_COLUMNS - 1) / KEY_COLUMNS;
}

/* --- where the values stand ------------------------------------------------------------ */

/** A value as a number: seconds, bytes, or what it is. */
static bool to_number(const char *text, double *x)
{
	uint64_t whole;
	char *end;

	*x = strtod(text, &end);
	if (end != text && !*end)
		return isfinite(*x);
	if (cx_parse_duration(text, &whole) == 0)
		*x = (double)whole / 1e9;
	else if (cx_parse_size(text, &whole) == 0)
		*x = (double)whole;
	else
		return false;
	return true;
}

/** Numbers stand where they belong; other values, and those that no scale fits, in a row. */
static void place_values(struct response *r)
{
	const struct cx_axis *a = axis_of(r);
	double least = INFINITY, most = 0;
	bool zero = false;
	unsigned v;

	for (v = 0; v < a->n && !r->ordinal; v++) {
		r->ordinal = !to_number(a->values[v], &r->x[v]) || r->x[v] < 0;
		zero |= r->x[v] == 0;
		if (r->x[v] > 0)
			least = fmin(least, r->x[v]);
		most = fmax(most, r->x[v]);
	}
	r->log_x = !r->ordinal && most / least >= LOG_FROM;
	if (r->log_x && zero) { /* zero has no logarithm */
		r->log_x = false;
		r->ordinal = true;
	}
	for (v = 0; v < a->n && r->ordinal; v++)
		r->x[v] = v + 1;
}

static void put_x_axis(const struct response *r, FILE *out)
{
	const struct cx_axis *a = axis_of(r);
	unsigned every = (a->n + TICS_MAX - 1) / TICS_MAX, v;
	double least = INFINITY, most = -INFINITY, margin;

	for (v = 0; v < a->n; v++) {
		least = fmin(least, r->x[v]);
		most = fmax(most, r->x[v]);
	}
	if (r->log_x) {
		margin = pow(most / least, 0.06);
		fprintf(out, "set logscale x\nset xrange [%.9g:%.9g]\n", least / margin,
			most * margin);
	} else {
		margin = (most - least) * 0.06;
		fprintf(out, "set xrange [%.9g:%.9g]\n", least - margin, most + margin);
	}
	fputs("set ytics nomirror\nset xtics nomirror rotate by -25 (", out);
	for (v = 0; v < a->n; v += every) {
		fputs(v ? ", " : "", out);
		cx_put_tic(out, a->values[v]);
		fprintf(out, " %.9g", r->x[v]);
	}
	fputs(")\nset xlabel ", out);
	cx_put_gnuplot(out, a->column);
	fputc('\n', out);
}

/* --- figures ------------------------------------------------------------------------------ */

struct range {
	double low, high, least; /* of bars; least positive mean */
	bool any, log;
};

static struct range range_of(const struct response *r, unsigned figure)
{
	struct range range = { INFINITY, -INFINITY, INFINITY, false, false };
	unsigned p, v;

	for (p = 0; p < r->sweep->plan->n_schedulers; p++)
		for (v = 0; v < axis_of(r)->n; v++) {
			const struct cx_mean *m = mean_at(r, p, v, figure);

			if (m->n == 0)
				continue;
			range.any = true;
			range.low = fmin(range.low, m->mean - m->half);
			range.high = fmax(range.high, m->mean + m->half);
			if (m->mean > 0)
				range.least = fmin(range.least, m->mean);
			else
				range.least = 0;
		}
	range.log = range.any && range.least > 0 && range.high / range.least >= Y_LOG_FROM;
	return range;
}

/** Long numbers in a larger unit: that of the largest. */
static double unit_of(unsigned figure, const struct range *range, const char **name)
{
	static const struct {
		enum cx_figure_unit of;
		double from, unit;
		const char *name;
	} units[] = {
		{ CX_UNIT_NS, 1e9, 1e-9, " (s)" },       { CX_UNIT_NS, 1e6, 1e-6, " (ms)" },
		{ CX_UNIT_NS, 1e3, 1e-3, " (us)" },      { CX_UNIT_NS, 0, 1, " (ns)" },
		{ CX_UNIT_COUNT, 1e7, 1e-6, " (M)" },    { CX_UNIT_COUNT, 1e4, 1e-3, " (k)" },
		{ CX_UNIT_PERCENT, 0, 1, " (percent)" },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (cx_figures[figure].unit == units[i].of && range->high >= units[i].from) {
			*name = units[i].name;
			return units[i].unit;
		}
	*name = "";
	return 1;
}

static void put_y_axis(unsigned figure, const struct range *range, double unit, const char *name,
		       FILE *out)
{
	double low = range->low * unit, high = range->high * unit, margin = (high - low) * 0.08;

	if (margin <= 0)
		margin = high > 0 ? high * 0.01 : 1;
	if (range->log)
		fprintf(out, "set logscale y\nset yrange [%.9g:%.9g]\n", range->least * unit / 2,
			high * 1.5);
	else
		fprintf(out, "unset logscale y\nset yrange [%.9g:%.9g]\n", low - margin,
			high + margin);
	fprintf(out, "set title \"%s%s\"\nset format y '%%g'\n", cx_figures[figure].title, name);
}

/** Columns of the data: x, then mean, low, high for each policy and figure. */
static unsigned column_of(unsigned policy, unsigned figure)
{
	return 3 + (policy * CX_FIGURES + figure) * 3;
}

static void put_panel(const struct response *r, unsigned figure, const struct range *range,
		      FILE *out)
{
	const char *name, *sep = "plot ";
	double unit = unit_of(figure, range, &name);
	unsigned p;

	put_y_axis(figure, range, unit, name, out);
	for (p = 0; p < r->sweep->plan->n_schedulers; p++) {
		unsigned c = column_of(p, figure);

		fprintf(out, "%sdata skip 1 using 1:($%u*%g)", sep, c, unit);
		if (cx_grid_reached(r->sweep, r->scenario, p, r->axis))
			fprintf(out, ":($%u*%g):($%u*%g) with yerrorlines %s", c + 1, unit, c + 2,
				unit, cx_line_style(p));
		else
			fprintf(out, " with lines %s", cx_dash_style(p));
		sep = ", \\\n     ";
	}
	fputs("\n", out);
}

/** One key for all panels, in a strip of its own. */
static void put_key(const struct response *r, unsigned height, FILE *out)
{
	/* Something to plot there must be; it lies out of sight. */
	const char *sep = "plot [0:1] 2 with lines notitle, \\\n     ";
	unsigned p;

	fprintf(out,
		"# The key.\n"
		"set lmargin at screen 0.02\nset rmargin at screen 0.98\n"
		"set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
		"unset border\nunset tics\nunset grid\nset yrange [0:1]\n"
		"set key center center horizontal samplen 4 width 1\n",
		1 - 66.0 / height, 1 - (66.0 + key_rows(r) * KEY_ROW) / height);
	for (p = 0; p < r->sweep->plan->n_schedulers; p++) {
		bool varied = cx_grid_reached(r->sweep, r->scenario, p, r->axis);
		char title[CX_PLAN_TEXT_MAX + 160];

		fprintf(out, "%skeyentry with %s %s title ", sep, varied ? "linespoints" : "lines",
			varied ? cx_line_style(p) : cx_dash_style(p));
		snprintf(title, sizeof(title), varied ? "%s" : "%s (has no %s)",
			 r->sweep->plan->schedulers[p].label, axis_of(r)->name);
		cx_put_gnuplot(out, title);
		sep = ", \\\n     ";
	}
	fputs("\nunset key\nunset label 1\nset border\nset tics out nomirror\n"
	      "set grid xtics ytics ls 100 back\n",
	      out);
}

/* --- a plot ---------------------------------------------------------------------------------- */

static void put_number(double value, FILE *out)
{
	fprintf(out, ",%.9g", value);
}

static void put_data(const struct response *r, FILE *out)
{
	const struct cx_plan *plan = r->sweep->plan;
	unsigned p, f, v;

	fputs("x,value", out);
	for (p = 0; p < plan->n_schedulers; p++)
		for (f = 0; f < CX_FIGURES; f++)
			fprintf(out, ",%s.%s,low,high", plan->schedulers[p].label,
				cx_figures[f].name);
	fputc('\n', out);
	for (v = 0; v < axis_of(r)->n; v++) {
		fprintf(out, "%.9g,", r->x[v]);
		cx_put_csv(out, axis_of(r)->values[v]);
		for (p = 0; p < plan->n_schedulers; p++)
			for (f = 0; f < CX_FIGURES; f++) {
				const struct cx_mean *m = mean_at(r, p, v, f);

				if (m->n == 0) {
					fputs(",NaN,NaN,NaN", out);
					continue;
				}
				put_number(m->mean, out);
				put_number(m->mean - m->half, out);
				put_number(m->mean + m->half, out);
			}
		fputc('\n', out);
	}
}

static void put_titles(const struct response *r, unsigned height, FILE *out)
{
	const struct cx_plan *plan = r->sweep->plan;
	const char *comma = "";
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);
	unsigned a;

	if (!mem)
		return;
	for (a = 0; a < plan->n_axes; a++) {
		if (a == r->axis || plan->axes[a].n < 2)
			continue;
		fprintf(mem, "%s%s=%s", *comma ? comma : "The others have their first value: ",
			plan->axes[a].column, plan->axes[a].values[0]);
		comma = ", ";
	}
	if (plan->n_seeds > 1)
		fprintf(mem, "%sMean and 95 %% interval over %u seeds.", *comma ? ".  " : "",
			plan->n_seeds);
	else
		fprintf(mem, "%sOne seed: no intervals.", *comma ? ".  " : "");
	fclose(mem);
	fputs("set label 1 ", out);
	cx_put_title(out, text);
	fprintf(out, " at screen 0.5,%.4f center font ',12' noenhanced\n", 1 - 52.0 / height);
	free(text);
}

/** Where panel @i of a picture of @rows rows stands, in parts of the picture. */
static void place_panel(const struct response *r, unsigned i, unsigned columns, unsigned height,
			FILE *out)
{
	double width = (double)columns * PANEL_WIDTH, top = HEAD + key_rows(r) * KEY_ROW;
	unsigned column = i % columns, row = i / columns;

	fprintf(out,
		"set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
		"set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
		(column * PANEL_WIDTH + 75.0) / width, ((column + 1) * PANEL_WIDTH - 20.0) / width,
		1 - (top + row * PANEL_HEIGHT + 25.0) / height,
		1 - (top + (row + 1) * PANEL_HEIGHT - 78.0) / height);
}

static void put_panels(const struct response *r, const struct range range[PANELS], unsigned columns,
		       unsigned height, FILE *out)
{
	unsigned f, n = 0;

	put_x_axis(r, out);
	for (f = 0; f < PANELS; f++) {
		if (!range[f].any)
			continue;
		place_panel(r, n++, columns, height, out);
		put_panel(r, f, &range[f], out);
	}
}

static void put_script(const struct response *r, FILE *out)
{
	struct range range[PANELS];
	unsigned n = 0, f, columns, height;
	char title[200];

	for (f = 0; f < PANELS; f++) {
		range[f] = range_of(r, f);
		n += range[f].any;
	}
	columns = n < COLUMNS ? 2 : COLUMNS;
	height = HEAD + key_rows(r) * KEY_ROW + (n + columns - 1) / columns * PANEL_HEIGHT;
	snprintf(title, sizeof(title), "%.60s: response to %.60s in %.60s", r->sweep->plan->name,
		 axis_of(r)->column, r->sweep->plan->scenarios[r->scenario].label);
	fprintf(out,
		"# The response to one setting.\n"
		"# Change what you like and draw it again from the sweep's folder:\n"
		"#     gnuplot plots/%s.gp\n"
		"reset\n"
		"set encoding utf8\n"
		"set terminal svg size %u,%u dynamic noenhanced font 'DejaVu Sans,12' "
		"background 'white'\n"
		"set output 'plots/%s.svg'\n"
		"set datafile separator comma\n"
		"data = 'plots/%s.csv'\n"
		"set style line 100 lc rgb '#c8c8c8' lw 0.7\n"
		"set bars 0.6\n"
		"set multiplot title ",
		r->name, columns * PANEL_WIDTH, height, r->name, r->name);
	cx_put_title(out, title);
	fputs(" font ',15'\n", out);
	put_titles(r, height, out);
	put_key(r, height, out);
	put_panels(r, range, columns, height, out);
	fputs("unset multiplot\nset output   # closes the picture\n", out);
}

static bool any_data(const struct response *r)
{
	unsigned f;

	for (f = 0; f < PANELS; f++)
		if (range_of(r, f).any)
			return true;
	return false;
}

static int write_file(const struct response *r, const char *ending,
		      void (*put)(const struct response *r, FILE *out), struct cx_error *err)
{
	char name[PATH_MAX];
	FILE *out;

	snprintf(name, sizeof(name), "plots/%s%s", r->name, ending);
	out = cx_folder_create(cx_store_dir(r->harvest->store), name, err);
	if (!out)
		return -errno;
	put(r, out);
	return cx_folder_close(out, cx_store_dir(r->harvest->store), name, err);
}

/* --- which there are -------------------------------------------------------------------------- */

/** The groups that it shows: every other setting has its first value. */
static void find_groups(struct response *r)
{
	const struct cx_plan *plan = r->sweep->plan;
	unsigned p, v, a;

	for (p = 0; p < plan->n_schedulers; p++) {
		uint64_t block = r->sweep->first[r->scenario * plan->n_schedulers + p];
		uint64_t step = 1;

		for (a = r->axis + 1; a < plan->n_axes; a++)
			if (cx_grid_reached(r->sweep, r->scenario, p, a))
				step *= plan->axes[a].n;
		if (!cx_grid_reached(r->sweep, r->scenario, p, r->axis))
			step = 0;
		for (v = 0; v < axis_of(r)->n; v++)
			r->group[p * axis_of(r)->n + v] = block / plan->n_seeds + v * step;
	}
}

static void choose_name(struct response *r)
{
	const struct cx_plan *plan = r->sweep->plan;
	size_t n;
	char *c;

	snprintf(r->name, sizeof(r->name), "response-%.24s", axis_of(r)->column);
	n = strlen(r->name);
	/* A number where a name alone might be another's too. */
	if (strlen(axis_of(r)->column) > 24)
		n += (size_t)snprintf(r->name + n, sizeof(r->name) - n, "-%u", r->axis + 1);
	if (plan->n_scenarios > 1)
		n += (size_t)snprintf(r->name + n, sizeof(r->name) - n, ".%.20s",
				      plan->scenarios[r->scenario].label);
	if (plan->n_scenarios > 1 && strlen(plan->scenarios[r->scenario].label) > 20)
		snprintf(r->name + n, sizeof(r->name) - n, "-%u", r->scenario + 1);
	for (c = r->name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *c))
			*c = '_';
}

static int draw(const struct response *r, struct cx_error *err)
{
	struct cx_plots *plots = calloc(1, sizeof(*plots));
	int ret;

	if (!plots)
		return cx_fail(err, ENOMEM, "out of memory");
	plots->n = 1;
	snprintf(plots->plot[0].name, sizeof(plots->plot[0].name), "%s", r->name);
	ret = cx_plots_draw(cx_store_dir(r->harvest->store), plots, err);
	free(plots);
	return ret;
}

static int make_one(const struct cx_harvest *harvest, unsigned scenario, unsigned axis,
		    bool *can_draw, struct cx_error *err)
{
	const struct cx_plan *plan = harvest->sweep->plan;
	struct response r = {
		.harvest = harvest, .sweep = harvest->sweep, .scenario = scenario, .axis = axis
	};
	int ret = 0;

	r.group = calloc((size_t)plan->n_schedulers * plan->axes[axis].n, sizeof(*r.group));
	r.x = calloc(plan->axes[axis].n, sizeof(*r.x));
	if (!r.group || !r.x)
		ret = cx_fail(err, ENOMEM, "out of memory");
	if (!ret) {
		find_groups(&r);
		place_values(&r);
		choose_name(&r);
		if (any_data(&r)) {
			ret = write_file(&r, ".csv", put_data, err);
			if (!ret)
				ret = write_file(&r, ".gp", put_script, err);
			if (!ret && *can_draw)
				ret = draw(&r, err);
			if (ret == -ENOENT) {
				*can_draw = false;
				ret = 0;
			}
		}
	}
	free(r.group);
	free(r.x);
	return ret;
}

static bool varied(const struct cx_sweep *sweep, unsigned scenario, unsigned axis)
{
	unsigned p;

	if (sweep->plan->axes[axis].n < 2)
		return false;
	for (p = 0; p < sweep->plan->n_schedulers; p++)
		if (cx_grid_reached(sweep, scenario, p, axis))
			return true;
	return false;
}

int cx_harvest_plots(const struct cx_harvest *harvest, struct cx_error *err)
{
	const struct cx_plan *plan = harvest->sweep->plan;
	bool can_draw = true;
	char path[PATH_MAX];
	unsigned s, a;
	int ret = 0;

	snprintf(path, sizeof(path), "%s/plots", cx_store_dir(harvest->store));
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return cx_fail(err, errno, "%s: cannot create: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/plots/gnuplot.log", cx_store_dir(harvest->store));
	unlink(path); /* what was said the last time */
	for (s = 0; s < plan->n_scenarios && !ret; s++)
		for (a = 0; a < plan->n_axes && !ret; a++)
			if (varied(harvest->sweep, s, a))
				ret = make_one(harvest, s, a, &can_draw, err);
	return ret ? ret : can_draw ? 0 : -ENOENT;
}
