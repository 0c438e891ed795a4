/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations: a domain or a pool that is behind what it is guaranteed comes before any share.
 *
 * A meter for each counts what it is owed: it grows at the guaranteed rate while those of its vCPUs
 * that want to run could use it, and falls while they run.  Once it is above nothing the domain or
 * pool is due, unless as many run as it is guaranteed, and the one whose meter would first be a turn
 * behind is served first: that keeps all of them within a turn as long as together they are
 * guaranteed no more than there is.  When one falls behind while others run everywhere, one of those
 * that run for their shares is preempted.  What it received beyond its reservation counts for a turn
 * at most, so that each second keeps its own guarantee: beside others that come and go it may
 * receive a little more than it would by shares.  Wide domains have shorter turns, so that those of
 * siblings together make up one.  Who sleeps is owed nothing.
 *
 * A pool is served by whichever of its vCPUs is the first by shares, so that what one does not use of
 * the guarantee the others have at once.  What a domain receives counts for all pools around it.
 *
 * Who may use the same pCPUs waits in one lane, so a pool has a group in each lane that it has vCPUs
 * in, and is queued in all of these.
 */
#include "propshare.h"

#include <errno.h>
#include <stdlib.h>

#define LOOK 8 /* of a domain's vCPUs, for one that is at home */

/* --- what could be used ---------------------------------------------------------------------- */

static uint64_t use_of(const struct ps_claim *claim)
{
	uint64_t limit = claim->limit->rate;

	return limit && limit < claim->wanted ? limit : claim->wanted;
}

/* Bring the meter up to @now, then set it for what is so from now on. */
static void refresh(const struct ps_policy *pp, struct ps_claim *claim, uint64_t now)
{
	struct ps_meter *m = &claim->owed;
	uint64_t use = use_of(claim);

	ps_meter_run(m, now);
	m->low = -(int64_t)pp->turn_ns;
	m->high = use ? (int64_t)pp->memory_ns : 0;
	m->rate = use < claim->reserved ? use : claim->reserved;
	ps_meter_run(m, now);
}

/* --- the queues ---------------------------------------------------------------------------- */

static void set_timer(struct ps_policy *pp)
{
	ps_timer(pp, PS_TIMER_RESERVE,
		 pp->reserve.n ? (uint64_t)pp->reserve.slots[0].key : UINT64_MAX);
}

static void unqueue(struct ps_claim *claim)
{
	struct cx_node *node;

	ps_heap_remove(&claim->event);
	cx_list_for_each (node, &claim->groups)
		ps_heap_remove(&cx_entry(node, struct ps_group, node)->item);
}

/* When one more of its vCPUs is to run for it; its meter is of now.  UINT64_MAX: those that do are enough. */
static uint64_t due_at(const struct ps_policy *pp, const struct ps_claim *claim)
{
	const struct ps_meter *m = &claim->owed;

	if (!m->rate)
		return UINT64_MAX;
	if (m->level < 0)
		return ps_meter_meets(m, 0);
	/* Each of them may run for a turn yet. */
	if (m->running * PS_SECOND < m->rate ||
	    m->level / (int64_t)PS_SECOND > (int64_t)(m->running * pp->turn_ns))
		return m->at_ns;
	return UINT64_MAX;
}

static void queue_up(struct ps_policy *pp, struct ps_claim *claim, uint64_t now)
{
	uint64_t due = due_at(pp, claim);
	struct cx_node *node;
	int64_t turn;
	bool any = false;

	if (due == UINT64_MAX)
		return;
	/* The time to be a turn behind, less what it is late already. */
	turn = (int64_t)((unsigned __int128)pp->turn_ns * PS_SECOND / claim->owed.rate);
	if (claim->owed.level > 0)
		turn -= claim->owed.level / (int64_t)claim->owed.rate;
	cx_list_for_each (node, &claim->groups) {
		struct ps_group *group = cx_entry(node, struct ps_group, node);

		if (!group->waiting)
			continue;
		any = true;
		ps_queue_insert(&group->lane->reserve, &group->item, (int64_t)due,
				(int64_t)due + turn);
	}
	if (any && due > now)
		ps_heap_insert(&pp->reserve, &claim->event, (int64_t)due);
}

/* Who runs, waits or wants to has changed, for @first and the pools around it. */
static void note(struct ps_policy *pp, struct ps_claim *first, uint64_t now)
{
	bool any = false;

	for (struct ps_claim *claim = first; claim; claim = claim->parent) {
		if (!claim->reserved)
			continue;
		unqueue(claim);
		refresh(pp, claim, now);
		queue_up(pp, claim, now);
		any = true;
	}
	if (any)
		set_timer(pp);
}

void ps_reserve_forget(struct ps_policy *pp, struct ps_domain *pd)
{
	unqueue(&pd->claim);
	cx_list_remove(&pd->group.node);
	pd->lane->groups--;
	set_timer(pp);
}

/* --- changes ------------------------------------------------------------------------------- */

static void add_wanted(struct ps_claim *claim, uint64_t more)
{
	while (claim && more) {
		uint64_t before = use_of(claim);

		claim->wanted += more;
		more = use_of(claim) - before;
		claim = claim->parent;
	}
}

void ps_reserve_wants(struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	add_wanted(&pd->claim, pd->wanting * PS_SECOND - pd->claim.wanted);
	note(pp, &pd->claim, now);
}

void ps_reserve_recount(struct ps_policy *pp, uint64_t now)
{
	struct cx_node *node;

	for (unsigned i = 0; i < pp->n_pools; i++)
		pp->claims[i].wanted = 0;
	cx_list_for_each (node, &pp->domains) {
		struct ps_claim *claim = &cx_entry(node, struct ps_domain, node)->claim;

		if (claim->parent)
			add_wanted(claim->parent, use_of(claim));
	}
	for (unsigned i = 0; i < pp->n_pools; i++)
		note(pp, &pp->claims[i], now);
	cx_list_for_each (node, &pp->domains)
		note(pp, &cx_entry(node, struct ps_domain, node)->claim, now);
}

void ps_reserve_run(struct ps_policy *pp, struct ps_domain *pd, int change, uint64_t now)
{
	for (struct ps_claim *claim = &pd->claim; claim; claim = claim->parent) {
		if (claim->reserved)
			ps_meter_run(&claim->owed, now);
		claim->owed.running += (uint64_t)(int64_t)change;
	}
	note(pp, &pd->claim, now);
}

void ps_reserve_set(struct ps_policy *pp, struct ps_claim *claim, uint64_t rate, uint64_t now)
{
	if (rate == claim->reserved)
		return;
	if (!claim->reserved) { /* a new clock */
		claim->owed.level = 0;
		claim->owed.at_ns = now;
	} else {
		ps_meter_run(&claim->owed, now);
	}
	claim->reserved = rate;
	unqueue(claim);
	refresh(pp, claim, now);
	queue_up(pp, claim, now);
	set_timer(pp);
}

/* --- who waits ------------------------------------------------------------------------------ */

void ps_reserve_enter(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	struct ps_group *group = &pv->dom->group;

	if (group->parent)
		ps_heap_insert(&group->parent->vcpus, &pv->pool_item, pv->deadline);
	for (; group; group = group->parent)
		group->waiting++;
	note(pp, &pv->dom->claim, now);
}

void ps_reserve_leave(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	ps_heap_remove(&pv->pool_item);
	for (struct ps_group *group = &pv->dom->group; group; group = group->parent)
		group->waiting--;
	note(pp, &pv->dom->claim, now);
}

void ps_reserve_move(struct ps_vcpu *pv)
{
	struct ps_heap *heap = pv->pool_item.heap;

	if (!heap)
		return;
	ps_heap_remove(&pv->pool_item);
	ps_heap_insert(heap, &pv->pool_item, pv->deadline);
}

/* --- falling behind -------------------------------------------------------------------------- */

/* The group after @group of those within @root, outer ones first; those within @group only with
 * @inside.  NULL: no more.  Without recursion: pools may be nested a thousand deep. */
static const struct ps_group *next_group(const struct ps_group *group, const struct ps_group *root,
					 bool inside)
{
	struct cx_node *node = inside ? cx_list_first(&group->children) : NULL;

	while (!node && group != root) {
		node = cx_list_next(&group->parent->children, &group->child_node);
		group = group->parent;
	}
	return node ? cx_entry(node, struct ps_group, child_node) : NULL;
}

/* At most @n that wait in @group are to run at once; returns how many of @n are left. */
static uint64_t call_some(struct ps_policy *pp, const struct ps_group *group, uint64_t n,
			  uint64_t now)
{
	const struct ps_group *root = group;
	struct cx_node *node;

	if (group->domain) {
		cx_list_for_each (node, &group->domain->waiting) {
			if (!n)
				return 0;
			n--;
			ps_call(pp, cx_entry(node, struct ps_vcpu, dom_node), now);
		}
		return n;
	}
	for (; group && n; group = next_group(group, root, group->waiting))
		for (unsigned i = 0; i < group->vcpus.n && n; i++, n--)
			ps_call(pp, cx_entry(group->vcpus.slots[i].item, struct ps_vcpu, pool_item),
				now);
	return n;
}

/* As many of those that wait as it is short of. */
static void call_for(struct ps_policy *pp, const struct ps_claim *claim, uint64_t now)
{
	uint64_t n = (claim->owed.rate + PS_SECOND - 1) / PS_SECOND;
	struct cx_node *node;

	n = n > claim->owed.running ? n - claim->owed.running : 0;
	cx_list_for_each (node, &claim->groups)
		n = call_some(pp, cx_entry(node, struct ps_group, node), n, now);
}

void ps_reserve_expire(struct ps_policy *pp, uint64_t now)
{
	while (pp->reserve.n && pp->reserve.slots[0].key <= (int64_t)now) {
		struct ps_claim *claim =
			cx_entry(pp->reserve.slots[0].item, struct ps_claim, event);

		ps_heap_remove(&claim->event);
		call_for(pp, claim, now);
	}
	set_timer(pp);
}

bool ps_reserve_due(const struct ps_policy *pp, struct ps_domain *pd, uint64_t now)
{
	for (struct ps_claim *claim = &pd->claim; claim; claim = claim->parent) {
		if (!claim->reserved)
			continue;
		ps_meter_run(&claim->owed, now);
		if (due_at(pp, claim) <= now)
			return true;
	}
	return false;
}

/* --- the next ------------------------------------------------------------------------------ */

/* Of @pd's vCPUs that wait, one that ran here last, or the one that has waited longest. */
static struct ps_vcpu *sibling(const struct ps_domain *pd, const struct ps_pcpu *pc)
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

/* The first by shares of those that wait in a pool's group: one step for each pool within it in
 * which somebody waits. */
static struct ps_vcpu *first_in_pool(const struct ps_group *root)
{
	struct ps_vcpu *best = NULL;

	for (const struct ps_group *g = root; g; g = next_group(g, root, g->waiting)) {
		struct ps_item *item = ps_heap_first(&g->vcpus);
		struct ps_vcpu *pv = item ? cx_entry(item, struct ps_vcpu, pool_item) : NULL;

		if (pv && (!best || pv->deadline < best->deadline))
			best = pv;
	}
	return best;
}

bool ps_reserve_waits(const struct ps_pcpu *pc)
{
	for (unsigned i = 0; i < pc->n_lanes; i++)
		if (pc->lanes[i]->reserve.due.n || pc->lanes[i]->reserve.future.n)
			return true;
	return false;
}

/*
 * A set's own pCPUs have room for what is reserved in it.  So on those of another set whose vCPUs
 * wait it has nothing to look for, unless it is a turn behind all the same: the solution may be
 * of before somebody woke.
 */
struct ps_vcpu *ps_next_by_reservation(const struct ps_pcpu *pc, uint64_t now)
{
	const struct ps_item *best = NULL;
	const struct ps_group *group;
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
	if (!best)
		return NULL;
	group = cx_entry(best, struct ps_group, item);
	return group->domain ? sibling(group->domain, pc) : first_in_pool(group);
}

/* --- who there is ------------------------------------------------------------------------------ */

static void claim_init(struct ps_claim *claim, struct ps_claim *parent,
		       const struct ps_limit *limit)
{
	claim->parent = parent;
	claim->limit = limit;
	cx_list_init(&claim->groups);
}

static void group_init(struct ps_group *group, struct ps_claim *claim, struct ps_lane *lane)
{
	group->lane = lane;
	cx_list_init(&group->children);
	cx_list_push_back(&claim->groups, &group->node);
	lane->groups++;
}

int ps_claims_of_pools(struct ps_policy *pp)
{
	pp->claims = calloc(pp->n_pools ? pp->n_pools : 1, sizeof(*pp->claims));
	if (!pp->claims)
		return -ENOMEM;
	for (unsigned i = 0; i < pp->n_pools; i++) {
		const struct ps_limit *parent = pp->pools[i].parent;

		claim_init(&pp->claims[i], parent ? &pp->claims[parent->index] : NULL,
			   &pp->pools[i]);
	}
	return ps_heap_room(&pp->reserve, pp->n_pools);
}

void ps_claims_free(struct ps_policy *pp)
{
	struct cx_node *node;

	for (unsigned i = 0; pp->claims && i < pp->n_pools; i++)
		while ((node = cx_list_first(&pp->claims[i].groups))) {
			struct ps_group *group = cx_entry(node, struct ps_group, node);

			cx_list_remove(node);
			ps_heap_free(&group->vcpus);
			free(group);
		}
	free(pp->claims);
}

static struct ps_group *find_group(const struct ps_claim *pool, const struct ps_lane *lane)
{
	struct cx_node *node;

	cx_list_for_each (node, &pool->groups)
		if (cx_entry(node, struct ps_group, node)->lane == lane)
			return cx_entry(node, struct ps_group, node);
	return NULL;
}

/* The group of @pool in @lane, made if need be with those of the pools around it, outer ones first;
 * NULL: no memory.  They stay for the whole run. */
static struct ps_group *group_of_pool(struct ps_claim *pool, struct ps_lane *lane)
{
	struct ps_group *group;

	while (!(group = find_group(pool, lane))) {
		struct ps_claim *outer = pool;

		while (outer->parent && !find_group(outer->parent, lane))
			outer = outer->parent;
		group = calloc(1, sizeof(*group));
		if (!group)
			return NULL;
		group_init(group, outer, lane);
		group->parent = outer->parent ? find_group(outer->parent, lane) : NULL;
		if (group->parent)
			cx_list_push_back(&group->parent->children, &group->child_node);
	}
	return group;
}

int ps_claim_init(struct ps_policy *pp, struct ps_domain *pd, struct ps_claim *pool)
{
	struct ps_group *parent = pool ? group_of_pool(pool, pd->lane) : NULL;

	if ((pool && !parent) || ps_heap_room(&pp->reserve, pp->n_pools + pp->n_domains + 1) ||
	    ps_queue_room(&pd->lane->reserve, pd->lane->groups + 1))
		return -ENOMEM;
	claim_init(&pd->claim, pool, &pd->limit);
	group_init(&pd->group, &pd->claim, pd->lane);
	pd->group.domain = pd;
	pd->group.parent = parent;
	return 0;
}

int ps_claim_room(struct ps_domain *pd)
{
	struct ps_group *pool = pd->group.parent;

	if (!pool)
		return 0;
	if (ps_heap_room(&pool->vcpus, pool->members + 1))
		return -ENOMEM;
	pool->members++;
	return 0;
}
