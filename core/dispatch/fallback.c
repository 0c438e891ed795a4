/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Core's own round robin: what runs when a policy's pick is not valid, and everything
 * after a policy was taken out.  No state of its own: the ring of vCPUs that are
 * assigned to a pCPU is the queue.
 */
#include "core/dispatch/internal.h"

#include <limits.h>

static bool can_run(const struct cx_vcpu *v, const struct cx_pcpu *p)
{
	if (v == p->current)
		return v->attached && v->runnable && !v->paused && !v->parked &&
		       !atomic_load_explicit(&v->ending, memory_order_relaxed);
	return eligible(v, p);
}

static struct cx_vcpu *first_eligible(const struct cx_pcpu *queue, const struct cx_pcpu *for_pcpu)
{
	struct cx_node *node;

	cx_list_for_each (node, &queue->vcpus) {
		struct cx_vcpu *v = cx_entry(node, struct cx_vcpu, node);

		if (eligible(v, for_pcpu))
			return v;
	}
	return NULL;
}

static struct cx_vcpu *steal(struct cx_pcpu *p, uint64_t now)
{
	struct cx_vcpu *v = NULL;
	struct cx_pcpu *peer;
	unsigned rank;

	for (rank = 1; !v && (peer = near_pcpu(p, rank)) != NULL; rank++) {
		if (atomic_load(&peer->runnable) < 2)
			continue;
		if (peer->lock != p->lock && !try_lock_pcpu(peer))
			continue;
		v = first_eligible(peer, p);
		if (v)
			assign(v, p, now);
		if (peer->lock != p->lock)
			unlock_pcpu(peer);
	}
	return v;
}

struct cx_vcpu *fallback_pick(struct cx_pcpu *p, const struct cx_vcpu *after, uint64_t now)
{
	struct cx_vcpu *v = cx_pcpu_next_vcpu(p, after), *first = v;

	while (v) {
		if (can_run(v, p))
			return v;
		v = cx_pcpu_next_vcpu(p, v);
		if (v == first)
			break;
	}
	return atomic_load(&p->d->policy.active) ? NULL : steal(p, now);
}

/* Runnable vCPUs there, @v itself, which is assigned somewhere already, not counted. */
static unsigned others(const struct cx_pcpu *p, const struct cx_vcpu *v)
{
	return cx_pcpu_runnable(p) - (p == assigned(v) && v->runnable ? 1 : 0);
}

static struct cx_pcpu *nearest_idle(struct cx_vcpu *v, struct cx_pcpu *from, const uint64_t *set)
{
	struct cx_pcpu *p;
	unsigned rank;

	for (rank = 0; (p = near_pcpu(from, rank)) != NULL; rank++)
		if (bit_of(set, p->index) && may_use(v, p) && cx_pcpu_idle(p) && others(p, v) == 0)
			return p;
	return NULL;
}

static struct cx_pcpu *least_loaded(struct cx_vcpu *v, struct cx_pcpu *from)
{
	struct cx_pcpu *best = NULL, *p;
	unsigned rank, lowest = UINT_MAX;

	for (rank = 0; (p = near_pcpu(from, rank)) != NULL; rank++) {
		unsigned load = others(p, v);

		if (may_use(v, p) && load < lowest) {
			best = p;
			lowest = load;
		}
	}
	return best ? best : from;
}

struct cx_pcpu *fallback_place(struct cx_vcpu *v)
{
	struct cx_pcpu *last = assigned(v), *p;
	bool allowed = may_use(v, last);

	p = nearest_idle(v, last, v->soft);
	if (!p)
		p = nearest_idle(v, last, v->hard);
	if (!p)
		/* A first start has no cache to lose: spread. */
		p = allowed && v->last_pcpu != UINT32_MAX ? last : least_loaded(v, last);
	return p;
}
