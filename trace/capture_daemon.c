/* SPDX-License-Identifier: BSD-2-Clause */
/* The session daemon, a child of the guardian. */
#include "trace/capture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_SECONDS 60 /* it takes a tenth of one, where it has a CPU */
#define END_MS 8000      /* it ends its consumer first */
#define POLL_MS 2
#define DESCRIPTORS 512 /* that they need themselves, amply */
#define DESCRIPTORS_A_CPU 16
#define LOG_NAME "daemon.log"
#define LOG_TAIL 200 /* bytes of it in a message */

/** Daemon and consumer close every descriptor that they might have inherited, one by one. */
static void limit_descriptors(uint32_t cpus)
{
	const rlim_t enough = DESCRIPTORS + (rlim_t)cpus * DESCRIPTORS_A_CPU;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > enough) {
		limit.rlim_cur = enough;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static _Noreturn void become_daemon(const struct cx_capture_plan *plan)
{
	char log[PATH_MAX];
	sigset_t none;
	int fd;

	/* A group of its own, so that it can be ended with all that it started. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	limit_descriptors(plan->buffers.cpus);
	snprintf(log, sizeof(log), "%s/" LOG_NAME, plan->home);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	/* --sig-parent: SIGUSR1 to us once its sockets are there. */
	execl(plan->daemon, "lttng-sessiond", "--no-kernel", "--sig-parent", (char *)NULL);
	_exit(127);
}

/** The end of what the daemon printed, on one line. */
static void read_log(const char *home, char *text, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	size_t n, i;

	snprintf(path, sizeof(path), "%s/" LOG_NAME, home);
	text[0] = '\0';
	f = fopen(path, "r");
	if (!f)
		return;
	if (fseek(f, -(long)(size - 1), SEEK_END) < 0)
		rewind(f);
	n = fread(text, 1, size - 1, f);
	fclose(f);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
}

static int wait_ready(const struct cx_capture_plan *plan, pid_t pid, struct cx_error *err)
{
	const struct timespec limit = { .tv_sec = START_SECONDS };
	char said[LOG_TAIL];
	siginfo_t info;
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	do
		got = sigtimedwait(&set, &info, &limit);
	while (got < 0 && errno == EINTR);
	if (got == SIGUSR1)
		return 0;
	read_log(plan->home, said, sizeof(said));
	if (got == SIGCHLD && waitpid(pid, NULL, WNOHANG) == pid)
		return cx_fail(err, ECHILD, "%s ended at once%s%s", plan->daemon,
			       said[0] ? ": " : "", said);
	return cx_fail(err, ETIMEDOUT, "%s was not ready after %d s%s%s", plan->daemon,
		       START_SECONDS, said[0] ? ": " : "", said);
}

int cx_capture_daemon_start(const struct cx_capture_plan *plan, pid_t *pid, struct cx_error *err)
{
	pid_t child;
	int rc;

	child = fork();
	if (child < 0) {
		rc = errno;
		return cx_fail(err, rc, "cannot start %s: %s", plan->daemon, strerror(rc));
	}
	if (child == 0)
		become_daemon(plan);
	setpgid(child, child); /* whichever of the two comes first */
	rc = wait_ready(plan, child, err);
	if (rc < 0) {
		cx_capture_daemon_stop(child);
		return rc;
	}
	*pid = child;
	return 0;
}

static void nap(void)
{
	const struct timespec t = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&t, NULL);
}

/** Reap our children until the group @pid is gone, or time is up. */
static bool group_gone(pid_t pid, int ms)
{
	for (; ms > 0; ms -= POLL_MS) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(-pid, 0) < 0 && errno == ESRCH)
			return true;
		nap();
	}
	return false;
}

void cx_capture_daemon_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	if (group_gone(pid, END_MS))
		return;
	kill(-pid, SIGKILL);
	group_gone(pid, END_MS);
}
