/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is how far from its entitlement, where hogs share by weight alone.
 *
 * A vCPU's lag is what it is entitled to from its start until now, less the time that it was on a
 * pCPU.  All are hungry, so what it is entitled to at each moment is w x, at most one pCPU, with
 * one x such that all pCPUs are used up.  The lag is greatest just before it gets on a pCPU, and
 * least just before it leaves one, so no other moments need be looked at; when entitlements
 * change nothing is forgiven.
 *
 * Amounts are kept in 1 / 2^32 ns, and a rate is rounded down: in a run of ten seconds a lag is off
 * by less than 3 ns, which are allowed.
 */
#include "tests/property/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDED_NS 3

/* --- what each is entitled to --------------------------------------------------------------- */

static int heavier(const void *a, const void *b, void *arg)
{
	const struct seen_lag *vcpus = arg;
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	if (vcpus[x].weight != vcpus[y].weight)
		return vcpus[x].weight > vcpus[y].weight ? -1 : 1;
	return x < y ? -1 : 1;
}

/* The heaviest first: who would have more than a pCPU has one, and the others share the rest. */
static void share_out(struct seen_lags *l, unsigned n_pcpus)
{
	uint64_t left = 0;
	unsigned i;

	qsort_r(l->order, l->n, sizeof(l->order[0]), heavier, l->vcpus);
	for (i = 0; i < l->n; i++)
		left += l->vcpus[l->order[i]].weight;
	for (i = 0; i < l->n; i++) {
		struct seen_lag *v = &l->vcpus[l->order[i]];

		if ((uint64_t)v->weight * n_pcpus < left)
			break;
		v->rate = LAG_ONE;
		left -= v->weight;
		n_pcpus--;
	}
	for (; i < l->n; i++) {
		struct seen_lag *v = &l->vcpus[l->order[i]];

		v->rate = (uint64_t)((unsigned __int128)v->weight * n_pcpus * LAG_ONE / left);
	}
}

static void refresh(struct seen *s)
{
	if (s->lags.stale)
		share_out(&s->lags, s->c->n_pcpus);
	s->lags.stale = false;
}

/* --- how far they are from it ----------------------------------------------------------------- */

static int64_t lag_now(struct seen *s, const struct seen_vcpu *v)
{
	const struct seen_lag *lag = &s->lags.vcpus[v->id];
	__int128 owed = lag->owed + (__int128)lag->rate * (int64_t)(s->now_ns - s->lags.since_ns);

	if (v->on)
		owed -= (__int128)(s->now_ns - v->began_ns) * LAG_ONE;
	return (int64_t)(owed / (__int128)LAG_ONE);
}

static bool within(struct seen *s, const struct seen_vcpu *v)
{
	struct prop_verdict *verdict = s->verdict;
	int64_t lag = lag_now(s, v);
	uint64_t far = (uint64_t)(lag < 0 ? -lag : lag);
	char name[32];

	if (lag < 0 && far > verdict->lead_ns)
		verdict->lead_ns = far;
	if (lag > 0 && far > verdict->lag_ns)
		verdict->lag_ns = far;
	if (far <= s->lags.bound_ns + ROUNDED_NS)
		return true;
	return seen_broken(s, PROP_LAG,
			   "%s has had %" PRIu64
			   " ns %s than it was entitled to; %s states a lag of "
			   "%" PRIu64 " ns",
			   seen_name(s, v->id, name), far, lag < 0 ? "more" : "less",
			   s->c->table->name, s->lags.bound_ns);
}

bool lags_enter(struct seen *s, const struct seen_vcpu *v)
{
	if (!s->lags.bound_ns)
		return true;
	refresh(s);
	return within(s, v);
}

bool lags_left(struct seen *s, const struct seen_vcpu *v)
{
	bool good;

	if (!s->lags.bound_ns)
		return true;
	refresh(s);
	good = within(s, v);
	s->lags.vcpus[v->id].owed -= (__int128)(s->now_ns - v->began_ns) * LAG_ONE;
	return good;
}

/* What all are entitled to up to now is booked, and they are within their bounds. */
static bool settle(struct seen *s)
{
	struct seen_lags *l = &s->lags;
	bool good = true;

	refresh(s);
	for (unsigned i = 0; i < l->n && good; i++)
		good = within(s, &s->vcpus[l->order[i]]);
	for (unsigned i = 0; i < l->n; i++) {
		struct seen_lag *v = &l->vcpus[l->order[i]];

		v->owed += (__int128)v->rate * (int64_t)(s->now_ns - l->since_ns);
	}
	l->since_ns = s->now_ns;
	return good;
}

bool lags_weight(struct seen *s, unsigned vcpu, unsigned weight)
{
	struct seen_lags *l = &s->lags;

	if (!l->bound_ns)
		return true;
	if (l->since_ns < s->now_ns && !settle(s))
		return false;
	if (!l->vcpus[vcpu].weight)
		l->order[l->n++] = vcpu;
	l->vcpus[vcpu].weight = weight;
	l->stale = true;
	return true;
}

bool lags_finish(struct seen *s)
{
	/* Everybody has left its pCPU by now. */
	return !s->lags.bound_ns || settle(s);
}

/* --- which runs ----------------------------------------------------------------------------- */

static bool free_hog(const struct prop_case *c, unsigned dom)
{
	const struct cx_scenario_domain *d = &c->scenario->domains[dom];
	uint64_t all = prop_first(c->n_pcpus);

	return prop_is_hog(d) && !d->limit && !d->reservation && d->pool >= c->scenario->n_pools &&
	       (c->allowed[dom] & all) == all && d->stop_ns >= c->record->duration_ns;
}

/* Nothing changes but weights, nothing counts but them. */
static bool only_weights(const struct prop_case *c)
{
	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if (!free_hog(c, i))
			return false;
	for (unsigned i = 0; i < c->scenario->n_changes; i++) {
		const struct cx_scenario_change *change = &c->scenario->changes[i];

		if (change->kind != CX_CHANGE_DOMAIN || change->limit_given ||
		    change->reservation_given || change->n_settings)
			return false;
	}
	return true;
}

bool lags_begin(struct seen *s)
{
	const struct prop_case *c = s->c;
	struct seen_lags *l = &s->lags;

	if (!c->bounds->lag || !only_weights(c))
		return true;
	l->bound_ns = s->verdict->lag_bound_ns = c->bounds->lag(c);
	s->verdict->checked[PROP_LAG] |= l->bound_ns != 0;
	l->vcpus = calloc(c->n_vcpus, sizeof(*l->vcpus));
	l->order = calloc(c->n_vcpus, sizeof(*l->order));
	return l->vcpus && l->order;
}

void lags_free(struct seen *s)
{
	free(s->lags.vcpus);
	free(s->lags.order);
}
