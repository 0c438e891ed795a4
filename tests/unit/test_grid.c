/* SPDX-License-Identifier: BSD-2-Clause */
/* Points by number, and sets of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/sweep/store.h"
#include "core/sweep/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Two scenarios, two policies; tslice is credit's alone, web is in the second scenario alone,
 * the cost reaches all.  Blocks: a rr 2x2, a credit 3x2x2, b rr 2x2x2, b credit 3x2x2x2. */
static const char text[] = "scenarios: [a, b]\n"
			   "schedulers: [rr, credit]\n"
			   "params: {tslice: [1ms, 5ms, 30ms]}\n"
			   "costs: {switch: [1us, 2 us]}\n"
			   "set: {domains.web.limit: [10, -20]}\n"
			   "seeds: [7, 9]\n";

struct rig {
	struct cx_plan *plan;
	struct cx_sweep sweep;
	struct cx_sweep_scenario scenarios[2];
	struct cx_sweep_policy policies[2];
	bool reached[4][3];
	uint64_t first[4];
};

static struct rig *make_rig(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct cx_error err = { "" };
	unsigned i;

	assert_non_null(r);
	assert_int_equal(cx_plan_parse("p.yaml", text, strlen(text), &r->plan, &err), 0);
	for (i = 0; i < 2; i++) {
		r->scenarios[i].reached = r->reached[i];
		r->policies[i].reached = r->reached[2 + i];
	}
	r->scenarios[1].reached[2] = true;
	r->policies[1].reached[0] = true;
	r->sweep = (struct cx_sweep){ .plan = r->plan,
				      .scenarios = r->scenarios,
				      .policies = r->policies,
				      .first = r->first };
	assert_int_equal(cx_grid_count(&r->sweep, &err), 0);
	return r;
}

static void free_rig(struct rig *r)
{
	cx_plan_free(r->plan);
	free(r);
}

static char *printed(const struct rig *r, uint64_t number,
		     void (*put)(const struct cx_sweep *sweep, const struct cx_point *point,
				 FILE *out))
{
	struct cx_point point;
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	assert_non_null(out);
	cx_grid_point(&r->sweep, number, &point);
	assert_int_equal(point.number, number);
	put(&r->sweep, &point, out);
	fclose(out);
	return line;
}

static void test_counting(void **state)
{
	struct rig *r = make_rig();

	(void)state;
	assert_int_equal(r->sweep.n_points, 4 + 12 + 8 + 24);
	assert_int_equal(r->sweep.n_groups, 24);
	assert_int_equal(r->first[1], 4);
	assert_int_equal(r->first[2], 16);
	assert_int_equal(r->first[3], 24);
	free_rig(r);
}

/* The order is part of what people rely on: it never changes. */
static void test_the_order(void **state)
{
	static const struct {
		uint64_t number;
		const char *key;
	} table[] = {
		{ 1, "a rr costs.switch=1us seed=7" },
		{ 2, "a rr costs.switch=1us seed=9" },
		{ 3, "a rr costs.switch=\"2 us\" seed=7" },
		{ 5, "a credit tslice=1ms costs.switch=1us seed=7" },
		{ 16, "a credit tslice=30ms costs.switch=\"2 us\" seed=9" },
		{ 17, "b rr costs.switch=1us domains.web.limit=10 seed=7" },
		{ 19, "b rr costs.switch=1us domains.web.limit=-20 seed=7" },
		{ 48, "b credit tslice=30ms costs.switch=\"2 us\" domains.web.limit=-20 seed=9" },
	};
	struct rig *r = make_rig();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		char *key = printed(r, table[i].number, cx_grid_key);

		assert_string_equal(key, table[i].key);
		free(key);
	}
	free_rig(r);
}

static void test_no_two_are_alike(void **state)
{
	struct rig *r = make_rig();
	char *keys[48];
	unsigned i, k;

	(void)state;
	for (i = 0; i < 48; i++) {
		struct cx_point point;

		keys[i] = printed(r, i + 1, cx_grid_key);
		for (k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
		cx_grid_point(&r->sweep, i + 1, &point);
		assert_int_equal(point.group, i / 2);
	}
	for (i = 0; i < 48; i++)
		free(keys[i]);
	free_rig(r);
}

/* Empty where a setting does not reach; numbers as such, the rest in quotes. */
static void test_as_a_table(void **state)
{
	struct rig *r = make_rig();
	char *line = printed(r, 1, cx_grid_csv);

	(void)state;
	assert_string_equal(line, "\"a\",\"rr\",,\"1us\",");
	free(line);
	line = printed(r, 48, cx_grid_csv);
	assert_string_equal(line, "\"b\",\"credit\",\"30ms\",\"2 us\",-20");
	free(line);
	free_rig(r);
}

static void test_too_many(void **state)
{
	char big[8192] = "scenarios: [a]\nschedulers: [rr]\nset:\n";
	struct cx_sweep_scenario scenario = { 0 };
	struct cx_sweep_policy policy = { 0 };
	bool reached[CX_PLAN_AXES_MAX], none[CX_PLAN_AXES_MAX] = { false };
	struct cx_error err = { "" };
	struct cx_sweep sweep;
	struct cx_plan *plan;
	uint64_t first;
	unsigned i;

	(void)state;
	for (i = 0; i < 32; i++)
		sprintf(big + strlen(big), "  x%u: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", i);
	assert_int_equal(cx_plan_parse("p.yaml", big, strlen(big), &plan, &err), 0);
	memset(reached, true, sizeof(reached));
	scenario.reached = reached;
	policy.reached = none;
	sweep = (struct cx_sweep){
		.plan = plan, .scenarios = &scenario, .policies = &policy, .first = &first
	};
	assert_int_equal(cx_grid_count(&sweep, &err), -EINVAL);
	assert_non_null(strstr(err.text, "p.yaml: its grid has more than 1000000 points"));
	scenario.reached = none;
	assert_int_equal(cx_grid_count(&sweep, &err), 0);
	assert_int_equal(sweep.n_points, 1);
	cx_plan_free(plan);
}

/* --- sets of numbers ---------------------------------------------------------------- */

static void check_set(const char *in, const char *out, uint64_t count)
{
	struct cx_error err = { "" };
	struct cx_numbers set;
	char *line = NULL;
	size_t len;
	FILE *mem = open_memstream(&line, &len);

	assert_int_equal(cx_numbers_init(&set, 100, &err), 0);
	if (cx_numbers_parse(in, &set, &err) != 0)
		fail_msg("%s: %s", in, err.text);
	assert_int_equal(set.count, count);
	cx_numbers_print(&set, mem);
	fclose(mem);
	assert_string_equal(line, out);
	free(line);
	cx_numbers_free(&set);
}

static void test_sets_of_numbers(void **state)
{
	static const char *const refused[] = {
		"",   "0",  "101",  "1-101", "5-4",
		"1,", ",1", "1,,2", "1-2-3", "x",
		"-1", "1-", " 1",   "1 ",    "99999999999999999999"
	};
	struct cx_error err;
	struct cx_numbers set;
	size_t i;

	(void)state;
	check_set("7", "7", 1);
	check_set("1-100", "1-100", 100);
	check_set("17-20,31", "17-20,31", 5);
	check_set("31,17-20,18,17", "17-20,31", 5);
	check_set("1,2,4,6-7,8", "1,2,4,6-8", 6);
	assert_int_equal(cx_numbers_init(&set, 100, &err), 0);
	for (i = 0; i < COUNT(refused); i++) {
		assert_int_equal(cx_numbers_parse(refused[i], &set, &err), -EINVAL);
		assert_non_null(strstr(err.text, "allowed: numbers and ranges from 1 to 100"));
	}
	cx_numbers_free(&set);
}

static void test_walking_a_set(void **state)
{
	static const uint64_t members[] = { 1, 7, 8, 9, 15, 16, 64, 65, 999, 1000 };
	struct cx_error err;
	struct cx_numbers set;
	uint64_t at = 0;
	size_t i;

	(void)state;
	assert_int_equal(cx_numbers_init(&set, 1000, &err), 0);
	assert_int_equal(cx_numbers_next(&set, 0), 0);
	for (i = 0; i < COUNT(members); i++)
		cx_numbers_add(&set, members[i]);
	cx_numbers_add(&set, 0);
	cx_numbers_add(&set, 1001);
	cx_numbers_add(&set, 8);
	assert_int_equal(set.count, COUNT(members));
	for (i = 0; i < COUNT(members); i++) {
		at = cx_numbers_next(&set, at);
		assert_int_equal(at, members[i]);
	}
	assert_int_equal(cx_numbers_next(&set, at), 0);
	cx_numbers_remove(&set, 8);
	cx_numbers_remove(&set, 8);
	assert_int_equal(set.count, COUNT(members) - 1);
	assert_int_equal(cx_numbers_next(&set, 7), 9);
	cx_numbers_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counting),         cmocka_unit_test(test_the_order),
		cmocka_unit_test(test_no_two_are_alike), cmocka_unit_test(test_as_a_table),
		cmocka_unit_test(test_too_many),         cmocka_unit_test(test_sets_of_numbers),
		cmocka_unit_test(test_walking_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
