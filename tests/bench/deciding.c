/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a decision costs, and how that grows with the number of vCPUs that are ready.
 *
 * Deciding is all from leaving one guest to entering the next, less KVM_RUN itself and
 * the hand-over: arming the timer that ends the slice, and waking the thread.  With more vCPUs
 * than KVM has room for: see growing.
 */
#include "tests/support/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3u
#define ROUND_NS (CX_SEC + CX_SEC / 2)
#define P50_NS 1000
#define P99_NS 5000
#define ARMINGS 2000u
#define ARM_AHEAD_NS (100 * CX_US)
#define EXPIRED_NS (30 * CX_US) /* by then it surely has */

/* So many vCPUs: domains of so many each. */
static const struct size {
	unsigned domains, vcpus;
} sizes[] = { { 1, 4 }, { 64, 4 }, { 25, 40 } };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct load {
	unsigned ready; /* vCPUs */
	struct cx_scenario *scenario;
	struct cx_hist decide, gap;
	double steal[ROUNDS];
};

static int load_scenario(struct bench *b, struct load *load, const struct size *size)
{
	load->ready = size->domains * size->vcpus;
	return bench_scenario(b, &load->scenario,
			      "pcpus: \"%u\"\n"
			      "domains:\n"
			      "  - {name: d, count: %u, vcpus: %u, memory: 8MiB, "
			      "workload: {name: hog}}\n",
			      b->cpus[0], size->domains, size->vcpus);
}

static int run_load(struct bench *b, struct load *load, const char *scheduler, const char *params,
		    unsigned round)
{
	struct bench_run_side side = {
		.scenario = load->scenario,
		.run = { .scheduler = scheduler, .params = params, .duration_ns = ROUND_NS },
		.busy_cpus = 1,
	};
	struct bench_sample sample;
	int rc = bench_run_side(b, &side, &sample);

	if (rc == 0) {
		load->steal[round] = sample.steal;
		cx_hist_merge(&load->decide, &side.decide);
		cx_hist_merge(&load->gap, &side.gap);
	}
	return rc;
}

/* @few is NULL for the smallest itself. */
static void print_load(struct bench *b, const char *scheduler, struct load *load,
		       const struct load *few)
{
	static const double percents[] = { 50, 99 };
	double steal = bench_median(load->steal, ROUNDS);
	char figure[80], against[24] = "";

	for (unsigned i = 0; i < 2; i++) {
		uint64_t peer = few ? cx_hist_percentile(&few->decide, percents[i]) : 0;

		if (few)
			snprintf(against, sizeof(against), " / %u ready", few->ready);
		snprintf(figure, sizeof(figure), "%s, deciding, %u ready%s, p%.0f", scheduler,
			 load->ready, against, percents[i]);
		bench_print(b,
			    &(struct bench_row){
				    .figure = figure,
				    .unit = "ns",
				    .value = (double)cx_hist_percentile(&load->decide, percents[i]),
				    .peer = few ? (double)peer : NAN,
				    .goal = BENCH_BELOW,
				    .target = i ? P99_NS : P50_NS,
				    .steal = steal,
			    });
	}
	snprintf(figure, sizeof(figure), "%s, guest to guest, %u ready", scheduler, load->ready);
	bench_print_hist(b, figure, &load->gap, 0, 0, steal);
}

static int measure(struct bench *b, const char *scheduler, const char *params)
{
	struct load *loads = calloc(SIZES, sizeof(*loads));
	int rc = loads ? 0 : cx_fail(&b->err, ENOMEM, "out of memory");

	for (unsigned s = 0; rc == 0 && s < SIZES; s++)
		rc = load_scenario(b, &loads[s], &sizes[s]);
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned s = 0; rc == 0 && s < SIZES; s++)
			rc = run_load(b, &loads[s], scheduler, params, i);
	for (unsigned s = 0; rc == 0 && s < SIZES; s++) {
		print_load(b, scheduler, &loads[s], s ? &loads[0] : NULL);
		bench_note("%s %s: %llu decisions with %u ready", scheduler, params,
			   (unsigned long long)loads[s].decide.count, loads[s].ready);
	}
	for (unsigned s = 0; loads && s < SIZES; s++)
		cx_scenario_free(loads[s].scenario);
	free(loads);
	return rc;
}

/*
 * What a slice costs beside deciding: its timer.  As in a run the last one has expired and
 * this one is the next to expire on its CPU, so that the hardware's timer is set anew; the
 * signal that it sends is blocked and never comes.
 */
static int measure_arming(struct bench *b)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct cx_hist arm = { 0 }, clock = { 0 };
	sigset_t blocked;
	timer_t timer;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	if (bench_pin(b->cpus[0]) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return cx_fail(&b->err, errno, "no timer: %s", strerror(errno));
	for (unsigned i = 0; i < ARMINGS; i++) {
		uint64_t at = bench_now(CLOCK_MONOTONIC) + ARM_AHEAD_NS, before, then;
		struct itimerspec when = { .it_value = { (time_t)(at / CX_SEC),
							 (long)(at % CX_SEC) } };

		before = bench_now(CLOCK_MONOTONIC);
		then = bench_now(CLOCK_MONOTONIC);
		timer_settime(timer, TIMER_ABSTIME, &when, NULL);
		cx_hist_add(&arm, bench_now(CLOCK_MONOTONIC) - then);
		cx_hist_add(&clock, then - before);
		while (bench_now(CLOCK_MONOTONIC) < at + EXPIRED_NS)
			;
	}
	timer_delete(timer);
	bench_print_hist(b, "arming a slice's timer", &arm, 0, 0, NAN);
	bench_print_hist(b, "reading the clock, for scale", &clock, 0, 0, NAN);
	return 0;
}

static int body(struct bench *b)
{
	int rc = measure(b, "rr", "slice=1ms");

	if (rc == 0)
		rc = measure(b, "credit", "tslice=1ms");
	if (rc == 0)
		rc = measure(b, "propshare", "slice=1ms");
	return rc == 0 ? measure_arming(b) : rc;
}

int main(void)
{
	return bench_main("deciding, with 4, 256 and 1,000 vCPUs ready on one pCPU", body);
}
