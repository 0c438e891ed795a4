/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/pinned.h"

#include "entitlement/admission.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64u

/* A set of the run's pCPUs that is some domain's hard affinity. */
struct place {
	uint64_t *cpus;
	unsigned n_online;
	uint64_t reserved; /* by all whose affinity lies within it */
};

struct cx_pinned {
	const struct cx_changing *run;
	unsigned words, n;
	struct place *places;
	unsigned *place_of; /* by domain; CX_NO_POOL: it may use all, or never reserves anything */
	uint64_t *reserved; /* by domain */
	bool *within;       /* [a * n + b]: place a lies within b */
};

void cx_pinned_free(struct cx_pinned *p)
{
	unsigned i;

	if (!p)
		return;
	for (i = 0; p->places && i < p->n; i++)
		free(p->places[i].cpus);
	free(p->places);
	free(p->place_of);
	free(p->reserved);
	free(p->within);
	free(p);
}

/* --- which places there are --------------------------------------------------------------- */

static bool has(const struct place *place, unsigned index)
{
	return place->cpus[index / WORD_BITS] >> index % WORD_BITS & 1;
}

static bool lies_within(const struct cx_pinned *p, const struct place *a, const struct place *b)
{
	unsigned i;

	for (i = 0; i < p->words; i++)
		if (a->cpus[i] & ~b->cpus[i])
			return false;
	return true;
}

static bool ever_reserves(const struct cx_scenario *s, unsigned domain)
{
	unsigned i;

	if (s->domains[domain].reservation)
		return true;
	for (i = 0; i < s->n_changes; i++)
		if (s->changes[i].reservation && domain >= s->changes[i].first_domain &&
		    domain - s->changes[i].first_domain < s->changes[i].n_domains)
			return true;
	return false;
}

/* The domain's affinity as the last place, unless it is there already. */
static bool add_place(struct cx_pinned *p, unsigned domain)
{
	const struct cx_cpuset *cpus = p->run->scenario->domains[domain].cpus;
	struct place *own = &p->places[p->n];
	unsigned i;

	own->cpus = calloc(p->words, sizeof(*own->cpus));
	if (!own->cpus)
		return false;
	own->n_online = 0;
	for (i = 0; i < p->run->n_pcpus; i++) {
		if (!cx_cpuset_has(cpus, p->run->pcpus[i]))
			continue;
		own->cpus[i / WORD_BITS] |= 1ull << i % WORD_BITS;
		own->n_online++;
	}
	for (i = 0; i < p->n; i++)
		if (memcmp(p->places[i].cpus, own->cpus, p->words * sizeof(*own->cpus)) == 0)
			break;
	p->place_of[domain] = i;
	if (i == p->n)
		p->n++;
	else
		free(own->cpus);
	return true;
}

static bool find_places(struct cx_pinned *p)
{
	const struct cx_scenario *s = p->run->scenario;
	unsigned i, k;

	for (i = 0; i < s->n_domains; i++) {
		p->place_of[i] = CX_NO_POOL;
		if (s->domains[i].cpus && ever_reserves(s, i) && !add_place(p, i))
			return false;
	}
	p->within = calloc((size_t)p->n * p->n + 1, sizeof(*p->within));
	for (i = 0; p->within && i < p->n; i++)
		for (k = 0; k < p->n; k++)
			p->within[(size_t)i * p->n + k] =
				lies_within(p, &p->places[i], &p->places[k]);
	return p->within != NULL;
}

struct cx_pinned *cx_pinned_new(const struct cx_changing *run)
{
	struct cx_pinned *p = calloc(1, sizeof(*p));
	size_t n = run->scenario->n_domains;

	if (!p)
		return NULL;
	p->run = run;
	p->words = run->n_pcpus / WORD_BITS + 1;
	p->places = calloc(n + 1, sizeof(*p->places));
	p->place_of = calloc(n + 1, sizeof(*p->place_of));
	p->reserved = calloc(n + 1, sizeof(*p->reserved));
	if (p->places && p->place_of && p->reserved && find_places(p))
		return p;
	cx_pinned_free(p);
	return NULL;
}

/* --- what fits --------------------------------------------------------------------------------- */

static char *list_of(const struct cx_pinned *p, const struct place *place)
{
	struct cx_cpuset *set = cx_cpuset_new();
	char *text = NULL;
	unsigned i;

	for (i = 0; set && i < p->run->n_pcpus; i++)
		if (has(place, i))
			cx_cpuset_add(set, p->run->pcpus[i]);
	if (set)
		text = cx_cpuset_format(set);
	cx_cpuset_free(set);
	return text;
}

static int refuse_domain(const struct cx_pinned *p, const struct place *place, unsigned domain,
			 uint64_t to, struct cx_error *err)
{
	uint64_t capacity = (uint64_t)place->n_online * CX_AMOUNT_PER_PCPU;
	uint64_t others = place->reserved - p->reserved[domain];
	char *list = list_of(p, place);

	cx_fail(err, ENOSPC,
		"domain %s: asks for %" PRIu64 "; CPUs \"%.200s\" have %" PRIu64 ", %" PRIu64
		" taken by other domains that may use no others: %" PRIu64 " free; %" PRIu64
		" missing: reserve less, or let some use other pCPUs",
		p->run->scenario->domains[domain].name, to, list ? list : "?", capacity, others,
		capacity - others, to - (capacity - others));
	free(list);
	return -ENOSPC;
}

static int refuse_offline(const struct cx_pinned *p, const struct place *place,
			  struct cx_error *err)
{
	uint64_t capacity = (uint64_t)(place->n_online - 1) * CX_AMOUNT_PER_PCPU;
	char *list = list_of(p, place);

	cx_fail(err, ENOSPC,
		"the host: CPUs \"%.200s\" are to have %" PRIu64 ", %" PRIu64
		" taken by domains that may use no others: %" PRIu64
		" too much; reserve less, or leave them more pCPUs",
		list ? list : "?", capacity, place->reserved, place->reserved - capacity);
	free(list);
	return -ENOSPC;
}

int cx_pinned_reserve(struct cx_pinned *p, unsigned domain, uint64_t to, struct cx_error *err)
{
	uint64_t from = p->reserved[domain];
	unsigned own = p->place_of[domain], i;
	const bool *within;

	p->reserved[domain] = to;
	if (own == CX_NO_POOL || from == to)
		return 0;
	within = &p->within[(size_t)own * p->n];
	for (i = 0; i < p->n && to > from; i++) {
		const struct place *place = &p->places[i];

		if (!within[i] ||
		    place->reserved - from + to <= (uint64_t)place->n_online * CX_AMOUNT_PER_PCPU)
			continue;
		p->reserved[domain] = from;
		return refuse_domain(p, place, domain, to, err);
	}
	for (i = 0; i < p->n; i++)
		if (within[i])
			p->places[i].reserved = p->places[i].reserved - from + to;
	return 0;
}

int cx_pinned_online(struct cx_pinned *p, unsigned index, bool online, struct cx_error *err)
{
	unsigned i;

	for (i = 0; i < p->n && !online; i++) {
		const struct place *place = &p->places[i];

		if (has(place, index) &&
		    place->reserved > (uint64_t)(place->n_online - 1) * CX_AMOUNT_PER_PCPU)
			return refuse_offline(p, place, err);
	}
	for (i = 0; i < p->n; i++)
		if (has(&p->places[i], index))
			p->places[i].n_online += online ? 1u : -1u;
	return 0;
}
