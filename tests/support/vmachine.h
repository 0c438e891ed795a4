/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmachine.h - a machine for tests behind core/dispatch/dispatch.h: virtual time, one
 * thread, scripted vCPUs.  Everything happens in a defined order, so a test can say
 * exactly what must come out.
 *
 * At one instant: what is due (cx_dispatch_timers()), then the test's own actions, then
 * steps of the scripts and ends of slices by pCPU, then kicks by pCPU.
 *
 * The machine keeps books of its own (who ran for how long); vmachine_check() holds the
 * dispatcher's, and the metrics made of its events, against them.
 */
#ifndef CX_TEST_VMACHINE_H
#define CX_TEST_VMACHINE_H

#include "core/dispatch/dispatch.h"

#define VM_US 1000ull
#define VM_MS 1000000ull
#define VM_SEC 1000000000ull

#define VM_PCPUS 16u
#define VM_VCPUS 512u
#define VM_DOMAINS 512u
#define VM_ACTIONS 256u
#define VM_LINES 512u

enum vm_op {
	VM_RUN,   /* compute for ns */
	VM_SLEEP, /* block until ns from now, or an event */
	VM_WAIT,  /* block until an event */
	VM_YIELD,
	VM_TIMER, /* set the guest's timer to ns from now; 0 = cancel it */
	VM_SEND,  /* an event to the vCPU with number ns */
	VM_END
};

struct vm_step {
	enum vm_op op;
	uint64_t ns;
};

/** A domain; all its vCPUs run the script over and over (none: compute for ever). */
struct vm_domain {
	unsigned vcpus;              /* 0 = 1 */
	unsigned weight;             /* 0 = 256 */
	unsigned limit, reservation; /* percent of a pCPU */
	const char *cpus;            /* hard affinity, "0-3"; NULL = all */
	const char *cpus_soft;
	const struct vm_step *script;
	unsigned n_steps;
	uint64_t start_ns;
	unsigned pool; /* as in struct cx_dispatch_domain */
};

struct vm;
typedef void (*vm_action)(struct vm *m, uint64_t arg);

struct vm_config {
	const struct cx_plugin *plugin;
	const int64_t *params; /* NULL = the defaults */
	const char *topology;  /* hwloc's synthetic form; NULL = as many cores as pCPUs */
	unsigned pcpus;        /* 0 = 1 */
	const struct vm_domain *domains;
	unsigned n_domains;
	const struct cx_dispatch_pool *pools;
	unsigned n_pools;
	uint64_t watchdog_ns;
	bool expects_refusal; /* cx_dispatch_new() may fail: see vm.err */
};

struct vm_vcpu {
	struct cx_vcpu *v;
	const struct vm_step *script;
	unsigned n_steps, step;
	uint64_t left_ns; /* of the present VM_RUN */
	bool blocked;     /* by its script: the step is done when it goes on */
	bool pending;
	unsigned on; /* pCPU, or VM_NOWHERE */
	uint64_t ran_ns, wakes, timers;
	uint64_t last_ran_ns; /* when it ran last */
};
#define VM_NOWHERE UINT32_MAX

struct vm_pcpu {
	struct cx_pcpu *p;
	struct vm_vcpu *on;
	uint64_t entered_ns, until_ns;
	bool kicked;
	uint64_t kicks, decisions;
};

struct vm {
	uint64_t now_ns;
	struct cx_dispatch *d;
	struct cx_topology *topology;
	struct cx_record *record;
	struct cx_error err;
	int rc; /* of cx_dispatch_new() */
	unsigned n_pcpus, n_vcpus, n_domains;
	struct vm_pcpu pcpus[VM_PCPUS];
	struct vm_vcpu vcpus[VM_VCPUS];
	const struct vm_domain *domains;
	unsigned first_vcpu[VM_DOMAINS];
	char names[VM_DOMAINS][16];
	struct {
		uint64_t at_ns, arg;
		vm_action fn;
	} actions[VM_ACTIONS];
	unsigned n_actions;
	int64_t *params;
	uint64_t timers_ns, alarms; /* when cx_dispatch_timers() is next due */
	char lines[VM_LINES][256];
	unsigned n_lines;
	bool finished;
	uint64_t traced[CX_EVENT_TYPES]; /* events sent to the sink, by type */
	struct cx_event last_fault;
};

/** A machine with all domains' vCPUs known, none started.  See vm.rc if it may fail. */
struct vm *vmachine_new(const struct vm_config *config);
/** @fn is called at that instant, in order of adding. */
void vmachine_at(struct vm *m, uint64_t at_ns, vm_action fn, uint64_t arg);
/** Let time pass until @until_ns; starts domains when they are due. */
void vmachine_run(struct vm *m, uint64_t until_ns);
/** An event for a vCPU. */
void vmachine_send(struct vm *m, unsigned vcpu);
/** Whoever runs on that pCPU leaves now, whatever it does; also from inside an operation. */
void vmachine_preempt(struct vm *m, unsigned pcpu);
/** End the run and collect the record. */
void vmachine_finish(struct vm *m);
/** After the finish: all books agree to the nanosecond.  Fails the test otherwise. */
void vmachine_check(const struct vm *m);
void vmachine_free(struct vm *m);
/** Was a line logged that has @part in it? */
bool vmachine_logged(const struct vm *m, const char *part);
/** 64 random bits, the same for the same start. */
uint64_t vmachine_random(uint64_t *state);

#endif
