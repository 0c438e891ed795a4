/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A synthetic description into tables.  All objects of a level are alike, so PU i (as they are
 * counted from left to right) is below object i / (PUs : objects) of every level above it.
 */
#include "topology/synthetic.h"

#include "topology/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct build {
	struct cx_synthetic s;
	unsigned n;                                    /* PUs */
	unsigned *number;                              /* of each PU, from left to right */
	unsigned *lowest[CX_SYNTHETIC_LEVELS_MAX + 1]; /* CPU number of each object of a level */
	unsigned *package_number;
	unsigned n_nodes;
	unsigned *node_number; /* in the order in which hwloc counts them */
	unsigned *node_of;     /* lowest node of each PU */
	unsigned *node_level;  /* and which level that node is at */
	struct cx_topology *topo;
	struct cx_error *err;
};

static int out_of_memory(struct build *b)
{
	return cx_fail(b->err, ENOMEM, "topology: out of memory");
}

/** The object of @level that PU @pu is below. */
static unsigned object_of(const struct build *b, unsigned level, unsigned pu)
{
	return pu / (b->n / b->s.level[level].width);
}

/** The level of that kind, 0 = none. */
static unsigned level_of(const struct build *b, unsigned kind)
{
	unsigned i;

	for (i = 1; i < b->s.n_levels; i++)
		if (b->s.level[i].kind == kind)
			return i;
	return 0;
}

static bool is_data_cache(const struct cx_synthetic_level *level)
{
	return level->kind > CX_SYNTHETIC_CACHE && level->kind < CX_SYNTHETIC_CACHE_INSTRUCTION;
}

/* --- numbers ---------------------------------------------------------------------- */

static int read_numbers(struct build *b, unsigned level, unsigned max, unsigned **numbers)
{
	const struct cx_synthetic_level *l = &b->s.level[level];

	*numbers = malloc(l->width * sizeof(**numbers));
	if (!*numbers)
		return out_of_memory(b);
	return cx_synthetic_order(&b->s, &l->order, l->width, max, *numbers, b->err);
}

static int read_lowest(struct build *b)
{
	unsigned i, pu;

	for (i = 0; i < b->s.n_levels; i++) {
		unsigned width = b->s.level[i].width;

		b->lowest[i] = malloc(width * sizeof(unsigned));
		if (!b->lowest[i])
			return out_of_memory(b);
		for (pu = 0; pu < width; pu++)
			b->lowest[i][pu] = UINT_MAX;
		for (pu = 0; pu < b->n; pu++) {
			unsigned *lowest = &b->lowest[i][object_of(b, i, pu)];

			if (b->number[pu] < *lowest)
				*lowest = b->number[pu];
		}
	}
	return 0;
}

/** Those of the levels that are numbered but not looked at must be right too. */
static int check_other_orders(struct build *b)
{
	unsigned i, *numbers;
	int rc = 0;

	for (i = 1; i < b->s.n_levels && !rc; i++) {
		if (!b->s.level[i].order.at)
			continue;
		rc = read_numbers(b, i, CX_TOPOLOGY_CPUS_MAX - 1, &numbers);
		free(numbers);
	}
	return rc;
}

/* --- nodes -------------------------------------------------------------------------- */

static int read_node_numbers(struct build *b)
{
	unsigned level = level_of(b, CX_SYNTHETIC_NODE);

	/* Without any, hwloc puts one at the machine. */
	b->n_nodes = level ? b->s.level[level].width : b->s.n_memories ? b->s.n_memories : 1;
	if (level)
		return read_numbers(b, level, CX_TOPOLOGY_NODES_MAX - 1, &b->node_number);
	b->node_number = malloc(b->n_nodes * sizeof(unsigned));
	if (!b->node_number)
		return out_of_memory(b);
	return cx_synthetic_order(&b->s, &b->s.memory_order, b->n_nodes, CX_TOPOLOGY_NODES_MAX - 1,
				  b->node_number, b->err);
}

static void add_node(struct build *b, unsigned number, uint64_t memory, unsigned level,
		     unsigned object)
{
	struct cx_topology_node *node = &b->topo->nodes[number];
	unsigned each = b->n / b->s.level[level].width, pu;

	node->present = true;
	node->memory = memory;
	for (pu = object * each; pu < (object + 1) * each; pu++) {
		cx_cpuset_add(node->cpus, b->number[pu]);
		if (number < b->node_of[pu]) {
			b->node_of[pu] = number;
			b->node_level[pu] = level;
		}
	}
}

/** Those in brackets: hwloc counts them as the objects that they are at end, left to right. */
static void add_memories(struct build *b)
{
	unsigned next = 0, pu, level, i;

	for (pu = 0; pu < b->n; pu++) {
		for (level = b->s.n_levels; level-- > 0;) {
			const struct cx_synthetic_level *l = &b->s.level[level];

			if ((pu + 1) % (b->n / l->width) != 0)
				continue;
			for (i = 0; i < l->n_memories; i++)
				add_node(b, b->node_number[next++], l->memory[i], level,
					 object_of(b, level, pu));
		}
	}
}

static void add_nodes(struct build *b)
{
	unsigned level = level_of(b, CX_SYNTHETIC_NODE), i;

	for (i = 0; i < b->n; i++)
		b->node_of[i] = UINT_MAX;
	if (b->s.n_memories) {
		add_memories(b);
		return;
	}
	for (i = 0; i < b->n_nodes; i++)
		add_node(b, b->node_number[i], level ? b->s.level[level].size : 1ull << 30, level,
			 i);
}

/* --- CPUs ------------------------------------------------------------------------------ */

/** The level of the cache that most share, 0 = none. */
static unsigned llc_level(const struct build *b)
{
	unsigned i;

	for (i = 1; i < b->s.n_levels; i++)
		if (is_data_cache(&b->s.level[i]))
			return i;
	return 0;
}

/** The largest data cache below the last-level one, @llc, of no more CPUs than a core has. */
static uint64_t own_cache_size(const struct build *b, unsigned core, unsigned llc)
{
	uint64_t size = 0;
	unsigned i;

	for (i = llc + 1; i < b->s.n_levels; i++) {
		const struct cx_synthetic_level *l = &b->s.level[i];

		if (is_data_cache(l) && l->width >= b->s.level[core].width && l->size > size)
			size = l->size;
	}
	return size;
}

static void add_cpus(struct build *b)
{
	unsigned core = level_of(b, CX_SYNTHETIC_CORE), llc = llc_level(b);
	unsigned package = level_of(b, CX_SYNTHETIC_PACKAGE), pu;
	uint64_t own;

	if (!core)
		core = b->s.n_levels - 1;
	own = own_cache_size(b, core, llc);
	for (pu = 0; pu < b->n; pu++) {
		struct cx_topology_cpu *cpu = &b->topo->cpus[b->number[pu]];
		/* Without caches, those of a package and a node count as sharing one. */
		unsigned shared = llc ? llc : package;

		if (!llc && b->node_level[pu] > shared)
			shared = b->node_level[pu];
		cpu->present = true;
		cpu->core = b->lowest[core][object_of(b, core, pu)];
		cpu->llc = b->lowest[shared][object_of(b, shared, pu)];
		cpu->l2_size = own;
		cpu->node = b->node_of[pu];
		if (llc) {
			cpu->llc_level = b->s.level[llc].kind - CX_SYNTHETIC_CACHE;
			cpu->llc_size = b->s.level[llc].size;
		}
		if (package) {
			cpu->package = b->lowest[package][object_of(b, package, pu)];
			cpu->package_number = (int)b->package_number[object_of(b, package, pu)];
		}
		cx_cpuset_add(b->topo->allowed, b->number[pu]);
	}
}

/* --- the whole -------------------------------------------------------------------------- */

static unsigned highest(const unsigned *numbers, unsigned n)
{
	unsigned max = 0, i;

	for (i = 0; i < n; i++)
		if (numbers[i] > max)
			max = numbers[i];
	return max;
}

static int build(struct build *b)
{
	unsigned package, last;
	int rc;

	last = b->s.n_levels - 1;
	b->n = b->s.level[last].width;
	rc = read_numbers(b, last, CX_TOPOLOGY_CPUS_MAX - 1, &b->number);
	if (!rc)
		rc = read_node_numbers(b);
	package = level_of(b, CX_SYNTHETIC_PACKAGE);
	if (!rc && package)
		rc = read_numbers(b, package, CX_TOPOLOGY_CPUS_MAX - 1, &b->package_number);
	if (!rc)
		rc = check_other_orders(b);
	if (!rc)
		rc = read_lowest(b);
	if (!rc)
		rc = cx_topology_new(highest(b->number, b->n) + 1,
				     highest(b->node_number, b->n_nodes) + 1, "synthetic", &b->topo,
				     b->err);
	if (rc)
		return rc;
	b->node_of = malloc(b->n * sizeof(unsigned));
	b->node_level = calloc(b->n, sizeof(unsigned));
	if (!b->node_of || !b->node_level)
		return out_of_memory(b);
	add_nodes(b);
	add_cpus(b);
	return 0;
}

int cx_topology_synthetic(const char *description, struct cx_topology **topo, struct cx_error *err)
{
	struct build b = { .err = err };
	unsigned i;
	int rc;

	rc = cx_synthetic_read(description, &b.s, err);
	if (!rc)
		rc = build(&b);
	for (i = 0; i < b.s.n_levels; i++)
		free(b.lowest[i]);
	free(b.number);
	free(b.package_number);
	free(b.node_number);
	free(b.node_of);
	free(b.node_level);
	if (rc)
		cx_topology_free(b.topo);
	else
		*topo = b.topo;
	return rc;
}
