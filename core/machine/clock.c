/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock thread: runs ticks, timers and deadlines when they are due, so that a tick
 * which changes nothing never makes a guest exit.  It runs at real-time priority where
 * that is permitted, since everybody's wake-ups go through it; it sleeps otherwise.
 */
#include "core/machine/host.h"

#include "core/dispatch/guard.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define CLOCK_PRIORITY 2
#define CLOCK_STACK_BYTES (256u * 1024u)
#define WATCH_EVERY_NS CX_STUCK_LOOK_NS

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
	void *altstack = cx_guard_altstack_set();

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
	cx_guard_altstack_clear(altstack);
	return NULL;
}

/*
 * Takes no lock and runs no operation of a policy, so that it still runs when one of
 * them hangs, whatever thread that is in.
 */
static void *watch_main(void *arg)
{
	struct cx_host *host = arg;

	pthread_setname_np(pthread_self(), "cx-watch");
	while (!atomic_load(&host->quit)) {
		cx_dispatch_check_stuck(host->dispatch);
		cx_futex_wait(&host->watch_bell, 0,
			      cx_host_now(host) + host->start_ns + WATCH_EVERY_NS);
	}
	return NULL;
}

/* A thread of ours, with only those signals that a plug-in's operation can bring about. */
static int start_thread(pthread_t *thread, void *(*body)(void *), struct cx_host *host,
			struct cx_error *err)
{
	pthread_attr_t attr;
	sigset_t mask, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CLOCK_STACK_BYTES);
	if (CPU_COUNT(&host->clock_cpus))
		pthread_attr_setaffinity_np(&attr, sizeof(host->clock_cpus), &host->clock_cpus);
	sigfillset(&mask);
	cx_guard_unmask(&mask);
	pthread_sigmask(SIG_SETMASK, &mask, &old);
	rc = pthread_create(thread, &attr, body, host);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc ? cx_fail(err, rc, "cannot start the clock's threads: %s", strerror(rc)) : 0;
}

int cx_host_clock_start(struct cx_host *host, struct cx_error *err)
{
	int rc = start_thread(&host->clock_thread, clock_main, host, err);

	if (rc)
		return rc;
	host->clock_started = true;
	rc = start_thread(&host->watch_thread, watch_main, host, err);
	host->watch_started = rc == 0;
	return rc;
}

void cx_host_alarm(struct cx_host *host)
{
	atomic_fetch_add(&host->alarms, 1);
	cx_futex_wake(&host->alarms);
}

void cx_host_clock_stop(struct cx_host *host)
{
	atomic_store(&host->quit, true);
	if (host->clock_started) {
		cx_host_alarm(host);
		pthread_join(host->clock_thread, NULL);
		host->clock_started = false;
	}
	if (host->watch_started) {
		atomic_store(&host->watch_bell, 1);
		cx_futex_wake(&host->watch_bell);
		pthread_join(host->watch_thread, NULL);
		host->watch_started = false;
	}
}
