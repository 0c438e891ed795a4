/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credit scheduler: the order in which vCPUs wait, where they run, who is stolen.
 */
#include "credit_rig.h"

/* --- the queue, by hand ------------------------------------------------------------ */

#define BY_HAND 64

struct by_hand {
	struct mock *m;
	struct credit_policy *cp;
	struct credit_pcpu *pc;
	struct credit_vcpu *cv[BY_HAND];
};

/* A pCPU whose vCPUs all sleep: its queue is ours. */
static struct by_hand by_hand(unsigned n)
{
	static const struct mock_step sleeps[] = { { MOCK_SLEEP, 1000 * CX_SEC } };
	struct by_hand h = { .m = bench(1) };
	struct cx_domain *d = mock_domain(h.m, "d", 256, 0);

	for (unsigned i = 0; i < n; i++)
		mock_vcpu(d, 0, sleeps, 1);
	mock_run(h.m, CX_MS);
	h.cp = credit_of(&h.m->policy);
	h.pc = h.m->pcpus[0].priv;
	for (unsigned i = 0; i < n; i++) {
		h.cv[i] = h.m->vcpus[i]->priv;
		h.cv[i]->pri = CREDIT_UNDER;
	}
	return h;
}

static void insert(struct by_hand *h, unsigned i, enum credit_pri pri, bool yielded)
{
	h->cv[i]->pri = pri;
	h->cv[i]->yielded = yielded;
	credit_insert(h->cp, h->pc, h->cv[i]);
	h->cv[i]->yielded = false;
}

static void expect_order(struct by_hand *h, const int *order, unsigned n)
{
	assert_int_equal(h->pc->queued, n);
	for (unsigned i = 0; i < n; i++) {
		struct credit_vcpu *head = credit_head(h->cp, h->pc);

		assert_non_null(head);
		assert_ptr_equal(head, h->cv[order[i]]);
		credit_remove(head);
	}
	assert_null(credit_head(h->cp, h->pc));
	assert_int_equal(h->pc->queued, 0);
}

static void test_queue_order(void **state)
{
	static const int order[] = { 3, 1, 4, 0, 2 };
	struct by_hand h = by_hand(5);

	(void)state;
	insert(&h, 0, CREDIT_OVER, false);
	insert(&h, 1, CREDIT_UNDER, false);
	insert(&h, 2, CREDIT_OVER, false);
	insert(&h, 3, CREDIT_BOOST, false);
	insert(&h, 4, CREDIT_UNDER, false);
	expect_order(&h, order, 5);
	assert_int_equal(mock_free(h.m), 0);
}

static void test_yield_goes_behind_one(void **state)
{
	static const int behind_one[] = { 3, 1, 0, 2 }, sorted[] = { 0, 1, 2 },
			 both_rise[] = { 1, 0, 2 }, at_the_end[] = { 1, 0 };
	struct by_hand h = by_hand(4);

	(void)state;
	insert(&h, 1, CREDIT_OVER, false);
	insert(&h, 2, CREDIT_OVER, false);
	insert(&h, 0, CREDIT_UNDER, true);
	insert(&h, 3, CREDIT_UNDER, false);
	expect_order(&h, behind_one, 4);
	/* The next sort brings it forward. */
	insert(&h, 1, CREDIT_OVER, false);
	insert(&h, 2, CREDIT_OVER, false);
	insert(&h, 0, CREDIT_UNDER, true);
	h.cp->accountings++;
	expect_order(&h, sorted, 3);
	/* Even if the one before it rises, they keep their order. */
	insert(&h, 1, CREDIT_OVER, false);
	insert(&h, 2, CREDIT_OVER, false);
	insert(&h, 0, CREDIT_UNDER, true);
	credit_set_pri(h.cv[1], CREDIT_UNDER);
	h.cp->accountings++;
	expect_order(&h, both_rise, 3);
	/* Nobody of lower priority: behind its equals. */
	insert(&h, 1, CREDIT_UNDER, false);
	insert(&h, 0, CREDIT_UNDER, true);
	expect_order(&h, at_the_end, 2);
	assert_int_equal(mock_free(h.m), 0);
}

/* The lazy sort gives the order of a stable sort of the whole queue by priority. */
static void test_lazy_sort_is_stable(void **state)
{
	struct by_hand h = by_hand(BY_HAND);
	int before[BY_HAND], after[BY_HAND];
	unsigned n;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < BY_HAND; i++)
			insert(&h, i, CREDIT_OVER + mock_rand(h.m, 3), false);
		n = 0;
		for (int pri = CREDIT_BOOST; pri > CREDIT_IDLE; pri--)
			for (int i = 0; i < BY_HAND; i++)
				if ((int)h.cv[i]->pri == pri)
					before[n++] = i;
		for (unsigned i = 0; i < BY_HAND; i++)
			if (mock_rand(h.m, 4) == 0)
				credit_set_pri(h.cv[i], CREDIT_OVER + mock_rand(h.m, 2));
		h.cp->accountings++;
		n = 0;
		for (int pri = CREDIT_BOOST; pri > CREDIT_IDLE; pri--)
			for (int i = 0; i < BY_HAND; i++)
				if ((int)h.cv[before[i]]->pri == pri)
					after[n++] = before[i];
		expect_order(&h, after, BY_HAND);
	}
	assert_int_equal(mock_free(h.m), 0);
}

/* --- placing and stealing -------------------------------------------------------------- */

static void test_spreads_and_never_idles(void **state)
{
	struct mock *m = bench(4);

	(void)state;
	for (int i = 0; i < 8; i++)
		hog(m, 256, 0);
	mock_run(m, 400 * TSLICE);
	assert_int_equal(m->wasted_ns, 0);
	for (int i = 0; i < 8; i++)
		assert_in_range(m->vcpus[i]->run_ns, 190 * TSLICE, 210 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

/* Three equal hogs on two pCPUs: two thirds each, which needs stealing. */
static void test_stealing_is_fair(void **state)
{
	struct mock *m = bench(2);

	(void)state;
	for (int i = 0; i < 3; i++)
		hog(m, 256, 0);
	mock_run(m, 3000 * TSLICE);
	for (int i = 0; i < 3; i++)
		assert_in_range(m->vcpus[i]->run_ns, 1960 * TSLICE, 2040 * TSLICE);
	assert_int_equal(m->wasted_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

/* Four pCPUs by hand, each of the last three with somebody waiting. */
static void test_steal_order(void **state)
{
	static const enum credit_pri pris[] = { CREDIT_OVER, CREDIT_OVER, CREDIT_UNDER,
						CREDIT_UNDER };
	struct mock *m = mock_new(&coxswain_plugin,
				  &(struct mock_config){ .pcpus = 4, .llc = 2, .seed = 1 });
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct credit_vcpu *waits[4], *busy[4];
	struct credit_policy *cp = credit_of(&m->policy);
	struct credit_pcpu *thief = m->pcpus[0].priv;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		mock_affinity(mock_vcpu(d, 0, NULL, 0), 1u << i, ~0u);
	for (unsigned i = 0; i < 4; i++)
		mock_affinity(mock_vcpu(d, CX_US, NULL, 0), 1u << i, ~0u);
	mock_run(m, 2 * CX_MS);
	hold_all(m, "test");
	for (unsigned i = 0; i < 4; i++) {
		busy[i] = m->vcpus[i]->priv;
		waits[i] = m->vcpus[i + 4]->priv;
		assert_true(m->vcpus[i]->on_pcpu);
		credit_remove(waits[i]);
		waits[i]->pri = pris[i];
		m->vcpus[i + 4]->hard = 0xf;
		credit_insert(cp, m->pcpus[i].priv, waits[i]);
	}
	/* pCPU 0 has OVER: it takes UNDER from the nearest that has it, not OVER from 1. */
	assert_ptr_equal(choose_next(cp, thief, m->now_ns), waits[2]);
	assert_ptr_equal(choose_next(cp, thief, m->now_ns), waits[3]);
	/* No UNDER is left anywhere: its own OVER, then OVER from elsewhere. */
	assert_ptr_equal(choose_next(cp, thief, m->now_ns), waits[0]);
	assert_ptr_equal(choose_next(cp, thief, m->now_ns), waits[1]);
	assert_null(choose_next(cp, thief, m->now_ns));
	assert_ptr_equal(m->vcpus[6]->pcpu, &m->pcpus[0]);
	/* From one that idles nothing is taken: it has been called itself. */
	((struct credit_pcpu *)m->pcpus[1].priv)->current = NULL;
	m->vcpus[5]->pcpu = &m->pcpus[1];
	credit_insert(cp, m->pcpus[1].priv, waits[1]);
	assert_null(choose_next(cp, thief, m->now_ns));
	((struct credit_pcpu *)m->pcpus[1].priv)->current = busy[1];
	/* Nor what is still hot, if there is a migration delay. */
	cp->migration_delay_ns = 5 * CX_MS;
	waits[1]->has_run = true;
	waits[1]->last_ran_ns = m->now_ns - CX_MS;
	assert_null(choose_next(cp, thief, m->now_ns));
	waits[1]->last_ran_ns = m->now_ns - 5 * CX_MS;
	assert_ptr_equal(choose_next(cp, thief, m->now_ns), waits[1]);
	/* Nor what may not come here. */
	m->vcpus[5]->hard = 2;
	m->vcpus[5]->pcpu = &m->pcpus[1];
	credit_insert(cp, m->pcpus[1].priv, waits[1]);
	assert_null(choose_next(cp, thief, m->now_ns));
	release(m, NULL, NULL);
	for (unsigned i = 0; i < 4; i++)
		if (!cx_queued(&waits[i]->node))
			credit_insert(cp, m->vcpus[i + 4]->pcpu->priv, waits[i]);
	assert_int_equal(mock_free(m), 0);
}

/* A waker goes to an idle pCPU that it prefers, else to one that it may use. */
static void test_soft_affinity(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, 20 * CX_MS } };
	struct mock *m = bench(4);
	struct cx_vcpu *v = mock_vcpu(mock_domain(m, "d", 256, 0), 0, naps, 2), *h;
	size_t at = 0;
	const struct mock_entry *e;

	(void)state;
	mock_affinity(v, 0xe, 0x4);
	mock_run(m, 100 * CX_MS);
	while ((e = mock_next(m, &at, MOCK_DECIDE, (int)v->id)))
		assert_int_equal(e->pcpu, 2);
	assert_true(v->run_ns >= 4 * CX_MS);
	/* Its favourite is taken by one of its own priority: another one will do. */
	h = hog(m, 256, 0);
	mock_affinity(h, 0x4, ~0u);
	mock_run(m, 200 * CX_MS);
	at = 0;
	while ((e = mock_next(m, &at, MOCK_DECIDE, (int)v->id)))
		if (e->t_ns > 130 * CX_MS)
			assert_true(e->pcpu == 1 || e->pcpu == 3);
	assert_true(v->run_ns > 7 * CX_MS);
	assert_int_equal(v->longest_latency_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

/* Two hogs that share a core, with another core idle: a tick moves one over. */
static void test_tick_moves_to_idle_core(void **state)
{
	struct mock *m = mock_new(&coxswain_plugin,
				  &(struct mock_config){ .pcpus = 4, .smt = 2, .seed = 1 });
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 256, 0);

	(void)state;
	mock_affinity(a, 0x3, ~0u);
	mock_affinity(b, 0x3, ~0u);
	mock_run(m, 5 * CX_MS);
	assert_true(cx_distance(a->pcpu, b->pcpu) == CX_DIST_SMT);
	a->hard = b->hard = 0xf;
	mock_run(m, 100 * CX_MS);
	assert_true(cx_distance(a->pcpu, b->pcpu) == CX_DIST_LLC);
	assert_int_equal(a->run_ns + b->run_ns, 200 * CX_MS);
	/* And there they stay. */
	m->n_log = 0;
	mock_run(m, CX_SEC);
	assert_null(mock_next(m, &(size_t){ 0 }, MOCK_MIGRATE, -2));
	assert_int_equal(mock_free(m), 0);
}

/* Pushed out by a pinned waker, a hog that may go elsewhere goes there. */
static void test_kicked_away(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, 2 * CX_MS },
						 { MOCK_SLEEP, 20 * CX_MS } };
	struct mock *m = bench(2);
	struct cx_vcpu *h = hog(m, 256, 0), *v;

	(void)state;
	mock_run(m, 35 * CX_MS);
	v = mock_vcpu(mock_domain(m, "pinned", 256, 0), 35 * CX_MS, naps, 2);
	mock_affinity(v, 1u << h->pcpu->index, ~0u);
	mock_run(m, CX_SEC);
	assert_int_equal(h->run_ns, CX_SEC);
	assert_int_equal(v->longest_latency_ns, 0);
	assert_int_equal(m->wasted_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

/* Two wake at one instant where both ran last: one finds the pCPU taken, another idles. */
static void test_two_wake_on_one_pcpu(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, 20 * CX_MS } };
	static const struct mock_step same[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, 19 * CX_MS } };
	struct mock *m = bench(2);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *a = mock_vcpu(d, 0, naps, 2), *b = mock_vcpu(d, 0, same, 2);

	(void)state;
	mock_affinity(a, 1, ~0u);
	mock_affinity(b, 1, ~0u);
	mock_run(m, 10 * CX_MS);
	a->hard = b->hard = 3;
	a->longest_latency_ns = b->longest_latency_ns = 0;
	mock_run(m, 22 * CX_MS - 1);
	assert_int_equal(a->run_ns + b->run_ns, 4 * CX_MS - 2);
	assert_int_equal(a->longest_latency_ns + b->longest_latency_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

/* An idle pCPU that was called for one who waits takes another: who called it calls a third. */
static void test_called_pcpu_takes_another(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, CX_MS }, { MOCK_SLEEP, 20 * CX_MS } };
	struct mock *m = bench(3);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *x = mock_vcpu(d, 0, naps, 2), *y = mock_vcpu(d, 0, naps, 2);
	struct cx_vcpu *h = mock_vcpu(d, 5 * CX_MS, NULL, 0);

	(void)state;
	mock_affinity(x, 2, ~0u);
	mock_affinity(y, 1, ~0u);
	mock_affinity(h, 2, ~0u);
	mock_run(m, 10 * CX_MS);
	x->hard = 7;
	mock_run(m, 22 * CX_MS);
	assert_int_equal(x->run_ns, 2 * CX_MS);
	assert_int_equal(x->longest_latency_ns, 0);
	assert_int_equal(y->longest_latency_ns, 0);
	assert_ptr_equal(x->pcpu, &m->pcpus[2]);
	assert_int_equal(mock_free(m), 0);
}

/* With a migration delay an idle pCPU waits until the one that waits elsewhere has cooled. */
static void test_hot_ones_cool(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, CX_MS },
						 { MOCK_SLEEP, 2 * CX_MS },
						 { MOCK_RUN, CX_MS },
						 { MOCK_SLEEP, CX_SEC } };
	struct mock *m = bench(2);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *x = mock_vcpu(d, 0, naps, 4);
	struct cx_vcpu *h = mock_vcpu(d, CX_MS + 1, NULL, 0);

	(void)state;
	mock_param(m, "migration_delay", 5 * CX_MS);
	mock_param(m, "ratelimit", 20 * CX_MS);
	mock_affinity(x, 2, ~0u);
	mock_affinity(h, 2, ~0u);
	mock_run(m, 2 * CX_MS);
	x->hard = 3;
	mock_run(m, 9 * CX_MS);
	assert_int_equal(x->run_ns, 2 * CX_MS);
	assert_int_equal(x->longest_latency_ns, 3 * CX_MS);
	assert_ptr_equal(x->pcpu, &m->pcpus[0]);
	assert_int_equal(mock_free(m), 0);
}

static void test_affinity_change_moves(void **state)
{
	struct mock *m = bench(2);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	struct cx_vcpu *a = mock_vcpu(d, 0, NULL, 0), *b = mock_vcpu(d, 0, NULL, 0);

	(void)state;
	mock_affinity(a, 1, ~0u);
	mock_affinity(b, 1, ~0u);
	mock_run(m, 15 * CX_MS);
	mock_reaffine(a->on_pcpu ? b : a, 2);
	mock_run(m, 115 * CX_MS);
	assert_int_equal(a->run_ns + b->run_ns, 215 * CX_MS);
	assert_int_equal(mock_free(m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_order),
		cmocka_unit_test(test_yield_goes_behind_one),
		cmocka_unit_test(test_lazy_sort_is_stable),
		cmocka_unit_test(test_spreads_and_never_idles),
		cmocka_unit_test(test_stealing_is_fair),
		cmocka_unit_test(test_steal_order),
		cmocka_unit_test(test_soft_affinity),
		cmocka_unit_test(test_tick_moves_to_idle_core),
		cmocka_unit_test(test_kicked_away),
		cmocka_unit_test(test_two_wake_on_one_pcpu),
		cmocka_unit_test(test_called_pcpu_takes_another),
		cmocka_unit_test(test_hot_ones_cool),
		cmocka_unit_test(test_affinity_change_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
