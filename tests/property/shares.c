/* SPDX-License-Identifier: BSD-2-Clause */
/* Who got how much in the whole run: what it is entitled to, as much as its equals. */
#include "tests/property/check.h"

#include "trace/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- equals ------------------------------------------------------------------------------ */

static bool same_set(const struct cx_cpuset *a, const struct cx_cpuset *b)
{
	char *x, *y;
	bool same;

	if (!a || !b)
		return a == b;
	x = cx_cpuset_format(a);
	y = cx_cpuset_format(b);
	same = x && y && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

static bool alike(const struct cx_scenario_domain *a, const struct cx_scenario_domain *b)
{
	return a->vcpus == b->vcpus && a->weight == b->weight && a->limit == b->limit &&
	       a->reservation == b->reservation && same_set(a->cpus, b->cpus) &&
	       same_set(a->cpus_soft, b->cpus_soft) && a->start_ns == b->start_ns &&
	       a->stop_ns == b->stop_ns && strcmp(a->workload, b->workload) == 0 &&
	       memcmp(a->params, b->params, sizeof(a->params)) == 0 && !a->n_settings &&
	       !b->n_settings;
}

static void range_of(const struct seen *s, unsigned dom, uint64_t *least, uint64_t *most)
{
	for (unsigned i = 0; i < s->c->n_vcpus; i++) {
		uint64_t ran = s->vcpus[i].time_ns[CX_RUNNING];

		if (s->vcpus[i].dom != dom)
			continue;
		if (ran < *least)
			*least = ran;
		if (ran > *most)
			*most = ran;
	}
}

static bool compare(struct seen *s, unsigned a, unsigned b)
{
	const struct cx_scenario_domain *d = s->c->scenario->domains;
	uint64_t bound = s->c->bounds->twins(s->c, a, b), least = UINT64_MAX, most = 0;

	if (!bound)
		return true;
	s->verdict->checked[PROP_TWINS] = true;
	range_of(s, a, &least, &most);
	range_of(s, b, &least, &most);
	if (most - least <= bound)
		return true;
	return seen_broken(s, PROP_TWINS,
			   "%s and %s are alike, but one vCPU ran for %" PRIu64
			   " ns and another for %" PRIu64 " ns; %s states a difference of %" PRIu64
			   " ns at most",
			   d[a].name, d[b].name, least, most, s->c->table->name, bound);
}

/* --- entitlements -------------------------------------------------------------------------- */

/* Always hungry: what each is entitled to depends on nothing that happens in the run. */
static bool always_hungry(const struct seen *s)
{
	const struct prop_case *c = s->c;

	for (unsigned i = 0; i < c->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &c->scenario->domains[i];

		if (!prop_is_hog(d) || (d->reservation && c->scenario->n_pools) || d->start_ns ||
		    d->n_settings || d->stop_ns < c->record->duration_ns)
			return false;
	}
	for (unsigned i = 0; i < c->scenario->n_pools; i++)
		if (c->scenario->pools[i].reservation)
			return false;
	for (unsigned i = 0; i < c->scenario->n_changes; i++)
		if (c->scenario->changes[i].kind != CX_CHANGE_POOL ||
		    c->scenario->changes[i].reservation_given)
			return false;
	return true;
}

static bool as_entitled(struct seen *s, const struct cx_metrics *m)
{
	for (unsigned i = 0; i < s->c->scenario->n_domains; i++) {
		uint64_t due = m->domains[i].entitled_ns, got = m->domains[i].run_ns;
		uint64_t bound = s->c->bounds->share(s->c, due);

		if (!bound)
			return true;
		s->verdict->checked[PROP_SHARE] = true;
		if (got <= due + bound && due <= got + bound)
			continue;
		return seen_broken(
			s, PROP_SHARE,
			"%s is entitled to %" PRIu64 " ns of the run and has had %" PRIu64
			" ns; %s states a difference of %" PRIu64 " ns at most",
			s->c->scenario->domains[i].name, due, got, s->c->table->name, bound);
	}
	return true;
}

static bool entitlements_hold(struct seen *s)
{
	struct cx_error err = { "" };
	struct cx_metrics *m;
	bool good;

	if (!s->c->bounds->share || !always_hungry(s))
		return true;
	if (cx_metrics_compute(s->c->record, &m, &err))
		return seen_broken(s, PROP_SHARE, "%s", err.text);
	good = as_entitled(s, m);
	cx_metrics_free(m);
	return good;
}

/* --- pools with limits ---------------------------------------------------------------------- */

/* Nobody need wait, and nothing changes. */
static bool is_roomy(const struct prop_case *c)
{
	uint64_t all = prop_first(c->n_pcpus);

	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if ((c->allowed[i] & all) != all)
			return false;
	return c->n_vcpus <= c->n_pcpus && !c->scenario->n_changes;
}

/* Has one directly in @pool always use for all that it may have, and is that bound by nothing else? */
static bool is_hungry(const struct prop_case *c, unsigned pool)
{
	const struct cx_scenario *sc = c->scenario;

	for (unsigned p = sc->pools[pool].parent; p < sc->n_pools; p = sc->pools[p].parent)
		if (sc->pools[p].limit)
			return false;
	for (unsigned i = 0; i < sc->n_domains; i++) {
		const struct cx_scenario_domain *d = &sc->domains[i];

		if (d->pool == pool && prop_is_hog(d) && !d->limit && !d->start_ns &&
		    !d->n_settings && d->stop_ns >= c->record->duration_ns &&
		    100 * d->vcpus >= sc->pools[pool].limit)
			return true;
	}
	return false;
}

static uint64_t received_in(const struct seen *s, unsigned pool)
{
	const struct cx_scenario *sc = s->c->scenario;
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->c->n_vcpus; i++) {
		unsigned p = sc->domains[s->vcpus[i].dom].pool;

		while (p < sc->n_pools && p != pool)
			p = sc->pools[p].parent;
		sum += p == pool ? s->vcpus[i].time_ns[CX_RUNNING] : 0;
	}
	return sum;
}

static bool limits_are_used(struct seen *s)
{
	const struct prop_case *c = s->c;

	for (unsigned i = 0; i < c->scenario->n_pools; i++) {
		unsigned percent = c->scenario->pools[i].limit;
		uint64_t limit = c->record->duration_ns / 100 * percent, bound, got;

		if (!percent || !is_hungry(c, i))
			continue;
		bound = c->bounds->fill(c, limit);
		got = received_in(s, i);
		s->verdict->checked[PROP_FILL] |= bound && bound < limit;
		if (bound && got + bound < limit)
			return seen_broken(
				s, PROP_FILL,
				"%s may have %" PRIu64
				" ns of the run, one of it always wants all of that, and "
				"it has had %" PRIu64 " ns; %s states a difference of %" PRIu64
				" ns at most",
				c->scenario->pools[i].name, limit, got, c->table->name, bound);
	}
	return true;
}

bool shares_finish(struct seen *s)
{
	const struct cx_scenario *sc = s->c->scenario;

	for (unsigned a = 0; a < sc->n_domains && s->c->bounds->twins; a++)
		for (unsigned b = a; b < sc->n_domains; b++)
			if (alike(&sc->domains[a], &sc->domains[b]) && !compare(s, a, b))
				return false;
	if (s->c->bounds->fill && is_roomy(s->c) && !limits_are_used(s))
		return false;
	return entitlements_hold(s);
}
