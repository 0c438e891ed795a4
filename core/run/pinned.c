/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/pinned.h"

#include "base/bits.h"
#include "entitlement/admission.h"
#include "entitlement/flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHARES_BYTES 160 /* of a message */

/*
 * Domains of the same hard affinity are one source of the flow, a place; pCPUs that are in the
 * same places are one sink, a group.
 */
struct cx_pinned {
	const struct cx_changing *run;
	struct cx_flow *flow;
	unsigned words, n_places, n_groups;
	uint64_t **places;  /* the run's pCPUs in each */
	unsigned *place_of; /* by domain; CX_NO_POOL: it may use all, or never reserves anything */
	uint64_t *reserved; /* by domain */
	uint64_t *supply;   /* by place: what its domains reserve together */
	unsigned *group_of; /* by pCPU */
	unsigned *n_in;     /* by group: its pCPUs */
	unsigned *n_online; /* by group */
	bool *online;       /* by pCPU */
};

void cx_pinned_free(struct cx_pinned *p)
{
	unsigned i;

	if (!p)
		return;
	for (i = 0; p->places && i < p->n_places; i++)
		free(p->places[i]);
	free(p->places);
	free(p->place_of);
	free(p->reserved);
	free(p->supply);
	free(p->group_of);
	free(p->n_in);
	free(p->n_online);
	free(p->online);
	cx_flow_free(p->flow);
	free(p);
}

/* --- which places there are --------------------------------------------------------------- */

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
	uint64_t *own = calloc(p->words, sizeof(*own));
	unsigned i;

	if (!own)
		return false;
	for (i = 0; i < p->run->n_pcpus; i++)
		if (cx_cpuset_has(cpus, p->run->pcpus[i]))
			own[i / CX_WORD_BITS] |= 1ull << i % CX_WORD_BITS;
	for (i = 0; i < p->n_places; i++)
		if (memcmp(p->places[i], own, p->words * sizeof(*own)) == 0)
			break;
	p->place_of[domain] = i;
	if (i == p->n_places)
		p->places[p->n_places++] = own;
	else
		free(own);
	return true;
}

static bool find_places(struct cx_pinned *p)
{
	const struct cx_scenario *s = p->run->scenario;
	unsigned i;

	for (i = 0; i < s->n_domains; i++) {
		p->place_of[i] = CX_NO_POOL;
		if (s->domains[i].cpus && ever_reserves(s, i) && !add_place(p, i))
			return false;
	}
	return true;
}

/* --- which pCPUs all places treat alike ------------------------------------------------------ */

/* The groups that are partly in @place lose that part to new ones.  @inside, @to: room by group. */
static void split_groups(struct cx_pinned *p, const uint64_t *place, unsigned *inside, unsigned *to)
{
	unsigned i, group, n_before = p->n_groups;

	memset(inside, 0, n_before * sizeof(*inside));
	for (i = 0; i < p->run->n_pcpus; i++)
		if (cx_bit_has(place, i))
			inside[p->group_of[i]]++;
	for (group = 0; group < n_before; group++) {
		to[group] = group;
		if (!inside[group] || inside[group] == p->n_in[group])
			continue;
		to[group] = p->n_groups;
		p->n_in[group] -= inside[group];
		p->n_in[p->n_groups++] = inside[group];
	}
	for (i = 0; i < p->run->n_pcpus; i++)
		if (cx_bit_has(place, i))
			p->group_of[i] = to[p->group_of[i]];
}

static bool find_groups(struct cx_pinned *p)
{
	unsigned n = p->run->n_pcpus, i;
	unsigned *room = calloc(2u * n + 1u, sizeof(*room));

	if (!room)
		return false;
	p->n_groups = 1;
	p->n_in[0] = n;
	for (i = 0; i < p->n_places; i++)
		split_groups(p, p->places[i], room, room + n);
	free(room);
	return true;
}

static bool make_flow(struct cx_pinned *p)
{
	unsigned i, k;

	p->flow = cx_flow_new(p->n_places, p->n_groups);
	if (!p->flow)
		return false;
	for (k = 0; k < p->run->n_pcpus; k++) {
		p->online[k] = true;
		for (i = 0; i < p->n_places; i++)
			if (cx_bit_has(p->places[i], k))
				cx_flow_allow(p->flow, i, p->group_of[k]);
	}
	for (i = 0; i < p->n_groups; i++) {
		p->n_online[i] = p->n_in[i];
		cx_flow_set_capacity(p->flow, i, p->n_in[i] * CX_AMOUNT_PER_PCPU);
	}
	return true;
}

struct cx_pinned *cx_pinned_new(const struct cx_changing *run)
{
	struct cx_pinned *p = calloc(1, sizeof(*p));
	size_t n = run->scenario->n_domains, n_pcpus = run->n_pcpus;

	if (!p)
		return NULL;
	p->run = run;
	p->words = run->n_pcpus / CX_WORD_BITS + 1;
	p->places = calloc(n + 1, sizeof(*p->places));
	p->place_of = calloc(n + 1, sizeof(*p->place_of));
	p->reserved = calloc(n + 1, sizeof(*p->reserved));
	p->supply = calloc(n + 1, sizeof(*p->supply));
	p->group_of = calloc(n_pcpus + 1, sizeof(*p->group_of));
	p->n_in = calloc(n_pcpus + 1, sizeof(*p->n_in));
	p->n_online = calloc(n_pcpus + 1, sizeof(*p->n_online));
	p->online = calloc(n_pcpus + 1, sizeof(*p->online));
	if (p->places && p->place_of && p->reserved && p->supply && p->group_of && p->n_in &&
	    p->n_online && p->online && find_places(p) && find_groups(p) && make_flow(p))
		return p;
	cx_pinned_free(p);
	return NULL;
}

/* --- what does not fit -------------------------------------------------------------------------- */

/* The pCPUs that are too few, and those who have reserved something there and may use no others. */
struct shortage {
	uint64_t capacity, reserved;
	char *cpus;
	char offline[40];
	char shares[SHARES_BYTES];
};

static void list_cpus(const struct cx_pinned *p, struct shortage *s)
{
	struct cx_cpuset *set = cx_cpuset_new();
	unsigned i, n_offline = 0;

	for (i = 0; i < p->run->n_pcpus; i++) {
		if (!cx_flow_cut_sink(p->flow, p->group_of[i]))
			continue;
		s->capacity += p->online[i] ? CX_AMOUNT_PER_PCPU : 0;
		n_offline += !p->online[i];
		if (set)
			cx_cpuset_add(set, p->run->pcpus[i]);
	}
	s->cpus = set ? cx_cpuset_format(set) : NULL;
	if (n_offline)
		snprintf(s->offline, sizeof(s->offline), " (%u of them offline)", n_offline);
	cx_cpuset_free(set);
}

/* As many as there is room for, in the order of the scenario. */
static void list_shares(const struct cx_pinned *p, unsigned but, struct shortage *s)
{
	const struct cx_scenario *scenario = p->run->scenario;
	unsigned i, n_more = 0;
	size_t used = 0;

	for (i = 0; i < scenario->n_domains; i++) {
		char one[96];
		int len;

		if (i == but || !p->reserved[i] || p->place_of[i] == CX_NO_POOL ||
		    !cx_flow_cut_source(p->flow, p->place_of[i]))
			continue;
		s->reserved += p->reserved[i];
		len = snprintf(one, sizeof(one), "%s%s %" PRIu64, used ? ", " : " (",
			       scenario->domains[i].name, p->reserved[i]);
		/* The rest of the line is for the end of the list. */
		if (n_more || used + (size_t)len + 32 > sizeof(s->shares))
			n_more++;
		else
			used += (size_t)sprintf(s->shares + used, "%s", one);
	}
	if (n_more)
		snprintf(s->shares + used, sizeof(s->shares) - used, " and %u more)", n_more);
	else if (used)
		snprintf(s->shares + used, sizeof(s->shares) - used, ")");
}

static struct shortage shortage_of(const struct cx_pinned *p, unsigned but)
{
	struct shortage s = { 0 };

	list_cpus(p, &s);
	list_shares(p, but, &s);
	return s;
}

static int refuse_domain(const struct cx_pinned *p, unsigned domain, uint64_t to,
			 struct cx_error *err)
{
	struct shortage s = shortage_of(p, domain);

	cx_fail(err, ENOSPC,
		"domain %s: asks for %" PRIu64 "; CPUs \"%.200s\"%s have %" PRIu64 ", %" PRIu64
		" taken by other domains that may use no others%s: %" PRIu64 " free; %" PRIu64
		" missing: reserve less, or let some use other pCPUs",
		p->run->scenario->domains[domain].name, to, s.cpus ? s.cpus : "?", s.offline,
		s.capacity, s.reserved, s.shares, s.capacity - s.reserved,
		to - (s.capacity - s.reserved));
	free(s.cpus);
	return -ENOSPC;
}

static int refuse_offline(const struct cx_pinned *p, struct cx_error *err)
{
	struct shortage s = shortage_of(p, CX_NO_POOL);

	cx_fail(err, ENOSPC,
		"the host: CPUs \"%.200s\"%s are to have %" PRIu64 ", %" PRIu64
		" taken by domains that may use no others%s: %" PRIu64
		" too much; reserve less, or leave them more pCPUs",
		s.cpus ? s.cpus : "?", s.offline, s.capacity, s.reserved, s.shares,
		s.reserved - s.capacity);
	free(s.cpus);
	return -ENOSPC;
}

/* --- what fits ----------------------------------------------------------------------------------- */

static void set_reserved(struct cx_pinned *p, unsigned domain, uint64_t to)
{
	unsigned place = p->place_of[domain];

	if (place != CX_NO_POOL) {
		p->supply[place] = p->supply[place] - p->reserved[domain] + to;
		cx_flow_set_supply(p->flow, place, p->supply[place]);
	}
	p->reserved[domain] = to;
}

int cx_pinned_reserve(struct cx_pinned *p, unsigned domain, uint64_t to, struct cx_error *err)
{
	uint64_t from = p->reserved[domain];
	int rc = 0;

	set_reserved(p, domain, to);
	if (cx_flow_settle(p->flow)) {
		rc = refuse_domain(p, domain, to, err);
		set_reserved(p, domain, from);
	}
	return rc;
}

static void set_online(struct cx_pinned *p, unsigned index, bool online)
{
	unsigned group = p->group_of[index];

	p->online[index] = online;
	p->n_online[group] += online ? 1u : -1u;
	cx_flow_set_capacity(p->flow, group, p->n_online[group] * CX_AMOUNT_PER_PCPU);
}

int cx_pinned_online(struct cx_pinned *p, unsigned index, bool online, struct cx_error *err)
{
	int rc = 0;

	set_online(p, index, online);
	if (cx_flow_settle(p->flow)) {
		rc = refuse_offline(p, err);
		set_online(p, index, !online);
		cx_flow_settle(p->flow);
	}
	return rc;
}
