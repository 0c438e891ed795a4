/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's threads at work, with stand-ins for guests: hand-overs, preemption, timers,
 * stops, crashes and ends, in every order that two CPUs and luck produce.  What is waited
 * for is that something happens, never how soon.
 */
#include "core/dispatch/internal.h"
#include "tests/unit/host_rig.h"
#include "trace/metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RR "lib/coxswain/schedulers/rr.so"
#define CREDIT "lib/coxswain/schedulers/credit.so"
#define PATIENCE_S 30u /* until what should happen has not */
#define WATCHDOG_NS 120000000000ull

static void hypercall(struct cx_exit *exit, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	exit->kind = CX_EXIT_HYPERCALL;
	exit->number = number;
	exit->args[0] = a;
	exit->args[1] = b;
	exit->args[2] = c;
}

/* --- guests; their argument is a count that the test reads -------------------------------- */

typedef _Atomic uint64_t count;

static void bump(struct standin_vcpu *v)
{
	atomic_fetch_add((count *)v->arg, 1);
}

/* Computes for ever; counts the times that it was entered. */
static void guest_counting_hog(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	guest_hog(v, exit);
}

static void guest_naps(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	hypercall(exit, CX_HC_BLOCK, 300000, 0, 0);
}

/* For longer than any policy protects who runs from being preempted. */
static void guest_naps_longer(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	hypercall(exit, CX_HC_BLOCK, 5000000, 0, 0);
}

static void guest_waits(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	hypercall(exit, CX_HC_BLOCK, 0, 0, 0);
}

static void guest_yields(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	hypercall(exit, CX_HC_YIELD, 0, 0, 0);
}

/* Sets its timer and waits for nothing else, again and again. */
static void guest_timers(struct standin_vcpu *v, struct cx_exit *exit)
{
	if (v->page.progress++ % 2 == 0) {
		hypercall(exit, CX_HC_SET_TIMER, 200000, 0, 0);
		return;
	}
	bump(v);
	hypercall(exit, CX_HC_BLOCK, 0, 0, 0);
}

/* Halts, and takes its timer as an interrupt. */
static void guest_halts(struct standin_vcpu *v, struct cx_exit *exit)
{
	switch (v->page.progress++ % 3) {
	case 0:
		hypercall(exit, CX_HC_UPCALL, 1, 0, 0);
		break;
	case 1:
		standin_take_pending((char *)v - offsetof(struct standin_vm, vcpu) -
					     v->index * sizeof(*v),
				     v->index);
		hypercall(exit, CX_HC_SET_TIMER, 200000, 0, 0);
		break;
	default:
		bump(v);
		exit->kind = CX_EXIT_HALT;
		break;
	}
}

static void guest_ends(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	hypercall(exit, CX_HC_EXIT, 7, 0, 0);
}

/* Naps a little, then its first vCPU crashes. */
static void guest_crashes(struct standin_vcpu *v, struct cx_exit *exit)
{
	bump(v);
	if (v->index == 0 && v->page.progress++ == 20) {
		exit->kind = CX_EXIT_CRASH;
		snprintf(exit->text, sizeof(exit->text), "fell over");
		return;
	}
	hypercall(exit, CX_HC_BLOCK, 200000, 0, 0);
}

/* --- waiting and judging --------------------------------------------------------------------- */

static bool reaches(count *c, uint64_t goal)
{
	unsigned i;

	for (i = 0; i < PATIENCE_S * 1000 && atomic_load(c) < goal; i++)
		usleep(1000);
	return atomic_load(c) >= goal;
}

/* It goes on from where it is. */
static void expect_more(count *c, uint64_t by, const char *who)
{
	uint64_t from = atomic_load(c);

	if (!reaches(c, from + by))
		fail_msg("%s got no further than %llu", who, (unsigned long long)atomic_load(c));
}

static void expect_all_ended(struct rig *r)
{
	unsigned i;

	for (i = 0; i < PATIENCE_S * 1000 && !cx_dispatch_all_ended(r->dispatch); i++)
		usleep(1000);
	assert_true(cx_dispatch_all_ended(r->dispatch));
}

static void start(struct rig *r, const char *plugin, unsigned pcpus)
{
	if (rig_start(r, plugin, pcpus, WATCHDOG_NS))
		fail_msg("%s", r->err.text);
}

/* Accounts add up, and the events tell the same story to the nanosecond. */
static void check_books(const struct rig *r)
{
	struct cx_metrics *metrics;
	struct cx_error err = { "" };
	uint64_t busy = 0, ran = 0;
	unsigned i, s;

	assert_int_equal(cx_history_dropped(r->record->history), 0);
	if (cx_metrics_compute(r->record, &metrics, &err))
		fail_msg("%s", err.text);
	for (i = 0; i < r->record->n_vcpus; i++) {
		const struct cx_record_vcpu *v = &r->record->vcpus[i];
		uint64_t sum = 0;

		for (s = 0; s < CX_STATES; s++) {
			sum += v->time_ns[s];
			if (v->time_ns[s] != metrics->vcpus[i].time_ns[s])
				fail_msg("vCPU %u %s: the events say %llu ns, the dispatcher %llu",
					 i, cx_state_name(s),
					 (unsigned long long)metrics->vcpus[i].time_ns[s],
					 (unsigned long long)v->time_ns[s]);
		}
		assert_int_equal(sum, v->stop_ns - v->start_ns);
		ran += v->time_ns[CX_RUNNING];
	}
	for (i = 0; i < r->record->n_pcpus; i++) {
		const struct cx_record_pcpu *p = &r->record->pcpus[i];

		assert_int_equal(p->busy_ns + p->idle_ns + p->offline_ns, r->record->duration_ns);
		busy += p->busy_ns;
	}
	assert_int_equal(busy, ran);
	cx_metrics_free(metrics);
}

static void end(struct rig *r)
{
	unsigned i;

	rig_finish(r);
	check_books(r);
	assert_false(r->record->degraded);
	for (i = 0; i < CX_FAULTS; i++)
		assert_int_equal(r->record->faults[i], 0);
	rig_free(r);
}

/* How often @prev left for @why, with @next (CX_NO_VCPU = anybody) after it. */
static unsigned switches(const struct rig *r, unsigned prev, unsigned next, enum cx_why why)
{
	struct cx_history_cursor *cursor = cx_history_walk(r->record->history);
	const struct cx_event *e;
	unsigned n = 0;

	while ((e = cx_history_next(cursor)) != NULL)
		if (e->type == CX_EV_SWITCH && e->prev == prev && e->why == why &&
		    (next == CX_NO_VCPU || e->vcpu == next))
			n++;
	cx_history_cursor_free(cursor);
	return n;
}

static const char *const policies[] = { RR, CREDIT };
#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

/* --- turns ------------------------------------------------------------------------------------ */

static void a_waking_vcpu_preempts_a_hog(void **state)
{
	count hog = 0, naps = 0;
	struct rig r = { .n_domains = 2 };

	(void)state;
	r.domains[0] = (struct rig_domain){ 1, 256, 0, guest_counting_hog, &hog, 0 };
	r.domains[1] = (struct rig_domain){ 1, 256, 0, guest_naps_longer, &naps, 1 };
	start(&r, CREDIT, 1);
	assert_true(reaches(&naps, 20));
	expect_more(&hog, 2, "the hog");
	rig_finish(&r);
	check_books(&r);
	/* A boost for who sleeps: it does not wait until the slice ends. */
	assert_true(switches(&r, 0, 1, CX_WHY_PREEMPT) > 0);
	assert_true(switches(&r, 1, CX_NO_VCPU, CX_WHY_BLOCK) >= 19);
	rig_free(&r);
}

static void slices_end(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count hogs[3] = { 0 };
		struct rig r = { .n_domains = 3 };

		for (i = 0; i < 3; i++)
			r.domains[i] =
				(struct rig_domain){ 1, 256, 0, guest_counting_hog, &hogs[i], i };
		start(&r, policies[k], 1);
		/* Not each turn ends with its slice: who starts later may preempt. */
		for (i = 0; i < 3; i++)
			assert_true(reaches(&hogs[i], 6));
		rig_finish(&r);
		check_books(&r);
		for (i = 0; i < 3; i++)
			assert_true(switches(&r, i, CX_NO_VCPU, CX_WHY_SLICE) >= 2);
		rig_free(&r);
	}
}

static void who_yields_makes_room(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count yields[3] = { 0 };
		struct rig r = { .n_domains = 3 };

		for (i = 0; i < 3; i++)
			r.domains[i] =
				(struct rig_domain){ 1, 256, 0, guest_yields, &yields[i], i };
		start(&r, policies[k], 1);
		for (i = 0; i < 3; i++)
			assert_true(reaches(&yields[i], 200));
		rig_finish(&r);
		check_books(&r);
		assert_true(switches(&r, 0, CX_NO_VCPU, CX_WHY_YIELD) >= 199);
		rig_free(&r);
	}
}

static void more_sleepers_and_hogs_than_pcpus(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count counts[8] = { 0 };
		struct rig r = { .n_domains = 8 };

		/* Short naps on both pCPUs: much is stolen and migrated. */
		for (i = 0; i < 8; i++)
			r.domains[i] = (struct rig_domain){
				i < 6 ? 4 : 1,   256,
				i == 7 ? 40 : 0, i < 6 ? guest_naps : guest_counting_hog,
				&counts[i],      i
			};
		start(&r, policies[k], 2);
		for (i = 0; i < 8; i++)
			assert_true(reaches(&counts[i], i < 6 ? 400 : 5));
		end(&r);
	}
}

static void only_sleepers_leave_the_pcpus_idle(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count counts[4] = { 0 };
		struct rig r = { .n_domains = 4 };

		for (i = 0; i < 4; i++)
			r.domains[i] = (struct rig_domain){ 2, 256, 0, guest_naps, &counts[i], i };
		start(&r, policies[k], 2);
		for (i = 0; i < 4; i++)
			assert_true(reaches(&counts[i], 500));
		end(&r);
	}
}

/* --- timers ------------------------------------------------------------------------------------ */

static void guests_timers_come(void **state)
{
	count timers = 0, halts = 0, hog = 0;
	struct rig r = { .n_domains = 3 };

	(void)state;
	r.domains[0] = (struct rig_domain){ 2, 256, 0, guest_timers, &timers, 0 };
	r.domains[1] = (struct rig_domain){ 1, 256, 0, guest_halts, &halts, 1 };
	r.domains[2] = (struct rig_domain){ 1, 256, 0, guest_counting_hog, &hog, 2 };
	start(&r, CREDIT, 2);
	assert_true(reaches(&timers, 300));
	assert_true(reaches(&halts, 100));
	end(&r);
}

/* --- ends ---------------------------------------------------------------------------------------- */

static void stopped_whatever_it_does(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count c[5] = { 0 };
		struct rig r = { .n_domains = 5 };

		r.domains[0] = (struct rig_domain){ 2, 256, 0, guest_counting_hog, &c[0], 0 };
		r.domains[1] = (struct rig_domain){ 2, 256, 0, guest_counting_hog, &c[1], 1 };
		r.domains[2] = (struct rig_domain){ 2, 256, 0, guest_waits, &c[2], 2 };
		r.domains[3] = (struct rig_domain){ 2, 256, 0, guest_yields, &c[3], 3 };
		r.domains[4] = (struct rig_domain){ 1, 256, 0, guest_naps, &c[4], 4 };
		start(&r, policies[k], 2);
		for (i = 0; i < 5; i++)
			assert_true(reaches(&c[i], 2));
		/* Running or ready, blocked, yielding; twice is as once. */
		cx_dispatch_stop_domain(r.dispatch, 0, CX_END_STOPPED);
		cx_dispatch_stop_domain(r.dispatch, 2, CX_END_STOPPED);
		cx_dispatch_stop_domain(r.dispatch, 0, CX_END_CRASH);
		expect_more(&c[4], 5, "the one that naps");
		cx_dispatch_stop_domain(r.dispatch, 1, CX_END_STOPPED);
		cx_dispatch_stop_domain(r.dispatch, 3, CX_END_STOPPED);
		expect_more(&c[4], 20, "the one that naps, alone");
		cx_dispatch_stop_domain(r.dispatch, 4, CX_END_STOPPED);
		expect_all_ended(&r);
		rig_finish(&r);
		check_books(&r);
		for (i = 0; i < 5; i++)
			assert_int_equal(r.record->domains[i].end, CX_END_STOPPED);
		rig_free(&r);
	}
}

static void guests_end_by_themselves(void **state)
{
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count c[8] = { 0 };
		struct rig r = { .n_domains = 8 };

		for (i = 0; i < 8; i++)
			r.domains[i] = (struct rig_domain){ 4, 256, 0, guest_ends, &c[i], i };
		start(&r, policies[k], 2);
		expect_all_ended(&r);
		rig_finish(&r);
		check_books(&r);
		for (i = 0; i < 8; i++) {
			assert_int_equal(atomic_load(&c[i]), 4);
			assert_int_equal(r.record->domains[i].end, CX_END_EXIT);
			assert_int_equal(r.host.guests[i].vcpus[0].status, 7);
		}
		rig_free(&r);
	}
}

static void a_crash_takes_one_domain_only(void **state)
{
	unsigned k;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		count c[3] = { 0 };
		struct rig r = { .n_domains = 3 };

		r.domains[0] = (struct rig_domain){ 4, 256, 0, guest_crashes, &c[0], 0 };
		r.domains[1] = (struct rig_domain){ 1, 256, 0, guest_counting_hog, &c[1], 1 };
		r.domains[2] = (struct rig_domain){ 2, 256, 0, guest_naps, &c[2], 2 };
		start(&r, policies[k], 2);
		assert_true(reaches(&c[0], 20));
		expect_more(&c[2], 200, "the one that naps");
		rig_finish(&r);
		check_books(&r);
		assert_int_equal(r.record->domains[0].end, CX_END_CRASH);
		assert_string_equal(r.host.guests[0].end_text, "fell over");
		assert_int_equal(r.record->domains[1].end, CX_END_RUN);
		assert_int_equal(r.record->domains[2].end, CX_END_RUN);
		rig_free(&r);
	}
}

static void finished_while_everything_runs(void **state)
{
	unsigned k, i, round;

	(void)state;
	for (round = 0; round < 10; round++)
		for (k = 0; k < N_POLICIES; k++) {
			count c[6] = { 0 };
			struct rig r = { .n_domains = 6 };
			static const standin_guest guests[] = { guest_counting_hog, guest_naps,
								guest_yields,       guest_timers,
								guest_ends,         guest_crashes };

			for (i = 0; i < 6; i++)
				r.domains[i] =
					(struct rig_domain){ 3, 256, 0, guests[i], &c[i], i };
			start(&r, policies[k], 2);
			usleep(round * 1500);
			end(&r);
		}
}

/* --- hypercalls with wild arguments ------------------------------------------------------------- */

struct wild {
	count next;
	int64_t answers[16];
};

static const struct {
	uint64_t number, args[3];
	int64_t answer;
} wild_calls[] = {
	{ CX_HC_SEND, { 1, 0, 0 }, -ENOENT },               /* no such peer */
	{ CX_HC_SEND, { UINT64_MAX, 0, 0 }, -ENOENT },      /* nor that */
	{ CX_HC_SEND, { 0, 1, 0 }, -ENOENT },               /* no such vCPU */
	{ CX_HC_SEND, { 0, 0, CX_PORT_MAX + 1 }, -EINVAL }, /* no such port */
	{ CX_HC_SEND, { 0, 0, UINT64_MAX }, -EINVAL },
	{ CX_HC_LOG, { 0, UINT64_MAX, 0 }, -EINVAL },
	{ CX_HC_UPCALL, { 2, 0, 0 }, -EINVAL },
	{ UINT64_MAX, { 0, 0, 0 }, -ENOSYS },
	{ CX_HC_SET_TIMER, { UINT64_MAX, 0, 0 }, 0 },
	{ CX_HC_NOP, { 0, 0, 0 }, 0 },
};
#define N_WILD (sizeof(wild_calls) / sizeof(wild_calls[0]))

static void guest_wild(struct standin_vcpu *v, struct cx_exit *exit)
{
	struct wild *w = v->arg;
	uint64_t i = atomic_load(&w->next);

	if (i > 0 && i <= N_WILD)
		w->answers[i - 1] = v->answer;
	if (i == N_WILD)
		hypercall(exit, CX_HC_EXIT, 0, 0, 0);
	else
		hypercall(exit, wild_calls[i].number, wild_calls[i].args[0], wild_calls[i].args[1],
			  wild_calls[i].args[2]);
	atomic_store(&w->next, i + 1);
}

static void wild_arguments_are_answered(void **state)
{
	struct wild w = { 0 };
	struct rig r = { .n_domains = 1 };
	unsigned i;

	(void)state;
	r.domains[0] = (struct rig_domain){ 1, 256, 0, guest_wild, &w, 0 };
	start(&r, RR, 1);
	expect_all_ended(&r);
	end(&r);
	for (i = 0; i < N_WILD; i++)
		assert_int_equal(w.answers[i], wild_calls[i].answer);
}

/* --- policies that err, on threads --------------------------------------------------------------- */

static void an_ejected_policy_loses_no_vcpu(void **state)
{
	static const char *const bad[] = { "tests/plugins/picks_running.so",
					   "tests/plugins/picks_garbage_pointer.so",
					   "tests/plugins/picks_blocked.so" };
	unsigned k, i;

	(void)state;
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		count c[4] = { 0 };
		struct rig r = { .n_domains = 4 };

		for (i = 0; i < 4; i++)
			r.domains[i] = (struct rig_domain){
				2, 256, 0, i < 2 ? guest_counting_hog : guest_naps, &c[i], i
			};
		start(&r, bad[k], 2);
		for (i = 0; i < PATIENCE_S * 1000 && !atomic_load(&r.dispatch->policy.ejected); i++)
			usleep(1000);
		for (i = 0; i < 4; i++)
			expect_more(&c[i], 3, bad[k]);
		rig_finish(&r);
		check_books(&r);
		assert_true(r.record->degraded);
		assert_non_null(strstr(r.record->degraded_why, "more than"));
		rig_free(&r);
	}
}

#if !defined(__SANITIZE_THREAD__)
static void expect_dead(struct rig *r, const char *part)
{
	struct cx_error why = { "" };
	unsigned i;

	for (i = 0; i < PATIENCE_S * 100 && !cx_dispatch_dead(r->dispatch, &why); i++) {
		cx_dispatch_check_stuck(r->dispatch);
		usleep(10000);
	}
	if (!strstr(why.text, part))
		fail_msg("\"%s\", not \"%s\"", why.text, part);
}

static void a_dead_policy_loses_no_vcpu(void **state)
{
	static const struct {
		const char *plugin, *part;
		uint64_t watchdog_ns; /* longer than a noisy host stops anybody */
	} bad[] = {
		{ "tests/plugins/crashes_in_pick.so", "crashed in its operation pick",
		  WATCHDOG_NS },
		{ "tests/plugins/crashes_in_wake.so", "crashed in its operation wake",
		  WATCHDOG_NS },
		{ "tests/plugins/hangs_in_pick.so", "operation pick did not return",
		  5000000000ull },
	};
	unsigned k, i;

	(void)state;
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		count c[4] = { 0 };
		struct rig r = { .n_domains = 4 };

		for (i = 0; i < 4; i++)
			r.domains[i] = (struct rig_domain){
				2, 256, 0, i < 2 ? guest_counting_hog : guest_naps, &c[i], i
			};
		if (rig_start(&r, bad[k].plugin, 2, bad[k].watchdog_ns))
			fail_msg("%s", r.err.text);
		expect_dead(&r, bad[k].part);
		for (i = 0; i < 4; i++)
			expect_more(&c[i], 3, bad[k].plugin);
		rig_finish(&r);
		check_books(&r);
		assert_true(r.record->degraded);
		rig_free(&r);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waking_vcpu_preempts_a_hog),
		cmocka_unit_test(slices_end),
		cmocka_unit_test(who_yields_makes_room),
		cmocka_unit_test(more_sleepers_and_hogs_than_pcpus),
		cmocka_unit_test(only_sleepers_leave_the_pcpus_idle),
		cmocka_unit_test(guests_timers_come),
		cmocka_unit_test(stopped_whatever_it_does),
		cmocka_unit_test(guests_end_by_themselves),
		cmocka_unit_test(a_crash_takes_one_domain_only),
		cmocka_unit_test(finished_while_everything_runs),
		cmocka_unit_test(wild_arguments_are_answered),
		cmocka_unit_test(an_ejected_policy_loses_no_vcpu),
#if !defined(__SANITIZE_THREAD__) /* which delivers a signal only when a thread calls something */
		cmocka_unit_test(a_dead_policy_loses_no_vcpu),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
