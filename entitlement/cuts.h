/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/cuts.h - of a group of many overlapping affinities, which pCPUs are asked for too
 * much, by a maximum flow from the classes to the pCPUs that they may use.
 *
 * What each domain would have at one common level is asked.  If it cannot be placed, the minimal
 * cut is the set of classes that ask most beyond the pCPUs that they may use; at that set's own
 * level, which is lower, a set within it may be too crowded again, and so on.  As what is asked
 * falls with the level, such sets are nested, and the last is the one of the lowest level
 * of all (G. Gallo, M. Grigoriadis, R. Tarjan, "A Fast Parametric Maximum Flow Algorithm", 1989).
 * When it is solved, the rest of the set around it is a problem of the same kind (S. Fujishige,
 * "Lexicographically Optimal Base of a Polymatroid", 1980).  So for k classes and p kinds of pCPUs
 * there are less than 2 min(k, p) flows in all.
 */
#ifndef CX_ENTITLEMENT_CUTS_H
#define CX_ENTITLEMENT_CUTS_H

#include "entitlement/affinity.h"

struct cx_flow;

struct cx_cuts {
	const struct cx_affinity *affinity;
	struct cx_flow *flow; /* classes to cells; NULL: no group has many classes */
	unsigned depth;       /* of the set that is looked at; 0: the whole group */
	/* By class: asked for, and the deepest set that the class is in. */
	uint64_t *asked;
	unsigned *deepest;
	unsigned *left; /* by cell: pCPUs */
	uint64_t *bound;
};

/** @affinity is finished.  Returns 0 or -ENOMEM; free it in either case. */
int cx_cuts_init(struct cx_cuts *cuts, const struct cx_affinity *affinity);
void cx_cuts_free(struct cx_cuts *cuts);

/** Look at the whole group. */
void cx_cuts_begin(struct cx_cuts *cuts);
/** The pCPUs of the set that is looked at, until another one is; NULL: all that are left. */
const uint64_t *cx_cuts_bound(const struct cx_cuts *cuts);
/**
 * @asked, by class, is what the domains of the set that is looked at have at its level, each
 * rounded down.  If that is too much for some of @group's pCPUs, those of @gone left out, look at
 * the set of classes that cannot have it.  False: it can be had.
 */
bool cx_cuts_deeper(struct cx_cuts *cuts, unsigned group, const uint64_t *gone, uint64_t per_pcpu);
/** The set that is looked at is solved: look at the one around it. */
void cx_cuts_back(struct cx_cuts *cuts);

#endif
