/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services that plug-ins call.  Their contract is in <coxswain/plugin.h>.
 *
 * Arguments out of range are faults of the policy, not of the program.
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_MAX 200
#define RETRY_NS 50000 /* after a peer's lock was not to be had */

/*
 * The time of what a policy does: that which its operation was told, whatever it hands
 * on to us.  On a peer's lane something may have happened since.
 */
static uint64_t time_of_op(const struct cx_pcpu *p)
{
	const struct cx_guard *g = cx_guard_current();
	uint64_t now = g ? g->now_ns : clock_of(p->d);

	return now > p->emitted_ns ? now : p->emitted_ns;
}

/* Does the operation that calls hold @p's lock?  Core itself always does. */
static bool holds(const struct cx_pcpu *p)
{
	const struct cx_guard *g = cx_guard_current();
	unsigned i;

	if (!g || g->holds_all || p->d->one_lock || g->holds[0] == p || g->holds[1] == p)
		return true;
	for (i = 0; i < g->n_held; i++)
		if (g->held[i] == p)
			return true;
	return false;
}

void service_misused(struct cx_pcpu *p, const struct cx_vcpu *v)
{
	const struct cx_guard *g = cx_guard_current();

	if (!holds(p))
		p = g->holds[0];
	policy_fault(p, v, CX_FAULT_SERVICE, time_of_op(p));
}

/* --- private areas and parameters ------------------------------------------ */

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
	return index < policy->plugin->n_params ? policy->params[index] : 0;
}

int64_t cx_domain_param(const struct cx_domain *dom, unsigned index)
{
	return index < dom->d->policy.plugin->n_domain_params ? dom->params[index] : 0;
}

/* --- pCPUs ------------------------------------------------------------------ */

unsigned cx_pcpu_count(const struct cx_policy *policy)
{
	return atomic_load_explicit(&policy->d->n_online, memory_order_relaxed);
}

struct cx_pcpu *cx_pcpu_at(const struct cx_policy *policy, unsigned index)
{
	const struct cx_dispatch *d = policy->d;

	return index < d->n_pcpus && is_online(&d->pcpus[index]) ? &d->pcpus[index] : NULL;
}

unsigned cx_pcpu_limit(const struct cx_policy *policy)
{
	return policy->d->n_pcpus;
}

unsigned cx_pcpu_index(const struct cx_pcpu *pcpu)
{
	return pcpu->index;
}

bool cx_pcpu_idle(const struct cx_pcpu *pcpu)
{
	return atomic_load_explicit(&pcpu->idle, memory_order_relaxed);
}

unsigned cx_pcpu_runnable(const struct cx_pcpu *pcpu)
{
	return atomic_load_explicit(&pcpu->runnable, memory_order_relaxed);
}

struct cx_vcpu *cx_pcpu_current(const struct cx_pcpu *pcpu)
{
	return pcpu->current;
}

struct cx_vcpu *cx_pcpu_next_vcpu(const struct cx_pcpu *pcpu, const struct cx_vcpu *after)
{
	struct cx_node *node = NULL;

	if (after && assigned(after) == pcpu && cx_queued(&after->node))
		node = cx_list_next(&pcpu->vcpus, &after->node);
	if (!node)
		node = cx_list_first(&pcpu->vcpus);
	return node ? cx_entry(node, struct cx_vcpu, node) : NULL;
}

enum cx_distance cx_distance(const struct cx_pcpu *a, const struct cx_pcpu *b)
{
	return distance_of(a, b);
}

struct cx_pcpu *cx_pcpu_near(const struct cx_pcpu *pcpu, unsigned rank)
{
	return near_pcpu(pcpu, rank);
}

/* --- domains ---------------------------------------------------------------- */

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
	return index < dom->n_vcpus ? &dom->vcpus[index] : NULL;
}

unsigned cx_domain_weight(const struct cx_domain *dom)
{
	return atomic_load_explicit(&dom->weight, memory_order_relaxed);
}

unsigned cx_domain_reservation(const struct cx_domain *dom)
{
	return atomic_load_explicit(&dom->reservation, memory_order_relaxed);
}

unsigned cx_domain_limit(const struct cx_domain *dom)
{
	return atomic_load_explicit(&dom->limit, memory_order_relaxed);
}

/* --- vCPUs ------------------------------------------------------------------ */

struct cx_domain *cx_vcpu_domain(const struct cx_vcpu *v)
{
	return v->domain;
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
	return assigned(v);
}

bool cx_vcpu_runnable(const struct cx_vcpu *v)
{
	return v->attached && v->awake;
}

bool cx_vcpu_running(const struct cx_vcpu *v)
{
	return is_oncpu(v);
}

bool cx_vcpu_parked(const struct cx_vcpu *v)
{
	return v->parked != 0;
}

bool cx_vcpu_allowed(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return may_use(v, pcpu);
}

bool cx_vcpu_prefers(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return bit_of(v->soft, pcpu->index);
}

uint64_t cx_vcpu_warmth(const struct cx_vcpu *v, const struct cx_pcpu *pcpu, uint64_t now)
{
	(void)now; /* warmth decays by what others run, not by time */
	return cx_warmth_value(&v->warmth[pcpu->llc], &v->d->llcs[pcpu->llc].cache);
}

/* --- acting ------------------------------------------------------------------ */

void cx_kick(struct cx_pcpu *pcpu)
{
	struct cx_guard *g = cx_guard_current();
	struct cx_dispatch *d = pcpu->d;
	uint64_t bit = 1ull << (pcpu->index % BITS_PER_WORD);

	if (g && g->picking == pcpu)
		return;
	if (atomic_exchange(&pcpu->resched, true))
		return;
	if (!(atomic_fetch_or(&d->kicks[pcpu->index / BITS_PER_WORD], bit) & bit))
		atomic_fetch_add(&d->n_kicks, 1);
}

void cx_tick_every(struct cx_pcpu *pcpu, uint64_t period_ns)
{
	struct cx_dispatch *d = pcpu->d;

	if (!holds(pcpu) || !pcpu->attached) {
		service_misused(pcpu, NULL);
		return;
	}
	if (period_ns && period_ns < CX_SLICE_MIN_NS) {
		service_misused(pcpu, NULL);
		period_ns = CX_SLICE_MIN_NS;
	}
	cx_guard_service_enter();
	pcpu->tick_period_ns = period_ns;
	if (pcpu->tick_armed || pcpu->current) {
		uint64_t now = clock_of(d);

		pcpu->tick_armed = period_ns != 0;
		cx_timer_arm(&d->timers, &pcpu->tick,
			     period_ns ? (now / period_ns + 1) * period_ns : CX_NEVER);
	}
	cx_guard_service_leave();
}

void cx_timer_at(struct cx_pcpu *pcpu, unsigned id, uint64_t when_ns)
{
	if (id >= CX_PCPU_TIMERS || !holds(pcpu) || !pcpu->attached) {
		service_misused(pcpu, NULL);
		return;
	}
	cx_guard_service_enter();
	pcpu->timer_ns[id] = when_ns;
	cx_timer_arm(&pcpu->d->timers, &pcpu->timers[id], when_ns);
	cx_guard_service_leave();
}

static void set_parked(struct cx_vcpu *v, enum cx_park_reason reason, bool park)
{
	struct cx_pcpu *p = assigned(v);
	uint64_t now;
	unsigned bit;

	if ((unsigned)reason >= CX_PARK_REASONS || !holds(p)) {
		service_misused(p, v);
		return;
	}
	now = time_of_op(p);
	bit = 1u << reason;
	if (!v->attached || !!(v->parked & bit) == park)
		return;
	cx_guard_service_enter();
	v->parked ^= bit;
	restate(v, now);
	emit_simple(p, park ? CX_EV_PARK : CX_EV_UNPARK, v, reason, 0, now);
	cx_guard_service_leave();
	if (park && is_oncpu(v))
		cx_kick(p);
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

int cx_migrate(struct cx_vcpu *v, struct cx_pcpu *to, uint64_t now)
{
	enum cx_fault fault;

	if (assigned(v) == to)
		return 0;
	if (!holds(assigned(v)) || !holds(to)) {
		service_misused(to, v);
		return -EINVAL;
	}
	now = time_of_op(to);
	if (!v->attached || is_oncpu(v))
		fault = CX_FAULT_RUNNING;
	else if (!may_use(v, to))
		fault = CX_FAULT_AFFINITY;
	else {
		cx_guard_service_enter();
		assign(v, to, now);
		cx_guard_service_leave();
		return 0;
	}
	policy_fault(to, v, fault, now);
	return -EINVAL;
}

bool cx_trylock(struct cx_pcpu *peer)
{
	struct cx_guard *g = cx_guard_current();
	bool got = false;

	if (peer->d->one_lock)
		return true;
	if (!g || g->n_held == CX_GUARD_HELD_MAX)
		return false;
	cx_guard_service_enter();
	if (try_lock_pcpu(peer)) {
		g->held[g->n_held++] = peer;
		got = true;
	} else if (g->picking) {
		/* Who holds it may be about to kick us, or to queue something: look again. */
		uint64_t again = time_of_op(g->picking) + RETRY_NS;

		cx_timer_arm(&peer->d->timers, &g->picking->retry, again);
	}
	cx_guard_service_leave();
	return got;
}

void cx_unlock(struct cx_pcpu *peer)
{
	struct cx_guard *g = cx_guard_current();
	unsigned i;

	if (peer->d->one_lock || !g)
		return;
	cx_guard_service_enter();
	for (i = 0; i < g->n_held; i++)
		if (g->held[i] == peer) {
			g->held[i] = g->held[--g->n_held];
			unlock_pcpu(peer);
			break;
		}
	cx_guard_service_leave();
}

/* SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): one addition is the state. */
uint64_t cx_random(struct cx_policy *policy)
{
	uint64_t z =
		atomic_fetch_add(&policy->random, 0x9e3779b97f4a7c15ull) + 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* --- telling ----------------------------------------------------------------- */

static void trace(enum cx_event_type type, struct cx_pcpu *pcpu, const struct cx_vcpu *v,
		  unsigned code, uint64_t x, uint64_t y, uint64_t now)
{
	struct cx_event e = {
		.t_ns = time_of_op(pcpu),
		.type = (uint16_t)type,
		.pcpu = (uint16_t)pcpu->index,
		.vcpu = v ? v->id : CX_NO_VCPU,
		.prev = CX_NO_VCPU,
		.why = code,
		.x = x,
		.y = y,
	};

	(void)now;
	cx_guard_service_enter();
	/* The policy's own events are for the trace; the metrics have no use for them. */
	if (pcpu->d->sink)
		pcpu->d->sink->event(&e);
	cx_guard_service_leave();
}

void cx_trace_account(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		      uint64_t y, uint64_t now)
{
	trace(CX_EV_ACCOUNT, pcpu, v, code, x, y, now);
}

void cx_trace_event(struct cx_pcpu *pcpu, const struct cx_vcpu *v, unsigned code, uint64_t x,
		    uint64_t y, uint64_t now)
{
	trace(CX_EV_POLICY, pcpu, v, code, x, y, now);
}

static void log_line(struct cx_policy *policy, const char *fmt, va_list ap)
{
	struct cx_dispatch *d = policy->d;
	char line[LOG_MAX + 64];
	int n;

	n = snprintf(line, sizeof(line), "%s: ", policy->plugin->name);
	vsnprintf(line + n, LOG_MAX, fmt, ap);
	cx_guard_service_enter();
	d->ops->log(d->machine, line);
	cx_guard_service_leave();
}

void cx_log(struct cx_policy *policy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(policy, fmt, ap);
	va_end(ap);
}

void cx_dump(struct cx_policy *policy, const char *fmt, ...)
{
	va_list ap;

	if (!policy->dumping)
		return;
	va_start(ap, fmt);
	log_line(policy, fmt, ap);
	va_end(ap);
}
