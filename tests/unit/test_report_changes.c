/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report says of changes during the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/report_fixture.h"
#include "trace/report_plots.h"

static const struct fab_domain domains[] = {
	{ .name = "web.0", .vcpus = 1 },
	{ .name = "web.1", .vcpus = 1 },
	{ .name = "it's \"x\"\n", .vcpus = 1 },
};

/* A run of a second on two pCPUs in which everything changes that can. */
static struct fab changing(void)
{
	struct fab f = fab_new(CX_SEC, 2, 3, domains);
	unsigned v;

	free(f.record->params);
	f.record->params = fab_text("tslice=30ms ticks_per_tslice=3 mode=strict");
	for (v = 0; v < 3; v++)
		fab_wake(&f, 0, v, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_emit(&f, 100 * CX_MS, CX_EV_ADJUST, 0, 0, CX_NO_VCPU, CX_ADJUST_WEIGHT, 512, 0);
	fab_emit(&f, 100 * CX_MS + 10, CX_EV_ADJUST, 0, 1, CX_NO_VCPU, CX_ADJUST_WEIGHT, 512, 0);
	fab_emit(&f, 200 * CX_MS, CX_EV_ADJUST, 0, 1, CX_NO_VCPU, CX_ADJUST_LIMIT, 50, 0);
	fab_emit(&f, 300 * CX_MS, CX_EV_PCPU_OFFLINE, 1, CX_NO_VCPU, CX_NO_VCPU, 0, 1, 0);
	fab_emit(&f, 400 * CX_MS, CX_EV_PARAM, 0, CX_NO_VCPU, CX_NO_VCPU, 0, 5 * CX_MS, 0);
	fab_emit(&f, 500 * CX_MS, CX_EV_PARAM, 0, CX_NO_VCPU, CX_NO_VCPU, 1, 7, 0);
	fab_emit(&f, 600 * CX_MS, CX_EV_PCPU_ONLINE, 1, CX_NO_VCPU, CX_NO_VCPU, 0, 2, 0);
	fab_emit(&f, 700 * CX_MS, CX_EV_ADJUST, 0, 1, CX_NO_VCPU, CX_ADJUST_LIMIT, 0, 0);
	fab_emit(&f, 700 * CX_MS, CX_EV_PARAM, 0, 2, CX_NO_VCPU, 3, (uint64_t)-4, 0);
	fab_emit(&f, 900 * CX_MS, CX_EV_PARAM, 0, CX_NO_VCPU, CX_NO_VCPU, 9, 1, 0);
	fab_finish(&f);
	return f;
}

static const char *const texts[] = {
	"weight of web.0 and 1 more: 512",
	"limit of web.1: 50 %",
	"pCPU 1 offline",
	"tslice: 5ms",
	"ticks_per_tslice: 7",
	"pCPU 1 online",
	"limit of web.1: none",
	"parameter 3 of it's \"x\"\n: -4",
	"parameter 9: 1",
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void in_words(void **state)
{
	struct fab f = changing();
	struct cx_changes list;
	unsigned i;

	(void)state;
	assert_int_equal(cx_changes_find(f.record, &list), 0);
	assert_int_equal(list.n, N_TEXTS);
	for (i = 0; i < list.n; i++) {
		char *text = cx_change_text(f.record, &list.change[i]);

		assert_string_equal(text, texts[i]);
		free(text);
	}
	cx_changes_free(&list);
	fab_free(&f);
}

static void make_report(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	x->n = 1;
	x->fabs[0] = changing();
	x->records[0] = x->fabs[0].record;
	x->report = (struct cx_report){ 1, x->records, x->metrics };
	measure(x);
}

static void in_the_text(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make_report(&x);
	text = text_of(&x, 400);
	assert_non_null(strstr(text, "-- during the run: at 100ms weight of web.0 and 1 more: 512; "
				     "at 200ms limit of web.1: 50 %; at 300ms pCPU 1 offline;"));
	assert_non_null(strstr(text, "; and 3 changes more\n"));
	free(text);
	release(&x);
}

static void nothing_said_of_nothing(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make(&x, 1, 200 * CX_MS, 1, 3, mixed);
	measure(&x);
	text = text_of(&x, 400);
	assert_null(strstr(text, "during the run"));
	free(text);
	release(&x);
}

static json_object *member(json_object *o, const char *key)
{
	json_object *value = NULL;

	assert_true(json_object_object_get_ex(o, key, &value));
	return value;
}

static void in_json(void **state)
{
	struct fixture x;
	json_object *root, *changes, *pcpu, *one;

	(void)state;
	make_report(&x);
	x.fabs[0].record->pcpus[1].offline_ns = 300 * CX_MS;
	root = json_of(&x);
	one = json_object_array_get_idx(member(root, "runs"), 0);
	changes = member(one, "changes");
	pcpu = json_object_array_get_idx(member(one, "pcpus"), 1);
	assert_int_equal(json_object_get_uint64(member(pcpu, "offline_ns")), 300 * CX_MS);
	assert_int_equal(json_object_array_length(changes), 10);
	one = json_object_array_get_idx(changes, 1);
	assert_string_equal(json_object_get_string(member(one, "type")), "domain_adjust");
	assert_string_equal(json_object_get_string(member(one, "domain")), "web.1");
	assert_string_equal(json_object_get_string(member(one, "what")), "weight");
	assert_int_equal(json_object_get_uint64(member(one, "value")), 512);
	one = json_object_array_get_idx(changes, 3);
	assert_string_equal(json_object_get_string(member(one, "type")), "pcpu_offline");
	assert_int_equal(json_object_get_uint64(member(one, "pcpu")), 1);
	assert_int_equal(json_object_get_uint64(member(one, "t_ns")), 300 * CX_MS);
	one = json_object_array_get_idx(changes, 8);
	assert_int_equal(json_object_get_int64(member(one, "value")), -4);
	json_object_put(root);
	release(&x);
}

/* What marks a stretch of the fixture's run, as gnuplot is told; free() it. */
static char *marks(const struct fixture *x, uint64_t start_ns, uint64_t length_ns, unsigned rows)
{
	struct cx_script script = { .report = &x->report };
	char *text = NULL;
	size_t len;
	bool first = true;

	script.out = open_memstream(&text, &len);
	cx_marks_put(&script, start_ns, length_ns, rows, 1e3);
	cx_marks_plot(&script, &first, 0, 4);
	fclose(script.out);
	return text;
}

/* Lines and labels where they belong, and nothing that a name could break. */
static void in_the_timeline(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make_report(&x);
	text = marks(&x, 0, CX_SEC, 3);
	assert_non_null(strstr(text, "mark2 = 300\n"));
	assert_non_null(
		strstr(text, "plot '+' using (mark0):(0):(0):(4) every ::::0 with vectors"));
	assert_non_null(strstr(text, "set label 'pCPU 1 offline' at 300, graph 1 left "));
	/* Near the right edge it stands to the left. */
	assert_non_null(strstr(text, "set label 'parameter 9: 1' at 900, graph 1 right "));
	assert_non_null(strstr(text, "'parameter 3 of it''s \"x\"?: -4'"));
	free(text);
	text = marks(&x, 350 * CX_MS, 200 * CX_MS, 3);
	assert_null(strstr(text, "offline"));
	assert_non_null(strstr(text, "'tslice: 5ms' at 400, graph 1 left "));
	assert_non_null(strstr(text, "'ticks_per_tslice: 7' at 500, graph 1 left "));
	assert_null(strstr(text, "online"));
	free(text);
	release(&x);
}

/* A label has a row of its own while another stands where it would, and the first one again
 * after that. */
static void labels_apart(void **state)
{
	struct fixture x;
	char *text;

	(void)state;
	make_report(&x);
	text = marks(&x, 0, CX_SEC, 4);
	assert_non_null(strstr(text, "'weight of web.0 and 1 more: 512' at 100, graph 1 left front "
				     "boxed font ',11' offset character 0.7,-0.7\n"));
	assert_non_null(strstr(text, "'limit of web.1: 50 %' at 200, graph 1 left front boxed font "
				     "',11' offset character 0.7,-1.9\n"));
	assert_non_null(strstr(text, "'pCPU 1 offline' at 300, graph 1 left front boxed font "
				     "',11' offset character 0.7,-3.1\n"));
	assert_non_null(strstr(text, "'tslice: 5ms' at 400, graph 1 left front boxed font ',11' "
				     "offset character 0.7,-0.7\n"));
	free(text);
	release(&x);
}

/* The stretch that the timeline takes by itself has what happened, and what came of it. */
static void shown_in_the_timeline(void **state)
{
	struct cx_timeline t;
	struct fixture x;

	(void)state;
	make_report(&x);
	((struct cx_metrics *)x.metrics[0])->switches_per_s = 2000;
	t = cx_timeline_choose(&x.report, 0, 0);
	assert_true(t.length_ns >= CX_MS && t.length_ns < 300 * CX_MS);
	assert_true(t.start_ns <= 500 * CX_MS - t.length_ns / 5);
	assert_true(t.start_ns + t.length_ns >= 500 * CX_MS + t.length_ns / 2);
	release(&x);
}

/* ---- starts and stops ---- */

static struct fab lively(void)
{
	static const struct fab_domain who[] = {
		{ .name = "always", .vcpus = 1 }, { .name = "late.0", .vcpus = 1 },
		{ .name = "late.1", .vcpus = 1 }, { .name = "early", .vcpus = 1 },
		{ .name = "broken", .vcpus = 1 },
	};
	struct fab f = fab_new(CX_SEC, 1, 5, who);

	fab_wake(&f, 0, 0, CX_WAKE_START);
	fab_switch(&f, 0, 0, 0, CX_WHY_IDLE);
	fab_finish(&f);
	f.record->domains[0].start_ns = 80 * CX_MS; /* a busy host: it starts with the run */
	f.record->domains[1].planned_ns = f.record->domains[2].planned_ns = 500 * CX_MS;
	f.record->domains[1].start_ns = 500 * CX_MS;
	f.record->domains[2].start_ns = 502 * CX_MS;
	f.record->domains[4].planned_ns = 600 * CX_MS;
	f.record->domains[3].stop_ns = 250 * CX_MS;
	f.record->domains[3].end = CX_END_STOPPED;
	f.record->domains[4].start_ns = 600 * CX_MS;
	f.record->domains[4].stop_ns = 700 * CX_MS;
	f.record->domains[4].end = CX_END_CRASH;
	return f;
}

static void lives_told(void **state)
{
	struct fixture x;
	json_object *root, *lives, *one;
	char *text;

	(void)state;
	memset(&x, 0, sizeof(x));
	x.n = 1;
	x.fabs[0] = lively();
	x.records[0] = x.fabs[0].record;
	x.report = (struct cx_report){ 1, x.records, x.metrics };
	measure(&x);
	text = text_of(&x, 400);
	assert_null(strstr(text, "-- during the run"));
	assert_non_null(strstr(text, "-- started and stopped during the run: at 250ms early "
				     "stopped; at 500ms late.0 and 1 more started; at 600ms broken "
				     "started; at 700ms broken crashed\n"));
	free(text);
	text = marks(&x, 0, CX_SEC, 1);
	assert_non_null(strstr(text, "set label 'late.0 and 1 more started' at 500, "));
	free(text);
	root = json_of(&x);
	one = json_object_array_get_idx(member(root, "runs"), 0);
	assert_int_equal(json_object_array_length(member(one, "changes")), 0);
	lives = member(one, "lives");
	assert_int_equal(json_object_array_length(lives), 4);
	one = json_object_array_get_idx(lives, 1);
	assert_string_equal(json_object_get_string(member(one, "domain")), "late.1");
	assert_int_equal(json_object_get_uint64(member(one, "started_ns")), 502 * CX_MS);
	assert_false(json_object_object_get_ex(one, "ended_ns", NULL));
	one = json_object_array_get_idx(lives, 3);
	assert_int_equal(json_object_get_uint64(member(one, "ended_ns")), 700 * CX_MS);
	assert_string_equal(json_object_get_string(member(one, "end")), "crash");
	json_object_put(root);
	release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_words),
		cmocka_unit_test(in_the_text),
		cmocka_unit_test(in_json),
		cmocka_unit_test(nothing_said_of_nothing),
		cmocka_unit_test(in_the_timeline),
		cmocka_unit_test(labels_apart),
		cmocka_unit_test(shown_in_the_timeline),
		cmocka_unit_test(lives_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
