/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dispatch/guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BREAK_SIGNAL SIGUSR2

#define ALTSTACK_BYTES (32u * 1024u) /* a frame with AVX-512 state takes a tenth of it */

static const int signals[CX_GUARD_SIGNALS] = { SIGSEGV, SIGBUS,  SIGFPE,
					       SIGILL,  SIGABRT, BREAK_SIGNAL };

static __thread struct cx_guard *innermost;

/* A process has one handler for a signal, so its runs share them. */
static struct {
	pthread_mutex_t lock;
	unsigned users;                         /* lock */
	struct sigaction old[CX_GUARD_SIGNALS]; /* lock; from before the first user */
} handlers = { .lock = PTHREAD_MUTEX_INITIALIZER };

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
	guard->watch = NULL;
	guard->since_ns = 0;
	guard->holds_all = false;
	guard->holds[0] = guard->holds[1] = NULL;
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
	/* It may have ended, and another one begun, while the signal was on its way. */
	if (!g || !g->watch || atomic_load(&g->watch->condemned_ns) != g->since_ns)
		return;
	if (g->in_service) {
		g->want_break = 1;
		return;
	}
	siglongjmp(g->env, 1);
}

void cx_guard_break(struct cx_guard_watch *watch, uint64_t since_ns)
{
	pid_t tid = atomic_load(&watch->tid);

	atomic_store(&watch->condemned_ns, since_ns);
	if (tid > 0 && atomic_load(&watch->since_ns) == since_ns)
		syscall(SYS_tgkill, getpid(), tid, BREAK_SIGNAL);
}

void *cx_guard_altstack_set(void)
{
	stack_t stack = { .ss_size = ALTSTACK_BYTES };

	stack.ss_sp = malloc(ALTSTACK_BYTES);
	if (stack.ss_sp && sigaltstack(&stack, NULL) < 0) {
		free(stack.ss_sp);
		return NULL;
	}
	return stack.ss_sp;
}

void cx_guard_altstack_clear(void *stack)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	if (!stack)
		return;
	sigaltstack(&none, NULL);
	free(stack);
}

void cx_guard_unmask(sigset_t *mask)
{
	unsigned i;

	for (i = 0; i < CX_GUARD_SIGNALS; i++)
		sigdelset(mask, signals[i]);
}

/* The jump out of a handler does not restore the signal mask, so the signal must not be
 * blocked while its handler runs. */
static void fill_action(int signo, struct sigaction *sa)
{
	memset(sa, 0, sizeof(*sa));
	sigemptyset(&sa->sa_mask);
	if (signo == BREAK_SIGNAL) {
		sa->sa_flags = SA_NODEFER | SA_RESTART;
		sa->sa_handler = on_break;
	} else {
		sa->sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
		sa->sa_sigaction = on_fatal;
	}
}

static int install_all(struct cx_error *err)
{
	struct sigaction sa;
	unsigned i;

	for (i = 0; i < CX_GUARD_SIGNALS; i++) {
		int code;

		fill_action(signals[i], &sa);
		if (sigaction(signals[i], &sa, &handlers.old[i]) == 0)
			continue;
		code = errno;
		cx_fail(err, code, "cannot catch signal %d: %s", signals[i], strerror(code));
		while (i-- > 0)
			sigaction(signals[i], &handlers.old[i], NULL);
		return -code;
	}
	return 0;
}

int cx_guard_install(struct cx_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&handlers.lock);
	if (handlers.users == 0)
		rc = install_all(err);
	if (!rc)
		handlers.users++;
	pthread_mutex_unlock(&handlers.lock);
	return rc;
}

void cx_guard_uninstall(void)
{
	unsigned i;

	pthread_mutex_lock(&handlers.lock);
	if (--handlers.users == 0)
		for (i = 0; i < CX_GUARD_SIGNALS; i++)
			sigaction(signals[i], &handlers.old[i], NULL);
	pthread_mutex_unlock(&handlers.lock);
}
