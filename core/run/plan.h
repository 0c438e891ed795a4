/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/plan.h - what happens in a scenario, and when: on every machine in this order.
 */
#ifndef CX_CORE_RUN_PLAN_H
#define CX_CORE_RUN_PLAN_H

#include "core/scenario/scenario.h"

/** At one instant: domains stop, then changes in the file's order, then domains start. */
enum cx_action_kind { CX_ACTION_STOP, CX_ACTION_CHANGE, CX_ACTION_START };

struct cx_action {
	uint64_t at_ns;
	enum cx_action_kind kind;
	unsigned index; /* of the domain, or among scenario->changes */
};

/**
 * All that happens before @duration_ns, in order; *actions is the caller's to free().
 * Returns 0 or -ENOMEM with a message.
 */
int cx_plan(const struct cx_scenario *scenario, uint64_t duration_ns, struct cx_action **actions,
	    unsigned *n, struct cx_error *err);

#endif
