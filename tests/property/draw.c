/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generators draw alike: numbers, sets of pCPUs, costs. */
#include "tests/property/draw.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

uint64_t prop_spread(uint64_t *dice, uint64_t low, uint64_t high)
{
	unsigned bits = 0;
	uint64_t top;

	while (bits < 63 && high >> bits > low)
		bits++;
	top = low + ((high - low) >> prop_below(dice, bits + 1));
	return top > low ? low + prop_below(dice, top - low + 1) : low;
}

uint64_t prop_rounded(uint64_t *dice, uint64_t ns)
{
	static const uint64_t grains[] = { 1, 1, CX_US, 100 * CX_US, CX_MS, 10 * CX_MS };
	uint64_t grain = grains[prop_below(dice, COUNT(grains))];

	return ns > grain ? ns / grain * grain : ns;
}

uint64_t prop_draw_set(uint64_t *dice, unsigned n)
{
	uint64_t set = prop_random(dice) & prop_first(n);

	if (prop_chance(dice, 50))
		set &= prop_random(dice);
	return set ? set : prop_bit((unsigned)prop_below(dice, n));
}

void prop_draw_costs(uint64_t *dice, struct prop_scenario *s)
{
	unsigned kind = (unsigned)prop_below(dice, 100);

	cx_costs_none(&s->costs);
	if (kind < 40)
		return;
	if (kind < 65) {
		s->default_costs = true;
		cx_costs_default(&s->costs);
		return;
	}
	s->random_costs = true;
	for (unsigned i = 0; i < CX_COSTS; i++) {
		const struct cx_cost *c = &cx_cost_table[i];

		if (c->type == CX_COST_DURATION)
			s->costs.value[i] = prop_chance(dice, 30) ? 0
					    : prop_chance(dice, 95)
						    ? prop_spread(dice, 100, 200 * CX_US)
						    : prop_spread(dice, 100, 5 * CX_MS);
		else if (c->type == CX_COST_PERCENT)
			s->costs.value[i] = prop_chance(dice, 50) ? 0 : prop_below(dice, 101);
		else if (c->type == CX_COST_PICOSECONDS)
			s->costs.value[i] = prop_spread(dice, 500, 300000);
		else
			s->costs.value[i] = prop_spread(dice, 20, 2000);
	}
}
