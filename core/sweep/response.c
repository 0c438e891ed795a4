/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plots of the response to one setting, all other settings having their first value: which
 * there are, and their data.  The scripts stand alone and may be edited.
 */
#include "core/sweep/response.h"

#include "base/units.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_FROM 10.0  /* an axis whose largest value is so many times its smallest */
#define TIC_LONGEST 9u /* letters of a value that stands at the axis */

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

/** Numbers stand where they belong, names in a row; so do numbers that no scale fits. */
static void place_values(struct cx_response *r)
{
	const struct cx_axis *a = cx_response_axis(r);
	double least = INFINITY, most = 0;
	bool zero = false, in_a_row;
	unsigned v;

	for (v = 0; v < a->n; v++) {
		if (!to_number(a->values[v], &r->x[v]))
			r->named = true;
		zero |= r->x[v] <= 0;
		if (r->x[v] > 0)
			least = fmin(least, r->x[v]);
		most = fmax(most, r->x[v]);
		r->lettered |= cx_text_width(a->values[v]) > TIC_LONGEST;
	}
	r->log_x = !r->named && most / least >= LOG_FROM;
	in_a_row = r->named || (r->log_x && zero); /* zero has no logarithm */
	if (in_a_row)
		r->log_x = false;
	for (v = 0; v < a->n && in_a_row; v++)
		r->x[v] = v + 1;
}

/* --- data ------------------------------------------------------------------------------ */

struct cx_span cx_response_span(const struct cx_response *r, unsigned figure)
{
	struct cx_span span = { INFINITY, -INFINITY, INFINITY, false };
	unsigned p, v;

	for (p = 0; p < r->sweep->plan->n_schedulers; p++)
		for (v = 0; v < cx_response_axis(r)->n; v++) {
			const struct cx_mean *m = cx_response_mean(r, p, v, figure);

			if (m->n == 0)
				continue;
			span.any = true;
			span.low = fmin(span.low, m->mean - m->half);
			span.high = fmax(span.high, m->mean + m->half);
			span.least = fmin(span.least, fmax(m->mean, 0));
		}
	return span;
}

static void put_number(double value, FILE *out)
{
	fprintf(out, ",%.9g", value);
}

static void put_data(const struct cx_response *r, FILE *out)
{
	const struct cx_plan *plan = r->sweep->plan;
	unsigned p, f, v;

	fputs("x,value", out);
	for (p = 0; p < plan->n_schedulers; p++)
		for (f = 0; f < CX_FIGURES; f++)
			fprintf(out, ",%s.%s,low,high", plan->schedulers[p].label,
				cx_figures[f].name);
	fputc('\n', out);
	for (v = 0; v < cx_response_axis(r)->n; v++) {
		fprintf(out, "%.9g,", r->x[v]);
		cx_put_csv(out, cx_response_axis(r)->values[v]);
		for (p = 0; p < plan->n_schedulers; p++)
			for (f = 0; f < CX_FIGURES; f++) {
				const struct cx_mean *m = cx_response_mean(r, p, v, f);

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

static bool any_data(const struct cx_response *r)
{
	unsigned f;

	for (f = 0; f < CX_PANELS; f++)
		if (cx_response_span(r, f).any)
			return true;
	return false;
}

static int write_file(const struct cx_response *r, const char *ending,
		      void (*put)(const struct cx_response *r, FILE *out), struct cx_error *err)
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
static void find_groups(struct cx_response *r)
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
		for (v = 0; v < cx_response_axis(r)->n; v++)
			r->group[p * cx_response_axis(r)->n + v] = block / plan->n_seeds + v * step;
	}
}

static void choose_name(struct cx_response *r)
{
	const struct cx_plan *plan = r->sweep->plan;
	size_t n;
	char *c;

	snprintf(r->name, sizeof(r->name), "response-%.24s", cx_response_axis(r)->column);
	n = strlen(r->name);
	/* A number where a name alone might be another's too. */
	if (strlen(cx_response_axis(r)->column) > 24)
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

static int draw(const struct cx_response *r, struct cx_error *err)
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

static int write_and_draw(struct cx_response *r, bool *can_draw, struct cx_error *err)
{
	int ret;

	find_groups(r);
	place_values(r);
	choose_name(r);
	if (!any_data(r))
		return 0;
	ret = write_file(r, ".csv", put_data, err);
	if (!ret)
		ret = write_file(r, ".gp", cx_response_script, err);
	if (!ret && *can_draw)
		ret = draw(r, err);
	if (ret == -ENOENT) {
		*can_draw = false;
		ret = 0;
	}
	return ret;
}

static int make_one(const struct cx_harvest *harvest, unsigned scenario, unsigned axis,
		    bool *can_draw, struct cx_error *err)
{
	const struct cx_plan *plan = harvest->sweep->plan;
	struct cx_response r = {
		.harvest = harvest, .sweep = harvest->sweep, .scenario = scenario, .axis = axis
	};
	int ret = -ENOMEM;

	r.group = calloc((size_t)plan->n_schedulers * plan->axes[axis].n, sizeof(*r.group));
	r.x = calloc(plan->axes[axis].n, sizeof(*r.x));
	if (r.group && r.x)
		ret = write_and_draw(&r, can_draw, err);
	else
		cx_fail(err, ENOMEM, "out of memory");
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
