/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Core trusts no decision: every kind of bad one is counted, traced and replaced; too many
 * of them, or a vCPU left waiting, and the policy is out while its vCPUs go on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policies.h"

/* A ring that commits its sin with every so many picks. */
typedef struct cx_vcpu *(*sin)(struct cx_policy *policy, struct cx_pcpu *pcpu, struct cx_pick *pick,
			       struct cx_vcpu *honest);

static struct {
	sin sin;
	unsigned every; /* 0 = never */
	uint64_t picks, sins;
	uint64_t after_ns; /* not before */
	struct cx_vcpu *v[512];
	unsigned starved; /* vCPU number */
	unsigned only;    /* domain */
	unsigned dumps;
} own;

static int reset(void **state)
{
	(void)state;
	memset(&own, 0, sizeof(own));
	own.starved = UINT32_MAX;
	own.only = 1; /* naps */
	return 0;
}

static int sinner_attach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	own.v[cx_vcpu_id(v)] = v;
	return 0;
}

static struct cx_vcpu *sinner_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	struct cx_vcpu *v = ring_pick(policy, pcpu, pick), *bad;

	if (!own.every || pick->now_ns < own.after_ns || ++own.picks % own.every)
		return v;
	bad = own.sin(policy, pcpu, pick, v);
	if (bad)
		own.sins++;
	return bad ? bad : v;
}

static void sinner_dump(struct cx_policy *policy, uint64_t now)
{
	(void)now;
	own.dumps++;
	cx_dump(policy, "picks %llu", (unsigned long long)own.picks);
}

static const struct cx_plugin sinner_plugin = {
	CX_PLUGIN_HEADER,    .name = "sinner",    .vcpu_attach = sinner_attach,
	.pick = sinner_pick, .dump = sinner_dump,
};

/* --- the sins ---------------------------------------------------------------------------- */

static struct cx_vcpu *find(const struct cx_pcpu *pcpu,
			    bool (*is)(const struct cx_vcpu *, const struct cx_pcpu *))
{
	unsigned i;

	for (i = 0; i < 512 && own.v[i]; i++)
		if (is(own.v[i], pcpu))
			return own.v[i];
	return NULL;
}

static bool is_blocked_here(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return cx_vcpu_pcpu(v) == pcpu && !cx_vcpu_runnable(v);
}

static struct cx_vcpu *pick_blocked(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pick, (void)honest;
	return find(pcpu, is_blocked_here);
}

static struct cx_vcpu *pick_parked(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pcpu;
	if (!honest)
		return NULL;
	cx_park(honest, CX_PARK_LIMIT, pick->now_ns);
	cx_timer_at(pcpu, 0, pick->now_ns + VM_MS); /* where it is unparked again */
	return honest;
}

static void unpark_all(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id, uint64_t now)
{
	unsigned i;

	(void)policy, (void)id;
	for (i = 0; i < 512 && own.v[i]; i++)
		if (cx_vcpu_pcpu(own.v[i]) == pcpu)
			cx_unpark(own.v[i], CX_PARK_LIMIT, now);
	if (cx_pcpu_idle(pcpu))
		cx_kick(pcpu);
}

static struct cx_vcpu *pick_running(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pick, (void)honest;
	return cx_pcpu_current(cx_pcpu_near(pcpu, 1));
}

static bool is_forbidden(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return cx_vcpu_runnable(v) && !cx_vcpu_running(v) && !cx_vcpu_allowed(v, pcpu);
}

static struct cx_vcpu *pick_forbidden(struct cx_policy *policy, struct cx_pcpu *pcpu,
				      struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pick, (void)honest;
	return find(pcpu, is_forbidden);
}

static bool is_elsewhere(const struct cx_vcpu *v, const struct cx_pcpu *pcpu)
{
	return cx_vcpu_runnable(v) && !cx_vcpu_running(v) && cx_vcpu_pcpu(v) != pcpu &&
	       cx_vcpu_allowed(v, pcpu);
}

static struct cx_vcpu *pick_elsewhere(struct cx_policy *policy, struct cx_pcpu *pcpu,
				      struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pick, (void)honest;
	return find(pcpu, is_elsewhere);
}

static struct cx_vcpu *pick_garbage(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick, struct cx_vcpu *honest)
{
	switch (own.picks / own.every % 5) {
	case 0:
		return (struct cx_vcpu *)(uintptr_t)0x1234567;
	case 1:
		return (struct cx_vcpu *)((uintptr_t)own.v[0] + 8); /* the middle of one */
	case 2:
		return (struct cx_vcpu *)(void *)pcpu;
	case 3:
		return (struct cx_vcpu *)(void *)policy;
	default:
		(void)pick, (void)honest;
		return (struct cx_vcpu *)UINTPTR_MAX;
	}
}

static struct cx_vcpu *slice_too_short(struct cx_policy *policy, struct cx_pcpu *pcpu,
				       struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pcpu;
	pick->slice_ns = own.sins % 2 ? 0 : CX_SLICE_MIN_NS - 1;
	return honest;
}

static struct cx_vcpu *slice_too_long(struct cx_policy *policy, struct cx_pcpu *pcpu,
				      struct cx_pick *pick, struct cx_vcpu *honest)
{
	(void)policy, (void)pcpu;
	/* Not for one that would use it: everybody else would starve. */
	if (!honest || cx_domain_index(cx_vcpu_domain(honest)) != own.only)
		return NULL;
	pick->slice_ns = own.sins % 2 ? UINT64_MAX : CX_SLICE_MAX_NS + 1;
	return honest;
}

/* Three hogs, sleepers, one bound to each pCPU. */
static const struct vm_step naps[] = { { VM_RUN, 700 * VM_US }, { VM_SLEEP, 3 * VM_MS } };
static const struct vm_step yields[] = { { VM_RUN, 300 * VM_US }, { VM_YIELD, 0 } };
static const struct vm_domain everybody[] = {
	{ .vcpus = 3 },
	{ .vcpus = 2, .script = naps, .n_steps = 2 },
	{ .script = yields, .n_steps = 2 },
	{ .cpus = "0" },
	{ .cpus = "1" },
};

static const struct {
	const char *name;
	sin sin;
	enum cx_fault fault;
	unsigned every;
	bool no_vcpu; /* the event names none */
} sins[] = {
	{ "blocked", pick_blocked, CX_FAULT_NOT_RUNNABLE, 3, false },
	{ "parked", pick_parked, CX_FAULT_PARKED, 20, false },
	{ "running", pick_running, CX_FAULT_RUNNING, 20, false },
	{ "forbidden", pick_forbidden, CX_FAULT_AFFINITY, 20, false },
	{ "elsewhere", pick_elsewhere, CX_FAULT_FOREIGN, 20, false },
	{ "garbage", pick_garbage, CX_FAULT_FOREIGN, 20, true },
	{ "short", slice_too_short, CX_FAULT_SLICE, 20, false },
	{ "long", slice_too_long, CX_FAULT_SLICE, 3, false },
};

struct bench {
	struct spy *spy;
	struct vm *m;
	struct cx_plugin table;
};

static void begin(struct bench *b, const struct vm_domain *domains, unsigned n, unsigned pcpus,
		  uint64_t flags)
{
	b->table = sinner_plugin;
	b->table.timer = unpark_all;
	b->spy = spy_new(&b->table, flags);
	b->spy->faulty = true;
	b->m = vmachine_new(&(struct vm_config){
		.plugin = &b->spy->table, .pcpus = pcpus, .domains = domains, .n_domains = n });
}

static void end(struct bench *b)
{
	vmachine_free(b->m);
	spy_free(b->spy);
}

static void every_sin_is_counted_traced_and_replaced(void **state)
{
	unsigned i, k, f, v;

	for (i = 0; i < sizeof(sins) / sizeof(sins[0]); i++)
		for (k = 0; k < 2; k++) {
			struct bench b;

			reset(state);
			own.sin = sins[i].sin;
			own.every = sins[i].every;
			begin(&b, everybody, 5, 2, k ? CX_PLUGIN_INSTANCE_LOCK : 0);
			/* Until there were some, but not too many for it to stay. */
			while (own.sins < 60 && b.m->now_ns < 20 * VM_SEC)
				vmachine_run(b.m, b.m->now_ns + VM_MS);
			vmachine_finish(b.m);
			vmachine_check(b.m);
			if (own.sins < 50 || b.m->record->faults[sins[i].fault] != own.sins)
				fail_msg("%s: %llu sins, %llu faults", sins[i].name,
					 (unsigned long long)own.sins,
					 (unsigned long long)b.m->record->faults[sins[i].fault]);
			for (f = 0; f < CX_FAULTS; f++)
				if (f != (unsigned)sins[i].fault)
					assert_int_equal(b.m->record->faults[f], 0);
			assert_int_equal(b.m->traced[CX_EV_FAULT], own.sins);
			assert_int_equal(b.m->last_fault.why, sins[i].fault);
			assert_int_equal(b.m->last_fault.vcpu == CX_NO_VCPU, sins[i].no_vcpu);
			assert_false(b.m->record->degraded);
			assert_true(vmachine_logged(b.m, cx_fault_name(sins[i].fault)));
			for (v = 0; v < b.m->n_vcpus; v++)
				if (!b.m->vcpus[v].ran_ns)
					fail_msg("%s: vCPU %u did not run", sins[i].name, v);
			/* wake() and block() went on alternating, or the spy had said so. */
			spy_check_ended(b.spy);
			end(&b);
		}
}

static void slices_are_clamped(void **state)
{
	static const struct vm_domain two[] = { { .vcpus = 2 } };
	struct bench b;

	(void)state;
	own.sin = slice_too_short;
	own.every = 1;
	begin(&b, two, 1, 1, 0);
	vmachine_run(b.m, 50 * CX_SLICE_MIN_NS - 1);
	assert_int_equal(b.spy->calls[SPY_PICK], 50);
	end(&b);

	reset(state);
	own.sin = slice_too_long;
	own.only = 0;
	own.every = 1;
	own.after_ns = 20 * VM_MS;
	begin(&b, two, 1, 1, 0);
	vmachine_run(b.m, 20 * VM_MS + 1);
	assert_int_equal(b.m->pcpus[0].until_ns, 20 * VM_MS + CX_SLICE_MAX_NS);
	end(&b);
}

/* --- borrowed ------------------------------------------------------------------------------ */

static void a_borrowed_turn_is_block_and_wake(void **state)
{
	static const struct vm_domain two[] = { { .vcpus = 2 } };
	struct bench b;

	(void)state;
	own.sin = pick_garbage;
	own.every = 3;
	begin(&b, two, 1, 1, 0);
	vmachine_run(b.m, 15 * VM_MS);
	/* The third pick, at 20 ms, is garbage: core takes the next in the ring, vCPU 0. */
	b.spy->used = 0;
	vmachine_run(b.m, 25 * VM_MS);
	assert_string_equal(b.spy->script, "pick0:slice block0 ");
	assert_ptr_equal(b.m->pcpus[0].on, &b.m->vcpus[0]);
	assert_false(cx_vcpu_runnable(b.m->vcpus[0].v));
	/* Its turn ends: awake again, on a pCPU that is idle; asked who is next. */
	b.spy->used = 0;
	vmachine_run(b.m, 35 * VM_MS);
	assert_string_equal(b.spy->script, "wake0 pick0:idle ");
	vmachine_run(b.m, 200 * VM_MS);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	spy_check_ended(b.spy);
	end(&b);
}

static void stop_it(struct vm *m, uint64_t domain)
{
	cx_dispatch_stop_domain(m->d, (unsigned)domain, CX_END_STOPPED);
}

static void a_borrowed_one_may_block_end_and_be_stopped(void **state)
{
	static const struct vm_step nap[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 30 * VM_MS } };
	static const struct vm_step once[] = { { VM_RUN, VM_MS }, { VM_END, 0 } };
	static const struct vm_domain domains[] = {
		{ .script = nap, .n_steps = 2 },
		{ .script = once, .n_steps = 2 },
		{ .vcpus = 1 },
		{ .vcpus = 1, .start_ns = 50 * VM_MS },
	};
	struct bench b;

	(void)state;
	own.sin = pick_garbage;
	own.every = 1; /* every turn is borrowed */
	begin(&b, domains, 4, 1, 0);
	vmachine_at(b.m, 101 * VM_MS, stop_it, 3);
	vmachine_at(b.m, 105 * VM_MS, stop_it, 2);
	vmachine_run(b.m, 200 * VM_MS);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	spy_check_ended(b.spy);
	assert_int_equal(b.m->record->domains[1].end, CX_END_EXIT);
	assert_int_equal(b.m->record->domains[2].end, CX_END_STOPPED);
	assert_int_equal(b.m->record->vcpus[3].stop_ns, 101 * VM_MS);
	assert_true(b.m->vcpus[0].ran_ns > 3 * VM_MS);
	end(&b);
}

/* --- ejection ------------------------------------------------------------------------------ */

static void too_many_faults_and_it_is_out(void **state)
{
	unsigned i, k;

	for (i = 0; i < sizeof(sins) / sizeof(sins[0]); i++) {
		uint64_t calls[SPY_OPS], at;
		struct bench b;

		reset(state);
		own.sin = sins[i].sin;
		own.every = 1;
		begin(&b, everybody, 5, 2, 0);
		while (!own.dumps && b.m->now_ns < 60 * VM_SEC)
			vmachine_run(b.m, b.m->now_ns + VM_MS);
		if (!own.dumps)
			fail_msg("%s: still there after %llu sins", sins[i].name,
				 (unsigned long long)own.sins);
		assert_int_equal(own.sins, CX_FAULTS_MAX + 1);
		assert_int_equal(b.spy->calls[SPY_DUMP], 1);
		assert_true(vmachine_logged(b.m, "sinner: picks"));
		assert_true(vmachine_logged(b.m, "round-robin goes on"));
		memcpy(calls, b.spy->calls, sizeof(calls));
		at = b.m->now_ns;
		for (k = 0; k < b.m->n_vcpus; k++)
			b.m->vcpus[k].last_ran_ns = 0;
		vmachine_run(b.m, at + VM_SEC);
		/* It is asked nothing any more, and everybody goes on. */
		assert_memory_equal(calls, b.spy->calls, sizeof(calls));
		for (k = 0; k < b.m->n_vcpus; k++)
			assert_true(b.m->vcpus[k].last_ran_ns > at + VM_SEC - 200 * VM_MS);
		vmachine_finish(b.m);
		vmachine_check(b.m);
		assert_memory_equal(calls, b.spy->calls, sizeof(calls));
		assert_true(b.m->record->degraded);
		assert_non_null(strstr(b.m->record->degraded_why, "sinner"));
		assert_non_null(strstr(b.m->record->degraded_why, cx_fault_name(sins[i].fault)));
		assert_int_equal(b.m->record->faults[sins[i].fault], CX_FAULTS_MAX + 1);
		end(&b);
	}
}

static void round_robin_goes_on_fairly(void **state)
{
	static const struct vm_domain four[] = { { .vcpus = 4 } };
	struct bench b;
	uint64_t before[4], got;
	unsigned i;

	(void)state;
	own.sin = pick_garbage;
	own.every = 1;
	begin(&b, four, 1, 1, 0);
	vmachine_run(b.m, 3 * VM_SEC);
	assert_int_equal(own.dumps, 1);
	for (i = 0; i < 4; i++)
		before[i] = b.m->vcpus[i].ran_ns;
	vmachine_run(b.m, 7 * VM_SEC);
	for (i = 0; i < 4; i++) {
		got = b.m->vcpus[i].ran_ns - before[i];
		assert_in_range(got, VM_SEC - CX_SLICE_DEFAULT_NS, VM_SEC + CX_SLICE_DEFAULT_NS);
	}
	vmachine_finish(b.m);
	vmachine_check(b.m);
	end(&b);
}

static void as_many_faults_as_allowed_are_survived(void **state)
{
	static const struct vm_domain two[] = { { .vcpus = 2 } };
	struct bench b;

	(void)state;
	own.sin = pick_garbage;
	own.every = 1;
	begin(&b, two, 1, 1, 0);
	while (own.sins < CX_FAULTS_MAX)
		vmachine_run(b.m, b.m->now_ns + VM_MS);
	own.every = 0;
	vmachine_run(b.m, b.m->now_ns + VM_SEC);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_int_equal(b.m->record->faults[CX_FAULT_FOREIGN], CX_FAULTS_MAX);
	assert_false(b.m->record->degraded);
	end(&b);
}

/* --- starvation ---------------------------------------------------------------------------- */

static bool can_run(const struct cx_vcpu *v)
{
	return cx_vcpu_runnable(v) && !cx_vcpu_parked(v) && cx_vcpu_id(v) != own.starved;
}

static struct cx_vcpu *starving_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				     struct cx_pick *pick)
{
	struct cx_vcpu *v = cx_pcpu_next_vcpu(pcpu, pick->prev), *first = v;

	(void)policy;
	pick->slice_ns = 30 * VM_MS;
	while (v && !can_run(v)) {
		v = cx_pcpu_next_vcpu(pcpu, v);
		if (v == first)
			return NULL;
	}
	return v;
}

static struct bench starving(const struct vm_domain *domains, unsigned n, unsigned pcpus,
			     uint64_t watchdog_ns)
{
	static struct cx_plugin table;
	struct bench b;

	table = sinner_plugin;
	table.name = "starver";
	table.pick = starving_pick;
	b.spy = spy_new(&table, 0);
	b.spy->faulty = true;
	b.m = vmachine_new(&(struct vm_config){ .plugin = &b.spy->table,
						.pcpus = pcpus,
						.domains = domains,
						.n_domains = n,
						.watchdog_ns = watchdog_ns });
	return b;
}

static void a_starved_vcpu_is_found(void **state)
{
	static const struct vm_domain three[] = { { .vcpus = 3 } };
	struct bench b;

	(void)state;
	own.starved = 1;
	b = starving(three, 1, 1, 0);
	vmachine_run(b.m, 2 * VM_SEC);
	assert_int_equal(own.dumps, 0);
	vmachine_run(b.m, 3 * VM_SEC);
	assert_int_equal(own.dumps, 1);
	vmachine_run(b.m, 4 * VM_SEC);
	assert_true(b.m->vcpus[1].ran_ns > 300 * VM_MS);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_true(b.m->record->degraded);
	assert_non_null(strstr(b.m->record->degraded_why, "policy starver left d0/1 waiting"));
	assert_int_equal(b.m->record->faults[CX_FAULT_STARVED], 1);
	end(&b);
}

static void picking_nobody_is_starvation(void **state)
{
	static const struct vm_domain one[] = { { .vcpus = 1 } };
	struct bench b;

	(void)state;
	own.starved = 0;
	b = starving(one, 1, 2, 500 * VM_MS); /* the run's own setting */
	vmachine_run(b.m, VM_SEC);
	assert_int_equal(own.dumps, 1);
	vmachine_run(b.m, 2 * VM_SEC);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_true(b.m->record->degraded);
	assert_in_range(time_in(b.m, 0, CX_READY), 500 * VM_MS, 700 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_RUNNING) + time_in(b.m, 0, CX_READY), 2 * VM_SEC);
	end(&b);
}

static void a_long_queue_is_not_starvation(void **state)
{
	static const struct vm_domain crowd[] = { { .vcpus = 16 }, { .vcpus = 240 } };
	struct bench b;
	unsigned i;

	(void)state;
	b = starving(crowd, 2, 1, 0); /* each waits 7.65 s for its 30 ms */
	vmachine_run(b.m, 20 * VM_SEC);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_false(b.m->record->degraded);
	for (i = 0; i < 256; i++)
		assert_in_range(b.m->vcpus[i].ran_ns, 60 * VM_MS, 90 * VM_MS);
	end(&b);
}

static void starved_in_a_long_queue_is_found_too(void **state)
{
	static const struct vm_domain crowd[] = { { .vcpus = 64 } };
	struct bench b;

	(void)state;
	own.starved = 5;
	b = starving(crowd, 1, 1, 0); /* bound: 60 ms each, 3.84 s */
	vmachine_run(b.m, 3800 * VM_MS);
	assert_int_equal(own.dumps, 0);
	vmachine_run(b.m, 5 * VM_SEC);
	assert_int_equal(own.dumps, 1);
	vmachine_finish(b.m);
	end(&b);
}

static void who_is_parked_does_not_starve(void **state)
{
	static const struct vm_domain three[] = { { .vcpus = 2 } };
	struct bench b;

	(void)state;
	b = starving(three, 1, 1, 0);
	vmachine_run(b.m, 15 * VM_MS);
	/* As if by the policy, which holds that lock. */
	cx_park(b.m->vcpus[1].v, CX_PARK_COSTOP, 0);
	vmachine_run(b.m, 10 * VM_SEC);
	assert_int_equal(own.dumps, 0);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_false(b.m->record->degraded);
	assert_int_equal(time_in(b.m, 1, CX_COSTOPPED), 10 * VM_SEC - 15 * VM_MS);
	end(&b);
}

static void stand_still(struct vm *m, uint64_t ns)
{
	m->now_ns += ns;
}

static void a_program_that_stood_still_blames_nobody(void **state)
{
	static const struct vm_domain three[] = { { .vcpus = 3 } };
	struct bench b;

	(void)state;
	b = starving(three, 1, 1, 0);
	/* Stopped by its user for 10 s while everybody waits or runs. */
	vmachine_at(b.m, 100 * VM_MS, stand_still, 10 * VM_SEC);
	vmachine_run(b.m, 12 * VM_SEC);
	vmachine_finish(b.m);
	assert_int_equal(own.dumps, 0);
	assert_false(b.m->record->degraded);
	vmachine_check(b.m);
	end(&b);
}

static void ejection_unparks(void **state)
{
	static const struct vm_domain two[] = { { .vcpus = 2 } };
	struct bench b;

	(void)state;
	own.starved = 0;
	b = starving(two, 1, 1, 0);
	vmachine_run(b.m, 15 * VM_MS);
	cx_park(b.m->vcpus[1].v, CX_PARK_LIMIT, 0);
	cx_kick(b.m->pcpus[0].p);
	vmachine_run(b.m, 3 * VM_SEC);
	assert_int_equal(own.dumps, 1);
	vmachine_run(b.m, 4 * VM_SEC);
	vmachine_finish(b.m);
	vmachine_check(b.m);
	assert_true(b.m->vcpus[0].ran_ns > 400 * VM_MS);
	assert_true(b.m->vcpus[1].ran_ns > 400 * VM_MS);
	end(&b);
}

/* --- placing ------------------------------------------------------------------------------- */

static struct cx_pcpu *place_forbidden(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	unsigned i;

	(void)now;
	for (i = 0; i < cx_pcpu_limit(policy); i++)
		if (!cx_vcpu_allowed(v, cx_pcpu_at(policy, i)))
			return cx_pcpu_at(policy, i);
	return NULL;
}

static struct cx_pcpu *place_nowhere(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	return cx_vcpu_id(v) == 0 ? (struct cx_pcpu *)(uintptr_t)64
				  : (struct cx_pcpu *)((uintptr_t)cx_pcpu_at(policy, 0) + 8);
}

static void bad_places_are_replaced(void **state)
{
	static const struct vm_domain pinned[] = { { .script = naps, .n_steps = 2, .cpus = "1" },
						   { .script = naps, .n_steps = 2, .cpus = "0" } };
	static const enum cx_fault faults[] = { CX_FAULT_AFFINITY, CX_FAULT_FOREIGN };
	struct bench b;
	unsigned k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct cx_plugin table = sinner_plugin;

		table.choose_pcpu = k ? place_nowhere : place_forbidden;
		b.spy = spy_new(&table, 0);
		b.m = vmachine_new(&(struct vm_config){
			.plugin = &b.spy->table, .pcpus = 2, .domains = pinned, .n_domains = 2 });
		vmachine_run(b.m, 100 * VM_MS);
		vmachine_finish(b.m);
		vmachine_check(b.m);
		assert_false(b.m->record->degraded);
		assert_int_equal(b.m->record->faults[faults[k]], b.spy->calls[SPY_WAKE]);
		assert_in_range(b.m->vcpus[0].ran_ns, 18 * VM_MS, 20 * VM_MS);
		assert_int_equal(b.m->record->pcpus[1].busy_ns, b.m->vcpus[0].ran_ns);
		assert_int_equal(b.m->record->pcpus[0].busy_ns, b.m->vcpus[1].ran_ns);
		end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_sin_is_counted_traced_and_replaced, reset),
		cmocka_unit_test_setup(slices_are_clamped, reset),
		cmocka_unit_test_setup(a_borrowed_turn_is_block_and_wake, reset),
		cmocka_unit_test_setup(a_borrowed_one_may_block_end_and_be_stopped, reset),
		cmocka_unit_test_setup(too_many_faults_and_it_is_out, reset),
		cmocka_unit_test_setup(round_robin_goes_on_fairly, reset),
		cmocka_unit_test_setup(as_many_faults_as_allowed_are_survived, reset),
		cmocka_unit_test_setup(a_starved_vcpu_is_found, reset),
		cmocka_unit_test_setup(picking_nobody_is_starvation, reset),
		cmocka_unit_test_setup(a_long_queue_is_not_starvation, reset),
		cmocka_unit_test_setup(starved_in_a_long_queue_is_found_too, reset),
		cmocka_unit_test_setup(who_is_parked_does_not_starve, reset),
		cmocka_unit_test_setup(a_program_that_stood_still_blames_nobody, reset),
		cmocka_unit_test_setup(ejection_unparks, reset),
		cmocka_unit_test_setup(bad_places_are_replaced, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
