/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains come and go.
 */
#include "core/dispatch/internal.h"

#include <errno.h>

static void detach_domain(struct cx_domain *dom)
{
	lock_all(dom->d);
	if (atomic_exchange(&dom->attached, false))
		policy_domain_detach(dom, clock_of(dom->d));
	unlock_all(dom->d);
	flush(dom->d);
}

static void begin_life(struct cx_vcpu *v, uint64_t now)
{
	cx_list_push_back(&assigned(v)->vcpus, &v->node);
	v->attached = true;
	v->runnable = false;
	v->start_ns = v->since_ns = now;
	v->state = CX_BLOCKED;
	v->deadline_ns = CX_NEVER;
	atomic_fetch_add(&v->domain->alive, 1);
	atomic_fetch_add(&v->domain->attached_vcpus, 1);
}

static int attach_vcpu(struct cx_vcpu *v)
{
	struct cx_pcpu *p = lock_vcpu(v);
	uint64_t now = clock_of(v->d);
	int rc;

	/* A first place that its affinity allows; waking chooses the real one. */
	begin_life(v, now);
	rc = policy_vcpu_attach(v, now);
	if (rc) {
		v->attached = false;
		atomic_fetch_sub(&v->domain->attached_vcpus, 1);
		atomic_fetch_sub(&v->domain->alive, 1);
		cx_list_remove(&v->node);
		v->ended = true;
	}
	unlock_pcpu(p);
	return rc;
}

int cx_dispatch_start_domain(struct cx_dispatch *d, unsigned domain, struct cx_error *err)
{
	struct cx_domain *dom = &d->domains[domain];
	unsigned i;
	int rc;

	lock_all(d);
	rc = policy_domain_attach(dom, clock_of(d));
	atomic_store(&dom->attached, rc == 0);
	unlock_all(d);
	if (rc)
		return cx_fail(err, rc < 0 ? -rc : EIO, "scheduler %s refuses domain %s (%d)",
			       d->policy.plugin->name, dom->name, rc);
	for (i = 0; i < dom->n_vcpus; i++) {
		rc = attach_vcpu(&dom->vcpus[i]);
		if (rc) {
			cx_dispatch_stop_domain(d, domain, CX_END_STOPPED);
			detach_domain(dom);
			return cx_fail(err, rc < 0 ? -rc : EIO,
				       "scheduler %s refuses vCPU %u of domain %s (%d)",
				       d->policy.plugin->name, i, dom->name, rc);
		}
	}
	atomic_store(&dom->started, true);
	for (i = 0; i < dom->n_vcpus; i++)
		cx_dispatch_wake(&dom->vcpus[i], CX_WAKE_START);
	return 0;
}

void retire_vcpu(struct cx_vcpu *v, uint64_t now)
{
	set_runnable(v, false, now);
	v->borrowed = false;
	policy_block(v, now);
	cx_timer_arm(&v->d->timers, &v->block_timer, CX_NEVER);
	cx_timer_arm(&v->d->timers, &v->guest_timer, CX_NEVER);
}

void end_vcpu(struct cx_vcpu *v, struct cx_pcpu *p, uint64_t now)
{
	restate(v, now);
	policy_vcpu_detach(v, now);
	cx_list_remove(&v->node);
	v->attached = false;
	atomic_fetch_sub(&v->domain->attached_vcpus, 1);
	v->ended = true;
	v->stop_ns = now;
	emit_simple(p, CX_EV_END, v, v->end, atomic_load(&v->status), now);
}

void detach_if_last(struct cx_vcpu *v)
{
	struct cx_domain *dom = v->domain;

	if (v->ended && atomic_fetch_sub(&dom->alive, 1) == 1)
		detach_domain(dom);
}

static void stop_vcpu(struct cx_vcpu *v, enum cx_end end)
{
	struct cx_pcpu *p = lock_vcpu(v);
	bool ended = false;

	if (v->attached && !atomic_exchange(&v->ending, true)) {
		v->end = end;
		if (is_oncpu(v)) {
			cx_kick(p);
		} else {
			uint64_t now = clock_of(v->d);

			retire_vcpu(v, now);
			end_vcpu(v, p, now);
			ended = true;
		}
	}
	unlock_pcpu(p);
	if (ended)
		detach_if_last(v);
}

void cx_dispatch_stop_domain(struct cx_dispatch *d, unsigned domain, enum cx_end end)
{
	struct cx_domain *dom = &d->domains[domain];
	unsigned i;

	for (i = 0; i < dom->n_vcpus && !atomic_load(&d->ended); i++)
		stop_vcpu(&dom->vcpus[i], end);
	flush(d);
}

bool cx_dispatch_all_ended(struct cx_dispatch *d)
{
	unsigned i;

	for (i = 0; i < d->n_domains; i++)
		if (!atomic_load(&d->domains[i].started) || atomic_load(&d->domains[i].alive))
			return false;
	return true;
}
