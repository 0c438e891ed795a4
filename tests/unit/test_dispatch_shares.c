/* SPDX-License-Identifier: BSD-2-Clause */
/* Resource pools and entitlements, as a policy sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/policies.h"

#include <errno.h>

static unsigned seen[4];

static void see_pool(struct cx_policy *policy, struct cx_pool *pool, uint64_t now)
{
	(void)policy, (void)now;
	seen[0] = cx_pool_index(pool);
	seen[1] = cx_pool_weight(pool);
	seen[2] = cx_pool_reservation(pool);
	seen[3] = cx_pool_limit(pool);
}

static void end_of(struct vm *m, struct spy *spy)
{
	if (!m->finished)
		vmachine_finish(m);
	vmachine_check(m);
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
}

/* --- pools ---------------------------------------------------------------------- */

static const struct cx_dispatch_pool tree[] = {
	{ "all", CX_NO_POOL, 1000, 100, 0 },
	{ "part", 0, 500, 0, 150 },
	{ "other", CX_NO_POOL, 7, 0, 0 },
};

static void a_policy_sees_the_tree(void **state)
{
	static const struct vm_domain domains[] = { { .pool = 1 },
						    { .pool = CX_NO_POOL },
						    { .pool = 0, .cpus = "1" },
						    { .pool = 77, .cpus = "0-1" } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(&(struct vm_config){ .plugin = &spy->table,
							 .pcpus = 2,
							 .domains = domains,
							 .n_domains = 4,
							 .pools = tree,
							 .n_pools = 3 });
	struct cx_domain *dom[4];
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++)
		dom[i] = cx_vcpu_domain(m->vcpus[i].v);
	assert_string_equal(cx_pool_name(cx_domain_pool(dom[0])), "part");
	assert_int_equal(cx_pool_index(cx_domain_pool(dom[0])), 1);
	assert_ptr_equal(cx_pool_parent(cx_domain_pool(dom[0])), cx_domain_pool(dom[2]));
	assert_null(cx_pool_parent(cx_domain_pool(dom[2])));
	assert_null(cx_domain_pool(dom[1]));
	assert_null(cx_domain_pool(dom[3]));
	assert_int_equal(cx_pool_weight(cx_domain_pool(dom[2])), 1000);
	assert_int_equal(cx_pool_reservation(cx_domain_pool(dom[2])), 100);
	assert_int_equal(cx_pool_limit(cx_domain_pool(dom[0])), 150);
	/* All pCPUs, said in three ways, and one of them. */
	assert_int_equal(cx_domain_affinity(dom[0]), cx_domain_affinity(dom[1]));
	assert_int_equal(cx_domain_affinity(dom[0]), cx_domain_affinity(dom[3]));
	assert_int_not_equal(cx_domain_affinity(dom[0]), cx_domain_affinity(dom[2]));
	assert_true(cx_domain_affinity(dom[2]) < 2);
	end_of(m, spy);
}

/* Counted in init(), where pools are there already. */
static unsigned pools_at_init;
static const char *third_at_init;

static int count_pools(struct cx_policy *policy)
{
	pools_at_init = cx_pool_count(policy);
	third_at_init = cx_pool_at(policy, 3) ? NULL : cx_pool_name(cx_pool_at(policy, 2));
	return cx_affinity_count(policy) == 1 ? 0 : -EINVAL;
}

static void pools_are_adjusted_live(void **state)
{
	static const struct vm_domain one[] = { { .pool = 0 } };
	struct cx_plugin table = ring_plugin;
	unsigned weight, reservation, limit;
	struct spy *spy;
	struct vm *m;

	(void)state;
	table.pool_adjust = see_pool;
	table.init = count_pools;
	spy = spy_new(&table, 0);
	m = vmachine_new(&(struct vm_config){ .plugin = &spy->table,
					      .domains = one,
					      .n_domains = 1,
					      .pools = tree,
					      .n_pools = 3 });
	assert_int_equal(pools_at_init, 3);
	assert_string_equal(third_at_init, "other");
	vmachine_run(m, VM_MS);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 1, 600, 50, 60), 0);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 600);
	assert_int_equal(seen[2], 50);
	assert_int_equal(seen[3], 60);
	assert_int_equal(spy->calls[SPY_POOL_ADJUST], 1);
	/* The same again is no change. */
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 1, 600, 50, 60), 0);
	assert_int_equal(spy->calls[SPY_POOL_ADJUST], 1);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 2, CX_POOL_WEIGHT_MAX, 5000, 0), 0);
	assert_int_equal(seen[2], 5000);
	cx_dispatch_pool_values(m->d, 1, &weight, &reservation, &limit);
	assert_int_equal(weight, 600);
	assert_int_equal(reservation, 50);
	assert_int_equal(limit, 60);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 3, 1, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 0, 0, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 0, CX_POOL_WEIGHT_MAX + 1, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 0, 1, 61, 60), -EINVAL);
	assert_int_equal(spy->calls[SPY_POOL_ADJUST], 2);
	vmachine_finish(m);
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 0, 2, 0, 0), -ECANCELED);
	end_of(m, spy);
}

static void a_circle_is_refused(void **state)
{
	static const struct vm_domain one[] = { { .pool = 0 } };
	static const struct cx_dispatch_pool circle[] = { { "a", 1, 1, 0, 0 },
							  { "b", 0, 1, 0, 0 } };
	struct vm *m = vmachine_new(&(struct vm_config){ .plugin = &ring_plugin,
							 .domains = one,
							 .n_domains = 1,
							 .pools = circle,
							 .n_pools = 2,
							 .expects_refusal = true });

	(void)state;
	assert_int_equal(m->rc, -EINVAL);
	assert_non_null(strstr(m->err.text, "pool a: found parent number 1"));
	vmachine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_sees_the_tree),
		cmocka_unit_test(pools_are_adjusted_live),
		cmocka_unit_test(a_circle_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
