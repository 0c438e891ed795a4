/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler's part of a run: which policy, with which parameters.
 */
#include "core/run/internal.h"

#include "core/dispatch/params.h"
#include "core/run/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "FILE:LINE: " for a setting that stands in the scenario, "--param " for others. */
static void where(const struct run *r, const struct cx_setting *s, char *buf, size_t len)
{
	if (s->line)
		snprintf(buf, len, "%.300s:%u: ", r->scenario->path, s->line);
	else
		snprintf(buf, len, "--param ");
}

static int apply(struct run *r, const struct cx_param *params, unsigned n,
		 const struct cx_setting *settings, unsigned n_settings, int64_t *values)
{
	char place[400];
	unsigned i;
	int k, rc;

	for (i = 0; i < n_settings; i++) {
		where(r, &settings[i], place, sizeof(place));
		k = cx_param_find(params, n, settings[i].name, r->err);
		if (k < 0)
			return cx_fail_prefix(r->err, EINVAL, "%sscheduler %s", place,
					      r->policy.table->name);
		rc = cx_param_parse(&params[k], settings[i].value, &values[k], r->err);
		if (rc)
			return cx_fail_prefix(r->err, EINVAL, "%sscheduler %s", place,
					      r->policy.table->name);
	}
	return 0;
}

/* By its name, or as it was asked for: a path. */
static bool scenario_names_it(const struct run *r)
{
	const char *name = r->scenario->scheduler;

	return name && (strcmp(name, r->policy.table->name) == 0 ||
			strcmp(name, r->options->scheduler) == 0);
}

static int set_policy_params(struct run *r)
{
	const struct cx_plugin *t = r->policy.table;
	const struct cx_scenario *s = r->scenario;
	unsigned i;
	int rc = 0;

	r->policy.params = calloc(t->n_params + 1, sizeof(int64_t));
	if (!r->policy.params)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < t->n_params; i++)
		r->policy.params[i] = t->params[i].def;
	/* The scenario's parameters are those of the scheduler that it names. */
	if (scenario_names_it(r))
		rc = apply(r, t->params, t->n_params, s->params, s->n_params, r->policy.params);
	if (!rc)
		rc = apply(r, t->params, t->n_params, r->options->params, r->options->n_params,
			   r->policy.params);
	return rc;
}

static int set_domain_params(struct run *r)
{
	const struct cx_plugin *t = r->policy.table;
	const struct cx_scenario *s = r->scenario;
	bool named = scenario_names_it(r);
	unsigned i, k;
	int rc;

	r->policy.domain_params = calloc(s->n_domains, sizeof(int64_t *));
	if (!r->policy.domain_params)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < s->n_domains; i++) {
		const struct cx_scenario_domain *d = &s->domains[i];
		int64_t *values;

		if (!d->n_settings || !named)
			continue;
		values = calloc(t->n_domain_params + 1, sizeof(*values));
		if (!values)
			return cx_fail(r->err, ENOMEM, "out of memory");
		r->policy.domain_params[i] = values;
		for (k = 0; k < t->n_domain_params; k++)
			values[k] = t->domain_params[k].def;
		rc = apply(r, t->domain_params, t->n_domain_params, d->settings, d->n_settings,
			   values);
		if (rc)
			return rc;
	}
	return 0;
}

static char *params_text(const struct policy_setup *p)
{
	char *text = NULL, value[64];
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	unsigned i;

	if (!f)
		return NULL;
	for (i = 0; i < p->table->n_params; i++)
		fprintf(f, "%s%s=%s", i ? " " : "", p->table->params[i].name,
			cx_param_format(&p->table->params[i], p->params[i], value, sizeof(value)));
	fclose(f);
	return text;
}

struct cx_changing changing(const struct run *r)
{
	return (struct cx_changing){
		.scenario = r->scenario,
		.plugin = r->is_linux ? NULL : r->policy.table,
		.asked = r->options->scheduler,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
	};
}

static int check_changes(struct run *r)
{
	struct cx_changing run = changing(r);
	int rc = cx_check_changes(&run, r->err);

	return rc ? rc : cx_check_admission(&run, r->duration_ns, r->err);
}

int load_policy(struct run *r)
{
	int rc;

	r->is_linux = strcmp(r->options->scheduler, "linux") == 0;
	if (r->is_linux && r->options->sim)
		return cx_fail(r->err, EINVAL,
			       "linux is the scheduler of a real host's kernel: it runs on kvm "
			       "only; simulate a policy (rr, credit ...)");
	if (r->is_linux) {
		if (r->options->n_params)
			return cx_fail(r->err, EINVAL,
				       "--param %s: the baseline linux has no parameters",
				       r->options->params[0].name);
		r->policy.text = strdup("");
		return r->policy.text ? check_changes(r) : cx_fail(r->err, ENOMEM, "out of memory");
	}
	rc = cx_plugin_load(r->options->scheduler, r->options->plugin_dirs, &r->policy.loaded,
			    r->err);
	/* Whatever kept it from being used, a policy is a matter of its own. */
	if (rc)
		return rc == -ENOMEM ? rc : -ELIBBAD;
	r->policy.table = cx_plugin_table(r->policy.loaded);
	rc = set_policy_params(r);
	if (!rc)
		rc = set_domain_params(r);
	if (!rc)
		rc = check_changes(r);
	if (rc)
		return rc;
	r->policy.text = params_text(&r->policy);
	return r->policy.text ? 0 : cx_fail(r->err, ENOMEM, "out of memory");
}

void free_policy(struct run *r)
{
	unsigned i;

	for (i = 0; r->policy.domain_params && i < r->scenario->n_domains; i++)
		free(r->policy.domain_params[i]);
	free(r->policy.domain_params);
	free(r->policy.params);
	free(r->policy.text);
	cx_plugin_unload(r->policy.loaded);
}

/* What the domains and their changes ask for, as CX_PLUGIN_* flags. */
static uint64_t asked_for(const struct cx_scenario *s)
{
	uint64_t asked = 0;
	unsigned i;

	for (i = 0; i < s->n_domains; i++) {
		const struct cx_scenario_domain *d = &s->domains[i];

		if (d->weight_given && d->weight != s->domains[0].weight)
			asked |= CX_PLUGIN_WEIGHT;
		asked |= d->reservation ? CX_PLUGIN_RESERVATION : 0;
		asked |= d->limit ? CX_PLUGIN_LIMIT : 0;
		asked |= d->cpus_soft ? CX_PLUGIN_SOFT_AFFINITY : 0;
	}
	asked |= s->n_pools ? CX_PLUGIN_POOLS : 0;
	for (i = 0; i < s->n_changes; i++) {
		if (s->changes[i].kind == CX_CHANGE_POOL)
			continue;
		asked |= s->changes[i].weight_given ? CX_PLUGIN_WEIGHT : 0;
		asked |= s->changes[i].reservation ? CX_PLUGIN_RESERVATION : 0;
		asked |= s->changes[i].limit ? CX_PLUGIN_LIMIT : 0;
	}
	return asked;
}

char *ignored_by_policy(const struct run *r)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {
		{ CX_PLUGIN_WEIGHT, "weight" }, { CX_PLUGIN_RESERVATION, "reservation" },
		{ CX_PLUGIN_LIMIT, "limit" },   { CX_PLUGIN_SOFT_AFFINITY, "cpus_soft" },
		{ CX_PLUGIN_POOLS, "pools" },
	};
	uint64_t honoured = r->is_linux ? CX_PLUGIN_WEIGHT : r->policy.table->flags;
	uint64_t ignored = asked_for(r->scenario) & ~honoured;
	struct cx_changing run = changing(r);
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ignored & names[i].flag)
			fprintf(out, "%s ", names[i].name);
	cx_ignored_changes(&run, out);
	fclose(out);
	if (size) {
		text[size - 1] = '\0'; /* the last blank */
		return text;
	}
	free(text);
	return NULL;
}
