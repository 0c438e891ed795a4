/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include <errno.h>
#include <hwloc/distances.h>
#include <limits.h>
#include <numa.h>
#include <stdlib.h>

/* The numbers of enum cx_distance, which belongs to rooms above this one. */
enum { SELF, SMT, LLC, NODE, REMOTE };

unsigned cx_topology_distance(const struct cx_topology *topo, unsigned cpu_a, unsigned cpu_b)
{
	const struct cx_topology_cpu *a, *b;

	if (cpu_a == cpu_b)
		return SELF;
	if (cpu_a >= topo->n_cpus || cpu_b >= topo->n_cpus)
		return REMOTE;
	a = &topo->cpus[cpu_a];
	b = &topo->cpus[cpu_b];
	if (!a->present || !b->present)
		return REMOTE;
	if (a->core == b->core)
		return SMT;
	if (a->llc == b->llc)
		return LLC;
	return a->node == b->node ? NODE : REMOTE;
}

unsigned cx_topology_llc(const struct cx_topology *topo, unsigned cpu)
{
	return cpu < topo->n_cpus ? topo->cpus[cpu].llc : cpu;
}

unsigned cx_topology_core(const struct cx_topology *topo, unsigned cpu)
{
	return cpu < topo->n_cpus ? topo->cpus[cpu].core : cpu;
}

uint64_t cx_topology_l2_size(const struct cx_topology *topo, unsigned cpu)
{
	return cpu < topo->n_cpus ? topo->cpus[cpu].l2_size : 0;
}

uint64_t cx_topology_llc_size(const struct cx_topology *topo, unsigned cpu)
{
	return cpu < topo->n_cpus ? topo->cpus[cpu].llc_size : 0;
}

unsigned cx_topology_node(const struct cx_topology *topo, unsigned cpu)
{
	return cpu < topo->n_cpus ? topo->cpus[cpu].node : 0;
}

/* --- between nodes ------------------------------------------------------------ */

static unsigned *cell(struct cx_topology *topo, unsigned a, unsigned b)
{
	return &topo->node_distances[(size_t)a * topo->n_nodes + b];
}

/** From the kernel through libnuma; a node that has no CPU or is not there reads 0. */
static void ask_libnuma(struct cx_topology *topo)
{
	unsigned a, b;

	if (numa_available() < 0)
		return;
	for (a = 0; a < topo->n_nodes; a++) {
		for (b = 0; b < topo->n_nodes; b++) {
			int distance = numa_distance((int)a, (int)b);

			*cell(topo, a, b) = distance > 0 ? (unsigned)distance : 0;
		}
	}
}

/** From the description, if it tells any. */
static void ask_hwloc(struct cx_topology *topo)
{
	struct hwloc_distances_s *matrix;
	unsigned n = 1, i, j;

	if (hwloc_distances_get_by_type(topo->hw, HWLOC_OBJ_NUMANODE, &n, &matrix,
					HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) < 0 ||
	    n == 0)
		return;
	for (i = 0; i < matrix->nbobjs; i++) {
		for (j = 0; j < matrix->nbobjs; j++) {
			unsigned a = matrix->objs[i]->os_index, b = matrix->objs[j]->os_index;
			hwloc_uint64_t value = matrix->values[(size_t)i * matrix->nbobjs + j];

			if (a < topo->n_nodes && b < topo->n_nodes && value <= UINT_MAX)
				*cell(topo, a, b) = (unsigned)value;
		}
	}
	hwloc_distances_release(topo->hw, matrix);
}

int cx_topology_read_node_distances(struct cx_topology *topo)
{
	if (topo->n_nodes == 0)
		topo->n_nodes = 1;
	topo->node_distances =
		calloc((size_t)topo->n_nodes * topo->n_nodes, sizeof(*topo->node_distances));
	if (!topo->node_distances)
		return -ENOMEM;
	if (topo->is_host)
		ask_libnuma(topo);
	else
		ask_hwloc(topo);
	return 0;
}

unsigned cx_topology_node_distance(const struct cx_topology *topo, unsigned node_a, unsigned node_b)
{
	if (node_a >= topo->n_nodes || node_b >= topo->n_nodes)
		return 0;
	return topo->node_distances[(size_t)node_a * topo->n_nodes + node_b];
}
