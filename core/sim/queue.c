/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pCPUs by the time of their next event: a binary heap, each in it once at most.
 */
#include "core/sim/internal.h"

/* SplitMix64, as the dispatcher's own numbers (core/dispatch/services.c). */
uint64_t sim_random(struct cx_sim *sim)
{
	uint64_t z = (sim->random += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool before(const struct sim_pcpu *a, const struct sim_pcpu *b)
{
	return a->next_ns != b->next_ns ? a->next_ns < b->next_ns : a->tie < b->tie;
}

static void put(struct cx_sim *sim, unsigned slot, uint32_t pcpu)
{
	sim->queue[slot] = pcpu;
	sim->pcpus[pcpu].slot = slot + 1;
}

static void sift_up(struct cx_sim *sim, unsigned slot, uint32_t pcpu)
{
	while (slot > 0) {
		unsigned parent = (slot - 1) / 2;

		if (!before(&sim->pcpus[pcpu], &sim->pcpus[sim->queue[parent]]))
			break;
		put(sim, slot, sim->queue[parent]);
		slot = parent;
	}
	put(sim, slot, pcpu);
}

static void sift_down(struct cx_sim *sim, unsigned slot, uint32_t pcpu)
{
	for (;;) {
		unsigned child = 2 * slot + 1;

		if (child >= sim->queued)
			break;
		if (child + 1 < sim->queued &&
		    before(&sim->pcpus[sim->queue[child + 1]], &sim->pcpus[sim->queue[child]]))
			child++;
		if (!before(&sim->pcpus[sim->queue[child]], &sim->pcpus[pcpu]))
			break;
		put(sim, slot, sim->queue[child]);
		slot = child;
	}
	put(sim, slot, pcpu);
}

static void settle(struct cx_sim *sim, unsigned slot, uint32_t pcpu)
{
	sift_up(sim, slot, pcpu);
	sift_down(sim, sim->pcpus[pcpu].slot - 1, pcpu);
}

static void take_out(struct cx_sim *sim, struct sim_pcpu *p)
{
	unsigned slot = p->slot - 1;
	uint32_t last = sim->queue[--sim->queued];

	p->slot = 0;
	if (last != (uint32_t)(p - sim->pcpus))
		settle(sim, slot, last);
}

void sim_queue_set(struct cx_sim *sim, struct sim_pcpu *p, uint64_t when_ns)
{
	uint32_t pcpu = (uint32_t)(p - sim->pcpus);

	if (when_ns == p->next_ns && p->slot)
		return;
	p->next_ns = when_ns;
	if (when_ns == CX_NEVER) {
		if (p->slot)
			take_out(sim, p);
		return;
	}
	p->tie = sim->shuffle ? sim_random(sim) : pcpu;
	if (p->slot)
		settle(sim, p->slot - 1, pcpu);
	else
		sift_up(sim, sim->queued++, pcpu);
}

struct sim_pcpu *sim_queue_first(const struct cx_sim *sim)
{
	return sim->queued ? &sim->pcpus[sim->queue[0]] : NULL;
}
