/* SPDX-License-Identifier: BSD-2-Clause */
/* hwloc's tree of objects into tables; the tree is not needed afterwards. */
#include "topology/internal.h"

#include <errno.h>
#include <hwloc/distances.h>
#include <limits.h>
#include <numa.h>
#include <stdio.h>

#define CPU_NAME_MAX 63 /* bytes of a CPU's name; CPUID has 48 */

/** The lowest number in @set, or @own when there is none. */
static unsigned lowest(hwloc_const_bitmap_t set, unsigned own)
{
	int first = set ? hwloc_bitmap_first(set) : -1;

	return first < 0 ? own : (unsigned)first;
}

/** The last-level data cache above @pu, or NULL when none is reported. */
static hwloc_obj_t llc_object(hwloc_obj_t pu)
{
	hwloc_obj_t obj, llc = NULL;

	for (obj = pu->parent; obj; obj = obj->parent)
		if (hwloc_obj_type_is_dcache(obj->type))
			llc = obj;
	return llc;
}

/** The largest data cache below the last-level one that no other core shares. */
static uint64_t own_cache_size(hwloc_obj_t pu, hwloc_const_bitmap_t core)
{
	hwloc_obj_t obj, llc = llc_object(pu);
	uint64_t size = 0;

	for (obj = pu->parent; obj && hwloc_bitmap_isincluded(obj->cpuset, core); obj = obj->parent)
		if (obj != llc && hwloc_obj_type_is_dcache(obj->type) &&
		    obj->attr->cache.size > size)
			size = obj->attr->cache.size;
	return size;
}

/**
 * The lowest CPU of those that share a last-level cache where the host says nothing of
 * caches: CPUs of one package in one NUMA node are taken to share one.
 */
static unsigned llc_by_place(hwloc_topology_t hw, hwloc_obj_t pu, hwloc_obj_t package,
			     hwloc_bitmap_t scratch)
{
	int node = hwloc_bitmap_first(pu->nodeset);
	hwloc_obj_t numa;

	if (!package)
		package = hwloc_get_root_obj(hw);
	numa = node < 0 ? NULL : hwloc_get_numanode_obj_by_os_index(hw, (unsigned)node);
	if (numa && hwloc_bitmap_and(scratch, package->cpuset, numa->cpuset) == 0)
		return lowest(scratch, pu->os_index);
	return lowest(package->cpuset, pu->os_index);
}

static void read_cpu(hwloc_topology_t hw, hwloc_obj_t pu, hwloc_bitmap_t scratch,
		     struct cx_topology_cpu *cpu)
{
	hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(hw, HWLOC_OBJ_CORE, pu);
	hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(hw, HWLOC_OBJ_PACKAGE, pu);
	hwloc_obj_t llc = llc_object(pu);

	cpu->present = true;
	cpu->core = core ? lowest(core->cpuset, pu->os_index) : pu->os_index;
	cpu->l2_size = own_cache_size(pu, core ? core->cpuset : pu->cpuset);
	if (package) {
		unsigned number = package->os_index;

		cpu->package = lowest(package->cpuset, pu->os_index);
		cpu->package_number =
			number <= INT_MAX ? (int)number : (int)(package->logical_index & INT_MAX);
	}
	if (llc) {
		cpu->llc = lowest(llc->cpuset, pu->os_index);
		cpu->llc_size = llc->attr->cache.size;
		cpu->llc_level = (unsigned)(llc->type - HWLOC_OBJ_L1CACHE) + 1;
	} else {
		cpu->llc = llc_by_place(hw, pu, package, scratch);
	}
	cpu->node = lowest(pu->nodeset, 0);
}

/** Is @pu in the set of each object that it is below?  hwloc believes what a file says. */
static bool fits(hwloc_obj_t pu)
{
	hwloc_obj_t obj;

	for (obj = pu->parent; obj; obj = obj->parent)
		if (!obj->cpuset || !hwloc_bitmap_isset(obj->cpuset, pu->os_index))
			return false;
	return hwloc_bitmap_weight(pu->cpuset) == 1 && hwloc_bitmap_isset(pu->cpuset, pu->os_index);
}

/** 0; -EINVAL: what no kernel reports, but a file may. */
static int read_cpus(struct cx_topology *topo, hwloc_topology_t hw, struct cx_error *err)
{
	hwloc_bitmap_t scratch = hwloc_bitmap_alloc();
	hwloc_obj_t pu = NULL;

	if (!scratch)
		return cx_fail(err, ENOMEM, "out of memory");
	while ((pu = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_PU, pu)) != NULL) {
		if (pu->os_index >= topo->n_cpus || topo->cpus[pu->os_index].present || !fits(pu))
			break;
		read_cpu(hw, pu, scratch, &topo->cpus[pu->os_index]);
	}
	hwloc_bitmap_free(scratch);
	if (pu)
		return cx_fail(err, EINVAL,
			       "CPU %u: its cpuset is not that one number or not within those "
			       "around it, or there are two of it",
			       pu->os_index);
	return 0;
}

static int read_nodes(struct cx_topology *topo, hwloc_topology_t hw, struct cx_error *err)
{
	hwloc_obj_t obj = NULL;

	while ((obj = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_NUMANODE, obj)) != NULL) {
		struct cx_topology_node *node = &topo->nodes[obj->os_index];

		node->present = true;
		node->memory = obj->attr->numanode.local_memory;
		if (hwloc_bitmap_copy(node->cpus->bits, obj->cpuset) < 0)
			return cx_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

/** What the cgroup and the affinity of the calling thread leave us. */
static int read_allowed(struct cx_topology *topo, hwloc_topology_t hw, struct cx_error *err)
{
	hwloc_const_bitmap_t usable = hwloc_topology_get_allowed_cpuset(hw);
	hwloc_bitmap_t allowed = topo->allowed->bits;
	int cpu, rc;

	/* The thread's: that of a whole process is not one set when its threads differ. */
	if (topo->is_host && hwloc_get_cpubind(hw, allowed, HWLOC_CPUBIND_THREAD) == 0)
		rc = hwloc_bitmap_and(allowed, allowed, usable);
	else
		rc = hwloc_bitmap_copy(allowed, usable);
	/* A file may name others than it has. */
	if (rc == 0)
		rc = hwloc_bitmap_clr_range(allowed, topo->n_cpus, -1);
	if (rc < 0)
		return cx_fail(err, ENOMEM, "out of memory");
	for (cpu = -1; (cpu = cx_cpuset_next(topo->allowed, cpu)) >= 0;)
		if (!topo->cpus[cpu].present)
			cx_cpuset_remove(topo->allowed, (unsigned)cpu);
	if (!hwloc_bitmap_iszero(allowed))
		return 0;
	if (topo->is_host)
		return cx_fail(err, ENODEV,
			       "no CPU that this process may use was found; check its affinity "
			       "and cgroup");
	return cx_fail(err, EINVAL, "no CPU in it may be used (allowed_cpuset)");
}

/* --- distances between nodes ------------------------------------------------------ */

/** From the kernel through libnuma; a node that has no CPU or is not there reads 0. */
static void ask_libnuma(struct cx_topology *topo)
{
	unsigned a, b;

	if (numa_available() < 0)
		return;
	for (a = 0; a < topo->n_nodes; a++) {
		for (b = 0; b < topo->n_nodes; b++) {
			int distance = numa_distance((int)a, (int)b);

			cx_topology_node_row(topo, a)[b] = distance > 0 ? (unsigned)distance : 0;
		}
	}
}

/** From the description, if it tells any. */
static void ask_hwloc(struct cx_topology *topo, hwloc_topology_t hw)
{
	struct hwloc_distances_s *matrix;
	unsigned n = 1, i, j;

	if (hwloc_distances_get_by_type(hw, HWLOC_OBJ_NUMANODE, &n, &matrix,
					HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) < 0 ||
	    n == 0)
		return;
	for (i = 0; i < matrix->nbobjs; i++) {
		for (j = 0; j < matrix->nbobjs; j++) {
			unsigned a = matrix->objs[i]->os_index, b = matrix->objs[j]->os_index;
			hwloc_uint64_t value = matrix->values[(size_t)i * matrix->nbobjs + j];

			if (a < topo->n_nodes && b < topo->n_nodes && value <= UINT_MAX)
				cx_topology_node_row(topo, a)[b] = (unsigned)value;
		}
	}
	hwloc_distances_release(hw, matrix);
}

/* --- the whole ----------------------------------------------------------------------- */

/** What the first package says that it is, and @name in brackets if there is one. */
static void say_model(hwloc_topology_t hw, const char *name, char *text, size_t len)
{
	hwloc_obj_t package = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_PACKAGE, NULL);
	const char *model = NULL;

	if (package)
		model = hwloc_obj_get_info_by_name(package, "CPUModel");
	if (!model)
		model = hwloc_obj_get_info_by_name(hwloc_get_root_obj(hw), "CPUModel");
	if (!model || !*model)
		model = "unknown CPU";
	if (name)
		snprintf(text, len, "%.*s (%s)", CPU_NAME_MAX, model, name);
	else
		snprintf(text, len, "%.*s", CPU_NAME_MAX, model);
}

static void include(unsigned number, unsigned *n)
{
	if (number >= *n)
		*n = number < UINT_MAX ? number + 1 : UINT_MAX;
}

/** One more than the highest number that any CPU has, or any node. */
static void count(hwloc_topology_t hw, unsigned *n_cpus, unsigned *n_nodes)
{
	hwloc_obj_t obj;

	*n_cpus = 0;
	*n_nodes = 1;
	for (obj = NULL; (obj = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_PU, obj)) != NULL;) {
		include(obj->os_index, n_cpus);
		include(lowest(obj->nodeset, 0), n_nodes);
	}
	for (obj = NULL; (obj = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_NUMANODE, obj)) != NULL;)
		include(obj->os_index, n_nodes);
}

int cx_topology_from_hwloc(hwloc_topology_t hw, bool is_host, const char *name,
			   struct cx_topology **topo, struct cx_error *err)
{
	struct cx_topology *t = NULL;
	char model[CX_TOPOLOGY_MODEL_MAX + 1];
	unsigned n_cpus, n_nodes;
	int rc;

	count(hw, &n_cpus, &n_nodes);
	say_model(hw, name, model, sizeof(model));
	rc = cx_topology_new(n_cpus, n_nodes, model, &t, err);
	if (!rc) {
		t->is_host = is_host;
		rc = read_cpus(t, hw, err);
	}
	if (!rc)
		rc = read_allowed(t, hw, err);
	if (!rc)
		rc = read_nodes(t, hw, err);
	if (!rc && is_host)
		ask_libnuma(t);
	else if (!rc)
		ask_hwloc(t, hw);
	hwloc_topology_destroy(hw);
	if (rc)
		cx_topology_free(t);
	else
		*topo = t;
	return rc;
}
