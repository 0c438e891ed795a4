/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a plan names: scenarios and policies are found, and each setting is tried with each
 * of its values, alone, to learn whom it reaches.
 */
#include "core/sweep/sweep_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BASELINE "linux"
#define SCENARIO_SUFFIX ".yaml"

static int no_memory(struct cx_error *err)
{
	return cx_fail(err, ENOMEM, "out of memory");
}

/* --- files ----------------------------------------------------------------------- */

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/** @name as seen from the plan's folder; malloc'd. */
static char *beside(const struct cx_plan *plan, const char *name)
{
	const char *slash = strrchr(plan->path, '/');
	char *path;

	if (*name == '/' || !slash)
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - plan->path), plan->path, name) < 0)
		return NULL;
	return path;
}

static int not_there(const struct cx_plan *plan, unsigned line, const char *key, const char *asked,
		     const char *path, struct cx_error *err)
{
	return cx_fail(err, ENOENT,
		       "%s:%u: %s: found \"%s\", allowed a file beside the plan: %s is none",
		       plan->path, line, key, asked, path);
}

static int find_scenario(struct cx_sweep *sweep, unsigned i, const char *dir, struct cx_error *err)
{
	const struct cx_plan_entry *e = &sweep->plan->scenarios[i];
	char **file = &sweep->scenarios[i].file;
	size_t len = strlen(e->asked), end = strlen(SCENARIO_SUFFIX);
	int ret;

	if (dir) {
		if (asprintf(file, "%s/" CX_DIR_SCENARIOS "/%s" SCENARIO_SUFFIX, dir, e->label) < 0)
			*file = NULL;
		return *file ? 0 : no_memory(err);
	}
	*file = beside(sweep->plan, e->asked);
	if (!*file)
		return no_memory(err);
	if (is_file(*file))
		return 0;
	if (strchr(e->asked, '/') ||
	    (len > end && strcmp(e->asked + len - end, SCENARIO_SUFFIX) == 0))
		return not_there(sweep->plan, e->line, "scenarios", e->asked, *file, err);
	free(*file);
	*file = NULL;
	ret = sweep->dirs.scenario(sweep->dirs.arg, e->asked, file, err);
	if (ret < 0)
		return cx_fail_prefix(err, -ret, "%s:%u: scenarios", sweep->plan->path, e->line);
	return 0;
}

static int find_policy(struct cx_sweep *sweep, unsigned i, const char *dir, struct cx_error *err)
{
	const struct cx_plan_entry *e = &sweep->plan->schedulers[i];
	struct cx_sweep_policy *p = &sweep->policies[i];
	char *name = NULL;
	int ret;

	if (strcmp(e->asked, BASELINE) == 0) {
		if (!sweep->plan->simulated)
			return 0;
		return cx_fail(err, EINVAL,
			       "%s:%u: schedulers: found \"" BASELINE "\", allowed policies: the "
			       "baseline is the host's own scheduler, which is not simulated",
			       sweep->plan->path, e->line);
	}
	if (dir) {
		if (asprintf(&name, "%s/" CX_DIR_SCHEDULERS "/%s.so", dir, e->label) < 0)
			name = NULL;
	} else {
		name = strchr(e->asked, '/') ? beside(sweep->plan, e->asked) : strdup(e->asked);
		if (name && strchr(e->asked, '/') && !is_file(name)) {
			ret = not_there(sweep->plan, e->line, "schedulers", e->asked, name, err);
			free(name);
			return ret;
		}
	}
	if (!name)
		return no_memory(err);
	ret = cx_plugin_load(name, sweep->dirs.policies, &p->loaded, err);
	free(name);
	if (ret < 0)
		return cx_fail_prefix(err, -ret, "%s:%u: schedulers", sweep->plan->path, e->line);
	p->file = strdup(cx_plugin_path(p->loaded));
	return p->file ? 0 : no_memory(err);
}

static int find_costs(struct cx_sweep *sweep, const char *dir, struct cx_error *err)
{
	const char *asked = sweep->plan->costs_file;
	int ret;

	cx_costs_default(&sweep->costs);
	if (!asked)
		return 0;
	if (strcmp(asked, "none") == 0) {
		cx_costs_none(&sweep->costs);
		return 0;
	}
	if (!dir)
		sweep->costs_file = beside(sweep->plan, asked);
	else if (asprintf(&sweep->costs_file, "%s/" CX_DIR_COSTS, dir) < 0)
		sweep->costs_file = NULL;
	if (!sweep->costs_file)
		return no_memory(err);
	ret = cx_costs_load(sweep->costs_file, &sweep->costs, err);
	if (ret < 0)
		return cx_fail_prefix(err, -ret, "%s:%u: costs_file", sweep->plan->path,
				      sweep->plan->costs_line);
	return 0;
}

/* --- whom a setting reaches ---------------------------------------------------------- */

int cx_sweep_blame(const struct cx_sweep *sweep, unsigned axis, struct cx_error *err)
{
	const struct cx_axis *a = &sweep->plan->axes[axis];
	char key[CX_PLAN_TEXT_MAX + 16];

	snprintf(key, sizeof(key), "%s.%s", cx_axis_section(a->kind), a->name);
	return cx_plan_blame(sweep->plan, a->line, key, err);
}

static int same_value(const struct cx_sweep *sweep, unsigned axis, const char *first,
		      const char *second, struct cx_error *err)
{
	cx_fail(err, EINVAL, "found \"%s\" and \"%s\", allowed each value once", first, second);
	return cx_sweep_blame(sweep, axis, err);
}

/** Every value once, as the policy reads them. */
static int try_param(const struct cx_sweep *sweep, unsigned axis, const struct cx_param *param,
		     const char *policy, struct cx_error *err)
{
	const struct cx_axis *a = &sweep->plan->axes[axis];
	int64_t *read = calloc(a->n, sizeof(*read));
	unsigned i, k;
	int ret = 0;

	if (!read)
		return no_memory(err);
	for (i = 0; i < a->n && !ret; i++) {
		if (cx_param_parse(param, a->values[i], &read[i], err) < 0) {
			cx_fail_prefix(err, EINVAL, "scheduler %s", policy);
			ret = cx_sweep_blame(sweep, axis, err);
		}
		for (k = 0; k < i && !ret; k++)
			if (read[k] == read[i])
				ret = same_value(sweep, axis, a->values[k], a->values[i], err);
	}
	free(read);
	return ret;
}

/** The parameter that @name ("tslice", "credit.tslice") is of policy @p; NULL: none. */
static const struct cx_param *param_of(const struct cx_sweep *sweep, unsigned p, const char *name)
{
	const struct cx_plan_entry *e = &sweep->plan->schedulers[p];
	const struct cx_plugin *table;
	const char *dot = strrchr(name, '.');
	int index;

	if (!sweep->policies[p].loaded)
		return NULL;
	table = cx_plugin_table(sweep->policies[p].loaded);
	if (dot) {
		size_t len = (size_t)(dot - name);
		const char *const called[] = { e->label, e->asked, table->name };
		size_t i, n = sizeof(called) / sizeof(called[0]);

		for (i = 0; i < n; i++)
			if (strlen(called[i]) == len && strncmp(called[i], name, len) == 0)
				break;
		if (i == n)
			return NULL;
		name = dot + 1;
	}
	index = cx_param_find(table->params, table->n_params, name, NULL);
	return index < 0 ? NULL : &table->params[index];
}

static int no_param(const struct cx_sweep *sweep, unsigned axis, struct cx_error *err)
{
	const char *names[256];
	size_t n = 0, i;
	unsigned p, k;
	char *list;

	for (p = 0; p < sweep->plan->n_schedulers; p++) {
		const struct cx_plugin *t = sweep->policies[p].loaded
						    ? cx_plugin_table(sweep->policies[p].loaded)
						    : NULL;

		for (k = 0; t && k < t->n_params; k++) {
			for (i = 0; i < n && strcmp(names[i], t->params[k].name) != 0; i++)
				;
			if (i == n && n < sizeof(names) / sizeof(names[0]))
				names[n++] = t->params[k].name;
		}
	}
	list = cx_suggest_list(sweep->plan->axes[axis].name, names, n);
	if (!list)
		return no_memory(err);
	cx_fail(err, EINVAL, "found a parameter that none of the schedulers has, allowed %s", list);
	free(list);
	return cx_sweep_blame(sweep, axis, err);
}

/** Both "tslice" and "credit.tslice"? */
static int check_both(const struct cx_sweep *sweep, unsigned axis, unsigned p,
		      const struct cx_param *param, struct cx_error *err)
{
	const struct cx_axis *axes = sweep->plan->axes;
	unsigned k;

	for (k = 0; k < axis; k++) {
		if (axes[k].kind != CX_AXIS_PARAM || param_of(sweep, p, axes[k].name) != param)
			continue;
		cx_fail(err, EINVAL, "found it for %s again (first as %s), allowed one of them",
			sweep->plan->schedulers[p].label, axes[k].name);
		return cx_sweep_blame(sweep, axis, err);
	}
	return 0;
}

static int reach_policies(struct cx_sweep *sweep, unsigned axis, struct cx_error *err)
{
	bool any = false;
	unsigned p;
	int ret = 0;

	for (p = 0; p < sweep->plan->n_schedulers && !ret; p++) {
		const struct cx_param *param = param_of(sweep, p, sweep->plan->axes[axis].name);

		if (!param)
			continue;
		any = sweep->policies[p].reached[axis] = true;
		ret = check_both(sweep, axis, p, param, err);
		if (!ret)
			ret = try_param(sweep, axis, param, sweep->plan->schedulers[p].label, err);
	}
	if (!ret && !any)
		ret = no_param(sweep, axis, err);
	return ret;
}

static int reach_costs(const struct cx_sweep *sweep, unsigned axis, struct cx_error *err)
{
	const struct cx_axis *a = &sweep->plan->axes[axis];
	struct cx_costs *read = calloc(a->n, sizeof(*read));
	unsigned i, k;
	int ret = 0;

	if (!read)
		return no_memory(err);
	for (i = 0; i < a->n && !ret; i++) {
		read[i] = sweep->costs;
		if (cx_costs_set(&read[i], a->name, a->values[i], err) < 0)
			ret = cx_sweep_blame(sweep, axis, err);
		for (k = 0; k < i && !ret; k++)
			if (memcmp(&read[k], &read[i], sizeof(*read)) == 0)
				ret = same_value(sweep, axis, a->values[k], a->values[i], err);
	}
	free(read);
	return ret;
}

int cx_sweep_try(const struct cx_sweep *sweep, unsigned scenario, unsigned axis, unsigned value,
		 struct cx_error *err)
{
	const struct cx_axis *a = &sweep->plan->axes[axis];
	struct cx_setting override = { .name = a->name, .value = a->values[value] };
	struct cx_scenario *loaded = NULL;
	int ret;

	ret = cx_scenario_load_overridden(sweep->scenarios[scenario].file, sweep->dirs.payloads,
					  &override, 1, &loaded, err);
	cx_scenario_free(loaded);
	return ret;
}

/** A value that is wrong alone may be right beside another: cx_sweep_check() tells. */
static int reach_scenarios(struct cx_sweep *sweep, unsigned axis, struct cx_error *err)
{
	bool any = false;
	unsigned s;

	for (s = 0; s < sweep->plan->n_scenarios; s++) {
		int ret = cx_sweep_try(sweep, s, axis, 0, err);

		if (ret < 0 && ret != -ENOENT && ret != -EINVAL)
			return ret;
		sweep->scenarios[s].reached[axis] = ret != -ENOENT;
		any |= ret != -ENOENT;
	}
	return any ? 0 : cx_sweep_blame(sweep, axis, err);
}

static int reach(struct cx_sweep *sweep, struct cx_error *err)
{
	unsigned a;
	int ret = 0;

	for (a = 0; a < sweep->plan->n_axes && !ret; a++)
		switch (sweep->plan->axes[a].kind) {
		case CX_AXIS_PARAM:
			ret = reach_policies(sweep, a, err);
			break;
		case CX_AXIS_COST:
			ret = reach_costs(sweep, a, err);
			break;
		default:
			ret = reach_scenarios(sweep, a, err);
		}
	return ret;
}

/* --- the whole ----------------------------------------------------------------------- */

/** Each scenario as it stands: what is wrong with it is nothing of the plan's. */
static int try_scenarios(struct cx_sweep *sweep, const char *dir, struct cx_error *err)
{
	unsigned s;
	int ret = 0;

	for (s = 0; s < sweep->plan->n_scenarios && !ret; s++) {
		struct cx_scenario *loaded = NULL;

		ret = cx_scenario_load(sweep->scenarios[s].file, sweep->dirs.payloads, &loaded,
				       err);
		if (!ret)
			ret = cx_hosts_scenario(sweep, s, loaded->topology, dir, err);
		cx_scenario_free(loaded);
	}
	return ret;
}

static bool make_room(struct cx_sweep *sweep)
{
	const struct cx_plan *plan = sweep->plan;
	bool good = true;
	unsigned i;

	sweep->scenarios = calloc(plan->n_scenarios, sizeof(*sweep->scenarios));
	sweep->policies = calloc(plan->n_schedulers, sizeof(*sweep->policies));
	sweep->first = calloc((size_t)plan->n_scenarios * plan->n_schedulers, sizeof(uint64_t));
	if (!sweep->scenarios || !sweep->policies || !sweep->first)
		return false;
	for (i = 0; i < plan->n_scenarios; i++)
		good &= (sweep->scenarios[i].reached = calloc(plan->n_axes + 1, 1)) != NULL;
	for (i = 0; i < plan->n_schedulers; i++)
		good &= (sweep->policies[i].reached = calloc(plan->n_axes + 1, 1)) != NULL;
	return good;
}

static int fill(struct cx_sweep *sweep, const char *dir, struct cx_error *err)
{
	unsigned i;
	int ret = 0;

	if (!make_room(sweep))
		return no_memory(err);
	for (i = 0; i < sweep->plan->n_scenarios && !ret; i++)
		ret = find_scenario(sweep, i, dir, err);
	for (i = 0; i < sweep->plan->n_schedulers && !ret; i++)
		ret = find_policy(sweep, i, dir, err);
	if (!ret)
		ret = find_costs(sweep, dir, err);
	if (!ret)
		ret = cx_hosts_new(sweep, dir, err);
	if (!ret)
		ret = try_scenarios(sweep, dir, err);
	if (!ret)
		ret = reach(sweep, err);
	return ret ? ret : cx_grid_count(sweep, err);
}

int cx_sweep_new(const struct cx_plan *plan, const struct cx_sweep_dirs *dirs, const char *dir,
		 struct cx_sweep **sweep, struct cx_error *err)
{
	struct cx_sweep *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return no_memory(err);
	s->plan = plan;
	s->dirs = *dirs;
	s->copied = dir != NULL;
	ret = fill(s, dir, err);
	if (ret)
		cx_sweep_free(s);
	else
		*sweep = s;
	return ret;
}

void cx_sweep_free(struct cx_sweep *sweep)
{
	unsigned i;

	if (!sweep)
		return;
	for (i = 0; sweep->scenarios && i < sweep->plan->n_scenarios; i++) {
		free(sweep->scenarios[i].file);
		free(sweep->scenarios[i].reached);
	}
	for (i = 0; sweep->policies && i < sweep->plan->n_schedulers; i++) {
		free(sweep->policies[i].file);
		free(sweep->policies[i].reached);
		cx_plugin_unload(sweep->policies[i].loaded);
	}
	cx_hosts_free(sweep);
	free(sweep->scenarios);
	free(sweep->policies);
	free(sweep->first);
	free(sweep->costs_file);
	free(sweep->topology);
	free(sweep);
}
