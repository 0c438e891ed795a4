/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include "base/units.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define MATRIX_CPUS_MAX 16u /* more do not fit a terminal's width */

static const char *const distance_names[] = { "self", "SMT", "LLC", "node", "remote" };

/* --- one line ------------------------------------------------------------------- */

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static const char *cpu_model(const struct cx_topology *topo)
{
	hwloc_obj_t package = hwloc_get_next_obj_by_type(topo->hw, HWLOC_OBJ_PACKAGE, NULL);
	const char *model = NULL;

	if (!topo->is_host)
		return "synthetic";
	if (package)
		model = hwloc_obj_get_info_by_name(package, "CPUModel");
	if (!model)
		model = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topo->hw), "CPUModel");
	return model && *model ? model : "unknown CPU";
}

char *cx_topology_describe(const struct cx_topology *topo)
{
	int cpus = hwloc_get_nbobjs_by_type(topo->hw, HWLOC_OBJ_PU);
	int packages = hwloc_get_nbobjs_by_type(topo->hw, HWLOC_OBJ_PACKAGE);
	int nodes = hwloc_get_nbobjs_by_type(topo->hw, HWLOC_OBJ_NUMANODE);
	unsigned allowed = cx_cpuset_count(topo->allowed);
	struct utsname kernel;
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "%s, %d CPU%s", cpu_model(topo), cpus, plural(cpus));
	if ((int)allowed != cpus)
		fprintf(out, " (%u usable)", allowed);
	fprintf(out, ", %d package%s, %d NUMA node%s", packages, plural(packages), nodes,
		plural(nodes));
	if (topo->is_host && uname(&kernel) == 0)
		fprintf(out, ", %s %s", kernel.sysname, kernel.release);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- the whole -------------------------------------------------------------------- */

static void print_set(FILE *out, hwloc_const_bitmap_t set)
{
	char *list;

	if (hwloc_bitmap_list_asprintf(&list, set) < 0)
		return;
	fputs(list, out);
	free(list);
}

/** Cores of @llc: "0 1 2+6", CPUs of one core joined. */
static void print_cores(const struct cx_topology *topo, unsigned llc, FILE *out)
{
	const char *gap = "";
	unsigned cpu, sibling;

	for (cpu = 0; cpu < topo->n_cpus; cpu++) {
		const struct cx_topology_cpu *c = &topo->cpus[cpu];

		if (!c->present || c->llc != llc || c->core != cpu)
			continue;
		fprintf(out, "%s%u", gap, cpu);
		for (sibling = cpu + 1; sibling < topo->n_cpus; sibling++)
			if (topo->cpus[sibling].present && topo->cpus[sibling].core == cpu)
				fprintf(out, "+%u", sibling);
		gap = " ";
	}
}

static void print_llcs(const struct cx_topology *topo, hwloc_obj_t package, FILE *out)
{
	char size[32];
	unsigned cpu;

	for (cpu = 0; cpu < topo->n_cpus; cpu++) {
		const struct cx_topology_cpu *c = &topo->cpus[cpu];
		hwloc_obj_t pu, llc;

		if (!c->present || c->llc != cpu || !hwloc_bitmap_isset(package->cpuset, cpu))
			continue;
		pu = hwloc_get_pu_obj_by_os_index(topo->hw, cpu);
		llc = pu ? cx_topology_llc_object(pu) : NULL;
		if (llc)
			fprintf(out, "    L%u cache %s", llc->attr->cache.depth,
				c->llc_size ? cx_format_size(c->llc_size, size, sizeof(size))
					    : "of unknown size");
		else
			fprintf(out, "    caches not reported");
		fprintf(out, ", node %u: CPUs ", c->node);
		print_cores(topo, c->llc, out);
		fputc('\n', out);
	}
}

static void print_nodes(const struct cx_topology *topo, FILE *out)
{
	hwloc_obj_t node = NULL;
	char size[32];
	unsigned i;

	fprintf(out, "NUMA nodes\n");
	while ((node = hwloc_get_next_obj_by_type(topo->hw, HWLOC_OBJ_NUMANODE, node)) != NULL) {
		fprintf(out, "    node %u: memory %s, CPUs ", node->os_index,
			cx_format_size(node->attr->numanode.local_memory, size, sizeof(size)));
		print_set(out, node->cpuset);
		if (cx_topology_node_distance(topo, node->os_index, node->os_index)) {
			fprintf(out, ", distances");
			for (i = 0; i < topo->n_nodes; i++)
				fprintf(out, " %u",
					cx_topology_node_distance(topo, node->os_index, i));
		}
		fputc('\n', out);
	}
}

/** How far a policy sees each usable CPU from each other. */
static void print_distances(const struct cx_topology *topo, FILE *out)
{
	int a, b;

	if (cx_cpuset_count(topo->allowed) > MATRIX_CPUS_MAX)
		return;
	fprintf(out, "Distances, as a policy sees them\n    %4s", "CPU");
	for (b = -1; (b = cx_cpuset_next(topo->allowed, b)) >= 0;)
		fprintf(out, " %6d", b);
	fputc('\n', out);
	for (a = -1; (a = cx_cpuset_next(topo->allowed, a)) >= 0;) {
		fprintf(out, "    %4d", a);
		for (b = -1; (b = cx_cpuset_next(topo->allowed, b)) >= 0;)
			fprintf(out, " %6s",
				distance_names[cx_topology_distance(topo, (unsigned)a,
								    (unsigned)b)]);
		fputc('\n', out);
	}
}

void cx_topology_print(const struct cx_topology *topo, FILE *out)
{
	char *line = cx_topology_describe(topo);
	hwloc_obj_t package = NULL;

	if (line)
		fprintf(out, "%s\n", line);
	free(line);
	fprintf(out, "Usable CPUs: ");
	print_set(out, topo->allowed->bits);
	fputc('\n', out);
	if (hwloc_get_nbobjs_by_type(topo->hw, HWLOC_OBJ_PACKAGE) < 1) {
		fprintf(out, "Packages not reported\n");
		print_llcs(topo, hwloc_get_root_obj(topo->hw), out);
	}
	while ((package = hwloc_get_next_obj_by_type(topo->hw, HWLOC_OBJ_PACKAGE, package)) !=
	       NULL) {
		fprintf(out, "Package %u\n", package->os_index);
		print_llcs(topo, package, out);
	}
	print_nodes(topo, out);
	print_distances(topo, out);
}
