/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/spy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct spy *spy;

/* A guard in the dispatcher may jump over us only where a policy crashes: not in tests
 * that use a spy.  So an abort is the safe way to fail from inside an operation. */
static void expect(bool holds, const char *op, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s: %s\ncalls so far: ...%s\n", op, what,
		spy->used > 600 ? spy->script + spy->used - 600 : spy->script);
	abort();
}

static void note(enum spy_op op, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(enum spy_op op, const char *fmt, ...)
{
	va_list ap;
	int n;

	spy->calls[op]++;
	if (spy->used + 64 > SPY_SCRIPT) {
		/* Long runs need the end of it only. */
		memmove(spy->script, spy->script + SPY_SCRIPT / 2, SPY_SCRIPT / 2);
		spy->used -= SPY_SCRIPT / 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(spy->script + spy->used, 64, fmt, ap);
	va_end(ap);
	spy->used += (unsigned)n;
	spy->script[spy->used++] = ' ';
	spy->script[spy->used] = '\0';
}

static void begin(void)
{
	pthread_mutex_lock(&spy->lock);
}

static void end(void)
{
	pthread_mutex_unlock(&spy->lock);
}

static struct spy_vcpu *of_vcpu(const struct cx_vcpu *v)
{
	return &spy->vcpus[cx_vcpu_id(v)];
}

static struct spy_pcpu *of_pcpu(const struct cx_pcpu *p)
{
	return &spy->pcpus[cx_pcpu_index(p)];
}

static void expect_time(const struct cx_pcpu *p, uint64_t now, const char *op)
{
	expect(now >= of_pcpu(p)->last_ns, op, "time went backwards on the pCPU");
	of_pcpu(p)->last_ns = now;
}

/* --- instance and pCPUs ----------------------------------------------------------- */

static int spy_init(struct cx_policy *policy)
{
	int rc = 0;

	begin();
	expect(!spy->begun, "init", "twice");
	note(SPY_INIT, "init");
	end();
	if (spy->inner->init)
		rc = spy->inner->init(policy);
	spy->begun = rc == 0;
	return rc;
}

static void spy_fini(struct cx_policy *policy)
{
	unsigned i;

	begin();
	expect(spy->begun, "fini", "without init");
	for (i = 0; i < SPY_PCPUS; i++)
		expect(!spy->pcpus[i].online, "fini", "a pCPU is online");
	spy->begun = false;
	note(SPY_FINI, "fini");
	end();
	if (spy->inner->fini)
		spy->inner->fini(policy);
}

static void spy_param_set(struct cx_policy *policy, unsigned index, uint64_t now)
{
	begin();
	expect(index < spy->table.n_params, "param_set", "no such parameter");
	note(SPY_PARAM_SET, "param%u", index);
	end();
	if (spy->inner->param_set)
		spy->inner->param_set(policy, index, now);
}

static bool is_known(const struct cx_pcpu *p)
{
	return of_pcpu(p)->online;
}

static bool in_pool(const struct cx_policy *policy, const struct cx_pcpu *p)
{
	return cx_pcpu_at(policy, cx_pcpu_index(p)) == p;
}

/* Counting, ranking and looking up agree about who is there. */
static void check_pool(const struct cx_policy *policy, const struct cx_pcpu *p, const char *op)
{
	unsigned n = 0, i, rank, others = cx_pcpu_count(policy) - in_pool(policy, p);
	uint32_t seen = 0;
	int far = 0;

	for (i = 0; i < cx_pcpu_limit(policy); i++)
		n += cx_pcpu_at(policy, i) != NULL;
	expect(n == cx_pcpu_count(policy), op, "another number is counted than found");
	expect(cx_pcpu_near(p, 0) == p, op, "not the nearest to itself");
	for (rank = 1; rank <= others; rank++) {
		const struct cx_pcpu *q = cx_pcpu_near(p, rank);

		expect(q && q != p && in_pool(policy, q), op, "a pCPU is ranked that is not there");
		expect(!(seen >> cx_pcpu_index(q) & 1), op, "a pCPU is ranked twice");
		expect((int)cx_distance(p, q) >= far, op, "not in the order of distance");
		seen |= 1u << cx_pcpu_index(q);
		far = (int)cx_distance(p, q);
	}
	expect(!cx_pcpu_near(p, others + 1), op, "ranked too many");
}

static int spy_pcpu_online(struct cx_policy *policy, struct cx_pcpu *p, uint64_t now)
{
	int rc = 0;

	begin();
	expect(spy->begun, "pcpu_online", "before init");
	expect(!of_pcpu(p)->online, "pcpu_online", "twice");
	expect(cx_pcpu_idle(p) && !cx_pcpu_current(p), "pcpu_online", "not idle");
	expect(!cx_pcpu_next_vcpu(p, NULL), "pcpu_online", "somebody is assigned there");
	expect(in_pool(policy, p), "pcpu_online", "not at its index");
	check_pool(policy, p, "pcpu_online");
	of_pcpu(p)->picked = NULL;
	expect_time(p, now, "pcpu_online");
	note(SPY_PCPU_ONLINE, "online%u", cx_pcpu_index(p));
	end();
	if (spy->inner->pcpu_online)
		rc = spy->inner->pcpu_online(policy, p, now);
	of_pcpu(p)->online = rc == 0;
	return rc;
}

static void spy_pcpu_offline(struct cx_policy *policy, struct cx_pcpu *p, uint64_t now)
{
	begin();
	expect(of_pcpu(p)->online, "pcpu_offline", "was not online");
	expect(cx_pcpu_idle(p) && !cx_pcpu_current(p), "pcpu_offline", "not idle");
	expect(cx_pcpu_runnable(p) == 0, "pcpu_offline", "somebody is runnable there");
	expect(!cx_pcpu_next_vcpu(p, NULL), "pcpu_offline", "somebody is assigned there");
	expect(!in_pool(policy, p), "pcpu_offline", "still in the pool");
	check_pool(policy, p, "pcpu_offline");
	of_pcpu(p)->online = false;
	expect_time(p, now, "pcpu_offline");
	note(SPY_PCPU_OFFLINE, "offline%u", cx_pcpu_index(p));
	end();
	if (spy->inner->pcpu_offline)
		spy->inner->pcpu_offline(policy, p, now);
}

/* --- domains and vCPUs -------------------------------------------------------------- */

static int spy_domain_attach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	unsigned i = cx_domain_index(dom);

	begin();
	expect(!spy->domains[i], "domain_attach", "twice");
	expect(cx_domain_weight(dom) > 0, "domain_attach", "no weight");
	spy->domains[i] = true;
	note(SPY_DOMAIN_ATTACH, "attach(%s)", cx_domain_name(dom));
	end();
	return spy->inner->domain_attach ? spy->inner->domain_attach(policy, dom, now) : 0;
}

static void spy_domain_adjust(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	begin();
	expect(spy->domains[cx_domain_index(dom)], "domain_adjust", "not attached");
	note(SPY_DOMAIN_ADJUST, "adjust(%s)", cx_domain_name(dom));
	end();
	if (spy->inner->domain_adjust)
		spy->inner->domain_adjust(policy, dom, now);
}

static void spy_domain_detach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	unsigned i;

	begin();
	expect(spy->domains[cx_domain_index(dom)], "domain_detach", "not attached");
	for (i = 0; i < cx_domain_vcpus(dom); i++)
		expect(!of_vcpu(cx_domain_vcpu(dom, i))->attached, "domain_detach",
		       "a vCPU is attached");
	spy->domains[cx_domain_index(dom)] = false;
	note(SPY_DOMAIN_DETACH, "detach(%s)", cx_domain_name(dom));
	end();
	if (spy->inner->domain_detach)
		spy->inner->domain_detach(policy, dom, now);
}

static void spy_pool_adjust(struct cx_policy *policy, struct cx_pool *pool, uint64_t now)
{
	begin();
	expect(cx_pool_at(policy, cx_pool_index(pool)) == pool, "pool_adjust", "of no pool");
	note(SPY_POOL_ADJUST, "adjust(%s)", cx_pool_name(pool));
	end();
	if (spy->inner->pool_adjust)
		spy->inner->pool_adjust(policy, pool, now);
}

static int spy_vcpu_attach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	begin();
	expect(!of_vcpu(v)->attached, "vcpu_attach", "twice");
	expect(spy->domains[cx_domain_index(cx_vcpu_domain(v))], "vcpu_attach", "without domain");
	expect(!cx_vcpu_runnable(v) && !cx_vcpu_running(v), "vcpu_attach", "not blocked");
	expect(cx_vcpu_allowed(v, cx_vcpu_pcpu(v)), "vcpu_attach", "on a forbidden pCPU");
	of_vcpu(v)->attached = true;
	expect_time(cx_vcpu_pcpu(v), now, "vcpu_attach");
	note(SPY_VCPU_ATTACH, "attach%u", cx_vcpu_id(v));
	end();
	return spy->inner->vcpu_attach ? spy->inner->vcpu_attach(policy, v, now) : 0;
}

static void spy_vcpu_detach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	begin();
	expect(of_vcpu(v)->attached && !of_vcpu(v)->awake, "vcpu_detach", "not asleep");
	expect(!cx_vcpu_runnable(v) && !cx_vcpu_running(v), "vcpu_detach", "runs");
	of_vcpu(v)->attached = false;
	expect_time(cx_vcpu_pcpu(v), now, "vcpu_detach");
	note(SPY_VCPU_DETACH, "detach%u", cx_vcpu_id(v));
	end();
	if (spy->inner->vcpu_detach)
		spy->inner->vcpu_detach(policy, v, now);
}

/* --- a vCPU's life ------------------------------------------------------------------ */

static struct cx_pcpu *spy_choose_pcpu(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	begin();
	expect(of_vcpu(v)->attached && !of_vcpu(v)->awake, "choose_pcpu", "not asleep");
	expect_time(cx_vcpu_pcpu(v), now, "choose_pcpu");
	note(SPY_CHOOSE_PCPU, "choose%u", cx_vcpu_id(v));
	end();
	return spy->inner->choose_pcpu ? spy->inner->choose_pcpu(policy, v, now) : NULL;
}

static void spy_migrate(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
			struct cx_pcpu *to, uint64_t now)
{
	begin();
	expect(from != to && cx_vcpu_pcpu(v) == to, "migrate", "is not there");
	expect(of_vcpu(v)->attached, "migrate", "not attached");
	expect(cx_vcpu_allowed(v, to), "migrate", "to a forbidden pCPU");
	expect(is_known(from) && is_known(to), "migrate", "of a pCPU that is offline");
	expect(!cx_vcpu_running(v), "migrate", "while it runs");
	expect_time(to, now, "migrate");
	note(SPY_MIGRATE, "migrate%u", cx_vcpu_id(v));
	end();
	if (spy->inner->migrate)
		spy->inner->migrate(policy, v, from, to, now);
}

static void spy_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
		     uint64_t now)
{
	struct cx_pcpu *p = cx_vcpu_pcpu(v);

	begin();
	expect(of_vcpu(v)->attached && !of_vcpu(v)->awake, "wake", "not asleep");
	expect(cx_vcpu_runnable(v), "wake", "not runnable");
	expect(is_known(p), "wake", "on a pCPU that is offline");
	expect(spy->faulty || cx_vcpu_allowed(v, p), "wake", "on a forbidden pCPU");
	expect(!cx_vcpu_running(v) && cx_pcpu_current(p) != v, "wake", "runs already");
	expect((unsigned)why < CX_WAKE_WHYS, "wake", "for no known reason");
	expect((why == CX_WAKE_START) == (of_vcpu(v)->wakes == 0), "wake", "start comes first");
	of_vcpu(v)->awake = true;
	of_vcpu(v)->wakes++;
	expect_time(p, now, "wake");
	note(SPY_WAKE, "wake%u", cx_vcpu_id(v));
	end();
	if (spy->inner->wake)
		spy->inner->wake(policy, v, why, now);
	else if (cx_pcpu_idle(p) && !cx_vcpu_parked(v))
		cx_kick(p);
}

static void spy_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	begin();
	expect(of_vcpu(v)->attached && of_vcpu(v)->awake, "block", "not awake");
	expect(!cx_vcpu_runnable(v), "block", "is runnable");
	of_vcpu(v)->awake = false;
	of_vcpu(v)->blocks++;
	expect_time(cx_vcpu_pcpu(v), now, "block");
	note(SPY_BLOCK, "block%u", cx_vcpu_id(v));
	end();
	if (spy->inner->block)
		spy->inner->block(policy, v, now);
}

static void spy_yield(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	begin();
	expect(of_vcpu(v)->awake && cx_pcpu_current(cx_vcpu_pcpu(v)) == v, "yield", "does not run");
	expect_time(cx_vcpu_pcpu(v), now, "yield");
	note(SPY_YIELD, "yield%u", cx_vcpu_id(v));
	end();
	if (spy->inner->yield)
		spy->inner->yield(policy, v, now);
}

/* --- decisions ---------------------------------------------------------------------- */

static void check_pick(const struct cx_policy *policy, const struct cx_pcpu *p,
		       const struct cx_pick *pick)
{
	const struct spy_pcpu *sp = of_pcpu(p);
	const struct cx_vcpu *prev = pick->prev;

	expect(pick->slice_ns == CX_SLICE_DEFAULT_NS, "pick", "the slice is not preset");
	expect((pick->why == CX_WHY_IDLE) == !prev, "pick", "idle, and yet not");
	expect((unsigned)pick->why < CX_WHYS, "pick", "for no known reason");
	expect(is_known(p), "pick", "on a pCPU that is offline");
	expect(in_pool(policy, p) || prev || spy->faulty, "pick", "idle, and leaves the pool");
	expect(cx_pcpu_current(p) == prev, "pick", "prev is not who runs there");
	if (!spy->faulty)
		expect(prev == sp->picked, "pick", "prev is not who was picked");
	if (!prev)
		return;
	expect(cx_vcpu_pcpu(prev) == p, "pick", "prev is assigned elsewhere");
	expect(cx_vcpu_runnable(prev) == of_vcpu(prev)->awake, "pick", "prev: runnable?");
	if (pick->why == CX_WHY_BLOCK || pick->why == CX_WHY_END)
		expect(!cx_vcpu_runnable(prev), "pick", "blocked, and yet runnable");
	if (!spy->faulty)
		expect(pick->ran_ns == pick->now_ns - sp->picked_ns ||
			       (spy->threaded && pick->ran_ns < pick->now_ns - sp->picked_ns),
		       "pick", "ran for how long?");
}

static struct cx_vcpu *spy_pick(struct cx_policy *policy, struct cx_pcpu *p, struct cx_pick *pick)
{
	struct cx_vcpu *v;

	begin();
	expect_time(p, pick->now_ns, "pick");
	check_pick(policy, p, pick);
	note(SPY_PICK, "pick%u:%s", cx_pcpu_index(p), cx_why_name(pick->why));
	end();
	v = spy->inner->pick(policy, p, pick);
	begin();
	if (of_pcpu(p)->picked != v)
		of_pcpu(p)->picked_ns = pick->now_ns;
	/* Whom it names for one that goes offline does not run there. */
	of_pcpu(p)->picked = in_pool(policy, p) ? v : NULL;
	end();
	return v;
}

static void spy_tick(struct cx_policy *policy, struct cx_pcpu *p, uint64_t now)
{
	struct spy_pcpu *sp = of_pcpu(p);

	begin();
	expect(is_known(p), "tick", "on a pCPU that is offline");
	expect(cx_pcpu_current(p) && !cx_pcpu_idle(p), "tick", "on an idle pCPU");
	expect(!sp->period_ns || now % sp->period_ns == 0, "tick", "not at a multiple");
	expect_time(p, now, "tick");
	sp->ticks++;
	note(SPY_TICK, "tick%u", cx_pcpu_index(p));
	end();
	if (spy->inner->tick)
		spy->inner->tick(policy, p, now);
}

static void spy_timer(struct cx_policy *policy, struct cx_pcpu *p, unsigned id, uint64_t now)
{
	begin();
	expect(id < CX_PCPU_TIMERS, "timer", "no such timer");
	expect(is_known(p), "timer", "on a pCPU that is offline");
	expect_time(p, now, "timer");
	note(SPY_TIMER, "timer%u.%u", cx_pcpu_index(p), id);
	end();
	if (spy->inner->timer)
		spy->inner->timer(policy, p, id, now);
}

static void spy_dump(struct cx_policy *policy, uint64_t now)
{
	begin();
	note(SPY_DUMP, "dump");
	end();
	if (spy->inner->dump)
		spy->inner->dump(policy, now);
}

/* --- the spy ------------------------------------------------------------------------ */

struct spy *spy_new(const struct cx_plugin *inner, uint64_t flags)
{
	struct spy *s = calloc(1, sizeof(*s));
	struct cx_plugin *t;

	assert_non_null(s);
	pthread_mutex_init(&s->lock, NULL);
	s->inner = inner;
	t = &s->table;
	*t = *inner; /* name, parameters, sizes */
	t->flags |= flags;
	t->init = spy_init;
	t->fini = spy_fini;
	t->param_set = spy_param_set;
	t->pcpu_online = spy_pcpu_online;
	t->pcpu_offline = spy_pcpu_offline;
	t->domain_attach = spy_domain_attach;
	t->domain_adjust = spy_domain_adjust;
	t->domain_detach = spy_domain_detach;
	t->pool_adjust = spy_pool_adjust;
	t->vcpu_attach = spy_vcpu_attach;
	t->vcpu_detach = spy_vcpu_detach;
	t->choose_pcpu = spy_choose_pcpu;
	t->migrate = spy_migrate;
	t->wake = spy_wake;
	t->block = spy_block;
	t->yield = spy_yield;
	t->pick = spy_pick;
	t->tick = spy_tick;
	t->timer = spy_timer;
	t->dump = spy_dump;
	spy = s;
	return s;
}

void spy_check_ended(const struct spy *s)
{
	unsigned i;

	assert_false(s->begun);
	assert_int_equal(s->calls[SPY_INIT], s->calls[SPY_FINI]);
	assert_int_equal(s->calls[SPY_PCPU_ONLINE], s->calls[SPY_PCPU_OFFLINE]);
	assert_int_equal(s->calls[SPY_DOMAIN_ATTACH], s->calls[SPY_DOMAIN_DETACH]);
	assert_int_equal(s->calls[SPY_VCPU_ATTACH], s->calls[SPY_VCPU_DETACH]);
	assert_int_equal(s->calls[SPY_WAKE], s->calls[SPY_BLOCK]);
	for (i = 0; i < SPY_VCPUS; i++)
		assert_false(s->vcpus[i].attached || s->vcpus[i].awake);
}

void spy_free(struct spy *s)
{
	pthread_mutex_destroy(&s->lock);
	free(s);
	spy = NULL;
}
