/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A failing scenario, made as small as still fails: less of everything is tried, one thing
 * after another, over and over until nothing can go.
 *
 * What still breaks the same rule is kept.  So the smallest may fail for another reason than the
 * first one did; it fails all the same.
 */
#include "tests/property/property.h"

#include <string.h>

#define RUNS_MAX 600u

struct shrinking {
	const struct prop_policy *policy;
	const char *payloads;
	enum prop_rule rule;
	struct prop_scenario *best;
	struct prop_verdict *verdict;
	unsigned runs;
	bool progress;
};

/* Keep @s if it is another one that still fails. */
static bool keep_if_failing(struct shrinking *k, struct prop_scenario *s)
{
	struct prop_verdict verdict;

	prop_tidy(s, k->policy->table);
	if (memcmp(s, k->best, sizeof(*s)) == 0 || k->runs >= RUNS_MAX)
		return false;
	k->runs++;
	prop_try(k->policy, k->payloads, s, &verdict);
	if (verdict.rule != k->rule)
		return false;
	*k->best = *s;
	*k->verdict = verdict;
	k->progress = true;
	return true;
}

/* --- fewer domains and changes ------------------------------------------------------------- */

static void drop_domains_of(struct prop_scenario *s, unsigned first, unsigned n)
{
	unsigned kept = 0;

	memmove(&s->domains[first], &s->domains[first + n],
		(s->n_domains - first - n) * sizeof(s->domains[0]));
	s->n_domains -= n;
	memset(&s->domains[s->n_domains], 0, n * sizeof(s->domains[0]));
	for (unsigned i = 0; i < s->n_changes; i++) {
		struct prop_change c = s->changes[i];

		if (c.kind == PROP_SET_WEIGHT || c.kind == PROP_SET_LIMIT ||
		    c.kind == PROP_SET_RESERVATION) {
			if (c.target >= first && c.target < first + n)
				continue;
			if (c.target >= first + n)
				c.target -= n;
		}
		s->changes[kept++] = c;
	}
	s->n_changes = kept;
}

static void drop_domains(struct shrinking *k)
{
	for (unsigned n = k->best->n_domains / 2; n > 0; n /= 2)
		for (unsigned i = 0; i + n <= k->best->n_domains && k->best->n_domains > n;) {
			struct prop_scenario s = *k->best;

			drop_domains_of(&s, i, n);
			if (!keep_if_failing(k, &s))
				i += n;
		}
}

/* Who was in it is in its parent now. */
static void drop_pool(struct prop_scenario *s, unsigned pool)
{
	unsigned parent = s->pools[pool].parent, kept = 0;

	for (unsigned i = 0; i < s->n_domains; i++)
		if (s->domains[i].pool == pool)
			s->domains[i].pool = parent;
		else if (s->domains[i].pool != PROP_NO_POOL && s->domains[i].pool > pool)
			s->domains[i].pool--;
	for (unsigned i = pool + 1; i < s->n_pools; i++) {
		s->pools[i - 1] = s->pools[i];
		if (s->pools[i - 1].parent == pool)
			s->pools[i - 1].parent = parent;
		else if (s->pools[i - 1].parent != PROP_NO_POOL && s->pools[i - 1].parent > pool)
			s->pools[i - 1].parent--;
	}
	memset(&s->pools[--s->n_pools], 0, sizeof(s->pools[0]));
	for (unsigned i = 0; i < s->n_changes; i++) {
		struct prop_change c = s->changes[i];

		if (c.kind == PROP_POOL_WEIGHT || c.kind == PROP_POOL_LIMIT ||
		    c.kind == PROP_POOL_RESERVATION) {
			if (c.target == pool)
				continue;
			c.target -= c.target > pool;
		}
		s->changes[kept++] = c;
	}
	s->n_changes = kept;
}

static void drop_pools(struct shrinking *k)
{
	for (unsigned i = k->best->n_pools; i-- > 0;) {
		struct prop_scenario s = *k->best;

		drop_pool(&s, i);
		keep_if_failing(k, &s);
	}
}

static void simpler_pools(struct shrinking *k)
{
	for (unsigned i = 0; i < k->best->n_pools; i++) {
		struct prop_scenario s = *k->best;

		s.pools[i].reservation = 0;
		keep_if_failing(k, &s);
		s = *k->best;
		s.pools[i].limit = 0;
		keep_if_failing(k, &s);
		s = *k->best;
		s.pools[i].weight = CX_WEIGHT_DEFAULT;
		keep_if_failing(k, &s);
		s = *k->best;
		s.pools[i].fixed = false;
		keep_if_failing(k, &s);
	}
}

static void drop_changes(struct shrinking *k)
{
	for (unsigned n = k->best->n_changes; n > 0; n /= 2)
		for (unsigned i = 0; i + n <= k->best->n_changes;) {
			struct prop_scenario s = *k->best;

			memmove(&s.changes[i], &s.changes[i + n],
				(s.n_changes - i - n) * sizeof(s.changes[0]));
			s.n_changes -= n;
			if (!keep_if_failing(k, &s))
				i += n;
		}
}

/* --- a simpler whole ------------------------------------------------------------------------- */

static void simpler_whole(struct shrinking *k)
{
	struct prop_scenario s = *k->best;

	s.shuffle = 0;
	keep_if_failing(k, &s);
	s = *k->best;
	s.default_costs = s.random_costs = false;
	cx_costs_none(&s.costs);
	keep_if_failing(k, &s);
	s = *k->best;
	s.given = 0;
	keep_if_failing(k, &s);
	for (unsigned i = 0; i < PROP_PARAMS; i++) {
		s = *k->best;
		s.given &= ~(1u << i);
		keep_if_failing(k, &s);
	}
	for (unsigned i = 0; i < CX_COSTS && k->best->random_costs; i++) {
		struct cx_costs none;

		cx_costs_none(&none);
		s = *k->best;
		s.costs.value[i] = none.value[i];
		keep_if_failing(k, &s);
	}
}

static void fewer_pcpus(struct shrinking *k)
{
	for (unsigned shape = 0; shape < k->best->shape; shape++) {
		struct prop_scenario s = *k->best;

		s.shape = shape;
		if (keep_if_failing(k, &s))
			break;
	}
}

static void shorter(struct shrinking *k)
{
	static const unsigned percent[] = { 25, 50, 75, 90 };

	/* No further than where it failed, in a round number. */
	struct prop_scenario s = *k->best;

	if (k->verdict->t_ns && k->verdict->t_ns < s.duration_ns) {
		s.duration_ns = (k->verdict->t_ns / CX_MS + 1) * CX_MS;
		keep_if_failing(k, &s);
	}
	for (unsigned i = 0; i < sizeof(percent) / sizeof(percent[0]); i++) {
		s = *k->best;
		s.duration_ns = s.duration_ns / 100 * percent[i];
		if (s.duration_ns > CX_MS)
			s.duration_ns = s.duration_ns / CX_MS * CX_MS;
		if (s.duration_ns >= CX_MS)
			keep_if_failing(k, &s);
	}
}

/* --- simpler domains --------------------------------------------------------------------------- */

static uint64_t rounder(uint64_t ns)
{
	static const uint64_t grains[] = { 100 * CX_MS, 10 * CX_MS, CX_MS, 100 * CX_US, CX_US };

	for (unsigned i = 0; i < sizeof(grains) / sizeof(grains[0]); i++)
		if (ns > grains[i] && ns % grains[i])
			return ns / grains[i] * grains[i];
	return ns;
}

/* The @way-th way to make a domain simpler; false: there are no more. */
static bool simplify(struct prop_domain *d, unsigned way)
{
	const struct prop_workload *w = &prop_workloads[d->workload];

	switch (way) {
	case 0:
		d->workload = 0;
		for (unsigned i = 0; i < CX_GUEST_PARAMS; i++)
			d->params[i] = 0;
		return true;
	case 1:
		d->vcpus = 1;
		return true;
	case 2:
		d->vcpus = d->vcpus / 2 ? d->vcpus / 2 : 1;
		return true;
	case 3:
		d->weight = CX_WEIGHT_DEFAULT;
		return true;
	case 4:
		d->limit = 0;
		return true;
	case 5:
		d->cpus = PROP_ALL;
		return true;
	case 6:
		d->soft = PROP_ALL;
		return true;
	case 7:
		d->start_ns = 0;
		return true;
	case 8:
		d->stop_ns = PROP_FOREVER;
		return true;
	case 11:
		d->reservation = 0;
		return true;
	case 12:
		d->pool = PROP_NO_POOL;
		return true;
	case 9:
		d->start_ns = rounder(d->start_ns);
		return true;
	case 10:
		d->stop_ns = rounder(d->stop_ns);
		return true;
	default:
		break;
	}
	way -= 13;
	if (way >= 2 * w->n_params)
		return false;
	if (way < w->n_params && w->params[way].usual >= 0)
		d->params[way] = w->params[way].usual;
	else if (way >= w->n_params && w->params[way - w->n_params].is == PROP_TIME)
		d->params[way - w->n_params] =
			(int64_t)rounder((uint64_t)d->params[way - w->n_params]);
	return true;
}

static void simpler_domains(struct shrinking *k)
{
	for (unsigned i = 0; i < k->best->n_domains; i++)
		for (unsigned way = 0;; way++) {
			struct prop_scenario s = *k->best;

			if (!simplify(&s.domains[i], way))
				break;
			keep_if_failing(k, &s);
		}
}

static void rounder_changes(struct shrinking *k)
{
	for (unsigned i = 0; i < k->best->n_changes; i++) {
		struct prop_scenario s = *k->best;

		s.changes[i].at_ns = rounder(s.changes[i].at_ns);
		keep_if_failing(k, &s);
	}
}

unsigned prop_shrink(const struct prop_policy *policy, const char *payloads, enum prop_rule rule,
		     struct prop_scenario *s, struct prop_verdict *verdict)
{
	struct shrinking k = { .policy = policy,
			       .payloads = payloads,
			       .rule = rule,
			       .best = s,
			       .verdict = verdict,
			       .progress = true };

	while (k.progress && k.runs < RUNS_MAX) {
		k.progress = false;
		drop_changes(&k);
		drop_domains(&k);
		drop_pools(&k);
		simpler_whole(&k);
		fewer_pcpus(&k);
		shorter(&k);
		simpler_domains(&k);
		simpler_pools(&k);
		rounder_changes(&k);
	}
	return k.runs;
}
