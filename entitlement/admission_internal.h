/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/admission_internal.h - the ledger from inside, and what it says when it refuses.
 */
#ifndef CX_ADMISSION_INTERNAL_H
#define CX_ADMISSION_INTERNAL_H

#include "entitlement/admission.h"

struct ledger_pool {
	const char *name;
	unsigned parent;
	uint64_t reservation, limit, taken;
	bool expandable;
};

struct ledger_domain {
	const char *name;
	unsigned pool, n_pcpus;
	uint64_t reservation;
};

struct cx_ledger {
	unsigned n_pools, n_domains;
	struct ledger_pool *pools;
	struct ledger_domain *domains;
	uint64_t capacity, taken; /* of the host */
};

/** What it has from its parent. */
static inline uint64_t ledger_claim(const struct ledger_pool *p)
{
	return p->taken > p->reservation ? p->taken : p->reservation;
}

static inline uint64_t ledger_free_in(const struct ledger_pool *p)
{
	return p->taken < p->reservation ? p->reservation - p->taken : 0;
}

/* admission_words.c: each leaves its message and returns the negative errno. */

int ledger_refuse_capacity(const struct cx_ledger *l, uint64_t capacity, struct cx_error *err);
/** @then: the pool as it is to be; more is taken than it reserves, and it may not borrow. */
int ledger_refuse_fixed(const struct ledger_pool *then, struct cx_error *err);
int ledger_refuse_limit(const struct ledger_pool *then, struct cx_error *err);
/** Its parent has not so much. */
int ledger_refuse_pool(const struct cx_ledger *l, const struct ledger_pool *now,
		       const struct ledger_pool *then, struct cx_error *err);
int ledger_refuse_domain(const struct cx_ledger *l, const struct ledger_domain *d,
			 uint64_t reservation, struct cx_error *err);
int ledger_refuse_width(const struct ledger_domain *d, uint64_t reservation, unsigned n_pcpus,
			struct cx_error *err);

#endif
