/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/guard.h - survive a plug-in that crashes or never returns.
 *
 * Every operation runs between cx_guard_push() and cx_guard_pop().  A SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL or SIGABRT inside one jumps back out of it; an operation that does not return
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
#define CX_GUARD_SIGNALS 6 /* five that a crash raises, one to break off what hangs */

struct cx_pcpu;

/** Which thread is in an operation, since when; one for each lock.  Where time is virtual
 *  since_ns is no time but a number that the operation alone has. */
struct cx_guard_watch {
	_Atomic uint64_t since_ns;     /* 0 = none */
	_Atomic uint64_t condemned_ns; /* since_ns of the operation that is to be broken off */
	uint64_t seen_ns;              /* since_ns at the last look; the looker's own */
	unsigned looks;                /* in a row that saw the same; likewise */
	_Atomic(const char *) op;
	_Atomic pid_t tid;
};

struct cx_guard {
	sigjmp_buf env;
	struct cx_guard *outer;
	volatile sig_atomic_t in_service; /* inside core: not to be broken off now */
	volatile sig_atomic_t want_break;
	volatile sig_atomic_t signo; /* what ended it; 0 = broken off */
	uint64_t now_ns;             /* the time that the operation was told */
	const struct cx_guard_watch *watch;
	uint64_t since_ns;        /* as in the watch */
	bool holds_all;           /* every lock of the instance */
	struct cx_pcpu *holds[2]; /* else those of these pCPUs */
	struct cx_pcpu *picking;  /* inside pick: a kick of it says nothing new */
	unsigned n_held;          /* peers locked with cx_trylock() */
	struct cx_pcpu *held[CX_GUARD_HELD_MAX];
};

/** The innermost guard of this thread, or NULL. */
struct cx_guard *cx_guard_current(void);
void cx_guard_push(struct cx_guard *guard);
void cx_guard_pop(struct cx_guard *guard);

/** Core's services are entered and left with these, so that a break waits for them. */
void cx_guard_service_enter(void);
void cx_guard_service_leave(void);

/**
 * Break off the operation that has been running since @since_ns, in its thread; without
 * effect if it has ended meanwhile.
 */
void cx_guard_break(struct cx_guard_watch *watch, uint64_t since_ns);

/**
 * Give the calling thread a stack of its own for signal handlers, so that a plug-in that
 * overflows the thread's stack is survived too.  Returns it, or NULL when out of memory
 * (such an overflow is then fatal).
 */
void *cx_guard_altstack_set(void);
void cx_guard_altstack_clear(void *stack);

/** Take them out of a signal mask: a thread that runs operations must be able to get them. */
void cx_guard_unmask(sigset_t *mask);
/**
 * Signal handlers for the time of a run.  They belong to the process: the first of several
 * runs at once brings them, the last one takes them away again.  Any thread.
 * Returns 0, or a negative errno with a message.
 */
int cx_guard_install(struct cx_error *err);
void cx_guard_uninstall(void);

#endif
