/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/spread.h - where the amounts of a pool fall whose members may not all use the same
 * pCPUs.
 *
 * The solver looks at one set of pCPUs after the other, and each time needs to know how much of a
 * pool's reservation and limit is for its members there.  By weights alone, members that want
 * little would take with them what the others could use elsewhere.  So the amount is divided among
 * the classes of affinity like one capacity (entitlement.h): a class has the weights of the pool's
 * members in it, and at most what these want and the class's pCPUs have.  Where no class meets
 * that bound, weights alone say the same.
 *
 * Beside others a class may get less than its part.  That shows once all is solved: then what
 * it got is what it may have at most, and all is solved once more.
 */
#ifndef CX_ENTITLEMENT_SPREAD_H
#define CX_ENTITLEMENT_SPREAD_H

#include "entitlement/affinity.h"

enum cx_amount { CX_RESERVATION, CX_LIMIT, CX_SPREAD_AMOUNTS };

/** Where one of the amounts falls. */
struct cx_spread_amount {
	bool *on;        /* by pool; false: by weights */
	uint64_t *parts; /* by pool and class */
	bool *wanting;   /* by pool and class: has less than its members want */
	bool *crowded;   /* by pool and class: got less than its part */
};

/** What a pool's members in one class have together. */
struct cx_spread_part {
	uint64_t weight; /* of those that want anything */
	uint64_t wants;
	uint64_t most; /* of that, by their pCPUs and the limits of pools below */
	uint64_t got;
};

struct cx_spread {
	bool any;
	struct cx_spread_amount amounts[CX_SPREAD_AMOUNTS];
	struct cx_spread_part *parts; /* by pool and class */
};

/** Returns 0 or -ENOMEM; free it in either case. */
int cx_spread_init(struct cx_spread *spread, unsigned pools, unsigned classes);
void cx_spread_free(struct cx_spread *spread);

/** Spread what the pools have in which the first @n of s->domains are; it works in s->tree. */
void cx_spread_pools(struct cx_spread *spread, struct cx_solver *s, unsigned n);

/** All is solved.  Should it be solved once more, as a class got less than its part, and another
 *  one of the same pool wants more than that?  Then the pools are spread anew. */
bool cx_spread_again(struct cx_spread *spread, struct cx_solver *s, unsigned n);

#endif
