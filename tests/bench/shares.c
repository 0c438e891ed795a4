/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets how much: weights and limits, and how exactly, policy beside policy. */
#include "core/sim/costs.h"
#include "tests/support/bench.h"

#include <stdio.h>

#define RUN_NS (10 * CX_SEC)
#define TOLERANCE 1.0     /* percent points */
#define DEVIATION_MAX 0.5 /* percent of what a domain is entitled to, under propshare */
#define MIX_CPUS 2u

struct share {
	const char *domains; /* YAML */
	const char *scheduler;
	const char *label;
	double percent[2]; /* of the time; 0 = there is no such domain */
};

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_share(struct bench *b, const char *label, const char *what, double value,
			double target, double steal)
{
	char figure[80];

	snprintf(figure, sizeof(figure), "%s, %s", label, what);
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = "%",
			       .value = value,
			       .peer = target,
			       .goal = BENCH_NEAR,
			       .target = target,
			       .tolerance = TOLERANCE,
			       .steal = steal,
		       });
}

static void print_domains(struct bench *b, const struct share *s, const struct cx_record *record,
			  const struct cx_metrics *metrics, double steal)
{
	uint64_t progress = 0;
	char what[48];

	for (unsigned i = 0; i < record->n_domains; i++)
		progress += metrics->domains[i].progress;
	for (unsigned i = 0; i < record->n_domains; i++) {
		snprintf(what, sizeof(what), "%s, time", record->domains[i].name);
		print_share(b, s->label, what,
			    percent(metrics->domains[i].run_ns, record->duration_ns), s->percent[i],
			    steal);
		if (record->n_domains == 1) {
			print_share(b, s->label, "state limited",
				    percent(metrics->domains[i].limited_ns, record->duration_ns),
				    100 - s->percent[i], steal);
			continue;
		}
		snprintf(what, sizeof(what), "%s, progress", record->domains[i].name);
		print_share(b, s->label, what, percent(metrics->domains[i].progress, progress),
			    s->percent[i], steal);
	}
}

static int measure(struct bench *b, const struct share *s)
{
	struct bench_run run = { .scheduler = s->scheduler, .duration_ns = RUN_NS };
	struct cx_scenario *scenario;
	struct cx_metrics *metrics;
	struct cx_record *record;
	double steal;
	int rc =
		bench_scenario(b, &scenario, "pcpus: \"%u\"\ndomains:\n%s", b->cpus[0], s->domains);

	if (rc < 0)
		return rc;
	rc = bench_run_quiet(b, s->label, scenario, &run, &record, &steal);
	if (rc == 0)
		rc = cx_metrics_compute(record, &metrics, &b->err);
	if (rc == 0) {
		print_domains(b, s, record, metrics, steal);
		cx_metrics_free(metrics);
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

/* --- always hungry, all sorts of weights ------------------------------------------ */

static const char *const rivals[] = { "linux", "credit", "propshare" };
#define RIVALS (sizeof(rivals) / sizeof(rivals[0]))
#define OURS (RIVALS - 1)

struct outcome {
	double worst; /* percent of what it is entitled to that a domain got too much or too little */
	char domain[24];
	double steal;
};

static int measure_mix(struct bench *b, const char *mix, const char *scheduler,
		       const struct cx_run_sim *sim, struct outcome *out)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = RUN_NS, .sim = sim };
	struct cx_scenario *scenario;
	struct cx_metrics *metrics;
	struct cx_record *record;
	int rc = bench_shipped(b, mix, MIX_CPUS, &scenario);

	if (rc < 0)
		return rc;
	rc = bench_run_quiet(b, mix, scenario, &run, &record, &out->steal);
	if (rc == 0)
		rc = cx_metrics_compute(record, &metrics, &b->err);
	for (unsigned i = 0; rc == 0 && i < record->n_domains; i++) {
		const struct cx_metrics_domain *d = &metrics->domains[i];
		double off = fabs(percent(d->run_ns, d->entitled_ns) - 100);

		if (off < out->worst)
			continue;
		out->worst = off;
		snprintf(out->domain, sizeof(out->domain), "%s", record->domains[i].name);
	}
	if (rc == 0)
		cx_metrics_free(metrics);
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

static int compare(struct bench *b, const char *mix, const struct cx_run_sim *sim)
{
	struct outcome out[RIVALS] = { 0 };
	unsigned first = sim ? 1 : 0; /* linux does not run in virtual time */
	char figure[80];
	int rc = 0;

	for (unsigned i = first; rc == 0 && i < RIVALS; i++)
		rc = measure_mix(b, mix, rivals[i], sim, &out[i]);
	for (unsigned i = first; rc == 0 && i < OURS; i++) {
		snprintf(figure, sizeof(figure), "%s, %s / %s%s", mix, rivals[OURS], rivals[i],
			 sim ? ", sim" : "");
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "%",
				       .value = out[OURS].worst,
				       .peer = out[i].worst,
				       .goal = BENCH_BELOW,
				       .target = DEVIATION_MAX,
				       .steal = sim ? NAN : fmax(out[OURS].steal, out[i].steal),
			       });
	}
	for (unsigned i = first; rc == 0 && i < RIVALS; i++)
		bench_note("%s under %s: the worst is %s, by %.3f %%", mix, rivals[i],
			   out[i].domain, out[i].worst);
	return rc;
}

static int compare_mixes(struct bench *b)
{
	static const char *const mixes[] = { "odd-weights", "wide-and-narrow", "many-weights" };
	struct cx_run_sim sim = { .topology = "pack:1 l3:1 core:2 pu:1" };
	int rc = 0;

	cx_costs_default(&sim.costs);
	bench_note("received against entitled over 10 s on %u pCPUs: how far off the worst domain "
		   "is, in percent of what it is entitled to",
		   b->n_cpus < MIX_CPUS ? b->n_cpus : MIX_CPUS);
	for (unsigned i = 0; rc == 0 && i < sizeof(mixes) / sizeof(mixes[0]); i++) {
		rc = compare(b, mixes[i], NULL);
		if (rc == 0)
			rc = compare(b, mixes[i], &sim);
	}
	return rc;
}

#define TWO                                                                                        \
	"  - {name: light, weight: 256, workload: {name: hog}}\n"                                  \
	"  - {name: heavy, weight: 512, workload: {name: hog}}\n"

static int body(struct bench *b)
{
	static const struct share shares[] = {
		{ TWO, "credit", "credit 256:512", { 100 / 3.0, 200 / 3.0 } },
		{ TWO, "propshare", "propshare 256:512", { 100 / 3.0, 200 / 3.0 } },
		{ TWO, "rr", "rr 256:512", { 50, 50 } },
		{ "  - {name: capped, limit: 50, workload: {name: hog}}\n",
		  "credit",
		  "credit limit 50",
		  { 50 } },
		{ "  - {name: capped, limit: 50, workload: {name: hog}}\n",
		  "propshare",
		  "propshare limit 50",
		  { 50 } },
	};
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < sizeof(shares) / sizeof(shares[0]); i++)
		rc = measure(b, &shares[i]);
	return rc == 0 ? compare_mixes(b) : rc;
}

int main(void)
{
	return bench_main("shares in 10 s, percent of the time of one pCPU", body);
}
