/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report says of resource pools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"

static const struct fab_domain domains[] = {
	{ .name = "a", .vcpus = 1 },
	{ .name = "b", .vcpus = 1 },
	{ .name = "free", .vcpus = 1 },
};

static void make_pools(struct fixture *x)
{
	struct cx_record *r;
	struct fab f = fab_new(CX_SEC, 2, 3, domains);

	fab_pool(&f, "batch", CX_NO_POOL);
	fab_pool(&f, "web", CX_NO_POOL);
	fab_pool(&f, "night", 0);
	fab_pool(&f, "front", 1);
	fab_pool(&f, "deep\n", 2);
	r = f.record;
	r->pools[0].limit = 150;
	r->pools[1].reservation = 20;
	r->pools[2].weight = 16777215;
	r->pools[2].expandable = false;
	r->domains[0].pool = r->domains[1].pool = 2;
	r->domains[2].pool = CX_NO_POOL;
	fab_emit(&f, 100 * CX_MS, CX_EV_ADJUST_POOL, 0, 0, CX_NO_VCPU, CX_ADJUST_LIMIT, 50, 0);
	fab_emit(&f, 200 * CX_MS, CX_EV_ADJUST_POOL, 0, 2, CX_NO_VCPU, CX_ADJUST_WEIGHT, 7, 0);
	fab_emit(&f, 300 * CX_MS, CX_EV_ADJUST_POOL, 0, 0, CX_NO_VCPU, CX_ADJUST_LIMIT, 0, 0);
	fab_emit(&f, 400 * CX_MS, CX_EV_ADJUST_POOL, 0, 1, CX_NO_VCPU, CX_ADJUST_RESERVATION, 30,
		 0);
	fab_finish(&f);
	memset(x, 0, sizeof(*x));
	x->n = 1;
	x->fabs[0] = f;
	x->records[0] = r;
	x->report = (struct cx_report){ 1, x->records, x->metrics };
	measure(x);
}

/* Each behind what it is part of, however the record has them. */
static void the_tree_in_the_text(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make_pools(&x);
	text = text_of(&x, 100);
	assert_non_null(strstr(text,
			       "\npool             weight reservation   limit expandable domains\n"
			       "batch              1024           0     150        yes       0\n"
			       "  night        16777215           0    none         no       2\n"
			       "    deep?          1024           0    none        yes       0\n"
			       "web                1024          20    none        yes       0\n"
			       "  front            1024           0    none        yes       0\n"
			       "\n"));
	free(text);
	release(&x);
}

static void their_changes_in_the_text(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make_pools(&x);
	text = text_of(&x, 400);
	assert_non_null(strstr(text, "-- during the run: at 100ms pool batch: limit 50 %; at 200ms "
				     "pool night: weight 7; at 300ms pool batch: limit none; at "
				     "400ms pool web: reservation 30 %\n"));
	free(text);
	release(&x);
}

static json_object *member(json_object *o, const char *key)
{
	json_object *value = NULL;

	assert_true(json_object_object_get_ex(o, key, &value));
	return value;
}

static json_object *nth(json_object *o, const char *key, unsigned n)
{
	return json_object_array_get_idx(member(o, key), n);
}

static const char *text_in(json_object *o, const char *key)
{
	return json_object_get_string(member(o, key));
}

static void in_json(void **state)
{
	json_object *root, *run, *one;
	struct fixture x;

	(void)state;
	make_pools(&x);
	root = json_of(&x);
	run = nth(root, "runs", 0);
	assert_int_equal(json_object_array_length(member(run, "pools")), 5);
	one = nth(run, "pools", 0);
	assert_string_equal(text_in(one, "name"), "batch");
	assert_false(json_object_object_get_ex(one, "parent", NULL));
	assert_int_equal(json_object_get_int(member(one, "limit")), 150);
	assert_true(json_object_get_boolean(member(one, "expandable")));
	one = nth(run, "pools", 2);
	assert_string_equal(text_in(one, "parent"), "batch");
	assert_int_equal(json_object_get_int(member(one, "weight")), 16777215);
	assert_int_equal(json_object_get_int(member(one, "reservation")), 0);
	assert_false(json_object_get_boolean(member(one, "expandable")));
	assert_string_equal(text_in(nth(run, "domains", 1), "pool"), "night");
	assert_false(json_object_object_get_ex(nth(run, "domains", 2), "pool", NULL));
	one = nth(run, "changes", 1);
	assert_string_equal(text_in(one, "type"), "pool_adjust");
	assert_string_equal(text_in(one, "pool"), "night");
	assert_string_equal(text_in(one, "what"), "weight");
	assert_int_equal(json_object_get_int(member(one, "value")), 7);
	json_object_put(root);
	release(&x);
}

static void in_the_page(void **state)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	struct fixture x;

	(void)state;
	make_pools(&x);
	assert_non_null(out);
	cx_html_pools(out, x.records[0]);
	fclose(out);
	assert_ptr_equal(strstr(text, "<h2 id=\"pools\">Resource pools</h2>\n<pre>pool  "), text);
	assert_non_null(strstr(text, "\n  night        16777215           0    none"));
	assert_non_null(strstr(text, "       0\n</pre>\n"));
	free(text);
	release(&x);
}

static void nothing_said_of_none(void **state)
{
	json_object *root;
	struct fixture x;
	char *text;

	(void)state;
	make(&x, 1, 200 * CX_MS, 1, 3, mixed);
	measure(&x);
	text = text_of(&x, 400);
	assert_null(strstr(text, "pool "));
	free(text);
	root = json_of(&x);
	assert_int_equal(json_object_array_length(member(nth(root, "runs", 0), "pools")), 0);
	json_object_put(root);
	release(&x);
}

/* A thousand of them, one in the other: the table stays a table. */
static void a_deep_tree(void **state)
{
	struct fab f = fab_new(CX_MS, 1, 1, domains);
	size_t size = 0, longest = 0, at;
	char *text = NULL;
	FILE *out;
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++)
		fab_pool(&f, "p", i ? i - 1 : CX_NO_POOL);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	cx_pools_text(f.record, out);
	fclose(out);
	assert_non_null(strstr(text, "\nand 960 more\n"));
	for (at = 0; at < size; at += strcspn(text + at, "\n") + 1)
		if (strcspn(text + at, "\n") > longest)
			longest = strcspn(text + at, "\n");
	assert_in_range(longest, 50, 100);
	free(text);
	fab_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_in_the_text),
		cmocka_unit_test(their_changes_in_the_text),
		cmocka_unit_test(in_json),
		cmocka_unit_test(in_the_page),
		cmocka_unit_test(nothing_said_of_none),
		cmocka_unit_test(a_deep_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
