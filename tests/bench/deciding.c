/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a decision costs, and how that grows with the number of vCPUs that are ready.
 *
 * Deciding is all from leaving one guest to entering the next, less KVM_RUN itself and
 * the hand-over: arming the timer that ends the slice, and waking the thread.
 */
#include "tests/support/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 3u
#define ROUND_NS (CX_SEC + CX_SEC / 2)
#define FEW 4u
#define MANY_DOMAINS 64u
#define P50_NS 1000
#define P99_NS 5000
#define ARMINGS 2000u
#define ARM_AHEAD_NS (100 * CX_US)
#define EXPIRED_NS (30 * CX_US) /* by then it surely has */

struct load {
	struct cx_scenario *scenario;
	struct cx_hist decide, gap;
	double steal[ROUNDS];
};

static int load_scenario(struct bench *b, struct load *load, unsigned domains)
{
	return bench_scenario(b, &load->scenario,
			      "pcpus: \"%u\"\n"
			      "domains:\n"
			      "  - {name: d, count: %u, vcpus: 4, memory: 8MiB, "
			      "workload: {name: hog}}\n",
			      b->cpus[0], domains);
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

static void print_growth(struct bench *b, const char *scheduler, const struct load *few,
			 const struct load *many, double steal)
{
	static const double percents[] = { 50, 99 };
	char figure[80];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(figure, sizeof(figure), "%s, deciding, 256 ready / 4 ready, p%.0f",
			 scheduler, percents[i]);
		bench_print(b,
			    &(struct bench_row){
				    .figure = figure,
				    .unit = "ns",
				    .value = (double)cx_hist_percentile(&many->decide, percents[i]),
				    .peer = (double)cx_hist_percentile(&few->decide, percents[i]),
				    .goal = BENCH_BELOW,
				    .target = i ? P99_NS : P50_NS,
				    .steal = steal,
			    });
	}
}

static int measure(struct bench *b, const char *scheduler, const char *params)
{
	struct load few = { .scenario = NULL }, many = { .scenario = NULL };
	char figure[80];
	double steal;
	int rc = load_scenario(b, &few, 1);

	if (rc == 0)
		rc = load_scenario(b, &many, MANY_DOMAINS);
	for (unsigned i = 0; rc == 0 && i < ROUNDS; i++) {
		rc = run_load(b, &few, scheduler, params, i);
		if (rc == 0)
			rc = run_load(b, &many, scheduler, params, i);
	}
	if (rc == 0) {
		steal = bench_median(many.steal, ROUNDS);
		print_growth(b, scheduler, &few, &many, steal);
		bench_note("%s %s: %llu decisions with %u ready, %llu with %u", scheduler, params,
			   (unsigned long long)many.decide.count, MANY_DOMAINS * 4,
			   (unsigned long long)few.decide.count, FEW);
		snprintf(figure, sizeof(figure), "%s, guest to guest, 256 ready", scheduler);
		bench_print_hist(b, figure, &many.gap, 0, 0, steal);
	}
	cx_scenario_free(few.scenario);
	cx_scenario_free(many.scenario);
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
	return rc == 0 ? measure_arming(b) : rc;
}

int main(void)
{
	return bench_main("deciding, with 4 and 256 vCPUs ready on one pCPU", body);
}
