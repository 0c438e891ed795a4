/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No sin: counts what it is called for and checks what it is told; says so when its
 * instance ends ("calls: wake 12 ...", "breach: ...").
 */
#include "minimal_rr.h"

enum op {
	OP_INIT,
	OP_PARAM_SET,
	OP_PCPU_ONLINE,
	OP_PCPU_OFFLINE,
	OP_DOMAIN_ATTACH,
	OP_DOMAIN_ADJUST,
	OP_DOMAIN_DETACH,
	OP_POOL_ADJUST,
	OP_VCPU_ATTACH,
	OP_VCPU_DETACH,
	OP_CHOOSE_PCPU,
	OP_MIGRATE,
	OP_WAKE,
	OP_BLOCK,
	OP_YIELD,
	OP_PICK,
	OP_TICK,
	OP_TIMER,
	OP_DUMP,
	OPS
};

static const char *const names[OPS] = {
	"init",          "param_set",     "pcpu_online", "pcpu_offline", "domain_attach",
	"domain_adjust", "domain_detach", "pool_adjust", "vcpu_attach",  "vcpu_detach",
	"choose_pcpu",   "migrate",       "wake",        "block",        "yield",
	"pick",          "tick",          "timer",       "dump",
};

#define TICK_NS 5000000ull
#define TIMER_ID 2
#define TIMER_NS 7000000ull

struct counting_policy {
	uint64_t calls[OPS];
	uint64_t breaches;
};

struct counting_pcpu {
	struct minimal_pcpu minimal;
	uint64_t last_ns;
};

struct counting_vcpu {
	struct minimal_vcpu minimal;
	bool attached, awake;
};

static struct counting_policy *count(struct cx_policy *policy, enum op op)
{
	struct counting_policy *cp = cx_policy_priv(policy);

	cp->calls[op]++;
	return cp;
}

static void expect(struct cx_policy *policy, bool holds, enum op op, const char *what)
{
	struct counting_policy *cp = cx_policy_priv(policy);

	if (!holds && cp->breaches++ < 10)
		cx_log(policy, "breach: %s: %s", names[op], what);
}

/* Times never go backwards on one pCPU. */
static void expect_later(struct cx_policy *policy, struct cx_pcpu *pcpu, enum op op, uint64_t now)
{
	struct counting_pcpu *pc = cx_pcpu_priv(pcpu);

	expect(policy, now >= pc->last_ns, op, "time went backwards");
	pc->last_ns = now;
}

static int count_init(struct cx_policy *policy)
{
	count(policy, OP_INIT);
	return 0;
}

static void tell(struct cx_policy *policy)
{
	struct counting_policy *cp = cx_policy_priv(policy);

	for (int op = 0; op < OPS; op++)
		cx_log(policy, "calls: %s %llu", names[op], (unsigned long long)cp->calls[op]);
	cx_log(policy, "breaches: %llu", (unsigned long long)cp->breaches);
}

static void count_param_set(struct cx_policy *policy, unsigned index, uint64_t now)
{
	(void)now;
	count(policy, OP_PARAM_SET);
	expect(policy, index == 0, OP_PARAM_SET, "an index out of range");
}

static int count_pcpu_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	count(policy, OP_PCPU_ONLINE);
	expect(policy, cx_pcpu_idle(pcpu), OP_PCPU_ONLINE, "not idle");
	expect_later(policy, pcpu, OP_PCPU_ONLINE, now);
	cx_tick_every(pcpu, TICK_NS);
	cx_timer_at(pcpu, TIMER_ID, now + TIMER_NS);
	return minimal_pcpu_online(policy, pcpu, now);
}

static void count_pcpu_offline(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	count(policy, OP_PCPU_OFFLINE);
	expect(policy, cx_pcpu_idle(pcpu), OP_PCPU_OFFLINE, "not idle");
	expect(policy, cx_list_empty(&minimal_pcpu(pcpu)->queue), OP_PCPU_OFFLINE,
	       "somebody waits here");
	expect_later(policy, pcpu, OP_PCPU_OFFLINE, now);
}

static int count_domain_attach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)now;
	count(policy, OP_DOMAIN_ATTACH);
	expect(policy, cx_domain_weight(dom) > 0, OP_DOMAIN_ATTACH, "no weight");
	return 0;
}

static void count_domain_adjust(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)dom, (void)now;
	count(policy, OP_DOMAIN_ADJUST);
}

static void count_domain_detach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)dom, (void)now;
	count(policy, OP_DOMAIN_DETACH);
}

static void count_pool_adjust(struct cx_policy *policy, struct cx_pool *pool, uint64_t now)
{
	(void)now;
	count(policy, OP_POOL_ADJUST);
	expect(policy, cx_pool_at(policy, cx_pool_index(pool)) == pool, OP_POOL_ADJUST,
	       "of no pool");
}

static int count_vcpu_attach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct counting_vcpu *cv = cx_vcpu_priv(v);

	(void)now;
	count(policy, OP_VCPU_ATTACH);
	expect(policy, !cv->attached, OP_VCPU_ATTACH, "attached twice, or not zeroed");
	expect(policy, !cx_vcpu_runnable(v), OP_VCPU_ATTACH, "runnable already");
	expect(policy, cx_vcpu_allowed(v, cx_vcpu_pcpu(v)), OP_VCPU_ATTACH, "on a forbidden pCPU");
	cv->attached = true;
	return 0;
}

static void count_vcpu_detach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct counting_vcpu *cv = cx_vcpu_priv(v);

	(void)now;
	count(policy, OP_VCPU_DETACH);
	expect(policy, cv->attached && !cv->awake, OP_VCPU_DETACH, "not asleep");
	expect(policy, !cx_queued(&cv->minimal.node), OP_VCPU_DETACH, "queued");
	cv->attached = false;
}

static struct cx_pcpu *count_choose_pcpu(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct counting_vcpu *cv = cx_vcpu_priv(v);

	(void)now;
	count(policy, OP_CHOOSE_PCPU);
	expect(policy, cv->attached && !cv->awake, OP_CHOOSE_PCPU, "not asleep");
	return NULL;
}

static void count_migrate(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
			  struct cx_pcpu *to, uint64_t now)
{
	count(policy, OP_MIGRATE);
	expect(policy, from != to && cx_vcpu_pcpu(v) == to, OP_MIGRATE, "not there");
	minimal_migrate(policy, v, from, to, now);
}

static void count_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
		       uint64_t now)
{
	struct counting_vcpu *cv = cx_vcpu_priv(v);

	count(policy, OP_WAKE);
	expect_later(policy, cx_vcpu_pcpu(v), OP_WAKE, now);
	expect(policy, cv->attached && !cv->awake, OP_WAKE, "not asleep");
	expect(policy, cx_vcpu_runnable(v) && !cx_vcpu_running(v), OP_WAKE, "not runnable");
	cv->awake = true;
	minimal_wake(policy, v, why, now);
}

static void count_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct counting_vcpu *cv = cx_vcpu_priv(v);

	count(policy, OP_BLOCK);
	expect_later(policy, cx_vcpu_pcpu(v), OP_BLOCK, now);
	expect(policy, cv->attached && cv->awake, OP_BLOCK, "not awake");
	expect(policy, !cx_vcpu_runnable(v), OP_BLOCK, "runnable");
	cv->awake = false;
	minimal_block(policy, v, now);
}

static void count_yield(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)now;
	count(policy, OP_YIELD);
	expect(policy, cx_pcpu_current(cx_vcpu_pcpu(v)) == v, OP_YIELD, "does not run");
}

static struct cx_vcpu *count_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				  struct cx_pick *pick)
{
	count(policy, OP_PICK);
	expect_later(policy, pcpu, OP_PICK, pick->now_ns);
	expect(policy, pick->slice_ns == CX_SLICE_DEFAULT_NS, OP_PICK, "the slice is not preset");
	expect(policy, (pick->why == CX_WHY_IDLE) == !pick->prev, OP_PICK, "idle, or not?");
	if (pick->prev)
		expect(policy, cx_vcpu_pcpu(pick->prev) == pcpu, OP_PICK, "prev is elsewhere");
	if (pick->why == CX_WHY_BLOCK)
		expect(policy, !cx_vcpu_runnable(pick->prev), OP_PICK, "blocked but runnable");
	return minimal_pick(policy, pcpu, pick);
}

static void count_tick(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	count(policy, OP_TICK);
	expect_later(policy, pcpu, OP_TICK, now);
	expect(policy, cx_pcpu_current(pcpu) != NULL, OP_TICK, "on an idle pCPU");
}

static void count_timer(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id, uint64_t now)
{
	count(policy, OP_TIMER);
	expect_later(policy, pcpu, OP_TIMER, now);
	expect(policy, id == TIMER_ID, OP_TIMER, "another timer");
	expect(policy, now >= TIMER_NS, OP_TIMER, "early");
	cx_timer_at(pcpu, TIMER_ID, now + TIMER_NS);
}

static void count_dump(struct cx_policy *policy, uint64_t now)
{
	struct counting_policy *cp = count(policy, OP_DUMP);

	(void)now;
	for (int op = 0; op < OPS; op++)
		cx_dump(policy, "calls: %s %llu", names[op], (unsigned long long)cp->calls[op]);
}

static const struct cx_param params[] = {
	{ "unused", CX_PARAM_INT, NULL, 0, 10, 3, "changes nothing", NULL },
};

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "counts_calls",
	.summary = "a round robin that counts its calls",
	.flags = CX_PLUGIN_INSTANCE_LOCK,
	.params = params,
	.n_params = 1,
	.policy_size = sizeof(struct counting_policy),
	.pcpu_size = sizeof(struct counting_pcpu),
	.vcpu_size = sizeof(struct counting_vcpu),
	.init = count_init,
	.fini = tell,
	.param_set = count_param_set,
	.pcpu_online = count_pcpu_online,
	.pcpu_offline = count_pcpu_offline,
	.domain_attach = count_domain_attach,
	.domain_adjust = count_domain_adjust,
	.domain_detach = count_domain_detach,
	.pool_adjust = count_pool_adjust,
	.vcpu_attach = count_vcpu_attach,
	.vcpu_detach = count_vcpu_detach,
	.choose_pcpu = count_choose_pcpu,
	.migrate = count_migrate,
	.wake = count_wake,
	.block = count_block,
	.yield = count_yield,
	.pick = count_pick,
	.tick = count_tick,
	.timer = count_timer,
	.dump = count_dump,
};
