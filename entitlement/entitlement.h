/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/entitlement.h - who is entitled to how much CPU: the one solver that policies
 * ask (through the service cx_entitlements()) and all policies are measured with.
 *
 * Clients of one capacity share it in proportion to their weights, within bounds:
 *
 *     e_i = clamp(w_i x, lo_i, hi_i)   with one x, the e_i adding up to the capacity
 *
 * with hi_i the least of limit and demand, and lo_i the least of reservation and hi_i.  If the
 * hi_i together fit, each has its hi_i; if the lo_i together do not fit, each has its lo_i
 * scaled down alike.  This is VMware's proportional share ("vSphere Resource Management"),
 * water-filling with a floor and a ceiling for each.
 *
 * All amounts are whole numbers in one unit of the caller's choice (ns in a step, ns per
 * second), all arithmetic is exact: results differ from the real numbers by less than 1, and
 * add up to the capacity where it is used up.  O(n log n), by sorting the levels x at which a
 * client meets one of its bounds.
 */
#ifndef CX_ENTITLEMENT_H
#define CX_ENTITLEMENT_H

#include <stdbool.h>
#include <stdint.h>

#define CX_NO_POOL UINT32_MAX
#define CX_POOL_WEIGHT_MAX 16777215u
#define CX_AMOUNT_MAX (1ull << 60)        /* of a capacity, lo, hi, demand */
#define CX_CLIENT_WEIGHT_MAX (1ull << 40) /* of one client; all together less than 2^62 */

/* ---- one capacity (flat.c) ---- */

/** A client of one capacity. */
struct cx_claim {
	uint64_t weight; /* 1 .. CX_CLIENT_WEIGHT_MAX */
	uint64_t lo, hi; /* lo <= hi <= CX_AMOUNT_MAX */
	uint64_t
		share; /* out: what it is entitled to, lo .. hi (less than lo if the lo do not fit) */
};

/** The level x, as a fraction; den = 0: infinite, all hi fit. */
struct cx_level {
	uint64_t num, den;
};

/** Working room of cx_entitle(): where a client meets a bound. */
struct cx_edge {
	uint64_t amount, weight; /* the level is amount / weight */
	bool ends;               /* meets its hi there; else leaves its lo */
};

/**
 * Divide @capacity (at most CX_AMOUNT_MAX) among @n claims, as the top of this file says.
 * Shares add up to the capacity, or to all hi where those fit.  Each is the real number rounded
 * up or down: clients in their order, what the fractions so far add up to is handed on.
 * If the lo do not fit, the level is 0 and the shares are the lo scaled down.
 * @level    out: the level; one that all are content with if several are
 * @scratch  room for 2 * @n edges
 * No allocation, no lock, no failure.
 */
void cx_entitle(struct cx_claim *claims, unsigned n, uint64_t capacity, struct cx_level *level,
		struct cx_edge *scratch);
/** Is level @a below level @b? */
bool cx_level_below(struct cx_level a, struct cx_level b);
/** clamp(@weight * x, @lo, @hi) at the level x, rounded down; @lo <= @hi. */
uint64_t cx_level_share(struct cx_level x, uint64_t weight, uint64_t lo, uint64_t hi);

/* ---- a tree of clients (tree.c) ---- */

/** A client in a tree: of the host, or of another one (a pool, a domain), at any depth. */
struct cx_client {
	unsigned parent;      /* an index, less than its own; CX_NO_POOL: of the host */
	uint64_t weight;      /* among its siblings */
	uint64_t reservation; /* guaranteed, where it is wanted */
	uint64_t limit;       /* at most CX_AMOUNT_MAX, which is none */
	uint64_t demand;      /* of one without children; others want what their children do */

	/* out */
	uint64_t entitled; /* of its demand */
	uint64_t rate;     /* if it wanted more than it can have; at least `entitled` */
	uint64_t reserved; /* of `entitled`: what reservations guarantee */

	/* Worked out: bounds as it wants (lo, hi), and if it wanted everything (floor, top). */
	uint64_t lo, hi, floor, top;
	unsigned first, next; /* child, sibling */
};

/** What a client, or the host, has for its children. */
struct cx_amounts {
	uint64_t entitled, rate;
	uint64_t reserved; /* CX_AMOUNT_MAX: reservations are guaranteed here, each its own */
};

/** Working room of the solver, for so many clients. */
struct cx_tree {
	unsigned room;
	struct cx_claim *claims;
	struct cx_edge *edges;
};

/** Returns 0 or -ENOMEM; free it in either case. */
int cx_tree_init(struct cx_tree *tree, unsigned room);
void cx_tree_free(struct cx_tree *tree);

/**
 * Divide what there is, @has, among the children of the host, what they get among theirs, and
 * so on.  A client with children counts among its siblings with
 *
 *     hi = min(limit, the children's hi)   lo = min(hi, max(reservation, the children's lo))
 *
 * `rate` is clamp(w x, floor, top) at the level x that its parent's rate makes among the
 * siblings; where that level is infinite, for all demands fit, the level if those that want
 * anything wanted everything, and for those that want nothing, if all did.  floor and top are lo
 * and hi if it wanted everything.
 * `reserved` is lo where has.reserved is CX_AMOUNT_MAX; below, the parent's `reserved` divided
 * with the children's lo as floors and their `entitled` as ceilings.
 * @rates  false: leave out `rate` and `reserved`, for speed
 * Returns 0; -EINVAL: more clients than room, or a parent that does not come before its child.
 * O(n log n); no allocation, no recursion.
 */
int cx_tree_divide(struct cx_tree *tree, struct cx_client *clients, unsigned n,
		   const struct cx_amounts *has, bool rates);

#endif
