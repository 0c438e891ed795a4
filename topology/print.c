/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include "base/units.h"

#include <stdlib.h>
#include <sys/utsname.h>

#define MATRIX_CPUS_MAX 16u /* more do not fit a terminal's width */

static const char *const distance_names[] = { "self", "SMT", "LLC", "node", "remote" };

/* --- one line ------------------------------------------------------------------- */

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

struct counts {
	unsigned cpus, packages, nodes;
};

static struct counts count(const struct cx_topology *topo)
{
	struct counts n = { 0 };
	unsigned i;

	for (i = 0; i < topo->n_cpus; i++) {
		const struct cx_topology_cpu *c = &topo->cpus[i];

		n.cpus += c->present;
		n.packages += c->present && c->package_number >= 0 && c->package == i;
	}
	for (i = 0; i < topo->n_nodes; i++)
		n.nodes += topo->nodes[i].present;
	return n;
}

char *cx_topology_describe(const struct cx_topology *topo)
{
	struct counts n = count(topo);
	unsigned allowed = cx_cpuset_count(topo->allowed);
	struct utsname kernel;
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "%s, %u CPU%s", topo->model, n.cpus, plural(n.cpus));
	if (allowed != n.cpus)
		fprintf(out, " (%u usable)", allowed);
	fprintf(out, ", %u package%s, %u NUMA node%s", n.packages, plural(n.packages), n.nodes,
		plural(n.nodes));
	if (topo->is_host && uname(&kernel) == 0)
		fprintf(out, ", %s %s", kernel.sysname, kernel.release);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- the whole -------------------------------------------------------------------- */

static void print_set(FILE *out, const struct cx_cpuset *set)
{
	char *list = cx_cpuset_format(set);

	if (list)
		fputs(list, out);
	free(list);
}

/** For each CPU number the next that shares something with it; n_cpus = none. */
struct chains {
	unsigned *thread; /* the next CPU of its core */
	unsigned *core;   /* the next core of its cache, by their lowest CPUs */
	unsigned *cache;  /* the next cache of its package, likewise */
};

static void free_chains(struct chains *chains)
{
	free(chains->thread);
	free(chains->core);
	free(chains->cache);
}

static void link_in(unsigned *chain, unsigned head, unsigned cpu)
{
	chain[cpu] = chain[head];
	chain[head] = cpu;
}

static bool make_chains(const struct cx_topology *topo, struct chains *chains)
{
	unsigned i, n = topo->n_cpus;

	chains->thread = malloc((n + 1) * sizeof(unsigned));
	chains->core = malloc((n + 1) * sizeof(unsigned));
	chains->cache = malloc((n + 1) * sizeof(unsigned));
	if (!chains->thread || !chains->core || !chains->cache)
		return false;
	for (i = 0; i < n; i++)
		chains->thread[i] = chains->core[i] = chains->cache[i] = n;
	for (i = n; i-- > 0;) { /* from the end: each is put before those above it */
		const struct cx_topology_cpu *c = &topo->cpus[i];

		if (c->core != i)
			link_in(chains->thread, c->core, i);
		else if (c->llc != i)
			link_in(chains->core, c->llc, i);
		if (c->llc == i && c->package != i)
			link_in(chains->cache, c->package, i);
	}
	return true;
}

/** Cores of the last-level cache that begins with @llc: "0 1 2+6", CPUs of one core joined. */
static void print_cores(const struct cx_topology *topo, const struct chains *chains, unsigned llc,
			FILE *out)
{
	const char *gap = "";
	unsigned core, thread;

	for (core = llc; core < topo->n_cpus; core = chains->core[core]) {
		fprintf(out, "%s%u", gap, core);
		for (thread = chains->thread[core]; thread < topo->n_cpus;
		     thread = chains->thread[thread])
			fprintf(out, "+%u", thread);
		gap = " ";
	}
}

static void print_llc(const struct cx_topology *topo, const struct chains *chains, unsigned llc,
		      FILE *out)
{
	const struct cx_topology_cpu *c = &topo->cpus[llc];
	char size[32];

	if (c->llc_level)
		fprintf(out, "    L%u cache %s", c->llc_level,
			c->llc_size ? cx_format_size(c->llc_size, size, sizeof(size))
				    : "of unknown size");
	else
		fprintf(out, "    caches not reported");
	fprintf(out, ", node %u: CPUs ", c->node);
	print_cores(topo, chains, llc, out);
	fputc('\n', out);
}

static void print_packages(const struct cx_topology *topo, const struct chains *chains, FILE *out)
{
	unsigned i, llc;

	for (i = 0; i < topo->n_cpus; i++) {
		const struct cx_topology_cpu *c = &topo->cpus[i];

		if (!c->present || c->package_number < 0 || c->package != i)
			continue;
		fprintf(out, "Package %d\n", c->package_number);
		for (llc = i; llc < topo->n_cpus; llc = chains->cache[llc])
			if (topo->cpus[llc].llc == llc)
				print_llc(topo, chains, llc, out);
	}
}

/** CPUs of which it is not said which package they are in. */
static void print_loose(const struct cx_topology *topo, const struct chains *chains, FILE *out)
{
	bool said = false;
	unsigned i;

	for (i = 0; i < topo->n_cpus; i++) {
		const struct cx_topology_cpu *c = &topo->cpus[i];

		if (!c->present || c->package_number >= 0 || c->llc != i)
			continue;
		if (!said)
			fprintf(out, "Packages not reported\n");
		said = true;
		print_llc(topo, chains, i, out);
	}
}

static void print_nodes(const struct cx_topology *topo, FILE *out)
{
	char size[32];
	unsigned n, i;

	fprintf(out, "NUMA nodes\n");
	for (n = 0; n < topo->n_nodes; n++) {
		const struct cx_topology_node *node = &topo->nodes[n];

		if (!node->present)
			continue;
		fprintf(out, "    node %u: memory %s, CPUs ", n,
			cx_format_size(node->memory, size, sizeof(size)));
		print_set(out, node->cpus);
		if (cx_topology_node_distance(topo, n, n)) {
			fprintf(out, ", distances");
			for (i = 0; i < topo->n_nodes; i++)
				fprintf(out, " %u", cx_topology_node_distance(topo, n, i));
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
	struct chains chains = { 0 };

	if (line)
		fprintf(out, "%s\n", line);
	free(line);
	fprintf(out, "Usable CPUs: ");
	print_set(out, topo->allowed);
	fputc('\n', out);
	if (make_chains(topo, &chains)) {
		print_packages(topo, &chains, out);
		print_loose(topo, &chains, out);
	}
	free_chains(&chains);
	print_nodes(topo, out);
	print_distances(topo, out);
}
