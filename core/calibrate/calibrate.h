/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/calibrate/calibrate.h - what things cost on this host, measured: for the simulator.
 *
 * Real guests on KVM (the payload `gauge`) note when they ran and when they did not; joined
 * with the dispatcher's events that gives what lies between them.  docs/costs.md defines
 * every cost and says how it is measured.
 */
#ifndef CX_CORE_CALIBRATE_H
#define CX_CORE_CALIBRATE_H

#include "base/error.h"
#include "core/sim/costs.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CX_CALIBRATE_MIN_NS 1000000000ull
#define CX_CALIBRATE_DEFAULT_NS 20000000000ull
#define CX_CALIBRATE_MAX_NS 3600000000000ull
#define CX_CALIBRATE_NOISY 3.0 /* percent of the time that others had the CPU */

/** Which of a cost's samples is its value. */
enum cx_calibrate_value {
	CX_CALIBRATE_MEDIAN,
	/** The mean of the middle half: what adds up needs a mean, and a host's hiccups, which the
	 *  simulator has not, are not to be in it. */
	CX_CALIBRATE_MIDMEAN
};

struct cx_measured {
	bool measured;
	uint64_t value; /* in the cost's unit; the default's when not measured */
	enum cx_calibrate_value is;
	uint64_t samples, p10, p50, p90; /* in the same unit; when measured */
	char why_not[120];               /* when not */
};

struct cx_calibration {
	struct cx_measured cost[CX_COSTS];
	char *host;           /* "AMD EPYC, 2 CPUs, ..." */
	char backend[16];     /* "pvm", "vmx" ... */
	uint64_t duration_ns; /* that it took */
	/** Percent of the time in which a guest was to run and other programs had the CPU; and in
	 *  which the hypervisor below this host, if any, had it. */
	double steal, stolen;
};

struct cx_calibrate_options {
	const char *const *plugin_dirs; /* `rr` and `credit` are used */
	const char *const *payload_dirs;
	uint64_t duration_ns;    /* about; 0 = the default */
	bool realtime;           /* SCHED_FIFO for vCPU threads, if permitted */
	const atomic_bool *stop; /* becomes true: end early, with nothing; may be NULL */
	/** What is being measured, part @part of @parts; from the caller's thread. */
	void (*begin)(void *arg, const char *what, unsigned part, unsigned parts);
	void (*progress)(void *arg, uint64_t elapsed_ns, uint64_t duration_ns);
	void *arg; /* for both, which may be NULL */
};

/**
 * Measure.  Blocks for about the duration.
 * Returns 0 with *out filled in (cx_calibration_free()); -EINTR: stopped; -ENOENT, -EACCES,
 * -EOPNOTSUPP: no usable KVM; else a negative errno; each with a message.
 */
int cx_calibrate(const struct cx_calibrate_options *options, struct cx_calibration *out,
		 struct cx_error *err);
void cx_calibration_free(struct cx_calibration *calibration);

/** "their median". */
const char *cx_calibrate_value_name(enum cx_calibrate_value value);
/** As a file that cx_costs_load() reads; what was measured, and what was not, as comments.
 *  The caller checks ferror(). */
void cx_calibration_write(FILE *out, const struct cx_calibration *calibration);

#endif
