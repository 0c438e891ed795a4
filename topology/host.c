/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void cx_topology_free(struct cx_topology *topo)
{
	if (!topo)
		return;
	cx_cpuset_free(topo->allowed);
	free(topo->cpus);
	free(topo->node_distances);
	hwloc_topology_destroy(topo->hw);
	free(topo);
}

/** What the cgroup and the affinity of the calling thread leave us. */
static int read_allowed(struct cx_topology *topo, struct cx_error *err)
{
	hwloc_bitmap_t allowed;
	int rc = 0;

	topo->allowed = cx_cpuset_new();
	if (!topo->allowed)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	allowed = topo->allowed->bits;
	/* The thread's: that of a whole process is not one set when its threads differ. */
	if (topo->is_host && hwloc_get_cpubind(topo->hw, allowed, HWLOC_CPUBIND_THREAD) == 0)
		rc = hwloc_bitmap_and(allowed, allowed,
				      hwloc_topology_get_allowed_cpuset(topo->hw));
	else
		rc = hwloc_bitmap_copy(allowed, hwloc_topology_get_allowed_cpuset(topo->hw));
	if (rc < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	if (hwloc_bitmap_iszero(allowed))
		return cx_fail(err, ENODEV,
			       "topology: no CPU that this process may use was found; "
			       "check its affinity and cgroup");
	return 0;
}

/** The lowest number in @set, or @own when there is none. */
static unsigned lowest(hwloc_const_bitmap_t set, unsigned own)
{
	int first = set ? hwloc_bitmap_first(set) : -1;

	return first < 0 ? own : (unsigned)first;
}

hwloc_obj_t cx_topology_llc_object(hwloc_obj_t pu)
{
	hwloc_obj_t obj, llc = NULL;

	for (obj = pu->parent; obj; obj = obj->parent)
		if (hwloc_obj_type_is_dcache(obj->type))
			llc = obj;
	return llc;
}

/** The largest data cache that no other core shares. */
static uint64_t own_cache_size(hwloc_obj_t pu, hwloc_const_bitmap_t core)
{
	hwloc_obj_t obj;
	uint64_t size = 0;

	for (obj = pu->parent; obj && hwloc_bitmap_isincluded(obj->cpuset, core); obj = obj->parent)
		if (hwloc_obj_type_is_dcache(obj->type) && obj->attr->cache.size > size)
			size = obj->attr->cache.size;
	return size;
}

/**
 * The lowest CPU that shares @pu's last-level cache.  Where the host says nothing of
 * caches, CPUs of one package in one NUMA node are taken to share one.
 */
static unsigned llc_of(const struct cx_topology *topo, hwloc_obj_t pu, hwloc_bitmap_t scratch,
		       uint64_t *size)
{
	hwloc_obj_t llc = cx_topology_llc_object(pu), package;
	int node;

	*size = llc ? llc->attr->cache.size : 0;
	if (llc)
		return lowest(llc->cpuset, pu->os_index);
	package = hwloc_get_ancestor_obj_by_type(topo->hw, HWLOC_OBJ_PACKAGE, pu);
	if (!package)
		package = hwloc_get_root_obj(topo->hw);
	node = hwloc_bitmap_first(pu->nodeset);
	if (node >= 0) {
		hwloc_obj_t numa = hwloc_get_numanode_obj_by_os_index(topo->hw, (unsigned)node);

		if (numa && hwloc_bitmap_and(scratch, package->cpuset, numa->cpuset) == 0)
			return lowest(scratch, pu->os_index);
	}
	return lowest(package->cpuset, pu->os_index);
}

/** A number where no CPU is: alone in everything. */
static void fill_absent(struct cx_topology *topo)
{
	unsigned i;

	for (i = 0; i < topo->n_cpus; i++) {
		topo->cpus[i].core = i;
		topo->cpus[i].llc = i;
	}
}

static int read_cpus(struct cx_topology *topo, struct cx_error *err)
{
	hwloc_const_bitmap_t all = hwloc_topology_get_topology_cpuset(topo->hw);
	hwloc_bitmap_t scratch = hwloc_bitmap_alloc();
	int last = hwloc_bitmap_last(all);
	hwloc_obj_t pu = NULL;

	topo->n_cpus = last < 0 ? 0 : (unsigned)last + 1;
	topo->cpus = calloc(topo->n_cpus + 1, sizeof(*topo->cpus));
	if (!scratch || !topo->cpus) {
		hwloc_bitmap_free(scratch);
		return cx_fail(err, ENOMEM, "topology: out of memory");
	}
	fill_absent(topo);
	while ((pu = hwloc_get_next_obj_by_type(topo->hw, HWLOC_OBJ_PU, pu)) != NULL) {
		struct cx_topology_cpu *cpu = &topo->cpus[pu->os_index];
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topo->hw, HWLOC_OBJ_CORE, pu);

		cpu->present = true;
		cpu->core = core ? lowest(core->cpuset, pu->os_index) : pu->os_index;
		cpu->llc = llc_of(topo, pu, scratch, &cpu->llc_size);
		cpu->l2_size = own_cache_size(pu, core ? core->cpuset : pu->cpuset);
		cpu->node = lowest(pu->nodeset, 0);
		if (cpu->node >= topo->n_nodes)
			topo->n_nodes = cpu->node + 1;
	}
	hwloc_bitmap_free(scratch);
	return 0;
}

int cx_topology_from_hwloc(hwloc_topology_t hw, bool is_host, struct cx_topology **topo,
			   struct cx_error *err)
{
	struct cx_topology *t = calloc(1, sizeof(*t));
	int rc;

	if (!t) {
		hwloc_topology_destroy(hw);
		return cx_fail(err, ENOMEM, "topology: out of memory");
	}
	t->hw = hw;
	t->is_host = is_host;
	rc = read_allowed(t, err);
	if (!rc)
		rc = read_cpus(t, err);
	if (!rc && cx_topology_read_node_distances(t))
		rc = cx_fail(err, ENOMEM, "topology: out of memory");
	if (rc) {
		cx_topology_free(t);
		return rc;
	}
	*topo = t;
	return 0;
}

int cx_topology_host(struct cx_topology **topo, struct cx_error *err)
{
	hwloc_topology_t hw;

	if (hwloc_topology_init(&hw) < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	/* The others as well: who shares a cache does not depend on what we may use. */
	if (hwloc_topology_set_flags(hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
	    hwloc_topology_load(hw) < 0) {
		int code = errno ? errno : EIO;

		hwloc_topology_destroy(hw);
		return cx_fail(err, code,
			       "topology: hwloc cannot read this host: %s; is /sys there?",
			       strerror(code));
	}
	return cx_topology_from_hwloc(hw, true, topo, err);
}

int cx_topology_synthetic(const char *description, struct cx_topology **topo, struct cx_error *err)
{
	hwloc_topology_t hw;

	if (hwloc_topology_init(&hw) < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	if (hwloc_topology_set_synthetic(hw, description) < 0 || hwloc_topology_load(hw) < 0) {
		hwloc_topology_destroy(hw);
		return cx_fail(err, EINVAL,
			       "topology \"%s\": hwloc cannot read it; write one such as \"pack:1 "
			       "l3:1 core:4 pu:2\"",
			       description);
	}
	return cx_topology_from_hwloc(hw, false, topo, err);
}

const struct cx_cpuset *cx_topology_allowed(const struct cx_topology *topo)
{
	return topo->allowed;
}

unsigned cx_topology_cpus(const struct cx_topology *topo)
{
	return topo->n_cpus;
}
