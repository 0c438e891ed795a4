/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/sweep.h - a plan's grid of points, run and told.
 *
 *   cx_plan_read()            plan.h      what the file says
 *   cx_sweep_new()            lookup.c    what it names, found and checked; the grid
 *   cx_store_open()           store.h     the folder: copies, locks, results
 *   cx_pool_run()             pool.h      points in processes of this host
 *   cx_spread_run()           spread.h    or dealt to others
 *   cx_harvest()              harvest.h   tables, means, plots
 *
 * Nothing here prints; nothing is known of the command line.
 */
#ifndef CX_CORE_SWEEP_H
#define CX_CORE_SWEEP_H

#include "base/error.h"
#include "core/dispatch/loader.h"
#include "core/run/run.h"
#include "core/scenario/scenario.h"
#include "core/sweep/plan.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CX_NO_VALUE UINT32_MAX /* the axis does not reach this scenario or policy */

/** Where what a plan names is looked for, beside the plan's own folder. */
struct cx_sweep_dirs {
	const char *const *payloads; /* NULL-terminated, as for cx_scenario_load() */
	const char *const *policies; /* likewise, as for cx_plugin_load() */
	/** The file of a shipped scenario: 0 with *path malloc'd, or -ENOENT with a message. */
	int (*scenario)(void *arg, const char *name, char **path, struct cx_error *err);
	void *arg;
};

struct cx_sweep_scenario {
	char *file;    /* read from here */
	bool *reached; /* by axis: does it vary this scenario? */
};

struct cx_sweep_policy {
	char *file;               /* loaded from here; NULL: linux */
	struct cx_loaded *loaded; /* likewise */
	bool *reached;            /* by axis */
};

/** A file that describes what is simulated. */
struct cx_sweep_host {
	char *folder; /* of its copy, in the folder of the sweep */
	char *file;   /* read from here; NULL: none is named */
};

/** The grid.  Read only once it is made, but for the files, which cx_store_open() moves. */
struct cx_sweep {
	const struct cx_plan *plan;
	struct cx_sweep_dirs dirs;
	bool copied;    /* the files are those in the folder of the sweep */
	bool host;      /* the simulator is to have this host, as nothing else is said */
	char *topology; /* then: the file of the host that began; NULL = this one */
	struct cx_sweep_host *hosts; /* by value of the plan's `set: topology`, or by scenario */
	unsigned n_hosts;
	char *costs_file; /* NULL = none */
	struct cx_costs costs;
	struct cx_sweep_scenario *scenarios; /* as in the plan */
	struct cx_sweep_policy *policies;    /* as plan->schedulers */
	uint64_t *first;                     /* by block (scenario x policy): points before it */
	uint64_t n_points;
	uint64_t n_groups; /* n_points / plan->n_seeds */
};

/** One run of the grid. */
struct cx_point {
	uint64_t number; /* 1 .. n_points */
	uint64_t group;  /* 0 .. n_groups - 1; the points of one group differ by seed alone */
	unsigned scenario, policy;
	uint32_t value[CX_PLAN_AXES_MAX]; /* by axis, index of its value, or CX_NO_VALUE */
	uint64_t seed;
};

/* --- lookup.c ---------------------------------------------------------------- */

/**
 * Find the scenarios and policies of @plan, and check every setting with every value.
 * @plan  must outlive *sweep
 * @dir   NULL: beside the plan and in @dirs; else in the folder of a sweep
 * Returns 0; -EINVAL or -ENOENT: the plan is wrong, with its place; -ELIBBAD: a plug-in was
 * refused; other negative errno.
 */
int cx_sweep_new(const struct cx_plan *plan, const struct cx_sweep_dirs *dirs, const char *dir,
		 struct cx_sweep **sweep, struct cx_error *err);
void cx_sweep_free(struct cx_sweep *sweep);

/* --- check.c ------------------------------------------------------------------- */

/**
 * Load every scenario with every combination of what is set, and ask for each policy whether
 * it would run.
 * @stop, @progress  may be NULL; called with done and all, now and then
 * Returns 0, -EINVAL with the place, -ECANCELED when stopped, other negative errno.
 */
int cx_sweep_check(const struct cx_sweep *sweep, const atomic_bool *stop,
		   void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg,
		   struct cx_error *err);

/* --- grid.c -------------------------------------------------------------------- */

/** Count the points.  -EINVAL when they are too many. */
int cx_grid_count(struct cx_sweep *sweep, struct cx_error *err);
/** Point @number, 1 .. n_points. */
void cx_grid_point(const struct cx_sweep *sweep, uint64_t number, struct cx_point *point);
/** Does axis @axis reach that scenario under that policy? */
bool cx_grid_reached(const struct cx_sweep *sweep, unsigned scenario, unsigned policy,
		     unsigned axis);
/** "two-weights credit tslice=5ms seed=3": the same for ever, and of no other point. */
void cx_grid_key(const struct cx_sweep *sweep, const struct cx_point *point, FILE *out);
/** Heading and line of a table: scenario, scheduler, the settings; no seed, no newline. */
void cx_grid_csv_head(const struct cx_sweep *sweep, FILE *out);
void cx_grid_csv(const struct cx_sweep *sweep, const struct cx_point *point, FILE *out);

#endif
