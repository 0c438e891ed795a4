/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script of a response: a panel for each figure, a line for each policy, one key for all.
 */
#include "core/sweep/response.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 3u       /* of panels */
#define PANEL_WIDTH 400u /* pixels */
#define PANEL_HEIGHT 310u
#define KEY_ROW 20u     /* of the key ... */
#define KEY_COLUMNS 5u  /* ... which has about so many entries */
#define HEAD 80u        /* pixels above the panels, without the key */
#define Y_LOG_FROM 50.0 /* a figure whose largest value is so many times its least */
#define TICS_MAX 10u    /* labels on an axis */
#define LEGEND_ROW 18u  /* pixels of what a letter stands for */
#define LEGEND_MAX 20u

static unsigned key_rows(const struct cx_response *r)
{
	return (r->sweep->plan->n_schedulers + KEY_COLUMNS - 1) / KEY_COLUMNS;
}

/* --- the axis of values --------------------------------------------------------------- */

/** "a" .. "z", "aa" .. for the value @v. */
static void letter_of(unsigned v, char letter[4])
{
	unsigned n = 0;

	if (v >= 26)
		letter[n++] = (char)('a' + (v / 26 - 1) % 26);
	letter[n++] = (char)('a' + v % 26);
	letter[n] = '\0';
}

/** What the letters stand for, below the panels; pixels that it takes. */
static unsigned legend_height(const struct cx_response *r)
{
	return r->lettered ? 20 + LEGEND_ROW * (cx_response_axis(r)->n < LEGEND_MAX
							? cx_response_axis(r)->n
							: LEGEND_MAX)
			   : 0;
}

static void put_legend(const struct cx_response *r, unsigned height, FILE *out)
{
	const struct cx_axis *a = cx_response_axis(r);
	char text[CX_PLAN_TEXT_MAX + 16], letter[4];
	unsigned v;

	for (v = 0; r->lettered && v < a->n && v < LEGEND_MAX; v++) {
		letter_of(v, letter);
		if (v + 1 == LEGEND_MAX && v + 1 < a->n)
			snprintf(text, sizeof(text), "... and so on, as in plots/%s.csv", r->name);
		else
			snprintf(text, sizeof(text), "%s  %s", letter, a->values[v]);
		fprintf(out, "set label %u ", v + 2);
		cx_put_title(out, text);
		fprintf(out, " at screen 0.06,%.4f font ',12' noenhanced\n",
			(legend_height(r) - 10.0 - LEGEND_ROW * v) / height);
	}
}

static void put_x_axis(const struct cx_response *r, FILE *out)
{
	const struct cx_axis *a = cx_response_axis(r);
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
	fprintf(out, "set ytics nomirror\nset xtics nomirror %s (",
		r->lettered ? "norotate" : "rotate by -25");
	for (v = 0; v < a->n; v += every) {
		char letter[4];

		letter_of(v, letter);
		fputs(v ? ", " : "", out);
		cx_put_tic(out, r->lettered ? letter : a->values[v]);
		fprintf(out, " %.9g", r->x[v]);
	}
	fputs(")\nset xlabel ", out);
	cx_put_gnuplot(out, a->column);
	fputc('\n', out);
}

/* --- figures ------------------------------------------------------------------------------ */

/** Long numbers in a larger unit: that of the largest. */
static double unit_of(unsigned figure, const struct cx_span *span, const char **name)
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
		if (cx_figures[figure].unit == units[i].of && span->high >= units[i].from) {
			*name = units[i].name;
			return units[i].unit;
		}
	*name = "";
	return 1;
}

static void put_y_axis(unsigned figure, const struct cx_span *span, double unit, const char *name,
		       FILE *out)
{
	double low = span->low * unit, high = span->high * unit, margin = (high - low) * 0.08;

	if (margin <= 0)
		margin = high > 0 ? high * 0.01 : 1;
	if (span->least > 0 && span->high / span->least >= Y_LOG_FROM)
		fprintf(out, "set logscale y\nset yrange [%.9g:%.9g]\n", span->least * unit / 2,
			high * 1.5);
	else
		fprintf(out, "unset logscale y\nset yrange [%.9g:%.9g]\n", low - margin,
			high + margin);
	fprintf(out, "set title \"%s%s\"\nset format y '%%g'\n", cx_figures[figure].title, name);
}

static void put_panel(const struct cx_response *r, unsigned figure, const struct cx_span *span,
		      FILE *out)
{
	const char *name, *sep = "plot ";
	double unit = unit_of(figure, span, &name);
	unsigned p;

	put_y_axis(figure, span, unit, name, out);
	for (p = 0; p < r->sweep->plan->n_schedulers; p++) {
		unsigned c = cx_response_column(p, figure);

		fprintf(out, "%sdata skip 1 using 1:($%u*%g)", sep, c, unit);
		if (cx_grid_reached(r->sweep, r->scenario, p, r->axis))
			fprintf(out, ":($%u*%g):($%u*%g) with %s %s", c + 1, unit, c + 2, unit,
				r->named ? "yerrorbars" : "yerrorlines", cx_line_style(p));
		else
			fprintf(out, " with lines %s", cx_dash_style(p));
		sep = ", \\\n     ";
	}
	fputs("\n", out);
}

/** One key for all panels, in a strip of its own. */
static void put_key(const struct cx_response *r, unsigned height, FILE *out)
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
		char title[160];

		fprintf(out, "%skeyentry with %s %s title ", sep, varied ? "linespoints" : "lines",
			varied ? cx_line_style(p) : cx_dash_style(p));
		snprintf(title, sizeof(title), "%s%s", r->sweep->plan->schedulers[p].label,
			 varied ? "" : " (not varied)");
		cx_put_gnuplot(out, title);
		sep = ", \\\n     ";
	}
	fputs("\nunset key\nunset label\nset border\nset tics out nomirror\n"
	      "set grid xtics ytics ls 100 back\n",
	      out);
}

/* --- the picture ------------------------------------------------------------------------ */

static void put_titles(const struct cx_response *r, unsigned height, FILE *out)
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
static void place_panel(const struct cx_response *r, unsigned i, unsigned columns, unsigned height,
			FILE *out)
{
	double width = (double)columns * PANEL_WIDTH, top = HEAD + key_rows(r) * KEY_ROW;
	unsigned column = i % columns, row = i / columns;

	fprintf(out,
		"set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
		"set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
		(column * PANEL_WIDTH + 75.0) / width, ((column + 1) * PANEL_WIDTH - 30.0) / width,
		1 - (top + row * PANEL_HEIGHT + 25.0) / height,
		1 - (top + (row + 1) * PANEL_HEIGHT - 78.0) / height);
}

static void put_panels(const struct cx_response *r, const struct cx_span span[CX_PANELS],
		       unsigned columns, unsigned height, FILE *out)
{
	unsigned f, n = 0;

	put_x_axis(r, out);
	for (f = 0; f < CX_PANELS; f++) {
		if (!span[f].any)
			continue;
		place_panel(r, n++, columns, height, out);
		put_panel(r, f, &span[f], out);
	}
}

void cx_response_script(const struct cx_response *r, FILE *out)
{
	struct cx_span span[CX_PANELS];
	unsigned n = 0, f, columns, height;
	char title[200];

	for (f = 0; f < CX_PANELS; f++) {
		span[f] = cx_response_span(r, f);
		n += span[f].any;
	}
	columns = n < COLUMNS ? 2 : COLUMNS;
	height = HEAD + key_rows(r) * KEY_ROW + (n + columns - 1) / columns * PANEL_HEIGHT +
		 legend_height(r);
	snprintf(title, sizeof(title), "%.60s: response to %.60s in %.60s", r->sweep->plan->name,
		 cx_response_axis(r)->column, r->sweep->plan->scenarios[r->scenario].label);
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
	put_legend(r, height, out);
	put_key(r, height, out);
	put_panels(r, span, columns, height, out);
	fputs("unset multiplot\nset output   # closes the picture\n", out);
}
