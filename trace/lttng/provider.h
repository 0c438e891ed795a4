/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/lttng/provider.h - the LTTng-UST provider `coxswain`.
 *
 * One tracepoint for each type of trace/event.h, with the members that the type uses
 * under names that say what they are.  Every one carries t_ns, the time since the start
 * of the run: analysis goes by that and not by the time at which LTTng wrote the event.
 * A vCPU that is none is -1.  The enumerations take their numbers from trace/event.h;
 * their labels are the names that trace/event.c prints.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER coxswain

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "trace/lttng/provider.h"

#if !defined(CX_TRACE_LTTNG_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define CX_TRACE_LTTNG_PROVIDER_H

#include "trace/event.h"
#include "trace/lttng/probe.h"

#include <lttng/tracepoint.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
LTTNG_UST_TRACEPOINT_ENUM(coxswain, why,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("idle", CX_WHY_IDLE)
		lttng_ust_field_enum_value("slice", CX_WHY_SLICE)
		lttng_ust_field_enum_value("preempt", CX_WHY_PREEMPT)
		lttng_ust_field_enum_value("yield", CX_WHY_YIELD)
		lttng_ust_field_enum_value("block", CX_WHY_BLOCK)
		lttng_ust_field_enum_value("end", CX_WHY_END)
		lttng_ust_field_enum_value("pause", CX_WHY_PAUSE)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, wake_why,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("start", CX_WAKE_START)
		lttng_ust_field_enum_value("event", CX_WAKE_EVENT)
		lttng_ust_field_enum_value("timer", CX_WAKE_TIMER)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, distance,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("self", CX_DIST_SELF)
		lttng_ust_field_enum_value("smt", CX_DIST_SMT)
		lttng_ust_field_enum_value("llc", CX_DIST_LLC)
		lttng_ust_field_enum_value("node", CX_DIST_NODE)
		lttng_ust_field_enum_value("remote", CX_DIST_REMOTE)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, park_reason,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("limit", CX_PARK_LIMIT)
		lttng_ust_field_enum_value("costop", CX_PARK_COSTOP)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, end,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("exit", CX_END_EXIT)
		lttng_ust_field_enum_value("crash", CX_END_CRASH)
		lttng_ust_field_enum_value("stopped", CX_END_STOPPED)
		lttng_ust_field_enum_value("run-end", CX_END_RUN)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, fault,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("not-runnable", CX_FAULT_NOT_RUNNABLE)
		lttng_ust_field_enum_value("parked", CX_FAULT_PARKED)
		lttng_ust_field_enum_value("running-elsewhere", CX_FAULT_RUNNING)
		lttng_ust_field_enum_value("affinity", CX_FAULT_AFFINITY)
		lttng_ust_field_enum_value("slice", CX_FAULT_SLICE)
		lttng_ust_field_enum_value("foreign-handle", CX_FAULT_FOREIGN)
		lttng_ust_field_enum_value("starved", CX_FAULT_STARVED)
		lttng_ust_field_enum_value("crashed", CX_FAULT_CRASHED)
		lttng_ust_field_enum_value("stuck", CX_FAULT_STUCK)
		lttng_ust_field_enum_value("bad-service-call", CX_FAULT_SERVICE)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(coxswain, adjust,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("weight", CX_ADJUST_WEIGHT)
		lttng_ust_field_enum_value("reservation", CX_ADJUST_RESERVATION)
		lttng_ust_field_enum_value("limit", CX_ADJUST_LIMIT)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, vcpu_wake,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_enum(coxswain, wake_why, uint32_t, why, e->why)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, vcpu_block,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_integer(uint64_t, deadline_ns, e->x)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, switch,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, prev, e->prev)
		lttng_ust_field_enum(coxswain, why, uint32_t, why, e->why)
		lttng_ust_field_integer(int32_t, next, e->vcpu)
		lttng_ust_field_integer(uint64_t, slice_ns, e->x)
		lttng_ust_field_integer(uint64_t, decide_ns, e->y)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, migrate,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_integer(int32_t, from, e->prev)
		lttng_ust_field_enum(coxswain, distance, uint32_t, distance, e->why)
		lttng_ust_field_integer(uint64_t, warmth_ns, e->x)
	)
)

LTTNG_UST_TRACEPOINT_EVENT_CLASS(coxswain, parking,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_enum(coxswain, park_reason, uint32_t, reason, e->why)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, parking, coxswain, park,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, parking, coxswain, unpark,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))

LTTNG_UST_TRACEPOINT_EVENT_CLASS(coxswain, pausing,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, pausing, coxswain, pause,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, pausing, coxswain, unpause,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))

LTTNG_UST_TRACEPOINT_EVENT(coxswain, vcpu_end,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_enum(coxswain, end, uint32_t, end, e->why)
		lttng_ust_field_integer(uint64_t, status, e->x)
	)
)

/* What a policy says: code, x and y are its own. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(coxswain, policy,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_integer(uint32_t, code, e->why)
		lttng_ust_field_integer(uint64_t, x, e->x)
		lttng_ust_field_integer(uint64_t, y, e->y)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, policy, coxswain, policy_account,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, policy, coxswain, policy_event,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))

LTTNG_UST_TRACEPOINT_EVENT(coxswain, param_set,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, domain, e->vcpu)
		lttng_ust_field_integer(uint32_t, index, e->why)
		lttng_ust_field_integer(int64_t, value, e->x)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, policy_fault,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_enum(coxswain, fault, uint32_t, fault, e->why)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, hypercall,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_integer(uint32_t, number, e->why)
		lttng_ust_field_integer(uint64_t, arg0, e->x)
		lttng_ust_field_integer(uint64_t, arg1, e->y)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, exit,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, vcpu, e->vcpu)
		lttng_ust_field_integer(uint32_t, reason, e->why)
	)
)

LTTNG_UST_TRACEPOINT_EVENT_CLASS(coxswain, pool,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(uint64_t, online, e->x)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, pool, coxswain, pcpu_offline,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, pool, coxswain, pcpu_online,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e))

LTTNG_UST_TRACEPOINT_EVENT(coxswain, domain_adjust,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(int32_t, domain, e->vcpu)
		lttng_ust_field_enum(coxswain, adjust, uint32_t, what, e->why)
		lttng_ust_field_integer(uint64_t, value, e->x)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(coxswain, pool_adjust,
	LTTNG_UST_TP_ARGS(const struct cx_event *, e),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, e->t_ns)
		lttng_ust_field_integer(uint16_t, pcpu, e->pcpu)
		lttng_ust_field_integer(uint32_t, pool, e->vcpu)
		lttng_ust_field_enum(coxswain, adjust, uint32_t, what, e->why)
		lttng_ust_field_integer(uint64_t, value, e->x)
	)
)

/* A long text comes as parts 0 .. parts - 1, so that each fits a sub-buffer.  @sent counts
 * the events of the run up to here: what a reader misses of them was lost. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(coxswain, text,
	LTTNG_UST_TP_ARGS(const struct cx_lttng_text *, text),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, t_ns, text->t_ns)
		lttng_ust_field_integer(uint64_t, sent, text->sent)
		lttng_ust_field_integer(uint32_t, part, text->part)
		lttng_ust_field_integer(uint32_t, parts, text->parts)
		lttng_ust_field_sequence_text(char, json, text->json, uint32_t, text->length)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, text, coxswain, run_start,
	LTTNG_UST_TP_ARGS(const struct cx_lttng_text *, text))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(coxswain, text, coxswain, run_end,
	LTTNG_UST_TP_ARGS(const struct cx_lttng_text *, text))

/* LTTng evaluates a field only when a started session takes the event: that tells us
 * that the recording has really begun. */
LTTNG_UST_TRACEPOINT_EVENT(coxswain, hello,
	LTTNG_UST_TP_ARGS(struct cx_lttng_hello *, hello),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint32_t, recording, cx_lttng_heard(hello))
	)
)
/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
