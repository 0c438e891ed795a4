/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/capture_internal.h - the parts of a capture.
 *
 * A capture is a small process tree.  The program forks a *guardian*, which starts
 * lttng-sessiond (which starts its consumer) and waits on a socket for sessions to begin
 * and end.  Told to finish, or when the socket closes because the program is gone, however
 * it died, it ends the session and the daemon and removes the private home.  The guardian is in a
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

#define CX_CAPTURE_HOME_MAX 72       /* a socket's path below it must fit 108 bytes */
#define CX_CAPTURE_CLOCK "clock"     /* in the home: the file of trace/lttng/clock.h */
#define CX_CAPTURE_SUBBUF (1u << 20) /* bytes of a sub-buffer, at most */
#define CX_CAPTURE_SUBBUF_MIN (128u << 10)
#define CX_CAPTURE_SUBBUFS 32u /* for each CPU, at most */
#define CX_CAPTURE_SUBBUFS_MIN 4u

struct cx_lttng_clock;
struct lttng_destruction_handle;

/** Ring buffers of the one channel; powers of two. */
struct cx_capture_buffers {
	uint32_t cpus;
	uint32_t subbufs; /* for each CPU */
	uint32_t subbuf_bytes;
};

/** What a guardian is to do. */
struct cx_capture_plan {
	char home[CX_CAPTURE_HOME_MAX]; /* exists, empty but for .lttng */
	char daemon[PATH_MAX];          /* lttng-sessiond */
	bool virtual_time;
	struct cx_capture_buffers buffers;
};

enum cx_capture_order { CX_CAPTURE_BEGIN, CX_CAPTURE_END, CX_CAPTURE_FINISH };

/** What it is told, one at a time; it answers each. */
struct cx_capture_command {
	uint32_t order;        /* enum cx_capture_order */
	uint32_t number;       /* BEGIN: of the session, never the same twice */
	char output[PATH_MAX]; /* BEGIN: absolute */
};

/** What it answers, also when it has started. */
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
 * Fork the guardian and wait until its daemon is ready.
 * Returns 0 with @guard and @buffers (what it could get), or a negative errno with the
 * guardian, the daemon and the home gone.
 */
int cx_capture_guard_start(const struct cx_capture_plan *plan, struct cx_capture_guard *guard,
			   struct cx_capture_buffers *buffers, struct cx_error *err);
/** Begin or end a session.  A guardian that fails to answer is ended. */
int cx_capture_guard_tell(struct cx_capture_guard *guard, const struct cx_capture_command *command,
			  struct cx_capture_reply *reply, struct cx_error *err);
/** Let it clean up; waits for its end, bounded. */
void cx_capture_guard_stop(struct cx_capture_guard *guard);

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

/**
 * May this process still trace by the clock that is asked for?  -EBUSY: LTTng-UST is there
 * with the other one, and keeps it.
 */
int cx_capture_clock_check(const char *provider, bool virtual_time, struct cx_error *err);
/**
 * Virtual time: make the clock's file in @home and set the environment by which LTTng-UST
 * will find it, here and in the daemon.  Before the guardian is forked and the provider
 * loaded.
 */
int cx_capture_clock_make(const char *provider, const char *home, struct cx_error *err);
/** Real time: before the provider is loaded, take away what a program that traced in virtual
 *  time and started this one has left in the environment. */
void cx_capture_clock_none(void);
/** Once the provider is loaded: have the clock that LTTng-UST goes by here. */
int cx_capture_clock_attach(const char *provider, const char *home, struct cx_lttng_clock **clock,
			    struct cx_error *err);

struct cx_trace_sink;

#define CX_CAPTURE_WORDS_MAX 8

/** The provider in this process, and the listeners that were woken to find the daemon. */
struct cx_capture_provider {
	const struct cx_trace_sink *sink;
	unsigned n_words;
	_Atomic int *words[CX_CAPTURE_WORDS_MAX];
};

/** Load the provider with the daemon running; it is never unloaded. */
int cx_capture_provider_load(struct cx_capture_provider *provider, const char *path,
			     struct cx_error *err);
/** Wait until a session, begun before or after, takes its events. */
int cx_capture_provider_meet(struct cx_capture_provider *provider, struct cx_error *err);
/** Let listeners sleep again that find no daemon. */
void cx_capture_provider_release(struct cx_capture_provider *provider);

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

/** Make session @number with its output in @output, and start it. */
int cx_capture_session_start(unsigned number, const char *output,
			     const struct cx_capture_plan *plan, struct cx_error *err);
/**
 * Stop it and have everything written; what was lost goes to @reply.  Its buffers are given
 * back after that, which takes half a second: *@ending is for cx_capture_session_gone().
 */
int cx_capture_session_stop(unsigned number, struct cx_capture_reply *reply,
			    struct lttng_destruction_handle **ending, struct cx_error *err);
/** Wait, bounded, until the session that was stopped is gone; *@ending becomes NULL. */
void cx_capture_session_gone(struct lttng_destruction_handle **ending);
/** Take out of the trace in @output what tells where and when it was recorded. */
void cx_capture_metadata_anonymous(const char *output);

/** The processes without which nothing is written. */
struct cx_capture_watch {
	struct cx_lttng_clock *clock; /* virtual time; else NULL */
	pid_t daemon;
	int daemon_fd, consumer_fd; /* -1: not known, or gone */
	bool deserted;              /* one of them has died */
};

void cx_capture_watch_start(struct cx_capture_watch *watch, const struct cx_capture_plan *plan,
			    pid_t daemon);
/** The daemon has made a session, and so its consumer is there. */
void cx_capture_watch_consumer(struct cx_capture_watch *watch);
/** Wait until there is something to read at @socket; say on the clock when one of them dies. */
void cx_capture_watch_until(struct cx_capture_watch *watch, int socket);

#endif
