/* SPDX-License-Identifier: BSD-2-Clause */
/* pCPUs that go offline and come back while the run goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/own_policy.h"
#include "trace/metrics.h"

#define NODES "pack:2 l3:1 core:2 pu:2" /* 0 1 | 2 3 || 4 5 | 6 7: SMT, LLC, nodes */

static void off(struct vm *m, uint64_t pcpu)
{
	if (cx_dispatch_pcpu_offline(m->d, (unsigned)pcpu, &m->err))
		fail_msg("%s", m->err.text);
}

static void on(struct vm *m, uint64_t pcpu)
{
	if (cx_dispatch_pcpu_online(m->d, (unsigned)pcpu, &m->err))
		fail_msg("%s", m->err.text);
}

static void expect_refused(struct vm *m, int rc, int want, const char *part)
{
	assert_int_equal(rc, want);
	if (!strstr(m->err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", m->err.text, part);
}

static const struct cx_plugin *load(const char *relative, struct cx_loaded **loaded)
{
	struct cx_error err = { "" };
	char path[PATH_MAX];

	if (cx_plugin_load(rig_build_path(relative, path, sizeof(path)), NULL, loaded, &err))
		fail_msg("%s", err.text);
	return cx_plugin_table(*loaded);
}

/* The policies: shipped ones that steal, one that leaves everything to core, with a lock a pCPU
 * and with one lock, and one that checks what it is told. */
static const char *const names[] = { "rr", "credit", "ring", "ring", "counts_calls" };
#define N_POLICIES (sizeof(names) / sizeof(names[0]))

static struct spy *spy_on(unsigned k, struct cx_loaded **loaded)
{
	*loaded = NULL;
	if (k < 2)
		return spy_new(shipped(names[k], loaded), 0);
	if (k == 4)
		return spy_new(load("tests/plugins/counts_calls.so", loaded), 0);
	return spy_new(&ring_plugin, k == 3 ? CX_PLUGIN_INSTANCE_LOCK : 0);
}

static struct vm *start(struct spy *spy, unsigned pcpus, const struct vm_domain *domains,
			unsigned n, const char *topology)
{
	return vmachine_new(&(struct vm_config){ .plugin = &spy->table,
						 .topology = topology,
						 .pcpus = pcpus,
						 .domains = domains,
						 .n_domains = n });
}

static void finish(struct vm *m, struct spy *spy, struct cx_loaded *loaded)
{
	unsigned i;

	if (!m->finished)
		vmachine_finish(m);
	vmachine_check(m);
	assert_false(m->record->degraded);
	assert_false(vmachine_logged(m, "breach:"));
	for (i = 0; i < CX_FAULTS; i++)
		assert_int_equal(m->record->faults[i], 0);
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
	cx_plugin_unload(loaded);
}

/* --- going and coming ----------------------------------------------------------------- */

static void who_runs_there_goes_elsewhere(void **state)
{
	static const struct vm_domain hogs[] = { { .vcpus = 2 }, { .vcpus = 2 } };
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 2, hogs, 2, NULL);
		uint64_t ran[4];

		vmachine_run(m, 100 * VM_MS);
		assert_non_null(m->pcpus[1].on);
		off(m, 1);
		vmachine_run(m, 100 * VM_MS);
		assert_null(m->pcpus[1].on);
		assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 1);
		for (i = 0; i < 4; i++) {
			ran[i] = m->vcpus[i].ran_ns;
			assert_ptr_equal(cx_vcpu_pcpu(m->vcpus[i].v), m->pcpus[0].p);
			assert_false(cx_vcpu_allowed(m->vcpus[i].v, m->pcpus[1].p));
		}
		vmachine_run(m, 1100 * VM_MS);
		for (i = 0; i < 4; i++)
			assert_in_range(m->vcpus[i].ran_ns - ran[i], 210 * VM_MS, 290 * VM_MS);
		on(m, 1);
		assert_int_equal(spy->calls[SPY_PCPU_ONLINE], 3);
		vmachine_run(m, 1200 * VM_MS);
		/* Whoever steals comes at once. */
		if (k < 2)
			assert_non_null(m->pcpus[1].on);
		vmachine_finish(m);
		assert_int_equal(m->record->pcpus[0].offline_ns, 0);
		assert_int_equal(m->record->pcpus[1].offline_ns, VM_SEC);
		assert_int_equal(m->record->pcpus[0].busy_ns, 1200 * VM_MS);
		if (k < 2)
			assert_int_equal(m->record->pcpus[1].busy_ns, 200 * VM_MS);
		assert_int_equal(m->traced[CX_EV_PCPU_OFFLINE], 1);
		assert_int_equal(m->traced[CX_EV_PCPU_ONLINE], 1);
		finish(m, spy, loaded);
	}
}

/* What the running vCPU does at that moment makes no difference. */
static void whatever_it_does_when_it_leaves(void **state)
{
	static const struct vm_step steps[][2] = {
		{ { VM_RUN, 10 * VM_MS }, { VM_SLEEP, 10 * VM_MS } },
		{ { VM_RUN, 10 * VM_MS }, { VM_YIELD, 0 } },
		{ { VM_RUN, 10 * VM_MS }, { VM_END, 0 } },
		{ { VM_RUN, 10 * VM_MS }, { VM_WAIT, 0 } },
	};
	unsigned k, i;

	(void)state;
	for (k = 0; k < N_POLICIES; k++)
		for (i = 0; i < 4; i++) {
			struct vm_domain domains[] = {
				{ .script = steps[i],
				  .n_steps = 2,
				  .cpus = "0-1",
				  .cpus_soft = "1" },
				{ .cpus = "0" },
			};
			struct cx_loaded *loaded;
			struct spy *spy = spy_on(k, &loaded);
			struct vm *m = start(spy, 2, domains, 2, NULL);

			/* In the middle of it, and at the very instant of its end. */
			vmachine_at(m, 5 * VM_MS, off, 1);
			vmachine_at(m, 7 * VM_MS, on, 1);
			vmachine_at(m, 10 * VM_MS, off, 1);
			vmachine_at(m, 100 * VM_MS, on, 1);
			vmachine_run(m, 300 * VM_MS);
			assert_true(m->vcpus[0].ran_ns >= 10 * VM_MS);
			vmachine_finish(m);
			assert_int_equal(m->record->pcpus[1].offline_ns, 92 * VM_MS);
			finish(m, spy, loaded);
		}
}

static void sleepers_wake_elsewhere(void **state)
{
	static const struct vm_step naps[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 10 * VM_MS } };
	static const struct vm_step waits[] = { { VM_RUN, VM_MS }, { VM_WAIT, 0 } };
	static const struct vm_domain domains[] = {
		{ .script = naps, .n_steps = 2, .cpus_soft = "3" },
		{ .script = waits, .n_steps = 2, .cpus_soft = "3" },
		{ .cpus = "2-3", .start_ns = 60 * VM_MS }, /* 2 by itself; never on 3 */
		{ .cpus = "0" },
	};
	unsigned k;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 4, domains, 4, NULL);

		vmachine_run(m, 58 * VM_MS);
		assert_null(m->pcpus[3].on);
		off(m, 3);
		vmachine_run(m, 58 * VM_MS);
		assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 1);
		vmachine_run(m, 200 * VM_MS);
		vmachine_send(m, 1);
		vmachine_run(m, 300 * VM_MS);
		assert_true(m->vcpus[0].ran_ns > 20 * VM_MS);
		assert_int_equal(m->vcpus[1].ran_ns, 2 * VM_MS);
		assert_in_range(m->vcpus[2].ran_ns, 200 * VM_MS, 240 * VM_MS);
		vmachine_finish(m);
		assert_int_equal(m->record->pcpus[3].offline_ns, 242 * VM_MS);
		finish(m, spy, loaded);
	}
}

static void called_back_before_it_has_gone(void **state)
{
	static const struct vm_domain hogs[] = { { .vcpus = 3 } };
	unsigned k;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 2, hogs, 1, NULL);

		vmachine_run(m, 50 * VM_MS);
		off(m, 1);
		assert_non_null(m->pcpus[1].on); /* has not left yet */
		expect_refused(m, cx_dispatch_pcpu_offline(m->d, 1, &m->err), -EALREADY, "pCPU 1");
		on(m, 1);
		vmachine_run(m, 100 * VM_MS);
		assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 0);
		assert_int_equal(spy->calls[SPY_PCPU_ONLINE], 2);
		assert_int_equal(m->traced[CX_EV_PCPU_OFFLINE], 0);
		vmachine_finish(m);
		assert_int_equal(m->record->pcpus[1].offline_ns, 0);
		finish(m, spy, loaded);
	}
}

static void the_run_ends_meanwhile(void **state)
{
	static const struct vm_domain hogs[] = { { .vcpus = 3 } };
	unsigned k;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 3, hogs, 1, NULL);

		vmachine_run(m, 50 * VM_MS);
		off(m, 2);
		vmachine_run(m, 100 * VM_MS);
		off(m, 1);
		assert_non_null(m->pcpus[1].on);
		vmachine_finish(m); /* before it left */
		assert_int_equal(m->record->pcpus[1].offline_ns, 0);
		assert_int_equal(m->record->pcpus[2].offline_ns, 50 * VM_MS);
		expect_refused(m, cx_dispatch_pcpu_offline(m->d, 0, &m->err), -ECANCELED, "ended");
		expect_refused(m, cx_dispatch_pcpu_online(m->d, 2, &m->err), -ECANCELED, "ended");
		finish(m, spy, loaded);
	}
}

static void stopped_while_it_leaves(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 2 }, { .vcpus = 1 } };
	unsigned k;

	(void)state;
	for (k = 0; k < N_POLICIES; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 2, domains, 2, NULL);

		vmachine_run(m, 50 * VM_MS);
		off(m, 1);
		cx_dispatch_stop_domain(m->d, 0, CX_END_STOPPED);
		vmachine_run(m, 100 * VM_MS);
		assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 1);
		assert_int_equal(spy->calls[SPY_VCPU_DETACH], 2);
		assert_int_equal(m->pcpus[0].on - m->vcpus, 2);
		finish(m, spy, loaded);
	}
}

/* --- what is refused ------------------------------------------------------------------- */

static void nobody_loses_the_only_place(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 },
						    { .cpus = "1,2" },
						    { .cpus = "2,3", .start_ns = 500 * VM_MS } };
	struct cx_loaded *loaded;
	struct spy *spy = spy_on(1, &loaded);
	struct vm *m = start(spy, 4, domains, 3, NULL);

	(void)state;
	vmachine_run(m, 10 * VM_MS);
	off(m, 2);
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 1, &m->err), -EBUSY, "domain d1");
	/* Nor one that has yet to start. */
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 3, &m->err), -EBUSY, "domain d2");
	vmachine_run(m, 20 * VM_MS);
	assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 1);
	on(m, 2);
	off(m, 1);
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 2, &m->err), -EBUSY, "domain d1");
	vmachine_run(m, 25 * VM_MS);
	/* It runs there, and is about to end: nobody needs the place. */
	assert_ptr_equal(m->pcpus[2].on, &m->vcpus[1]);
	cx_dispatch_stop_domain(m->d, 1, CX_END_STOPPED);
	off(m, 2);
	vmachine_run(m, 30 * VM_MS);
	assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 3);
	vmachine_run(m, 600 * VM_MS);
	assert_true(m->vcpus[2].ran_ns > 0); /* started on what is left */
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 4, &m->err), -EINVAL, "0 to 3");
	expect_refused(m, cx_dispatch_pcpu_online(m->d, 4, &m->err), -EINVAL, "0 to 3");
	expect_refused(m, cx_dispatch_pcpu_online(m->d, 0, &m->err), -EALREADY, "online already");
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 1, &m->err), -EALREADY, "offline already");
	finish(m, spy, loaded);
}

static void the_last_one_stays(void **state)
{
	static const struct vm_domain none[] = { { .start_ns = VM_SEC } };
	struct cx_loaded *loaded;
	struct spy *spy = spy_on(0, &loaded);
	struct vm *m = start(spy, 2, none, 1, NULL);

	(void)state;
	off(m, 0);
	expect_refused(m, cx_dispatch_pcpu_offline(m->d, 1, &m->err), -EBUSY, "last one");
	vmachine_run(m, 1100 * VM_MS);
	assert_int_equal(m->vcpus[0].on, 1);
	finish(m, spy, loaded);
}

/* --- what a policy is told, and what it may do ------------------------------------------ */

static void a_policy_hears_it_in_order(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1, .cpus_soft = "1" } };
	unsigned k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct cx_loaded *loaded;
		struct spy *spy = spy_on(k, &loaded);
		struct vm *m = start(spy, 2, domains, 1, NULL);

		vmachine_run(m, 15 * VM_MS);
		assert_int_equal(m->vcpus[0].on, 1);
		spy->used = 0;
		off(m, 1);
		vmachine_run(m, 15 * VM_MS);
		assert_string_equal(spy->script, "pick1:preempt migrate0 offline1 pick0:idle ");
		spy->used = 0;
		on(m, 1);
		vmachine_run(m, 15 * VM_MS);
		assert_string_equal(spy->script, "online1 pick1:idle ");
		finish(m, spy, loaded);
	}
}

/* One that knows affinity only from where core has put its vCPUs. */
static void naming_somebody_for_the_last_time_is_no_fault(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1, .cpus_soft = "1" } };
	struct cx_loaded *loaded;
	struct spy *spy = spy_on(2, &loaded);
	struct vm *m = start(spy, 2, domains, 1, NULL);

	(void)state;
	vmachine_run(m, 15 * VM_MS);
	spy->used = 0;
	off(m, 1);
	vmachine_run(m, 15 * VM_MS);
	assert_string_equal(spy->script,
			    "pick1:preempt block0 migrate0 wake0 offline1 pick0:idle ");
	finish(m, spy, loaded);
}

static struct cx_pcpu *choose_the_lost_one(struct cx_policy *policy, struct cx_vcpu *v,
					   uint64_t now)
{
	(void)policy, (void)v, (void)now;
	return own.m ? own.m->pcpus[1].p : NULL;
}

static void placing_there_is_a_fault(void **state)
{
	static const struct vm_step naps[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 10 * VM_MS } };
	static const struct vm_domain domains[] = { { .script = naps, .n_steps = 2 } };
	struct cx_plugin table = ring_plugin;
	struct spy *spy;
	struct vm *m;

	(void)state;
	reset(NULL);
	table.choose_pcpu = choose_the_lost_one;
	spy = spy_new(&table, 0);
	m = start(spy, 2, domains, 1, NULL);
	own.m = m;
	vmachine_run(m, 50 * VM_MS);
	assert_int_equal(m->traced[CX_EV_FAULT], 0);
	off(m, 1);
	vmachine_run(m, 99 * VM_MS);
	assert_in_range(m->traced[CX_EV_FAULT], 4, 5);
	assert_int_equal(m->last_fault.why, CX_FAULT_AFFINITY);
	assert_true(m->vcpus[0].ran_ns > 8 * VM_MS);
	vmachine_finish(m);
	vmachine_check(m);
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
}

/* Inside a tick of pCPU 0: everything that may not be done with 1, which is offline. */
static void misuse(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_pcpu *lost = own.m->pcpus[1].p;

	assert_null(cx_pcpu_at(policy, 1));
	assert_int_equal(cx_pcpu_count(policy), 1);
	assert_int_equal(cx_pcpu_limit(policy), 2);
	assert_null(cx_pcpu_near(pcpu, 1));
	assert_false(cx_vcpu_allowed(own.v[1], lost));
	assert_null(cx_pcpu_priv(lost));
	assert_int_equal(cx_migrate(own.v[1], lost, now), -EINVAL);
	cx_timer_at(lost, 0, now + VM_MS);
	cx_tick_every(lost, VM_MS);
	cx_kick(lost);
	own.seen[0]++;
}

static void misused_while_offline(void **state)
{
	struct bench b;

	reset(state);
	b = bench(2, two_hogs, 1, CX_PLUGIN_INSTANCE_LOCK);
	own.m = b.m;
	vmachine_run(b.m, 5 * VM_MS);
	off(b.m, 1);
	vmachine_run(b.m, 10 * VM_MS);
	cx_tick_every(b.m->pcpus[0].p, VM_MS);
	own.tick = misuse;
	while (!own.seen[0]) {
		if (cx_pcpu_current(b.m->pcpus[0].p) == own.v[1])
			vmachine_preempt(b.m, 0);
		vmachine_run(b.m, b.m->now_ns + VM_MS);
	}
	own.tick = NULL;
	cx_tick_every(b.m->pcpus[0].p, 0);
	vmachine_run(b.m, b.m->now_ns + 50 * VM_MS);
	assert_null(b.m->pcpus[1].on);
	on(b.m, 1);
	vmachine_run(b.m, b.m->now_ns + 50 * VM_MS);
	end_of(&b, 3 * own.seen[0]);
}

static void arm_everything(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	unsigned id;

	(void)policy;
	cx_tick_every(pcpu, VM_MS);
	for (id = 0; id < CX_PCPU_TIMERS; id++)
		cx_timer_at(pcpu, id, now + 20 * VM_MS);
}

static void count_timer(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	own.seen[cx_pcpu_index(pcpu)]++;
}

static void timers_end_with_the_pcpu(void **state)
{
	struct bench b;
	unsigned id;

	reset(state);
	own.online = arm_everything;
	for (id = 0; id < CX_PCPU_TIMERS; id++)
		own.timer[id] = count_timer;
	b = bench(2, two_hogs, 1, 0);
	vmachine_run(b.m, 10 * VM_MS);
	off(b.m, 1);
	vmachine_run(b.m, 50 * VM_MS);
	assert_int_equal(own.seen[0], CX_PCPU_TIMERS);
	assert_int_equal(own.seen[1], 0);
	assert_int_equal(b.spy->pcpus[1].ticks, 10);
	on(b.m, 1);
	vmachine_run(b.m, 90 * VM_MS);
	assert_int_equal(own.seen[1], CX_PCPU_TIMERS);
	end_of(&b, 0);
}

static int refuse_to_come(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	return now && cx_pcpu_index(pcpu) == 1 ? -ENOSPC : 0;
}

static void a_policy_may_refuse_a_pcpu(void **state)
{
	struct cx_plugin table = ring_plugin;
	struct spy *spy;
	struct vm *m;

	(void)state;
	table.pcpu_online = refuse_to_come;
	spy = spy_new(&table, 0);
	m = start(spy, 2, two_hogs, 1, NULL);
	vmachine_run(m, 10 * VM_MS);
	off(m, 1);
	vmachine_run(m, 20 * VM_MS);
	expect_refused(m, cx_dispatch_pcpu_online(m->d, 1, &m->err), -ENOSPC, "ring: pCPU 1");
	vmachine_run(m, 30 * VM_MS);
	assert_null(m->pcpus[1].on);
	spy->calls[SPY_PCPU_ONLINE]--; /* it did not come */
	vmachine_finish(m);
	assert_int_equal(m->record->pcpus[1].offline_ns, 20 * VM_MS);
	finish(m, spy, NULL);
}

/* Without a policy, core does it all by itself. */
static void after_an_ejection_too(void **state)
{
	static const struct vm_domain hogs[] = { { .vcpus = 3 }, { .cpus = "1-2" } };
	struct cx_loaded *loaded;
	struct vm *m;
	unsigned i;

	(void)state;
	m = vmachine_new(
		&(struct vm_config){ .plugin = load("tests/plugins/never_picks.so", &loaded),
				     .pcpus = 3,
				     .domains = hogs,
				     .n_domains = 2,
				     .watchdog_ns = 100 * VM_MS });
	vmachine_run(m, 20 * VM_MS);
	off(m, 0); /* idle, with people waiting that the policy does not pick */
	vmachine_run(m, VM_SEC);
	off(m, 1);
	vmachine_run(m, 2 * VM_SEC);
	on(m, 0);
	vmachine_run(m, 3 * VM_SEC);
	for (i = 0; i < 4; i++)
		assert_true(m->vcpus[i].ran_ns > 300 * VM_MS);
	assert_non_null(m->pcpus[0].on);
	vmachine_finish(m);
	assert_true(m->record->degraded);
	assert_int_equal(m->record->pcpus[1].offline_ns, 2 * VM_SEC);
	vmachine_check(m);
	vmachine_free(m);
	cx_plugin_unload(loaded);
}

/* --- storms ------------------------------------------------------------------------------ */

struct storm {
	uint64_t random;
	unsigned busy, done;
};

static void maybe(struct vm *m, struct storm *s)
{
	unsigned pcpu = (unsigned)(vmachine_random(&s->random) % m->n_pcpus);
	int rc = vmachine_random(&s->random) % 2 ? cx_dispatch_pcpu_offline(m->d, pcpu, &m->err)
						 : cx_dispatch_pcpu_online(m->d, pcpu, &m->err);

	if (rc == -EBUSY)
		s->busy++;
	else if (rc == 0)
		s->done++;
	else
		assert_int_equal(rc, -EALREADY);
}

static void run_storm(unsigned k, uint64_t seed)
{
	static const struct vm_step naps[] = { { VM_RUN, 300 * VM_US }, { VM_SLEEP, 2 * VM_MS } };
	static const struct vm_step mix[] = { { VM_RUN, 5 * VM_MS },
					      { VM_YIELD, 0 },
					      { VM_RUN, VM_MS },
					      { VM_TIMER, 3 * VM_MS },
					      { VM_WAIT, 0 } };
	static const struct vm_step ends[] = { { VM_RUN, 400 * VM_MS }, { VM_END, 0 } };
	static const struct vm_domain domains[] = {
		{ .vcpus = 4, .script = naps, .n_steps = 2 },
		{ .vcpus = 3, .script = mix, .n_steps = 5, .weight = 512, .cpus_soft = "4-7" },
		{ .vcpus = 2, .limit = 50 },
		{ .vcpus = 2, .cpus = "0,3,5" },
		{ .vcpus = 2, .cpus = "6-7", .start_ns = 300 * VM_MS },
		{ .vcpus = 3, .script = ends, .n_steps = 2 },
	};
	struct storm s = { .random = seed };
	struct cx_loaded *loaded;
	struct spy *spy = spy_on(k, &loaded);
	struct vm *m = start(spy, 8, domains, 6, NODES);
	unsigned i;

	for (i = 0; i < 600; i++) {
		vmachine_run(m, m->now_ns + vmachine_random(&s.random) % (4 * VM_MS));
		maybe(m, &s);
		if (vmachine_random(&s.random) % 3 == 0)
			maybe(m, &s);
	}
	for (i = 0; i < 8; i++)
		cx_dispatch_pcpu_online(m->d, i, &m->err);
	vmachine_run(m, m->now_ns + 200 * VM_MS);
	for (i = 0; i < m->n_vcpus; i++)
		assert_true(m->vcpus[i].ran_ns > 0);
	assert_true(s.busy > 10 && s.done > 100);
	finish(m, spy, loaded);
}

static void storms(void **state)
{
	unsigned k;
	uint64_t seed;

	(void)state;
	for (k = 0; k < N_POLICIES; k++)
		for (seed = 1; seed <= 25; seed++)
			run_storm(k, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_runs_there_goes_elsewhere),
		cmocka_unit_test(whatever_it_does_when_it_leaves),
		cmocka_unit_test(sleepers_wake_elsewhere),
		cmocka_unit_test(called_back_before_it_has_gone),
		cmocka_unit_test(the_run_ends_meanwhile),
		cmocka_unit_test(stopped_while_it_leaves),
		cmocka_unit_test(nobody_loses_the_only_place),
		cmocka_unit_test(the_last_one_stays),
		cmocka_unit_test(a_policy_hears_it_in_order),
		cmocka_unit_test(naming_somebody_for_the_last_time_is_no_fault),
		cmocka_unit_test(placing_there_is_a_fault),
		cmocka_unit_test(misused_while_offline),
		cmocka_unit_test(timers_end_with_the_pcpu),
		cmocka_unit_test(a_policy_may_refuse_a_pcpu),
		cmocka_unit_test(after_an_ejection_too),
		cmocka_unit_test(storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
