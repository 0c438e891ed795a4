/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads under the host kernel's own scheduler: a vCPU that blocks sleeps in its own
 * thread, whoever sends it an event wakes that thread, nobody is ever preempted by us.
 */
#include "core/machine/linux_internal.h"

#include <sched.h>

static struct cx_linux_vcpu *of(struct cx_host_vcpu *hv)
{
	return hv->director_data;
}

/* Its own mutex guards the log, so a wake-up and a block have one order. */
static void note_locked(struct cx_linux_vcpu *lv, uint64_t t_ns, enum cx_event_type type,
			uint32_t why, uint64_t x)
{
	struct cx_event e = {
		.t_ns = t_ns,
		.type = (uint16_t)type,
		.vcpu = lv->hv->id,
		.prev = CX_NO_VCPU,
		.why = why,
		.x = x,
	};

	cx_linux_log(lv, &e);
}

static void check_alarm(struct cx_host_vcpu *hv)
{
	struct cx_linux_vcpu *lv = of(hv);

	if (lv->alarm_ns > cx_host_now(hv->host))
		return;
	lv->alarm_ns = CX_NEVER;
	hv->until_ns = CX_NEVER;
	cx_host_post(hv, CX_PORT_TIMER, CX_WAKE_TIMER);
}

static bool must_leave(struct cx_host_vcpu *hv, uint64_t now, enum cx_why *why)
{
	(void)now;
	check_alarm(hv);
	if (!atomic_load(&of(hv)->ending))
		return false;
	*why = CX_WHY_END;
	return true;
}

/*
 * @due_ns: when it should have woken, for a deadline that its own thread finds passed
 * once it runs again; CX_NEVER = now.
 */
static void wake_up(struct cx_linux_vcpu *lv, enum cx_wake_why why, uint64_t due_ns)
{
	uint64_t now = cx_host_now(lv->hv->host);

	pthread_mutex_lock(&lv->lock);
	if (lv->blocked) {
		lv->blocked = false;
		if (due_ns > now)
			due_ns = now;
		if (due_ns < lv->log[lv->n_log - 1].t_ns)
			due_ns = lv->log[lv->n_log - 1].t_ns;
		note_locked(lv, due_ns, CX_EV_WAKE, why, 0);
		atomic_fetch_add(&lv->bell, 1);
		cx_futex_wake(&lv->bell);
	}
	pthread_mutex_unlock(&lv->lock);
}

static bool still_blocked(struct cx_linux_vcpu *lv, unsigned *bell)
{
	bool blocked;

	pthread_mutex_lock(&lv->lock);
	blocked = lv->blocked;
	*bell = atomic_load(&lv->bell);
	pthread_mutex_unlock(&lv->lock);
	return blocked;
}

static void block(struct cx_host_vcpu *hv, uint64_t deadline_ns)
{
	struct cx_linux_vcpu *lv = of(hv);
	const struct cx_guest *g = hv->guest;
	uint64_t until;
	unsigned bell;

	pthread_mutex_lock(&lv->lock);
	if (g->engine->pending(g->vm, hv->index) || atomic_load(&lv->ending)) {
		pthread_mutex_unlock(&lv->lock);
		return;
	}
	lv->blocked = true;
	note_locked(lv, cx_host_now(hv->host), CX_EV_BLOCK, 0,
		    deadline_ns == CX_NEVER ? 0 : deadline_ns);
	pthread_mutex_unlock(&lv->lock);

	while (still_blocked(lv, &bell)) {
		until = deadline_ns;
		if (until != CX_NEVER) {
			if (cx_host_now(hv->host) >= until) {
				wake_up(lv, CX_WAKE_TIMER, until);
				break;
			}
			until += hv->host->start_ns;
		}
		if (atomic_load(&hv->host->quit) || atomic_load(&lv->ending)) {
			wake_up(lv, CX_WAKE_EVENT, CX_NEVER);
			break;
		}
		/* A signal (the guest's own timer) ends the wait as well. */
		cx_futex_wait(&lv->bell, bell, until);
		check_alarm(hv);
	}
}

static void end(struct cx_host_vcpu *hv)
{
	struct cx_linux_vcpu *lv = of(hv);

	pthread_mutex_lock(&lv->lock);
	if (!lv->ended) {
		lv->ended = true;
		if (!atomic_exchange(&lv->ending, true))
			lv->end = CX_END_EXIT;
		note_locked(lv, cx_host_now(hv->host), CX_EV_END, lv->end, hv->status);
		lv->stop_ns = lv->n_log ? lv->log[lv->n_log - 1].t_ns : 0;
		atomic_fetch_sub(&lv->linux_->alive, 1);
	}
	pthread_mutex_unlock(&lv->lock);
}

static bool leave(struct cx_host_vcpu *hv, enum cx_why why, uint64_t deadline_ns, uint64_t left_ns)
{
	(void)left_ns;
	switch (why) {
	case CX_WHY_BLOCK:
		block(hv, deadline_ns);
		return true;
	case CX_WHY_END:
		end(hv);
		return false;
	case CX_WHY_YIELD:
		sched_yield();
		return true;
	default:
		return true;
	}
}

static void wake(struct cx_host_vcpu *hv, enum cx_wake_why why)
{
	wake_up(of(hv), why, CX_NEVER);
}

static void set_timer(struct cx_host_vcpu *hv, uint64_t when_ns)
{
	of(hv)->alarm_ns = when_ns;
	hv->until_ns = when_ns;
	cx_host_arm(hv);
}

static void stop_domain(struct cx_host *host, unsigned domain, enum cx_end how)
{
	struct cx_guest *g = &host->guests[domain];
	unsigned i;

	for (i = 0; i < g->n_vcpus; i++) {
		struct cx_linux_vcpu *lv = of(&g->vcpus[i]);

		pthread_mutex_lock(&lv->lock);
		if (!atomic_exchange(&lv->ending, true))
			lv->end = how;
		atomic_fetch_add(&lv->bell, 1);
		cx_futex_wake(&lv->bell);
		pthread_mutex_unlock(&lv->lock);
		cx_host_kick(&g->vcpus[i]);
	}
}

/* The host's scheduler is not traced by us: the record is made after the run. */
static void note(struct cx_host_vcpu *hv, enum cx_event_type type, uint32_t why, uint64_t x,
		 uint64_t y)
{
	(void)hv;
	(void)type;
	(void)why;
	(void)x;
	(void)y;
}

const struct cx_director cx_direct_linux = {
	.must_leave = must_leave,
	.leave = leave,
	.wake = wake,
	.set_timer = set_timer,
	.stop_domain = stop_domain,
	.note = note,
};
