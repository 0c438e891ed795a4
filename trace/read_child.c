/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading in a child process.  On damaged traces libbabeltrace2 may abort, or go round for
 * ever; a child can do that without harm.  It tells what it reads through a pipe.
 */
#include "trace/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_BYTES (16u << 10) /* what a crash may take along */
#define STALL_MS 30000           /* a child that tells nothing for so long is stuck */
#define TEXT_BYTES_MAX (16u << 20)

enum frame_kind { FRAME_EVENT, FRAME_TEXT, FRAME_LOST, FRAME_DONE };

struct frame {
	uint32_t kind;
	uint32_t bytes; /* that follow */
};

struct done {
	int32_t code;
	struct cx_error err;
};

/* ---- in the child ---- */

static int tell(FILE *out, enum frame_kind kind, const void *data, size_t bytes, const void *more,
		size_t more_bytes)
{
	const struct frame frame = { kind, (uint32_t)(bytes + more_bytes) };

	if (fwrite(&frame, sizeof(frame), 1, out) != 1 || fwrite(data, bytes, 1, out) != 1 ||
	    (more_bytes > 0 && fwrite(more, more_bytes, 1, out) != 1))
		return -EPIPE;
	return 0;
}

static int tell_event(void *out, const struct cx_event *event)
{
	return tell(out, FRAME_EVENT, event, sizeof(*event), NULL, 0);
}

static int tell_text(void *out, const struct cx_read_text *text)
{
	if (text->length > TEXT_BYTES_MAX)
		return -EBADMSG;
	return tell(out, FRAME_TEXT, text, sizeof(*text), text->json, text->length);
}

static void tell_lost(void *out, uint64_t n)
{
	tell(out, FRAME_LOST, &n, sizeof(n), NULL, 0);
}

static _Noreturn void child(const char *dir, int fd)
{
	const struct rlimit none = { 0, 0 };
	struct cx_read_calls calls = { tell_event, tell_text, tell_lost, NULL };
	struct done done = { 0 };
	int null = open("/dev/null", O_RDWR);
	FILE *out = fdopen(fd, "w");

	/* An abort is expected here: no core, no word of it on the terminal. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	if (!out)
		_exit(1);
	setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
	calls.arg = out;
	done.code = cx_read_graph(dir, &calls, &done.err);
	tell(out, FRAME_DONE, &done, sizeof(done), NULL, 0);
	fflush(out);
	_exit(0);
}

/* ---- in the parent ---- */

struct pipe_reader {
	int fd;
	size_t at, end;
	char *buffer; /* BUFFER_BYTES */
	char *text;   /* grows */
	size_t text_room;
};

/** 0; -EPIPE the child is gone; -ETIMEDOUT it is stuck. */
static int fill(struct pipe_reader *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };
	ssize_t got;
	int n;

	do
		n = poll(&poll_fd, 1, STALL_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -ETIMEDOUT;
	do
		got = read(p->fd, p->buffer, BUFFER_BYTES);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return -EPIPE;
	p->at = 0;
	p->end = (size_t)got;
	return 0;
}

static int take(struct pipe_reader *p, void *to, size_t bytes)
{
	char *at = to;

	while (bytes > 0) {
		size_t n = p->end - p->at;

		if (n == 0) {
			int rc = fill(p);

			if (rc < 0)
				return rc;
			continue;
		}
		if (n > bytes)
			n = bytes;
		memcpy(at, p->buffer + p->at, n);
		p->at += n;
		at += n;
		bytes -= n;
	}
	return 0;
}

static int take_text(struct pipe_reader *p, size_t bytes, const struct cx_read_calls *calls)
{
	struct cx_read_text text;
	int rc;

	if (bytes < sizeof(text) || bytes > sizeof(text) + TEXT_BYTES_MAX)
		return -EPIPE;
	rc = take(p, &text, sizeof(text));
	if (rc < 0)
		return rc;
	text.length = bytes - sizeof(text);
	if (text.length > p->text_room) {
		char *more = realloc(p->text, text.length);

		if (!more)
			return -ENOMEM;
		p->text = more;
		p->text_room = text.length;
	}
	rc = take(p, p->text, text.length);
	if (rc < 0)
		return rc;
	text.json = p->text;
	return calls->text(calls->arg, &text);
}

/** One frame.  1 when it was the last, with @done. */
static int take_frame(struct pipe_reader *p, const struct cx_read_calls *calls, struct done *done)
{
	struct cx_event event;
	struct frame frame;
	uint64_t n;
	int rc = take(p, &frame, sizeof(frame));

	if (rc < 0)
		return rc;
	switch (frame.kind) {
	case FRAME_EVENT:
		rc = take(p, &event, sizeof(event));
		return rc < 0 ? rc : calls->event(calls->arg, &event);
	case FRAME_TEXT:
		return take_text(p, frame.bytes, calls);
	case FRAME_LOST:
		rc = take(p, &n, sizeof(n));
		if (rc == 0)
			calls->lost(calls->arg, n);
		return rc;
	case FRAME_DONE:
		rc = take(p, done, sizeof(*done));
		return rc < 0 ? rc : 1;
	default:
		return -EPIPE;
	}
}

static int outcome(int rc, const struct done *done, const char *dir, struct cx_error *err)
{
	switch (rc) {
	case 1:
		if (done->code < 0)
			return cx_fail(err, -done->code, "%s", done->err.text);
		return 0;
	case -EPIPE:
		return cx_fail(err, EBADMSG, "trace folder %s: damaged: babeltrace2 crashed on it",
			       dir);
	case -ETIMEDOUT:
		return cx_fail(err, EBADMSG,
			       "trace folder %s: damaged: babeltrace2 did not come to an end with "
			       "it",
			       dir);
	case -EBADMSG:
		return cx_fail(err, EBADMSG, "trace folder %s: damaged", dir);
	default:
		return cx_fail(err, -rc, "trace folder %s: %s", dir, strerror(-rc));
	}
}

int cx_read_isolated(const char *dir, const struct cx_read_calls *calls, struct cx_error *err)
{
	struct pipe_reader p = { .buffer = malloc(BUFFER_BYTES) };
	struct done done = { 0 };
	int fds[2], rc;
	pid_t pid;

	if (!p.buffer || pipe2(fds, O_CLOEXEC) < 0) {
		free(p.buffer);
		return cx_fail(err, ENOMEM, "trace folder %s: out of memory or descriptors", dir);
	}
	pid = fork();
	if (pid == 0)
		child(dir, fds[1]);
	close(fds[1]);
	p.fd = fds[0];
	rc = pid < 0 ? -errno : 0;
	while (rc == 0)
		rc = take_frame(&p, calls, &done);
	close(p.fd);
	if (pid > 0) {
		kill(pid, SIGKILL); /* it may be stuck; it has nothing left to tell */
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(p.buffer);
	free(p.text);
	return outcome(rc, &done, dir, err);
}
