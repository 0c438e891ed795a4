/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many scenarios under one policy; the first that fails is shrunk and kept.
 */
#include "tests/property/property.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void write_options(FILE *out, const struct prop_scenario *s, const char *costs)
{
	if (!s->default_costs)
		fprintf(out, " --costs %s", costs);
	if (s->shuffle)
		fprintf(out, " --shuffle-ties %" PRIu64, s->shuffle);
	fprintf(out, "\n");
}

/* How to see it again, as a person would type it. */
static void write_commands(FILE *out, const struct prop_campaign *c, const char *file,
			   const char *costs)
{
	int build = (int)(base_name(c->keep) - c->keep) - (int)sizeof("test-logs/");

	fprintf(out, "Run it:   %.*s/coxswain run %s --machine sim --watchdog %us", build, c->keep,
		file, (unsigned)(PROP_WATCHDOG / CX_SEC));
	write_options(out, &c->failing, costs);
	fprintf(out, "Check it: %.*s/tests/test_properties %s", build, c->keep, file);
	write_options(out, &c->failing, costs);
}

static bool keep_costs(const struct prop_campaign *c, const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		return false;
	cx_costs_write(out, &c->failing.costs, "Costs of a scenario that fails.");
	return fclose(out) == 0;
}

static void keep(struct prop_campaign *c)
{
	char costs[PATH_MAX] = "none", about[4096] = "";
	FILE *out;

	/* And the folder that it lies in, which the runner of tests makes otherwise. */
	snprintf(c->kept, sizeof(c->kept), "%.*s", (int)(base_name(c->keep) - c->keep), c->keep);
	mkdir(c->kept, 0777);
	mkdir(c->keep, 0777);
	snprintf(c->kept, sizeof(c->kept), "%.2000s/%.200s-%" PRIu64 ".yaml", c->keep,
		 base_name(c->policy->path), c->failing_seed);
	if (c->failing.random_costs) {
		snprintf(costs, sizeof(costs), "%.4000s.costs", c->kept);
		if (!keep_costs(c, costs))
			snprintf(costs, sizeof(costs), "(cannot be written)");
	}
	out = fmemopen(about, sizeof(about), "w");
	if (out) {
		fprintf(out, "Broken: %s\n%s\nFrom seed %" PRIu64 ", after %u runs to shrink it.\n",
			prop_rule_names[c->verdict.rule], c->verdict.text, c->failing_seed,
			c->shrink_runs);
		write_commands(out, c, c->kept, costs);
		fclose(out);
	}
	out = fopen(c->kept, "w");
	if (out)
		prop_write(&c->failing, c->policy, about, out);
	if (!out || fclose(out))
		snprintf(c->kept, sizeof(c->kept), "(cannot be written: %s)", strerror(errno));
}

static void note_lag(struct prop_campaign *c, const struct prop_scenario *s,
		     const struct prop_verdict *v)
{
	unsigned pcpus = prop_shapes[s->shape].pcpus;
	struct prop_worst_lag *worst = &c->worst[pcpus > 1];
	uint64_t most = v->lag_ns > v->lead_ns ? v->lag_ns : v->lead_ns;

	if (!v->lag_bound_ns ||
	    (worst->bound_ns && (double)most / (double)v->lag_bound_ns <=
					(double)worst->lag_ns / (double)worst->bound_ns))
		return;
	*worst = (struct prop_worst_lag){ .seed = s->seed,
					  .lag_ns = most,
					  .bound_ns = v->lag_bound_ns,
					  .lead = v->lead_ns > v->lag_ns,
					  .vcpus = prop_vcpus(s),
					  .pcpus = pcpus };
}

static void note(struct prop_campaign *c, const struct prop_scenario *s,
		 const struct prop_verdict *v)
{
	c->done++;
	c->events += v->events;
	c->virtual_ns += s->duration_ns;
	for (unsigned i = 0; i < PROP_RULES; i++)
		c->checked[i] += v->checked[i];
	note_lag(c, s, v);
}

bool prop_campaign_run(struct prop_campaign *c)
{
	prop_generator generate = c->generate ? c->generate : prop_generate;

	for (unsigned i = 0; i < c->count; i++) {
		struct prop_scenario s;
		struct prop_verdict v;

		generate(c->first_seed + i, c->policy->table, &s);
		prop_try(c->policy, c->payloads, &s, &v);
		note(c, &s, &v);
		if (v.rule == PROP_HOLDS)
			continue;
		c->failing = s;
		c->verdict = v;
		c->failing_seed = s.seed;
		c->shrink_runs =
			prop_shrink(c->policy, c->payloads, v.rule, &c->failing, &c->verdict);
		if (c->keep)
			keep(c);
		return false;
	}
	return true;
}

static void tell_lag(const struct prop_worst_lag *w, FILE *out)
{
	fprintf(out,
		"# largest lag on %s: %" PRIu64
		" ns %s its entitlement, %.3f of the stated %" PRIu64 " ns (seed %" PRIu64
		", %u vCPUs on %u)\n",
		w->pcpus > 1 ? "several pCPUs" : "one pCPU", w->lag_ns,
		w->lead ? "before" : "behind", (double)w->lag_ns / (double)w->bound_ns, w->bound_ns,
		w->seed, w->vcpus, w->pcpus);
}

void prop_campaign_tell(const struct prop_campaign *c, FILE *out)
{
	fprintf(out,
		"# %s: %u scenarios, seeds %" PRIu64 " to %" PRIu64 ", %" PRIu64 " events, %" PRIu64
		" s of virtual time;",
		base_name(c->policy->path), c->done, c->first_seed, c->first_seed + c->done - 1,
		c->events, (uint64_t)(c->virtual_ns / CX_SEC));
	for (unsigned i = PROP_HOLDS + 1; i < PROP_RULES; i++)
		fprintf(out, "%s %s: %u", i == PROP_HOLDS + 1 ? "" : ";", prop_rule_names[i],
			c->checked[i]);
	fprintf(out, "\n");
	for (unsigned many = 0; many < 2; many++)
		if (c->worst[many].bound_ns)
			tell_lag(&c->worst[many], out);
}
