/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology/internal.h - what the files of this room share; tests may look in.
 */
#ifndef CX_TOPOLOGY_INTERNAL_H
#define CX_TOPOLOGY_INTERNAL_H

#include "topology/topology.h"

#include <hwloc.h>

struct cx_cpuset {
	hwloc_bitmap_t bits;
};

/** What is known of one CPU number; a number without a CPU shares nothing with others. */
struct cx_topology_cpu {
	bool present;
	unsigned core;     /* lowest CPU number of its core */
	unsigned llc;      /* lowest CPU number that shares its last-level cache */
	unsigned node;     /* number of its (nearest, lowest) NUMA node */
	uint64_t llc_size; /* bytes, 0 = unknown */
	uint64_t l2_size;  /* of the largest data cache that its core has for itself; likewise */
};

struct cx_topology {
	hwloc_topology_t hw;
	bool is_host; /* this machine, not a description of one */
	struct cx_cpuset *allowed;
	unsigned n_cpus;
	struct cx_topology_cpu *cpus;
	unsigned n_nodes;         /* highest node number plus one */
	unsigned *node_distances; /* n_nodes x n_nodes, 10 = local, 0 = unknown */
};

/**
 * Take over @hw, loaded, also on failure.
 * @is_host  it is this machine: ask the kernel what we may use of it, and libnuma
 */
int cx_topology_from_hwloc(hwloc_topology_t hw, bool is_host, struct cx_topology **topo,
			   struct cx_error *err);
/** Fill in @topo->node_distances, the rest of @topo being there.  0 or -ENOMEM. */
int cx_topology_read_node_distances(struct cx_topology *topo);
/** The last-level data cache above @pu, or NULL when none is reported. */
hwloc_obj_t cx_topology_llc_object(hwloc_obj_t pu);

#endif
