/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits: a bucket for each domain and each pool that has one.
 *
 * It fills at the limit's rate up to the burst, three quarters of a slice, and is emptied by those
 * of its vCPUs that run, counted to the moment without looking at them.  When it is empty all of
 * them are parked, and when a third of it is full they may run again; the rest of it keeps what
 * comes in while they wait for a pCPU.  So in any time at all they receive the limit and the
 * burst at most, and what runs until a pCPU hears of it.
 *
 * Where the host has CPU to spare nobody in a pool waits, and the order by shares says nothing:
 * all would use up the pool's limit alike.  So when its bucket has filled, domains that are ahead
 * of the others in the pool are held until the next time, or until the bucket is quite full
 * because those let go do not use it.
 */
#include "propshare.h"

static int64_t burst_of(const struct ps_policy *pp)
{
	return (int64_t)pp->burst_ns;
}

static int64_t refill_of(const struct ps_policy *pp)
{
	return (int64_t)pp->burst_ns / 3;
}

static void bounds(const struct ps_policy *pp, struct ps_limit *limit)
{
	limit->meter.low = -(int64_t)pp->memory_ns;
	limit->meter.high = burst_of(pp);
}

void ps_limit_init(const struct ps_policy *pp, struct ps_limit *limit, struct ps_limit *parent,
		   unsigned index, bool is_pool)
{
	limit->parent = parent;
	limit->index = index;
	limit->is_pool = is_pool;
	bounds(pp, limit);
}

/* Has it been used up, or filled again? */
static bool is_over(const struct ps_policy *pp, const struct ps_limit *limit)
{
	int64_t level = limit->meter.level;

	return limit->exhausted ? level >= refill_of(pp) * (int64_t)PS_SECOND : level <= 0;
}

/* When is there something to do?  The meter is of now. */
static void rearm(struct ps_policy *pp, struct ps_limit *limit)
{
	const struct ps_meter *m = &limit->meter;
	uint64_t when = UINT64_MAX;

	ps_heap_remove(&limit->event);
	if (limit->rate && is_over(pp, limit))
		when = m->at_ns; /* the mark has been passed, wherever the level goes from here */
	else if (limit->rate && limit->exhausted)
		when = ps_meter_meets(m, refill_of(pp));
	else if (limit->rate)
		when = ps_meter_meets(m, limit->held && ps_meter_slope(m) > 0 ? m->high : 0);
	if (when != UINT64_MAX)
		ps_heap_insert(&pp->events, &limit->event, (int64_t)when);
}

static void set_timer(struct ps_policy *pp)
{
	ps_timer(pp, PS_TIMER_LIMIT, pp->events.n ? (uint64_t)pp->events.slots[0].key : UINT64_MAX);
}

bool ps_limited(const struct ps_domain *pd)
{
	if (pd->held)
		return true;
	for (const struct ps_limit *l = &pd->limit; l; l = l->parent)
		if (l->exhausted)
			return true;
	return false;
}

static bool is_within(const struct ps_domain *pd, const struct ps_limit *limit)
{
	for (const struct ps_limit *l = &pd->limit; l; l = l->parent)
		if (l == limit)
			return true;
	return false;
}

static void park_all(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	struct cx_node *node;

	cx_list_for_each (node, &pd->vcpus)
		ps_park(pp, cx_entry(node, struct ps_vcpu, node), now);
}

static void unpark_all(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	struct cx_node *node;

	if (ps_limited(pd))
		return;
	cx_list_for_each (node, &pd->vcpus)
		ps_unpark(pp, cx_entry(node, struct ps_vcpu, node), now);
}

/* --- who is held ---------------------------------------------------------------------------- */

/* How far vCPUs are ahead of their sets, in virtual time: the mean, by their rates. */
struct mean {
	__int128 sum;
	uint64_t weight;
};

static void add_domain(struct mean *mean, const struct ps_domain *pd, uint64_t now)
{
	struct cx_node *node;

	cx_list_for_each (node, &pd->vcpus) {
		const struct ps_vcpu *pv = cx_entry(node, struct ps_vcpu, node);

		if (!pv->wants)
			continue;
		mean->sum += (__int128)(pv->vtime - ps_vtime(pv->set, now)) * (int64_t)pv->rate;
		mean->weight += pv->rate;
	}
}

/* It is guaranteed something and may fall behind that before it would be let go. */
static bool needs_more(const struct ps_policy *pp, const struct ps_domain *pd)
{
	return pd->reserved && pd->owed.level / (int64_t)PS_SECOND > -(int64_t)pp->turn_ns / 2;
}

/* Has @pd received more than its share of what those of @all have, by more than a quarter of a
 * turn? */
static bool is_ahead(const struct ps_policy *pp, const struct mean *all, const struct ps_domain *pd,
		     uint64_t now)
{
	struct mean own = { 0, 0 };
	__int128 lead;

	add_domain(&own, pd, now);
	if (!own.weight)
		return false;
	lead = own.sum - all->sum / (__int128)all->weight * (__int128)own.weight;
	return lead / (int64_t)PS_SECOND > (__int128)(pp->turn_ns / 4);
}

static void hold_some(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	struct mean all = { 0, 0 };
	struct cx_node *node;

	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		if (is_within(pd, limit) && !ps_limited(pd))
			add_domain(&all, pd, now);
	}
	if (!all.weight)
		return;
	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		if (!is_within(pd, limit) || ps_limited(pd) || needs_more(pp, pd) ||
		    !is_ahead(pp, &all, pd, now))
			continue;
		pd->held = limit;
		limit->held++;
	}
}

/* Those that @limit holds: they may run again, unless it is used up. */
static void let_go(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	struct cx_node *node;

	if (!limit->held)
		return;
	limit->held = 0;
	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		if (pd->held != limit)
			continue;
		pd->held = NULL;
		unpark_all(pp, pd, now);
	}
}

/* --- used up, filled again -------------------------------------------------------------------- */

/* All that are within @limit: parked, or let go as far as nothing else holds them. */
static void apply(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	struct cx_node *node;

	if (limit->exhausted)
		let_go(pp, limit, now);
	else if (limit->is_pool)
		hold_some(pp, limit, now);
	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		if (!is_within(pd, limit))
			continue;
		if (limit->exhausted)
			park_all(pp, pd, now);
		else
			unpark_all(pp, pd, now);
	}
}

static void turn_over(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	limit->exhausted = !limit->exhausted;
	if (pp->keeper)
		cx_trace_account(pp->keeper, NULL, limit->exhausted ? PS_EXHAUSTED : PS_REFILLED,
				 limit->index, limit->is_pool, now);
	apply(pp, limit, now);
	rearm(pp, limit);
}

static void expire(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	ps_meter_run(&limit->meter, now);
	if (is_over(pp, limit)) {
		turn_over(pp, limit, now);
		return;
	}
	if (!limit->exhausted && limit->meter.level >= limit->meter.high * (int64_t)PS_SECOND)
		let_go(pp, limit, now);
	rearm(pp, limit);
}

bool ps_limit_expire(struct ps_policy *pp, uint64_t now)
{
	bool any = false;

	while (pp->events.n && pp->events.slots[0].key <= (int64_t)now) {
		struct ps_limit *limit = cx_entry(pp->events.slots[0].item, struct ps_limit, event);

		ps_heap_remove(&limit->event);
		expire(pp, limit, now);
		any = true;
	}
	if (any)
		set_timer(pp);
	return any;
}

void ps_limit_set(struct ps_policy *pp, struct ps_limit *limit, unsigned percent, uint64_t now)
{
	uint64_t rate = percent * PS_NS_PER_PERCENT;

	ps_meter_run(&limit->meter, now);
	bounds(pp, limit);
	if (!limit->rate) /* a new bucket is full */
		limit->meter.level = limit->meter.high * (int64_t)PS_SECOND;
	limit->rate = limit->meter.rate = rate;
	ps_meter_run(&limit->meter, now);
	if (!rate)
		let_go(pp, limit, now);
	if (!rate && limit->exhausted)
		turn_over(pp, limit, now);
	else
		rearm(pp, limit);
	set_timer(pp);
}

void ps_limit_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now)
{
	bool any = false;

	for (struct ps_limit *l = &pd->limit; l; l = l->parent) {
		if (l->rate)
			ps_meter_run(&l->meter, now);
		l->meter.at_ns = l->meter.at_ns > now ? l->meter.at_ns : now;
		l->meter.running += (uint64_t)(int64_t)change;
		if (!l->rate)
			continue;
		rearm(pp, l);
		any = true;
	}
	if (any)
		set_timer(pp);
}

uint64_t ps_limit_left(const struct ps_domain *pd)
{
	uint64_t least = UINT64_MAX;

	for (const struct ps_limit *l = &pd->limit; l; l = l->parent) {
		uint64_t when = l->rate ? ps_meter_meets(&l->meter, 0) : UINT64_MAX;

		if (when < least)
			least = when;
	}
	return least;
}

void ps_limit_forget(struct ps_policy *pp, struct ps_domain *pd)
{
	if (pd->held)
		pd->held->held--;
	pd->held = NULL;
	ps_heap_remove(&pd->limit.event);
	set_timer(pp);
}
