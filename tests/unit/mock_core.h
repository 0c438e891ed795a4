/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mock_core.h - a test bench for policies: core's services in virtual time, one thread.
 *
 * It drives one policy's table with scripted vCPUs, holds the policy to the contract of
 * <coxswain/plugin.h> (locks, picks, slices, who may be migrated) and logs what was
 * decided.  Breaches are printed and counted; a test ends with mock_free(), which returns
 * their number.
 *
 * A test includes mock_core.c, then the policy's sources: the services have other names
 * here, so that they and those of the program can live in one executable.
 *
 * At one instant the order is: ticks, timers, wake-ups, steps of the scripts, ends of
 * slices, kicks.
 */
#ifndef MOCK_CORE_H
#define MOCK_CORE_H

#define cx_affinity_count mock_cx_affinity_count
#define cx_distance mock_cx_distance
#define cx_domain_affinity mock_cx_domain_affinity
#define cx_domain_index mock_cx_domain_index
#define cx_domain_limit mock_cx_domain_limit
#define cx_domain_name mock_cx_domain_name
#define cx_domain_param mock_cx_domain_param
#define cx_domain_pool mock_cx_domain_pool
#define cx_domain_priv mock_cx_domain_priv
#define cx_domain_reservation mock_cx_domain_reservation
#define cx_domain_vcpu mock_cx_domain_vcpu
#define cx_domain_vcpus mock_cx_domain_vcpus
#define cx_domain_weight mock_cx_domain_weight
#define cx_dump mock_cx_dump
#define cx_entitlements mock_cx_entitlements
#define cx_kick mock_cx_kick
#define cx_log mock_cx_log
#define cx_migrate mock_cx_migrate
#define cx_park mock_cx_park
#define cx_pcpu_at mock_cx_pcpu_at
#define cx_pcpu_count mock_cx_pcpu_count
#define cx_pcpu_current mock_cx_pcpu_current
#define cx_pcpu_idle mock_cx_pcpu_idle
#define cx_pcpu_index mock_cx_pcpu_index
#define cx_pcpu_limit mock_cx_pcpu_limit
#define cx_pcpu_near mock_cx_pcpu_near
#define cx_pcpu_next_vcpu mock_cx_pcpu_next_vcpu
#define cx_pcpu_priv mock_cx_pcpu_priv
#define cx_pcpu_runnable mock_cx_pcpu_runnable
#define cx_policy_param mock_cx_policy_param
#define cx_policy_priv mock_cx_policy_priv
#define cx_pool_at mock_cx_pool_at
#define cx_pool_count mock_cx_pool_count
#define cx_pool_index mock_cx_pool_index
#define cx_pool_limit mock_cx_pool_limit
#define cx_pool_name mock_cx_pool_name
#define cx_pool_parent mock_cx_pool_parent
#define cx_pool_reservation mock_cx_pool_reservation
#define cx_pool_weight mock_cx_pool_weight
#define cx_random mock_cx_random
#define cx_tick_every mock_cx_tick_every
#define cx_timer_at mock_cx_timer_at
#define cx_trace_account mock_cx_trace_account
#define cx_trace_event mock_cx_trace_event
#define cx_trylock mock_cx_trylock
#define cx_unlock mock_cx_unlock
#define cx_unpark mock_cx_unpark
#define cx_vcpu_allowed mock_cx_vcpu_allowed
#define cx_vcpu_domain mock_cx_vcpu_domain
#define cx_vcpu_id mock_cx_vcpu_id
#define cx_vcpu_index mock_cx_vcpu_index
#define cx_vcpu_parked mock_cx_vcpu_parked
#define cx_vcpu_pcpu mock_cx_vcpu_pcpu
#define cx_vcpu_prefers mock_cx_vcpu_prefers
#define cx_vcpu_priv mock_cx_vcpu_priv
#define cx_vcpu_runnable mock_cx_vcpu_runnable
#define cx_vcpu_running mock_cx_vcpu_running
#define cx_vcpu_warmth mock_cx_vcpu_warmth

#include "base/units.h"

#include <coxswain/plugin.h>
#include <stdint.h>

#define MOCK_PCPUS 16
#define MOCK_VCPUS 512
#define MOCK_DOMAINS 512
#define MOCK_PARAMS 16
#define MOCK_FOREVER UINT64_MAX

enum mock_do { MOCK_RUN, MOCK_SLEEP, MOCK_YIELD, MOCK_END };

/** One step of a script; scripts repeat.  @ns of run or sleep time. */
struct mock_step {
	enum mock_do what;
	uint64_t ns;
};

/** Where a script's steps come from; @arg as given. */
typedef struct mock_step (*mock_script)(void *arg);

enum mock_kind {
	MOCK_DECIDE,  /* code = why, x = slice; vcpu -1 = idle */
	MOCK_WAKE,    /* code = why */
	MOCK_MIGRATE, /* pcpu = to, x = from */
	MOCK_PARK,    /* code = reason */
	MOCK_UNPARK,
	MOCK_ACCOUNT, /* as the policy said; vcpu -1 = of the pool */
	MOCK_EVENT
};

struct mock_entry {
	uint64_t t_ns;
	enum mock_kind kind;
	int pcpu, vcpu;
	unsigned code;
	uint64_t x, y;
};

struct cx_policy {
	struct mock *m;
	void *priv;
	int64_t params[MOCK_PARAMS];
};

struct cx_pcpu {
	struct mock *m;
	unsigned index;
	void *priv;
	struct cx_vcpu *current;
	uint64_t put_ns, slice_end_ns;
	uint64_t tick_every_ns, tick_ns;
	uint64_t timer_ns[CX_PCPU_TIMERS];
	bool kicked, held, picking;
	bool online; /* in the pool */
	bool known;  /* the policy was told that it is, and not yet that it is not */
	uint64_t kick_ns;
	uint64_t wasting_ns; /* idle for so long while it could run somebody */
	struct cx_pcpu *near[MOCK_PCPUS];
};

struct cx_domain {
	struct mock *m;
	char name[16];
	unsigned index, weight, limit, reservation, n_vcpus;
	void *priv;
	struct cx_vcpu *vcpus[64];
	int64_t params[MOCK_PARAMS];
};

struct cx_vcpu {
	struct mock *m;
	struct cx_domain *dom;
	unsigned id, index;
	void *priv;
	uint32_t hard, soft; /* bit a pCPU */
	struct cx_pcpu *pcpu;
	bool attached, runnable, on_pcpu, told_awake, started;
	unsigned parked;
	mock_script script;
	void *script_arg;
	const struct mock_step *steps; /* of a script that is a table */
	unsigned n_steps, next_step;
	enum mock_do doing;
	uint64_t left_ns; /* of the present run step */
	uint64_t wake_ns; /* when a sleep or the time before the start ends */
	enum cx_wake_why wake_why;
	uint64_t start_ns; /* when it was attached */
	uint64_t run_ns, ready_ns, limited_ns, blocked_ns;
	uint64_t waiting_ns, longest_wait_ns; /* ready without a break */
	uint64_t wakes, latency_ns, longest_latency_ns;
	bool fresh; /* woken, has not run since */
};

struct mock_config {
	unsigned pcpus;
	unsigned smt, llc, node; /* pCPUs that share a core, a cache, a node; 0 = 1, all, all */
	uint64_t seed;
	uint64_t kick_ns; /* how long a kick takes, at most */
	bool shaky;       /* kicks take a random time, and try-lock fails at times */
	bool quiet;       /* no log */
};

struct mock {
	const struct cx_plugin *plugin;
	struct mock_config config;
	struct cx_policy policy;
	struct cx_pcpu pcpus[MOCK_PCPUS];
	struct cx_domain domains[MOCK_DOMAINS];
	struct cx_vcpu *vcpus[MOCK_VCPUS];
	unsigned n_domains, n_vcpus;
	uint64_t now_ns, random;
	unsigned breaches;
	char last_breach[160];
	bool expects_breaches;                /* do not print them */
	uint64_t wasted_ns, longest_waste_ns; /* idle although somebody waited that it may run */
	uint64_t decisions;
	struct mock_entry *log;
	size_t n_log, cap_log;
	const char *op; /* being called */
	char last_dump[256], last_log[256];
};

/** A policy at work on @config->pcpus pCPUs, all online and idle at time 0. */
struct mock *mock_new(const struct cx_plugin *plugin, const struct mock_config *config);
/** Detach and free everything.  Returns how often the contract was broken. */
unsigned mock_free(struct mock *m);

/** Set a policy-wide parameter by name, as a live change. */
void mock_param(struct mock *m, const char *name, int64_t value);
struct cx_domain *mock_domain(struct mock *m, const char *name, unsigned weight, unsigned limit);
void mock_adjust(struct cx_domain *dom, unsigned weight, unsigned limit);
/** A vCPU that repeats @steps from @start_ns on; NULL: runs for ever. */
struct cx_vcpu *mock_vcpu(struct cx_domain *dom, uint64_t start_ns, const struct mock_step *steps,
			  unsigned n_steps);
/** One whose steps @script tells. */
struct cx_vcpu *mock_scripted(struct cx_domain *dom, uint64_t start_ns, mock_script script,
			      void *arg);
/** Before it starts: bit masks of pCPUs. */
void mock_affinity(struct cx_vcpu *v, uint32_t hard, uint32_t soft);
/** A live change of hard affinity, if it leaves a pCPU that is online: what waits elsewhere
 *  is moved at once. */
void mock_reaffine(struct cx_vcpu *v, uint32_t hard);
void mock_stop(struct cx_vcpu *v);
/** Take a pCPU out of the pool; who runs there leaves when the kick has arrived.  False: it
 *  is out already, or somebody has no other place. */
bool mock_offline(struct mock *m, unsigned index);
/** Take it back.  False: it is there. */
bool mock_online(struct mock *m, unsigned index);
/** Let time pass until @until_ns. */
void mock_run(struct mock *m, uint64_t until_ns);
void mock_dump(struct mock *m);

/** The next log entry of @kind from *@at on, of @vcpu (-2 = any); NULL at the end. */
const struct mock_entry *mock_next(const struct mock *m, size_t *at, enum mock_kind kind, int vcpu);
uint64_t mock_rand(struct mock *m, uint64_t below);

#endif
