/* SPDX-License-Identifier: BSD-2-Clause */
/* What the report says over time, of reservations and limits, and side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"

/* A is short of its 60 % for 200 ms in a second, B exceeds 30 % under the first scheduler. */
static const struct fab_domain bound[] = {
	{ .name = "A", .vcpus = 1, .reservation = 60 },
	{ .name = "B", .vcpus = 1, .limit = 30 },
};

static struct fab turns(const char *name, uint64_t a_ns, uint64_t b_ns)
{
	struct fab f = fab_new(2 * CX_SEC, 1, 2, bound);
	uint64_t t;

	free(f.record->scheduler);
	f.record->scheduler = fab_text(name);
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	for (t = 0; t < 2 * CX_SEC; t += a_ns + b_ns) {
		fab_switch(&f, t, 0, 0, CX_WHY_SLICE);
		fab_switch(&f, t + a_ns, 0, 1, CX_WHY_SLICE);
	}
	fab_finish(&f);
	return f;
}

static void two_runs(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	x->n = 2;
	x->fabs[0] = turns("rr", 40 * CX_MS, 60 * CX_MS);
	x->fabs[1] = turns("credit", 70 * CX_MS, 30 * CX_MS);
	x->records[0] = x->fabs[0].record;
	x->records[1] = x->fabs[1].record;
	x->report = (struct cx_report){ 2, x->records, x->metrics };
	measure(x);
}

/* Column @n of a line without quoted commas, from 0. */
static const char *field(const char *line, unsigned n)
{
	while (n-- > 0)
		line = strchr(line, ',') + 1;
	return line;
}

/* "33.34" in hundredths. */
static unsigned hundredths(const char *text)
{
	unsigned whole, part;

	assert_int_equal(sscanf(text, "%u.%2u", &whole, &part), 2);
	return 100 * whole + part;
}

/* Every interval adds up to 100.00, digit by digit, and the intervals to the run. */
static void test_over_time_adds_up(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "web", .vcpus = 3, .weight = 512 },
		{ .name = "batch", .vcpus = 1, .weight = 128, .limit = 20 },
		{ .name = "sleepy", .vcpus = 2, .burst_ns = 700 * CX_US, .sleep_ns = 9 * CX_MS },
	};
	struct cx_error err = { "" };
	unsigned lines = 0, rows = 0, k;
	struct fixture x;
	char *csv, *p;

	(void)state;
	make(&x, 2, 1234 * CX_MS, 2, 3, domains);
	measure(&x);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	csv = slurp(x.dir, "data/over-time.csv");
	for (p = strchr(csv, '\n') + 1; *p; p = strchr(p, '\n') + 1, lines++) {
		unsigned sum = 0;

		for (k = 0; k < CX_ESXTOP; k++)
			sum += hundredths(field(p, 8 + k));
		assert_int_equal(sum, 10000);
		if ((lines + 1) % 12)
			continue;
		/* The last of a domain's: it ends with the run, at what the domain received. */
		assert_near(strtod(field(p, 3), NULL), 1.234, 1e-9);
		assert_int_equal(strtoull(field(p, 7), NULL, 10),
				 x.metrics[lines / 36]->domains[lines / 12 % 3].run_ns);
	}
	assert_int_equal(lines, 2 * 3 * 12);
	free(csv);
	csv = slurp(x.dir, "data/rows-over-time.csv");
	for (p = strchr(csv, '\n') + 1; *p; p = strchr(p, '\n') + 1)
		rows++;
	assert_int_equal(rows, lines);
	free(csv);
	release(&x);
}

/* What has not begun yet has no percentages. */
static void test_no_life(void **state)
{
	struct fab f = fab_new(400 * CX_MS, 1, 2, bound);
	struct fixture x;
	char sub[128], *csv;
	struct cx_rows rows;

	(void)state;
	memset(&x, 0, sizeof(x));
	f.record->domains[1].start_ns = 200 * CX_MS;
	fab_born(&f, 1, 200 * CX_MS);
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 200 * CX_MS, 1, CX_WAKE_START);
	fab_finish(&f);
	x.n = 1;
	x.fabs[0] = f;
	x.records[0] = f.record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	measure(&x);
	make_dir(&x);
	snprintf(sub, sizeof(sub), "%s/data", x.dir);
	assert_int_equal(mkdir(sub, 0777), 0);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	assert_int_equal(cx_series_csv(&x.report, &rows, x.dir, NULL), 0);
	assert_false(exists(x.dir, "data/pools.csv"));
	csv = slurp(x.dir, "data/over-time.csv");
	assert_non_null(strstr(csv, "\"rr\",\"B\",0.1,0.2,0,0,0,0,,,,,\n"));
	assert_non_null(strstr(csv, "\"rr\",\"B\",0.2,0.3,"));
	assert_non_null(strstr(csv, ",0.00,100.00,0.00,0.00,0.00\n"));
	free(csv);
	cx_rows_free(&rows);
	release(&x);
}

/* It ends 0.5 ms into an interval: no state is drawn over all of that, what it was is told. */
static void test_a_moment_of_life(void **state)
{
	struct fab f = fab_new(400 * CX_MS, 1, 2, bound);
	struct cx_row_interval cell;
	struct cx_rows rows;
	struct fixture x;
	char sub[128], *csv;

	(void)state;
	memset(&x, 0, sizeof(x));
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_wake(&f, 0, 1, CX_WAKE_START);
	fab_end(&f, 200500 * CX_US, 0, CX_END_EXIT);
	fab_end(&f, 202 * CX_MS, 1, CX_END_EXIT);
	f.record->domains[0].stop_ns = 200500 * CX_US;
	f.record->domains[1].stop_ns = 202 * CX_MS;
	fab_finish(&f);
	x.n = 1;
	x.fabs[0] = f;
	x.records[0] = f.record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	measure(&x);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	cx_row_interval(&x.report, 0, &rows, 0, 1, &cell);
	assert_int_equal(cell.time_ns[CX_READY], 100 * CX_MS);
	cx_row_interval(&x.report, 0, &rows, 0, 2, &cell);
	assert_int_equal(cell.time_ns[CX_READY], 0);
	cx_row_interval(&x.report, 0, &rows, 1, 2, &cell);
	assert_int_equal(cell.time_ns[CX_READY], 2 * CX_MS); /* enough to be seen */
	make_dir(&x);
	snprintf(sub, sizeof(sub), "%s/data", x.dir);
	assert_int_equal(mkdir(sub, 0777), 0);
	assert_int_equal(cx_series_csv(&x.report, &rows, x.dir, NULL), 0);
	csv = slurp(x.dir, "data/rows-over-time.csv");
	assert_non_null(strstr(csv, "\n0,0,\"rr\",\"A\",0.2,0.3,"));
	assert_non_null(strstr(strstr(csv, "\"A\",0.2,0.3,"), ",0,0,0,0,0\n0,0,\"rr\",\"A\",0.3,"));
	assert_non_null(strstr(strstr(csv, "\"B\",0.2,0.3,"),
			       ",0.00,100.00,0.00,0.00,0.00\n0,1,\"rr\",\"B\",0.3,"));
	free(csv);
	csv = slurp(x.dir, "data/over-time.csv");
	assert_non_null(strstr(strstr(csv, "\"A\",0.2,0.3,"),
			       ",0.00,100.00,0.00,0.00,0.00\n\"rr\",\"A\",0.3,"));
	free(csv);
	cx_rows_free(&rows);
	release(&x);
}

/* The axis of lags is marked as far as there is room, however small or large they are. */
static void test_axis_of_lags(void **state)
{
	static const struct {
		int64_t most_ns;
		const char *even, *has[6], *has_not;
	} cases[] = {
		{ 0,
		  "asinh(x/0.01)",
		  { "'10 us' 0.01,", "'-5 us' -0.005,", "'2 us' 0.002" },
		  "ms" },
		{ 300000,
		  "asinh(x/0.1)",
		  { "'100 us' 0.1,", "'-200 us' -0.2,", "'50 us' " },
		  "ms" },
		{ 6220000, "asinh(x/1)", { "'1 ms' 1,", "'-5 ms' -5,", "'2 ms' 2" }, "10 ms" },
		{ 70000000,
		  "asinh(x/1)",
		  { "'10 ms' 10,", "'50 ms' 50", "'-1 ms' -1,", "'' 20 1" },
		  "us" },
		{ 3000000000,
		  "asinh(x/1)",
		  { "'1 s' 1000,", "'-100 ms' -100,", "'' 2 1", "'' -5 1", "'' -500 1" },
		  "us" },
		{ 2000000000000,
		  "asinh(x/1)",
		  { "'100 s' 100000,", "'10 ms' 10,", "'' 1000000 1" },
		  "2000 s" },
	};
	struct fixture x;
	struct cx_rows rows;
	unsigned i, k, d, q;
	char *text, *tics, sub[128];

	(void)state;
	two_runs(&x);
	make_dir(&x);
	snprintf(sub, sizeof(sub), "%s/plots", x.dir);
	assert_int_equal(mkdir(sub, 0777), 0);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cx_timeline timeline = { .length_ns = 0 };
		struct cx_plots *plots = calloc(1, sizeof(*plots));

		assert_non_null(plots);
		for (k = 0; k < 2; k++)
			for (d = 0; d < 2; d++)
				for (q = 0; q < CX_LAG_QUANTILES; q++)
					((struct cx_metrics *)x.metrics[k])->domains[d].lag_ns[q] =
						d ? 0 : -cases[i].most_ns;
		assert_int_equal(cx_plots_write(&x.report, &rows, &timeline, x.dir, plots, NULL),
				 0);
		text = slurp(x.dir, "plots/lag.gp");
		assert_non_null(strstr(text, cases[i].even));
		tics = strstr(text, "set xtics (");
		assert_non_null(tics);
		*strchr(tics, '\n') = '\0';
		for (k = 0; k < 6 && cases[i].has[k]; k++)
			if (!strstr(tics, cases[i].has[k]))
				fail_msg("%s is not in %s", cases[i].has[k], tics);
		if (strstr(tics, cases[i].has_not))
			fail_msg("%s is in %s", cases[i].has_not, tics);
		free(text);
		free(plots);
	}
	cx_rows_free(&rows);
	release(&x);
}

/* The schedulers stand below each other, with the figures of the worst second. */
static void test_side_by_side(void **state)
{
	struct cx_error err = { "" };
	struct fixture x;
	char *text, *at;

	(void)state;
	two_runs(&x);
	assert_int_equal(x.metrics[0]->domains[0].bounds.shortfall.worst_ns, 200 * CX_MS);
	assert_int_equal(x.metrics[0]->domains[1].bounds.overshoot.worst_ns, 300 * CX_MS);
	assert_int_equal(x.metrics[1]->domains[0].bounds.shortfall.worst_ns, 0);
	assert_int_equal(x.metrics[1]->domains[1].bounds.overshoot.worst_ns, 0);
	text = text_of(&x, 100);
	assert_non_null(strstr(text, "side by side"));
	assert_non_null(strstr(text, "\nA\n  rr "));
	assert_non_null(strstr(text, "40.0  60.0    0.0   0.0   0.0 "));
	assert_non_null(strstr(text, "  200ms       -\n  credit "));
	assert_non_null(strstr(text, "      -   300ms\n"));
	free(text);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	text = slurp(x.dir, "report.html");
	at = strstr(text, "id=\"side-by-side\"");
	assert_non_null(at);
	assert_non_null(strstr(at, "<td>200ms at 0.000 s</td>"));
	assert_non_null(strstr(at, "id=\"f-shortfall\""));
	assert_non_null(strstr(at, "id=\"f-overshoot\""));
	assert_non_null(strstr(at, "id=\"f-esxtop\""));
	/* In the table over schedulers: the worst domain's. */
	assert_non_null(strstr(text, "<td>200ms</td><td>300ms</td>"));
	free(text);
	text = slurp(x.dir, "data/runs.csv");
	assert_non_null(strstr(text, ",1000000000,2000000000,200000000,0,"
				     "1000000000,2000000000,300000000,"));
	free(text);
	release(&x);
}

/* Nobody has a reservation or a limit: no column says so. */
static void test_unbounded(void **state)
{
	static const struct fab_domain one[] = { { .name = "a", .vcpus = 1 } };
	struct fixture x;
	char *text;

	(void)state;
	make(&x, 1, 300 * CX_MS, 1, 1, one);
	measure(&x);
	assert_false(cx_report_bounded(&x.report));
	text = text_of(&x, 100);
	assert_non_null(strstr(text, "side by side"));
	assert_null(strstr(text, " short "));
	free(text);
	release(&x);
}

/* One has a limit for a while only. */
static void test_bounded_for_a_while(void **state)
{
	static const struct fab_domain one[] = { { .name = "a", .vcpus = 1 } };
	struct fab f = fab_new(3 * CX_SEC, 1, 1, one);
	struct fixture x;

	(void)state;
	memset(&x, 0, sizeof(x));
	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_emit(&f, CX_SEC, CX_EV_ADJUST, 0, 0, CX_NO_VCPU, CX_ADJUST_LIMIT, 20, 0);
	fab_finish(&f);
	x.n = 1;
	x.fabs[0] = f;
	x.records[0] = f.record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	measure(&x);
	assert_true(cx_report_bounded(&x.report));
	release(&x);
}

static void test_pools(void **state)
{
	struct cx_error err = { "" };
	struct json_object *o, *pools, *pool, *value;
	struct cx_metrics *m;
	struct fixture x;
	char *text;
	unsigned i;

	(void)state;
	two_runs(&x);
	for (i = 0; i < 2; i++) {
		struct cx_record *r = x.fabs[i].record;

		r->pools = calloc(1, sizeof(*r->pools));
		assert_non_null(r->pools);
		r->n_pools = 1;
		r->pools[0] = (struct cx_record_pool){
			.name = fab_text("<pool>,\"1\""),
			.parent = CX_NO_POOL,
			.weight = 1000,
			.reservation = 60,
			.limit = 90,
		};
		r->domains[1].pool = 7; /* in none */
		cx_metrics_free((struct cx_metrics *)x.metrics[i]);
		assert_int_equal(cx_metrics_compute(r, &m, NULL), 0);
		x.metrics[i] = m;
	}
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	text = slurp(x.dir, "data/pools.csv");
	assert_non_null(strstr(text, "\"rr\",\"<pool>,\"\"1\"\"\",1000,60,90,"
				     "79.6178,40.0000,1592356680,800000000,"
				     "1000000000,2000000000,200000000,0,"
				     "1000000000,2000000000,0,0\n"));
	free(text);
	text = slurp(x.dir, "report.html");
	assert_non_null(strstr(text, "<td>&lt;pool&gt;,&quot;1&quot;</td><td>rr</td>"));
	free(text);
	o = json_of(&x);
	assert_true(json_object_object_get_ex(o, "runs", &value));
	assert_true(
		json_object_object_get_ex(json_object_array_get_idx(value, 0), "pools", &pools));
	assert_int_equal(json_object_array_length(pools), 1);
	pool = json_object_array_get_idx(pools, 0);
	assert_true(json_object_object_get_ex(pool, "reservation_shortfall", &value));
	assert_true(json_object_object_get_ex(value, "worst_ns", &value));
	assert_int_equal(json_object_get_int64(value), 200 * CX_MS);
	json_object_put(o);
	for (i = 0; i < 2; i++) {
		struct cx_record *r = x.fabs[i].record;

		free(r->pools[0].name);
		free(r->pools);
		r->pools = NULL;
		r->n_pools = 0;
	}
	release(&x);
}

static void test_worse(void **state)
{
	const struct cx_metrics_bound none = { .worst_ns = 0 };
	const struct cx_metrics_bound kept = { .judged_ns = 5, .worst_ns = 0, .at_ns = 1 };
	const struct cx_metrics_bound missed = { .judged_ns = 5, .worst_ns = 9, .at_ns = 2 };
	char buf[CX_SHORT];

	(void)state;
	assert_int_equal(cx_worse_bound(none, kept).at_ns, 1);
	assert_int_equal(cx_worse_bound(kept, none).at_ns, 1);
	assert_int_equal(cx_worse_bound(kept, missed).at_ns, 2);
	assert_int_equal(cx_worse_bound(missed, kept).at_ns, 2);
	assert_string_equal(cx_fmt_bound(&none, buf), "-");
	assert_string_equal(cx_fmt_bound(&kept, buf), "0");
	assert_string_equal(cx_fmt_bound(&missed, buf), "9ns");
}

/* Replicas in one row: their lags together. */
static void test_lag_of_a_row(void **state)
{
	struct fab_domain domains[14];
	char names[14][16];
	int64_t lag[CX_LAG_QUANTILES];
	struct fixture x;
	struct cx_rows rows;
	unsigned i;

	(void)state;
	memset(domains, 0, sizeof(domains));
	for (i = 0; i < 14; i++) {
		snprintf(names[i], sizeof(names[i]), "web.%u", i);
		domains[i] = (struct fab_domain){ .name = names[i], .vcpus = 1 };
	}
	make(&x, 1, 500 * CX_MS, 2, 14, domains);
	measure(&x);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(cx_row_lag(&x.report, 0, &rows, 0, lag), 0);
	for (i = 0; i < 14; i++) {
		assert_true(lag[0] <= x.metrics[0]->domains[i].lag_ns[0]);
		assert_true(lag[100] >= x.metrics[0]->domains[i].lag_ns[100]);
	}
	for (i = 1; i < CX_LAG_QUANTILES; i++)
		assert_true(lag[i - 1] <= lag[i]);
	cx_rows_free(&rows);
	release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_over_time_adds_up),
		cmocka_unit_test(test_no_life),
		cmocka_unit_test(test_a_moment_of_life),
		cmocka_unit_test(test_axis_of_lags),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_unbounded),
		cmocka_unit_test(test_bounded_for_a_while),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_worse),
		cmocka_unit_test(test_lag_of_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
