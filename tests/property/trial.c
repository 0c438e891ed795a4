/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One trial: a scenario file, run under a policy on the simulator and checked.
 */
#include "tests/property/property.h"

#include "core/dispatch/params.h"
#include "core/run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const prop_rule_names[PROP_RULES] = {
	[PROP_HOLDS] = "holds",
	[PROP_RAN] = "runs to its end without a fault",
	[PROP_ONE_PLACE] = "a vCPU runs in one place",
	[PROP_SLICE] = "no longer than its slice",
	[PROP_STATES] = "states add up",
	[PROP_AFFINITY] = "affinity holds",
	[PROP_WAIT] = "waits are bounded",
	[PROP_IDLE] = "no pCPU idles beside work",
	[PROP_LIMIT] = "limits hold",
	[PROP_FLOOR] = "reservations hold",
	[PROP_SHARE] = "entitlements hold",
	[PROP_FILL] = "limits are used",
	[PROP_TWINS] = "equals get the same",
	[PROP_LAG] = "lags are bounded",
	[PROP_AGAIN] = "the same seed, the same events",
};

/* --- policies ------------------------------------------------------------------------- */

int prop_policy_open(struct prop_policy *policy, const char *path, bool by_path,
		     struct cx_error *err)
{
	int rc;

	snprintf(policy->path, sizeof(policy->path), "%s", path);
	rc = cx_plugin_load(path, NULL, &policy->loaded, err);
	if (rc)
		return rc;
	policy->table = cx_plugin_table(policy->loaded);
	policy->bounds = prop_bounds_of(policy->table->name);
	policy->by_path = by_path;
	if (policy->table->n_params > PROP_PARAMS) {
		prop_policy_close(policy);
		return cx_fail(err, E2BIG, "%s: %u parameters; raise PROP_PARAMS", path,
			       policy->table->n_params);
	}
	return 0;
}

void prop_policy_close(struct prop_policy *policy)
{
	cx_plugin_unload(policy->loaded);
	policy->loaded = NULL;
}

/* --- what the run was asked to do -------------------------------------------------------- */

static void note_param(struct prop_case *c, unsigned i, int64_t value)
{
	if (value < c->low[i])
		c->low[i] = value;
	if (value > c->high[i])
		c->high[i] = value;
}

static int64_t setting(const struct prop_case *c, unsigned i)
{
	const struct cx_param *p = &c->table->params[i];
	int64_t value = p->def;

	for (unsigned k = 0; k < c->scenario->n_params; k++)
		if (strcmp(c->scenario->params[k].name, p->name) == 0)
			cx_param_parse(p, c->scenario->params[k].value, &value, NULL);
	return value;
}

static uint64_t allowed_of(const struct prop_case *c, const struct cx_scenario_domain *d)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < c->n_pcpus && i < PROP_PCPUS; i++)
		if (!d->cpus || cx_cpuset_has(d->cpus, c->record->pcpus[i].host_cpu))
			set |= prop_bit(i);
	return set;
}

static unsigned pcpu_of(const struct prop_case *c, unsigned cpu)
{
	unsigned i;

	for (i = 0; i < c->n_pcpus && c->record->pcpus[i].host_cpu != cpu; i++)
		;
	return i;
}

/* The bounds hold for the whole run, so what counts is the least and the most. */
static void note_change(struct prop_case *c, const struct cx_scenario_change *change,
			uint64_t *online)
{
	unsigned n;

	switch (change->kind) {
	case CX_CHANGE_DOMAIN:
		for (unsigned i = 0; change->weight_given && i < change->n_domains; i++) {
			unsigned dom = change->first_domain + i;

			if (change->weight < c->low_weight[dom])
				c->low_weight[dom] = change->weight;
			if (change->weight > c->high_weight[dom])
				c->high_weight[dom] = change->weight;
		}
		break;
	case CX_CHANGE_PARAM:
		for (unsigned k = 0; k < change->n_settings; k++) {
			const struct cx_setting *s = &change->settings[k];
			int i = cx_param_find(c->table->params, c->table->n_params, s->name, NULL);
			int64_t value;

			if (i < 0 || cx_param_parse(&c->table->params[i], s->value, &value, NULL))
				continue;
			note_param(c, (unsigned)i, value);
			c->param_changes++;
		}
		break;
	case CX_CHANGE_POOL:
		break; /* no bound rests on a pool's values */
	case CX_CHANGE_PCPU:
		if (change->online)
			*online |= prop_bit(pcpu_of(c, change->cpu));
		else
			*online &= ~prop_bit(pcpu_of(c, change->cpu));
		c->pool_changes++;
		n = (unsigned)__builtin_popcountll(*online);
		if (n < c->least_pcpus)
			c->least_pcpus = n;
		break;
	}
}

static void note_changes(struct prop_case *c)
{
	uint64_t online = prop_first(c->n_pcpus);

	for (unsigned i = 0; i < c->scenario->n_changes; i++)
		if (c->scenario->changes[i].at_ns < c->record->duration_ns)
			note_change(c, &c->scenario->changes[i], &online);
}

static void case_free(struct prop_case *c)
{
	free(c->allowed);
	free(c->low_weight);
	free(c->high_weight);
}

static bool case_init(struct prop_case *c, const struct prop_trial *trial,
		      const struct cx_scenario *scenario, const struct cx_record *record)
{
	unsigned n = scenario->n_domains;

	*c = (struct prop_case){ .scenario = scenario,
				 .costs = &trial->costs,
				 .table = trial->policy->table,
				 .bounds = trial->policy->bounds,
				 .record = record,
				 .n_pcpus = record->n_pcpus,
				 .least_pcpus = record->n_pcpus,
				 .n_vcpus = record->n_vcpus,
				 .allowed = calloc(n, sizeof(*c->allowed)),
				 .low_weight = calloc(n, sizeof(*c->low_weight)),
				 .high_weight = calloc(n, sizeof(*c->high_weight)) };
	if (!c->allowed || !c->low_weight || !c->high_weight) {
		case_free(c);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		c->allowed[i] = allowed_of(c, &scenario->domains[i]);
		c->low_weight[i] = c->high_weight[i] = scenario->domains[i].weight;
	}
	for (unsigned i = 0; i < c->table->n_params; i++) {
		c->low[i] = INT64_MAX;
		c->high[i] = INT64_MIN;
		note_param(c, i, setting(c, i));
	}
	note_changes(c);
	return true;
}

/* --- running it ---------------------------------------------------------------------------- */

static void broken(struct prop_verdict *v, enum prop_rule rule, const char *text)
{
	v->rule = rule;
	snprintf(v->text, sizeof(v->text), "%s", text);
}

static int run(const struct prop_trial *trial, const struct cx_scenario *scenario,
	       struct cx_record **record, struct cx_error *err)
{
	const struct cx_run_sim sim = { .costs = trial->costs,
					.shuffle = trial->shuffle != 0,
					.shuffle_seed = trial->shuffle };
	const struct cx_run_options options = { .scheduler = trial->policy->path,
						.sim = &sim,
						.watchdog_ns = PROP_WATCHDOG };

	return cx_run(scenario, &options, record, err);
}

/* FNV-1a over all that an event says. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3ull;
}

static bool hash_events(const struct cx_record *record, uint64_t *events, uint64_t *hash)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *e;

	if (!cursor)
		return false;
	*events = 0;
	*hash = 0xcbf29ce484222325ull;
	while ((e = cx_history_next(cursor)) != NULL) {
		++*events;
		*hash = mix(mix(mix(*hash, e->t_ns), e->x), e->y);
		*hash = mix(*hash, (uint64_t)e->type << 48 | (uint64_t)e->pcpu << 32 | e->why);
		*hash = mix(*hash, (uint64_t)e->vcpu << 32 | e->prev);
	}
	cx_history_cursor_free(cursor);
	return true;
}

static bool ended_well(const struct cx_record *record, struct prop_verdict *v)
{
	v->checked[PROP_RAN] = true;
	for (unsigned i = 0; i < CX_FAULTS; i++)
		if (record->faults[i]) {
			v->rule = PROP_RAN;
			snprintf(v->text, sizeof(v->text), "%" PRIu64 " times: fault \"%s\"%s%s",
				 record->faults[i], cx_fault_name(i), record->degraded ? "; " : "",
				 record->degraded ? record->degraded_why : "");
			return false;
		}
	if (record->degraded)
		broken(v, PROP_RAN, record->degraded_why);
	else if (cx_history_dropped(record->history))
		broken(v, PROP_RAN, "too many events to keep");
	return v->rule == PROP_HOLDS;
}

static void check_again(const struct prop_trial *trial, const struct cx_scenario *scenario,
			struct prop_verdict *v)
{
	struct cx_error err = { "" };
	struct cx_record *record = NULL;
	uint64_t events, hash;

	v->checked[PROP_AGAIN] = true;
	if (run(trial, scenario, &record, &err))
		broken(v, PROP_AGAIN, err.text);
	else if (!hash_events(record, &events, &hash))
		broken(v, PROP_RAN, "out of memory");
	else if (events != v->events || hash != v->hash)
		broken(v, PROP_AGAIN, "another run of it had other events");
	cx_record_free(record);
}

static void check_run(const struct prop_trial *trial, const struct cx_scenario *scenario,
		      const struct cx_record *record, struct prop_verdict *v)
{
	struct prop_case c;

	if (!hash_events(record, &v->events, &v->hash) || !case_init(&c, trial, scenario, record)) {
		broken(v, PROP_RAN, "out of memory");
		return;
	}
	if (ended_well(record, v) && !prop_check(&c, v))
		broken(v, PROP_RAN, "out of memory");
	if (trial->tell && v->rule != PROP_HOLDS)
		prop_tell_events(record, v->t_ns ? v->t_ns : PROP_FOREVER, trial->tell);
	case_free(&c);
}

void prop_try_file(const struct prop_trial *trial, const char *path, struct prop_verdict *v)
{
	const char *dirs[] = { trial->payloads, NULL };
	struct cx_scenario *scenario = NULL;
	struct cx_record *record = NULL;
	struct cx_error err = { "" };

	*v = (struct prop_verdict){ .rule = PROP_HOLDS };
	if (cx_scenario_load(path, dirs, &scenario, &err) || run(trial, scenario, &record, &err))
		broken(v, PROP_RAN, err.text);
	else
		check_run(trial, scenario, record, v);
	if (v->rule == PROP_HOLDS && trial->twice)
		check_again(trial, scenario, v);
	cx_record_free(record);
	if (scenario)
		cx_scenario_free(scenario);
}

void prop_try(const struct prop_policy *policy, const char *payloads, const struct prop_scenario *s,
	      struct prop_verdict *v)
{
	const struct prop_trial trial = { .policy = policy,
					  .payloads = payloads,
					  .costs = s->costs,
					  .shuffle = s->shuffle,
					  .twice = s->seed % 8 == 0 };
	int fd = memfd_create("scenario", MFD_CLOEXEC);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	char path[64];

	*v = (struct prop_verdict){ .rule = PROP_HOLDS };
	if (!out) {
		broken(v, PROP_RAN, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	prop_write(s, policy, NULL, out);
	fflush(out);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	prop_try_file(&trial, path, v);
	fclose(out);
}
