/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy that never returns holds up virtual time, so it takes real time to notice it.
 */
#include "core/sim/sim.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_STACK_BYTES (128u * 1024u)

struct cx_sim_watch {
	struct cx_dispatch *d;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t bell;
	bool over; /* lock */
};

static void in_a_while(struct timespec *at)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_nsec += (long)CX_STUCK_LOOK_NS;
	if (at->tv_nsec >= 1000000000L) {
		at->tv_nsec -= 1000000000L;
		at->tv_sec++;
	}
}

static void *watch_main(void *arg)
{
	struct cx_sim_watch *w = arg;
	struct timespec at;

	pthread_setname_np(pthread_self(), "cx-watch");
	pthread_mutex_lock(&w->lock);
	while (!w->over) {
		in_a_while(&at);
		if (pthread_cond_timedwait(&w->bell, &w->lock, &at) == ETIMEDOUT)
			cx_dispatch_check_stuck(w->d);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int start_thread(struct cx_sim_watch *w)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WATCH_STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, &attr, watch_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

int cx_sim_watch_start(struct cx_dispatch *d, struct cx_sim_watch **watch, struct cx_error *err)
{
	struct cx_sim_watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;
	int rc;

	if (!w)
		return cx_fail(err, ENOMEM, "out of memory");
	w->d = d;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->bell, &attr);
	pthread_condattr_destroy(&attr);
	rc = start_thread(w);
	if (rc) {
		pthread_cond_destroy(&w->bell);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return cx_fail(err, rc, "cannot start the thread that watches the policy: %s",
			       strerror(rc));
	}
	*watch = w;
	return 0;
}

void cx_sim_watch_stop(struct cx_sim_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->bell);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->bell);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
