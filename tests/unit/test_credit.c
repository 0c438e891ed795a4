/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credit scheduler on the test bench: its figures, credit by credit, and its rules
 * one by one.
 */
#include "mock_core.c"

#include "../../schedulers/credit/accounting.c"
#include "../../schedulers/credit/credit.c"
#include "../../schedulers/credit/placement.c"
#include "../../schedulers/credit/queue.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TSLICE (30 * CX_MS)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mock *bench(unsigned pcpus)
{
	return mock_new(&coxswain_plugin, &(struct mock_config){ .pcpus = pcpus, .seed = 1 });
}

static struct cx_vcpu *hog(struct mock *m, unsigned weight, unsigned cap)
{
	return mock_vcpu(mock_domain(m, "hog", weight, cap), 0, NULL, 0);
}

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
			 at_the_end[] = { 1, 0 };
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

/* --- minimum and yield --------------------------------------------------------------- */

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
	for (int i = 0; i < 40; i++)
		assert_int_equal(mock_next(m, &at, MOCK_DECIDE, -2)->t_ns, i * 200 * CX_US);
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

/* --- parameters and changes while running -------------------------------------------- */

static void test_tslice_is_live(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 512, 0);
	uint64_t a_ran, n;

	(void)state;
	mock_run(m, CX_SEC);
	mock_param(m, "tslice", 6 * CX_MS);
	assert_int_equal(m->pcpus[0].tick_every_ns, 2 * CX_MS);
	assert_int_equal(credit_of(&m->policy)->credits_per_slice, 60);
	mock_run(m, 2 * CX_SEC);
	a_ran = a->run_ns;
	n = m->decisions;
	mock_run(m, 8 * CX_SEC);
	assert_in_range(a->run_ns - a_ran, 1980 * CX_MS, 2020 * CX_MS);
	assert_in_range(m->decisions - n, 990, 1010);
	/* A short slice has one tick, and is never rate limited beyond itself.  Its few
	 * credits need smaller change. */
	mock_param(m, "credits_per_ms", 1000);
	mock_param(m, "tslice", 500 * CX_US);
	assert_int_equal(m->pcpus[0].tick_every_ns, 500 * CX_US);
	assert_int_equal(credit_of(&m->policy)->ratelimit_ns, 500 * CX_US);
	mock_run(m, 9 * CX_SEC);
	a_ran = a->run_ns;
	n = m->decisions;
	mock_run(m, 12 * CX_SEC);
	assert_in_range(a->run_ns - a_ran, 980 * CX_MS, 1020 * CX_MS);
	assert_in_range(m->decisions - n, 5900, 6100);
	mock_param(m, "tslice", 100 * CX_US);
	mock_run(m, 13 * CX_SEC);
	mock_param(m, "ticks_per_tslice", 100);
	mock_param(m, "tslice", 3 * CX_MS);
	assert_int_equal(m->pcpus[0].tick_every_ns, 100 * CX_US);
	mock_run(m, 14 * CX_SEC);
	assert_true(b->run_ns > a->run_ns);
	assert_int_equal(mock_free(m), 0);
}

static void test_credits_per_ms_changes_no_shares(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 512, 0);

	(void)state;
	mock_param(m, "credits_per_ms", 1000);
	mock_run(m, 300 * TSLICE);
	assert_in_range(a->run_ns, 98 * TSLICE, 102 * TSLICE);
	assert_in_range(b->run_ns, 198 * TSLICE, 202 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

static void test_weights_and_caps_change(void **state)
{
	struct mock *m = bench(1);
	struct cx_vcpu *a = hog(m, 256, 0), *b = hog(m, 256, 0);
	uint64_t a_ran, b_ran;

	(void)state;
	mock_run(m, 100 * TSLICE);
	mock_adjust(a->dom, 768, 0);
	mock_run(m, 110 * TSLICE);
	a_ran = a->run_ns;
	mock_run(m, 310 * TSLICE);
	assert_in_range(a->run_ns - a_ran, 147 * TSLICE, 153 * TSLICE);
	mock_adjust(b->dom, 256, 10);
	mock_run(m, 330 * TSLICE);
	b_ran = b->run_ns;
	mock_run(m, 1330 * TSLICE);
	assert_in_range(b->run_ns - b_ran, 95 * TSLICE, 105 * TSLICE);
	/* The cap goes while it is parked: it comes back. */
	mock_adjust(b->dom, 768, 0);
	mock_run(m, 1340 * TSLICE);
	b_ran = b->run_ns;
	mock_run(m, 1540 * TSLICE);
	assert_in_range(b->run_ns - b_ran, 97 * TSLICE, 103 * TSLICE);
	assert_int_equal(mock_free(m), 0);
}

static void test_dump(void **state)
{
	struct mock *m = bench(2);

	(void)state;
	hog(m, 256, 50);
	mock_run(m, 65 * CX_MS);
	mock_dump(m);
	assert_string_equal(m->last_dump, "vCPU 0 of hog: credit -300, over, parked");
	assert_int_equal(mock_free(m), 0);
}

/* --- anything may happen ------------------------------------------------------------- */

struct dice {
	struct mock *m;
	unsigned n, kind;
};

static struct mock_step roll(void *arg)
{
	struct dice *d = arg;
	unsigned side = d->n++ % 2 ? d->kind + (unsigned)mock_rand(d->m, 3) : 0;

	switch (side) {
	case 2:
		return (struct mock_step){ MOCK_YIELD, 0 };
	case 3:
	case 4:
		return (struct mock_step){ MOCK_SLEEP, mock_rand(d->m, 40 * CX_MS) };
	default:
		return (struct mock_step){ MOCK_RUN, 1 + mock_rand(d->m, 25 * CX_MS) };
	}
}

/* Weights add up, every counter is what a recount says, nobody is on two lists. */
static void check_books(struct mock *m)
{
	struct credit_policy *cp = credit_of(&m->policy);
	unsigned idlers = 0, soft = 0;
	int64_t weight = 0;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct credit_pcpu *pc = m->pcpus[i].priv;
		struct cx_node *node;
		unsigned queued_here = 0;

		for (int pri = 0; pri < CREDIT_PRIS; pri++)
			cx_list_for_each (node, &pc->queue[pri]) {
				struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, node);

				assert_ptr_equal(cv->queued_on, pc);
				assert_ptr_equal(cv->v->pcpu, &m->pcpus[i]);
				assert_true(cv->v->runnable && !cv->v->parked && !cv->v->on_pcpu);
				queued_here++;
			}
		assert_int_equal(queued_here, pc->queued);
		assert_ptr_equal(pc->current ? pc->current->v : NULL, m->pcpus[i].current);
		assert_false(pc->idler && pc->current);
		idlers += pc->idler;
	}
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[i];
		struct credit_vcpu *cv = v->priv;

		if (!v->attached)
			continue;
		soft += cv->has_soft;
		weight += credit_is_active(cv) ? v->dom->weight : 0;
		assert_int_equal(cv->parked, v->parked != 0);
		/* Whoever wants to run is somewhere. */
		assert_int_equal(v->runnable && !v->parked && !v->on_pcpu, cx_queued(&cv->node));
		assert_int_equal(v->run_ns + v->ready_ns + v->limited_ns + v->blocked_ns,
				 m->now_ns - v->start_ns);
		assert_true(cv->credit <= 300 + 300);
	}
	assert_int_equal(idlers, cp->idlers);
	assert_int_equal(soft, cp->soft_users);
	assert_int_equal(weight, cp->weight);
}

static void shake(struct mock *m, struct dice *dice, unsigned doms)
{
	struct cx_domain *dom = &m->domains[mock_rand(m, doms)];

	switch (mock_rand(m, 8)) {
	case 0:
		mock_adjust(dom, 1 + (unsigned)mock_rand(m, 2000), dom->limit);
		break;
	case 1:
		mock_param(m, "ratelimit", (int64_t)mock_rand(m, 3 * CX_MS));
		break;
	case 2:
		mock_param(m, "migration_delay", (int64_t)mock_rand(m, 3) * (int64_t)CX_MS);
		break;
	case 3: {
		struct cx_vcpu *v = m->vcpus[mock_rand(m, m->n_vcpus)];

		if (!v->on_pcpu)
			mock_reaffine(v, 1 + (uint32_t)mock_rand(m, (1u << m->config.pcpus) - 1));
		break;
	}
	case 4:
		if (m->n_vcpus < 60) {
			unsigned i = m->n_vcpus;

			mock_stop(m->vcpus[mock_rand(m, i)]);
			dice[i] = (struct dice){ m, 0, i % 3 };
			mock_scripted(dom, m->now_ns, roll, &dice[i]);
		}
		break;
	default:
		break;
	}
}

static void storm(unsigned pcpus, unsigned doms, uint64_t seed)
{
	struct mock *m = mock_new(&coxswain_plugin, &(struct mock_config){ .pcpus = pcpus,
									   .smt = 1 + seed % 2,
									   .llc = 2,
									   .seed = seed,
									   .kick_ns = 60 * CX_US,
									   .shaky = true,
									   .quiet = true });
	struct dice dice[64];

	for (unsigned i = 0; i < doms; i++) {
		struct cx_domain *d = mock_domain(m, "d", 1 + (unsigned)mock_rand(m, 1000),
						  i % 3 ? 0 : 1 + (unsigned)mock_rand(m, 150));

		for (unsigned j = 0; j <= i % 3; j++) {
			unsigned n = m->n_vcpus;
			struct cx_vcpu *v;

			dice[n] = (struct dice){ m, 0, n % 3 };
			v = mock_scripted(d, mock_rand(m, 50 * CX_MS), roll, &dice[n]);
			if (n % 4 == 1)
				mock_affinity(v, 1u << mock_rand(m, pcpus), ~0u);
			else if (n % 4 == 2)
				v->soft = 1u << mock_rand(m, pcpus);
		}
	}
	for (unsigned i = 0; i < 400; i++) {
		mock_run(m, m->now_ns + 1 + mock_rand(m, 20 * CX_MS));
		check_books(m);
		shake(m, dice, doms);
		check_books(m);
	}
	mock_run(m, m->now_ns + 5 * CX_SEC);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (m->vcpus[i]->attached)
			assert_true(m->vcpus[i]->run_ns > 0);
	assert_int_equal(mock_free(m), 0);
}

static void test_storm(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		storm(1 + seed % 6, 3 + seed % 11, seed);
}

/* Hogs of random weights on two pCPUs: shares as the weights say, within 2 % of the pool. */
static void test_shares_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct mock *m =
			mock_new(&coxswain_plugin,
				 &(struct mock_config){ .pcpus = 2, .seed = seed, .quiet = true });
		unsigned n = 5 + (unsigned)seed, weights = 0;
		uint64_t total = 0;

		for (unsigned i = 0; i < n; i++)
			weights += hog(m, 128 + (unsigned)mock_rand(m, 128), 0)->dom->weight;
		mock_run(m, 60 * CX_SEC);
		for (unsigned i = 0; i < n; i++) {
			struct cx_vcpu *v = m->vcpus[i];
			uint64_t due = 120 * CX_SEC * v->dom->weight / weights;

			total += v->run_ns;
			assert_in_range(v->run_ns, due - 2 * CX_SEC, due + 2 * CX_SEC);
		}
		assert_int_equal(total, 120 * CX_SEC);
		assert_int_equal(m->wasted_ns, 0);
		assert_int_equal(mock_free(m), 0);
	}
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
		cmocka_unit_test(test_exact_billing),
		cmocka_unit_test(test_active_and_inactive),
		cmocka_unit_test(test_no_timer_without_work),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_boost),
		cmocka_unit_test(test_boost_ends),
		cmocka_unit_test(test_no_boost_when_over),
		cmocka_unit_test(test_unpark_does_not_boost),
		cmocka_unit_test(test_queue_order),
		cmocka_unit_test(test_yield_goes_behind_one),
		cmocka_unit_test(test_lazy_sort_is_stable),
		cmocka_unit_test(test_ratelimit),
		cmocka_unit_test(test_ratelimit_off),
		cmocka_unit_test(test_spreads_and_never_idles),
		cmocka_unit_test(test_stealing_is_fair),
		cmocka_unit_test(test_steal_order),
		cmocka_unit_test(test_soft_affinity),
		cmocka_unit_test(test_tick_moves_to_idle_core),
		cmocka_unit_test(test_kicked_away),
		cmocka_unit_test(test_affinity_change_moves),
		cmocka_unit_test(test_tslice_is_live),
		cmocka_unit_test(test_credits_per_ms_changes_no_shares),
		cmocka_unit_test(test_weights_and_caps_change),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_shares_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
