/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What switching between two guests costs: against the host kernel's own scheduler at the
 * same number of switches a second, and against one guest that is never interrupted.
 */
#include "tests/support/bench.h"

#include <coxswain/plugin.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 7u
#define ROUND_NS CX_SEC
#define LOSS_ROUNDS 5u
#define LOSS_ROUND_NS (CX_SEC / 2)
#define FIND_NS (CX_SEC / 2)
#define FIND_STEPS 3u
#define HANDOVERS 200000u

/* The policies, and how each is told its slice. */
struct policy {
	const char *name, *params;
};

static const struct policy policies[] = {
	{ "rr", "slice=%lluns" },
	/* Its own ticks are not what is compared: as few as it takes. */
	{ "credit", "tslice=%lluns ticks_per_tslice=1 ratelimit=100us" },
};
#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

/* A run of two hogs on one pCPU with slices of @slice_ns. */
struct sliced {
	struct bench_run_side side;
	char params[64];
};

static void set_slice(struct sliced *s, const struct policy *policy, uint64_t slice_ns)
{
	s->side.run.scheduler = policy->name;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(s->params, sizeof(s->params), policy->params, (unsigned long long)slice_ns);
#pragma GCC diagnostic pop
	s->side.run.params = s->params;
}

/*
 * The slice with which @policy switches as often as the baseline does: a turn is longer
 * than a slice by what it takes to stop a guest, and may be several slices.
 */
static int find_slice(struct bench *b, struct sliced *s, const struct policy *policy,
		      double switches, uint64_t *slice_ns)
{
	double slice = 1e9 / switches;
	struct bench_sample sample;
	uint64_t full = s->side.run.duration_ns;
	int rc = 0;

	s->side.run.duration_ns = FIND_NS;
	for (unsigned i = 0; rc == 0 && i < FIND_STEPS; i++) {
		set_slice(s, policy, (uint64_t)slice);
		rc = bench_run_side(b, &s->side, &sample);
		if (rc == 0)
			slice = fmin(fmax(slice * sample.switches / switches, CX_SLICE_MIN_NS),
				     CX_SEC);
	}
	s->side.run.duration_ns = full;
	s->side.gap = s->side.decide = (struct cx_hist){ 0 };
	*slice_ns = (uint64_t)slice;
	return rc;
}

/* Of all switches of the rounds: from leaving one guest to entering the next. */
static void print_gap(struct bench *b, const struct policy *policy, const struct cx_hist *gap,
		      double handover_ns, double steal)
{
	static const double percents[] = { 50, 90, 99 };
	char figure[80];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(figure, sizeof(figure), "%s, guest to guest, p%.0f (peer: futex)",
			 policy->name, percents[i]);
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "ns",
				       .value = (double)cx_hist_percentile(gap, percents[i]),
				       .peer = handover_ns,
				       .steal = steal,
			       });
	}
}

static int against_linux(struct bench *b, const struct cx_scenario *two,
			 const struct policy *policy, double switches, double handover_ns)
{
	struct sliced s = {
		.side = { .scenario = two, .run.duration_ns = ROUND_NS, .busy_cpus = 1 }
	};
	struct bench_run_side baseline = {
		.scenario = two,
		.run = { .scheduler = "linux", .duration_ns = ROUND_NS },
		.busy_cpus = 1,
	};
	struct bench_pairs pairs;
	uint64_t slice_ns = 0;
	char figure[80];
	int rc = find_slice(b, &s, policy, switches, &slice_ns);

	set_slice(&s, policy, slice_ns);
	if (rc == 0)
		rc = bench_pairs(b, ROUNDS, bench_run_side, &s.side, bench_run_side, &baseline,
				 &pairs);
	if (rc < 0)
		return rc;
	snprintf(figure, sizeof(figure), "two hogs, %s / linux", policy->name);
	bench_print_pairs(b, figure, "units/s", &pairs, 1.0);
	bench_note("slice %.3f ms; switches a second: %.1f, under linux %.1f",
		   (double)slice_ns / 1e6, pairs.a_switches, pairs.b_switches);
	print_gap(b, policy, &s.side.gap, handover_ns, pairs.steal);
	return 0;
}

/* What is lost to switching, against one guest that is never interrupted. */
static int loss(struct bench *b, struct bench_run_side *side, const char *what,
		struct bench_pairs *pairs)
{
	struct bench_bare_side bare = { 1, side->run.duration_ns };
	char figure[80];
	int rc = bench_pairs(b, LOSS_ROUNDS, bench_run_side, side, bench_bare_side, &bare, pairs);

	if (rc < 0)
		return rc;
	snprintf(figure, sizeof(figure), "two hogs, %s / one guest", what);
	bench_print_pairs(b, figure, "units/s", pairs, 0);
	bench_note("lost %.2f %% at %.0f switches a second: %.1f us a switch",
		   100 * (1 - pairs->ratio), pairs->a_switches,
		   1e6 * (1 - pairs->ratio) / pairs->a_switches);
	return 0;
}

static int loss_at(struct bench *b, const struct cx_scenario *two, const struct policy *policy,
		   uint64_t slice_ns, double handover_ns)
{
	struct sliced s = {
		.side = { .scenario = two, .run.duration_ns = LOSS_ROUND_NS, .busy_cpus = 1 }
	};
	struct bench_pairs pairs;
	char what[64];
	int rc;

	set_slice(&s, policy, slice_ns);
	snprintf(what, sizeof(what), "%s, %g us slices", policy->name, (double)slice_ns / 1e3);
	rc = loss(b, &s.side, what, &pairs);
	if (rc == 0)
		print_gap(b, policy, &s.side.gap, handover_ns, pairs.steal);
	return rc;
}

/* As they come, with no parameter set. */
static int loss_as_shipped(struct bench *b, const struct cx_scenario *two, const char *scheduler)
{
	struct bench_run_side side = {
		.scenario = two,
		.run = { .scheduler = scheduler, .duration_ns = ROUND_NS },
		.busy_cpus = 1,
	};
	struct bench_pairs pairs;

	return loss(b, &side, scheduler, &pairs);
}

/* --- the hand-over by itself ------------------------------------------------------ */

struct ball {
	atomic_uint at; /* whose turn it is */
	unsigned cpu;
	int rc;
};

static void futex(atomic_uint *word, int op, unsigned value)
{
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void play(struct ball *ball, unsigned me)
{
	for (unsigned i = 0; i < HANDOVERS / 2; i++) {
		while (atomic_load(&ball->at) != me)
			futex(&ball->at, FUTEX_WAIT_PRIVATE, !me);
		atomic_store(&ball->at, !me);
		futex(&ball->at, FUTEX_WAKE_PRIVATE, 1);
	}
}

static void *other_side(void *arg)
{
	struct ball *ball = arg;

	ball->rc = bench_pin(ball->cpu);
	play(ball, 1);
	return NULL;
}

static void *first_side(void *arg)
{
	struct ball *ball = arg;

	ball->rc = bench_pin(ball->cpu);
	play(ball, 0);
	return NULL;
}

/* CPU time of a hand-over by futex between two threads of one CPU, in nanoseconds. */
static int measure_handover(struct bench *b, double *ns)
{
	struct ball ball = { .at = 0, .cpu = b->cpus[0] };
	uint64_t used = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t one, other;
	int rc = pthread_create(&one, NULL, first_side, &ball);

	if (rc)
		return cx_fail(&b->err, rc, "cannot start a thread");
	rc = pthread_create(&other, NULL, other_side, &ball);
	if (rc) /* the first waits for it for ever: let it have its turns */
		play(&ball, 1);
	else
		pthread_join(other, NULL);
	pthread_join(one, NULL);
	*ns = (double)(bench_now(CLOCK_PROCESS_CPUTIME_ID) - used) / HANDOVERS;
	return rc ? cx_fail(&b->err, rc, "cannot start a thread") : ball.rc;
}

static int measure(struct bench *b, const struct cx_scenario *two)
{
	struct bench_run_side baseline = {
		.scenario = two,
		.run = { .scheduler = "linux", .duration_ns = 2 * ROUND_NS },
		.busy_cpus = 1,
	};
	struct bench_sample sample;
	double handover_ns = 0;
	int rc = measure_handover(b, &handover_ns);

	if (rc == 0)
		rc = bench_run_side(b, &baseline, &sample);
	if (rc == 0 && sample.switches < 1)
		rc = cx_fail(&b->err, ENODATA, "linux: no switches seen");
	for (unsigned i = 0; rc == 0 && i < N_POLICIES; i++)
		rc = against_linux(b, two, &policies[i], sample.switches, handover_ns);
	if (rc == 0)
		rc = loss_at(b, two, &policies[0], CX_MS, handover_ns);
	if (rc == 0)
		rc = loss_at(b, two, &policies[0], 100 * CX_US, handover_ns);
	if (rc == 0)
		rc = loss_as_shipped(b, two, "linux");
	for (unsigned i = 0; rc == 0 && i < N_POLICIES; i++)
		rc = loss_as_shipped(b, two, policies[i].name);
	return rc;
}

static int body(struct bench *b)
{
	struct cx_scenario *two = NULL;
	int rc = bench_scenario(b, &two,
				"pcpus: \"%u\"\n"
				"domains:\n"
				"  - {name: hog, count: 2, workload: {name: hog}}\n",
				b->cpus[0]);

	if (rc == 0)
		rc = measure(b, two);
	cx_scenario_free(two);
	return rc;
}

int main(void)
{
	return bench_main("switching between two guests on one pCPU", body);
}
