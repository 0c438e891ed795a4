/* SPDX-License-Identifier: BSD-2-Clause */
/* A topology as tables: one entry a CPU number, so that every question is one look. */
#include "topology/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of enum cx_distance, which belongs to rooms above this one. */
enum { SELF, SMT, LLC, NODE, REMOTE };

void cx_topology_free(struct cx_topology *topo)
{
	unsigned i;

	if (!topo)
		return;
	for (i = 0; topo->nodes && i < topo->n_nodes; i++)
		cx_cpuset_free(topo->nodes[i].cpus);
	cx_cpuset_free(topo->allowed);
	free(topo->nodes);
	free(topo->node_distances);
	free(topo->cpus);
	free(topo->model);
	free(topo);
}

/** Names come from files: one line of what a terminal can show. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int allocate(struct cx_topology *t, const char *model)
{
	unsigned i;

	t->model = strndup(model, CX_TOPOLOGY_MODEL_MAX);
	t->allowed = cx_cpuset_new();
	t->cpus = calloc(t->n_cpus + 1, sizeof(*t->cpus));
	t->nodes = calloc(t->n_nodes, sizeof(*t->nodes));
	t->node_distances = calloc((size_t)t->n_nodes * t->n_nodes, sizeof(*t->node_distances));
	if (!t->model || !t->allowed || !t->cpus || !t->nodes || !t->node_distances)
		return -ENOMEM;
	make_printable(t->model);
	for (i = 0; i < t->n_nodes; i++) {
		t->nodes[i].cpus = cx_cpuset_new();
		if (!t->nodes[i].cpus)
			return -ENOMEM;
	}
	for (i = 0; i < t->n_cpus; i++)
		t->cpus[i] = (struct cx_topology_cpu){
			.core = i, .llc = i, .package = i, .package_number = -1
		};
	return 0;
}

int cx_topology_new(unsigned n_cpus, unsigned n_nodes, const char *model, struct cx_topology **topo,
		    struct cx_error *err)
{
	struct cx_topology *t;

	if (n_cpus > CX_TOPOLOGY_CPUS_MAX)
		return cx_fail(err, ERANGE,
			       "topology: found CPU number %u, allowed 0 to %u (an event names its "
			       "pCPU in 16 bits)",
			       n_cpus - 1, CX_TOPOLOGY_CPUS_MAX - 1);
	if (n_nodes > CX_TOPOLOGY_NODES_MAX)
		return cx_fail(err, ERANGE, "topology: found NUMA node number %u, allowed 0 to %u",
			       n_nodes - 1, CX_TOPOLOGY_NODES_MAX - 1);
	t = calloc(1, sizeof(*t));
	if (t) {
		t->n_cpus = n_cpus;
		t->n_nodes = n_nodes;
	}
	if (!t || allocate(t, model)) {
		cx_topology_free(t);
		return cx_fail(err, ENOMEM, "topology: out of memory");
	}
	*topo = t;
	return 0;
}

int cx_topology_check(const struct cx_topology *topo, struct cx_error *err)
{
	unsigned i;

	for (i = 0; i < topo->n_cpus; i++) {
		const struct cx_topology_cpu *c = &topo->cpus[i];

		if (!c->present)
			continue;
		if (c->core >= topo->n_cpus || c->llc >= topo->n_cpus ||
		    c->package >= topo->n_cpus || c->node >= topo->n_nodes ||
		    topo->cpus[c->core].core != c->core || topo->cpus[c->llc].llc != c->llc ||
		    topo->cpus[c->package].package != c->package || !topo->cpus[c->core].present ||
		    !topo->cpus[c->llc].present || !topo->cpus[c->package].present)
			return cx_fail(err, EINVAL,
				       "CPU %u: its core, cache, package and node do not fit those "
				       "of the other CPUs",
				       i);
	}
	if (cx_cpuset_count(topo->allowed) == 0)
		return cx_fail(err, EINVAL, "no CPU in it may be used");
	for (int cpu = -1; (cpu = cx_cpuset_next(topo->allowed, cpu)) >= 0;)
		if ((unsigned)cpu >= topo->n_cpus || !topo->cpus[cpu].present)
			return cx_fail(err, EINVAL, "CPU %d may be used but is not there", cpu);
	return 0;
}

const struct cx_cpuset *cx_topology_allowed(const struct cx_topology *topo)
{
	return topo->allowed;
}

void cx_topology_use_all(struct cx_topology *topo)
{
	for (unsigned i = 0; i < topo->n_cpus; i++)
		if (topo->cpus[i].present)
			cx_cpuset_add(topo->allowed, i);
	topo->is_host = false;
}

unsigned cx_topology_cpus(const struct cx_topology *topo)
{
	return topo->n_cpus;
}

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

unsigned *cx_topology_node_row(const struct cx_topology *topo, unsigned node)
{
	return topo->node_distances + (size_t)node * topo->n_nodes;
}

unsigned cx_topology_node_distance(const struct cx_topology *topo, unsigned node_a, unsigned node_b)
{
	if (node_a >= topo->n_nodes || node_b >= topo->n_nodes)
		return 0;
	return cx_topology_node_row(topo, node_a)[node_b];
}
