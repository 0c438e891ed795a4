/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of clients: bounds from the leaves up, shares from the host down.
 */
#include "entitlement/entitlement.h"

#include <errno.h>
#include <stdlib.h>

#define NOBODY UINT32_MAX

typedef unsigned __int128 u128;

int cx_tree_init(struct cx_tree *tree, unsigned room)
{
	tree->room = room;
	tree->claims = calloc(room + 1ul, sizeof(*tree->claims));
	tree->edges = calloc(2ul * room + 1, sizeof(*tree->edges));
	return tree->claims && tree->edges ? 0 : -ENOMEM;
}

void cx_tree_free(struct cx_tree *tree)
{
	free(tree->claims);
	free(tree->edges);
	*tree = (struct cx_tree){ 0 };
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* No capacity is more than that, so neither need a bound be. */
static void add(uint64_t *sum, uint64_t x)
{
	*sum = min(*sum + x, CX_AMOUNT_MAX);
}

/* ---- up ---- */

static int start(struct cx_client *clients, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct cx_client *c = &clients[i];

		if (c->parent != CX_NO_POOL && c->parent >= i)
			return -EINVAL;
		c->first = c->next = NOBODY;
		c->lo = c->hi = c->floor = c->top = 0;
	}
	return 0;
}

/** Its children's bounds are in it, added up. */
static void bound(struct cx_client *c)
{
	uint64_t limit = min(c->limit, CX_AMOUNT_MAX);

	c->hi = min(limit, c->first == NOBODY ? c->demand : c->hi);
	c->top = min(limit, c->first == NOBODY ? limit : c->top);
	c->lo = min(c->hi, max(c->reservation, c->lo));
	c->floor = min(c->top, max(c->reservation, c->floor));
}

/** Returns the host's first child; siblings are linked in their order. */
static unsigned bound_all(struct cx_client *clients, unsigned n)
{
	unsigned i, first = NOBODY;

	for (i = n; i-- > 0;) {
		struct cx_client *c = &clients[i], *parent;

		bound(c);
		if (c->parent == CX_NO_POOL) {
			c->next = first;
			first = i;
			continue;
		}
		parent = &clients[c->parent];
		c->next = parent->first;
		parent->first = i;
		add(&parent->lo, c->lo);
		add(&parent->hi, c->hi);
		add(&parent->floor, c->floor);
		add(&parent->top, c->top);
	}
	return first;
}

/* ---- down ---- */

struct siblings {
	struct cx_tree *tree;
	struct cx_client *clients;
	unsigned first;
};

#define for_each(s, i) for (i = (s)->first; i != NOBODY; i = (s)->clients[i].next)

/** Who is taken to want everything: nobody, those that want anything, all. */
enum greed { NONE, SOME, ALL };

/** A level for rates, and what the lo that do not fit are scaled by. */
struct rates {
	struct cx_level x;
	uint64_t capacity;
	u128 lo; /* of all; more than the capacity: scaled down */
};

static struct rates level_of(const struct siblings *s, uint64_t capacity, enum greed greed)
{
	struct rates r = { .capacity = capacity };
	unsigned i, m = 0;

	for_each(s, i)
	{
		const struct cx_client *c = &s->clients[i];
		bool all = greed == ALL || (greed == SOME && c->hi);
		struct cx_claim *claim = &s->tree->claims[m++];

		claim->weight = c->weight;
		claim->lo = all ? c->floor : c->lo;
		claim->hi = all ? c->top : c->hi;
		r.lo += claim->lo;
	}
	cx_entitle(s->tree->claims, m, capacity, &r.x, s->tree->edges);
	return r;
}

static struct rates share_entitled(const struct siblings *s, uint64_t capacity)
{
	struct rates r = level_of(s, capacity, NONE);
	unsigned i, m = 0;

	for_each(s, i) s->clients[i].entitled = s->tree->claims[m++].share;
	return r;
}

static uint64_t rate_at(const struct rates *r, const struct cx_client *c)
{
	if (r->lo > r->capacity)
		return (uint64_t)((u128)c->floor * r->capacity / r->lo);
	return cx_level_share(r->x, c->weight ? c->weight : 1, c->floor, c->top);
}

/** @r: the level that demands make with @capacity. */
static void share_rates(const struct siblings *s, uint64_t capacity, struct rates r)
{
	struct rates all = r;
	bool idle = false;
	unsigned i;

	if (r.x.den == 0) {
		r = level_of(s, capacity, SOME);
		for_each(s, i) idle |= s->clients[i].hi == 0;
		if (idle)
			all = level_of(s, capacity, ALL);
	}
	for_each(s, i)
	{
		struct cx_client *c = &s->clients[i];

		/* Rounding aside, it is no less than what it is entitled to. */
		c->rate = max(c->entitled, rate_at(c->hi ? &r : &all, c));
	}
}

static void share_reserved(const struct siblings *s, uint64_t capacity)
{
	struct cx_level level;
	unsigned i, m = 0;

	if (capacity == 0 || capacity >= CX_AMOUNT_MAX) {
		for_each(s, i) s->clients[i].reserved =
			capacity ? min(s->clients[i].lo, s->clients[i].entitled) : 0;
		return;
	}
	for_each(s, i)
	{
		const struct cx_client *c = &s->clients[i];

		s->tree->claims[m++] = (struct cx_claim){ .weight = c->weight,
							  .lo = min(c->lo, c->entitled),
							  .hi = c->entitled };
	}
	cx_entitle(s->tree->claims, m, capacity, &level, s->tree->edges);
	m = 0;
	for_each(s, i) s->clients[i].reserved = s->tree->claims[m++].share;
}

static void share_out(const struct siblings *s, const struct cx_amounts *has, bool rates)
{
	struct rates r = share_entitled(s, has->entitled);

	if (!rates)
		return;
	if (has->rate != has->entitled)
		r = level_of(s, has->rate, NONE);
	share_rates(s, has->rate, r);
	share_reserved(s, has->reserved);
}

int cx_tree_divide(struct cx_tree *tree, struct cx_client *clients, unsigned n,
		   const struct cx_amounts *has, bool rates)
{
	struct siblings s = { .tree = tree, .clients = clients };
	unsigned i;

	if (n > tree->room || start(clients, n))
		return -EINVAL;
	s.first = bound_all(clients, n);
	share_out(&s, has, rates);
	for (i = 0; i < n; i++) {
		const struct cx_client *c = &clients[i];
		struct cx_amounts own = { c->entitled, c->rate, c->reserved };

		if (c->first == NOBODY)
			continue;
		s.first = c->first;
		share_out(&s, &own, rates);
	}
	return 0;
}
