/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording in virtual time, when something is not as it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "virtual_rig.h"

#include <sys/mount.h>

static void it_waits_for_a_slow_consumer(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "slow");
	struct shared *shared = share();
	const struct job many = { .events = MANY_EVENTS, .shared = shared };
	pid_t consumer, pid = record_in_child(dir, &many);
	struct cx_error err = { { 0 } };
	FILE *null = fopen("/dev/null", "w");

	await(&shared->ready);
	consumer = descendant(pid, "lttng-consumerd");
	assert_true(consumer > 0);
	kill(consumer, SIGSTOP);
	shared->go = true;
	await_full(shared);
	assert_true(shared->sent < MANY_EVENTS);
	kill(consumer, SIGCONT);
	assert_int_equal(rig_status(pid), 0);
	assert_packets(dir, nth_event(MANY_EVENTS).t_ns);
	assert_int_equal(cx_capture_print(dir, null, &err), 0);
	fclose(null);
	munmap(shared, sizeof(*shared));
	free(dir);
}

/** The process @name dies while the buffers are full: the program comes to its end. */
static void dies_while_full(struct rig *rig, const char *name)
{
	char *dir = rig_dir(rig, name);
	struct shared *shared = share();
	const struct job job = { .events = MANY_EVENTS, .shared = shared, .stop_code = -ECHILD };
	pid_t pid = record_in_child(dir, &job), consumer, victim;
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	int n;

	await(&shared->ready);
	consumer = descendant(pid, "lttng-consumerd");
	victim = descendant(pid, name);
	assert_true(consumer > 0 && victim > 0);
	kill(consumer, SIGSTOP);
	shared->go = true;
	await_full(shared);
	kill(victim, SIGKILL);
	if (victim != consumer)
		kill(consumer, SIGCONT);
	assert_int_equal(rig_status(pid), 0);
	assert_true(rig_all_gone());
	assert_true(rig_empty(rig->homes));
	/* LTTng describes the events last: what it has written can rarely be read. */
	n = cx_capture_read(dir, &records, &err);
	assert_true(n == 1 || n == -EBADMSG);
	if (n == 1)
		rig_free_records(records, n);
	munmap(shared, sizeof(*shared));
	free(dir);
}

static void a_dead_consumer_holds_nobody_up(void **state)
{
	dies_while_full(*state, "lttng-consumerd");
}

static void a_dead_daemon_holds_nobody_up(void **state)
{
	dies_while_full(*state, "lttng-sessiond");
}

static void a_killed_program_leaves_what_it_recorded(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "killed");
	struct shared *shared = share();
	const struct job job = { .events = 5000,
				 .shared = shared,
				 .pause_s = 2 * RIG_WAIT_SECONDS };
	pid_t pid = record_in_child(dir, &job);
	struct cx_record **records;
	struct cx_error err = { { 0 } };

	await(&shared->ready);
	shared->go = true;
	while (shared->sent < 2500)
		usleep(2000);
	kill(pid, SIGKILL);
	rig_status(pid);
	assert_true(rig_all_gone());
	assert_true(rig_empty(rig->homes));
	assert_packets(dir, nth_event(2499).t_ns);
	assert_int_equal(cx_capture_read(dir, &records, &err), 1);
	assert_true(records[0]->interrupted);
	assert_int_equal(records[0]->trace_events, 2500);
	rig_free_records(records, 1);
	munmap(shared, sizeof(*shared));
	free(dir);
}

static int one_clock(const char *dir)
{
	bool virtual_first = strstr(dir, "virtual") != NULL;
	struct cx_recorder *recorder;
	struct cx_error err = { { 0 } };

	CHECK((virtual_first ? cx_recorder_open_virtual : cx_recorder_open)(rig_provider(),
									    &recorder, &err) == 0);
	cx_recorder_close(recorder);
	CHECK((virtual_first ? cx_recorder_open : cx_recorder_open_virtual)(
		      rig_provider(), &recorder, &err) == -EBUSY);
	CHECK(strstr(err.text, virtual_first ? "cannot change to real time"
					     : "cannot change to virtual time"));
	return 0;
}

/** A program that is started by one that traces in virtual time has its environment. */
static int heir(const char *dir)
{
	char object[2 * PATH_MAX], file[PATH_MAX + 8], *name = NULL;
	struct cx_capture *capture;
	struct cx_error err = { { 0 } };
	uint64_t events, lost;
	FILE *f;

	snprintf(object, sizeof(object), "%s/coxswain-clock.so", rig_provider()[0]);
	snprintf(file, sizeof(file), "%s.clock", dir);
	f = fopen(file, "w");
	CHECK(f && fputs("0123456789abcdef", f) >= 0 && fclose(f) == 0);
	CHECK(setenv("COXSWAIN_TRACE_CLOCK", file, 1) == 0);
	CHECK(setenv("LTTNG_UST_CLOCK_PLUGIN", object, 1) == 0);
	capture = rig_start(dir);
	CHECK(capture);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	CHECK(asprintf(&name, "grep -q 'name = .monotonic' '%s'/ust/uid/*/64-bit/metadata", dir) >
	      0);
	CHECK(system(name) == 0);
	free(name);
	return 0;
}

static int without_clock(const char *dir)
{
	const char *const dirs[] = { dir, NULL };
	char from[2 * PATH_MAX], to[PATH_MAX];
	struct cx_recorder *recorder;
	struct cx_error err = { { 0 } };

	snprintf(from, sizeof(from), "%s/coxswain-lttng.so", rig_provider()[0]);
	snprintf(to, sizeof(to), "%s/coxswain-lttng.so", dir);
	CHECK(symlink(from, to) == 0);
	CHECK(cx_recorder_open_virtual(dirs, &recorder, &err) == -ENOENT);
	CHECK(strstr(err.text, "coxswain-clock.so"));
	return 0;
}

static void a_process_has_one_clock(void **state)
{
	static const struct {
		const char *name;
		rig_child_fn fn;
	} cases[] = {
		{ "virtual-then-real", one_clock },
		{ "real-then-other", one_clock },
		{ "no-clock", without_clock },
		{ "heir", heir },
	};
	struct rig *rig = *state;
	unsigned i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *dir = rig_dir(rig, cases[i].name);

		assert_int_equal(rig_run(cases[i].fn, dir), 0);
		assert_true(rig_empty(rig->homes));
		assert_true(rig_all_gone());
		free(dir);
	}
}

/** A disk that is full holds nobody up either, and is told. */
static int fill_disk(const char *dir)
{
	const struct job job = { .events = MANY_EVENTS, .stop_code = -ENOSPC };

	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("tmpfs", dir, "tmpfs", 0, "size=12m") == 0);
	return record(dir, &job);
}

static void a_full_disk_is_told(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "full");

	if (geteuid() != 0) {
		print_message("skipped: only root can mount a small file system\n");
		skip();
	}
	assert_int_equal(rig_run(fill_disk, dir), 0);
	assert_true(rig_empty(rig->homes));
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_waits_for_a_slow_consumer),
		cmocka_unit_test(a_dead_consumer_holds_nobody_up),
		cmocka_unit_test(a_dead_daemon_holds_nobody_up),
		cmocka_unit_test(a_killed_program_leaves_what_it_recorded),
		cmocka_unit_test(a_process_has_one_clock),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
