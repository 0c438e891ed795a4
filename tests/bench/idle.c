/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program itself uses while nobody has anything to do. */
#include "tests/support/bench.h"

#include <stdio.h>

#define DOMAINS 64u
#define VCPUS 4u
#define SETTLE_NS CX_SEC
#define RUN_NS (5 * CX_SEC)
#define GOAL_PERCENT 1.0

static int measure(struct bench *b, const struct cx_scenario *scenario, const char *scheduler)
{
	struct bench_cpu cpu = { .from_ns = SETTLE_NS };
	struct bench_run run = {
		.scheduler = scheduler,
		.duration_ns = RUN_NS,
		.progress = bench_watch_cpu,
		.arg = &cpu,
	};
	struct cx_record *record;
	uint64_t ran = 0;
	char figure[80];
	int rc = bench_run(b, scenario, &run, &record);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < record->n_vcpus; i++)
		ran += record->vcpus[i].time_ns[CX_RUNNING];
	snprintf(figure, sizeof(figure), "%s, %u vCPUs asleep, our CPU use", scheduler,
		 record->n_vcpus);
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = "%",
			       .value = 100.0 * (double)(cpu.end_ns - cpu.begin_ns) /
					(double)(cpu.end_at_ns - cpu.begin_at_ns),
			       .peer = NAN,
			       .goal = BENCH_BELOW,
			       .target = GOAL_PERCENT,
			       .steal = NAN,
		       });
	bench_note("over %.1f s; guests ran for %.2f ms each in all, before that",
		   (double)(cpu.end_at_ns - cpu.begin_at_ns) / 1e9,
		   (double)ran / 1e6 / record->n_vcpus);
	cx_record_free(record);
	return 0;
}

static int body(struct bench *b)
{
	static const char *const schedulers[] = { "rr", "credit", "linux" };
	struct cx_scenario *scenario = NULL;
	int rc = bench_scenario(b, &scenario,
				"domains:\n"
				"  - {name: d, count: %u, vcpus: %u, memory: 8MiB, workload: "
				"{name: \"%s/tests/guests/probe.elf\", what: 6}}\n",
				DOMAINS, VCPUS, b->build);

	for (unsigned i = 0; rc == 0 && i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
		rc = measure(b, scenario, schedulers[i]);
	cx_scenario_free(scenario);
	return rc;
}

int main(void)
{
	return bench_main(
		"all vCPUs blocked for ever: CPU time of the whole program, percent of a pCPU",
		body);
}
