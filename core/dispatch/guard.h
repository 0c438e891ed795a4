/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/guard.h - survive a plug-in that crashes or never returns.
 *
 * Every operation runs between guard_enter() and guard_leave().  A SIGSEGV, SIGBUS,
 * SIGFPE or SIGILL inside one jumps back out of it; an operation that does not return
 * is broken off the same way by cx_guard_break() from another thread.  The policy is
 * dead after that; core goes on with its own round robin until the results are written.
 *
 * The per-thread pointer to the innermost guard is the one thing that a signal handler
 * can reach.
 */
#ifndef CX_CORE_GUARD_H
#define CX_CORE_GUARD_H

#include "base/error.h"

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CX_GUARD_HELD_MAX 16

struct cx_pcpu;

struct cx_guard {
	sigjmp_buf env;
	struct cx_guard *outer;
	volatile sig_atomic_t in_service; /* inside core: not to be broken off now */
	volatile sig_atomic_t want_break;
	volatile sig_atomic_t signo; /* what ended it; 0 = broken off */
	uint64_t now_ns;             /* the time that the operation was told */
	struct cx_pcpu *picking;     /* inside pick: a kick of it says nothing new */
	unsigned n_held;             /* peers locked with cx_trylock() */
	struct cx_pcpu *held[CX_GUARD_HELD_MAX];
};

/** Which thread is in an operation, since when; one for each lock. */
struct cx_guard_watch {
	_Atomic uint64_t since_ns; /* 0 = none */
	_Atomic(const char *) op;
	_Atomic pid_t tid;
};

/** The innermost guard of this thread, or NULL. */
struct cx_guard *cx_guard_current(void);
void cx_guard_push(struct cx_guard *guard);
void cx_guard_pop(struct cx_guard *guard);

/** Core's services are entered and left with these, so that a break waits for them. */
void cx_guard_service_enter(void);
void cx_guard_service_leave(void);

/** Break off the operation that @watch says hangs, in its thread. */
void cx_guard_break(const struct cx_guard_watch *watch);

/** Signal handlers for the time of a run; the old ones come back with the second. */
struct cx_guard_handlers {
	struct sigaction old[5];
};
int cx_guard_install(struct cx_guard_handlers *handlers, struct cx_error *err);
void cx_guard_uninstall(const struct cx_guard_handlers *handlers);

#endif
