/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest does: the steps that its model says, booked as time passes.
 *
 * A vCPU on a pCPU first stalls (the switch, the move), then is slow while its working set
 * comes into the caches, then works at full speed.  Only work is slow when cold; spinning
 * and the way to the VMM and back take the time that they take.
 */
#include "core/sim/internal.h"

#include <stdio.h>

#define PS_PER_NS 1000u
/* Waits longer than this are as good as for ever, and sums with them do not overflow. */
#define LONGEST_WAIT_NS (1ull << 62)

static uint64_t scale_up(uint64_t value, uint64_t by, uint64_t of)
{
	return (uint64_t)(((unsigned __int128)value * by + of - 1) / of);
}

/* --- time passes -------------------------------------------------------------- */

/* Work that @ns of run time is good for; takes it from what is cold. */
static uint64_t work_in(struct cx_model_vcpu *v, uint64_t ns)
{
	uint64_t cold, done = 0;

	if (v->cold_ns) {
		cold = least(ns, v->cold_ns);
		done = scale(v->cold_work_ns, cold, v->cold_ns);
		v->cold_ns -= cold;
		v->cold_work_ns -= done;
		ns -= cold;
	}
	return done + ns;
}

static void book_work(struct cx_model_vcpu *v, uint64_t ns)
{
	uint64_t done = least(work_in(v, ns), v->left_ns);

	if (v->left_ns != CX_MODEL_FOREVER)
		v->left_ns -= done;
	v->stay_work_ns += done;
	if (v->dom->model->worked)
		v->dom->model->worked(v, done, ns);
}

void sim_book(struct cx_sim *sim, struct sim_pcpu *p)
{
	struct cx_model_vcpu *v = p->on;
	uint64_t end = least(sim->now_ns, p->stands_ns);
	uint64_t ns = end > p->booked_ns ? end - p->booked_ns : 0, stall = least(ns, v->stall_ns);

	p->booked_ns = sim->now_ns;
	v->stall_ns -= stall;
	ns -= stall;
	if (!ns || !v->stepping)
		return;
	if (v->step.op == CX_MODEL_WORK)
		book_work(v, ns);
	else if (v->left_ns != CX_MODEL_FOREVER)
		v->left_ns -= least(ns, v->left_ns);
}

uint64_t sim_step_takes(const struct cx_model_vcpu *v)
{
	uint64_t ns = v->left_ns;

	if (!v->stepping)
		return v->stall_ns;
	if (ns == CX_MODEL_FOREVER)
		return CX_NEVER;
	if (v->step.op == CX_MODEL_WORK && v->cold_ns) {
		if (ns <= v->cold_work_ns)
			ns = scale_up(ns, v->cold_ns, v->cold_work_ns);
		else
			ns = v->cold_ns + (ns - v->cold_work_ns);
	}
	return v->stall_ns + ns;
}

/* --- one step after another ------------------------------------------------------ */

static enum cx_hypercall hypercall_of(enum cx_model_op op)
{
	switch (op) {
	case CX_MODEL_BLOCK:
		return CX_HC_BLOCK;
	case CX_MODEL_YIELD:
		return CX_HC_YIELD;
	case CX_MODEL_TIMER:
		return CX_HC_SET_TIMER;
	case CX_MODEL_SEND:
		return CX_HC_SEND;
	default:
		return CX_HC_EXIT;
	}
}

/* Run time that it takes before it has an effect. */
static uint64_t length_of(struct cx_sim *sim, const struct cx_model_step *step)
{
	switch (step->op) {
	case CX_MODEL_WORK:
	case CX_MODEL_SPIN:
		return step->ns;
	default: /* one way; back is another matter */
		return sim_charge(sim, CX_COST_HYPERCALL) / 2;
	}
}

static void begin(struct cx_sim *sim, struct cx_model_vcpu *v)
{
	v->step = (struct cx_model_step){ .op = CX_MODEL_EXIT };
	v->dom->model->next(v, &v->step);
	v->released = false; /* of the last step: next() may have asked */
	v->left_ns = length_of(sim, &v->step);
	v->stepping = true;
}

static uint64_t after(const struct cx_sim *sim, uint64_t ns)
{
	return sim->now_ns + least(ns, LONGEST_WAIT_NS);
}

static void send(struct cx_sim *sim, struct cx_model_vcpu *v)
{
	const struct cx_model_step *s = &v->step;
	struct sim_domain *to = v->dom;

	if (s->peer > v->dom->n_peers)
		return;
	if (s->peer)
		to = &sim->domains[v->dom->peers[s->peer - 1]];
	if (s->vcpu < to->n_vcpus && s->port <= CX_PORT_MAX)
		sim_post(&to->vcpus[s->vcpu], s->port, CX_WAKE_EVENT);
}

static void note(struct cx_sim *sim, struct cx_model_vcpu *v)
{
	if (sim->traced)
		cx_dispatch_note(v->v, CX_EV_HYPERCALL, hypercall_of(v->step.op), v->step.ns, 0);
}

enum sim_then sim_step_done(struct cx_sim *sim, struct cx_model_vcpu *v, enum cx_why *why,
			    uint64_t *deadline_ns)
{
	struct cx_model_step s = v->step;

	if (!v->stepping) {
		begin(sim, v);
		return SIM_GOES_ON;
	}
	if (s.op != CX_MODEL_WORK && s.op != CX_MODEL_SPIN)
		note(sim, v);
	v->stepping = false;
	switch (s.op) {
	case CX_MODEL_WORK:
	case CX_MODEL_SPIN:
		begin(sim, v);
		return SIM_GOES_ON;
	case CX_MODEL_BLOCK:
		v->asleep = true;
		*why = CX_WHY_BLOCK;
		*deadline_ns = s.ns ? after(sim, s.ns) : CX_NEVER;
		return SIM_LEAVES;
	case CX_MODEL_YIELD:
		*why = CX_WHY_YIELD;
		return SIM_LEAVES;
	case CX_MODEL_TIMER:
		cx_dispatch_set_timer(v->v, s.ns ? after(sim, s.ns) : CX_NEVER);
		v->stall_ns += sim_charge(sim, CX_COST_HYPERCALL) / 2;
		return SIM_EXITED_TO_US;
	case CX_MODEL_SEND:
		send(sim, v);
		v->stall_ns += sim_charge(sim, CX_COST_HYPERCALL) / 2;
		return SIM_EXITED_TO_US;
	case CX_MODEL_EXIT:
	default:
		v->status = s.ns;
		cx_vcpu_set_status(v->v, s.ns);
		*why = CX_WHY_END;
		return SIM_LEAVES;
	}
}

void sim_step_resume(struct cx_model_vcpu *v)
{
	if (!v->asleep)
		return;
	v->asleep = false;
	v->ports = v->pending;
	v->pending = 0;
}

/* --- what others do to it ---------------------------------------------------------- */

/* From one pCPU's cache to another's. */
static uint64_t line_takes(const struct cx_sim *sim, const struct cx_model_vcpu *from,
			   const struct cx_model_vcpu *to)
{
	static const enum cx_cost_index by_distance[] = {
		[CX_DIST_SELF] = CX_COST_ACCESS_L1,       [CX_DIST_SMT] = CX_COST_ACCESS_L1,
		[CX_DIST_LLC] = CX_COST_ACCESS_LLC,       [CX_DIST_NODE] = CX_COST_ACCESS_NODE,
		[CX_DIST_REMOTE] = CX_COST_ACCESS_REMOTE,
	};
	unsigned distance;

	if (from->on == CX_SIM_NOWHERE || to->on == CX_SIM_NOWHERE)
		return 0;
	distance = cx_topology_distance(sim->topology, sim->cpus[from->on], sim->cpus[to->on]);
	return cost(sim, by_distance[distance]) / PS_PER_NS;
}

void sim_release(struct cx_sim *sim, struct cx_model_vcpu *from, struct cx_model_vcpu *to)
{
	if (!to->stepping || to->step.op != CX_MODEL_SPIN || to->released)
		return;
	if (to->on != CX_SIM_NOWHERE)
		sim_book(sim, &sim->pcpus[to->on]);
	to->released = true;
	to->left_ns = least(to->left_ns, line_takes(sim, from, to));
	if (to->on != CX_SIM_NOWHERE)
		sim_pcpu_plan(sim, &sim->pcpus[to->on]);
}

void sim_post(struct cx_model_vcpu *v, unsigned port, enum cx_wake_why why)
{
	v->pending |= 1ull << port;
	cx_dispatch_wake(v->v, why);
}
