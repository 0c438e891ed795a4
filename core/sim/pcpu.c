/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU is put on a pCPU, is told to leave it, and leaves it: what the director of the
 * kvm machine does between a thread and the dispatcher.
 */
#include "core/sim/internal.h"

#include <errno.h>

static const enum cx_cost_index move_cost[CX_DISTANCES] = {
	[CX_DIST_SMT] = CX_COST_MOVE_SMT,
	[CX_DIST_LLC] = CX_COST_MOVE_LLC,
	[CX_DIST_NODE] = CX_COST_MOVE_NODE,
	[CX_DIST_REMOTE] = CX_COST_MOVE_REMOTE,
};

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > CX_NEVER - b ? CX_NEVER : a + b;
}

void sim_pcpu_plan(struct cx_sim *sim, struct sim_pcpu *p)
{
	uint64_t at = CX_NEVER, step;

	if (p->on) {
		step = sum(p->booked_ns, sim_step_takes(p->on));
		at = step < p->stands_ns ? step : p->leave_ns;
		if (at < sim->now_ns)
			at = sim->now_ns;
	}
	if (at != p->next.when_ns)
		cx_timer_arm(&sim->queue, &p->next, at);
}

static uint64_t cost_of_move(struct cx_sim *sim, const struct cx_model_vcpu *v, uint32_t to)
{
	unsigned distance;

	if (v->last == CX_SIM_NOWHERE || v->last == to)
		return 0;
	distance = cx_topology_distance(sim->topology, sim->cpus[v->last], sim->cpus[to]);
	return sim_charge(sim, move_cost[distance]);
}

/* A new slice for whoever is on @p. */
static void begin_slice(struct cx_sim *sim, struct sim_pcpu *p, uint64_t until_ns)
{
	p->until_ns = p->stands_ns = until_ns;
	p->leave_ns = sum(until_ns, sim_charge(sim, CX_COST_SLICE_LATE));
}

/* @way_ns: what it costs to get going there, beside moving. */
static void put_on(struct cx_sim *sim, struct sim_pcpu *p, const struct cx_decision *decision,
		   uint64_t way_ns)
{
	struct cx_model_vcpu *v = cx_vcpu_machine(decision->next);
	uint32_t pcpu = (uint32_t)(p - sim->pcpus);

	v->stall_ns = way_ns + cost_of_move(sim, v, pcpu);
	v->on = pcpu;
	sim_step_resume(v);
	if (v->set_bytes)
		sim_cache_enter(sim, v, p);
	p->on = v;
	p->booked_ns = sim->now_ns;
	begin_slice(sim, p, decision->until_ns);
}

static void take_off(struct cx_sim *sim, struct sim_pcpu *p)
{
	struct cx_model_vcpu *v = p->on;

	if (v->set_bytes)
		sim_cache_leave(sim, v, p);
	v->last = v->on;
	v->on = CX_SIM_NOWHERE;
	p->on = NULL;
}

static void go_on(struct cx_sim *sim, struct sim_pcpu *p, const struct cx_decision *decision,
		  uint64_t way_ns)
{
	p->on->stall_ns += way_ns;
	sim_step_resume(p->on);
	begin_slice(sim, p, decision->until_ns);
}

static void leave(struct cx_sim *sim, struct sim_pcpu *p, enum cx_why why, uint64_t deadline_ns)
{
	struct cx_model_vcpu *v = p->on;
	uint64_t decide = sim_charge(sim, CX_COST_DECIDE), way, left_ns = 0;
	struct cx_decision decision;

	if (sim->now_ns > decide)
		left_ns = sim->now_ns - decide;
	cx_dispatch_leave(v->v, why, deadline_ns, left_ns, &decision);
	sim->ended |= decision.ended;
	if (decision.next == v->v) {
		way = decide + sim_charge(sim, CX_COST_RESUME);
		go_on(sim, p, &decision, way);
	} else {
		take_off(sim, p);
		if (!decision.next)
			return;
		way = decide + sim_charge(sim, CX_COST_SWITCH);
		put_on(sim, p, &decision, way);
	}
	cx_pcpu_note_cost(p->p, decide);
	cx_pcpu_note_gap(p->p, way);
}

/* As before every entry of a guest on the kvm machine. */
static bool must_leave(const struct cx_sim *sim, const struct sim_pcpu *p, enum cx_why *why)
{
	if (cx_dispatch_ending(p->on->v))
		*why = CX_WHY_END;
	else if (cx_dispatch_preempted(p->p))
		*why = CX_WHY_PREEMPT;
	else if (sim->now_ns >= p->until_ns)
		*why = CX_WHY_SLICE;
	else
		return false;
	return true;
}

/* A signal has made its guest exit. */
static void interrupted(struct cx_sim *sim, struct sim_pcpu *p)
{
	enum cx_why why;

	if (must_leave(sim, p, &why)) {
		leave(sim, p, why, CX_NEVER);
	} else { /* for nothing */
		p->on->stall_ns += sim_charge(sim, CX_COST_RESUME);
		begin_slice(sim, p, p->until_ns);
	}
}

static void end_step(struct cx_sim *sim, struct sim_pcpu *p)
{
	uint64_t deadline_ns = CX_NEVER;
	enum cx_why why = CX_WHY_IDLE;

	switch (sim_step_done(sim, p->on, &why, &deadline_ns)) {
	case SIM_GOES_ON:
		break;
	case SIM_LEAVES:
		leave(sim, p, why, deadline_ns);
		break;
	case SIM_EXITED_TO_US:
		if (must_leave(sim, p, &why))
			leave(sim, p, why, CX_NEVER);
		break;
	}
}

void sim_pcpu_event(struct cx_sim *sim, struct sim_pcpu *p)
{
	sim_book(sim, p);
	if (p->leave_ns <= sim->now_ns)
		interrupted(sim, p);
	else if (sim_step_takes(p->on) == 0)
		end_step(sim, p);
	sim_pcpu_plan(sim, p);
}

/* The signal makes its guest stand at once, and arrives in the program later. */
static void kick(struct cx_sim *sim, struct sim_pcpu *p)
{
	uint64_t arrives = sum(sim->now_ns, sim_charge(sim, CX_COST_KICK));

	sim_book(sim, p);
	if (sim->now_ns < p->stands_ns)
		p->stands_ns = sim->now_ns;
	if (arrives < p->leave_ns)
		p->leave_ns = arrives;
}

void sim_pcpu_kicked(struct cx_sim *sim, struct sim_pcpu *p)
{
	struct cx_decision decision;
	uint64_t decide;
	int rc = cx_dispatch_enter(p->p, &decision);

	if (rc == 1) {
		/* One after the other: each draw has its place in the sequence. */
		decide = sim_charge(sim, CX_COST_DECIDE);
		put_on(sim, p, &decision, decide + sim_charge(sim, CX_COST_IDLE_WAKE));
	} else if (rc == -EBUSY && p->on) {
		kick(sim, p);
	} else {
		return;
	}
	sim_pcpu_plan(sim, p);
}
