/* SPDX-License-Identifier: BSD-2-Clause */
#include "entitlement/cuts.h"

#include "base/bits.h"
#include "entitlement/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;

int cx_cuts_init(struct cx_cuts *cuts, const struct cx_affinity *a)
{
	unsigned c, p;

	*cuts = (struct cx_cuts){ .affinity = a };
	if (!a->any_many)
		return 0;
	cuts->flow = cx_flow_new(a->n_classes, a->n_cells);
	cuts->asked = calloc(a->n_classes + 1ul, sizeof(*cuts->asked));
	cuts->deepest = calloc(a->n_classes + 1ul, sizeof(*cuts->deepest));
	cuts->left = calloc(a->n_cells + 1ul, sizeof(*cuts->left));
	cuts->bound = calloc(a->words, sizeof(*cuts->bound));
	if (!cuts->flow || !cuts->asked || !cuts->deepest || !cuts->left || !cuts->bound)
		return -ENOMEM;
	for (c = 0; c < a->n_classes; c++)
		for (p = 0; p < a->n_pcpus; p++)
			if (cx_bit_has(cx_affinity_mask(a, c), p))
				cx_flow_allow(cuts->flow, c, a->cell_of[p]);
	return 0;
}

void cx_cuts_free(struct cx_cuts *cuts)
{
	cx_flow_free(cuts->flow);
	free(cuts->asked);
	free(cuts->deepest);
	free(cuts->left);
	free(cuts->bound);
	*cuts = (struct cx_cuts){ 0 };
}

void cx_cuts_begin(struct cx_cuts *cuts)
{
	cuts->depth = 0;
	memset(cuts->deepest, 0, cuts->affinity->n_classes * sizeof(*cuts->deepest));
}

const uint64_t *cx_cuts_bound(const struct cx_cuts *cuts)
{
	return cuts->depth ? cuts->bound : NULL;
}

static void gather_bound(struct cx_cuts *cuts)
{
	const struct cx_affinity *a = cuts->affinity;
	unsigned c, w;

	memset(cuts->bound, 0, a->words * sizeof(*cuts->bound));
	for (c = 0; c < a->n_classes; c++)
		for (w = 0; cuts->deepest[c] >= cuts->depth && w < a->words; w++)
			cuts->bound[w] |= cx_affinity_mask(a, c)[w];
}

void cx_cuts_back(struct cx_cuts *cuts)
{
	if (cuts->depth && --cuts->depth)
		gather_bound(cuts);
}

static void count_left(struct cx_cuts *cuts, unsigned group, const uint64_t *gone)
{
	const struct cx_affinity *a = cuts->affinity;
	unsigned p;

	memset(cuts->left, 0, a->n_cells * sizeof(*cuts->left));
	for (p = 0; p < a->n_pcpus; p++)
		if (a->group_of[p] == group && cx_bit_has(a->online, p) && !cx_bit_has(gone, p))
			cuts->left[a->cell_of[p]]++;
}

bool cx_cuts_deeper(struct cx_cuts *cuts, unsigned group, const uint64_t *gone, uint64_t per_pcpu)
{
	const struct cx_affinity *a = cuts->affinity;
	unsigned i;

	count_left(cuts, group, gone);
	cx_flow_clear(cuts->flow);
	for (i = 0; i < a->n_cells; i++) {
		u128 capacity = (u128)cuts->left[i] * per_pcpu;

		cx_flow_set_capacity(cuts->flow, i,
				     capacity < CX_AMOUNT_MAX ? (uint64_t)capacity : CX_AMOUNT_MAX);
	}
	for (i = 0; i < a->n_classes; i++)
		cx_flow_set_supply(cuts->flow, i, cuts->asked[i]);
	if (!cx_flow_settle(cuts->flow))
		return false;
	cuts->depth++;
	for (i = 0; i < a->n_classes; i++)
		if (cx_flow_cut_source(cuts->flow, i))
			cuts->deepest[i] = cuts->depth;
	gather_bound(cuts);
	return true;
}
