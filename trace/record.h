/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/record.h - one run of one scenario under one scheduler, measured.
 *
 * Core fills it (or the trace reader does); metrics, JSON, text and the report
 * folder are made from it and from nothing else.
 */
#ifndef CX_TRACE_RECORD_H
#define CX_TRACE_RECORD_H

#include "base/hist.h"
#include "entitlement/entitlement.h"
#include "trace/event.h"
#include "trace/history.h"

#include <stdbool.h>
#include <stdint.h>

#define CX_RECORD_RESULTS 16 /* named figures that a guest may publish */
/* What only the end of a trace tells; its figures in a record that is cut are 0 and mean nothing. */
#define CX_CUT_UNKNOWN "the guests' progress and results, host steal and CPU time"
#define CX_RECORD_HISTORY_MAX ((size_t)1 << 30) /* bytes of events that a record keeps */

/** A figure that the guest itself measured ("rounds", "hold_ns_max" ...). */
struct cx_record_result {
	char name[32];
	uint64_t value;
};

struct cx_record_vcpu {
	uint32_t domain;             /* index into cx_record.domains */
	uint32_t index;              /* within the domain, from 0 */
	uint64_t start_ns, stop_ns;  /* lifetime in the run; stop = run's end if it lived */
	uint64_t time_ns[CX_STATES]; /* core's own accounting; adds up to stop - start */
	uint64_t progress;           /* the workload's own units, from the shared page */
	uint64_t host_cpu_ns;        /* CPU time of its host thread */
	uint64_t dispatches;         /* times it was put on a pCPU */
	uint64_t migrations[CX_DISTANCES];
	unsigned n_results;
	struct cx_record_result *results; /* n_results of them: cx_record_results() */
};

/** A resource pool; parents come before their children. */
struct cx_record_pool {
	char *name;
	uint32_t parent; /* an index, or CX_NO_POOL: part of the whole host */
	/* At the start of the run; CX_EV_ADJUST_POOL tells what changed since. */
	uint32_t weight;             /* of the whole pool */
	uint32_t reservation, limit; /* percent of one pCPU, 0 = none */
	bool expandable;             /* may borrow reservation from its ancestors */
};

struct cx_record_domain {
	char *name;
	uint32_t pool;       /* an index; what is not less than n_pools means none */
	char *workload;      /* name and parameters, as one line */
	char *progress_unit; /* what one unit of progress is ("iterations") */
	uint32_t first_vcpu, n_vcpus;
	/* At the start of the run; CX_EV_ADJUST tells what changed since. */
	uint32_t weight;      /* per vCPU */
	uint32_t reservation; /* percent of one pCPU, 0 = none */
	uint32_t limit;       /* percent of one pCPU, 0 = none */
	uint64_t planned_ns;  /* when the scenario starts it */
	uint64_t start_ns, stop_ns;
	char *affinity;  /* hard affinity as a list of the pool's pCPU indices */
	enum cx_end end; /* how it ended (the worst of its vCPUs) */
	char *end_text;  /* why, for a crash: "triple fault at 0x401000"; else NULL */
};

struct cx_record_pcpu {
	uint32_t host_cpu; /* number on the host; on sim its logical index */
	/* Together the duration of the run. */
	uint64_t busy_ns; /* a vCPU was on it */
	uint64_t idle_ns;
	uint64_t offline_ns; /* not in the pool */
};

struct cx_record {
	char *scenario;      /* name */
	char *question;      /* the scenario's one question, or NULL */
	char *scenario_yaml; /* the file's text */
	char *machine;       /* "kvm" or "sim" */
	char *backend;       /* "vmx", "svm", "pvm", "sim" ... */
	char *host;          /* one line: model, CPUs, kernel */
	char *scheduler;     /* "credit", "linux" ... */
	char *params;        /* "tslice=30ms ratelimit=1ms", never NULL */
	char *ignored;       /* what the scenario asks for and this policy ignores, or NULL */
	uint64_t seed;
	uint64_t duration_ns; /* measured wall time of the run */

	bool degraded;
	char *degraded_why; /* NULL unless degraded */
	bool interrupted;   /* ended early by a signal */
	bool cut;           /* of a trace without its end: what CX_CUT_UNKNOWN says is not known */
	uint64_t faults[CX_FAULTS];

	uint64_t switches;
	uint64_t host_steal_ns;   /* wall time of running vCPUs minus their threads' CPU time */
	struct cx_hist decide_ns; /* dispatch cost, one sample a decision */
	struct cx_hist gap_ns;    /* from leaving one guest to entering the next, all in all */
	bool realtime_asked;      /* --realtime was given ... */
	bool realtime;            /* ... and its vCPUs' threads had that priority */
	bool timeline_sampled; /* events were sampled, not seen one by one (linux without perf) */

	uint64_t trace_events, trace_lost; /* of the LTTng trace; 0 when not traced */

	unsigned n_pools, n_domains, n_vcpus, n_pcpus;
	struct cx_record_pool *pools; /* n_pools of them: cx_record_pools() */
	struct cx_record_domain *domains;
	struct cx_record_vcpu *vcpus;
	struct cx_record_pcpu *pcpus;
	struct cx_history *history; /* owned */
};

/**
 * A record with room for so many of each, zeroed, its history empty with one lane
 * a pCPU (at least one) and bounded by CX_RECORD_HISTORY_MAX.  Its strings are the
 * record's own, from malloc.  NULL when out of memory.
 */
struct cx_record *cx_record_new(unsigned n_domains, unsigned n_vcpus, unsigned n_pcpus);
/** Likewise for a run in virtual time: its history is one of cx_history_new_untimed(). */
struct cx_record *cx_record_new_untimed(unsigned n_domains, unsigned n_vcpus, unsigned n_pcpus);
/**
 * Make room for @n results of @vcpu, zeroed, at most CX_RECORD_RESULTS; what it had is gone.
 * Returns 0, -EINVAL (too many) or -ENOMEM; it then has none.
 */
int cx_record_results(struct cx_record_vcpu *vcpu, unsigned n);
/**
 * Make room for @n resource pools, zeroed, of no parent; what it had is gone.
 * Returns 0 or -ENOMEM; it then has none.
 */
int cx_record_pools(struct cx_record *record, unsigned n);
/** Free it with everything in it; NULL is fine. */
void cx_record_free(struct cx_record *record);

#endif
