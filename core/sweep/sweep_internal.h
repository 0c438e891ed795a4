/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/sweep_internal.h - what the files of a sweep share.
 */
#ifndef CX_CORE_SWEEP_INTERNAL_H
#define CX_CORE_SWEEP_INTERNAL_H

#include "core/dispatch/params.h"
#include "core/sweep/plan_internal.h"
#include "core/sweep/sweep.h"

/* --- the folder of a sweep ------------------------------------------------------ */

#define CX_DIR_PLAN "plan.yaml"
#define CX_DIR_SCENARIOS "scenarios"
#define CX_DIR_SCHEDULERS "schedulers"
#define CX_DIR_COSTS "costs.yaml"
#define CX_DIR_TOPOLOGY "topology.xml"
#define CX_DIR_TOPOLOGIES "topologies"
#define CX_DIR_GRID "grid.csv"
#define CX_DIR_POINTS "points"
#define CX_DIR_LOG "log"
#define CX_DIR_LOCK "lock"
#define CX_DIR_STOP "stop"

/* --- lookup.c --------------------------------------------------------------------- */

/** "PLAN:LINE: set.domains.web.limit: " before the message in @err; -EINVAL. */
int cx_sweep_blame(const struct cx_sweep *sweep, unsigned axis, struct cx_error *err);
/** Load scenario @scenario with one value set, and nothing else.  As
 *  cx_scenario_load_overridden(). */
int cx_sweep_try(const struct cx_sweep *sweep, unsigned scenario, unsigned axis, unsigned value,
		 struct cx_error *err);

/* --- hosts.c: files that describe hosts ------------------------------------------------ */

/** Is it this host that @what asks for?  NULL: nothing is said. */
bool cx_hosts_is_here(const char *what);
/** Find the files that the plan names.  @dir as for cx_sweep_new().  0 or -ENOMEM. */
int cx_hosts_new(struct cx_sweep *sweep, const char *dir, struct cx_error *err);
/** Find that which a scenario names as its `topology`, @what.  0 or -ENOMEM. */
int cx_hosts_scenario(struct cx_sweep *sweep, unsigned scenario, const char *what, const char *dir,
		      struct cx_error *err);
/** The file of @point; NULL: it has none. */
const char *cx_hosts_file(const struct cx_sweep *sweep, const struct cx_point *point);
void cx_hosts_free(struct cx_sweep *sweep);

/* --- point.c: what a point means for a run ------------------------------------------ */

/** The scenario of @point, with what is set.  As cx_scenario_load_overridden(). */
int cx_point_scenario(const struct cx_sweep *sweep, const struct cx_point *point,
		      struct cx_scenario **scenario, struct cx_error *err);

/** What cx_run() is told; valid while it lives. */
struct cx_point_options {
	struct cx_run_options run;
	struct cx_run_sim sim;
	struct cx_setting params[CX_PLAN_AXES_MAX];
};
int cx_point_options(const struct cx_sweep *sweep, const struct cx_point *point,
		     const struct cx_scenario *scenario, struct cx_point_options *options,
		     struct cx_error *err);

#endif
