/* SPDX-License-Identifier: BSD-2-Clause */
/* The test bench: locks, and the services that a policy calls.  Part of mock_core.c. */
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
	unsigned n = 0;

	for (unsigned i = 0; i < policy->m->config.pcpus; i++)
		n += policy->m->pcpus[i].online;
	return n;
}

unsigned cx_pcpu_limit(const struct cx_policy *policy)
{
	return policy->m->config.pcpus;
}

struct cx_pcpu *cx_pcpu_at(const struct cx_policy *policy, unsigned index)
{
	struct mock *m = policy->m;

	return index < m->config.pcpus && m->pcpus[index].online ? &m->pcpus[index] : NULL;
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
	/* Itself, then those that are online. */
	for (unsigned i = 0; i < pcpu->m->config.pcpus; i++)
		if ((i == 0 || pcpu->near[i]->online) && rank-- == 0)
			return pcpu->near[i];
	return NULL;
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
	return pcpu->online && v->hard >> pcpu->index & 1;
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
	if (!pcpu->known)
		breach(pcpu->m, "cx_tick_every on pCPU %u, which is offline", pcpu->index);
	if (period_ns && period_ns < CX_SLICE_MIN_NS)
		breach(pcpu->m, "a tick every %llu ns", (unsigned long long)period_ns);
	pcpu->tick_every_ns = period_ns;
	pcpu->tick_ns = period_ns ? next_multiple(pcpu->m->now_ns, period_ns) : MOCK_FOREVER;
}

void cx_timer_at(struct cx_pcpu *pcpu, unsigned id, uint64_t when_ns)
{
	need_lock(pcpu, "cx_timer_at");
	if (!pcpu->known)
		breach(pcpu->m, "cx_timer_at on pCPU %u, which is offline", pcpu->index);
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
