/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/spread.h - points dealt to other hosts, by GNU parallel or by Slurm.
 *
 * What they run is DIR/task.sh with some points; see there.
 */
#ifndef CX_CORE_SPREAD_H
#define CX_CORE_SPREAD_H

#include "core/sweep/pool.h"

enum cx_via { CX_VIA_HERE, CX_VIA_PARALLEL, CX_VIA_SLURM };

struct cx_spread {
	enum cx_via via;
	const char *hosts; /* as parallel's --sshlogin takes it; NULL = this one */
	unsigned jobs;     /* at a time on each host, or tasks of the array; 0 = as they like */
	const char *program;
};

/**
 * Run the points of @todo there, dealing again what has no result when all tasks have ended,
 * as long as that brings results.
 * Returns 0: all have a result; -ECANCELED: stopped; -EIO: some have none, with a message;
 * -ENOENT: the program that deals is not installed; other negative errno with a message.
 */
int cx_spread_run(const struct cx_work *work, const struct cx_numbers *todo,
		  const struct cx_spread *spread, struct cx_error *err);

#endif
