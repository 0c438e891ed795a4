/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/change.h - a scenario's changes, put into effect.
 *
 * Whose parameters are meant: a change that names a scheduler is for that one alone, and a
 * parameter that it does not have is an error.  One that names none is for every policy that
 * has such a parameter; the others ignore it, and the report says so.
 */
#ifndef CX_CORE_RUN_CHANGE_H
#define CX_CORE_RUN_CHANGE_H

#include "core/dispatch/dispatch.h"
#include "core/scenario/scenario.h"

#include <stdio.h>

struct cx_linux;

/** The run that the changes happen in. */
struct cx_changing {
	const struct cx_scenario *scenario;
	const struct cx_plugin *plugin; /* NULL: the baseline linux, without parameters */
	const char *asked;              /* how the scheduler was asked for: a name or a path */
	unsigned n_pcpus;
	const unsigned *pcpus; /* host CPU numbers */
};

/**
 * Does everything fit this host and this policy?  CPUs are of the run, and at any time one
 * is left for every domain that has not stopped; parameters and their values are the policy's.
 * Returns 0; -EINVAL with "FILE:LINE: ...".
 */
int cx_check_changes(const struct cx_changing *run, struct cx_error *err);

/** The names of parameters that the policy ignores, as "param NAME " each, into @out. */
void cx_ignored_changes(const struct cx_changing *run, FILE *out);

/**
 * Make @change happen now, at a dispatcher; any thread, no lock held.  After
 * cx_check_changes() only these fail: -ENOMEM, what a policy's pcpu_online returned, -EBUSY
 * where the dispatcher knows better; with a message.
 */
int cx_apply_change(struct cx_dispatch *dispatch, const struct cx_scenario_change *change,
		    const struct cx_changing *run, struct cx_error *err);

/**
 * The same for the baseline: weights become nice values, pCPUs the threads' affinity; resource
 * pools have no counterpart.
 * Returns 0; -EPERM: the host does not let threads have more weight than they had, and they
 * keep what they have; -EBUSY and other negative errno with a message.
 */
int cx_apply_change_linux(struct cx_linux *baseline, const struct cx_scenario_change *change,
			  const struct cx_changing *run, struct cx_error *err);

#endif
