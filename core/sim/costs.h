/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sim/costs.h - what things cost in the simulator.
 *
 * Every cost is a named number with a unit, charged by table, never measured while a
 * simulation runs.  The defaults come from measurements with `coxswain calibrate`, which
 * writes such a table of the host it runs on.
 *
 * A file of costs is YAML, one cost a line: `switch: 11us`.  What it does not name keeps
 * its default.
 */
#ifndef CX_CORE_COSTS_H
#define CX_CORE_COSTS_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum cx_cost_index {
	/* On the way from one guest to the next.  Durations. */
	CX_COST_DECIDE,     /* guest left -> decided; booked to the one that is put on */
	CX_COST_SWITCH,     /* decided -> another guest runs */
	CX_COST_RESUME,     /* decided -> the same guest runs on */
	CX_COST_SLICE_LATE, /* end of a slice -> guest left */
	CX_COST_KICK,       /* kick -> a busy pCPU's guest left */
	CX_COST_IDLE_WAKE,  /* decided for an idle pCPU -> the guest runs */
	CX_COST_TIMER_LATE, /* a deadline, tick or timer is due -> the dispatcher knows */
	CX_COST_HYPERCALL,  /* guest -> VMM -> the same guest */
	CX_COST_TICK,       /* of the running guest's time, for each tick() */
	CX_COST_JITTER,     /* percent by which each duration varies, by chance */

	/* A vCPU that runs elsewhere than last, beside CX_COST_SWITCH.  Durations. */
	CX_COST_MOVE_SMT,
	CX_COST_MOVE_LLC,
	CX_COST_MOVE_NODE,
	CX_COST_MOVE_REMOTE,

	/* An access of a dependent chain, by where the line is.  Picoseconds. */
	CX_COST_ACCESS_L1,
	CX_COST_ACCESS_L2,
	CX_COST_ACCESS_LLC,    /* the last-level cache */
	CX_COST_ACCESS_NODE,   /* another last-level cache of this node */
	CX_COST_ACCESS_REMOTE, /* one of another node */
	CX_COST_ACCESS_MEMORY, /* no cache */

	/* Speeds.  Iterations a microsecond. */
	CX_COST_WORK_RATE, /* of cx_work() */
	CX_COST_SPIN_RATE, /* of a spinning loop */

	CX_COSTS
};

enum cx_cost_type {
	CX_COST_DURATION,    /* nanoseconds; people write "11us" */
	CX_COST_PICOSECONDS, /* people write a plain number */
	CX_COST_PERCENT,     /* likewise */
	CX_COST_RATE         /* iterations a microsecond; a plain number */
};

/** One row of the table: help, the file's reader and writer, and the docs come from it. */
struct cx_cost {
	const char *name; /* lower case, [a-z0-9_] */
	enum cx_cost_type type;
	uint64_t min, max; /* inclusive */
	uint64_t def;
	const char *doc; /* one line */
};

extern const struct cx_cost cx_cost_table[CX_COSTS];

struct cx_costs {
	uint64_t value[CX_COSTS];
};

/** The defaults. */
void cx_costs_default(struct cx_costs *costs);
/** Nothing takes time but the work itself: durations 0, all accesses as in the nearest
 *  cache, rates as by default.  For tests of policies and for worked examples. */
void cx_costs_none(struct cx_costs *costs);
/**
 * Set @name to @value, both text.  -EINVAL with a message: no such cost (names the
 * nearest), no number of that type, out of bounds.
 */
int cx_costs_set(struct cx_costs *costs, const char *name, const char *value, struct cx_error *err);
/**
 * Read the file @path over *costs: "none", or a YAML map of name to value.
 * Returns 0; -EINVAL: "FILE:LINE: NAME: found ..., allowed ..."; else the errno of reading.
 */
int cx_costs_load(const char *path, struct cx_costs *costs, struct cx_error *err);
/** Write all of them with their docs as comments, as cx_costs_load() reads it; each line of
 *  @about as a comment before.  The caller checks ferror(). */
void cx_costs_write(FILE *out, const struct cx_costs *costs, const char *about);

#endif
