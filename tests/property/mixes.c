/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mixes of weights from a seed: hogs that nothing holds back, at least as many vCPUs as pCPUs, for
 * the figure of lag.  Some start later, some weights change.  Or, all the time the same, some are
 * bound to some of the pCPUs.
 */
#include "tests/property/draw.h"

#include <string.h>

#define SMALL_PCPUS 8u
#define SMALL_VCPUS 24u
#define LARGE_VCPUS 1000u
#define SMALL_TURNS 1500u /* of all vCPUs together, about */
#define LARGE_TURNS 12000u
#define LONGEST (9 * CX_SEC)
#define MASKS_MAX 5u

enum weights { EQUAL, OCTAVES, ANY, ONE_HEAVY, ONE_LIGHT, WEIGHTS };

static unsigned draw_weight(uint64_t *dice, enum weights kind, unsigned first)
{
	switch (kind) {
	case EQUAL:
		return 256;
	case OCTAVES:
		return 64u << prop_below(dice, 6);
	case ANY:
		return (unsigned)prop_spread(dice, 1, 65535);
	case ONE_HEAVY:
		return first ? 65535 : 1 + (unsigned)prop_below(dice, 1000);
	default:
		return first ? 1 : 1000 + (unsigned)prop_below(dice, 1000);
	}
}

static void draw_shape(uint64_t *dice, struct prop_scenario *s, bool large)
{
	do
		s->shape = (unsigned)prop_below(dice, prop_n_shapes);
	while (!large && prop_shapes[s->shape].pcpus > SMALL_PCPUS);
	if (prop_chance(dice, large ? 10 : 40))
		s->shape = 0;
}

/* So many vCPUs, at least one a pCPU: often few more than that, where each may have nearly one. */
static void draw_hogs(uint64_t *dice, struct prop_scenario *s, bool large)
{
	unsigned pcpus = prop_shapes[s->shape].pcpus, most = large ? LARGE_VCPUS : SMALL_VCPUS, n;
	unsigned wide = prop_chance(dice, 50) ? 1 : 1 + (unsigned)prop_below(dice, large ? 64 : 6);
	enum weights kind = (enum weights)prop_below(dice, WEIGHTS);

	n = (unsigned)prop_spread(dice, pcpus, most);
	if (n < 2)
		n = 2;
	for (unsigned k = 0; k < n && s->n_domains < PROP_DOMAINS; s->n_domains++) {
		struct prop_domain *d = &s->domains[s->n_domains];

		*d = (struct prop_domain){ .vcpus = 1 + (unsigned)prop_below(dice, wide),
					   .weight = draw_weight(dice, kind, k == 0),
					   .pool = PROP_NO_POOL,
					   .cpus = PROP_ALL,
					   .soft = PROP_ALL,
					   .stop_ns = PROP_FOREVER };
		if (k + d->vcpus > n)
			d->vcpus = n - k;
		k += d->vcpus;
	}
}

/* The slice if the policy has one; else what it is by default. */
static uint64_t draw_slice(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	for (unsigned i = 0; i < table->n_params && i < PROP_PARAMS; i++) {
		const struct cx_param *p = &table->params[i];

		if (strcmp(p->name, "slice") != 0)
			continue;
		if (prop_chance(dice, 30))
			return (uint64_t)p->def;
		s->given |= 1u << i;
		s->params[i] = (int64_t)prop_rounded(
			dice, prop_spread(dice, (uint64_t)p->min, 4 * (uint64_t)p->def));
		if (s->params[i] > p->max)
			s->params[i] = p->max;
		return (uint64_t)s->params[i];
	}
	return CX_SLICE_DEFAULT_NS;
}

static void draw_late(uint64_t *dice, struct prop_scenario *s)
{
	for (unsigned i = 1; i < s->n_domains; i++)
		if (prop_chance(dice, 40))
			s->domains[i].start_ns =
				prop_rounded(dice, prop_below(dice, s->duration_ns));
}

static void draw_weight_changes(uint64_t *dice, struct prop_scenario *s)
{
	s->n_changes = 1 + (unsigned)prop_below(dice, PROP_CHANGES);
	for (unsigned i = 0; i < s->n_changes; i++)
		s->changes[i] = (struct prop_change){
			.at_ns = prop_rounded(dice, prop_below(dice, s->duration_ns)),
			.kind = PROP_SET_WEIGHT,
			.target = (unsigned)prop_below(dice, s->n_domains),
			.value = (int64_t)prop_spread(dice, 1, 65535),
		};
}

/* Of few pCPUs, most of them: that is where others have no business. */
static void draw_masks(uint64_t *dice, struct prop_scenario *s)
{
	unsigned pcpus = prop_shapes[s->shape].pcpus, n = 1 + (unsigned)prop_below(dice, MASKS_MAX);
	uint64_t masks[MASKS_MAX];

	for (unsigned i = 0; i < n; i++)
		masks[i] = prop_chance(dice, 50) ? prop_bit((unsigned)prop_below(dice, pcpus))
						 : prop_draw_set(dice, pcpus);
	for (unsigned i = 0; i < s->n_domains; i++)
		if (prop_chance(dice, 65))
			s->domains[i].cpus = masks[prop_below(dice, n)];
}

/* Of any part of what they could use; those that cannot be kept are taken back later. */
static void draw_reservations(uint64_t *dice, struct prop_scenario *s)
{
	for (unsigned i = 0; i < s->n_domains; i++)
		if (prop_chance(dice, 40))
			s->domains[i].reservation =
				(unsigned)prop_spread(dice, 1, 100 * s->domains[i].vcpus);
}

static void generate(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s,
		     bool large)
{
	uint64_t dice = seed, slice;
	unsigned change;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	draw_shape(&dice, s, large);
	draw_hogs(&dice, s, large);
	slice = draw_slice(&dice, table, s);
	s->duration_ns = slice * (large ? LARGE_TURNS : SMALL_TURNS) / prop_shapes[s->shape].pcpus;
	if (s->duration_ns > LONGEST)
		s->duration_ns = LONGEST;
	change = (unsigned)prop_below(&dice, 100);
	if (change < 15)
		draw_late(&dice, s);
	else if (change < 30)
		draw_weight_changes(&dice, s);
	prop_draw_costs(&dice, s);
	if (prop_chance(&dice, 25))
		s->shuffle = 1 + prop_below(&dice, 1000);
	prop_tidy(s, table);
}

void prop_generate_mix(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s)
{
	generate(seed, table, s, false);
}

void prop_generate_large_mix(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s)
{
	generate(seed, table, s, true);
}

void prop_generate_pinned(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s)
{
	uint64_t dice = seed;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	do
		draw_shape(&dice, s, false);
	while (prop_shapes[s->shape].pcpus < 2);
	draw_hogs(&dice, s, false);
	if (prop_chance(&dice, 85))
		draw_masks(&dice, s);
	if (prop_chance(&dice, 30))
		draw_reservations(&dice, s);
	s->duration_ns = draw_slice(&dice, table, s) * SMALL_TURNS / prop_shapes[s->shape].pcpus;
	if (s->duration_ns > LONGEST)
		s->duration_ns = LONGEST;
	prop_draw_costs(&dice, s);
	if (prop_chance(&dice, 25))
		s->shuffle = 1 + prop_below(&dice, 1000);
	prop_tidy(s, table);
}
