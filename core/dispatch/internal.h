/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/internal.h - the dispatcher's own structures.  For this folder only.
 *
 * Locks, in the order in which they are taken:
 *   1. pCPU locks (struct cx_pcpu.lock), several in the order of their index; with
 *      CX_PLUGIN_INSTANCE_LOCK all of them are the same mutex;
 *   2. the timer heap's lock.
 * What a lock guards is said beside each member: [p] = the pCPU's lock, for a vCPU that
 * of the pCPU it is assigned to; [a] = atomic; [c] = constant after cx_dispatch_new().
 */
#ifndef CX_CORE_DISPATCH_INTERNAL_H
#define CX_CORE_DISPATCH_INTERNAL_H

#include "core/dispatch/dispatch.h"
#include "core/dispatch/guard.h"
#include "core/dispatch/timers.h"
#include "entitlement/affinity.h"
#include "topology/warmth.h"

#include <pthread.h>
#include <stdatomic.h>

#define BITS_PER_WORD 64u

struct cx_llc {
	struct cx_warmth_cache cache; /* [a] */
	unsigned id;                  /* [c] the topology's number for it */
};

struct cx_pcpu {
	struct cx_dispatch *d; /* [c] */
	unsigned index;        /* [c] */
	unsigned host_cpu;     /* [c] */
	unsigned llc;          /* [c] index into d->llcs */
	unsigned core, node;   /* [c] the topology's numbers */
	uint16_t *near;        /* all locks to write; see near_pcpu() */
	pthread_mutex_t own;
	pthread_mutex_t *lock; /* [c] own, or the instance's */
	void *priv;            /* [c] */
	atomic_bool online;    /* all locks to write: somebody may be put here */
	bool attached;         /* all locks to write: the policy knows it */

	atomic_bool resched;  /* a decision is wanted */
	atomic_bool idle;     /* nobody runs here */
	atomic_uint runnable; /* assigned and runnable */

	struct cx_vcpu *current;      /* [p] */
	uint64_t noted_ns;            /* [p] current's run time is in its warmth up to here */
	uint64_t since_ns;            /* [p] start of the present busy or idle time */
	uint64_t busy_ns, idle_ns;    /* [p] */
	uint64_t offline_ns;          /* [p] */
	uint64_t emitted_ns;          /* [p] time of the last event of its lane */
	uint64_t decisions, switches; /* [p] */
	struct cx_list vcpus;         /* [p] assigned here */

	uint64_t tick_period_ns;           /* [p] 0 = none */
	uint64_t timer_ns[CX_PCPU_TIMERS]; /* [p] when set; CX_NEVER = not */
	bool tick_armed;                   /* [p] */
	struct cx_timer tick;
	struct cx_timer retry;
	struct cx_timer timers[CX_PCPU_TIMERS];

	struct cx_guard_watch watch; /* [a] the operation that runs under this lock */
	struct cx_hist *cost, *gap;  /* by the thread that runs here; shared with one thread */
};

/* A resource pool. */
struct cx_pool {
	struct cx_dispatch *d;  /* [c] */
	char *name;             /* [c] */
	unsigned index;         /* [c] */
	struct cx_pool *parent; /* [c] an earlier one, or NULL */
	atomic_uint weight, reservation, limit;
};

struct cx_domain {
	struct cx_dispatch *d;
	char *name;
	unsigned index;
	unsigned n_vcpus;
	atomic_uint alive; /* vCPUs attached and not ended */
	atomic_uint attached_vcpus;
	struct cx_pool *pool;  /* [c] or NULL */
	unsigned class;        /* [c] of its hard affinity, in d->classes */
	struct cx_vcpu *vcpus; /* [c] */
	atomic_uint weight, reservation, limit;
	int64_t *params; /* all locks to write */
	void *priv;      /* [c] while attached */
	atomic_bool attached, started;
};

/* What a decision touches comes first, in as few cache lines as it fits. */
struct cx_vcpu {
	_Atomic(struct cx_pcpu *) pcpu; /* assigned; written under [p] of both */
	struct cx_dispatch *d;          /* [c] */
	void *priv;                     /* [c] while attached */
	void *machine;                  /* [c] */
	const uint64_t *hard, *soft;    /* [c] bit a pCPU; its domain's, or that of all */
	struct cx_warmth *warmth;       /* one for each LLC; [p] to write */
	unsigned id, index;             /* [c] */

	atomic_bool ending;          /* told to end */
	bool attached;               /* [p] between attach and end */
	bool runnable, paused;       /* [p] */
	atomic_bool oncpu;           /* [p] to write */
	bool awake;                  /* [p] the policy was told wake(), not yet block() */
	bool borrowed;               /* [p] runs by core's decision, the policy thinks it blocked */
	bool ended;                  /* [p] */
	unsigned parked;             /* [p] mask of 1 << reason */
	enum cx_state state;         /* [p] */
	uint64_t since_ns;           /* [p] */
	uint64_t time_ns[CX_STATES]; /* [p] */
	uint64_t until_ns;           /* [p] end of the present slice */
	uint64_t dispatches;         /* [p] */
	unsigned last_pcpu;          /* [p] index where it ran last; UINT_MAX = never */

	enum cx_wake_why wake_why;         /* [p] of the latest wake-up */
	enum cx_end end;                   /* [p] valid when ending or ended */
	struct cx_domain *domain;          /* [c] */
	struct cx_node node;               /* [p] on pcpu->vcpus */
	_Atomic uint64_t status;           /* of its guest's exit */
	uint64_t start_ns, stop_ns;        /* [p] */
	uint64_t migrations[CX_DISTANCES]; /* [p] */
	uint64_t deadline_ns;              /* [p] of the present block; CX_NEVER = none */
	struct cx_timer block_timer;
	_Atomic uint64_t alarm_ns; /* the guest's own timer */
	struct cx_timer guest_timer;
} __attribute__((aligned(64)));

/* The policy at work. */
struct cx_policy {
	struct cx_dispatch *d;
	const struct cx_plugin *plugin;
	void *priv;
	bool begun;         /* its init has succeeded; by the thread that made it */
	int64_t *params;    /* all locks to write */
	atomic_bool active; /* false: ejected or dead, core decides */
	atomic_bool eject;  /* wanted, done by cx_dispatch_timers() */
	atomic_uint faults[CX_FAULTS];
	atomic_uint fault_total;
	struct cx_error why; /* under dead_lock: first reason of ejection or death */
	atomic_bool ejected, dead;
	pthread_mutex_t dead_lock;
	_Atomic uint64_t random;     /* state of the generator */
	struct cx_guard_watch watch; /* operations that hold no single pCPU's lock */
	bool dumping;                /* all locks */
};

struct cx_dispatch {
	const struct cx_machine_ops *ops;
	void *machine;
	struct cx_policy policy;
	pthread_mutex_t instance_lock;
	bool one_lock, single_thread;
	bool settled;          /* all locks to write: the beginning is over, and not yet the end */
	uint64_t operations;   /* so far; counted where one thread drives it */
	struct cx_hist *hists; /* what pCPUs' cost and gap point into */
	unsigned n_pcpus, n_domains, n_vcpus, n_llcs, n_pools;
	struct cx_pcpu *pcpus;
	struct cx_pool *pools;
	struct cx_domain *domains;
	struct cx_vcpu *vcpus;
	uint64_t *affinity;         /* masks: of all pCPUs, then those that domains ask for */
	struct cx_warmth *warmths;  /* likewise */
	struct cx_affinity classes; /* who is online there: all locks */
	struct entitler *entitler;  /* all locks */
	struct cx_llc *llcs;
	struct cx_history *history;
	const struct cx_trace_sink *sink;
	uint64_t watchdog_ns;
	uint64_t end_ns;
	atomic_bool ended;

	atomic_uint n_online;    /* pCPUs; all locks to write */
	_Atomic uint64_t *kicks; /* bit a pCPU: kicked, not yet passed on */
	atomic_uint n_kicks;
	struct cx_timers timers;
	struct cx_timer watchdog;
};

static inline uint64_t clock_of(const struct cx_dispatch *d)
{
	return d->ops->now(d->machine);
}

/** Length of a bit mask of pCPUs. */
static inline unsigned words_of(const struct cx_dispatch *d)
{
	return (d->n_pcpus + BITS_PER_WORD - 1) / BITS_PER_WORD;
}

static inline bool bit_of(const uint64_t *bits, unsigned i)
{
	return bits[i / BITS_PER_WORD] >> (i % BITS_PER_WORD) & 1;
}

/** As cx_topology_distance() of their CPUs, without its table: one for all pairs would not fit
 *  the caches on hosts of a thousand CPUs. */
static inline enum cx_distance distance_of(const struct cx_pcpu *a, const struct cx_pcpu *b)
{
	if (a == b)
		return CX_DIST_SELF;
	if (a->core == b->core)
		return CX_DIST_SMT;
	if (a->llc == b->llc)
		return CX_DIST_LLC;
	return a->node == b->node ? CX_DIST_NODE : CX_DIST_REMOTE;
}

static inline struct cx_pcpu *assigned(const struct cx_vcpu *v)
{
	return atomic_load_explicit(&v->pcpu, memory_order_acquire);
}

static inline bool is_oncpu(const struct cx_vcpu *v)
{
	return atomic_load_explicit(&v->oncpu, memory_order_relaxed);
}

static inline bool is_online(const struct cx_pcpu *p)
{
	return atomic_load_explicit(&p->online, memory_order_acquire);
}

/** Taken out of the pool while somebody was running on it, who has yet to go.  [p] */
static inline bool is_leaving(const struct cx_pcpu *p)
{
	return p->attached && !is_online(p);
}

/** Hard affinity and the pool let @v run on @p. */
static inline bool may_use(const struct cx_vcpu *v, const struct cx_pcpu *p)
{
	return bit_of(v->hard, p->index) && is_online(p);
}

/* --- locks.c --- */
void lock_pcpu(struct cx_pcpu *p);
void unlock_pcpu(struct cx_pcpu *p);
bool try_lock_pcpu(struct cx_pcpu *p);
/** Lock the pCPU that @v is assigned to, which may change until we have it. */
struct cx_pcpu *lock_vcpu(struct cx_vcpu *v);
void lock_two(struct cx_pcpu *a, struct cx_pcpu *b);
void unlock_two(struct cx_pcpu *a, struct cx_pcpu *b);
void lock_all(struct cx_dispatch *d);
void unlock_all(struct cx_dispatch *d);
/** Pass on kicks and the alarm that were asked for under a lock.  No lock held. */
void flush(struct cx_dispatch *d);

/* --- state.c; [p] --- */
void emit(struct cx_pcpu *p, const struct cx_event *event);
void emit_simple(struct cx_pcpu *p, enum cx_event_type type, const struct cx_vcpu *v, uint32_t why,
		 uint64_t x, uint64_t now);
/** Book the time since the last change under the old state; take on the new one. */
void restate(struct cx_vcpu *v, uint64_t now);
void set_runnable(struct cx_vcpu *v, bool runnable, uint64_t now);
void set_current(struct cx_pcpu *p, struct cx_vcpu *next, uint64_t now);
/** Change the assignment; locks of both. */
void assign(struct cx_vcpu *v, struct cx_pcpu *to, uint64_t now);
static inline bool eligible(const struct cx_vcpu *v, const struct cx_pcpu *p)
{
	return v->attached && v->runnable && !v->paused && !v->parked && !is_oncpu(v) &&
	       may_use(v, p);
}

/* --- pool.c --- */
/** All pCPUs have joined (or will part): keep the lists of neighbours (or not).  All locks. */
void pool_settle(struct cx_dispatch *d, bool settled);
/** @p itself at rank 0, then the others that are online, the nearest first; NULL past them. */
struct cx_pcpu *near_pcpu(const struct cx_pcpu *p, unsigned rank);
/** @p joins the pool.  [all] */
int pcpu_join(struct cx_pcpu *p, uint64_t now);
/** It leaves; nobody is there any more.  [all] */
void pcpu_part(struct cx_pcpu *p, uint64_t now);
/** The last one has left @p, which is_leaving().  No lock held. */
void pcpu_left(struct cx_pcpu *p);

/* --- pools.c --- */
/** Make the resource pools, before the domains.  Free them in any case. */
int pools_init(struct cx_dispatch *d, const struct cx_dispatch_config *config,
	       struct cx_error *err);
void pools_free(struct cx_dispatch *d);

/* --- entitlements.c --- */
/** Make what the service works in, after the domains.  Free it in any case. */
int entitler_init(struct cx_dispatch *d);
void entitler_free(struct cx_dispatch *d);

/* --- policy.c: calling operations; guarded, never after the policy's end --- */
int policy_init(struct cx_dispatch *d, struct cx_error *err);
void policy_fini(struct cx_dispatch *d);
int policy_pcpu_online(struct cx_pcpu *p, uint64_t now);
void policy_pcpu_offline(struct cx_pcpu *p, uint64_t now);
int policy_domain_attach(struct cx_domain *dom, uint64_t now);
void policy_domain_adjust(struct cx_domain *dom, uint64_t now);
void policy_domain_detach(struct cx_domain *dom, uint64_t now);
void policy_pool_adjust(struct cx_pool *pool, uint64_t now);
int policy_vcpu_attach(struct cx_vcpu *v, uint64_t now);
void policy_vcpu_detach(struct cx_vcpu *v, uint64_t now);
/** NULL: core chooses. */
struct cx_pcpu *policy_choose(struct cx_vcpu *v, uint64_t now);
void policy_migrate(struct cx_vcpu *v, struct cx_pcpu *from, struct cx_pcpu *to, uint64_t now);
void policy_wake(struct cx_vcpu *v, enum cx_wake_why why, uint64_t now);
void policy_block(struct cx_vcpu *v, uint64_t now);
void policy_yield(struct cx_vcpu *v, uint64_t now);
/** False: the policy is not active (any more). */
bool policy_pick(struct cx_pcpu *p, struct cx_pick *pick, struct cx_vcpu **choice);
void policy_tick(struct cx_pcpu *p, uint64_t now);
void policy_timer(struct cx_pcpu *p, unsigned id, uint64_t now);
void policy_param_set(struct cx_dispatch *d, unsigned index, uint64_t now);
void policy_dump(struct cx_dispatch *d, uint64_t now);

/* --- services.c --- */
/** A service was called wrongly; traced where the operation may write: @p, or where it is. */
void service_misused(struct cx_pcpu *p, const struct cx_vcpu *v);

/* --- fault.c --- */
/** Count, trace and log a fault; @v may be NULL.  [p] */
void policy_fault(struct cx_pcpu *p, const struct cx_vcpu *v, enum cx_fault fault, uint64_t now);
/** The policy's operation @op ended by @signo, or hung (0). */
void policy_died(struct cx_policy *pol, const char *op, int signo);
/** Take the policy out, if that was asked for.  No lock held. */
void eject_if_wanted(struct cx_dispatch *d);
/** Scan for vCPUs left waiting too long.  No lock held. */
void watchdog_scan(struct cx_dispatch *d);

/* --- fallback.c; [p] --- */
/** Core's own round robin over the vCPUs assigned to @p, after @after. */
struct cx_vcpu *fallback_pick(struct cx_pcpu *p, const struct cx_vcpu *after, uint64_t now);
/** Core's own choice of a pCPU for a waking vCPU. */
struct cx_pcpu *fallback_place(struct cx_vcpu *v);

/* --- decide.c; [p] --- */
/** Who runs next on @p; sets it current and books everything. */
void decide(struct cx_pcpu *p, enum cx_why why, uint64_t left_ns, uint64_t now,
	    struct cx_decision *decision);

/* --- wake.c --- */
/** @v, assigned to @p, locked, has just become runnable: place it, tell the policy.
 *  Returns the pCPU whose lock is held on return. */
struct cx_pcpu *place_and_wake(struct cx_vcpu *v, struct cx_pcpu *p, enum cx_wake_why why,
			       uint64_t now);

/* --- domain.c --- */
/** @v has no more work, for good: tell the policy.  [p]; end_vcpu() follows. */
void retire_vcpu(struct cx_vcpu *v, uint64_t now);
/** Close its account; it is off its pCPU.  [p] */
void end_vcpu(struct cx_vcpu *v, struct cx_pcpu *p, uint64_t now);
/** Detach the domain from the policy if @v was its last vCPU.  No lock held. */
void detach_if_last(struct cx_vcpu *v);

#endif
