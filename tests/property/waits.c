/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits: not for ever, and not beside a pCPU that idles and could run it.
 */
#include "tests/property/check.h"

#include <inttypes.h>
#include <string.h>

/* --- the list of those that are ready ------------------------------------------------- */

static void list_add(struct seen *s, struct seen_vcpu *v)
{
	v->prev = s->c->n_vcpus;
	v->next = s->first_ready;
	if (v->next < s->c->n_vcpus)
		s->vcpus[v->next].prev = v->id;
	s->first_ready = v->id;
}

static void list_remove(struct seen *s, struct seen_vcpu *v)
{
	if (v->prev < s->c->n_vcpus)
		s->vcpus[v->prev].next = v->next;
	else
		s->first_ready = v->next;
	if (v->next < s->c->n_vcpus)
		s->vcpus[v->next].prev = v->prev;
}

/* --- beside idle pCPUs ------------------------------------------------------------------ */

/* pCPU @p has idled and @v has waited until now: for too long beside each other? */
static bool not_beside(struct seen *s, unsigned p, const struct seen_vcpu *v)
{
	const struct prop_bounds *bounds = s->c->bounds;
	uint64_t since = s->pcpus[p].since_ns, allowed;
	char name[32];

	if (v->since_ns > since)
		since = v->since_ns;
	s->verdict->checked[PROP_IDLE] = true;
	if (s->now_ns == since)
		return true;
	allowed = bounds->idle ? bounds->idle(s->c) : 0;
	if (s->now_ns - since <= allowed)
		return true;
	return seen_broken(s, PROP_IDLE,
			   "%s waited for %" PRIu64 " ns beside pCPU %u, which idled and may run "
			   "it; %" PRIu64 " ns are allowed",
			   seen_name(s, v->id, name), s->now_ns - since, p, allowed);
}

static bool beside_anybody(struct seen *s, unsigned p)
{
	for (unsigned i = s->first_ready; i < s->c->n_vcpus; i = s->vcpus[i].next) {
		const struct seen_vcpu *v = &s->vcpus[i];

		if (s->c->allowed[v->dom] >> p & 1 && !not_beside(s, p, v))
			return false;
	}
	return true;
}

static bool beside_any_pcpu(struct seen *s, const struct seen_vcpu *v)
{
	uint64_t idle = s->idle & s->c->allowed[v->dom];

	for (unsigned p = 0; p < s->c->n_pcpus; p++)
		if (idle >> p & 1 && !not_beside(s, p, v))
			return false;
	return true;
}

static bool conserves_work(const struct seen *s)
{
	return s->c->table->flags & CX_PLUGIN_WORK_CONSERVING;
}

bool waits_pcpu_busy(struct seen *s, unsigned p)
{
	s->idle &= ~prop_bit(p);
	return !conserves_work(s) || beside_anybody(s, p);
}

/* --- for how long ------------------------------------------------------------------------- */

/* What @p has given to vCPUs that were there because they had woken. */
static uint64_t given(const struct seen *s, unsigned p)
{
	const struct seen_pcpu *pcpu = &s->pcpus[p];
	uint64_t ns = pcpu->given_ns;

	if (pcpu->current != CX_NO_VCPU && s->vcpus[pcpu->current].woke)
		ns += s->now_ns - s->vcpus[pcpu->current].began_ns;
	return ns;
}

/* Events do not tell where it waits before it has run; the pCPU that excuses most counts. */
static uint64_t excused(const struct seen *s, const struct seen_vcpu *v)
{
	uint64_t most = 0;

	if (!s->c->bounds->boost)
		return 0;
	for (unsigned p = 0; p < s->c->n_pcpus; p++) {
		uint64_t ns = given(s, p) - v->given[p];

		if (s->c->allowed[v->dom] >> p & 1 && ns > most)
			most = ns;
	}
	return most;
}

static bool not_too_long(struct seen *s, const struct seen_vcpu *v)
{
	uint64_t waited = s->now_ns - v->waits_ns, bound, excuse;
	char name[32];

	if (!s->c->bounds->wait)
		return true;
	bound = s->c->bounds->wait(s->c, v->dom, v->ahead);
	/* Could it have been so long? */
	s->verdict->checked[PROP_WAIT] |= bound < s->c->record->duration_ns;
	if (waited <= bound)
		return true;
	excuse = excused(s, v);
	if (waited - bound <= excuse)
		return true;
	return seen_broken(s, PROP_WAIT,
			   "%s has waited for %" PRIu64 " ns; %s states %" PRIu64
			   " ns with %u ahead, and %" PRIu64 " ns went to who woke up",
			   seen_name(s, v->id, name), waited, s->c->table->name, bound, v->ahead,
			   excuse);
}

static void count_from_now(struct seen *s, struct seen_vcpu *v)
{
	v->waits_ns = s->now_ns;
	v->ahead = s->runnable - 1;
	for (unsigned p = 0; p < s->c->n_pcpus && s->c->bounds->boost; p++)
		v->given[p] = given(s, p);
}

void waits_begin(struct seen *s, struct seen_vcpu *v)
{
	count_from_now(s, v);
	list_add(s, v);
}

bool waits_end(struct seen *s, struct seen_vcpu *v)
{
	list_remove(s, v);
	if (conserves_work(s) && !beside_any_pcpu(s, v))
		return false;
	return not_too_long(s, v);
}

bool waits_parked(struct seen *s, const struct seen_vcpu *v)
{
	uint64_t parked = s->now_ns - v->since_ns, bound;
	char name[32];

	if (!s->c->bounds->parked)
		return true;
	bound = s->c->bounds->parked(s->c, v->dom);
	s->verdict->checked[PROP_WAIT] |= bound < s->c->record->duration_ns;
	if (parked <= bound)
		return true;
	return seen_broken(s, PROP_WAIT,
			   "%s was parked by a limit for %" PRIu64 " ns; %s states %" PRIu64 " ns",
			   seen_name(s, v->id, name), parked, s->c->table->name, bound);
}

void waits_moved(struct seen *s, struct seen_vcpu *v)
{
	if (v->state == CX_READY)
		count_from_now(s, v);
}

void waits_pool(struct seen *s)
{
	for (unsigned i = s->first_ready; i < s->c->n_vcpus; i = s->vcpus[i].next)
		if (!s->vcpus[i].ran)
			count_from_now(s, &s->vcpus[i]);
}

void waits_left(struct seen *s, unsigned p, struct seen_vcpu *v)
{
	if (!s->c->bounds->boost || !v->woke)
		return;
	s->pcpus[p].given_ns += s->now_ns - v->began_ns;
	if (s->now_ns - v->began_ns >= s->c->bounds->boost(s->c))
		v->woke = false;
}

bool waits_finish(struct seen *s)
{
	/* Who waited at the end was told so by its end. */
	return s->first_ready == s->c->n_vcpus ||
	       seen_broken(s, PROP_STATES, "somebody still waits after the end");
}
