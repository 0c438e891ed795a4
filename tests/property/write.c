/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generated scenario as a file: what `coxswain run` takes and a person can read.
 */
#include "tests/property/property.h"

#include "core/dispatch/params.h"

#include <inttypes.h>
#include <string.h>

static void write_duration(FILE *out, const char *key, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = { { CX_SEC, "s" }, { CX_MS, "ms" }, { CX_US, "us" }, { 1, "ns" } };
	unsigned i = 0;

	while (ns % units[i].ns)
		i++;
	fprintf(out, "%s: %" PRIu64 "%s", key, ns / units[i].ns, units[i].unit);
}

static void write_cpus(FILE *out, const char *key, uint64_t set, unsigned n)
{
	const char *comma = "";

	if (set == PROP_ALL)
		return;
	fprintf(out, "    %s: \"", key);
	for (unsigned i = 0; i < n; i++)
		if (set >> i & 1) {
			fprintf(out, "%s%u", comma, i);
			comma = ",";
		}
	fprintf(out, "\"\n");
}

static void write_workload(FILE *out, const struct prop_domain *d)
{
	const struct prop_workload *w = &prop_workloads[d->workload];

	fprintf(out, "    workload: {name: %s", w->name);
	for (unsigned i = 0; i < w->n_params; i++) {
		const struct prop_workload_param *p = &w->params[i];

		if (d->params[i] == p->usual)
			continue;
		if (p->is == PROP_TIME)
			fprintf(out, ", %s: %" PRId64 "ns", p->name, d->params[i]);
		else if (p->is == PROP_SIZE)
			fprintf(out, ", %s: %" PRId64 "B", p->name, d->params[i]);
		else if (p->is == PROP_SWITCH)
			fprintf(out, ", %s: %s", p->name, d->params[i] ? "yes" : "no");
		else
			fprintf(out, ", %s: %" PRId64, p->name, d->params[i]);
	}
	fprintf(out, "}\n");
}

static void write_domain(FILE *out, const struct prop_scenario *s, unsigned i)
{
	const struct prop_domain *d = &s->domains[i];
	unsigned n = prop_shapes[s->shape].pcpus;

	fprintf(out, "  - name: d%u\n", i);
	if (d->vcpus != 1)
		fprintf(out, "    vcpus: %u\n", d->vcpus);
	if (d->weight != CX_WEIGHT_DEFAULT)
		fprintf(out, "    weight: %u\n", d->weight);
	if (d->reservation)
		fprintf(out, "    reservation: %u\n", d->reservation);
	if (d->limit)
		fprintf(out, "    limit: %u\n", d->limit);
	if (d->pool != PROP_NO_POOL)
		fprintf(out, "    pool: p%u\n", d->pool);
	write_cpus(out, "cpus", d->cpus, n);
	write_cpus(out, "cpus_soft", d->soft, n);
	if (d->start_ns) {
		write_duration(out, "    start", d->start_ns);
		fprintf(out, "\n");
	}
	if (d->stop_ns != PROP_FOREVER) {
		write_duration(out, "    stop", d->stop_ns);
		fprintf(out, "\n");
	}
	write_workload(out, d);
}

static void write_scheduler(FILE *out, const struct prop_scenario *s,
			    const struct prop_policy *policy)
{
	const struct cx_plugin *t = policy->table;
	const char *comma = "";
	char value[64];

	fprintf(out, "scheduler: {name: \"%s\"", policy->by_path ? policy->path : t->name);
	if (s->given) {
		fprintf(out, ", params: {");
		for (unsigned i = 0; i < t->n_params && i < PROP_PARAMS; i++)
			if (s->given >> i & 1) {
				fprintf(out, "%s%s: %s", comma, t->params[i].name,
					prop_param_text(&t->params[i], s->params[i], value,
							sizeof(value)));
				comma = ", ";
			}
		fprintf(out, "}");
	}
	fprintf(out, "}\n");
}

const char *prop_param_text(const struct cx_param *param, int64_t value, char *buf, size_t len)
{
	/* To the nanosecond, where cx_param_format() rounds. */
	if (param->type == CX_PARAM_DURATION)
		snprintf(buf, len, "%" PRId64 "ns", value);
	else if (param->type == CX_PARAM_ENUM)
		snprintf(buf, len, "%s", param->choices[value]);
	else
		snprintf(buf, len, "%" PRId64, value);
	return buf;
}

static void write_about(FILE *out, const char *about)
{
	for (const char *line = about; line && *line;) {
		size_t len = strcspn(line, "\n");

		fprintf(out, "# %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void write_pool(FILE *out, const struct prop_pool *p, unsigned i)
{
	fprintf(out, "  - {name: p%u, weight: %u", i, p->weight);
	if (p->parent != PROP_NO_POOL)
		fprintf(out, ", parent: p%u", p->parent);
	if (p->reservation)
		fprintf(out, ", reservation: %u", p->reservation);
	if (p->limit)
		fprintf(out, ", limit: %u", p->limit);
	if (p->fixed)
		fprintf(out, ", expandable: no");
	fprintf(out, "}\n");
}

/* What of a domain or pool it changes, or NULL. */
static const char *key_of(enum prop_change_kind kind)
{
	switch (kind) {
	case PROP_SET_WEIGHT:
	case PROP_POOL_WEIGHT:
		return "weight";
	case PROP_SET_LIMIT:
	case PROP_POOL_LIMIT:
		return "limit";
	case PROP_SET_RESERVATION:
	case PROP_POOL_RESERVATION:
		return "reservation";
	default:
		return NULL;
	}
}

static void write_change(FILE *out, const struct prop_change *c, const struct cx_plugin *table)
{
	char value[64];

	write_duration(out, "  - {at", c->at_ns);
	switch (c->kind) {
	case PROP_SET_WEIGHT:
	case PROP_SET_LIMIT:
	case PROP_SET_RESERVATION:
		fprintf(out, ", domain: d%u, %s: %" PRId64 "}\n", c->target, key_of(c->kind),
			c->value);
		break;
	case PROP_POOL_WEIGHT:
	case PROP_POOL_LIMIT:
	case PROP_POOL_RESERVATION:
		fprintf(out, ", pool: p%u, %s: %" PRId64 "}\n", c->target, key_of(c->kind),
			c->value);
		break;
	case PROP_SET_PARAM:
		fprintf(out, ", param: {%s: %s}}\n", table->params[c->target].name,
			prop_param_text(&table->params[c->target], c->value, value, sizeof(value)));
		break;
	default:
		fprintf(out, ", pcpu: %u, online: %s}\n", c->target,
			c->kind == PROP_ONLINE ? "yes" : "no");
	}
}

void prop_write(const struct prop_scenario *s, const struct prop_policy *policy, const char *about,
		FILE *out)
{
	write_about(out, about);
	fprintf(out, "name: seed-%" PRIu64 "\n", s->seed);
	write_duration(out, "duration", s->duration_ns);
	fprintf(out, "\nseed: %" PRIu64 "\n", s->seed);
	fprintf(out, "topology: \"%s\"\n", prop_shapes[s->shape].text);
	write_scheduler(out, s, policy);
	if (s->n_pools)
		fprintf(out, "pools:\n");
	for (unsigned i = 0; i < s->n_pools; i++)
		write_pool(out, &s->pools[i], i);
	fprintf(out, "domains:\n");
	for (unsigned i = 0; i < s->n_domains; i++)
		write_domain(out, s, i);
	if (s->n_changes)
		fprintf(out, "changes:\n");
	for (unsigned i = 0; i < s->n_changes; i++)
		write_change(out, &s->changes[i], policy->table);
}
