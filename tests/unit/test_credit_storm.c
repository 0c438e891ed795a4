/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credit scheduler: parameters and weights that change while it runs, and storms.
 */
#include "credit_rig.h"

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
	unsigned idlers = 0, soft = 0, known = 0;
	int64_t weight = 0;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct credit_pcpu *pc = m->pcpus[i].priv;
		struct cx_node *node;
		unsigned queued_here = 0;

		known += m->pcpus[i].known;
		if (!m->pcpus[i].known)
			continue;

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
		assert_false(cv->moving && !v->on_pcpu);
		weight += credit_is_active(cv) ? v->dom->weight : 0;
		assert_int_equal(cv->parked, v->parked != 0);
		/* Whoever wants to run is somewhere. */
		assert_int_equal(v->runnable && !v->parked && !v->on_pcpu, cx_queued(&cv->node));
		assert_int_equal(v->run_ns + v->ready_ns + v->limited_ns + v->blocked_ns,
				 m->now_ns - v->start_ns);
		assert_true(cv->credit <= 300 + 300);
		assert_true(v->pcpu->online || v->on_pcpu);
	}
	assert_int_equal(known, cp->n_pcpus);
	assert_true(cp->master->known);
	assert_int_equal(cp->master->timer_ns[0] != MOCK_FOREVER, cp->armed);
	assert_int_equal(idlers, cp->idlers);
	assert_int_equal(soft, cp->soft_users);
	assert_int_equal(weight, cp->weight);
}

static void shake(struct mock *m, struct dice *dice, unsigned doms)
{
	struct cx_domain *dom = &m->domains[mock_rand(m, doms)];

	switch (mock_rand(m, 10)) {
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
	case 5:
		mock_offline(m, (unsigned)mock_rand(m, m->config.pcpus));
		break;
	case 6:
		mock_online(m, (unsigned)mock_rand(m, m->config.pcpus));
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
		cmocka_unit_test(test_tslice_is_live),
		cmocka_unit_test(test_credits_per_ms_changes_no_shares),
		cmocka_unit_test(test_weights_and_caps_change),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_shares_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
