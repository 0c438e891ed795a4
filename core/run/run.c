/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/run.h"

#include "core/run/internal.h"
#include "trace/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Off the run's pCPUs, where there are others: guests then have those to themselves. */
static void place_clock(struct run *r)
{
	const struct cx_cpuset *allowed = cx_topology_allowed(r->topology);
	unsigned i;
	int cpu;

	CPU_ZERO(&r->host.clock_cpus);
	for (cpu = cx_cpuset_next(allowed, -1); cpu >= 0 && cpu < CPU_SETSIZE;
	     cpu = cx_cpuset_next(allowed, cpu))
		CPU_SET((unsigned)cpu, &r->host.clock_cpus);
	for (i = 0; i < r->n_pcpus; i++)
		CPU_CLR(r->pcpus[i], &r->host.clock_cpus);
}

static int make_machine(struct run *r)
{
	struct cx_host *host = &r->host;
	int rc;

	place_clock(r);

	host->director = r->is_linux ? &cx_direct_linux : &cx_direct_dispatch;
	/* The baseline is the host's own scheduler: threads under FIFO are not left to it. */
	host->realtime = r->options->realtime && !r->is_linux;
	host->traced = r->options->sink != NULL;
	host->log = log_push;
	host->log_arg = &r->log;
	rc = cx_host_signals(r->err);
	if (!rc)
		rc = cx_guard_install(r->err);
	if (rc)
		return rc;
	r->handlers_installed = true;
	rc = cx_host_spawn(host, r->err);
	r->record->realtime_asked = r->options->realtime;
	r->record->realtime = host->realtime && !host->realtime_refused;
	if (!rc && host->realtime_refused)
		cx_host_log(host, "real-time priority is not permitted (see ulimit -r): going on "
				  "without");
	return rc;
}

static int make_host_dispatch(struct run *r)
{
	unsigned i;
	int rc = make_dispatch(r, &cx_host_machine_ops, &r->host);

	if (rc)
		return rc;
	r->host.dispatch = r->dispatch;
	for (i = 0; i < r->host.n_vcpus; i++) {
		r->host.vcpus[i].v = cx_dispatch_vcpu(r->dispatch, i);
		cx_vcpu_set_machine(r->host.vcpus[i].v, &r->host.vcpus[i]);
	}
	return 0;
}

static int start_clock(struct run *r)
{
	int rc = r->is_linux ? make_baseline(r) : make_host_dispatch(r);

	if (rc)
		return rc;
	set_clocks(r);
	return r->is_linux ? 0 : cx_host_clock_start(&r->host, r->err);
}

void trace_start(struct run *r)
{
	char *json;

	if (!r->options->sink)
		return;
	json = cx_record_static_json(r->record);
	if (json)
		r->options->sink->run_start(0, json);
	free(json);
}

/* The baseline's events are known only afterwards. */
static void trace_baseline(struct run *r)
{
	struct cx_history_cursor *cursor = cx_history_walk(r->record->history);
	const struct cx_event *e;

	while (cursor && (e = cx_history_next(cursor)) != NULL)
		r->options->sink->event(e);
	cx_history_cursor_free(cursor);
}

static void trace_end(struct run *r)
{
	char *json;

	if (!r->options->sink)
		return;
	if (r->is_linux)
		trace_baseline(r);
	json = cx_record_totals_json(r->record);
	if (json)
		r->options->sink->run_end(r->record->duration_ns, json);
	free(json);
}

int collect(struct run *r)
{
	int rc = 0;

	if (r->is_linux)
		rc = cx_linux_collect(r->baseline, r->record, r->err);
	else
		cx_dispatch_collect(r->dispatch, r->record);
	if (rc)
		return rc;
	if (r->sim)
		describe_models(r);
	else
		describe_guests(r);
	describe_lives(r);
	trace_end(r);
	log_drain(r);
	return 0;
}

/*
 * Threads of vCPUs with real-time priority that never sleep keep all others off their CPUs:
 * also this one, which starts and stops domains, and the clock's, which it makes.
 */
static void above_vcpus(bool realtime)
{
	struct sched_param param = { .sched_priority = realtime ? CX_VCPU_PRIORITY + 1 : 0 };

	pthread_setschedparam(pthread_self(), realtime ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* Returns -ECANCELED when it ended before its time but was measured until then. */
static int measure(struct run *r)
{
	struct cx_error why = { "" };
	int begun, ended = 0, rc;

	trace_start(r);
	if (r->record->realtime)
		above_vcpus(true);
	begun = start_clock(r);
	if (!begun)
		ended = supervise(r);
	if (ended)
		why = *r->err;
	if (r->dispatch)
		cx_dispatch_finish(r->dispatch);
	else if (r->baseline)
		cx_linux_finish(r->baseline);
	cx_host_clock_stop(&r->host);
	cx_host_join(&r->host);
	if (r->record->realtime)
		above_vcpus(false);
	log_drain(r);
	if (begun)
		return begun;
	rc = collect(r);
	if (rc)
		return rc;
	if (!r->is_linux && cx_dispatch_dead(r->dispatch, r->err))
		return -ECANCELED;
	if (ended) {
		r->record->interrupted = true;
		*r->err = why;
		return -ECANCELED;
	}
	return 0;
}

static int run_on_host(struct run *r)
{
	int rc = make_machine(r);

	return rc ? rc : measure(r);
}

static void tear_down(struct run *r)
{
	cx_host_destroy(&r->host);
	cx_dispatch_free(r->dispatch);
	cx_sim_free(r->sim);
	cx_linux_free(r->baseline);
	if (r->handlers_installed)
		cx_guard_uninstall();
	free_guests(r);
	free_policy(r);
	free(r->actions);
	log_free(&r->log);
}

int cx_run_check(const struct cx_scenario *scenario, const struct cx_run_options *options,
		 struct cx_error *err)
{
	struct run r = {
		.scenario = scenario,
		.options = options,
		.err = err,
		.duration_ns = options->duration_ns ? options->duration_ns : scenario->duration_ns,
	};
	int rc;

	log_init(&r.log);
	rc = choose_pcpus(&r);
	if (!rc)
		rc = load_policy(&r);
	if (!rc && options->sim)
		rc = open_payloads(&r);
	if (!rc && options->sim)
		rc = check_models(&r);
	tear_down(&r);
	return rc;
}

int cx_run(const struct cx_scenario *scenario, const struct cx_run_options *options,
	   struct cx_record **record, struct cx_error *err)
{
	struct run r = {
		.scenario = scenario,
		.options = options,
		.err = err,
		.duration_ns = options->duration_ns ? options->duration_ns : scenario->duration_ns,
		.seed = options->seed_given ? options->seed : scenario->seed,
	};
	void *altstack = cx_guard_altstack_set();
	int rc;

	*record = NULL;
	log_init(&r.log);
	rc = choose_pcpus(&r);
	if (!rc)
		rc = load_policy(&r);
	if (!rc)
		rc = open_payloads(&r);
	if (!rc && !options->sim)
		rc = make_guests(&r);
	if (!rc)
		rc = describe_run(&r);
	if (!rc && options->sim)
		rc = simulate(&r);
	else if (!rc)
		rc = run_on_host(&r);
	if (rc == 0 || rc == -ECANCELED) {
		*record = r.record;
		r.record = NULL;
	}
	cx_record_free(r.record);
	tear_down(&r);
	cx_guard_altstack_clear(altstack);
	return rc;
}
