/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before anything runs: settings that are right by themselves may be wrong together.
 */
#include "core/sweep/sweep_internal.h"

#include <errno.h>
#include <string.h>

struct checking {
	const struct cx_sweep *sweep;
	const atomic_bool *stop;
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
	uint64_t done, all;
};

static uint64_t variants(const struct cx_sweep *sweep, unsigned scenario)
{
	uint64_t n = 1;
	unsigned a;

	for (a = 0; a < sweep->plan->n_axes; a++)
		if (sweep->scenarios[scenario].reached[a])
			n *= sweep->plan->axes[a].n;
	return n;
}

/** The one setting that is wrong by itself; false: there is none. */
static bool blame_one(const struct cx_sweep *sweep, const struct cx_point *point,
		      struct cx_error *err)
{
	struct cx_error alone;
	unsigned a;

	for (a = 0; a < sweep->plan->n_axes; a++) {
		if (sweep->plan->axes[a].kind != CX_AXIS_SET || point->value[a] == CX_NO_VALUE ||
		    cx_sweep_try(sweep, point->scenario, a, point->value[a], &alone) != -EINVAL ||
		    strcmp(alone.text, err->text) != 0)
			continue;
		cx_sweep_blame(sweep, a, err);
		return true;
	}
	return false;
}

/** All that is set, in front of the message: it is a matter of the plan. */
static int blame_point(const struct cx_sweep *sweep, const struct cx_point *point, int ret,
		       struct cx_error *err)
{
	char text[CX_ERROR_MAX / 2] = "", *at = text;
	size_t room = sizeof(text);
	unsigned a;

	for (a = 0; a < sweep->plan->n_axes; a++) {
		const struct cx_axis *axis = &sweep->plan->axes[a];
		int n;

		if (axis->kind != CX_AXIS_SET || point->value[a] == CX_NO_VALUE)
			continue;
		n = snprintf(at, room, "%s%s=%s", *text ? " " : "with ", axis->name,
			     axis->values[point->value[a]]);
		if (n < 0 || (size_t)n >= room)
			break;
		at += n;
		room -= (size_t)n;
	}
	if (*text)
		cx_fail_prefix(err, -ret, "%s", text);
	return cx_fail_prefix(err, -ret, "%s", sweep->plan->path);
}

static int check_variant(struct checking *c, struct cx_point *point, struct cx_error *err)
{
	struct cx_scenario *scenario = NULL;
	struct cx_point_options options;
	int ret;

	ret = cx_point_scenario(c->sweep, point, &scenario, err);
	for (point->policy = 0; point->policy < c->sweep->plan->n_schedulers && !ret;
	     point->policy++) {
		unsigned a;

		for (a = 0; a < c->sweep->plan->n_axes; a++)
			if (c->sweep->plan->axes[a].kind == CX_AXIS_PARAM)
				point->value[a] = c->sweep->policies[point->policy].reached[a]
							  ? 0
							  : CX_NO_VALUE;
		ret = cx_point_options(c->sweep, point, scenario, &options, err);
		if (!ret)
			ret = cx_run_check(scenario, &options.run, err);
	}
	cx_scenario_free(scenario);
	if (ret == -EINVAL && blame_one(c->sweep, point, err))
		return ret;
	return ret ? blame_point(c->sweep, point, ret, err) : 0;
}

/** The next combination of what is set; false after the last. */
static bool next_variant(const struct cx_sweep *sweep, struct cx_point *point)
{
	unsigned a;

	for (a = sweep->plan->n_axes; a-- > 0;) {
		if (!sweep->scenarios[point->scenario].reached[a])
			continue;
		if (++point->value[a] < sweep->plan->axes[a].n)
			return true;
		point->value[a] = 0;
	}
	return false;
}

static int check_scenario(struct checking *c, unsigned scenario, struct cx_error *err)
{
	struct cx_point point = { .number = 1,
				  .scenario = scenario,
				  .seed = c->sweep->plan->seeds[0] };
	unsigned a;
	int ret;

	for (a = 0; a < c->sweep->plan->n_axes; a++)
		if (c->sweep->plan->axes[a].kind == CX_AXIS_SET &&
		    !c->sweep->scenarios[scenario].reached[a])
			point.value[a] = CX_NO_VALUE;
	do {
		if (c->stop && atomic_load(c->stop))
			return cx_fail(err, ECANCELED, "stopped before anything ran");
		ret = check_variant(c, &point, err);
		c->done++;
		if (c->progress)
			c->progress(c->arg, c->done, c->all);
	} while (!ret && next_variant(c->sweep, &point));
	return ret;
}

int cx_sweep_check(const struct cx_sweep *sweep, const atomic_bool *stop,
		   void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg,
		   struct cx_error *err)
{
	struct checking c = { .sweep = sweep, .stop = stop, .progress = progress, .arg = arg };
	unsigned s;
	int ret = 0;

	for (s = 0; s < sweep->plan->n_scenarios; s++)
		c.all += variants(sweep, s);
	for (s = 0; s < sweep->plan->n_scenarios && !ret; s++)
		ret = check_scenario(&c, s, err);
	return ret;
}
