/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits: a bucket for each domain and each pool that has one.
 *
 * It fills at the limit's rate up to the burst, three quarters of a slice, and is emptied by those
 * of its vCPUs that run, counted to the moment without looking at them.  When it is empty all of
 * them are parked, and when a third of it is full they may run again; the rest of it keeps what
 * comes in while they wait for a pCPU.  So in any time at all they receive the limit and the
 * burst at most, and what runs until a pCPU hears of it.
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
	else if (limit->rate)
		when = ps_meter_meets(m, limit->exhausted ? refill_of(pp) : 0);
	if (when != UINT64_MAX)
		ps_heap_insert(&pp->events, &limit->event, (int64_t)when);
}

static void set_timer(struct ps_policy *pp)
{
	ps_timer(pp, PS_TIMER_LIMIT, pp->events.n ? (uint64_t)pp->events.slots[0].key : UINT64_MAX);
}

bool ps_limited(const struct ps_domain *pd)
{
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

/* All that are within @limit: parked, or let go as far as nothing else holds them. */
static void apply(struct ps_policy *pp, const struct ps_limit *limit, uint64_t now)
{
	struct cx_node *dn, *vn;

	cx_list_for_each (dn, &pp->domains) {
		struct ps_domain *pd = cx_entry(dn, struct ps_domain, node);

		if (!is_within(pd, limit) || ps_limited(pd) != limit->exhausted)
			continue;
		cx_list_for_each (vn, &pd->vcpus) {
			struct ps_vcpu *pv = cx_entry(vn, struct ps_vcpu, node);

			if (limit->exhausted)
				ps_park(pp, pv, now);
			else
				ps_unpark(pp, pv, now);
		}
	}
}

static void turn_over(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	limit->exhausted = !limit->exhausted;
	rearm(pp, limit);
	if (pp->keeper)
		cx_trace_account(pp->keeper, NULL, limit->exhausted ? PS_EXHAUSTED : PS_REFILLED,
				 limit->index, limit->is_pool, now);
	apply(pp, limit, now);
}

static void expire(struct ps_policy *pp, struct ps_limit *limit, uint64_t now)
{
	ps_meter_run(&limit->meter, now);
	if (is_over(pp, limit))
		turn_over(pp, limit, now);
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

void ps_limit_set(struct ps_policy *pp, struct ps_limit *limit, unsigned percent, uint64_t now)
{
	uint64_t rate = percent * PS_NS_PER_PERCENT;

	ps_meter_run(&limit->meter, now);
	bounds(pp, limit);
	if (!limit->rate) /* a new bucket is full */
		limit->meter.level = limit->meter.high * (int64_t)PS_SECOND;
	limit->rate = limit->meter.rate = rate;
	ps_meter_run(&limit->meter, now);
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

void ps_limit_forget(struct ps_policy *pp, struct ps_limit *limit)
{
	ps_heap_remove(&limit->event);
	set_timer(pp);
}
