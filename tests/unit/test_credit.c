/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credit scheduler: its figures, credit by credit, and its rules one by one.
 */
#include "credit_rig.h"

/* Its credit after the accounting at @t, and its priority. */
static const struct mock_entry *account_at(const struct mock *m, const struct cx_vcpu *v,
					   uint64_t t)
{
	const struct mock_entry *e;
	size_t at = 0;

	while ((e = mock_next(m, &at, MOCK_ACCOUNT, (int)v->id)))
		if (e->t_ns == t)
			return e;
	return NULL;
}

static void expect_credit(const struct mock *m, const struct cx_vcpu *v, unsigned slices,
			  int64_t credit, enum credit_pri pri)
{
	const struct mock_entry *e = account_at(m, v, slices * TSLICE);

	assert_non_null(e);
	if ((int64_t)e->x != credit || e->y != pri)
		fail_msg("vCPU %u after %u slices: credit %lld, priority %d; expected %lld, %d",
			 v->id, slices, (long long)e->x, (int)e->y, (long long)credit, pri);
}

static int running_at(const struct mock *m, int pcpu, uint64_t t)
{
	const struct mock_entry *e;
	size_t at = 0;
	int who = -1;

	while ((e = mock_next(m, &at, MOCK_DECIDE, -2)) && e->t_ns <= t)
		if (e->pcpu == pcpu)
			who = e->vcpu;
	return who;
}

/* --- the worked examples ------------------------------------------------------ */

static void test_two_weights_on_one_pcpu(void **state)
{
	/* Slice by slice: who runs, then the credits of both after its accounting.  In the
	 * first two slices one of them is not active yet; then it is A, B, B for ever. */
	static const struct {
		int runs;
		int64_t a, b;
	} cycle[] = { { 0, 0, -1 },     { 1, 100, -100 }, { 0, -100, 100 }, { 1, 0, 0 },
		      { 0, -200, 200 }, { 1, -100, 100 }, { 1, 0, 0 },      { 0, -200, 200 },
		      { 1, -100, 100 }, { 1, 0, 0 } };
	struct mock *m = bench(1);
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 512, 0);
	uint64_t a_ran, b_ran;

	(void)state;
	mock_run(m, 10 * TSLICE);
	for (unsigned i = 0; i < COUNT(cycle); i++) {
		assert_int_equal(running_at(m, 0, i * TSLICE + 1), cycle[i].runs);
		expect_credit(m, a, i + 1, cycle[i].a, cycle[i].a < 0 ? CREDIT_OVER : CREDIT_UNDER);
		if (i > 0)
			expect_credit(m, b, i + 1, cycle[i].b,
				      cycle[i].b < 0 ? CREDIT_OVER : CREDIT_UNDER);
	}
	a_ran = a->run_ns;
	b_ran = b->run_ns;
	mock_run(m, 310 * TSLICE);
	assert_int_equal(a->run_ns - a_ran, 100 * TSLICE);
	assert_int_equal(b->run_ns - b_ran, 200 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

static void test_cap_50_alone(void **state)
{
	static const int64_t credits[] = { -150, -300, -150, 0 };
	static const enum credit_code codes[] = { CREDIT_EARNED, CREDIT_PARKED, CREDIT_EARNED,
						  CREDIT_UNPARKED };
	struct mock *m = bench(1);
	struct cx_vcpu *v = hog(m, 256, 50);

	(void)state;
	mock_run(m, 40 * TSLICE);
	for (unsigned i = 0; i < 40; i++) {
		expect_credit(m, v, i + 1, credits[i % 4],
			      credits[i % 4] < 0 ? CREDIT_OVER : CREDIT_UNDER);
		assert_int_equal(account_at(m, v, (i + 1) * TSLICE)->code, codes[i % 4]);
		/* 60 ms on, 60 ms off */
		assert_int_equal(running_at(m, 0, i * TSLICE + 1), i % 4 < 2 ? 0 : -1);
	}
	assert_int_equal(v->run_ns, 20 * TSLICE);
	assert_int_equal(v->limited_ns, 20 * TSLICE);
	assert_int_equal(v->ready_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

static void check_cap(unsigned cap, int64_t earns)
{
	struct mock *m = bench(1);
	struct cx_vcpu *v = hog(m, 256, cap);
	const uint64_t slices = 1000;

	mock_run(m, slices * TSLICE);
	expect_credit(m, v, 1, earns - 300, CREDIT_OVER);
	/* In the long run it gets what it earns: a credit is 100 us. */
	assert_true(v->run_ns <= (uint64_t)earns * slices * CX_MS / 10 + 3 * TSLICE);
	assert_true(v->run_ns + 3 * TSLICE >= (uint64_t)earns * slices * CX_MS / 10);
	assert_int_equal(v->run_ns + v->limited_ns, slices * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

static void test_caps_round_up(void **state)
{
	(void)state;
	check_cap(33, 99);
	check_cap(1, 3);
	check_cap(67, 201);
}

/* A domain's cap holds for all its vCPUs together. */
static void test_cap_of_two_vcpus(void **state)
{
	struct mock *m = bench(4);
	struct cx_domain *d = mock_domain(m, "d", 256, 100);
	struct cx_vcpu *a = mock_vcpu(d, 0, NULL, 0), *b = mock_vcpu(d, 0, NULL, 0);

	(void)state;
	mock_run(m, 1000 * TSLICE);
	assert_in_range(a->run_ns + b->run_ns, 995 * TSLICE, 1005 * TSLICE);
	assert_in_range(a->run_ns, 495 * TSLICE, 505 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

/*
 * What a capped domain leaves goes to the others, by weight.  Only nearly: rounded up, the
 * shares are more than there is, so that one with credit to spare at times passes 300 and
 * is taken out of the accounting for a moment, at half its credit.
 */
static void test_cap_leaves_room(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *capped = hog(m, 1024, 20), *a = hog(m, 256, 0), *b = hog(m, 512, 0);
	uint64_t total = 3000 * TSLICE, point = total / 100;

	(void)state;
	mock_run(m, total);
	assert_in_range(capped->run_ns, 19 * point, 21 * point);
	assert_in_range(a->run_ns, 26 * point, 32 * point);
	assert_in_range(b->run_ns, 48 * point, 54 * point);
	assert_int_equal(a->run_ns + b->run_ns + capped->run_ns, total);
	assert_int_equal(mock_free(m), 0);
}

/* Weight is per vCPU: two of 256 get what one of 512 gets. */
static void test_weight_is_per_vcpu(void **state)
{
	struct mock *m = bench(1);
	struct cx_domain *d = mock_domain(m, "two", 256, 0);
	struct cx_vcpu *a = mock_vcpu(d, 0, NULL, 0), *b = mock_vcpu(d, 0, NULL, 0);
	struct cx_vcpu *c = hog(m, 512, 0);

	(void)state;
	mock_run(m, 400 * TSLICE);
	assert_in_range(a->run_ns, 98 * TSLICE, 102 * TSLICE);
	assert_in_range(b->run_ns, 98 * TSLICE, 102 * TSLICE);
	assert_in_range(c->run_ns, 198 * TSLICE, 202 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

/* --- an accounting by hand --------------------------------------------------------- */

#define CASE_DOMAINS 3

struct share_case {
	unsigned pcpus;
	int64_t balance;
	struct {
		unsigned weight, cap, vcpus;
		int64_t before, after; /* credit of each of its vCPUs */
	} dom[CASE_DOMAINS];           /* weight 0: no more; accounted in this order */
	int first;                     /* whose turn comes first in the next accounting */
};

static const struct share_case share_cases[] = {
	/* 300 by weight, each rounded up */
	{ 1, 0, { { 256, 0, 1, 0, 62 }, { 1000, 0, 1, 0, 239 } }, 0 },
	/* per domain first, then per vCPU: ceil(47 / 2) */
	{ 1, 0, { { 1, 0, 2, 0, 24 }, { 11, 0, 1, 0, 254 } }, 0 },
	{ 1, 0, { { 1, 0, 2, -10, 50 }, { 1, 0, 1, -10, 50 }, { 1, 0, 2, 0, 60 } }, 0 },
	/* overdrawn by 100: that much more is handed out, and may be earned */
	{ 1, -100, { { 256, 0, 1, -100, 300 } }, 0 },
	{ 1, -100, { { 1, 0, 1, -50, 150 }, { 1, 0, 1, -50, 150 } }, 0 },
	/* no more than a slice a vCPU; what is left over goes to those who follow */
	{ 2, 0, { { 3000, 0, 1, 0, 300 }, { 1000, 0, 1, -200, 100 } }, 0 },
	/* not to those who came before: it comes first the next time */
	{ 2, 0, { { 1000, 0, 1, 0, 150 }, { 3000, 0, 1, -200, 100 } }, 1 },
	/* a cap is a peak; of two vCPUs each gets half of it, rounded up */
	{ 1, 0, { { 256, 33, 2, 0, 50 }, { 256, 0, 1, 0, 201 } }, 0 },
	/* never below a slice's credits */
	{ 1, 0, { { 256, 0, 1, -1000, -300 }, { 256, 0, 1, 0, 150 } }, 0 },
	/* above them: out of the accounting, with half */
	{ 1, 0, { { 256, 0, 1, 200, 175 }, { 256, 0, 1, 150, 300 } }, 0 },
};

static void check_shares(const struct share_case *c)
{
	static const struct mock_step sleeps[] = { { MOCK_SLEEP, 1000 * CX_SEC } };
	struct mock *m = bench(c->pcpus);
	struct credit_policy *cp = credit_of(&m->policy);
	int n = 0;

	while (n < CASE_DOMAINS && c->dom[n].weight) {
		struct cx_domain *d = mock_domain(m, "d", c->dom[n].weight, c->dom[n].cap);

		for (unsigned i = 0; i < c->dom[n].vcpus; i++)
			mock_vcpu(d, 0, sleeps, 1);
		n++;
	}
	mock_run(m, CX_MS);
	hold_all(m, "test");
	/* Who becomes active last is accounted first. */
	for (int d = n - 1; d >= 0; d--)
		for (unsigned i = 0; i < c->dom[d].vcpus; i++) {
			struct credit_vcpu *cv = m->domains[d].vcpus[i]->priv;

			cv->credit = c->dom[d].before;
			credit_activate(cp, cv, m->now_ns);
		}
	cp->balance = c->balance;
	credit_account(cp, &m->pcpus[0], m->now_ns);
	for (int d = 0; d < n; d++)
		for (unsigned i = 0; i < c->dom[d].vcpus; i++) {
			struct credit_vcpu *cv = m->domains[d].vcpus[i]->priv;

			if (cv->credit != c->dom[d].after)
				fail_msg("case %d, domain %d: credit %lld, expected %lld",
					 (int)(c - share_cases), d, (long long)cv->credit,
					 (long long)c->dom[d].after);
		}
	if (credit_is_active(m->domains[c->first].vcpus[0]->priv))
		assert_ptr_equal(cx_entry(cx_list_first(&cp->active), struct credit_domain, node),
				 m->domains[c->first].priv);
	release(m, NULL, NULL);
	assert_int_equal(mock_free(m), 0);
}

static void test_shares_by_hand(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(share_cases); i++)
		check_shares(&share_cases[i]);
}

/* --- the rules ------------------------------------------------------------------- */

/* Billed at ticks and switches, to the nanosecond: 10 credits a ms, the rest carried. */
static void test_exact_billing(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, 33333 }, { MOCK_SLEEP, CX_MS } };
	struct mock *m = bench(1);
	struct cx_vcpu *v = mock_vcpu(mock_domain(m, "d", 256, 0), 0, naps, 2);
	struct credit_vcpu *cv;

	(void)state;
	mock_run(m, 29 * CX_MS);
	cv = v->priv;
	assert_false(credit_is_active(cv));
	assert_int_equal((uint64_t)-cv->credit * 100000 + cv->unbilled / 10, v->run_ns);
	assert_int_equal(v->run_ns, 29 * 33333 - 33333 + 33333);
	assert_int_equal(mock_free(m), 0);
}

/* Who sleeps is not active until a tick sees it run, and leaves when it hoards. */
static void test_active_and_inactive(void **state)
{
	static const struct mock_step once[] = { { MOCK_RUN, 12 * CX_MS },
						 { MOCK_SLEEP, 10 * CX_SEC } };
	struct mock *m = bench(1);
	struct cx_vcpu *v = mock_vcpu(mock_domain(m, "d", 256, 0), 0, once, 2);
	struct credit_vcpu *cv;

	(void)state;
	mock_run(m, 5 * CX_MS);
	cv = v->priv;
	assert_false(credit_is_active(cv));
	mock_run(m, 10 * CX_MS);
	assert_true(credit_is_active(cv));
	mock_run(m, CX_SEC);
	/* -120, +300 = 180; +300 = 480, more than 300: inactive, with half of it */
	expect_credit(m, v, 1, 180, CREDIT_UNDER);
	expect_credit(m, v, 2, 240, CREDIT_UNDER);
	assert_int_equal(account_at(m, v, 2 * TSLICE)->code, CREDIT_DEACTIVATED);
	assert_null(account_at(m, v, 3 * TSLICE));
	assert_false(credit_is_active(cv));
	assert_int_equal(credit_of(&m->policy)->weight, 0);
	assert_int_equal(mock_free(m), 0);
}

/* Nobody active: no accounting, so an idle pool costs nothing. */
static void test_no_timer_without_work(void **state)
{
	static const struct mock_step once[] = { { MOCK_RUN, 12 * CX_MS },
						 { MOCK_SLEEP, 10 * CX_SEC } };
	struct mock *m = bench(2);

	(void)state;
	mock_vcpu(mock_domain(m, "d", 256, 0), 0, once, 2);
	mock_run(m, CX_SEC);
	assert_int_equal(m->pcpus[0].timer_ns[0], MOCK_FOREVER);
	assert_int_equal(mock_free(m), 0);
}

/* Below zero for ever, but never below a slice's credits. */
static void test_floor(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *a = hog(m, 1, 0), *b = hog(m, 65535, 0);
	const struct mock_entry *e;
	size_t at = 0;
	int64_t lowest = 0;

	(void)state;
	mock_run(m, 200 * TSLICE);
	while ((e = mock_next(m, &at, MOCK_ACCOUNT, (int)a->id)))
		lowest = (int64_t)e->x < lowest ? (int64_t)e->x : lowest;
	assert_true(lowest >= -300);
	assert_true(a->run_ns > 0);
	assert_true(b->run_ns > 150 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

/* It wakes with credit left: boosted, and runs at once, before those UNDER. */
static void test_boost(void **state)
{
	static const struct mock_step sleeper[] = { { MOCK_RUN, 50 * CX_US },
						    { MOCK_SLEEP, 7 * CX_MS } };
	struct mock *m = bench(1);
	struct cx_vcpu *v;
	struct cx_domain *d = mock_domain(m, "sleepy", 256, 0);

	(void)state;
	hog(m, 256, 0);
	hog(m, 256, 0);
	v = mock_vcpu(d, 45 * CX_MS, sleeper, 2);
	mock_run(m, CX_SEC);
	assert_true(v->wakes > 100);
	/* A boosted one waits for the rate limit at most. */
	assert_true(v->longest_latency_ns <= CX_MS);
	assert_int_equal(mock_free(m), 0);
}

/* A boost ends at the tick that sees it running; it has no effect while OVER. */
static void test_boost_ends(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *v = hog(m, 256, 0);
	struct credit_vcpu *cv;

	(void)state;
	mock_run(m, 9 * CX_MS);
	cv = v->priv;
	assert_int_equal(cv->pri, CREDIT_BOOST);
	mock_run(m, 10 * CX_MS);
	assert_int_equal(cv->pri, CREDIT_UNDER);
	assert_int_equal(mock_free(m), 0);
}

static void test_no_boost_when_over(void **state)
{
	static const struct mock_step naps[] = { { MOCK_RUN, CX_MS / 2 },
						 { MOCK_SLEEP, 49 * CX_MS } };
	struct mock *m = bench(1);
	struct cx_vcpu *v = mock_vcpu(mock_domain(m, "d", 256, 0), 0, naps, 2);
	struct credit_vcpu *cv;

	(void)state;
	hog(m, 256, 0);
	mock_run(m, 45 * CX_MS);
	cv = v->priv;
	cv->pri = CREDIT_OVER;
	mock_run(m, 50 * CX_MS);
	assert_int_equal(v->wakes, 2);
	assert_int_equal(cv->pri, CREDIT_OVER);
	assert_false(v->on_pcpu);
	assert_true(cx_queued(&cv->node));
	assert_int_equal(mock_free(m), 0);
}

/* Unparked: UNDER, not boosted, so it does not push out who runs. */
static void test_unpark_does_not_boost(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *capped = hog(m, 256, 10);
	const struct mock_entry *e;
	size_t at = 0;
	unsigned seen = 0;

	(void)state;
	hog(m, 256, 0);
	mock_run(m, 4 * CX_SEC);
	while ((e = mock_next(m, &at, MOCK_UNPARK, (int)capped->id))) {
		struct mock_entry unpark = *e;
		size_t next = at;

		/* The next decision is the end of the other's slice, not a preemption. */
		e = mock_next(m, &next, MOCK_DECIDE, -2);
		if (e && unpark.t_ns == e->t_ns)
			assert_int_not_equal(e->code, CX_WHY_PREEMPT);
		seen++;
	}
	assert_true(seen > 3);
	assert_int_equal(mock_free(m), 0);
}

/* --- the minimum ----------------------------------------------------------------- */

/* A yielder is not held to its minimum; a boosted waker waits for the minimum's end. */
static void test_ratelimit(void **state)
{
	static const struct mock_step yields[] = { { MOCK_RUN, 200 * CX_US }, { MOCK_YIELD, 0 } };
	static const struct mock_step wakes[] = { { MOCK_RUN, 100 * CX_US },
						  { MOCK_SLEEP, 10100 * CX_US } };
	struct mock *m = bench(1);
	struct cx_domain *d = mock_domain(m, "d", 256, 0);
	const struct mock_entry *e, *next;
	size_t at = 0;
	unsigned held = 0;

	(void)state;
	mock_vcpu(d, 0, NULL, 0);
	mock_vcpu(d, 0, NULL, 0);
	mock_vcpu(d, 120 * CX_MS + 300 * CX_US, wakes, 2);
	mock_run(m, 3 * CX_SEC);
	while ((e = mock_next(m, &at, MOCK_DECIDE, -2))) {
		size_t peek = at;

		next = mock_next(m, &peek, MOCK_DECIDE, -2);
		/* A hog that lost its pCPU to a kick had run for a ms. */
		if (next && next->code == CX_WHY_PREEMPT && next->vcpu != e->vcpu && e->vcpu < 2)
			assert_true(next->t_ns - e->t_ns >= CX_MS);
		held += next && next->code == CX_WHY_PREEMPT && next->vcpu == e->vcpu;
	}
	assert_true(held > 0);
	assert_int_equal(mock_free(m), 0);

	m = bench(1);
	d = mock_domain(m, "d", 256, 0);
	mock_vcpu(d, 0, yields, 2);
	mock_vcpu(d, 0, yields, 2);
	mock_run(m, 9 * CX_MS);
	at = 0;
	for (int i = 0; i < 40; i++) {
		e = mock_next(m, &at, MOCK_DECIDE, -2);
		assert_int_equal(e->t_ns, i * 200 * CX_US);
		assert_int_equal(e->vcpu, i % 2);
	}
	assert_int_equal(mock_free(m), 0);
}

static void test_ratelimit_off(void **state)
{
	static const struct mock_step wakes[] = { { MOCK_RUN, 100 * CX_US },
						  { MOCK_SLEEP, 10100 * CX_US } };
	struct mock *m = bench(1);
	struct cx_vcpu *v;

	(void)state;
	mock_param(m, "ratelimit", 0);
	hog(m, 256, 0);
	v = mock_vcpu(mock_domain(m, "d", 256, 0), 30 * CX_MS + 300 * CX_US, wakes, 2);
	mock_run(m, 300 * CX_MS);
	assert_true(v->wakes > 20);
	assert_int_equal(v->longest_latency_ns, 0);
	assert_int_equal(mock_free(m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_weights_on_one_pcpu),
		cmocka_unit_test(test_cap_50_alone),
		cmocka_unit_test(test_caps_round_up),
		cmocka_unit_test(test_cap_of_two_vcpus),
		cmocka_unit_test(test_cap_leaves_room),
		cmocka_unit_test(test_weight_is_per_vcpu),
		cmocka_unit_test(test_shares_by_hand),
		cmocka_unit_test(test_exact_billing),
		cmocka_unit_test(test_active_and_inactive),
		cmocka_unit_test(test_no_timer_without_work),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_boost),
		cmocka_unit_test(test_boost_ends),
		cmocka_unit_test(test_no_boost_when_over),
		cmocka_unit_test(test_unpark_does_not_boost),
		cmocka_unit_test(test_ratelimit),
		cmocka_unit_test(test_ratelimit_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
