/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/lttng/sink.c - the sink that writes LTTng tracepoints.
 *
 * A provider belongs to its process, not to a capture: LTTng's own state is global, and
 * so are the counters here, in this shared object alone.
 */
#include "trace/lttng/clock.h"
#include "trace/lttng/provider.h"
#include "trace/sink.h"

#include <stdatomic.h>
#include <string.h>

#define COUNTERS 64u /* pCPUs beyond this many share one */
#define CACHE_LINE 64
#define TEXT_PART (32u * 1024) /* bytes; well within the smallest sub-buffer */

/* A pCPU's events have one writer at a time, so a counter each is rarely contended. */
struct counter {
	_Alignas(CACHE_LINE) atomic_uint_fast64_t n;
};

static struct counter counters[COUNTERS];
static atomic_uint_fast64_t count_at_start;
static struct cx_lttng_clock *_Atomic followed; /* NULL: real time */

static uint64_t count(void)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < COUNTERS; i++)
		sum += atomic_load_explicit(&counters[i].n, memory_order_relaxed);
	return sum;
}

static void counted(unsigned pcpu)
{
	atomic_fetch_add_explicit(&counters[pcpu % COUNTERS].n, 1, memory_order_relaxed);
}

static void tell_time(uint64_t t_ns)
{
	struct cx_lttng_clock *clock = atomic_load_explicit(&followed, memory_order_relaxed);

	if (clock)
		cx_lttng_clock_advance(clock, t_ns);
}

/* Events that no session has enabled are not counted: nobody misses them. */
#define EMIT(name, e)                                                                              \
	do {                                                                                       \
		if (lttng_ust_tracepoint_enabled(coxswain, name)) {                                \
			counted((e)->pcpu);                                                        \
			lttng_ust_do_tracepoint(coxswain, name, e);                                \
		}                                                                                  \
	} while (0)

static void event(const struct cx_event *e)
{
	tell_time(e->t_ns);
	switch ((enum cx_event_type)e->type) {
	case CX_EV_WAKE:
		EMIT(vcpu_wake, e);
		break;
	case CX_EV_BLOCK:
		EMIT(vcpu_block, e);
		break;
	case CX_EV_SWITCH:
		EMIT(switch, e);
		break;
	case CX_EV_MIGRATE:
		EMIT(migrate, e);
		break;
	case CX_EV_PARK:
		EMIT(park, e);
		break;
	case CX_EV_UNPARK:
		EMIT(unpark, e);
		break;
	case CX_EV_PAUSE:
		EMIT(pause, e);
		break;
	case CX_EV_UNPAUSE:
		EMIT(unpause, e);
		break;
	case CX_EV_END:
		EMIT(vcpu_end, e);
		break;
	case CX_EV_ACCOUNT:
		EMIT(policy_account, e);
		break;
	case CX_EV_POLICY:
		EMIT(policy_event, e);
		break;
	case CX_EV_PARAM:
		EMIT(param_set, e);
		break;
	case CX_EV_FAULT:
		EMIT(policy_fault, e);
		break;
	case CX_EV_HYPERCALL:
		EMIT(hypercall, e);
		break;
	case CX_EV_EXIT:
		EMIT(exit, e);
		break;
	case CX_EV_PCPU_OFFLINE:
		EMIT(pcpu_offline, e);
		break;
	case CX_EV_PCPU_ONLINE:
		EMIT(pcpu_online, e);
		break;
	case CX_EV_ADJUST:
		EMIT(domain_adjust, e);
		break;
	case CX_EV_ADJUST_POOL:
		EMIT(pool_adjust, e);
		break;
	case CX_EVENT_TYPES:
		break;
	}
}

enum text_kind { RUN_START, RUN_END };

static void text(enum text_kind kind, uint64_t t_ns, uint64_t sent, const char *json)
{
	size_t length = strlen(json);
	struct cx_lttng_text t = {
		.t_ns = t_ns,
		.sent = sent,
		.parts = length ? (uint32_t)((length + TEXT_PART - 1) / TEXT_PART) : 1,
	};

	tell_time(t_ns);
	for (t.part = 0; t.part < t.parts; t.part++) {
		t.json = json + (size_t)t.part * TEXT_PART;
		t.length = length < TEXT_PART ? (uint32_t)length : TEXT_PART;
		length -= t.length;
		if (kind == RUN_START)
			lttng_ust_tracepoint(coxswain, run_start, &t);
		else
			lttng_ust_tracepoint(coxswain, run_end, &t);
	}
}

static void run_start(uint64_t t_ns, const char *json)
{
	atomic_store(&count_at_start, count());
	text(RUN_START, t_ns, 0, json);
}

static void run_end(uint64_t t_ns, const char *json)
{
	text(RUN_END, t_ns, count() - atomic_load(&count_at_start), json);
}

static bool recording(void)
{
	struct cx_lttng_hello hello = { 0 };

	lttng_ust_tracepoint(coxswain, hello, &hello);
	return hello.heard != 0;
}

static void follow(struct cx_lttng_clock *clock)
{
	atomic_store(&followed, clock);
}

__attribute__((visibility("default"))) const struct cx_trace_sink coxswain_trace_sink = {
	.abi = CX_TRACE_SINK_ABI,
	.event = event,
	.run_start = run_start,
	.run_end = run_end,
	.recording = recording,
	.count = count,
	.follow = follow,
};
