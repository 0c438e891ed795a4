/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures in processes of their own: a process that has loaded LTTng-UST cannot fork
 * another that traces, so the test itself never does.  A child answers with 0, or says
 * what was wrong and answers with 1.
 */
#ifndef CX_TESTS_CAPTURE_RIG_H
#define CX_TESTS_CAPTURE_RIG_H

#include "trace/capture.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RIG_WAIT_SECONDS 90 /* for what should take one */

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/** Two folders: one for traces, one in which captures make their homes. */
struct rig {
	char base[32], traces[48], homes[48];
};

static inline int rig_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void rig_remove(const char *path)
{
	nftw(path, rig_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static inline int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (!rig)
		return -1;
	strcpy(rig->base, "/tmp/cxtest-XXXXXX");
	if (!mkdtemp(rig->base) || chmod(rig->base, 0755) < 0)
		return -1;
	snprintf(rig->traces, sizeof(rig->traces), "%s/t", rig->base);
	snprintf(rig->homes, sizeof(rig->homes), "%s/h", rig->base);
	/* What a killed child leaves running becomes ours to wait for. */
	if (mkdir(rig->traces, 0755) < 0 || mkdir(rig->homes, 0755) < 0 ||
	    setenv("TMPDIR", rig->homes, 1) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -1;
	*state = rig;
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *rig = *state;

	rig_remove(rig->base);
	free(rig);
	return 0;
}

/** A new folder for a trace. */
static inline char *rig_dir(const struct rig *rig, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", rig->traces, name) < 0 || mkdir(path, 0755) < 0)
		abort();
	return path;
}

/** Is @dir empty?  Dot files count. */
static inline bool rig_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned n = 0;

	while (d && (entry = readdir(d)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (d)
		closedir(d);
	return n == 0;
}

/** Where the provider was built: beside this program's folder. */
static inline const char *const *rig_provider(void)
{
	static char dir[PATH_MAX + 32];
	static const char *const dirs[] = { dir, NULL };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	unsigned up;

	if (n < 0)
		abort();
	self[n] = '\0';
	for (up = 0; up < 2; up++)
		*strrchr(self, '/') = '\0';
	snprintf(dir, sizeof(dir), "%s/lib/coxswain", self);
	return dirs;
}

typedef int (*rig_child_fn)(const char *dir);

static inline pid_t rig_fork(rig_child_fn fn, const char *dir)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int rc;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none waiting */
		rc = fn(dir);

		fflush(NULL);
		_exit(rc);
	}
	return pid;
}

static inline int rig_status(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/** Run @fn in a child: its wait status, 0 when all was well. */
static inline int rig_run(rig_child_fn fn, const char *dir)
{
	return rig_status(rig_fork(fn, dir));
}

/** Wait until no process of a capture is left: all are our descendants. */
static inline bool rig_all_gone(void)
{
	const struct timespec nap = { .tv_nsec = 5000000 };
	int i;

	for (i = 0; i < RIG_WAIT_SECONDS * 200; i++) {
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

/** Start a capture; for children: complains. */
static inline struct cx_capture *rig_start(const char *dir)
{
	struct cx_error err = { { 0 } };
	struct cx_capture *capture;

	if (cx_capture_start(dir, rig_provider(), &capture, &err) == 0)
		return capture;
	fprintf(stderr, "%s\n", err.text);
	return NULL;
}

static inline void rig_free_records(struct cx_record **records, int n)
{
	while (n > 0)
		cx_record_free(records[--n]);
	free(records);
}

/** Send a whole record: its static part, all its events, its totals. */
static inline void rig_send(const struct cx_trace_sink *sink, const struct cx_record *record)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	char *fixed = cx_record_static_json(record), *totals = cx_record_totals_json(record);
	const struct cx_event *e;

	if (!cursor || !fixed || !totals)
		abort();
	sink->run_start(0, fixed);
	while ((e = cx_history_next(cursor)) != NULL)
		sink->event(e);
	sink->run_end(record->duration_ns, totals);
	cx_history_cursor_free(cursor);
	free(fixed);
	free(totals);
}

/** Read back, it is the run that was sent. */
static inline void rig_assert_same_run(const struct cx_record *got, const struct cx_record *want)
{
	unsigned i;

	assert_string_equal(got->scheduler, want->scheduler);
	assert_true(got->duration_ns == want->duration_ns);
	assert_false(got->interrupted);
	assert_int_equal(got->trace_events, cx_history_count(want->history));
	assert_int_equal(got->trace_lost, 0);
	assert_true(got->switches == want->switches);
	assert_memory_equal(&got->decide_ns, &want->decide_ns, sizeof(got->decide_ns));
	for (i = 0; i < want->n_vcpus; i++) {
		const struct cx_record_vcpu *g = &got->vcpus[i], *w = &want->vcpus[i];

		assert_memory_equal(g->time_ns, w->time_ns, sizeof(g->time_ns));
		assert_memory_equal(g->migrations, w->migrations, sizeof(g->migrations));
		assert_true(g->dispatches == w->dispatches);
	}
	for (i = 0; i < want->n_pcpus; i++) {
		assert_true(got->pcpus[i].busy_ns == want->pcpus[i].busy_ns);
		assert_true(got->pcpus[i].idle_ns == want->pcpus[i].idle_ns);
	}
}

#endif
