/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock thread: runs ticks, timers and deadlines when they are due, so that a tick
 * which changes nothing never makes a guest exit.  It runs at real-time priority where
 * that is permitted, since everybody's wake-ups go through it; it sleeps otherwise.
 */
#include "core/machine/host.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define CLOCK_PRIORITY 2
#define CLOCK_STACK_BYTES (256u * 1024u)

static void be_prompt(void)
{
	struct sched_param param = { .sched_priority = CLOCK_PRIORITY };

	/* Either may be refused: then wake-ups are as late as the host makes them. */
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

static void *clock_main(void *arg)
{
	struct cx_host *host = arg;

	pthread_setname_np(pthread_self(), "cx-clock");
	be_prompt();
	while (!atomic_load(&host->quit)) {
		/* Read before looking: an alarm from now on ends the wait at once. */
		unsigned seen = atomic_load(&host->alarms);
		uint64_t next = cx_dispatch_timers(host->dispatch);

		if (atomic_load(&host->quit))
			break;
		cx_futex_wait(&host->alarms, seen,
			      next == CX_NEVER ? CX_NEVER : next + host->start_ns);
	}
	return NULL;
}

int cx_host_clock_start(struct cx_host *host, struct cx_error *err)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CLOCK_STACK_BYTES);
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&host->clock_thread, &attr, clock_main, host);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (rc)
		return cx_fail(err, rc, "cannot start the clock thread: %s", strerror(rc));
	host->clock_started = true;
	return 0;
}

void cx_host_alarm(struct cx_host *host)
{
	atomic_fetch_add(&host->alarms, 1);
	cx_futex_wake(&host->alarms);
}

void cx_host_clock_stop(struct cx_host *host)
{
	if (!host->clock_started)
		return;
	atomic_store(&host->quit, true);
	cx_host_alarm(host);
	pthread_join(host->clock_thread, NULL);
	host->clock_started = false;
}
