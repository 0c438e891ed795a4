/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placement: which pCPU looks at whom.
 *
 * vCPUs that may use the same pCPUs wait in one queue, so that the order holds for all of these
 * pCPUs, none idles while one of them waits, and nobody is tied to a crowded pCPU.  The price
 * is that vCPUs move: one that would come from another cache counts as if it were due later.
 */
#include "propshare.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST (1ll << 60) /* a claim before those by shares */
#define NEAR 64u          /* pCPUs that are looked at for one to preempt */

void ps_set_idler(struct ps_policy *pp, struct ps_pcpu *pc, bool idler)
{
	if (pc->idler == idler)
		return;
	pc->idler = idler;
	pp->idlers += idler ? 1 : -1u;
}

/* --- lanes ------------------------------------------------------------------------------ */

static void add_lane(struct ps_pcpu *pc, struct ps_lane *lane)
{
	for (unsigned i = 0; i < pc->n_lanes; i++)
		if (pc->lanes[i] == lane)
			return;
	pc->lanes[pc->n_lanes++] = lane;
	lane->pcpus++;
}

int ps_lanes_of_pcpu(struct ps_policy *pp, struct ps_pcpu *pc)
{
	pc->lanes = calloc(pp->n_lanes, sizeof(struct ps_lane *));
	if (!pc->lanes)
		return -ENOMEM;
	pc->n_lanes = 0;
	for (unsigned i = 0; i < pp->n_lanes; i++) {
		struct cx_node *first = cx_list_first(&pp->lanes[i].vcpus);

		if (first &&
		    cx_vcpu_allowed(cx_entry(first, struct ps_vcpu, lane_node)->v, pc->pcpu))
			add_lane(pc, &pp->lanes[i]);
	}
	return 0;
}

void ps_forget_lanes(struct ps_pcpu *pc)
{
	while (pc->n_lanes)
		pc->lanes[--pc->n_lanes]->pcpus--;
	free(pc->lanes);
	pc->lanes = NULL;
}

void ps_pcpus_of_lane(struct ps_policy *pp, struct ps_lane *lane, const struct cx_vcpu *v)
{
	for (unsigned i = 0; i < cx_pcpu_limit(pp->policy); i++) {
		struct cx_pcpu *pcpu = cx_pcpu_at(pp->policy, i);

		if (pcpu && ps_pcpu_of(pcpu)->lanes && cx_vcpu_allowed(v, pcpu))
			add_lane(ps_pcpu_of(pcpu), lane);
	}
}

/* --- where -------------------------------------------------------------------------------- */

static struct ps_pcpu *idle_near(const struct ps_policy *pp, const struct ps_vcpu *pv)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(pv->v), *pcpu;

	for (unsigned rank = 0; pp->idlers && (pcpu = cx_pcpu_near(home, rank)); rank++)
		if (ps_pcpu_of(pcpu)->idler && cx_vcpu_allowed(pv->v, pcpu))
			return ps_pcpu_of(pcpu);
	return NULL;
}

struct cx_pcpu *ps_place(const struct ps_policy *pp, const struct ps_vcpu *pv)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(pv->v);
	struct ps_pcpu *idle = idle_near(pp, pv);

	if (idle)
		return idle->pcpu;
	return cx_vcpu_allowed(pv->v, home) ? home : NULL;
}

int64_t ps_reluctance(const struct ps_policy *pp, const struct ps_vcpu *pv,
		      const struct cx_pcpu *pcpu, uint64_t now)
{
	const struct cx_pcpu *home = cx_vcpu_pcpu(pv->v);
	enum cx_distance distance;

	if (home == pcpu)
		return 0;
	distance = cx_distance(home, pcpu);
	/* Where the last-level cache is another one, only who has something in it loses that. */
	if (distance > CX_DIST_LLC && !cx_vcpu_warmth(pv->v, home, now))
		return 0;
	switch (distance) {
	case CX_DIST_SELF:
	case CX_DIST_SMT:
		return 0;
	case CX_DIST_LLC:
		return (int64_t)pp->stay_ns;
	case CX_DIST_NODE:
		return 2 * (int64_t)pp->stay_ns;
	case CX_DIST_REMOTE:
		break;
	}
	return 4 * (int64_t)pp->stay_ns;
}

/* --- preempting ----------------------------------------------------------------------------- */

/*
 * How much later than @pv who runs on @pc is due, ns; 0 = there is no reason to preempt it.  Who is
 * of a set before @pv's runs on what is its own; who is of one behind it on what its set left.
 */
static int64_t claim_against(const struct ps_policy *pp, const struct ps_vcpu *pv, bool due,
			     int64_t v, const struct ps_pcpu *pc, uint64_t now)
{
	const struct ps_vcpu *current = pc->current;
	int64_t later;

	if (!current || pc->called || !cx_vcpu_allowed(pv->v, pc->pcpu))
		return 0;
	if (current->reserved_turn && !due)
		return 0;
	if (current->set->rank < pv->set->rank)
		return 0;
	if (current->set->rank > pv->set->rank)
		return due ? 2 * FIRST : FIRST;
	if (!due && pv->vtime > v)
		return 0; /* not eligible: its time will come */
	later = ps_deadline(pp, current, now) - pv->deadline;
	if (due && !current->reserved_turn)
		return FIRST + later;
	return later > (int64_t)pp->preempt_ns ? later : 0;
}

static void preempt_for(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	bool due = ps_reserve_due(pp, pv->dom, now);
	int64_t v = ps_vtime(pv->set, now), most = 0;
	struct cx_pcpu *home = cx_vcpu_pcpu(pv->v), *pcpu, *victim = NULL;

	for (unsigned rank = 0; rank < NEAR && (pcpu = cx_pcpu_near(home, rank)); rank++) {
		int64_t claim = claim_against(pp, pv, due, v, ps_pcpu_of(pcpu), now);

		if (claim > most) {
			most = claim;
			victim = pcpu;
		}
	}
	if (!victim)
		return;
	ps_pcpu_of(victim)->called = true;
	cx_kick(victim);
}

/* --- room ----------------------------------------------------------------------------------- */

void ps_close(struct ps_policy *pp, struct ps_pcpu *pc)
{
	pp->n_open -= pc->open;
	pc->open = false;
}

bool ps_open(struct ps_policy *pp, struct ps_pcpu *pc, uint64_t now)
{
	if (pp->waiting || now < pp->crowded_ns + pp->latency_ns)
		return false;
	pc->open = true;
	pp->n_open++;
	return true;
}

void ps_crowded(struct ps_policy *pp, uint64_t now)
{
	pp->crowded_ns = now;
	for (unsigned i = 0; pp->n_open && i < cx_pcpu_limit(pp->policy); i++) {
		struct cx_pcpu *pcpu = cx_pcpu_at(pp->policy, i);

		if (!pcpu || !ps_pcpu_of(pcpu)->open)
			continue;
		ps_close(pp, ps_pcpu_of(pcpu));
		cx_kick(pcpu);
	}
}

/* --- calling -------------------------------------------------------------------------------- */

static void call(struct ps_policy *pp, struct ps_pcpu *idle)
{
	ps_set_idler(pp, idle, false);
	idle->called = true;
	cx_kick(idle->pcpu);
}

void ps_call(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	struct ps_pcpu *idle = idle_near(pp, pv);

	if (idle) {
		call(pp, idle);
		return;
	}
	ps_crowded(pp, now);
	if (pp->unrated)
		ps_rates_arm(pp, now);
	preempt_for(pp, pv, now);
}

void ps_call_on(struct ps_policy *pp, struct ps_pcpu *pc)
{
	pc->called = false;
	for (unsigned i = 0; pp->idlers && i < pc->n_lanes; i++) {
		struct cx_node *first = cx_list_first(&pc->lanes[i]->waiting);
		struct ps_pcpu *idle = NULL;

		if (first)
			idle = idle_near(pp, cx_entry(first, struct ps_vcpu, wait_node));
		if (idle)
			call(pp, idle);
	}
}
