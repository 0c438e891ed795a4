/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/sweep_internal.h"

#include <string.h>

int cx_point_scenario(const struct cx_sweep *sweep, const struct cx_point *point,
		      struct cx_scenario **scenario, struct cx_error *err)
{
	struct cx_setting changes[CX_PLAN_AXES_MAX];
	unsigned a, n = 0;

	for (a = 0; a < sweep->plan->n_axes; a++) {
		const struct cx_axis *axis = &sweep->plan->axes[a];

		if (axis->kind == CX_AXIS_SET && point->value[a] != CX_NO_VALUE)
			changes[n++] =
				(struct cx_setting){ .name = axis->name,
						     .value = axis->values[point->value[a]] };
	}
	return cx_scenario_load_overridden(sweep->scenarios[point->scenario].file,
					   sweep->dirs.payloads, changes, n, scenario, err);
}

/** "tslice" of "credit.tslice". */
static char *param_name(char *name)
{
	char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

int cx_point_options(const struct cx_sweep *sweep, const struct cx_point *point,
		     const struct cx_scenario *scenario, struct cx_point_options *o,
		     struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	unsigned a;

	memset(o, 0, sizeof(*o));
	o->sim.costs = sweep->costs;
	/* The same host for all points, whichever host they run on. */
	o->sim.topology = cx_hosts_is_here(scenario->topology) ? sweep->topology
							       : cx_hosts_file(sweep, point);
	o->run = (struct cx_run_options){
		.scheduler = sweep->policies[point->policy].file,
		.plugin_dirs = sweep->dirs.policies,
		.duration_ns = plan->duration_ns,
		.seed = point->seed,
		.seed_given = true,
		.params = o->params,
		.watchdog_ns = plan->watchdog_ns,
		.sim = plan->simulated ? &o->sim : NULL,
	};
	if (!o->run.scheduler)
		o->run.scheduler = "linux";
	for (a = 0; a < plan->n_axes; a++) {
		const struct cx_axis *axis = &plan->axes[a];
		char *value;
		int ret;

		if (point->value[a] == CX_NO_VALUE)
			continue;
		value = axis->values[point->value[a]];
		if (axis->kind == CX_AXIS_PARAM)
			o->params[o->run.n_params++] =
				(struct cx_setting){ .name = param_name(axis->name),
						     .value = value };
		else if (axis->kind == CX_AXIS_COST) {
			ret = cx_costs_set(&o->sim.costs, axis->name, value, err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}
