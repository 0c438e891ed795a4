/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole host: groups one by one; in each the sets of pCPUs that are too crowded for all to
 * share alike one by one; in each set the tree of pools and domains.
 */
#include "entitlement/affinity.h"
#include "entitlement/cuts.h"
#include "entitlement/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD_AGAIN 3u /* times at most, all is solved again for what a pool has left */

typedef unsigned __int128 u128;

int cx_solver_init(struct cx_solver *s, const struct cx_affinity *affinity, unsigned domains,
		   unsigned pools)
{
	size_t n = domains + 1ul, p = pools + 1ul;

	memset(s, 0, sizeof(*s));
	s->affinity = affinity;
	s->n_pools = pools;
	s->room = domains;
	s->pools = calloc(p, sizeof(*s->pools));
	s->clients = calloc(n + p, sizeof(*s->clients));
	s->parts = calloc(p, sizeof(*s->parts));
	s->order = calloc(n, sizeof(*s->order));
	s->chosen = calloc(n, sizeof(*s->chosen));
	s->trial = calloc(n, sizeof(*s->trial));
	s->group_at = calloc(affinity->n_groups + 2ul, sizeof(*s->group_at));
	s->inside = calloc(affinity->n_classes + 1ul, sizeof(*s->inside));
	s->gone = calloc(affinity->words, sizeof(*s->gone));
	s->present = calloc(affinity->n_classes + 1ul, sizeof(*s->present));
	s->cuts = calloc(1, sizeof(*s->cuts));
	s->spread = calloc(1, sizeof(*s->spread));
	if (!s->pools || !s->clients || !s->parts || !s->order || !s->chosen || !s->trial ||
	    !s->group_at || !s->inside || !s->gone || !s->present || !s->cuts || !s->spread ||
	    cx_cuts_init(s->cuts, affinity) ||
	    cx_spread_init(s->spread, pools, affinity->n_classes))
		return -ENOMEM;
	for (p = 0; p < pools; p++)
		s->pools[p].parent = CX_NO_POOL;
	return cx_tree_init(&s->tree, domains + pools);
}

void cx_solver_free(struct cx_solver *s)
{
	cx_tree_free(&s->tree);
	free(s->pools);
	free(s->clients);
	free(s->parts);
	free(s->order);
	free(s->chosen);
	free(s->trial);
	free(s->group_at);
	free(s->inside);
	free(s->gone);
	free(s->present);
	if (s->cuts)
		cx_cuts_free(s->cuts);
	free(s->cuts);
	if (s->spread)
		cx_spread_free(s->spread);
	free(s->spread);
	memset(s, 0, sizeof(*s));
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t cx_solver_capacity(const struct cx_solver *s, unsigned pcpus)
{
	u128 all = (u128)pcpus * s->per_pcpu;

	return all < CX_AMOUNT_MAX ? (uint64_t)all : CX_AMOUNT_MAX;
}

/** What it may have at most, by its limit and its affinity. */
static uint64_t most(const struct cx_solver *s, const struct cx_solver_domain *d)
{
	return min(d->limit, cx_solver_capacity(s, s->affinity->class_cpus[d->class]));
}

/* ---- one solution ---- */

/** Divide what there is among @m; s->clients then has the pools, and the domains after. */
static struct cx_client *divide(struct cx_solver *s, const struct members *m)
{
	uint64_t capacity = cx_solver_capacity(s, m->pcpus);
	struct cx_amounts has = { capacity, capacity, CX_AMOUNT_MAX };
	unsigned pools = m->pooled ? s->n_pools : 0, i;
	struct cx_client *c = s->clients;

	if (pools)
		parts_weigh(s, m, CHOSEN);
	for (i = 0; i < pools; i++)
		*c++ = parts_client(s, i);
	for (i = 0; i < m->n; i++) {
		const struct cx_solver_domain *d = &s->domains[m->list[i]];

		*c++ = (struct cx_client){ .parent = is_pool(s, d->pool) ? d->pool : CX_NO_POOL,
					   .weight = d->weight,
					   .reservation = d->reservation,
					   .limit = most(s, d),
					   .demand = d->demand };
	}
	cx_tree_divide(&s->tree, s->clients, pools + m->n, &has, s->rates);
	return s->clients + pools;
}

/** What divide() found for @m stands. */
static void settle(struct cx_solver *s, const struct members *m, unsigned set, unsigned rank)
{
	unsigned pools = m->pooled ? s->n_pools : 0, i;

	for (i = 0; i < pools; i++)
		s->parts[i].used += s->clients[i].entitled;
	for (i = 0; i < m->n; i++) {
		const struct cx_client *c = &s->clients[pools + i];
		struct cx_solver_domain *d = &s->domains[m->list[i]];

		d->entitled = c->entitled;
		d->rate = c->rate;
		d->reserved = c->reserved;
		d->set = set;
		d->rank = rank;
	}
}

/* ---- sets of pCPUs that are too crowded ---- */

/** Those of @from that lie within @bound and what is gone, in @list. */
static struct members choose(struct cx_solver *s, const struct members *from, unsigned group,
			     const uint64_t *bound, unsigned *list)
{
	struct members m = { .list = list, .pooled = from->pooled, .bound = bound };
	unsigned c, i;

	for (c = 0; c < s->affinity->n_classes; c++)
		s->inside[c] = s->affinity->class_group[c] == group &&
			       cx_affinity_within(s->affinity, c, bound, s->gone);
	for (i = 0; i < from->n; i++)
		if (s->inside[s->domains[from->list[i]].class])
			m.list[m.n++] = from->list[i];
	m.pcpus = cx_affinity_pcpus(s->affinity, bound, s->gone);
	return m;
}

/** Is bound @a, but for what is gone, within @b (NULL: all)? */
static bool narrower(const struct cx_solver *s, const uint64_t *a, const uint64_t *b)
{
	unsigned w;

	for (w = 0; b && w < s->affinity->words; w++)
		if (a[w] & ~(b[w] | s->gone[w]))
			return false;
	return true;
}

/** The level that @m make among themselves, as if there were no pools. */
static struct cx_level level_of(struct cx_solver *s, const struct members *m)
{
	struct cx_level level;
	unsigned i;

	for (i = 0; i < m->n; i++) {
		const struct cx_solver_domain *d = &s->domains[m->list[i]];
		struct cx_claim *c = &s->tree.claims[i];

		c->weight = d->weight;
		c->hi = min(most(s, d), d->demand);
		c->lo = min(d->reservation, c->hi);
	}
	cx_entitle(s->tree.claims, m->n, cx_solver_capacity(s, m->pcpus), &level, s->tree.edges);
	return level;
}

/** How crowded a set is: by its level, or by how much of its pCPUs is asked for. */
struct crowd {
	struct cx_level level;
	uint64_t asked, has;
};

static bool worse(const struct crowd *a, const struct crowd *b, bool pooled)
{
	if (pooled)
		return (u128)a->asked * b->has > (u128)b->asked * a->has;
	return cx_level_below(a->level, b->level);
}

/** How crowded @m are, some of @all; @found is what each of all would have, were it not so. */
static struct crowd crowd_of(struct cx_solver *s, const struct members *m,
			     const struct members *all, const struct cx_client *found)
{
	struct crowd crowd = { .has = cx_solver_capacity(s, m->pcpus) };
	unsigned i;

	for (i = 0; i < all->n; i++)
		if (s->inside[s->domains[all->list[i]].class])
			crowd.asked += found[i].entitled;
	if (!m->pooled)
		crowd.level = level_of(s, m);
	return crowd;
}

/**
 * @all have been divided without regard to affinity within their set: @found is what each would
 * have.  Returns the most crowded set of pCPUs within theirs; NULL: none of them is asked for
 * more than it has.
 */
static const uint64_t *most_crowded(struct cx_solver *s, const struct members *all, unsigned group,
				    const struct cx_client *found)
{
	const struct cx_affinity *a = s->affinity;
	struct crowd worst = { .level = { 0, 0 }, .has = 1 };
	const uint64_t *cpus = NULL;
	bool any_exceeded = false;
	unsigned b;

	for (b = 0; b < a->n_bounds; b++) {
		struct crowd crowd;
		struct members m;
		bool exceeded;

		if (a->bounds[b].group != group || !narrower(s, a->bounds[b].cpus, all->bound))
			continue;
		m = choose(s, all, group, a->bounds[b].cpus, s->trial);
		if (m.n == all->n && m.pcpus >= all->pcpus)
			continue; /* the same set */
		crowd = crowd_of(s, &m, all, found);
		exceeded = crowd.asked > crowd.has + m.n; /* shares are rounded one by one */
		any_exceeded |= exceeded;
		if ((exceeded || !m.pooled) && worse(&crowd, &worst, m.pooled)) {
			worst = crowd;
			cpus = a->bounds[b].cpus;
		}
	}
	return any_exceeded ? cpus : NULL;
}

/**
 * Those of @left, maybe all, that are to be solved first: the most crowded, and among them
 * again those that are, until they fit.  They are divided.
 */
static struct members solve_first(struct cx_solver *s, const struct members *left, unsigned group)
{
	struct members m = *left;

	for (;;) {
		const uint64_t *bound = most_crowded(s, &m, group, divide(s, &m));

		if (!bound)
			return m;
		m = choose(s, left, group, bound, s->chosen);
	}
}

/**
 * The same where the group has too many classes to try all sets.  Sets that are found stay in
 * s->cuts: when the innermost is settled, it is its turn of the rest of the one around it.
 */
static struct members solve_first_of_many(struct cx_solver *s, const struct members *left,
					  unsigned group)
{
	struct cx_cuts *cuts = s->cuts;

	for (;;) {
		const uint64_t *bound = cx_cuts_bound(cuts);
		struct members m = bound ? choose(s, left, group, bound, s->chosen) : *left;
		const struct cx_client *found = divide(s, &m);
		unsigned i;

		memset(cuts->asked, 0, s->affinity->n_classes * sizeof(*cuts->asked));
		for (i = 0; i < m.n; i++) /* shares are rounded one by one */
			cuts->asked[s->domains[m.list[i]].class] +=
				found[i].entitled ? found[i].entitled - 1 : 0;
		if (!cx_cuts_deeper(cuts, group, s->gone, s->per_pcpu))
			return m;
	}
}

/**
 * The innermost set is settled.  In pools, what others of the sets around it may have changes with
 * that, and their pCPUs could be more than they want now: all that are left begin anew.
 */
static void look_further(struct cx_solver *s, bool pooled)
{
	if (pooled)
		cx_cuts_begin(s->cuts);
	else
		cx_cuts_back(s->cuts);
}

/** The first class that @bound (NULL = any) and what is gone hold, and what is gone does not. */
static unsigned name_set(const struct cx_solver *s, unsigned group, const uint64_t *bound)
{
	const struct cx_affinity *a = s->affinity;
	unsigned c;

	for (c = 0; c < a->n_classes; c++)
		if (a->class_group[c] == group && !cx_affinity_within(a, c, s->gone, NULL) &&
		    (!bound || cx_affinity_within(a, c, bound, s->gone)))
			return c;
	return 0;
}

/** @done, some of @left in the same order, are settled: keep the others. */
static void keep_others(struct cx_solver *s, struct members *left, const struct members *done)
{
	unsigned i, k = 0, n = 0;

	for (i = 0; i < left->n; i++)
		if (k < done->n && left->list[i] == done->list[k])
			k++;
		else
			left->list[n++] = left->list[i];
	left->n = n;
	left->pcpus -= done->pcpus;
	if (left->pooled)
		parts_weigh(s, left, LEFT);
}

static void solve_group(struct cx_solver *s, unsigned group, struct members *left)
{
	bool many = s->affinity->many[group];
	unsigned w, rank = 0;

	memset(s->gone, 0, s->affinity->words * sizeof(*s->gone));
	left->pcpus = s->affinity->group_cpus[group];
	if (left->pooled)
		parts_begin_group(s, left);
	if (many)
		cx_cuts_begin(s->cuts);
	while (left->n) {
		struct members m =
			many ? solve_first_of_many(s, left, group) : solve_first(s, left, group);

		settle(s, &m, name_set(s, group, m.bound), rank++);
		if (!m.bound)
			return;
		keep_others(s, left, &m);
		for (w = 0; w < s->affinity->words; w++)
			s->gone[w] |= m.bound[w];
		if (many)
			look_further(s, left->pooled);
	}
}

/* ---- all groups ---- */

static int check(const struct cx_solver *s, const struct cx_solver_domain *domains, unsigned n)
{
	unsigned i;

	if (n > s->room)
		return -EINVAL;
	for (i = 0; i < n; i++)
		if (domains[i].class >= s->affinity->n_classes)
			return -EINVAL;
	for (i = 0; i < s->n_pools; i++)
		if (is_pool(s, s->pools[i].parent) && s->pools[i].parent >= i)
			return -EINVAL;
	return 0;
}

static unsigned group_of(const struct cx_solver *s, unsigned domain)
{
	return s->affinity->class_group[s->domains[domain].class];
}

/** Order the domains by group: group g has order[group_at[g] .. group_at[g + 1]). */
static void sort_by_group(struct cx_solver *s, unsigned n)
{
	unsigned groups = s->affinity->n_groups, g, i, at = 0;

	memset(s->group_at, 0, (groups + 2ul) * sizeof(*s->group_at));
	for (i = 0; i < n; i++)
		s->group_at[group_of(s, i)]++;
	for (g = 0; g <= groups; g++) {
		unsigned size = s->group_at[g];

		s->group_at[g] = at;
		at += size;
	}
	for (i = 0; i < n; i++)
		s->order[s->group_at[group_of(s, i)]++] = i;
	/* Filling moved each start to the next group's. */
	for (g = groups; g > 0; g--)
		s->group_at[g] = s->group_at[g - 1];
	s->group_at[0] = 0;
}

static bool any_pooled(const struct cx_solver *s, const struct members *m)
{
	unsigned i;

	for (i = 0; s->n_pools && i < m->n; i++)
		if (is_pool(s, s->domains[m->list[i]].pool))
			return true;
	return false;
}

static void solve_groups(struct cx_solver *s, unsigned n)
{
	struct members all = { .list = s->order, .n = n };
	unsigned g;

	sort_by_group(s, n);
	if (s->n_pools)
		parts_weigh(s, &all, HOST);
	for (g = 0; g < s->affinity->n_groups; g++) {
		struct members m = { .list = s->order + s->group_at[g],
				     .n = s->group_at[g + 1] - s->group_at[g] };

		m.pooled = any_pooled(s, &m);
		if (m.n)
			solve_group(s, g, &m);
	}
}

int cx_solver_solve(struct cx_solver *s, struct cx_solver_domain *domains, unsigned n)
{
	bool spread = s->n_pools && s->affinity->n_classes > 1;
	int ret = check(s, domains, n);
	unsigned i;

	if (ret)
		return ret;
	s->domains = domains;
	s->spread->any = false;
	if (spread)
		cx_spread_pools(s->spread, s, n);
	solve_groups(s, n);
	for (i = 0; spread && i < SPREAD_AGAIN && cx_spread_again(s->spread, s, n); i++)
		solve_groups(s, n);
	return 0;
}
