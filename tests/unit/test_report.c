/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fabricate.h"
#include "trace/report.h"
#include "trace/report_internal.h"

#include <dirent.h>
#include <ftw.h>
#include <json.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))
#define RUNS_MAX 3

static const char hostile[] = "</title><script>alert('x')</script>\"' `touch pwned` %s%n $(pwned) "
			      "'; system(\"touch pwned\") # \\n {/Bold x} a,b\n\x1b[31m\x80\xff";

/* ---- a report and what it is made of ---- */

struct fixture {
	unsigned n;
	struct fab fabs[RUNS_MAX];
	const struct cx_record *records[RUNS_MAX];
	const struct cx_metrics *metrics[RUNS_MAX];
	struct cx_report report;
	char dir[64];
};

static const struct fab_policy policies[RUNS_MAX] = {
	{ .name = "linux", .slice_ns = 3 * CX_MS, .weighted = true, .boost = true },
	{ .name = "rr", .slice_ns = 10 * CX_MS },
	{ .name = "credit", .slice_ns = 30 * CX_MS, .weighted = true, .limits = true },
};

static const struct fab_domain mixed[] = {
	{ .name = "web", .vcpus = 2, .weight = 512 },
	{ .name = "batch", .vcpus = 1, .weight = 128, .limit = 20 },
	{ .name = "sleepy", .vcpus = 1, .burst_ns = 500 * CX_US, .sleep_ns = 9 * CX_MS },
};

static void make(struct fixture *x, unsigned runs, uint64_t duration_ns, unsigned n_pcpus,
		 unsigned n_domains, const struct fab_domain *domains)
{
	unsigned i;

	memset(x, 0, sizeof(*x));
	x->n = runs;
	for (i = 0; i < runs; i++) {
		x->fabs[i] = fab_simulate(duration_ns, n_pcpus, n_domains, domains, &policies[i]);
		x->records[i] = x->fabs[i].record;
	}
	x->report = (struct cx_report){ runs, x->records, x->metrics };
}

static void measure(struct fixture *x)
{
	unsigned i;

	for (i = 0; i < x->n; i++) {
		struct cx_metrics *m;

		assert_int_equal(cx_metrics_compute(x->records[i], &m, NULL), 0);
		x->metrics[i] = m;
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void release(struct fixture *x)
{
	unsigned i;

	for (i = 0; i < x->n; i++) {
		cx_metrics_free((struct cx_metrics *)x->metrics[i]);
		fab_free(&x->fabs[i]);
	}
	if (x->dir[0])
		nftw(x->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_dir(struct fixture *x)
{
	snprintf(x->dir, sizeof(x->dir), "/tmp/coxswain-report-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
}

static bool exists(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static char *slurp(const char *dir, const char *name)
{
	char path[512], *text = NULL;
	size_t len = 0;
	FILE *f, *mem;
	int c;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing", path);
	mem = open_memstream(&text, &len);
	while ((c = fgetc(f)) != EOF)
		fputc(c, mem);
	fclose(f);
	fclose(mem);
	return text;
}

static char *text_of(const struct fixture *x, unsigned columns)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cx_report_text(&x->report, mem, columns);
	fclose(mem);
	return text;
}

static struct json_object *json_of(const struct fixture *x)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);
	struct json_object *o;
	struct cx_error err = { "" };

	assert_int_equal(cx_report_json(&x->report, mem, &err), 0);
	fclose(mem);
	assert_true(len > 2 && text[len - 1] == '\n' && text[len - 2] == '}');
	o = json_tokener_parse(text);
	assert_non_null(o);
	free(text);
	return o;
}

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

/* Stopped before anything happened: no figure can be worked out, none is nonsense. */
static void test_empty_run(void **state)
{
	struct cx_error err = { "" };
	struct fixture x;
	char *text;

	(void)state;
	make(&x, 1, 0, 2, 3, mixed);
	x.fabs[0].record->interrupted = true;
	measure(&x);
	text = text_of(&x, 0);
	assert_non_null(strstr(text, "INTERRUPTED"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	json_object_put(json_of(&x));
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	release(&x);
}

/* Everybody sleeps, in every run: plots without a box or a point are no failure. */
static void test_all_asleep(void **state)
{
	static const struct fab_domain one[] = { { .name = "a", .vcpus = 2 } };
	struct cx_error err = { "" };
	struct fixture x;

	(void)state;
	memset(&x, 0, sizeof(x));
	x.n = 1;
	x.fabs[0] = fab_new(CX_SEC, 2, 1, one);
	x.records[0] = x.fabs[0].record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	fab_finish(&x.fabs[0]);
	measure(&x);
	assert_near(x.metrics[0]->jain, 1, 0);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	assert_true(exists(x.dir, "plots/shares.svg"));
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
	assert_string_equal(cx_fmt_count(0, b), "0");
	assert_string_equal(cx_fmt_count(999, b), "999");
	assert_string_equal(cx_fmt_count(999.6, b), "1.00k");
	assert_string_equal(cx_fmt_count(1234567, b), "1.23M");
	assert_string_equal(cx_fmt_percent(33.333, b), "33.3");
	assert_string_equal(cx_fmt_percent(0.042, b), "0.042");
	assert_string_equal(cx_fmt_percent(0, b), "0.0");
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
	struct json_object *o, *run, *domain, *vcpu, *window;

	(void)state;
	make_known(&x);
	x.fabs[0].record->vcpus[1].n_results = 1;
	x.fabs[0].record->vcpus[1].results[0] = (struct cx_record_result){ "rounds", 17 };
	x.fabs[0].record->host_steal_ns = 5;
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

/* ---- the folder ---- */

/* Tags open and close in order, attributes are quoted, no stray < or &. */
static void assert_well_formed(const char *html)
{
	const char *open[64], *p = html;
	size_t len[64];
	unsigned depth = 0;

	assert_int_equal(strncmp(p, "<!DOCTYPE html>", 15), 0);
	p += 15;
	while ((p = strpbrk(p, "<&>")) != NULL) {
		const char *end;
		size_t n;

		if (*p == '&') {
			n = strspn(p + 1, "#abcdefghijklmnopqrstuvwxyz0123456789");
			assert_true(n > 0 && p[1 + n] == ';');
			p++;
			continue;
		}
		if (*p == '>' || strncmp(p, "<!--", 4) == 0) {
			p = *p == '>' ? p + 1 : strstr(p, "-->") + 3;
			continue;
		}
		for (end = p + 1; *end && *end != '>'; end++) {
			assert_true(*end != '<');
			if (*end == '"' || *end == '\'') {
				end = strchr(end + 1, *end);
				assert_non_null(end);
			}
		}
		n = strcspn(p + 1 + (p[1] == '/'), " \t\n/>");
		if (p[1] == '/') {
			assert_true(depth > 0);
			depth--;
			if (len[depth] != n || memcmp(open[depth], p + 2, n))
				fail_msg("<%.*s> closed by %.*s", (int)len[depth], open[depth],
					 (int)n + 3, p);
		} else if (end[-1] != '/') {
			assert_true(depth < 64);
			open[depth] = p + 1;
			len[depth++] = n;
		}
		p = end + 1;
	}
	assert_int_equal(depth, 0);
}

static void assert_one_definition(const char *html)
{
	const char *p = html, *q;

	/* Every identifier is there once, or pictures take each other's patterns. */
	while ((p = strstr(p, " id=")) != NULL) {
		char id[128];

		snprintf(id, sizeof(id), " id=%c%.*s%c", p[4], (int)strcspn(p + 5, "\"'"), p + 5,
			 p[4]);
		p += 4;
		q = strstr(p, id);
		if (q)
			fail_msg("twice:%s", id);
	}
}

/* As many fields on each line as in the heading; a field in quotes may hold commas. */
static void assert_csv(const char *dir, const char *name)
{
	char *text = slurp(dir, name);
	const char *p = text;
	unsigned expected = 0, lines = 0;

	while (*p) {
		unsigned fields = 1;
		bool quoted = false;

		for (; *p && (quoted || *p != '\n'); p++) {
			if (*p == '"')
				quoted = !quoted;
			assert_true(*p != '\n' && *p != '\r' && *p != '\x1b');
			fields += *p == ',' && !quoted;
		}
		assert_false(quoted);
		if (!expected)
			expected = fields;
		if (fields != expected)
			fail_msg("%s: line %u has %u fields, not %u", name, lines + 1, fields,
				 expected);
		lines++;
		p += *p != '\0';
	}
	assert_true(lines > 1);
	free(text);
}

static void each_file(const char *dir, const char *folder, const char *ending,
		      void (*check)(const char *dir, const char *name), unsigned at_least)
{
	char path[128], name[512];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < strlen(ending) || strcmp(e->d_name + len - strlen(ending), ending))
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		check(dir, name);
		n++;
	}
	closedir(d);
	assert_true(n >= at_least);
}

static void assert_svg(const char *dir, const char *name)
{
	char *text = slurp(dir, name);

	assert_non_null(strstr(text, "<svg"));
	assert_non_null(strstr(text, "</svg>"));
	if (strlen(text) < 4000)
		fail_msg("%s shows next to nothing", name);
	free(text);
}

static void check_folder(const char *dir, unsigned plots)
{
	char *html = slurp(dir, "report.html"), *json = slurp(dir, "summary.json");
	struct json_object *o = json_tokener_parse(json);

	assert_non_null(o);
	json_object_put(o);
	assert_well_formed(html);
	assert_one_definition(html);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, " src="));
	assert_null(strstr(html, "<link"));
	each_file(dir, "data", ".csv", assert_csv, 6);
	each_file(dir, "plots", ".svg", assert_svg, plots);
	assert_false(exists(dir, "plots/gnuplot.log")); /* gnuplot had nothing to say */
	assert_false(exists(dir, "pwned"));
	assert_false(exists(".", "pwned"));
	free(html);
	free(json);
}

static void test_folder(void **state)
{
	static const char *const plots[] = {
		"shares",         "states",      "window-error",    "wake-latency",
		"timeline-linux", "timeline-rr", "timeline-credit",
	};
	struct cx_error err = { "" };
	struct fixture x;
	char *html, name[64];
	unsigned i;

	(void)state;
	make(&x, 3, 500 * CX_MS, 2, 3, mixed);
	measure(&x);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	check_folder(x.dir, 7);
	html = slurp(x.dir, "report.html");
	for (i = 0; i < sizeof(plots) / sizeof(plots[0]); i++) {
		snprintf(name, sizeof(name), "plots/%s.gp", plots[i]);
		assert_true(exists(x.dir, name));
		snprintf(name, sizeof(name), "<figure id=\"plot-%s\">\n<svg", plots[i]);
		assert_non_null(strstr(html, name));
	}
	assert_non_null(strstr(html, "Does the report say what is in the record?"));
	free(html);
	html = slurp(x.dir, "report.txt");
	assert_non_null(strstr(html, "credit"));
	free(html);
	release(&x);
}

/* Names that try to get out of the text, the CSV, the scripts and the page. */
static void test_folder_hostile(void **state)
{
	char longest[600];
	struct fab_domain domains[5];
	struct cx_error err = { "" };
	struct fixture x;
	char *text;
	unsigned i;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(domains, 0, sizeof(domains));
	for (i = 0; i < 5; i++)
		domains[i].vcpus = 1;
	domains[0].name = hostile;
	domains[1].name = longest;
	domains[2].name = "=cmd|' /C calc'!A0";
	domains[3].name = "";
	domains[4].name = "@name{}^_&~\\\\";
	domains[4].burst_ns = CX_MS;
	domains[4].sleep_ns = 5 * CX_MS;
	make(&x, 2, 300 * CX_MS, 2, 5, domains);
	for (i = 0; i < 2; i++) {
		struct cx_record *r = x.fabs[i].record;

		free(r->scheduler);
		free(r->scenario);
		free(r->question);
		free(r->scenario_yaml);
		free(r->params);
		r->scheduler = fab_text(i ? hostile : "../../../tmp/UP");
		r->scenario = fab_text(hostile);
		r->question = fab_text(hostile);
		r->scenario_yaml = fab_text(hostile);
		r->params = fab_text(hostile);
		r->degraded = true;
		r->degraded_why = fab_text(hostile);
		r->ignored = fab_text(hostile);
		r->vcpus[0].n_results = 1;
		memset(r->vcpus[0].results[0].name, '<', sizeof(r->vcpus[0].results[0].name));
	}
	measure(&x);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	check_folder(x.dir, 6);
	text = slurp(x.dir, "report.txt");
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\x80'));
	free(text);
	release(&x);
}

static void test_folder_no_gnuplot(void **state)
{
	const char *path = getenv("PATH");
	char *saved = fab_text(path ? path : "/usr/bin:/bin"), *html;
	struct cx_error err = { "" };
	struct fixture x;

	(void)state;
	make(&x, 1, 200 * CX_MS, 1, 3, mixed);
	measure(&x);
	make_dir(&x);
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(cx_report_folder(&x.report, x.dir, 0, 0, &err), -ENOENT);
	setenv("PATH", saved, 1);
	free(saved);
	assert_non_null(strstr(err.text, "gnuplot"));
	assert_non_null(strstr(err.text, "install"));
	html = slurp(x.dir, "report.html");
	assert_well_formed(html);
	assert_non_null(strstr(html, "gnuplot is missing"));
	assert_true(exists(x.dir, "report.txt"));
	assert_true(exists(x.dir, "summary.json"));
	assert_true(exists(x.dir, "data/domains.csv"));
	assert_true(exists(x.dir, "plots/shares.gp"));
	free(html);
	release(&x);
}

static void test_folder_not_writable(void **state)
{
	struct cx_error err = { "" };
	struct fixture x;
	char path[128];

	(void)state;
	make(&x, 1, 200 * CX_MS, 1, 3, mixed);
	measure(&x);
	assert_true(cx_report_folder(&x.report, "/nonexistent/dir", 0, 0, &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/dir"));
	make_dir(&x);
	snprintf(path, sizeof(path), "%s/report.txt", x.dir);
	assert_int_equal(symlink("/dev/full", path), 0); /* the disk is full */
	assert_int_equal(cx_report_folder(&x.report, x.dir, 0, 0, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "report.txt"));
	release(&x);
}

/* Half a million switches in a minute's window: the picture stays a picture. */
static void test_timeline_bounded(void **state)
{
	static const struct fab_domain domains[] = { { .name = "a", .vcpus = 1 },
						     { .name = "b", .vcpus = 1 } };
	struct fixture x;
	struct cx_rows rows;
	struct cx_timeline timeline;
	uint64_t t;
	unsigned lines = 0;
	char *csv, *p, sub[128];
	double last = 0;

	(void)state;
	memset(&x, 0, sizeof(x));
	x.n = 1;
	x.fabs[0] = fab_new(60 * CX_SEC, 1, 2, domains);
	x.records[0] = x.fabs[0].record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	fab_wake(&x.fabs[0], 0, 0, CX_WAKE_START);
	fab_wake(&x.fabs[0], 0, 1, CX_WAKE_START);
	for (t = 0; t < 60 * CX_SEC; t += 120 * CX_US)
		fab_switch(&x.fabs[0], t, 0, t / (120 * CX_US) % 2 ? 1 : 0, CX_WHY_SLICE);
	fab_finish(&x.fabs[0]);
	measure(&x);
	make_dir(&x);
	snprintf(sub, sizeof(sub), "%s/data", x.dir);
	assert_int_equal(mkdir(sub, 0777), 0);
	assert_int_equal(cx_rows_make(&x.report, &rows), 0);

	timeline = cx_timeline_choose(&x.report, 0, 60 * CX_SEC);
	assert_int_equal(cx_timeline_csv(&x.report, &rows, &timeline, x.dir, NULL), 0);
	csv = slurp(x.dir, "data/timeline-rr.csv");
	for (p = strchr(csv, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
		double from, to;

		assert_int_equal(sscanf(p, "0,%lf,%lf", &from, &to), 2);
		assert_near(from, last, 1e-6); /* without a gap: nothing was idle */
		last = to;
		lines++;
	}
	assert_near(last, 60, 1e-6);
	assert_in_range(lines, 500, 2500);
	free(csv);

	/* Left to itself it takes a stretch in which the boxes can be told apart. */
	timeline = cx_timeline_choose(&x.report, 0, 0);
	assert_in_range(timeline.length_ns, 2 * CX_MS, 50 * CX_MS);
	assert_in_range(timeline.start_ns, 20 * CX_SEC, 40 * CX_SEC);
	cx_rows_free(&rows);
	release(&x);
}

static void test_index(void **state)
{
	const char *const names[] = { "two weights", "a-cap" };
	struct cx_report reports[2];
	struct cx_error err = { "" };
	struct fixture x;
	char *html;

	(void)state;
	make(&x, 2, 200 * CX_MS, 1, 3, mixed);
	free(x.fabs[0].record->scenario);
	x.fabs[0].record->scenario = fab_text("<b>two</b>");
	measure(&x);
	make_dir(&x);
	reports[0] = reports[1] = x.report;
	assert_int_equal(cx_report_index(x.dir, reports, names, 2, &err), 0);
	html = slurp(x.dir, "report.html");
	assert_well_formed(html);
	assert_non_null(strstr(html, "href=\"two%20weights/report.html\""));
	assert_non_null(strstr(html, "href=\"a-cap/report.html\""));
	assert_null(strstr(html, "<b>two"));
	free(html);
	html = slurp(x.dir, "report.txt");
	assert_non_null(strstr(html, "==== a-cap"));
	free(html);
	assert_true(cx_report_index("/nonexistent", reports, names, 2, &err) < 0);
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
		cmocka_unit_test(test_text_golden),
		cmocka_unit_test(test_text_warnings),
		cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_nothing_run),
		cmocka_unit_test(test_empty_run),
		cmocka_unit_test(test_all_asleep),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_full_device),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_folder_hostile),
		cmocka_unit_test(test_folder_no_gnuplot),
		cmocka_unit_test(test_folder_not_writable),
		cmocka_unit_test(test_timeline_bounded),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
