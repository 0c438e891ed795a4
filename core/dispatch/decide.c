/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision: ask the policy, check the answer, book the switch.
 */
#include "core/dispatch/internal.h"

#include <errno.h>

/* Is the handle one of ours?  It may be any number at all. */
static bool is_ours(const struct cx_dispatch *d, const struct cx_vcpu *v)
{
	uintptr_t first = (uintptr_t)d->vcpus, at = (uintptr_t)v;

	return at >= first && at < first + d->n_vcpus * sizeof(*v) &&
	       (at - first) % sizeof(*v) == 0;
}

/* CX_FAULTS = nothing wrong. */
static enum cx_fault check_pick(const struct cx_pcpu *p, const struct cx_vcpu *v)
{
	if (!is_ours(p->d, v))
		return CX_FAULT_FOREIGN;
	if (v != p->current && is_oncpu(v))
		return CX_FAULT_RUNNING;
	if (!bit_of(v->hard, p->index))
		return CX_FAULT_AFFINITY;
	if (assigned(v) != p)
		return CX_FAULT_FOREIGN;
	if (!v->attached || !v->runnable || !v->awake || v->paused ||
	    (v == p->current && atomic_load_explicit(&v->ending, memory_order_relaxed)))
		return CX_FAULT_NOT_RUNNABLE;
	if (v->parked)
		return CX_FAULT_PARKED;
	return CX_FAULTS;
}

static uint64_t check_slice(struct cx_pcpu *p, const struct cx_vcpu *v, uint64_t slice,
			    uint64_t now)
{
	if (slice >= CX_SLICE_MIN_NS && slice <= CX_SLICE_MAX_NS)
		return slice;
	policy_fault(p, v, CX_FAULT_SLICE, now);
	return slice < CX_SLICE_MIN_NS ? CX_SLICE_MIN_NS : CX_SLICE_MAX_NS;
}

/*
 * Core's own pick in a policy's place.  The policy is told that the vCPU blocked, so
 * that it does not keep it queued while it runs; it hears wake() when that turn is over.
 */
static struct cx_vcpu *borrow(struct cx_pcpu *p, const struct cx_vcpu *prev, uint64_t now)
{
	struct cx_vcpu *v = is_online(p) ? fallback_pick(p, prev, now) : NULL;

	if (v) {
		policy_block(v, now);
		v->borrowed = true;
	}
	return v;
}

/* The borrowed vCPU's turn is over: to the policy it wakes up now, on an idle pCPU. */
static void give_back(struct cx_pcpu *p, struct cx_vcpu *v, struct cx_pick *pick, uint64_t now)
{
	v->borrowed = false;
	set_current(p, NULL, now);
	if (v->runnable)
		policy_wake(v, CX_WAKE_EVENT, now);
	/* If that kicked this pCPU, here comes the answer. */
	atomic_store(&p->resched, false);
	pick->prev = NULL;
	pick->why = CX_WHY_IDLE;
	pick->ran_ns = 0;
}

/*
 * The policy has taken @v off its queue for a pCPU that is leaving, of which it has not been
 * told yet: that is no fault.  To the policy it has blocked, and wakes up where it goes.
 */
static struct cx_vcpu *turn_down(struct cx_vcpu *v, uint64_t now)
{
	v->wake_why = CX_WAKE_EVENT;
	policy_block(v, now);
	return NULL;
}

static struct cx_vcpu *choose(struct cx_pcpu *p, struct cx_pick *pick, uint64_t now)
{
	struct cx_vcpu *prev = p->current, *v = NULL;
	enum cx_fault fault;

	if (prev && prev->borrowed)
		give_back(p, prev, pick, now);
	if (!policy_pick(p, pick, &v)) {
		pick->slice_ns = CX_SLICE_DEFAULT_NS;
		return is_online(p) ? fallback_pick(p, prev, now) : NULL;
	}
	if (!v)
		return NULL;
	fault = check_pick(p, v);
	if (fault != CX_FAULTS) {
		policy_fault(p, is_ours(p->d, v) ? v : NULL, fault, now);
		pick->slice_ns = CX_SLICE_DEFAULT_NS;
		return borrow(p, prev, now);
	}
	if (!is_online(p))
		return turn_down(v, now);
	pick->slice_ns = check_slice(p, v, pick->slice_ns, now);
	return v;
}

static void start_tick(struct cx_pcpu *p, uint64_t now)
{
	if (!p->tick_period_ns || p->tick_armed)
		return;
	p->tick_armed = true;
	cx_timer_arm(&p->d->timers, &p->tick, (now / p->tick_period_ns + 1) * p->tick_period_ns);
}

static void answer(struct cx_decision *decision, struct cx_pcpu *p, struct cx_vcpu *next,
		   uint64_t now)
{
	decision->next = next;
	decision->pcpu = p;
	decision->until_ns = next ? next->until_ns : CX_NEVER;
	decision->now_ns = now;
	if (!next)
		return;
	restate(next, now); /* books what it has run until now */
	decision->run_ns = next->time_ns[CX_RUNNING];
	decision->ready_ns =
		next->time_ns[CX_READY] + next->time_ns[CX_LIMITED] + next->time_ns[CX_COSTOPPED];
}

void decide(struct cx_pcpu *p, enum cx_why why, uint64_t left_ns, uint64_t now,
	    struct cx_decision *decision)
{
	struct cx_vcpu *prev = p->current, *next;
	struct cx_pick pick = {
		.now_ns = now,
		.prev = prev,
		.why = why,
		.ran_ns = prev ? now - p->since_ns : 0,
		.slice_ns = CX_SLICE_DEFAULT_NS,
	};
	struct cx_event e;

	/* Cleared before the policy looks: a kick from now on asks for another look. */
	atomic_store(&p->resched, false);
	next = choose(p, &pick, now);
	/* Stolen from a pCPU that read the clock after us: it is here since then. */
	if (next && next->since_ns > now)
		now = next->since_ns;
	set_current(p, next, now);
	p->decisions++;
	if (next) {
		next->until_ns = now + pick.slice_ns;
		if (next != prev)
			p->switches++;
		start_tick(p, now);
	}
	e = (struct cx_event){
		.t_ns = now,
		.type = CX_EV_SWITCH,
		.pcpu = (uint16_t)p->index,
		.vcpu = next ? next->id : CX_NO_VCPU,
		.prev = prev ? prev->id : CX_NO_VCPU,
		.why = why,
		.x = next ? pick.slice_ns : 0,
	};
	if (prev || next) {
		uint64_t done = clock_of(p->d);

		e.y = left_ns && done > left_ns ? done - left_ns : done - now;
		emit(p, &e);
	}
	answer(decision, p, next, now);
}

static void begin_block(struct cx_vcpu *v, struct cx_pcpu *p, uint64_t deadline_ns, uint64_t now)
{
	set_runnable(v, false, now);
	v->deadline_ns = deadline_ns;
	cx_timer_arm(&v->d->timers, &v->block_timer, deadline_ns);
	emit_simple(p, CX_EV_BLOCK, v, 0, deadline_ns == CX_NEVER ? 0 : deadline_ns, now);
	policy_block(v, now);
}

void cx_dispatch_leave(struct cx_vcpu *v, enum cx_why why, uint64_t deadline_ns, uint64_t left_ns,
		       struct cx_decision *decision)
{
	struct cx_dispatch *d = v->d;
	struct cx_pcpu *p = lock_vcpu(v);
	bool left = false;
	uint64_t now;

	*decision = (struct cx_decision){ .pcpu = p };
	if (atomic_load(&d->ended)) {
		decision->ended = true;
		goto out;
	}
	now = clock_of(d);
	if (atomic_load(&v->ending))
		why = CX_WHY_END;
	switch (why) {
	case CX_WHY_BLOCK:
		/* The event may have come after the guest looked and before this lock. */
		if (d->ops->pending(d->machine, v)) {
			answer(decision, p, v, now);
			goto out;
		}
		begin_block(v, p, deadline_ns, now);
		break;
	case CX_WHY_YIELD:
		policy_yield(v, now);
		break;
	case CX_WHY_END:
		if (!atomic_exchange(&v->ending, true))
			v->end = CX_END_EXIT;
		retire_vcpu(v, now);
		break;
	default:
		break;
	}
	decide(p, why, left_ns, now, decision);
	if (why == CX_WHY_END) {
		/* It left when the decision was made, which may have been put off: see decide(). */
		end_vcpu(v, p, decision->now_ns);
		decision->ended = true;
	}
	left = is_leaving(p);
out:
	unlock_pcpu(p);
	flush(d);
	if (decision->ended)
		detach_if_last(v);
	if (left)
		pcpu_left(p);
}

int cx_dispatch_enter(struct cx_pcpu *pcpu, struct cx_decision *decision)
{
	struct cx_dispatch *d = pcpu->d;
	int rc = 0;

	*decision = (struct cx_decision){ .pcpu = pcpu };
	lock_pcpu(pcpu);
	if (atomic_load(&d->ended)) {
		rc = 0;
	} else if (pcpu->current) {
		decision->next = pcpu->current;
		rc = -EBUSY;
	} else if (!is_online(pcpu)) {
		atomic_store(&pcpu->resched, false);
	} else {
		decide(pcpu, CX_WHY_IDLE, 0, clock_of(d), decision);
		rc = decision->next ? 1 : 0;
	}
	unlock_pcpu(pcpu);
	flush(d);
	return rc;
}

bool cx_dispatch_preempted(const struct cx_pcpu *pcpu)
{
	return atomic_load_explicit(&pcpu->resched, memory_order_acquire);
}

bool cx_dispatch_ending(const struct cx_vcpu *v)
{
	return atomic_load_explicit(&v->ending, memory_order_acquire) ||
	       atomic_load_explicit(&v->d->ended, memory_order_acquire);
}
