/* SPDX-License-Identifier: BSD-2-Clause */
/* The guardian process: see trace/capture_internal.h. */
#include "trace/capture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 90000   /* what the program waits for the guardian; its own limits are shorter */
#define STOP_MS 120000   /* the rest of the events has to be written */
#define STUCK_SECONDS 90 /* in the guardian: a daemon that does not answer is killed */
#define SYSTEM_RUNDIR "/var/run/lttng"
#define SHM "/dev/shm"
#define SHM_SPARE (64ull << 20) /* bytes beside the buffers */

/* ---- in the guardian ---- */

static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;
	int i;

	for (i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigfillset(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* These two are waited for. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/** Nothing of the program's stays open here but @socket, which becomes descriptor 3. */
static int keep_only(int socket)
{
	int i, null = open("/dev/null", O_RDWR);

	for (i = 0; null >= 0 && i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (socket != STDERR_FILENO + 1)
		dup2(socket, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0u, 0);
	fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC);
	return STDERR_FILENO + 1;
}

/**
 * As root: our own view of LTTng's fixed places.  Without the privilege for it the
 * system's are used, which works for one capture at a time.
 */
static int private_view(struct cx_capture_plan *plan, struct cx_error *err)
{
	const struct cx_capture_buffers *b = &plan->buffers;
	char inner[sizeof(plan->home) + 16], options[64];
	uint64_t bytes = (uint64_t)b->cpus * b->subbufs * b->subbuf_bytes * 5 / 2 + SHM_SPARE;
	int code;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return 0;
	snprintf(inner, sizeof(inner), "%s/.lttng", plan->home);
	snprintf(options, sizeof(options), "size=%llu,mode=1777", (unsigned long long)bytes);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 0;
	mkdir(SYSTEM_RUNDIR, 0755); /* LTTng's own, as its daemon would make it */
	if (mount(inner, SYSTEM_RUNDIR, NULL, MS_BIND, NULL) < 0) {
		code = errno;
		return cx_fail(err, code, "cannot mount a private %s: %s", SYSTEM_RUNDIR,
			       strerror(code));
	}
	/* A container's own is often too small for the buffers, of which there are two sets
	 * while one session ends and the next begins. */
	mount("tmpfs", SHM, "tmpfs", MS_NOSUID | MS_NODEV, options);
	return 0;
}

static void fit_to_shm(struct cx_capture_plan *plan)
{
	struct statvfs fs;

	if (statvfs(SHM, &fs) == 0)
		cx_capture_fit_buffers(&plan->buffers, (uint64_t)fs.f_bavail * fs.f_frsize * 2 / 5);
}

static int guard_start(struct cx_capture_plan *plan, pid_t *daemon, struct cx_error *err)
{
	int rc;

	setenv("LTTNG_HOME", plan->home, 1);
	setenv("LC_ALL", "C", 1);
	rc = private_view(plan, err);
	if (rc < 0)
		return rc;
	fit_to_shm(plan);
	return cx_capture_daemon_start(plan, daemon, err);
}

static void on_stuck(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	kill(info->si_value.sival_int, SIGKILL);
}

/** liblttng-ctl waits for its daemon without limit; with the daemon gone it comes back. */
static bool limit_wait(pid_t daemon, timer_t *timer)
{
	struct sigaction action = { .sa_sigaction = on_stuck, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec when = { .it_value = { .tv_sec = STUCK_SECONDS } };

	event.sigev_value.sival_int = daemon;
	sigaction(SIGALRM, &action, NULL);
	return timer_create(CLOCK_MONOTONIC, &event, timer) == 0 &&
	       timer_settime(*timer, 0, &when, NULL) == 0;
}

static void answer(int socket, struct cx_capture_reply *reply, int code, const struct cx_error *err)
{
	reply->code = code;
	memcpy(reply->text, err->text, sizeof(reply->text));
	(void)!send(socket, reply, sizeof(*reply), MSG_NOSIGNAL);
}

static int deserted(const struct cx_capture_command *command, struct cx_error *err)
{
	return cx_fail(err, ECHILD,
		       "trace folder %s: LTTng's daemon or consumer process has died (killed, out "
		       "of memory?); what it had not written is lost",
		       command->output);
}

static int begin_session(const struct cx_capture_plan *plan, struct cx_capture_watch *watch,
			 const struct cx_capture_command *begun,
			 struct lttng_destruction_handle **ending, struct cx_error *err)
{
	int rc;

	if (watch->deserted)
		return deserted(begun, err);
	/* The buffers of the one before, or those of the new one might find no room. */
	cx_capture_session_gone(ending);
	rc = cx_capture_session_start(begun->number, begun->output, plan, err);
	cx_capture_watch_consumer(watch);
	return rc;
}

/** End the session that @begun began. */
static int end_session(const struct cx_capture_plan *plan, const struct cx_capture_watch *watch,
		       const struct cx_capture_command *begun, struct cx_capture_reply *reply,
		       struct lttng_destruction_handle **ending, struct cx_error *err)
{
	int rc = cx_capture_session_stop(begun->number, reply, ending, err);

	if (plan->virtual_time)
		cx_capture_metadata_anonymous(begun->output);
	return watch->deserted ? deserted(begun, err) : rc;
}

/** A session at a time, for as long as the program is there and wants another. */
static void serve(int socket, const struct cx_capture_plan *plan, pid_t daemon)
{
	struct cx_capture_command command, begun = { 0 };
	struct lttng_destruction_handle *ending = NULL;
	struct cx_capture_watch watch;
	bool recording = false, limited, more = true;
	timer_t timer;

	cx_capture_watch_start(&watch, plan, daemon);
	while (more) {
		struct cx_capture_reply reply = { .buffers = plan->buffers };
		struct cx_error err = { { 0 } };
		ssize_t got;
		int rc = 0;

		cx_capture_watch_until(&watch, socket);
		got = recv(socket, &command, sizeof(command), 0);
		if (got < 0 && errno == EINTR)
			continue;
		more = got == (ssize_t)sizeof(command) && command.order != CX_CAPTURE_FINISH;
		limited = limit_wait(daemon, &timer);
		if (recording) {
			rc = end_session(plan, &watch, &begun, &reply, &ending, &err);
			recording = false;
		}
		if (more && command.order == CX_CAPTURE_BEGIN) {
			begun = command;
			rc = begin_session(plan, &watch, &begun, &ending, &err);
			recording = rc == 0;
		}
		if (limited)
			timer_delete(timer);
		if (more)
			answer(socket, &reply, rc, &err);
	}
}

static _Noreturn void guardian(struct cx_capture_plan *plan, int socket)
{
	struct cx_capture_reply reply = { 0 };
	struct cx_error err = { { 0 } };
	pid_t daemon = 0;
	int rc;

	setsid();
	prctl(PR_SET_NAME, "coxswain-trace");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	reset_signals();
	socket = keep_only(socket);
	(void)!chdir("/");

	rc = guard_start(plan, &daemon, &err);
	reply.buffers = plan->buffers;
	if (rc == 0) {
		answer(socket, &reply, rc, &err);
		serve(socket, plan, daemon);
		cx_capture_daemon_stop(daemon);
	}
	cx_capture_remove_tree(plan->home);
	answer(socket, &reply, rc, &err);
	_exit(0);
}

/* ---- in the program ---- */

static void reap(struct cx_capture_guard *guard)
{
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(guard->socket);
	guard->socket = -1;
}

static int now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)((t.tv_sec % 1000000) * 1000 + t.tv_nsec / 1000000);
}

/** 0 with @reply; -ETIMEDOUT; -ECHILD when the guardian is gone without a word. */
static int await_reply(const struct cx_capture_guard *guard, struct cx_capture_reply *reply, int ms)
{
	const int end = now_ms() + ms;
	struct pollfd p = { .fd = guard->socket, .events = POLLIN };
	int left, n;
	ssize_t got;

	do {
		left = end - now_ms();
		n = poll(&p, 1, left > 0 ? left : 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -ETIMEDOUT;
	do
		got = recv(guard->socket, reply, sizeof(*reply), 0);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*reply) ? 0 : -ECHILD;
}

/** What the guardian says after @ms at most; one that says nothing is ended. */
static int hear(struct cx_capture_guard *guard, struct cx_capture_reply *reply, int ms,
		struct cx_error *err)
{
	int rc = await_reply(guard, reply, ms);

	if (rc < 0) {
		kill(guard->pid, SIGKILL); /* its daemon gets SIGTERM with that */
		return cx_fail(err, -rc, "the capture's guardian process %s",
			       rc == -ETIMEDOUT ? "does not answer" : "is gone");
	}
	if (reply->code < 0) {
		reply->text[sizeof(reply->text) - 1] = '\0';
		return cx_fail(err, -reply->code, "%s", reply->text);
	}
	return 0;
}

int cx_capture_guard_start(const struct cx_capture_plan *plan, struct cx_capture_guard *guard,
			   struct cx_capture_buffers *buffers, struct cx_error *err)
{
	struct cx_capture_plan copy = *plan;
	struct cx_capture_reply reply;
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		rc = errno;
		return cx_fail(err, rc, "cannot make a socket for the capture: %s", strerror(rc));
	}
	guard->socket = pair[0];
	guard->pid = fork();
	if (guard->pid == 0)
		guardian(&copy, pair[1]);
	close(pair[1]);
	if (guard->pid < 0) {
		rc = errno;
		close(pair[0]);
		return cx_fail(err, rc, "cannot start the capture: %s", strerror(rc));
	}
	rc = hear(guard, &reply, START_MS, err);
	if (rc < 0) {
		reap(guard);
		cx_capture_remove_tree(plan->home);
		return rc;
	}
	*buffers = reply.buffers;
	return 0;
}

int cx_capture_guard_tell(struct cx_capture_guard *guard, const struct cx_capture_command *command,
			  struct cx_capture_reply *reply, struct cx_error *err)
{
	memset(reply, 0, sizeof(*reply));
	(void)!send(guard->socket, command, sizeof(*command), MSG_NOSIGNAL);
	return hear(guard, reply, STOP_MS, err);
}

void cx_capture_guard_stop(struct cx_capture_guard *guard)
{
	const struct cx_capture_command command = { .order = CX_CAPTURE_FINISH };
	struct cx_capture_reply reply;

	cx_capture_guard_tell(guard, &command, &reply, NULL);
	reap(guard);
}
