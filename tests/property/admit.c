/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations that nobody could refuse: what would be too much, at any time of the run and with
 * any order of its changes, is taken back.
 *
 * A domain counts with the most that it ever reserves, a pool with the most of its own and what
 * its children reserve, and against each stand the least limit above it and the pCPUs that are
 * always online.  For affinities it is enough that for each domain that reserves, all that
 * reserve on any of its pCPUs fit on these together: of any set of domains take one, those that
 * share a pCPU with it fit on its pCPUs, and so on with those that are left, whose pCPUs are
 * others.
 */
#include "tests/property/property.h"

/* What a domain or pool ever has: the most reserved, the least limit (0 = none). */
struct ever {
	unsigned reserved, limit;
};

static void note(struct ever *e, int64_t reservation, int64_t limit)
{
	if (reservation > e->reserved)
		e->reserved = (unsigned)reservation;
	if (limit && (!e->limit || limit < e->limit))
		e->limit = (unsigned)limit;
}

static struct ever of_domain(const struct prop_scenario *s, unsigned dom)
{
	struct ever e = { s->domains[dom].reservation, s->domains[dom].limit };

	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].target != dom)
			continue;
		else if (s->changes[i].kind == PROP_SET_RESERVATION)
			note(&e, s->changes[i].value, 0);
		else if (s->changes[i].kind == PROP_SET_LIMIT)
			note(&e, 0, s->changes[i].value);
	return e;
}

static struct ever of_pool(const struct prop_scenario *s, unsigned pool)
{
	struct ever e = { s->pools[pool].reservation, s->pools[pool].limit };

	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].target != pool)
			continue;
		else if (s->changes[i].kind == PROP_POOL_RESERVATION)
			note(&e, s->changes[i].value, 0);
		else if (s->changes[i].kind == PROP_POOL_LIMIT)
			note(&e, 0, s->changes[i].value);
	return e;
}

/* Its own least reservation, where it may not borrow. */
static unsigned least_reserved(const struct prop_scenario *s, unsigned pool)
{
	unsigned least = s->pools[pool].reservation;

	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].target == pool && s->changes[i].kind == PROP_POOL_RESERVATION &&
		    s->changes[i].value < least)
			least = (unsigned)s->changes[i].value;
	return least;
}

uint64_t prop_staying(const struct prop_scenario *s)
{
	uint64_t set = prop_first(prop_shapes[s->shape].pcpus);

	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].kind == PROP_OFFLINE)
			set &= ~prop_bit(s->changes[i].target);
	return set;
}

struct sums {
	unsigned children[PROP_POOLS + 1]; /* by pool, the host last */
	unsigned beyond;                   /* what pools reserve and no domain of theirs does */
};

static void add_up(const struct prop_scenario *s, struct sums *sums)
{
	*sums = (struct sums){ .beyond = 0 };
	for (unsigned i = 0; i < s->n_domains; i++)
		sums->children[s->domains[i].pool] += of_domain(s, i).reserved;
	for (unsigned i = s->n_pools; i-- > 0;) {
		unsigned own = of_pool(s, i).reserved, theirs = sums->children[i];

		sums->children[s->pools[i].parent] += own > theirs ? own : theirs;
		sums->beyond += own > theirs ? own - theirs : 0;
	}
}

static bool pools_fit(const struct prop_scenario *s, const struct sums *sums)
{
	for (unsigned i = 0; i < s->n_pools; i++) {
		struct ever e = of_pool(s, i);

		if (s->pools[i].fixed && sums->children[i] > least_reserved(s, i))
			return false;
		if (e.limit && (sums->children[i] > e.limit || e.reserved > e.limit))
			return false;
	}
	return true;
}

/* What domain @dom and all that share a pCPU with it reserve, against these pCPUs. */
static bool affinity_fits(const struct prop_scenario *s, const struct sums *sums, unsigned dom)
{
	uint64_t cpus = s->domains[dom].cpus & prop_staying(s);
	unsigned sum = sums->beyond;

	for (unsigned i = 0; i < s->n_domains; i++)
		if (s->domains[i].cpus & s->domains[dom].cpus)
			sum += of_domain(s, i).reserved;
	return sum <= 100u * (unsigned)__builtin_popcountll(cpus);
}

static bool fits(const struct prop_scenario *s)
{
	struct sums sums;

	add_up(s, &sums);
	if (sums.children[PROP_NO_POOL] > 100u * (unsigned)__builtin_popcountll(prop_staying(s)) ||
	    !pools_fit(s, &sums))
		return false;
	for (unsigned i = 0; i < s->n_domains; i++) {
		struct ever e = of_domain(s, i);

		if (e.reserved && !affinity_fits(s, &sums, i))
			return false;
		if (e.limit && e.reserved > e.limit)
			return false;
	}
	return true;
}

static bool reserves(const struct prop_scenario *s)
{
	for (unsigned i = 0; i < s->n_domains; i++)
		if (s->domains[i].reservation)
			return true;
	for (unsigned i = 0; i < s->n_pools; i++)
		if (s->pools[i].reservation)
			return true;
	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].kind == PROP_SET_RESERVATION ||
		    s->changes[i].kind == PROP_POOL_RESERVATION)
			return true;
	return false;
}

static void drop_changes(struct prop_scenario *s, enum prop_change_kind kind, unsigned target)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].kind != kind || s->changes[i].target != target)
			s->changes[kept++] = s->changes[i];
	s->n_changes = kept;
}

void prop_admit(struct prop_scenario *s)
{
	if (!reserves(s))
		return;
	for (unsigned i = s->n_domains; i-- > 0 && !fits(s);) {
		s->domains[i].reservation = 0;
		drop_changes(s, PROP_SET_RESERVATION, i);
	}
	for (unsigned i = s->n_pools; i-- > 0 && !fits(s);) {
		s->pools[i].reservation = 0;
		drop_changes(s, PROP_POOL_RESERVATION, i);
	}
}
