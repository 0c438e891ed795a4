/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dispatch/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BREAK_SIGNAL SIGUSR2

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

static __thread struct cx_guard *innermost;

struct cx_guard *cx_guard_current(void)
{
	return innermost;
}

void cx_guard_push(struct cx_guard *guard)
{
	guard->outer = innermost;
	guard->in_service = 0;
	guard->want_break = 0;
	guard->signo = 0;
	guard->n_held = 0;
	guard->now_ns = 0;
	guard->picking = NULL;
	/* A handler may run from here on: the guard must be whole before it shows. */
	atomic_signal_fence(memory_order_seq_cst);
	innermost = guard;
	atomic_signal_fence(memory_order_seq_cst);
}

void cx_guard_pop(struct cx_guard *guard)
{
	atomic_signal_fence(memory_order_seq_cst);
	innermost = guard->outer;
	atomic_signal_fence(memory_order_seq_cst);
}

void cx_guard_service_enter(void)
{
	if (innermost)
		innermost->in_service++;
}

void cx_guard_service_leave(void)
{
	struct cx_guard *g = innermost;

	if (!g)
		return;
	if (--g->in_service == 0 && g->want_break)
		siglongjmp(g->env, 1);
}

static void on_fatal(int signo, siginfo_t *info, void *context)
{
	struct cx_guard *g = innermost;

	(void)info;
	(void)context;
	if (g) {
		g->signo = signo;
		siglongjmp(g->env, 1);
	}
	/* Not a plug-in's doing: die of it, as without us. */
	signal(signo, SIG_DFL);
	raise(signo);
}

static void on_break(int signo)
{
	struct cx_guard *g = innermost;

	(void)signo;
	if (!g)
		return;
	if (g->in_service) {
		g->want_break = 1;
		return;
	}
	siglongjmp(g->env, 1);
}

void cx_guard_break(const struct cx_guard_watch *watch)
{
	pid_t tid = atomic_load(&watch->tid);

	if (tid > 0 && atomic_load(&watch->since_ns) != 0)
		syscall(SYS_tgkill, getpid(), tid, BREAK_SIGNAL);
}

int cx_guard_install(struct cx_guard_handlers *handlers, struct cx_error *err)
{
	struct sigaction sa;
	unsigned i;

	memset(&sa, 0, sizeof(sa));
	/* The jump out of the handler does not restore the signal mask, so the signal
	 * must not be blocked while its handler runs. */
	sa.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
	sa.sa_sigaction = on_fatal;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < 4; i++)
		if (sigaction(fatal_signals[i], &sa, &handlers->old[i]) < 0)
			return cx_fail(err, errno, "cannot catch signal %d: %s", fatal_signals[i],
				       strerror(errno));
	memset(&sa, 0, sizeof(sa));
	sa.sa_flags = SA_NODEFER | SA_RESTART;
	sa.sa_handler = on_break;
	sigemptyset(&sa.sa_mask);
	if (sigaction(BREAK_SIGNAL, &sa, &handlers->old[4]) < 0)
		return cx_fail(err, errno, "cannot catch signal %d: %s", BREAK_SIGNAL,
			       strerror(errno));
	return 0;
}

void cx_guard_uninstall(const struct cx_guard_handlers *handlers)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		sigaction(fatal_signals[i], &handlers->old[i], NULL);
	sigaction(BREAK_SIGNAL, &handlers->old[4], NULL);
}
