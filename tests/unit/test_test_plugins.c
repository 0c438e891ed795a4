/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test plug-ins on the test bench: those without a sin have none, and each of the
 * others shows its own.
 */
#include "mock_core.c"

#define coxswain_plugin counts_calls_plugin
#include "../plugins/counts_calls.c"
#undef coxswain_plugin
#define coxswain_plugin only_pick_plugin
#include "../plugins/only_pick.c"
#undef coxswain_plugin
#define coxswain_plugin absurd_slice_plugin
#include "../plugins/absurd_slice.c"
#undef coxswain_plugin
#define coxswain_plugin leaks_lock_plugin
#include "../plugins/leaks_lock.c"
#undef coxswain_plugin
#define coxswain_plugin never_picks_plugin
#include "../plugins/never_picks.c"
#undef coxswain_plugin
#define coxswain_plugin picks_blocked_plugin
#include "../plugins/picks_blocked.c"
#undef coxswain_plugin
#define coxswain_plugin picks_forbidden_plugin
#include "../plugins/picks_forbidden.c"
#undef coxswain_plugin
#define coxswain_plugin picks_garbage_pointer_plugin
#include "../plugins/picks_garbage_pointer.c"
#undef coxswain_plugin
#define coxswain_plugin picks_parked_plugin
#include "../plugins/picks_parked.c"
#undef coxswain_plugin
#define coxswain_plugin picks_running_plugin
#include "../plugins/picks_running.c"
#undef coxswain_plugin
#define coxswain_plugin places_forbidden_plugin
#include "../plugins/places_forbidden.c"
#undef coxswain_plugin
#define coxswain_plugin starves_one_plugin
#include "../plugins/starves_one.c"
#undef coxswain_plugin

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Two pCPUs, three hogs, a sleeper, a yielder, and one that is pinned. */
static struct mock *run(const struct cx_plugin *plugin, bool sins)
{
	static const struct mock_step sleeps[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, 3 * CX_MS } };
	static const struct mock_step yields[] = { { MOCK_RUN, CX_MS }, { MOCK_YIELD, 0 } };
	struct mock *m = mock_new(plugin, &(struct mock_config){ .pcpus = 2, .seed = 1 });
	struct cx_domain *d = mock_domain(m, "d", 256, 0);

	m->expects_breaches = sins;
	for (int i = 0; i < 3; i++)
		mock_vcpu(d, (uint64_t)i * CX_MS, NULL, 0);
	mock_vcpu(d, 0, sleeps, 2);
	mock_vcpu(d, 0, yields, 2);
	mock_affinity(mock_vcpu(d, 0, NULL, 0), 2, ~0u);
	mock_run(m, CX_SEC);
	return m;
}

static void test_without_sin(void **state)
{
	static const struct cx_plugin *const plugins[] = { &counts_calls_plugin,
							   &only_pick_plugin };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct mock *m = run(plugins[i], false);

		for (unsigned j = 0; j < m->n_vcpus; j++)
			if (m->vcpus[j]->run_ns < 20 * CX_MS)
				fail_msg("%s: vCPU %u ran for %llu ns", plugins[i]->name, j,
					 (unsigned long long)m->vcpus[j]->run_ns);
		assert_int_equal(mock_free(m), 0);
	}
}

static void test_each_shows_its_own(void **state)
{
	static const struct {
		const struct cx_plugin *plugin;
		const char *sin;
	} sins[] = {
		{ &absurd_slice_plugin, "a slice of " },
		{ &leaks_lock_plugin, "was not released" },
		{ &picks_blocked_plugin, "is not runnable" },
		{ &picks_forbidden_plugin, "is forbidden here" },
		{ &picks_garbage_pointer_plugin, "is no vCPU" },
		{ &picks_parked_plugin, "is parked" },
		{ &picks_running_plugin, "runs elsewhere" },
		{ &places_forbidden_plugin, "which affinity forbids" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(sins) / sizeof(sins[0]); i++) {
		struct mock *m = run(sins[i].plugin, true);

		if (!m->breaches || !strstr(m->last_breach, sins[i].sin))
			fail_msg("%s: %u breaches, \"%s\"; expected \"%s\"", sins[i].plugin->name,
				 m->breaches, m->last_breach, sins[i].sin);
		mock_free(m);
	}
}

static void test_starvation(void **state)
{
	struct mock *m = run(&starves_one_plugin, false);

	(void)state;
	assert_int_equal(m->vcpus[0]->run_ns, 0);
	assert_true(m->vcpus[1]->run_ns > 0);
	assert_int_equal(mock_free(m), 0);
	m = run(&never_picks_plugin, false);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		assert_int_equal(m->vcpus[i]->run_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

/* ---- the bench itself: who is entitled to what ---- */

static struct cx_entitlement asked[4];
static int answered;

static void ask(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)now;
	if (cx_domain_index(dom) == 0)
		answered = cx_entitlements(policy, asked, 4);
}

/* Three want all of a pCPU that two share with a fourth: 1 to 3, and one pCPU is the fourth's. */
static void test_entitlements(void **state)
{
	static const struct mock_config config = { .pcpus = 2 };
	struct cx_plugin table = only_pick_plugin;
	struct cx_domain *d[3];
	struct mock *m;

	(void)state;
	table.domain_adjust = ask;
	m = mock_new(&table, &config);
	for (unsigned i = 0; i < 3; i++)
		d[i] = mock_domain(m, "d", 100, 0);
	for (unsigned i = 0; i < 4; i++) {
		asked[i].vcpu = mock_vcpu(d[i < 3 ? i : 2], 0, NULL, 0);
		asked[i].demand_ns = CX_SEC;
		mock_affinity(asked[i].vcpu, i < 2 ? 1 : 3, 3);
	}
	mock_run(m, CX_MS);
	mock_adjust(d[1], 300, 0);
	mock_adjust(d[0], 100, 0);
	assert_int_equal(answered, 0);
	assert_int_equal(asked[0].entitled_ns, CX_SEC / 4);
	assert_int_equal(asked[1].entitled_ns, CX_SEC / 4 * 3);
	assert_int_equal(asked[2].entitled_ns, CX_SEC / 2);
	assert_int_equal(asked[3].entitled_ns, CX_SEC / 2);
	assert_int_equal(asked[0].set, asked[1].set);
	assert_true(asked[3].set != asked[0].set);
	assert_int_equal(cx_domain_affinity(d[1]), cx_domain_affinity(d[0]));
	assert_int_equal(cx_domain_affinity(d[2]), 2);
	assert_null(cx_domain_pool(d[0]));
	m->expects_breaches = true;
	asked[3] = asked[2];
	mock_adjust(d[0], 100, 0);
	assert_int_equal(answered, -EINVAL);
	assert_int_equal(mock_free(m), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_sin),
		cmocka_unit_test(test_each_shows_its_own),
		cmocka_unit_test(test_starvation),
		cmocka_unit_test(test_entitlements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
