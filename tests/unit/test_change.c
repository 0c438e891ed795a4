/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario's changes: what fits a policy and a host, and how they come about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/run/change.h"
#include "core/run/plan.h"
#include "tests/support/scenario_files.h"
#include "tests/unit/policies.h"

static const struct cx_param policy_params[] = {
	{ "tslice", CX_PARAM_DURATION, NULL, 100000, 1000000000, 30000000, "t", NULL },
	{ "ticks", CX_PARAM_INT, NULL, 1, 100, 3, "t", NULL },
};
static const struct cx_param per_domain[] = {
	{ "depth", CX_PARAM_INT, NULL, 1, 9, 3, "d", NULL },
};

static struct {
	struct cx_plugin table;
	struct cx_scenario *scenario;
	struct cx_changing run;
	struct cx_error err;
} t;

static const unsigned cpus[] = { 0, 1, 2, 5 };

/* Three domains, as the machine of the tests has them below. */
#define DOMAINS                                                                                    \
	"duration: 1s\ndomains:\n"                                                                 \
	"  - name: web\n    count: 2\n" HOG                                                        \
	"  - name: db\n    cpus: \"1-2\"\n    stop: 700ms\n" HOG "changes:\n" /* 10 lines */

static void load(const char *text)
{
	t.table = ring_plugin;
	t.table.name = "mine";
	t.table.params = policy_params;
	t.table.n_params = 2;
	t.table.domain_params = per_domain;
	t.table.n_domain_params = 1;
	t.scenario = cx_load_good(text);
	t.run = (struct cx_changing){
		.scenario = t.scenario,
		.plugin = &t.table,
		.asked = "./my.so",
		.n_pcpus = 4,
		.pcpus = cpus,
	};
	t.err.text[0] = '\0';
}

static void unload(void)
{
	cx_scenario_free(t.scenario);
	t.scenario = NULL;
}

static void expect(int want, const char *message)
{
	assert_int_equal(cx_check_changes(&t.run, &t.err), want);
	assert_string_equal(t.err.text, message);
	unload();
}

/* --- what fits -------------------------------------------------------------------------- */

static void what_fits(void **state)
{
	(void)state;
	load(ONE);
	expect(0, "");
	load(DOMAINS "  - {at: 0s, pcpu: 5, online: no}\n"
		     "  - {at: 100ms, pcpu: 1, online: no}\n"
		     "  - {at: 200ms, pcpu: 1, online: yes}\n"
		     "  - {at: 200ms, pcpu: 2, online: no}\n"
		     /* db has stopped by then. */
		     "  - {at: 700ms, pcpu: 1, online: no}\n"
		     "  - {at: 1ms, param: {tslice: 5ms, ticks: 1}, scheduler: mine}\n"
		     "  - {at: 2ms, param: {tslice: 7ms}, scheduler: ./my.so}\n"
		     /* Those of others are not looked at. */
		     "  - {at: 3ms, param: {tslice: never}, scheduler: credit}\n"
		     "  - {at: 3ms, param: {unheard: of}}\n"
		     "  - {at: 4ms, domain: web, policy: {depth: 9}}\n");
	expect(0, "");
}

static void what_does_not_fit_the_policy(void **state)
{
	(void)state;
	load(DOMAINS "  - {at: 1ms, param: {tslice: 5s}}\n");
	assert_int_equal(cx_check_changes(&t.run, &t.err), -EINVAL);
	assert_string_equal(t.err.text, "s.yaml:11: changes[0]: scheduler mine: tslice: found "
					"\"5s\", allowed 100us .. 1s");
	unload();
	load(DOMAINS "  - {at: 9ms, pcpu: 5, online: no}\n"
		     "  - {at: 1ms, param: {tick: 5}, scheduler: mine}\n");
	expect(-EINVAL, "s.yaml:12: changes[1]: scheduler mine: no parameter \"tick\"; known: "
			"tslice, ticks");
	load(DOMAINS "  - {at: 1ms, domain: web, policy: {depth: 10}}\n");
	expect(-EINVAL,
	       "s.yaml:11: changes[0]: scheduler mine: depth: found \"10\", allowed 1 .. 9");
	load(DOMAINS "  - {at: 1ms, domain: web, policy: {tslice: 5ms}, scheduler: ./my.so}\n");
	expect(-EINVAL, "s.yaml:11: changes[0]: scheduler mine: no parameter \"tslice\"; known: "
			"depth");
	load(DOMAINS "  - {at: 1ms, param: {tslice: 5ms}, scheduler: linux}\n");
	t.run.plugin = NULL;
	t.run.asked = "linux";
	expect(-EINVAL, "s.yaml:11: changes[0]: scheduler linux: no parameter \"tslice\"; known: "
			"none, it has no parameters");
}

static void what_does_not_fit_the_host(void **state)
{
	(void)state;
	load(DOMAINS "  - {at: 1ms, pcpu: 4, online: no}\n");
	expect(-EINVAL,
	       "s.yaml:11: changes[0].pcpu: found \"4\", allowed a CPU of this run, \"0-2,5\"");
	load(DOMAINS "  - {at: 10ms, pcpu: 1, online: no}\n"
		     "  - {at: 5ms, pcpu: 2, online: no}\n");
	expect(-EINVAL, "s.yaml:11: changes[0].pcpu: found \"1\", allowed any but the last one of "
			"domain db");
	load(DOMAINS "  - {at: 700ms, pcpu: 1, online: no}\n"
		     "  - {at: 700ms, pcpu: 2, online: no}\n"
		     "  - {at: 700ms, pcpu: 5, online: no}\n"
		     "  - {at: 701ms, pcpu: 0, online: no}\n");
	expect(-EINVAL, "s.yaml:14: changes[3].pcpu: found \"0\", allowed any but the last one "
			"online");
}

static void what_is_ignored(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	load(DOMAINS "  - {at: 1ms, param: {tslice: 5ms, unheard: of}}\n"
		     "  - {at: 2ms, param: {unheard: of}}\n"
		     "  - {at: 3ms, domain: web, policy: {tslice: 5ms}}\n"
		     "  - {at: 4ms, param: {other: 1}, scheduler: credit}\n");
	cx_ignored_changes(&t.run, out);
	fflush(out);
	assert_string_equal(text, "param unheard param tslice ");
	rewind(out);
	t.run.plugin = NULL;
	t.run.asked = "linux";
	cx_ignored_changes(&t.run, out);
	fclose(out);
	assert_string_equal(text, "param tslice param unheard ");
	free(text);
	unload();
}

/* --- in which order ------------------------------------------------------------------------ */

static void in_order(void **state)
{
	static const struct cx_action want[] = {
		{ 0, CX_ACTION_CHANGE, 0 },         { 0, CX_ACTION_CHANGE, 1 },
		{ 0, CX_ACTION_START, 0 },          { 0, CX_ACTION_START, 1 },
		{ 0, CX_ACTION_START, 2 },          { 700000000, CX_ACTION_STOP, 2 },
		{ 700000000, CX_ACTION_CHANGE, 2 },
	};
	struct cx_action *actions;
	unsigned n, i;

	(void)state;
	load(DOMAINS "  - {at: 900ms, pcpu: 5, online: yes}\n"
		     "  - {at: 0s, pcpu: 5, online: no}\n"
		     "  - {at: 700ms, pcpu: 1, online: no}\n"
		     "  - {at: 0s, domain: db, limit: 50}\n");
	assert_int_equal(cx_plan(t.scenario, 900 * VM_MS, &actions, &n, &t.err), 0);
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < n; i++) {
		assert_int_equal(actions[i].at_ns, want[i].at_ns);
		assert_int_equal(actions[i].kind, want[i].kind);
		assert_int_equal(actions[i].index, want[i].index);
	}
	free(actions);
	assert_int_equal(cx_plan(t.scenario, 100 * VM_MS, &actions, &n, &t.err), 0);
	assert_int_equal(n, 5);
	free(actions);
	unload();
}

/* --- taking place --------------------------------------------------------------------------- */

static void apply(struct vm *m, uint64_t i)
{
	if (cx_apply_change(m->d, &t.scenario->changes[i], &t.run, &t.err))
		fail_msg("%s", t.err.text);
}

static unsigned value_of(struct vm *m, unsigned domain, enum cx_adjust what)
{
	unsigned v[CX_ADJUSTS];

	cx_dispatch_domain_values(m->d, domain, &v[CX_ADJUST_WEIGHT], &v[CX_ADJUST_RESERVATION],
				  &v[CX_ADJUST_LIMIT]);
	return v[what];
}

static void they_take_place(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1 },
						    { .vcpus = 1 },
						    { .cpus = "1-2", .start_ns = 500 * VM_MS } };
	static const unsigned index[] = { 0, 1, 2, 3 };
	struct spy *spy;
	struct vm *m;
	unsigned i;

	(void)state;
	load(DOMAINS "  - {at: 100ms, domain: web, weight: 512, limit: 50}\n"
		     "  - {at: 200ms, domain: web.1, reservation: 20}\n"
		     "  - {at: 300ms, param: {ticks: 7, unheard: of}}\n"
		     "  - {at: 300ms, param: {ticks: 8}, scheduler: credit}\n"
		     "  - {at: 400ms, domain: db, policy: {depth: 9, other: 1}, limit: 0}\n"
		     "  - {at: 500ms, pcpu: 2, online: no}\n"
		     "  - {at: 600ms, pcpu: 2, online: yes}\n");
	t.run.pcpus = index;
	spy = spy_new(&t.table, 0);
	m = vmachine_new(&(struct vm_config){
		.plugin = &spy->table, .pcpus = 4, .domains = domains, .n_domains = 3 });
	assert_ptr_equal(cx_dispatch_plugin(m->d), &spy->table);
	for (i = 0; i < t.scenario->n_changes; i++)
		vmachine_at(m, t.scenario->changes[i].at_ns, apply, i);
	vmachine_run(m, 150 * VM_MS);
	assert_int_equal(value_of(m, 0, CX_ADJUST_WEIGHT), 512);
	assert_int_equal(value_of(m, 1, CX_ADJUST_WEIGHT), 512);
	assert_int_equal(value_of(m, 2, CX_ADJUST_WEIGHT), 256);
	vmachine_run(m, 250 * VM_MS);
	assert_int_equal(value_of(m, 0, CX_ADJUST_RESERVATION), 0);
	assert_int_equal(value_of(m, 1, CX_ADJUST_RESERVATION), 20);
	assert_int_equal(value_of(m, 1, CX_ADJUST_LIMIT), 50); /* as it was */
	assert_int_equal(spy->calls[SPY_DOMAIN_ADJUST], 3);
	vmachine_run(m, 450 * VM_MS);
	assert_int_equal(spy->calls[SPY_PARAM_SET], 1);
	assert_int_equal(m->traced[CX_EV_PARAM], 2);
	vmachine_run(m, 550 * VM_MS);
	assert_int_equal(spy->calls[SPY_PCPU_OFFLINE], 1);
	assert_int_equal(cx_pcpu_index(cx_vcpu_pcpu(m->vcpus[2].v)), 1);
	vmachine_run(m, 700 * VM_MS);
	vmachine_finish(m);
	assert_int_equal(m->record->pcpus[2].offline_ns, 100 * VM_MS);
	vmachine_check(m);
	vmachine_free(m);
	spy_check_ended(spy);
	spy_free(spy);
	unload();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits),
		cmocka_unit_test(what_does_not_fit_the_policy),
		cmocka_unit_test(what_does_not_fit_the_host),
		cmocka_unit_test(what_is_ignored),
		cmocka_unit_test(in_order),
		cmocka_unit_test(they_take_place),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
