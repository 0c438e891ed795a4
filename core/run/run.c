/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/run.h"

#include "core/run/internal.h"
#include "trace/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_dispatch(struct run *r)
{
	struct cx_dispatch_config config = {
		.ops = &cx_host_machine_ops,
		.machine = &r->host,
		.plugin = r->policy.table,
		.params = r->policy.params,
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
		.n_domains = r->scenario->n_domains,
		.history = r->record->history,
		.sink = r->options->sink,
		.watchdog_ns = r->options->watchdog_ns,
		.seed = r->seed,
	};
	struct cx_dispatch_domain *domains;
	unsigned i;
	int rc;

	domains = calloc(r->scenario->n_domains, sizeof(*domains));
	if (!domains)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < r->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &r->scenario->domains[i];

		domains[i] = (struct cx_dispatch_domain){
			.name = d->name,
			.vcpus = d->vcpus,
			.weight = d->weight,
			.reservation = d->reservation,
			.limit = d->limit,
			.cpus = d->cpus,
			.cpus_soft = d->cpus_soft,
			.params = r->policy.domain_params[i],
		};
	}
	config.domains = domains;
	rc = cx_dispatch_new(&config, &r->dispatch, r->err);
	free(domains);
	if (rc)
		return rc;
	r->host.dispatch = r->dispatch;
	for (i = 0; i < r->host.n_vcpus; i++) {
		r->host.vcpus[i].v = cx_dispatch_vcpu(r->dispatch, i);
		cx_vcpu_set_machine(r->host.vcpus[i].v, &r->host.vcpus[i]);
	}
	return 0;
}

/* At any time of the run. */
static unsigned heaviest(const struct cx_scenario *s)
{
	unsigned i, max = 1;

	for (i = 0; i < s->n_domains; i++)
		if (s->domains[i].weight > max)
			max = s->domains[i].weight;
	for (i = 0; i < s->n_changes; i++)
		if (s->changes[i].weight > max)
			max = s->changes[i].weight;
	return max;
}

static int make_baseline(struct run *r)
{
	struct cx_linux_config config = {
		.host = &r->host,
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
	};
	struct cx_linux_domain *domains;
	unsigned i;
	int rc;

	domains = calloc(r->scenario->n_domains, sizeof(*domains));
	if (!domains)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < r->scenario->n_domains; i++) {
		domains[i].weight = r->scenario->domains[i].weight;
		domains[i].cpus = r->scenario->domains[i].cpus;
	}
	config.heaviest = heaviest(r->scenario);
	config.domains = domains;
	rc = cx_linux_new(&config, &r->baseline, r->err);
	free(domains);
	return rc;
}

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
	host->realtime = r->options->realtime;
	host->traced = r->options->sink != NULL;
	host->log = log_push;
	host->log_arg = &r->log;
	rc = cx_host_signals(r->err);
	if (!rc)
		rc = cx_guard_install(&r->handlers, r->err);
	if (rc)
		return rc;
	r->handlers_installed = true;
	rc = cx_host_spawn(host, r->err);
	if (!rc && host->realtime_refused)
		cx_host_log(host, "real-time priority is not permitted (see ulimit -r): going on "
				  "without");
	return rc;
}

static int start_clock(struct run *r)
{
	int rc = r->is_linux ? make_baseline(r) : make_dispatch(r);

	if (rc)
		return rc;
	set_clocks(r);
	return r->is_linux ? 0 : cx_host_clock_start(&r->host, r->err);
}

static void trace_start(struct run *r)
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

static int collect(struct run *r)
{
	int rc = 0;

	if (r->is_linux)
		rc = cx_linux_collect(r->baseline, r->record, r->err);
	else
		cx_dispatch_collect(r->dispatch, r->record);
	if (rc)
		return rc;
	describe_guests(r);
	trace_end(r);
	log_drain(r);
	return 0;
}

/* Returns -ECANCELED when it ended before its time but was measured until then. */
static int measure(struct run *r)
{
	struct cx_error why = { "" };
	int begun, ended = 0, rc;

	trace_start(r);
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

static void tear_down(struct run *r)
{
	cx_host_destroy(&r->host);
	cx_dispatch_free(r->dispatch);
	cx_linux_free(r->baseline);
	if (r->handlers_installed)
		cx_guard_uninstall(&r->handlers);
	free_guests(r);
	free_policy(r);
	free(r->actions);
	log_free(&r->log);
}

int cx_run_check(const struct cx_scenario *scenario, const struct cx_run_options *options,
		 struct cx_error *err)
{
	struct run r = { .scenario = scenario, .options = options, .err = err };
	int rc;

	log_init(&r.log);
	rc = choose_pcpus(&r);
	if (!rc)
		rc = load_policy(&r);
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
		rc = make_guests(&r);
	if (!rc)
		rc = describe_run(&r);
	if (!rc)
		rc = make_machine(&r);
	if (!rc)
		rc = measure(&r);
	if (rc == 0 || rc == -ECANCELED) {
		*record = r.record;
		r.record = NULL;
	}
	cx_record_free(r.record);
	tear_down(&r);
	cx_guard_altstack_clear(altstack);
	return rc;
}
