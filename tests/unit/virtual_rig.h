/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures in virtual time: events, children that record them, and a look at the traces. */
#ifndef CX_TESTS_VIRTUAL_RIG_H
#define CX_TESTS_VIRTUAL_RIG_H

#include "capture_rig.h"
#include "fabricate.h"

#include <endian.h>
#include <glob.h>
#include <inttypes.h>
#include <sched.h>
#include <sys/mman.h>

#define PCPUS 1024u
#define HOUR_NS (3600 * CX_SEC)
#define MANY_EVENTS 1000000u

/* ---- events, and sending them ---- */

static const struct fab_domain eight_vcpus[] = { { .name = "eight", .vcpus = 8 } };

/** Event @i: some 17 at each instant, on all pCPUs, now and then a pause of hours. */
static inline struct cx_event nth_event(uint64_t i)
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

static inline void wander_on(uint64_t i)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(i % (uint64_t)(cpus > 0 ? cpus : 1), &set);
	sched_setaffinity(0, sizeof(set), &set); /* where it is allowed */
}

static inline void await(const _Atomic bool *flag)
{
	while (!*flag)
		usleep(2000);
}

/** The body of a child: one capture by @recorder into @dir. */
static inline int record_by(struct cx_recorder *recorder, const char *dir, const struct job *job)
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

static inline int record(const char *dir, const struct job *job)
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

static inline pid_t record_in_child(const char *dir, const struct job *job)
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

static inline void assert_recorded(const char *dir, const struct job *job)
{
	assert_int_equal(rig_status(record_in_child(dir, job)), 0);
}

/* ---- looking at traces ---- */

/** The text of babeltrace2, without options that hide anything, into DIR.text. */
static inline void babeltrace(const char *dir)
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

static inline bool beside_is_empty(const char *dir, const char *suffix)
{
	FILE *f = open_beside(dir, suffix, "r");
	int c = fgetc(f);

	fclose(f);
	return c == EOF;
}

static inline void assert_same_text(const char *a, const char *b, const char *suffix)
{
	char *command;

	assert_true(asprintf(&command, "cmp '%s%s' '%s%s'", a, suffix, b, suffix) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

/** In every line, LTTng's time stamp is the event's t_ns.  Returns the lines of events. */
static inline uint64_t assert_stamps(const char *dir)
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
static inline void assert_packets(const char *dir, uint64_t end_ns)
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

static inline void print_own(const char *dir)
{
	FILE *f = open_beside(dir, ".own", "w");
	struct cx_error err = { { 0 } };

	assert_int_equal(cx_capture_print(dir, f, &err), 0);
	assert_int_equal(fclose(f), 0);
}

/** Our own text holds what was sent, line by line. */
static inline void assert_own(const char *dir, uint64_t events)
{
	FILE *f = open_beside(dir, ".own", "r");
	char *line = NULL, *end, want[256];
	unsigned part, parts = 1, number;
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
	/* Totals of many pCPUs take several parts. */
	for (part = 1; part <= parts; part++) {
		assert_true(getline(&line, &room, f) > 0);
		end = strstr(line, " run_end part=");
		assert_non_null(end);
		assert_int_equal(sscanf(end, " run_end part=%u/%u ", &number, &parts), 2);
		assert_int_equal(number, part);
	}
	assert_true(getline(&line, &room, f) < 0);
	free(line);
	fclose(f);
}

/* ---- processes ---- */

/** The number after @key in /proc/PID/status, or -1. */
static inline int status_of(pid_t pid, const char *key)
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
static inline pid_t descendant(pid_t ancestor, const char *name)
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

static inline struct shared *share(void)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(s != MAP_FAILED);
	return s;
}

/** Wait until the child gets no further: its buffers are full. */
static inline void await_full(const struct shared *s)
{
	uint64_t before;

	do {
		before = s->sent;
		usleep(500000);
	} while (before == 0 || s->sent > before);
}

#endif
