/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classes of affinity, the groups that they make, and the sets of pCPUs that bound them.
 */
#include "entitlement/affinity.h"

#include "base/bits.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_TRIED 6u /* of a group: all their unions are tried */

unsigned cx_affinity_pcpus(const struct cx_affinity *a, const uint64_t *mask,
			   const uint64_t *without)
{
	unsigned i, n = 0;

	for (i = 0; i < a->words; i++)
		n += (unsigned)__builtin_popcountll(mask[i] & a->online[i] &
						    ~(without ? without[i] : 0));
	return n;
}

bool cx_affinity_within(const struct cx_affinity *a, unsigned c, const uint64_t *mask,
			const uint64_t *more)
{
	const uint64_t *own = cx_affinity_mask(a, c);
	unsigned i;

	for (i = 0; i < a->words; i++)
		if (own[i] & ~(mask[i] | (more ? more[i] : 0)))
			return false;
	return true;
}

int cx_affinity_init(struct cx_affinity *a, unsigned n_pcpus, unsigned classes)
{
	size_t p = n_pcpus ? n_pcpus : 1, n = classes + 1ul;
	unsigned i;

	memset(a, 0, sizeof(*a));
	a->n_pcpus = n_pcpus;
	a->room = classes;
	a->words = (unsigned)((p + CX_WORD_BITS - 1) / CX_WORD_BITS);
	a->class_masks = calloc(n, a->words * sizeof(*a->class_masks));
	a->class_group = calloc(n, sizeof(*a->class_group));
	a->class_cpus = calloc(n, sizeof(*a->class_cpus));
	a->group_of = calloc(p, sizeof(*a->group_of));
	a->group_cpus = calloc(p, sizeof(*a->group_cpus));
	a->many = calloc(p, sizeof(*a->many));
	a->cell_of = calloc(p, sizeof(*a->cell_of));
	a->online = calloc(a->words, sizeof(*a->online));
	if (!a->class_masks || !a->class_group || !a->class_cpus || !a->group_of ||
	    !a->group_cpus || !a->many || !a->cell_of || !a->online)
		return -ENOMEM;
	for (i = 0; i < n_pcpus; i++)
		a->online[i / CX_WORD_BITS] |= 1ull << (i % CX_WORD_BITS);
	return 0;
}

void cx_affinity_free(struct cx_affinity *a)
{
	unsigned i;

	for (i = 0; a->bounds && i < a->n_bounds; i++)
		free(a->bounds[i].cpus);
	free(a->class_masks);
	free(a->class_group);
	free(a->class_cpus);
	free(a->bounds);
	free(a->group_of);
	free(a->group_cpus);
	free(a->many);
	free(a->cell_of);
	free(a->online);
	memset(a, 0, sizeof(*a));
}

unsigned cx_affinity_class(struct cx_affinity *a, const uint64_t *mask)
{
	size_t size = a->words * sizeof(*mask);
	unsigned c;

	for (c = 0; c < a->n_classes; c++)
		if (memcmp(cx_affinity_mask(a, c), mask, size) == 0)
			return c;
	if (c == a->room)
		return a->room - 1; /* more than the caller said there would be */
	memcpy(a->class_masks + (size_t)c * a->words, mask, size);
	a->class_cpus[c] = cx_affinity_pcpus(a, mask, NULL);
	return a->n_classes++;
}

void cx_affinity_set_online(struct cx_affinity *a, unsigned p, bool online)
{
	unsigned c;

	if (cx_bit_has(a->online, p) == online)
		return;
	a->online[p / CX_WORD_BITS] ^= 1ull << (p % CX_WORD_BITS);
	a->group_cpus[a->group_of[p]] += online ? 1u : -1u;
	for (c = 0; c < a->n_classes; c++)
		if (cx_bit_has(cx_affinity_mask(a, c), p))
			a->class_cpus[c] += online ? 1u : -1u;
}

/** Bring the pCPUs of class @c into one group, the lowest of theirs.  False: they were. */
static bool unite_class(struct cx_affinity *a, unsigned c)
{
	const uint64_t *mask = cx_affinity_mask(a, c);
	unsigned low = a->n_pcpus, p;
	bool changed = false;

	for (p = 0; p < a->n_pcpus; p++)
		if (cx_bit_has(mask, p) && a->group_of[p] < low)
			low = a->group_of[p];
	for (p = 0; p < a->n_pcpus; p++)
		if (cx_bit_has(mask, p) && a->group_of[p] != low) {
			a->group_of[p] = low;
			changed = true;
		}
	a->class_group[c] = low < a->n_pcpus ? low : 0;
	return changed;
}

/** pCPUs of one class are of one group, and so on through shared pCPUs. */
static void make_groups(struct cx_affinity *a)
{
	bool changed = true;
	unsigned p, c;

	for (p = 0; p < a->n_pcpus; p++)
		a->group_of[p] = p;
	while (changed) /* the lowest number spreads; few rounds, few classes */
		for (c = 0, changed = false; c < a->n_classes; c++)
			changed |= unite_class(a, c);
	a->n_groups = a->n_pcpus ? a->n_pcpus : 1;
	for (p = 0; p < a->n_pcpus; p++)
		a->group_cpus[a->group_of[p]] += cx_bit_has(a->online, p);
}

static int add_bound(struct cx_affinity *a, unsigned group, const uint64_t *cpus)
{
	size_t size = a->words * sizeof(*cpus);
	struct cx_affinity_bound *more;
	unsigned i;

	for (i = 0; i < a->n_bounds; i++)
		if (a->bounds[i].group == group && memcmp(a->bounds[i].cpus, cpus, size) == 0)
			return 0;
	more = realloc(a->bounds, (a->n_bounds + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	a->bounds = more;
	more[a->n_bounds].group = group;
	more[a->n_bounds].cpus = malloc(size);
	if (!more[a->n_bounds].cpus)
		return -ENOMEM;
	memcpy(more[a->n_bounds].cpus, cpus, size);
	a->n_bounds++;
	return 0;
}

/** Add the union of those of the classes @members that @pick names. */
static int add_union(struct cx_affinity *a, unsigned group, const unsigned *members, unsigned n,
		     uint64_t pick, uint64_t *mask)
{
	unsigned i, w;

	memset(mask, 0, a->words * sizeof(*mask));
	for (i = 0; i < n; i++)
		for (w = 0; pick >> i & 1 && w < a->words; w++)
			mask[w] |= cx_affinity_mask(a, members[i])[w];
	return add_bound(a, group, mask);
}

static int bounds_of(struct cx_affinity *a, unsigned group, unsigned *members, uint64_t *mask)
{
	unsigned c, n = 0;
	uint64_t pick;
	int ret = 0;

	for (c = 0; c < a->n_classes; c++)
		if (a->class_group[c] == group)
			members[n++] = c;
	a->many[group] = n > CLASSES_TRIED;
	a->any_many |= a->many[group];
	if (n < 2 || n > CLASSES_TRIED)
		return 0; /* the group itself is the only bound; or they are found as needed */
	for (pick = 1; pick < 1ull << n && !ret; pick++)
		ret = add_union(a, group, members, n, pick, mask);
	return ret;
}

/** Of each cell, those that are in class @c become one of their own.  @to: room by cell. */
static void split_cells(struct cx_affinity *a, unsigned c, unsigned *to)
{
	unsigned p, n = a->n_cells;

	for (p = 0; p < n; p++)
		to[p] = UINT_MAX;
	for (p = 0; p < a->n_pcpus; p++) {
		unsigned *cell = &a->cell_of[p];

		if (!cx_bit_has(cx_affinity_mask(a, c), p))
			continue;
		if (to[*cell] == UINT_MAX)
			to[*cell] = n++;
		*cell = to[*cell];
	}
	/* Those that are empty now go. */
	for (p = 0; p < n; p++)
		to[p] = UINT_MAX;
	for (p = 0, n = 0; p < a->n_pcpus; p++) {
		unsigned *cell = &a->cell_of[p];

		if (to[*cell] == UINT_MAX)
			to[*cell] = n++;
		*cell = to[*cell];
	}
	a->n_cells = n;
}

int cx_affinity_finish(struct cx_affinity *a)
{
	unsigned *members = calloc(a->n_classes + 1ul, sizeof(*members));
	unsigned *cells = calloc(2ul * a->n_pcpus + 1, sizeof(*cells));
	uint64_t *mask = calloc(a->words, sizeof(*mask));
	int ret = -ENOMEM;
	unsigned i;

	if (members && cells && mask) {
		make_groups(a);
		for (i = 0, ret = 0; i < a->n_groups && !ret; i++)
			ret = bounds_of(a, i, members, mask);
		a->n_cells = 1;
		for (i = 0; a->any_many && i < a->n_classes; i++)
			split_cells(a, i, cells);
	}
	free(members);
	free(cells);
	free(mask);
	return ret;
}
