/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations, pools and limits from a seed: what is guaranteed, beside neighbours that leave
 * nothing alone.
 */
#include "tests/property/draw.h"

#include <string.h>

#define DEPTH_MAX 3u
#define NEIGHBOURS_MAX 10u

enum { HOG, SLEEPER, BURSTY };

/* --- pools ----------------------------------------------------------------------------------- */

static unsigned depth_of(const struct prop_scenario *s, unsigned pool)
{
	unsigned depth = 0;

	for (; pool != PROP_NO_POOL; pool = s->pools[pool].parent)
		depth++;
	return depth;
}

static unsigned percent_of_host(uint64_t *dice, const struct prop_scenario *s)
{
	return (unsigned)prop_spread(dice, 1, 100u * prop_shapes[s->shape].pcpus);
}

static void draw_pool(uint64_t *dice, struct prop_scenario *s)
{
	struct prop_pool *p = &s->pools[s->n_pools];

	*p = (struct prop_pool){ .parent = PROP_NO_POOL, .weight = 1024 };
	if (s->n_pools && prop_chance(dice, 50))
		p->parent = (unsigned)prop_below(dice, s->n_pools);
	if (p->parent != PROP_NO_POOL && depth_of(s, p->parent) >= DEPTH_MAX)
		p->parent = PROP_NO_POOL;
	if (prop_chance(dice, 60))
		p->weight = (unsigned)prop_spread(dice, 1, prop_chance(dice, 90) ? 4096 : 1 << 24);
	if (p->weight > CX_POOL_WEIGHT_MAX)
		p->weight = CX_POOL_WEIGHT_MAX;
	if (prop_chance(dice, 30))
		p->reservation = percent_of_host(dice, s);
	if (prop_chance(dice, 30))
		p->limit = percent_of_host(dice, s);
	if (p->limit && p->reservation > p->limit)
		p->reservation = p->limit;
	p->fixed = prop_chance(dice, 30);
	s->n_pools++;
}

static void draw_pools(uint64_t *dice, struct prop_scenario *s)
{
	unsigned n = 1 + (unsigned)prop_below(dice, PROP_POOLS);

	while (s->n_pools < n)
		draw_pool(dice, s);
	for (unsigned i = 0; i < s->n_domains; i++)
		if (prop_chance(dice, 70))
			s->domains[i].pool = (unsigned)prop_below(dice, n);
}

/* --- reservations ------------------------------------------------------------------------------ */

static unsigned draw_reservation(uint64_t *dice, const struct prop_domain *d)
{
	unsigned most = d->limit ? d->limit : 100 * d->vcpus;

	return 1 + (unsigned)(prop_chance(dice, 50) ? prop_below(dice, most)
						    : prop_below(dice, 1 + most / 5));
}

static void draw_reservations(uint64_t *dice, struct prop_scenario *s)
{
	for (unsigned i = 0; i < s->n_domains; i++)
		if (prop_chance(dice, 40))
			s->domains[i].reservation = draw_reservation(dice, &s->domains[i]);
}

static void draw_changes(uint64_t *dice, struct prop_scenario *s)
{
	unsigned n = (unsigned)prop_below(dice, 6);

	for (; n > 0 && s->n_changes < PROP_CHANGES; n--) {
		struct prop_change *c = &s->changes[s->n_changes++];
		bool pool = s->n_pools && prop_chance(dice, 60);

		c->at_ns = prop_rounded(dice, prop_below(dice, s->duration_ns));
		c->target = (unsigned)prop_below(dice, pool ? s->n_pools : s->n_domains);
		if (!pool) {
			c->kind = PROP_SET_RESERVATION;
			c->value = draw_reservation(dice, &s->domains[c->target]);
			continue;
		}
		c->kind = (enum prop_change_kind)(PROP_POOL_WEIGHT + prop_below(dice, 3));
		c->value = c->kind == PROP_POOL_WEIGHT ? (int64_t)prop_spread(dice, 1, 4096)
						       : (int64_t)percent_of_host(dice, s);
		if (c->kind == PROP_POOL_RESERVATION && prop_chance(dice, 30))
			c->value = 0;
	}
}

/* Those that a policy does not honour must not disturb it either. */
void prop_draw_guarantees(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	bool reservations = prop_chance(dice, table->flags & CX_PLUGIN_RESERVATION ? 50 : 10);
	bool pools = prop_chance(dice, table->flags & CX_PLUGIN_POOLS ? 35 : 10);

	if (pools)
		draw_pools(dice, s);
	if (reservations)
		draw_reservations(dice, s);
	if ((pools || reservations) && prop_chance(dice, 40))
		draw_changes(dice, s);
}

/* --- neighbours ---------------------------------------------------------------------------------- */

static void draw_neighbour(uint64_t *dice, struct prop_domain *d)
{
	*d = (struct prop_domain){ .vcpus = prop_chance(dice, 70) ? 1 : 2,
				   .weight = (unsigned)prop_spread(dice, 16, 4096),
				   .pool = PROP_NO_POOL,
				   .cpus = PROP_ALL,
				   .soft = PROP_ALL,
				   .stop_ns = PROP_FOREVER };
	d->workload = (unsigned)prop_below(dice, BURSTY + 1);
	for (unsigned i = 0; i < prop_workloads[d->workload].n_params; i++)
		d->params[i] = prop_workloads[d->workload].params[i].usual;
	if (d->workload == SLEEPER) {
		d->params[0] = (int64_t)prop_spread(dice, 200 * CX_US, 5 * CX_MS); /* period */
		d->params[2] = (int64_t)prop_spread(dice, 10 * CX_US, 5 * CX_MS);  /* work */
		d->params[3] = prop_chance(dice, 50);                              /* align */
	} else if (d->workload == BURSTY) {
		d->params[0] = (int64_t)prop_spread(dice, 50 * CX_US, 10 * CX_MS); /* run */
		d->params[1] = (int64_t)prop_spread(dice, 50 * CX_US, 3 * CX_MS);  /* block */
	}
}

void prop_draw_neighbours(uint64_t *dice, struct prop_scenario *s)
{
	do
		s->shape = (unsigned)prop_below(dice, prop_n_shapes);
	while (prop_shapes[s->shape].pcpus > 4);
	s->duration_ns = CX_SEC + prop_rounded(dice, prop_below(dice, 2 * CX_SEC));
	s->n_domains = 2 + (unsigned)prop_below(dice, NEIGHBOURS_MAX - 1);
	for (unsigned i = 0; i < s->n_domains; i++) {
		struct prop_domain *d = &s->domains[i];

		draw_neighbour(dice, d);
		if (i && !prop_chance(dice, 20))
			continue;
		if (prop_chance(dice, 80)) {
			d->workload = HOG;
			memset(d->params, 0, sizeof(d->params));
		}
		if (prop_chance(dice, 30))
			d->limit = 1 + (unsigned)prop_below(dice, 100 * d->vcpus);
		d->reservation = draw_reservation(dice, d);
	}
}
