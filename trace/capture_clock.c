/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual time, in the program: the clock's file, and LTTng-UST's way to it. */
#include "trace/capture_internal.h"
#include "trace/lttng/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OBJECT "coxswain-clock.so"
#define CLOCK_VARIABLE "LTTNG_UST_CLOCK_PLUGIN"
#define CPU_VARIABLE "LTTNG_UST_GETCPU_PLUGIN"
#define BLOCKING_VARIABLE "LTTNG_UST_ALLOW_BLOCKING"

/** The clock's shared object lies beside the provider; absolute, for daemons. */
static int find_object(const char *provider, char path[PATH_MAX], struct cx_error *err)
{
	const char *slash = strrchr(provider, '/');
	int length = slash ? (int)(slash - provider) : 0;
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%.*s/" OBJECT, length, provider);

	if (n < (int)sizeof(beside) && realpath(beside, path) && access(path, R_OK) == 0)
		return 0;
	return cx_fail(err, ENOENT,
		       "tracing in virtual time needs %s; build it (make) or install it", beside);
}

/** The object if it is in this process, or NULL; to be given back with dlclose(). */
static void *loaded_object(const char *path)
{
	return dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
}

int cx_capture_clock_check(const char *provider, bool virtual_time, struct cx_error *err)
{
	void *there = dlopen(provider, RTLD_LAZY | RTLD_NOLOAD);
	char object[PATH_MAX];
	bool was_virtual = false;
	int rc;

	if (!there)
		return 0; /* this process has not traced yet */
	dlclose(there);
	rc = find_object(provider, object, err);
	if (rc < 0)
		return virtual_time ? rc : 0;
	there = loaded_object(object);
	if (there) {
		was_virtual = true;
		dlclose(there);
	}
	if (was_virtual == virtual_time)
		return 0;
	return cx_fail(err, EBUSY,
		       "this process has traced in %s time before and cannot change to %s time; "
		       "run the command again for that alone",
		       was_virtual ? "virtual" : "real", virtual_time ? "virtual" : "real");
}

/** Written, not only made long: a page that finds no room on the disk when it is first
 *  changed would end the program. */
static int make_file(const char *path, struct cx_error *err)
{
	const struct cx_lttng_clock zero = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, &zero, sizeof(zero));
	int code = n < 0 ? errno : ENOSPC;

	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)sizeof(zero))
		return 0;
	return cx_fail(err, code, "cannot make %s: %s", path, strerror(code));
}

static bool is_set(const char *variable, const char *value)
{
	const char *now = getenv(variable);

	return now && strcmp(now, value) == 0;
}

/**
 * setenv() may not meet a getenv() of another thread: it is done for the first recorder of
 * a process only (the next ones find everything as it should be), before LTTng-UST's
 * threads are there, and trace/capture.h asks the caller for a process without others.
 */
static int set_environment(const char *object, const char *file, struct cx_error *err)
{
	const char *const want[][2] = {
		{ CLOCK_VARIABLE, object },
		{ CPU_VARIABLE, object },
		{ BLOCKING_VARIABLE, "1" },
		{ CX_LTTNG_CLOCK_VARIABLE, file },
	};
	unsigned i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!is_set(want[i][0], want[i][1]) && setenv(want[i][0], want[i][1], 1) < 0)
			return cx_fail(err, ENOMEM, "out of memory");
	return 0;
}

void cx_capture_clock_none(void)
{
	if (!getenv(CX_LTTNG_CLOCK_VARIABLE))
		return;
	unsetenv(CX_LTTNG_CLOCK_VARIABLE);
	unsetenv(CLOCK_VARIABLE);
	unsetenv(CPU_VARIABLE);
	unsetenv(BLOCKING_VARIABLE);
}

static void file_in(const char *home, char path[CX_CAPTURE_HOME_MAX + 16])
{
	snprintf(path, CX_CAPTURE_HOME_MAX + 16, "%s/" CX_CAPTURE_CLOCK, home);
}

int cx_capture_clock_make(const char *provider, const char *home, struct cx_error *err)
{
	char object[PATH_MAX], file[CX_CAPTURE_HOME_MAX + 16];
	int rc = find_object(provider, object, err);

	file_in(home, file);
	if (rc == 0)
		rc = make_file(file, err);
	if (rc == 0)
		rc = set_environment(object, file, err);
	return rc;
}

int cx_capture_clock_attach(const char *provider, const char *home, struct cx_lttng_clock **clock,
			    struct cx_error *err)
{
	char object[PATH_MAX], file[CX_CAPTURE_HOME_MAX + 16];
	cx_lttng_clock_attach_fn attach = NULL;
	int rc = find_object(provider, object, err);
	void *handle;

	if (rc < 0)
		return rc;
	file_in(home, file);
	handle = loaded_object(object);
	if (handle) {
		attach = (cx_lttng_clock_attach_fn)dlsym(handle, CX_LTTNG_CLOCK_ATTACH);
		dlclose(handle); /* LTTng-UST keeps it */
	}
	*clock = attach ? attach(file) : NULL;
	if (!*clock)
		return cx_fail(err, ELIBBAD,
			       "LTTng-UST did not take the clock in %s; it is of another version "
			       "than liblttng-ust, or %s cannot be mapped",
			       object, file);
	return 0;
}
