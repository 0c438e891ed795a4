/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/lttng/clock.h - LTTng's clock in virtual time.
 *
 * The time is a word in a file that the traced program, the session daemon and its
 * consumer have mapped; the program moves it.  All three must have it, because all three
 * write time stamps.  LTTng-UST loads the clock's shared object in each of them by the
 * environment variable LTTNG_UST_CLOCK_PLUGIN, and that finds the file by the environment
 * variable below.
 */
#ifndef CX_TRACE_LTTNG_CLOCK_H
#define CX_TRACE_LTTNG_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#define CX_LTTNG_CLOCK_VARIABLE "COXSWAIN_TRACE_CLOCK"
#define CX_LTTNG_CLOCK_ATTACH "coxswain_clock_attach"

/** What is in the file. */
struct cx_lttng_clock {
	_Atomic uint64_t ns; /* since the start of the run; never goes back within a session */
	/** Nobody reads the buffers any more: what waits for room in them is to be given up. */
	_Atomic uint32_t deserted;
};

/** Move it on to @ns, unless that is past already or after the end of LTTng's time, as a
 *  trace with such a step cannot be read.  One thread at a time. */
static inline void cx_lttng_clock_advance(struct cx_lttng_clock *clock, uint64_t ns)
{
	if (ns > atomic_load_explicit(&clock->ns, memory_order_relaxed) && ns <= INT64_MAX)
		atomic_store_explicit(&clock->ns, ns, memory_order_relaxed);
}

/**
 * The symbol CX_LTTNG_CLOCK_ATTACH, for the traced program.  Go by the file @path from now
 * on, mapped at the same place as the one before.  NULL: it cannot be mapped, or this process has another clock.
 */
typedef struct cx_lttng_clock *(*cx_lttng_clock_attach_fn)(const char *path);

#endif
