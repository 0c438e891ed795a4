/* SPDX-License-Identifier: BSD-2-Clause */
/* Resource pools and entitlements, as a policy sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/policies.h"

#include <errno.h>
#include <math.h>

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

/* --- entitlements ----------------------------------------------------------------- */

#define ASKED 8u
#define PERCENT (VM_SEC / 100)

/* Asked inside an operation that holds all locks: a parameter that is set. */
static struct {
	struct cx_entitlement list[ASKED];
	unsigned n;
	int rc;
} ask;

static void ask_now(struct cx_policy *policy, unsigned index, uint64_t now)
{
	(void)index, (void)now;
	ask.rc = cx_entitlements(policy, ask.list, ask.n);
}

/* Asked inside one that does not. */
static void ask_wrongly(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			uint64_t now)
{
	(void)v, (void)why, (void)now;
	ask.rc = cx_entitlements(policy, ask.list, 0);
}

static const struct cx_param one_param[] = { { "p", CX_PARAM_INT, NULL, 0, 9, 0, "p", NULL } };

static struct vm *machine(struct spy **spy, unsigned pcpus, const struct vm_domain *domains,
			  unsigned n, const struct cx_dispatch_pool *pools, unsigned n_pools)
{
	static struct cx_plugin table;
	struct vm *m;

	table = ring_plugin;
	table.params = one_param;
	table.n_params = 1;
	table.param_set = ask_now;
	*spy = spy_new(&table, 0);
	m = vmachine_new(&(struct vm_config){ .plugin = &(*spy)->table,
					      .pcpus = pcpus,
					      .domains = domains,
					      .n_domains = n,
					      .pools = pools,
					      .n_pools = n_pools });
	memset(&ask, 0, sizeof(ask));
	for (ask.n = 0; ask.n < m->n_vcpus && ask.n < ASKED; ask.n++)
		ask.list[ask.n] = (struct cx_entitlement){ .vcpu = m->vcpus[ask.n].v,
							   .demand_ns = VM_SEC,
							   .set = 99 };
	return m;
}

static int entitle(struct vm *m)
{
	assert_int_equal(cx_dispatch_set_param(m->d, 0, 1), 0);
	return ask.rc;
}

static bool near(uint64_t ns, double percent)
{
	return fabs((double)ns - percent * PERCENT) < 4;
}

/* What vCPU @v is entitled to, and its rate and its reserved part, in percent of a pCPU. */
static void expect(unsigned v, double entitled, double rate, double reserved)
{
	const struct cx_entitlement *e = &ask.list[v];

	if (!near(e->entitled_ns, entitled) || !near(e->rate_ns, rate) ||
	    !near(e->reserved_ns, reserved))
		fail_msg("vCPU %u: %llu, %llu, %llu, not %g %%, %g %%, %g %%", v,
			 (unsigned long long)e->entitled_ns, (unsigned long long)e->rate_ns,
			 (unsigned long long)e->reserved_ns, entitled, rate, reserved);
}

/* The worked example of the yardstick, on six pCPUs: A wants half of one. */
static void the_worked_example(void **state)
{
	static const struct vm_domain domains[] = {
		{ .vcpus = 1, .weight = 3000 },
		{ .vcpus = 3, .weight = 1000, .reservation = 225 },
		{ .vcpus = 4, .weight = 1500 },
	};
	struct spy *spy;
	struct vm *m = machine(&spy, 6, domains, 3, NULL, 0);
	unsigned i;

	(void)state;
	ask.list[0].demand_ns = 50 * PERCENT;
	assert_int_equal(entitle(m), 0);
	/* x: 550 among 3000 and 6000. */
	expect(0, 50, 100, 0);
	for (i = 1; i < 4; i++)
		expect(i, 225 / 3.0, 225 / 3.0, 225 / 3.0);
	for (i = 4; i < 8; i++)
		expect(i, 325 / 4.0, 325 / 4.0, 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(ask.list[i].set, ask.list[0].set);
	end_of(m, spy);
}

/* A domain's vCPUs share alike what it is entitled to, but for what they want. */
static void within_a_domain(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 3, .limit = 150 }, { .vcpus = 1 } };
	struct spy *spy;
	struct vm *m = machine(&spy, 4, domains, 2, NULL, 0);

	(void)state;
	ask.list[0].demand_ns = 20 * PERCENT;
	assert_int_equal(entitle(m), 0);
	expect(0, 20, 65, 0); /* the level of the others */
	expect(1, 65, 65, 0);
	expect(2, 65, 65, 0);
	expect(3, 100, 100, 0);
	/* Who sleeps, or is not asked about, leaves all to the others. */
	ask.list[0].demand_ns = 0;
	assert_int_equal(entitle(m), 0);
	expect(0, 0, 75, 0);
	expect(1, 75, 75, 0);
	ask.n = 2;
	ask.list[0] = ask.list[1];
	ask.list[1] = ask.list[3];
	assert_int_equal(entitle(m), 0);
	expect(0, 100, 100, 0);
	end_of(m, spy);
}

static void with_pools(void **state)
{
	static const struct cx_dispatch_pool pools[] = {
		{ "prod", CX_NO_POOL, 768, 0, 0 },
		{ "db", 0, 256, 50, 0 },
		{ "test", CX_NO_POOL, 256, 0, 40 },
	};
	static const struct vm_domain domains[] = {
		{ .vcpus = 1, .pool = 0, .weight = 256 },
		{ .vcpus = 1, .pool = 1, .weight = 100 },
		{ .vcpus = 1, .pool = 1, .weight = 300 },
		{ .vcpus = 2, .pool = 2, .weight = 7 },
		{ .vcpus = 1, .pool = CX_NO_POOL, .weight = 256 },
	};
	struct spy *spy;
	struct vm *m = machine(&spy, 2, domains, 5, pools, 3);

	(void)state;
	assert_int_equal(entitle(m), 0);
	/* test has its 40; of 160, prod has 120, half of it db, whose members share 1 to 3. */
	expect(0, 60, 60, 0);
	expect(1, 15, 15, 12.5);
	expect(2, 45, 45, 37.5);
	expect(3, 20, 20, 0);
	expect(4, 20, 20, 0);
	expect(5, 40, 40, 0);
	/* Live: test loses its limit, and gets a weight of 512. */
	assert_int_equal(cx_dispatch_adjust_pool(m->d, 2, 512, 0, 0), 0);
	assert_int_equal(entitle(m), 0);
	expect(0, 50, 50, 0);
	expect(3, 200 / 6.0, 200 / 6.0, 0);
	expect(5, 200 / 6.0, 200 / 6.0, 0);
	/* Nobody in db: its reservation is nobody's. */
	ask.list[1].demand_ns = ask.list[2].demand_ns = 0;
	assert_int_equal(entitle(m), 0);
	expect(0, 100, 100, 0);
	/* If all of prod wanted everything, half were db's; a quarter of that the first one's. */
	expect(1, 0, 12.5, 0);
	end_of(m, spy);
}

/* Two bound to the first pCPU of two, one free. */
static void with_affinity_and_without_a_pcpu(void **state)
{
	static const struct vm_domain domains[] = {
		{ .vcpus = 1, .cpus = "0" },
		{ .vcpus = 1, .cpus = "0", .weight = 768 },
		{ .vcpus = 1 },
		{ .vcpus = 1, .cpus = "2" },
	};
	struct spy *spy;
	struct vm *m = machine(&spy, 3, domains, 4, NULL, 0);
	struct cx_error err;

	(void)state;
	assert_int_equal(entitle(m), 0);
	expect(0, 25, 25, 0);
	expect(1, 75, 75, 0);
	expect(2, 100, 100, 0);
	expect(3, 100, 100, 0);
	assert_int_equal(ask.list[0].set, ask.list[1].set);
	assert_int_not_equal(ask.list[0].set, ask.list[2].set);
	/* Without the one in the middle, the free one shares with either. */
	assert_int_equal(cx_dispatch_pcpu_offline(m->d, 1, &err), 0);
	vmachine_run(m, VM_MS);
	assert_int_equal(entitle(m), 0);
	expect(0, 25, 25, 0);
	expect(1, 75, 75, 0);
	expect(2, 50, 50, 0);
	expect(3, 50, 50, 0);
	assert_int_equal(cx_dispatch_pcpu_online(m->d, 1, &err), 0);
	assert_int_equal(entitle(m), 0);
	expect(2, 100, 100, 0);
	end_of(m, spy);
}

static void vcpus_come_and_go(void **state)
{
	static const struct vm_step once[] = { { VM_RUN, VM_MS }, { VM_END, 0 } };
	static const struct vm_domain domains[] = { { .vcpus = 2 },
						    { .vcpus = 1, .script = once, .n_steps = 2 },
						    { .start_ns = VM_SEC } };
	struct spy *spy;
	struct vm *m = machine(&spy, 2, domains, 3, NULL, 0);

	(void)state;
	assert_int_equal(entitle(m), -EINVAL); /* the last one is not attached yet */
	assert_int_equal(ask.list[0].set, 99); /* nothing was filled in */
	ask.n = 3;
	assert_int_equal(entitle(m), 0);
	expect(0, 200 / 3.0, 200 / 3.0, 0);
	expect(2, 200 / 3.0, 200 / 3.0, 0);
	vmachine_run(m, 100 * VM_MS);
	assert_int_equal(entitle(m), -EINVAL); /* it has ended */
	vmachine_run(m, VM_SEC);
	ask.list[2] = ask.list[3];
	assert_int_equal(entitle(m), 0);
	expect(2, 200 / 3.0, 200 / 3.0, 0);
	end_of(m, spy);
}

static void bad_lists(void **state)
{
	struct cx_entitlement good;
	static const struct vm_domain domains[] = { { .vcpus = 2 } };
	struct spy *spy;
	struct vm *m = machine(&spy, 1, domains, 1, NULL, 0);

	(void)state;
	good = ask.list[1];
	ask.list[1] = ask.list[0];
	assert_int_equal(entitle(m), -EINVAL);
	ask.list[1] = good;
	ask.list[1].demand_ns = VM_SEC + 1;
	assert_int_equal(entitle(m), -EINVAL);
	ask.list[1] = good;
	ask.list[1].vcpu = NULL;
	assert_int_equal(entitle(m), -EINVAL);
	ask.list[1].vcpu = (struct cx_vcpu *)((char *)good.vcpu + 1);
	assert_int_equal(entitle(m), -EINVAL);
	ask.list[1].vcpu = (struct cx_vcpu *)&ask;
	assert_int_equal(entitle(m), -EINVAL);
	assert_int_equal(ask.list[0].set, 99);
	ask.list[1] = good;
	assert_int_equal(entitle(m), 0);
	expect(0, 50, 50, 0);
	ask.n = 0;
	assert_int_equal(entitle(m), 0);
	end_of(m, spy);
}

/* Without all locks it is a fault; with one lock for all, all are held. */
static void only_with_all_locks(void **state)
{
	static const struct vm_domain one[] = { { .vcpus = 1 } };
	struct cx_plugin table = ring_plugin;
	unsigned k;

	(void)state;
	table.wake = ask_wrongly;
	for (k = 0; k < 2; k++) {
		struct spy *spy = spy_new(&table, k ? CX_PLUGIN_INSTANCE_LOCK : 0);
		struct vm *m = vmachine_new(&(struct vm_config){
			.plugin = &spy->table, .domains = one, .n_domains = 1 });

		assert_int_equal(ask.rc, k ? 0 : -EINVAL);
		vmachine_finish(m);
		assert_int_equal(m->record->faults[CX_FAULT_SERVICE], k ? 0 : 1);
		end_of(m, spy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_sees_the_tree),
		cmocka_unit_test(pools_are_adjusted_live),
		cmocka_unit_test(a_circle_is_refused),
		cmocka_unit_test(the_worked_example),
		cmocka_unit_test(within_a_domain),
		cmocka_unit_test(with_pools),
		cmocka_unit_test(with_affinity_and_without_a_pcpu),
		cmocka_unit_test(vcpus_come_and_go),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(only_with_all_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
