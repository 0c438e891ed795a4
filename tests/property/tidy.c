/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario whose parts were changed one by one, made to fit together again. */
#include "tests/property/property.h"

#include <string.h>

static void fit_set(uint64_t *set, unsigned n)
{
	uint64_t all = prop_first(n);

	if (*set != PROP_ALL)
		*set &= all;
	if (*set == 0 || *set == all)
		*set = PROP_ALL;
}

static void fit_domain(struct prop_domain *d, unsigned n_pcpus, uint64_t duration_ns)
{
	fit_set(&d->cpus, n_pcpus);
	fit_set(&d->soft, n_pcpus);
	if (d->start_ns >= duration_ns)
		d->start_ns = 0;
	if (d->stop_ns >= duration_ns || d->stop_ns <= d->start_ns)
		d->stop_ns = PROP_FOREVER;
	if (d->limit > 100 * d->vcpus)
		d->limit = 100 * d->vcpus;
	if (d->reservation > 100 * d->vcpus)
		d->reservation = 100 * d->vcpus;
}

static void sort_changes(struct prop_scenario *s)
{
	for (unsigned i = 1; i < s->n_changes; i++) {
		struct prop_change c = s->changes[i];
		unsigned k = i;

		for (; k > 0 && s->changes[k - 1].at_ns > c.at_ns; k--)
			s->changes[k] = s->changes[k - 1];
		s->changes[k] = c;
	}
}

/* Would every domain still have somewhere to run? */
static bool enough(const struct prop_scenario *s, uint64_t online)
{
	if (!online)
		return false;
	for (unsigned i = 0; i < s->n_domains; i++)
		if (!(s->domains[i].cpus & online))
			return false;
	return true;
}

/* Does it make sense when the pCPUs @online are online?  Then what is online afterwards. */
static bool makes_sense(const struct prop_scenario *s, const struct cx_plugin *table,
			const struct prop_change *c, uint64_t *online)
{
	uint64_t bit = c->target < PROP_PCPUS ? prop_bit(c->target) : 0;

	if (c->at_ns >= s->duration_ns)
		return false;
	switch (c->kind) {
	case PROP_SET_WEIGHT:
		return c->target < s->n_domains && c->at_ns < s->domains[c->target].stop_ns;
	case PROP_POOL_WEIGHT:
	case PROP_POOL_RESERVATION:
	case PROP_POOL_LIMIT:
		return c->target < s->n_pools;
	case PROP_SET_LIMIT:
	case PROP_SET_RESERVATION:
		return c->target < s->n_domains && c->at_ns < s->domains[c->target].stop_ns &&
		       c->value <= 100 * (int64_t)s->domains[c->target].vcpus;
	case PROP_SET_PARAM:
		return c->target < table->n_params && c->target < PROP_PARAMS;
	case PROP_OFFLINE:
		if (!(*online & bit) || !enough(s, *online & ~bit))
			return false;
		*online &= ~bit;
		return true;
	default:
		if (c->target >= prop_shapes[s->shape].pcpus || *online & bit)
			return false;
		*online |= bit;
		return true;
	}
}

void prop_tidy(struct prop_scenario *s, const struct cx_plugin *table)
{
	unsigned n = prop_shapes[s->shape].pcpus, kept = 0;
	uint64_t online = prop_first(n);

	for (unsigned i = 0; i < s->n_domains; i++)
		fit_domain(&s->domains[i], n, s->duration_ns);
	sort_changes(s);
	for (unsigned i = 0; i < s->n_changes; i++)
		if (makes_sense(s, table, &s->changes[i], &online))
			s->changes[kept++] = s->changes[i];
	s->n_changes = kept;
	prop_admit(s);
	memset(&s->changes[s->n_changes], 0, (PROP_CHANGES - s->n_changes) * sizeof(s->changes[0]));
}
