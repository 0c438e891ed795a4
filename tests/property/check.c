/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture of a run, event by event, and what it must always look like.
 *
 * Shares no code with the dispatcher's books or the metrics: what they get wrong in the same
 * way would not be seen.
 */
#include "tests/property/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool seen_broken(struct seen *s, enum prop_rule rule, const char *fmt, ...)
{
	struct prop_verdict *v = s->verdict;
	char at[32];
	va_list ap;
	int n;

	if (v->rule != PROP_HOLDS)
		return false;
	v->rule = rule;
	v->t_ns = s->now_ns;
	n = snprintf(v->text, sizeof(v->text),
		     "at %s: ", cx_format_duration(s->now_ns, at, sizeof(at)));
	va_start(ap, fmt);
	vsnprintf(v->text + n, sizeof(v->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

const char *seen_name(const struct seen *s, unsigned vcpu, char buf[32])
{
	const struct cx_record_vcpu *v = &s->c->record->vcpus[vcpu];

	snprintf(buf, 32, "%.20s/%u", s->c->scenario->domains[v->domain].name, v->index);
	return buf;
}

/* --- states --------------------------------------------------------------------------- */

static enum cx_state state_of(const struct seen_vcpu *v)
{
	if (v->on)
		return CX_RUNNING;
	if (v->paused)
		return CX_PAUSED;
	if (!v->runnable)
		return CX_BLOCKED;
	if (v->parked >> CX_PARK_LIMIT & 1)
		return CX_LIMITED;
	return v->parked ? CX_COSTOPPED : CX_READY;
}

static bool restate(struct seen *s, struct seen_vcpu *v)
{
	enum cx_state old = v->state, new = state_of(v);
	bool good = true;

	v->time_ns[old] += s->now_ns - v->since_ns;
	if (old == new) {
		v->since_ns = s->now_ns;
		return true;
	}
	good = amounts_state(s, v, old, new);
	if (old == CX_READY && good)
		good = waits_end(s, v);
	if (old == CX_LIMITED && good)
		good = waits_parked(s, v);
	v->since_ns = s->now_ns;
	v->state = new;
	if (new == CX_READY)
		waits_begin(s, v);
	return good;
}

static bool set_runnable(struct seen *s, struct seen_vcpu *v, bool runnable)
{
	v->runnable = runnable;
	s->runnable += runnable ? 1 : -1u;
	return restate(s, v);
}

static bool set_parked(struct seen *s, struct seen_vcpu *v, unsigned reason, bool parked)
{
	if (reason >= CX_PARK_REASONS || (v->parked >> reason & 1) == parked)
		return seen_broken(s, PROP_ONE_PLACE, "parked or unparked twice");
	v->parked ^= 1u << reason;
	return restate(s, v);
}

/* --- events --------------------------------------------------------------------------- */

static bool start(struct seen *s, struct seen_vcpu *v)
{
	const struct cx_record_vcpu *r = &s->c->record->vcpus[v->id];
	char name[32];

	if (v->alive || r->start_ns != s->now_ns ||
	    s->now_ns < s->c->scenario->domains[v->dom].start_ns)
		return seen_broken(s, PROP_STATES, "%s starts out of its time",
				   seen_name(s, v->id, name));
	v->alive = true;
	v->state = CX_BLOCKED;
	v->since_ns = s->now_ns;
	return lags_weight(s, v->id, s->domains[v->dom].weight);
}

static bool on_wake(struct seen *s, const struct cx_event *e, struct seen_vcpu *v)
{
	char name[32];

	if (e->why == CX_WAKE_START && !start(s, v))
		return false;
	if (!v->alive || v->runnable || v->on)
		return seen_broken(s, PROP_ONE_PLACE, "%s wakes but did not sleep",
				   seen_name(s, v->id, name));
	v->woke = true;
	return set_runnable(s, v, true);
}

static bool on_block(struct seen *s, const struct cx_event *e, struct seen_vcpu *v)
{
	char name[32];

	if (!v->on || !v->runnable || s->pcpus[e->pcpu].current != v->id)
		return seen_broken(s, PROP_ONE_PLACE, "%s blocks but does not run on pCPU %u",
				   seen_name(s, v->id, name), e->pcpu);
	return set_runnable(s, v, false);
}

static bool leave_pcpu(struct seen *s, unsigned p, struct seen_vcpu *v)
{
	struct seen_pcpu *pcpu = &s->pcpus[p];
	char name[32];

	if (s->now_ns > pcpu->until_ns + prop_cost(s->c->costs, CX_COST_SLICE_LATE))
		return seen_broken(s, PROP_SLICE, "%s leaves pCPU %u %" PRIu64 " ns late",
				   seen_name(s, v->id, name), p, s->now_ns - pcpu->until_ns);
	waits_left(s, p, v);
	if (!amounts_left(s, v) || !lags_left(s, v))
		return false;
	v->on = false;
	pcpu->current = CX_NO_VCPU;
	pcpu->since_ns = s->now_ns;
	return restate(s, v);
}

static bool may_run(struct seen *s, unsigned p, const struct seen_vcpu *v)
{
	char name[32];

	seen_name(s, v->id, name);
	if (v->on)
		return seen_broken(s, PROP_ONE_PLACE, "%s runs already when pCPU %u takes it", name,
				   p);
	if (!v->alive || !v->runnable || v->paused)
		return seen_broken(s, PROP_ONE_PLACE, "%s has no work when pCPU %u takes it", name,
				   p);
	if (v->parked)
		return seen_broken(s, PROP_ONE_PLACE, "%s is parked when pCPU %u takes it", name,
				   p);
	s->verdict->checked[PROP_AFFINITY] = true;
	if (!(s->c->allowed[v->dom] >> p & 1))
		return seen_broken(s, PROP_AFFINITY, "%s runs on pCPU %u, where it may not", name,
				   p);
	if (!s->pcpus[p].online)
		return seen_broken(s, PROP_AFFINITY, "%s runs on pCPU %u, which is offline", name,
				   p);
	return true;
}

static bool enter_pcpu(struct seen *s, unsigned p, struct seen_vcpu *v)
{
	if (!may_run(s, p, v) || !lags_enter(s, v))
		return false;
	v->on = v->ran = true;
	v->began_ns = s->now_ns;
	s->pcpus[p].current = v->id;
	s->pcpus[p].since_ns = s->now_ns;
	return restate(s, v);
}

static bool on_switch(struct seen *s, const struct cx_event *e)
{
	struct seen_pcpu *pcpu = &s->pcpus[e->pcpu];

	if (e->prev != pcpu->current)
		return seen_broken(s, PROP_ONE_PLACE,
				   "pCPU %u switches from vCPU %u, but vCPU %u was on it", e->pcpu,
				   e->prev, pcpu->current);
	if (e->vcpu != CX_NO_VCPU && e->vcpu >= s->c->n_vcpus)
		return seen_broken(s, PROP_ONE_PLACE, "pCPU %u takes vCPU %u", e->pcpu, e->vcpu);
	if (e->prev != CX_NO_VCPU && !leave_pcpu(s, e->pcpu, &s->vcpus[e->prev]))
		return false;
	if (e->prev != CX_NO_VCPU && e->why == CX_WHY_YIELD)
		amounts_yielded(s, s->vcpus[e->prev].dom);
	if (e->vcpu == CX_NO_VCPU) {
		s->idle |= prop_bit(e->pcpu);
		return true;
	}
	/* While it is known since when it has idled. */
	if (s->idle >> e->pcpu & 1 && !waits_pcpu_busy(s, e->pcpu))
		return false;
	pcpu->until_ns = s->now_ns + e->x;
	return enter_pcpu(s, e->pcpu, &s->vcpus[e->vcpu]);
}

static bool on_end(struct seen *s, const struct cx_event *e, struct seen_vcpu *v)
{
	struct seen_pcpu *pcpu = &s->pcpus[e->pcpu];
	char name[32];

	if (!v->alive)
		return seen_broken(s, PROP_STATES, "%s ends twice", seen_name(s, v->id, name));
	/* At the end of the run it may be on its pCPU still. */
	if (v->on && (e->t_ns != s->c->record->duration_ns || pcpu->current != v->id))
		return seen_broken(s, PROP_ONE_PLACE, "%s ends while it runs",
				   seen_name(s, v->id, name));
	if (v->on && !leave_pcpu(s, e->pcpu, v))
		return false;
	if (v->runnable && !set_runnable(s, v, false))
		return false;
	restate(s, v);
	v->alive = false;
	return true;
}

/* Was it taken out of the pool a moment ago, as long as a kick takes to arrive? */
static bool asked_to_go(const struct seen *s, unsigned p)
{
	const struct cx_scenario *sc = s->c->scenario;
	uint64_t kick = prop_cost(s->c->costs, CX_COST_KICK);

	for (unsigned i = 0; i < sc->n_changes; i++) {
		const struct cx_scenario_change *c = &sc->changes[i];

		if (c->kind == CX_CHANGE_PCPU && !c->online &&
		    c->cpu == s->c->record->pcpus[p].host_cpu && c->at_ns <= s->now_ns &&
		    s->now_ns - c->at_ns <= kick)
			return true;
	}
	return false;
}

static bool on_pool(struct seen *s, const struct cx_event *e, bool online)
{
	struct seen_pcpu *pcpu = &s->pcpus[e->pcpu];

	if (pcpu->online == online || pcpu->current != CX_NO_VCPU)
		return seen_broken(s, PROP_ONE_PLACE, "pCPU %u changes out of turn", e->pcpu);
	if (!online && !asked_to_go(s, e->pcpu))
		return seen_broken(s, PROP_ONE_PLACE, "pCPU %u is offline late or unasked",
				   e->pcpu);
	pcpu->online = online;
	amounts_restart(s);
	if (!online) {
		waits_pool(s);
		return waits_pcpu_busy(s, e->pcpu);
	}
	pcpu->since_ns = s->now_ns;
	s->idle |= prop_bit(e->pcpu);
	return true;
}

static bool set_weight(struct seen *s, unsigned dom, unsigned weight)
{
	s->domains[dom].weight = weight;
	for (unsigned i = 0; i < s->c->n_vcpus; i++)
		if (s->vcpus[i].dom == dom && s->vcpus[i].alive && !lags_weight(s, i, weight))
			return false;
	return true;
}

static bool on_adjust(struct seen *s, const struct cx_event *e)
{
	if (e->vcpu >= s->c->scenario->n_domains)
		return seen_broken(s, PROP_ONE_PLACE, "there is no domain %u", e->vcpu);
	if (e->why == CX_ADJUST_WEIGHT)
		return set_weight(s, e->vcpu, (unsigned)e->x);
	return amounts_domain_set(s, e->vcpu, (enum cx_adjust)e->why, (unsigned)e->x);
}

static bool on_adjust_pool(struct seen *s, const struct cx_event *e)
{
	if (e->vcpu >= s->c->scenario->n_pools)
		return seen_broken(s, PROP_ONE_PLACE, "there is no resource pool %u", e->vcpu);
	return amounts_pool_set(s, e->vcpu, (enum cx_adjust)e->why, (unsigned)e->x);
}

static bool on_vcpu_event(struct seen *s, const struct cx_event *e)
{
	struct seen_vcpu *v;

	if (e->vcpu >= s->c->n_vcpus)
		return seen_broken(s, PROP_ONE_PLACE, "there is no vCPU %u", e->vcpu);
	v = &s->vcpus[e->vcpu];
	switch (e->type) {
	case CX_EV_WAKE:
		return on_wake(s, e, v);
	case CX_EV_BLOCK:
		return on_block(s, e, v);
	case CX_EV_MIGRATE:
		if (e->prev >= s->c->n_pcpus)
			return seen_broken(s, PROP_ONE_PLACE, "there is no pCPU %u", e->prev);
		if (asked_to_go(s, e->prev))
			waits_moved(s, v);
		return true;
	case CX_EV_PARK:
	case CX_EV_UNPARK:
		return set_parked(s, v, e->why, e->type == CX_EV_PARK);
	case CX_EV_PAUSE:
	case CX_EV_UNPAUSE:
		v->paused = e->type == CX_EV_PAUSE;
		return restate(s, v);
	default:
		return on_end(s, e, v);
	}
}

static bool on_event(struct seen *s, const struct cx_event *e)
{
	if (e->t_ns < s->now_ns)
		return seen_broken(s, PROP_STATES, "an event of %" PRIu64 " ns", e->t_ns);
	if (e->pcpu >= s->c->n_pcpus)
		return seen_broken(s, PROP_ONE_PLACE, "there is no pCPU %u", e->pcpu);
	s->now_ns = e->t_ns;
	switch (e->type) {
	case CX_EV_SWITCH:
		return on_switch(s, e);
	case CX_EV_ADJUST:
		return on_adjust(s, e);
	case CX_EV_ADJUST_POOL:
		return on_adjust_pool(s, e);
	case CX_EV_PCPU_OFFLINE:
	case CX_EV_PCPU_ONLINE:
		return on_pool(s, e, e->type == CX_EV_PCPU_ONLINE);
	case CX_EV_WAKE:
	case CX_EV_BLOCK:
	case CX_EV_MIGRATE:
	case CX_EV_PARK:
	case CX_EV_UNPARK:
	case CX_EV_PAUSE:
	case CX_EV_UNPAUSE:
	case CX_EV_END:
		return on_vcpu_event(s, e);
	default:
		return true;
	}
}

/* --- the books ------------------------------------------------------------------------ */

static bool check_books(struct seen *s, const struct seen_vcpu *v)
{
	const struct cx_record_vcpu *r = &s->c->record->vcpus[v->id];
	uint64_t sum = 0;
	char name[32];

	seen_name(s, v->id, name);
	if (v->alive)
		return seen_broken(s, PROP_STATES, "%s has no end", name);
	for (unsigned i = 0; i < CX_STATES; i++) {
		if (v->time_ns[i] != r->time_ns[i])
			return seen_broken(s, PROP_STATES,
					   "%s was %s for %" PRIu64 " ns by its events, %" PRIu64
					   " ns by core's books",
					   name, cx_state_name(i), v->time_ns[i], r->time_ns[i]);
		sum += v->time_ns[i];
	}
	if (sum != r->stop_ns - r->start_ns)
		return seen_broken(s, PROP_STATES,
				   "the states of %s are %" PRIu64 " ns, its life %" PRIu64 " ns",
				   name, sum, r->stop_ns - r->start_ns);
	return true;
}

static bool check_pcpu_books(struct seen *s)
{
	uint64_t busy = 0, ran = 0;

	for (unsigned i = 0; i < s->c->n_pcpus; i++)
		busy += s->c->record->pcpus[i].busy_ns;
	for (unsigned i = 0; i < s->c->n_vcpus; i++)
		ran += s->vcpus[i].time_ns[CX_RUNNING];
	if (busy != ran)
		return seen_broken(s, PROP_STATES,
				   "pCPUs were busy for %" PRIu64 " ns, vCPUs ran for %" PRIu64
				   " ns",
				   busy, ran);
	return true;
}

static bool finish(struct seen *s)
{
	s->verdict->checked[PROP_STATES] = true;
	if (!waits_finish(s) || !shares_finish(s) || !amounts_finish(s) || !lags_finish(s) ||
	    !check_pcpu_books(s))
		return false;
	for (unsigned i = 0; i < s->c->n_vcpus; i++)
		if (!check_books(s, &s->vcpus[i]))
			return false;
	return true;
}

static void begin(struct seen *s)
{
	const struct prop_case *c = s->c;

	s->first_ready = c->n_vcpus;
	for (unsigned i = 0; i < c->n_pcpus; i++) {
		s->pcpus[i].current = CX_NO_VCPU;
		s->pcpus[i].online = true;
		s->idle |= prop_bit(i);
	}
	for (unsigned i = 0; i < c->n_vcpus; i++) {
		s->vcpus[i].id = i;
		s->vcpus[i].dom = c->record->vcpus[i].domain;
		s->vcpus[i].state = CX_BLOCKED;
	}
	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		s->domains[i].weight = c->scenario->domains[i].weight;
	amounts_begin(s);
}

bool prop_check(const struct prop_case *c, struct prop_verdict *verdict)
{
	struct seen s = { .c = c, .verdict = verdict };
	struct cx_history_cursor *cursor = cx_history_walk(c->record->history);
	const struct cx_event *e;
	bool there, good = true;

	s.vcpus = calloc(c->n_vcpus, sizeof(*s.vcpus));
	s.domains = calloc(c->scenario->n_domains, sizeof(*s.domains));
	s.pools = calloc(c->scenario->n_pools + 1, sizeof(*s.pools));
	there = cursor && s.vcpus && s.domains && s.pools && lags_begin(&s);
	if (there) {
		begin(&s);
		verdict->checked[PROP_ONE_PLACE] = verdict->checked[PROP_SLICE] = true;
		while (good && (e = cx_history_next(cursor)) != NULL)
			good = on_event(&s, e);
		s.now_ns = c->record->duration_ns;
		if (good)
			finish(&s);
	}
	cx_history_cursor_free(cursor);
	lags_free(&s);
	free(s.vcpus);
	free(s.domains);
	free(s.pools);
	return there;
}
