/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64u
#define CLASSES_EXACT 6u   /* of a group: all their unions are tried */
#define SLACK (1.0 + 1e-9) /* rounding allowed when a share is held against a bound */

static bool has(const uint64_t *mask, unsigned bit)
{
	return mask[bit / WORD_BITS] >> (bit % WORD_BITS) & 1;
}

static void set(uint64_t *mask, unsigned bit)
{
	mask[bit / WORD_BITS] |= 1ull << (bit % WORD_BITS);
}

static bool within(const uint64_t *a, const uint64_t *b, unsigned words)
{
	unsigned i;

	for (i = 0; i < words; i++)
		if (a[i] & ~b[i])
			return false;
	return true;
}

/** Is @a within @b and @c together? */
static bool within_two(const uint64_t *a, const uint64_t *b, const uint64_t *c, unsigned words)
{
	unsigned i;

	for (i = 0; i < words; i++)
		if (a[i] & ~(b[i] | c[i]))
			return false;
	return true;
}

/** pCPUs of @mask that are online, less those of @without. */
static unsigned count(const struct cx_affinity *a, const uint64_t *mask, const uint64_t *without)
{
	unsigned i, n = 0;

	for (i = 0; i < a->words; i++)
		n += (unsigned)__builtin_popcountll(mask[i] & a->online[i] &
						    ~(without ? without[i] : 0));
	return n;
}

/** A list such as "0-3,6".  What cannot be read or holds no pCPU means all of them. */
static void parse(const char *text, unsigned n_pcpus, uint64_t *mask)
{
	bool any = false;
	unsigned i;

	while (text && *text >= '0' && *text <= '9') {
		char *end;
		unsigned long a = strtoul(text, &end, 10), b = a;

		if (*end == '-')
			b = strtoul(end + 1, &end, 10);
		for (; a <= b && a < n_pcpus; a++) {
			set(mask, (unsigned)a);
			any = true;
		}
		text = *end == ',' ? end + 1 : NULL;
	}
	for (i = 0; !any && i < n_pcpus; i++)
		set(mask, i);
}

static uint64_t *class_mask(const struct cx_affinity *a, unsigned class)
{
	return a->class_masks + (size_t) class * a->words;
}

/** Room for the masks of @n classes is there; one is filled in as a trial. */
static void make_classes(struct cx_affinity *a, const struct cx_record *record)
{
	unsigned d, c;

	for (d = 0; d < record->n_domains; d++) {
		uint64_t *mask = class_mask(a, a->n_classes);

		memset(mask, 0, a->words * sizeof(*mask));
		parse(record->domains[d].affinity, record->n_pcpus, mask);
		for (c = 0; memcmp(class_mask(a, c), mask, a->words * sizeof(*mask)) != 0; c++)
			;
		if (c == a->n_classes)
			a->n_classes++;
		a->class_of[d] = c;
	}
}

/** pCPUs of one class are of one group, and so on through shared pCPUs. */
static void make_groups(struct cx_affinity *a, unsigned n_pcpus)
{
	unsigned p, c, changed = 1;

	for (p = 0; p < n_pcpus; p++)
		a->group_of[p] = p;
	while (changed) { /* the lowest number spreads; few rounds, few classes */
		changed = 0;
		for (c = 0; c < a->n_classes; c++) {
			unsigned low = n_pcpus;

			for (p = 0; p < n_pcpus; p++)
				if (has(class_mask(a, c), p) && a->group_of[p] < low)
					low = a->group_of[p];
			for (p = 0; p < n_pcpus; p++)
				if (has(class_mask(a, c), p) && a->group_of[p] != low) {
					a->group_of[p] = low;
					changed = 1;
				}
			a->class_group[c] = low < n_pcpus ? low : 0;
		}
	}
	a->n_groups = n_pcpus ? n_pcpus : 1;
	for (p = 0; p < n_pcpus; p++) {
		a->group_cpus[a->group_of[p]]++;
		set(a->online, p);
	}
}

void cx_affinity_set_online(struct cx_affinity *a, unsigned p, bool online)
{
	if (has(a->online, p) == online)
		return;
	a->online[p / WORD_BITS] ^= 1ull << (p % WORD_BITS);
	a->group_cpus[a->group_of[p]] += online ? 1u : -1u;
}

static int add_bound(struct cx_affinity *a, unsigned group, const uint64_t *cpus)
{
	struct cx_affinity_bound *more;
	unsigned i;

	for (i = 0; i < a->n_bounds; i++)
		if (a->bounds[i].group == group &&
		    memcmp(a->bounds[i].cpus, cpus, a->words * sizeof(*cpus)) == 0)
			return 0;
	more = realloc(a->bounds, (a->n_bounds + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	a->bounds = more;
	more[a->n_bounds].group = group;
	more[a->n_bounds].cpus = malloc(a->words * sizeof(*cpus));
	if (!more[a->n_bounds].cpus)
		return -ENOMEM;
	memcpy(more[a->n_bounds].cpus, cpus, a->words * sizeof(*cpus));
	a->n_bounds++;
	return 0;
}

/** The union of those of @n classes @members that @pick (a bit mask) names. */
static void unite(const struct cx_affinity *a, const unsigned *members, unsigned n, uint64_t pick,
		  uint64_t *out)
{
	unsigned i, w;

	memset(out, 0, a->words * sizeof(*out));
	for (i = 0; i < n; i++)
		for (w = 0; (n > CLASSES_EXACT || pick >> i & 1) && w < a->words; w++)
			out[w] |= class_mask(a, members[i])[w];
}

static int bounds_of(struct cx_affinity *a, unsigned group, unsigned *members, uint64_t *mask)
{
	unsigned c, n = 0;
	uint64_t pick;
	int ret = 0;

	for (c = 0; c < a->n_classes; c++)
		if (a->class_group[c] == group)
			members[n++] = c;
	if (n < 2)
		return 0; /* the group itself is the only bound */
	for (c = 0; n > CLASSES_EXACT && c < n && !ret; c++)
		ret = add_bound(a, group, class_mask(a, members[c]));
	for (pick = 1; n <= CLASSES_EXACT && pick < 1ull << n && !ret; pick++) {
		unite(a, members, n, pick, mask);
		ret = add_bound(a, group, mask);
	}
	if (!ret) {
		unite(a, members, n, UINT64_MAX, mask);
		ret = add_bound(a, group, mask);
	}
	return ret;
}

int cx_affinity_init(struct cx_affinity *a, const struct cx_record *record)
{
	unsigned n = record->n_domains ? record->n_domains : 1;
	unsigned p = record->n_pcpus ? record->n_pcpus : 1, g;
	unsigned *members = calloc(n, sizeof(*members));
	uint64_t *mask;
	int ret = -ENOMEM;

	a->words = (p + WORD_BITS - 1) / WORD_BITS;
	mask = calloc(a->words, sizeof(*mask));
	a->class_of = calloc(n, sizeof(*a->class_of));
	a->class_masks = calloc(n + 1u, a->words * sizeof(*a->class_masks));
	a->class_group = calloc(n + 1u, sizeof(*a->class_group));
	a->group_of = calloc(p, sizeof(*a->group_of));
	a->group_cpus = calloc(p, sizeof(*a->group_cpus));
	a->online = calloc(a->words, sizeof(*a->online));
	if (members && mask && a->class_of && a->class_masks && a->class_group && a->group_of &&
	    a->group_cpus && a->online) {
		make_classes(a, record);
		make_groups(a, record->n_pcpus);
		for (g = 0, ret = 0; g < a->n_groups && !ret; g++)
			ret = bounds_of(a, g, members, mask);
	}
	free(members);
	free(mask);
	return ret;
}

void cx_affinity_free(struct cx_affinity *a)
{
	unsigned i;

	for (i = 0; a->bounds && i < a->n_bounds; i++)
		free(a->bounds[i].cpus);
	free(a->class_of);
	free(a->class_masks);
	free(a->class_group);
	free(a->bounds);
	free(a->group_of);
	free(a->group_cpus);
	free(a->online);
}

/** Do all claims fit into every set of pCPUs that bounds some of them? */
static bool feasible(const struct cx_affinity *a, unsigned group,
		     const struct cx_bound_claim *claims, unsigned n, double len_ns)
{
	unsigned b, i;

	for (b = 0; b < a->n_bounds; b++) {
		const struct cx_affinity_bound *bound = &a->bounds[b];
		double total = 0;

		if (bound->group != group)
			continue;
		for (i = 0; i < n; i++)
			if (within(class_mask(a, claims[i].class), bound->cpus, a->words))
				total += claims[i].claim.share;
		if (total > count(a, bound->cpus, NULL) * len_ns * SLACK)
			return false;
	}
	return true;
}

/** Gather the claims (from @from on) that lie within @bound and what is @gone. */
static unsigned gather(const struct cx_affinity *a, const struct cx_bound_claim *claims,
		       unsigned from, unsigned n, const uint64_t *bound, const uint64_t *gone,
		       struct cx_claim *out)
{
	unsigned i, m = 0;

	for (i = from; i < n; i++)
		if (within_two(class_mask(a, claims[i].class), bound, gone, a->words))
			out[m++] = claims[i].claim;
	return m;
}

/** Settle what lies within @bound: its claims move to the front.  Returns how many. */
static unsigned settle(const struct cx_affinity *a, struct cx_bound_claim *claims, unsigned from,
		       unsigned n, const uint64_t *bound, const uint64_t *gone,
		       const struct cx_claim *solved)
{
	unsigned i, m = 0;

	for (i = from; i < n; i++) {
		struct cx_bound_claim tmp;

		if (!within_two(class_mask(a, claims[i].class), bound, gone, a->words))
			continue;
		claims[i].claim.share = solved[m].share;
		tmp = claims[from + m];
		claims[from + m] = claims[i];
		claims[i] = tmp;
		m++;
	}
	return m;
}

/** Weighted max-min: the most crowded set of pCPUs first, then the rest without it. */
static void solve_by_bounds(const struct cx_affinity *a, unsigned group,
			    struct cx_bound_claim *claims, unsigned n, double len_ns,
			    struct cx_claim *scratch, uint64_t *gone)
{
	unsigned from = 0, i, b, w, m;

	while (from < n) {
		const uint64_t *worst = NULL;
		double least = INFINITY;

		for (b = 0; b < a->n_bounds; b++) {
			const uint64_t *cpus = a->bounds[b].cpus;
			double x;

			if (a->bounds[b].group != group)
				continue;
			m = gather(a, claims, from, n, cpus, gone, scratch);
			x = m ? cx_entitle_level(scratch, m, count(a, cpus, gone) * len_ns)
			      : INFINITY;
			if (x < least) {
				least = x;
				worst = cpus;
			}
		}
		if (!worst) { /* everything left fits */
			for (i = from; i < n; i++)
				claims[i].claim.share = claims[i].claim.hi;
			return;
		}
		m = gather(a, claims, from, n, worst, gone, scratch);
		cx_entitle(scratch, m, count(a, worst, gone) * len_ns);
		from += settle(a, claims, from, n, worst, gone, scratch);
		for (w = 0; w < a->words; w++)
			gone[w] |= worst[w];
	}
}

void cx_affinity_solve(const struct cx_affinity *a, unsigned group, struct cx_bound_claim *claims,
		       unsigned n, double len_ns, struct cx_claim *scratch)
{
	uint64_t *gone;
	unsigned i;

	for (i = 0; i < n; i++)
		scratch[i] = claims[i].claim;
	cx_entitle(scratch, n, a->group_cpus[group] * len_ns);
	for (i = 0; i < n; i++)
		claims[i].claim.share = scratch[i].share;
	if (a->n_bounds == 0 || feasible(a, group, claims, n, len_ns))
		return;
	gone = calloc(a->words, sizeof(*gone));
	if (!gone)
		return; /* the common x stands */
	solve_by_bounds(a, group, claims, n, len_ns, scratch, gone);
	free(gone);
}
