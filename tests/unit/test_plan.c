/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan's file: what it may say, and what is told when it says something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "core/sweep/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LEAST "scenarios: [s]\nschedulers: [rr]\n"

static struct cx_plan *good(const char *text)
{
	struct cx_plan *plan = NULL;
	struct cx_error err = { "" };

	if (cx_plan_parse("dir/p.yaml", text, strlen(text), &plan, &err) != 0)
		fail_msg("%s", err.text);
	return plan;
}

static void test_the_least(void **state)
{
	struct cx_plan *p = good(LEAST);

	(void)state;
	assert_string_equal(p->name, "p");
	assert_string_equal(p->path, "dir/p.yaml");
	assert_string_equal(p->text, LEAST);
	assert_true(p->simulated);
	assert_int_equal(p->duration_ns, 0);
	assert_int_equal(p->watchdog_ns, 0);
	assert_int_equal(p->n_axes, 0);
	assert_int_equal(p->n_seeds, 1);
	assert_int_equal(p->seeds[0], 1);
	assert_null(p->costs_file);
	cx_plan_free(p);
}

static const char whole[] = "# Question: all?\n"
			    "name: all\n"
			    "machine: sim\n"
			    "duration: 2s\n"
			    "watchdog: 500ms\n"
			    "costs_file: my/costs.yaml\n"
			    "scenarios: [two-weights, a/mine.yaml, b/mine.yaml]\n"
			    "schedulers:\n"
			    "  - rr\n"
			    "  - ./old/credit.so\n"
			    "  - credit\n"
			    "set: {domains.web.limit: [10, 20], pcpus: \"0-1\"}\n"
			    "params:\n"
			    "  tslice: [1ms, 30ms]\n"
			    "  credit.ratelimit: 0s\n"
			    "costs:\n"
			    "  switch: [1us, 11us]\n"
			    "seeds: [7, 1-3]\n";

static void check_axis(const struct cx_axis *axis, enum cx_axis_kind kind, const char *name,
		       const char *column, unsigned line, unsigned n, const char *last)
{
	assert_int_equal(axis->kind, kind);
	assert_string_equal(axis->name, name);
	assert_string_equal(axis->column, column);
	assert_int_equal(axis->line, line);
	assert_int_equal(axis->n, n);
	assert_string_equal(axis->values[n - 1], last);
}

static void test_everything_arrives(void **state)
{
	struct cx_plan *p = good(whole);

	(void)state;
	assert_string_equal(p->name, "all");
	assert_int_equal(p->duration_ns, 2 * CX_SEC);
	assert_int_equal(p->watchdog_ns, 500 * CX_MS);
	assert_string_equal(p->costs_file, "my/costs.yaml");
	assert_int_equal(p->costs_line, 6);
	assert_int_equal(p->n_scenarios, 3);
	assert_string_equal(p->scenarios[1].asked, "a/mine.yaml");
	assert_string_equal(p->scenarios[1].label, "mine");
	assert_string_equal(p->scenarios[2].label, "mine-2");
	assert_int_equal(p->n_schedulers, 3);
	assert_string_equal(p->schedulers[1].label, "credit");
	assert_string_equal(p->schedulers[2].label, "credit-2");
	assert_int_equal(p->schedulers[1].line, 10);
	assert_int_equal(p->n_axes, 5);
	check_axis(&p->axes[0], CX_AXIS_PARAM, "tslice", "tslice", 14, 2, "30ms");
	check_axis(&p->axes[1], CX_AXIS_PARAM, "credit.ratelimit", "credit.ratelimit", 15, 1, "0s");
	check_axis(&p->axes[2], CX_AXIS_COST, "switch", "costs.switch", 17, 2, "11us");
	check_axis(&p->axes[3], CX_AXIS_SET, "domains.web.limit", "domains.web.limit", 12, 2, "20");
	check_axis(&p->axes[4], CX_AXIS_SET, "pcpus", "pcpus", 12, 1, "0-1");
	assert_int_equal(p->n_seeds, 4);
	assert_int_equal(p->seeds[0], 7);
	assert_int_equal(p->seeds[3], 3);
	cx_plan_free(p);
}

static void test_spellings_of_seeds(void **state)
{
	static const struct {
		const char *text;
		unsigned n;
		uint64_t first, last;
	} table[] = {
		{ LEAST "seeds: 3\n", 1, 3, 3 },
		{ LEAST "seeds: 0-2\n", 3, 0, 2 },
		{ LEAST "seeds: [5]\n", 1, 5, 5 },
		{ LEAST "seeds: 18446744073709551614-18446744073709551615\n", 2, UINT64_MAX - 1,
		  UINT64_MAX },
		{ LEAST "seeds: 1-1000000\n", 1000000, 1, 1000000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_plan *p = good(table[i].text);

		assert_int_equal(p->n_seeds, table[i].n);
		assert_true(p->seeds[0] == table[i].first);
		assert_true(p->seeds[p->n_seeds - 1] == table[i].last);
		cx_plan_free(p);
	}
}

static void test_names_of_files(void **state)
{
	struct cx_plan *plan = NULL;
	struct cx_error err;

	(void)state;
	assert_int_equal(cx_plan_parse("a/.yaml", LEAST, strlen(LEAST), &plan, &err), 0);
	assert_true(*plan->name);
	cx_plan_free(plan);
	assert_int_equal(cx_plan_parse("a/my plan!.yaml", LEAST, strlen(LEAST), &plan, &err), 0);
	assert_string_equal(plan->name, "my-plan-");
	cx_plan_free(plan);
}

/* --- what is wrong ----------------------------------------------------------------- */

static const struct {
	const char *text, *words;
} wrong[] = {
	{ "", "p.yaml:1: YAML: found an empty file, allowed a mapping with the keys scenarios" },
	{ "# nothing\n", "an empty file" },
	{ "3", "p.yaml:1: YAML: found \"3\", allowed a mapping" },
	{ "[1]", "found a list, allowed a mapping" },
	{ "a: [\n", "YAML: found an error" },
	{ "\tscenarios: 3\n", "a tab" },
	{ "schedulers: [rr]\n", "p.yaml:1: scenarios: found nothing, allowed a list of 1 to 1000" },
	{ "scenarios: [s]\n", "schedulers: found nothing" },
	{ "scenarios: s\nschedulers: [rr]\n", "p.yaml:1: scenarios: found \"s\", allowed a list" },
	{ "scenarios: []\nschedulers: [rr]\n", "scenarios: found 0, allowed a list of 1 to 1000" },
	{ "schedulers: []\nscenarios: [s]\n", "schedulers: found 0, allowed a list of 1 to 100" },
	{ "scenarios: [[s]]\nschedulers: [rr]\n", "scenarios[0]: found a list" },
	{ "scenarios: [s, \"\"]\nschedulers: [rr]\n", "scenarios[1]: found \"\"" },
	{ "scenarios: [s, t,\n  s]\nschedulers: [rr]\n",
	  "p.yaml:2: scenarios[2]: found \"s\" again (first in line 1), allowed each once" },
	{ "scenarios: [s]\nschedulers: [rr, rr]\n", "schedulers[1]: found \"rr\" again" },
	{ "scenarios: [s]\nschedulers: [\"r\\nr\"]\n", "schedulers[0]: found \"r?r\"" },
	{ LEAST "seed: 1\n", "p.yaml:3: seed: found an unknown key, allowed name, machine, " },
	{ LEAST "seed: 1\n", "(did you mean \"seeds\"?)" },
	{ LEAST "name: a b\n", "name: found \"a b\"" },
	{ LEAST "name: [a]\n", "name: found a list" },
	{ LEAST "machine: xen\n", "machine: found \"xen\", allowed sim or kvm" },
	{ LEAST "duration: 3\n", "p.yaml:3: duration: found \"3\", allowed a duration" },
	{ LEAST "duration: 0s\n", "duration: found \"0s\"" },
	{ LEAST "watchdog: 1ms\n", "watchdog: found \"1ms\", allowed a duration from 10ms" },
	{ LEAST "duration: 1s\nset: {duration: [1s, 2s]}\n",
	  "set.duration: found the duration again, allowed one of the two" },
	{ LEAST "machine: kvm\ncosts: {switch: 1us}\n",
	  "costs.switch: found a cost of the simulator" },
	{ LEAST "machine: kvm\ncosts_file: x\n", "costs_file: found costs of the simulator" },
	{ LEAST "params: 3\n", "params: found \"3\", allowed a mapping such as" },
	{ LEAST "params: {}\n", "params: found an empty mapping" },
	{ LEAST "params: [a]\n", "params: found a list" },
	{ LEAST "params: {a: []}\n", "params.a: found 0 values, allowed a value, or a list" },
	{ LEAST "params: {a: }\n", "params.a: found nothing" },
	{ LEAST "params: {a: [1, [2]]}\n", "params.a[1]: found a list" },
	{ LEAST "params: {a: {b: 1}}\n", "params.a: found a mapping" },
	{ LEAST "params: {a: [1, 2, 1]}\n", "params.a: found \"1\" again" },
	{ LEAST "params: {a: 1, a: 2}\n", "params.a: found it again" },
	{ LEAST "params: {a: \"x\\ty\"}\n", "params.a: found \"x?y\"" },
	{ LEAST "params: {topology: 1}\nset: {topology: 2}\n",
	  "set.topology: found \"topology\" again" },
	{ LEAST "params: {\"\": 1}\n", "a name of at most 200 bytes" },
	{ LEAST "params: {[a]: 1}\n", "as key" },
	{ LEAST "seeds: []\n", "seeds: found an empty list" },
	{ LEAST "seeds: {a: 1}\n", "seeds: found a mapping" },
	{ LEAST "seeds: x\n", "seeds: found \"x\", allowed seeds such as 1-5" },
	{ LEAST "seeds: -1\n", "seeds: found \"-1\"" },
	{ LEAST "seeds: 5-1\n", "seeds: found \"5-1\"" },
	{ LEAST "seeds: 1-\n", "seeds: found \"1-\"" },
	{ LEAST "seeds: 1-2-3\n", "seeds: found \"1-2-3\"" },
	{ LEAST "seeds: 1.5\n", "seeds: found \"1.5\"" },
	{ LEAST "seeds: 18446744073709551616\n", "seeds: found" },
	{ LEAST "seeds: [1, [2]]\n", "seeds[1]: found a list" },
	{ LEAST "seeds: [1-5, 3]\n", "seeds: found 3 twice, allowed each seed once" },
	{ LEAST "seeds: 1-1000001\n", "seeds: found more, allowed at most 1000000 seeds" },
	{ LEAST "seeds: 0-18446744073709551615\n", "allowed at most 1000000 seeds" },
	{ LEAST "seeds: [1-1000000, 1000001]\n", "seeds[1]: found more" },
	{ LEAST "name: &x a\n", "found the anchor \"x\"" },
	{ LEAST "---\n" LEAST, "a second document" },
};

static void test_what_is_refused(void **state)
{
	struct cx_plan *plan = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(wrong); i++) {
		struct cx_error err = { "" };
		int rc = cx_plan_parse("p.yaml", wrong[i].text, strlen(wrong[i].text), &plan, &err);

		if (rc != -EINVAL || !strstr(err.text, wrong[i].words))
			fail_msg("%s\n%d: \"%s\" is not in: %s", wrong[i].text, rc, wrong[i].words,
				 err.text);
	}
}

static void test_too_many_settings(void **state)
{
	struct cx_plan *plan = NULL;
	struct cx_error err = { "" };
	char text[4096] = LEAST "params: {";
	unsigned i;

	(void)state;
	for (i = 0; i < 40; i++)
		sprintf(text + strlen(text), "%sp%u: 1", i ? ", " : "", i);
	strcat(text, "}\n");
	assert_int_equal(cx_plan_parse("p.yaml", text, strlen(text), &plan, &err), -EINVAL);
	assert_non_null(strstr(err.text, "params.p32: found one more, allowed 32 settings in all"));
}

/* Whatever is cut off or overwritten, it is a plan or an error with a place. */
static void test_damaged_files(void **state)
{
	char text[sizeof(whole)];
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(whole); i++) {
		struct cx_plan *plan = NULL;
		struct cx_error err = { "" };
		size_t len = i < sizeof(whole) ? i : sizeof(whole) - 1;
		int rc;

		memcpy(text, whole, sizeof(whole));
		if (i >= sizeof(whole))
			text[i - sizeof(whole)] = "\"{[:#&\xff"[i % 7];
		rc = cx_plan_parse("p.yaml", text, len, &plan, &err);
		if (rc == 0)
			cx_plan_free(plan);
		else if (rc != -EINVAL || strncmp(err.text, "p.yaml:", 7) != 0)
			fail_msg("%d: %s", rc, err.text);
	}
}

static void test_files_that_are_none(void **state)
{
	struct cx_plan *plan = NULL;
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_plan_read("/tmp", &plan, &err), -EISDIR);
	assert_non_null(strstr(err.text, "name a plan"));
	assert_int_equal(cx_plan_read("/tmp/there/is/none", &plan, &err), -ENOENT);
	assert_int_equal(cx_plan_read("/dev/zero", &plan, &err), -EFBIG);
	assert_non_null(strstr(err.text, "name a plan"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_least),
		cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_spellings_of_seeds),
		cmocka_unit_test(test_names_of_files),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_too_many_settings),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_files_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
