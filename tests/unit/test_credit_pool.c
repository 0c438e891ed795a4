/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credit scheduler when pCPUs go offline and come back.
 */
#include "credit_rig.h"

static struct credit_vcpu *of(const struct cx_vcpu *v)
{
	return v->priv;
}

/* The credits handed out at the accounting at @t_ns, as far as they were traced. */
static int64_t pool_balance(const struct mock *m, uint64_t t_ns)
{
	const struct mock_entry *e;
	size_t at = 0;

	while ((e = mock_next(m, &at, MOCK_ACCOUNT, -1)) != NULL)
		if (e->t_ns == t_ns)
			return (int64_t)e->x;
	fail_msg("no accounting at %llu ns", (unsigned long long)t_ns);
	return 0;
}

/*
 * Total = 300 for each pCPU that is online.  Two hogs, a pCPU each, earn what they use; on
 * one pCPU between them they use 300 a period, and are given 300: the balance stands still.
 */
static void test_fewer_pcpus_hand_out_less(void **state)
{
	struct mock *m = bench(2);
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 512, 0);
	int64_t balance;
	uint64_t a_ran;

	(void)state;
	mock_run(m, 10 * TSLICE);
	assert_true(mock_offline(m, 1));
	assert_false(mock_offline(m, 1));
	assert_false(mock_offline(m, 0)); /* the last one */
	mock_run(m, 20 * TSLICE);
	assert_int_equal(credit_of(&m->policy)->n_pcpus, 1);
	balance = pool_balance(m, 20 * TSLICE);
	a_ran = a->run_ns;
	mock_run(m, 110 * TSLICE);
	assert_in_range(a->run_ns - a_ran, 29 * TSLICE, 31 * TSLICE);
	assert_in_range(pool_balance(m, 110 * TSLICE) - balance + 600, 0, 1200);
	assert_true(mock_online(m, 1));
	mock_run(m, 120 * TSLICE);
	a_ran = a->run_ns;
	mock_run(m, 130 * TSLICE);
	assert_int_equal(a->run_ns - a_ran, 10 * TSLICE);
	assert_true(b->run_ns > 0);
	assert_int_equal(mock_free(m), 0);
}

static void test_another_one_does_the_accounting(void **state)
{
	struct mock *m = bench(3);
	struct credit_policy *cp = credit_of(&m->policy);
	uint64_t n;

	(void)state;
	hog(m, 256, 0);
	mock_run(m, 10 * TSLICE);
	assert_ptr_equal(cp->master, &m->pcpus[0]);
	assert_true(mock_offline(m, 0));
	mock_run(m, 11 * TSLICE);
	assert_ptr_equal(cp->master, &m->pcpus[1]);
	n = cp->accountings;
	mock_run(m, 21 * TSLICE);
	assert_int_equal(cp->accountings, n + 10);
	assert_true(mock_online(m, 0));
	assert_true(mock_offline(m, 1));
	mock_run(m, 31 * TSLICE);
	assert_ptr_equal(cp->master, &m->pcpus[0]);
	assert_int_equal(cp->accountings, n + 20);
	assert_int_equal(mock_free(m), 0);
}

/* Who likes only what is offline has no preference meanwhile. */
static void test_soft_affinity_follows_the_pool(void **state)
{
	struct mock *m = bench(3);
	struct credit_policy *cp = credit_of(&m->policy);
	struct cx_vcpu *v = hog(m, 256, 0), *other = hog(m, 256, 0);

	(void)state;
	mock_affinity(v, 6, 4);
	mock_affinity(other, 5, 4); /* likes to be there as well, and is on 0 */
	mock_run(m, TSLICE);
	assert_true(of(v)->has_soft && of(other)->has_soft);
	assert_int_equal(v->pcpu->index, 2);
	assert_int_equal(other->pcpu->index, 0);
	assert_true(mock_offline(m, 2));
	mock_run(m, 2 * TSLICE);
	assert_false(of(v)->has_soft || of(other)->has_soft);
	assert_int_equal(cp->soft_users, 0);
	assert_true(v->on_pcpu && other->on_pcpu);
	mock_stop(other);
	/* Back again: at a tick it goes where it likes to be. */
	assert_true(mock_online(m, 2));
	mock_run(m, 3 * TSLICE);
	assert_true(of(v)->has_soft);
	assert_int_equal(v->pcpu->index, 2);
	assert_true(v->on_pcpu);
	assert_int_equal(v->run_ns, 3 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

/* Sent to a pCPU that goes offline before it has fetched it. */
static void test_sent_to_one_that_goes(void **state)
{
	static const struct mock_step once[] = { { MOCK_RUN, 25 * CX_MS },
						 { MOCK_SLEEP, 1000 * CX_SEC } };
	struct mock *m = mock_new(&coxswain_plugin,
				  &(struct mock_config){ .pcpus = 2, .seed = 1, .kick_ns = CX_MS });
	struct cx_vcpu *first = mock_vcpu(mock_domain(m, "once", 256, 0), 0, once, 2);
	struct cx_vcpu *v = mock_vcpu(mock_domain(m, "hog", 256, 0), 2 * CX_MS, NULL, 0);
	struct credit_pcpu *pc = m->pcpus[1].priv;
	uint64_t ran;

	(void)state;
	mock_affinity(first, 2, 2);
	mock_affinity(v, 3, 2);
	while (cx_list_empty(&pc->arrivals) && m->now_ns < CX_SEC)
		mock_run(m, m->now_ns + 100 * CX_US);
	assert_false(cx_list_empty(&pc->arrivals));
	mock_stop(first);
	assert_true(mock_offline(m, 1));
	assert_ptr_equal(of(v)->queued_on, m->pcpus[0].priv);
	ran = v->run_ns;
	mock_run(m, m->now_ns + 101 * CX_MS);
	assert_in_range(v->run_ns - ran, 100 * CX_MS, 101 * CX_MS);
	assert_int_equal(mock_free(m), 0);
}

/* A cap is kept, and whoever is parked comes back, wherever that is. */
static void test_parked_while_the_pcpu_goes(void **state)
{
	struct mock *m = bench(2);
	struct cx_vcpu *a = hog(m, 256, 25), *b = hog(m, 256, 25);
	uint64_t a_ran, b_ran;

	(void)state;
	while ((!a->parked || !b->parked) && m->now_ns < 10 * CX_SEC)
		mock_run(m, m->now_ns + CX_MS);
	assert_true(a->parked && b->parked);
	assert_true(mock_offline(m, 1));
	mock_run(m, m->now_ns + 10 * TSLICE);
	a_ran = a->run_ns;
	b_ran = b->run_ns;
	mock_run(m, m->now_ns + 200 * TSLICE);
	assert_in_range(a->run_ns - a_ran, 48 * TSLICE, 52 * TSLICE);
	assert_in_range(b->run_ns - b_ran, 48 * TSLICE, 52 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fewer_pcpus_hand_out_less),
		cmocka_unit_test(test_another_one_does_the_accounting),
		cmocka_unit_test(test_soft_affinity_follows_the_pool),
		cmocka_unit_test(test_sent_to_one_that_goes),
		cmocka_unit_test(test_parked_while_the_pcpu_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
