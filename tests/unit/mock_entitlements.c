/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test bench: entitlements.  Part of mock_core.c.
 *
 * There are no resource pools here, and a domain's affinity is that of its first vCPU.
 */
#include "mock_core.h"

#include "entitlement/affinity.h"

#define MOCK_SEC 1000000000ull
#define MOCK_PERCENT (MOCK_SEC / 100)

struct cx_pool *cx_domain_pool(const struct cx_domain *dom)
{
	(void)dom;
	return NULL;
}

unsigned cx_pool_count(const struct cx_policy *policy)
{
	(void)policy;
	return 0;
}

struct cx_pool *cx_pool_at(const struct cx_policy *policy, unsigned index)
{
	(void)policy, (void)index;
	return NULL;
}

/* Nobody has a pool to ask about. */
static unsigned no_pool(void)
{
	abort();
}

unsigned cx_pool_index(const struct cx_pool *pool)
{
	(void)pool;
	return no_pool();
}

const char *cx_pool_name(const struct cx_pool *pool)
{
	(void)pool;
	no_pool();
	return NULL;
}

struct cx_pool *cx_pool_parent(const struct cx_pool *pool)
{
	(void)pool;
	no_pool();
	return NULL;
}

unsigned cx_pool_weight(const struct cx_pool *pool)
{
	(void)pool;
	return no_pool();
}

unsigned cx_pool_reservation(const struct cx_pool *pool)
{
	(void)pool;
	return no_pool();
}

unsigned cx_pool_limit(const struct cx_pool *pool)
{
	(void)pool;
	return no_pool();
}

static uint64_t affinity_of(const struct cx_domain *dom)
{
	return dom->n_vcpus ? dom->vcpus[0]->hard : UINT32_MAX;
}

/* The number of the first domain that may use the same pCPUs. */
unsigned cx_domain_affinity(const struct cx_domain *dom)
{
	const struct mock *m = dom->m;
	unsigned i = 0;

	while (affinity_of(&m->domains[i]) != affinity_of(dom))
		i++;
	return i;
}

unsigned cx_affinity_count(const struct cx_policy *policy)
{
	(void)policy;
	return MOCK_DOMAINS; /* more of them may come */
}

static struct cx_solver_domain claim_of(const struct cx_domain *dom)
{
	struct cx_solver_domain c = { .pool = CX_NO_POOL };
	unsigned i, n = 0;

	for (i = 0; i < dom->n_vcpus; i++)
		n += dom->vcpus[i]->attached;
	c.weight = (uint64_t)dom->weight * n;
	c.reservation = dom->reservation * MOCK_PERCENT;
	c.limit = dom->limit && dom->limit < 100 * n ? dom->limit * MOCK_PERCENT : n * MOCK_SEC;
	return c;
}

/* Of @dom's vCPUs on the list, each its part of what the domain has. */
static void divide_domain(const struct cx_domain *dom, const struct cx_solver_domain *has,
			  struct cx_entitlement *list, unsigned n)
{
	struct cx_amounts amounts = { has->entitled, has->rate, has->reserved };
	struct cx_client clients[64];
	struct cx_tree tree;
	unsigned i, k = 0;

	for (i = 0; i < n; i++)
		if (list[i].vcpu->dom == dom)
			clients[k++] = (struct cx_client){ .parent = CX_NO_POOL,
							   .weight = 1,
							   .limit = MOCK_SEC,
							   .demand = list[i].demand_ns };
	if (cx_tree_init(&tree, k) || cx_tree_divide(&tree, clients, k, &amounts, true))
		abort();
	cx_tree_free(&tree);
	for (i = 0, k = 0; i < n; i++) {
		if (list[i].vcpu->dom != dom)
			continue;
		list[i].entitled_ns = clients[k].entitled;
		list[i].rate_ns = clients[k].rate;
		list[i].reserved_ns = clients[k++].reserved;
		list[i].set = has->set;
	}
}

static bool acceptable(struct mock *m, const struct cx_entitlement *list, unsigned n)
{
	unsigned i, k;

	for (i = 0; i < m->config.pcpus; i++)
		need_lock(&m->pcpus[i], "cx_entitlements");
	for (i = 0; i < n; i++) {
		if (!list[i].vcpu->attached || list[i].demand_ns > MOCK_SEC)
			return false;
		for (k = 0; k < i; k++)
			if (list[k].vcpu == list[i].vcpu)
				return false;
	}
	return true;
}

/* The classes of all domains; @claims: of all domains, those not on the list want nothing. */
static void describe(struct mock *m, struct cx_affinity *a, struct cx_solver_domain *claims)
{
	unsigned i;

	if (cx_affinity_init(a, m->config.pcpus, m->n_domains))
		abort();
	for (i = 0; i < m->n_domains; i++) {
		uint64_t mask = affinity_of(&m->domains[i]) & ((1ull << m->config.pcpus) - 1);

		claims[i] = claim_of(&m->domains[i]);
		claims[i].class = cx_affinity_class(a, &mask);
	}
	if (cx_affinity_finish(a))
		abort();
	for (i = 0; i < m->config.pcpus; i++)
		cx_affinity_set_online(a, i, m->pcpus[i].online);
}

int cx_entitlements(struct cx_policy *policy, struct cx_entitlement *list, unsigned n)
{
	struct mock *m = policy->m;
	struct cx_solver_domain *claims = calloc(MOCK_DOMAINS, sizeof(*claims));
	struct cx_affinity affinity;
	struct cx_solver solver;
	unsigned i;

	if (!claims)
		abort();
	if (!acceptable(m, list, n)) {
		breach(m, "cx_entitlements with a vCPU twice, not attached or too hungry");
		free(claims);
		return -EINVAL;
	}
	describe(m, &affinity, claims);
	for (i = 0; i < n; i++)
		claims[list[i].vcpu->dom->index].demand += list[i].demand_ns;
	if (cx_solver_init(&solver, &affinity, m->n_domains, 0))
		abort();
	solver.per_pcpu = MOCK_SEC;
	solver.rates = true;
	if (cx_solver_solve(&solver, claims, m->n_domains))
		abort();
	cx_solver_free(&solver);
	cx_affinity_free(&affinity);
	for (i = 0; i < m->n_domains; i++)
		divide_domain(&m->domains[i], &claims[i], list, n);
	free(claims);
	return 0;
}
