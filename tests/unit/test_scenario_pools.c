/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenario files: resource pools. */
#include "tests/support/scenario_files.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN(pool) ONE "    pool: " pool "\n"
#define POOL(text) "pools:\n  - {" text "}\n" ONE /* in line 2 */

/* --- what is right ----------------------------------------------------------------------- */

static void test_none(void **state)
{
	struct cx_scenario *s = cx_load_good(ONE);

	(void)state;
	assert_int_equal(s->n_pools, 0);
	assert_int_equal(s->domains[0].pool, CX_NO_POOL);
	cx_scenario_free(s);
	s = cx_load_good("pools: []\n" ONE);
	assert_int_equal(s->n_pools, 0);
	cx_scenario_free(s);
}

static void test_everything_arrives(void **state)
{
	struct cx_scenario *s = cx_load_good("pools:\n"
					     "  - name: plain\n"
					     "  - name: whole\n"
					     "    parent: plain\n"
					     "    weight: high\n"
					     "    reservation: 1638400\n"
					     "    limit: 1638400\n"
					     "    expandable: no\n"
					     "  - {name: a, expandable: on, shares: 8000}\n"
					     "domains:\n"
					     "  - {name: a, pool: whole, count: 2, workload: "
					     "{name: hog}}\n"
					     "  - {name: b, workload: {name: hog}}\n"
					     "  - {name: c, pool: a, workload: {name: hog}}\n");
	const struct cx_scenario_pool *p = s->pools;

	(void)state;
	assert_int_equal(s->n_pools, 3);
	assert_string_equal(p[0].name, "plain");
	assert_int_equal(p[0].line, 2);
	assert_int_equal(p[0].parent, CX_NO_POOL);
	assert_int_equal(p[0].weight, 1024);
	assert_false(p[0].weight_given);
	assert_int_equal(p[0].reservation, 0);
	assert_int_equal(p[0].limit, 0);
	assert_true(p[0].expandable);
	assert_string_equal(p[1].name, "whole");
	assert_int_equal(p[1].line, 3);
	assert_int_equal(p[1].parent, 0);
	assert_int_equal(p[1].weight, 2048);
	assert_true(p[1].weight_given);
	assert_int_equal(p[1].reservation, 1638400);
	assert_int_equal(p[1].limit, 1638400);
	assert_false(p[1].expandable);
	assert_int_equal(p[2].weight, 2048);
	assert_true(p[2].weight_given);
	assert_true(p[2].expandable);
	assert_int_equal(s->domains[0].pool, 1);
	assert_int_equal(s->domains[1].pool, 1);
	assert_int_equal(s->domains[2].pool, CX_NO_POOL);
	assert_int_equal(s->domains[3].pool, 2);
	cx_scenario_free(s);
}

/* As VMware's four vCPUs: low 2000, normal 4000, high 8000 shares. */
static void test_weights(void **state)
{
	static const struct {
		const char *text;
		unsigned weight;
	} table[] = {
		{ POOL("name: p, weight: low"), 512 },
		{ POOL("name: p, weight: normal"), 1024 },
		{ POOL("name: p, weight: 1"), 1 },
		{ POOL("name: p, weight: 16777215"), 16777215 },
		{ POOL("name: p, shares: 2000"), 512 },
		{ POOL("name: p, shares: 4000"), 1024 },
		{ POOL("name: p, shares: 4001"), 1024 },
		{ POOL("name: p, shares: 1"), 1 },
		{ POOL("name: p, shares: 65535999"), 16777215 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_scenario *s = cx_load_good(table[i].text);

		assert_int_equal(s->pools[0].weight, table[i].weight);
		cx_scenario_free(s);
	}
}

static void check_order(const char *text, const char *names)
{
	struct cx_scenario *s = cx_load_good(text);
	char got[200] = "";
	unsigned i;

	for (i = 0; i < s->n_pools; i++) {
		if (s->pools[i].parent != CX_NO_POOL)
			assert_true(s->pools[i].parent < i);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s<%s ", s->pools[i].name,
			 s->pools[i].parent == CX_NO_POOL ? "" : s->pools[s->pools[i].parent].name);
	}
	assert_string_equal(got, names);
	cx_scenario_free(s);
}

static void test_parents_come_first(void **state)
{
	(void)state;
	check_order(
		"pools: [{name: z}, {name: b, parent: z}, {name: a}, {name: c, parent: z}]\n" ONE,
		"z< b<z a< c<z ");
	check_order(
		"pools: [{name: x, parent: y}, {name: a}, {name: y, parent: z}, {name: z}]\n" ONE,
		"z< y<z x<y a< ");
	check_order("pools: [{name: x, parent: z}, {name: y, parent: z}, {name: z}]\n" ONE,
		    "z< x<z y<z ");
}

static void put_chain(FILE *out, unsigned n, bool circle)
{
	unsigned i;

	fputs("pools:\n", out);
	for (i = 0; i < n; i++)
		if (i + 1 < n || circle)
			fprintf(out, "  - {name: pool%u, parent: pool%u}\n", i, (i + 1) % n);
		else
			fprintf(out, "  - {name: pool%u}\n", i);
	fputs(ONE, out);
	fclose(out);
}

static void test_very_many(void **state)
{
	struct cx_scenario *s = NULL;
	struct cx_error err;
	char *text = NULL;
	size_t size = 0;
	unsigned i;

	(void)state;
	put_chain(open_memstream(&text, &size), CX_SCENARIO_POOLS_MAX, false);
	s = cx_load_good(text);
	assert_int_equal(s->n_pools, CX_SCENARIO_POOLS_MAX);
	for (i = 1; i < s->n_pools; i++)
		assert_int_equal(s->pools[i].parent, i - 1);
	cx_scenario_free(s);
	free(text);
	put_chain(open_memstream(&text, &size), CX_SCENARIO_POOLS_MAX, true);
	assert_int_equal(cx_load_bytes(text, strlen(text), &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "2: pools[0].parent: found a circle, \"pool0\" in "
					 "\"pool1\" in "));
	assert_non_null(
		strstr(err.text, "\" ... in \"pool0\", allowed pools whose parents end at"));
	free(text);
	put_chain(open_memstream(&text, &size), CX_SCENARIO_POOLS_MAX + 1, false);
	assert_int_equal(cx_load_bytes(text, strlen(text), &s, &err), -EINVAL);
	assert_string_equal(err.text, FILE_NAME
			    ":1: pools: found 1025, allowed a list of at most 1024 pools");
	free(text);
}

/* --- what is wrong, and what is said ------------------------------------------------------- */

struct bad {
	const char *text;
	const char *message; /* after "s.yaml:" */
};

static void check_bad(const struct bad *table, size_t n)
{
	struct cx_scenario *scenario = NULL;
	char expected[CX_ERROR_MAX];
	struct cx_error err;
	size_t i;

	for (i = 0; i < n; i++) {
		int rc = cx_load_bytes(table[i].text, strlen(table[i].text), &scenario, &err);

		snprintf(expected, sizeof(expected), "%s:%s", FILE_NAME, table[i].message);
		if (rc != -EINVAL || strcmp(err.text, expected) != 0)
			fail_msg("for\n%sexpected %s\ngot      %s (%d)", table[i].text, expected,
				 err.text, rc);
		assert_null(scenario);
	}
}

#define POOL_KEYS "name, parent, weight, shares, reservation, limit, expandable"
#define PARENT_WORDS "the name of another pool"
#define CIRCLE_WORDS "pools whose parents end at the whole host"

static void test_shapes(void **state)
{
	static const struct bad table[] = {
		{ "pools:\n" ONE, "1: pools: found nothing, allowed a list of at most 1024 pools" },
		{ "pools: {name: p}\n" ONE,
		  "1: pools: found a mapping, allowed a list of at most 1024 pools" },
		{ "pools: [p]\n" ONE, "1: pools[0]: found \"p\", allowed a mapping such as {name: "
				      "batch, weight: low}" },
		{ POOL("weight: 3"), "2: pools[0].name: found nothing, allowed 1 to 63 letters, "
				     "digits, \"_\", \"-\" or \".\", a letter or digit first" },
		{ POOL("name: p, wieght: 3"),
		  "2: pools[0].wieght: found an unknown key, allowed " POOL_KEYS
		  " (did you mean \"weight\"?)" },
		{ POOL("name: [p]"), "2: pools[0].name: found a list, allowed 1 to 63 letters, "
				     "digits, \"_\", \"-\" or \".\", a letter or digit first" },
		{ POOL("name: p, parent: "),
		  "2: pools[0].parent: found nothing, allowed " PARENT_WORDS },
		{ POOL("name: p q"), "2: pools[0].name: found \"p q\", allowed 1 to 63 letters, "
				     "digits, \"_\", \"-\" or \".\", a letter or digit first" },
		{ "pools:\n  - name: p\n  - name: q\n  - name: p\n" ONE,
		  "4: pools[2].name: found \"p\" again (first in line 2), allowed a name of its "
		  "own for each pool" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_values(void **state)
{
	static const struct bad table[] = {
		{ POOL("name: p, weight: 0"), "2: pools[0].weight: found \"0\", allowed a whole "
					      "number from 1 to 16777215, low, normal or high" },
		{ POOL("name: p, weight: 16777216"),
		  "2: pools[0].weight: found \"16777216\", allowed a whole number from 1 to "
		  "16777215, low, normal or high" },
		{ POOL("name: p, weight: 4, shares: 3"),
		  "2: pools[0].shares: found \"3\", allowed either weight or shares" },
		{ POOL("name: p, shares: 65536000"), "2: pools[0].shares: found \"65536000\", "
						     "allowed a whole number from 1 to 65535999" },
		{ POOL("name: p, shares: -1"), "2: pools[0].shares: found \"-1\", allowed a whole "
					       "number from 1 to 65535999" },
		{ POOL("name: p, limit: 1638401"),
		  "2: pools[0].limit: found \"1638401\", allowed a whole number from 0 to 1638400, "
		  "100 for each pCPU of the largest host" },
		{ POOL("name: p, reservation: 1638401"),
		  "2: pools[0].reservation: found \"1638401\", allowed a whole number from 0 to "
		  "1638400, 100 for each pCPU of the largest host" },
		{ POOL("name: p, reservation: 99999999999999999999"),
		  "2: pools[0].reservation: found \"99999999999999999999\", allowed a whole number "
		  "from 0 to 1638400, 100 for each pCPU of the largest host" },
		{ POOL("name: p, reservation: 101, limit: 100"),
		  "2: pools[0].reservation: found \"101\", allowed a whole number from 0 to 100, "
		  "its limit" },
		{ POOL("name: p, expandable: maybe"),
		  "2: pools[0].expandable: found \"maybe\", allowed yes or no" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_the_tree(void **state)
{
	static const struct bad table[] = {
		{ POOL("name: p, parent: q"),
		  "2: pools[0].parent: found \"q\", allowed " PARENT_WORDS },
		{ "pools:\n  - name: batch\n  - {name: p, parent: bacth}\n" ONE,
		  "3: pools[1].parent: found \"bacth\", allowed " PARENT_WORDS
		  " (did you mean \"batch\"?)" },
		{ POOL("name: p, parent: p"),
		  "2: pools[0].parent: found the pool itself, allowed " PARENT_WORDS },
		/* It leads into a circle and is none of it. */
		{ "pools:\n  - {name: t, parent: c}\n  - {name: a, parent: b}\n"
		  "  - {name: b, parent: c}\n  - {name: c, parent: a}\n" ONE,
		  "3: pools[1].parent: found a circle, \"a\" in \"b\" in \"c\" in \"a\", "
		  "allowed " CIRCLE_WORDS },
		{ "pools:\n  - {name: b, parent: a}\n  - {name: r}\n  - {name: a, parent: b}\n" ONE,
		  "2: pools[0].parent: found a circle, \"b\" in \"a\" in \"b\", "
		  "allowed " CIRCLE_WORDS },
		{ IN("p"), "4: domains[0].pool: found \"p\", allowed the name of a pool; there are "
			   "none" },
		{ "pools:\n  - name: batch\n" IN("btach"),
		  "6: domains[0].pool: found \"btach\", allowed the name of a pool (did you mean "
		  "\"batch\"?)" },
		{ "pools:\n  - name: batch\n" IN("[batch]"),
		  "6: domains[0].pool: found a list, allowed the name of a pool" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

/* --- changes --------------------------------------------------------------------------------- */

#define TWO_POOLS "pools:\n  - {name: p, limit: 50}\n  - {name: q, reservation: 30}\n" ONE
#define ONE_CHANGE(text) TWO_POOLS "changes:\n  - {" text "}\n" /* in line 8 */

static void test_changes_arrive(void **state)
{
	struct cx_scenario *s = cx_load_good(
		TWO_POOLS "changes:\n"
			  "  - {at: 3s, pool: q, weight: low, limit: 1638400}\n"
			  "  - {at: 1s, pool: p, shares: 8000, reservation: 20, limit: 0}\n"
			  "  - {at: 2s, pool: p, reservation: 1638400}\n");
	const struct cx_scenario_change *c = s->changes;

	(void)state;
	assert_int_equal(s->n_changes, 3);
	assert_int_equal(c[0].kind, CX_CHANGE_POOL);
	assert_int_equal(c[0].pool, 0);
	assert_int_equal(c[0].n_domains, 0);
	assert_int_equal(c[0].line, 9);
	assert_true(c[0].weight_given && c[0].reservation_given && c[0].limit_given);
	assert_int_equal(c[0].weight, 2048);
	assert_int_equal(c[0].reservation, 20);
	assert_int_equal(c[0].limit, 0);
	assert_false(c[1].weight_given || c[1].limit_given);
	assert_int_equal(c[1].reservation, 1638400);
	assert_int_equal(c[2].pool, 1);
	assert_int_equal(c[2].weight, 512);
	assert_false(c[2].reservation_given);
	cx_scenario_free(s);
}

static void test_wrong_changes(void **state)
{
	static const struct bad table[] = {
		{ ONE_CHANGE("at: 1s, pool: x, weight: 1"),
		  "8: changes[0].pool: found \"x\", allowed the name of a pool" },
		{ ONE_CHANGE("at: 1s, pool: p"),
		  "8: changes[0]: found nothing that changes, allowed weight, shares, reservation "
		  "or limit beside pool" },
		{ ONE_CHANGE("at: 10s, pool: p, weight: 1"),
		  "8: changes[0].at: found \"10s\", allowed a time from 0s, under the "
		  "scenario's duration, 10s" },
		{ ONE_CHANGE("at: 1s, pool: p, domain: a, weight: 1"),
		  "8: changes[0].pool: found it beside domain, allowed one of domain, pool, param "
		  "and pcpu; a domain stays in its pool" },
		{ ONE_CHANGE("at: 1s, pool: p, weight: 1, policy: {a: 1}"),
		  "8: changes[0].policy: found it beside pool, allowed it beside domain" },
		{ ONE_CHANGE("at: 1s, pool: p, weight: 1, scheduler: rr"),
		  "8: changes[0].scheduler: found it beside pool, allowed it beside param or "
		  "policy" },
		{ ONE_CHANGE("at: 1s, pool: p, weight: 0"),
		  "8: changes[0].weight: found \"0\", allowed a whole number from 1 to 16777215, "
		  "low, normal or high" },
		{ ONE_CHANGE("at: 1s, pool: p, weight: 1, shares: 1"),
		  "8: changes[0].shares: found \"1\", allowed either weight or shares" },
		{ ONE_CHANGE("at: 1s, pool: p, limit: 1638401"),
		  "8: changes[0].limit: found \"1638401\", allowed a whole number from 0 to "
		  "1638400, 100 for each pCPU of the largest host" },
		{ ONE_CHANGE("at: 1s, pool: p, reservation: 51"),
		  "8: changes[0].reservation: found \"51\", allowed a whole number from 0 to 50, "
		  "the limit of p then" },
		{ ONE_CHANGE("at: 1s, pool: q, limit: 29"),
		  "8: changes[0].limit: found \"29\", allowed 0 for none, or at least 30, the "
		  "reservation of q then" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),           cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_weights),        cmocka_unit_test(test_parents_come_first),
		cmocka_unit_test(test_very_many),      cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_values),         cmocka_unit_test(test_the_tree),
		cmocka_unit_test(test_changes_arrive), cmocka_unit_test(test_wrong_changes),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
