/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the services of <coxswain/plugin.h> do, and when ticks, timers and kicks come: in
 * virtual time, so to the nanosecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/own_policy.h"

/* --- ticks ---------------------------------------------------------------------------- */

static void tick_1ms(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_tick_every(pcpu, VM_MS);
}

static void ticks_at_multiples_while_not_idle(void **state)
{
	static const struct vm_step script[] = { { VM_RUN, 3 * VM_MS + 500 * VM_US },
						 { VM_SLEEP, 6 * VM_MS + 500 * VM_US } };
	static const struct vm_domain domains[] = { { .script = script, .n_steps = 2 } };
	struct bench b;

	(void)state;
	own.online = tick_1ms;
	b = bench(2, domains, 1, 0);
	b.spy->pcpus[0].period_ns = b.spy->pcpus[1].period_ns = VM_MS;
	vmachine_run(b.m, 100 * VM_MS - 1);
	/* At 1, 2, 3 ms of every ten; none while it sleeps. */
	assert_int_equal(b.spy->pcpus[0].ticks, 30);
	assert_int_equal(b.spy->pcpus[1].ticks, 0);
	/* Nobody was disturbed by them. */
	assert_int_equal(b.spy->calls[SPY_PICK], 20);
	end_of(&b, 0);
}

static void tick_500us(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_tick_every(pcpu, VM_MS / 2);
}

static void tick_never(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_tick_every(pcpu, 0);
}

static void timers_change_the_tick(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_timer_at(pcpu, 0, 3 * VM_MS + 1);
	cx_timer_at(pcpu, 1, 6 * VM_MS + 1);
}

static void a_tick_changes_at_once_under_a_long_slice(void **state)
{
	struct bench b;

	(void)state;
	own.online = timers_change_the_tick;
	own.timer[0] = tick_500us;
	own.timer[1] = tick_never;
	b = bench(1, hog, 1, 0);
	vmachine_run(b.m, 3 * VM_MS + 1);
	assert_int_equal(b.spy->pcpus[0].ticks, 0);
	vmachine_run(b.m, 6 * VM_MS + 1); /* 3.5, 4, 4.5, 5, 5.5, 6 */
	assert_int_equal(b.spy->pcpus[0].ticks, 6);
	vmachine_run(b.m, 20 * VM_MS);
	assert_int_equal(b.spy->pcpus[0].ticks, 6);
	end_of(&b, 0);
}

static void tick_too_fast(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_tick_every(pcpu, 1);
}

static void a_tick_too_fast_is_a_fault(void **state)
{
	struct bench b;

	(void)state;
	own.online = tick_too_fast;
	b = bench(1, hog, 1, 0);
	vmachine_run(b.m, VM_MS);
	assert_int_equal(b.spy->pcpus[0].ticks, 10); /* every 100 us */
	vmachine_finish(b.m);
	assert_int_equal(b.m->record->faults[CX_FAULT_SERVICE], 1);
	end_of(&b, 1);
}

/* --- timers --------------------------------------------------------------------------- */

static void at_five(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_tick_every(pcpu, 5 * VM_MS);
	cx_timer_at(pcpu, 2, 5 * VM_MS);
	cx_timer_at(pcpu, 0, 5 * VM_MS);
}

static void tick_then_timer_then_deadline_then_decision(void **state)
{
	/* All at 5 ms: a tick, two timers, the sleeper's deadline, the end of a run. */
	static const struct vm_step sleeper[] = { { VM_SLEEP, 5 * VM_MS }, { VM_RUN, VM_MS } };
	static const struct vm_step runner[] = { { VM_RUN, 5 * VM_MS }, { VM_YIELD, 0 } };
	static const struct vm_domain domains[] = { { .script = sleeper, .n_steps = 2 },
						    { .script = runner, .n_steps = 2 } };
	struct bench b;

	(void)state;
	own.online = at_five;
	b = bench(1, domains, 2, 0);
	vmachine_run(b.m, 5 * VM_MS - 1);
	b.spy->used = 0;
	vmachine_run(b.m, 5 * VM_MS);
	assert_string_equal(b.spy->script,
			    "tick0 timer0.0 timer0.2 choose0 wake0 yield1 pick0:yield ");
	end_of(&b, 0);
}

static void set_and_cancel(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	cx_timer_at(pcpu, 0, now + 10 * VM_MS);
	cx_timer_at(pcpu, 0, now + 20 * VM_MS); /* set again: that one alone */
	cx_timer_at(pcpu, 1, now + 10 * VM_MS);
	cx_timer_at(pcpu, 1, UINT64_MAX); /* cancelled */
	cx_timer_at(pcpu, 3, 0);          /* at once */
	cx_timer_at(pcpu, CX_PCPU_TIMERS, now);
}

static void note_time(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)pcpu;
	own.seen[0] = now;
}

static void timers_are_set_moved_and_cancelled(void **state)
{
	static const struct vm_domain late[] = { { .start_ns = VM_SEC } };
	struct bench b;

	(void)state;
	own.online = set_and_cancel;
	own.timer[0] = note_time;
	b = bench(1, late, 1, 0); /* the pCPU is idle all the time */
	vmachine_run(b.m, 100 * VM_MS);
	assert_string_equal(b.spy->script, "init online0 timer0.3 timer0.0 ");
	assert_int_equal(own.seen[0], 20 * VM_MS);
	end_of(&b, 1); /* that there is no fifth */
}

static void again_and_again(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	if (++own.seen[1] < 10)
		cx_timer_at(pcpu, 0, now + 7);
}

static void a_timer_sets_itself_again(void **state)
{
	struct bench b;

	(void)state;
	own.online = own.timer[0] = again_and_again;
	b = bench(1, hog, 1, 0);
	vmachine_run(b.m, VM_MS);
	assert_int_equal(own.seen[1], 10);
	end_of(&b, 0);
}

static void a_guests_timer_wakes_it(void **state)
{
	static const struct vm_step script[] = { { VM_RUN, VM_MS }, { VM_TIMER, 4 * VM_MS },
						 { VM_RUN, VM_MS }, { VM_WAIT, 0 },
						 { VM_RUN, VM_MS }, { VM_TIMER, VM_MS },
						 { VM_TIMER, 0 },   { VM_SLEEP, 5 * VM_MS } };
	static const struct vm_domain domains[] = { { .script = script, .n_steps = 8 } };
	struct bench b;

	(void)state;
	b = bench(1, domains, 1, 0);
	vmachine_run(b.m, 11 * VM_MS - 1);
	/* Runs 0-2, waits until 5, runs 5-6, the second timer is cancelled, sleeps to 11. */
	assert_int_equal(b.m->vcpus[0].timers, 1);
	assert_int_equal(b.m->vcpus[0].ran_ns, 3 * VM_MS);
	vmachine_run(b.m, 110 * VM_MS);
	assert_int_equal(b.m->vcpus[0].timers, 10);
	end_of(&b, 0);
}

/* --- kicks ---------------------------------------------------------------------------- */

static void kick_five_times(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	unsigned i;

	(void)policy, (void)now;
	for (i = 0; i < 5; i++)
		cx_kick(pcpu);
}

static void timer_at_3ms(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	cx_timer_at(pcpu, 0, now + 3 * VM_MS);
}

static void kicks_before_a_decision_are_one(void **state)
{
	struct bench b;

	(void)state;
	own.online = timer_at_3ms;
	own.timer[0] = kick_five_times;
	b = bench(1, two_hogs, 1, 0);
	vmachine_run(b.m, 2 * VM_MS);
	b.spy->used = 0;
	vmachine_run(b.m, 12 * VM_MS);
	assert_string_equal(b.spy->script, "timer0.0 pick0:preempt ");
	assert_int_equal(b.m->vcpus[0].ran_ns, 3 * VM_MS);
	end_of(&b, 0);
}

static void kick_itself(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_kick(pcpu);
}

static void a_pick_does_not_kick_itself(void **state)
{
	struct bench b;

	(void)state;
	own.pick = kick_itself;
	b = bench(1, two_hogs, 1, 0);
	vmachine_run(b.m, 95 * VM_MS);
	assert_int_equal(b.spy->calls[SPY_PICK], 10); /* a slice of 10 ms each */
	end_of(&b, 0);
}

static void kick_everybody(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	unsigned i;

	(void)pcpu;
	for (i = 0; i < cx_pcpu_limit(policy); i++)
		cx_kick(cx_pcpu_at(policy, i));
	cx_timer_at(pcpu, 0, now + VM_MS);
}

static void every_kick_is_answered(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 } };
	struct bench b;
	unsigned i;

	(void)state;
	own.online = timer_at_3ms;
	own.timer[0] = kick_everybody;
	b = bench(8, domains, 1, 0);
	vmachine_run(b.m, 3 * VM_MS - 1);
	b.spy->calls[SPY_PICK] = 0;
	for (i = 0; i < 8; i++)
		b.m->pcpus[i].decisions = 0;
	vmachine_run(b.m, 103 * VM_MS - 1);
	/* Eight timers at each instant: a kick counts until it is answered, so every pCPU
	 * decides once at each of 100 instants. */
	for (i = 0; i < 8; i++)
		assert_int_equal(b.m->pcpus[i].decisions, 100);
	assert_int_equal(b.spy->calls[SPY_PICK], 800);
	end_of(&b, 0);
}

/* --- parking -------------------------------------------------------------------------- */

#define NONSENSE UINT64_MAX /* a time that no policy should pass */

static void plan_of_parking(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_timer_at(pcpu, 0, 13 * VM_MS); /* no slice ends then */
}

static void park_step(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_vcpu *v = own.v[0];

	(void)policy;
	switch (now / VM_MS) {
	case 13: /* it runs: off at once */
		cx_park(v, CX_PARK_LIMIT, NONSENSE);
		cx_park(v, CX_PARK_LIMIT, 0);
		assert_true(cx_vcpu_parked(v));
		assert_true(cx_vcpu_runnable(v));
		break;
	case 23: /* for both reasons: limited counts */
		cx_park(v, CX_PARK_COSTOP, NONSENSE);
		break;
	case 33:
		cx_unpark(v, CX_PARK_LIMIT, 0);
		assert_true(cx_vcpu_parked(v));
		break;
	case 43:
		cx_unpark(v, CX_PARK_COSTOP, NONSENSE);
		cx_unpark(v, CX_PARK_COSTOP, NONSENSE);
		assert_false(cx_vcpu_parked(v));
		break;
	case 53: /* queued again by the policy itself */
		cx_kick(pcpu);
		break;
	case 63:
		cx_park(v, (enum cx_park_reason)77, now);
		cx_unpark(v, (enum cx_park_reason) - 1, now);
		break;
	default:
		return;
	}
	cx_timer_at(pcpu, 0, now + 10 * VM_MS);
}

static void parked_and_unparked(void **state)
{
	struct bench b;

	(void)state;
	own.online = plan_of_parking;
	own.timer[0] = park_step;
	b = bench(1, hog, 1, 0);
	vmachine_run(b.m, 73 * VM_MS);
	vmachine_finish(b.m);
	assert_int_equal(time_in(b.m, 0, CX_RUNNING), 33 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_LIMITED), 20 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_COSTOPPED), 10 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_READY), 10 * VM_MS);
	assert_int_equal(b.m->traced[CX_EV_PARK], 2);
	assert_int_equal(b.m->traced[CX_EV_UNPARK], 2);
	assert_int_equal(b.m->record->faults[CX_FAULT_SERVICE], 2);
	end_of(&b, 2);
}

static void park_sleeper(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	if (now == 5 * VM_MS)
		cx_park(own.v[0], CX_PARK_LIMIT, now);
	if (now == 25 * VM_MS) {
		cx_unpark(own.v[0], CX_PARK_LIMIT, now);
		cx_kick(pcpu);
	}
	if (now < 25 * VM_MS)
		cx_timer_at(pcpu, 1, now < 5 * VM_MS ? 5 * VM_MS : 25 * VM_MS);
}

static void parked_while_it_sleeps(void **state)
{
	static const struct vm_step script[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 9 * VM_MS } };
	static const struct vm_domain domains[] = { { .script = script, .n_steps = 2 } };
	struct bench b;

	(void)state;
	own.online = own.timer[1] = park_sleeper;
	b = bench(1, domains, 1, 0);
	vmachine_run(b.m, 26 * VM_MS);
	vmachine_finish(b.m);
	/* 0-1 runs, to 10 blocked whether parked or not, to 25 limited, to 26 runs. */
	assert_int_equal(time_in(b.m, 0, CX_BLOCKED), 9 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_LIMITED), 15 * VM_MS);
	assert_int_equal(time_in(b.m, 0, CX_RUNNING), 2 * VM_MS);
	end_of(&b, 0);
}

/* --- moving, and peers' locks --------------------------------------------------------- */

static void move_step(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_pcpu *peer = cx_pcpu_at(policy, 0);
	struct cx_vcpu *runs, *waits;

	assert_true(cx_trylock(peer));
	runs = cx_pcpu_current(peer);
	waits = cx_pcpu_next_vcpu(peer, runs);
	assert_true(waits != runs);
	own.seen[0] = (uint64_t)cx_migrate(runs, pcpu, now);
	own.seen[1] = (uint64_t)cx_migrate(waits, pcpu, NONSENSE);
	own.seen[2] = (uint64_t)cx_migrate(waits, pcpu, now); /* is there already */
	own.seen[3] = cx_vcpu_id(waits);
	assert_ptr_equal(cx_vcpu_pcpu(waits), pcpu);
	cx_unlock(peer);
	cx_kick(pcpu);
}

static void timer_on_1(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	if (cx_pcpu_index(pcpu) == 1)
		cx_timer_at(pcpu, 0, 25 * VM_MS);
}

static struct cx_pcpu *place_on_0(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)v, (void)now;
	return cx_pcpu_at(policy, 0);
}

static void a_waiting_vcpu_is_moved_a_running_one_is_not(void **state)
{
	struct cx_plugin table = own_plugin;
	struct bench b;
	unsigned k;

	(void)state;
	own.online = timer_on_1;
	own.timer[0] = move_step;
	table.choose_pcpu = place_on_0;
	for (k = 0; k < 2; k++) {
		b.spy = spy_new(&table, k ? CX_PLUGIN_INSTANCE_LOCK : 0);
		b.m = vmachine_new(&(struct vm_config){
			.plugin = &b.spy->table, .pcpus = 2, .domains = two_hogs, .n_domains = 1 });
		vmachine_run(b.m, 50 * VM_MS);
		assert_int_equal((int)own.seen[0], -EINVAL);
		assert_int_equal(own.seen[1], 0);
		assert_int_equal(own.seen[2], 0);
		vmachine_finish(b.m);
		assert_int_equal(b.m->record->faults[CX_FAULT_RUNNING], 1);
		assert_int_equal(b.m->record->vcpus[own.seen[3]].migrations[CX_DIST_LLC], 1);
		assert_int_equal(b.m->traced[CX_EV_MIGRATE], 1);
		assert_int_equal(b.spy->calls[SPY_MIGRATE], 0);
		assert_int_equal(b.m->vcpus[0].ran_ns + b.m->vcpus[1].ran_ns, 75 * VM_MS);
		end_of(&b, 1);
	}
}

static void move_forbidden(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_pcpu *peer = cx_pcpu_at(policy, 0);
	struct cx_vcpu *waits;

	assert_true(cx_trylock(peer));
	waits = cx_pcpu_next_vcpu(peer, cx_pcpu_current(peer));
	own.seen[0] = (uint64_t)cx_migrate(waits, pcpu, now);
	assert_ptr_equal(cx_vcpu_pcpu(waits), peer);
	cx_unlock(peer);
}

static void affinity_forbids_a_move(void **state)
{
	static const struct vm_domain pinned[] = { { .vcpus = 2, .cpus = "0" } };
	struct bench b;

	(void)state;
	own.online = timer_on_1;
	own.timer[0] = move_forbidden;
	b = bench(2, pinned, 1, 0);
	vmachine_run(b.m, 50 * VM_MS);
	assert_int_equal((int)own.seen[0], -EINVAL);
	vmachine_finish(b.m);
	assert_int_equal(b.m->record->faults[CX_FAULT_AFFINITY], 1);
	end_of(&b, 1);
}

static void try_locks(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_pcpu *peer = cx_pcpu_near(pcpu, 1);

	(void)policy, (void)now;
	own.seen[0] = cx_trylock(peer);
	own.seen[1] = cx_trylock(peer); /* is ours already */
	own.seen[2] = cx_trylock(pcpu); /* so is our own */
	cx_unlock(peer);
	own.seen[3] = cx_trylock(peer);
	cx_unlock(peer);
	cx_unlock(peer); /* once too often: nothing */
	cx_unlock(pcpu);
}

static void locks_of_peers(void **state)
{
	struct bench b;
	unsigned k;

	(void)state;
	own.pick = try_locks;
	for (k = 0; k < 2; k++) {
		b = bench(2, two_hogs, 1, k ? CX_PLUGIN_INSTANCE_LOCK : 0);
		vmachine_run(b.m, 50 * VM_MS);
		assert_int_equal(own.seen[0], 1);
		assert_int_equal(own.seen[1], k);
		assert_int_equal(own.seen[2], k);
		assert_int_equal(own.seen[3], 1);
		end_of(&b, 0);
	}
}

static void keep_lock(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	if (own.seen[0]++ == 4)
		assert_true(cx_trylock(cx_pcpu_near(pcpu, 1)));
}

static void a_lock_kept_is_taken_back(void **state)
{
	struct bench b;

	(void)state;
	own.pick = keep_lock;
	b = bench(2, two_hogs, 1, 0);
	vmachine_run(b.m, 100 * VM_MS); /* would hang for ever */
	assert_int_equal(b.m->vcpus[0].ran_ns, 100 * VM_MS);
	vmachine_finish(b.m);
	assert_int_equal(b.m->record->faults[CX_FAULT_SERVICE], 1);
	end_of(&b, 1);
}

/* As if a thread on pCPU 1 made a decision while this one, on pCPU 0, is on its way to it. */
static void steal_late(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct cx_pcpu *peer = cx_pcpu_at(policy, 1);
	struct cx_vcpu *left;

	if (cx_pcpu_index(pcpu) != 0 || own.seen[0]++ != 1)
		return;
	left = cx_pcpu_current(peer);
	own.m->now_ns += 5;
	vmachine_preempt(own.m, 1);
	assert_true(cx_trylock(peer));
	assert_int_equal(cx_migrate(left, pcpu, now), 0);
	cx_unlock(peer);
	own.seen[1] = cx_vcpu_id(left);
}

static void kick_at_25(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	if (now == 0 && cx_pcpu_index(pcpu) == 0) {
		cx_timer_at(pcpu, 0, 25 * VM_MS);
		cx_timer_at(pcpu, 1, 15 * VM_MS);
	} else if (now) {
		cx_kick(pcpu);
	}
	(void)policy;
}

static struct cx_pcpu *place_on_1(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)v, (void)now;
	return cx_pcpu_at(policy, 1);
}

static void stolen_from_one_whose_clock_was_read_later(void **state)
{
	struct cx_plugin table = own_plugin;
	struct bench b;

	(void)state;
	table.choose_pcpu = place_on_1;
	own.online = own.timer[0] = own.timer[1] = kick_at_25;
	own.pick = steal_late;
	b.spy = spy_new(&table, 0);
	b.spy->faulty = true; /* the one stolen runs from a later time on than it was picked */
	b.m = vmachine_new(&(struct vm_config){
		.plugin = &b.spy->table, .pcpus = 2, .domains = two_hogs, .n_domains = 1 });
	own.m = b.m;
	vmachine_run(b.m, 50 * VM_MS);
	assert_int_equal(own.seen[0] > 1, 1);
	assert_int_equal(b.m->vcpus[own.seen[1]].on, 0);
	vmachine_finish(b.m);
	/* It left pCPU 1 at 25 ms and 5 ns, and is on pCPU 0 since then. */
	assert_int_equal(b.m->record->pcpus[0].busy_ns, 25 * VM_MS - 5);
	assert_int_equal(b.m->record->pcpus[1].busy_ns, 50 * VM_MS);
	end_of(&b, 0);
}

static struct cx_pcpu *place_apart(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)now;
	return cx_pcpu_at(policy, cx_domain_index(cx_vcpu_domain(v)) == 0 ? 0 : 1);
}

/* Its account is closed when its successor begins, however late that was decided. */
static void ended_before_one_whose_clock_was_read_later(void **state)
{
	static const struct vm_step ends_at_5[] = { { VM_RUN, 5 * VM_MS }, { VM_END, 0 } };
	const struct vm_domain domains[] = { { .script = ends_at_5, .n_steps = 2 },
					     { .vcpus = 2 } };
	struct cx_plugin table = own_plugin;
	const struct cx_record_vcpu *v;
	uint64_t sum = 0;
	struct vm *m;

	(void)state;
	table.choose_pcpu = place_apart;
	own.pick = steal_late;
	m = own.m = vmachine_new(&(struct vm_config){
		.plugin = &table, .pcpus = 2, .domains = domains, .n_domains = 2 });
	vmachine_run(m, 50 * VM_MS);
	assert_true(own.seen[0] > 1);
	vmachine_finish(m);
	v = &m->record->vcpus[0];
	for (unsigned s = 0; s < CX_STATES; s++)
		sum += v->time_ns[s];
	assert_int_equal(v->stop_ns, 5 * VM_MS + 5);
	assert_int_equal(sum, v->stop_ns - v->start_ns);
	vmachine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ticks_at_multiples_while_not_idle, reset),
		cmocka_unit_test_setup(a_tick_changes_at_once_under_a_long_slice, reset),
		cmocka_unit_test_setup(a_tick_too_fast_is_a_fault, reset),
		cmocka_unit_test_setup(tick_then_timer_then_deadline_then_decision, reset),
		cmocka_unit_test_setup(timers_are_set_moved_and_cancelled, reset),
		cmocka_unit_test_setup(a_timer_sets_itself_again, reset),
		cmocka_unit_test_setup(a_guests_timer_wakes_it, reset),
		cmocka_unit_test_setup(kicks_before_a_decision_are_one, reset),
		cmocka_unit_test_setup(a_pick_does_not_kick_itself, reset),
		cmocka_unit_test_setup(every_kick_is_answered, reset),
		cmocka_unit_test_setup(parked_and_unparked, reset),
		cmocka_unit_test_setup(parked_while_it_sleeps, reset),
		cmocka_unit_test_setup(a_waiting_vcpu_is_moved_a_running_one_is_not, reset),
		cmocka_unit_test_setup(affinity_forbids_a_move, reset),
		cmocka_unit_test_setup(stolen_from_one_whose_clock_was_read_later, reset),
		cmocka_unit_test_setup(ended_before_one_whose_clock_was_read_later, reset),
		cmocka_unit_test_setup(locks_of_peers, reset),
		cmocka_unit_test_setup(a_lock_kept_is_taken_back, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
