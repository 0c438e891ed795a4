/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children are forked, not started anew: what the plan says is in their memory already.  So
 * this process must have no threads, and a child leaves by _exit().
 */
#include "core/sweep/pool.h"

#include "core/sweep/result.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 3u           /* of a point whose process is killed */
#define LOOK_MS 500        /* between two looks at what nobody tells us */
#define PATIENCE_MS 10000u /* for children that were asked to end */

enum ending { FINISHED, CANNOT, TAKEN, STOPPED };

struct job {
	pid_t pid; /* 0 = free */
	uint64_t number;
	unsigned tries;
};

struct pool {
	const struct cx_work *work;
	uint64_t all;                /* points that were to be run */
	struct cx_numbers queue;     /* those that are to be started */
	struct cx_numbers elsewhere; /* those that other processes have */
	uint64_t done, last;         /* finished; the last that was taken from the queue */
	struct job *jobs;
	unsigned running;
	bool broken;   /* a child cannot do its work: start no more */
	bool ending;   /* children are being asked to end */
	bool told;     /* from elsewhere, to start no more */
	sigset_t mask; /* while waiting */
};

/* --- the child ---------------------------------------------------------------------- */

static enum ending work_on(const struct cx_work *work, uint64_t number)
{
	struct cx_error err = { "" };
	int ret;

	ret = cx_store_claim(work->store, number, &err);
	if (ret == -EAGAIN)
		return TAKEN;
	if (!ret && cx_store_has(work->store, number))
		return FINISHED;
	if (!ret)
		ret = cx_result_make(work->sweep, work->store, number, work->stop, &err);
	if (!ret)
		return FINISHED;
	if (work->stop && atomic_load(work->stop))
		return STOPPED;
	work->say(work->arg, err.text);
	return CANNOT;
}

static void be_child(const struct pool *p, pid_t parent, uint64_t number)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before that took effect */
		_exit(STOPPED);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &p->mask, NULL);
	_exit(work_on(p->work, number));
}

/* --- the parent ---------------------------------------------------------------------- */

static int start(struct pool *p, struct job *job, struct cx_error *err)
{
	pid_t parent = getpid();

	fflush(NULL); /* or the child would print it once more */
	job->pid = fork();
	if (job->pid == 0)
		be_child(p, parent, job->number);
	if (job->pid < 0) {
		job->pid = 0;
		return cx_fail(err, errno, "cannot start a process: %s", strerror(errno));
	}
	p->running++;
	return 0;
}

static bool stopped(const struct pool *p)
{
	return p->work->stop && atomic_load(p->work->stop);
}

/** The next that has no result, or 0. */
static uint64_t next_number(struct pool *p)
{
	while ((p->last = cx_numbers_next(&p->queue, p->last)) != 0) {
		cx_numbers_remove(&p->queue, p->last);
		if (!cx_store_has(p->work->store, p->last))
			return p->last;
		p->done++;
	}
	return 0;
}

static int start_more(struct pool *p, struct cx_error *err)
{
	unsigned i;

	if (p->work->obeys && cx_store_stopping(p->work->store))
		p->told = true;
	for (i = 0; i < p->work->jobs && !p->broken && !p->told && !stopped(p); i++) {
		struct job *job = &p->jobs[i];
		int ret;

		if (job->pid)
			continue;
		if (!job->tries) { /* else it is to be run again */
			job->number = next_number(p);
			if (!job->number)
				return 0;
			job->tries = 1;
		}
		ret = start(p, job, err);
		if (ret)
			return ret;
	}
	return 0;
}

/** A killed child says nothing of its point but that it was there. */
static int was_killed(struct pool *p, struct job *job, int sig, struct cx_error *err)
{
	char why[160];
	int ret;

	/* Ours, on the way out: the point is as good as never begun. */
	if (stopped(p) || p->ending) {
		job->tries = 0;
		return 0;
	}
	if (job->tries < TRIES) {
		job->tries++; /* its place stays its own: see start_more() */
		return 0;
	}
	job->tries = 0;
	snprintf(why, sizeof(why), "its process was killed by signal %d (%s) in each of %u tries",
		 sig, strsignal(sig), TRIES);
	ret = cx_store_claim(p->work->store, job->number, err);
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	if (!cx_store_has(p->work->store, job->number))
		ret = cx_result_fail(p->work->sweep, p->work->store, job->number, why, err);
	cx_store_release(p->work->store, job->number);
	p->done += !ret;
	return ret;
}

static int has_ended(struct pool *p, struct job *job, int status, struct cx_error *err)
{
	job->pid = 0;
	p->running--;
	if (WIFSIGNALED(status))
		return was_killed(p, job, WTERMSIG(status), err);
	switch (WEXITSTATUS(status)) {
	case FINISHED:
		p->done++;
		job->tries = 0;
		break;
	case TAKEN:
		cx_numbers_add(&p->elsewhere, job->number);
		job->tries = 0;
		break;
	case CANNOT:
		p->broken = true;
		break;
	default: /* somebody else asked it to stop */
		return was_killed(p, job, SIGTERM, err);
	}
	return 0;
}

static int reap(struct pool *p, struct cx_error *err)
{
	int status, ret = 0;
	unsigned i;
	pid_t pid;

	while (!ret && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < p->work->jobs; i++)
			if (p->jobs[i].pid == pid)
				ret = has_ended(p, &p->jobs[i], status, err);
	return ret;
}

static void rest(const struct pool *p)
{
	struct timespec most = { .tv_nsec = LOOK_MS * 1000000l };

	ppoll(NULL, 0, &most, &p->mask); /* the end of a child interrupts it */
}

static void tell(struct pool *p)
{
	if (p->work->progress)
		p->work->progress(p->work->arg, p->done, p->all);
}

static uint64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/** Children that are to end: asked, then made to. */
static void end_all(struct pool *p)
{
	uint64_t until = monotonic_ms() + PATIENCE_MS;
	unsigned i;

	p->ending = true;
	for (i = 0; i < p->work->jobs; i++)
		if (p->jobs[i].pid)
			kill(p->jobs[i].pid, SIGTERM);
	while (p->running && monotonic_ms() < until) {
		rest(p);
		reap(p, NULL);
	}
	for (i = 0; i < p->work->jobs; i++)
		if (p->jobs[i].pid && kill(p->jobs[i].pid, SIGKILL) == 0)
			waitpid(p->jobs[i].pid, NULL, 0);
}

/** What other processes had: finished, or free again and ours to run? */
static void look_elsewhere(struct pool *p)
{
	struct cx_store *store = p->work->store;
	uint64_t number = 0;

	while ((number = cx_numbers_next(&p->elsewhere, number)) != 0) {
		if (!cx_store_has(store, number)) {
			if (cx_store_claimed(store, number))
				continue;
			/* Free now: finished in this very moment, or given up. */
			cx_numbers_add(&p->queue, number);
			p->last = 0;
		} else {
			p->done++;
		}
		cx_numbers_remove(&p->elsewhere, number);
	}
}

static bool more_to_do(const struct pool *p)
{
	if (stopped(p))
		return false;
	return p->running || (!p->broken && !p->told && (p->queue.count || p->elsewhere.count));
}

static int run(struct pool *p, struct cx_error *err)
{
	int ret = start_more(p, err);

	while (!ret && more_to_do(p)) {
		tell(p);
		rest(p);
		ret = reap(p, err);
		if (!ret && !p->running)
			look_elsewhere(p);
		if (!ret)
			ret = start_more(p, err);
	}
	tell(p);
	if (ret || stopped(p))
		end_all(p);
	if (ret)
		return ret;
	if (stopped(p) || (p->told && p->done < p->all))
		return cx_fail(err, ECANCELED, "stopped");
	return p->broken ? cx_fail(err, ECHILD, "a process could not do its work") : 0;
}

static void on_child(int sig)
{
	(void)sig; /* it is enough that it interrupts */
}

static int make_pool(struct pool *p, const struct cx_numbers *todo, struct cx_error *err)
{
	uint64_t number = 0;
	int ret;

	p->all = todo->count;
	p->jobs = calloc(p->work->jobs, sizeof(*p->jobs));
	ret = p->jobs ? 0 : cx_fail(err, ENOMEM, "out of memory");
	if (!ret)
		ret = cx_numbers_init(&p->queue, todo->n, err);
	if (!ret)
		ret = cx_numbers_init(&p->elsewhere, todo->n, err);
	while (!ret && (number = cx_numbers_next(todo, number)) != 0)
		cx_numbers_add(&p->queue, number);
	return ret;
}

int cx_pool_run(const struct cx_work *work, const struct cx_numbers *todo, struct cx_error *err)
{
	struct sigaction action = { .sa_handler = on_child }, old_action;
	struct pool p = { .work = work };
	sigset_t child, old_mask;
	int ret;

	sigemptyset(&action.sa_mask);
	sigaction(SIGCHLD, &action, &old_action);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &old_mask);
	p.mask = old_mask;
	sigdelset(&p.mask, SIGCHLD);
	ret = make_pool(&p, todo, err);
	if (!ret)
		ret = run(&p, err);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGCHLD, &old_action, NULL);
	cx_numbers_free(&p.queue);
	cx_numbers_free(&p.elsewhere);
	free(p.jobs);
	return ret;
}
