/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy that crashes or never returns: named with its operation, never called again,
 * and the vCPUs go on under core's own round robin until the run is ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policies.h"

#include <signal.h>

enum way {
	BY_SEGV,
	BY_RAISE_FPE,
	BY_RAISE_ILL,
	BY_RAISE_BUS,
	WITH_PEER_LOCKED, /* a segmentation fault, while it holds a peer's lock */
	BY_HANGING,       /* in its own code */
	BY_HANGING_IN_SERVICES,
	WAYS
};

/* What goes wrong, in which operation, from when on. */
static struct {
	enum spy_op op;
	enum way way;
	uint64_t after_ns;
	struct vm *m;
	uint64_t calls, calls_after;
	bool fell;
	volatile bool for_ever;
} fall;

/* The dispatcher that the watching thread looks after. */
static struct {
	pthread_mutex_t lock;
	struct cx_dispatch *d;
	bool quit;
} watched = { PTHREAD_MUTEX_INITIALIZER, NULL, false };

static void watch(struct cx_dispatch *d, bool quit)
{
	pthread_mutex_lock(&watched.lock);
	watched.d = d;
	watched.quit = quit;
	pthread_mutex_unlock(&watched.lock);
}

static void hang(struct cx_policy *policy, struct cx_pcpu *pcpu)
{
	/* In virtual time it takes long. */
	fall.m->now_ns += 3 * VM_SEC;
	fall.for_ever = true;
	watch(fall.m->d, false);
	while (fall.for_ever) {
		if (fall.way == BY_HANGING_IN_SERVICES) {
			cx_log(policy, "still here");
			if (pcpu)
				cx_kick(pcpu);
		}
	}
}

static void do_fall(struct cx_policy *policy, struct cx_pcpu *pcpu)
{
	char *volatile nowhere = (char *)(uintptr_t)0x10;

	fall.fell = true;
	switch (fall.way) {
	case BY_RAISE_FPE:
		raise(SIGFPE);
		break;
	case BY_RAISE_ILL:
		raise(SIGILL);
		break;
	case BY_RAISE_BUS:
		raise(SIGBUS);
		break;
	case BY_HANGING:
	case BY_HANGING_IN_SERVICES:
		hang(policy, pcpu);
		break;
	case WITH_PEER_LOCKED:
		if (pcpu && cx_pcpu_near(pcpu, 1))
			(void)cx_trylock(cx_pcpu_near(pcpu, 1));
		*nowhere = 0;
		break;
	default:
		*nowhere = 0;
		break;
	}
}

static void at(enum spy_op op, struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	fall.calls++;
	if (fall.fell)
		fall.calls_after++;
	if (op == fall.op && now >= fall.after_ns && !fall.fell)
		do_fall(policy, pcpu);
}

static int f_init(struct cx_policy *p)
{
	at(SPY_INIT, p, NULL, 0);
	return 0;
}

static void f_fini(struct cx_policy *p)
{
	at(SPY_FINI, p, NULL, UINT64_MAX);
}

static void f_param_set(struct cx_policy *p, unsigned index, uint64_t now)
{
	(void)index;
	at(SPY_PARAM_SET, p, NULL, now);
}

static int f_pcpu_online(struct cx_policy *p, struct cx_pcpu *pcpu, uint64_t now)
{
	at(SPY_PCPU_ONLINE, p, pcpu, now);
	cx_tick_every(pcpu, VM_MS);
	cx_timer_at(pcpu, 0, now + 15 * VM_MS);
	return 0;
}

static void f_pcpu_offline(struct cx_policy *p, struct cx_pcpu *pcpu, uint64_t now)
{
	at(SPY_PCPU_OFFLINE, p, pcpu, now);
}

static int f_domain_attach(struct cx_policy *p, struct cx_domain *dom, uint64_t now)
{
	(void)dom;
	at(SPY_DOMAIN_ATTACH, p, NULL, now);
	return 0;
}

static void f_domain_adjust(struct cx_policy *p, struct cx_domain *dom, uint64_t now)
{
	(void)dom;
	at(SPY_DOMAIN_ADJUST, p, NULL, now);
}

static void f_domain_detach(struct cx_policy *p, struct cx_domain *dom, uint64_t now)
{
	(void)dom;
	at(SPY_DOMAIN_DETACH, p, NULL, now);
}

static void f_pool_adjust(struct cx_policy *p, struct cx_pool *pool, uint64_t now)
{
	(void)pool;
	at(SPY_POOL_ADJUST, p, NULL, now);
}

static int f_vcpu_attach(struct cx_policy *p, struct cx_vcpu *v, uint64_t now)
{
	at(SPY_VCPU_ATTACH, p, cx_vcpu_pcpu(v), now);
	return 0;
}

static void f_vcpu_detach(struct cx_policy *p, struct cx_vcpu *v, uint64_t now)
{
	at(SPY_VCPU_DETACH, p, cx_vcpu_pcpu(v), now);
}

/* To and fro, so that core has something to migrate. */
static struct cx_pcpu *f_choose_pcpu(struct cx_policy *p, struct cx_vcpu *v, uint64_t now)
{
	struct cx_pcpu *pcpu = cx_vcpu_pcpu(v);

	at(SPY_CHOOSE_PCPU, p, pcpu, now);
	return cx_pcpu_near(pcpu, cx_pcpu_count(p) - 1);
}

static void f_migrate(struct cx_policy *p, struct cx_vcpu *v, struct cx_pcpu *from,
		      struct cx_pcpu *to, uint64_t now)
{
	(void)v, (void)from;
	at(SPY_MIGRATE, p, to, now);
}

static void f_wake(struct cx_policy *p, struct cx_vcpu *v, enum cx_wake_why why, uint64_t now)
{
	(void)why;
	at(SPY_WAKE, p, cx_vcpu_pcpu(v), now);
	if (cx_pcpu_idle(cx_vcpu_pcpu(v)))
		cx_kick(cx_vcpu_pcpu(v));
}

static void f_block(struct cx_policy *p, struct cx_vcpu *v, uint64_t now)
{
	at(SPY_BLOCK, p, cx_vcpu_pcpu(v), now);
}

static void f_yield(struct cx_policy *p, struct cx_vcpu *v, uint64_t now)
{
	at(SPY_YIELD, p, cx_vcpu_pcpu(v), now);
}

static struct cx_vcpu *f_pick(struct cx_policy *p, struct cx_pcpu *pcpu, struct cx_pick *pick)
{
	at(SPY_PICK, p, pcpu, pick->now_ns);
	return ring_pick(p, pcpu, pick);
}

static void f_tick(struct cx_policy *p, struct cx_pcpu *pcpu, uint64_t now)
{
	at(SPY_TICK, p, pcpu, now);
}

static void f_timer(struct cx_policy *p, struct cx_pcpu *pcpu, unsigned id, uint64_t now)
{
	at(SPY_TIMER, p, pcpu, now);
	cx_timer_at(pcpu, id, now + 15 * VM_MS);
}

static const struct cx_param params[] = {
	{ "any", CX_PARAM_INT, NULL, 0, 100, 0, "any number", NULL },
};

static const struct cx_plugin faller = {
	CX_PLUGIN_HEADER,
	.name = "faller",
	.params = params,
	.n_params = 1,
	.policy_size = 64,
	.pcpu_size = 64,
	.domain_size = 64,
	.vcpu_size = 64,
	.init = f_init,
	.fini = f_fini,
	.param_set = f_param_set,
	.pcpu_online = f_pcpu_online,
	.pcpu_offline = f_pcpu_offline,
	.domain_attach = f_domain_attach,
	.domain_adjust = f_domain_adjust,
	.domain_detach = f_domain_detach,
	.pool_adjust = f_pool_adjust,
	.vcpu_attach = f_vcpu_attach,
	.vcpu_detach = f_vcpu_detach,
	.choose_pcpu = f_choose_pcpu,
	.migrate = f_migrate,
	.wake = f_wake,
	.block = f_block,
	.yield = f_yield,
	.pick = f_pick,
	.tick = f_tick,
	.timer = f_timer,
};

static const char *const op_names[SPY_OPS] = {
	"init",          "fini",          "param_set",     "pcpu_online", "pcpu_offline",
	"domain_attach", "domain_adjust", "domain_detach", "pool_adjust", "vcpu_attach",
	"vcpu_detach",   "choose_pcpu",   "migrate",       "wake",        "block",
	"yield",         "pick",          "tick",          "timer",       "dump",
};

/* --- the tests' own guard ------------------------------------------------------------------- */

/* cmocka catches signals from here on, unless the test takes over. */
static void take_over_signals(void)
{
	struct cx_error err;

	assert_int_equal(cx_guard_install(&err), 0);
}

static int uninstall(void **state)
{
	(void)state;
	cx_guard_uninstall();
	return 0;
}

/* --- a run in which every operation comes -------------------------------------------------- */

static const struct vm_step naps[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 2 * VM_MS } };
static const struct vm_step yields[] = { { VM_RUN, VM_MS }, { VM_YIELD, 0 } };
static const struct vm_step once[] = { { VM_RUN, 20 * VM_MS }, { VM_END, 0 } };
static const struct vm_domain domains[] = {
	{ .vcpus = 1 },
	{ .script = naps, .n_steps = 2 },
	{ .script = yields, .n_steps = 2 },
	{ .script = once, .n_steps = 2 },
	{ .vcpus = 1, .start_ns = 30 * VM_MS },
};

static void set_param(struct vm *m, uint64_t value)
{
	assert_int_equal(cx_dispatch_set_param(m->d, 0, (int64_t)value), 0);
}

static void adjust(struct vm *m, uint64_t domain)
{
	assert_int_equal(cx_dispatch_adjust(m->d, (unsigned)domain, 300, 0, 0), 0);
}

static void adjust_pool(struct vm *m, uint64_t pool)
{
	assert_int_equal(cx_dispatch_adjust_pool(m->d, (unsigned)pool, 300, 0, 0), 0);
}

static const struct cx_dispatch_pool pools[] = { { "pool", CX_NO_POOL, 256, 0, 0 } };

static struct vm *start(enum spy_op op, enum way way, uint64_t flags)
{
	static struct cx_plugin table;
	struct vm *m;

	memset(&fall, 0, sizeof(fall));
	fall.op = op;
	fall.way = way;
	if (op != SPY_INIT && op != SPY_PCPU_ONLINE)
		fall.after_ns = 17 * VM_MS;
	table = faller;
	table.flags |= flags;
	m = vmachine_new(&(struct vm_config){ .plugin = &table,
					      .pcpus = 2,
					      .domains = domains,
					      .n_domains = 5,
					      .pools = pools,
					      .n_pools = 1,
					      .expects_refusal = true });
	fall.m = m;
	if (m->rc)
		return m;
	vmachine_at(m, 25 * VM_MS, set_param, 5);
	vmachine_at(m, 26 * VM_MS, adjust, 0);
	vmachine_at(m, 27 * VM_MS, adjust_pool, 0);
	return m;
}

static void check_named(struct vm *m, enum spy_op op, const char *how)
{
	struct cx_error why = { "" };
	char expected[64];

	assert_true(cx_dispatch_dead(m->d, &why));
	snprintf(expected, sizeof(expected), "operation %s", op_names[op]);
	assert_non_null(strstr(why.text, "policy faller"));
	if (!strstr(why.text, expected) || !strstr(why.text, how))
		fail_msg("\"%s\", not \"%s\" and \"%s\"", why.text, expected, how);
}

static void check_the_rest_went_on(const struct vm *m, uint64_t until)
{
	unsigned i;

	for (i = 0; i < m->n_vcpus; i++)
		if (i != 3 && m->vcpus[i].last_ran_ns < until - 100 * VM_MS)
			fail_msg("%s: vCPU %u was lost", op_names[fall.op], i);
}

static bool only_at_the_end(enum spy_op op)
{
	return op == SPY_PCPU_OFFLINE || op == SPY_FINI;
}

static void crash_in(enum spy_op op, enum way way, const char *how, uint64_t flags)
{
	struct vm *m = start(op, way, flags);

	assert_int_equal(m->rc, 0);
	vmachine_run(m, 100 * VM_MS);
	watch(NULL, false);
	vmachine_run(m, m->now_ns + 400 * VM_MS); /* time may have jumped */
	if (!only_at_the_end(op)) {
		if (!fall.fell)
			fail_msg("%s: did not come", op_names[op]);
		check_named(m, op, how);
		check_the_rest_went_on(m, m->now_ns);
	}
	vmachine_finish(m);
	vmachine_check(m);
	check_named(m, op, how);
	assert_int_equal(fall.calls_after, 0); /* never called again */
	assert_true(m->record->degraded);
	assert_int_equal(m->record->faults[way < BY_HANGING ? CX_FAULT_CRASHED : CX_FAULT_STUCK],
			 1);
	vmachine_free(m);
}

static void a_crash_in_any_operation_is_survived(void **state)
{
	unsigned op, k;

	(void)state;
	take_over_signals();
	for (op = 0; op < SPY_DUMP; op++)
		for (k = 0; k < 2; k++)
			if (op != SPY_INIT && op != SPY_PCPU_ONLINE)
				crash_in(op, BY_SEGV, "Segmentation fault",
					 k ? CX_PLUGIN_INSTANCE_LOCK : 0);
}

static void whoever_it_did_not_wake_is_woken(void **state)
{
	static const struct vm_domain alone[] = { { .script = naps, .n_steps = 2 } };
	static struct cx_plugin table;
	struct vm *m;

	(void)state;
	take_over_signals();
	memset(&fall, 0, sizeof(fall));
	fall.op = SPY_WAKE;
	table = faller;
	m = vmachine_new(&(struct vm_config){ .plugin = &table, .domains = alone, .n_domains = 1 });
	fall.m = m;
	vmachine_run(m, 100 * VM_MS);
	check_named(m, SPY_WAKE, "Segmentation fault");
	assert_true(m->vcpus[0].ran_ns >= 30 * VM_MS);
	vmachine_finish(m);
	vmachine_check(m);
	vmachine_free(m);
}

static void a_crash_at_the_beginning_is_no_run(void **state)
{
	static const enum spy_op ops[] = { SPY_INIT, SPY_PCPU_ONLINE };
	unsigned k;

	(void)state;
	take_over_signals();
	for (k = 0; k < 2; k++) {
		struct vm *m = start(ops[k], BY_SEGV, 0);

		assert_int_equal(m->rc, -ECANCELED);
		assert_non_null(strstr(m->err.text, "policy faller"));
		assert_non_null(strstr(m->err.text, op_names[ops[k]]));
		assert_int_equal(fall.calls_after, 0);
		vmachine_free(m);
	}
}

static void every_fatal_signal_is_named(void **state)
{
	(void)state;
	take_over_signals();
	crash_in(SPY_PICK, BY_RAISE_FPE, strsignal(SIGFPE), 0);
	crash_in(SPY_TICK, BY_RAISE_ILL, strsignal(SIGILL), 0);
	crash_in(SPY_WAKE, BY_RAISE_BUS, strsignal(SIGBUS), 0);
}

static void locks_of_a_crashed_policy_are_released(void **state)
{
	unsigned k;

	(void)state;
	take_over_signals();
	for (k = 0; k < 2; k++) {
		crash_in(SPY_PICK, WITH_PEER_LOCKED, "Segmentation fault",
			 k ? CX_PLUGIN_INSTANCE_LOCK : 0);
		crash_in(SPY_TICK, WITH_PEER_LOCKED, "Segmentation fault",
			 k ? CX_PLUGIN_INSTANCE_LOCK : 0);
		crash_in(SPY_BLOCK, WITH_PEER_LOCKED, "Segmentation fault",
			 k ? CX_PLUGIN_INSTANCE_LOCK : 0);
	}
}

/* --- hanging ------------------------------------------------------------------------------- */

static void *watcher(void *arg)
{
	bool quit = false;

	(void)arg;
	while (!quit) {
		pthread_mutex_lock(&watched.lock);
		if (watched.d)
			cx_dispatch_check_stuck(watched.d);
		quit = watched.quit;
		pthread_mutex_unlock(&watched.lock);
		usleep(1000);
	}
	return NULL;
}

static void an_operation_that_hangs_is_broken_off(void **state)
{
	static const enum spy_op ops[] = { SPY_PICK,        SPY_WAKE,        SPY_TICK,
					   SPY_TIMER,       SPY_VCPU_ATTACH, SPY_DOMAIN_ATTACH,
					   SPY_CHOOSE_PCPU, SPY_PARAM_SET,   SPY_BLOCK };
	pthread_t thread;
	unsigned i;

	(void)state;
	take_over_signals();
	watch(NULL, false);
	assert_int_equal(pthread_create(&thread, NULL, watcher, NULL), 0);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		crash_in(ops[i], BY_HANGING, "did not return", 0);
		crash_in(ops[i], BY_HANGING_IN_SERVICES, "did not return", CX_PLUGIN_INSTANCE_LOCK);
	}
	watch(NULL, true);
	pthread_join(thread, NULL);
}

static void nobody_is_broken_off_in_time(void **state)
{
	struct vm *m = start(SPY_DUMP, BY_SEGV, 0);

	(void)state;
	take_over_signals();
	vmachine_run(m, 100 * VM_MS);
	cx_dispatch_check_stuck(m->d);
	m->now_ns += 10 * VM_SEC; /* nothing is in an operation */
	cx_dispatch_check_stuck(m->d);
	assert_false(cx_dispatch_dead(m->d, NULL));
	vmachine_free(m);
}

#define GUARDED_TEST(f) cmocka_unit_test_teardown(f, uninstall)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUARDED_TEST(a_crash_in_any_operation_is_survived),
		GUARDED_TEST(whoever_it_did_not_wake_is_woken),
		GUARDED_TEST(a_crash_at_the_beginning_is_no_run),
		GUARDED_TEST(every_fatal_signal_is_named),
		GUARDED_TEST(locks_of_a_crashed_policy_are_released),
		GUARDED_TEST(an_operation_that_hangs_is_broken_off),
		GUARDED_TEST(nobody_is_broken_off_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
