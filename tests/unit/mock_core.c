/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock_core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE_MAX 100000 /* steps at one instant before it counts as a livelock */

__attribute__((format(printf, 2, 3))) static void breach(struct mock *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->last_breach, sizeof(m->last_breach), fmt, ap);
	va_end(ap);
	if (m->breaches++ >= 10 || m->expects_breaches)
		return;
	fprintf(stderr, "%s: t=%llu in %s: %s\n", m->plugin->name, (unsigned long long)m->now_ns,
		m->op ? m->op : "-", m->last_breach);
}

uint64_t mock_rand(struct mock *m, uint64_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return below ? m->random % below : m->random;
}

static void note(struct mock *m, struct mock_entry e)
{
	if (m->config.quiet)
		return;
	if (m->n_log == m->cap_log) {
		m->cap_log = m->cap_log ? 2 * m->cap_log : 1024;
		m->log = realloc(m->log, m->cap_log * sizeof(*m->log));
		if (!m->log)
			abort();
	}
	e.t_ns = m->now_ns;
	m->log[m->n_log++] = e;
}

const struct mock_entry *mock_next(const struct mock *m, size_t *at, enum mock_kind kind, int vcpu)
{
	while (*at < m->n_log) {
		const struct mock_entry *e = &m->log[(*at)++];

		if (e->kind == kind && (vcpu == -2 || e->vcpu == vcpu))
			return e;
	}
	return NULL;
}

/* --- locks ------------------------------------------------------------------ */

static bool one_lock(const struct mock *m)
{
	return m->plugin->flags & CX_PLUGIN_INSTANCE_LOCK;
}

static void hold(struct mock *m, const char *op, struct cx_pcpu *a, struct cx_pcpu *b)
{
	m->op = op;
	for (unsigned i = 0; i < m->config.pcpus; i++)
		m->pcpus[i].held =
			(!a && !b) || one_lock(m) || &m->pcpus[i] == a || &m->pcpus[i] == b;
}

static void hold_all(struct mock *m, const char *op)
{
	hold(m, op, NULL, NULL);
}

/* The operation is over: has it given back what it took? */
static void release(struct mock *m, const struct cx_pcpu *a, const struct cx_pcpu *b)
{
	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (p->held && !one_lock(m) && (a || b) && p != a && p != b)
			breach(m, "the lock of pCPU %u was not released", i);
		p->held = false;
	}
	m->op = NULL;
}

static void need_lock(const struct cx_pcpu *p, const char *service)
{
	if (!p->held)
		breach(p->m, "%s without the lock of pCPU %u", service, p->index);
}

/* --- services: who and where -------------------------------------------------- */

void *cx_policy_priv(const struct cx_policy *policy)
{
	return policy->priv;
}

void *cx_pcpu_priv(const struct cx_pcpu *pcpu)
{
	return pcpu->priv;
}

void *cx_domain_priv(const struct cx_domain *dom)
{
	return dom->priv;
}

void *cx_vcpu_priv(const struct cx_vcpu *v)
{
	return v->priv;
}

int64_t cx_policy_param(const struct cx_policy *policy, unsigned index)
{
	return index < policy->m->plugin->n_params ? policy->params[index] : 0;
}

int64_t cx_domain_param(const struct cx_domain *dom, unsigned index)
{
	return index < dom->m->plugin->n_domain_params ? dom->params[index] : 0;
}

unsigned cx_pcpu_count(const struct cx_policy *policy)
{
	return policy->m->config.pcpus;
}

unsigned cx_pcpu_limit(const struct cx_policy *policy)
{
	return policy->m->config.pcpus;
}

struct cx_pcpu *cx_pcpu_at(const struct cx_policy *policy, unsigned index)
{
	return index < policy->m->config.pcpus ? &policy->m->pcpus[index] : NULL;
}

unsigned cx_pcpu_index(const struct cx_pcpu *pcpu)
{
	return pcpu->index;
}

bool cx_pcpu_idle(const struct cx_pcpu *pcpu)
{
	return !pcpu->current;
}

unsigned cx_pcpu_runnable(const struct cx_pcpu *pcpu)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pcpu->m->n_vcpus; i++)
		n += pcpu->m->vcpus[i]->pcpu == pcpu && pcpu->m->vcpus[i]->runnable;
	return n;
}

struct cx_vcpu *cx_pcpu_current(const struct cx_pcpu *pcpu)
{
	need_lock(pcpu, "cx_pcpu_current");
	return pcpu->current;
}

struct cx_vcpu *cx_pcpu_next_vcpu(const struct cx_pcpu *pcpu, const struct cx_vcpu *after)
{
	const struct mock *m = pcpu->m;
	unsigned start = after && after->pcpu == pcpu ? after->id + 1 : 0;

	need_lock(pcpu, "cx_pcpu_next_vcpu");
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[(start + i) % m->n_vcpus];

		if (v->pcpu == pcpu && v->attached)
			return v;
	}
	return NULL;
}

enum cx_distance cx_distance(const struct cx_pcpu *a, const struct cx_pcpu *b)
{
	const struct mock_config *c = &a->m->config;

	if (a == b)
		return CX_DIST_SELF;
	if (a->index / c->smt == b->index / c->smt)
		return CX_DIST_SMT;
	if (a->index / c->llc == b->index / c->llc)
		return CX_DIST_LLC;
	if (a->index / c->node == b->index / c->node)
		return CX_DIST_NODE;
	return CX_DIST_REMOTE;
}

struct cx_pcpu *cx_pcpu_near(const struct cx_pcpu *pcpu, unsigned rank)
{
	return rank < pcpu->m->config.pcpus ? pcpu->near[rank] : NULL;
}

const char *cx_domain_name(const struct cx_domain *dom)
{
	return dom->name;
}

unsigned cx_domain_index(const struct cx_domain *dom)
{
	return dom->index;
}

unsigned cx_domain_vcpus(const struct cx_domain *dom)
{
	return dom->n_vcpus;
}

struct cx_vcpu *cx_domain_vcpu(const struct cx_domain *dom, unsigned index)
{
	return index < dom->n_vcpus ? dom->vcpus[index] : NULL;
}

unsigned cx_domain_weight(const struct cx_domain *dom)
{
	return dom->weight;
}

unsigned cx_domain_reservation(const struct cx_domain *dom)
{
	return dom->reservation;
}

unsigned cx_domain_limit(const struct cx_domain *dom)
{
	return dom->limit;
}

struct cx_domain *cx_vcpu_domain(const struct cx_vcpu *v)
{
	return v->dom;
}

unsigned cx_vcpu_index(const struct cx_vcpu *v)
{
	return v->index;
}

unsigned cx_vcpu_id(const struct cx_vcpu *v)
{
	return v->id;
}

struct cx_pcpu *cx_vcpu_pcpu(const struct cx_vcpu *v)
{
	need_lock(v->pcpu, "cx_vcpu_pcpu");
	return v->pcpu;
}

bool cx_vcpu_runnable(const struct cx_vcpu *v)
{
	need_lock(v->pcpu, "cx_vcpu_runnable");
	return v->runnable;
}

bool cx_vcpu_running(const struct cx_vcpu *v)
{
	need_lock(v->pcpu, "cx_vcpu_running");
	return v->on_pcpu;
}

bool cx_vcpu_parked(const struct cx_vcpu *v)
{
	need_lock(v->pcpu, "cx_vcpu_parked");
	return v->parked != 0;
}

bool cx_vcpu_allowed(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return v->hard >> pcpu->index & 1;
}

bool cx_vcpu_prefers(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return v->soft >> pcpu->index & 1;
}

uint64_t cx_vcpu_warmth(const struct cx_vcpu *v, const struct cx_pcpu *pcpu, uint64_t now)
{
	(void)now;
	return cx_distance(v->pcpu, pcpu) <= CX_DIST_LLC ? v->run_ns : 0;
}

/* --- services: acting ------------------------------------------------------- */

void cx_kick(struct cx_pcpu *pcpu)
{
	struct mock *m = pcpu->m;
	uint64_t takes = m->config.kick_ns;

	if (pcpu->kicked || pcpu->picking)
		return;
	if (m->config.shaky && takes)
		takes = mock_rand(m, takes + 1);
	pcpu->kicked = true;
	pcpu->kick_ns = m->now_ns + takes;
}

static uint64_t next_multiple(uint64_t now, uint64_t period)
{
	return (now / period + 1) * period;
}

void cx_tick_every(struct cx_pcpu *pcpu, uint64_t period_ns)
{
	need_lock(pcpu, "cx_tick_every");
	if (period_ns && period_ns < CX_SLICE_MIN_NS)
		breach(pcpu->m, "a tick every %llu ns", (unsigned long long)period_ns);
	pcpu->tick_every_ns = period_ns;
	pcpu->tick_ns = period_ns ? next_multiple(pcpu->m->now_ns, period_ns) : MOCK_FOREVER;
}

void cx_timer_at(struct cx_pcpu *pcpu, unsigned id, uint64_t when_ns)
{
	need_lock(pcpu, "cx_timer_at");
	if (id >= CX_PCPU_TIMERS)
		breach(pcpu->m, "timer %u", id);
	else
		pcpu->timer_ns[id] = when_ns;
}

static void set_parked(struct cx_vcpu *v, enum cx_park_reason reason, bool park)
{
	unsigned bit = 1u << reason;

	need_lock(v->pcpu, park ? "cx_park" : "cx_unpark");
	if (!!(v->parked & bit) == park)
		return;
	v->parked ^= bit;
	note(v->m, (struct mock_entry){ .kind = park ? MOCK_PARK : MOCK_UNPARK,
					.pcpu = (int)v->pcpu->index,
					.vcpu = (int)v->id,
					.code = reason });
	if (park && v->on_pcpu)
		cx_kick(v->pcpu);
}

void cx_park(struct cx_vcpu *v, enum cx_park_reason reason, uint64_t now)
{
	(void)now;
	set_parked(v, reason, true);
}

void cx_unpark(struct cx_vcpu *v, enum cx_park_reason reason, uint64_t now)
{
	(void)now;
	set_parked(v, reason, false);
}

static void assign(struct cx_vcpu *v, struct cx_pcpu *to)
{
	note(v->m, (struct mock_entry){ .kind = MOCK_MIGRATE,
					.pcpu = (int)to->index,
					.vcpu = (int)v->id,
					.x = v->pcpu->index });
	v->pcpu = to;
}

int cx_migrate(struct cx_vcpu *v, struct cx_pcpu *to, uint64_t now)
{
	(void)now;
	need_lock(v->pcpu, "cx_migrate (from)");
	need_lock(to, "cx_migrate (to)");
	if (v->on_pcpu || !cx_vcpu_allowed(v, to) || !v->runnable) {
		breach(v->m, "vCPU %u cannot be migrated to pCPU %u: %s", v->id, to->index,
		       v->on_pcpu     ? "it runs"
		       : !v->runnable ? "it sleeps"
				      : "affinity");
		return -EINVAL;
	}
	assign(v, to);
	return 0;
}

bool cx_trylock(struct cx_pcpu *peer)
{
	if (one_lock(peer->m))
		return true;
	if (peer->held) {
		breach(peer->m, "cx_trylock of pCPU %u, held already", peer->index);
		return false;
	}
	if (peer->m->config.shaky && mock_rand(peer->m, 4) == 0)
		return false;
	peer->held = true;
	return true;
}

void cx_unlock(struct cx_pcpu *peer)
{
	if (one_lock(peer->m))
		return;
	need_lock(peer, "cx_unlock");
	peer->held = false;
}

uint64_t cx_random(struct cx_policy *policy)
{
	return mock_rand(policy->m, 0);
}

static void note_told(enum mock_kind kind, struct cx_pcpu *pcpu, const struct cx_vcpu *v,
		      unsigned code, uint64_t x, uint64_t y)
{
	need_lock(pcpu, "cx_trace_...");
	note(pcpu->m, (struct mock_entry){ .kind = kind,
					   .pcpu = (int)pcpu->index,
					   .vcpu = v ? (int)v->id : -1,
					   .code = code,
					   .x = x,
					   .y = y });
}

void cx_trace_account(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		      uint64_t y, uint64_t now)
{
	(void)now;
	note_told(MOCK_ACCOUNT, pcpu, v, code, x, y);
}

void cx_trace_event(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		    uint64_t y, uint64_t now)
{
	(void)now;
	note_told(MOCK_EVENT, pcpu, v, code, x, y);
}

void cx_log(struct cx_policy *policy, const char *fmt, ...)
{
	struct mock *m = policy->m;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->last_log, sizeof(m->last_log), fmt, ap);
	va_end(ap);
	if (!strncmp(m->last_log, "breach", 6) && strcmp(m->last_log, "breaches: 0"))
		breach(m, "the policy says: %s", m->last_log);
}

void cx_dump(struct cx_policy *policy, const char *fmt, ...)
{
	struct mock *m = policy->m;
	va_list ap;

	if (!m->op || strcmp(m->op, "dump"))
		breach(m, "cx_dump outside dump()");
	va_start(ap, fmt);
	vsnprintf(m->last_dump, sizeof(m->last_dump), fmt, ap);
	va_end(ap);
}

/* --- the life of things -------------------------------------------------------- */

static void *area(size_t size)
{
	void *p = size ? calloc(1, size) : NULL;

	if (size && !p)
		abort();
	return p;
}

static void order_near(struct cx_pcpu *p)
{
	unsigned n = 0;

	for (int d = CX_DIST_SELF; d <= CX_DIST_REMOTE; d++)
		for (unsigned i = 0; i < p->m->config.pcpus; i++)
			if ((int)cx_distance(p, &p->m->pcpus[i]) == d)
				p->near[n++] = &p->m->pcpus[i];
}

static void bring_online(struct mock *m)
{
	unsigned i, id;

	for (i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		p->m = m;
		p->index = i;
		p->tick_ns = MOCK_FOREVER;
		for (id = 0; id < CX_PCPU_TIMERS; id++)
			p->timer_ns[id] = MOCK_FOREVER;
		p->priv = area(m->plugin->pcpu_size);
	}
	for (i = 0; i < m->config.pcpus; i++)
		order_near(&m->pcpus[i]);
	for (i = 0; i < m->config.pcpus && m->plugin->pcpu_online; i++) {
		hold_all(m, "pcpu_online");
		if (m->plugin->pcpu_online(&m->policy, &m->pcpus[i], 0))
			breach(m, "failed");
		release(m, NULL, NULL);
	}
}

struct mock *mock_new(const struct cx_plugin *plugin, const struct mock_config *config)
{
	struct mock *m = area(sizeof(*m));

	m->plugin = plugin;
	m->config = *config;
	m->config.smt = config->smt ? config->smt : 1;
	m->config.llc = config->llc ? config->llc : config->pcpus;
	m->config.node = config->node ? config->node : config->pcpus;
	m->random = config->seed * 0x9e3779b97f4a7c15ull | 1;
	m->policy.m = m;
	m->policy.priv = area(plugin->policy_size);
	for (unsigned i = 0; i < plugin->n_params; i++)
		m->policy.params[i] = plugin->params[i].def;
	m->op = "init";
	if (plugin->init && plugin->init(&m->policy))
		breach(m, "failed");
	bring_online(m);
	return m;
}

void mock_param(struct mock *m, const char *name, int64_t value)
{
	for (unsigned i = 0; i < m->plugin->n_params; i++) {
		const struct cx_param *p = &m->plugin->params[i];

		if (strcmp(p->name, name))
			continue;
		if (value < p->min || value > p->max)
			breach(m, "%s out of range", name);
		m->policy.params[i] = value;
		hold_all(m, "param_set");
		if (m->plugin->param_set)
			m->plugin->param_set(&m->policy, i, m->now_ns);
		release(m, NULL, NULL);
		return;
	}
	breach(m, "no parameter %s", name);
}

struct cx_domain *mock_domain(struct mock *m, const char *name, unsigned weight, unsigned limit)
{
	struct cx_domain *dom = &m->domains[m->n_domains];

	if (m->n_domains == MOCK_DOMAINS)
		abort();
	dom->m = m;
	dom->index = m->n_domains++;
	snprintf(dom->name, sizeof(dom->name), "%s", name);
	dom->weight = weight;
	dom->limit = limit;
	dom->priv = area(m->plugin->domain_size);
	hold_all(m, "domain_attach");
	if (m->plugin->domain_attach && m->plugin->domain_attach(&m->policy, dom, m->now_ns))
		breach(m, "failed");
	release(m, NULL, NULL);
	return dom;
}

void mock_adjust(struct cx_domain *dom, unsigned weight, unsigned limit)
{
	struct mock *m = dom->m;

	dom->weight = weight;
	dom->limit = limit;
	hold_all(m, "domain_adjust");
	if (m->plugin->domain_adjust)
		m->plugin->domain_adjust(&m->policy, dom, m->now_ns);
	release(m, NULL, NULL);
}

static struct cx_vcpu *new_vcpu(struct cx_domain *dom, uint64_t start_ns)
{
	struct mock *m = dom->m;
	struct cx_vcpu *v = area(sizeof(*v));

	if (m->n_vcpus == MOCK_VCPUS || dom->n_vcpus == 64)
		abort();
	v->m = m;
	v->dom = dom;
	v->id = m->n_vcpus;
	v->index = dom->n_vcpus;
	v->hard = v->soft = (uint32_t)((1ull << m->config.pcpus) - 1);
	v->pcpu = &m->pcpus[0];
	v->wake_ns = start_ns < m->now_ns ? m->now_ns : start_ns;
	v->wake_why = CX_WAKE_START;
	v->priv = area(m->plugin->vcpu_size);
	m->vcpus[m->n_vcpus++] = v;
	dom->vcpus[dom->n_vcpus++] = v;
	return v;
}

static struct mock_step hog_step(void *arg)
{
	(void)arg;
	return (struct mock_step){ MOCK_RUN, MOCK_FOREVER };
}

static struct mock_step table_step(void *arg)
{
	struct cx_vcpu *v = arg;

	return v->steps[v->next_step++ % v->n_steps];
}

struct cx_vcpu *mock_scripted(struct cx_domain *dom, uint64_t start_ns, mock_script script,
			      void *arg)
{
	struct cx_vcpu *v = new_vcpu(dom, start_ns);

	v->script = script;
	v->script_arg = arg;
	return v;
}

struct cx_vcpu *mock_vcpu(struct cx_domain *dom, uint64_t start_ns, const struct mock_step *steps,
			  unsigned n_steps)
{
	struct cx_vcpu *v = new_vcpu(dom, start_ns);

	v->script = steps ? table_step : hog_step;
	v->script_arg = v;
	v->steps = steps;
	v->n_steps = n_steps;
	return v;
}

void mock_affinity(struct cx_vcpu *v, uint32_t hard, uint32_t soft)
{
	v->hard = hard;
	v->soft = soft;
	v->pcpu = &v->m->pcpus[__builtin_ctz(hard)];
}

static void attach(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	v->attached = true;
	v->start_ns = m->now_ns;
	hold(m, "vcpu_attach", v->pcpu, NULL);
	if (m->plugin->vcpu_attach && m->plugin->vcpu_attach(&m->policy, v, m->now_ns))
		breach(m, "failed");
	release(m, v->pcpu, NULL);
}

static void detach(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	if (!v->attached)
		return;
	hold(m, "vcpu_detach", v->pcpu, NULL);
	if (m->plugin->vcpu_detach)
		m->plugin->vcpu_detach(&m->policy, v, m->now_ns);
	release(m, v->pcpu, NULL);
	v->attached = false;
	free(v->priv);
	v->priv = NULL;
}

/* --- calls ------------------------------------------------------------------------ */

static void tell_block(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	if (!v->told_awake)
		breach(m, "bench: block() without wake() of vCPU %u", v->id);
	v->told_awake = false;
	v->runnable = false;
	hold(m, "block", v->pcpu, NULL);
	if (m->plugin->block)
		m->plugin->block(&m->policy, v, m->now_ns);
	release(m, v->pcpu, NULL);
}

static struct cx_pcpu *default_place(struct cx_vcpu *v)
{
	struct cx_pcpu *p, *best = NULL;

	for (unsigned rank = 0; (p = cx_pcpu_near(v->pcpu, rank)); rank++)
		if (cx_vcpu_allowed(v, p) && !p->current && cx_pcpu_runnable(p) == 0)
			return p;
	if (cx_vcpu_allowed(v, v->pcpu))
		return v->pcpu;
	for (unsigned rank = 0; (p = cx_pcpu_near(v->pcpu, rank)); rank++)
		if (cx_vcpu_allowed(v, p) &&
		    (!best || cx_pcpu_runnable(p) < cx_pcpu_runnable(best)))
			best = p;
	return best;
}

static void move(struct cx_vcpu *v, struct cx_pcpu *to)
{
	struct mock *m = v->m;
	struct cx_pcpu *from = v->pcpu;

	if (to == from)
		return;
	assign(v, to);
	hold(m, "migrate", from, to);
	if (m->plugin->migrate)
		m->plugin->migrate(&m->policy, v, from, to, m->now_ns);
	release(m, from, to);
}

static void tell_wake(struct cx_vcpu *v)
{
	struct mock *m = v->m;
	struct cx_pcpu *to = NULL;

	if (v->told_awake)
		breach(m, "bench: wake() twice of vCPU %u", v->id);
	v->told_awake = v->runnable = v->fresh = true;
	v->wakes++;
	note(m, (struct mock_entry){ .kind = MOCK_WAKE,
				     .pcpu = (int)v->pcpu->index,
				     .vcpu = (int)v->id,
				     .code = v->wake_why });
	hold(m, "choose_pcpu", v->pcpu, NULL);
	if (m->plugin->choose_pcpu)
		to = m->plugin->choose_pcpu(&m->policy, v, m->now_ns);
	if (to && !cx_vcpu_allowed(v, to)) {
		breach(m, "vCPU %u placed on pCPU %u, which affinity forbids", v->id, to->index);
		to = NULL;
	}
	release(m, v->pcpu, NULL);
	move(v, to ? to : default_place(v));
	hold(m, "wake", v->pcpu, NULL);
	if (m->plugin->wake)
		m->plugin->wake(&m->policy, v, v->wake_why, m->now_ns);
	else if (!v->pcpu->current)
		cx_kick(v->pcpu);
	release(m, v->pcpu, NULL);
}

static const char *fault_of(const struct cx_pcpu *p, const struct cx_vcpu *v)
{
	bool ours = false;

	for (unsigned i = 0; i < p->m->n_vcpus; i++)
		ours |= p->m->vcpus[i] == v;
	if (!ours)
		return "is no vCPU";
	if (!v->runnable)
		return "is not runnable";
	if (v->parked)
		return "is parked";
	if (v->on_pcpu && v != p->current)
		return "runs elsewhere";
	if (!cx_vcpu_allowed(v, p))
		return "is forbidden here";
	if (v->pcpu != p)
		return "is assigned elsewhere";
	return NULL;
}

static void put(struct cx_pcpu *p, struct cx_vcpu *next, uint64_t slice_ns)
{
	struct mock *m = p->m;

	if (p->current && p->current != next)
		p->current->on_pcpu = false;
	if (next && !p->current && p->tick_every_ns)
		p->tick_ns = next_multiple(m->now_ns, p->tick_every_ns);
	if (next && next != p->current)
		p->put_ns = m->now_ns;
	p->current = next;
	if (!next)
		return;
	p->slice_end_ns = m->now_ns + slice_ns;
	next->on_pcpu = true;
	next->waiting_ns = 0;
	if (next->fresh) {
		next->fresh = false;
		if (next->latency_ns > next->longest_latency_ns)
			next->longest_latency_ns = next->latency_ns;
		next->latency_ns = 0;
	}
}

static void decide(struct cx_pcpu *p, enum cx_why why)
{
	struct mock *m = p->m;
	struct cx_pick pick = {
		.now_ns = m->now_ns,
		.prev = p->current,
		.why = p->current ? why : CX_WHY_IDLE,
		.ran_ns = p->current ? m->now_ns - p->put_ns : 0,
		.slice_ns = CX_SLICE_DEFAULT_NS,
	};
	struct cx_vcpu *next;
	const char *fault;

	p->kicked = false;
	p->picking = true;
	m->decisions++;
	hold(m, "pick", p, NULL);
	next = m->plugin->pick(&m->policy, p, &pick);
	fault = next ? fault_of(p, next) : NULL;
	if (fault) {
		breach(m, "picked a vCPU on pCPU %u that %s", p->index, fault);
		next = NULL;
	}
	if (next && (pick.slice_ns < CX_SLICE_MIN_NS || pick.slice_ns > CX_SLICE_MAX_NS)) {
		breach(m, "a slice of %llu ns", (unsigned long long)pick.slice_ns);
		pick.slice_ns = CX_SLICE_DEFAULT_NS;
	}
	release(m, p, NULL);
	p->picking = false;
	put(p, next, pick.slice_ns);
	note(m, (struct mock_entry){ .kind = MOCK_DECIDE,
				     .pcpu = (int)p->index,
				     .vcpu = next ? (int)next->id : -1,
				     .code = pick.why,
				     .x = next ? pick.slice_ns : 0 });
}

static void leave(struct cx_vcpu *v, enum cx_why why)
{
	struct mock *m = v->m;
	struct cx_pcpu *p = v->pcpu;

	if (why == CX_WHY_BLOCK || why == CX_WHY_END) {
		tell_block(v);
	} else if (why == CX_WHY_YIELD && m->plugin->yield) {
		hold(m, "yield", p, NULL);
		m->plugin->yield(&m->policy, v, m->now_ns);
		release(m, p, NULL);
	}
	decide(p, why);
}

void mock_stop(struct cx_vcpu *v)
{
	v->wake_ns = MOCK_FOREVER;
	v->doing = MOCK_END;
	if (v->on_pcpu)
		leave(v, CX_WHY_END);
	else if (v->told_awake)
		tell_block(v);
	detach(v);
}

void mock_reaffine(struct cx_vcpu *v, uint32_t hard)
{
	v->hard = hard;
	if (v->attached && !v->on_pcpu && !cx_vcpu_allowed(v, v->pcpu))
		move(v, &v->m->pcpus[__builtin_ctz(hard)]);
}

/* --- time ---------------------------------------------------------------------------- */

static void next_step(struct cx_vcpu *v)
{
	struct mock *m = v->m;
	struct mock_step step = v->script(v->script_arg);

	v->doing = step.what;
	v->left_ns = step.what == MOCK_RUN ? step.ns : 0;
	switch (step.what) {
	case MOCK_RUN:
		break;
	case MOCK_SLEEP:
		v->wake_ns = m->now_ns + step.ns;
		v->wake_why = CX_WAKE_TIMER;
		leave(v, CX_WHY_BLOCK);
		break;
	case MOCK_YIELD:
		leave(v, CX_WHY_YIELD);
		break;
	case MOCK_END:
		mock_stop(v);
		break;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t pcpu_due(const struct cx_pcpu *p)
{
	const struct cx_vcpu *v = p->current;
	uint64_t t = p->kicked ? p->kick_ns : MOCK_FOREVER;

	for (unsigned id = 0; id < CX_PCPU_TIMERS; id++)
		t = earlier(t, p->timer_ns[id]);
	if (!v)
		return t;
	t = earlier(t, p->slice_end_ns);
	if (p->tick_every_ns)
		t = earlier(t, p->tick_ns);
	return earlier(t, v->left_ns == MOCK_FOREVER ? MOCK_FOREVER : p->m->now_ns + v->left_ns);
}

static uint64_t next_due(const struct mock *m)
{
	uint64_t t = MOCK_FOREVER;

	for (unsigned i = 0; i < m->config.pcpus; i++)
		t = earlier(t, pcpu_due(&m->pcpus[i]));
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (!m->vcpus[i]->runnable && m->vcpus[i]->doing != MOCK_END)
			t = earlier(t, m->vcpus[i]->wake_ns);
	return t;
}

static void book_vcpu(struct cx_vcpu *v, uint64_t dt)
{
	if (v->fresh && !v->parked)
		v->latency_ns += dt;
	if (v->on_pcpu) {
		v->run_ns += dt;
		if (v->left_ns != MOCK_FOREVER)
			v->left_ns -= dt;
	} else if (!v->runnable) {
		v->blocked_ns += dt;
		v->waiting_ns = 0;
	} else if (v->parked) {
		v->limited_ns += dt;
		v->waiting_ns = 0;
	} else {
		v->ready_ns += dt;
		v->waiting_ns += dt;
		if (v->waiting_ns > v->longest_wait_ns)
			v->longest_wait_ns = v->waiting_ns;
	}
}

static bool could_run(const struct cx_pcpu *p)
{
	for (unsigned i = 0; i < p->m->n_vcpus; i++) {
		const struct cx_vcpu *v = p->m->vcpus[i];

		if (v->runnable && !v->parked && !v->on_pcpu && cx_vcpu_allowed(v, p))
			return true;
	}
	return false;
}

static void pass(struct mock *m, uint64_t to)
{
	uint64_t dt = to - m->now_ns;

	for (unsigned i = 0; dt && i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (p->current || !could_run(p)) {
			p->wasting_ns = 0;
			continue;
		}
		m->wasted_ns += dt;
		p->wasting_ns += dt;
		if (p->wasting_ns > m->longest_waste_ns)
			m->longest_waste_ns = p->wasting_ns;
	}
	for (unsigned i = 0; dt && i < m->n_vcpus; i++)
		if (m->vcpus[i]->attached)
			book_vcpu(m->vcpus[i], dt);
	m->now_ns = to;
}

static bool run_ticks(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (!p->current || !p->tick_every_ns || p->tick_ns > m->now_ns)
			continue;
		p->tick_ns = next_multiple(m->now_ns, p->tick_every_ns);
		hold(m, "tick", p, NULL);
		if (m->plugin->tick)
			m->plugin->tick(&m->policy, p, m->now_ns);
		release(m, p, NULL);
		did = true;
	}
	return did;
}

static bool run_timers(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus * CX_PCPU_TIMERS; i++) {
		struct cx_pcpu *p = &m->pcpus[i / CX_PCPU_TIMERS];
		unsigned id = i % CX_PCPU_TIMERS;

		if (p->timer_ns[id] > m->now_ns)
			continue;
		p->timer_ns[id] = MOCK_FOREVER;
		hold(m, "timer", p, NULL);
		if (m->plugin->timer)
			m->plugin->timer(&m->policy, p, id, m->now_ns);
		release(m, p, NULL);
		did = true;
	}
	return did;
}

static bool run_vcpus(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[i];

		if (v->doing == MOCK_END)
			continue;
		if (!v->runnable && v->wake_ns <= m->now_ns) {
			v->wake_ns = MOCK_FOREVER;
			if (!v->started)
				attach(v);
			v->started = true;
			v->doing = MOCK_RUN;
			v->left_ns = 0;
			tell_wake(v);
			did = true;
		}
	}
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[i];

		if (v->on_pcpu && v->left_ns == 0) {
			next_step(v);
			did = true;
		}
	}
	return did;
}

static bool run_decisions(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (p->current && p->slice_end_ns <= m->now_ns) {
			decide(p, CX_WHY_SLICE);
			did = true;
		} else if (p->kicked && p->kick_ns <= m->now_ns) {
			decide(p, CX_WHY_PREEMPT);
			did = true;
		}
	}
	return did;
}

void mock_run(struct mock *m, uint64_t until_ns)
{
	uint64_t t;

	while ((t = next_due(m)) <= until_ns) {
		unsigned n = 0;
		bool did;

		pass(m, t > m->now_ns ? t : m->now_ns);
		do {
			did = run_ticks(m);
			did |= run_timers(m);
			did |= run_vcpus(m);
			did |= run_decisions(m);
			if (++n > AT_ONCE_MAX) {
				breach(m, "no progress at this instant");
				return;
			}
		} while (did);
	}
	pass(m, until_ns);
}

void mock_dump(struct mock *m)
{
	hold_all(m, "dump");
	if (m->plugin->dump)
		m->plugin->dump(&m->policy, m->now_ns);
	release(m, NULL, NULL);
}

unsigned mock_free(struct mock *m)
{
	const struct cx_plugin *plugin = m->plugin;
	unsigned i, breaches;

	for (i = 0; i < m->n_vcpus; i++) {
		mock_stop(m->vcpus[i]);
		free(m->vcpus[i]->priv);
	}
	for (i = 0; i < m->n_domains; i++) {
		hold_all(m, "domain_detach");
		if (plugin->domain_detach)
			plugin->domain_detach(&m->policy, &m->domains[i], m->now_ns);
		release(m, NULL, NULL);
		free(m->domains[i].priv);
	}
	for (i = 0; i < m->config.pcpus; i++) {
		hold_all(m, "pcpu_offline");
		if (m->pcpus[i].current)
			breach(m, "bench: pCPU %u goes while vCPU %u runs", i,
			       m->pcpus[i].current->id);
		if (plugin->pcpu_offline)
			plugin->pcpu_offline(&m->policy, &m->pcpus[i], m->now_ns);
		release(m, NULL, NULL);
	}
	m->op = "fini";
	if (plugin->fini)
		plugin->fini(&m->policy);
	for (i = 0; i < m->config.pcpus; i++)
		free(m->pcpus[i].priv);
	for (i = 0; i < m->n_vcpus; i++)
		free(m->vcpus[i]);
	free(m->policy.priv);
	free(m->log);
	breaches = m->breaches;
	free(m);
	return breaches;
}
