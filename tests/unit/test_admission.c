/* SPDX-License-Identifier: BSD-2-Clause */
/* Admission control: what may be reserved, and what is said of what may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "entitlement/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct cx_ledger *ledger_of(const struct cx_ledger_entry *pools, unsigned n_pools,
				   const struct cx_ledger_entry *domains, unsigned n_domains,
				   uint64_t capacity)
{
	struct cx_ledger *l = NULL;

	assert_int_equal(cx_ledger_new(pools, n_pools, domains, n_domains, &l, NULL), 0);
	assert_int_equal(cx_ledger_set_capacity(l, capacity, NULL), 0);
	return l;
}

static void expect(int rc, int want, const struct cx_error *err, const char *text)
{
	if (rc != want || strcmp(err->text, text) != 0)
		fail_msg("expected %s (%d)\ngot      %s (%d)", text, want, err->text, rc);
}

/* --- the worked example ------------------------------------------------------------------- */

/* Pool M of 600 with the domain V; in it the pool K of 200 with K1, which has taken them all. */
enum { M, K };
enum { V, K1, K2 };
static const struct cx_ledger_entry tree[] = { { "M", CX_NO_POOL }, { "K", M } };
static const struct cx_ledger_entry vms[] = { { "V", M }, { "K1", K }, { "K2", K } };

static struct cx_ledger *worked(uint64_t v, bool expandable)
{
	struct cx_ledger *l = ledger_of(tree, 2, vms, 3, 800);

	assert_int_equal(cx_ledger_set_pool(l, M, 600, 0, false, NULL), 0);
	assert_int_equal(cx_ledger_set_pool(l, K, 200, 0, expandable, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, V, v, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, K1, 200, NULL), 0);
	return l;
}

static void expandable_it_borrows(void **state)
{
	struct cx_ledger *l = worked(100, true);

	(void)state;
	assert_int_equal(cx_ledger_pool(l, M).free, 300);
	assert_int_equal(cx_ledger_pool(l, K).free, 0);
	assert_int_equal(cx_ledger_set_domain(l, K2, 200, NULL), 0);
	assert_int_equal(cx_ledger_pool(l, K).taken, 400);
	assert_int_equal(cx_ledger_pool(l, K).borrowed, 200);
	assert_int_equal(cx_ledger_pool(l, M).taken, 500);
	assert_int_equal(cx_ledger_pool(l, M).free, 100);
	assert_int_equal(cx_ledger_taken(l), 600);
	assert_int_equal(cx_ledger_left(l), 200);
	/* What is borrowed goes back first. */
	assert_int_equal(cx_ledger_set_domain(l, K1, 100, NULL), 0);
	assert_int_equal(cx_ledger_pool(l, K).borrowed, 100);
	assert_int_equal(cx_ledger_set_domain(l, K1, 0, NULL), 0);
	assert_int_equal(cx_ledger_pool(l, K).borrowed, 0);
	assert_int_equal(cx_ledger_pool(l, K).free, 0);
	assert_int_equal(cx_ledger_pool(l, M).free, 300);
	cx_ledger_free(l);
}

static void refused_where_the_parent_has_not_enough(void **state)
{
	struct cx_ledger *l = worked(300, true);
	struct cx_error err = { "" };

	(void)state;
	expect(cx_ledger_set_domain(l, K2, 200, &err), -ENOSPC, &err,
	       "domain K2: asks for 200; its pool K reserves 200, 200 taken: 0 free; K is "
	       "expandable, 200 to borrow: M reserves 600, 500 taken: 100 free; M is not "
	       "expandable "
	       "(above it: the host has 800, 600 taken: 200 free); 100 missing: reserve less, or "
	       "let M reserve more or be expandable");
	assert_int_equal(cx_ledger_pool(l, K).taken, 200);
	assert_int_equal(cx_ledger_pool(l, M).taken, 500);
	assert_int_equal(cx_ledger_set_domain(l, K2, 100, NULL), 0);
	cx_ledger_free(l);
}

static void refused_where_it_is_not_expandable(void **state)
{
	struct cx_ledger *l = worked(100, false);
	struct cx_error err = { "" };

	(void)state;
	expect(cx_ledger_set_domain(l, K2, 200, &err), -ENOSPC, &err,
	       "domain K2: asks for 200; its pool K reserves 200, 200 taken: 0 free; K is not "
	       "expandable (above it: M reserves 600, 300 taken: 300 free; the host has 800, 600 "
	       "taken: 200 free); 200 missing: reserve less, or let K reserve more or be "
	       "expandable");
	assert_int_equal(cx_ledger_set_domain(l, K1, 150, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, K2, 50, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, K2, 51, NULL), -ENOSPC);
	cx_ledger_free(l);
}

/* --- what is said ---------------------------------------------------------------------------- */

static void up_to_the_host(void **state)
{
	static const struct cx_ledger_entry pools[] = { { "outer", CX_NO_POOL }, { "inner", 0 } };
	static const struct cx_ledger_entry domains[] = { { "a", 1 }, { "b", CX_NO_POOL } };
	struct cx_ledger *l = ledger_of(pools, 2, domains, 2, 200);
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_ledger_set_pool(l, 0, 30, 0, true, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, 1, 100, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, 0, 20, NULL), 0);
	expect(cx_ledger_set_domain(l, 0, 101, &err), -ENOSPC, &err,
	       "domain a: asks for 101, 81 more than it has; its pool inner reserves 0, 20 taken: "
	       "0 "
	       "free; inner is expandable, 81 to borrow: outer reserves 30, 20 taken: 10 free; "
	       "outer "
	       "is expandable, 71 to borrow: the host has 200, 130 taken: 70 free; 1 missing: "
	       "reserve "
	       "less, or use more pCPUs");
	expect(cx_ledger_set_domain(l, 1, 171, &err), -ENOSPC, &err,
	       "domain b: asks for 171, 71 more than it has; the host has 200, 130 taken: 70 free; "
	       "1 "
	       "missing: reserve less, or use more pCPUs");
	expect(cx_ledger_set_pool(l, 0, 101, 0, true, &err), -ENOSPC, &err,
	       "pool outer: asks for 101, 71 more than it has; the host has 200, 130 taken: 70 "
	       "free; "
	       "1 missing: reserve less, or use more pCPUs");
	expect(cx_ledger_set_pool(l, 1, 200, 0, true, &err), -ENOSPC, &err,
	       "pool inner: asks for 200, 180 more than it has; its parent outer reserves 30, 20 "
	       "taken: 10 free; outer is expandable, 170 to borrow: the host has 200, 130 taken: "
	       "70 "
	       "free; 100 missing: reserve less, or use more pCPUs");
	expect(cx_ledger_set_capacity(l, 100, &err), -ENOSPC, &err,
	       "the host: is to have 100, 130 taken (30 by pools, 100 by domains in no pool): 30 "
	       "too "
	       "much; reserve less, or leave it more pCPUs");
	assert_int_equal(cx_ledger_set_capacity(l, 130, NULL), 0);
	cx_ledger_free(l);
}

static void limits_hold_for_all_of_it(void **state)
{
	static const struct cx_ledger_entry pools[] = { { "p", CX_NO_POOL } };
	static const struct cx_ledger_entry domains[] = { { "a", 0 } };
	struct cx_ledger *l = ledger_of(pools, 1, domains, 1, 1000);
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_ledger_set_pool(l, 0, 100, 150, true, NULL), 0);
	expect(cx_ledger_set_domain(l, 0, 151, &err), -ENOSPC, &err,
	       "domain a: asks for 151; its pool p reserves 100, 0 taken: 100 free; p is "
	       "expandable, "
	       "but its limit 150 leaves 50 (above it: the host has 1000, 100 taken: 900 free); 1 "
	       "missing: reserve less, or raise the limit of p");
	assert_int_equal(cx_ledger_set_domain(l, 0, 150, NULL), 0);
	expect(cx_ledger_set_pool(l, 0, 100, 120, true, &err), -ENOSPC, &err,
	       "pool p: is to have at most 120, but has 150 (reserves 100, borrows 50): 30 too "
	       "much; "
	       "raise its limit, or reserve less in it");
	expect(cx_ledger_set_pool(l, 0, 100, 150, false, &err), -ENOSPC, &err,
	       "pool p: is to reserve 100, 150 taken: 50 too much, and it is not expandable; let "
	       "it "
	       "reserve more or be expandable, or reserve less in it");
	assert_int_equal(cx_ledger_set_pool(l, 0, 200, 150, true, NULL), -ENOSPC);
	assert_int_equal(cx_ledger_set_pool(l, 0, 150, 150, false, NULL), 0);
	assert_int_equal(cx_ledger_pool(l, 0).borrowed, 0);
	cx_ledger_free(l);
}

static void wider_than_its_pcpus(void **state)
{
	static const struct cx_ledger_entry domains[] = { { "wide", CX_NO_POOL } };
	struct cx_ledger *l = ledger_of(NULL, 0, domains, 1, 800);
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_ledger_set_pcpus(l, 0, 2, NULL), 0);
	expect(cx_ledger_set_domain(l, 0, 400, &err), -ERANGE, &err,
	       "domain wide: asks for 400, but may use 2 pCPUs: at most 200, 200 too much; reserve "
	       "less, or let it use more pCPUs");
	assert_int_equal(cx_ledger_set_domain(l, 0, 200, NULL), 0);
	expect(cx_ledger_set_pcpus(l, 0, 1, &err), -ERANGE, &err,
	       "domain wide: asks for 200, but may use 1 pCPU: at most 100, 100 too much; reserve "
	       "less, or let it use more pCPUs");
	assert_int_equal(cx_ledger_set_domain(l, 0, 0, NULL), 0);
	assert_int_equal(cx_ledger_set_pcpus(l, 0, 0, NULL), 0);
	cx_ledger_free(l);
}

/* However long the way up: how much is missing and what to do is never cut off. */
static void a_long_way_up(void **state)
{
	enum { DEPTH = 500 };
	struct cx_ledger_entry *pools = calloc(DEPTH, sizeof(*pools));
	const struct cx_ledger_entry domain = { "a", DEPTH - 1 };
	char name[64];
	struct cx_error err = { "" };
	struct cx_ledger *l;
	unsigned i;

	(void)state;
	assert_non_null(pools);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < DEPTH; i++)
		pools[i] = (struct cx_ledger_entry){ name, i ? i - 1 : CX_NO_POOL };
	l = ledger_of(pools, DEPTH, &domain, 1, 100);
	assert_int_equal(cx_ledger_set_domain(l, 0, 300, &err), -ENOSPC);
	assert_non_null(strstr(err.text, " pools more; the host has 100, 0 taken: 100 free; "
					 "200 missing: reserve less, or use more pCPUs"));
	assert_int_equal(cx_ledger_set_pool(l, DEPTH - 1, 0, 0, false, NULL), 0);
	assert_int_equal(cx_ledger_set_domain(l, 0, 1, &err), -ENOSPC);
	assert_non_null(strstr(err.text, " is not expandable (above it: "));
	assert_non_null(strstr(err.text, " pools more; the host has 100, 0 taken: 100 free); 1 "
					 "missing: reserve less, or let "));
	cx_ledger_free(l);
	free(pools);
}

static void a_wrong_tree(void **state)
{
	static const struct cx_ledger_entry loop[] = { { "p", 0 } };
	static const struct cx_ledger_entry lost[] = { { "d", 7 } };
	struct cx_ledger *l = NULL;
	struct cx_error err = { "" };

	(void)state;
	expect(cx_ledger_new(loop, 1, NULL, 0, &l, &err), -EINVAL, &err,
	       "pool p: its parent does not come before it");
	expect(cx_ledger_new(NULL, 0, lost, 1, &l, &err), -EINVAL, &err,
	       "domain d: there is no pool 7");
	assert_null(l);
	cx_ledger_free(NULL);
}

/* --- against an obvious recomputation ----------------------------------------------------------- */

#define POOLS_MAX 12u
#define DOMAINS_MAX 16u

/* What was agreed to, and nothing that follows from it. */
struct plain {
	unsigned n_pools, n_domains;
	unsigned parent[POOLS_MAX], pool[DOMAINS_MAX], pcpus[DOMAINS_MAX];
	uint64_t reservation[POOLS_MAX], limit[POOLS_MAX], asked[DOMAINS_MAX], capacity;
	bool expandable[POOLS_MAX];
};

static uint64_t plain_claim(const struct plain *p, unsigned pool);

static uint64_t plain_taken(const struct plain *p, unsigned pool)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < p->n_pools; i++)
		if (p->parent[i] == pool)
			sum += plain_claim(p, i);
	for (i = 0; i < p->n_domains; i++)
		if (p->pool[i] == pool)
			sum += p->asked[i];
	return sum;
}

static uint64_t plain_claim(const struct plain *p, unsigned pool)
{
	uint64_t taken = plain_taken(p, pool);

	return taken > p->reservation[pool] ? taken : p->reservation[pool];
}

static bool plain_holds(const struct plain *p)
{
	unsigned i;

	for (i = 0; i < p->n_pools; i++) {
		if (!p->expandable[i] && plain_taken(p, i) > p->reservation[i])
			return false;
		if (p->limit[i] && plain_claim(p, i) > p->limit[i])
			return false;
	}
	for (i = 0; i < p->n_domains; i++)
		if (p->asked[i] > 100 * (uint64_t)p->pcpus[i])
			return false;
	return plain_taken(p, CX_NO_POOL) <= p->capacity;
}

static uint64_t seed_step(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static unsigned below(uint64_t *seed, unsigned n)
{
	return (unsigned)((seed_step(seed) >> 20) % n);
}

static struct cx_ledger *random_tree(struct plain *p, uint64_t *seed)
{
	struct cx_ledger_entry pools[POOLS_MAX], domains[DOMAINS_MAX];
	struct cx_ledger *l = NULL;
	unsigned i;

	memset(p, 0, sizeof(*p));
	p->n_pools = below(seed, POOLS_MAX + 1);
	p->n_domains = below(seed, DOMAINS_MAX + 1);
	for (i = 0; i < p->n_pools; i++) {
		p->parent[i] = below(seed, 3) && i ? below(seed, i) : CX_NO_POOL;
		p->expandable[i] = true;
		pools[i] = (struct cx_ledger_entry){ "p", p->parent[i] };
	}
	for (i = 0; i < p->n_domains; i++) {
		p->pool[i] = p->n_pools && below(seed, 4) ? below(seed, p->n_pools) : CX_NO_POOL;
		p->pcpus[i] = 1000;
		domains[i] = (struct cx_ledger_entry){ "d", p->pool[i] };
	}
	assert_int_equal(cx_ledger_new(pools, p->n_pools, domains, p->n_domains, &l, NULL), 0);
	return l;
}

/* One thing, at both.  Whether the ledger took it. */
static bool random_step(struct cx_ledger *l, struct plain *p, uint64_t *seed)
{
	unsigned i, what = below(seed, 8);
	struct cx_error err = { "" };
	int rc;

	if (what == 0) {
		p->capacity = below(seed, 900);
		rc = cx_ledger_set_capacity(l, p->capacity, &err);
	} else if (what == 1 && p->n_domains) {
		i = below(seed, p->n_domains);
		p->pcpus[i] = below(seed, 5);
		rc = cx_ledger_set_pcpus(l, i, p->pcpus[i], &err);
	} else if (what < 4 && p->n_pools) {
		i = below(seed, p->n_pools);
		p->reservation[i] = below(seed, 3) ? below(seed, 300) : 0;
		p->limit[i] = below(seed, 3) ? 0 : below(seed, 400);
		p->expandable[i] = below(seed, 4) != 0;
		rc = cx_ledger_set_pool(l, i, p->reservation[i], p->limit[i], p->expandable[i],
					&err);
	} else if (p->n_domains) {
		i = below(seed, p->n_domains);
		p->asked[i] = below(seed, 4) ? below(seed, 150) : 0;
		rc = cx_ledger_set_domain(l, i, p->asked[i], &err);
	} else {
		return true;
	}
	assert_true(rc == 0 || rc == -ENOSPC || rc == -ERANGE);
	assert_true((rc == 0) == (err.text[0] == '\0'));
	return rc == 0;
}

static void compare(const struct cx_ledger *l, const struct plain *p)
{
	unsigned i;

	for (i = 0; i < p->n_pools; i++) {
		struct cx_ledger_pool got = cx_ledger_pool(l, i);

		assert_int_equal(got.taken, plain_taken(p, i));
		assert_int_equal(got.reservation, p->reservation[i]);
		assert_int_equal(got.limit, p->limit[i]);
		assert_int_equal(got.expandable, p->expandable[i]);
		assert_int_equal(got.reservation + got.borrowed, plain_claim(p, i));
		assert_int_equal(got.taken + got.free, plain_claim(p, i));
	}
	assert_int_equal(cx_ledger_taken(l), plain_taken(p, CX_NO_POOL));
	assert_int_equal(cx_ledger_left(l), p->capacity - plain_taken(p, CX_NO_POOL));
}

static void nothing_leaks(struct cx_ledger *l, struct plain *p)
{
	unsigned i;

	for (i = 0; i < p->n_domains; i++)
		assert_int_equal(cx_ledger_set_domain(l, i, 0, NULL), 0);
	for (i = p->n_pools; i-- > 0;)
		assert_int_equal(cx_ledger_set_pool(l, i, 0, 0, true, NULL), 0);
	assert_int_equal(cx_ledger_taken(l), 0);
	assert_int_equal(cx_ledger_set_capacity(l, 0, NULL), 0);
}

static void as_plain_recomputation_has_it(void **state)
{
	uint64_t seed = 88172645463325252ull;
	unsigned i, step, taken = 0, refused = 0;

	(void)state;
	for (i = 0; i < 2000; i++) {
		struct plain now, then;
		struct cx_ledger *l = random_tree(&now, &seed);

		for (step = 0; step < 60; step++) {
			bool done;

			then = now;
			done = random_step(l, &then, &seed);
			if (done != plain_holds(&then))
				fail_msg("tree %u, step %u: %s", i, step,
					 done ? "taken" : "refused");
			if (done)
				now = then;
			taken += done;
			refused += !done;
			compare(l, &now);
		}
		nothing_leaks(l, &now);
		cx_ledger_free(l);
	}
	/* Both happen often enough to mean something. */
	assert_true(taken > 20000 && refused > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expandable_it_borrows),
		cmocka_unit_test(refused_where_the_parent_has_not_enough),
		cmocka_unit_test(refused_where_it_is_not_expandable),
		cmocka_unit_test(up_to_the_host),
		cmocka_unit_test(limits_hold_for_all_of_it),
		cmocka_unit_test(wider_than_its_pcpus),
		cmocka_unit_test(a_long_way_up),
		cmocka_unit_test(a_wrong_tree),
		cmocka_unit_test(as_plain_recomputation_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
