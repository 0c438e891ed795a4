/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/plan.h - a plan: which grid of runs, as the file says it.
 *
 * What a plan names (scenarios, policies, parameters) is looked up by core/sweep/sweep.h;
 * here is what the file alone can tell.
 */
#ifndef CX_CORE_PLAN_H
#define CX_CORE_PLAN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CX_PLAN_POINTS_MAX 1000000u
#define CX_PLAN_SCENARIOS_MAX 1000u
#define CX_PLAN_SCHEDULERS_MAX 100u
#define CX_PLAN_AXES_MAX 32u
#define CX_PLAN_VALUES_MAX 1000u /* of one axis */
#define CX_PLAN_TEXT_MAX 200u    /* bytes of a name or value */

enum cx_axis_kind {
	CX_AXIS_PARAM, /* a parameter of policies */
	CX_AXIS_COST,  /* a cost of the simulator */
	CX_AXIS_SET    /* a value of the scenarios */
};

/** Something that is set; varied if it has several values. */
struct cx_axis {
	enum cx_axis_kind kind;
	char *name; /* as the plan has it: "tslice", "credit.tslice", "switch", "domains.web.limit" */
	char *column; /* in tables, unique: the name, "costs.switch" for a cost */
	unsigned line;
	unsigned n; /* values, 1 .. CX_PLAN_VALUES_MAX */
	char **values;
};

/** A scenario or a policy. */
struct cx_plan_entry {
	char *asked; /* as the plan has it: "two-weights", "old/credit.so" */
	char *label; /* unique among its kind, fit for a file's name: "credit-2" */
	unsigned line;
};

struct cx_plan {
	char *path;
	char *text; /* the file, whole */
	size_t len; /* of the text */
	char *name;
	bool simulated;       /* else on kvm */
	uint64_t duration_ns; /* 0 = the scenarios' */
	uint64_t watchdog_ns; /* 0 = the default */
	char *costs_file;     /* NULL = none */
	unsigned costs_line;
	unsigned n_scenarios, n_schedulers, n_axes, n_seeds;
	struct cx_plan_entry *scenarios, *schedulers;
	struct cx_axis *axes; /* params, costs, set: in this order, each as in the file */
	uint64_t *seeds;
};

/**
 * Read the file @path.
 * Returns 0; -EINVAL: the message is "FILE:LINE: KEY: found ..., allowed ..."; else the errno
 * of reading.
 */
int cx_plan_read(const char *path, struct cx_plan **plan, struct cx_error *err);
/** The same from @len bytes at @text; @path is for messages and the default name. */
int cx_plan_parse(const char *path, const char *text, size_t len, struct cx_plan **plan,
		  struct cx_error *err);
void cx_plan_free(struct cx_plan *plan);

/** "FILE:LINE: KEY: " before a message that is in @err already; -EINVAL. */
int cx_plan_blame(const struct cx_plan *plan, unsigned line, const char *key, struct cx_error *err);

#endif
