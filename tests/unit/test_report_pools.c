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
			       "\npool             weight reservation   limit expandable domains "
			       "entitled received   short    over\n"
			       "batch              1024           0     150        yes       0 "
			       "     0.0      0.0       -       -\n"
			       "  night        16777215           0    none         no       2 "
			       "     0.0      0.0       -       -\n"
			       "    deep?          1024           0    none        yes       0 "
			       "     0.0      0.0       -       -\n"
			       "web                1024          20    none        yes       0 "
			       "     0.0      0.0       -       -\n"
			       "  front            1024           0    none        yes       0 "
			       "     0.0      0.0       -       -\n"
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

/*
 * One pCPU; a in night, b in batch above it, free in none.  In each 100 ms a runs 20, b 50 and
 * free 30, all of them always want to: batch receives 70 and night 20, though the limit of batch
 * is 40: 300 ms of a second too much.
 */
static void make_busy_pools(struct fixture *x)
{
	struct fab f = fab_new(2 * CX_SEC, 1, 3, domains);
	uint64_t t;

	fab_pool(&f, "batch", CX_NO_POOL);
	fab_pool(&f, "night", 0);
	f.record->pools[1].weight = 256; /* as much as b */
	f.record->pools[0].limit = 40;
	f.record->domains[0].pool = 1;
	f.record->domains[1].pool = 0;
	f.record->domains[2].pool = CX_NO_POOL;
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	fab_wake(&f, 0, 2, CX_WAKE_START);
	for (t = 0; t < 2 * CX_SEC; t += 100 * CX_MS) {
		fab_switch(&f, t, 0, 0, CX_WHY_SLICE);
		fab_switch(&f, t + 20 * CX_MS, 0, 1, CX_WHY_SLICE);
		fab_switch(&f, t + 70 * CX_MS, 0, 2, CX_WHY_SLICE);
	}
	fab_finish(&f);
	memset(x, 0, sizeof(*x));
	x->n = 1;
	x->fabs[0] = f;
	x->records[0] = f.record;
	x->report = (struct cx_report){ 1, x->records, x->metrics };
	measure(x);
}

static void sums_of_the_members(void **state)
{
	const struct cx_metrics *m;
	struct fixture x;
	unsigned i;

	(void)state;
	make_busy_pools(&x);
	m = x.metrics[0];
	assert_int_equal(m->pools[0].run_ns, 1400 * CX_MS);
	assert_int_equal(m->pools[1].run_ns, 400 * CX_MS);
	/* The limit is what the outer one is entitled to, the inner one to half of that. */
	assert_near(m->pools[0].entitled_ns, 800 * CX_MS, CX_US);
	assert_near(m->pools[1].entitled_ns, 400 * CX_MS, CX_US);
	for (i = 0; i < m->n_intervals; i++) {
		assert_int_equal(m->pools[0].intervals[i].time_ns[CX_RUNNING], 70 * CX_MS);
		assert_int_equal(m->pools[1].intervals[i].time_ns[CX_RUNNING], 20 * CX_MS);
		assert_int_equal(m->pools[0].intervals[i].time_ns[CX_READY], 130 * CX_MS);
		assert_near(m->pools[0].intervals[i].entitled_ns, 40 * CX_MS, CX_US);
	}
	assert_int_equal(m->n_intervals, 20);
	/* Nobody else has a limit: the headline's figure is the pool's. */
	assert_int_equal(cx_worst_bounds(m).overshoot.worst_ns, 300 * CX_MS);
	assert_int_equal(cx_worst_bounds(m).shortfall.judged_ns, 0);
	release(&x);
}

static void what_pools_received(void **state)
{
	struct cx_error err = { "" };
	json_object *root, *pool;
	struct fixture x;
	char *text;

	(void)state;
	make_busy_pools(&x);
	text = text_of(&x, 100);
	assert_non_null(strstr(text,
			       "batch              1024           0      40        yes       1 "
			       "    40.0     70.0       -   300ms\n"
			       "  night             256           0    none        yes       1 "
			       "    20.0     20.0       -       -\n"));
	assert_non_null(strstr(text, "\ndomain          pool weight "));
	assert_non_null(strstr(text, "\na              night    256 "));
	assert_non_null(strstr(text, "\nb              batch    256 "));
	assert_non_null(strstr(text, "\nfree               -    256 "));
	free(text);
	root = json_of(&x);
	pool = nth(nth(root, "runs", 0), "pools", 0);
	assert_int_equal(json_object_get_int64(member(pool, "run_ns")), 1400 * CX_MS);
	assert_near(json_object_get_int64(member(pool, "entitled_ns")), 800 * CX_MS, CX_US);
	json_object_put(root);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	text = slurp(x.dir, "report.html");
	assert_non_null(strstr(text, "<td>batch</td><td>rr</td><td>0</td><td>40</td><td>40.0</td>"
				     "<td>70.0</td><td>-</td><td>300ms at 0.000 s</td>"));
	assert_non_null(strstr(text, "<td>-</td><td>300ms</td>")); /* in the table of schedulers */
	assert_non_null(strstr(text, "<tr><td>a</td><td>night</td><td>1</td><td>256</td>"));
	free(text);
	text = slurp(x.dir, "data/pools.csv");
	assert_non_null(strstr(text, "\n\"rr\",\"night\",256,0,0,20.0000,20.0000,400000000,"
				     "400000000,"));
	free(text);
	text = slurp(x.dir, "data/domains.csv");
	assert_non_null(strstr(text, ",pool\n"));
	assert_non_null(strstr(text, ",\"night\"\n"));
	assert_non_null(strstr(text, ",\"\"\n"));
	free(text);
	text = slurp(x.dir, "data/pools-over-time.csv");
	assert_non_null(strstr(text, "\n0,0,\"rr\",\"batch\",0,0.1,40.0000,70.0000,35.00,65.00,"
				     "0.00,0.00,0.00\n"));
	free(text);
	text = slurp(x.dir, "plots/over-time-rr.gp");
	assert_non_null(strstr(text, "'pool batch' 1.39"));
	assert_non_null(strstr(text, "'pool night' 0.39"));
	free(text);
	assert_true(exists(x.dir, "plots/over-time-rr.svg"));
	release(&x);
}

/* Domains of one row that are in different pools; more pools than have a lane. */
static void a_row_of_several_pools(void **state)
{
	unsigned order[3] = { 9, 9, 9 };
	struct fixture x;
	struct cx_rows rows;

	(void)state;
	make_pools(&x);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	assert_string_equal(cx_row_pool(x.records[0], &rows, 0), "night");
	assert_string_equal(cx_row_pool(x.records[0], &rows, 2), "-");
	rows.row_of[2] = 0;
	assert_string_equal(cx_row_pool(x.records[0], &rows, 0), "*");
	cx_rows_free(&rows);
	assert_int_equal(cx_pools_first(x.records[0], 2, order), 2);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 9);
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
	cx_pools_text(f.record, NULL, out);
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
		cmocka_unit_test(sums_of_the_members),
		cmocka_unit_test(what_pools_received),
		cmocka_unit_test(a_row_of_several_pools),
		cmocka_unit_test(nothing_said_of_none),
		cmocka_unit_test(a_deep_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
