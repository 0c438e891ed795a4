/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/sink.h - where core sends events while a trace is being recorded.
 *
 * The LTTng provider is the one implementation; it lives in a shared object of
 * its own that is loaded for `--trace` only, so an untraced run pays one
 * predicted branch an event and starts no tracing threads.
 */
#ifndef CX_TRACE_SINK_H
#define CX_TRACE_SINK_H

#include "trace/event.h"

#define CX_TRACE_SINK_ABI 2
#define CX_TRACE_SINK_SYMBOL "coxswain_trace_sink"

struct cx_lttng_clock;

/** All functions may be called from any thread at any time. */
struct cx_trace_sink {
	unsigned abi; /* CX_TRACE_SINK_ABI */
	/** One event of the stream. */
	void (*event)(const struct cx_event *event);
	/** The run's static part, as JSON text (cx_record_static_json()): before its events. */
	void (*run_start)(uint64_t t_ns, const char *json);
	/** The run's totals (cx_record_totals_json()): after the last of its events. */
	void (*run_end)(uint64_t t_ns, const char *json);
	/** Does a session take what is sent?  For trace/capture.h. */
	bool (*recording)(void);
	/** Events sent so far in this process, lost ones included.  For trace/capture.h. */
	uint64_t (*count)(void);
	/** In virtual time: move @clock on to the time of whatever is sent.  For trace/capture.h. */
	void (*follow)(struct cx_lttng_clock *clock);
};

#endif
