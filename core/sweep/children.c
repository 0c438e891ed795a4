/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/spread_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NO_PROGRAM 127
#define TAIL_BYTES 4096
#define TAIL_LINES 5u
#define PATIENCE_MS 10000
#define STEP_MS 50

static void nap(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/** Between fork() and exec(). */
static void become(const char *const *argv, const char *dir, int out, pid_t parent)
{
	sigset_t none;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(NO_PROGRAM);
	setpgid(0, 0); /* Ctrl-C is ours to pass on */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0 || chdir(dir) < 0)
		_exit(NO_PROGRAM);
	execvp(argv[0], (char *const *)argv);
	_exit(NO_PROGRAM);
}

static int open_output(const char *dir, const char *log, int ends[2], struct cx_error *err)
{
	char path[PATH_MAX];

	if (!log)
		return pipe2(ends, O_CLOEXEC) < 0 ? cx_fail(err, errno, "pipe: %s", strerror(errno))
						  : 0;
	snprintf(path, sizeof(path), "%s/%s", dir, log);
	ends[0] = -1;
	ends[1] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (ends[1] < 0)
		return cx_fail(err, errno, "%s: cannot write it: %s", path, strerror(errno));
	return 0;
}

int cx_child_start(const char *const *argv, const char *dir, const char *log, int *output,
		   pid_t *pid, struct cx_error *err)
{
	pid_t parent = getpid();
	int ends[2] = { -1, -1 }, code;
	int ret = open_output(dir, log, ends, err);

	if (ret)
		return ret;
	fflush(NULL);
	*pid = fork();
	code = errno;
	if (*pid == 0)
		become(argv, dir, ends[1], parent);
	close(ends[1]);
	if (*pid > 0) {
		if (output)
			*output = ends[0];
		return 0;
	}
	if (ends[0] >= 0)
		close(ends[0]);
	return cx_fail(err, code, "cannot start a process: %s", strerror(code));
}

bool cx_child_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

void cx_child_end(pid_t pid)
{
	long waited;
	int status;

	/* Twice: GNU parallel takes the first as "start nothing more". */
	kill(pid, SIGTERM);
	nap(STEP_MS);
	kill(pid, SIGTERM);
	for (waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (cx_child_ended(pid, &status))
			return;
		nap(STEP_MS);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
}

int cx_child_ask(const char *const *argv, const char *dir, char *text, size_t len,
		 struct cx_error *err)
{
	size_t have = 0;
	int output = -1, status = 0, ret;
	char rest[512];
	ssize_t n;
	pid_t pid;

	ret = cx_child_start(argv, dir, NULL, &output, &pid, err);
	if (ret)
		return ret;
	do {
		bool room = have + 1 < len;

		n = room ? read(output, text + have, len - 1 - have)
			 : read(output, rest, sizeof(rest));
		if (n > 0 && room)
			have += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	text[have] = '\0';
	close(output);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		return cx_fail(err, ENOENT, "%s: cannot run it; is it installed?", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void cx_say_log(const struct cx_round *round, const char *log)
{
	char path[PATH_MAX], tail[TAIL_BYTES + 1], *line, *at;
	unsigned lines = 0;
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", round->dir, log);
	in = fopen(path, "re");
	if (!in)
		return;
	if (fseek(in, -TAIL_BYTES, SEEK_END) < 0)
		rewind(in);
	n = fread(tail, 1, TAIL_BYTES, in);
	fclose(in);
	tail[n] = '\0';
	for (at = tail + n; at > tail && lines <= TAIL_LINES; at--)
		lines += at[-1] == '\n';
	if (lines > TAIL_LINES)
		at += 2; /* behind the line break before the first of them */
	while ((line = strsep(&at, "\n")) != NULL)
		if (*line)
			round->work->say(round->work->arg, line);
}
