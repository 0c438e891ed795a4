/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU becomes runnable: place it, tell the policy.
 */
#include "core/dispatch/internal.h"

static bool is_pcpu_of(const struct cx_dispatch *d, const struct cx_pcpu *p)
{
	uintptr_t first = (uintptr_t)d->pcpus, at = (uintptr_t)p;

	return at >= first && at < first + d->n_pcpus * sizeof(*p) &&
	       (at - first) % sizeof(*p) == 0;
}

static struct cx_pcpu *choose_place(struct cx_vcpu *v, struct cx_pcpu *p, uint64_t now)
{
	struct cx_pcpu *q = policy_choose(v, now);

	if (!q)
		return fallback_place(v);
	if (!is_pcpu_of(v->d, q)) {
		policy_fault(p, v, CX_FAULT_FOREIGN, now);
		return fallback_place(v);
	}
	if (!may_use(v, q)) {
		policy_fault(p, v, CX_FAULT_AFFINITY, now);
		return fallback_place(v);
	}
	return q;
}

/* Still waiting to be placed, and nobody else has dealt with it meanwhile? */
static bool still_unplaced(const struct cx_vcpu *v, const struct cx_pcpu *p)
{
	return assigned(v) == p && v->attached && v->runnable && !v->awake && !is_oncpu(v);
}

static void move_to(struct cx_vcpu *v, struct cx_pcpu *from, struct cx_pcpu *to, uint64_t now)
{
	assign(v, to, now);
	policy_migrate(v, from, to, now);
}

struct cx_pcpu *place_and_wake(struct cx_vcpu *v, struct cx_pcpu *p, enum cx_wake_why why,
			       uint64_t now)
{
	struct cx_pcpu *q;

	while ((q = choose_place(v, p, now)) != p) {
		if (q->lock == p->lock) {
			move_to(v, p, q, now);
			p = q;
			break;
		}
		unlock_pcpu(p);
		lock_two(p, q);
		if (!still_unplaced(v, p)) {
			unlock_pcpu(q);
			return p;
		}
		/* Time has passed while we waited; others may have booked it. */
		now = clock_of(v->d);
		if (may_use(v, q)) {
			move_to(v, p, q, now);
			unlock_pcpu(p);
			p = q;
			break;
		}
		/* It went offline meanwhile: choose again. */
		unlock_pcpu(q);
	}
	policy_wake(v, why, now);
	return p;
}

static struct cx_pcpu *wake_locked(struct cx_vcpu *v, struct cx_pcpu *p, enum cx_wake_why why)
{
	struct cx_dispatch *d = v->d;
	uint64_t now;

	if (v->runnable || !v->attached || atomic_load(&d->ended))
		return p;
	now = clock_of(d);
	v->deadline_ns = CX_NEVER;
	v->wake_why = why;
	cx_timer_arm(&d->timers, &v->block_timer, CX_NEVER);
	set_runnable(v, true, now);
	emit_simple(p, CX_EV_WAKE, v, why, 0, now);
	return place_and_wake(v, p, why, now);
}

void cx_dispatch_wake(struct cx_vcpu *v, enum cx_wake_why why)
{
	unlock_pcpu(wake_locked(v, lock_vcpu(v), why));
	flush(v->d);
}

void cx_dispatch_set_timer(struct cx_vcpu *v, uint64_t when_ns)
{
	atomic_store(&v->alarm_ns, when_ns);
	cx_timer_arm(&v->d->timers, &v->guest_timer, when_ns);
	flush(v->d);
}

static void fire_tick(struct cx_pcpu *p)
{
	uint64_t now;

	lock_pcpu(p);
	now = clock_of(p->d);
	if (p->tick_armed && p->tick_period_ns && p->current && !atomic_load(&p->d->ended)) {
		policy_tick(p, now);
		if (p->d->ops->ticked)
			p->d->ops->ticked(p->d->machine, p);
		if (p->tick_armed && p->tick_period_ns)
			cx_timer_arm(&p->d->timers, &p->tick,
				     (now / p->tick_period_ns + 1) * p->tick_period_ns);
	} else {
		p->tick_armed = false; /* the next dispatch starts it again */
	}
	unlock_pcpu(p);
}

static void fire_policy_timer(struct cx_pcpu *p, unsigned number, uint64_t when)
{
	unsigned id = number % CX_PCPU_TIMERS;

	lock_pcpu(p);
	if (p->timer_ns[id] == when && !atomic_load(&p->d->ended)) {
		p->timer_ns[id] = CX_NEVER;
		policy_timer(p, id, clock_of(p->d));
	}
	unlock_pcpu(p);
}

static void fire_block_timer(struct cx_vcpu *v, uint64_t when)
{
	struct cx_pcpu *p = lock_vcpu(v);

	/* It may have woken and blocked again while this timer was on its way here. */
	if (!v->runnable && v->deadline_ns == when)
		p = wake_locked(v, p, CX_WAKE_TIMER);
	unlock_pcpu(p);
}

static void watchdog(struct cx_dispatch *d, uint64_t when, uint64_t now)
{
	uint64_t period = d->watchdog_ns / 4;

	/* If we were that late ourselves, the whole program stood still (stopped from
	 * outside, a host asleep): nobody has waited for the policy.  Virtual time does not
	 * stand still so. */
	if (d->single_thread || now - when < period)
		watchdog_scan(d);
	eject_if_wanted(d);
	if (!atomic_load(&d->policy.active))
		return;
	cx_timer_arm(&d->timers, &d->watchdog, now + period);
	/* Its wish may have come between the look and the arming. */
	if (atomic_load(&d->policy.eject))
		cx_timer_arm(&d->timers, &d->watchdog, now);
}

static void fire(struct cx_dispatch *d, struct cx_timer *t, uint64_t when, uint64_t now)
{
	switch (t->kind) {
	case CX_TIMER_TICK:
		fire_tick(t->owner);
		break;
	case CX_TIMER_POLICY:
		fire_policy_timer(t->owner, t->number, when);
		break;
	case CX_TIMER_BLOCK:
		fire_block_timer(t->owner, when);
		break;
	case CX_TIMER_GUEST: {
		struct cx_vcpu *v = t->owner;

		if (atomic_compare_exchange_strong(&v->alarm_ns, &when, CX_NEVER))
			d->ops->timer_expired(d->machine, v);
		break;
	}
	case CX_TIMER_RETRY:
		cx_kick(t->owner);
		break;
	case CX_TIMER_WATCHDOG:
		watchdog(d, when, now);
		break;
	case CX_TIMER_PCPU: /* never in this heap */
		break;
	}
	flush(d);
}

uint64_t cx_dispatch_timers(struct cx_dispatch *d)
{
	struct cx_timer *t;
	uint64_t when, next;

	/* "Awake": nobody needs to raise an alarm until we have promised a time. */
	atomic_store(&d->timers.promised, 0);
	for (;;) {
		uint64_t now = clock_of(d);

		if (atomic_load(&d->ended))
			return CX_NEVER;
		while ((t = cx_timers_pop(&d->timers, now, &when)) != NULL)
			fire(d, t, when, now);
		next = atomic_load(&d->timers.earliest);
		atomic_store(&d->timers.promised, next);
		if (atomic_load(&d->timers.earliest) >= next && next > clock_of(d))
			return next;
		atomic_store(&d->timers.promised, 0);
	}
}
