/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and loading the provider, and meeting the daemon with it. */
#include "trace/capture_internal.h"
#include "trace/sink.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PROVIDER "coxswain-lttng.so"
#define DAEMON "lttng-sessiond"
#define UST_LIBRARY "liblttng-ust.so.1"
#define HOME_VARIABLE "LTTNG_HOME"
#define HOME_TEMPLATE "/coxswain-XXXXXX"
#define DIR_LIST_MAX 512 /* of the directories searched, in a message */

/* Registering takes milliseconds; LTTng-UST that has lost a daemon twice sleeps 5 s. */
#define MEET_MS 20000
#define MEET_POLL_MS 1

int cx_capture_find_provider(const char *const *dirs, char path[PATH_MAX], struct cx_error *err)
{
	char list[DIR_LIST_MAX] = "";
	size_t used = 0;

	for (; dirs && *dirs; dirs++) {
		int n = snprintf(path, PATH_MAX, "%s/" PROVIDER, *dirs);

		if (n < PATH_MAX && access(path, R_OK) == 0)
			return 0;
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", *dirs);
	}
	return cx_fail(err, ENOENT,
		       "tracing needs " PROVIDER
		       ", which is not in %s; build it (make) or install it",
		       list[0] ? list : "any folder given");
}

int cx_capture_find_daemon(char path[PATH_MAX], struct cx_error *err)
{
	const char *at = getenv("PATH");

	if (!at)
		at = "/usr/local/bin:/usr/bin:/bin";
	while (*at) {
		size_t length = strcspn(at, ":");
		struct stat st;
		int n = snprintf(path, PATH_MAX, "%.*s/" DAEMON, (int)length, at);

		if (length > 0 && n < PATH_MAX && access(path, X_OK) == 0 && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			return 0;
		at += length;
		at += *at == ':';
	}
	return cx_fail(err, ENOENT,
		       "tracing needs " DAEMON
		       ", which is not in PATH; install the package lttng-tools");
}

static bool loaded(const char *library)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);

	if (handle)
		dlclose(handle); /* gives back the count that the look-up took */
	return handle != NULL;
}

static int choose_home(char home[CX_CAPTURE_HOME_MAX], struct cx_error *err)
{
	const char *tmp = getenv("TMPDIR");
	int code;

	if (!tmp || tmp[0] != '/' || strlen(tmp) + sizeof(HOME_TEMPLATE) > CX_CAPTURE_HOME_MAX)
		tmp = "/tmp";
	snprintf(home, CX_CAPTURE_HOME_MAX, "%s" HOME_TEMPLATE, tmp);
	if (!mkdtemp(home)) {
		code = errno;
		return cx_fail(err, code, "cannot make a folder for the session daemon in %s: %s",
			       tmp, strerror(code));
	}
	if (setenv(HOME_VARIABLE, home, 1) < 0) {
		rmdir(home);
		return cx_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

static int same_home(char home[CX_CAPTURE_HOME_MAX], struct cx_error *err)
{
	const char *before = getenv(HOME_VARIABLE);
	int code;

	if (!before || strlen(before) >= CX_CAPTURE_HOME_MAX)
		return cx_fail(err, EINVAL,
			       HOME_VARIABLE
			       " was changed since the first capture of this process");
	strcpy(home, before);
	if (mkdir(home, 0700) < 0) {
		code = errno == EEXIST ? EBUSY : errno;
		return cx_fail(err, code, "%s: %s", home,
			       code == EBUSY ? "another capture of this process is going on"
					     : strerror(code));
	}
	return 0;
}

int cx_capture_make_home(const char *provider, char home[CX_CAPTURE_HOME_MAX], struct cx_error *err)
{
	char inner[CX_CAPTURE_HOME_MAX + 16];
	int rc;

	if (loaded(provider))
		rc = same_home(home, err);
	else if (loaded(UST_LIBRARY))
		return cx_fail(err, EBUSY,
			       "LTTng-UST is already at work in this process (LD_PRELOAD?); "
			       "tracing cannot use a session daemon of its own");
	else
		rc = choose_home(home, err);
	if (rc < 0)
		return rc;
	snprintf(inner, sizeof(inner), "%s/.lttng", home);
	if (mkdir(inner, 0700) < 0) {
		rc = errno;
		rmdir(home);
		return cx_fail(err, rc, "%s: %s", inner, strerror(rc));
	}
	return 0;
}

/**
 * LTTng-UST, having lost its daemon, waits on a futex in shared memory that the next
 * daemon of the same user posts.  A daemon of root's posts another one (and not where we
 * see it, see private_view()): do it in its place.  Returns the word, or NULL.
 */
static _Atomic int *wake_listener(const char *path)
{
	struct stat st;
	_Atomic int *word = NULL;
	int zero = 0;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_size >= (off_t)sizeof(*word)) {
		word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (word == MAP_FAILED)
			word = NULL;
	}
	close(fd);
	if (!word)
		return NULL;
	if (!atomic_compare_exchange_strong(word, &zero, 1)) {
		munmap((void *)word, sizeof(*word));
		return NULL;
	}
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return word;
}

static void wake_listeners(struct cx_capture_provider *p)
{
	char pattern[64];
	glob_t found;
	size_t i;

	if (geteuid() != 0)
		return;
	snprintf(pattern, sizeof(pattern), "/dev/shm/lttng-ust-wait-*-%u", (unsigned)geteuid());
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc && p->n_words < CX_CAPTURE_WORDS_MAX; i++) {
		p->words[p->n_words] = wake_listener(found.gl_pathv[i]);
		p->n_words += p->words[p->n_words] != NULL;
	}
	globfree(&found);
}

void cx_capture_provider_release(struct cx_capture_provider *p)
{
	while (p->n_words > 0) {
		_Atomic int *word = p->words[--p->n_words];

		atomic_store(word, 0);
		munmap((void *)word, sizeof(*word));
	}
}

int cx_capture_provider_meet(struct cx_capture_provider *p, struct cx_error *err)
{
	const struct timespec nap = { .tv_nsec = MEET_POLL_MS * 1000000L };
	int ms;

	for (ms = 0; ms < MEET_MS; ms += MEET_POLL_MS) {
		if (p->sink->recording()) {
			cx_capture_provider_release(p);
			return 0;
		}
		nanosleep(&nap, NULL);
	}
	return cx_fail(err, ETIMEDOUT,
		       "the session daemon did not enable our events within %d s; "
		       "is LTTng-UST switched off by its environment variables?",
		       MEET_MS / 1000);
}

int cx_capture_provider_load(struct cx_capture_provider *p, const char *path, struct cx_error *err)
{
	bool again = loaded(path);
	void *handle;

	/* Loading it the first time registers with the daemon before dlopen() returns. */
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		return cx_fail(err, ELIBBAD, "cannot load %s: %s", path, dlerror());
	p->sink = dlsym(handle, CX_TRACE_SINK_SYMBOL);
	dlclose(handle); /* RTLD_NODELETE: it stays */
	if (!p->sink || p->sink->abi != CX_TRACE_SINK_ABI)
		return cx_fail(err, ELIBBAD, "%s is of another version: build it again", path);
	p->n_words = 0;
	if (again)
		wake_listeners(p);
	return 0;
}
