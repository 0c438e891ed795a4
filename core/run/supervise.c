/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While a run goes on: domains start and stop when the scenario says so, progress is
 * shown, and the end is noticed.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define POLL_NS 100000000ull

static int by_time(const void *a, const void *b)
{
	const struct action *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->stop != y->stop)
		return x->stop ? -1 : 1;
	return x->domain < y->domain ? -1 : x->domain > y->domain;
}

int plan(struct run *r)
{
	unsigned i;

	r->actions = calloc(2 * r->scenario->n_domains + 1, sizeof(*r->actions));
	if (!r->actions)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < r->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &r->scenario->domains[i];

		if (d->start_ns < r->duration_ns)
			r->actions[r->n_actions++] = (struct action){ d->start_ns, i, false };
		if (d->stop_ns < r->duration_ns)
			r->actions[r->n_actions++] = (struct action){ d->stop_ns, i, true };
	}
	qsort(r->actions, r->n_actions, sizeof(*r->actions), by_time);
	return 0;
}

static int act(struct run *r, const struct action *a)
{
	if (a->stop && r->sim) {
		cx_dispatch_stop_domain(r->dispatch, a->domain, CX_END_STOPPED);
		return 0;
	}
	if (a->stop) {
		r->host.director->stop_domain(&r->host, a->domain, CX_END_STOPPED);
		return 0;
	}
	if (r->is_linux) {
		cx_linux_start_domain(r->baseline, a->domain);
		return 0;
	}
	return cx_dispatch_start_domain(r->dispatch, a->domain, r->err);
}

uint64_t next_action(const struct run *r)
{
	return r->next_action < r->n_actions ? r->actions[r->next_action].at_ns : CX_NEVER;
}

int do_next_action(struct run *r)
{
	return act(r, &r->actions[r->next_action++]);
}

static bool all_ended(struct run *r)
{
	if (next_action(r) != CX_NEVER)
		return false;
	return r->is_linux ? cx_linux_all_ended(r->baseline) : cx_dispatch_all_ended(r->dispatch);
}

static uint64_t next_stop(const struct run *r, uint64_t now)
{
	uint64_t at = now + (r->is_linux ? cx_linux_poll_every(r->baseline) : POLL_NS);

	if (at > r->duration_ns)
		at = r->duration_ns;
	return at < next_action(r) ? at : next_action(r);
}

static void sleep_until(const struct run *r, uint64_t at)
{
	struct timespec ts;

	at += r->host.start_ns;
	ts.tv_sec = (time_t)(at / CX_SEC);
	ts.tv_nsec = (long)(at % CX_SEC);
	/* A signal ends it early: that is how a stop is noticed at once. */
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void look_after(struct run *r, uint64_t now)
{
	if (r->is_linux)
		cx_linux_poll(r->baseline);
	log_drain(r);
	if (r->options->progress)
		r->options->progress(r->options->arg, now, r->duration_ns);
}

int supervise(struct run *r)
{
	int rc = plan(r);

	while (!rc) {
		uint64_t now = cx_host_now(&r->host);

		while (!rc && next_action(r) <= now)
			rc = do_next_action(r);
		look_after(r, now);
		if (rc || now >= r->duration_ns || all_ended(r))
			break;
		if (r->options->stop && atomic_load(r->options->stop)) {
			r->record->interrupted = true;
			break;
		}
		if (!r->is_linux && cx_dispatch_dead(r->dispatch, NULL))
			break;
		sleep_until(r, next_stop(r, now));
	}
	return rc;
}
