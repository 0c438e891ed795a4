/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording in virtual time: LTTng's clock is that of the events, and none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture_rig.h"
#include "fabricate.h"

#include <endian.h>
#include <glob.h>
#include <inttypes.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#define PCPUS 1024u
#define HOUR_NS (3600 * CX_SEC)

/* ---- events, and sending them ---- */

static const struct fab_domain eight_vcpus[] = { { .name = "eight", .vcpus = 8 } };

/** Event @i: some 17 at each instant, on all pCPUs, now and then a pause of hours. */
static struct cx_event nth_event(uint64_t i)
{
	uint64_t r = (i + 1) * 0x9e3779b97f4a7c15ull, instant = i / 17;
	struct cx_event e = {
		.t_ns = instant * 250 + instant / 1000 * 3 * HOUR_NS,
		.type = CX_EV_SWITCH,
		.pcpu = (uint16_t)((r >> 20) % PCPUS),
		.vcpu = (uint32_t)((r >> 33) % 8),
		.prev = r % 3 ? (uint32_t)((r >> 40) % 8) : CX_NO_VCPU,
		.why = (uint32_t)((r >> 44) % CX_WHYS),
		.x = r,
		.y = r >> 50,
	};

	if (r % 5 == 0)
		e = (struct cx_event){ .t_ns = e.t_ns,
				       .type = CX_EV_WAKE,
				       .pcpu = e.pcpu,
				       .vcpu = e.vcpu,
				       .prev = CX_NO_VCPU,
				       .why = CX_WAKE_TIMER };
	return e;
}

/** What parent and child tell each other. */
struct shared {
	_Atomic uint64_t sent;
	_Atomic bool ready, go;
};

/** How a child is to record. */
struct job {
	struct shared *shared; /* NULL: go on without asking */
	uint64_t events;
	bool wander;      /* to the other CPU again and again */
	unsigned pause_s; /* real time, after half of the events */
	int stop_code;    /* what cx_capture_stop() is to return */
};

static void wander_on(uint64_t i)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(i % (uint64_t)(cpus > 0 ? cpus : 1), &set);
	sched_setaffinity(0, sizeof(set), &set); /* where it is allowed */
}

static void await(const _Atomic bool *flag)
{
	while (!*flag)
		usleep(2000);
}

/** The body of a child: one capture by @recorder into @dir. */
static int record_by(struct cx_recorder *recorder, const char *dir, const struct job *job)
{
	struct fab f = fab_new(nth_event(job->events).t_ns, PCPUS, 1, eight_vcpus);
	char *fixed = cx_record_static_json(f.record), *totals = cx_record_totals_json(f.record);
	const struct cx_trace_sink *sink;
	struct cx_capture *capture;
	struct cx_error err = { { 0 } };
	uint64_t events, lost, i;
	int rc;

	rc = cx_recorder_start(recorder, dir, &capture, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK(rc == 0);
	sink = cx_capture_sink(capture);
	if (job->shared) {
		job->shared->ready = true;
		await(&job->shared->go);
	}
	sink->run_start(0, fixed);
	for (i = 0; i < job->events; i++) {
		struct cx_event e = nth_event(i);

		if (job->wander && i % 500 == 0)
			wander_on(i / 500);
		if (i == job->events / 2)
			sleep(job->pause_s);
		sink->event(&e);
		if (job->shared)
			job->shared->sent = i + 1;
	}
	cx_capture_set_time(capture, f.record->duration_ns - 1);
	sink->run_end(f.record->duration_ns, totals);
	rc = cx_capture_stop(capture, &events, &lost, &err);
	if (rc != job->stop_code)
		fprintf(stderr, "it says %d: %s\n", rc, err.text);
	CHECK(rc == job->stop_code);
	CHECK(rc < 0 || (events == job->events && lost == 0));
	CHECK(rc != -ECHILD || (events == 0 && lost > 0));
	free(fixed);
	free(totals);
	fab_free(&f);
	return 0;
}

static int record(const char *dir, const struct job *job)
{
	struct cx_recorder *recorder;
	struct cx_error err = { { 0 } };
	int rc = cx_recorder_open_virtual(rig_provider(), &recorder, &err);

	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK(rc == 0);
	rc = record_by(recorder, dir, job);
	cx_recorder_close(recorder);
	return rc;
}

static pid_t record_in_child(const char *dir, const struct job *job)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int rc;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rc = record(dir, job);
		fflush(NULL);
		_exit(rc);
	}
	return pid;
}

static void assert_recorded(const char *dir, const struct job *job)
{
	assert_int_equal(rig_status(record_in_child(dir, job)), 0);
}

/* ---- looking at traces ---- */

/** The text of babeltrace2, without options that hide anything, into DIR.text. */
static void babeltrace(const char *dir)
{
	char *command;

	assert_true(asprintf(&command, "babeltrace2 --clock-cycles '%s' >'%s.text' 2>'%s.said'",
			     dir, dir, dir) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

static FILE *open_beside(const char *dir, const char *suffix, const char *mode)
{
	char path[PATH_MAX + 16];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", dir, suffix);
	f = fopen(path, mode);
	assert_non_null(f);
	return f;
}

static bool beside_is_empty(const char *dir, const char *suffix)
{
	FILE *f = open_beside(dir, suffix, "r");
	int c = fgetc(f);

	fclose(f);
	return c == EOF;
}

static void assert_same_text(const char *a, const char *b, const char *suffix)
{
	char *command;

	assert_true(asprintf(&command, "cmp '%s%s' '%s%s'", a, suffix, b, suffix) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

/** In every line, LTTng's time stamp is the event's t_ns.  Returns the lines of events. */
static uint64_t assert_stamps(const char *dir)
{
	FILE *f = open_beside(dir, ".text", "r");
	char *line = NULL;
	size_t room = 0;
	uint64_t n = 0;

	while (getline(&line, &room, f) > 0) {
		uint64_t stamp, t_ns;
		char *field = strstr(line, "{ t_ns = ");

		if (strstr(line, "coxswain:hello"))
			continue;
		assert_non_null(field);
		assert_int_equal(sscanf(line, "[%" SCNu64, &stamp), 1);
		assert_int_equal(sscanf(field, "{ t_ns = %" SCNu64, &t_ns), 1);
		assert_true(stamp == t_ns);
		n += strstr(line, "coxswain:run_") == NULL;
	}
	free(line);
	fclose(f);
	return n;
}

/** The packets of every stream, by its index (CTF index 1.1): in virtual time, in order. */
static void assert_packets(const char *dir, uint64_t end_ns)
{
	char pattern[PATH_MAX];
	uint64_t entry[9];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/ust/uid/*/64-bit/index/*.idx", dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		FILE *f = fopen(found.gl_pathv[i], "r");
		uint64_t last = 0, n = 0;

		assert_non_null(f);
		assert_int_equal(fseek(f, 16, SEEK_SET), 0);
		for (; fread(entry, sizeof(entry), 1, f) == 1; n++) {
			uint64_t begin = be64toh(entry[3]), end = be64toh(entry[4]);

			assert_true(last <= begin && begin <= end && end <= end_ns);
			assert_true(be64toh(entry[5]) == 0); /* discarded */
			last = end;
		}
		assert_true(n > 0 && last == end_ns);
		fclose(f);
	}
	globfree(&found);
}

static void print_own(const char *dir)
{
	FILE *f = open_beside(dir, ".own", "w");
	struct cx_error err = { { 0 } };

	assert_int_equal(cx_capture_print(dir, f, &err), 0);
	assert_int_equal(fclose(f), 0);
}

/** Our own text holds what was sent, line by line. */
static void assert_own(const char *dir, uint64_t events)
{
	FILE *f = open_beside(dir, ".own", "r");
	char *line = NULL, want[256];
	size_t room = 0;
	uint64_t i;

	assert_true(getline(&line, &room, f) > 0);
	assert_ptr_equal(strstr(line, "0 run_start part=1/1 {"), line);
	for (i = 0; i < events; i++) {
		struct cx_event e = nth_event(i);

		if (e.type == CX_EV_WAKE)
			snprintf(want, sizeof(want),
				 "%" PRIu64 " vcpu_wake pcpu=%u vcpu=%u why=timer\n", e.t_ns,
				 e.pcpu, e.vcpu);
		else
			snprintf(want, sizeof(want),
				 "%" PRIu64 " switch pcpu=%u prev=%d why=%s next=%u "
				 "slice_ns=%" PRIu64 " decide_ns=%" PRIu64 "\n",
				 e.t_ns, e.pcpu, (int)e.prev, cx_why_name(e.why), e.vcpu, e.x, e.y);
		assert_true(getline(&line, &room, f) > 0);
		assert_string_equal(line, want);
	}
	assert_true(getline(&line, &room, f) > 0);
	assert_non_null(strstr(line, " run_end part=1/1 {"));
	assert_true(getline(&line, &room, f) < 0);
	free(line);
	fclose(f);
}

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

/** Nothing of the host, the hour or the process is in the clock or in front of the events. */
static void the_trace_is_of_no_host(void **state)
{
	struct rig *rig = *state;
	char *dir = rig_dir(rig, "no-host"), *text = NULL;
	const struct job few = { .events = 10 };
	size_t room = 0, i;
	glob_t found;
	ssize_t n;
	FILE *f;

	assert_recorded(dir, &few);
	assert_int_equal(asprintf(&text, "%s/ust/uid/*/64-bit/metadata", dir) > 0, 1);
	assert_int_equal(glob(text, 0, NULL, &found), 0);
	f = fopen(found.gl_pathv[0], "r");
	assert_non_null(f);
	n = getdelim(&text, &room, EOF, f);
	assert_true(n > 0);
	for (i = 0; i < (size_t)n; i++)
		if (!text[i])
			text[i] = ' ';
	assert_null(strstr(text, "hostname"));
	assert_non_null(strstr(text, "\tname = \"coxswain_virtual\";\n"));
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

#define MANY_EVENTS 1000000u

/** The number after @key in /proc/PID/status, or -1. */
static int status_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			value = atoi(line + strlen(key));
	if (f)
		fclose(f);
	return value;
}

/** The process of that name that @ancestor has started, itself or through others. */
static pid_t descendant(pid_t ancestor, const char *name)
{
	char path[300], comm[32];
	struct dirent *entry;
	pid_t pid, p, is = 0;
	DIR *proc = opendir("/proc");
	FILE *f;

	while (proc && !is && (entry = readdir(proc)) != NULL) {
		pid = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = pid > 0 ? fopen(path, "r") : NULL;
		if (f && fgets(comm, sizeof(comm), f) && strcspn(comm, "\n") == strlen(name) &&
		    strncmp(comm, name, strlen(name)) == 0) {
			for (p = pid; p > 1 && p != ancestor;)
				p = status_of(p, "PPid:");
			is = p == ancestor ? pid : 0;
		}
		if (f)
			fclose(f);
	}
	if (proc)
		closedir(proc);
	return is;
}

static struct shared *share(void)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(s != MAP_FAILED);
	return s;
}

/** Wait until the child gets no further: its buffers are full. */
static void await_full(const struct shared *s)
{
	uint64_t before;

	do {
		before = s->sent;
		usleep(500000);
	} while (before == 0 || s->sent > before);
}

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

/* ---- what can go wrong ---- */

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

static void starts_that_fail_say_why(void **state)
{
	static const struct {
		const char *name;
		rig_child_fn fn;
	} cases[] = {
		{ "virtual-then-real", one_clock },
		{ "real-then-other", one_clock },
		{ "no-clock", without_clock },
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
		cmocka_unit_test(the_text_is_the_same_again),
		cmocka_unit_test(the_trace_is_of_no_host),
		cmocka_unit_test(it_waits_for_a_slow_consumer),
		cmocka_unit_test(a_million_at_full_speed),
		cmocka_unit_test(time_may_stand_still),
		cmocka_unit_test(every_capture_starts_at_zero),
		cmocka_unit_test(its_totals_come_back),
		cmocka_unit_test(a_dead_consumer_holds_nobody_up),
		cmocka_unit_test(a_dead_daemon_holds_nobody_up),
		cmocka_unit_test(a_killed_program_leaves_what_it_recorded),
		cmocka_unit_test(starts_that_fail_say_why),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
