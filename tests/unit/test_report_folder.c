/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"

#include <dirent.h>
#include <sys/wait.h>

static const char hostile[] = "</title><script>alert('x')</script>\"' `touch pwned` %s%n $(pwned) "
			      "'; system(\"touch pwned\") # \\n {/Bold x} a,b\n\x1b[31m\x80\xff";

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
	each_file(dir, "data", ".csv", assert_csv, 10);
	each_file(dir, "plots", ".svg", assert_svg, plots);
	assert_false(exists(dir, "plots/gnuplot.log")); /* gnuplot had nothing to say */
	assert_false(exists(dir, "pwned"));
	assert_false(exists(".", "pwned"));
	free(html);
	free(json);
}

static void remove_file(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

/* As a reader would: `gnuplot plots/A.gp plots/B.gp ...`, all in one go. */
static void draw_again(const char *dir, const char *const *plots, unsigned n)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[16] = { (char *)"gnuplot" }, scripts[16][64];
		unsigned i;

		for (i = 0; i < n && i + 2 < 16; i++) {
			snprintf(scripts[i], sizeof(scripts[i]), "plots/%s.gp", plots[i]);
			argv[i + 1] = scripts[i];
		}
		if (chdir(dir) == 0)
			execvp("gnuplot", argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_folder(void **state)
{
	static const char *const plots[] = {
		"shares",
		"states",
		"lag",
		"window-error",
		"wake-latency",
		"over-time-linux",
		"over-time-rr",
		"over-time-credit",
		"states-over-time-linux",
		"states-over-time-rr",
		"states-over-time-credit",
		"timeline-linux",
		"timeline-rr",
		"timeline-credit",
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
	check_folder(x.dir, 14);
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
	each_file(x.dir, "plots", ".svg", remove_file, 14);
	draw_again(x.dir, plots, sizeof(plots) / sizeof(plots[0]));
	each_file(x.dir, "plots", ".svg", assert_svg, 14);
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
		assert_int_equal(cx_record_results(&r->vcpus[0], 1), 0);
		memset(r->vcpus[0].results[0].name, '<', sizeof(r->vcpus[0].results[0].name));
	}
	measure(&x);
	make_dir(&x);
	if (cx_report_folder(&x.report, x.dir, 0, 0, &err))
		fail_msg("%s", err.text);
	check_folder(x.dir, 11);
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

/* A script in its place: what it said and how it ended is told, as the folder may be gone by then. */
static void test_folder_gnuplot_fails(void **state)
{
	static const struct {
		const char *script, *says;
	} cases[] = {
		{ "echo first; printf '\\nset xrange [x:1]\\n     ^\\n\"a.gp\" line 5: no "
		  "x\\n\\n'; exit 3",
		  "shares.gp: gnuplot failed: it ended with status 3: \"a.gp\" line 5: no x; "
		  "see " },
		{ "exit 1", "gnuplot failed: it ended with status 1; see " },
		{ "kill -KILL $$", "gnuplot failed: it was killed by signal 9 (Killed); see " },
		{ "exit 0", "gnuplot failed: it has drawn nothing; see " },
	};
	const char *path = getenv("PATH");
	char *saved = fab_text(path ? path : "/usr/bin:/bin"), name[512];
	struct fixture x;
	size_t i;

	(void)state;
	make(&x, 1, 200 * CX_MS, 1, 3, mixed);
	measure(&x);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cx_error err = { "" };
		FILE *f;

		make_dir(&x);
		snprintf(name, sizeof(name), "%s/gnuplot", x.dir);
		f = fopen(name, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\n%s\n", cases[i].script);
		assert_int_equal(fchmod(fileno(f), 0755), 0);
		fclose(f);
		setenv("PATH", x.dir, 1);
		assert_int_equal(cx_report_folder(&x.report, x.dir, 0, 0, &err), -EIO);
		setenv("PATH", saved, 1);
		if (!strstr(err.text, cases[i].says))
			fail_msg("'%s', not '%s'", err.text, cases[i].says);
		nftw(x.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	free(saved);
	x.dir[0] = '\0';
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_folder_hostile),
		cmocka_unit_test(test_folder_no_gnuplot),
		cmocka_unit_test(test_folder_gnuplot_fails),
		cmocka_unit_test(test_folder_not_writable),
		cmocka_unit_test(test_empty_run),
		cmocka_unit_test(test_all_asleep),
		cmocka_unit_test(test_timeline_bounded),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
