/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/plan_internal.h - what the files that read a plan share.
 */
#ifndef CX_CORE_PLAN_INTERNAL_H
#define CX_CORE_PLAN_INTERNAL_H

#include "core/scenario/internal.h"
#include "core/sweep/plan.h"

/** The key of the plan that axes of this kind stand under: "params", "costs", "set". */
const char *cx_axis_section(enum cx_axis_kind kind);
/** "KEY: found "WORD" again (first in line N), allowed one of each". */
int cx_plan_twice(struct cx_reading *r, const char *key, const char *word, unsigned first);

/** Is it a name or value: not empty, not too long, without control characters? */
bool cx_plan_one_line(const char *text);

/** params, costs and set, into plan->axes. */
int cx_plan_axes(struct cx_reading *r, struct cx_plan *plan);
/** seeds, into plan->seeds. */
int cx_plan_seeds(struct cx_reading *r, struct cx_plan *plan);

#endif
