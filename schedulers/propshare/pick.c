/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision: one that has waited for longer than anybody should, for the shortest time there
 * is; a domain behind its reservation; the first by shares.  For a turn, or until its limit is
 * used up.
 */
#include "propshare.h"

#define LONG_TURNS 10u /* in one go, while nobody waits */
/* Between two that are served for their patience, while a reservation is due: sooner than they come,
 * WAIT_EACH_NS of order.c. */
#define PATIENT_EACH_NS 20000000ull

static bool may_wait(const struct ps_vcpu *pv)
{
	return cx_vcpu_runnable(pv->v) && !cx_vcpu_parked(pv->v);
}

/* @prev runs no longer.  It waits, unless it may not; if it has yielded, not yet. */
static void leave(struct ps_policy *pp, struct ps_vcpu *prev, uint64_t now)
{
	ps_stop(pp, prev, now);
	if (!may_wait(prev)) {
		ps_part(prev, now);
		prev->yielded = false;
		prev->state = cx_vcpu_runnable(prev->v) ? PS_LIMITED : PS_ASLEEP;
	} else if (!prev->yielded) {
		ps_enqueue(pp, prev, now);
	}
}

/* @prev has yielded, and others have been looked at. */
static void wait_at_last(struct ps_policy *pp, struct ps_vcpu *prev, uint64_t now)
{
	prev->yielded = false;
	ps_give_up(pp, prev, now);
	ps_enqueue(pp, prev, now);
	if (ps_limited(prev->dom))
		ps_park(pp, prev, now);
}

static struct ps_vcpu *choose_next(const struct ps_policy *pp, struct ps_pcpu *pc,
				   struct cx_pick *pick, bool *reserved)
{
	struct ps_vcpu *patient = ps_next_by_patience(pp, pc, pick->now_ns), *next = NULL;

	*reserved = false;
	pick->slice_ns = CX_SLICE_MIN_NS;
	/* Many may have begun to wait at the same time. */
	if (!patient || pick->now_ns < pc->patient_ns + PATIENT_EACH_NS)
		next = ps_next_by_reservation(pc, pick->now_ns);
	if (patient && !next) {
		pc->patient_ns = pick->now_ns;
		return patient;
	}
	*reserved = next != NULL;
	if (next) {
		pick->slice_ns = ps_turn(pp, next);
		return next;
	}
	next = ps_next_by_shares(pp, pc, pick->now_ns);
	if (next)
		pick->slice_ns = ps_turn_left(pp, next);
	return next;
}

/*
 * Do others wait for @pc that may not run where @next may, so that it would have to make room for
 * them; or does @pc belong to those of a set before @next's, of whom none waits now?
 */
static bool is_in_the_way(const struct ps_pcpu *pc, const struct ps_vcpu *next)
{
	for (unsigned i = 0; i < pc->n_lanes; i++) {
		const struct ps_lane *lane = pc->lanes[i];

		if (lane == next->lane)
			continue;
		if (lane->n_waiting || (lane->members && lane->set->rank < next->set->rank))
			return true;
	}
	return false;
}

/* To be stopped costs too: where nobody is the worse for it, @next may run for longer. */
static void lengthen(struct ps_policy *pp, struct ps_pcpu *pc, struct ps_vcpu *next,
		     struct cx_pick *pick)
{
	uint64_t longest = ps_stay(pp, next), ends;

	/* Others may be about to come, as at the beginning. */
	if (pick->now_ns < pp->joined_ns + pp->latency_ns)
		return;
	/* Who falls behind its reservation does not preempt one that runs for its own. */
	if (next->reserved_turn && ps_reserve_waits(pc))
		return;
	if (ps_open(pp, pc, pick->now_ns)) {
		longest = LONG_TURNS * pp->turn_ns;
	} else if (longest && is_in_the_way(pc, next)) {
		longest = 0;
	} else if (longest) {
		ends = ps_patience_ends(pp, pc);
		if (pick->now_ns + longest > ends)
			longest = ends > pick->now_ns ? ends - pick->now_ns : 0;
	}
	next->stays = longest > pick->slice_ns;
	if (next->stays)
		pick->slice_ns = longest;
}

/* @next, which waits, runs on @pc for as long as its limits let it. */
static void run(struct ps_policy *pp, struct ps_pcpu *pc, struct ps_vcpu *next, bool reserved,
		struct cx_pick *pick)
{
	uint64_t now = pick->now_ns, end;

	ps_dequeue(pp, next, now);
	if (cx_vcpu_pcpu(next->v) != pc->pcpu)
		cx_migrate(next->v, pc->pcpu, now);
	ps_start(pp, next, pc, now);
	next->reserved_turn = reserved;
	lengthen(pp, pc, next, pick);
	end = ps_limit_left(next->dom);
	if (end < now + pick->slice_ns)
		pick->slice_ns = end > now ? end - now : 0;
	if (pick->slice_ns < CX_SLICE_MIN_NS)
		pick->slice_ns = CX_SLICE_MIN_NS;
}

/*
 * @prev is entitled to most of a pCPU, and somebody else has @pc, maybe one that may run nowhere else.
 * If it is behind as well, it could not make up for the time until another pCPU is free.
 */
static bool is_put_off(const struct ps_policy *pp, const struct ps_pcpu *pc,
		       const struct ps_vcpu *prev, uint64_t now)
{
	return pc->n_lanes > 1 && ps_stay(pp, prev) && ps_lag(prev, now) > 0;
}

struct cx_vcpu *ps_pick(struct cx_policy *policy, struct cx_pcpu *pcpu, struct cx_pick *pick)
{
	struct ps_policy *pp = ps_of(policy);
	struct ps_pcpu *pc = ps_pcpu_of(pcpu);
	struct ps_vcpu *prev = pc->current, *next;
	bool online = cx_pcpu_at(policy, cx_pcpu_index(pcpu)) == pcpu, reserved = false;

	ps_close(pp, pc);
	if (pp->unrated)
		ps_rates_solve(pp, pick->now_ns);
	if (prev)
		leave(pp, prev, pick->now_ns);
	ps_limit_expire(pp, pick->now_ns);
	next = online ? choose_next(pp, pc, pick, &reserved) : NULL;
	if (prev && prev->yielded) {
		wait_at_last(pp, prev, pick->now_ns);
		if (!next && online)
			next = choose_next(pp, pc, pick, &reserved);
	}
	if (next)
		run(pp, pc, next, reserved, pick);
	ps_set_idler(pp, pc, !next && online);
	if (prev && prev->state == PS_WAITING &&
	    (pp->idlers || is_put_off(pp, pc, prev, pick->now_ns)))
		ps_call(pp, prev, pick->now_ns);
	if (pc->called)
		ps_call_on(pp, pc);
	if (pp->waiting && !pp->idlers)
		ps_crowded(pp, pick->now_ns);
	return next ? next->v : NULL;
}
