/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations: a domain that is behind what it is guaranteed comes before any share.
 *
 * A meter for each domain counts what it is owed: it grows at the guaranteed rate while as many
 * of its vCPUs want to run, and falls while they do.  Once it is above nothing the domain is due,
 * and the one whose meter would first be a turn behind is served first: that keeps all of them
 * within a turn as long as together they are guaranteed no more than there is.  When a domain
 * falls behind while others run everywhere, one of those that run for their shares is preempted.
 * What it received beyond its reservation counts for a turn at most, so that each second keeps its
 * own guarantee: beside others that come and go it may receive a little more than it would by
 * shares.  Wide domains have shorter turns, so that those of siblings together make up one.  Who
 * sleeps is owed nothing.
 */
#include "propshare.h"

#define LOOK 8 /* of its vCPUs, for one that is at home */

/* Bring the meter up to @now, then set it for what is so from now on. */
static void refresh(const struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	struct ps_meter *m = &pd->owed;
	uint64_t all = pd->wanting * PS_SECOND;

	ps_meter_run(m, now);
	m->low = -(int64_t)pp->turn_ns;
	m->high = pd->wanting ? (int64_t)pp->memory_ns : 0;
	m->rate = pd->wanting && all < pd->reserved ? all : pd->reserved;
	ps_meter_run(m, now);
}

static void set_timer(struct ps_policy *pp)
{
	ps_timer(pp, PS_TIMER_RESERVE,
		 pp->reserve.n ? (uint64_t)pp->reserve.slots[0].key : UINT64_MAX);
}

static void queue_up(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	uint64_t due, turn;

	if (!pd->owed.rate || cx_list_empty(&pd->waiting))
		return;
	due = pd->owed.level >= 0 ? now : ps_meter_meets(&pd->owed, 0);
	if (due == UINT64_MAX)
		return;
	turn = (uint64_t)((unsigned __int128)pp->turn_ns * PS_SECOND / pd->owed.rate);
	if (pd->owed.level > 0) {
		uint64_t late = (uint64_t)pd->owed.level / pd->owed.rate;

		turn = late < turn ? turn - late : 0;
	}
	ps_queue_insert(&pd->lane->reserve, &pd->item, (int64_t)due, (int64_t)(due + turn));
	if (due > now)
		ps_heap_insert(&pp->reserve, &pd->event, (int64_t)due);
}

static void requeue(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	ps_reserve_forget(pp, pd);
	queue_up(pp, pd, now);
	set_timer(pp);
}

void ps_reserve_forget(struct ps_policy *pp, struct ps_domain *pd)
{
	ps_heap_remove(&pd->item);
	ps_heap_remove(&pd->event);
	set_timer(pp);
}

/* @pd has fallen behind: as many of those that wait as it is short of are to run at once. */
static void call_for(struct ps_policy *pp, const struct ps_domain *pd, uint64_t now)
{
	uint64_t short_of = (pd->owed.rate + PS_SECOND - 1) / PS_SECOND;
	struct cx_node *node;

	cx_list_for_each (node, &pd->waiting) {
		if (short_of <= pd->owed.running)
			return;
		short_of--;
		ps_call(pp, cx_entry(node, struct ps_vcpu, dom_node), now);
	}
}

void ps_reserve_expire(struct ps_policy *pp, uint64_t now)
{
	while (pp->reserve.n && pp->reserve.slots[0].key <= (int64_t)now) {
		struct ps_domain *pd = cx_entry(pp->reserve.slots[0].item, struct ps_domain, event);

		ps_heap_remove(&pd->event);
		call_for(pp, pd, now);
	}
	set_timer(pp);
}

void ps_reserve_note(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	if (!pd->reserved)
		return;
	refresh(pp, pd, now);
	requeue(pp, pd, now);
}

void ps_reserve_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now)
{
	if (pd->reserved)
		ps_meter_run(&pd->owed, now);
	pd->owed.running += (uint64_t)(int64_t)change;
	ps_reserve_note(pp, pd, now);
}

void ps_reserve_set(struct ps_policy *pp, struct ps_domain *pd, uint64_t rate, uint64_t now)
{
	if (rate == pd->reserved)
		return;
	if (!pd->reserved) { /* a new clock */
		pd->owed.level = 0;
		pd->owed.at_ns = now;
	} else {
		ps_meter_run(&pd->owed, now);
	}
	pd->reserved = rate;
	refresh(pp, pd, now);
	requeue(pp, pd, now);
}

bool ps_reserve_due(struct ps_domain *pd, uint64_t now)
{
	if (!pd->reserved)
		return false;
	ps_meter_run(&pd->owed, now);
	return pd->owed.level >= 0 && pd->owed.running * PS_SECOND < pd->reserved;
}

/* Of @pd's vCPUs that wait, one that ran here last, or the one that has waited longest. */
static struct ps_vcpu *member(const struct ps_domain *pd, const struct ps_pcpu *pc)
{
	struct cx_node *node = cx_list_first(&pd->waiting);
	struct ps_vcpu *first = cx_entry(node, struct ps_vcpu, dom_node), *pv = first;

	for (int i = 0; node && i < LOOK; i++) {
		pv = cx_entry(node, struct ps_vcpu, dom_node);
		if (cx_vcpu_pcpu(pv->v) == pc->pcpu)
			return pv;
		node = cx_list_next(&pd->waiting, node);
	}
	return first;
}

/*
 * A set's own pCPUs have room for what is reserved in it.  So on those of another set whose vCPUs
 * wait it has nothing to look for, unless it is a turn behind all the same: the solution may be
 * of before somebody woke.
 */
struct ps_vcpu *ps_next_by_reservation(const struct ps_pcpu *pc, uint64_t now)
{
	const struct ps_item *best = NULL;
	unsigned rank = ps_first_rank(pc);

	for (unsigned i = 0; i < pc->n_lanes; i++) {
		struct ps_queue *queue = &pc->lanes[i]->reserve;
		const struct ps_item *first;

		ps_queue_advance(queue, (int64_t)now);
		first = ps_heap_first(&queue->due);
		if (!first || (pc->lanes[i]->set->rank > rank && first->deadline > (int64_t)now))
			continue;
		if (!best || first->deadline < best->deadline)
			best = first;
	}
	return best ? member(cx_entry(best, struct ps_domain, item), pc) : NULL;
}
