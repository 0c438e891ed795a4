/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coxswain/plugin.h - how to write a scheduling policy.
 *
 * A policy is one shared object that exports one symbol, a filled-in table:
 *
 *     const struct cx_plugin coxswain_plugin = { CX_PLUGIN_HEADER, .name = "...", ... };
 *
 * The life of a vCPU, as the policy sees it:
 *
 *     domain_attach(dom)
 *     vcpu_attach(v)                        assigned to a pCPU, blocked
 *     loop:
 *         choose_pcpu(v)                    it has work: where should it wait?
 *         [migrate(v, from, to)]            if that is another pCPU than before
 *         wake(v)                           queue it; cx_kick() a pCPU to preempt
 *         while it has work:
 *             pick(pcpu) returns v          off the queue, for a slice at most
 *                 tick(pcpu) ...            bill it; cx_kick(pcpu) to preempt it
 *             it leaves the pCPU because
 *                 its slice ended or a kick:  pick(pcpu) with prev = v, still runnable:
 *                                             the policy queues it again
 *                 it yielded:                 yield(v), then pick() as above
 *                 it waits for an event:      block(v), then pick() with prev = v,
 *                                             not runnable: not queued again
 *             a policy may cx_park(v) it (over its limit, or co-stopped) and must then
 *             not pick it until cx_unpark(v); queueing around that is the policy's own
 *     block(v)                              also if it is stopped while it waits queued
 *     vcpu_detach(v)
 *     domain_detach(dom)
 *
 * wake() and block() strictly alternate for a vCPU, starting with wake().
 *
 * A pCPU may go offline and come back while all this goes on.  One that is about to go is
 * no longer counted, ranked or allowed; who waits or sleeps there is assigned elsewhere, with
 * migrate(v, from, to); who runs there leaves, pick() is called a last time with it as prev,
 * whose answer nobody needs any more (NULL is best; a vCPU named all the same hears block(),
 * then wake() where it goes), and it is assigned elsewhere likewise.  pcpu_offline() follows.
 *
 * Only `name` and `pick` are mandatory.  A policy is a pure function of what it is
 * told: time comes as @now, randomness from cx_random(), topology from cx_distance();
 * no clock, no I/O, no thread, no allocation outside *_attach, init and pcpu_online,
 * no global variable that changes.  Then the same binary drives real vCPUs and the
 * simulator, and several instances of it run side by side.
 *
 * Core trusts no decision.  A pick must be runnable, unparked, of this pool, allowed
 * on this pCPU by hard affinity and running nowhere else; its slice must lie within
 * CX_SLICE_MIN_NS .. CX_SLICE_MAX_NS.  What is not so is counted and traced as a fault,
 * and core's own round-robin picks instead (an out-of-bounds slice is clamped).  More
 * than CX_FAULTS_MAX faults, or a runnable unparked vCPU left waiting past the watchdog
 * time, and the policy is ejected: round-robin takes over for the rest of the run.
 * The watchdog time is the larger of the run's setting (2 s) and 60 ms for each vCPU
 * that waits for the same pCPU, so that long queues are not taken for starvation.
 *
 * Locks.  By default there is one lock a pCPU: an operation on a vCPU runs under the
 * lock of the pCPU that it is assigned to, so two pCPUs run operations of one instance
 * at the same time, and pcpu-private data is safe.  To look into another pCPU's queue,
 * use cx_trylock().  With CX_PLUGIN_INSTANCE_LOCK one lock covers the whole instance:
 * simpler, and every private area is safe at all times.  Operations marked [all] hold
 * every lock of the instance either way.
 *
 * Times are unsigned nanoseconds since the start of the run; they never go backwards
 * on one pCPU.  CPU amounts are percent of one pCPU.
 */
#ifndef COXSWAIN_PLUGIN_H
#define COXSWAIN_PLUGIN_H

#include <coxswain/list.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plug-in is refused unless its major equals core's and its minor is not newer. */
#define CX_PLUGIN_ABI_MAJOR 2u
#define CX_PLUGIN_ABI_MINOR 1u
#define CX_PLUGIN_ABI ((CX_PLUGIN_ABI_MAJOR << 16) | CX_PLUGIN_ABI_MINOR)

/* The exported table's symbol. */
#define CX_PLUGIN_SYMBOL "coxswain_plugin"

/* The first two members of every table. */
#define CX_PLUGIN_HEADER .abi = CX_PLUGIN_ABI, .struct_size = sizeof(struct cx_plugin)

#define CX_SLICE_MIN_NS 100000ull       /* 100 us */
#define CX_SLICE_MAX_NS 10000000000ull  /* 10 s */
#define CX_SLICE_DEFAULT_NS 10000000ull /* 10 ms; what pick() finds preset */
#define CX_FAULTS_MAX 100               /* faults tolerated before a policy is ejected */
#define CX_PCPU_TIMERS 4                /* timers of a policy's own on each pCPU, ids 0 .. 3 */

/* Opaque handles. */
struct cx_policy; /* one instance: a policy at work on one pool of pCPUs */
struct cx_pcpu;
struct cx_pool; /* a resource pool: domains and pools that share what it is entitled to */
struct cx_domain;
struct cx_vcpu;

/* Why a vCPU leaves (pick) or becomes runnable (wake), how far two pCPUs are apart,
 * and why a vCPU is parked.  The numbers are part of the ABI. */
#ifndef CX_TRACE_EVENT_H
enum cx_why {
	CX_WHY_IDLE,    /* nobody was running */
	CX_WHY_SLICE,   /* its time slice ended */
	CX_WHY_PREEMPT, /* a kick */
	CX_WHY_YIELD,   /* it yielded */
	CX_WHY_BLOCK,   /* it waits for an event */
	CX_WHY_END,     /* it ended or was stopped */
	CX_WHY_PAUSE    /* the admin paused it */
};

enum cx_wake_why { CX_WAKE_START, CX_WAKE_EVENT, CX_WAKE_TIMER };

enum cx_distance {
	CX_DIST_SELF,  /* the same pCPU */
	CX_DIST_SMT,   /* threads of one core */
	CX_DIST_LLC,   /* share the last-level cache */
	CX_DIST_NODE,  /* same NUMA node, another last-level cache */
	CX_DIST_REMOTE /* another NUMA node */
};

enum cx_park_reason { CX_PARK_LIMIT, CX_PARK_COSTOP };
#endif

enum cx_param_type {
	CX_PARAM_INT,      /* a whole number, `unit` says of what */
	CX_PARAM_DURATION, /* nanoseconds; people write "30ms" */
	CX_PARAM_PERCENT,  /* percent of one pCPU */
	CX_PARAM_BOOL,     /* 0 or 1; people write yes/no, on/off, true/false, 1/0 */
	CX_PARAM_ENUM      /* index into `choices` */
};

/** One parameter.  Validation, help, manual and live setting all come from this. */
struct cx_param {
	const char *name; /* lower case, [a-z0-9_] */
	enum cx_param_type type;
	const char *unit; /* for CX_PARAM_INT; NULL = a pure number */
	int64_t min, max; /* inclusive; ignored for BOOL and ENUM */
	int64_t def;
	const char *doc;            /* one line */
	const char *const *choices; /* for CX_PARAM_ENUM, NULL-terminated */
};

/* Flags of a table. */
#define CX_PLUGIN_INSTANCE_LOCK (1ull << 0)   /* one lock for the whole instance */
#define CX_PLUGIN_WEIGHT (1ull << 1)          /* honours weights */
#define CX_PLUGIN_RESERVATION (1ull << 2)     /* honours reservations */
#define CX_PLUGIN_LIMIT (1ull << 3)           /* honours limits */
#define CX_PLUGIN_SOFT_AFFINITY (1ull << 4)   /* honours soft affinity */
#define CX_PLUGIN_WORK_CONSERVING (1ull << 5) /* no pCPU idles while it could run a waiting vCPU */
#define CX_PLUGIN_POOLS (1ull << 6)           /* honours resource pools */
#define CX_PLUGIN_FLAGS_KNOWN ((1ull << 7) - 1)

/** What pick() is told and what it answers beside the vCPU. */
struct cx_pick {
	uint64_t now_ns;
	struct cx_vcpu *prev; /* who is leaving; NULL if the pCPU was idle */
	enum cx_why why;      /* why it leaves; CX_WHY_IDLE if nobody */
	uint64_t ran_ns;      /* for how long prev ran since it was put here */
	uint64_t slice_ns;    /* out: run the pick for so long at most; preset to the default */
};

/** What one vCPU is entitled to: see cx_entitlements().  Amounts in ns of CPU per second. */
struct cx_entitlement {
	struct cx_vcpu *vcpu; /* in: attached, each at most once */
	uint64_t demand_ns;   /* in: it wants so much, at most 1,000,000,000; 0 = nothing */
	uint64_t entitled_ns; /* out: of that, what it is entitled to */
	uint64_t rate_ns;     /* out: likewise if it wanted more than it can have */
	uint64_t reserved_ns; /* out: of entitled_ns, what reservations guarantee it */
	/* out: who is of one set competes for the same pCPUs; less than cx_affinity_count() */
	unsigned set;
	/* out: of sets that share pCPUs each has pCPUs of its own, which those of higher rank may
	 * use as well but are entitled to nothing of */
	unsigned rank;
};

/**
 * The table.  Every operation but pick may be NULL; the default is stated with it.
 * Unless said otherwise an operation is called with the lock of the pCPU concerned
 * (that of the vCPU's assigned pCPU) and may call any service marked [op].
 */
struct cx_plugin {
	uint32_t abi;         /* CX_PLUGIN_ABI */
	uint32_t struct_size; /* sizeof(struct cx_plugin) */
	const char *name;     /* mandatory; [a-z0-9_-], 1 to 31 characters */
	const char *summary;  /* one line for `coxswain schedulers` */
	uint64_t flags;       /* CX_PLUGIN_*; an unknown bit is refused */

	const struct cx_param *params; /* policy-wide */
	uint32_t n_params;
	uint32_t n_domain_params;
	const struct cx_param *domain_params; /* one value a domain */

	/* Private areas, allocated zeroed by core before the attach operation and freed
	 * after the detach one.  Bytes; 0 = none. */
	size_t policy_size, pcpu_size, domain_size, vcpu_size;

	/* --- instance ------------------------------------------------------------ */

	/** A new instance; parameters are set, no pCPU is there yet.  No locks.
	 *  Returns 0, or a negative errno: the run fails with it.  Default: nothing. */
	int (*init)(struct cx_policy *policy);
	/** The instance ends; everything has been detached.  No locks. */
	void (*fini)(struct cx_policy *policy);
	/** [all] Policy-wide parameter @index was changed while running. */
	void (*param_set)(struct cx_policy *policy, unsigned index, uint64_t now);

	/* --- pCPUs --------------------------------------------------------------- */

	/** [all] A pCPU joins the pool, idle: at the start, or later.  It is counted and ranked
	 *  already.  Set up its queue, cx_tick_every(); later its first pick() follows unasked.
	 *  Returns 0 or a negative errno: the run fails with it. */
	int (*pcpu_online)(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now);
	/** [all] It leaves; nobody runs on it, nobody is assigned to it, and it is neither
	 *  counted nor ranked any more.  Its tick and its timers end with it: what was set
	 *  for it and is still needed must be set elsewhere.  Its private area is freed next. */
	void (*pcpu_offline)(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now);

	/* --- domains and vCPUs --------------------------------------------------- */

	/** [all] A domain joins; weight, limit and parameters are set, no vCPU is there
	 *  yet.  Returns 0 or a negative errno: the domain is refused. */
	int (*domain_attach)(struct cx_policy *policy, struct cx_domain *dom, uint64_t now);
	/** [all] Its weight, reservation, limit or a parameter changed. */
	void (*domain_adjust)(struct cx_policy *policy, struct cx_domain *dom, uint64_t now);
	/** [all] It leaves; its vCPUs were detached. */
	void (*domain_detach)(struct cx_policy *policy, struct cx_domain *dom, uint64_t now);
	/** [all] The pool's weight, reservation or limit changed. */
	void (*pool_adjust)(struct cx_policy *policy, struct cx_pool *pool, uint64_t now);
	/** A vCPU joins, blocked, assigned to some pCPU that its affinity allows.
	 *  Returns 0 or a negative errno: the domain is refused. */
	int (*vcpu_attach)(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now);
	/** It leaves: neither running nor queued (block() came before). */
	void (*vcpu_detach)(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now);

	/* --- a vCPU's life ------------------------------------------------------- */

	/**
	 * @v has become runnable: on which pCPU shall it wait?  Called under the lock of
	 * the pCPU it is assigned to, before wake().  Of other pCPUs only what services
	 * tell may be used, unless there is one lock for the instance.
	 * Returns a pCPU that cx_vcpu_allowed() holds for; NULL: leave the choice to core.
	 * Default: the pCPU of last time if idle, else the nearest idle allowed one
	 * (soft affinity first), else that of last time if allowed, else the allowed one
	 * with the fewest runnable vCPUs.
	 */
	struct cx_pcpu *(*choose_pcpu)(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now);
	/**
	 * @v has been assigned from @from to @to by core: chosen at wake-up, or because
	 * affinity or the pool changed; it may wait, be parked or sleep.  Locks of both.  If
	 * it is queued on @from, queue it on @to.  Core kicks @to if it idles.  Not called for
	 * the policy's own cx_migrate().  Default: nothing.
	 */
	void (*migrate)(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
			struct cx_pcpu *to, uint64_t now);
	/** @v is runnable, maybe parked.  Default: kick its pCPU if that is idle. */
	void (*wake)(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
		     uint64_t now);
	/** @v is not runnable any more, running or queued until now: forget it. */
	void (*block)(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now);
	/** @v, running, gives up its turn; pick() follows with why = CX_WHY_YIELD. */
	void (*yield)(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now);

	/* --- decisions ----------------------------------------------------------- */

	/**
	 * Mandatory.  Who runs next on @pcpu?  @pick->prev, if it is still runnable and not
	 * returned, waits from now on.  A vCPU that is assigned to another pCPU may be
	 * returned only after cx_migrate() brought it here.  Returns NULL to idle: the pCPU
	 * then costs nothing until it is kicked.  On a pCPU that is about to go offline
	 * cx_vcpu_allowed() holds for nobody, and the answer is not used.
	 */
	struct cx_vcpu *(*pick)(struct cx_policy *policy, struct cx_pcpu *pcpu,
				struct cx_pick *pick);
	/** Every cx_tick_every() on a pCPU that is not idle.  Does not interrupt the guest
	 *  unless it kicks.  Comes before timer() and pick() when due at the same time. */
	void (*tick)(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now);
	/** A timer set by cx_timer_at() has expired; also on an idle pCPU. */
	void (*timer)(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id, uint64_t now);

	/* --- telling ------------------------------------------------------------- */

	/** [all] Say what state you are in with cx_dump(): called when you are ejected. */
	void (*dump)(struct cx_policy *policy, uint64_t now);
};

/** What a policy defines and exports, also when it is built with hidden visibility. */
extern const struct cx_plugin coxswain_plugin __attribute__((visibility("default")));

/* ==== services ================================================================
 * [op] = from inside an operation of the same instance, for handles whose lock is
 * held; [any] = in addition for handles of any pCPU of the instance, lock or not. */

/* --- private areas [any]; NULL where the table's size is 0 --- */
void *cx_policy_priv(const struct cx_policy *policy);
void *cx_pcpu_priv(const struct cx_pcpu *pcpu);
void *cx_domain_priv(const struct cx_domain *dom);
void *cx_vcpu_priv(const struct cx_vcpu *v);

/* --- parameters [any]; @index counts in the table, out of range reads 0 --- */
int64_t cx_policy_param(const struct cx_policy *policy, unsigned index);
int64_t cx_domain_param(const struct cx_domain *dom, unsigned index);

/* --- pCPUs [any] --- */
/** Number of pCPUs online in the pool. */
unsigned cx_pcpu_count(const struct cx_policy *policy);
/** The pCPU with index @index (0 .. 65534), or NULL when none is online there. */
struct cx_pcpu *cx_pcpu_at(const struct cx_policy *policy, unsigned index);
/** Highest index in use, online or not, plus one. */
unsigned cx_pcpu_limit(const struct cx_policy *policy);
unsigned cx_pcpu_index(const struct cx_pcpu *pcpu);
/** Nobody runs there.  A moment's truth for a pCPU whose lock is not held. */
bool cx_pcpu_idle(const struct cx_pcpu *pcpu);
/** vCPUs assigned there that are runnable (running or waiting); likewise. */
unsigned cx_pcpu_runnable(const struct cx_pcpu *pcpu);
/** [op] Who runs there, or NULL. */
struct cx_vcpu *cx_pcpu_current(const struct cx_pcpu *pcpu);
/** [op] Walk the vCPUs assigned there in a ring: the one after @after, or the first if
 *  @after is NULL or assigned elsewhere.  NULL when there is none. */
struct cx_vcpu *cx_pcpu_next_vcpu(const struct cx_pcpu *pcpu, const struct cx_vcpu *after);
/** How far apart two pCPUs are. */
enum cx_distance cx_distance(const struct cx_pcpu *a, const struct cx_pcpu *b);
/** The pCPUs of the pool that are online, from the nearest to the farthest: @rank 0 is @pcpu
 *  itself (always), cx_pcpu_count() - 1 the farthest; NULL past that.  Equal distances by
 *  index. */
struct cx_pcpu *cx_pcpu_near(const struct cx_pcpu *pcpu, unsigned rank);

/* --- domains [any] --- */
const char *cx_domain_name(const struct cx_domain *dom);
unsigned cx_domain_index(const struct cx_domain *dom);
unsigned cx_domain_vcpus(const struct cx_domain *dom);
/** Its vCPU @index, or NULL. */
struct cx_vcpu *cx_domain_vcpu(const struct cx_domain *dom, unsigned index);
/** Importance of each of its vCPUs, 1 .. 65535; 256 is normal. */
unsigned cx_domain_weight(const struct cx_domain *dom);
/** Percent of a pCPU that the domain is guaranteed; 0 = nothing. */
unsigned cx_domain_reservation(const struct cx_domain *dom);
/** Percent of a pCPU that the domain may never exceed; 0 = no limit. */
unsigned cx_domain_limit(const struct cx_domain *dom);

/** Its hard affinity, as a number: equal for domains that may use the same pCPUs, and less than
 *  cx_affinity_count(). */
unsigned cx_domain_affinity(const struct cx_domain *dom);
unsigned cx_affinity_count(const struct cx_policy *policy);
/** The resource pool that it belongs to; NULL = of no pool, it shares in the whole host. */
struct cx_pool *cx_domain_pool(const struct cx_domain *dom);

/* --- resource pools [any]: there from before init() until after fini() --- */
unsigned cx_pool_count(const struct cx_policy *policy);
/** The pool with index @index, or NULL.  A parent's index is less than its children's. */
struct cx_pool *cx_pool_at(const struct cx_policy *policy, unsigned index);
unsigned cx_pool_index(const struct cx_pool *pool);
const char *cx_pool_name(const struct cx_pool *pool);
/** The pool that it is part of; NULL = the whole host. */
struct cx_pool *cx_pool_parent(const struct cx_pool *pool);
/** Importance of the whole pool, among the weights of its siblings: a domain there counts with
 *  its weight for each of its vCPUs. */
unsigned cx_pool_weight(const struct cx_pool *pool);
/** Percent of a pCPU, as a domain's. */
unsigned cx_pool_reservation(const struct cx_pool *pool);
unsigned cx_pool_limit(const struct cx_pool *pool);

/* --- vCPUs --- */
struct cx_domain *cx_vcpu_domain(const struct cx_vcpu *v); /* [any] */
unsigned cx_vcpu_index(const struct cx_vcpu *v);           /* [any] in its domain */
unsigned cx_vcpu_id(const struct cx_vcpu *v);              /* [any] in the run */
/** [op] The pCPU that it is assigned to: where it runs, waits, or ran last. */
struct cx_pcpu *cx_vcpu_pcpu(const struct cx_vcpu *v);
/** [op] Has it work, parked or not?  So from wake() on until block(). */
bool cx_vcpu_runnable(const struct cx_vcpu *v);
bool cx_vcpu_running(const struct cx_vcpu *v); /* [op] is on a pCPU */
bool cx_vcpu_parked(const struct cx_vcpu *v);  /* [op] for any reason */
/** [any] Hard affinity: may it run there?  (False for a pCPU that is not online.) */
bool cx_vcpu_allowed(const struct cx_vcpu *v, const struct cx_pcpu *pcpu);
/** [any] Soft affinity: would it like to?  True everywhere when none was given. */
bool cx_vcpu_prefers(const struct cx_vcpu *v, const struct cx_pcpu *pcpu);
/** [any] Warmth of @v's working set on @pcpu's last-level cache, in nanoseconds of run
 *  time: what it ran there, less what others ran there since; 0 = cold. */
uint64_t cx_vcpu_warmth(const struct cx_vcpu *v, const struct cx_pcpu *pcpu, uint64_t now);

/* --- acting --- */
/** [any] Decide anew on @pcpu soon: wakes it if idle, else makes its vCPU leave with
 *  CX_WHY_PREEMPT.  Several kicks before the decision count as one. */
void cx_kick(struct cx_pcpu *pcpu);
/** [op] Call tick() on @pcpu every @period_ns while it is not idle, at multiples of it;
 *  0 = never.  A period from 100 us up. */
void cx_tick_every(struct cx_pcpu *pcpu, uint64_t period_ns);
/** [op] Call timer(@pcpu, @id) at @when_ns (at once if past); UINT64_MAX cancels, and so
 *  does @pcpu's going offline.  Setting one for a pCPU that is offline is a fault. */
void cx_timer_at(struct cx_pcpu *pcpu, unsigned id, uint64_t when_ns);
/** [op] Park @v: it may not be picked until unparked.  If it runs, its pCPU is kicked.
 *  Parking it twice for one reason is the same as once. */
void cx_park(struct cx_vcpu *v, enum cx_park_reason reason, uint64_t now);
/** [op] Undo cx_park() for that reason.  The policy queues it again itself. */
void cx_unpark(struct cx_vcpu *v, enum cx_park_reason reason, uint64_t now);
/** [op] Assign @v, runnable but not running, to @to: the locks of both its pCPU and
 *  @to are held.  Returns 0, or -EINVAL (a fault is counted) if affinity forbids it or
 *  it runs. */
int cx_migrate(struct cx_vcpu *v, struct cx_pcpu *to, uint64_t now);
/** [op] Try to take @peer's lock beside your own, to steal from its queue.  True at
 *  once with CX_PLUGIN_INSTANCE_LOCK.  Release it with cx_unlock() in this operation. */
bool cx_trylock(struct cx_pcpu *peer);
void cx_unlock(struct cx_pcpu *peer);
/**
 * [op, but only with all locks held: in an operation marked [all], or with
 * CX_PLUGIN_INSTANCE_LOCK] Who is entitled to what, as the yardstick of all policies has it
 * (docs/entitlement.md): weights, reservations, limits, pools, affinities and pCPUs online as they
 * are now, demands as @list says; a vCPU that is not on it wants nothing.
 * O(n log n) for n vCPUs on it, and for each set of pCPUs that affinities make.
 * Returns 0; -EINVAL: a vCPU is on it twice, not attached, or wants more than a pCPU; -ENOMEM.
 * Out members are filled in only with 0.
 */
int cx_entitlements(struct cx_policy *policy, struct cx_entitlement *list, unsigned n);
/** [op] 64 random bits from the run's seed; the same sequence for the same seed. */
uint64_t cx_random(struct cx_policy *policy);

/* --- telling --- */
/** [op] Trace an accounting step: @v NULL = of the pool. */
void cx_trace_account(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		      uint64_t y, uint64_t now);
/** [op] Trace an event of the policy's own. */
void cx_trace_event(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		    uint64_t y, uint64_t now);
/** [op] One line to the run's log (shown with --verbose); cut at 200 characters. */
void cx_log(struct cx_policy *policy, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** One line of a dump; only inside dump(). */
void cx_dump(struct cx_policy *policy, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
