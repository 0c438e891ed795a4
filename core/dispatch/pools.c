/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource pools: what they are to a policy.  (pool.c is about the pool of pCPUs.)
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int init_pool(struct cx_dispatch *d, unsigned index, const struct cx_dispatch_pool *config,
		     struct cx_error *err)
{
	struct cx_pool *pool = &d->pools[index];

	pool->d = d;
	pool->index = index;
	pool->name = strdup(config->name);
	if (!pool->name)
		return -ENOMEM;
	if (config->parent != CX_NO_POOL && config->parent >= index)
		return cx_fail(err, EINVAL,
			       "pool %s: found parent number %u, allowed one less than its own, "
			       "which is %u",
			       pool->name, config->parent, index);
	pool->parent = config->parent == CX_NO_POOL ? NULL : &d->pools[config->parent];
	atomic_init(&pool->weight, config->weight);
	atomic_init(&pool->reservation, config->reservation);
	atomic_init(&pool->limit, config->limit);
	return 0;
}

int pools_init(struct cx_dispatch *d, const struct cx_dispatch_config *config, struct cx_error *err)
{
	unsigned i;
	int rc = 0;

	d->pools = calloc(config->n_pools + 1ul, sizeof(*d->pools));
	if (!d->pools)
		return -ENOMEM;
	d->n_pools = config->n_pools;
	for (i = 0; i < d->n_pools && !rc; i++)
		rc = init_pool(d, i, &config->pools[i], err);
	return rc;
}

void pools_free(struct cx_dispatch *d)
{
	unsigned i;

	for (i = 0; d->pools && i < d->n_pools; i++)
		free(d->pools[i].name);
	free(d->pools);
}

/* --- services ------------------------------------------------------------------ */

struct cx_pool *cx_domain_pool(const struct cx_domain *dom)
{
	return dom->pool;
}

unsigned cx_domain_affinity(const struct cx_domain *dom)
{
	return dom->class;
}

unsigned cx_affinity_count(const struct cx_policy *policy)
{
	return policy->d->classes.n_classes;
}

unsigned cx_pool_count(const struct cx_policy *policy)
{
	return policy->d->n_pools;
}

struct cx_pool *cx_pool_at(const struct cx_policy *policy, unsigned index)
{
	return index < policy->d->n_pools ? &policy->d->pools[index] : NULL;
}

unsigned cx_pool_index(const struct cx_pool *pool)
{
	return pool->index;
}

const char *cx_pool_name(const struct cx_pool *pool)
{
	return pool->name;
}

struct cx_pool *cx_pool_parent(const struct cx_pool *pool)
{
	return pool->parent;
}

unsigned cx_pool_weight(const struct cx_pool *pool)
{
	return atomic_load_explicit(&pool->weight, memory_order_relaxed);
}

unsigned cx_pool_reservation(const struct cx_pool *pool)
{
	return atomic_load_explicit(&pool->reservation, memory_order_relaxed);
}

unsigned cx_pool_limit(const struct cx_pool *pool)
{
	return atomic_load_explicit(&pool->limit, memory_order_relaxed);
}
