/* SPDX-License-Identifier: BSD-2-Clause */
/* Values put in the place of a scenario's own. */
#include "tests/support/scenario_files.h"

#include "base/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct cx_setting change(const char *place, const char *value)
{
	return (struct cx_setting){ .name = (char *)place, .value = (char *)value };
}

static struct cx_scenario *changed(const char *text, const char *place, const char *value)
{
	struct cx_setting one = change(place, value);
	struct cx_scenario *s = NULL;
	struct cx_error err;

	if (cx_load_overridden(text, strlen(text), &one, 1, &s, &err) != 0)
		fail_msg("%s = %s: %s", place, value, err.text);
	return s;
}

static void refused(const char *text, const char *place, const char *value, int code,
		    const char *words)
{
	struct cx_setting one = change(place, value);
	struct cx_scenario *s = NULL;
	struct cx_error err;

	assert_int_equal(cx_load_overridden(text, strlen(text), &one, 1, &s, &err), code);
	if (!strstr(err.text, words))
		fail_msg("%s = %s: \"%s\" is not in: %s", place, value, words, err.text);
}

static void test_what_is_there_is_replaced(void **state)
{
	struct cx_scenario *s;

	(void)state;
	s = changed(cx_whole_scenario, "duration", "3s");
	assert_int_equal(s->duration_ns, 3 * CX_SEC);
	assert_int_equal(s->domains[0].limit, 200);
	cx_scenario_free(s);
	s = changed(cx_whole_scenario, "domains.web.limit", "160");
	assert_int_equal(s->domains[0].limit, 160);
	assert_int_equal(s->domains[1].limit, 160);
	assert_int_equal(s->domains[2].limit, 0);
	cx_scenario_free(s);
	s = changed(WITH("count: 2"), "domains.a.count", "3");
	assert_int_equal(s->n_domains, 3);
	cx_scenario_free(s);
	s = changed(cx_whole_scenario, "domains.web.workload.critical", "7us");
	assert_int_equal(s->domains[0].params[0], 7000);
	assert_int_equal(s->domains[0].params[1], -5);
	cx_scenario_free(s);
	s = changed(cx_whole_scenario, "topology", "core: 2, \"quoted\" # no comment");
	assert_string_equal(s->topology, "core: 2, \"quoted\" # no comment");
	cx_scenario_free(s);
}

static void test_what_is_missing_is_added(void **state)
{
	struct cx_scenario *s;

	(void)state;
	s = changed(ONE, "duration", "3s");
	assert_int_equal(s->duration_ns, 3 * CX_SEC);
	cx_scenario_free(s);
	s = changed(ONE, "domains.a.weight", "high");
	assert_int_equal(s->domains[0].weight, 512);
	cx_scenario_free(s);
	s = changed(ONE, "domains.a.policy.boost", "no");
	assert_int_equal(s->domains[0].n_settings, 1);
	assert_string_equal(s->domains[0].settings[0].name, "boost");
	assert_string_equal(s->domains[0].settings[0].value, "no");
	cx_scenario_free(s);
	s = changed("{domains: [{name: a, workload: {name: lock}}]}", "domains.a.workload.rounds",
		    "9");
	assert_int_equal(s->domains[0].params[1], 9);
	cx_scenario_free(s);
}

/* "web.0x" is a domain, and so might "web" with a key "0x.limit" be. */
static void test_names_with_dots(void **state)
{
	struct cx_scenario *s = changed(cx_whole_scenario, "domains.web.0x.limit", "30");

	(void)state;
	assert_int_equal(s->domains[0].limit, 200);
	assert_int_equal(s->domains[4].limit, 30);
	cx_scenario_free(s);
}

#define POOLED "pools:\n  - {name: p, weight: 5}\n  - {name: p.low}\n" ONE

static void test_of_pools(void **state)
{
	struct cx_scenario *s = changed(POOLED, "pools.p.weight", "7");

	(void)state;
	assert_int_equal(s->pools[0].weight, 7);
	cx_scenario_free(s);
	s = changed(POOLED, "pools.p.low.limit", "30");
	assert_int_equal(s->pools[0].limit, 0);
	assert_int_equal(s->pools[1].limit, 30);
	cx_scenario_free(s);
	s = changed(POOLED, "domains.a.pool", "p.low");
	assert_int_equal(s->domains[0].pool, 1);
	cx_scenario_free(s);
}

static void test_several_at_once(void **state)
{
	struct cx_setting both[] = { { "domains.a.vcpus", "2", 0 },
				     { "domains.a.limit", "200", 0 },
				     { "domains.a.policy.x", "1", 0 },
				     { "domains.a.policy.y", "2", 0 } };
	struct cx_scenario *s = NULL;
	struct cx_error err;

	(void)state;
	assert_int_equal(cx_load_overridden(ONE, strlen(ONE), both, COUNT(both), &s, &err), 0);
	assert_int_equal(s->domains[0].vcpus, 2);
	assert_int_equal(s->domains[0].limit, 200);
	assert_int_equal(s->domains[0].n_settings, 2);
	cx_scenario_free(s);
}

/* What a report shows is what ran: the text can be run again as it stands. */
static void test_the_text_is_that_of_what_ran(void **state)
{
	struct cx_scenario *s = changed(cx_whole_scenario, "domains.web.limit", "170"), *again;

	(void)state;
	assert_string_equal(s->question, "does all of it arrive?");
	again = cx_load_good(s->text);
	assert_string_equal(again->question, s->question);
	assert_int_equal(again->n_domains, s->n_domains);
	assert_int_equal(again->domains[1].limit, 170);
	assert_int_equal(again->domains[0].params[1], -5);
	assert_string_equal(again->params[1].value, "yes");
	cx_scenario_free(again);
	cx_scenario_free(s);
}

/* Lines are those of the file, also of what stands behind an added key. */
static void test_what_is_refused(void **state)
{
	static const struct {
		const char *place, *value;
		int code;
		const char *words;
	} table[] = {
		{ "domains.b.limit", "1", -ENOENT,
		  "has no domain for \"domains.b.limit\"; it has a" },
		{ "domains.a", "1", -ENOENT, "no domain" },
		{ "domains.", "1", -ENOENT, "no domain" },
		{ "domains.a.", "1", -EINVAL, "allowed duration" },
		{ "domains.a.name", "b", -EINVAL, "allowed duration" },
		{ "domains.a.workload", "b", -EINVAL, "allowed duration" },
		{ "domains.a.workload.", "b", -EINVAL, "allowed duration" },
		{ "domains.a.limit.x", "b", -EINVAL, "allowed duration" },
		{ "seed", "1", -EINVAL, "found \"seed\"" },
		{ "scheduler.name", "rr", -EINVAL, "allowed duration" },
		{ "", "1", -EINVAL, "allowed duration" },
		{ "pools.p.limit", "1", -ENOENT, "has no pool for \"pools.p.limit\"; it has none" },
		{ "duration", "3", -EINVAL, FILE_NAME ":1: duration: found \"3\"" },
		{ "duration", "", -EINVAL, "duration: found" },
		{ "domains.a.limit", "101", -EINVAL,
		  FILE_NAME ":2: domains[0].limit: found \"101\"" },
		{ "domains.a.wieght", "1", -EINVAL, "did you mean \"weight\"" },
		{ "domains.a.peers", "b", -EINVAL, "allowed a list" },
		{ "domains.a.workload.name", "pig", -EINVAL,
		  FILE_NAME ":3: domains[0].workload.name" },
		{ "domains.a.workload.x", "1", -EINVAL, "unknown parameter" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		refused(ONE, table[i].place, table[i].value, table[i].code, table[i].words);
	refused("domains:\n  - name: a\n    policy: 3\n" HOG, "domains.a.policy.x", "1", -EINVAL,
		FILE_NAME ":3: domains[0].policy: found \"3\"");
	refused(POOLED, "pools.q.limit", "1", -ENOENT, "it has p, p.low");
	refused(POOLED, "pools.p.", "1", -EINVAL, "allowed duration");
	refused(POOLED, "pools.p.name", "q", -EINVAL, "allowed duration");
	refused(POOLED, "pools.p.limit.x", "1", -EINVAL, "allowed duration");
	refused(POOLED, "pools.p.limit", "x", -EINVAL, FILE_NAME ":2: pools[0].limit: found \"x\"");
	refused(POOLED, "domains.a.pool", "b", -EINVAL, FILE_NAME ":5: domains[0].pool: found");
	refused("[1]", "duration", "1s", -EINVAL, "allowed a mapping");
	refused("domains: 3\n", "domains.a.limit", "1", -ENOENT, "it has none");
	refused("domains: [{name: \"a\\tb\\n\"}]\n", "domains.a.limit", "1", -ENOENT,
		"it has a?b?");
	refused("pools: [{name: \"\\e[31m\"}]\n" ONE, "pools.p.limit", "1", -ENOENT,
		"it has ?[31m");
	refused("domains: [{name: [1]}]\n", "domains.a.limit", "1", -ENOENT, "it has none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_there_is_replaced),
		cmocka_unit_test(test_what_is_missing_is_added),
		cmocka_unit_test(test_names_with_dots),
		cmocka_unit_test(test_of_pools),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_the_text_is_that_of_what_ran),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
