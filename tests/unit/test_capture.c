/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording with a real session daemon, and reading back what was recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture_rig.h"
#include "fabricate.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>

/* ---- many events from several threads ---- */

#define THREADS 4u
#define EACH 125000u
#define VCPUS 8u

/** Event @i of thread @lane: all types, all members that the type has, times all different. */
static struct cx_event nth_event(unsigned lane, uint64_t i)
{
	uint64_t r = (i * THREADS + lane + 1) * 0x9e3779b97f4a7c15ull;
	struct cx_event e = {
		.t_ns = i * THREADS + lane,
		.type = (uint16_t)((r >> 20) % CX_EVENT_TYPES),
		.pcpu = (uint16_t)lane,
		.vcpu = (uint32_t)((r >> 30) % VCPUS),
		.prev = CX_NO_VCPU,
	};

	switch ((enum cx_event_type)e.type) {
	case CX_EV_WAKE:
		e.why = (uint32_t)((r >> 40) % CX_WAKE_WHYS);
		break;
	case CX_EV_BLOCK:
		e.x = r;
		break;
	case CX_EV_SWITCH:
		e.prev = (r >> 50) % 3 ? (uint32_t)((r >> 33) % VCPUS) : CX_NO_VCPU;
		if ((r >> 53) % 3 == 0)
			e.vcpu = CX_NO_VCPU;
		e.why = (uint32_t)((r >> 40) % CX_WHYS);
		e.x = r;
		e.y = r >> 50;
		break;
	case CX_EV_MIGRATE:
		e.prev = (uint32_t)((r >> 40) % THREADS);
		e.why = (uint32_t)((r >> 44) % CX_DISTANCES);
		e.x = r;
		break;
	case CX_EV_PARK:
	case CX_EV_UNPARK:
		e.why = (uint32_t)((r >> 40) % CX_PARK_REASONS);
		break;
	case CX_EV_PAUSE:
	case CX_EV_UNPAUSE:
		break;
	case CX_EV_END:
		e.why = (uint32_t)((r >> 40) % CX_ENDS);
		e.x = r;
		break;
	case CX_EV_FAULT:
		e.why = (uint32_t)((r >> 40) % CX_FAULTS);
		break;
	case CX_EV_EXIT:
		e.why = (uint32_t)r;
		break;
	case CX_EV_PARAM:
		e.why = (uint32_t)(r >> 40) % 8;
		e.x = r;
		break;
	case CX_EV_PCPU_OFFLINE:
	case CX_EV_PCPU_ONLINE:
		e.vcpu = CX_NO_VCPU;
		e.x = r;
		break;
	case CX_EV_ADJUST:
	case CX_EV_ADJUST_POOL:
		e.vcpu = 0; /* the one domain, the one pool */
		e.why = (uint32_t)((r >> 40) % CX_ADJUSTS);
		e.x = r;
		break;
	default: /* account, policy, hypercall */
		e.why = (uint32_t)r;
		e.x = r;
		e.y = ~r;
		break;
	}
	return e;
}

struct sender {
	const struct cx_trace_sink *sink;
	unsigned lane;
};

static void *send_lane(void *arg)
{
	const struct sender *s = arg;
	uint64_t i;

	for (i = 0; i < EACH; i++) {
		struct cx_event e = nth_event(s->lane, i);

		s->sink->event(&e);
	}
	return NULL;
}

static const struct fab_domain eight_vcpus[] = { { .name = "eight", .vcpus = VCPUS } };

static int record_threads(const char *dir)
{
	struct fab f = fab_new((uint64_t)THREADS * EACH, THREADS, 1, eight_vcpus);
	struct cx_capture *capture = rig_start(dir);
	struct sender senders[THREADS];
	pthread_t threads[THREADS];
	struct cx_error err = { { 0 } };
	uint64_t events, lost;
	char *json;
	unsigned i;

	CHECK(capture);
	fab_pool(&f, "one", CX_NO_POOL);
	json = cx_record_static_json(f.record);
	cx_capture_sink(capture)->run_start(0, json);
	for (i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ cx_capture_sink(capture), i };
		CHECK(pthread_create(&threads[i], NULL, send_lane, &senders[i]) == 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	free(json);
	json = cx_record_totals_json(f.record);
	cx_capture_sink(capture)->run_end(f.record->duration_ns, json);
	free(json);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	CHECK(lost == 0);
	CHECK(events == (uint64_t)THREADS * EACH);
	fab_free(&f);
	return 0;
}

static void many_events_come_back(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "threads");
	struct cx_history_cursor *cursor;
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	uint64_t i;

	assert_int_equal(rig_run(record_threads, dir), 0);
	assert_true(rig_empty(rig->homes));
	assert_int_equal(cx_capture_read(dir, &records, &err), 1);
	assert_int_equal(records[0]->trace_events, THREADS * EACH);
	assert_int_equal(records[0]->trace_lost, 0);
	assert_int_equal(cx_history_count(records[0]->history), THREADS * EACH);
	cursor = cx_history_walk(records[0]->history);
	for (i = 0; i < (uint64_t)THREADS * EACH; i++) {
		struct cx_event e = nth_event(i % THREADS, i / THREADS);

		assert_memory_equal(cx_history_next(cursor), &e, sizeof(e));
	}
	assert_null(cx_history_next(cursor));
	cx_history_cursor_free(cursor);
	rig_free_records(records, 1);
	free(dir);
}

/* ---- whole runs ---- */

#define RUN_NS (2 * CX_SEC)

static struct fab simulated(const char *policy_name)
{
	static const struct fab_domain domains[] = {
		{ .name = "hog", .vcpus = 2, .weight = 512 },
		{ .name = "capped", .vcpus = 1, .limit = 30 },
		{ .name = "sleeper", .vcpus = 3, .burst_ns = CX_MS, .sleep_ns = 4 * CX_MS },
	};
	const struct fab_policy policy = { .name = policy_name,
					   .slice_ns = 5 * CX_MS,
					   .weighted = true,
					   .boost = true,
					   .limits = true };

	return fab_simulate(RUN_NS, 2, 3, domains, &policy);
}

#define CAPTURES 5u

/** Two runs in each of several captures, one right after the other, by one recorder. */
static int record_runs(const char *dir)
{
	struct cx_recorder *recorder;
	struct cx_error err = { { 0 } };
	unsigned c;

	CHECK(cx_recorder_open(rig_provider(), &recorder, &err) == 0);
	for (c = 0; c < CAPTURES; c++) {
		struct fab first = simulated("first"), second = simulated("second");
		struct cx_capture *capture;
		uint64_t events, lost;
		char inner[PATH_MAX];

		snprintf(inner, sizeof(inner), "%s/%u", dir, c);
		CHECK(mkdir(inner, 0755) == 0);
		CHECK(cx_recorder_start(recorder, inner, &capture, &err) == 0);
		second.record->vcpus[1].progress = 4711 + c;
		rig_send(cx_capture_sink(capture), first.record);
		rig_send(cx_capture_sink(capture), second.record);
		CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
		CHECK(lost == 0);
		CHECK(events == cx_history_count(first.record->history) +
					cx_history_count(second.record->history));
		fab_free(&first);
		fab_free(&second);
	}
	cx_recorder_close(recorder);
	return 0;
}

static void runs_come_back_with_their_totals(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "runs"), inner[PATH_MAX];
	struct fab first = simulated("first"), second = simulated("second");
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	unsigned c;

	assert_int_equal(rig_run(record_runs, dir), 0);
	assert_true(rig_empty(rig->homes));
	for (c = 0; c < CAPTURES; c++) {
		snprintf(inner, sizeof(inner), "%s/%u", dir, c);
		assert_int_equal(cx_capture_read(inner, &records, &err), 2);
		rig_assert_same_run(records[0], first.record);
		rig_assert_same_run(records[1], second.record);
		assert_int_equal(records[1]->vcpus[1].progress, 4711 + c);
		rig_free_records(records, 2);
	}
	fab_free(&first);
	fab_free(&second);
	free(dir);
}

/* ---- a start of several megabytes ---- */

#define MANY 4096u

static struct cx_record *huge_record(void)
{
	struct cx_record *r = cx_record_new(MANY, MANY, 2);
	unsigned i;

	r->scenario = fab_text("many");
	r->machine = fab_text("sim");
	r->scheduler = fab_text("rr");
	r->params = fab_text("");
	r->duration_ns = CX_SEC;
	for (i = 0; i < MANY; i++) {
		char name[300];

		snprintf(name, sizeof(name), "domain.%u with%250s.", i, "a long name");
		r->domains[i].name = fab_text(name);
		r->domains[i].first_vcpu = i;
		r->domains[i].n_vcpus = 1;
		r->vcpus[i].domain = i;
		r->vcpus[i].progress = i;
	}
	return r;
}

static int record_huge(const char *dir)
{
	struct cx_record *r = huge_record();
	struct cx_capture *capture = rig_start(dir);
	struct cx_error err = { { 0 } };
	uint64_t events, lost;

	CHECK(capture);
	rig_send(cx_capture_sink(capture), r);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	CHECK(lost == 0 && events == 0);
	cx_record_free(r);
	return 0;
}

static void texts_of_any_length_come_back(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "huge");
	struct cx_record *want = huge_record(), **records;
	struct cx_error err = { { 0 } };
	unsigned i;

	assert_int_equal(rig_run(record_huge, dir), 0);
	assert_int_equal(cx_capture_read(dir, &records, &err), 1);
	assert_int_equal(records[0]->n_domains, MANY);
	for (i = 0; i < MANY; i++) {
		assert_string_equal(records[0]->domains[i].name, want->domains[i].name);
		assert_int_equal(records[0]->vcpus[i].progress, i);
	}
	rig_free_records(records, 1);
	cx_record_free(want);
	free(dir);
}

/* ---- ends that nobody wants ---- */

#define BEFORE_END 1000u

/** Records, and waits for a signal with everything running. */
static int record_and_wait(const char *dir)
{
	struct fab f = fab_new(CX_SEC, THREADS, 1, eight_vcpus);
	struct cx_capture *capture;
	char *json, ready[PATH_MAX];
	unsigned i;

	fab_pool(&f, "one", CX_NO_POOL);
	json = cx_record_static_json(f.record);
	setpgid(0, 0);
	capture = rig_start(dir);
	CHECK(capture);
	cx_capture_sink(capture)->run_start(0, json);
	for (i = 0; i < BEFORE_END; i++) {
		struct cx_event e = nth_event(i % THREADS, i / THREADS);

		cx_capture_sink(capture)->event(&e);
	}
	snprintf(ready, sizeof(ready), "%s/ready", dir);
	CHECK(mkdir(ready, 0755) == 0);
	for (;;)
		pause();
}

static void await_ready(const char *dir)
{
	const struct timespec nap = { .tv_nsec = 5000000 };
	char ready[PATH_MAX];
	int i;

	snprintf(ready, sizeof(ready), "%s/ready", dir);
	for (i = 0; i < RIG_WAIT_SECONDS * 200 && access(ready, F_OK) < 0; i++)
		nanosleep(&nap, NULL);
	assert_int_equal(access(ready, F_OK), 0);
}

/** The program dies of @sig, sent to it alone or to its whole group as a terminal does. */
static void dies(struct rig *rig, const char *name, int sig, bool group)
{
	char *dir = rig_dir(rig, name);
	pid_t pid = rig_fork(record_and_wait, dir);
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	int status;

	await_ready(dir);
	assert_false(rig_empty(rig->homes));
	kill(group ? -pid : pid, sig);
	status = rig_status(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == sig);
	assert_true(rig_all_gone());
	assert_true(rig_empty(rig->homes));
	/* What it recorded until then is there. */
	assert_int_equal(cx_capture_read(dir, &records, &err), 1);
	assert_true(records[0]->interrupted && records[0]->cut);
	assert_int_equal(records[0]->trace_events, BEFORE_END);
	rig_free_records(records, 1);
	free(dir);
}

static void killed_it_leaves_nothing(void **state)
{
	dies(*state, "killed", SIGKILL, false);
}

static void interrupted_it_leaves_nothing(void **state)
{
	dies(*state, "interrupted", SIGINT, true);
}

static void on_int(int sig)
{
	(void)sig;
}

/** A program that handles Ctrl-C goes on recording, and stops in order. */
static int record_through_int(const char *dir)
{
	struct fab f = simulated("rr");
	struct sigaction action = { .sa_handler = on_int };
	struct cx_capture *capture;
	struct cx_error err = { { 0 } };
	uint64_t events, lost;

	setpgid(0, 0);
	sigaction(SIGINT, &action, NULL);
	capture = rig_start(dir);
	CHECK(capture);
	kill(0, SIGINT);
	rig_send(cx_capture_sink(capture), f.record);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	CHECK(lost == 0 && events == cx_history_count(f.record->history));
	fab_free(&f);
	return 0;
}

static void recording_survives_an_interrupt(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "through");

	assert_int_equal(rig_run(record_through_int, dir), 0);
	assert_true(rig_empty(rig->homes));
	free(dir);
}

/* ---- several programs ---- */

static void parallel_captures_are_apart(void **state)
{
	struct rig *rig = *state;
	char *dirs[2] = { rig_dir(rig, "one"), rig_dir(rig, "two") };
	struct cx_error err = { { 0 } };
	struct cx_record **records;
	pid_t pids[2];
	int i;

	for (i = 0; i < 2; i++)
		pids[i] = rig_fork(record_through_int, dirs[i]);
	for (i = 0; i < 2; i++)
		assert_int_equal(rig_status(pids[i]), 0);
	assert_true(rig_empty(rig->homes));
	for (i = 0; i < 2; i++) {
		assert_int_equal(cx_capture_read(dirs[i], &records, &err), 1);
		assert_int_equal(records[0]->trace_lost, 0);
		rig_free_records(records, 1);
		free(dirs[i]);
	}
}

/* ---- what can go wrong ---- */

static int start_fails(const char *dir, const char *const *providers, int code, const char *says)
{
	struct cx_error err = { { 0 } };
	struct cx_capture *capture;

	CHECK(cx_capture_start(dir, providers, &capture, &err) == -code);
	if (!strstr(err.text, says))
		fprintf(stderr, "it says: %s\n", err.text);
	CHECK(strstr(err.text, says));
	return 0;
}

static int start_unwritable(const char *dir)
{
	if (geteuid() == 0)
		CHECK(setgid(65534) == 0 && setuid(65534) == 0);
	return start_fails(dir, rig_provider(), EACCES, "cannot write there");
}

static int start_without_daemon(const char *dir)
{
	CHECK(setenv("PATH", "/nonexistent", 1) == 0);
	return start_fails(dir, rig_provider(), ENOENT, "lttng-tools");
}

static int start_without_provider(const char *dir)
{
	const char *const nowhere[] = { "/nonexistent/a", "/nonexistent/b", NULL };

	return start_fails(dir, nowhere, ENOENT, "/nonexistent/b");
}

static int start_without_folder(const char *dir)
{
	char inner[PATH_MAX];

	snprintf(inner, sizeof(inner), "%s/none", dir);
	return start_fails(inner, rig_provider(), ENOENT, inner);
}

/** A daemon that ends at once: a script in its place. */
static int start_with_broken_daemon(const char *dir)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/lttng-sessiond", dir);
	f = fopen(path, "w");
	CHECK(f);
	fputs("#!/bin/sh\necho no mood today >&2\nexit 3\n", f);
	CHECK(fchmod(fileno(f), 0755) == 0);
	fclose(f);
	CHECK(setenv("PATH", dir, 1) == 0);
	return start_fails(dir, rig_provider(), ECHILD, "no mood today");
}

static void starts_that_fail_say_why(void **state)
{
	static const struct {
		const char *name;
		rig_child_fn fn;
	} cases[] = {
		{ "unwritable", start_unwritable },
		{ "no-daemon", start_without_daemon },
		{ "no-provider", start_without_provider },
		{ "no-folder", start_without_folder },
		{ "broken-daemon", start_with_broken_daemon },
	};
	struct rig *rig = *state;
	unsigned i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *dir = rig_dir(rig, cases[i].name);

		if (cases[i].fn == start_unwritable)
			assert_int_equal(chmod(dir, 0555), 0);
		assert_int_equal(rig_run(cases[i].fn, dir), 0);
		assert_true(rig_empty(rig->homes));
		assert_true(rig_all_gone());
		free(dir);
	}
}

#define SMALL_DISK "size=12m"
#define TOO_MANY 1000000u

/** A file system of our own, that no one else sees. */
static int mount_small(const char *dir, const char *size)
{
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("tmpfs", dir, "tmpfs", 0, size) == 0);
	return 0;
}

static int start_on_full_disk(const char *dir)
{
	if (mount_small(dir, "size=1m"))
		return 1;
	return start_fails(dir, rig_provider(), ENOSPC, "are free");
}

static int fill_disk(const char *dir)
{
	struct fab f = fab_new((uint64_t)TOO_MANY, THREADS, 1, eight_vcpus);
	struct cx_error err = { { 0 } };
	struct cx_capture *capture;
	struct cx_record **records;
	char *json = cx_record_static_json(f.record);
	uint64_t events, lost, i;
	int n;

	if (mount_small(dir, SMALL_DISK))
		return 1;
	capture = rig_start(dir);
	CHECK(capture);
	cx_capture_sink(capture)->run_start(0, json);
	for (i = 0; i < TOO_MANY; i++) {
		struct cx_event e = nth_event(i % THREADS, i / THREADS);

		cx_capture_sink(capture)->event(&e);
	}
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == -ENOSPC);
	CHECK(strstr(err.text, "full") != NULL);
	/* And what did reach the disk can be read, or is said to be damaged. */
	n = cx_capture_read(dir, &records, &err);
	CHECK(n == 1 || n == -EBADMSG);
	if (n == 1) {
		CHECK(records[0]->interrupted);
		CHECK(records[0]->trace_events < TOO_MANY);
		rig_free_records(records, n);
	}
	free(json);
	fab_free(&f);
	return 0;
}

static void a_full_disk_is_told(void **state)
{
	struct rig *rig = *state;
	char *dirs[2] = { rig_dir(rig, "full"), rig_dir(rig, "filled") };

	if (geteuid() != 0) {
		print_message("skipped: only root can mount a small file system\n");
		skip();
	}
	assert_int_equal(rig_run(start_on_full_disk, dirs[0]), 0);
	assert_int_equal(rig_run(fill_disk, dirs[1]), 0);
	assert_true(rig_empty(rig->homes));
	free(dirs[0]);
	free(dirs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_events_come_back),
		cmocka_unit_test(runs_come_back_with_their_totals),
		cmocka_unit_test(texts_of_any_length_come_back),
		cmocka_unit_test(killed_it_leaves_nothing),
		cmocka_unit_test(interrupted_it_leaves_nothing),
		cmocka_unit_test(recording_survives_an_interrupt),
		cmocka_unit_test(parallel_captures_are_apart),
		cmocka_unit_test(starts_that_fail_say_why),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
