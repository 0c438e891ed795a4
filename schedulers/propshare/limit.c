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
 * all would use up the pool's limit alike.  So while a pool's limit is what its domains are short
 * of, each of them has a bucket of its share as well, which fills at the rate that the solver gives
 * it.  What some leave unused fills the pool's own bucket; when that is full, those who have used
 * up their shares may go on.
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

static bool is_share(const struct ps_limit *limit)
{
	return limit->domain && limit == &limit->domain->share;
}

void ps_limit_init_pool(const struct ps_policy *pp, struct ps_limit *limit, struct ps_limit *parent,
			unsigned index)
{
	cx_list_init(&limit->domains);
	limit->parent = parent;
	limit->index = index;
	bounds(pp, limit);
}

void ps_limit_init(const struct ps_policy *pp, struct ps_domain *pd, struct ps_limit *pool)
{
	pd->share.domain = pd->limit.domain = pd;
	pd->share.parent = &pd->limit;
	pd->limit.parent = pool;
	pd->limit.index = cx_domain_index(pd->dom);
	bounds(pp, &pd->share);
	bounds(pp, &pd->limit);
	if (pool)
		cx_list_push_back(&pool->domains, &pd->pool_node);
}

/* --- when ------------------------------------------------------------------------------------- */

/* Has it been used up, or filled again? */
static bool is_over(const struct ps_policy *pp, const struct ps_limit *limit)
{
	int64_t level = limit->meter.level;

	return limit->exhausted ? level >= refill_of(pp) * (int64_t)PS_SECOND : level <= 0;
}

static bool is_full(const struct ps_limit *limit)
{
	return limit->meter.level >= limit->meter.high * (int64_t)PS_SECOND;
}

/* When is there something to do?  The meter is of now. */
static void rearm(struct ps_policy *pp, struct ps_limit *limit)
{
	const struct ps_meter *m = &limit->meter;
	uint64_t when = UINT64_MAX;

	ps_heap_remove(&limit->event);
	if (!limit->rate)
		return;
	if (is_over(pp, limit))
		when = m->at_ns; /* the mark has been passed, wherever the level goes from here */
	else if (limit->exhausted)
		when = ps_meter_meets(m, refill_of(pp));
	else if (limit->spent && ps_meter_slope(m) >= 0)
		when = ps_meter_meets(m, m->high);
	else
		when = ps_meter_meets(m, 0);
	if (when != UINT64_MAX)
		ps_heap_insert(&pp->events, &limit->event, (int64_t)when);
}

static void set_timer(struct ps_policy *pp)
{
	ps_timer(pp, PS_TIMER_LIMIT, pp->events.n ? (uint64_t)pp->events.slots[0].key : UINT64_MAX);
}

/* --- who -------------------------------------------------------------------------------------- */

bool ps_limited(const struct ps_domain *pd)
{
	for (const struct ps_limit *l = &pd->share; l; l = l->parent)
		if (l->exhausted)
			return true;
	return false;
}

static void apply_to(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	bool limited = ps_limited(pd);
	struct cx_node *node;

	cx_list_for_each (node, &pd->vcpus) {
		struct ps_vcpu *pv = cx_entry(node, struct ps_vcpu, node);

		if (limited)
			ps_park(pp, pv, now);
		else
			ps_unpark(pp, pv, now);
	}
}

static bool is_within(const struct ps_limit *limit, const struct ps_limit *pool)
{
	while (limit && limit != pool)
		limit = limit->parent;
	return limit;
}

/* The domains that @limit holds for: parked or let go, as all their limits have it.  A pool's
 * children come behind it. */
static void apply(struct ps_policy *pp, const struct ps_limit *limit, uint64_t now)
{
	struct cx_node *node;

	if (limit->domain) {
		apply_to(pp, limit->domain, now);
		return;
	}
	for (unsigned i = limit->index; i < pp->n_pools; i++)
		if (is_within(&pp->pools[i], limit))
			cx_list_for_each (node, &pp->pools[i].domains)
				apply_to(pp, cx_entry(node, struct ps_domain, pool_node), now);
}

/* --- used up, filled again -------------------------------------------------------------------- */

/* One domain more or less has used up its share of @pool. */
static void count_spent(struct ps_policy *pp, struct ps_limit *pool, int change, uint64_t now)
{
	if (!pool)
		return;
	pool->spent += (unsigned)change;
	ps_meter_run(&pool->meter, now);
	rearm(pp, pool);
}

static void turn_over(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	limit->exhausted = !limit->exhausted;
	rearm(pp, limit);
	if (is_share(limit))
		count_spent(pp, limit->domain->binding, limit->exhausted ? 1 : -1, now);
	else if (pp->keeper)
		cx_trace_account(pp->keeper, NULL, limit->exhausted ? PS_EXHAUSTED : PS_REFILLED,
				 limit->index, !limit->domain, now);
	apply(pp, limit, now);
}

/* @pool is full: its domains do not use it, so who has used up its share may go on. */
static void give_more(struct ps_policy *pp, struct ps_limit *pool, uint64_t now)
{
	struct cx_node *node;

	for (unsigned i = pool->index; i < pp->n_pools; i++) {
		if (!is_within(&pp->pools[i], pool))
			continue;
		cx_list_for_each (node, &pp->pools[i].domains) {
			struct ps_domain *pd = cx_entry(node, struct ps_domain, pool_node);

			if (pd->binding != pool || !pd->share.exhausted)
				continue;
			ps_meter_run(&pd->share.meter, now);
			pd->share.meter.level = refill_of(pp) * (int64_t)PS_SECOND;
			turn_over(pp, &pd->share, now);
		}
	}
}

static void expire(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	ps_meter_run(&limit->meter, now);
	if (is_over(pp, limit))
		turn_over(pp, limit, now);
	else if (limit->spent && is_full(limit))
		give_more(pp, limit, now);
	else
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

/* --- rates ------------------------------------------------------------------------------------ */

static void set_rate(struct ps_policy *pp, struct ps_limit *limit, uint64_t rate, int64_t first_ns,
		     uint64_t now)
{
	ps_meter_run(&limit->meter, now);
	bounds(pp, limit);
	if (!limit->rate) /* a new bucket */
		limit->meter.level = first_ns * (int64_t)PS_SECOND;
	limit->rate = limit->meter.rate = rate;
	ps_meter_run(&limit->meter, now);
	if (!rate && limit->exhausted)
		turn_over(pp, limit, now);
	else
		rearm(pp, limit);
}

void ps_limit_set(struct ps_policy *pp, struct ps_limit *limit, unsigned percent, uint64_t now)
{
	set_rate(pp, limit, percent * PS_NS_PER_PERCENT, burst_of(pp), now);
	set_timer(pp);
}

void ps_limit_share(struct ps_policy *pp, struct ps_domain *pd, struct ps_limit *pool,
		    uint64_t rate, uint64_t now)
{
	if (!pool && !pd->binding)
		return;
	if (pool != pd->binding && pd->share.exhausted) {
		count_spent(pp, pd->binding, -1, now);
		count_spent(pp, pool, 1, now);
	}
	if (pool)
		pd->binding = pool;
	/* Entitled to nothing is not the same as without a bound. */
	if (!rate)
		rate = 1;
	set_rate(pp, &pd->share, pool ? rate : 0, refill_of(pp), now);
	pd->binding = pool;
	set_timer(pp);
}

/* --- use --------------------------------------------------------------------------------------- */

void ps_limit_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now)
{
	bool any = false;

	for (struct ps_limit *l = &pd->share; l; l = l->parent) {
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

	for (const struct ps_limit *l = &pd->share; l; l = l->parent) {
		uint64_t when = l->rate ? ps_meter_meets(&l->meter, 0) : UINT64_MAX;

		if (when < least)
			least = when;
	}
	return least;
}

void ps_limit_forget(struct ps_policy *pp, struct ps_domain *pd)
{
	if (pd->binding && pd->share.exhausted)
		pd->binding->spent--;
	ps_heap_remove(&pd->share.event);
	ps_heap_remove(&pd->limit.event);
	cx_list_remove(&pd->pool_node);
	set_timer(pp);
}
