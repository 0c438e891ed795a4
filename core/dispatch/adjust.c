/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters, weights, reservations and limits, of domains and of resource pools, that change
 * while the run goes on.
 */
#include "core/dispatch/internal.h"

#include "core/dispatch/params.h"

#include <errno.h>

#define PERCENT_PER_VCPU 100u

/* Of a domain or of nothing in particular; such events go to the first lane. */
static void tell(struct cx_dispatch *d, enum cx_event_type type, uint32_t domain, uint32_t what,
		 uint64_t value, uint64_t now)
{
	struct cx_event e = {
		.t_ns = now,
		.type = (uint16_t)type,
		.vcpu = domain,
		.prev = CX_NO_VCPU,
		.why = what,
		.x = value,
	};

	emit(&d->pcpus[0], &e);
}

/* The policy hears of it, if it knows the domain. */
static void adjusted(struct cx_domain *dom, uint64_t now)
{
	if (atomic_load(&dom->attached))
		policy_domain_adjust(dom, now);
}

int cx_dispatch_set_param(struct cx_dispatch *d, unsigned index, int64_t value)
{
	struct cx_policy *pol = &d->policy;
	int rc = -ECANCELED;
	uint64_t now;

	if (index >= pol->plugin->n_params || !cx_param_allows(&pol->plugin->params[index], value))
		return -EINVAL;
	lock_all(d);
	if (!atomic_load(&d->ended)) {
		now = clock_of(d);
		pol->params[index] = value;
		tell(d, CX_EV_PARAM, CX_NO_VCPU, index, (uint64_t)value, now);
		policy_param_set(d, index, now);
		rc = 0;
	}
	unlock_all(d);
	flush(d);
	return rc;
}

int cx_dispatch_set_domain_param(struct cx_dispatch *d, unsigned domain, unsigned index,
				 int64_t value)
{
	const struct cx_plugin *t = d->policy.plugin;
	struct cx_domain *dom;
	int rc = -ECANCELED;
	uint64_t now;

	if (domain >= d->n_domains || index >= t->n_domain_params ||
	    !cx_param_allows(&t->domain_params[index], value))
		return -EINVAL;
	dom = &d->domains[domain];
	lock_all(d);
	if (!atomic_load(&d->ended)) {
		now = clock_of(d);
		dom->params[index] = value;
		tell(d, CX_EV_PARAM, domain, index, (uint64_t)value, now);
		adjusted(dom, now);
		rc = 0;
	}
	unlock_all(d);
	flush(d);
	return rc;
}

static bool takes(const struct cx_domain *dom, unsigned weight, unsigned reservation,
		  unsigned limit)
{
	unsigned whole = dom->n_vcpus * PERCENT_PER_VCPU;

	return weight >= 1 && weight <= UINT16_MAX && limit <= whole &&
	       reservation <= (limit ? limit : whole);
}

/* True: it is another value than before. */
static bool change(struct cx_domain *dom, atomic_uint *member, enum cx_adjust what, unsigned value,
		   uint64_t now)
{
	if (atomic_exchange(member, value) == value)
		return false;
	tell(dom->d, CX_EV_ADJUST, dom->index, what, value, now);
	return true;
}

int cx_dispatch_adjust(struct cx_dispatch *d, unsigned domain, unsigned weight,
		       unsigned reservation, unsigned limit)
{
	struct cx_domain *dom;
	int rc = -ECANCELED;
	bool differs;
	uint64_t now;

	if (domain >= d->n_domains || !takes(&d->domains[domain], weight, reservation, limit))
		return -EINVAL;
	dom = &d->domains[domain];
	lock_all(d);
	if (!atomic_load(&d->ended)) {
		now = clock_of(d);
		differs = change(dom, &dom->weight, CX_ADJUST_WEIGHT, weight, now);
		differs |= change(dom, &dom->reservation, CX_ADJUST_RESERVATION, reservation, now);
		differs |= change(dom, &dom->limit, CX_ADJUST_LIMIT, limit, now);
		if (differs)
			adjusted(dom, now);
		rc = 0;
	}
	unlock_all(d);
	flush(d);
	return rc;
}

void cx_dispatch_domain_values(struct cx_dispatch *d, unsigned domain, unsigned *weight,
			       unsigned *reservation, unsigned *limit)
{
	const struct cx_domain *dom = &d->domains[domain];

	*weight = atomic_load(&dom->weight);
	*reservation = atomic_load(&dom->reservation);
	*limit = atomic_load(&dom->limit);
}

/* --- resource pools --- */

static bool change_pool(struct cx_pool *pool, atomic_uint *member, enum cx_adjust what,
			unsigned value, uint64_t now)
{
	if (atomic_exchange(member, value) == value)
		return false;
	tell(pool->d, CX_EV_ADJUST_POOL, pool->index, what, value, now);
	return true;
}

int cx_dispatch_adjust_pool(struct cx_dispatch *d, unsigned index, unsigned weight,
			    unsigned reservation, unsigned limit)
{
	struct cx_pool *pool;
	int rc = -ECANCELED;
	bool differs;
	uint64_t now;

	if (index >= d->n_pools || weight < 1 || weight > CX_POOL_WEIGHT_MAX ||
	    (limit && reservation > limit))
		return -EINVAL;
	pool = &d->pools[index];
	lock_all(d);
	if (!atomic_load(&d->ended)) {
		now = clock_of(d);
		differs = change_pool(pool, &pool->weight, CX_ADJUST_WEIGHT, weight, now);
		differs |= change_pool(pool, &pool->reservation, CX_ADJUST_RESERVATION, reservation,
				       now);
		differs |= change_pool(pool, &pool->limit, CX_ADJUST_LIMIT, limit, now);
		if (differs)
			policy_pool_adjust(pool, now);
		rc = 0;
	}
	unlock_all(d);
	flush(d);
	return rc;
}

void cx_dispatch_pool_values(struct cx_dispatch *d, unsigned index, unsigned *weight,
			     unsigned *reservation, unsigned *limit)
{
	const struct cx_pool *pool = &d->pools[index];

	*weight = atomic_load(&pool->weight);
	*reservation = atomic_load(&pool->reservation);
	*limit = atomic_load(&pool->limit);
}
