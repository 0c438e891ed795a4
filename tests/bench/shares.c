/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets how much: weights and limits on one pCPU. */
#include "tests/support/bench.h"

#include <stdio.h>

#define RUN_NS (10 * CX_SEC)
#define TRIES 2u
#define TOLERANCE 1.0 /* percent points */

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
	struct cx_record *record = NULL;
	double steal = 0;
	int rc =
		bench_scenario(b, &scenario, "pcpus: \"%u\"\ndomains:\n%s", b->cpus[0], s->domains);

	for (unsigned i = 0; rc == 0 && i < TRIES; i++) {
		cx_record_free(record);
		rc = bench_run(b, scenario, &run, &record);
		if (rc < 0)
			break;
		steal = bench_steal(record, record->pcpus[0].busy_ns);
		if (steal <= BENCH_STEAL_MAX)
			break;
		if (i + 1 < TRIES)
			bench_note("%s: %.1f %% steal, measured again", s->label, steal);
	}
	if (rc < 0)
		return rc;
	rc = cx_metrics_compute(record, &metrics, &b->err);
	if (rc == 0) {
		print_domains(b, s, record, metrics, steal);
		cx_metrics_free(metrics);
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

#define TWO                                                                                        \
	"  - {name: light, weight: 256, workload: {name: hog}}\n"                                  \
	"  - {name: heavy, weight: 512, workload: {name: hog}}\n"

static int body(struct bench *b)
{
	static const struct share shares[] = {
		{ TWO, "credit", "credit 256:512", { 100 / 3.0, 200 / 3.0 } },
		{ TWO, "rr", "rr 256:512", { 50, 50 } },
		{ "  - {name: capped, limit: 50, workload: {name: hog}}\n",
		  "credit",
		  "credit limit 50",
		  { 50 } },
	};
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < sizeof(shares) / sizeof(shares[0]); i++)
		rc = measure(b, &shares[i]);
	return rc;
}

int main(void)
{
	return bench_main("shares of one pCPU in 10 s, percent of the time", body);
}
