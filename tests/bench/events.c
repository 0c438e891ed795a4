/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events between guests of different domains: how many a second, how late they are, and
 * that none is missing.
 *
 * Each vCPU of one domain plays ball with one of the other: a lost event stops its pair
 * for ever, and a doubled one shows in the counts of the two sides.
 */
#include "tests/support/bench.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS 1000000u
#define VCPUS 4u
#define ROUNDS_EACH (EVENTS / 2 / VCPUS)
#define STUCK_NS (240 * CX_SEC) /* by then a million has come on any host, or one was lost */
#define ALONE_NS (3 * CX_SEC)
#define BALLS 100000u

static int game(struct bench *b, struct cx_scenario **scenario, unsigned vcpus, uint64_t rounds)
{
	return bench_scenario(b, scenario,
			      "domains:\n"
			      "  - {name: ping, vcpus: %u, peers: [pong], workload: {name: "
			      "\"%s/tests/guests/pingpong.elf\", rounds: %llu, first: true}}\n"
			      "  - {name: pong, vcpus: %u, peers: [ping], workload: {name: "
			      "\"%s/tests/guests/pingpong.elf\", rounds: %llu}}\n",
			      vcpus, b->build, (unsigned long long)rounds, vcpus, b->build,
			      (unsigned long long)rounds);
}

static uint64_t result(const struct cx_record_vcpu *v, const char *name)
{
	for (unsigned i = 0; i < v->n_results; i++)
		if (strcmp(v->results[i].name, name) == 0)
			return v->results[i].value;
	return 0;
}

struct counts {
	uint64_t sent, received, empty;
};

static void count(const struct cx_record *record, struct counts *c)
{
	*c = (struct counts){ 0 };
	for (unsigned i = 0; i < record->n_vcpus; i++) {
		c->sent += result(&record->vcpus[i], "sent");
		c->received += result(&record->vcpus[i], "received");
		c->empty += result(&record->vcpus[i], "empty_wakes");
	}
}

/* All of a million are there, each side having what the other sent. */
static int check(struct bench *b, const struct cx_record *record, const char *scheduler)
{
	struct counts c;

	count(record, &c);
	for (unsigned i = 0; i < VCPUS; i++) {
		const struct cx_record_vcpu *one = &record->vcpus[i],
					    *other = &record->vcpus[VCPUS + i];

		if (result(one, "sent") != ROUNDS_EACH || result(other, "sent") != ROUNDS_EACH ||
		    result(one, "received") != ROUNDS_EACH ||
		    result(other, "received") != ROUNDS_EACH)
			return cx_fail(&b->err, EPROTO,
				       "%s: pair %u: sent %llu and %llu, received %llu and %llu "
				       "of %u each: an event was lost or doubled",
				       scheduler, i, (unsigned long long)result(one, "sent"),
				       (unsigned long long)result(other, "sent"),
				       (unsigned long long)result(one, "received"),
				       (unsigned long long)result(other, "received"), ROUNDS_EACH);
	}
	bench_note("%s: sent %llu, received %llu, missing %llu, wakes without an event %llu",
		   scheduler, (unsigned long long)c.sent, (unsigned long long)c.received,
		   (unsigned long long)(c.sent - c.received), (unsigned long long)c.empty);
	return 0;
}

static int a_million(struct bench *b, const char *scheduler)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = STUCK_NS };
	struct cx_scenario *scenario = NULL;
	struct cx_record *record = NULL;
	char figure[80];
	int rc = game(b, &scenario, VCPUS, ROUNDS_EACH);

	if (rc == 0)
		rc = bench_run(b, scenario, &run, &record);
	if (rc == 0) {
		uint64_t busy = 0;

		for (unsigned i = 0; i < record->n_pcpus; i++)
			busy += record->pcpus[i].busy_ns;
		snprintf(figure, sizeof(figure), "%s, %u pairs, events a second", scheduler, VCPUS);
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "/s",
				       .value = EVENTS / ((double)record->duration_ns / 1e9),
				       .peer = NAN,
				       .steal = bench_steal(record, busy),
			       });
		rc = check(b, record, scheduler);
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

/* One pair with the host to itself: how late is an event? */
static int alone(struct bench *b, const char *scheduler, double futex_ns)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = ALONE_NS };
	struct cx_scenario *scenario = NULL;
	struct cx_record *record = NULL;
	struct cx_metrics *metrics = NULL;
	struct counts c;
	char figure[80];
	int rc = game(b, &scenario, 1, 0);

	if (rc == 0)
		rc = bench_run(b, scenario, &run, &record);
	if (rc == 0)
		rc = cx_metrics_compute(record, &metrics, &b->err);
	if (rc == 0) {
		count(record, &c);
		snprintf(figure, sizeof(figure), "%s, one pair, an event (peer: futex)", scheduler);
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "ns",
				       .value = (double)record->duration_ns / (double)c.sent,
				       .peer = futex_ns,
				       .steal = NAN,
			       });
		snprintf(figure, sizeof(figure), "%s, one pair, event to running", scheduler);
		bench_print_hist(b, figure, &metrics->wake_ns, 0, 0, NAN);
		cx_metrics_free(metrics);
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

/* A sleeper with the host to itself: how late does it find itself woken? */
static int sleeper(struct bench *b, const char *scheduler)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = ALONE_NS };
	struct cx_scenario *scenario = NULL;
	struct cx_record *record = NULL;
	char figure[80];
	int rc =
		bench_scenario(b, &scenario,
			       "domains:\n"
			       "  - {name: s, workload: {name: sleeper, period: 5ms, work: 0s}}\n");

	if (rc == 0)
		rc = bench_run(b, scenario, &run, &record);
	if (rc == 0 && record->vcpus[0].progress == 0)
		rc = cx_fail(&b->err, ENODATA, "%s: the sleeper never woke", scheduler);
	if (rc == 0) {
		snprintf(figure, sizeof(figure), "%s, deadline to guest code, mean (peer: max)",
			 scheduler);
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "ns",
				       .value = (double)result(&record->vcpus[0], "late_sum_ns") /
						(double)record->vcpus[0].progress,
				       .peer = (double)result(&record->vcpus[0], "late_max_ns"),
				       .steal = NAN,
			       });
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

/* --- the same between two threads by futex ------------------------------------------ */

struct ball {
	atomic_uint at;
	unsigned cpu[2];
	int rc[2];
};

static void play(struct ball *ball, unsigned me)
{
	ball->rc[me] = bench_pin(ball->cpu[me]);
	for (unsigned i = 0; i < BALLS / 2; i++) {
		while (atomic_load(&ball->at) != me)
			syscall(SYS_futex, &ball->at, FUTEX_WAIT_PRIVATE, !me, NULL, NULL, 0);
		atomic_store(&ball->at, !me);
		syscall(SYS_futex, &ball->at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}

static void *server(void *arg)
{
	play(arg, 0);
	return NULL;
}

static void *returner(void *arg)
{
	play(arg, 1);
	return NULL;
}

/* From one thread to another on another CPU (if there is one), in nanoseconds. */
static int futex_ball(struct bench *b, double *ns)
{
	struct ball ball = { .cpu = { b->cpus[0], b->cpus[b->n_cpus - 1] } };
	pthread_t one, other;
	uint64_t begin;
	int rc = pthread_create(&other, NULL, returner, &ball);

	if (rc)
		return cx_fail(&b->err, rc, "cannot start a thread");
	begin = bench_now(CLOCK_MONOTONIC);
	rc = pthread_create(&one, NULL, server, &ball);
	if (rc)
		play(&ball, 0);
	else
		pthread_join(one, NULL);
	pthread_join(other, NULL);
	*ns = (double)(bench_now(CLOCK_MONOTONIC) - begin) / BALLS;
	return rc ? cx_fail(&b->err, rc, "cannot start a thread") : ball.rc[0];
}

static int body(struct bench *b)
{
	static const char *const schedulers[] = { "rr", "credit", "linux" };
	double futex_ns = 0;
	int rc = futex_ball(b, &futex_ns);

	if (rc == 0)
		rc = a_million(b, "credit");
	for (unsigned i = 0; rc == 0 && i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
		rc = alone(b, schedulers[i], futex_ns);
	for (unsigned i = 0; rc == 0 && i < sizeof(schedulers) / sizeof(schedulers[0]); i++)
		rc = sleeper(b, schedulers[i]);
	return rc;
}

int main(void)
{
	return bench_main("events between vCPUs of two domains", body);
}
