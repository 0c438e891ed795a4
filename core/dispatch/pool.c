/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pCPUs come and go while the run goes on.
 *
 * One that goes is first taken out of the pool: nobody is put there from then on, and who
 * waits there is assigned elsewhere.  When the vCPU that runs there has left, through the
 * machine like after any other kick, its policy is told, and the pCPU is offline.
 */
#include "core/dispatch/internal.h"

#include <errno.h>

/* --- near[]: the pCPU itself, then the others that are online, the nearest first --- */

static unsigned near_len(const struct cx_pcpu *p)
{
	return atomic_load_explicit(&p->d->n_online, memory_order_relaxed) + !is_online(p);
}

static void near_fill(struct cx_pcpu *p)
{
	struct cx_dispatch *d = p->d;
	unsigned n = 0, i, distance;

	p->near[n++] = (uint16_t)p->index;
	for (distance = CX_DIST_SMT; distance <= CX_DIST_REMOTE; distance++)
		for (i = 0; i < d->n_pcpus; i++) {
			const struct cx_pcpu *q = &d->pcpus[i];

			if (q != p && is_online(q) && distance_of(p, q) == distance)
				p->near[n++] = (uint16_t)i;
		}
}

/* At either end of the run pCPUs join and part one by one, and nobody else is there: lists are
 * then made when somebody asks. */
struct cx_pcpu *near_pcpu(const struct cx_pcpu *p, unsigned rank)
{
	if (!p->d->settled)
		near_fill(&p->d->pcpus[p->index]);
	return rank < near_len(p) ? &p->d->pcpus[p->near[rank]] : NULL;
}

static void near_fill_all(struct cx_dispatch *d)
{
	unsigned i;

	for (i = 0; d->settled && i < d->n_pcpus; i++)
		near_fill(&d->pcpus[i]);
}

void pool_settle(struct cx_dispatch *d, bool settled)
{
	d->settled = settled;
	near_fill_all(d);
}

static void pool_add(struct cx_pcpu *p)
{
	atomic_store(&p->online, true);
	atomic_fetch_add(&p->d->n_online, 1);
	cx_affinity_set_online(&p->d->classes, p->index, true);
	near_fill_all(p->d);
}

static void pool_remove(struct cx_pcpu *p)
{
	atomic_store(&p->online, false);
	atomic_fetch_sub(&p->d->n_online, 1);
	cx_affinity_set_online(&p->d->classes, p->index, false);
	near_fill_all(p->d);
}

/* --- joining and leaving, at either end of the run or within it ------------------- */

int pcpu_join(struct cx_pcpu *p, uint64_t now)
{
	int rc;

	pool_add(p);
	rc = policy_pcpu_online(p, now);
	if (rc)
		pool_remove(p);
	return rc;
}

static void cancel_timers(struct cx_pcpu *p)
{
	struct cx_timers *timers = &p->d->timers;
	unsigned id;

	p->tick_period_ns = 0;
	p->tick_armed = false;
	cx_timer_arm(timers, &p->tick, CX_NEVER);
	cx_timer_arm(timers, &p->retry, CX_NEVER);
	for (id = 0; id < CX_PCPU_TIMERS; id++) {
		p->timer_ns[id] = CX_NEVER;
		cx_timer_arm(timers, &p->timers[id], CX_NEVER);
	}
}

void pcpu_part(struct cx_pcpu *p, uint64_t now)
{
	if (is_online(p))
		pool_remove(p);
	policy_pcpu_offline(p, now);
	cancel_timers(p);
}

/* --- going offline ------------------------------------------------------------------ */

static bool has_other_place(const struct cx_vcpu *v, const struct cx_pcpu *without)
{
	const struct cx_dispatch *d = v->d;
	unsigned i;

	for (i = 0; i < d->n_pcpus; i++)
		if (&d->pcpus[i] != without && may_use(v, &d->pcpus[i]))
			return true;
	return false;
}

static int may_go(const struct cx_pcpu *p, struct cx_error *err)
{
	const struct cx_dispatch *d = p->d;
	unsigned i;

	if (atomic_load(&d->ended))
		return cx_fail(err, ECANCELED, "pCPU %u (CPU %u): the run has ended", p->index,
			       p->host_cpu);
	if (!is_online(p))
		return cx_fail(err, EALREADY, "pCPU %u (CPU %u) is offline already", p->index,
			       p->host_cpu);
	if (atomic_load(&d->n_online) == 1)
		return cx_fail(err, EBUSY,
			       "pCPU %u (CPU %u) cannot go offline: it is the last one online",
			       p->index, p->host_cpu);
	for (i = 0; i < d->n_vcpus; i++) {
		const struct cx_vcpu *v = &d->vcpus[i];

		if (!v->ended && !atomic_load(&v->ending) && !has_other_place(v, p))
			return cx_fail(err, EBUSY,
				       "pCPU %u (CPU %u) cannot go offline: domain %s may run "
				       "nowhere else that is online; widen its cpus",
				       p->index, p->host_cpu, v->domain->name);
	}
	return 0;
}

/* @v, not running, is assigned to @from, which is not in the pool any more. */
static void move_away(struct cx_vcpu *v, struct cx_pcpu *from, uint64_t now)
{
	struct cx_pcpu *to = fallback_place(v);

	if (!v->attached) {
		atomic_store(&v->pcpu, to);
		return;
	}
	assign(v, to, now);
	policy_migrate(v, from, to, now);
	if (!v->runnable)
		return;
	/* Whoever was about to wake it finds that done. */
	policy_wake(v, v->wake_why, now);
	if (!v->parked && !to->current)
		cx_kick(to);
}

static void move_all_away(struct cx_pcpu *p, uint64_t now)
{
	struct cx_dispatch *d = p->d;
	unsigned i;

	for (i = 0; i < d->n_vcpus; i++) {
		struct cx_vcpu *v = &d->vcpus[i];

		if (assigned(v) == p && !v->ended && !is_oncpu(v))
			move_away(v, p, now);
	}
}

static void go_offline(struct cx_pcpu *p, uint64_t now)
{
	move_all_away(p, now);
	pcpu_part(p, now);
	p->idle_ns += now - p->since_ns;
	p->since_ns = now;
	emit_simple(p, CX_EV_PCPU_OFFLINE, NULL, 0, atomic_load(&p->d->n_online), now);
}

void pcpu_left(struct cx_pcpu *p)
{
	struct cx_dispatch *d = p->d;

	lock_all(d);
	/* Somebody else may have seen to it, or called it back. */
	if (is_leaving(p) && !p->current && !atomic_load(&d->ended))
		go_offline(p, clock_of(d));
	unlock_all(d);
	flush(d);
}

static int no_such_pcpu(const struct cx_dispatch *d, unsigned index, struct cx_error *err)
{
	return cx_fail(err, EINVAL, "pCPU %u: found no such pCPU, allowed 0 to %u", index,
		       d->n_pcpus - 1);
}

int cx_dispatch_pcpu_offline(struct cx_dispatch *d, unsigned index, struct cx_error *err)
{
	struct cx_pcpu *p = cx_dispatch_pcpu(d, index);
	int rc;

	if (!p)
		return no_such_pcpu(d, index, err);
	lock_all(d);
	rc = may_go(p, err);
	if (!rc) {
		pool_remove(p);
		if (p->current) {
			move_all_away(p, clock_of(d));
			cx_kick(p);
		} else {
			go_offline(p, clock_of(d));
		}
	}
	unlock_all(d);
	flush(d);
	return rc;
}

/* --- coming online ------------------------------------------------------------------- */

static int come_online(struct cx_pcpu *p, uint64_t now, struct cx_error *err)
{
	int rc = pcpu_join(p, now);

	if (rc)
		return cx_fail(err, rc < 0 ? -rc : EIO,
			       "scheduler %s: pCPU %u did not come online (%d)",
			       p->d->policy.plugin->name, p->index, rc);
	p->offline_ns += now - p->since_ns;
	p->since_ns = now;
	emit_simple(p, CX_EV_PCPU_ONLINE, NULL, 0, atomic_load(&p->d->n_online), now);
	return 0;
}

int cx_dispatch_pcpu_online(struct cx_dispatch *d, unsigned index, struct cx_error *err)
{
	struct cx_pcpu *p = cx_dispatch_pcpu(d, index);
	int rc = 0;

	if (!p)
		return no_such_pcpu(d, index, err);
	lock_all(d);
	if (atomic_load(&d->ended))
		rc = cx_fail(err, ECANCELED, "pCPU %u (CPU %u): the run has ended", index,
			     p->host_cpu);
	else if (is_online(p))
		rc = cx_fail(err, EALREADY, "pCPU %u (CPU %u) is online already", index,
			     p->host_cpu);
	else if (is_leaving(p))
		pool_add(p); /* it had not gone yet: nobody was told anything */
	else
		rc = come_online(p, clock_of(d), err);
	if (!rc)
		cx_kick(p); /* others may have work for it */
	unlock_all(d);
	flush(d);
	return rc;
}
