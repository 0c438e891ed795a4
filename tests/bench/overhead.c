/* SPDX-License-Identifier: BSD-2-Clause */
/* What running under a policy costs a guest that has its pCPU to itself. */
#include "tests/support/bench.h"
#include "trace/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 9u
#define ROUND_NS CX_SEC

static int compare(struct bench *b, const char *figure, struct bench_run_side *side, double goal)
{
	struct bench_bare_side bare = { b->n_cpus, ROUND_NS };
	struct bench_pairs pairs;
	int rc = bench_pairs(b, ROUNDS, bench_run_side, side, bench_bare_side, &bare, &pairs);

	if (rc == 0)
		bench_print_pairs(b, figure, "units/s", &pairs, goal);
	return rc;
}

/* A side each of whose runs is recorded; the traces are thrown away. */
struct traced {
	struct bench_run_side run;
	struct cx_recorder *recorder;
	uint64_t events, lost;
};

static int remove_trace(struct bench *b, const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : cx_fail(&b->err, EIO, "cannot remove %s", dir);
}

static int traced_side(struct bench *b, void *arg, struct bench_sample *out)
{
	struct traced *t = arg;
	char dir[] = "/tmp/coxswain-bench.XXXXXX";
	uint64_t events = 0, lost = 0;
	struct cx_capture *capture;
	int rc, stopped;

	if (!mkdtemp(dir))
		return cx_fail(&b->err, errno, "%s: %s", dir, strerror(errno));
	rc = cx_recorder_start(t->recorder, dir, &capture, &b->err);
	if (rc == 0) {
		t->run.run.sink = cx_capture_sink(capture);
		rc = bench_run_side(b, &t->run, out);
		stopped = cx_capture_stop(capture, &events, &lost, rc < 0 ? NULL : &b->err);
		if (rc == 0)
			rc = stopped;
	}
	t->events += events;
	t->lost += lost;
	stopped = remove_trace(b, dir);
	return rc < 0 ? rc : stopped;
}

static int compare_traced(struct bench *b, const struct bench_run_side *side)
{
	const char *dirs[] = { b->lib, NULL };
	struct bench_bare_side bare = { b->n_cpus, ROUND_NS };
	struct traced t = { .run = *side };
	struct bench_pairs pairs;
	int rc = cx_recorder_open(dirs, &t.recorder, &b->err);

	if (rc < 0)
		return rc;
	rc = bench_pairs(b, ROUNDS, traced_side, &t, bench_bare_side, &bare, &pairs);
	cx_recorder_close(t.recorder);
	if (rc < 0)
		return rc;
	bench_print_pairs(b, "a hog a pCPU, credit, traced / bare KVM_RUN", "units/s", &pairs,
			  0.99);
	bench_note("%llu events traced, %llu lost", (unsigned long long)t.events,
		   (unsigned long long)t.lost);
	return 0;
}

static int body(struct bench *b)
{
	struct bench_run_side side = {
		.run = { .scheduler = "credit", .duration_ns = ROUND_NS },
		.busy_cpus = b->n_cpus,
	};
	struct cx_scenario *scenario;
	int rc = bench_scenario(b, &scenario,
				"domains:\n"
				"  - {name: hog, count: %u, workload: {name: hog}}\n",
				b->n_cpus);

	if (rc < 0)
		return rc;
	side.scenario = scenario;
	rc = compare(b, "a hog a pCPU, credit / bare KVM_RUN", &side, 0.995);
	if (rc == 0)
		rc = compare_traced(b, &side);
	cx_scenario_free(scenario);
	return rc;
}

int main(void)
{
	return bench_main("one hog a pCPU, against the same guest in a bare pinned KVM_RUN loop",
			  body);
}
