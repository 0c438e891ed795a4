/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/cli/campaign.h"

#include "base/units.h"
#include "core/vmm/vmm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_SCHEDULER "credit"
#define SCHEDULERS "linux,rr,credit,propshare" /* of compare */
#define SIMULATED_SCHEDULERS "rr,credit,propshare"
#define BASELINE "linux"
#define SEVERAL_NAME "compare" /* of the default folder of several scenarios */

struct campaign {
	const struct cx_cli_options *options;
	const struct cx_cli_paths *paths;
	const char *names; /* schedulers; NULL = each scenario's own */
	unsigned n;        /* scenarios */
	struct cx_scenario **scenarios;
	struct cx_lineup *lineups; /* one a scenario */
	struct cx_results *results;
	char *out;     /* the report's folder; NULL = none */
	bool out_made; /* by us: to be removed if nothing comes of it */
	struct cx_progress progress;
	const atomic_bool *stop;
	struct cx_recorder *recorder; /* with --trace, from the first run on */
	bool simulated;
	struct cx_costs costs; /* of the simulator */
	bool no_kvm;           /* it was looked for */
	struct cx_error why_no_kvm;
	bool left_out; /* the baseline, which cannot be simulated */
	char *kept;    /* names without it */
};

/* ---- before anything starts ------------------------------------------------ */

static int load_scenario(struct campaign *c, const char *arg, unsigned i)
{
	struct cx_error err = { "" };
	const char *names = c->names;
	char *path;
	int ret;

	ret = cx_paths_scenario(c->paths, arg, &path, &err);
	if (ret < 0)
		return cx_complain_of(cx_status_of(ret), &err);
	ret = cx_scenario_load(path, cx_dirs(c->paths->payload_dirs), &c->scenarios[i], &err);
	free(path);
	if (ret < 0)
		return cx_complain_of(cx_status_of(ret), &err);
	if (!names)
		names = c->scenarios[i]->scheduler ? c->scenarios[i]->scheduler : DEFAULT_SCHEDULER;
	ret = cx_lineup_make(names, c->options, c->paths, &c->lineups[i], &err);
	return cx_complain_of(cx_status_of(ret), &err);
}

static int load_all(struct campaign *c)
{
	int status = CX_STATUS_DONE;

	c->n = c->options->n_args;
	c->scenarios = calloc(c->n, sizeof(*c->scenarios));
	c->lineups = calloc(c->n, sizeof(*c->lineups));
	c->results = calloc(c->n, sizeof(*c->results));
	if (!c->scenarios || !c->lineups || !c->results) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	for (unsigned i = 0; i < c->n && status == CX_STATUS_DONE; i++)
		status = load_scenario(c, c->options->args[i], i);
	return status;
}

/* KVM where it is wanted and there; where it is neither, the simulator. */
static void choose_machine(struct campaign *c)
{
	struct cx_kvm *kvm;

	c->simulated = c->options->machine == CX_MACHINE_SIM;
	if (c->simulated)
		return;
	c->no_kvm = cx_kvm_open(&kvm, &c->why_no_kvm) < 0;
	if (!c->no_kvm)
		cx_kvm_close(kvm);
	c->simulated = c->no_kvm && c->options->machine == CX_MACHINE_AUTO;
}

/* An option that only a simulation heeds; NULL = none is given. */
static const char *simulators_option(const struct cx_cli_options *o)
{
	if (o->topology)
		return "topology";
	if (o->costs)
		return "costs";
	if (o->n_cost_settings)
		return "cost";
	return o->shuffle_given ? "shuffle-ties" : NULL;
}

/* In one line, when it is not what a person would expect. */
static int say_machine(const struct campaign *c)
{
	const char *option = simulators_option(c->options);

	if (!c->simulated && !c->no_kvm && option) {
		cx_complain(
			"--%s is for the simulator, and this would run real VMs: give --machine "
			"sim",
			option);
		return CX_STATUS_USAGE;
	}
	if (!c->no_kvm)
		return CX_STATUS_DONE;
	if (!c->simulated) {
		cx_complain("%s", c->why_no_kvm.text);
		return CX_STATUS_FAILED;
	}
	if (!c->options->quiet)
		cx_complain("no usable KVM, so this is a simulation in virtual time%s (%s)",
			    c->left_out ? ", without linux" : "", c->why_no_kvm.text);
	return CX_STATUS_DONE;
}

/* Who takes part, if the caller does not say: the baseline only where there is a host. */
static int choose_names(struct campaign *c, bool several)
{
	const struct cx_cli_options *o = c->options;
	char *list, *at, *name, *rest;

	c->names = several ? o->schedulers : o->scheduler;
	if (!c->names && several)
		c->names = c->simulated ? SIMULATED_SCHEDULERS : SCHEDULERS;
	if (!c->names || !c->simulated || o->machine == CX_MACHINE_SIM || !several)
		return CX_STATUS_DONE;
	list = at = strdup(c->names);
	rest = calloc(1, strlen(c->names) + 2);
	c->kept = rest;
	while (list && rest && (name = strsep(&at, ","))) {
		if (strcmp(name, BASELINE) == 0) {
			c->left_out = true;
			continue;
		}
		sprintf(rest + strlen(rest), "%s%s", *rest ? "," : "", name);
	}
	free(list);
	if (!list || !rest) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	if (*rest)
		c->names = rest;
	return CX_STATUS_DONE;
}

/* ---- folders --------------------------------------------------------------- */

/* A name for the results of scenario @i that no earlier one has. */
static char *results_name(const struct campaign *c, unsigned i)
{
	char *base = cx_outdir_safe_name(c->scenarios[i]->name), *name;
	unsigned copies = 1;

	name = base ? strdup(base) : NULL;
	for (unsigned j = 0; name && j < i; j++) {
		if (strcmp(c->results[j].name, name))
			continue;
		free(name);
		if (asprintf(&name, "%s-%u", base, ++copies) < 0)
			name = NULL;
		j = (unsigned)-1;
	}
	free(base);
	return name;
}

static int make_out(struct campaign *c, bool folder, struct cx_error *err)
{
	const struct cx_cli_options *o = c->options;
	int ret;

	if (!o->out && !folder && !o->trace)
		return 0;
	if (!o->out) {
		c->out_made = true;
		return cx_outdir_make_default(c->n > 1 ? SEVERAL_NAME : c->scenarios[0]->name,
					      &c->out, err);
	}
	ret = cx_outdir_make(o->out, err);
	if (ret < 0)
		return ret;
	c->out_made = ret == 0;
	c->out = strdup(o->out);
	return c->out ? 0 : cx_fail(err, ENOMEM, "out of memory");
}

/* Each of several scenarios has a folder of its own. */
static int make_folders(struct campaign *c, bool folder)
{
	struct cx_error err = { "out of memory" };
	int ret;

	ret = make_out(c, folder, &err);
	for (unsigned i = 0; i < c->n && ret == 0; i++) {
		struct cx_results *r = &c->results[i];

		r->name = results_name(c, i);
		if (!r->name)
			ret = -ENOMEM;
		else if (!c->out)
			continue;
		else if (c->n == 1)
			r->dir = strdup(c->out);
		else if (asprintf(&r->dir, "%s/%s", c->out, r->name) < 0)
			r->dir = NULL;
		if (ret == 0 && !r->dir)
			ret = -ENOMEM;
		if (ret == 0 && c->n > 1)
			ret = cx_outdir_make(r->dir, &err);
	}
	/* --out that is there already, and not empty, is a wrong argument */
	return cx_complain_of(ret == -EEXIST ? CX_STATUS_USAGE : ret ? CX_STATUS_FAILED : 0, &err);
}

/* Leave no empty folders behind. */
static void abandon_folders(struct campaign *c)
{
	if (!c->out)
		return;
	for (unsigned i = 0; i < c->n; i++)
		if (c->results[i].dir && c->results[i].n == 0)
			cx_outdir_abandon(c->results[i].dir);
	if (c->out_made)
		cx_outdir_abandon(c->out);
}

/* ---- the runs -------------------------------------------------------------- */

static uint64_t duration_of(const struct campaign *c, unsigned i)
{
	return c->options->duration_ns ? c->options->duration_ns : c->scenarios[i]->duration_ns;
}

static bool stopped(const struct campaign *c)
{
	return atomic_load(c->stop);
}

static unsigned runs_done(const struct campaign *c)
{
	unsigned done = 0;

	for (unsigned i = 0; i < c->n; i++)
		done += c->results[i].n;
	return done;
}

/* One scenario under all of its schedulers; ends at the first that fails. */
/* Before anything starts: a mistake in the last scenario must not cost the first ones' time. */
static int check_runs(struct campaign *c)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned j = 0; j < c->lineups[i].n; j++) {
			struct cx_measurement m = { .scenario = c->scenarios[i],
						    .entrant = &c->lineups[i].entrants[j],
						    .options = c->options,
						    .simulated = c->simulated,
						    .costs = &c->costs,
						    .paths = c->paths };
			struct cx_error err = { "" };
			int ret = cx_measure_check(&m, &err);

			if (ret == 0)
				continue;
			cx_complain("%s", err.text);
			return ret == -EINVAL ? CX_STATUS_USAGE : CX_STATUS_FAILED;
		}
	return CX_STATUS_DONE;
}

/* A shorter run than the scenario's own may end before all of it has happened. */
static void tell_what_is_left_out(const struct campaign *c)
{
	char at[40], end[40], what[40];

	for (unsigned i = 0; i < c->n; i++) {
		const struct cx_scenario *s = c->scenarios[i];
		unsigned first = 0, more;

		while (first < s->n_changes && s->changes[first].at_ns < duration_of(c, i))
			first++;
		if (first == s->n_changes)
			continue;
		more = s->n_changes - first - 1;
		snprintf(what, sizeof(what), more ? "it and %u more do" : "it does", more);
		cx_complain(
			"%s:%u: changes[%u]: at %s is after the end of this run, %s: %s not happen",
			s->path, s->changes[first].line, s->changes[first].entry,
			cx_format_duration(s->changes[first].at_ns, at, sizeof(at)),
			cx_format_duration(duration_of(c, i), end, sizeof(end)), what);
	}
}

static int run_scenario(struct campaign *c, unsigned i, bool *failed)
{
	const struct cx_lineup *lineup = &c->lineups[i];
	int status = CX_STATUS_DONE;

	for (unsigned j = 0; j < lineup->n && !*failed && !stopped(c); j++) {
		struct cx_measurement m = { .scenario = c->scenarios[i],
					    .entrant = &lineup->entrants[j],
					    .options = c->options,
					    .simulated = c->simulated,
					    .costs = &c->costs,
					    .paths = c->paths,
					    .dir = c->results[i].dir,
					    .recorder = &c->recorder,
					    .stop = c->stop,
					    .progress = &c->progress };
		struct cx_error err = { "" };
		struct cx_record *record;
		int ret;

		ret = cx_measure(&m, &record);
		if (ret < 0) {
			/* A policy that broke says nothing about the others. */
			*failed = ret != -ECANCELED;
			status = ret == -EINVAL && !record && runs_done(c) == 0 ? CX_STATUS_USAGE
										: CX_STATUS_FAILED;
		}
		c->progress.before_ns += duration_of(c, i);
		if (!record)
			continue;
		if (ret == 0) /* else it has been said what went wrong */
			status = cx_status_worse(status, cx_results_warn(record));
		if (cx_results_add(&c->results[i], record, &err) < 0) {
			*failed = true;
			status = cx_complain_of(CX_STATUS_FAILED, &err);
		}
	}
	return cx_status_worse(status, cx_results_publish(&c->results[i], c->options));
}

static int run_all(struct campaign *c)
{
	int status = CX_STATUS_DONE;
	bool failed = false;

	cx_progress_init(&c->progress, c->options);
	for (unsigned i = 0; i < c->n; i++) {
		c->progress.runs += c->lineups[i].n;
		c->progress.all_ns += c->lineups[i].n * duration_of(c, i);
	}
	for (unsigned i = 0; i < c->n && !failed && !stopped(c); i++) {
		if (i > 0 && !c->options->json)
			putchar('\n');
		status = cx_status_worse(status, run_scenario(c, i, &failed));
	}
	if (!failed && runs_done(c) < c->progress.runs) {
		cx_complain("stopped after %u of %u runs; what was measured is kept", runs_done(c),
			    c->progress.runs);
		status = cx_status_worse(status, CX_STATUS_FAILED);
	}
	cx_progress_free(&c->progress);
	cx_recorder_close(c->recorder);
	c->recorder = NULL;
	return status;
}

/* The last word: the whole in JSON, the index, and where the report lies. */
static int finish(struct campaign *c, int status)
{
	unsigned done = runs_done(c);

	if (done == 0)
		return status;
	if (c->out && c->n > 1)
		status = cx_status_worse(status, cx_results_index(c->out, c->results, c->n));
	if (c->options->json)
		status = cx_status_worse(status, cx_results_json(c->results, c->n, c->n > 1));
	if (c->out && cx_results_page_exists(c->out))
		fprintf(c->options->json ? stderr : stdout, "Report: %s/report.html\n", c->out);
	return status;
}

static void campaign_free(struct campaign *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->results)
			cx_results_free(&c->results[i]);
		if (c->lineups)
			cx_lineup_free(&c->lineups[i]);
		if (c->scenarios)
			cx_scenario_free(c->scenarios[i]);
	}
	free(c->results);
	free(c->lineups);
	free(c->scenarios);
	free(c->out);
	free(c->kept);
}

int cx_campaign(const struct cx_cli_options *options, const struct cx_cli_paths *paths,
		bool several)
{
	struct campaign c = { .options = options, .paths = paths };
	int status;

	signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not cost the report */
	choose_machine(&c);
	status = cx_measure_costs(options, &c.costs);
	if (status == CX_STATUS_DONE)
		status = choose_names(&c, several);
	if (status == CX_STATUS_DONE)
		status = load_all(&c);
	if (status == CX_STATUS_DONE)
		status = say_machine(&c);
	if (status == CX_STATUS_DONE)
		status = check_runs(&c);
	if (status == CX_STATUS_DONE)
		status = make_folders(&c, several);
	if (status == CX_STATUS_DONE) {
		tell_what_is_left_out(&c);
		c.stop = cx_stop_on_signals();
		status = finish(&c, run_all(&c));
		abandon_folders(&c);
	} else if (c.results && runs_done(&c) == 0) {
		abandon_folders(&c);
	}
	campaign_free(&c);
	return status;
}
