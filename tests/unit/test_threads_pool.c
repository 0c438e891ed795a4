/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pCPUs that go offline and come back, and values that change, while the host's threads are
 * at work with stand-ins for guests: in every order that a few CPUs and luck produce.
 */
#include "core/dispatch/internal.h"
#include "tests/unit/host_rig.h"
#include "trace/metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/spy.h"
#include "tests/support/vmachine.h"

#define PCPUS 4u
#define PATIENCE_S 30u
#define WATCHDOG_NS 120000000000ull
#define STEPS 150u /* of a storm */

typedef _Atomic uint64_t count;

static void hypercall(struct cx_exit *exit, uint64_t number, uint64_t a)
{
	exit->kind = CX_EXIT_HYPERCALL;
	exit->number = number;
	exit->args[0] = a;
}

static void guest_counting_hog(struct standin_vcpu *v, struct cx_exit *exit)
{
	atomic_fetch_add((count *)v->arg, 1);
	guest_hog(v, exit);
}

static void guest_naps(struct standin_vcpu *v, struct cx_exit *exit)
{
	atomic_fetch_add((count *)v->arg, 1);
	hypercall(exit, CX_HC_BLOCK, 300000);
}

static void guest_yields(struct standin_vcpu *v, struct cx_exit *exit)
{
	atomic_fetch_add((count *)v->arg, 1);
	hypercall(exit, CX_HC_YIELD, 0);
}

/* Sets its timer and waits for nothing else, again and again. */
static void guest_timers(struct standin_vcpu *v, struct cx_exit *exit)
{
	if (v->page.progress++ % 2 == 0) {
		hypercall(exit, CX_HC_SET_TIMER, 200000);
		return;
	}
	atomic_fetch_add((count *)v->arg, 1);
	hypercall(exit, CX_HC_BLOCK, 0);
}

/* Ends after a few naps. */
static void guest_ends(struct standin_vcpu *v, struct cx_exit *exit)
{
	atomic_fetch_add((count *)v->arg, 1);
	if (v->page.progress++ < 40)
		hypercall(exit, CX_HC_BLOCK, 1000000);
	else
		hypercall(exit, CX_HC_EXIT, 7);
}

#define DOMAINS 5u

static const standin_guest guests[DOMAINS] = { guest_counting_hog, guest_naps, guest_yields,
					       guest_timers, guest_ends };

/* --- a policy in the rig, with a spy before it ---------------------------------------- */

static const char *const policies[] = { "lib/coxswain/schedulers/rr.so",
					"lib/coxswain/schedulers/credit.so",
					"tests/plugins/moves_always.so",
					"tests/plugins/only_pick.so" };
#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

struct storm {
	struct rig rig;
	struct cx_loaded *inner;
	struct spy *spy;
	count counts[DOMAINS];
};

static void start(struct storm *s, const char *policy)
{
	struct cx_error err = { "" };
	char path[PATH_MAX];
	unsigned i;

	if (cx_plugin_load(rig_build_path(policy, path, sizeof(path)), NULL, &s->inner, &err))
		fail_msg("%s", err.text);
	s->spy = spy_new(cx_plugin_table(s->inner), 0);
	s->spy->threaded = true;
	s->rig.table = &s->spy->table;
	s->rig.crowded = true;
	s->rig.n_domains = DOMAINS;
	for (i = 0; i < DOMAINS; i++)
		s->rig.domains[i] = (struct rig_domain){ 3, 256, 0, guests[i], &s->counts[i], i };
	if (rig_start(&s->rig, policy, PCPUS, WATCHDOG_NS))
		fail_msg("%s", s->rig.err.text);
	assert_int_equal(s->rig.n_pcpus, PCPUS);
}

/* Accounts add up, the events tell the same, and the policy made no mistake. */
static void check_books(const struct cx_record *record)
{
	struct cx_metrics *m;
	struct cx_error err = { "" };
	uint64_t offline = 0;
	unsigned i, k;

	if (cx_metrics_compute(record, &m, &err))
		fail_msg("%s", err.text);
	assert_int_equal(m->dropped, 0);
	assert_int_equal(m->disagreement_ns, 0);
	for (i = 0; i < record->n_pcpus; i++) {
		const struct cx_record_pcpu *p = &record->pcpus[i];

		assert_int_equal(p->busy_ns + p->idle_ns + p->offline_ns, record->duration_ns);
		offline += p->offline_ns;
	}
	assert_int_equal(m->offline_ns, offline);
	cx_metrics_free(m);
	assert_false(record->degraded);
	for (k = 0; k < CX_FAULTS; k++)
		assert_int_equal(record->faults[k], 0);
}

static void end(struct storm *s)
{
	rig_finish(&s->rig);
	check_books(s->rig.record);
	spy_check_ended(s->spy);
	rig_free(&s->rig);
	spy_free(s->spy);
	cx_plugin_unload(s->inner);
}

/* --- storms ------------------------------------------------------------------------------ */

static void toggle(struct cx_dispatch *d, uint64_t *random)
{
	unsigned pcpu = (unsigned)(vmachine_random(random) % PCPUS);
	struct cx_error err = { "" };
	int rc = vmachine_random(random) % 2 ? cx_dispatch_pcpu_offline(d, pcpu, &err)
					     : cx_dispatch_pcpu_online(d, pcpu, &err);

	if (rc && rc != -EALREADY && rc != -EBUSY)
		fail_msg("%s (%d)", err.text, rc);
}

static void step(struct storm *s, uint64_t *random)
{
	struct cx_dispatch *d = s->rig.dispatch;
	unsigned domain = (unsigned)(vmachine_random(random) % DOMAINS);

	toggle(d, random);
	if (vmachine_random(random) % 4 == 0)
		toggle(d, random);
	if (vmachine_random(random) % 4 == 0)
		assert_int_equal(cx_dispatch_adjust(d, domain,
						    1 + (unsigned)vmachine_random(random) % 1000, 0,
						    0),
				 0);
	usleep((unsigned)(vmachine_random(random) % 3000));
}

static void all_online(struct cx_dispatch *d)
{
	unsigned i;

	for (i = 0; i < PCPUS; i++)
		cx_dispatch_pcpu_online(d, i, NULL);
}

static void expect_more(count *c, uint64_t by, const char *who)
{
	uint64_t goal = atomic_load(c) + by;
	unsigned i;

	for (i = 0; i < PATIENCE_S * 1000 && atomic_load(c) < goal; i++)
		usleep(1000);
	if (atomic_load(c) < goal)
		fail_msg("%s got no further than %llu", who, (unsigned long long)atomic_load(c));
}

static void storms(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct storm s = { .inner = NULL };
		uint64_t random = k + 1;

		start(&s, policies[k]);
		for (i = 0; i < STEPS; i++)
			step(&s, &random);
		all_online(s.rig.dispatch);
		for (i = 0; i < DOMAINS - 1; i++) /* the last one has ended */
			expect_more(&s.counts[i], 3, policies[k]);
		assert_true(s.spy->calls[SPY_PCPU_OFFLINE] > 10);
		end(&s);
	}
}

/* Two threads that want different things at once. */
static void *other_thread(void *arg)
{
	struct storm *s = arg;
	uint64_t random = 77;
	unsigned i;

	for (i = 0; i < STEPS; i++)
		step(s, &random);
	return NULL;
}

static void storms_from_two_sides(void **state)
{
	unsigned k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct storm s = { .inner = NULL };
		uint64_t random = 5;
		pthread_t thread;
		unsigned i;

		start(&s, policies[k]);
		assert_int_equal(pthread_create(&thread, NULL, other_thread, &s), 0);
		for (i = 0; i < STEPS; i++)
			step(&s, &random);
		pthread_join(thread, NULL);
		all_online(s.rig.dispatch);
		expect_more(&s.counts[0], 3, policies[k]);
		end(&s);
	}
}

/* In the middle of it all. */
static void finished_meanwhile(void **state)
{
	unsigned k, round, i;

	(void)state;
	for (round = 0; round < 6; round++)
		for (k = 0; k < N_POLICIES; k++) {
			struct storm s = { .inner = NULL };
			uint64_t random = round;

			start(&s, policies[k]);
			for (i = 0; i < round; i++)
				step(&s, &random);
			toggle(s.rig.dispatch, &random);
			cx_dispatch_pcpu_offline(s.rig.dispatch, round % PCPUS, NULL);
			end(&s);
		}
}

/* All but one go while everybody is at work: nobody is lost on the way. */
static void crowded_together(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct storm s = { .inner = NULL };
		struct cx_error err = { "" };

		start(&s, policies[k]);
		expect_more(&s.counts[1], 20, policies[k]);
		for (i = 0; i + 1 < PCPUS; i++)
			if (cx_dispatch_pcpu_offline(s.rig.dispatch, i, &err))
				fail_msg("%s", err.text);
		assert_int_equal(cx_dispatch_pcpu_offline(s.rig.dispatch, PCPUS - 1, &err), -EBUSY);
		for (i = 0; i < DOMAINS - 1; i++)
			expect_more(&s.counts[i], 3, policies[k]);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms),
		cmocka_unit_test(storms_from_two_sides),
		cmocka_unit_test(finished_meanwhile),
		cmocka_unit_test(crowded_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
