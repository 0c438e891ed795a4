/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_policy.h - a ring of vCPUs whose operations do what a test wants done inside them,
 * on the machine in virtual time.  For one test program each.
 */
#ifndef CX_TEST_OWN_POLICY_H
#define CX_TEST_OWN_POLICY_H

#include "tests/unit/policies.h"

/* A ring with a script of its own: what the test wants done inside an operation. */
typedef void (*inside)(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now);

static struct {
	inside online, tick, pick, wake;
	inside timer[CX_PCPU_TIMERS];
	uint64_t seen[8]; /* whatever an inside function wants to tell */
	struct cx_vcpu *v[4];
	struct vm *m;
} own;

static void call(inside fn, struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	if (fn)
		fn(policy, pcpu, now);
}

static int own_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	call(own.online, policy, pcpu, now);
	return 0;
}

static void own_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
		     uint64_t now)
{
	(void)why;
	if (cx_vcpu_id(v) < 4)
		own.v[cx_vcpu_id(v)] = v;
	if (cx_pcpu_idle(cx_vcpu_pcpu(v)))
		cx_kick(cx_vcpu_pcpu(v));
	call(own.wake, policy, cx_vcpu_pcpu(v), now);
}

static struct cx_vcpu *own_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				struct cx_pick *pick)
{
	call(own.pick, policy, pcpu, pick->now_ns);
	return ring_pick(policy, pcpu, pick);
}

static void own_tick(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	call(own.tick, policy, pcpu, now);
}

static void own_timer(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id, uint64_t now)
{
	call(own.timer[id], policy, pcpu, now);
}

static const struct cx_plugin own_plugin = {
	CX_PLUGIN_HEADER, .name = "own",    .pcpu_online = own_online, .wake = own_wake,
	.pick = own_pick, .tick = own_tick, .timer = own_timer,
};

static int reset(void **state)
{
	(void)state;
	memset(&own, 0, sizeof(own));
	return 0;
}

struct bench {
	struct spy *spy;
	struct vm *m;
};

static struct bench bench(unsigned pcpus, const struct vm_domain *domains, unsigned n,
			  uint64_t flags)
{
	struct bench b = { .spy = spy_new(&own_plugin, flags) };

	b.m = vmachine_new(&(struct vm_config){
		.plugin = &b.spy->table, .pcpus = pcpus, .domains = domains, .n_domains = n });
	return b;
}

/* @faults: how many the policy may have made. */
static void end_of(struct bench *b, uint64_t faults)
{
	uint64_t sum = 0;
	unsigned i;

	if (!b->m->finished)
		vmachine_finish(b->m);
	vmachine_check(b->m);
	assert_false(b->m->record->degraded);
	for (i = 0; i < CX_FAULTS; i++)
		sum += b->m->record->faults[i];
	assert_int_equal(sum, faults);
	assert_int_equal(b->m->traced[CX_EV_FAULT], faults);
	vmachine_free(b->m);
	spy_check_ended(b->spy);
	spy_free(b->spy);
}

static const struct vm_domain hog[] = { { .vcpus = 1 } };
static const struct vm_domain two_hogs[] = { { .vcpus = 2 } };

#endif
