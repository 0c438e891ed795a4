/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/affinity.h - who is entitled to how much of a host whose pCPUs not everybody may
 * use, with resource pools.
 *
 * Domains with one and the same hard affinity are a class.  pCPUs that classes connect, even
 * through others, are a group; groups are solved apart.  Within a group one common level may be
 * out of reach: three domains bound to one pCPU cannot have more than that pCPU.  Then the most
 * crowded set of pCPUs is solved first and taken out with its domains, and so on: weighted
 * max-min fairness (D. Bertsekas, R. Gallager, "Data Networks", section 6.5).  Of up to 6
 * classes in a group all unions are tried; of more, a maximum flow finds the set (cuts.h).
 *
 * The most crowded set is, where no domain is in a pool, the one whose own level is lowest.
 * With pools it is the one whose domains, each with its share of all that is left, exceed its
 * pCPUs by the largest factor, with more than 6 classes by the largest amount; when none is
 * exceeded, these shares stand.  Among the domains of the most crowded set some may be too
 * crowded again: then those are first.
 *
 * A pool whose members are in several groups, or of which some are solved before others, counts
 * in each of those solutions with a part of its reservation and of its limit (of what is left
 * of them): that which the weights there are of the weights of all its members (that are left),
 * and what others cannot use (spread.h).  Members are those that want anything, where there are
 * any.  Its own weight counts in full.
 *
 * No lock: a solver and its affinity are one caller's.
 */
#ifndef CX_ENTITLEMENT_AFFINITY_H
#define CX_ENTITLEMENT_AFFINITY_H

#include "entitlement/entitlement.h"

#include <stddef.h>

/* ---- who may run where (affinity.c) ---- */

/** A set of pCPUs whose capacity bounds the classes that lie within it. */
struct cx_affinity_bound {
	uint64_t *cpus;
	unsigned group;
};

struct cx_affinity {
	unsigned n_pcpus, words; /* 64-bit words of a mask: bit a pCPU */
	unsigned n_classes, n_bounds, n_groups, room;
	unsigned *group_of;   /* by pCPU; pCPUs that nobody may use are groups of their own */
	unsigned *group_cpus; /* by group: number of pCPUs online */
	uint64_t *online;     /* pCPUs, as a mask; all at first */
	/* A class: the domains with one and the same hard affinity. */
	uint64_t *class_masks; /* one after the other, each `words` long */
	unsigned *class_group;
	unsigned *class_cpus;             /* number of pCPUs online */
	struct cx_affinity_bound *bounds; /* only of groups with several classes, and not many */
	/* Groups with so many classes that their unions are too many to be tried. */
	bool any_many, *many; /* by group */
	unsigned n_cells;     /* a cell: pCPUs that are in the same classes */
	unsigned *cell_of;    /* by pCPU */
};

/**
 * Begin: @n_pcpus pCPUs, all online, and no class yet, of at most @classes.
 * Returns 0 or -ENOMEM; free it in either case.
 */
int cx_affinity_init(struct cx_affinity *a, unsigned n_pcpus, unsigned classes);
/** The class of those that may use the pCPUs in @mask: a new one, or one there is.  Not after
 *  cx_affinity_finish(). */
unsigned cx_affinity_class(struct cx_affinity *a, const uint64_t *mask);
/** All classes are there: find the groups and bounds.  Returns 0 or -ENOMEM. */
int cx_affinity_finish(struct cx_affinity *a);
void cx_affinity_free(struct cx_affinity *a);

/** The pCPUs of class @c. */
static inline const uint64_t *cx_affinity_mask(const struct cx_affinity *a, unsigned c)
{
	return a->class_masks + (size_t)c * a->words;
}

/** pCPU @p goes offline or comes back: it has nothing to give meanwhile.  Once finished. */
void cx_affinity_set_online(struct cx_affinity *a, unsigned p, bool online);
/** pCPUs of @mask that are online, less those of @without (NULL = none). */
unsigned cx_affinity_pcpus(const struct cx_affinity *a, const uint64_t *mask,
			   const uint64_t *without);
/** Is class @c within @mask and @more (NULL = nothing) together? */
bool cx_affinity_within(const struct cx_affinity *a, unsigned c, const uint64_t *mask,
			const uint64_t *more);

/* ---- who is entitled to what (solver.c) ---- */

struct cx_cuts;
struct cx_spread;

struct cx_solver_domain {
	unsigned class;
	unsigned pool;                /* an index; what is no pool's means none */
	uint64_t weight;              /* of all its vCPUs */
	uint64_t reservation, demand; /* amounts */
	uint64_t limit; /* no more than 100 % for each vCPU; its pCPUs online bound it anyway */

	/* out */
	uint64_t entitled, rate, reserved; /* as in struct cx_client */
	/* In which set of pCPUs it was solved: equal for those that were solved together, less
	 * than the number of classes (the first class of the set). */
	unsigned set;
	/* When it was: 0, 1, ... in each group.  Who is of a set may use that set's pCPUs and
	 * those of sets before it, and is entitled to nothing there. */
	unsigned rank;
};

struct cx_solver_pool {
	unsigned parent; /* an index, less than its own, or CX_NO_POOL */
	uint64_t weight;
	uint64_t reservation, limit; /* amounts; a limit of CX_AMOUNT_MAX is none */
};

/** Working room; the caller sets what is marked [in]. */
struct cx_solver {
	const struct cx_affinity *affinity; /* [in] finished */
	struct cx_solver_pool *pools;       /* [in] n_pools of them, the solver's own memory */
	uint64_t per_pcpu;                  /* [in] what each pCPU online has to give */
	bool rates;                         /* [in] `rate` and `reserved` are wanted too */

	unsigned n_pools, room;
	struct cx_tree tree;
	struct cx_client *clients;
	struct cx_pool_part *parts;
	/* Domains: by group, those not yet settled first; of a set; of a set that is tried. */
	unsigned *order, *chosen, *trial;
	unsigned *group_at;
	bool *inside;   /* by class: within the bound that is looked at */
	uint64_t *gone; /* pCPUs that are taken out */
	bool *present;  /* by class: of those that are weighed */
	struct cx_cuts *cuts;
	struct cx_spread *spread;
	struct cx_solver_domain *domains;
};

/**
 * Room for @domains domains and @pools pools (zeroed, of no parent) on @affinity, which is
 * finished.  Returns 0 or -ENOMEM; free it in either case.
 */
int cx_solver_init(struct cx_solver *s, const struct cx_affinity *affinity, unsigned domains,
		   unsigned pools);
void cx_solver_free(struct cx_solver *s);
/** What so many pCPUs have to give. */
uint64_t cx_solver_capacity(const struct cx_solver *s, unsigned pcpus);

/**
 * Solve for @n @domains.  Returns 0; -EINVAL: more than there is room for, a class that is not
 * there, a pool whose parent does not come before it.
 * For each group O(n log n); more with affinities that overlap: in a group with up to 6 classes
 * for each union of them and each set that is solved apart, in another one twice for each set
 * and a flow each time.  No allocation.
 */
int cx_solver_solve(struct cx_solver *s, struct cx_solver_domain *domains, unsigned n);

#endif
