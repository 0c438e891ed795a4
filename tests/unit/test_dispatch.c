/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dispatcher's side of the plug-in contract, sentence by sentence, in virtual time:
 * what a policy is told, when and in which order; what its services do; and that all
 * books agree to the nanosecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policies.h"

static void end_of(struct vm *m, struct spy *spy)
{
	if (!m->finished)
		vmachine_finish(m);
	vmachine_check(m);
	assert_false(m->record->degraded);
	vmachine_free(m);
	if (spy) {
		spy_check_ended(spy);
		spy_free(spy);
	}
}

/* --- the life of a vCPU ----------------------------------------------------------- */

static void life_cycle_in_order(void **state)
{
	static const struct vm_step script[] = { { VM_RUN, VM_MS }, { VM_SLEEP, 2 * VM_MS },
						 { VM_RUN, VM_MS }, { VM_YIELD, 0 },
						 { VM_RUN, VM_MS }, { VM_END, 0 } };
	static const struct vm_domain domains[] = { { .script = script, .n_steps = 6 } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 1 });

	(void)state;
	vmachine_run(m, 10 * VM_MS);
	assert_true(cx_dispatch_all_ended(m->d));
	assert_string_equal(spy->script, "init online0 attach(d0) attach0 choose0 wake0 "
					 "pick0:idle block0 pick0:block "
					 "choose0 wake0 pick0:idle yield0 pick0:yield "
					 "block0 pick0:end detach0 detach(d0) ");
	vmachine_finish(m);
	vmachine_check(m);
	assert_non_null(strstr(spy->script, "detach(d0) offline0 fini "));
	assert_int_equal(time_in(m, 0, CX_RUNNING), 3 * VM_MS);
	assert_int_equal(time_in(m, 0, CX_BLOCKED), 2 * VM_MS);
	assert_int_equal(m->record->vcpus[0].stop_ns, 5 * VM_MS);
	assert_int_equal(m->record->domains[0].end, CX_END_EXIT);
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
}

static void finish_detaches_everything_in_order(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 2 } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(&(struct vm_config){
		.plugin = &spy->table, .pcpus = 1, .domains = domains, .n_domains = 1 });

	(void)state;
	vmachine_run(m, VM_MS);
	spy->used = 0;
	vmachine_finish(m);
	assert_string_equal(spy->script, "block0 detach0 block1 detach1 detach(d0) offline0 fini ");
	assert_int_equal(m->record->domains[0].end, CX_END_RUN);
	vmachine_check(m);
	/* Once is enough. */
	assert_int_equal(cx_dispatch_finish(m->d), VM_MS);
	end_of(m, spy);
}

static void an_event_before_the_block_keeps_it_on(void **state)
{
	static const struct vm_step sends[] = {
		{ VM_RUN, VM_MS }, { VM_SEND, 0 }, { VM_RUN, VM_MS }, { VM_WAIT, 0 }
	};
	static const struct vm_domain domains[] = { { .script = sends, .n_steps = 4 } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 1 });

	(void)state;
	/* It sends to itself before it waits: the wait is over at once, always. */
	vmachine_run(m, 100 * VM_MS);
	assert_int_equal(spy->calls[SPY_BLOCK], 0);
	assert_int_equal(spy->calls[SPY_WAKE], 1);
	assert_int_equal(m->vcpus[0].ran_ns, 100 * VM_MS);
	end_of(m, spy);
}

/* --- random scripts ----------------------------------------------------------------- */

#define STEPS_MAX 8u
#define DOMAINS_MAX 8u

struct storm {
	struct vm_step steps[DOMAINS_MAX][STEPS_MAX];
	struct vm_domain domains[DOMAINS_MAX];
	char cpus[DOMAINS_MAX][2][24];
	unsigned pcpus, n;
	uint64_t random;
};

static uint64_t below(struct storm *s, uint64_t n)
{
	return vmachine_random(&s->random) % n;
}

static void random_script(struct storm *s, unsigned d)
{
	struct vm_step *steps = s->steps[d];
	unsigned n = 1 + (unsigned)below(s, STEPS_MAX - 1), i;

	/* What takes time comes first, so that a script cannot stop the clock. */
	steps[0] = (struct vm_step){ VM_RUN, 1 + below(s, 20 * VM_MS) };
	for (i = 1; i < n; i++) {
		enum vm_op op = (enum vm_op)below(s, below(s, 4) ? VM_END : VM_END + 1);
		uint64_t ns = below(s, 10) ? below(s, 30 * VM_MS) : below(s, 20) * VM_MS;

		steps[i] = (struct vm_step){ op, op == VM_SEND ? 0 : ns };
	}
	s->domains[d].script = steps;
	s->domains[d].n_steps = n;
}

static void random_affinity(struct storm *s, unsigned d)
{
	const char **sets[2] = { &s->domains[d].cpus, &s->domains[d].cpus_soft };
	unsigned k;

	for (k = 0; k < 2; k++) {
		if (below(s, 3))
			continue;
		snprintf(s->cpus[d][k], sizeof(s->cpus[d][k]), "%u,%u",
			 (unsigned)below(s, s->pcpus), (unsigned)below(s, s->pcpus));
		*sets[k] = s->cpus[d][k];
	}
}

static void random_storm(struct storm *s, uint64_t seed)
{
	unsigned i, k, vcpus = 0;

	memset(s, 0, sizeof(*s));
	s->random = seed;
	s->pcpus = 1 + (unsigned)below(s, 4);
	s->n = 1 + (unsigned)below(s, DOMAINS_MAX);
	for (i = 0; i < s->n; i++) {
		struct vm_domain *dom = &s->domains[i];

		dom->vcpus = 1 + (unsigned)below(s, 3);
		vcpus += dom->vcpus;
		dom->weight = 1 + (unsigned)below(s, 1024);
		dom->limit = below(s, 3) ? 0 : 10 + (unsigned)below(s, 90);
		dom->start_ns = below(s, 3) ? 0 : below(s, 50 * VM_MS);
		if (below(s, 5))
			random_script(s, i);
		random_affinity(s, i);
	}
	for (i = 0; i < s->n; i++)
		for (k = 0; k < s->domains[i].n_steps; k++)
			if (s->steps[i][k].op == VM_SEND)
				s->steps[i][k].ns = below(s, vcpus);
}

static void stop_one(struct vm *m, uint64_t domain)
{
	cx_dispatch_stop_domain(m->d, (unsigned)domain, CX_END_STOPPED);
}

static void wake_one(struct vm *m, uint64_t vcpu)
{
	vmachine_send(m, (unsigned)vcpu);
}

static void adjust_one(struct vm *m, uint64_t domain)
{
	assert_int_equal(cx_dispatch_adjust(m->d, (unsigned)domain, 1 + (unsigned)domain * 100, 0,
					    domain % 2 ? 40 : 0),
			 0);
}

static void run_storm(const struct cx_plugin *plugin, uint64_t flags, uint64_t seed)
{
	struct spy *spy = spy_new(plugin, flags);
	struct storm s;
	struct vm *m;
	unsigned i;

	random_storm(&s, seed);
	m = vmachine_new(&(struct vm_config){
		.plugin = &spy->table, .pcpus = s.pcpus, .domains = s.domains, .n_domains = s.n });
	for (i = 0; i < 10; i++)
		vmachine_at(m, below(&s, 200 * VM_MS), wake_one, below(&s, m->n_vcpus));
	for (i = 0; i < 2; i++) {
		vmachine_at(m, below(&s, 300 * VM_MS), stop_one, below(&s, s.n));
		vmachine_at(m, below(&s, 300 * VM_MS), adjust_one, below(&s, s.n));
	}
	vmachine_run(m, 200 * VM_MS);
	assert_int_equal(m->rc, 0);
	vmachine_finish(m);
	vmachine_check(m);
	for (i = 0; i < CX_FAULTS; i++)
		if (m->record->faults[i])
			fail_msg("seed %llu: fault %s", (unsigned long long)seed, cx_fault_name(i));
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STORMS 60u
#else
#define STORMS 200u
#endif

static void storms(const struct cx_plugin *plugin)
{
	uint64_t seed;

	for (seed = 0; seed < STORMS; seed++) {
		run_storm(plugin, 0, seed);
		run_storm(plugin, CX_PLUGIN_INSTANCE_LOCK, seed + STORMS);
	}
}

static void storms_with_every_default(void **state)
{
	(void)state;
	storms(&ring_plugin);
}

static void storms_under_rr(void **state)
{
	struct cx_loaded *loaded;

	(void)state;
	storms(shipped("rr", &loaded));
	cx_plugin_unload(loaded);
}

static void storms_under_credit(void **state)
{
	struct cx_loaded *loaded;

	(void)state;
	storms(shipped("credit", &loaded));
	cx_plugin_unload(loaded);
}

/* The same storm twice is the same to the last event. */
static void storms_repeat_exactly(void **state)
{
	struct cx_loaded *loaded;
	const struct cx_plugin *credit = shipped("credit", &loaded);
	struct storm s;
	uint64_t seen[2][4], seed;
	unsigned k;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		for (k = 0; k < 2; k++) {
			struct vm *m;

			random_storm(&s, seed);
			m = vmachine_new(&(struct vm_config){ .plugin = credit,
							      .pcpus = s.pcpus,
							      .domains = s.domains,
							      .n_domains = s.n });
			vmachine_run(m, 200 * VM_MS);
			vmachine_finish(m);
			seen[k][0] = cx_history_count(m->record->history);
			seen[k][1] = m->record->switches;
			seen[k][2] = m->vcpus[0].ran_ns;
			seen[k][3] = m->vcpus[m->n_vcpus - 1].ran_ns;
			vmachine_free(m);
		}
		assert_memory_equal(seen[0], seen[1], sizeof(seen[0]));
	}
	cx_plugin_unload(loaded);
}

/* --- domains come and go ------------------------------------------------------------ */

static void a_domain_is_nowhere_before_it_starts(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 },
						    { .vcpus = 2, .start_ns = 50 * VM_MS } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 2 });
	struct cx_vcpu *v;

	(void)state;
	vmachine_run(m, 20 * VM_MS);
	v = cx_pcpu_next_vcpu(m->pcpus[0].p, NULL);
	assert_ptr_equal(v, m->vcpus[0].v);
	assert_ptr_equal(cx_pcpu_next_vcpu(m->pcpus[0].p, v), v);
	assert_int_equal(spy->calls[SPY_DOMAIN_ATTACH], 1);
	/* An event for one that is not there is no wake-up. */
	vmachine_send(m, 1);
	assert_int_equal(spy->calls[SPY_WAKE], 1);
	assert_false(cx_dispatch_all_ended(m->d));
	vmachine_run(m, 100 * VM_MS);
	assert_int_equal(spy->calls[SPY_DOMAIN_ATTACH], 2);
	assert_int_equal(m->vcpus[1].ran_ns + m->vcpus[2].ran_ns + m->vcpus[0].ran_ns, 100 * VM_MS);
	assert_true(m->vcpus[2].ran_ns >= 10 * VM_MS);
	end_of(m, spy);
}

static void stopped_running_ready_and_blocked(void **state)
{
	static const struct vm_step waits[] = { { VM_RUN, 100 * VM_US }, { VM_WAIT, 0 } };
	static const struct vm_domain domains[] = {
		{ .vcpus = 2 },
		{ .script = waits, .n_steps = 2 },
		{ .vcpus = 1 },
	};
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 3 });

	(void)state;
	vmachine_at(m, 55 * VM_MS, stop_one, 0); /* one of it runs or waits, one waits */
	vmachine_at(m, 60 * VM_MS, stop_one, 1); /* it is blocked */
	vmachine_at(m, 60 * VM_MS, stop_one, 1); /* and once more: nothing */
	vmachine_run(m, 200 * VM_MS);
	assert_int_equal(spy->calls[SPY_VCPU_DETACH], 3);
	assert_int_equal(spy->calls[SPY_DOMAIN_DETACH], 2);
	vmachine_finish(m);
	assert_int_equal(m->record->vcpus[0].stop_ns, 55 * VM_MS);
	assert_int_equal(m->record->vcpus[1].stop_ns, 55 * VM_MS);
	assert_int_equal(m->record->vcpus[2].stop_ns, 60 * VM_MS);
	assert_int_equal(m->record->domains[0].end, CX_END_STOPPED);
	assert_int_equal(m->record->domains[1].end, CX_END_STOPPED);
	assert_int_equal(m->record->domains[2].end, CX_END_RUN);
	assert_true(time_in(m, 3, CX_RUNNING) >= 140 * VM_MS);
	vmachine_check(m);
	end_of(m, spy);
}

static void the_last_vcpu_takes_the_domain_along(void **state)
{
	static const struct vm_step once[] = { { VM_RUN, 5 * VM_MS }, { VM_END, 0 } };
	static const struct vm_domain domains[] = { { .vcpus = 3, .script = once, .n_steps = 2 } };
	struct spy *spy = spy_new(&ring_plugin, 0);
	struct vm *m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 1 });

	(void)state;
	vmachine_run(m, 12 * VM_MS);
	assert_int_equal(spy->calls[SPY_VCPU_DETACH], 2);
	assert_int_equal(spy->calls[SPY_DOMAIN_DETACH], 0);
	assert_false(cx_dispatch_all_ended(m->d));
	vmachine_run(m, 20 * VM_MS);
	assert_int_equal(spy->calls[SPY_DOMAIN_DETACH], 1);
	assert_true(cx_dispatch_all_ended(m->d));
	end_of(m, spy);
}

static int refuse_domain(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)policy, (void)now;
	return cx_domain_index(dom) == 1 ? -ENOSPC : 0;
}

static int refuse_vcpu(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	return cx_vcpu_id(v) == 2 ? -ENOSPC : 0;
}

static void a_policy_may_refuse(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 }, { .vcpus = 2 } };
	struct cx_plugin table = ring_plugin;
	unsigned k;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct vm *m;

		table.domain_attach = k == 0 ? refuse_domain : NULL;
		table.vcpu_attach = k == 1 ? refuse_vcpu : NULL;
		m = vmachine_new(&(struct vm_config){
			.plugin = &table, .domains = domains, .n_domains = 2 });
		assert_int_equal(m->rc, -ENOSPC);
		assert_non_null(strstr(m->err.text, "scheduler ring refuses"));
		assert_non_null(strstr(m->err.text, "d1"));
		vmachine_run(m, 50 * VM_MS);
		assert_int_equal(m->vcpus[0].ran_ns, 50 * VM_MS);
		assert_int_equal(m->vcpus[1].ran_ns, 0);
		vmachine_finish(m);
		vmachine_check(m);
		vmachine_free(m);
	}
}

static int fail_init(struct cx_policy *policy)
{
	(void)policy;
	return -ENODEV;
}

static int fail_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	return cx_pcpu_index(pcpu) == 1 ? -ENODEV : 0;
}

static void what_did_not_begin_does_not_end(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 } };
	struct cx_plugin table = ring_plugin;
	struct vm_config config = {
		.pcpus = 3, .domains = domains, .n_domains = 1, .expects_refusal = true
	};
	struct spy *spy;
	struct vm *m;

	(void)state;
	table.init = fail_init;
	spy = spy_new(&table, 0);
	config.plugin = &spy->table;
	m = vmachine_new(&config);
	assert_int_equal(m->rc, -ENODEV);
	assert_string_equal(spy->script, "init ");
	vmachine_free(m);
	spy_free(spy);

	table.init = NULL;
	table.pcpu_online = fail_online;
	spy = spy_new(&table, 0);
	config.plugin = &spy->table;
	m = vmachine_new(&config);
	assert_int_equal(m->rc, -ENODEV);
	assert_string_equal(spy->script, "init online0 online1 offline0 fini ");
	vmachine_free(m);
	spy_free(spy);
}

/* --- live changes -------------------------------------------------------------------- */

static const char *const choices[] = { "one", "two", "three", NULL };
static const struct cx_param params[] = {
	{ "slice", CX_PARAM_DURATION, NULL, 1000000, 100000000, 10000000, "longest turn", NULL },
	{ "flag", CX_PARAM_BOOL, NULL, 0, 0, 0, "yes or no", NULL },
	{ "choice", CX_PARAM_ENUM, NULL, 0, 0, 0, "one of three", choices },
};

static struct cx_vcpu *param_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				  struct cx_pick *pick)
{
	pick->slice_ns = (uint64_t)cx_policy_param(policy, 0);
	return ring_pick(policy, pcpu, pick);
}

static void parameters_change_live(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 2 } };
	struct cx_plugin table = ring_plugin;
	struct spy *spy;
	struct vm *m;
	uint64_t decisions;

	(void)state;
	table.params = params;
	table.n_params = 3;
	table.pick = param_pick;
	spy = spy_new(&table, 0);
	m = vmachine_new(
		&(struct vm_config){ .plugin = &spy->table, .domains = domains, .n_domains = 1 });
	vmachine_run(m, 99 * VM_MS);
	decisions = spy->calls[SPY_PICK];
	assert_in_range(decisions, 10, 11);
	assert_int_equal(cx_dispatch_set_param(m->d, 0, 1000000), 0);
	assert_int_equal(spy->calls[SPY_PARAM_SET], 1);
	vmachine_run(m, 200 * VM_MS);
	assert_in_range(spy->calls[SPY_PICK] - decisions, 99, 102);

	assert_int_equal(cx_dispatch_set_param(m->d, 0, 999999), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 0, 100000001), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 3, 0), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 1, 1), 0);
	assert_int_equal(cx_dispatch_set_param(m->d, 1, 2), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 2, 2), 0);
	assert_int_equal(cx_dispatch_set_param(m->d, 2, 3), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 2, -1), -EINVAL);
	assert_int_equal(spy->calls[SPY_PARAM_SET], 3);
	assert_int_equal(m->traced[CX_EV_PARAM], 3);
	end_of(m, spy);
}

static unsigned seen_weight, seen_reservation, seen_limit;
static int64_t seen_param;

static void see_adjust(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)policy, (void)now;
	seen_weight = cx_domain_weight(dom);
	seen_reservation = cx_domain_reservation(dom);
	seen_limit = cx_domain_limit(dom);
	seen_param = cx_domain_param(dom, 1);
}

static const struct vm_domain one_later[] = { { .vcpus = 2 }, { .start_ns = VM_SEC } };

static struct vm *adjustable(struct spy **spy)
{
	static const struct cx_param domain_params[] = {
		{ "depth", CX_PARAM_INT, NULL, 1, 9, 3, "d", NULL },
		{ "extra", CX_PARAM_DURATION, NULL, 0, 5000, 70, "e", NULL },
	};
	static struct cx_plugin table;

	table = ring_plugin;
	table.domain_adjust = see_adjust;
	table.domain_params = domain_params;
	table.n_domain_params = 2;
	*spy = spy_new(&table, 0);
	return vmachine_new(&(struct vm_config){
		.plugin = &(*spy)->table, .domains = one_later, .n_domains = 2 });
}

static void domains_are_adjusted_live(void **state)
{
	struct spy *spy;
	struct vm *m = adjustable(&spy);

	(void)state;
	vmachine_run(m, VM_MS);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 512, 30, 40), 0);
	assert_int_equal(seen_weight, 512);
	assert_int_equal(seen_reservation, 30);
	assert_int_equal(seen_limit, 40);
	assert_int_equal(m->traced[CX_EV_ADJUST], 3);
	/* Only what is another value is told. */
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 512, 40, 40), 0);
	assert_int_equal(m->traced[CX_EV_ADJUST], 4);
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 2);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 512, 40, 40), 0);
	assert_int_equal(m->traced[CX_EV_ADJUST], 4);
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 2);
	/* Without a limit, 100 for each of its two vCPUs. */
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 1, 200, 0), 0);
	assert_int_equal(seen_reservation, 200);
	assert_int_equal(seen_limit, 0);
	/* One that is not attached: it will see the new weight when it is. */
	assert_int_equal(cx_dispatch_adjust(m->d, 1, 77, 0, 0), 0);
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 3);
	vmachine_finish(m);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 2, 0, 0), -ECANCELED);
	end_of(m, spy);
}

static void nonsense_is_not_adjusted(void **state)
{
	struct spy *spy;
	struct vm *m = adjustable(&spy);

	(void)state;
	vmachine_run(m, VM_MS);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 0, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 65536, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, 2, 256, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 256, 0, 201), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 256, 201, 0), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, 0, 256, 41, 40), -EINVAL);
	assert_int_equal(cx_dispatch_adjust(m->d, UINT32_MAX, 256, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 0, 2, 1), -EINVAL);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 2, 0, 1), -EINVAL);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 0, 0, 0), -EINVAL);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 0, 0, 10), -EINVAL);
	assert_int_equal(cx_dispatch_set_param(m->d, 0, 0), -EINVAL);
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 0);
	assert_int_equal(m->traced[CX_EV_ADJUST] + m->traced[CX_EV_PARAM], 0);
	end_of(m, spy);
}

static void a_domains_parameters_change_live(void **state)
{
	struct spy *spy;
	struct vm *m = adjustable(&spy);

	(void)state;
	vmachine_run(m, VM_MS);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 0, 1, 5000), 0);
	assert_int_equal(seen_param, 5000);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 1, 1, 0), 0);
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 1);
	assert_int_equal(m->traced[CX_EV_PARAM], 2);
	vmachine_finish(m);
	assert_int_equal(cx_dispatch_set_domain_param(m->d, 0, 1, 1), -ECANCELED);
	end_of(m, spy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_cycle_in_order),
		cmocka_unit_test(finish_detaches_everything_in_order),
		cmocka_unit_test(an_event_before_the_block_keeps_it_on),
		cmocka_unit_test(storms_with_every_default),
		cmocka_unit_test(storms_under_rr),
		cmocka_unit_test(storms_under_credit),
		cmocka_unit_test(storms_repeat_exactly),
		cmocka_unit_test(a_domain_is_nowhere_before_it_starts),
		cmocka_unit_test(stopped_running_ready_and_blocked),
		cmocka_unit_test(the_last_vcpu_takes_the_domain_along),
		cmocka_unit_test(a_policy_may_refuse),
		cmocka_unit_test(what_did_not_begin_does_not_end),
		cmocka_unit_test(parameters_change_live),
		cmocka_unit_test(domains_are_adjusted_live),
		cmocka_unit_test(nonsense_is_not_adjusted),
		cmocka_unit_test(a_domains_parameters_change_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
