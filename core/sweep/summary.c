/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Means over the seeds: as a file, as a table, as JSON.
 */
#include "core/sweep/harvest_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SHOWN 24u /* columns of a setting's name or value */
#define FAILURES_SHOWN 10u
#define NOISY_STEAL 2.0 /* percent; as in a report */

/* Of the table; all are in means.csv.  Each with room for "12.3ms +-1.56ms" and the like. */
static const struct {
	enum cx_figure figure;
	unsigned width;
} shown[] = {
	{ CX_FIGURE_JAIN, 15 },      { CX_FIGURE_ERROR, 12 },     { CX_FIGURE_SWITCHES, 13 },
	{ CX_FIGURE_WAKE_P99, 15 },  { CX_FIGURE_BUSY, 12 },      { CX_FIGURE_PROGRESS, 13 },
	{ CX_FIGURE_SHORTFALL, 15 }, { CX_FIGURE_OVERSHOOT, 15 },
};
#define SHOWN (sizeof(shown) / sizeof(shown[0]))

static unsigned done(const struct cx_group *g)
{
	return g->outcomes[CX_OUTCOME_DONE];
}

/* --- means.csv ------------------------------------------------------------------------ */

static void put_means(const struct cx_harvest *h, FILE *out)
{
	struct cx_point point;
	uint64_t i;
	unsigned f;

	cx_grid_csv_head(h->sweep, out);
	fputs(",done,degraded,failed,missing", out);
	for (f = 0; f < CX_FIGURES; f++)
		fprintf(out, ",%s,%s_ci95", cx_figures[f].name, cx_figures[f].name);
	fputc('\n', out);
	for (i = 0; i < h->sweep->n_groups; i++) {
		const struct cx_group *g = &h->groups[i];

		cx_harvest_point(h, i, &point);
		cx_grid_csv(h->sweep, &point, out);
		fprintf(out, ",%u,%u,%u,%u", done(g), g->outcomes[CX_OUTCOME_DEGRADED],
			g->outcomes[CX_OUTCOME_FAILED], g->missing);
		for (f = 0; f < CX_FIGURES; f++) {
			fputc(',', out);
			if (g->means[f].n)
				fprintf(out, "%.9g", g->means[f].mean);
			fputc(',', out);
			if (g->means[f].n > 1)
				fprintf(out, "%.9g", g->means[f].half);
		}
		fputc('\n', out);
	}
}

int cx_harvest_means(const struct cx_harvest *harvest, struct cx_error *err)
{
	FILE *out = cx_harvest_create(harvest->store, "means.csv", err);

	if (!out)
		return -errno;
	put_means(harvest, out);
	return cx_harvest_close(harvest->store, "means.csv", out, 0, err);
}

/* --- the table -------------------------------------------------------------------------- */

/** How wide the table's first columns are: the policies, and each setting that is varied. */
struct layout {
	unsigned policy, axis[CX_PLAN_AXES_MAX]; /* 0 = not shown */
	bool figure[SHOWN];
};

/** The part of a setting's name that tells it: "switch" of "costs.switch". */
static const char *short_name(const struct cx_axis *axis)
{
	const char *const prefixes[] = { "costs.", "domains." };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(axis->column, prefixes[i], strlen(prefixes[i])) == 0)
			return axis->column + strlen(prefixes[i]);
	return axis->column;
}

static void widen(unsigned *width, const char *text)
{
	unsigned n = cx_text_width(text);

	if (n > NAME_MAX_SHOWN)
		n = NAME_MAX_SHOWN;
	if (n > *width)
		*width = n;
}

/** Is it worth a column?  Shortfall and overshoot only where there is something to judge. */
static bool is_shown(const struct cx_harvest *h, enum cx_figure figure)
{
	uint64_t i;

	if (figure != CX_FIGURE_SHORTFALL && figure != CX_FIGURE_OVERSHOOT)
		return true;
	for (i = 0; i < h->sweep->n_groups; i++)
		if (h->groups[i].means[figure].n)
			return true;
	return false;
}

static struct layout layout_of(const struct cx_harvest *h)
{
	const struct cx_plan *plan = h->sweep->plan;
	struct layout l = { 0 };
	unsigned i, a, v;

	for (i = 0; i < SHOWN; i++)
		l.figure[i] = is_shown(h, shown[i].figure);
	for (i = 0; i < plan->n_schedulers; i++)
		widen(&l.policy, plan->schedulers[i].label);
	for (i = 0; i < plan->n_scenarios; i++)
		widen(&l.policy, plan->scenarios[i].label);
	for (a = 0; a < plan->n_axes; a++) {
		if (plan->axes[a].n < 2)
			continue;
		widen(&l.axis[a], short_name(&plan->axes[a]));
		for (v = 0; v < plan->axes[a].n; v++)
			widen(&l.axis[a], plan->axes[a].values[v]);
	}
	return l;
}

/** "0.9997 +-0.0001" */
static void put_mean(enum cx_figure figure, const struct cx_mean *mean, unsigned width, FILE *out)
{
	char value[CX_SHORT], half[CX_SHORT], cell[2 * CX_SHORT + 4];

	if (mean->n == 0)
		snprintf(cell, sizeof(cell), "-");
	else if (mean->n == 1)
		snprintf(cell, sizeof(cell), "%s", cx_figure_text(figure, mean->mean, value));
	else
		snprintf(cell, sizeof(cell), "%s +-%s", cx_figure_text(figure, mean->mean, value),
			 cx_figure_text(figure, mean->half, half));
	fprintf(out, " %*s", (int)width, cell);
}

static void put_group(const struct cx_harvest *h, uint64_t group, const struct layout *layout,
		      FILE *out)
{
	const struct cx_plan *plan = h->sweep->plan;
	const struct cx_group *g = &h->groups[group];
	struct cx_point point;
	unsigned a;
	size_t i;

	cx_harvest_point(h, group, &point);
	cx_put_cell(out, plan->schedulers[point.policy].label, layout->policy, false);
	for (a = 0; a < plan->n_axes; a++) {
		bool has = point.value[a] != CX_NO_VALUE;

		if (!layout->axis[a])
			continue;
		fputc(' ', out);
		cx_put_cell(out, has ? plan->axes[a].values[point.value[a]] : "-", layout->axis[a],
			    true);
	}
	fprintf(out, " %4u", done(g));
	for (i = 0; i < SHOWN; i++)
		if (layout->figure[i])
			put_mean(shown[i].figure, &g->means[shown[i].figure], shown[i].width, out);
	if (g->outcomes[CX_OUTCOME_DEGRADED])
		fprintf(out, "  %u degraded", g->outcomes[CX_OUTCOME_DEGRADED]);
	if (g->outcomes[CX_OUTCOME_FAILED])
		fprintf(out, "  %u failed", g->outcomes[CX_OUTCOME_FAILED]);
	if (g->missing)
		fprintf(out, "  %u missing", g->missing);
	fputc('\n', out);
}

/** What stands at its only value, everywhere. */
static void put_fixed(const struct cx_plan *plan, FILE *out)
{
	const char *comma = "with ";
	unsigned a;

	for (a = 0; a < plan->n_axes; a++) {
		if (plan->axes[a].n > 1)
			continue;
		fprintf(out, "%s%s=%s", comma, plan->axes[a].column, plan->axes[a].values[0]);
		comma = ", ";
	}
	if (*comma == ',')
		fputc('\n', out);
}

static void put_head(const struct cx_plan *plan, unsigned scenario, const struct layout *layout,
		     FILE *out)
{
	unsigned a;
	size_t i;

	fputc('\n', out);
	cx_put_cell(out, plan->scenarios[scenario].label, layout->policy, false);
	for (a = 0; a < plan->n_axes; a++) {
		if (!layout->axis[a])
			continue;
		fputc(' ', out);
		cx_put_cell(out, short_name(&plan->axes[a]), layout->axis[a], true);
	}
	fprintf(out, " %4s", "runs");
	for (i = 0; i < SHOWN; i++)
		if (layout->figure[i])
			fprintf(out, " %*s", (int)shown[i].width,
				cx_figures[shown[i].figure].title);
	fputc('\n', out);
}

/** The first few that failed, and why. */
static void put_failures(const struct cx_harvest *h, FILE *out)
{
	uint64_t all = h->outcomes[CX_OUTCOME_FAILED] + h->outcomes[CX_OUTCOME_DEGRADED], i;
	unsigned n = 0;

	for (i = 1; i <= h->sweep->n_points && n < FAILURES_SHOWN && n < all; i++) {
		struct cx_result result;
		struct cx_point point;

		if (cx_result_read(h->sweep, h->store, i, &result, NULL) < 0)
			continue;
		if (result.outcome != CX_OUTCOME_DONE) {
			fprintf(out, "%s%s: point %" PRIu64 ", ", n++ ? "" : "\n",
				cx_outcome_name(result.outcome), i);
			cx_grid_point(h->sweep, i, &point);
			cx_grid_key(h->sweep, &point, out);
			fputs(": ", out);
			cx_put_text(out, cx_or_empty(result.reason));
			fputc('\n', out);
		}
		cx_result_free(&result);
	}
	if (n < all)
		fprintf(out, "(%" PRIu64 " more: see points.csv)\n", all - n);
}

void cx_harvest_text(const struct cx_harvest *harvest, uint64_t rows_max, FILE *out)
{
	const struct cx_plan *plan = harvest->sweep->plan;
	const struct layout layout = layout_of(harvest);
	uint64_t rows = harvest->sweep->n_groups, i;
	unsigned scenario = UINT32_MAX;
	struct cx_point point;

	if (rows_max && rows > rows_max)
		rows = rows_max;
	fprintf(out, "%s: %" PRIu64 " points on %s, %u seed%s\n", plan->name,
		harvest->sweep->n_points, plan->simulated ? "sim" : "kvm", plan->n_seeds,
		plan->n_seeds == 1 ? "" : "s");
	put_fixed(plan, out);
	for (i = 0; i < rows; i++) {
		cx_harvest_point(harvest, i, &point);
		if (point.scenario != scenario) {
			scenario = point.scenario;
			put_head(plan, scenario, &layout, out);
		}
		put_group(harvest, i, &layout, out);
	}
	if (rows < harvest->sweep->n_groups)
		fprintf(out, "(%" PRIu64 " more lines in %s/summary.txt)\n",
			harvest->sweep->n_groups - rows, harvest->store->dir);
	put_failures(harvest, out);
	if (harvest->steal >= NOISY_STEAL)
		fprintf(out,
			"\nThe host took up to %.0f %% of a run's time away (host_steal_percent in "
			"points.csv): such\nfigures say little of a policy.\n",
			harvest->steal);
	if (plan->n_seeds > 1)
		fputs("\n+-: half of the 95 % confidence interval of the mean over the seeds\n",
		      out);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(to, key, value) != 0)
		json_object_put(value);
}

static struct json_object *number(double value)
{
	char text[CX_SHORT];

	snprintf(text, sizeof(text), "%.9g", value);
	return json_object_new_double_s(value, text);
}

static struct json_object *mean_object(const struct cx_mean *mean)
{
	struct json_object *o = json_object_new_object();

	add(o, "n", json_object_new_uint64(mean->n));
	add(o, "mean", number(mean->mean));
	if (mean->n > 1)
		add(o, "ci95", number(mean->half));
	add(o, "min", number(mean->min));
	add(o, "max", number(mean->max));
	return o;
}

static void add_counts(struct json_object *o, const uint64_t outcomes[CX_OUTCOMES],
		       uint64_t missing)
{
	unsigned i;

	for (i = 0; i < CX_OUTCOMES; i++)
		add(o, cx_outcome_name(i), json_object_new_uint64(outcomes[i]));
	add(o, "missing", json_object_new_uint64(missing));
}

static struct json_object *group_object(const struct cx_harvest *h, uint64_t group)
{
	struct json_object *o = json_object_new_object(), *settings = json_object_new_object(),
			   *figures = json_object_new_object();
	const struct cx_plan *plan = h->sweep->plan;
	const struct cx_group *g = &h->groups[group];
	uint64_t outcomes[CX_OUTCOMES];
	struct cx_point point;
	unsigned a, i;

	cx_harvest_point(h, group, &point);
	add(o, "scenario", json_object_new_string(plan->scenarios[point.scenario].label));
	add(o, "scheduler", json_object_new_string(plan->schedulers[point.policy].label));
	for (a = 0; a < plan->n_axes; a++)
		if (point.value[a] != CX_NO_VALUE)
			add(settings, plan->axes[a].column,
			    json_object_new_string(plan->axes[a].values[point.value[a]]));
	add(o, "settings", settings);
	for (i = 0; i < CX_OUTCOMES; i++)
		outcomes[i] = g->outcomes[i];
	add_counts(o, outcomes, g->missing);
	for (i = 0; i < CX_FIGURES; i++)
		if (g->means[i].n)
			add(figures, cx_figures[i].name, mean_object(&g->means[i]));
	add(o, "figures", figures);
	return o;
}

/** Group by group: all of them at once may be more than fits. */
static bool put_groups(const struct cx_harvest *h, FILE *out)
{
	uint64_t i;

	for (i = 0; i < h->sweep->n_groups; i++) {
		struct json_object *o = group_object(h, i);
		const char *text =
			o ? json_object_to_json_string_ext(
				    o, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)
			  : NULL;

		if (text)
			fprintf(out, "%s\n    %s", i ? "," : "", text);
		json_object_put(o);
		if (!text)
			return false;
	}
	return true;
}

int cx_harvest_json(const struct cx_harvest *harvest, FILE *out, struct cx_error *err)
{
	struct json_object *o = json_object_new_object();
	const struct cx_plan *plan = harvest->sweep->plan;
	const char *text;
	bool good;

	add(o, "sweep", json_object_new_string(plan->name));
	add(o, "machine", json_object_new_string(plan->simulated ? "sim" : "kvm"));
	add(o, "folder", json_object_new_string(harvest->store->dir));
	add(o, "points", json_object_new_uint64(harvest->sweep->n_points));
	add_counts(o, harvest->outcomes, harvest->missing);
	fputs("{\n  \"total\": ", out);
	text = o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE)
		 : NULL;
	good = text != NULL;
	if (text)
		fputs(text, out);
	json_object_put(o);
	fputs(",\n  \"groups\": [", out);
	good = good && put_groups(harvest, out);
	fputs("\n  ]\n}\n", out);
	if (!good)
		return cx_fail(err, ENOMEM, "out of memory");
	return ferror(out) ? cx_fail(err, EIO, "summary: cannot write: %s", strerror(errno)) : 0;
}
