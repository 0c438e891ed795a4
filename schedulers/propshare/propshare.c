/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * propshare - VMware's proportional share: shares, reservations, limits, resource pools.
 *
 * The operations, in the order of a vCPU's life; the table is at the end.  What the policy is
 * made of stands in propshare.h.
 */
#include "propshare.h"

#include <errno.h>
#include <stdlib.h>

#define PERCENT 100u
#define STAYS 8u /* four times `stay` is what a move costs at most */

/* --- the instance -------------------------------------------------------------------------- */

enum {
	PARAM_SLICE,
	PARAM_TURNS,
	PARAM_TURN_MIN,
	PARAM_LATENCY,
	PARAM_LEAD,
	PARAM_PREEMPT,
	PARAM_STAY,
	PARAM_PATIENCE,
	PARAM_PERIOD,
	PARAM_MEMORY,
	PARAM_BURST
};

static uint64_t param(const struct ps_policy *pp, unsigned index)
{
	return (uint64_t)cx_policy_param(pp->policy, index);
}

static void configure(struct ps_policy *pp)
{
	pp->slice_ns = param(pp, PARAM_SLICE);
	pp->turn_ns = pp->slice_ns / param(pp, PARAM_TURNS);
	if (pp->turn_ns < CX_SLICE_MIN_NS)
		pp->turn_ns = CX_SLICE_MIN_NS;
	pp->turn_min_ns = param(pp, PARAM_TURN_MIN);
	if (pp->turn_min_ns > pp->turn_ns)
		pp->turn_min_ns = pp->turn_ns;
	pp->latency_ns = param(pp, PARAM_LATENCY);
	pp->lead_ns = param(pp, PARAM_LEAD);
	pp->preempt_ns = param(pp, PARAM_PREEMPT);
	pp->stay_ns = param(pp, PARAM_STAY);
	pp->patience_ns = param(pp, PARAM_PATIENCE);
	pp->period_ns = param(pp, PARAM_PERIOD);
	pp->memory_ns = param(pp, PARAM_MEMORY) * pp->slice_ns;
	if (pp->memory_ns > PS_LEVEL_MAX_NS)
		pp->memory_ns = PS_LEVEL_MAX_NS;
	/* Who is as far behind as is remembered is to come first wherever it has to go. */
	if (pp->stay_ns > pp->memory_ns / STAYS)
		pp->stay_ns = pp->memory_ns / STAYS;
	pp->burst_ns = pp->slice_ns / PERCENT * param(pp, PARAM_BURST);
}

static void free_all(struct ps_policy *pp)
{
	for (unsigned i = 0; pp->lanes && i < pp->n_lanes; i++) {
		ps_queue_free(&pp->lanes[i].shares);
		ps_queue_free(&pp->lanes[i].reserve);
	}
	ps_heap_free(&pp->events);
	ps_heap_free(&pp->reserve);
	ps_claims_free(pp);
	free(pp->lanes);
	free(pp->sets);
	free(pp->pools);
	free(pp->list);
}

static int make_lanes(struct ps_policy *pp)
{
	unsigned pcpus = cx_pcpu_limit(pp->policy);

	pp->n_lanes = cx_affinity_count(pp->policy);
	pp->n_sets = pp->n_lanes > pcpus ? pp->n_lanes : pcpus;
	pp->lanes = calloc(pp->n_lanes ? pp->n_lanes : 1, sizeof(*pp->lanes));
	pp->sets = calloc(pp->n_sets, sizeof(*pp->sets));
	if (!pp->lanes || !pp->sets)
		return -ENOMEM;
	for (unsigned i = 0; i < pp->n_lanes; i++) {
		pp->lanes[i].set = &pp->sets[0];
		cx_list_init(&pp->lanes[i].vcpus);
		cx_list_init(&pp->lanes[i].waiting);
	}
	return 0;
}

static void note_reservations(struct ps_policy *pp)
{
	pp->pools_reserve = false;
	for (unsigned i = 0; i < cx_pool_count(pp->policy); i++)
		if (cx_pool_reservation(cx_pool_at(pp->policy, i)))
			pp->pools_reserve = true;
}

static int make_pools(struct ps_policy *pp)
{
	unsigned n = cx_pool_count(pp->policy);
	int rc = ps_heap_room(&pp->events, n);

	pp->n_pools = n;
	pp->pools = calloc(n ? n : 1, sizeof(*pp->pools));
	if (rc || !pp->pools)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct cx_pool *pool = cx_pool_at(pp->policy, i);
		struct cx_pool *parent = cx_pool_parent(pool);

		ps_limit_init_pool(pp, &pp->pools[i],
				   parent ? &pp->pools[cx_pool_index(parent)] : NULL, i);
		ps_limit_set(pp, &pp->pools[i], cx_pool_limit(pool), 0);
	}
	note_reservations(pp);
	return ps_claims_of_pools(pp);
}

static int propshare_init(struct cx_policy *policy)
{
	struct ps_policy *pp = ps_of(policy);
	int rc;

	pp->policy = policy;
	cx_list_init(&pp->domains);
	for (unsigned id = 0; id < PS_TIMERS; id++)
		pp->timer_ns[id] = UINT64_MAX;
	configure(pp);
	rc = make_lanes(pp);
	if (!rc)
		rc = make_pools(pp);
	if (rc)
		free_all(pp);
	return rc;
}

static void propshare_fini(struct cx_policy *policy)
{
	free_all(ps_of(policy));
}

void ps_timer(struct ps_policy *pp, unsigned id, uint64_t when)
{
	if (pp->timer_ns[id] == when)
		return;
	pp->timer_ns[id] = when;
	if (pp->keeper)
		cx_timer_at(pp->keeper, id, when);
}

static void propshare_param_set(struct cx_policy *policy, unsigned index, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct cx_node *node;

	(void)index;
	configure(pp);
	for (unsigned i = 0; i < cx_pool_count(policy); i++)
		ps_limit_set(pp, &pp->pools[i], cx_pool_limit(cx_pool_at(policy, i)), now);
	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		ps_limit_set(pp, &pd->limit, cx_domain_limit(pd->dom), now);
	}
	ps_reserve_recount(pp, now);
	ps_rates_dirty(pp, now); /* shares of pools' limits are sized by the slice */
	ps_rates_arm(pp, now);   /* the period may be shorter than what is left of the old one */
}

/* --- pCPUs ----------------------------------------------------------------------------------- */

static void keep_timers(struct ps_policy *pp, struct cx_pcpu *keeper)
{
	pp->keeper = keeper;
	for (unsigned id = 0; keeper && id < PS_TIMERS; id++)
		if (pp->timer_ns[id] != UINT64_MAX)
			cx_timer_at(keeper, id, pp->timer_ns[id]);
}

static int propshare_pcpu_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_pcpu *pc = ps_pcpu_of(pcpu);

	pc->pcpu = pcpu;
	if (ps_lanes_of_pcpu(pp, pc))
		return -ENOMEM;
	pp->n_pcpus++;
	ps_set_idler(pp, pc, true);
	if (!pp->keeper)
		keep_timers(pp, pcpu);
	ps_rates_dirty(pp, now);
	return 0;
}

static void propshare_pcpu_offline(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_pcpu *pc = ps_pcpu_of(pcpu);

	ps_set_idler(pp, pc, false);
	ps_close(pp, pc);
	if (pc->called)
		ps_call_on(pp, pc); /* who called it calls another one */
	ps_forget_lanes(pc);
	pp->n_pcpus--;
	if (pp->keeper == pcpu) {
		struct cx_pcpu *next = NULL;

		for (unsigned i = 0; i < cx_pcpu_limit(policy) && !next; i++)
			if (cx_pcpu_at(policy, i) != pcpu)
				next = cx_pcpu_at(policy, i);
		keep_timers(pp, next);
	}
	ps_rates_dirty(pp, now);
}

/* --- domains --------------------------------------------------------------------------------- */

static int propshare_domain_attach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_domain *pd = cx_domain_priv(dom);
	struct cx_pool *pool = cx_domain_pool(dom);

	pd->dom = dom;
	pd->lane = &pp->lanes[cx_domain_affinity(dom)];
	cx_list_init(&pd->vcpus);
	cx_list_init(&pd->waiting);
	if (ps_heap_room(&pp->events, pp->n_pools + 2 * (pp->n_domains + 1)) ||
	    ps_claim_init(pp, pd, pool ? &pp->claims[cx_pool_index(pool)] : NULL))
		return -ENOMEM;
	pp->n_domains++;
	cx_list_push_back(&pp->domains, &pd->node);
	ps_limit_init(pp, pd, pool ? &pp->pools[cx_pool_index(pool)] : NULL);
	ps_limit_set(pp, &pd->limit, cx_domain_limit(dom), now);
	ps_reserve_set(pp, &pd->claim, cx_domain_reservation(dom) * PS_NS_PER_PERCENT, now);
	return 0;
}

static void propshare_domain_adjust(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_domain *pd = cx_domain_priv(dom);

	ps_limit_set(pp, &pd->limit, cx_domain_limit(dom), now);
	ps_reserve_recount(pp, now);
	pp->dirty = true;
	ps_rates_solve(pp, now);
}

static void propshare_pool_adjust(struct cx_policy *policy, struct cx_pool *pool, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);

	ps_limit_set(pp, &pp->pools[cx_pool_index(pool)], cx_pool_limit(pool), now);
	ps_reserve_recount(pp, now);
	note_reservations(pp);
	pp->dirty = true;
	ps_rates_solve(pp, now);
}

static void propshare_domain_detach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_domain *pd = cx_domain_priv(dom);

	(void)now;
	ps_reserve_forget(pp, pd);
	ps_limit_forget(pp, pd);
	cx_list_remove(&pd->node);
	pp->n_domains--;
}

/* --- vCPUs ------------------------------------------------------------------------------------ */

static int make_room(struct ps_policy *pp, struct ps_lane *lane)
{
	unsigned room = pp->list_room ? 2 * pp->list_room : 16;
	struct cx_entitlement *more;

	if (ps_queue_room(&lane->shares, lane->members + 1))
		return -ENOMEM;
	if (pp->n_vcpus < pp->list_room)
		return 0;
	more = realloc(pp->list, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	pp->list = more;
	pp->list_room = room;
	return 0;
}

static int propshare_vcpu_attach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_vcpu *pv = ps_vcpu_of(v);
	struct ps_domain *pd = cx_domain_priv(cx_vcpu_domain(v));

	if (make_room(pp, pd->lane) || ps_claim_room(pd))
		return -ENOMEM;
	if (cx_list_empty(&pd->lane->vcpus))
		ps_pcpus_of_lane(pp, pd->lane, v);
	pv->v = v;
	pv->dom = pd;
	pv->lane = pd->lane;
	pv->set = pd->lane->set;
	pv->demand_ns = PS_SECOND;
	pv->is_new = true;
	/* Until the next decision, when the solver has said. */
	pv->rate = cx_domain_weight(pd->dom) * (PS_SECOND / 65536);
	pv->vtime = ps_vtime(pv->set, now);
	pd->lane->members++;
	pp->n_vcpus++;
	cx_list_push_back(&pd->vcpus, &pv->node);
	cx_list_push_back(&pd->lane->vcpus, &pv->lane_node);
	pp->unrated = pp->dirty = true;
	pp->joined_ns = now;
	return 0;
}

static void propshare_vcpu_detach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_vcpu *pv = ps_vcpu_of(v);

	cx_list_remove(&pv->node);
	cx_list_remove(&pv->lane_node);
	pv->lane->members--;
	if (pv->dom->group.parent)
		pv->dom->group.parent->members--;
	pp->n_vcpus--;
	ps_rates_dirty(pp, now);
}

static struct cx_pcpu *propshare_choose_pcpu(struct cx_policy *policy, struct cx_vcpu *v,
					     uint64_t now)
{
	(void)now;
	return ps_place(ps_of(policy), ps_vcpu_of(v));
}

static void propshare_migrate(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
			      struct cx_pcpu *to, uint64_t now)
{
	(void)from, (void)to;
	/* It stays in the queue of its lane; who called the pCPU that it leaves calls another. */
	if (ps_vcpu_of(v)->state == PS_WAITING)
		ps_call(ps_of(policy), ps_vcpu_of(v), now);
}

/* It may run: it waits. */
static void ready(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	ps_join(pp, pv, now);
	ps_enqueue(pp, pv, now);
	ps_call(pp, pv, now);
}

static void propshare_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			   uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_vcpu *pv = ps_vcpu_of(v);

	(void)why;
	ps_wants(pp, pv, true, now);
	if (ps_limited(pv->dom)) {
		ps_bound(pp, pv, now);
		pv->state = PS_LIMITED;
		cx_park(v, CX_PARK_LIMIT, now);
	} else {
		ready(pp, pv, now);
	}
}

/* It waits or runs no longer. */
static void retire(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	if (pv->state == PS_RUNNING)
		ps_stop(pp, pv, now);
	else
		ps_dequeue(pp, pv, now);
	ps_part(pv, now);
}

static void propshare_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_vcpu *pv = ps_vcpu_of(v);

	if (pv->state == PS_WAITING || pv->state == PS_RUNNING)
		retire(pp, pv, now);
	pv->state = PS_ASLEEP;
	if (cx_vcpu_parked(v))
		cx_unpark(v, CX_PARK_LIMIT, now);
	if (pv->wants)
		ps_wants(pp, pv, false, now);
}

static void propshare_yield(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	ps_vcpu_of(v)->yielded = true;
}

void ps_park(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	if (pv->state == PS_RUNNING) { /* until it leaves its pCPU */
		cx_park(pv->v, CX_PARK_LIMIT, now);
	} else if (pv->state == PS_WAITING) {
		retire(pp, pv, now);
		pv->state = PS_LIMITED;
		cx_park(pv->v, CX_PARK_LIMIT, now);
	}
}

void ps_unpark(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	if (pv->state == PS_RUNNING && cx_vcpu_parked(pv->v)) {
		cx_unpark(pv->v, CX_PARK_LIMIT, now);
	} else if (pv->state == PS_LIMITED) {
		cx_unpark(pv->v, CX_PARK_LIMIT, now);
		ready(pp, pv, now);
	}
}

/* --- timers, telling ----------------------------------------------------------------------------- */

static void propshare_timer(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id,
			    uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);

	(void)pcpu;
	pp->timer_ns[id] = UINT64_MAX;
	if (id == PS_TIMER_PERIOD)
		ps_rates_solve(pp, now);
	else if (id == PS_TIMER_LIMIT)
		ps_limit_expire(pp, now);
	else
		ps_reserve_expire(pp, now);
}

static void dump_domain(struct cx_policy *policy, const struct ps_domain *pd, uint64_t now)
{
	static const char *const states[] = { "asleep", "waiting", "running", "limited" };
	struct cx_node *node;

	cx_dump(policy, "%s: guaranteed %llu, owed %lld ns, limit %llu%s", cx_domain_name(pd->dom),
		(unsigned long long)pd->claim.reserved,
		(long long)(pd->claim.owed.level / (int64_t)PS_SECOND),
		(unsigned long long)pd->limit.rate, ps_limited(pd) ? ", used up" : "");
	cx_list_for_each (node, &pd->vcpus) {
		const struct ps_vcpu *pv = cx_entry(node, struct ps_vcpu, node);

		cx_dump(policy, "  vCPU %u: %s, rate %llu, lag %lld ns", cx_vcpu_id(pv->v),
			states[pv->state], (unsigned long long)pv->rate,
			(long long)ps_lag(pv, now));
	}
}

static void propshare_dump(struct cx_policy *policy, uint64_t now)
{
	struct ps_policy *pp = ps_of(policy);
	struct cx_node *node;

	cx_dump(policy, "at %llu ns: %u vCPUs, %u wait, %u of %u pCPUs idle",
		(unsigned long long)now, pp->n_vcpus, pp->waiting, pp->idlers, pp->n_pcpus);
	cx_list_for_each (node, &pp->domains)
		dump_domain(policy, cx_entry(node, struct ps_domain, node), now);
}

/* In the order of the enumeration above. */
static const struct cx_param propshare_params[] = {
	{ "slice", CX_PARAM_DURATION, NULL, 200000, 1000000000, 10000000,
	  "what is kept within: lag, shortfall of reservations, overshoot of limits", NULL },
	{ "turns", CX_PARAM_INT, "turns", 1, 100, 2,
	  "a slice is given in so many; a turn is the longest stay while others wait", NULL },
	{ "turn_min", CX_PARAM_DURATION, NULL, 100000, 1000000000, 500000,
	  "shortest turn, for those who are entitled to little", NULL },
	{ "latency", CX_PARAM_DURATION, NULL, 100000, 10000000000, 50000000,
	  "a turn is what one is entitled to in this time, between the shortest and the longest",
	  NULL },
	{ "lead", CX_PARAM_DURATION, NULL, 0, 1000000000, 10000000,
	  "how far a vCPU that slept may be ahead when it wakes up", NULL },
	{ "preempt", CX_PARAM_DURATION, NULL, 0, 1000000000, 1000000,
	  "who wakes up preempts one that is due later by more than this", NULL },
	{ "stay", CX_PARAM_DURATION, NULL, 0, 1000000000, 1000000,
	  "one from another pCPU counts as due later by this; twice, four times from afar", NULL },
	{ "patience", CX_PARAM_DURATION, NULL, 10000000, 60000000000, 1000000000,
	  "who has waited so long has the shortest turn, whatever it is entitled to", NULL },
	{ "period", CX_PARAM_DURATION, NULL, 1000000, 10000000000, 100000000,
	  "how often demand is measured and entitlements are solved", NULL },
	{ "memory", CX_PARAM_INT, "slices", 1, 100, 4,
	  "lag beyond this, either way, and what a reservation is behind, is forgotten", NULL },
	{ "burst", CX_PARAM_INT, "percent of a slice", 10, 100, 75,
	  "a limit's bucket holds so much; a third of it lets those parked run again", NULL },
};

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "propshare",
	.summary = "VMware's proportional share: shares, reservations, limits, resource pools",
	.flags = CX_PLUGIN_INSTANCE_LOCK | CX_PLUGIN_WEIGHT | CX_PLUGIN_RESERVATION |
		 CX_PLUGIN_LIMIT | CX_PLUGIN_POOLS | CX_PLUGIN_WORK_CONSERVING,
	.params = propshare_params,
	.n_params = sizeof(propshare_params) / sizeof(propshare_params[0]),
	.policy_size = sizeof(struct ps_policy),
	.pcpu_size = sizeof(struct ps_pcpu),
	.domain_size = sizeof(struct ps_domain),
	.vcpu_size = sizeof(struct ps_vcpu),
	.init = propshare_init,
	.fini = propshare_fini,
	.param_set = propshare_param_set,
	.pcpu_online = propshare_pcpu_online,
	.pcpu_offline = propshare_pcpu_offline,
	.domain_attach = propshare_domain_attach,
	.domain_adjust = propshare_domain_adjust,
	.domain_detach = propshare_domain_detach,
	.pool_adjust = propshare_pool_adjust,
	.vcpu_attach = propshare_vcpu_attach,
	.vcpu_detach = propshare_vcpu_detach,
	.choose_pcpu = propshare_choose_pcpu,
	.migrate = propshare_migrate,
	.wake = propshare_wake,
	.block = propshare_block,
	.yield = propshare_yield,
	.pick = ps_pick,
	.timer = propshare_timer,
	.dump = propshare_dump,
};
