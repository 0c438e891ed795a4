/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/event.h"

#include <stddef.h>

#define NAME_OF(table, index) ((index) < sizeof(table) / sizeof((table)[0]) ? (table)[index] : NULL)

static const char *const states[CX_STATES] = {
	[CX_RUNNING] = "running",     [CX_READY] = "ready",     [CX_LIMITED] = "limited",
	[CX_COSTOPPED] = "costopped", [CX_BLOCKED] = "blocked", [CX_PAUSED] = "paused",
};

static const char *const park_reasons[CX_PARK_REASONS] = {
	[CX_PARK_LIMIT] = "limit",
	[CX_PARK_COSTOP] = "costop",
};

static const char *const whys[CX_WHYS] = {
	[CX_WHY_IDLE] = "idle",   [CX_WHY_SLICE] = "slice", [CX_WHY_PREEMPT] = "preempt",
	[CX_WHY_YIELD] = "yield", [CX_WHY_BLOCK] = "block", [CX_WHY_END] = "end",
	[CX_WHY_PAUSE] = "pause",
};

static const char *const wake_whys[CX_WAKE_WHYS] = {
	[CX_WAKE_START] = "start",
	[CX_WAKE_EVENT] = "event",
	[CX_WAKE_TIMER] = "timer",
};

static const char *const distances[CX_DISTANCES] = {
	[CX_DIST_SELF] = "self", [CX_DIST_SMT] = "smt",       [CX_DIST_LLC] = "llc",
	[CX_DIST_NODE] = "node", [CX_DIST_REMOTE] = "remote",
};

static const char *const faults[CX_FAULTS] = {
	[CX_FAULT_NOT_RUNNABLE] = "not-runnable",
	[CX_FAULT_PARKED] = "parked",
	[CX_FAULT_RUNNING] = "running-elsewhere",
	[CX_FAULT_AFFINITY] = "affinity",
	[CX_FAULT_SLICE] = "slice",
	[CX_FAULT_FOREIGN] = "foreign-handle",
	[CX_FAULT_STARVED] = "starved",
	[CX_FAULT_CRASHED] = "crashed",
	[CX_FAULT_STUCK] = "stuck",
	[CX_FAULT_SERVICE] = "bad-service-call",
};

static const char *const ends[CX_ENDS] = {
	[CX_END_EXIT] = "exit",
	[CX_END_CRASH] = "crash",
	[CX_END_STOPPED] = "stopped",
	[CX_END_RUN] = "run-end",
};

static const char *const adjusts[CX_ADJUSTS] = {
	[CX_ADJUST_WEIGHT] = "weight",
	[CX_ADJUST_RESERVATION] = "reservation",
	[CX_ADJUST_LIMIT] = "limit",
};

static const char *const event_types[CX_EVENT_TYPES] = {
	[CX_EV_WAKE] = "vcpu_wake",
	[CX_EV_BLOCK] = "vcpu_block",
	[CX_EV_SWITCH] = "switch",
	[CX_EV_MIGRATE] = "migrate",
	[CX_EV_PARK] = "park",
	[CX_EV_UNPARK] = "unpark",
	[CX_EV_PAUSE] = "pause",
	[CX_EV_UNPAUSE] = "unpause",
	[CX_EV_END] = "vcpu_end",
	[CX_EV_ACCOUNT] = "policy_account",
	[CX_EV_POLICY] = "policy_event",
	[CX_EV_PARAM] = "param_set",
	[CX_EV_FAULT] = "policy_fault",
	[CX_EV_HYPERCALL] = "hypercall",
	[CX_EV_EXIT] = "exit",
	[CX_EV_PCPU_OFFLINE] = "pcpu_offline",
	[CX_EV_PCPU_ONLINE] = "pcpu_online",
	[CX_EV_ADJUST] = "domain_adjust",
	[CX_EV_ADJUST_POOL] = "pool_adjust",
};

const char *cx_state_name(unsigned state)
{
	return NAME_OF(states, state);
}

const char *cx_park_reason_name(unsigned reason)
{
	return NAME_OF(park_reasons, reason);
}

const char *cx_why_name(unsigned why)
{
	return NAME_OF(whys, why);
}

const char *cx_wake_why_name(unsigned why)
{
	return NAME_OF(wake_whys, why);
}

const char *cx_distance_name(unsigned distance)
{
	return NAME_OF(distances, distance);
}

const char *cx_fault_name(unsigned fault)
{
	return NAME_OF(faults, fault);
}

const char *cx_end_name(unsigned end)
{
	return NAME_OF(ends, end);
}

const char *cx_adjust_name(unsigned what)
{
	return NAME_OF(adjusts, what);
}

const char *cx_event_type_name(unsigned type)
{
	return NAME_OF(event_types, type);
}
