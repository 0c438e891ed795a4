/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - the check's own picture of a run, made of its events and nothing else.
 *
 *   check.c    the picture, event by event, and what it must always look like
 *   waits.c    who waits, for how long, and beside which idle pCPUs
 *   shares.c   who got how much: limits, equals
 *   amounts.c  who got how much at any time: limits and reservations, of domains and pools
 *   lags.c     who is how far from its entitlement, where hogs share by weight alone
 */
#ifndef CX_TESTS_PROPERTY_CHECK_H
#define CX_TESTS_PROPERTY_CHECK_H

#include "tests/property/property.h"

struct seen_vcpu {
	unsigned id, dom;
	bool alive, on, runnable, paused, ran;
	unsigned parked; /* as bits of enum cx_park_reason */
	enum cx_state state;
	uint64_t since_ns, time_ns[CX_STATES];

	bool woke; /* it is there because it woke, and has not run for long since */
	/* While it is ready: */
	uint64_t waits_ns;          /* since when, in that place */
	unsigned ahead;             /* who else was runnable when that began */
	uint64_t given[PROP_PCPUS]; /* what pCPUs had given to wakers by then */
	unsigned next, prev;        /* on the list of all that are ready, by id; n_vcpus = end */

	uint64_t began_ns;        /* while it is on a pCPU */
	uint64_t tick, unseen_ns; /* the last tick's number, and what it ran since then */
};

/* Fractions of a nanosecond: 1 / 2^32. */
#define LAG_ONE (UINT64_C(1) << 32)

/* What a vCPU is entitled to and has got, while lags are followed. */
struct seen_lag {
	__int128 owed;   /* entitled to so far, less what it got in whole stays; in LAG_ONE */
	uint64_t rate;   /* what it is entitled to per nanosecond from since_ns on; in LAG_ONE */
	unsigned weight; /* 0 = it has not started yet */
};

struct seen_lags {
	uint64_t bound_ns; /* 0 = lags are not followed */
	uint64_t since_ns; /* when entitlements changed last */
	bool stale;        /* the rates since then are not reckoned yet */
	struct seen_lag *vcpus;
	unsigned *order; /* those that have started */
	unsigned n;
};

struct seen_pcpu {
	unsigned current; /* CX_NO_VCPU = idle */
	uint64_t since_ns, until_ns;
	bool online;
	uint64_t given_ns; /* to wakers, without the present one */
};

/* What somebody got beyond a rate, or less than it: a bucket that leaks, never below 0. */
struct seen_limit {
	bool stated; /* the policy states what it means */
	struct prop_limit limit;
	unsigned percent;
	unsigned __int128 level; /* beyond the rate: ns x limit.period_ns */
	uint64_t level_ns;       /* up to when it is reckoned */
};

struct seen_floor {
	bool stated;
	bool wanted; /* it wants all that is reserved */
	unsigned percent;
	uint64_t level, level_ns; /* short of it: ns x 100 */
	uint64_t shortfall_ns;    /* what the policy states */
};

/* A domain or a resource pool. */
struct seen_amount {
	unsigned running, wanting; /* vCPUs of it */
	struct seen_limit limit;
	struct seen_floor floor;
};

struct seen_domain {
	unsigned weight;
	struct seen_amount amount;
};

struct seen {
	const struct prop_case *c;
	struct prop_verdict *verdict;
	uint64_t now_ns;
	unsigned runnable;    /* vCPUs */
	unsigned first_ready; /* n_vcpus = none */
	uint64_t idle;        /* pCPUs that are online with nobody on them, as bits */
	struct seen_pcpu pcpus[PROP_PCPUS];
	struct seen_vcpu *vcpus;
	struct seen_domain *domains;
	struct seen_amount *pools;
	struct seen_lags lags;
};

/** The first thing that is wrong stays; false. */
bool seen_broken(struct seen *s, enum prop_rule rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** "d3/0" */
const char *seen_name(const struct seen *s, unsigned vcpu, char buf[32]);

/* Each returns false when a rule is broken. */

/* --- waits.c --- */
void waits_begin(struct seen *s, struct seen_vcpu *v);
bool waits_end(struct seen *s, struct seen_vcpu *v);
/** It was parked by a limit until now. */
bool waits_parked(struct seen *s, const struct seen_vcpu *v);
/** It waits elsewhere from now on, behind all who are there. */
void waits_moved(struct seen *s, struct seen_vcpu *v);
/** A pCPU has left: who has never run was moved without a word, if it waited there. */
void waits_pool(struct seen *s);
/** pCPU @p has somebody on it now, or is offline. */
bool waits_pcpu_busy(struct seen *s, unsigned p);
/** Who is on @p leaves it. */
void waits_left(struct seen *s, unsigned p, struct seen_vcpu *v);
/** The end of the run. */
bool waits_finish(struct seen *s);

/* --- shares.c --- */
bool shares_finish(struct seen *s);

/* --- amounts.c --- */
void amounts_begin(struct seen *s);
/** @v goes from state @old to @now. */
bool amounts_state(struct seen *s, const struct seen_vcpu *v, enum cx_state old, enum cx_state now);
/** It leaves its pCPU: for limits that are kept by what ticks see. */
bool amounts_left(struct seen *s, struct seen_vcpu *v);
/** A new limit, a new reservation of a domain or pool: reckoned from here on. */
bool amounts_domain_set(struct seen *s, unsigned dom, enum cx_adjust what, unsigned percent);
bool amounts_pool_set(struct seen *s, unsigned pool, enum cx_adjust what, unsigned percent);
/** Its domain's vCPU has yielded: what it was owed it has given away. */
void amounts_yielded(struct seen *s, unsigned dom);
/** pCPUs come and go: reservations are reckoned from here on. */
void amounts_restart(struct seen *s);
bool amounts_finish(struct seen *s);

/* --- lags.c --- */
/** False: out of memory. */
bool lags_begin(struct seen *s);
void lags_free(struct seen *s);
/** @v has started, or its weight has changed. */
bool lags_weight(struct seen *s, unsigned vcpu, unsigned weight);
/** It is about to get on a pCPU: now it is furthest behind. */
bool lags_enter(struct seen *s, const struct seen_vcpu *v);
/** It is about to leave its pCPU: now it is furthest before. */
bool lags_left(struct seen *s, const struct seen_vcpu *v);
bool lags_finish(struct seen *s);

#endif
