/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service that says who is entitled to what: pools and domains by the solver of
 * entitlement/affinity.h, a domain's vCPUs among themselves by that of a tree.
 *
 * Everything it works in is made with the dispatcher: it allocates nothing.
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <stdlib.h>

#define NS_PER_SEC 1000000000ull /* what a pCPU gives in a second */
#define PERCENT 100u
#define NOBODY UINT32_MAX

struct entitler {
	struct cx_solver solver;
	struct cx_solver_domain *domains; /* those of which a vCPU is on the list */
	unsigned *first;                  /* of their entries on the list */
	unsigned n_domains;
	struct cx_tree tree;       /* for the vCPUs of one domain */
	struct cx_client *clients; /* likewise */
	unsigned *next;            /* by entry: the next one of its domain, or NOBODY */
	uint64_t call;             /* the number of this call: what bears it has been seen */
	uint64_t *vcpu_seen;       /* by vCPU */
	uint64_t *domain_seen;     /* by domain */
	unsigned *slot;            /* by domain seen: in domains */
};

static unsigned widest(const struct cx_dispatch *d)
{
	unsigned i, n = 0;

	for (i = 0; i < d->n_domains; i++)
		if (d->domains[i].n_vcpus > n)
			n = d->domains[i].n_vcpus;
	return n;
}

int entitler_init(struct cx_dispatch *d)
{
	struct entitler *e = calloc(1, sizeof(*e));
	size_t domains = d->n_domains + 1ul, vcpus = d->n_vcpus + 1ul;
	unsigned i, n = widest(d);

	d->entitler = e;
	if (!e || cx_solver_init(&e->solver, &d->classes, d->n_domains, d->n_pools) ||
	    cx_tree_init(&e->tree, n))
		return -ENOMEM;
	e->domains = calloc(domains, sizeof(*e->domains));
	e->first = calloc(domains, sizeof(*e->first));
	e->domain_seen = calloc(domains, sizeof(*e->domain_seen));
	e->slot = calloc(domains, sizeof(*e->slot));
	e->next = calloc(vcpus, sizeof(*e->next));
	e->vcpu_seen = calloc(vcpus, sizeof(*e->vcpu_seen));
	e->clients = calloc(n + 1ul, sizeof(*e->clients));
	if (!e->domains || !e->first || !e->domain_seen || !e->slot || !e->next || !e->vcpu_seen ||
	    !e->clients)
		return -ENOMEM;
	e->solver.per_pcpu = NS_PER_SEC;
	e->solver.rates = true;
	for (i = 0; i < d->n_pools; i++)
		if (d->pools[i].parent)
			e->solver.pools[i].parent = d->pools[i].parent->index;
	return 0;
}

void entitler_free(struct cx_dispatch *d)
{
	struct entitler *e = d->entitler;

	if (!e)
		return;
	cx_solver_free(&e->solver);
	cx_tree_free(&e->tree);
	free(e->domains);
	free(e->first);
	free(e->domain_seen);
	free(e->slot);
	free(e->next);
	free(e->vcpu_seen);
	free(e->clients);
	free(e);
	d->entitler = NULL;
}

/* --- what is asked --------------------------------------------------------------- */

/* Is it one of ours at all?  A policy may hand us anything. */
static bool is_vcpu(const struct cx_dispatch *d, const struct cx_vcpu *v)
{
	uintptr_t at = (uintptr_t)v, from = (uintptr_t)d->vcpus;

	return at >= from && at < from + d->n_vcpus * sizeof(*v) && (at - from) % sizeof(*v) == 0;
}

static bool acceptable(const struct cx_dispatch *d, const struct cx_entitlement *list, unsigned n)
{
	struct entitler *e = d->entitler;
	unsigned i;

	e->call++;
	for (i = 0; i < n; i++) {
		const struct cx_vcpu *v = list[i].vcpu;

		if (!is_vcpu(d, v) || !v->attached || list[i].demand_ns > NS_PER_SEC ||
		    e->vcpu_seen[v->id] == e->call)
			return false;
		e->vcpu_seen[v->id] = e->call;
	}
	return true;
}

static uint64_t amount(unsigned percent)
{
	return percent * (NS_PER_SEC / PERCENT);
}

static uint64_t limit_of(unsigned percent)
{
	return percent ? amount(percent) : CX_AMOUNT_MAX;
}

static struct cx_solver_domain claim_of(const struct cx_domain *dom)
{
	uint64_t vcpus = atomic_load_explicit(&dom->attached_vcpus, memory_order_relaxed);
	uint64_t limit = limit_of(cx_domain_limit(dom));

	return (struct cx_solver_domain){
		.class = dom->class,
		.pool = dom->pool ? dom->pool->index : CX_NO_POOL,
		.weight = cx_domain_weight(dom) * vcpus,
		.reservation = amount(cx_domain_reservation(dom)),
		.limit = limit < vcpus * NS_PER_SEC ? limit : vcpus * NS_PER_SEC,
	};
}

/* The domains on the list, each with its entries in the order of the list. */
static void gather(struct entitler *e, const struct cx_entitlement *list, unsigned n)
{
	unsigned i;

	e->n_domains = 0;
	for (i = n; i-- > 0;) {
		const struct cx_domain *dom = list[i].vcpu->domain;
		unsigned slot;

		if (e->domain_seen[dom->index] != e->call) {
			e->domain_seen[dom->index] = e->call;
			e->slot[dom->index] = e->n_domains;
			e->first[e->n_domains] = NOBODY;
			e->domains[e->n_domains++] = claim_of(dom);
		}
		slot = e->slot[dom->index];
		e->domains[slot].demand += list[i].demand_ns;
		e->next[i] = e->first[slot];
		e->first[slot] = i;
	}
}

static void gather_pools(struct entitler *e, const struct cx_dispatch *d)
{
	unsigned i;

	for (i = 0; i < d->n_pools; i++) {
		const struct cx_pool *pool = &d->pools[i];

		e->solver.pools[i].weight = cx_pool_weight(pool);
		e->solver.pools[i].reservation = amount(cx_pool_reservation(pool));
		e->solver.pools[i].limit = limit_of(cx_pool_limit(pool));
	}
}

/* --- what is answered ------------------------------------------------------------- */

static void answer(struct cx_entitlement *entry, const struct cx_amounts *has,
		   const struct cx_solver_domain *d)
{
	entry->entitled_ns = has->entitled;
	entry->rate_ns = has->rate < NS_PER_SEC ? has->rate : NS_PER_SEC;
	entry->reserved_ns = has->reserved;
	entry->set = d->set;
	entry->rank = d->rank;
}

/* vCPUs of one domain weigh the same, and each has at most a pCPU. */
static void divide(struct entitler *e, unsigned slot, struct cx_entitlement *list)
{
	const struct cx_solver_domain *d = &e->domains[slot];
	struct cx_amounts has = { d->entitled, d->rate, d->reserved };
	unsigned i, n = 0;

	if (e->next[e->first[slot]] == NOBODY) {
		answer(&list[e->first[slot]], &has, d);
		return;
	}
	for (i = e->first[slot]; i != NOBODY; i = e->next[i])
		e->clients[n++] = (struct cx_client){ .parent = CX_NO_POOL,
						      .weight = 1,
						      .limit = NS_PER_SEC,
						      .demand = list[i].demand_ns };
	cx_tree_divide(&e->tree, e->clients, n, &has, true);
	n = 0;
	for (i = e->first[slot]; i != NOBODY; i = e->next[i]) {
		const struct cx_client *c = &e->clients[n++];

		answer(&list[i], &(struct cx_amounts){ c->entitled, c->rate, c->reserved }, d);
	}
}

/* Without all locks the values could change meanwhile, and another call come. */
static bool may_ask(const struct cx_dispatch *d)
{
	const struct cx_guard *g = cx_guard_current();

	if (!g || g->holds_all || d->one_lock)
		return true;
	service_misused(g->holds[0], NULL);
	return false;
}

int cx_entitlements(struct cx_policy *policy, struct cx_entitlement *list, unsigned n)
{
	struct cx_dispatch *d = policy->d;
	struct entitler *e = d->entitler;
	unsigned i;
	int rc;

	if (!may_ask(d) || !acceptable(d, list, n))
		return -EINVAL;
	gather(e, list, n);
	gather_pools(e, d);
	rc = cx_solver_solve(&e->solver, e->domains, e->n_domains);
	for (i = 0; i < e->n_domains && !rc; i++)
		divide(e, i, list);
	return rc;
}
