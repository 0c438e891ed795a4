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
 * it.  What lets them run again is their part of two thirds of the pool's burst, so that together they do not
 * empty the pool's own bucket, which would stop those too who have more to come.  What one
 * leaves unused stays in the pool's bucket: when that has filled up further than those who want to
 * run have shares to use, what is beyond is handed out to them, in proportion to their rates.
 */
#include "propshare.h"

static int64_t burst_of(const struct ps_policy *pp)
{
	return (int64_t)pp->burst_ns;
}

static void bounds(const struct ps_policy *pp, struct ps_limit *limit)
{
	limit->meter.low = -(int64_t)pp->memory_ns;
	limit->meter.high = burst_of(pp);
	limit->refill_ns = burst_of(pp) / 3;
}

static bool is_share(const struct ps_limit *limit)
{
	return limit->domain && limit == &limit->domain->share;
}

/* What a pool's bucket is filled up to when there may be something to hand out. */
static int64_t plenty(const struct ps_limit *pool)
{
	return 2 * pool->refill_ns;
}

/* What lets a share of @rate run again: together they are plenty. */
static int64_t refill_of_share(const struct ps_limit *pool, uint64_t rate)
{
	int64_t most = plenty(pool);
	int64_t part = rate < pool->rate
			       ? (int64_t)((__int128)most * (int64_t)rate / (int64_t)pool->rate)
			       : most;

	return part < (int64_t)CX_SLICE_MIN_NS ? (int64_t)CX_SLICE_MIN_NS : part;
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
static bool is_over(const struct ps_limit *limit)
{
	int64_t level = limit->meter.level;

	return limit->exhausted ? level >= limit->refill_ns * (int64_t)PS_SECOND : level <= 0;
}

/* When the bucket of @pool, some of whose domains are held by their shares, may have more than
 * those who want to run are to have anyway. */
static uint64_t hands_out(const struct ps_limit *pool)
{
	const struct ps_meter *m = &pool->meter;
	uint64_t when = m->at_ns;

	if (!pool->held)
		return UINT64_MAX;
	if (m->level < plenty(pool) * (int64_t)PS_SECOND)
		when = ps_meter_meets(m, plenty(pool));
	return when > pool->handed_ns ? when : pool->handed_ns;
}

/* When is there something to do?  The meter is of now. */
static void rearm(struct ps_policy *pp, struct ps_limit *limit)
{
	const struct ps_meter *m = &limit->meter;
	uint64_t when = UINT64_MAX;

	ps_heap_remove(&limit->event);
	if (!limit->rate)
		return;
	if (is_over(limit))
		when = m->at_ns; /* the mark has been passed, wherever the level goes from here */
	else if (limit->exhausted)
		when = ps_meter_meets(m, limit->refill_ns);
	else
		when = ps_meter_meets(m, 0);
	if (!limit->exhausted && hands_out(limit) < when)
		when = hands_out(limit);
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

/* One more (+1) or one less (-1) of the domains that have shares of @pool is held by it. */
static void hold(struct ps_policy *pp, struct ps_limit *pool, int change, uint64_t now)
{
	if (!pool)
		return;
	pool->held += (unsigned)change;
	ps_meter_run(&pool->meter, now);
	rearm(pp, pool);
}

static void turn_over(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	limit->exhausted = !limit->exhausted;
	rearm(pp, limit);
	if (is_share(limit))
		hold(pp, limit->of, limit->exhausted ? 1 : -1, now);
	if (!is_share(limit) && pp->keeper)
		cx_trace_account(pp->keeper, NULL, limit->exhausted ? PS_EXHAUSTED : PS_REFILLED,
				 limit->index, !limit->domain, now);
	apply(pp, limit, now);
}

static void settle(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	if (is_over(limit))
		turn_over(pp, limit, now);
	else
		rearm(pp, limit);
}

/* Has @pd a share of @pool, and could it use that now? */
static bool wants_of(const struct ps_domain *pd, const struct ps_limit *pool)
{
	if (pd->share.of != pool || !pd->share.rate || !pd->wanting)
		return false;
	for (const struct ps_limit *l = &pd->limit; l != pool; l = l->parent)
		if (l->exhausted)
			return false;
	return true;
}

/* It has less of its share than what would let it run if it were parked. */
static bool is_low(const struct ps_limit *share)
{
	return share->meter.level < share->refill_ns * (int64_t)PS_SECOND;
}

/* The next domain after @pd (NULL: the first) that wants of @pool; *@at: the pool that it is
 * directly in. */
static struct ps_domain *next_sharer(struct ps_policy *pp, const struct ps_limit *pool,
				     struct ps_domain *pd, unsigned *at)
{
	struct cx_node *node = pd ? cx_list_next(&pp->pools[*at].domains, &pd->pool_node)
				  : cx_list_first(&pp->pools[*at].domains);

	for (;;) {
		for (; node; node = cx_list_next(&pp->pools[*at].domains, node)) {
			pd = cx_entry(node, struct ps_domain, pool_node);
			if (wants_of(pd, pool))
				return pd;
		}
		do
			if (++*at >= pp->n_pools)
				return NULL;
		while (!is_within(&pp->pools[*at], pool));
		node = cx_list_first(&pp->pools[*at].domains);
	}
}

/*
 * Some who have shares of @pool's limit do not use them, and its bucket fills up.  Handed out to those who are
 * low is what it has beyond the mark at which those parked may run again, which is left for those who come, and
 * beyond what those who want to run have of their shares.
 */
static void hand_out(struct ps_policy *pp, struct ps_limit *pool, uint64_t now)
{
	__int128 spare = pool->meter.level - pool->refill_ns * (int64_t)PS_SECOND;
	uint64_t rates = 0, fills;
	unsigned at = pool->index;

	for (struct ps_domain *pd = NULL; (pd = next_sharer(pp, pool, pd, &at));) {
		struct ps_limit *share = &pd->share;

		ps_meter_run(&share->meter, now);
		if (!is_low(share))
			spare -= share->refill_ns * (int64_t)PS_SECOND;
		else if (share->meter.level > 0)
			spare -= share->meter.level;
		rates += is_low(share) ? share->rate : 0;
	}
	/* Not again before as much can have come in; if nobody is low, a slice. */
	fills = (uint64_t)((__int128)pool->refill_ns * (int64_t)PS_SECOND / (int64_t)pool->rate);
	if (!rates)
		fills = pp->slice_ns;
	pool->handed_ns = now + (fills < CX_SLICE_MIN_NS ? CX_SLICE_MIN_NS : fills);
	if (spare <= 0 || !rates)
		return;
	at = pool->index;
	for (struct ps_domain *pd = NULL; (pd = next_sharer(pp, pool, pd, &at));) {
		struct ps_limit *share = &pd->share;

		if (!is_low(share))
			continue;
		share->meter.level += (int64_t)(spare * (int64_t)share->rate / (int64_t)rates);
		ps_meter_run(&share->meter, now);
		/* There is enough to run it at once. */
		if (share->exhausted && share->meter.level > (int64_t)(CX_SLICE_MIN_NS * PS_SECOND))
			turn_over(pp, share, now);
		else
			settle(pp, share, now);
	}
}

static void expire(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	ps_meter_run(&limit->meter, now);
	if (!is_over(limit) && !limit->exhausted && hands_out(limit) <= now)
		hand_out(pp, limit, now);
	settle(pp, limit, now);
}

void ps_limit_expire(struct ps_policy *pp, uint64_t now)
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
}

/* --- rates ------------------------------------------------------------------------------------ */

static void set_rate(struct ps_policy *pp, struct ps_limit *limit, uint64_t rate, int64_t first_ns,
		     uint64_t now)
{
	ps_meter_run(&limit->meter, now);
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
	bounds(pp, limit);
	set_rate(pp, limit, percent * PS_NS_PER_PERCENT, burst_of(pp), now);
	set_timer(pp);
}

void ps_limit_share(struct ps_policy *pp, struct ps_domain *pd, struct ps_limit *pool,
		    uint64_t rate, bool idle, uint64_t now)
{
	struct ps_limit *share = &pd->share;

	if (!pool && !share->rate)
		return;
	if (pool && !rate) /* entitled to nothing, which is not the same as without a bound */
		rate = 1;
	if (share->of != pool) {
		if (share->exhausted)
			hold(pp, share->of, -1, now);
		share->of = pool;
		if (share->exhausted)
			hold(pp, pool, 1, now);
	}
	bounds(pp, share);
	/* Who sleeps, or waits for a pCPU, may make up for it within what is remembered. */
	share->meter.high = (int64_t)pp->memory_ns;
	if (pool)
		share->refill_ns = refill_of_share(pool, rate);
	set_rate(pp, share, pool ? rate : 0, share->refill_ns, now);
	/* Nobody knew what it would want. */
	if (pool && share->idle && !idle && is_low(share)) {
		share->meter.level = share->refill_ns * (int64_t)PS_SECOND;
		settle(pp, share, now);
	}
	share->idle = pool && idle;
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
	if (pd->share.exhausted && pd->share.of)
		pd->share.of->held--;
	ps_heap_remove(&pd->share.event);
	ps_heap_remove(&pd->limit.event);
	cx_list_remove(&pd->pool_node);
	set_timer(pp);
}
