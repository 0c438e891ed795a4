/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource pools: their values of the moment.
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <stdlib.h>

int pools_init(struct cx_dispatch *d, const struct cx_dispatch_config *config)
{
	unsigned i;

	d->pools = calloc((size_t)config->n_pools + 1, sizeof(*d->pools));
	if (!d->pools)
		return -ENOMEM;
	d->n_pools = config->n_pools;
	for (i = 0; i < d->n_pools; i++) {
		atomic_init(&d->pools[i].weight, config->pools[i].weight);
		atomic_init(&d->pools[i].reservation, config->pools[i].reservation);
		atomic_init(&d->pools[i].limit, config->pools[i].limit);
	}
	return 0;
}

static void set(struct cx_dispatch *d, unsigned pool, atomic_uint *member, enum cx_adjust what,
		unsigned value)
{
	struct cx_event e = {
		.t_ns = clock_of(d),
		.type = CX_EV_ADJUST_POOL,
		.vcpu = pool,
		.prev = CX_NO_VCPU,
		.why = what,
		.x = value,
	};

	if (atomic_exchange(member, value) != value)
		emit(&d->pcpus[0], &e);
}

int cx_dispatch_adjust_pool(struct cx_dispatch *d, unsigned pool, unsigned weight,
			    unsigned reservation, unsigned limit)
{
	int rc = -ECANCELED;

	if (pool >= d->n_pools || weight < 1 || weight > CX_POOL_WEIGHT_MAX ||
	    (limit && reservation > limit))
		return -EINVAL;
	lock_all(d);
	if (!atomic_load(&d->ended)) {
		set(d, pool, &d->pools[pool].weight, CX_ADJUST_WEIGHT, weight);
		set(d, pool, &d->pools[pool].reservation, CX_ADJUST_RESERVATION, reservation);
		set(d, pool, &d->pools[pool].limit, CX_ADJUST_LIMIT, limit);
		rc = 0;
	}
	unlock_all(d);
	flush(d);
	return rc;
}

void cx_dispatch_pool_values(struct cx_dispatch *d, unsigned pool, unsigned *weight,
			     unsigned *reservation, unsigned *limit)
{
	*weight = atomic_load(&d->pools[pool].weight);
	*reservation = atomic_load(&d->pools[pool].reservation);
	*limit = atomic_load(&d->pools[pool].limit);
}
