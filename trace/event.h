/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/event.h - what happened, as one stream of records.
 *
 * The dispatcher emits these; the in-memory history, the LTTng provider and the
 * metrics all speak them.  Metrics are a function of the stream alone, so a run
 * seen live and the same run read back from a trace give the same figures.
 */
#ifndef CX_TRACE_EVENT_H
#define CX_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/** No vCPU: an idle pCPU in CX_EV_SWITCH. */
#define CX_NO_VCPU UINT32_MAX

/** Exclusive states of a vCPU.  Their times add up to its lifetime exactly. */
enum cx_state {
	CX_RUNNING,   /* on a pCPU */
	CX_READY,     /* has work, waits for a pCPU */
	CX_LIMITED,   /* has work, parked by a limit */
	CX_COSTOPPED, /* has work, parked to wait for its siblings */
	CX_BLOCKED,   /* waits for an event */
	CX_PAUSED,    /* stopped by the admin */
	CX_STATES
};

enum cx_park_reason { CX_PARK_LIMIT, CX_PARK_COSTOP, CX_PARK_REASONS };

/** Why a vCPU left its pCPU. */
enum cx_why {
	CX_WHY_IDLE,    /* nobody was running */
	CX_WHY_SLICE,   /* its time slice ended */
	CX_WHY_PREEMPT, /* a kick: the policy asked for a new decision */
	CX_WHY_YIELD,   /* it yielded */
	CX_WHY_BLOCK,   /* it waits for an event */
	CX_WHY_END,     /* it ended, crashed, or its domain was stopped */
	CX_WHY_PAUSE,   /* the admin paused it */
	CX_WHYS
};

/** Why a vCPU became runnable. */
enum cx_wake_why {
	CX_WAKE_START, /* its domain started */
	CX_WAKE_EVENT, /* an event arrived */
	CX_WAKE_TIMER, /* the deadline it blocked until, or its timer, has passed */
	CX_WAKE_WHYS
};

/** How far apart two pCPUs are; also how far a migration went. */
enum cx_distance {
	CX_DIST_SELF,   /* the same pCPU */
	CX_DIST_SMT,    /* threads of one core */
	CX_DIST_LLC,    /* share the last-level cache */
	CX_DIST_NODE,   /* same NUMA node, another last-level cache */
	CX_DIST_REMOTE, /* another NUMA node */
	CX_DISTANCES
};

/** What a policy did wrong. */
enum cx_fault {
	CX_FAULT_NOT_RUNNABLE, /* picked a vCPU that is blocked, paused or gone */
	CX_FAULT_PARKED,       /* picked one that is parked */
	CX_FAULT_RUNNING,      /* picked one that runs on another pCPU */
	CX_FAULT_AFFINITY,     /* picked or placed one where hard affinity forbids */
	CX_FAULT_SLICE,        /* a slice out of bounds */
	CX_FAULT_FOREIGN,      /* a handle that is not of this pool */
	CX_FAULT_STARVED,      /* left a runnable vCPU waiting past the watchdog time */
	CX_FAULT_CRASHED,      /* a signal (SIGSEGV ...) inside an operation */
	CX_FAULT_STUCK,        /* an operation that did not return */
	CX_FAULT_SERVICE,      /* a service called with an argument out of range */
	CX_FAULTS
};

/** How a vCPU ended. */
enum cx_end {
	CX_END_EXIT,    /* the guest's own exit hypercall */
	CX_END_CRASH,   /* triple fault, trap, bad instruction ...: see the record */
	CX_END_STOPPED, /* the scenario's stop time */
	CX_END_RUN,     /* the run ended while it lived */
	CX_ENDS
};

/** Which of a domain's or a resource pool's values changed. */
enum cx_adjust {
	CX_ADJUST_WEIGHT,
	CX_ADJUST_RESERVATION, /* percent of a pCPU */
	CX_ADJUST_LIMIT,       /* likewise; 0 = none from now on */
	CX_ADJUSTS
};

enum cx_event_type {
	/*                   pcpu       vcpu     prev       why            x            y */
	CX_EV_WAKE,      /* assigned   who      -          cx_wake_why    -            -          */
	CX_EV_BLOCK,     /* running on who      -          -              deadline, 0  -          */
	CX_EV_SWITCH,    /* where      next     previous   cx_why         slice ns     decide ns  */
	CX_EV_MIGRATE,   /* to         who      from pcpu  cx_distance    warmth ns    -          */
	CX_EV_PARK,      /* assigned   who      -          cx_park_reason -            -          */
	CX_EV_UNPARK,    /* assigned   who      -          cx_park_reason -            -          */
	CX_EV_PAUSE,     /* assigned   who      -          -              -            -          */
	CX_EV_UNPAUSE,   /* assigned   who      -          -              -            -          */
	CX_EV_END,       /* assigned   who      -          cx_end         guest status -          */
	CX_EV_ACCOUNT,   /* where      who|none -          policy's code  policy's     policy's   */
	CX_EV_POLICY,    /* where      who|none -          policy's code  policy's     policy's   */
	CX_EV_PARAM,     /* -          domain|none -       index          new value    -          */
	CX_EV_FAULT,     /* where      who|none -          cx_fault       -            -          */
	CX_EV_HYPERCALL, /* where      who      -          number         argument 0   argument 1 */
	CX_EV_EXIT,      /* where      who      -          exit reason    -            -          */
	CX_EV_ADJUST,    /* -          domain   -          cx_adjust      new value    -          */
	CX_EV_ADJUST_POOL, /* -        pool     -          cx_adjust      new value    -          */
	/* A pCPU left the pool, or came back; x = how many are online now. */
	CX_EV_PCPU_OFFLINE,
	CX_EV_PCPU_ONLINE,
	CX_EVENT_TYPES
};

/** One record.  Vcpu numbers are global in the run, from 0. */
struct cx_event {
	uint64_t t_ns; /* since the start of the run */
	uint16_t type; /* enum cx_event_type */
	uint16_t pcpu; /* policy's pCPU index, 0 .. n-1 */
	uint32_t vcpu;
	uint32_t prev;
	uint32_t why;
	uint64_t x;
	uint64_t y;
};

/**
 * The state that a vCPU's four flags mean; dispatcher and metrics share it.
 * @parked  bit mask of 1 << enum cx_park_reason
 */
static inline enum cx_state cx_state_of(bool on_pcpu, bool runnable, bool paused, unsigned parked)
{
	if (on_pcpu)
		return CX_RUNNING;
	if (paused)
		return CX_PAUSED;
	if (!runnable)
		return CX_BLOCKED;
	if (parked & (1u << CX_PARK_LIMIT))
		return CX_LIMITED;
	if (parked & (1u << CX_PARK_COSTOP))
		return CX_COSTOPPED;
	return CX_READY;
}

/** Lower-case names, as printed and as traced; NULL when out of range. */
const char *cx_state_name(unsigned state);
const char *cx_park_reason_name(unsigned reason);
const char *cx_why_name(unsigned why);
const char *cx_wake_why_name(unsigned why);
const char *cx_distance_name(unsigned distance);
const char *cx_fault_name(unsigned fault);
const char *cx_end_name(unsigned end);
const char *cx_adjust_name(unsigned what);
const char *cx_event_type_name(unsigned type);

#endif
