/* SPDX-License-Identifier: BSD-2-Clause */
#include "entitlement/admission_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* --- the ledger ---------------------------------------------------------------------- */

void cx_ledger_free(struct cx_ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->pools);
	free(ledger->domains);
	free(ledger);
}

/** False: it is in a pool that is not among the first @n_pools. */
static bool well_placed(const struct cx_ledger_entry *entry, unsigned n_pools)
{
	return entry->in == CX_NO_POOL || entry->in < n_pools;
}

static int fill(struct cx_ledger *l, const struct cx_ledger_entry *pools,
		const struct cx_ledger_entry *domains, struct cx_error *err)
{
	unsigned i;

	for (i = 0; i < l->n_pools; i++) {
		if (!well_placed(&pools[i], i))
			return cx_fail(err, EINVAL, "pool %s: its parent does not come before it",
				       pools[i].name);
		l->pools[i] = (struct ledger_pool){ .name = pools[i].name,
						    .parent = pools[i].in,
						    .expandable = true };
	}
	for (i = 0; i < l->n_domains; i++) {
		if (!well_placed(&domains[i], l->n_pools))
			return cx_fail(err, EINVAL, "domain %s: there is no pool %u",
				       domains[i].name, domains[i].in);
		l->domains[i] = (struct ledger_domain){ .name = domains[i].name,
							.pool = domains[i].in,
							.n_pcpus = UINT_MAX };
	}
	return 0;
}

int cx_ledger_new(const struct cx_ledger_entry *pools, unsigned n_pools,
		  const struct cx_ledger_entry *domains, unsigned n_domains,
		  struct cx_ledger **ledger, struct cx_error *err)
{
	struct cx_ledger *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return cx_fail(err, ENOMEM, "out of memory for admission control");
	l->n_pools = n_pools;
	l->n_domains = n_domains;
	l->pools = calloc((size_t)n_pools + 1, sizeof(*l->pools));
	l->domains = calloc((size_t)n_domains + 1, sizeof(*l->domains));
	if (l->pools && l->domains)
		rc = fill(l, pools, domains, err);
	else
		rc = cx_fail(err, ENOMEM, "out of memory for admission control");
	if (rc)
		cx_ledger_free(l);
	else
		*ledger = l;
	return rc;
}

struct cx_ledger_pool cx_ledger_pool(const struct cx_ledger *ledger, unsigned pool)
{
	const struct ledger_pool *p = &ledger->pools[pool];

	return (struct cx_ledger_pool){ .reservation = p->reservation,
					.limit = p->limit,
					.expandable = p->expandable,
					.taken = p->taken,
					.borrowed = ledger_claim(p) - p->reservation,
					.free = ledger_free_in(p) };
}

uint64_t cx_ledger_taken(const struct cx_ledger *ledger)
{
	return ledger->taken;
}

uint64_t cx_ledger_left(const struct cx_ledger *ledger)
{
	return ledger->capacity - ledger->taken;
}

/* --- taking and giving back ------------------------------------------------------------ */

/** Can @need more be taken from @pool, those above it lending what it lacks? */
static bool fits(const struct cx_ledger *l, unsigned pool, uint64_t need)
{
	for (; pool != CX_NO_POOL; pool = l->pools[pool].parent) {
		const struct ledger_pool *p = &l->pools[pool];

		if (need <= ledger_free_in(p))
			return true;
		need -= ledger_free_in(p);
		if (!p->expandable || (p->limit && ledger_claim(p) + need > p->limit))
			return false;
	}
	return need <= l->capacity - l->taken;
}

/** What takes @from of @pool takes @to from now on. */
static void replace(struct cx_ledger *l, unsigned pool, uint64_t from, uint64_t to)
{
	for (; pool != CX_NO_POOL && from != to; pool = l->pools[pool].parent) {
		struct ledger_pool *p = &l->pools[pool];
		uint64_t claim = ledger_claim(p);

		p->taken = p->taken - from + to;
		from = claim;
		to = ledger_claim(p);
	}
	l->taken = l->taken - from + to;
}

/* --- operations --------------------------------------------------------------------------- */

int cx_ledger_set_capacity(struct cx_ledger *l, uint64_t capacity, struct cx_error *err)
{
	if (capacity < l->taken)
		return ledger_refuse_capacity(l, capacity, err);
	l->capacity = capacity;
	return 0;
}

int cx_ledger_set_pool(struct cx_ledger *l, unsigned pool, uint64_t reservation, uint64_t limit,
		       bool expandable, struct cx_error *err)
{
	struct ledger_pool *p = &l->pools[pool];
	struct ledger_pool then = *p;
	uint64_t before = ledger_claim(p), after;

	then.reservation = reservation;
	then.limit = limit;
	then.expandable = expandable;
	after = ledger_claim(&then);
	if (after > reservation && !expandable)
		return ledger_refuse_fixed(&then, err);
	if (limit && after > limit)
		return ledger_refuse_limit(&then, err);
	if (after > before && !fits(l, p->parent, after - before))
		return ledger_refuse_pool(l, p, &then, err);
	*p = then;
	replace(l, p->parent, before, after);
	return 0;
}

int cx_ledger_set_domain(struct cx_ledger *l, unsigned domain, uint64_t reservation,
			 struct cx_error *err)
{
	struct ledger_domain *d = &l->domains[domain];

	if (reservation > d->reservation) {
		if (reservation > (uint64_t)d->n_pcpus * CX_AMOUNT_PER_PCPU)
			return ledger_refuse_width(d, reservation, d->n_pcpus, err);
		if (!fits(l, d->pool, reservation - d->reservation))
			return ledger_refuse_domain(l, d, reservation, err);
	}
	replace(l, d->pool, d->reservation, reservation);
	d->reservation = reservation;
	return 0;
}

int cx_ledger_set_pcpus(struct cx_ledger *l, unsigned domain, unsigned n_pcpus,
			struct cx_error *err)
{
	struct ledger_domain *d = &l->domains[domain];

	if (d->reservation > (uint64_t)n_pcpus * CX_AMOUNT_PER_PCPU)
		return ledger_refuse_width(d, d->reservation, n_pcpus, err);
	d->n_pcpus = n_pcpus;
	return 0;
}
