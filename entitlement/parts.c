/* SPDX-License-Identifier: BSD-2-Clause */
#include "entitlement/parts.h"

#include <string.h>

typedef unsigned __int128 u128;

/** Add up what falls to members of pools by more than their weights. */
static void weigh_spread(struct cx_solver *s, const struct members *m, enum whose whose)
{
	unsigned classes = s->affinity->n_classes, i, p, k, c;

	memset(s->present, 0, classes * sizeof(*s->present));
	for (i = 0; i < m->n; i++)
		s->present[s->domains[m->list[i]].class] = true;
	for (k = 0; k < CX_SPREAD_AMOUNTS; k++) {
		const struct cx_spread_amount *a = &s->spread->amounts[k];

		for (p = 0; p < s->n_pools; p++) {
			struct weights *w = &s->parts[p].weights[whose];

			for (c = 0; a->on[p] && c < classes; c++) {
				size_t at = (size_t)p * classes + c;

				w->spread[k] += s->present[c] ? a->parts[at] : 0;
				w->short_of[k] |= s->present[c] && a->wanting[at];
			}
		}
	}
}

void parts_weigh(struct cx_solver *s, const struct members *m, enum whose whose)
{
	unsigned i, p;

	for (p = 0; p < s->n_pools; p++)
		s->parts[p].weights[whose] = (struct weights){ 0 };
	for (i = 0; i < m->n; i++) {
		const struct cx_solver_domain *d = &s->domains[m->list[i]];

		if (!is_pool(s, d->pool))
			continue;
		s->parts[d->pool].weights[whose].all += d->weight;
		if (d->demand)
			s->parts[d->pool].weights[whose].wanting += d->weight;
	}
	for (p = s->n_pools; p-- > 0;) {
		const struct weights *own = &s->parts[p].weights[whose];
		struct weights *up;

		if (!is_pool(s, s->pools[p].parent))
			continue;
		up = &s->parts[s->pools[p].parent].weights[whose];
		up->all += own->all;
		up->wanting += own->wanting;
	}
	if (s->spread->any)
		weigh_spread(s, m, whose);
}

/** Of @value, which is @whole's, what those members have by weight that @some counts. */
static uint64_t part_by_weight(uint64_t value, const struct weights *some,
			       const struct weights *whole)
{
	uint64_t n = some->wanting, of = whole->wanting;

	if (n == 0) {
		n = some->all;
		of = whole->all;
	}
	if (n == of || value >= CX_AMOUNT_MAX)
		return value;
	return (uint64_t)((u128)value * n / of);
}

/**
 * The same of a pool's amount @k.  Where all have what they may use, the part by weight, if
 * larger, is not used up, but is what they would have if they wanted more.
 */
static uint64_t part_of(uint64_t value, enum cx_amount k, const struct weights *some,
			const struct weights *whole)
{
	uint64_t by_weight = part_by_weight(value, some, whole), part;

	if (some->wanting == 0 || whole->spread[k] == 0 || value >= CX_AMOUNT_MAX)
		return by_weight;
	part = (uint64_t)((u128)value * some->spread[k] / whole->spread[k]);
	return some->short_of[k] || part > by_weight ? part : by_weight;
}

static uint64_t less(uint64_t value, uint64_t used)
{
	if (value >= CX_AMOUNT_MAX)
		return value;
	return value > used ? value - used : 0;
}

void parts_begin_group(struct cx_solver *s, const struct members *m)
{
	unsigned p;

	parts_weigh(s, m, LEFT);
	for (p = 0; p < s->n_pools; p++) {
		struct cx_pool_part *part = &s->parts[p];
		const struct weights *w = part->weights;

		part->reservation =
			part_of(s->pools[p].reservation, CX_RESERVATION, &w[LEFT], &w[HOST]);
		part->limit = part_of(s->pools[p].limit, CX_LIMIT, &w[LEFT], &w[HOST]);
		part->used = 0;
	}
}

struct cx_client parts_client(const struct cx_solver *s, unsigned p)
{
	const struct cx_pool_part *part = &s->parts[p];
	const struct weights *w = part->weights;
	struct cx_client c = { .parent = s->pools[p].parent, .weight = s->pools[p].weight };

	if (!is_pool(s, c.parent))
		c.parent = CX_NO_POOL;
	if (w[CHOSEN].all == 0)
		return c; /* nobody there is in it: of limit 0 */
	c.reservation =
		part_of(less(part->reservation, part->used), CX_RESERVATION, &w[CHOSEN], &w[LEFT]);
	c.limit = part_of(less(part->limit, part->used), CX_LIMIT, &w[CHOSEN], &w[LEFT]);
	return c;
}
