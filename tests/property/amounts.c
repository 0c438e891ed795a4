/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who got how much at any time: no more than its limit allows, no less than is reserved for it.
 *
 * A limit is kept in every window of time if a bucket that leaks at the limit's rate never
 * holds more than the burst: what it holds is the most, over all windows that end now, by
 * which the domain or pool got more than limit x length.  A reservation is kept in every window
 * in which it is wanted if a bucket that fills at its rate, and is emptied by what is received,
 * never holds more than the shortfall.  Who does not want all that is reserved for it begins
 * anew with an empty one.
 *
 * Between two events amounts change evenly, so it is enough to look at events.
 */
#include "tests/property/check.h"

#include <inttypes.h>

static const char *name_of(const struct seen *s, const struct seen_amount *a)
{
	if (a >= s->pools && a < s->pools + s->c->scenario->n_pools)
		return s->c->scenario->pools[a - s->pools].name;
	for (unsigned i = 0; i < s->c->scenario->n_domains; i++)
		if (a == &s->domains[i].amount)
			return s->c->scenario->domains[i].name;
	return "?";
}

/* --- limits ---------------------------------------------------------------------------- */

static bool within_limit(struct seen *s, const struct seen_amount *a)
{
	const struct seen_limit *l = &a->limit;
	uint64_t over = (uint64_t)(l->level / l->limit.period_ns);

	/* Could it have got that much by now? */
	s->verdict->checked[PROP_LIMIT] |= l->limit.burst_ns < s->now_ns;
	if (over <= l->limit.burst_ns)
		return true;
	return seen_broken(s, PROP_LIMIT,
			   "%s has had %" PRIu64 " ns more than its limit of %u %% allows (%" PRIu64
			   " ns in %" PRIu64 " ns); %s states a burst of %" PRIu64 " ns",
			   name_of(s, a), over, l->percent, l->limit.rate_ns, l->limit.period_ns,
			   s->c->table->name, l->limit.burst_ns);
}

static void leak(struct seen_limit *l, uint64_t now)
{
	unsigned __int128 out = (unsigned __int128)(now - l->level_ns) * l->limit.rate_ns;

	l->level = l->level > out ? l->level - out : 0;
	l->level_ns = now;
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

bool amounts_left(struct seen *s, struct seen_vcpu *v)
{
	struct seen_amount *a = &s->domains[v->dom].amount;
	struct seen_limit *l = &a->limit;

	if (!l->stated || !l->limit.tick_ns)
		return true;
	leak(l, s->now_ns);
	l->level += (unsigned __int128)counted(s, v, l->limit.tick_ns) * l->limit.period_ns;
	return within_limit(s, a);
}

/* To the moment: so many have run since it was reckoned last. */
static bool run_limit(struct seen *s, struct seen_amount *a)
{
	struct seen_limit *l = &a->limit;

	if (!l->stated || l->limit.tick_ns || l->level_ns == s->now_ns)
		return true;
	l->level += (unsigned __int128)(s->now_ns - l->level_ns) * a->running * l->limit.period_ns;
	leak(l, s->now_ns);
	return within_limit(s, a);
}

/* --- reservations ------------------------------------------------------------------------ */

static bool run_floor(struct seen *s, struct seen_amount *a)
{
	struct seen_floor *f = &a->floor;
	uint64_t ns = s->now_ns - f->level_ns, due = ns * f->percent, got = ns * a->running * 100;

	f->level_ns = s->now_ns;
	if (!f->wanted || ns == 0)
		return true;
	f->level = f->level + due > got ? f->level + due - got : 0;
	/* Could it have been so much? */
	s->verdict->checked[PROP_FLOOR] |= f->shortfall_ns < s->now_ns * f->percent / 100;
	if (f->level <= f->shortfall_ns * 100)
		return true;
	return seen_broken(
		s, PROP_FLOOR,
		"%s has had %" PRIu64 " ns less than the %u %% that are reserved for it; "
		"%s states a shortfall of %" PRIu64 " ns",
		name_of(s, a), f->level / 100, f->percent, s->c->table->name, f->shortfall_ns);
}

/* Percent of a pCPU that it could use now, if it had all that it wants. */
static unsigned use_of_domain(const struct seen *s, unsigned dom)
{
	const struct seen_amount *a = &s->domains[dom].amount;

	if (a->limit.percent && a->limit.percent < 100 * a->wanting)
		return a->limit.percent;
	return 100 * a->wanting;
}

static unsigned use_of_pool(const struct seen *s, unsigned pool)
{
	const struct cx_scenario *sc = s->c->scenario;
	unsigned use = 0, limit = s->pools[pool].limit.percent;

	for (unsigned i = 0; i < sc->n_domains; i++)
		if (sc->domains[i].pool == pool)
			use += use_of_domain(s, i);
	for (unsigned i = pool + 1; i < sc->n_pools; i++)
		if (sc->pools[i].parent == pool)
			use += use_of_pool(s, i);
	return limit && limit < use ? limit : use;
}

/* From now on it wants so much; who does not want all that is reserved is owed nothing. */
static void want(struct seen_amount *a, unsigned use)
{
	a->floor.wanted = a->floor.stated && use >= a->floor.percent;
	if (!a->floor.wanted)
		a->floor.level = 0;
}

/* --- states ---------------------------------------------------------------------------- */

static unsigned pool_of(const struct seen *s, unsigned dom)
{
	unsigned pool = s->c->scenario->domains[dom].pool;

	return pool < s->c->scenario->n_pools ? pool : CX_NO_POOL;
}

static bool run(struct seen *s, struct seen_amount *a)
{
	return run_limit(s, a) && run_floor(s, a);
}

static void count(struct seen_amount *a, enum cx_state state, unsigned by)
{
	if (state == CX_RUNNING)
		a->running += by;
	if (state != CX_BLOCKED && state != CX_PAUSED)
		a->wanting += by;
}

/* A domain wants more or less now, and so do the pools around it. */
static void want_anew(struct seen *s, unsigned dom)
{
	want(&s->domains[dom].amount, use_of_domain(s, dom));
	for (unsigned p = pool_of(s, dom); p != CX_NO_POOL; p = s->c->scenario->pools[p].parent)
		if (s->pools[p].floor.stated)
			want(&s->pools[p], use_of_pool(s, p));
}

bool amounts_state(struct seen *s, const struct seen_vcpu *v, enum cx_state old, enum cx_state now)
{
	struct seen_amount *a = &s->domains[v->dom].amount;

	if (!run(s, a))
		return false;
	count(a, old, -1u);
	count(a, now, 1);
	for (unsigned p = pool_of(s, v->dom); p != CX_NO_POOL;
	     p = s->c->scenario->pools[p].parent) {
		if (!run(s, &s->pools[p]))
			return false;
		count(&s->pools[p], old, -1u);
		count(&s->pools[p], now, 1);
	}
	want_anew(s, v->dom);
	return true;
}

/* --- values ---------------------------------------------------------------------------- */

static bool honours(const struct seen *s, uint64_t flags)
{
	return (s->c->table->flags & flags) == flags;
}

static void set_domain(struct seen *s, unsigned dom, enum cx_adjust what, unsigned percent)
{
	const struct prop_bounds *b = s->c->bounds;
	struct seen_amount *a = &s->domains[dom].amount;

	if (what == CX_ADJUST_LIMIT) {
		a->limit = (struct seen_limit){ .percent = percent, .level_ns = s->now_ns };
		if (percent && honours(s, CX_PLUGIN_LIMIT) && b->limit)
			a->limit.stated = b->limit(s->c, dom, percent, &a->limit.limit);
	} else if (what == CX_ADJUST_RESERVATION) {
		a->floor = (struct seen_floor){ .percent = percent, .level_ns = s->now_ns };
		if (percent && honours(s, CX_PLUGIN_RESERVATION) && b->floor)
			a->floor.stated = b->floor(s->c, dom, &a->floor.shortfall_ns);
	}
	want_anew(s, dom);
}

static void set_pool(struct seen *s, unsigned pool, enum cx_adjust what, unsigned percent)
{
	const struct prop_bounds *b = s->c->bounds;
	struct seen_amount *a = &s->pools[pool];

	if (what == CX_ADJUST_LIMIT) {
		a->limit = (struct seen_limit){ .percent = percent, .level_ns = s->now_ns };
		if (percent && honours(s, CX_PLUGIN_LIMIT | CX_PLUGIN_POOLS) && b->pool_limit)
			a->limit.stated = b->pool_limit(s->c, pool, percent, &a->limit.limit);
	} else if (what == CX_ADJUST_RESERVATION) {
		a->floor = (struct seen_floor){ .percent = percent, .level_ns = s->now_ns };
		if (percent && honours(s, CX_PLUGIN_RESERVATION | CX_PLUGIN_POOLS) && b->pool_floor)
			a->floor.stated = b->pool_floor(s->c, pool, &a->floor.shortfall_ns);
	}
	for (; pool != CX_NO_POOL; pool = s->c->scenario->pools[pool].parent)
		want(&s->pools[pool], use_of_pool(s, pool));
}

bool amounts_domain_set(struct seen *s, unsigned dom, enum cx_adjust what, unsigned percent)
{
	if (!run(s, &s->domains[dom].amount))
		return false;
	set_domain(s, dom, what, percent);
	return true;
}

bool amounts_pool_set(struct seen *s, unsigned pool, enum cx_adjust what, unsigned percent)
{
	if (!run(s, &s->pools[pool]))
		return false;
	set_pool(s, pool, what, percent);
	return true;
}

void amounts_begin(struct seen *s)
{
	const struct cx_scenario *sc = s->c->scenario;

	for (unsigned i = 0; i < sc->n_pools; i++) {
		set_pool(s, i, CX_ADJUST_LIMIT, sc->pools[i].limit);
		set_pool(s, i, CX_ADJUST_RESERVATION, sc->pools[i].reservation);
	}
	for (unsigned i = 0; i < sc->n_domains; i++) {
		set_domain(s, i, CX_ADJUST_LIMIT, sc->domains[i].limit);
		set_domain(s, i, CX_ADJUST_RESERVATION, sc->domains[i].reservation);
	}
}

void amounts_yielded(struct seen *s, unsigned dom)
{
	s->domains[dom].amount.floor.level = 0;
	for (unsigned p = pool_of(s, dom); p != CX_NO_POOL; p = s->c->scenario->pools[p].parent)
		s->pools[p].floor.level = 0;
}

void amounts_restart(struct seen *s)
{
	for (unsigned i = 0; i < s->c->scenario->n_domains; i++)
		s->domains[i].amount.floor.level = 0;
	for (unsigned i = 0; i < s->c->scenario->n_pools; i++)
		s->pools[i].floor.level = 0;
}

bool amounts_finish(struct seen *s)
{
	for (unsigned i = 0; i < s->c->scenario->n_domains; i++)
		if (!run(s, &s->domains[i].amount))
			return false;
	for (unsigned i = 0; i < s->c->scenario->n_pools; i++)
		if (!run(s, &s->pools[i]))
			return false;
	return true;
}
