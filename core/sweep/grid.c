/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and points.  The grid is a row of blocks, one for each scenario and policy; within
 * a block a number is written in a mixed base, one digit for each setting that reaches it,
 * and the last digit is the seed.
 */
#include "core/sweep/sweep.h"

#include "trace/draw.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

bool cx_grid_reached(const struct cx_sweep *sweep, unsigned scenario, unsigned policy,
		     unsigned axis)
{
	switch (sweep->plan->axes[axis].kind) {
	case CX_AXIS_PARAM:
		return sweep->policies[policy].reached[axis];
	case CX_AXIS_SET:
		return sweep->scenarios[scenario].reached[axis];
	default:
		return true;
	}
}

/** Points of a block; more than is allowed when it cannot be counted. */
static uint64_t block_size(const struct cx_sweep *sweep, unsigned scenario, unsigned policy)
{
	uint64_t n = sweep->plan->n_seeds;
	unsigned a;

	for (a = 0; a < sweep->plan->n_axes; a++)
		if (cx_grid_reached(sweep, scenario, policy, a) &&
		    (__builtin_mul_overflow(n, sweep->plan->axes[a].n, &n) ||
		     n > CX_PLAN_POINTS_MAX))
			return CX_PLAN_POINTS_MAX + 1;
	return n;
}

int cx_grid_count(struct cx_sweep *sweep, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	unsigned s, p;

	sweep->n_points = 0;
	for (s = 0; s < plan->n_scenarios; s++)
		for (p = 0; p < plan->n_schedulers; p++) {
			sweep->first[s * plan->n_schedulers + p] = sweep->n_points;
			sweep->n_points += block_size(sweep, s, p);
			if (sweep->n_points > CX_PLAN_POINTS_MAX)
				return cx_fail(
					err, EINVAL,
					"%s: its grid has more than %u points; allowed at "
					"most so many: fewer values or seeds, or several plans",
					plan->path, CX_PLAN_POINTS_MAX);
		}
	sweep->n_groups = sweep->n_points / plan->n_seeds;
	return 0;
}

static unsigned block_of(const struct cx_sweep *sweep, uint64_t index)
{
	unsigned low = 0, high = sweep->plan->n_scenarios * sweep->plan->n_schedulers;

	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (sweep->first[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void cx_grid_point(const struct cx_sweep *sweep, uint64_t number, struct cx_point *point)
{
	const struct cx_plan *plan = sweep->plan;
	uint64_t index = number - 1, rest;
	unsigned block = block_of(sweep, index), a;

	memset(point, 0, sizeof(*point));
	point->number = number;
	point->group = index / plan->n_seeds;
	point->scenario = block / plan->n_schedulers;
	point->policy = block % plan->n_schedulers;
	rest = index - sweep->first[block];
	point->seed = plan->seeds[rest % plan->n_seeds];
	rest /= plan->n_seeds;
	for (a = plan->n_axes; a-- > 0;) {
		point->value[a] = CX_NO_VALUE;
		if (!cx_grid_reached(sweep, point->scenario, point->policy, a))
			continue;
		point->value[a] = (uint32_t)(rest % plan->axes[a].n);
		rest /= plan->axes[a].n;
	}
}

/* --- as text --------------------------------------------------------------------- */

void cx_grid_key(const struct cx_sweep *sweep, const struct cx_point *point, FILE *out)
{
	const struct cx_plan *plan = sweep->plan;
	unsigned a;

	fprintf(out, "%s %s", plan->scenarios[point->scenario].label,
		plan->schedulers[point->policy].label);
	for (a = 0; a < plan->n_axes; a++) {
		const char *value, *quote;

		if (point->value[a] == CX_NO_VALUE)
			continue;
		value = plan->axes[a].values[point->value[a]];
		quote = strchr(value, ' ') ? "\"" : "";
		fprintf(out, " %s=%s%s%s", plan->axes[a].column, quote, value, quote);
	}
	fprintf(out, " seed=%" PRIu64, point->seed);
}

void cx_grid_csv_head(const struct cx_sweep *sweep, FILE *out)
{
	unsigned a;

	fputs("scenario,scheduler", out);
	for (a = 0; a < sweep->plan->n_axes; a++) {
		fputc(',', out);
		cx_put_csv(out, sweep->plan->axes[a].column);
	}
}

/** Numbers as such: a table's reader should not have to unpack them. */
static void put_value(const char *value, FILE *out)
{
	if (value[strspn(value, "-.0123456789")] == '\0')
		fputs(value, out);
	else
		cx_put_csv(out, value);
}

void cx_grid_csv(const struct cx_sweep *sweep, const struct cx_point *point, FILE *out)
{
	const struct cx_plan *plan = sweep->plan;
	unsigned a;

	cx_put_csv(out, plan->scenarios[point->scenario].label);
	fputc(',', out);
	cx_put_csv(out, plan->schedulers[point->policy].label);
	for (a = 0; a < plan->n_axes; a++) {
		fputc(',', out);
		if (point->value[a] != CX_NO_VALUE)
			put_value(plan->axes[a].values[point->value[a]], out);
	}
}
