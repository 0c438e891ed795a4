/* SPDX-License-Identifier: BSD-2-Clause */
#include "entitlement/spread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;

int cx_spread_init(struct cx_spread *spread, unsigned pools, unsigned classes)
{
	size_t all = (size_t)pools * classes + 1;
	unsigned k;

	*spread = (struct cx_spread){ .parts = calloc(all, sizeof(*spread->parts)) };
	if (!spread->parts)
		return -ENOMEM;
	for (k = 0; k < CX_SPREAD_AMOUNTS; k++) {
		struct cx_spread_amount *a = &spread->amounts[k];

		a->on = calloc(pools + 1ul, sizeof(*a->on));
		a->parts = calloc(all, sizeof(*a->parts));
		a->wanting = calloc(all, sizeof(*a->wanting));
		a->crowded = calloc(all, sizeof(*a->crowded));
		if (!a->on || !a->parts || !a->wanting || !a->crowded)
			return -ENOMEM;
	}
	return 0;
}

void cx_spread_free(struct cx_spread *spread)
{
	unsigned k;

	for (k = 0; k < CX_SPREAD_AMOUNTS; k++) {
		free(spread->amounts[k].on);
		free(spread->amounts[k].parts);
		free(spread->amounts[k].wanting);
		free(spread->amounts[k].crowded);
	}
	free(spread->parts);
	*spread = (struct cx_spread){ 0 };
}

/** Those of pool @p, by class. */
static struct cx_spread_part *parts_of(const struct cx_spread *spread, const struct cx_solver *s,
				       unsigned p)
{
	return spread->parts + (size_t)p * s->affinity->n_classes;
}

/* No capacity is more than that. */
static void add(uint64_t *sum, uint64_t x)
{
	*sum = *sum + x < CX_AMOUNT_MAX ? *sum + x : CX_AMOUNT_MAX;
}

static void gather(struct cx_spread *spread, const struct cx_solver *s, unsigned n)
{
	unsigned i;
	size_t at;

	for (at = 0; at < (size_t)s->n_pools * s->affinity->n_classes; at++)
		spread->parts[at] = (struct cx_spread_part){ .got = spread->parts[at].got };
	for (i = 0; i < n; i++) {
		const struct cx_solver_domain *d = &s->domains[i];
		uint64_t wants = d->demand < d->limit ? d->demand : d->limit;
		struct cx_spread_part *part;

		if (d->pool >= s->n_pools || !wants)
			continue;
		part = &parts_of(spread, s, d->pool)[d->class];
		part->weight += d->weight ? d->weight : 1;
		add(&part->wants, wants);
		add(&part->most, wants);
	}
}

/** No class has more than its pCPUs.  Returns in how many the members of @p may use anything. */
static unsigned bound_by_pcpus(struct cx_spread *spread, const struct cx_solver *s, unsigned p)
{
	struct cx_spread_part *parts = parts_of(spread, s, p);
	unsigned c, n = 0;

	for (c = 0; c < s->affinity->n_classes; c++) {
		uint64_t has = cx_solver_capacity(s, s->affinity->class_cpus[c]);

		if (parts[c].most > has)
			parts[c].most = has;
		n += parts[c].most != 0;
	}
	return n;
}

static uint64_t amount_of(const struct cx_solver *s, unsigned p, enum cx_amount k)
{
	return k == CX_LIMIT ? s->pools[p].limit : s->pools[p].reservation;
}

/** What class @c may have at most of the amount @k of @p. */
static uint64_t most_of(const struct cx_spread *spread, const struct cx_solver *s, unsigned p,
			enum cx_amount k, unsigned c)
{
	const struct cx_spread_part *part = &parts_of(spread, s, p)[c];

	if (spread->amounts[k].crowded[(size_t)p * s->affinity->n_classes + c])
		return part->got < part->most ? part->got : part->most;
	return part->most;
}

/** Divide the amount @k among the classes: s->tree.claims has those that may use anything, in
 *  their order.  Is any of them content with less than by its weight? */
static bool divide(const struct cx_spread *spread, struct cx_solver *s, unsigned p,
		   enum cx_amount k)
{
	const struct cx_spread_part *parts = parts_of(spread, s, p);
	struct cx_claim *claims = s->tree.claims;
	struct cx_level level;
	bool content = false;
	unsigned c, n = 0;

	for (c = 0; c < s->affinity->n_classes; c++)
		if (parts[c].most)
			claims[n++] = (struct cx_claim){ .weight = parts[c].weight,
							 .hi = most_of(spread, s, p, k, c) };
	cx_entitle(claims, n, amount_of(s, p, k), &level, s->tree.edges);
	for (c = 0; c < n; c++)
		content |= claims[c].share == claims[c].hi;
	return content;
}

/** What divide() found is where the amount @k of @p falls. */
static void keep(struct cx_spread *spread, const struct cx_solver *s, unsigned p, enum cx_amount k)
{
	const struct cx_spread_part *parts = parts_of(spread, s, p);
	struct cx_spread_amount *a = &spread->amounts[k];
	const struct cx_claim *claim = s->tree.claims;
	size_t at = (size_t)p * s->affinity->n_classes;
	unsigned c;

	a->on[p] = spread->any = true;
	for (c = 0; c < s->affinity->n_classes; c++, at++) {
		a->parts[at] = parts[c].most ? claim++->share : 0;
		a->wanting[at] = a->parts[at] < parts[c].wants;
	}
}

static void spread_pool(struct cx_spread *spread, struct cx_solver *s, unsigned p)
{
	const struct cx_solver_pool *pool = &s->pools[p];
	struct cx_spread_part *parts = parts_of(spread, s, p);
	bool several = bound_by_pcpus(spread, s, p) > 1;
	unsigned c, n = 0;

	if (pool->limit < CX_AMOUNT_MAX) {
		if (divide(spread, s, p, CX_LIMIT) && several)
			keep(spread, s, p, CX_LIMIT);
		for (c = 0; c < s->affinity->n_classes; c++)
			if (parts[c].most)
				parts[c].most = s->tree.claims[n++].share;
	}
	if (pool->reservation && several && divide(spread, s, p, CX_RESERVATION))
		keep(spread, s, p, CX_RESERVATION);
}

static void add_to_parent(struct cx_spread *spread, const struct cx_solver *s, unsigned p)
{
	const struct cx_spread_part *own = parts_of(spread, s, p);
	struct cx_spread_part *up;
	unsigned c;

	if (s->pools[p].parent >= s->n_pools)
		return;
	up = parts_of(spread, s, s->pools[p].parent);
	for (c = 0; c < s->affinity->n_classes; c++) {
		up[c].weight += own[c].weight;
		add(&up[c].wants, own[c].wants);
		add(&up[c].most, own[c].most);
	}
}

static void spread_all(struct cx_spread *spread, struct cx_solver *s)
{
	unsigned p, k;

	spread->any = false;
	for (k = 0; k < CX_SPREAD_AMOUNTS; k++)
		memset(spread->amounts[k].on, 0, s->n_pools * sizeof(*spread->amounts[k].on));
	for (p = s->n_pools; p-- > 0;) {
		spread_pool(spread, s, p);
		add_to_parent(spread, s, p);
	}
}

void cx_spread_pools(struct cx_spread *spread, struct cx_solver *s, unsigned n)
{
	size_t all = (size_t)s->n_pools * s->affinity->n_classes;
	unsigned k;

	for (k = 0; k < CX_SPREAD_AMOUNTS; k++)
		memset(spread->amounts[k].crowded, 0, all * sizeof(*spread->amounts[k].crowded));
	memset(spread->parts, 0, all * sizeof(*spread->parts));
	gather(spread, s, n);
	spread_all(spread, s);
}

/* ---- once all is solved ---- */

static void gather_got(struct cx_spread *spread, const struct cx_solver *s, unsigned n)
{
	unsigned i, p;
	size_t at;

	for (at = 0; at < (size_t)s->n_pools * s->affinity->n_classes; at++)
		spread->parts[at].got = 0;
	for (i = 0; i < n; i++)
		for (p = s->domains[i].pool; p < s->n_pools; p = s->pools[p].parent)
			parts_of(spread, s, p)[s->domains[i].class].got += s->domains[i].entitled;
}

/** What class @c had of the amount @k of @p; @weight: of all its classes. */
static uint64_t had(const struct cx_spread *spread, const struct cx_solver *s, unsigned p,
		    enum cx_amount k, unsigned c, uint64_t weight)
{
	const struct cx_spread_amount *a = &spread->amounts[k];

	if (!weight)
		return 0;
	if (a->on[p])
		return a->parts[(size_t)p * s->affinity->n_classes + c];
	return (uint64_t)((u128)amount_of(s, p, k) * parts_of(spread, s, p)[c].weight / weight);
}

/** Mark the classes that got less than their part, if another one wants more than that.  Is any
 *  marked that was not? */
static bool find_crowded(struct cx_spread *spread, const struct cx_solver *s, unsigned p,
			 enum cx_amount k, unsigned slack)
{
	const struct cx_spread_part *parts = parts_of(spread, s, p);
	bool *crowded = &spread->amounts[k].crowded[(size_t)p * s->affinity->n_classes];
	unsigned c, n = s->affinity->n_classes;
	bool any = false, more = false;
	uint64_t weight = 0;

	for (c = 0; c < n; c++)
		weight += parts[c].weight;
	for (c = 0; c < n; c++) {
		bool less = parts[c].got + slack < had(spread, s, p, k, c, weight);
		bool wants = parts[c].wants > parts[c].got + slack;

		any |= wants && less && !crowded[c];
		more |= wants && !less && !crowded[c];
	}
	for (c = 0; any && more && c < n; c++)
		crowded[c] |= parts[c].wants > parts[c].got + slack &&
			      parts[c].got + slack < had(spread, s, p, k, c, weight);
	return any && more;
}

bool cx_spread_again(struct cx_spread *spread, struct cx_solver *s, unsigned n)
{
	bool again = false;
	unsigned p;

	gather_got(spread, s, n);
	for (p = 0; p < s->n_pools; p++) {
		if (s->pools[p].limit < CX_AMOUNT_MAX)
			again |= find_crowded(spread, s, p, CX_LIMIT, n);
		if (s->pools[p].reservation)
			again |= find_crowded(spread, s, p, CX_RESERVATION, n);
	}
	if (!again)
		return false;
	gather(spread, s, n);
	spread_all(spread, s);
	return true;
}
