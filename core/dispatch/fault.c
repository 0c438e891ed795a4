/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a policy does wrong: counted, traced, and in the end the policy is taken out.
 */
#include "core/dispatch/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Long queues are not starvation: time for everyone in the queue to run twice. */
#define WATCHDOG_PER_WAITER_NS 60000000ull
/* A slice that is over for so long was not ended by the host, whatever the policy said. */
#define OVERDUE_NS 20000000ull

static void remember_why(struct cx_policy *pol, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Keep the first reason: later ones are mostly its consequences. */
static void remember_why(struct cx_policy *pol, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&pol->dead_lock);
	if (!pol->why.text[0]) {
		va_start(ap, fmt);
		vsnprintf(pol->why.text, sizeof(pol->why.text), fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&pol->dead_lock);
}

static void want_ejection(struct cx_dispatch *d, uint64_t now)
{
	if (!atomic_exchange(&d->policy.eject, true))
		cx_timer_arm(&d->timers, &d->watchdog, now);
}

void policy_fault(struct cx_pcpu *p, const struct cx_vcpu *v, enum cx_fault fault, uint64_t now)
{
	struct cx_dispatch *d = p->d;
	struct cx_policy *pol = &d->policy;
	char who[128] = "no vCPU of this pool";

	if (!atomic_load(&pol->active))
		return;
	cx_guard_service_enter();
	if (v)
		snprintf(who, sizeof(who), "%s/%u", v->domain->name, v->index);
	emit_simple(p, CX_EV_FAULT, v, fault, 0, now);
	if (atomic_fetch_add(&pol->faults[fault], 1) == 0) {
		char line[256];

		snprintf(line, sizeof(line),
			 "%s: fault \"%s\" on pCPU %u, %s (further ones are counted)",
			 pol->plugin->name, cx_fault_name(fault), p->index, who);
		d->ops->log(d->machine, line);
	}
	if (atomic_fetch_add(&pol->fault_total, 1) >= CX_FAULTS_MAX) {
		remember_why(pol, "policy %s made more than %d faults, the last one \"%s\" (%s)",
			     pol->plugin->name, CX_FAULTS_MAX, cx_fault_name(fault), who);
		want_ejection(d, now);
	}
	cx_guard_service_leave();
}

void policy_died(struct cx_policy *pol, const char *op, int signo)
{
	atomic_store(&pol->active, false);
	if (signo)
		remember_why(pol, "policy %s crashed in its operation %s: %s", pol->plugin->name,
			     op, strsignal(signo));
	else
		remember_why(pol, "policy %s: its operation %s did not return within %.3g s",
			     pol->plugin->name, op, (double)pol->d->watchdog_ns / 1e9);
	atomic_fetch_add(&pol->faults[signo ? CX_FAULT_CRASHED : CX_FAULT_STUCK], 1);
	atomic_store(&pol->dead, true);
}

bool cx_dispatch_dead(struct cx_dispatch *d, struct cx_error *why)
{
	struct cx_policy *pol = &d->policy;

	if (!atomic_load(&pol->dead))
		return false;
	if (why) {
		pthread_mutex_lock(&pol->dead_lock);
		*why = pol->why;
		pthread_mutex_unlock(&pol->dead_lock);
	}
	return true;
}

/* Where the clock stands still in an operation, looks at the same one are counted.  A host that
 * is busy with other things must not look like a policy that hangs: so for some time at least. */
static void check_count(struct cx_dispatch *d, struct cx_guard_watch *w, uint64_t since)
{
	uint64_t least =
		d->watchdog_ns > CX_WATCHDOG_DEFAULT_NS ? d->watchdog_ns : CX_WATCHDOG_DEFAULT_NS;

	w->looks = since && since == w->seen_ns ? w->looks + 1 : 0;
	w->seen_ns = since;
	if (w->looks > least / CX_STUCK_LOOK_NS)
		cx_guard_break(w, since);
}

/*
 * Two looks in a row must find the same operation overdue: after the program itself had
 * been stopped for a while, the first one finds whatever was under way.
 */
static void check_watch(struct cx_dispatch *d, struct cx_guard_watch *w, uint64_t now)
{
	uint64_t since = atomic_load(&w->since_ns);
	bool overdue = since && now > since && now - since > d->watchdog_ns;

	if (d->single_thread) {
		check_count(d, w, since);
		return;
	}

	if (overdue && w->seen_ns == since)
		cx_guard_break(w, since);
	w->seen_ns = overdue ? since : 0;
}

void cx_dispatch_check_stuck(struct cx_dispatch *d)
{
	/* A virtual clock is its thread's own. */
	uint64_t now = d->single_thread ? 0 : clock_of(d);
	unsigned i;

	check_watch(d, &d->policy.watch, now);
	for (i = 0; i < d->n_pcpus; i++)
		check_watch(d, &d->pcpus[i].watch, now);
}

static void unpark_all(struct cx_dispatch *d, uint64_t now)
{
	unsigned i, reason;

	for (i = 0; i < d->n_vcpus; i++) {
		struct cx_vcpu *v = &d->vcpus[i];

		for (reason = 0; v->attached && reason < CX_PARK_REASONS; reason++)
			if (v->parked & (1u << reason)) {
				v->parked &= ~(1u << reason);
				emit_simple(assigned(v), CX_EV_UNPARK, v, reason, 0, now);
				restate(v, now);
			}
		v->borrowed = false;
	}
}

void eject_if_wanted(struct cx_dispatch *d)
{
	struct cx_policy *pol = &d->policy;
	char line[CX_ERROR_MAX + 64];
	unsigned i;
	uint64_t now;

	if (!atomic_load(&pol->eject) || !atomic_load(&pol->active))
		return;
	lock_all(d);
	if (atomic_load(&d->ended)) {
		unlock_all(d);
		return;
	}
	now = clock_of(d);
	snprintf(line, sizeof(line), "%s; it is taken out, round-robin goes on", pol->why.text);
	d->ops->log(d->machine, line);
	policy_dump(d, now);
	atomic_store(&pol->active, false);
	atomic_store(&pol->ejected, true);
	unpark_all(d, now);
	for (i = 0; i < d->n_pcpus; i++)
		cx_kick(&d->pcpus[i]);
	unlock_all(d);
	flush(d);
}

/* Not if the host keeps the running vCPU from leaving: then nobody has asked the policy. */
static bool was_asked(const struct cx_pcpu *p, uint64_t now)
{
	return !p->current || now <= p->current->until_ns + OVERDUE_NS;
}

void watchdog_scan(struct cx_dispatch *d)
{
	struct cx_policy *pol = &d->policy;
	unsigned i;

	for (i = 0; i < d->n_vcpus && atomic_load(&pol->active); i++) {
		struct cx_vcpu *v = &d->vcpus[i];
		struct cx_pcpu *p = lock_vcpu(v);
		uint64_t bound = WATCHDOG_PER_WAITER_NS * atomic_load(&p->runnable);
		uint64_t now = clock_of(d);
		uint64_t waited = now > v->since_ns ? now - v->since_ns : 0;

		if (bound < d->watchdog_ns)
			bound = d->watchdog_ns;
		if (v->attached && v->state == CX_READY && waited > bound && was_asked(p, now)) {
			remember_why(pol,
				     "policy %s left %s/%u waiting for %.3g s (watchdog: %.3g s)",
				     pol->plugin->name, v->domain->name, v->index,
				     (double)waited / 1e9, (double)bound / 1e9);
			policy_fault(p, v, CX_FAULT_STARVED, now);
			want_ejection(d, now);
		}
		unlock_pcpu(p);
	}
}
