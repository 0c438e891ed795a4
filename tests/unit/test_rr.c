/* SPDX-License-Identifier: BSD-2-Clause */
/* The round-robin policy on the test bench. */
#include "mock_core.c"

#include "../../schedulers/rr/rr.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLICE (10 * CX_MS)

static struct mock *bench(unsigned pcpus)
{
	return mock_new(&coxswain_plugin, &(struct mock_config){ .pcpus = pcpus, .seed = 1 });
}

static void test_equal_turns_in_order(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *v[3];
	const struct mock_entry *e;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		v[i] = mock_vcpu(mock_domain(m, "d", 256 << i, 0), 0, NULL, 0);
	mock_run(m, 30 * SLICE);
	for (int i = 0; i < 30; i++) {
		e = mock_next(m, &at, MOCK_DECIDE, -2);
		assert_non_null(e);
		assert_int_equal(e->vcpu, i % 3);
		assert_int_equal(e->t_ns, i * SLICE);
		assert_int_equal(e->x, SLICE);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(v[i]->run_ns, 10 * SLICE);
	assert_int_equal(mock_free(m), 0);
}

static void test_slice_is_live(void **state)
{
	struct mock *m = bench(1);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	uint64_t before;

	(void)state;
	mock_vcpu(d, 0, NULL, 0);
	mock_vcpu(d, 0, NULL, 0);
	mock_run(m, 100 * CX_MS);
	assert_int_equal(m->decisions, 11);
	mock_param(m, "slice", CX_MS);
	before = m->decisions;
	mock_run(m, 200 * CX_MS);
	assert_in_range(m->decisions - before, 90, 100);
	assert_int_equal(mock_free(m), 0);
}

static void test_yield_and_sleep_go_to_the_end(void **state)
{
	static const struct mock_step yields[] = { { MOCK_RUN, CX_MS }, { MOCK_YIELD, 0 } };
	static const struct mock_step sleeps[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, CX_MS / 2 } };
	static const int order[] = { 0, 1, 2, 0, 1, 2 };
	struct mock *m = bench(1);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	size_t at = 0;

	(void)state;
	mock_vcpu(d, 0, yields, 2);
	mock_vcpu(d, 0, sleeps, 2);
	mock_vcpu(d, 0, NULL, 0);
	mock_run(m, 100 * CX_MS);
	for (int i = 0; i < 6; i++)
		assert_int_equal(mock_next(m, &at, MOCK_DECIDE, -2)->vcpu, order[i]);
	assert_int_equal(mock_free(m), 0);
}

static void test_idle_pcpus_steal(void **state)
{
	struct mock *m = bench(4);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *v[4];
	static const struct mock_step naps[] = { { MOCK_RUN, 7 * CX_MS }, { MOCK_SLEEP, CX_MS } };

	(void)state;
	for (int i = 0; i < 4; i++)
		v[i] = mock_vcpu(d, 0, NULL, 0);
	for (int i = 0; i < 4; i++)
		mock_vcpu(d, 5 * CX_MS, naps, 2);
	mock_run(m, CX_SEC);
	for (int i = 0; i < 4; i++)
		assert_true(v[i]->run_ns > CX_SEC / 5);
	assert_int_equal(m->wasted_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

static void test_affinity_is_kept(void **state)
{
	struct mock *m = bench(2);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *a = mock_vcpu(d, 0, NULL, 0), *b = mock_vcpu(d, 0, NULL, 0);

	(void)state;
	mock_affinity(a, 1, 3);
	mock_affinity(b, 1, 3);
	mock_run(m, 10 * SLICE);
	assert_int_equal(a->run_ns, 5 * SLICE);
	assert_int_equal(b->run_ns, 5 * SLICE);
	/* The one that waits may go elsewhere now, and does. */
	mock_reaffine(b, 2);
	mock_run(m, 20 * SLICE);
	assert_in_range(a->run_ns + b->run_ns, 29 * SLICE, 30 * SLICE);
	assert_int_equal(mock_free(m), 0);
}

struct dice {
	struct mock *m;
	unsigned n;
};

static struct mock_step roll(void *arg)
{
	struct dice *dice = arg;

	switch (dice->n++ % 2 ? mock_rand(dice->m, 4) : 0) {
	case 1:
		return (struct mock_step){ MOCK_SLEEP, mock_rand(dice->m, 20 * CX_MS) };
	case 2:
		return (struct mock_step){ MOCK_YIELD, 0 };
	default:
		return (struct mock_step){ MOCK_RUN, 1 + mock_rand(dice->m, 15 * CX_MS) };
	}
}

/* Slow kicks, failing locks, vCPUs that come and go: the contract holds, nobody starves. */
static void storm(unsigned pcpus, unsigned vcpus, uint64_t seed, bool shaky)
{
	struct mock *m = mock_new(&coxswain_plugin, &(struct mock_config){ .pcpus = pcpus,
									   .seed = seed,
									   .kick_ns = 50 * CX_US,
									   .shaky = shaky,
									   .quiet = true });
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct dice dice[32];

	for (unsigned i = 0; i < vcpus; i++) {
		struct cx_vcpu *v;

		dice[i] = (struct dice){ m, 0 };
		v = mock_scripted(d, mock_rand(m, 50 * CX_MS), roll, &dice[i]);
		if (i % 4 == 3)
			mock_affinity(v, 1u << mock_rand(m, pcpus), ~0u);
	}
	mock_run(m, CX_SEC);
	mock_stop(m->vcpus[0]);
	for (unsigned i = 0; i < 100; i++) {
		mock_run(m, m->now_ns + mock_rand(m, 20 * CX_MS));
		mock_offline(m, (unsigned)mock_rand(m, pcpus));
		mock_run(m, m->now_ns + mock_rand(m, 10 * CX_MS));
		mock_online(m, (unsigned)mock_rand(m, pcpus));
	}
	for (unsigned i = 0; i < pcpus; i++)
		mock_online(m, i);
	mock_run(m, 5 * CX_SEC);
	for (unsigned i = 1; i < vcpus; i++) {
		assert_true(m->vcpus[i]->run_ns > 0);
		assert_true(m->vcpus[i]->longest_wait_ns <= vcpus * 16 * CX_MS);
	}
	/* No pCPU idles for longer than it takes to call it, unless a try-lock fails. */
	if (!shaky)
		assert_true(m->longest_waste_ns <= 2 * 50 * CX_US);
	assert_int_equal(mock_free(m), 0);
}

static void test_storm(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		storm(1 + seed % 6, 4 + seed, seed, seed % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_turns_in_order),
		cmocka_unit_test(test_slice_is_live),
		cmocka_unit_test(test_yield_and_sleep_go_to_the_end),
		cmocka_unit_test(test_idle_pcpus_steal),
		cmocka_unit_test(test_affinity_is_kept),
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
