/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario from a seed: anything that a scenario file may say, with more weight on what has
 * corners (few pCPUs, equal domains, all hogs, nothing costs anything).
 */
#include "tests/property/draw.h"

#include <string.h>

#define EVENTS_MAX 100000u /* about; longer scenarios are cut short */
#define VCPUS_MAX 48u
#define DOMAINS_MAX 24u
#define CHANGES_MAX 12u  /* and those of guarantees.c */
#define USUAL_SHAPES 17u /* of more pCPUs: mixes.c */
#define SHORTEST (20 * CX_MS)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct prop_shape prop_shapes[] = {
	{ "pack:1 core:1 pu:1", 1 },
	{ "pack:1 core:2 pu:1", 2 },
	{ "pack:1 core:1 pu:2", 2 },
	{ "pack:2 core:1 pu:1", 2 },
	{ "pack:1 core:3 pu:1", 3 },
	{ "pack:1 l3:1 core:4 pu:1", 4 },
	{ "pack:1 l3:2 core:2 pu:1", 4 },
	{ "pack:2 l3:1 core:2 pu:1", 4 },
	{ "node:2 pack:1 l3:1 core:1 pu:2", 4 },
	{ "pack:1 core:5 pu:1", 5 },
	{ "pack:2 l3:1 core:3 pu:1", 6 },
	{ "pack:1 core:7 pu:1", 7 },
	{ "node:2 pack:1 l3:1 core:2 pu:2", 8 },
	{ "pack:1 l3:2 core:4 pu:1", 8 },
	{ "pack:3 l3:1 core:2 pu:2", 12 },
	{ "node:2 pack:1 l3:2 core:2 pu:2", 16 },
	{ "pack:2 l3:2 core:2 pu:2", 16 },
	{ "pack:2 l3:2 core:3 pu:2", 24 },
	{ "pack:2 l3:2 core:4 pu:2", 32 },
	{ "node:4 pack:1 l3:1 core:12 pu:1", 48 },
	{ "node:2 pack:1 l3:4 core:4 pu:2", 64 },
	{ "pack:1 core:64 pu:1", 64 },
};
const unsigned prop_n_shapes = COUNT(prop_shapes);

enum { HOG, SLEEPER, BURSTY, SERVER, BARRIER, LOCK, CACHEWALK };

const struct prop_workload prop_workloads[] = {
	[HOG] = { "hog",
		  { { "yield", PROP_NUMBER, 50, 20000, 0 },
		    { "work", PROP_NUMBER, 1000, 500000, 0 } },
		  2 },
	[SLEEPER] = { "sleeper",
		      { { "period", PROP_TIME, 200 * CX_US, 100 * CX_MS, 10 * CX_MS },
			{ "jitter", PROP_TIME, 1, 10 * CX_MS, 0 },
			{ "work", PROP_TIME, 10 * CX_US, 20 * CX_MS, -1 },
			{ "align", PROP_SWITCH, 1, 1, 0 },
			{ "wakes", PROP_NUMBER, 1, 100, 0 } },
		      5 },
	[BURSTY] = { "bursty",
		     { { "run", PROP_TIME, 50 * CX_US, 40 * CX_MS, 5 * CX_MS },
		       { "block", PROP_TIME, 50 * CX_US, 40 * CX_MS, 5 * CX_MS },
		       { "vary", PROP_NUMBER, 1, 100, 0 },
		       { "tick", PROP_TIME, 1 * CX_MS, 30 * CX_MS, 0 },
		       { "offset", PROP_TIME, 1, 10 * CX_MS, 0 } },
		     5 },
	[SERVER] = { "server",
		     { { "interval", PROP_TIME, 200 * CX_US, 50 * CX_MS, 10 * CX_MS },
		       { "periodic", PROP_SWITCH, 1, 1, 0 },
		       { "service", PROP_TIME, 10 * CX_US, 10 * CX_MS, CX_MS },
		       { "exponential", PROP_SWITCH, 1, 1, 0 },
		       { "requests", PROP_NUMBER, 1, 100, 0 } },
		     5 },
	[BARRIER] = { "barrier",
		      { { "work", PROP_TIME, 20 * CX_US, 5 * CX_MS, 100 * CX_US },
			{ "spread", PROP_TIME, 1, CX_MS, 0 },
			{ "rounds", PROP_NUMBER, 1, 1000, 0 },
			{ "yield_spins", PROP_NUMBER, 1000, 100000, 0 } },
		      4 },
	[LOCK] = { "lock",
		   { { "critical", PROP_TIME, 1 * CX_US, CX_MS, 5 * CX_US },
		     { "think", PROP_TIME, 10 * CX_US, CX_MS, 20 * CX_US },
		     { "acquisitions", PROP_NUMBER, 1, 1000, 0 } },
		   3 },
	[CACHEWALK] = { "cachewalk", { { "size", PROP_SIZE, 4096, 1 << 20, 1 << 18 } }, 1 },
};
const unsigned prop_n_workloads = COUNT(prop_workloads);

/* --- domains ------------------------------------------------------------------------------ */

static void draw_workload(uint64_t *dice, struct prop_domain *d, bool hogs)
{
	const struct prop_workload *w;

	d->workload = hogs ? HOG : (unsigned)prop_below(dice, prop_n_workloads);
	w = &prop_workloads[d->workload];
	for (unsigned i = 0; i < w->n_params; i++) {
		const struct prop_workload_param *p = &w->params[i];

		if (p->usual >= 0 && (hogs || prop_chance(dice, 60)))
			d->params[i] = p->usual;
		else
			d->params[i] =
				(int64_t)prop_spread(dice, (uint64_t)p->low, (uint64_t)p->high);
	}
}

static void draw_domain(uint64_t *dice, const struct prop_scenario *s, struct prop_domain *d,
			bool hogs)
{
	unsigned n = prop_shapes[s->shape].pcpus;

	*d = (struct prop_domain){
		.vcpus = prop_chance(dice, 60) ? 1 : 1 + (unsigned)prop_below(dice, 6),
		.weight = 256,
		.pool = PROP_NO_POOL,
		.cpus = PROP_ALL,
		.soft = PROP_ALL,
		.stop_ns = PROP_FOREVER,
	};
	if (prop_chance(dice, 50))
		d->weight = (unsigned)(prop_chance(dice, 90) ? prop_spread(dice, 32, 2048)
							     : prop_spread(dice, 1, 65535));
	if (prop_chance(dice, 25))
		d->limit = 1 + (unsigned)prop_below(dice, 100u * d->vcpus);
	if (prop_chance(dice, 20))
		d->cpus = prop_draw_set(dice, n);
	if (prop_chance(dice, 15))
		d->soft = prop_draw_set(dice, n);
	if (prop_chance(dice, 25))
		d->start_ns = prop_rounded(dice, prop_below(dice, s->duration_ns));
	if (prop_chance(dice, 15))
		d->stop_ns = d->start_ns + 1 + prop_rounded(dice, prop_below(dice, s->duration_ns));
	draw_workload(dice, d, hogs);
}

unsigned prop_vcpus(const struct prop_scenario *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_domains; i++)
		n += s->domains[i].vcpus;
	return n;
}

static void draw_domains(uint64_t *dice, struct prop_scenario *s)
{
	bool hogs = prop_chance(dice, 30);
	unsigned n = (unsigned)prop_spread(dice, 1, DOMAINS_MAX);

	while (s->n_domains < n) {
		struct prop_domain *d = &s->domains[s->n_domains];

		if (s->n_domains && prop_chance(dice, 30))
			*d = s->domains[prop_below(dice, s->n_domains)];
		else
			draw_domain(dice, s, d, hogs);
		if (s->n_domains && prop_vcpus(s) + d->vcpus > VCPUS_MAX)
			break;
		s->n_domains++;
	}
}

/* --- the rest ----------------------------------------------------------------------------- */

static int64_t draw_param(uint64_t *dice, const struct cx_param *p)
{
	uint64_t span = (uint64_t)p->max - (uint64_t)p->min;
	unsigned choices = 0;

	switch (p->type) {
	case CX_PARAM_BOOL:
		return (int64_t)prop_below(dice, 2);
	case CX_PARAM_ENUM:
		while (p->choices[choices])
			choices++;
		return (int64_t)prop_below(dice, choices);
	case CX_PARAM_DURATION:
		return p->min + (int64_t)prop_rounded(dice, prop_spread(dice, 0, span));
	default:
		return p->min + (int64_t)prop_spread(dice, 0, span);
	}
}

static void draw_params(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	bool any = prop_chance(dice, 60);

	for (unsigned i = 0; i < table->n_params && i < PROP_PARAMS; i++)
		if (any && prop_chance(dice, 40)) {
			s->given |= 1u << i;
			s->params[i] = draw_param(dice, &table->params[i]);
		}
}

static void draw_change(uint64_t *dice, const struct cx_plugin *table,
			const struct prop_scenario *s, struct prop_change *c)
{
	static const enum prop_change_kind kinds[] = { PROP_SET_WEIGHT, PROP_SET_LIMIT,
						       PROP_SET_PARAM, PROP_OFFLINE, PROP_ONLINE };

	c->at_ns = prop_rounded(dice, prop_below(dice, s->duration_ns));
	c->kind = kinds[prop_below(dice, COUNT(kinds))];
	switch (c->kind) {
	case PROP_SET_WEIGHT:
		c->target = (unsigned)prop_below(dice, s->n_domains);
		c->value = (int64_t)prop_spread(dice, 32, 2048);
		break;
	case PROP_SET_LIMIT:
		c->target = (unsigned)prop_below(dice, s->n_domains);
		c->value = (int64_t)prop_below(dice, 100 * s->domains[c->target].vcpus + 1);
		break;
	case PROP_SET_PARAM:
		if (!table->n_params)
			break; /* dropped, as one that makes no sense */
		c->target = (unsigned)prop_below(dice, table->n_params);
		c->value = draw_param(dice, &table->params[c->target]);
		break;
	default:
		c->target = (unsigned)prop_below(dice, prop_shapes[s->shape].pcpus);
	}
}

static void draw_changes(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	if (prop_chance(dice, 50))
		return;
	s->n_changes = 1 + (unsigned)prop_below(dice, CHANGES_MAX);
	for (unsigned i = 0; i < s->n_changes; i++)
		draw_change(dice, table, s, &s->changes[i]);
}

/* --- how long ----------------------------------------------------------------------------- */

static uint64_t param_of(const struct prop_domain *d, unsigned i)
{
	return d->params[i] > 0 ? (uint64_t)d->params[i] : 1;
}

/* Time between two things that one of its vCPUs does, about. */
static uint64_t pace(const struct prop_domain *d)
{
	switch (d->workload) {
	case HOG:
		return d->params[0] ? param_of(d, 0) * CX_US : CX_SEC;
	case SLEEPER:
		return param_of(d, 0) / 4;
	case BURSTY:
		return d->params[3] ? 32 * CX_US : (param_of(d, 0) + param_of(d, 1)) / 4;
	case SERVER:
		return param_of(d, 0) / 4;
	case BARRIER:
		return param_of(d, 0);
	case LOCK:
		return (param_of(d, 0) + param_of(d, 1)) / 2;
	default:
		return CX_MS;
	}
}

/* Cut short what would take too many events: the slowest thing must still happen often. */
static void bound_duration(const struct cx_plugin *table, struct prop_scenario *s)
{
	unsigned n = prop_shapes[s->shape].pcpus;
	uint64_t per_second = 0, longest, shortest_param = 10 * CX_MS;

	for (unsigned i = 0; i < s->n_domains; i++)
		per_second += s->domains[i].vcpus * (CX_SEC / (pace(&s->domains[i]) + 1));
	for (unsigned i = 0; i < table->n_params && i < PROP_PARAMS; i++)
		if (s->given >> i & 1 && table->params[i].type == CX_PARAM_DURATION &&
		    s->params[i] > 0 && (uint64_t)s->params[i] < shortest_param)
			shortest_param = (uint64_t)s->params[i];
	for (unsigned i = 0; i < s->n_changes; i++)
		if (s->changes[i].kind == PROP_SET_PARAM && s->changes[i].value > 0 &&
		    table->params[s->changes[i].target].type == CX_PARAM_DURATION &&
		    (uint64_t)s->changes[i].value < shortest_param)
			shortest_param = (uint64_t)s->changes[i].value;
	per_second += 3 * n * CX_SEC / shortest_param;
	longest = EVENTS_MAX * CX_SEC / (per_second + 1);
	if (longest < SHORTEST)
		longest = SHORTEST;
	if (s->duration_ns > longest)
		s->duration_ns = longest;
}

/* Shorter times than by default, so that more of everything fits in. */
static void draw_short_params(uint64_t *dice, const struct cx_plugin *table,
			      struct prop_scenario *s)
{
	for (unsigned i = 0; i < table->n_params && i < PROP_PARAMS; i++) {
		const struct cx_param *p = &table->params[i];

		if (p->type != CX_PARAM_DURATION || p->def <= p->min || prop_chance(dice, 50))
			continue;
		s->given |= 1u << i;
		s->params[i] = (int64_t)prop_rounded(
			dice, prop_spread(dice, (uint64_t)p->min, (uint64_t)p->def));
	}
}

/* Hogs of a few weights alone on one pCPU: what equals get is easiest to say there. */
static void draw_equals(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	s->shape = 0;
	s->n_domains = 2 + (unsigned)prop_below(dice, 4);
	s->duration_ns = 2 * CX_SEC + prop_rounded(dice, prop_below(dice, 3 * CX_SEC));
	for (unsigned i = 0; i < s->n_domains; i++) {
		struct prop_domain *d = &s->domains[i];

		*d = (struct prop_domain){ .vcpus = prop_chance(dice, 75) ? 1 : 2,
					   .pool = PROP_NO_POOL,
					   .weight = 128u << prop_below(dice, 3),
					   .cpus = PROP_ALL,
					   .soft = PROP_ALL,
					   .stop_ns = PROP_FOREVER };
		if (prop_chance(dice, 20))
			d->start_ns = prop_rounded(dice, prop_below(dice, s->duration_ns));
		if (i && prop_chance(dice, 70))
			*d = s->domains[prop_below(dice, i)];
	}
	draw_short_params(dice, table, s);
}

static void draw_all(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s)
{
	s->shape = prop_chance(dice, 25) ? 0 : (unsigned)prop_below(dice, USUAL_SHAPES);
	draw_domains(dice, s);
	draw_params(dice, table, s);
	draw_changes(dice, table, s);
}

void prop_generate(uint64_t seed, const struct cx_plugin *table, struct prop_scenario *s)
{
	uint64_t dice = seed, more = ~seed;

	if (table->flags & CX_PLUGIN_RESERVATION && prop_chance(&more, 10)) {
		(seed % 3 ? prop_generate_mix : prop_generate_pinned)(seed, table, s);
		return;
	}
	if (table->flags & CX_PLUGIN_POOLS && prop_chance(&more, 8)) {
		prop_generate_pooled(seed, table, s);
		return;
	}
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->duration_ns = prop_rounded(&dice, prop_spread(&dice, 50 * CX_MS, 5 * CX_SEC));
	if (prop_chance(&dice, 10))
		draw_equals(&dice, table, s);
	else if (table->flags & CX_PLUGIN_RESERVATION && prop_chance(&more, 20))
		prop_draw_neighbours(&more, s);
	else
		draw_all(&dice, table, s);
	prop_draw_guarantees(&more, table, s);
	prop_draw_costs(&dice, s);
	if (prop_chance(&dice, 25))
		s->shuffle = 1 + prop_below(&dice, 1000);
	bound_duration(table, s);
	prop_tidy(s, table);
}
