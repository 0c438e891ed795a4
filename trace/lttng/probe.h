/* SPDX-License-Identifier: BSD-2-Clause */
/* trace/lttng/probe.h - what the tracepoints that are not events are called with. */
#ifndef CX_TRACE_LTTNG_PROBE_H
#define CX_TRACE_LTTNG_PROBE_H

#include <stdint.h>

/** One part of run_start's or run_end's text. */
struct cx_lttng_text {
	uint64_t t_ns;
	uint64_t sent; /* events since run_start */
	uint32_t part, parts;
	const char *json; /* not terminated */
	uint32_t length;  /* bytes */
};

/** Has anybody taken the tracepoint it was given to? */
struct cx_lttng_hello {
	uint32_t heard;
};

static inline uint32_t cx_lttng_heard(struct cx_lttng_hello *hello)
{
	return hello->heard = 1;
}

#endif
