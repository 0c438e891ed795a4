/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/change.h"

#include "core/dispatch/params.h"
#include "core/machine/linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IGNORED_MAX 8u /* parameters that are named */

static const char *name_of(const struct cx_changing *run)
{
	return run->plugin ? run->plugin->name : "linux";
}

/* --- settings ---------------------------------------------------------------------- */

static bool is_meant(const struct cx_changing *run, const struct cx_scenario_change *c)
{
	return !c->scheduler || strcmp(c->scheduler, name_of(run)) == 0 ||
	       strcmp(c->scheduler, run->asked) == 0;
}

/* The table that the change's settings are of; of a domain's or of the policy's own. */
static const struct cx_param *table_for(const struct cx_changing *run,
					const struct cx_scenario_change *c, unsigned *n)
{
	*n = 0;
	if (!run->plugin)
		return NULL;
	if (c->kind == CX_CHANGE_DOMAIN) {
		*n = run->plugin->n_domain_params;
		return run->plugin->domain_params;
	}
	*n = run->plugin->n_params;
	return run->plugin->params;
}

/* Setting @i as index and value.  Returns 0; -ENOENT: no such parameter; -EINVAL. */
static int resolve(const struct cx_changing *run, const struct cx_scenario_change *c, unsigned i,
		   unsigned *index, int64_t *value, struct cx_error *err)
{
	const struct cx_setting *s = &c->settings[i];
	const struct cx_param *table;
	unsigned n;
	int k;

	table = table_for(run, c, &n);
	k = cx_param_find(table, n, s->name, err);
	if (k < 0)
		return -ENOENT;
	*index = (unsigned)k;
	return cx_param_parse(&table[k], s->value, value, err) ? -EINVAL : 0;
}

static int check_settings(const struct cx_changing *run, const struct cx_scenario_change *c,
			  struct cx_error *err)
{
	struct cx_error why;
	unsigned i, index;
	int64_t value;
	int rc;

	for (i = 0; i < c->n_settings && is_meant(run, c); i++) {
		rc = resolve(run, c, i, &index, &value, &why);
		if (rc == 0 || (rc == -ENOENT && !c->scheduler))
			continue;
		if (err)
			*err = why;
		return cx_fail_prefix(err, EINVAL, "%.300s:%u: changes[%u]: scheduler %s",
				      run->scenario->path, c->settings[i].line, c->entry,
				      name_of(run));
	}
	return 0;
}

void cx_ignored_changes(const struct cx_changing *run, FILE *out)
{
	const char *named[IGNORED_MAX];
	struct cx_error why;
	unsigned i, k, m, index, n = 0;
	int64_t value;

	for (i = 0; i < run->scenario->n_changes; i++) {
		const struct cx_scenario_change *c = &run->scenario->changes[i];

		for (k = 0; k < c->n_settings && is_meant(run, c) && n < IGNORED_MAX; k++) {
			if (resolve(run, c, k, &index, &value, &why) != -ENOENT)
				continue;
			for (m = 0; m < n && strcmp(named[m], c->settings[k].name) != 0; m++)
				;
			if (m < n)
				continue;
			named[n++] = c->settings[k].name;
			fprintf(out, "param %s ", c->settings[k].name);
		}
	}
}

/* --- pCPUs ---------------------------------------------------------------------------- */

/* The pool's index of the CPU, or n_pcpus. */
static unsigned index_of(const struct cx_changing *run, unsigned cpu)
{
	unsigned i;

	for (i = 0; i < run->n_pcpus && run->pcpus[i] != cpu; i++)
		;
	return i;
}

static int reject_pcpu(const struct cx_changing *run, const struct cx_scenario_change *c,
		       struct cx_error *err, const char *allowed)
{
	return cx_fail(err, EINVAL, "%.300s:%u: changes[%u].pcpu: found \"%u\", allowed %s",
		       run->scenario->path, c->line, c->entry, c->cpu, allowed);
}

static int no_such_cpu(const struct cx_changing *run, const struct cx_scenario_change *c,
		       struct cx_error *err)
{
	struct cx_cpuset *set = cx_cpuset_new();
	char *text = NULL, allowed[160];
	unsigned i;

	for (i = 0; set && i < run->n_pcpus; i++)
		cx_cpuset_add(set, run->pcpus[i]);
	if (set)
		text = cx_cpuset_format(set);
	snprintf(allowed, sizeof(allowed), "a CPU of this run, \"%.120s\"", text ? text : "?");
	free(text);
	cx_cpuset_free(set);
	return reject_pcpu(run, c, err, allowed);
}

static bool has_place(const struct cx_changing *run, const struct cx_scenario_domain *d,
		      const bool *online)
{
	unsigned i;

	for (i = 0; i < run->n_pcpus; i++)
		if (online[i] && (!d->cpus || cx_cpuset_has(d->cpus, run->pcpus[i])))
			return true;
	return false;
}

/* Also of a domain that starts later: it would not be let go if it were there. */
static int check_places(const struct cx_changing *run, const struct cx_scenario_change *c,
			const bool *online, struct cx_error *err)
{
	char allowed[120];
	unsigned i;

	for (i = 0; i < run->n_pcpus && !online[i]; i++)
		;
	if (i == run->n_pcpus)
		return reject_pcpu(run, c, err, "any but the last one online");
	for (i = 0; i < run->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &run->scenario->domains[i];

		if (d->stop_ns <= c->at_ns || has_place(run, d, online))
			continue;
		snprintf(allowed, sizeof(allowed), "any but the last one of domain %.63s", d->name);
		return reject_pcpu(run, c, err, allowed);
	}
	return 0;
}

static int check_pool(const struct cx_changing *run, struct cx_error *err)
{
	bool *online = calloc(run->n_pcpus + 1, sizeof(*online));
	unsigned i, k;
	int rc = 0;

	if (!online)
		return cx_fail(err, ENOMEM, "out of memory");
	for (i = 0; i < run->n_pcpus; i++)
		online[i] = true;
	for (i = 0; i < run->scenario->n_changes && !rc; i++) {
		const struct cx_scenario_change *c = &run->scenario->changes[i];

		if (c->kind != CX_CHANGE_PCPU)
			continue;
		k = index_of(run, c->cpu);
		if (k == run->n_pcpus) {
			rc = no_such_cpu(run, c, err);
			break;
		}
		online[k] = c->online;
		if (!c->online)
			rc = check_places(run, c, online, err);
	}
	free(online);
	return rc;
}

int cx_check_changes(const struct cx_changing *run, struct cx_error *err)
{
	unsigned i;
	int rc = check_pool(run, err);

	for (i = 0; i < run->scenario->n_changes && !rc; i++)
		rc = check_settings(run, &run->scenario->changes[i], err);
	return rc;
}

/* --- at a dispatcher --------------------------------------------------------------------- */

static int failed(const struct cx_changing *run, const struct cx_scenario_change *c, int rc,
		  const char *what, struct cx_error *err)
{
	return cx_fail(err, -rc, "%.300s:%u: changes[%u]: %s could not be set: %s",
		       run->scenario->path, c->line, c->entry, what, strerror(-rc));
}

static int apply_setting(struct cx_dispatch *d, const struct cx_scenario_change *c, unsigned index,
			 int64_t value)
{
	unsigned i;
	int rc = 0;

	if (c->kind == CX_CHANGE_PARAM)
		return cx_dispatch_set_param(d, index, value);
	for (i = 0; i < c->n_domains && !rc; i++)
		rc = cx_dispatch_set_domain_param(d, c->first_domain + i, index, value);
	return rc;
}

static int apply_settings(struct cx_dispatch *d, const struct cx_scenario_change *c,
			  const struct cx_changing *run, struct cx_error *err)
{
	struct cx_error why;
	unsigned i, index;
	int64_t value;
	int rc;

	for (i = 0; i < c->n_settings && is_meant(run, c); i++) {
		rc = resolve(run, c, i, &index, &value, &why);
		if (rc == -ENOENT)
			continue;
		if (!rc)
			rc = apply_setting(d, c, index, value);
		if (rc)
			return failed(run, c, rc, c->settings[i].name, err);
	}
	return 0;
}

static int apply_values(struct cx_dispatch *d, const struct cx_scenario_change *c,
			const struct cx_changing *run, struct cx_error *err)
{
	unsigned i, weight, reservation, limit;
	int rc;

	for (i = c->first_domain; i < c->first_domain + c->n_domains; i++) {
		cx_dispatch_domain_values(d, i, &weight, &reservation, &limit);
		rc = cx_dispatch_adjust(d, i, c->weight_given ? c->weight : weight,
					c->reservation_given ? c->reservation : reservation,
					c->limit_given ? c->limit : limit);
		if (rc)
			return failed(run, c, rc, run->scenario->domains[i].name, err);
	}
	return 0;
}

static int apply_to_pool(struct cx_dispatch *d, const struct cx_scenario_change *c,
			 const struct cx_changing *run, struct cx_error *err)
{
	unsigned weight, reservation, limit;
	int rc;

	cx_dispatch_pool_values(d, c->pool, &weight, &reservation, &limit);
	rc = cx_dispatch_adjust_pool(d, c->pool, c->weight_given ? c->weight : weight,
				     c->reservation_given ? c->reservation : reservation,
				     c->limit_given ? c->limit : limit);
	return rc ? failed(run, c, rc, run->scenario->pools[c->pool].name, err) : 0;
}

int cx_apply_change(struct cx_dispatch *d, const struct cx_scenario_change *c,
		    const struct cx_changing *run, struct cx_error *err)
{
	int rc = 0;

	if (c->kind == CX_CHANGE_PCPU)
		return (c->online ? cx_dispatch_pcpu_online
				  : cx_dispatch_pcpu_offline)(d, index_of(run, c->cpu), err);
	if (c->kind == CX_CHANGE_POOL)
		return apply_to_pool(d, c, run, err);
	if (c->kind == CX_CHANGE_DOMAIN)
		rc = apply_values(d, c, run, err);
	return rc ? rc : apply_settings(d, c, run, err);
}

/* --- at the baseline ------------------------------------------------------------------------ */

int cx_apply_change_linux(struct cx_linux *l, const struct cx_scenario_change *c,
			  const struct cx_changing *run, struct cx_error *err)
{
	const struct cx_linux_adjustment a = {
		.weight = c->weight_given ? &c->weight : NULL,
		.reservation = c->reservation_given ? &c->reservation : NULL,
		.limit = c->limit_given ? &c->limit : NULL,
	};
	unsigned i;
	int rc = 0, first = 0;

	if (c->kind == CX_CHANGE_PCPU)
		return cx_linux_set_online(l, index_of(run, c->cpu), c->online, err);
	if (c->kind == CX_CHANGE_POOL)
		cx_linux_adjust_pool(l, c->pool, &a);
	for (i = 0; i < c->n_domains; i++) {
		rc = cx_linux_adjust(l, c->first_domain + i, &a);
		first = first ? first : rc;
	}
	return first;
}
