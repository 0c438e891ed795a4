/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/capture_internal.h - the parts of a capture.
 *
 * A capture is a small process tree.  The program forks a *guardian*, which starts
 * lttng-sessiond (which starts its consumer), makes the session, and waits on a socket.
 * Told to stop, or when the socket closes because the program is gone, however it died,
 * it ends the session and the daemon and removes the private home.  The guardian is in a
 * session of its own, so that the terminal's Ctrl-C reaches the program alone.
 *
 * As root, LTTng knows only /var/run/lttng; there the guardian enters a mount namespace
 * in which that folder is the private home's, so that captures, and a session daemon of
 * the system's, do not see each other.
 */
#ifndef CX_TRACE_CAPTURE_INTERNAL_H
#define CX_TRACE_CAPTURE_INTERNAL_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CX_CAPTURE_SESSION "coxswain" /* the session's and the provider's name */
#define CX_CAPTURE_HOME_MAX 72        /* a socket's path below it must fit 108 bytes */
#define CX_CAPTURE_SUBBUF (1u << 20)  /* bytes of a sub-buffer, at most */
#define CX_CAPTURE_SUBBUF_MIN (128u << 10)
#define CX_CAPTURE_SUBBUFS 32u /* for each CPU, at most */
#define CX_CAPTURE_SUBBUFS_MIN 4u

/** Ring buffers of the one channel; powers of two. */
struct cx_capture_buffers {
	uint32_t cpus;
	uint32_t subbufs; /* for each CPU */
	uint32_t subbuf_bytes;
};

/** What a guardian is to do. */
struct cx_capture_plan {
	char home[CX_CAPTURE_HOME_MAX]; /* exists, empty but for .lttng */
	char output[PATH_MAX];          /* absolute */
	char daemon[PATH_MAX];          /* lttng-sessiond */
	struct cx_capture_buffers buffers;
};

/** What it answers: after the start, and after the stop. */
struct cx_capture_reply {
	int32_t code; /* 0 or a negative errno */
	struct cx_capture_buffers buffers;
	uint64_t discarded; /* events */
	uint64_t lost_packets;
	char text[CX_ERROR_MAX];
};

/* ---- in the program ---- */

struct cx_capture_guard {
	pid_t pid;
	int socket;
};

/**
 * Fork the guardian and wait until the session records.
 * Returns 0 with @guard and @buffers (what it could get), or a negative errno with the
 * guardian, the daemon and the home gone.
 */
int cx_capture_guard_start(const struct cx_capture_plan *plan, struct cx_capture_guard *guard,
			   struct cx_capture_buffers *buffers, struct cx_error *err);
/** Let it stop the session and clean up; waits for its end, bounded. */
int cx_capture_guard_stop(struct cx_capture_guard *guard, struct cx_capture_reply *reply,
			  struct cx_error *err);

/** The provider's shared object in @dirs: its path.  -ENOENT names them. */
int cx_capture_find_provider(const char *const *dirs, char path[PATH_MAX], struct cx_error *err);
/** lttng-sessiond in PATH. */
int cx_capture_find_daemon(char path[PATH_MAX], struct cx_error *err);
/**
 * Choose and make the private home.  LTTng-UST reads LTTNG_HOME once in a process, when
 * it is loaded: the first capture chooses a name, later ones must use it again.
 */
int cx_capture_make_home(const char *provider, char home[CX_CAPTURE_HOME_MAX],
			 struct cx_error *err);
/** Remove a directory with everything in it, following no link. */
void cx_capture_remove_tree(const char *path);

struct cx_trace_sink;
/** Load the provider, and wait until its events are recorded.  Never unloaded. */
int cx_capture_load_provider(const char *path, const struct cx_trace_sink **sink,
			     struct cx_error *err);

/** Is there room in @dir, and may we write there? */
int cx_capture_check_dir(const char *dir, const struct cx_capture_buffers *buffers,
			 struct cx_error *err);
/** Does the trace in @dir look whole, that is: was everything written? */
int cx_capture_check_trace(const char *dir, struct cx_error *err);
/** Sizes that suit this machine's CPUs and memory. */
void cx_capture_choose_buffers(struct cx_capture_buffers *buffers);
/** Shrink to at most @bytes in all, as far as is sensible. */
void cx_capture_fit_buffers(struct cx_capture_buffers *buffers, uint64_t bytes);

/* ---- in the guardian ---- */

/** Start lttng-sessiond and wait until it is ready. */
int cx_capture_daemon_start(const struct cx_capture_plan *plan, pid_t *pid, struct cx_error *err);
/** End it and whatever it started; waits, bounded, then kills. */
void cx_capture_daemon_stop(pid_t pid);

/** Make the session and start it. */
int cx_capture_session_start(const struct cx_capture_plan *plan, struct cx_error *err);
/** Stop it and have everything written; what was lost goes to @reply. */
int cx_capture_session_stop(struct cx_capture_reply *reply, struct cx_error *err);

#endif
