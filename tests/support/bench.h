/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/bench.h - what the benchmarks share: a scenario from text, a run of it, a
 * bare guest beside it, two sides measured in turn, and rows that say what came out.
 *
 * A figure that misses its target is printed as MISSED and fails nothing: it may be the
 * host's doing.  What could not be measured at all is an error, and the program fails.
 */
#ifndef CX_TESTS_BENCH_H
#define CX_TESTS_BENCH_H

#include "base/error.h"
#include "base/hist.h"
#include "base/units.h"
#include "core/run/run.h"
#include "core/vmm/vmm.h"
#include "trace/metrics.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define BENCH_CPUS_MAX 64u
#define BENCH_STEAL_MAX 3.0 /* percent of the time; more, and a measurement is tried again */

struct bench {
	char build[PATH_MAX]; /* the build folder */
	char plugins[PATH_MAX], payloads[PATH_MAX], lib[PATH_MAX];
	unsigned n_cpus, cpus[BENCH_CPUS_MAX]; /* that we may use */
	struct cx_kvm *kvm;
	struct cx_error err;
	unsigned missed;
};

/** main() of a benchmark: open, head, @body, close.  The exit status. */
int bench_main(const char *title, int (*body)(struct bench *b));
/** Likewise for one that needs no KVM; b->kvm is NULL. */
int bench_main_simulated(const char *title, int (*body)(struct bench *b));

/* --- rows ------------------------------------------------------------------------ */

enum bench_goal {
	BENCH_SHOWN, /* no target */
	BENCH_BELOW, /* value < target */
	BENCH_NEAR,  /* value within @tolerance of target */
	BENCH_RATIO  /* ratio >= target */
};

/** Amounts that are not known: NAN.  A ratio of 0 is value / peer. */
struct bench_row {
	const char *figure, *unit;
	double value, peer, ratio;
	enum bench_goal goal;
	double target, tolerance;
	double steal; /* percent of the time that the host took away; NAN = not known */
};

/** Print it; counts what missed its target. */
void bench_print(struct bench *b, const struct bench_row *row);
/** A line of explanation below rows. */
void bench_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- runs ------------------------------------------------------------------------ */

struct bench_run {
	const char *scheduler;
	const char *params; /* "slice=1ms x=2", or NULL */
	uint64_t duration_ns;
	const struct cx_trace_sink *sink;
	const struct cx_run_sim *sim; /* NULL = on kvm */
	cx_progress_fn progress;      /* or NULL */
	void *arg;
};

/** CPU time that the program used while a run went on, its set-up left out. */
struct bench_cpu {
	uint64_t from_ns;                /* measure from this moment of the run */
	uint64_t begin_at_ns, end_at_ns; /* of the run: when measured */
	uint64_t begin_ns, end_ns;       /* CPU time */
	bool begun;
};
/** For bench_run.progress, with a struct bench_cpu. */
void bench_watch_cpu(void *arg, uint64_t elapsed_ns, uint64_t duration_ns);

/** A scenario from YAML text; the lines are those after "name:". */
int bench_scenario(struct bench *b, struct cx_scenario **scenario, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** The shipped scenario @name, on the first @n_cpus CPUs, or all if there are fewer. */
int bench_shipped(struct bench *b, const char *name, unsigned n_cpus,
		  struct cx_scenario **scenario);
int bench_run(struct bench *b, const struct cx_scenario *scenario, const struct bench_run *run,
	      struct cx_record **record);
/** The same, made once again, with a note that begins with @label, if the host took away more
 *  than BENCH_STEAL_MAX.  *steal is NAN of a run in virtual time. */
int bench_run_quiet(struct bench *b, const char *label, const struct cx_scenario *scenario,
		    const struct bench_run *run, struct cx_record **record, double *steal);
/** Percent of @busy_ns (of all pCPUs) in which no thread of the run had the CPU. */
double bench_steal(const struct cx_record *record, uint64_t busy_ns);
/** Progress of all vCPUs, in units a second. */
double bench_progress(const struct cx_record *record);

/* --- a guest without any of it --------------------------------------------------- */

/** What one measurement of a side found. */
struct bench_sample {
	double rate;     /* work a second of wall time */
	double per_cpu;  /* work a second of CPU time that the program used */
	double steal;    /* percent */
	double switches; /* a second */
};

/** `hog` on a bare loop around KVM_RUN, one thread and domain on each of the first
 *  @n_cpus CPUs, pinned, for @duration_ns. */
int bench_bare(struct bench *b, unsigned n_cpus, uint64_t duration_ns, struct bench_sample *out);

/* --- two sides in turn ----------------------------------------------------------- */

typedef int (*bench_side_fn)(struct bench *b, void *arg, struct bench_sample *out);

/** A side that is a run of the whole program. */
struct bench_run_side {
	const struct cx_scenario *scenario;
	struct bench_run run;
	unsigned busy_cpus;         /* pCPUs that always have work, for the steal */
	struct cx_hist decide, gap; /* of all runs together */
};
int bench_run_side(struct bench *b, void *run_side, struct bench_sample *out);

/** A side that is a bare guest on each of the first @n_cpus CPUs. */
struct bench_bare_side {
	unsigned n_cpus;
	uint64_t duration_ns;
};
int bench_bare_side(struct bench *b, void *bare_side, struct bench_sample *out);

struct bench_pairs {
	double a, b, ratio;   /* medians: rates, and of the ratios of each pair */
	double per_cpu_ratio; /* the same of work a second of CPU time */
	double a_switches, b_switches;
	double steal; /* median over the pairs of the worse side's */
	unsigned rounds, noisy, again;
};

/**
 * Measure @a and @b in turn, @rounds times (odd, at most 31); a pair in which the host took away more
 * than BENCH_STEAL_MAX is measured again, at most @rounds times in all.
 */
int bench_pairs(struct bench *b, unsigned rounds, bench_side_fn a, void *a_arg, bench_side_fn b_,
		void *b_arg, struct bench_pairs *out);
/** The row of a comparison, @goal the least ratio (0 = none), and what the CPU time says. */
void bench_print_pairs(struct bench *b, const char *figure, const char *unit,
		       const struct bench_pairs *pairs, double goal);

/* --- small things ---------------------------------------------------------------- */

double bench_median(double *values, unsigned n);
uint64_t bench_now(clockid_t clock);
/** A row in nanoseconds for each of the 50th and 99th percentile. */
void bench_print_hist(struct bench *b, const char *figure, const struct cx_hist *hist,
		      double below_p50, double below_p99, double steal);
int bench_pin(unsigned cpu);

#endif
