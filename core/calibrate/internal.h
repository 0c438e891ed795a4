/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/calibrate/internal.h - the parts of a calibration; tests may look in.
 *
 *   calibrate.c    the plan: what is measured in which order, and for how long
 *   samples.c      samples, and what is made of them
 *   gauge.c        a run of gauges under a policy
 *   dispatching.c  what lies between one guest and the next: gauges joined with events
 *   paces.c        how fast a guest is: work, spinning, hypercalls, walks through memory
 *   moving.c       a vCPU that goes on elsewhere
 *   lines.c        lines that lie in another cache
 *   threads.c      threads on CPUs
 *   table.c        the result as a file
 */
#ifndef CX_CALIBRATE_INTERNAL_H
#define CX_CALIBRATE_INTERNAL_H

#include "core/calibrate/calibrate.h"

#include "base/hist.h"
#include "core/vmm/vmm.h"
#include "topology/topology.h"
#include "trace/record.h"

#include <pthread.h>
#include <stddef.h>

/* --- samples.c -------------------------------------------------------------- */

/** A growing list of numbers.  Zeroed = empty. */
struct cal_samples {
	uint64_t *at;
	size_t n, room;
	bool lost; /* for want of memory */
};

/** Added to samples that may be below 0. */
#define CAL_ZERO (1ull << 48)

void cal_add(struct cal_samples *s, uint64_t value);
void cal_samples_free(struct cal_samples *s);
/** Sort, and fill in @m.  Nothing to sort: not measured, why_not as it is. */
void cal_settle(struct cal_samples *s, enum cx_calibrate_value is, struct cx_measured *m);
/** Each sample less @by, at least 0. */
void cal_less(struct cal_samples *s, uint64_t by);
/** The median; 0 when there is none.  Sorts. */
uint64_t cal_median(struct cal_samples *s);

/* --- one calibration ------------------------------------------------------------- */

struct cal {
	const struct cx_calibrate_options *options;
	struct cx_error *err;
	struct cx_topology *topology;
	struct cx_kvm *kvm;
	unsigned n_cpus, *cpus; /* that we may use */
	bool clock;             /* guests have one of their own */
	uint64_t start_ns, duration_ns;
	struct cal_samples cost[CX_COSTS]; /* ns, ps or iterations a microsecond */
	struct cal_samples walk[4];        /* ps an access: cal_walks' in their order */
	struct cx_hist decide;
	uint64_t busy_ns, steal_ns; /* of all runs: guests were on CPUs, had them not */
	struct cx_calibration *out;
};

/** Has the caller asked for an end?  Any thread. */
bool cal_stopped(const struct cal *c);
/** Likewise: then -EINTR with a message. */
int cal_check_stop(const struct cal *c);
/** Tell how far it is. */
void cal_show_progress(const struct cal *c);
/** Make of all samples what they say.  0 or -ENOMEM. */
int cal_settle_all(struct cal *c);
#define CAL_NO_PAIR "there are no %s among the CPUs that we may use"
/** Why a cost has no samples, unless something has been said already. */
void cal_not_measured(struct cal *c, enum cx_cost_index cost, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- threads.c ---------------------------------------------------------------------- */

/** Two CPUs of ours that are @distance apart (enum cx_distance). */
bool cal_pair(const struct cal *c, unsigned distance, unsigned *a, unsigned *b);
/** Start a thread that stays on @cpu. */
int cal_start_on(const struct cal *c, pthread_t *thread, void *(*body)(void *), void *arg,
		 unsigned cpu, struct cx_error *err);

/* --- gauge.c ------------------------------------------------------------------------ */

enum cal_gauge_what { /* the payload's parameter `what` */
		      CAL_WATCH,
		      CAL_SLEEP,
		      CAL_CALL,
		      CAL_WORK,
		      CAL_SPIN,
		      CAL_WALK
};

struct cal_gauge {
	enum cal_gauge_what what;
	uint64_t piece;  /* 0 = the default */
	uint64_t size;   /* of the walk; 0 = the default */
	uint64_t nap_ns; /* 0 = the default */
	uint64_t memory; /* bytes; 0 = 16 MiB */
	bool anywhere;   /* else on the first of our CPUs */
};

/** A run of gauges, each a domain of one vCPU with the number of its place here. */
struct cal_plan {
	const char *scheduler;
	const char *params[3][2]; /* of the policy: name, value */
	unsigned n_cpus;          /* the pool: so many of our CPUs, from the first */
	unsigned n_gauges;
	const struct cal_gauge *gauges;
	uint64_t until_ns; /* gauges end then */
};

struct cal_span {
	uint64_t begin_ns, end_ns;
};

struct cal_run {
	struct cx_record *record;
	unsigned n;
	struct cal_spans {
		struct cal_span *at;
		size_t n, room;
		bool lost;
	} * gauge;
	uint64_t until_ns;
};

/** Run it; the spans of each gauge in time order.  0 or a negative errno with a message. */
int cal_run(struct cal *c, const struct cal_plan *plan, struct cal_run *run);
void cal_run_free(struct cal_run *run);
/** The span of @gauge that holds @t_ns; NULL: none. */
const struct cal_span *cal_span_at(const struct cal_run *run, unsigned gauge, uint64_t t_ns);
/** Read one line of a gauge's log.  False: it is something else, or damaged. */
bool cal_parse_line(const char *line, struct cal_run *run);
/** Is it a gauge that says this, or is it said that lines of theirs are lost?  Else the run itself. */
bool cal_of_a_gauge(const char *line);

/* --- dispatching.c ------------------------------------------------------------------ */

/** Add what @run shows of each cost whose bit (1u << cost) is set in @costs. */
void cal_join(struct cal *c, const struct cal_run *run, unsigned costs);

/* --- measurements: each for about @ns ---------------------------------------------- */

int cal_switching(struct cal *c, uint64_t ns);
int cal_resuming(struct cal *c, uint64_t ns);
int cal_waking_busy(struct cal *c, uint64_t ns);
int cal_waking_idle(struct cal *c, uint64_t ns);
int cal_ticking(struct cal *c, uint64_t ns);
int cal_calling(struct cal *c, uint64_t ns);
int cal_working(struct cal *c, uint64_t ns);
int cal_spinning(struct cal *c, uint64_t ns);
int cal_walking(struct cal *c, uint64_t ns);
int cal_moving(struct cal *c, uint64_t ns);
int cal_fetching(struct cal *c, uint64_t ns);

/** Lines lie in @from's cache and are read from @to: ps an access, into @samples. */
int cal_fetch_lines(struct cal *c, unsigned from, unsigned to, uint64_t ns,
		    struct cal_samples *samples);

/* What a walk through @size bytes costs, by where it lies; see docs/costs.md. */
struct cal_walks {
	uint64_t l1_size, l2_size, llc_size; /* walked */
	uint64_t near_bytes, llc_bytes;      /* of the caches */
	uint64_t memory_size;                /* walked; 0 = not */
};
/** Which walks tell the levels apart; why_not in @c where none does. */
void cal_walk_sizes(struct cal *c, struct cal_walks *walks);

#endif
