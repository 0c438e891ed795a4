/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/run.h - run one scenario under one scheduler on one machine, measured.
 */
#ifndef CX_CORE_RUN_H
#define CX_CORE_RUN_H

#include "base/error.h"
#include "core/scenario/scenario.h"
#include "core/sim/costs.h"
#include "trace/record.h"
#include "trace/sink.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** Where a run is, for a progress display; called from the caller's own thread about
 *  ten times a second. */
typedef void (*cx_progress_fn)(void *arg, uint64_t elapsed_ns, uint64_t duration_ns);
/** A line of the run's log (domain logs, policy logs, ejections); same thread. */
typedef void (*cx_log_fn)(void *arg, const char *line);

/** What is simulated, and how. */
struct cx_run_sim {
	const char *
		topology; /* as cx_topology_open() takes it; NULL = the scenario's, else this host */
	struct cx_costs costs;
	bool shuffle; /* let chance decide what comes first among equals */
	uint64_t shuffle_seed;
};

struct cx_run_options {
	const char *scheduler;          /* "linux", a plug-in's name, or a path with a slash */
	const char *const *plugin_dirs; /* searched for NAME.so; NULL-terminated */
	const char *pcpus;              /* a CPU list, or "all"; NULL = the scenario's */
	uint64_t duration_ns;           /* 0 = the scenario's */
	uint64_t seed;                  /* with seed_given */
	bool seed_given;
	const struct cx_setting *params; /* override the scenario's; line = 0 */
	unsigned n_params;
	uint64_t watchdog_ns;         /* 0 = 2 s */
	const struct cx_run_sim *sim; /* NULL = on kvm */
	bool realtime; /* SCHED_FIFO for vCPU threads, if permitted; not for "linux" */
	const struct cx_trace_sink *sink; /* NULL = not traced */
	const atomic_bool *stop;          /* becomes true: end early, still measured */
	cx_progress_fn progress;          /* or NULL */
	cx_log_fn log;                    /* or NULL */
	void *arg;                        /* for both */
};

/**
 * Would cx_run() accept this?  Checks the CPUs against the host, the policy and all
 * parameters, starts nothing.  Returns 0, or what cx_run() would return for it.
 */
int cx_run_check(const struct cx_scenario *scenario, const struct cx_run_options *options,
		 struct cx_error *err);

/**
 * Run it.  Blocks for about the duration; a simulation for as long as it takes.  Simulations
 * may run in several threads at once, each with options of its own.
 *
 * Returns 0 with *record (the caller's to free), also when degraded or interrupted (see
 * the record); -EINVAL: the options or the scenario do not fit the host or the policy;
 * -ENOENT/-EACCES/-EOPNOTSUPP: no usable KVM; -EDEADLK: virtual time stood still; -ELIBBAD: the plug-in was refused;
 * -ECANCELED: the plug-in crashed or hung inside an operation, or refused a domain: *record
 * holds what was measured until then and @err names plug-in and operation; other negative errno.
 */
int cx_run(const struct cx_scenario *scenario, const struct cx_run_options *options,
	   struct cx_record **record, struct cx_error *err);

#endif
