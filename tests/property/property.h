/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * property.h - random scenarios on the simulator, and what must hold of every one.
 *
 *   generate.c  a scenario from a seed (with draw.c)
 *   guarantees.c  reservations and pools for it
 *   pooled.c    likewise, but hogs, and who sleeps for long, in pools
 *   mixes.c     likewise, but only hogs of all weights, for the figure of lag; or bound to pCPUs
 *   write.c     it as a file that `coxswain run` takes
 *   trial.c     run such a file under a policy, here and now, and check it
 *   check.c     the check: a machine of its own that reads the run's events one by one
 *               (with waits.c, shares.c, amounts.c and lags.c)
 *   bounds.c    what each policy promises, in numbers
 *   tidy.c      a scenario whose parts were changed, made to fit together again (with admit.c)
 *   shrink.c    a scenario that fails, made as small as still fails
 *   campaign.c  many scenarios under one policy
 *   tell.c      events as text
 *   bugs/       patches that plant a bug in a policy each: POLICY-WHAT.patch
 *
 * Times are nanoseconds of virtual time.
 */
#ifndef CX_TESTS_PROPERTY_H
#define CX_TESTS_PROPERTY_H

#include "base/error.h"
#include "base/units.h"
#include "core/dispatch/loader.h"
#include "core/scenario/scenario.h"
#include "core/sim/costs.h"
#include "trace/record.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROP_PCPUS 64u
#define PROP_DOMAINS 1000u
#define PROP_CHANGES 16u
#define PROP_POOLS 6u
#define PROP_NO_POOL PROP_POOLS
#define PROP_PARAMS 16u
#define PROP_ALL UINT64_MAX /* pCPUs, as bits */
#define PROP_FOREVER UINT64_MAX
/* Longer than any scenario: that nobody starves is checked by what the policy states. */
#define PROP_WATCHDOG (10 * CX_SEC)

/* --- a scenario, as it is generated and shrunk ----------------------------------------- */

/** A resource pool; its parent comes before it. */
struct prop_pool {
	unsigned parent; /* PROP_NO_POOL = of the host */
	unsigned weight, reservation, limit;
	bool fixed; /* not expandable */
};

struct prop_domain {
	unsigned vcpus, weight, reservation, limit;
	unsigned pool;       /* PROP_NO_POOL = of none */
	uint64_t cpus, soft; /* pCPUs, as bits; PROP_ALL = any */
	uint64_t start_ns, stop_ns;
	unsigned workload; /* index into prop_workloads[] */
	int64_t params[CX_GUEST_PARAMS];
};

enum prop_change_kind {
	PROP_SET_WEIGHT,
	PROP_SET_LIMIT,
	PROP_SET_RESERVATION,
	PROP_POOL_WEIGHT,
	PROP_POOL_LIMIT,
	PROP_POOL_RESERVATION,
	PROP_SET_PARAM,
	PROP_OFFLINE,
	PROP_ONLINE
};

struct prop_change {
	uint64_t at_ns;
	enum prop_change_kind kind;
	unsigned target; /* domain, pool, parameter or pCPU */
	int64_t value;
};

struct prop_scenario {
	uint64_t seed;  /* that it was made from; also the run's */
	unsigned shape; /* index into prop_shapes[] */
	uint64_t duration_ns;
	unsigned n_domains;
	struct prop_domain domains[PROP_DOMAINS];
	unsigned n_pools;
	struct prop_pool pools[PROP_POOLS];
	uint32_t given; /* parameters of the policy that it sets, as bits */
	int64_t params[PROP_PARAMS];
	unsigned n_changes;
	struct prop_change changes[PROP_CHANGES];
	bool default_costs; /* else costs_given of random ones, else none at all */
	bool random_costs;
	struct cx_costs costs;
	uint64_t shuffle; /* seed of --shuffle-ties; 0 = not shuffled */
};

struct prop_shape {
	const char *text; /* hwloc's synthetic form */
	unsigned pcpus;
};
extern const struct prop_shape prop_shapes[];
extern const unsigned prop_n_shapes; /* with fewer pCPUs before more */

/** A workload's parameter, and between what it is drawn. */
struct prop_workload_param {
	const char *name;
	enum { PROP_TIME, PROP_SIZE, PROP_SWITCH, PROP_NUMBER } is;
	int64_t low, high; /* drawn evenly in the logarithm */
	int64_t usual;     /* what it is in half of the scenarios; < 0 = there is no such value */
};
struct prop_workload {
	const char *name;
	struct prop_workload_param params[8];
	unsigned n_params;
};
extern const struct prop_workload prop_workloads[];
extern const unsigned prop_n_workloads;

/* --- a policy ---------------------------------------------------------------------------- */

struct prop_bounds;

struct prop_policy {
	char path[PATH_MAX];
	struct cx_loaded *loaded;
	const struct cx_plugin *table;
	const struct prop_bounds *bounds;
	bool by_path; /* scenarios name it by its path: it is not installed */
};

/** Load it from @path.  0, or a negative errno with a message. */
int prop_policy_open(struct prop_policy *policy, const char *path, bool by_path,
		     struct cx_error *err);
void prop_policy_close(struct prop_policy *policy);

/* --- generate.c --- */
/** The scenario of that seed for a policy with these parameters; always the same one. */
void prop_generate(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s);
unsigned prop_vcpus(const struct prop_scenario *s);
/** Likewise a mix of weights, always hungry, at least as many vCPUs as pCPUs.  @large: up to
 *  1,000 on 64, else up to some dozens on 8. */
void prop_generate_mix(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s);
void prop_generate_large_mix(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s);
/** Likewise a small mix, all hungry from the beginning to the end, many of them bound to some of the
 *  pCPUs: up to five such sets, which may overlap.  In some there are reservations. */
void prop_generate_pinned(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s);
/** Likewise hogs of all weights, most of them in pools with limits, on a host that may have CPU to
 *  spare.  Limits of pools change and go away. */
void prop_generate_pooled(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s);
/** After anything was changed: pCPUs, times and targets that there are not any more are
 *  brought within what there is, changes put in order and those dropped that make no sense. */
void prop_tidy(struct prop_scenario *s, const struct cx_plugin *table);

/* --- admit.c --- */
/** Takes back reservations until admission control has nothing against any that is left: what the
 *  pCPUs that are always online can give, within every affinity, each pool and each limit. */
void prop_admit(struct prop_scenario *s);
/** The pCPUs that are always online. */
uint64_t prop_staying(const struct prop_scenario *s);

/* --- write.c --- */
/** As a scenario file, the lines of @about (may be NULL) as comments first. */
void prop_write(const struct prop_scenario *s, const struct prop_policy *policy, const char *about,
		FILE *out);
/** A policy's parameter as a scenario file has it. */
const char *prop_param_text(const struct cx_param *param, int64_t value, char *buf, size_t len);

/* --- what may come out --------------------------------------------------------------------- */

enum prop_rule {
	PROP_HOLDS,
	PROP_RAN,       /* it runs to its end: no fault, no ejection, no crash, no dead stop */
	PROP_ONE_PLACE, /* a vCPU runs in one place at most, runnable, unparked, alive */
	PROP_SLICE,     /* and no longer than it was given */
	PROP_STATES,    /* states' times add up, and are what core says */
	PROP_AFFINITY,  /* it runs where it may */
	PROP_WAIT,      /* nobody who could run waits longer than the policy states */
	PROP_IDLE,      /* no pCPU idles while it could run somebody */
	PROP_LIMIT,     /* nobody gets more than the limit and its burst */
	PROP_FLOOR,     /* who is guaranteed something and wants it gets it */
	PROP_SHARE,     /* who is always hungry gets what it is entitled to */
	PROP_FILL,      /* what a pool's limit allows is used, whoever of it sleeps */
	PROP_TWINS,     /* equals get the same */
	PROP_LAG,       /* nobody is further from its entitlement than the policy states */
	PROP_AGAIN,     /* the same seed gives the same events */
	PROP_RULES
};
extern const char *const prop_rule_names[PROP_RULES];

struct prop_verdict {
	enum prop_rule rule; /* the first that was broken, or PROP_HOLDS */
	uint64_t t_ns;
	char text[512];
	uint64_t events, hash;    /* of the run */
	bool checked[PROP_RULES]; /* rules that had something to say about this run */
	uint64_t lag_ns,
		lead_ns;       /* the most that anybody was behind its entitlement, or before it */
	uint64_t lag_bound_ns; /* and what the policy states; 0 = nothing */
};

/* --- check.c --- */

/** The most that a duration among the costs comes to: they vary by chance if the table says so. */
static inline uint64_t prop_cost(const struct cx_costs *costs, enum cx_cost_index index)
{
	return costs->value[index] + costs->value[index] * costs->value[CX_COST_JITTER] / 100;
}

/** What a run was asked to do, for the check. */
struct prop_case {
	const struct cx_scenario *scenario;
	const struct cx_costs *costs;
	const struct cx_plugin *table;
	const struct prop_bounds *bounds;
	const struct cx_record *record; /* with its history */
	/* From the scenario: the policy's parameters, the least and the most they ever are. */
	int64_t low[PROP_PARAMS], high[PROP_PARAMS];
	unsigned param_changes, pool_changes; /* during the run */
	unsigned n_pcpus, least_pcpus;        /* all, and the fewest that are ever online */
	uint64_t *allowed;                    /* by domain: pCPUs of hard affinity, as bits */
	unsigned *low_weight, *high_weight;   /* by domain, over the run */
	unsigned n_vcpus;
};

/** Sets verdict->rule, text, time, checked.  False: out of memory. */
bool prop_check(const struct prop_case *c, struct prop_verdict *verdict);

/* --- bounds.c --- */

/** In any time t the domain gets burst_ns + t x rate_ns / period_ns at most. */
struct prop_limit {
	uint64_t rate_ns, period_ns, burst_ns;
	/* What a vCPU runs without being seen running at a multiple of this does not count; 0 =
	 * all counts. */
	uint64_t tick_ns;
};

/** What one policy promises.  A member that is NULL: nothing. */
struct prop_bounds {
	const char *policy; /* its name; NULL = any other */
	/** No vCPU of domain @dom waits longer, @ahead being runnable when it began to, not
	 *  counting it. */
	uint64_t (*wait)(const struct prop_case *c, unsigned dom, unsigned ahead);
	/** No vCPU of domain @dom is parked by limits for longer at once. */
	uint64_t (*parked)(const struct prop_case *c, unsigned dom);
	/** Who wakes up runs before others until it has run for this long at once: what its pCPU
	 *  gives to such is not counted as waiting.  NULL: nobody does. */
	uint64_t (*boost)(const struct prop_case *c);
	/** For how long a pCPU may idle beside somebody who could run there, beside what costs
	 *  explain. */
	uint64_t (*idle)(const struct prop_case *c);
	/** What a limit of @percent means for domain @dom; false: nothing, in this run. */
	bool (*limit)(const struct prop_case *c, unsigned dom, unsigned percent,
		      struct prop_limit *limit);
	/** Likewise for resource pool @pool, all that is in it together. */
	bool (*pool_limit)(const struct prop_case *c, unsigned pool, unsigned percent,
			   struct prop_limit *limit);
	/** By how much domain @dom, as long as it wants as much as is reserved for it, falls short
	 *  of that in any time at all: *ns at most.  False: no promise in this run. */
	bool (*floor)(const struct prop_case *c, unsigned dom, uint64_t *ns);
	/** Likewise for resource pool @pool, all that is in it together. */
	bool (*pool_floor)(const struct prop_case *c, unsigned pool, uint64_t *ns);
	/** Where all are hogs that nothing holds back but limits, affinity and others' reservations: by how much a domain that
	 *  is entitled to @entitled ns of the run gets more or less at most.  0 = no such promise for
	 *  this run. */
	uint64_t (*share)(const struct prop_case *c, uint64_t entitled);
	/** Where nobody need wait for a pCPU: by how much resource pool falls short of its limit, which
	 *  allows it @limit_ns over the run, in all of which one of it alone could use that up.
	 *  0 = no such promise for this run. */
	uint64_t (*fill)(const struct prop_case *c, uint64_t limit_ns);
	/** Two domains that are alike in all: the most that their run times differ by. 0 = no
	 *  such promise for these. */
	uint64_t (*twins)(const struct prop_case *c, unsigned a, unsigned b);
	/** Hogs that nothing holds back: the most that a vCPU is ever behind what it is entitled to
	 *  by its weight, and the most that it is before it.  0 = no such promise for this run. */
	uint64_t (*lag)(const struct prop_case *c);
};

const struct prop_bounds *prop_bounds_of(const char *policy);
/** Does it always want all that it can get? */
bool prop_is_hog(const struct cx_scenario_domain *d);

/* --- trial.c --- */

/** What is run; a file, or what becomes one. */
struct prop_trial {
	const struct prop_policy *policy;
	const char *payloads; /* folder */
	struct cx_costs costs;
	uint64_t shuffle;
	bool twice; /* and compare */
	FILE *tell; /* the last events before what is broken, as text; NULL = not */
};

/** Run the scenario file @path and check it. */
void prop_try_file(const struct prop_trial *trial, const char *path, struct prop_verdict *verdict);
/** Likewise @s, by way of a file in memory. */
void prop_try(const struct prop_policy *policy, const char *payloads, const struct prop_scenario *s,
	      struct prop_verdict *verdict);

/* --- tell.c --- */
/** The last events up to then, as text. */
void prop_tell_events(const struct cx_record *record, uint64_t until_ns, FILE *out);

/* --- shrink.c --- */

/** Make *s smaller as long as it still breaks @rule.  Returns the number of runs it took. */
unsigned prop_shrink(const struct prop_policy *policy, const char *payloads, enum prop_rule rule,
		     struct prop_scenario *s, struct prop_verdict *verdict);

/* --- campaign.c --- */

typedef void (*prop_generator)(uint64_t seed, const struct cx_plugin *table,
			       struct prop_scenario *s);

/** The run in which a vCPU came nearest to the stated bound of lag. */
struct prop_worst_lag {
	uint64_t seed, lag_ns, bound_ns; /* bound_ns 0 = there was none */
	bool lead;                       /* it was before its entitlement, not behind */
	unsigned vcpus, pcpus;
};

struct prop_campaign {
	const struct prop_policy *policy;
	const char *payloads;
	const char *keep;        /* folder for what fails: BUILD/test-logs/WHAT */
	prop_generator generate; /* NULL = prop_generate() */
	uint64_t first_seed;
	unsigned count;
	/* what came of it */
	unsigned done;
	uint64_t events, virtual_ns;
	unsigned checked[PROP_RULES];
	struct prop_worst_lag worst[2]; /* on one pCPU, on more */
	struct prop_scenario failing;   /* shrunk */
	struct prop_verdict verdict;    /* of the failing one */
	uint64_t failing_seed;
	unsigned shrink_runs;
	char kept[PATH_MAX]; /* the file, if any */
};

/** Until @count scenarios hold, or one fails, which is shrunk and kept.  True: all hold. */
bool prop_campaign_run(struct prop_campaign *campaign);
/** One line: how many, which seeds, what was checked; and one for each kind of the worst lag. */
void prop_campaign_tell(const struct prop_campaign *campaign, FILE *out);

/* --- sets of pCPUs, as bits --- */

static inline uint64_t prop_bit(unsigned pcpu)
{
	return UINT64_C(1) << pcpu;
}

/** The first @n of them, 1 .. PROP_PCPUS. */
static inline uint64_t prop_first(unsigned n)
{
	return UINT64_MAX >> (PROP_PCPUS - n);
}

/* --- random numbers: SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014) --- */

static inline uint64_t prop_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/** 0 .. n - 1; n at least 1. */
static inline uint64_t prop_below(uint64_t *state, uint64_t n)
{
	return prop_random(state) % n;
}

/** True in @percent of all cases. */
static inline bool prop_chance(uint64_t *state, unsigned percent)
{
	return prop_below(state, 100) < percent;
}

#endif
