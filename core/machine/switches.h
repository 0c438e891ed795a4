/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/switches.h - when the host kernel put a thread on a CPU and took it off.
 *
 * By perf's context-switch records, one small ring a thread, so that the baseline's
 * figures are as exact as the dispatcher's own.
 */
#ifndef CX_CORE_SWITCHES_H
#define CX_CORE_SWITCHES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cx_switch_ring;

struct cx_switch_record {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint32_t cpu;
	bool in;
};

/**
 * Record the switches of thread @tid from now on.
 * Returns 0; -EACCES (kernel.perf_event_paranoid), -ENOMEM (kernel.perf_event_mlock_kb)
 * and others with a message that says what to do.
 */
int cx_switches_open(pid_t tid, struct cx_switch_ring **ring, struct cx_error *err);
void cx_switches_close(struct cx_switch_ring *ring);

/** Hand over what has come since the last call, in order.  Returns records lost. */
uint64_t cx_switches_drain(struct cx_switch_ring *ring,
			   void (*take)(void *arg, const struct cx_switch_record *record),
			   void *arg);

#endif
