/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who got how much: no more than its limit allows, and as much as its equals.
 *
 * A limit is kept in every window of time if a bucket that leaks at the limit's rate never
 * holds more than the burst: what it holds is the most, over all windows that end now, by
 * which the domain got more than limit x length.
 */
#include "tests/property/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- limits ---------------------------------------------------------------------------- */

static void leak(struct seen_domain *d, uint64_t now)
{
	unsigned __int128 out = (unsigned __int128)(now - d->level_ns) * d->limit.rate_ns;

	d->level = d->level > out ? d->level - out : 0;
	d->level_ns = now;
}

void shares_limit_set(struct seen *s, unsigned dom, unsigned percent)
{
	const struct prop_case *c = s->c;
	struct seen_domain *d = &s->domains[dom];

	*d = (struct seen_domain){ .weight = d->weight, .percent = percent, .level_ns = s->now_ns };
	if (percent && c->table->flags & CX_PLUGIN_LIMIT && c->bounds->limit)
		d->limited = c->bounds->limit(c, dom, percent, &d->limit);
}

/*
 * What of the stay that ends now counts: all of it, or what was seen at multiples of
 * @tick_ns, each with all that it ran since the one before.
 */
static uint64_t counted(const struct seen *s, struct seen_vcpu *v, uint64_t tick_ns)
{
	uint64_t late = prop_cost(s->c->costs, CX_COST_TIMER_LATE), from = v->began_ns;
	uint64_t now = s->now_ns, last = 0, ns = 0;

	if (!tick_ns)
		return now - from;
	if (v->tick != from / tick_ns)
		v->unseen_ns = 0;
	if (now > late)
		last = (now - late - 1) / tick_ns *
		       tick_ns; /* this one has seen it, if it was on */
	if (last > from) {
		ns = v->unseen_ns + last - from;
		v->unseen_ns = 0;
		from = last;
	}
	v->tick = now / tick_ns;
	if (v->tick * tick_ns > from) {
		v->unseen_ns = 0;
		from = v->tick * tick_ns;
	}
	v->unseen_ns += now - from;
	return ns;
}

bool shares_left(struct seen *s, struct seen_vcpu *v)
{
	struct seen_domain *d = &s->domains[v->dom];
	uint64_t over;

	if (!d->limited)
		return true;
	leak(d, s->now_ns);
	d->level += (unsigned __int128)counted(s, v, d->limit.tick_ns) * d->limit.period_ns;
	over = (uint64_t)(d->level / d->limit.period_ns);
	/* Could it have got that much by now? */
	s->verdict->checked[PROP_LIMIT] |= d->limit.burst_ns < s->now_ns;
	if (over <= d->limit.burst_ns)
		return true;
	return seen_broken(s, PROP_LIMIT,
			   "%s has had %" PRIu64 " ns more than its limit of %u %% allows (%" PRIu64
			   " ns in %" PRIu64 " ns); %s states a burst of %" PRIu64 " ns",
			   s->c->scenario->domains[v->dom].name, over, d->percent, d->limit.rate_ns,
			   d->limit.period_ns, s->c->table->name, d->limit.burst_ns);
}

/* --- equals ------------------------------------------------------------------------------ */

static bool same_set(const struct cx_cpuset *a, const struct cx_cpuset *b)
{
	char *x, *y;
	bool same;

	if (!a || !b)
		return a == b;
	x = cx_cpuset_format(a);
	y = cx_cpuset_format(b);
	same = x && y && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

static bool alike(const struct cx_scenario_domain *a, const struct cx_scenario_domain *b)
{
	return a->vcpus == b->vcpus && a->weight == b->weight && a->limit == b->limit &&
	       a->reservation == b->reservation && same_set(a->cpus, b->cpus) &&
	       same_set(a->cpus_soft, b->cpus_soft) && a->start_ns == b->start_ns &&
	       a->stop_ns == b->stop_ns && strcmp(a->workload, b->workload) == 0 &&
	       memcmp(a->params, b->params, sizeof(a->params)) == 0 && !a->n_settings &&
	       !b->n_settings;
}

static void range_of(const struct seen *s, unsigned dom, uint64_t *least, uint64_t *most)
{
	for (unsigned i = 0; i < s->c->n_vcpus; i++) {
		uint64_t ran = s->vcpus[i].time_ns[CX_RUNNING];

		if (s->vcpus[i].dom != dom)
			continue;
		if (ran < *least)
			*least = ran;
		if (ran > *most)
			*most = ran;
	}
}

static bool compare(struct seen *s, unsigned a, unsigned b)
{
	const struct cx_scenario_domain *d = s->c->scenario->domains;
	uint64_t bound = s->c->bounds->twins(s->c, a, b), least = UINT64_MAX, most = 0;

	if (!bound)
		return true;
	s->verdict->checked[PROP_TWINS] = true;
	range_of(s, a, &least, &most);
	range_of(s, b, &least, &most);
	if (most - least <= bound)
		return true;
	return seen_broken(s, PROP_TWINS,
			   "%s and %s are alike, but one vCPU ran for %" PRIu64
			   " ns and another for %" PRIu64 " ns; %s states a difference of %" PRIu64
			   " ns at most",
			   d[a].name, d[b].name, least, most, s->c->table->name, bound);
}

bool shares_finish(struct seen *s)
{
	const struct cx_scenario *sc = s->c->scenario;

	for (unsigned a = 0; a < sc->n_domains && s->c->bounds->twins; a++)
		for (unsigned b = a; b < sc->n_domains; b++)
			if (alike(&sc->domains[a], &sc->domains[b]) && !compare(s, a, b))
				return false;
	return true;
}
