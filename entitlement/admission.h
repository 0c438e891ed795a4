/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/admission.h - who may reserve how much: a ledger of what is guaranteed, in which
 * nothing is promised twice.
 *
 * Resource pools are a tree below the whole host; domains are in pools, or in the host.  What a
 * pool reserves is taken from its parent at once, used or not.  What is in a pool takes its
 * reservation from the pool's; where that is not enough and the pool is expandable, it borrows
 * the rest from its parent, and so on up to the host, whose capacity is that of its pCPUs:
 *
 *     taken(pool) = reservations of the domains in it + claims of the pools in it
 *     claim(pool) = the larger of its reservation and what is taken from it
 *
 * What is borrowed is claim - reservation: nothing for a pool that is not expandable, and it
 * goes back first.  A pool with a limit never claims more than that.  These are VMware's rules
 * ("vSphere Resource Management": resource pool admission control, expandable reservations).
 *
 * Amounts are percent of one pCPU.  Each operation succeeds, or changes nothing and says why
 * with all the numbers: asked, reserved, taken and free here, and free in each ancestor.
 */
#ifndef CX_ADMISSION_H
#define CX_ADMISSION_H

#include "base/error.h"
#include "entitlement/entitlement.h"

#define CX_AMOUNT_PER_PCPU 100u

struct cx_ledger;

/** A pool or a domain: what it is called in messages, and the pool that it is in. */
struct cx_ledger_entry {
	const char *name; /* must live as long as the ledger */
	unsigned in;      /* an index, for a pool less than its own; CX_NO_POOL: in the host */
};

/** How a pool stands. */
struct cx_ledger_pool {
	uint64_t reservation, limit; /* limit 0 = none */
	bool expandable;
	uint64_t taken;    /* by what is in it */
	uint64_t borrowed; /* from its parent, beside its reservation */
	uint64_t free;     /* of its reservation */
};

/**
 * A ledger in which nothing is reserved, pools have no limit and are expandable, the host has
 * no capacity, and domains may use any number of pCPUs.
 * Returns 0; -EINVAL: a pool that something is in is not there or does not come before it;
 * -ENOMEM.
 */
int cx_ledger_new(const struct cx_ledger_entry *pools, unsigned n_pools,
		  const struct cx_ledger_entry *domains, unsigned n_domains,
		  struct cx_ledger **ledger, struct cx_error *err);
void cx_ledger_free(struct cx_ledger *ledger);

/** The host has @capacity from now on.  -ENOSPC: more than that is taken. */
int cx_ledger_set_capacity(struct cx_ledger *ledger, uint64_t capacity, struct cx_error *err);

/**
 * Pool @pool has these values from now on.  -ENOSPC: there is not so much left above it; more
 * is taken than its reservation, and it is not to be expandable; it claims more than its limit.
 */
int cx_ledger_set_pool(struct cx_ledger *ledger, unsigned pool, uint64_t reservation,
		       uint64_t limit, bool expandable, struct cx_error *err);

/**
 * Domain @domain reserves @reservation from now on: admitted, raised, lowered, or with 0
 * released, which never fails.  -ENOSPC: there is not so much left; -ERANGE: it is more than
 * the pCPUs that the domain may use.
 */
int cx_ledger_set_domain(struct cx_ledger *ledger, unsigned domain, uint64_t reservation,
			 struct cx_error *err);

/**
 * Domain @domain may use @n_pcpus pCPUs from now on: those of its affinity that are online.
 * -ERANGE: it reserves more than those have.
 */
int cx_ledger_set_pcpus(struct cx_ledger *ledger, unsigned domain, unsigned n_pcpus,
			struct cx_error *err);

struct cx_ledger_pool cx_ledger_pool(const struct cx_ledger *ledger, unsigned pool);
/** What is taken from the host, and what it has left. */
uint64_t cx_ledger_taken(const struct cx_ledger *ledger);
uint64_t cx_ledger_left(const struct cx_ledger *ledger);

#endif
