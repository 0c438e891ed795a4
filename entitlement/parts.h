/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/parts.h - the solver from inside: what of a pool counts where only some of its
 * members are.
 */
#ifndef CX_ENTITLEMENT_PARTS_H
#define CX_ENTITLEMENT_PARTS_H

#include "entitlement/spread.h"

/* The weights of a pool's members: of those that want anything, of all. */
struct weights {
	uint64_t wanting, all;
	/* What falls to them, and has anybody less than it may use? (spread.h) */
	uint64_t spread[CX_SPREAD_AMOUNTS];
	bool short_of[CX_SPREAD_AMOUNTS];
};

enum whose { HOST, LEFT, CHOSEN, WHOSE }; /* members where: not yet settled, solved just now */

struct cx_pool_part {
	struct weights weights[WHOSE];
	uint64_t reservation, limit; /* in the group */
	uint64_t used;               /* by its members that are settled */
};

/* Domains by their numbers: those of a group that are left, or of a set. */
struct members {
	unsigned *list;
	unsigned n;
	bool pooled;
	const uint64_t *bound; /* they are those within it and what is gone; NULL: all left */
	unsigned pcpus;        /* that they share */
};

static inline bool is_pool(const struct cx_solver *s, unsigned p)
{
	return p < s->n_pools;
}

/** Add up the members' weights in each pool, nested ones included. */
void parts_weigh(struct cx_solver *s, const struct members *m, enum whose whose);
/** What of each pool is in the group that @m are all of. */
void parts_begin_group(struct cx_solver *s, const struct members *m);
/** Pool @p as a client of its parent where those are that are chosen. */
struct cx_client parts_client(const struct cx_solver *s, unsigned p);

#endif
