/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One capacity.
 *
 * What all get is a rising, piecewise linear function of the level.  It bends where a client
 * leaves its lo or meets its hi.  Those edges are taken from a heap in the order of their levels
 * until the piece is found in which the capacity is used up.
 *
 * Products of a weight and an amount take 128 bits: the bounds of entitlement.h keep them below
 * 2^122.  Sums of amounts are kept in 128 bits too.
 */
#include "entitlement/entitlement.h"

typedef unsigned __int128 u128;

static uint64_t weight_of(const struct cx_claim *c)
{
	return c->weight ? c->weight : 1;
}

bool cx_level_below(struct cx_level a, struct cx_level b)
{
	if (a.den == 0)
		return false;
	return b.den == 0 || (u128)a.num * b.den < (u128)b.num * a.den;
}

uint64_t cx_level_share(struct cx_level x, uint64_t weight, uint64_t lo, uint64_t hi)
{
	u128 want = (u128)weight * x.num;

	if (x.den == 0 || want >= (u128)hi * x.den)
		return hi;
	return want <= (u128)lo * x.den ? lo : (uint64_t)(want / x.den);
}

/* ---- the heap: the lowest level on top ---- */

static bool before(const struct cx_edge *a, const struct cx_edge *b)
{
	return (u128)a->amount * b->weight < (u128)b->amount * a->weight;
}

/** Put @e in the place of the heap's entry @at, or below it. */
static void sift(struct cx_edge *heap, unsigned n, unsigned at, struct cx_edge e)
{
	unsigned child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &e))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = e;
}

/* ---- the level ---- */

/** Gather the edges; *@weight: of those that stand between their bounds at level 0. */
static unsigned gather(const struct cx_claim *claims, unsigned n, struct cx_edge *heap,
		       uint64_t *weight)
{
	unsigned i, edges = 0;

	*weight = 0;
	for (i = 0; i < n; i++) {
		const struct cx_claim *c = &claims[i];

		if (c->lo >= c->hi)
			continue; /* it has that at any level */
		if (c->lo)
			heap[edges++] = (struct cx_edge){ c->lo, weight_of(c), false };
		else
			*weight += weight_of(c);
		heap[edges++] = (struct cx_edge){ c->hi, weight_of(c), true };
	}
	for (i = edges / 2; i-- > 0;)
		sift(heap, edges, i, heap[i]);
	return edges;
}

/**
 * The level at which @room, the capacity less all lo, is used up.  It is, at some level: the
 * lo fit and the hi do not.
 */
static struct cx_level sweep(const struct cx_claim *claims, unsigned n, uint64_t room,
			     struct cx_edge *heap)
{
	struct cx_level last = { 0, 1 };
	uint64_t weight; /* of those between their bounds; room is theirs */
	unsigned edges = gather(claims, n, heap, &weight);

	while (edges) {
		struct cx_edge e = heap[0];

		if ((u128)weight * e.amount >= (u128)room * e.weight)
			break;
		last = (struct cx_level){ e.amount, e.weight };
		if (e.ends) {
			room -= e.amount;
			weight -= e.weight;
		} else {
			room += e.amount;
			weight += e.weight;
		}
		sift(heap, edges - 1, 0, heap[edges - 1]);
		edges--;
	}
	return weight ? (struct cx_level){ room, weight } : last;
}

/** Is everybody within its bounds at level @x?  Then that is the level: nothing to sort. */
static bool unbounded(const struct cx_claim *claims, unsigned n, struct cx_level x)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		u128 want = (u128)weight_of(&claims[i]) * x.num;

		if (want > (u128)claims[i].hi * x.den || want < (u128)claims[i].lo * x.den)
			return false;
	}
	return true;
}

/* ---- the shares ---- */

static uint64_t divide(u128 what, u128 by, u128 *rest)
{
	uint64_t quotient;

	if ((uint64_t)(what >> 64) == 0 && (uint64_t)(by >> 64) == 0) {
		quotient = (uint64_t)what / (uint64_t)by;
		*rest = (uint64_t)what % (uint64_t)by;
		return quotient;
	}
	quotient = (uint64_t)(what / by);
	*rest = what - quotient * by;
	return quotient;
}

static void hand_out(struct cx_claim *claims, unsigned n, struct cx_level x)
{
	u128 rest = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct cx_claim *c = &claims[i];
		u128 want = (u128)weight_of(c) * x.num;

		if (want <= (u128)c->lo * x.den)
			c->share = c->lo;
		else if (want >= (u128)c->hi * x.den)
			c->share = c->hi;
		else
			c->share = divide(want + rest, x.den, &rest);
	}
}

static void scale_down(struct cx_claim *claims, unsigned n, uint64_t capacity, u128 lo)
{
	u128 rest = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		claims[i].share = divide((u128)claims[i].lo * capacity + rest, lo, &rest);
}

void cx_entitle(struct cx_claim *claims, unsigned n, uint64_t capacity, struct cx_level *level,
		struct cx_edge *scratch)
{
	u128 lo = 0, hi = 0;
	uint64_t weight = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		lo += claims[i].lo;
		hi += claims[i].hi;
		weight += weight_of(&claims[i]);
	}
	if (hi <= capacity) {
		*level = (struct cx_level){ 0, 0 };
		for (i = 0; i < n; i++)
			claims[i].share = claims[i].hi;
		return;
	}
	if (lo > capacity) {
		*level = (struct cx_level){ 0, 1 };
		scale_down(claims, n, capacity, lo);
		return;
	}
	*level = (struct cx_level){ capacity, weight };
	if (!unbounded(claims, n, *level))
		*level = sweep(claims, n, capacity - (uint64_t)lo, scratch);
	hand_out(claims, n, *level);
}
