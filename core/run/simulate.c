/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run on the simulated machine: models in the place of guests, virtual time.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_A_LOOK 20000u /* some ten milliseconds between two looks at the outside */

/* --- models ------------------------------------------------------------------------- */

static const struct cx_model *find_model(const char *name)
{
	unsigned i;

	for (i = 0; cx_models[i]; i++)
		if (strcmp(cx_models[i]->info->name, name) == 0)
			return cx_models[i];
	return NULL;
}

static int no_model(struct run *r, const struct cx_scenario_domain *d, const char *name)
{
	char have[256] = "";
	unsigned i;

	for (i = 0; cx_models[i]; i++) {
		size_t len = strlen(have);

		snprintf(have + len, sizeof(have) - len, "%s%s", i ? ", " : "",
			 cx_models[i]->info->name);
	}
	return cx_fail(r->err, EINVAL,
		       "%s:%u: domain %s: workload %s has no model, so it runs on kvm only; "
		       "there are models of %s",
		       r->scenario->path, d->line, d->name, name, have);
}

/* The payload's table must be the model's: its parameters are read by their places. */
static int model_of(struct run *r, unsigned i, const struct cx_model **model)
{
	const struct cx_scenario_domain *d = &r->scenario->domains[i];
	const struct cx_workload_info *info = cx_payload_info(r->payloads[i]);

	*model = find_model(info->name);
	if (!*model)
		return no_model(r, d, info->name);
	if (memcmp((*model)->info, info, sizeof(*info)) != 0)
		return cx_fail(r->err, EINVAL,
			       "%s: its table is not that of the model %s in this program: they "
			       "are of different versions; build both from one source",
			       d->workload_path, info->name);
	return 0;
}

int check_models(struct run *r)
{
	const struct cx_model *model;
	unsigned i;
	int rc = 0;

	for (i = 0; i < r->scenario->n_domains && !rc; i++)
		rc = model_of(r, i, &model);
	return rc;
}

/* --- making it ------------------------------------------------------------------------- */

static int make_sim(struct run *r)
{
	const struct cx_run_sim *options = r->options->sim;
	unsigned n = r->scenario->n_domains, i;
	struct cx_sim_domain *domains = calloc(n, sizeof(*domains));
	struct cx_sim_config config = {
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
		.n_domains = n,
		.domains = domains,
		.costs = &options->costs,
		.seed = r->seed,
		.shuffle = options->shuffle,
		.shuffle_seed = options->shuffle_seed,
		.traced = r->options->sink != NULL,
		.log = log_push,
		.log_arg = &r->log,
	};
	int rc = domains ? 0 : cx_fail(r->err, ENOMEM, "out of memory");

	for (i = 0; i < n && !rc; i++) {
		const struct cx_scenario_domain *d = &r->scenario->domains[i];

		domains[i] = (struct cx_sim_domain){
			.name = d->name,
			.vcpus = d->vcpus,
			.params = d->params,
			.n_peers = d->n_peers,
			.peers = d->peers,
			.heap = cx_guest_heap(r->payloads[i], d->memory, d->vcpus),
		};
		rc = model_of(r, i, &domains[i].model);
	}
	if (!rc)
		rc = cx_sim_new(&config, &r->sim, r->err);
	free(domains);
	return rc;
}

static int start(struct run *r)
{
	int rc;

	/* The handlers are the process's; they come first, for the policy's init too. */
	rc = cx_guard_install(r->err);
	if (rc)
		return rc;
	r->handlers_installed = true;
	rc = make_dispatch(r, &cx_sim_machine_ops, r->sim);
	if (rc)
		return rc;
	cx_sim_bind(r->sim, r->dispatch);
	return cx_sim_watch_start(r->dispatch, &r->sim_watch, r->err);
}

/* --- running it -------------------------------------------------------------------------- */

static uint64_t agenda_next(void *arg)
{
	return next_action(arg);
}

static int agenda_act(void *arg)
{
	return do_next_action(arg);
}

static bool agenda_over(void *arg)
{
	return all_ended(arg);
}

static bool over(struct run *r, int reached)
{
	if (reached || cx_dispatch_dead(r->dispatch, NULL))
		return true;
	if (r->options->stop && atomic_load(r->options->stop)) {
		r->record->interrupted = true;
		return true;
	}
	return false;
}

static void look_after(struct run *r)
{
	log_drain(r);
	if (r->options->progress)
		r->options->progress(r->options->arg, cx_sim_now(r->sim), r->duration_ns);
}

static int run_it(struct run *r)
{
	const struct cx_sim_agenda agenda = { agenda_next, agenda_act, agenda_over, r };
	int rc = cx_plan(r->scenario, r->duration_ns, &r->actions, &r->n_actions, r->err);

	while (rc >= 0) {
		rc = cx_sim_run(r->sim, r->duration_ns, EVENTS_A_LOOK, &agenda, r->err);
		look_after(r);
		if (rc < 0 || over(r, rc))
			break;
	}
	return rc < 0 ? rc : 0;
}

int simulate(struct run *r)
{
	struct cx_error why = { "" };
	int begun, ended = 0, rc;

	begun = make_sim(r);
	if (begun)
		return begun;
	trace_start(r);
	begun = start(r);
	if (!begun)
		ended = run_it(r);
	if (ended)
		why = *r->err;
	if (r->dispatch)
		cx_dispatch_finish(r->dispatch);
	cx_sim_watch_stop(r->sim_watch);
	r->sim_watch = NULL;
	if (begun)
		return begun;
	cx_sim_finish(r->sim);
	rc = collect(r);
	if (rc)
		return rc;
	if (cx_dispatch_dead(r->dispatch, r->err))
		return -ECANCELED;
	if (ended) {
		r->record->interrupted = true;
		*r->err = why;
		return -ECANCELED;
	}
	return 0;
}

/* Progress and results of the domain's vCPUs.  The first one's exit status. */
static uint64_t describe_domain(struct run *r, const struct cx_record_domain *rd,
				const struct cx_workload_info *info)
{
	unsigned k;

	for (k = 0; k < rd->n_vcpus; k++) {
		struct cx_sim_outcome outcome = cx_sim_outcome(r->sim, rd->first_vcpu + k);
		struct cx_record_vcpu *rv = &r->record->vcpus[rd->first_vcpu + k];

		rv->progress = outcome.progress;
		describe_results(rv, info, outcome.results);
	}
	return cx_sim_outcome(r->sim, rd->first_vcpu).status;
}

void describe_models(struct run *r)
{
	unsigned i;

	for (i = 0; i < r->scenario->n_domains; i++) {
		struct cx_record_domain *rd = &r->record->domains[i];
		uint64_t status = describe_domain(r, rd, cx_payload_info(r->payloads[i]));

		if (rd->end == CX_END_EXIT && status &&
		    asprintf(&rd->end_text, "exit status %llu", (unsigned long long)status) < 0)
			rd->end_text = NULL;
	}
}
