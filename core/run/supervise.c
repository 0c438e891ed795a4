/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While a run goes on: domains start and stop and things change when the scenario says so,
 * progress is shown, and the end is noticed.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define POLL_NS 100000000ull

/* What the host refuses the baseline is noted, and the run goes on. */
static void note_refused(struct run *r, const struct cx_scenario_change *c)
{
	char *text = NULL;

	cx_host_log(&r->host,
		    "scheduler linux: %s:%u: changes[%u].weight: this host does not let threads "
		    "become less nice (see ulimit -e); they keep their weight",
		    r->scenario->path, c->line, c->entry);
	if (asprintf(&text, "%s%sweight in changes[%u] (not permitted)",
		     r->record->ignored ? r->record->ignored : "", r->record->ignored ? " " : "",
		     c->entry) < 0)
		return;
	free(r->record->ignored);
	r->record->ignored = text;
}

static int change(struct run *r, const struct cx_scenario_change *c)
{
	struct cx_changing run = changing(r);
	int rc;

	if (!r->is_linux)
		return cx_apply_change(r->dispatch, c, &run, r->err);
	rc = cx_apply_change_linux(r->baseline, c, &run, r->err);
	if (rc != -EPERM)
		return rc;
	note_refused(r, c);
	return 0;
}

static int act(struct run *r, const struct cx_action *a)
{
	switch (a->kind) {
	case CX_ACTION_STOP:
		if (r->is_linux)
			r->host.director->stop_domain(&r->host, a->index, CX_END_STOPPED);
		else
			cx_dispatch_stop_domain(r->dispatch, a->index, CX_END_STOPPED);
		return 0;
	case CX_ACTION_CHANGE:
		return change(r, &r->scenario->changes[a->index]);
	default:
		break;
	}
	if (!r->is_linux)
		return cx_dispatch_start_domain(r->dispatch, a->index, r->err);
	cx_linux_start_domain(r->baseline, a->index);
	return 0;
}

uint64_t next_action(const struct run *r)
{
	return r->next_action < r->n_actions ? r->actions[r->next_action].at_ns : CX_NEVER;
}

int do_next_action(struct run *r)
{
	return act(r, &r->actions[r->next_action++]);
}

bool all_ended(struct run *r)
{
	unsigned i;

	for (i = r->next_action; i < r->n_actions; i++)
		if (r->actions[i].kind != CX_ACTION_CHANGE)
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
	int rc = cx_plan(r->scenario, r->duration_ns, &r->actions, &r->n_actions, r->err);

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
