/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets how much: weights and limits, and how exactly, policy beside policy. */
#include "tests/support/bench.h"

#include <stdio.h>
#include <string.h>

#define RUN_NS (10 * CX_SEC)
#define TRIES 2u
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

/* A run of RUN_NS on the first @n_cpus CPUs, made again if the host took away too much. */
static int run(struct bench *b, const char *label, const char *scheduler, const char *domains,
	       unsigned n_cpus, struct cx_record **record, double *steal)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = RUN_NS };
	struct cx_scenario *scenario;
	int rc = bench_scenario(b, &scenario, "pcpus: \"%u,%u\"\ndomains:\n%s", b->cpus[0],
				b->cpus[n_cpus - 1], domains);

	*record = NULL;
	if (rc < 0)
		return rc;
	for (unsigned i = 0; rc == 0 && i < TRIES; i++) {
		uint64_t busy_ns = 0;

		cx_record_free(*record);
		*record = NULL;
		rc = bench_run(b, scenario, &run, record);
		for (unsigned p = 0; rc == 0 && p < (*record)->n_pcpus; p++)
			busy_ns += (*record)->pcpus[p].busy_ns;
		if (rc < 0 || (*steal = bench_steal(*record, busy_ns)) <= BENCH_STEAL_MAX)
			break;
		if (i + 1 < TRIES)
			bench_note("%s: %.1f %% steal, measured again", label, *steal);
	}
	cx_scenario_free(scenario);
	return rc;
}

static int measure(struct bench *b, const struct share *s)
{
	struct cx_metrics *metrics;
	struct cx_record *record;
	double steal = 0;
	int rc = run(b, s->label, s->scheduler, s->domains, 1, &record, &steal);

	if (rc == 0)
		rc = cx_metrics_compute(record, &metrics, &b->err);
	if (rc == 0) {
		print_domains(b, s, record, metrics, steal);
		cx_metrics_free(metrics);
	}
	cx_record_free(record);
	return rc;
}

/* --- always hungry, all sorts of weights ------------------------------------------ */

static const char *const rivals[] = { "linux", "credit", "rr" };
#define RIVALS (sizeof(rivals) / sizeof(rivals[0]))
#define OURS (RIVALS - 1)

struct mix {
	const char *label, *domains;
};

struct outcome {
	double worst; /* percent of what it is entitled to that a domain got too much or too little */
	char domain[24];
	double steal;
};

static int measure_mix(struct bench *b, const struct mix *mix, const char *scheduler,
		       struct outcome *out)
{
	unsigned n_cpus = b->n_cpus < MIX_CPUS ? b->n_cpus : MIX_CPUS;
	struct cx_metrics *metrics;
	struct cx_record *record;
	int rc = run(b, mix->label, scheduler, mix->domains, n_cpus, &record, &out->steal);

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
	return rc;
}

static int compare(struct bench *b, const struct mix *mix)
{
	struct outcome out[RIVALS] = { 0 };
	char figure[80];
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < RIVALS; i++)
		rc = measure_mix(b, mix, rivals[i], &out[i]);
	for (unsigned i = 0; rc == 0 && i < OURS; i++) {
		snprintf(figure, sizeof(figure), "%s, %s / %s", mix->label, rivals[OURS],
			 rivals[i]);
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "%",
				       .value = out[OURS].worst,
				       .peer = out[i].worst,
				       .goal = BENCH_BELOW,
				       .target = DEVIATION_MAX,
				       .steal = fmax(out[OURS].steal, out[i].steal),
			       });
	}
	if (rc == 0)
		bench_note("the worst: %s under %s, %s under %s, %s under %s", out[0].domain,
			   rivals[0], out[1].domain, rivals[1], out[2].domain, rivals[2]);
	return rc;
}

static int compare_mixes(struct bench *b)
{
	static const struct mix mixes[] = {
		{ "eight of 50 to 1000",
		  "  - {name: w50, memory: 8MiB, weight: 50, workload: {name: hog}}\n"
		  "  - {name: w111, memory: 8MiB, weight: 111, workload: {name: hog}}\n"
		  "  - {name: w173, memory: 8MiB, weight: 173, workload: {name: hog}}\n"
		  "  - {name: w256, memory: 8MiB, weight: 256, workload: {name: hog}}\n"
		  "  - {name: w290, memory: 8MiB, weight: 290, workload: {name: hog}}\n"
		  "  - {name: w640, memory: 8MiB, weight: 640, workload: {name: hog}}\n"
		  "  - {name: w1000, memory: 8MiB, weight: 1000, workload: {name: hog}}\n"
		  "  - {name: two333, vcpus: 2, memory: 8MiB, weight: 333, workload: {name: "
		  "hog}}\n" },
		{ "four vCPUs of 128, two of 512",
		  "  - {name: wide, vcpus: 4, memory: 8MiB, weight: 128, workload: {name: hog}}\n"
		  "  - {name: narrow, count: 2, memory: 8MiB, weight: 512, workload: {name: "
		  "hog}}\n" },
		{ "24 domains, 1 : 3 : 10",
		  "  - {name: low, count: 8, memory: 8MiB, weight: 50, workload: {name: hog}}\n"
		  "  - {name: mid, count: 8, memory: 8MiB, weight: 150, workload: {name: hog}}\n"
		  "  - {name: top, count: 8, memory: 8MiB, weight: 500, workload: {name: hog}}\n" },
	};
	int rc = 0;

	bench_note("received against entitled over 10 s on %u pCPUs: how far off the worst domain "
		   "is, in percent of what it is entitled to",
		   b->n_cpus < MIX_CPUS ? b->n_cpus : MIX_CPUS);
	for (unsigned i = 0; rc == 0 && i < sizeof(mixes) / sizeof(mixes[0]); i++)
		rc = compare(b, &mixes[i]);
	return rc;
}

#define TWO                                                                                        \
	"  - {name: light, weight: 256, workload: {name: hog}}\n"                                  \
	"  - {name: heavy, weight: 512, workload: {name: hog}}\n"

static int body(struct bench *b)
{
	static const struct share shares[] = {
		{ TWO, "credit", "credit 256:512", { 100 / 3.0, 200 / 3.0 } },
		{ TWO, "rr", "propshare 256:512", { 100 / 3.0, 200 / 3.0 } },
		{ TWO, "rr", "rr 256:512", { 50, 50 } },
		{ "  - {name: capped, limit: 50, workload: {name: hog}}\n",
		  "credit",
		  "credit limit 50",
		  { 50 } },
		{ "  - {name: capped, limit: 50, workload: {name: hog}}\n",
		  "rr",
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
