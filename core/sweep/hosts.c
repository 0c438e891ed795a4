/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that describe what the simulator is to have: one that a scenario's `topology` names, or
 * those among the values of the plan's `set: topology`, which then replace all scenarios' own.
 * A host in a line has no file; this host has one in the folder of the sweep.
 */
#include "core/sweep/sweep_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "topology"

static int no_memory(struct cx_error *err)
{
	return cx_fail(err, ENOMEM, "out of memory");
}

/** The number of the plan's `set: topology` among its axes, or that of all axes. */
static unsigned axis_of(const struct cx_plan *plan)
{
	unsigned a;

	for (a = 0; a < plan->n_axes; a++)
		if (plan->axes[a].kind == CX_AXIS_SET && strcmp(plan->axes[a].name, KEY) == 0)
			break;
	return a;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/** Find the file that @what is, named in @said_in. */
static int find(struct cx_sweep_host *host, const char *what, const char *said_in, const char *dir,
		struct cx_error *err)
{
	bool is_file;

	if (dir) {
		if (asprintf(&host->file, "%s/%s/%s", dir, host->folder, base_of(what)) < 0) {
			host->file = NULL;
			return no_memory(err);
		}
		is_file = cx_topology_is_file(what) || access(host->file, F_OK) == 0;
	} else {
		int ret = cx_topology_find(what, said_in, &host->file, err);

		if (ret)
			return ret;
		is_file = cx_topology_is_file(host->file);
	}
	if (is_file && *base_of(what))
		return 0;
	free(host->file);
	host->file = NULL;
	return 0;
}

bool cx_hosts_is_here(const char *what)
{
	return !what || strcmp(what, "host") == 0;
}

int cx_hosts_new(struct cx_sweep *sweep, const char *dir, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	unsigned axis = axis_of(plan), i;
	bool set = axis < plan->n_axes;
	int ret = 0;

	if (!plan->simulated)
		return 0;
	sweep->n_hosts = set ? plan->axes[axis].n : plan->n_scenarios;
	sweep->hosts = calloc(sweep->n_hosts, sizeof(*sweep->hosts));
	if (!sweep->hosts)
		return no_memory(err);
	for (i = 0; i < sweep->n_hosts && !ret; i++) {
		struct cx_sweep_host *h = &sweep->hosts[i];
		int n = set ? asprintf(&h->folder, CX_DIR_TOPOLOGIES "/set-%u", i + 1)
			    : asprintf(&h->folder, CX_DIR_TOPOLOGIES "/scenario-%s",
				       plan->scenarios[i].label);

		if (n < 0) {
			h->folder = NULL;
			return no_memory(err);
		}
		if (!set)
			continue;
		ret = find(h, plan->axes[axis].values[i], plan->path, dir, err);
		sweep->host |= cx_hosts_is_here(plan->axes[axis].values[i]);
	}
	return ret;
}

int cx_hosts_scenario(struct cx_sweep *sweep, unsigned scenario, const char *what, const char *dir,
		      struct cx_error *err)
{
	if (!sweep->plan->simulated || axis_of(sweep->plan) < sweep->plan->n_axes)
		return 0;
	if (cx_hosts_is_here(what)) {
		sweep->host = true;
		return 0;
	}
	return find(&sweep->hosts[scenario], what, sweep->scenarios[scenario].file, dir, err);
}

const char *cx_hosts_file(const struct cx_sweep *sweep, const struct cx_point *point)
{
	unsigned axis = axis_of(sweep->plan);

	if (!sweep->hosts)
		return NULL;
	if (axis < sweep->plan->n_axes)
		return point->value[axis] == CX_NO_VALUE ? NULL
							 : sweep->hosts[point->value[axis]].file;
	/* Before there is a copy the run finds it itself, and says where in the scenario. */
	return sweep->copied ? sweep->hosts[point->scenario].file : NULL;
}

void cx_hosts_free(struct cx_sweep *sweep)
{
	unsigned i;

	for (i = 0; sweep->hosts && i < sweep->n_hosts; i++) {
		free(sweep->hosts[i].folder);
		free(sweep->hosts[i].file);
	}
	free(sweep->hosts);
}
