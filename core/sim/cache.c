/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is warm: how much of a vCPU's working set is still in the caches when it comes back,
 * and how slow it is until the rest is there again.
 *
 * Two levels: the largest cache that a core has for itself ("near"), and the last level.  A
 * cache counts the bytes that anybody has brought into it.  A vCPU that left r bytes in a
 * cache of size s finds there, when it returns,
 *
 *     r - max(0, b - (s - r))     bytes, at least 0,
 *
 * with b what others brought in meanwhile: they take the free room and what is older first,
 * as least-recently-used replacement does.  The model only remembers the cache that it used
 * last on each level; elsewhere it is cold.
 *
 * While it is cold each access to what is missing costs what an access to the place costs
 * where it lies: the last-level cache, the last-level cache that it left (another one of the
 * node, or one of another node), else memory.  All of the working set is used evenly (a random
 * walk), so the work done meanwhile is that of as many accesses at the warm price.
 *
 * A set that is larger than a cache keeps streaming through it: what it brings in, others
 * lose.
 */
#include "core/sim/internal.h"

#define LINE 64u
#define PS_PER_NS 1000u
#define L1_BYTES (32u * 1024u) /* that of every x86-64 processor of the last decade, or more */

/* --- what an access costs when all is where it fits best ---------------------------- */

static uint64_t warm_price(const struct cx_sim *sim, uint64_t set, uint64_t near, uint64_t llc)
{
	uint64_t in_near, in_llc;

	if (set <= L1_BYTES)
		return cost(sim, CX_COST_ACCESS_L1);
	in_near = least(set, near);
	in_llc = least(set - in_near, llc);
	return scale(cost(sim, CX_COST_ACCESS_L2), in_near, set) +
	       scale(cost(sim, CX_COST_ACCESS_LLC), in_llc, set) +
	       scale(cost(sim, CX_COST_ACCESS_MEMORY), set - in_near - in_llc, set);
}

void sim_cache_init(const struct cx_sim *sim, struct cx_model_vcpu *v)
{
	v->near.where = v->llc.where = CX_SIM_NOWHERE;
	/* A pool's caches are taken to be alike. */
	v->warm_ps = warm_price(sim, v->set_bytes, sim->near[0].size, sim->llcs[0].size);
	if (!v->warm_ps)
		v->warm_ps = 1;
}

/* --- coming and going ------------------------------------------------------------------ */

/* Bytes of its set that it still has in @cache. */
static uint64_t remains(const struct sim_traces *t, const struct sim_cache *cache, uint32_t where)
{
	uint64_t others, room;

	if (t->where != where)
		return 0;
	others = cache->filled - t->mark;
	room = cache->size - t->bytes;
	if (others <= room)
		return t->bytes;
	return t->bytes - least(t->bytes, others - room);
}

static uint64_t missing(const struct cx_model_vcpu *v, const struct sim_traces *t,
			const struct sim_cache *cache, uint32_t where)
{
	return least(v->set_bytes, cache->size) - remains(t, cache, where);
}

/*
 * Of @missing bytes of the last level: what the cache that it used last still has, comes from
 * there, at a price by distance; what nobody has comes from memory.  In picoseconds.
 */
static uint64_t far_ps(const struct cx_sim *sim, const struct cx_model_vcpu *v,
		       const struct sim_pcpu *p, uint64_t missing_bytes)
{
	uint64_t there = 0, price = 0;
	unsigned distance;

	if (v->llc.where != CX_SIM_NOWHERE && v->llc.where != p->llc && v->last != CX_SIM_NOWHERE) {
		there = least(remains(&v->llc, &sim->llcs[v->llc.where], v->llc.where),
			      missing_bytes);
		distance = cx_topology_distance(sim->topology, sim->cpus[v->last],
						sim->cpus[p - sim->pcpus]);
		price = cost(sim, distance == CX_DIST_REMOTE ? CX_COST_ACCESS_REMOTE
							     : CX_COST_ACCESS_NODE);
	}
	return there / LINE * price +
	       (missing_bytes - there) / LINE * cost(sim, CX_COST_ACCESS_MEMORY);
}

void sim_cache_enter(struct cx_sim *sim, struct cx_model_vcpu *v, const struct sim_pcpu *p)
{
	uint64_t far, near, ps;

	v->miss_near = missing(v, &v->near, &sim->near[p->near], p->near);
	v->miss_llc = missing(v, &v->llc, &sim->llcs[p->llc], p->llc);
	far = v->miss_llc / LINE;
	near = v->miss_near > v->miss_llc ? (v->miss_near - v->miss_llc) / LINE : 0;
	ps = far_ps(sim, v, p, v->miss_llc) + near * cost(sim, CX_COST_ACCESS_LLC);
	v->cold_work_ns = (far + near) * v->warm_ps / PS_PER_NS;
	v->cold_ns = ps / PS_PER_NS;
	if (v->cold_ns < v->cold_work_ns)
		v->cold_ns = v->cold_work_ns; /* never faster than warm */
	v->cold_all_ns = v->cold_ns;
	v->stay_work_ns = 0;
}

/* What it brought in while its set came in, and by streaming once all was there. */
static uint64_t brought(const struct cx_model_vcpu *v, const struct sim_cache *cache,
			uint64_t missed)
{
	uint64_t bytes = missed, touched;

	if (v->cold_all_ns)
		bytes = scale(missed, v->cold_all_ns - v->cold_ns, v->cold_all_ns);
	if (v->set_bytes > cache->size) {
		touched = scale(v->stay_work_ns, (uint64_t)PS_PER_NS * LINE, v->warm_ps);
		touched = scale(touched, v->set_bytes - cache->size, v->set_bytes);
		bytes += least(touched, 2 * cache->size);
	}
	return bytes;
}

static void leave_behind(const struct cx_model_vcpu *v, struct sim_traces *t,
			 struct sim_cache *cache, uint32_t where, uint64_t missed)
{
	uint64_t fits = least(v->set_bytes, cache->size), bytes = brought(v, cache, missed);

	cache->filled += bytes;
	t->bytes = least(fits, fits - missed + bytes);
	t->mark = cache->filled;
	t->where = where;
}

void sim_cache_leave(struct cx_sim *sim, struct cx_model_vcpu *v, const struct sim_pcpu *p)
{
	leave_behind(v, &v->near, &sim->near[p->near], p->near, v->miss_near);
	leave_behind(v, &v->llc, &sim->llcs[p->llc], p->llc, v->miss_llc);
	v->cold_ns = v->cold_work_ns = 0;
}
