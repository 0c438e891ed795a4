/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"

/* ---- text ---- */

/* A record whose every figure is known, so that the table can be compared word for word. */
static void make_known(struct fixture *x)
{
	static const struct fab_domain domains[] = {
		{ .name = "A", .vcpus = 1, .weight = 256 },
		{ .name = "B", .vcpus = 1, .weight = 512, .limit = 80 },
	};
	uint64_t t;

	memset(x, 0, sizeof(*x));
	x->n = 1;
	x->fabs[0] = fab_new(900 * CX_MS, 1, 2, domains);
	x->records[0] = x->fabs[0].record;
	x->report = (struct cx_report){ 1, x->records, x->metrics };
	fab_wake(&x->fabs[0], 0, 0, CX_WAKE_START);
	fab_wake(&x->fabs[0], 0, 1, CX_WAKE_START);
	for (t = 0; t < 900 * CX_MS; t += 10 * CX_MS)
		fab_switch(&x->fabs[0], t, 0, t / (10 * CX_MS) % 3 ? 1 : 0,
			   t ? CX_WHY_SLICE : CX_WHY_IDLE);
	fab_finish(&x->fabs[0]);
	memset(&x->fabs[0].record->decide_ns, 0, sizeof(x->fabs[0].record->decide_ns));
	cx_hist_add(&x->fabs[0].record->decide_ns, 500);
}

/* Is there a line of exactly these words, however far apart? */
static bool has_line(const char *text, const char *words)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[512], want[512], *a, *b, *sa, *sb;

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		snprintf(want, sizeof(want), "%s", words);
		a = strtok_r(line, " ", &sa);
		b = strtok_r(want, " ", &sb);
		while (a && b && strcmp(a, b) == 0) {
			a = strtok_r(NULL, " ", &sa);
			b = strtok_r(NULL, " ", &sb);
		}
		if (!a && !b)
			return true;
		text += n + (text[n] != '\0');
	}
	return false;
}

static void test_text_golden(void **state)
{
	static const char *const lines[] = {
		"fabricated",
		"Does the report say what is in the record?",
		"machine sim, backend sim, 1 pCPU, 900ms a run, seed 0",
		"no host at all, 2 pCPUs",
		"scheduler Jain E(100ms) switches/s dispatch p50 p99 wake p99 busy steal ended",
		"rr 1.0000 6.7 66.7 500ns 500ns - 100.0 0.0 ok",
		"rr",
		"domain weight entitled received ready limited blocked progress/s wake p50 p99 "
		"migr",
		"A 256 33.3 33.3 66.7 0.0 0.0 333k - - 0",
		"B 512 66.7 66.7 33.3 0.0 0.0 667k - - 0",
		"side by side %RUN %RDY %MLMTD %CSTP %WAIT lag p1 p50 p99 short over",
		"rr 33.3 66.7 0.0 0.0 0.0 -6.61ms -3.33ms -62.0us - -",
		"rr 66.7 33.3 0.0 0.0 0.0 54.7us 3.33ms 6.60ms - 0",
	};
	struct fixture x;
	char *text;
	unsigned i;

	(void)state;
	make_known(&x);
	measure(&x);
	text = text_of(&x, 100);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!has_line(text, lines[i]))
			fail_msg("no line \"%s\" in:\n%s", lines[i], text);
	assert_null(strstr(text, "!!"));
	free(text);
	release(&x);
}

static void test_text_warnings(void **state)
{
	struct fixture x;
	struct cx_record *r;
	char *text;

	(void)state;
	make(&x, 2, 500 * CX_MS, 2, 3, mixed);
	r = x.fabs[1].record;
	r->degraded = true;
	r->degraded_why = fab_text("ejected: web/0 starved for 2.10 s");
	r->interrupted = true;
	r->domains[1].end = CX_END_CRASH;
	r->domains[1].end_text = fab_text("triple fault at 0x401000");
	r->host_steal_ns = 100 * CX_MS;
	r->faults[CX_FAULT_SLICE] = 3;
	r->faults[CX_FAULT_AFFINITY] = 1;
	r->ignored = fab_text("limit");
	r->trace_events = 90;
	r->trace_lost = 10;
	measure(&x);
	text = text_of(&x, 200);
	assert_non_null(strstr(text, "!! rr: DEGRADED: ejected: web/0 starved for 2.10 s"));
	assert_non_null(strstr(text, "!! rr: INTERRUPTED: the run ended early, after 0.500 s"));
	assert_non_null(strstr(text, "!! rr: domain batch CRASHED: triple fault at 0x401000"));
	assert_non_null(strstr(text, "!! rr: NOISY HOST: the host took away 10.0 %"));
	assert_non_null(strstr(text, "!! rr: the policy made mistakes: 1 affinity, 3 slice"));
	assert_non_null(strstr(text, "!! rr: the trace LOST 10 of 100 events"));
	assert_non_null(
		strstr(text, "-- rr: this policy ignores what the scenario asks for: limit"));
	assert_null(strstr(text, "linux: NOISY"));
	free(text);
	release(&x);
}

/* No line is wider than asked for, whatever the names. */
/* What of --realtime is told: who had it, why not, and that it would help. */
static void test_text_realtime(void **state)
{
	static const struct {
		bool had[3];
		const char *told[3], *noisy[3];
	} cases[] = {
		{ { false, false, false },
		  { "", "", "" },
		  { "quiet host\n",
		    "quiet host, or with --realtime, which keeps other programs out\n",
		    "small differences; run it again with --realtime, which" } },
		{ { false, true, false },
		  { "-- linux: run without --realtime: it is the host's own scheduler",
		    "-- rr: its vCPUs' threads had real-time priority on the host (--realtime)",
		    "-- credit: run without --realtime: this host does not permit it" },
		  { "quiet host\n", "quiet host\n", "small differences\n" } },
	};
	unsigned c, i;

	(void)state;
	for (c = 0; c < 2; c++) {
		struct fixture x;
		char *text;

		make(&x, 3, 500 * CX_MS, 2, 3, mixed);
		for (i = 0; i < 3; i++) {
			x.fabs[i].record->host_steal_ns = (i < 2 ? 300 : 30) * CX_MS;
			x.fabs[i].record->realtime_asked = c > 0;
			x.fabs[i].record->realtime = cases[c].had[i];
		}
		measure(&x);
		text = text_of(&x, 400);
		for (i = 0; i < 3; i++) {
			assert_non_null(strstr(text, cases[c].told[i]));
			assert_non_null(strstr(text, cases[c].noisy[i]));
		}
		assert_int_equal(strstr(text, "real-time priority on") != NULL, c > 0);
		free(text);
		release(&x);
	}
}

/* Of a trace without its end: what is not known is not 0. */
static void test_cut(void **state)
{
	struct json_object *o, *run, *domain, *progress, *steal;
	struct fixture x;
	char *text;

	(void)state;
	make_known(&x);
	x.fabs[0].record->cut = x.fabs[0].record->interrupted = true;
	measure(&x);
	text = text_of(&x, 100);
	assert_non_null(strstr(text, "those are not known"));
	assert_true(has_line(text, "rr 1.0000 6.7 66.7 500ns 500ns - 100.0 - INTERRUPTED"));
	assert_true(has_line(text, "A 256 33.3 33.3 66.7 0.0 0.0 - - - 0"));
	free(text);
	o = json_of(&x);
	run = json_object_array_get_idx(json_object_object_get(o, "runs"), 0);
	domain = json_object_array_get_idx(json_object_object_get(run, "domains"), 0);
	assert_true(json_object_object_get_ex(run, "host_steal_ns", &steal));
	assert_null(steal);
	assert_true(json_object_object_get_ex(domain, "progress", &progress));
	assert_null(progress);
	json_object_put(o);
	release(&x);
}

/* What a server measured, whatever it says. */
static void test_responses(void **state)
{
	static const char *const names[] = { "p50_ns", "p99_ns", "p999_ns", "max_ns" };
	struct cx_record_vcpu *v;
	struct fixture x;
	unsigned i;
	char *text;

	(void)state;
	make_known(&x);
	measure(&x);
	text = text_of(&x, 100);
	assert_null(strstr(text, "response times"));
	free(text);
	v = &x.fabs[0].record->vcpus[1];
	assert_int_equal(cx_record_results(v, 4), 0);
	for (i = 0; i < 4; i++) {
		snprintf(v->results[i].name, sizeof(v->results[i].name), "%s", names[i]);
		v->results[i].value = (i + 2) * CX_MS;
	}
	text = text_of(&x, 100);
	assert_true(has_line(text, "response times scheduler p50 p99 p99.9 largest"));
	assert_true(has_line(text, "B rr 2.00ms 3.00ms 4.00ms 5.00ms"));
	assert_false(has_line(text, "A rr - - - -"));
	free(text);
	v->results[0].value = v->results[3].value = UINT64_MAX;
	free(text_of(&x, 100));
	release(&x);
}

static void test_text_width(void **state)
{
	static const struct fab_domain domains[] = {
		{ .name = "a-domain-with-a-name-that-is-much-too-long-for-any-table-at-all",
		  .vcpus = 1 },
		{ .name = "\xc3\xa4\xc3\xb6\xc3\xbc", .vcpus = 1 },
	};
	struct fixture x;
	char *text, *line, *rest;

	(void)state;
	make(&x, 3, 300 * CX_MS, 1, 2, domains);
	measure(&x);
	text = text_of(&x, 100);
	assert_non_null(strstr(text, "\xc3\xa4\xc3\xb6\xc3\xbc"));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (cx_text_width(line) > 100)
			fail_msg("too wide: %s", line);
	free(text);
	release(&x);
}

static void test_nothing_run(void **state)
{
	struct cx_report none = { 0, NULL, NULL };
	struct fixture x;
	char *text;

	(void)state;
	memset(&x, 0, sizeof(x));
	x.report = none;
	text = text_of(&x, 0);
	assert_non_null(strstr(text, "nothing was run"));
	free(text);
	json_object_put(json_of(&x));
	make_dir(&x);
	assert_int_equal(cx_report_folder(&none, x.dir, 0, 0, NULL), 0);
	release(&x);
}

/* ---- rows ---- */

static void test_rows(void **state)
{
	struct fab_domain domains[64];
	char names[64][24];
	struct fixture x;
	struct cx_rows rows;
	struct cx_row_figures f;
	unsigned i;

	(void)state;
	memset(domains, 0, sizeof(domains));
	for (i = 0; i < 64; i++) {
		snprintf(names[i], sizeof(names[i]), i < 60 ? "web.%u" : "other-%u", i);
		domains[i] = (struct fab_domain){ .name = names[i], .vcpus = 1 };
	}
	domains[59].weight = 512; /* a replica by name that is not like the others */
	make(&x, 1, 200 * CX_MS, 4, 64, domains);
	measure(&x);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	assert_int_equal(rows.n, 6);
	assert_string_equal(rows.row[0].label, "web.* (59)");
	assert_string_equal(rows.row[1].label, "web.59");
	assert_string_equal(rows.row[5].label, "other-63");
	assert_int_equal(rows.row_of[58], 0);
	assert_int_equal(cx_row_measure(&x.report, 0, &rows, 0, &f), 0);
	assert_true(f.received_min <= f.received && f.received <= f.received_max);
	assert_near(f.state[CX_RUNNING] + f.state[CX_READY] + f.state[CX_BLOCKED], 100, 1e-6);
	cx_rows_free(&rows);
	release(&x);

	for (i = 0; i < 64; i++)
		snprintf(names[i], sizeof(names[i]), "n%u", i);
	make(&x, 1, 200 * CX_MS, 4, 64, domains);
	measure(&x);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);
	assert_int_equal(rows.n, CX_ROWS_MAX);
	assert_string_equal(rows.row[CX_ROWS_MAX - 1].label, "others (45)");
	cx_rows_free(&rows);
	release(&x);
}

static void test_formats(void **state)
{
	char b[CX_SHORT];

	(void)state;
	assert_string_equal(cx_fmt_ns(0, b), "0ns");
	assert_string_equal(cx_fmt_ns(999, b), "999ns");
	assert_string_equal(cx_fmt_ns(1000, b), "1.00us");
	assert_string_equal(cx_fmt_ns(9994, b), "9.99us");
	assert_string_equal(cx_fmt_ns(9996, b), "10.0us");
	assert_string_equal(cx_fmt_ns(999499, b), "999us");
	assert_string_equal(cx_fmt_ns(999500, b), "1.00ms");
	assert_string_equal(cx_fmt_ns(12345678900ull, b), "12.3s");
	assert_string_equal(cx_fmt_signed_ns(0, b), "0");
	assert_string_equal(cx_fmt_signed_ns(-12345678, b), "-12.3ms");
	assert_string_equal(cx_fmt_signed_ns(999, b), "999ns");
	assert_string_equal(cx_fmt_signed_ns(INT64_MIN, b), "-9223372037s");
	assert_string_equal(cx_fmt_count(0, b), "0");
	assert_string_equal(cx_fmt_count(999, b), "999");
	assert_string_equal(cx_fmt_count(999.6, b), "1.00k");
	assert_string_equal(cx_fmt_count(1234567, b), "1.23M");
	assert_string_equal(cx_fmt_percent(33.333, b), "33.3");
	assert_string_equal(cx_fmt_percent(0.042, b), "0.042");
	assert_string_equal(cx_fmt_percent(0, b), "0.0");
	assert_string_equal(cx_fmt_percent(1e-4, b), "0.0");
}

/* ---- JSON ---- */

static struct json_object *at(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value))
		fail_msg("no key \"%s\" in %s", key, json_object_to_json_string(o));
	return value;
}

static uint64_t number(struct json_object *o, const char *key)
{
	struct json_object *value = at(o, key);

	assert_int_equal(json_object_get_type(value), json_type_int);
	return json_object_get_uint64(value);
}

static const char *string(struct json_object *o, const char *key)
{
	return json_object_get_string(at(o, key));
}

static void test_json(void **state)
{
	struct fixture x;
	struct json_object *o, *run, *domain, *vcpu, *window, *lag;

	(void)state;
	make_known(&x);
	assert_int_equal(cx_record_results(&x.fabs[0].record->vcpus[1], 1), 0);
	x.fabs[0].record->vcpus[1].results[0] = (struct cx_record_result){ "rounds", 17 };
	x.fabs[0].record->host_steal_ns = 5;
	x.fabs[0].record->realtime = x.fabs[0].record->realtime_asked = true;
	measure(&x);
	o = json_of(&x);
	assert_string_equal(string(o, "scenario"), "fabricated");
	assert_string_equal(string(o, "machine"), "sim");
	assert_string_equal(string(o, "backend"), "sim");
	assert_int_equal(json_object_array_length(at(o, "runs")), 1);
	run = json_object_array_get_idx(at(o, "runs"), 0);
	assert_string_equal(string(run, "scheduler"), "rr");
	assert_int_equal(number(run, "duration_ns"), 900 * CX_MS);
	assert_false(json_object_get_boolean(at(run, "degraded")));
	assert_int_equal(number(run, "host_steal_ns"), 5);
	assert_true(json_object_get_boolean(json_object_object_get(run, "realtime")));
	assert_true(json_object_get_boolean(json_object_object_get(run, "realtime_asked")));
	assert_int_equal(number(at(run, "dispatch"), "switches"), 60);
	assert_int_equal(number(at(at(run, "dispatch"), "cost_ns"), "p50"), 500);
	assert_int_equal(number(at(at(run, "dispatch"), "cost_ns"), "p99"), 500);
	assert_near(json_object_get_double(at(at(run, "fairness"), "jain")), 1, 1e-6);
	window = json_object_array_get_idx(at(at(run, "fairness"), "window_error"), 0);
	assert_int_equal(number(window, "window_ns"), CX_MS);
	assert_near(json_object_get_double(at(window, "error")), 2.0 / 3, 1e-6);
	assert_int_equal(number(at(run, "trace"), "events"), 0);
	assert_int_equal(number(at(run, "trace"), "lost"), 0);
	assert_int_equal(json_object_array_length(at(run, "domains")), 2);
	domain = json_object_array_get_idx(at(run, "domains"), 1);
	assert_string_equal(string(domain, "name"), "B");
	assert_int_equal(number(domain, "weight"), 512);
	assert_int_equal(number(domain, "limit"), 80);
	assert_near(number(domain, "entitled_ns"), 600 * CX_MS, 10);
	assert_int_equal(number(domain, "run_ns"), 600 * CX_MS);
	assert_string_equal(string(domain, "end"), "run-end");
	assert_near(json_object_get_double(at(at(domain, "percent"), "run")), 66.67, 1e-9);
	assert_near(json_object_get_double(at(at(domain, "percent"), "ready")), 33.33, 1e-9);
	assert_near(json_object_get_double(at(at(domain, "percent"), "limited")), 0, 0);
	assert_near(json_object_get_double(at(at(domain, "percent"), "costop")), 0, 0);
	assert_near(json_object_get_double(at(at(domain, "percent"), "wait")), 0, 0);
	/* The limit of 80 was kept in all of the 900 ms; there is no reservation. */
	assert_int_equal(number(at(domain, "limit_overshoot"), "window_ns"), 900 * CX_MS);
	assert_int_equal(number(at(domain, "limit_overshoot"), "judged_ns"), 900 * CX_MS);
	assert_int_equal(number(at(domain, "limit_overshoot"), "worst_ns"), 0);
	assert_int_equal(number(at(domain, "limit_overshoot"), "at_ns"), 0);
	assert_int_equal(number(at(domain, "reservation_shortfall"), "judged_ns"), 0);
	lag = at(at(domain, "lag_ns"), "signed");
	assert_near(number(lag, "min"), 0, 10);
	assert_near(number(lag, "p1"), CX_MS / 15.0, 60 * CX_US);
	assert_near(number(lag, "p50"), CX_MS * 10 / 3.0, 60 * CX_US);
	assert_near(number(lag, "p99"), CX_MS * 6.6, 60 * CX_US);
	assert_near(number(lag, "max"), CX_MS * 20 / 3.0, 10);
	vcpu = json_object_array_get_idx(at(domain, "vcpus"), 0);
	assert_int_equal(number(vcpu, "id"), 0);
	assert_int_equal(number(vcpu, "run_ns"), 600 * CX_MS);
	assert_int_equal(number(vcpu, "ready_ns"), 300 * CX_MS);
	assert_int_equal(number(vcpu, "limited_ns"), 0);
	assert_int_equal(number(vcpu, "costop_ns"), 0);
	assert_int_equal(number(vcpu, "blocked_ns"), 0);
	assert_int_equal(number(vcpu, "progress"), 600000);
	assert_int_equal(number(at(vcpu, "wake_latency_ns"), "p50"), 0);
	assert_int_equal(number(at(vcpu, "wake_latency_ns"), "p99"), 0);
	assert_int_equal(number(at(vcpu, "wake_latency_ns"), "p999"), 0);
	assert_int_equal(number(at(vcpu, "wake_latency_ns"), "max"), 0);
	assert_int_equal(number(at(vcpu, "migrations"), "smt"), 0);
	assert_int_equal(number(at(vcpu, "migrations"), "llc"), 0);
	assert_int_equal(number(at(vcpu, "migrations"), "node"), 0);
	assert_int_equal(number(at(vcpu, "migrations"), "remote"), 0);
	assert_int_equal(number(at(vcpu, "results"), "rounds"), 17);
	json_object_put(o);
	release(&x);
}

static void test_json_full_device(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct cx_error err = { "" };
	struct fixture x;

	(void)state;
	make(&x, 1, 100 * CX_MS, 1, 3, mixed);
	measure(&x);
	assert_non_null(full);
	assert_int_equal(cx_report_json(&x.report, full, &err), -EIO);
	assert_true(err.text[0]);
	fclose(full);
	release(&x);
}

/* The same record gives the same bytes. */
static void test_repeatable(void **state)
{
	struct fixture x;
	char *a, *b;

	(void)state;
	make(&x, 2, 300 * CX_MS, 2, 3, mixed);
	measure(&x);
	a = text_of(&x, 100);
	b = text_of(&x, 100);
	assert_string_equal(a, b);
	free(a);
	free(b);
	release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_golden),      cmocka_unit_test(test_text_warnings),
		cmocka_unit_test(test_text_realtime),    cmocka_unit_test(test_cut),
		cmocka_unit_test(test_responses),        cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_nothing_run),      cmocka_unit_test(test_rows),
		cmocka_unit_test(test_formats),          cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_full_device), cmocka_unit_test(test_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
