/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hogs in pools with limits from a seed: what a pool may have is divided by weights, whether the host
 * has CPU to spare or not, and whenever a limit changes or goes away.  Or hogs and those that sleep for longer
 * than demand is measured for in pools with limits and reservations: what is for the pool must not be lost.
 */
#include "tests/property/draw.h"

#include <string.h>

#define PCPUS_MAX 16u
#define VCPUS_MAX 24u

static unsigned draw_limit(uint64_t *dice, const struct prop_scenario *s)
{
	unsigned pcpus = prop_shapes[s->shape].pcpus;

	/* Whole pCPUs: then a pool uses just what it may have when so many of its vCPUs run. */
	if (prop_chance(dice, 30))
		return 100u * (1 + (unsigned)prop_below(dice, pcpus));
	return (unsigned)prop_spread(dice, 10, 100u * pcpus);
}

static void draw_pools(uint64_t *dice, struct prop_scenario *s)
{
	unsigned n = prop_chance(dice, 60) ? 1 : 1 + (unsigned)prop_below(dice, 4);

	for (; s->n_pools < n; s->n_pools++) {
		struct prop_pool *p = &s->pools[s->n_pools];

		*p = (struct prop_pool){ .parent = PROP_NO_POOL,
					 .weight = (unsigned)prop_spread(dice, 16, 4096) };
		if (s->n_pools && prop_chance(dice, 40))
			p->parent = (unsigned)prop_below(dice, s->n_pools);
		if (!s->n_pools || prop_chance(dice, 70))
			p->limit = draw_limit(dice, s);
	}
}

static void draw_hogs(uint64_t *dice, struct prop_scenario *s)
{
	unsigned n = 2 + (unsigned)prop_below(dice, 9), left = VCPUS_MAX;
	unsigned wide = prop_chance(dice, 50) ? 1 : 4;
	bool any = prop_chance(dice, 30);

	for (; s->n_domains < n && left; s->n_domains++) {
		struct prop_domain *d = &s->domains[s->n_domains];

		*d = (struct prop_domain){ .vcpus = 1 + (unsigned)prop_below(dice, wide),
					   .weight = 256u << prop_below(dice, 3),
					   .pool = (unsigned)prop_below(dice, s->n_pools),
					   .cpus = PROP_ALL,
					   .soft = PROP_ALL,
					   .stop_ns = PROP_FOREVER };
		if (d->vcpus > left)
			d->vcpus = left;
		left -= d->vcpus;
		if (any)
			d->weight = (unsigned)prop_spread(dice, 16, 4096);
		if (prop_chance(dice, 15))
			d->pool = PROP_NO_POOL;
		if (prop_chance(dice, 10))
			d->limit = 1 + (unsigned)prop_below(dice, 100 * d->vcpus);
	}
}

static void draw_changes(uint64_t *dice, struct prop_scenario *s)
{
	s->n_changes = 1 + (unsigned)prop_below(dice, 4);
	for (unsigned i = 0; i < s->n_changes; i++)
		s->changes[i] = (struct prop_change){
			.at_ns = prop_rounded(dice, prop_below(dice, s->duration_ns)),
			.kind = PROP_POOL_LIMIT,
			.target = (unsigned)prop_below(dice, s->n_pools),
			.value = prop_chance(dice, 40) ? 0 : draw_limit(dice, s),
		};
}

/* --- sleepers -------------------------------------------------------------------------------- */

enum { HOG, SLEEPER, BURSTY };

static void draw_sleeper(uint64_t *dice, struct prop_domain *d)
{
	d->workload = prop_chance(dice, 40) ? SLEEPER : BURSTY;
	for (unsigned i = 0; i < prop_workloads[d->workload].n_params; i++)
		d->params[i] = prop_workloads[d->workload].params[i].usual;
	if (d->workload == SLEEPER) {
		d->params[0] = (int64_t)prop_spread(dice, 20 * CX_MS, CX_SEC);      /* period */
		d->params[2] = (int64_t)prop_spread(dice, 100 * CX_US, 20 * CX_MS); /* work */
	} else {
		d->params[0] = (int64_t)prop_spread(dice, CX_MS, 80 * CX_MS);       /* run */
		d->params[1] = (int64_t)prop_spread(dice, 20 * CX_MS, 600 * CX_MS); /* block */
		d->params[2] = prop_chance(dice, 50) ? 50 : 0;                      /* vary */
	}
}

static void draw_rare(uint64_t *dice, struct prop_scenario *s)
{
	bool roomy = prop_chance(dice, 60);
	unsigned pcpus = prop_shapes[s->shape].pcpus, all = 0;

	for (unsigned i = 0; i < s->n_pools; i++) {
		struct prop_pool *p = &s->pools[i];

		p->limit = prop_chance(dice, roomy ? 80 : 30) ? draw_limit(dice, s) : 0;
		if (roomy && p->limit > 100)
			p->limit = 1 + p->limit % 100;
		if (prop_chance(dice, roomy ? 20 : 80))
			p->reservation = 1 + (unsigned)prop_below(dice, 100 * pcpus / s->n_pools);
		if (p->limit && p->reservation > p->limit)
			p->reservation = p->limit;
	}
	for (unsigned i = 0; i < s->n_domains; i++) {
		struct prop_domain *d = &s->domains[i];

		if (prop_chance(dice, 60))
			draw_sleeper(dice, d);
		if (prop_chance(dice, 30))
			d->weight = (unsigned)prop_spread(dice, 1, 65535);
		if (roomy)
			d->vcpus = 1;
		all += d->vcpus;
		if (roomy && all > pcpus && i)
			s->n_domains = i;
	}
}

void prop_generate_pooled(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s)
{
	uint64_t dice = seed;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	do
		s->shape = (unsigned)prop_below(&dice, prop_n_shapes);
	while (prop_shapes[s->shape].pcpus > PCPUS_MAX);
	s->duration_ns = 2 * CX_SEC + prop_rounded(&dice, prop_below(&dice, 4 * CX_SEC));
	draw_pools(&dice, s);
	draw_hogs(&dice, s);
	if (prop_chance(&dice, 50))
		draw_rare(&dice, s);
	else if (prop_chance(&dice, 50))
		draw_changes(&dice, s);
	prop_draw_costs(&dice, s);
	if (prop_chance(&dice, 25))
		s->shuffle = 1 + prop_below(&dice, 1000);
	prop_tidy(s, table);
}
