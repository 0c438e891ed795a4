/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates: what each vCPU is entitled to.
 *
 * Core's solver knows shares, reservations, limits, pools, affinity and pCPUs; what it must be told
 * is demand.  Each vCPU's is what it wanted in the last period, run or not.  The order by shares
 * goes by what it would be entitled to if it wanted more (its rate), so that a sleeper that wakes
 * up is as important as its weight says; that it wants little makes the others' rates larger.
 */
#include "propshare.h"

#define CHANGE_NS 10000000ull /* of demand per second: less is no reason to solve anew */
#define REBASE (1ll << 60)    /* of virtual time, of 63 bits */

void ps_rates_arm(struct ps_policy *pp, uint64_t now)
{
	uint64_t when = pp->period_began_ns + pp->period_ns;

	if (pp->dirty) {
		uint64_t soon = pp->solved_ns + pp->turn_ns;

		/* For the first time, and for the first of many, at once. */
		soon = !pp->solved || soon < now ? now : soon;
		when = soon < when ? soon : when;
	}
	/* No decision may be near that would rate somebody new, but others who are new as well. */
	if (pp->unrated && now + CX_SLICE_MIN_NS < when)
		when = now + CX_SLICE_MIN_NS;
	if (pp->unrated && pp->timer_ns[PS_TIMER_PERIOD] < when)
		return;
	ps_timer(pp, PS_TIMER_PERIOD, when);
}

void ps_rates_dirty(struct ps_policy *pp, uint64_t now)
{
	if (pp->dirty)
		return;
	pp->dirty = true;
	ps_rates_arm(pp, now);
}

/* --- demand ----------------------------------------------------------------------------- */

void ps_wants(struct ps_policy *pp, struct ps_vcpu *pv, bool wants, uint64_t now)
{
	pv->wants = wants;
	if (wants) {
		pv->woken_ns = pv->wants_ns = now;
		pv->dom->wanting++;
		/* It slept for a whole period, and the rates do not count with it. */
		if (!pv->demand_ns) {
			pv->demand_ns = PS_SECOND;
			ps_rates_dirty(pp, now);
		}
	} else {
		pv->want_ns += now > pv->wants_ns ? now - pv->wants_ns : 0;
		pv->dom->wanting--;
	}
	ps_reserve_wants(pp, pv->dom, now);
}

/* What it wanted in the @period that ends now, per second. */
static uint64_t measure_one(struct ps_vcpu *pv, uint64_t period, uint64_t now)
{
	uint64_t want = pv->want_ns, demand;

	pv->want_ns = 0;
	if (pv->wants) {
		want += now > pv->wants_ns ? now - pv->wants_ns : 0;
		pv->wants_ns = now;
		/* It came in this period and has wanted to run ever since, or for so long that it
		 * does not look like one that will stop. */
		if (pv->is_new || now - pv->woken_ns >= period / 2)
			return PS_SECOND;
	}
	demand = (uint64_t)((unsigned __int128)want * PS_SECOND / period);
	return demand < PS_SECOND ? demand : PS_SECOND;
}

/* True: the rates are not what they should be. */
static bool measure(struct ps_policy *pp, uint64_t now)
{
	uint64_t period = now - pp->period_began_ns;
	struct cx_node *dn, *vn;
	bool changed = false;

	pp->period_began_ns = now;
	if (!period)
		return false;
	cx_list_for_each (dn, &pp->domains) {
		cx_list_for_each (vn, &cx_entry(dn, struct ps_domain, node)->vcpus) {
			struct ps_vcpu *pv = cx_entry(vn, struct ps_vcpu, node);
			uint64_t demand = measure_one(pv, period, now);

			if (demand > pv->solved_demand_ns + CHANGE_NS ||
			    demand + CHANGE_NS < pv->solved_demand_ns)
				changed = true;
			pv->demand_ns = demand;
			pv->is_new = false;
		}
	}
	return changed;
}

void ps_wants_more(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	uint64_t usual = (uint64_t)((unsigned __int128)pv->demand_ns * pp->period_ns / PS_SECOND);
	uint64_t since = now - pv->woken_ns;

	if (pv->demand_ns == PS_SECOND || since < 2 * pp->turn_ns || since < usual + usual / 4)
		return;
	pv->demand_ns = PS_SECOND;
	ps_rates_dirty(pp, now);
}

/* --- the solution ------------------------------------------------------------------------- */

static unsigned make_list(struct ps_policy *pp)
{
	struct cx_node *dn, *vn;
	unsigned n = 0;

	cx_list_for_each (dn, &pp->domains) {
		cx_list_for_each (vn, &cx_entry(dn, struct ps_domain, node)->vcpus) {
			struct ps_vcpu *pv = cx_entry(vn, struct ps_vcpu, node);

			pv->solved_demand_ns = pv->demand_ns;
			pp->list[n++] = (struct cx_entitlement){
				.vcpu = pv->v,
				.demand_ns = pv->demand_ns,
			};
		}
	}
	return n;
}

/* What can be guaranteed to those in a pool, where they may use few pCPUs only. */
static void add_up_usable(struct ps_policy *pp, unsigned n)
{
	for (unsigned i = 0; i < pp->n_pools; i++)
		pp->claims[i].usable = 0;
	for (unsigned i = 0; i < n; i++) {
		struct ps_claim *pool = ps_vcpu_of(pp->list[i].vcpu)->dom->claim.parent;

		for (; pool; pool = pool->parent)
			pool->usable += pp->list[i].reserved_ns;
	}
}

/*
 * A pool is guaranteed what it reserves, whoever of those within it wants it: so what they could use
 * is solved as if all wanted everything.  Domains are guaranteed their own reservations, all of
 * them, since they may want more in a moment.
 */
static int take_guarantees(struct ps_policy *pp, unsigned n, uint64_t now)
{
	struct cx_node *node;
	int rc = 0;

	for (unsigned i = 0; i < n && pp->pools_reserve; i++)
		pp->list[i].demand_ns = PS_SECOND;
	if (pp->pools_reserve)
		rc = cx_entitlements(pp->policy, pp->list, n);
	if (rc)
		return rc;
	add_up_usable(pp, n);
	for (unsigned i = 0; i < pp->n_pools; i++) {
		uint64_t rate = cx_pool_reservation(cx_pool_at(pp->policy, i)) * PS_NS_PER_PERCENT;
		uint64_t usable = pp->claims[i].usable;

		ps_reserve_set(pp, &pp->claims[i], rate < usable ? rate : usable, now);
	}
	cx_list_for_each (node, &pp->domains) {
		struct ps_domain *pd = cx_entry(node, struct ps_domain, node);

		ps_reserve_set(pp, &pd->claim, cx_domain_reservation(pd->dom) * PS_NS_PER_PERCENT,
			       now);
	}
	return 0;
}

static void take_rates(struct ps_policy *pp, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++) {
		const struct cx_entitlement *e = &pp->list[i];
		struct ps_vcpu *pv = ps_vcpu_of(e->vcpu);
		struct ps_set *set = &pp->sets[e->set < pp->n_sets ? e->set : 0];

		ps_rate(pp, pv, e->rate_ns, set, now);
		pv->lane->set = set;
		set->rank = e->rank;
	}
}

/* --- shares of the limits of pools ------------------------------------------------------------ */

#define NEARLY 999u /* of a thousand: what is entitled is rounded */

static void add_up_pools(struct ps_policy *pp, unsigned n)
{
	for (unsigned i = 0; i < pp->n_pools; i++)
		pp->pools[i].entitled = 0;
	for (unsigned i = 0; i < n; i++) {
		struct ps_limit *l = ps_vcpu_of(pp->list[i].vcpu)->dom->limit.parent;

		for (; l; l = l->parent)
			l->entitled += pp->list[i].entitled_ns;
	}
}

/* The innermost pool around @pd whose limit is all that those in it are entitled to. */
static struct ps_limit *short_of(const struct ps_domain *pd)
{
	struct ps_limit *l = pd->limit.parent;

	while (l && (!l->rate || l->entitled * 1000 < l->rate * NEARLY))
		l = l->parent;
	return l;
}

static void take_shares(struct ps_policy *pp, unsigned n, uint64_t now)
{
	uint64_t rate = 0, demand = 0;

	if (!pp->n_pools)
		return;
	add_up_pools(pp, n);
	for (unsigned i = 0; i < n; i++) {
		struct ps_domain *pd = ps_vcpu_of(pp->list[i].vcpu)->dom;

		rate += pp->list[i].demand_ns ? pp->list[i].rate_ns : 0;
		demand += pp->list[i].demand_ns;
		if (i + 1 < n && ps_vcpu_of(pp->list[i + 1].vcpu)->dom == pd)
			continue;
		ps_limit_share(pp, pd, short_of(pd), rate, demand == 0, now);
		rate = demand = 0;
	}
}

static int solve(struct ps_policy *pp, uint64_t now)
{
	unsigned n = make_list(pp);
	int rc = cx_entitlements(pp->policy, pp->list, n);

	if (rc == 0) {
		take_rates(pp, n, now);
		take_shares(pp, n, now);
		rc = take_guarantees(pp, n, now);
	}
	return rc;
}

static void keep_in_range(struct ps_policy *pp, uint64_t now)
{
	for (unsigned i = 0; i < pp->n_sets; i++) {
		int64_t v = ps_vtime(&pp->sets[i], now);

		if (v > REBASE || v < -REBASE) {
			ps_rebase(pp, now);
			return;
		}
	}
}

void ps_rates_solve(struct ps_policy *pp, uint64_t now)
{
	bool changed = pp->dirty;
	int rc;

	if (now >= pp->period_began_ns + pp->period_ns) {
		changed |= measure(pp, now);
		keep_in_range(pp, now);
	}
	if (changed) {
		rc = solve(pp, now);
		if (rc && pp->failures++ == 0)
			cx_log(pp->policy, "propshare: rates stay as they are: error %d", rc);
		pp->dirty = pp->unrated = false;
		pp->solved = true;
		pp->solved_ns = now;
	}
	ps_rates_arm(pp, now);
}
