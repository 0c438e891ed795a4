/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * credit.h - the credit scheduler's own structures.  For this folder only.
 *
 * After Xen's credit scheduler (E. Ackaouy, 2005; xen/common/sched/credit.c), rebuilt from
 * its behaviour.  accounting.c: who earns and who pays.  queue.c: who waits, in what
 * order.  placement.c: on which pCPU, and who is to look there.  credit.c: the table.
 *
 * One lock covers the instance (CX_PLUGIN_INSTANCE_LOCK): accounting touches every active
 * vCPU, and everything here may be read and written in every operation.
 */
#ifndef CREDIT_H
#define CREDIT_H

#include <coxswain/plugin.h>

#define NS_PER_MS 1000000ull

/* Timers of a pCPU. */
enum { CREDIT_TIMER_ACCOUNT, CREDIT_TIMER_LOOK };

/* Priorities.  Credit >= 0 is UNDER, credit < 0 is OVER. */
enum credit_pri {
	CREDIT_IDLE, /* nobody */
	CREDIT_OVER,
	CREDIT_UNDER,
	CREDIT_BOOST,
	CREDIT_PRIS
};

/* What cx_trace_account() is told: of a vCPU its credit and its priority after the
 * accounting, of the pool (no vCPU) the balance and the active weight. */
enum credit_code {
	CREDIT_EARNED,
	CREDIT_PARKED,      /* over its cap: parked */
	CREDIT_UNPARKED,    /* has earned back what it overspent */
	CREDIT_DEACTIVATED, /* has not used what it earned: stops earning */
	CREDIT_POOL
};

struct credit_vcpu;

struct credit_policy {
	/* parameters, and what follows from them */
	uint64_t tslice_ns, tick_ns, ratelimit_ns, migration_delay_ns;
	int64_t credits_per_ms, credits_per_slice;

	struct cx_list vcpus;   /* all of them */
	struct cx_list active;  /* domains with active vCPUs, in the order of accounting */
	int64_t weight;         /* of all active vCPUs */
	int64_t balance;        /* sum of the credits after the last accounting */
	uint64_t accountings;   /* so far */
	struct cx_pcpu *master; /* whose timer does the accounting; NULL = no pCPU */
	bool armed;             /* that timer is set */
	unsigned n_pcpus;       /* online */
	unsigned idlers;        /* pCPUs that idle and have not been called to work */
	unsigned soft_users;    /* vCPUs whose soft affinity tells pCPUs apart */
};

struct credit_pcpu {
	struct cx_pcpu *pcpu;
	struct cx_list queue[CREDIT_PRIS]; /* by priority; see queue.c */
	struct cx_list strays;             /* who is on another list than its priority's */
	struct cx_list arrivals;           /* vCPUs sent here, not yet migrated */
	unsigned queued;                   /* on all of queue[] */
	unsigned n_strays;
	bool jumbled;        /* places do not tell the order: a yielder stands between others */
	uint64_t sorted;     /* accounting after which it was sorted last */
	int64_t front, back; /* places given so far, at either end */
	bool idler;          /* counted in credit_policy.idlers */
	struct cx_pcpu *called_from; /* by somebody who waits there; NULL = it was not */
	uint64_t look_ns;            /* when one that it could have had is not hot any more */
	struct credit_vcpu *current; /* who was picked */
};

struct credit_domain {
	struct cx_node node;   /* on credit_policy.active */
	struct cx_list active; /* its active vCPUs */
	int64_t n_active;
	int64_t weight, cap;
};

struct credit_vcpu {
	struct cx_vcpu *v;
	struct credit_domain *dom;
	struct cx_node all_node;       /* on credit_policy.vcpus */
	struct cx_node node;           /* on a queue or among the arrivals */
	struct credit_pcpu *queued_on; /* NULL: on no queue */
	enum credit_pri listed;        /* the list that it is on there */
	int64_t place;                 /* orders those on one list */
	struct cx_node stray;          /* on credit_pcpu.strays */
	struct cx_node active_node;    /* on credit_domain.active */
	enum credit_pri pri;
	int64_t credit;
	uint64_t unbilled;    /* below one credit, in ns x credits_per_ms */
	uint64_t billed_ns;   /* paid up to here */
	uint64_t started_ns;  /* when it was put on its pCPU */
	uint64_t last_ran_ns; /* when it last left one */
	bool has_run, parked, yielded;
	bool moving;   /* leaves its pCPU to run elsewhere */
	bool has_soft; /* its soft affinity tells the pCPUs apart that it may use */
};

static inline struct credit_policy *credit_of(const struct cx_policy *policy)
{
	return cx_policy_priv(policy);
}

static inline struct credit_pcpu *credit_pcpu_of(const struct cx_pcpu *pcpu)
{
	return cx_pcpu_priv(pcpu);
}

static inline struct credit_vcpu *credit_vcpu_of(const struct cx_vcpu *v)
{
	return cx_vcpu_priv(v);
}

/* --- accounting.c --- */
/** Take over the parameters' present values. */
void credit_configure(struct cx_policy *policy);
/** Set the accounting timer for the next multiple of the slice, if it is not set. */
void credit_arm(struct credit_policy *cp, uint64_t now);
/** @cv runs: let it pay until @now. */
void credit_bill(const struct credit_policy *cp, struct credit_vcpu *cv, uint64_t now);
bool credit_is_active(const struct credit_vcpu *cv);
/** It earns from now on; its weight joins the pool's. */
void credit_activate(struct credit_policy *cp, struct credit_vcpu *cv, uint64_t now);
void credit_deactivate(struct credit_policy *cp, struct credit_vcpu *cv);
/** Its domain's weight and cap have changed, or are new. */
void credit_reweigh(struct credit_policy *cp, struct credit_domain *cd,
		    const struct cx_domain *dom);
/** Hand out a slice's credits to the active vCPUs.  @pcpu: whose trace it goes to. */
void credit_account(struct credit_policy *cp, struct cx_pcpu *pcpu, uint64_t now);

/* --- queue.c --- */
void credit_queue_init(struct credit_pcpu *pc);
void credit_insert(const struct credit_policy *cp, struct credit_pcpu *pc, struct credit_vcpu *cv);
/** Off its queue or from among the arrivals, if it is there. */
void credit_remove(struct credit_vcpu *cv);
/** Put the queue in order, if an accounting has changed priorities since the last time. */
void credit_sort(const struct credit_policy *cp, struct credit_pcpu *pc);
/** Who waits there in front; NULL if nobody. */
struct credit_vcpu *credit_head(const struct credit_policy *cp, struct credit_pcpu *pc);
void credit_set_pri(struct credit_vcpu *cv, enum credit_pri pri);

/* --- placement.c --- */
void credit_set_idler(struct credit_policy *cp, struct credit_pcpu *pc, bool idler);
/** The pool is another one: look at everybody's soft affinity anew. */
void credit_note_pool(const struct cx_policy *policy, struct credit_policy *cp);
/** Look at its soft affinity anew. */
void credit_note_affinity(const struct cx_policy *policy, struct credit_policy *cp,
			  struct credit_vcpu *cv);
/** The pCPU where @cv had best run: its own, unless it finds an idle one that is better. */
struct cx_pcpu *credit_place(const struct credit_policy *cp, const struct credit_vcpu *cv);
/** @cv waits on its pCPU's queue: call whoever should look at it. */
void credit_tickle(struct credit_policy *cp, struct credit_vcpu *cv);
/** @pc runs somebody: call idle pCPUs for those who wait behind, and for whom it was called
 *  if it took another. */
void credit_share(struct credit_policy *cp, struct credit_pcpu *pc);
/** Take a vCPU of more than @above from another pCPU's queue and assign it to @thief. */
struct credit_vcpu *credit_steal(const struct credit_policy *cp, struct credit_pcpu *thief,
				 enum credit_pri above, uint64_t now);

#endif
