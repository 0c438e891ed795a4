/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording in virtual time: LTTng's clock is that of the events, and none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "virtual_rig.h"

/* ---- the same twice ---- */

#define SAME_EVENTS 100000u

/** Something else that wants every CPU. */
static void be_busy(pid_t *pids, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			nice(5); /* there may be other tests */
			for (;;)
				;
		}
	}
}

static void be_quiet(const pid_t *pids, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		rig_status(pids[i]);
	}
}

static void the_text_is_the_same_again(void **state)
{
	struct rig *rig = *state;
	char *dirs[2] = { rig_dir(rig, "same-a"), rig_dir(rig, "same-b") };
	const struct job plain = { .events = SAME_EVENTS };
	const struct job wandering = { .events = SAME_EVENTS, .wander = true };
	pid_t busy[3];
	unsigned i;

	assert_recorded(dirs[0], &plain);
	be_busy(busy, 3);
	assert_recorded(dirs[1], &wandering);
	be_quiet(busy, 3);
	assert_true(rig_empty(rig->homes));
	for (i = 0; i < 2; i++) {
		babeltrace(dirs[i]);
		assert_true(beside_is_empty(dirs[i], ".said"));
		assert_int_equal(assert_stamps(dirs[i]), SAME_EVENTS);
		assert_packets(dirs[i], nth_event(SAME_EVENTS).t_ns);
		print_own(dirs[i]);
		assert_own(dirs[i], SAME_EVENTS);
	}
	assert_same_text(dirs[0], dirs[1], ".text");
	assert_same_text(dirs[0], dirs[1], ".own");
	free(dirs[0]);
	free(dirs[1]);
}

#define METADATA_MAX (1u << 20)

/** Nothing of the host, the hour or the process is in the clock or in front of the events. */
static void the_trace_is_of_no_host(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "no-host"), *text = NULL, pattern[PATH_MAX];
	const struct job few = { .events = 10 };
	size_t room, i, n;
	glob_t found;
	FILE *f;

	assert_recorded(dir, &few);
	snprintf(pattern, sizeof(pattern), "%s/ust/uid/*/64-bit/metadata", dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	f = fopen(found.gl_pathv[0], "r");
	assert_non_null(f);
	text = calloc(1, METADATA_MAX + 1);
	assert_non_null(text);
	room = METADATA_MAX + 1;
	n = fread(text, 1, METADATA_MAX, f); /* it begins with bytes of any value */
	assert_true(n > 0);
	for (i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	assert_null(strstr(text, "hostname"));
	if (!strstr(text, "\tname = \"coxswain_virtual\";\n"))
		fail_msg("%zu bytes, no clock of that name in: %.3000s", n, text);
	assert_non_null(strstr(text, "\tfreq = 1000000000; "));
	assert_non_null(strstr(text, "\toffset = 0 "));
	fclose(f);
	globfree(&found);
	babeltrace(dir);
	f = open_beside(dir, ".text", "r");
	while (getline(&text, &room, f) > 0) {
		char *after = strchr(text, ')');

		assert_non_null(after);
		assert_ptr_equal(strstr(after, ") coxswain:"), after);
	}
	fclose(f);
	free(text);
	free(dir);
}

/* ---- nothing is lost ---- */

static void a_million_at_full_speed(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "million");
	const struct job many = { .events = MANY_EVENTS };

	assert_recorded(dir, &many);
	assert_packets(dir, nth_event(MANY_EVENTS).t_ns);
	print_own(dir);
	assert_own(dir, MANY_EVENTS);
	free(dir);
}

/* ---- time stands still, and starts again ---- */

static void time_may_stand_still(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "still");
	const struct job job = { .events = 40000, .pause_s = 3 };

	assert_recorded(dir, &job);
	babeltrace(dir);
	assert_true(beside_is_empty(dir, ".said"));
	assert_int_equal(assert_stamps(dir), job.events);
	assert_packets(dir, nth_event(job.events).t_ns);
	free(dir);
}

#define CAPTURES 5u

/** Several captures by one recorder, then by a second one of the same process. */
static int record_in_turn(const char *dir)
{
	struct cx_recorder *recorder;
	struct cx_error err = { { 0 } };
	unsigned r, c;

	for (r = 0; r < 2; r++) {
		CHECK(cx_recorder_open_virtual(rig_provider(), &recorder, &err) == 0);
		for (c = 0; c < CAPTURES; c++) {
			const struct job job = { .events = 20000 };
			char inner[PATH_MAX];

			snprintf(inner, sizeof(inner), "%s/%u-%u", dir, r, c);
			CHECK(mkdir(inner, 0755) == 0);
			CHECK(record_by(recorder, inner, &job) == 0);
		}
		cx_recorder_close(recorder);
	}
	return 0;
}

static void every_capture_starts_at_zero(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "turn"), first[PATH_MAX], inner[PATH_MAX];
	unsigned r, c;

	assert_int_equal(rig_run(record_in_turn, dir), 0);
	assert_true(rig_empty(rig->homes));
	snprintf(first, sizeof(first), "%s/0-0", dir);
	for (r = 0; r < 2; r++) {
		for (c = 0; c < CAPTURES; c++) {
			snprintf(inner, sizeof(inner), "%s/%u-%u", dir, r, c);
			babeltrace(inner);
			assert_true(beside_is_empty(inner, ".said"));
			assert_int_equal(assert_stamps(inner), 20000);
			assert_packets(inner, nth_event(20000).t_ns);
			assert_same_text(first, inner, ".text");
		}
	}
	free(dir);
}

/* ---- read back ---- */

static struct fab simulated(void)
{
	static const struct fab_domain domains[] = {
		{ .name = "hog", .vcpus = 2, .weight = 512 },
		{ .name = "capped", .vcpus = 1, .limit = 30 },
		{ .name = "sleeper", .vcpus = 3, .burst_ns = CX_MS, .sleep_ns = 4 * CX_MS },
	};
	const struct fab_policy policy = { .name = "fair",
					   .slice_ns = 5 * CX_MS,
					   .weighted = true,
					   .boost = true,
					   .limits = true };

	return fab_simulate(2 * CX_SEC, 2, 3, domains, &policy);
}

static int record_simulated(const char *dir)
{
	struct fab f = simulated();
	struct cx_recorder *recorder;
	struct cx_capture *capture;
	struct cx_error err = { { 0 } };
	uint64_t events, lost;

	CHECK(cx_recorder_open_virtual(rig_provider(), &recorder, &err) == 0);
	CHECK(cx_recorder_start(recorder, dir, &capture, &err) == 0);
	rig_send(cx_capture_sink(capture), f.record);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	CHECK(lost == 0 && events == cx_history_count(f.record->history));
	cx_recorder_close(recorder);
	fab_free(&f);
	return 0;
}

static void its_totals_come_back(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "totals");
	struct fab f = simulated();
	struct cx_record **records;
	struct cx_error err = { { 0 } };

	assert_int_equal(rig_run(record_simulated, dir), 0);
	assert_int_equal(cx_capture_read(dir, &records, &err), 1);
	rig_assert_same_run(records[0], f.record);
	rig_free_records(records, 1);
	fab_free(&f);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_the_same_again),
		cmocka_unit_test(the_trace_is_of_no_host),
		cmocka_unit_test(a_million_at_full_speed),
		cmocka_unit_test(time_may_stand_still),
		cmocka_unit_test(every_capture_starts_at_zero),
		cmocka_unit_test(its_totals_come_back),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
