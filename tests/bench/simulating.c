/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the simulator is: decisions a second on one core, how the cost of an event grows
 * with the size of the host, and what a vCPU takes of memory.
 *
 * CPU time of the program while virtual time passes; making the run and the report left out.
 */
#include "tests/support/bench.h"

#include "core/sim/costs.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3u
#define PER_PCPU 8u /* vCPUs */
#define DISPATCHES_PER_S 5e6
#define BIG_CPU_S 60.0
#define BIG_GROWTH 4.0
#define BYTES_PER_VCPU 2048.0

struct size {
	const char *topology;
	unsigned pcpus;
	uint64_t duration_ns; /* at the largest 10 s; smaller hosts longer, for as many events */
};

static const struct size sizes[] = {
	{ "pack:1 l3:1 core:2 pu:1", 2, 400 * CX_SEC },
	{ "pack:1 l3:1 core:8 pu:2", 16, 100 * CX_SEC },
	{ "pack:2 l3:1 core:32 pu:2", 128, 20 * CX_SEC },
	{ "pack:8 l3:1 core:64 pu:2", 1024, 10 * CX_SEC },
};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* What a run took while its time passed, as its progress calls tell. */
struct watch {
	uint64_t first_cpu_ns, last_cpu_ns;
	size_t heap; /* bytes at the first call */
	bool begun;
};

static size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void watch(void *arg, uint64_t elapsed_ns, uint64_t duration_ns)
{
	struct watch *w = arg;

	(void)elapsed_ns;
	(void)duration_ns;
	w->last_cpu_ns = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	if (w->begun)
		return;
	w->begun = true;
	w->heap = heap_bytes();
	w->first_cpu_ns = w->last_cpu_ns;
}

struct outcome {
	double cpu_s;
	uint64_t events, switches;
	double bytes; /* of memory, for the whole machine */
};

static int simulate(struct bench *b, const struct cx_scenario *scenario, const char *scheduler,
		    const char *params, uint64_t duration_ns, struct outcome *out)
{
	struct cx_run_sim sim = { .topology = NULL };
	struct watch w = { .begun = false };
	struct bench_run run = { .scheduler = scheduler,
				 .params = params,
				 .duration_ns = duration_ns,
				 .sim = &sim,
				 .progress = watch,
				 .arg = &w };
	struct cx_record *record;
	size_t before = heap_bytes();
	int rc;

	cx_costs_default(&sim.costs);
	rc = bench_run(b, scenario, &run, &record);
	if (rc < 0)
		return rc;
	out->cpu_s = (double)(w.last_cpu_ns - w.first_cpu_ns) / 1e9;
	out->events = cx_history_count(record->history) + cx_history_dropped(record->history);
	out->switches = record->switches;
	out->bytes = (double)(w.heap - before);
	cx_record_free(record);
	return 0;
}

static int measure_dispatches(struct bench *b)
{
	struct cx_scenario *scenario;
	double rates[ROUNDS];
	int rc = bench_scenario(b, &scenario,
				"topology: \"pack:1 core:1 pu:1\"\n"
				"domains:\n"
				"  - {name: hog, count: 2, workload: {name: hog}}\n");

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < ROUNDS && rc == 0; i++) {
		struct outcome o;

		rc = simulate(b, scenario, "rr", "slice=1ms", 2000 * CX_SEC, &o);
		rates[i] = (double)o.switches / o.cpu_s;
	}
	cx_scenario_free(scenario);
	if (rc < 0)
		return rc;
	bench_print(b, &(struct bench_row){ .figure = "two hogs, one pCPU, 1 ms slices (rr)",
					    .unit = "dispatches/s",
					    .value = bench_median(rates, ROUNDS),
					    .peer = DISPATCHES_PER_S,
					    .goal = BENCH_RATIO,
					    .target = 1,
					    .steal = NAN });
	bench_note("the peer is the figure to reach; CPU time of one core");
	return 0;
}

/* A bit of everything: eight vCPUs a pCPU in 3.5 domains. */
static int mixed(struct bench *b, const struct size *size, struct cx_scenario **scenario)
{
	return bench_scenario(b, scenario,
			      "topology: \"%s\"\n"
			      "domains:\n"
			      "  - {name: hog, count: %u, vcpus: 3, workload: {name: hog}}\n"
			      "  - {name: sleeper, count: %u, vcpus: 2, workload: {name: sleeper, "
			      "period: 10ms, jitter: 5ms, work: 300us}}\n"
			      "  - {name: bursty, count: %u, workload: {name: bursty, run: 5ms, "
			      "block: 20ms, vary: 50}}\n"
			      "  - {name: barrier, count: %u, vcpus: 4, workload: {name: barrier, "
			      "work: 2ms}}\n",
			      size->topology, size->pcpus, size->pcpus, size->pcpus,
			      size->pcpus / 2);
}

static int measure_size(struct bench *b, const struct size *size, struct outcome *out)
{
	struct cx_scenario *scenario;
	int rc = mixed(b, size, &scenario);

	if (rc < 0)
		return rc;
	rc = simulate(b, scenario, "credit", NULL, size->duration_ns, out);
	cx_scenario_free(scenario);
	return rc;
}

static void print_size(struct bench *b, const struct size *size, const struct outcome *o,
		       const struct outcome *smallest)
{
	bool largest = size == &sizes[SIZES - 1];
	double ns = o->cpu_s * 1e9 / (double)o->events;
	char figure[80];

	snprintf(figure, sizeof(figure), "%u pCPUs, %u vCPUs, credit: an event", size->pcpus,
		 size->pcpus * PER_PCPU);
	bench_print(b,
		    &(struct bench_row){ .figure = figure,
					 .unit = "ns",
					 .value = ns,
					 .peer = smallest->cpu_s * 1e9 / (double)smallest->events,
					 .goal = largest ? BENCH_BELOW : BENCH_SHOWN,
					 .target = BIG_GROWTH * smallest->cpu_s * 1e9 /
						   (double)smallest->events,
					 .steal = NAN });
	if (!largest)
		return;
	bench_print(b, &(struct bench_row){ .figure = "the same, 10 s of virtual time, CPU time",
					    .unit = "s",
					    .value = o->cpu_s,
					    .peer = NAN,
					    .goal = BENCH_BELOW,
					    .target = BIG_CPU_S,
					    .steal = NAN });
	bench_print(b, &(struct bench_row){ .figure = "the same, memory a vCPU",
					    .unit = "bytes",
					    .value = o->bytes / (size->pcpus * PER_PCPU),
					    .peer = NAN,
					    .goal = BENCH_BELOW,
					    .target = BYTES_PER_VCPU,
					    .steal = NAN });
	bench_note("%llu events kept for the report are not in that: %zu bytes each",
		   (unsigned long long)o->events, sizeof(struct cx_event));
}

static int body(struct bench *b)
{
	struct outcome outcomes[SIZES];
	int rc = measure_dispatches(b);

	for (unsigned i = 0; i < SIZES && rc == 0; i++) {
		rc = measure_size(b, &sizes[i], &outcomes[i]);
		if (rc == 0)
			print_size(b, &sizes[i], &outcomes[i], &outcomes[0]);
	}
	return rc;
}

int main(void)
{
	return bench_main_simulated("simulating", body);
}
