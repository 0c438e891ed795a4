/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * propshare.h - the proportional-share scheduler's own structures.  For this folder only.
 *
 * After VMware's scheduler as its documents describe it ("vSphere Resource Management"; "The
 * CPU Scheduler in VMware vSphere 5.1"): who is furthest behind what it is entitled to runs
 * first.  Built of three parts that are known by themselves:
 *
 * rates.c     what a vCPU is entitled to, as a rate: core's solver (cx_entitlements(): shares,
 *             reservations, limits, pools, demand), asked once a period and when something changed.
 * order.c     who is next by shares: earliest eligible virtual deadline first (I. Stoica,
 *             H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First", 1995), with the rates
 *             as weights.  Nobody is further from its entitlement than a slice.  Where hard
 *             affinities differ, each pCPU belongs to those who compete for it as the solver has
 *             it, and others run there while none of them waits.
 * reserve.c   who must run first: a domain or a pool behind its reservation comes before any share, in
 *             the order of deadlines.  As mClock has it for disks (A. Gulati, A. Merchant, P. Varman,
 *             OSDI 2010): two clocks for a client, a real one for what it is guaranteed, a
 *             virtual one for its share of the rest.
 * limit.c     who must not run: a bucket for each domain and pool with a limit, parked when it
 *             is empty, whatever else the host has to do.
 * placement.c on which pCPU: one queue for all that may use the same pCPUs; who is warm here
 *             is preferred within bounds, who idles is called.
 * pick.c      the decision that comes of these.
 * meter.h     what both reserve.c and limit.c count with.  heap.c: queues.  propshare.c: the
 *             operations, and the table.
 *
 * It does well with any mix of weights, reservations and limits, and with sleepers beside hogs.
 * It does badly where switches are dear: turns are short, and whose turn it is decides who runs
 * where, so that vCPUs move between pCPUs more than under `credit`; siblings that wait for
 * each other are not run together.
 *
 * One lock covers the instance (CX_PLUGIN_INSTANCE_LOCK).  Rates are in ns of CPU per second,
 * so that 1,000,000,000 is one pCPU.
 */
#ifndef PROPSHARE_H
#define PROPSHARE_H

#include "heap.h"
#include "meter.h"

#include <coxswain/plugin.h>

#define PS_RATE_MIN 1000ull /* less would let virtual time run out of its 63 bits */
#define PS_NS_PER_PERCENT 10000000ull

/* Timers, on one pCPU for all. */
enum { PS_TIMER_PERIOD, PS_TIMER_LIMIT, PS_TIMER_RESERVE, PS_TIMERS };

/* What cx_trace_account() is told. */
enum ps_code {
	PS_EXHAUSTED = 1, /* a domain or pool has used up its limit: its index, 1 = a pool */
	PS_REFILLED       /* and may run again */
};

enum ps_state {
	PS_ASLEEP,
	PS_WAITING, /* in the queue of its lane */
	PS_RUNNING,
	PS_LIMITED /* has work, parked */
};

/** All vCPUs that compete for the same pCPUs, and their virtual time: order.c. */
struct ps_set {
	unsigned rank; /* on pCPUs that several sets may use, the lowest owns them */
	/* Of those that wait or run: V = sum / weight, running ones counted to the moment. */
	__int128 sum;     /* of rate x vtime, as far as it is charged */
	uint64_t weight;  /* of rates */
	uint64_t running; /* how many run */
	uint64_t charged; /* sum of the times up to which those are charged, ns (modulo 2^64) */
	int64_t vtime;    /* V when nobody was left */
};

/** The vCPUs of one hard affinity: who may run where one of them may. */
struct ps_lane {
	struct ps_set *set;      /* that its vCPUs compete in */
	struct cx_list vcpus;    /* attached */
	struct ps_queue shares;  /* vCPUs that wait, by virtual time */
	struct ps_queue reserve; /* groups that have a waiting vCPU and a reservation, by time */
	struct cx_list waiting;  /* vCPUs, the longest first */
	unsigned members;        /* attached, for the room in the queues */
	unsigned n_waiting;
	unsigned pcpus;  /* that its vCPUs may use */
	unsigned groups; /* of domains and pools, for the room in the queue of reservations */
};

/** What a domain or a pool is guaranteed, and what it has had of that: reserve.c. */
struct ps_claim {
	struct ps_claim *parent; /* of the pool around it; NULL = none */
	const struct ps_limit *limit;
	uint64_t reserved;    /* rate that is guaranteed */
	uint64_t wanted;      /* that those within could use; at most the limit: use_of() */
	struct ps_meter owed; /* of what is guaranteed, what it is behind; below 0: ahead */
	struct ps_item event; /* on ps_policy.reserve */
	struct cx_list groups;
	uint64_t usable; /* of a pool: what the solver says can be guaranteed to those within */
};

/** The vCPUs of a domain or of a pool that are in one lane. */
struct ps_group {
	struct ps_lane *lane;
	struct ps_group *parent;  /* of the pool around it */
	struct ps_domain *domain; /* NULL: a pool's */
	struct cx_node node;      /* on ps_claim.groups */
	struct ps_item item;      /* on ps_lane.reserve */
	unsigned waiting;         /* vCPUs within */
	/* Of a pool. */
	struct ps_heap vcpus;      /* that wait, directly in the pool, by deadline */
	unsigned members;          /* attached, for the room */
	struct cx_list children;   /* of the pools directly in it */
	struct cx_node child_node; /* on the parent's */
};

/** A limit of a domain or pool, or a domain's share of that of a pool: limit.c. */
struct ps_limit {
	struct ps_limit *parent;  /* what else bounds the same vCPUs; NULL = nothing */
	struct ps_domain *domain; /* whose it is; NULL: a pool's */
	unsigned index;           /* of the domain or pool */
	uint64_t rate;            /* 0 = no limit */
	struct ps_meter meter;    /* what may still be run, ns */
	struct ps_item event;     /* when it is empty, or full enough again */
	bool exhausted;
	int64_t refill_ns; /* at this level it ends to be */
	/* Of a share. */
	struct ps_limit *of; /* of this pool's limit */
	bool idle;           /* nobody of the domain wanted anything */
	/* Of a pool. */
	struct cx_list domains; /* directly in it */
	unsigned held;          /* domains that have used up their shares of it */
	uint64_t handed_ns;     /* nothing is handed out to them before that */
	uint64_t entitled;      /* what all within it are entitled to: rates.c */
};

struct ps_policy {
	/* parameters, and what follows from them */
	uint64_t slice_ns, turn_ns, turn_min_ns, latency_ns, lead_ns, preempt_ns, stay_ns;
	uint64_t patience_ns, period_ns, memory_ns, burst_ns;

	struct cx_policy *policy;
	struct cx_list domains; /* attached */
	unsigned n_vcpus, n_domains;
	struct ps_lane *lanes; /* by cx_domain_affinity() */
	struct ps_set *sets;   /* by the number that the solver gives */
	unsigned n_lanes, n_sets;
	struct ps_limit *pools;  /* by cx_pool_index() */
	struct ps_claim *claims; /* of pools, likewise */
	unsigned n_pools;
	struct ps_heap events;  /* of limits */
	struct ps_heap reserve; /* claims of those who wait, by when they fall behind */
	struct cx_entitlement *list;
	unsigned list_room;
	struct cx_pcpu *keeper; /* whose timers are used; NULL = no pCPU */
	uint64_t period_began_ns, solved_ns;
	uint64_t timer_ns[PS_TIMERS]; /* what the keeper's timers are set to */
	bool dirty;                   /* the rates must be solved anew */
	bool unrated;                 /* and before the next decision: somebody is new */
	bool solved;                  /* they have been, once */
	bool pools_reserve;           /* some pool has a reservation */
	unsigned waiting;             /* vCPUs that wait */
	unsigned idlers;              /* pCPUs that idle and have not been called */
	unsigned n_open;              /* pCPUs with a long slice, because nobody waited */
	uint64_t crowded_ns;          /* when somebody waited last and no pCPU idled */
	uint64_t joined_ns;           /* when a vCPU was attached last */
	unsigned n_pcpus;             /* online */
	unsigned failures;            /* of the solver, told once */
};

struct ps_pcpu {
	struct cx_pcpu *pcpu;
	struct ps_lane **lanes; /* whose vCPUs may run here */
	unsigned n_lanes;
	struct ps_vcpu *current;
	uint64_t patient_ns; /* when one was served for its patience last */
	bool idler;          /* counted in ps_policy.idlers */
	bool open;           /* counted in ps_policy.n_open */
	bool called;         /* by somebody who waits */
};

struct ps_domain {
	struct cx_domain *dom;
	struct ps_lane *lane;
	struct cx_node node;      /* on ps_policy.domains */
	struct cx_list vcpus;     /* attached */
	struct cx_list waiting;   /* its vCPUs in the queue, the longest first */
	struct cx_node pool_node; /* on its pool's domains */
	struct ps_limit share; /* of the limit of a pool around it, where that is what is short */
	struct ps_limit limit; /* its own */
	unsigned wanting;      /* vCPUs that want to run */
	struct ps_claim claim;
	struct ps_group group;
};

struct ps_vcpu {
	struct cx_vcpu *v;
	struct ps_domain *dom;
	struct ps_lane *lane;
	struct ps_set *set;       /* the lane's, but while rates are taken over */
	struct cx_node node;      /* on ps_domain.vcpus */
	struct cx_node lane_node; /* on ps_lane.vcpus */
	struct cx_node wait_node; /* on ps_lane.waiting */
	struct cx_node dom_node;  /* on ps_domain.waiting */
	enum ps_state state;
	uint64_t rate;            /* what it is entitled to, at least PS_RATE_MIN */
	int64_t vtime;            /* what it received / rate */
	uint64_t part;            /* below one ns of it, in ns x rate */
	int64_t deadline;         /* of its present request, in virtual time */
	struct ps_item item;      /* on lane->shares */
	struct ps_item pool_item; /* on the vcpus of its pool's group */
	uint64_t charged_ns;      /* running: paid up to here */
	uint64_t waits_ns;        /* waiting: since then */
	struct ps_pcpu *on;       /* running: there */
	bool reserved_turn;       /* it runs for its reservation */
	bool stays;               /* it runs for longer than it asked for */
	bool yielded;
	/* Demand. */
	bool is_new;        /* in this period */
	bool wants;         /* to run: it has work, parked or not */
	uint64_t wants_ns;  /* wants to run: since then, as far as want_ns does not count it */
	uint64_t woken_ns;  /* wants to run: since then, all in all */
	uint64_t want_ns;   /* in this period */
	uint64_t demand_ns; /* of the last period, per second */
	uint64_t solved_demand_ns; /* that the rates rest on */
};

static inline struct ps_policy *ps_of(const struct cx_policy *policy)
{
	return cx_policy_priv(policy);
}

static inline struct ps_vcpu *ps_vcpu_of(const struct cx_vcpu *v)
{
	return cx_vcpu_priv(v);
}

static inline struct ps_pcpu *ps_pcpu_of(const struct cx_pcpu *pcpu)
{
	return cx_pcpu_priv(pcpu);
}

/* --- rates.c --- */
/** Solve anew soon: at once, or a turn after the last time. */
void ps_rates_dirty(struct ps_policy *pp, uint64_t now);
/** Measure demand, if the period is over, and solve, if anything changed; now. */
void ps_rates_solve(struct ps_policy *pp, uint64_t now);
/** Set the keeper's timer for the next period. */
void ps_rates_arm(struct ps_policy *pp, uint64_t now);
/** It begins or ends to want to run. */
void ps_wants(struct ps_policy *pp, struct ps_vcpu *pv, bool wants, uint64_t now);
/** It has had a turn and goes on: has it wanted to run for longer than it did before? */
void ps_wants_more(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);

/* --- order.c --- */
/** Virtual time of the set. */
int64_t ps_vtime(const struct ps_set *set, uint64_t now);
/** What @pv is entitled to less what it has received, ns; within what is remembered. */
int64_t ps_lag(const struct ps_vcpu *pv, uint64_t now);
/** It joins those that wait or run, with at most a bounded lead. */
void ps_join(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
void ps_part(struct ps_vcpu *pv, uint64_t now);
/** It has slept and wakes up: no more than a bounded lead is left of what it had not received. */
void ps_bound(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** It has yielded and will wait: what it is behind it does not want, others are to have it. */
void ps_give_up(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** Another rate, another set: its lag stays. */
void ps_rate(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t rate, struct ps_set *set,
	     uint64_t now);
/** It runs: pay until @now. */
void ps_charge(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** It begins to run, ends to. */
void ps_start(struct ps_policy *pp, struct ps_vcpu *pv, struct ps_pcpu *pc, uint64_t now);
void ps_stop(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** Into the queue of its lane, out of it. */
void ps_enqueue(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
void ps_dequeue(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** When what it asks for at the moment is due, in virtual time. */
int64_t ps_deadline(const struct ps_policy *pp, const struct ps_vcpu *pv, uint64_t now);
/** The length of its turns, ns. */
uint64_t ps_turn(const struct ps_policy *pp, const struct ps_vcpu *pv);
/** For how long it may run in one go, if that is longer than what is left of its request, ns. */
uint64_t ps_stay(const struct ps_policy *pp, const struct ps_vcpu *pv);
/** What is left of its present request, ns. */
uint64_t ps_turn_left(const struct ps_policy *pp, const struct ps_vcpu *pv);
/** Who has waited for longer than anybody should, whatever it is entitled to; NULL = nobody. */
struct ps_vcpu *ps_next_by_patience(const struct ps_policy *pp, const struct ps_pcpu *pc,
				    uint64_t now);
/** When that will be so of the first of those that wait, as things are; UINT64_MAX = nobody. */
uint64_t ps_patience_ends(const struct ps_policy *pp, const struct ps_pcpu *pc);
/** The lowest rank of the sets of which somebody waits that may run on @pc; UINT_MAX = of none. */
unsigned ps_first_rank(const struct ps_pcpu *pc);
/** Who waits and should run on @pc by shares; NULL = nobody waits.  O(log n) for n vCPUs in each lane of
 *  @pc, of which there are as many as different hard affinities. */
struct ps_vcpu *ps_next_by_shares(const struct ps_policy *pp, const struct ps_pcpu *pc,
				  uint64_t now);
/** Virtual times of all sets begin anew, lags stay. */
void ps_rebase(struct ps_policy *pp, uint64_t now);

/* --- reserve.c --- */
/** The claims of pools, whose limits are there.  0 or -ENOMEM. */
int ps_claims_of_pools(struct ps_policy *pp);
void ps_claims_free(struct ps_policy *pp);
/** A new domain, of whose lane it is known: its claim, and those of the pools around it.  0 or
 *  -ENOMEM: it is as if it had never come. */
int ps_claim_init(struct ps_policy *pp, struct ps_domain *pd, struct ps_claim *pool);
/** There is room for one vCPU of @pd more to wait.  0 or -ENOMEM. */
int ps_claim_room(struct ps_domain *pd);
/** Limits have changed. */
void ps_reserve_recount(struct ps_policy *pp, uint64_t now);
/** The rate that is guaranteed. */
void ps_reserve_set(struct ps_policy *pp, struct ps_claim *claim, uint64_t rate, uint64_t now);
/** How many of @pd's vCPUs want to run has changed. */
void ps_reserve_wants(struct ps_policy *pp, struct ps_domain *pd, uint64_t now);
/** @pv waits; it waits no longer. */
void ps_reserve_enter(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
void ps_reserve_leave(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** It waits, and its deadline is another one. */
void ps_reserve_move(struct ps_vcpu *pv);
/** One more (+1) or one less (-1) of @pd runs. */
void ps_reserve_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now);
/** Who waits, may run here and is of a domain or pool behind its reservation; NULL = nobody. */
struct ps_vcpu *ps_next_by_reservation(const struct ps_pcpu *pc, uint64_t now);
/** Does anybody with a reservation that may run here wait, behind it or not? */
bool ps_reserve_waits(const struct ps_pcpu *pc);
/** The timer: who has fallen behind its reservation preempts somebody. */
void ps_reserve_expire(struct ps_policy *pp, uint64_t now);
/** The domain is gone. */
void ps_reserve_forget(struct ps_policy *pp, struct ps_domain *pd);
/** Is @pd, or a pool around it, behind its reservation? */
bool ps_reserve_due(const struct ps_policy *pp, struct ps_domain *pd, uint64_t now);

/* --- limit.c --- */
void ps_limit_init_pool(const struct ps_policy *pp, struct ps_limit *limit, struct ps_limit *parent,
			unsigned index);
/** The limits of a new domain. */
void ps_limit_init(const struct ps_policy *pp, struct ps_domain *pd, struct ps_limit *pool);
/** Percent of a pCPU; 0 = none. */
void ps_limit_set(struct ps_policy *pp, struct ps_limit *limit, unsigned percent, uint64_t now);
/** Of the limit of @pool, which is what is short there, @pd is to have @rate; NULL: none is.  @idle: it
 *  wanted nothing of it. */
void ps_limit_share(struct ps_policy *pp, struct ps_domain *pd, struct ps_limit *pool,
		    uint64_t rate, bool idle, uint64_t now);
/** May nothing of @pd run now? */
bool ps_limited(const struct ps_domain *pd);
/** When the first of its buckets will be empty, as things are; UINT64_MAX = never. */
uint64_t ps_limit_left(const struct ps_domain *pd);
/** One more (+1) or one less (-1) of @pd runs. */
void ps_limit_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now);
/** Who has used up its limit is parked, who has waited enough may run again. */
void ps_limit_expire(struct ps_policy *pp, uint64_t now);
/** The domain is gone. */
void ps_limit_forget(struct ps_policy *pp, struct ps_domain *pd);

/* --- placement.c --- */
void ps_set_idler(struct ps_policy *pp, struct ps_pcpu *pc, bool idler);
/** @pc joined: which lanes may run there.  0 or -ENOMEM. */
int ps_lanes_of_pcpu(struct ps_policy *pp, struct ps_pcpu *pc);
/** It leaves. */
void ps_forget_lanes(struct ps_pcpu *pc);
/** The first of @lane is @v: which pCPUs it may use. */
void ps_pcpus_of_lane(struct ps_policy *pp, struct ps_lane *lane, const struct cx_vcpu *v);
/** Nobody has waited for some time: @pc may run somebody for long.  False: it may not. */
bool ps_open(struct ps_policy *pp, struct ps_pcpu *pc, uint64_t now);
/** Its long slice, if it had one, is over. */
void ps_close(struct ps_policy *pp, struct ps_pcpu *pc);
/** Somebody has to wait: long slices end. */
void ps_crowded(struct ps_policy *pp, uint64_t now);
/** @pv waits: call an idle pCPU for it, or one that runs somebody with less of a claim. */
void ps_call(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
/** @pc was called for somebody and has made its choice: who waits yet calls another one. */
void ps_call_on(struct ps_policy *pp, struct ps_pcpu *pc);
/** Where it had best wait: an idle pCPU near the one where it ran. */
struct cx_pcpu *ps_place(const struct ps_policy *pp, const struct ps_vcpu *pv);
/** By how much its deadline counts as later because it would have to move to @pcpu, ns. */
int64_t ps_reluctance(const struct ps_policy *pp, const struct ps_vcpu *pv,
		      const struct cx_pcpu *pcpu, uint64_t now);

/* --- pick.c --- */
/** The operation pick. */
struct cx_vcpu *ps_pick(struct cx_policy *policy, struct cx_pcpu *pcpu, struct cx_pick *pick);

/* --- propshare.c --- */
/** A timer of the keeper's; UINT64_MAX = none. */
void ps_timer(struct ps_policy *pp, unsigned id, uint64_t when);
/** Park it, its domain is over a limit; let it go.  Whatever it does at the moment. */
void ps_park(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);
void ps_unpark(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now);

#endif
