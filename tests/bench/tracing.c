/* SPDX-License-Identifier: BSD-2-Clause */
/* What recording one event costs: with LTTng, and in memory as every run does. */
#include "tests/support/bench.h"
#include "trace/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5u
#define EVENTS 200000u /* a round */
#define GOAL_LOST 1

static struct cx_event event_at(uint64_t i)
{
	return (struct cx_event){ .t_ns = bench_now(CLOCK_MONOTONIC),
				  .type = CX_EV_SWITCH,
				  .vcpu = (uint32_t)(i & 7),
				  .prev = (uint32_t)(i + 1) & 7,
				  .why = CX_WHY_SLICE,
				  .x = 1000000,
				  .y = i };
}

/* Nanoseconds an event of CPU time of this thread, the clock and the event included. */
static double send_all(const struct cx_trace_sink *sink, struct cx_history *history)
{
	uint64_t used = bench_now(CLOCK_THREAD_CPUTIME_ID);

	for (uint64_t i = 0; i < EVENTS; i++) {
		struct cx_event e = event_at(i);

		if (sink)
			sink->event(&e);
		if (history)
			cx_history_add(history, 0, &e);
		__asm__ volatile("" : : "r"(&e) : "memory");
	}
	return (double)(bench_now(CLOCK_THREAD_CPUTIME_ID) - used) / EVENTS;
}

static void print(struct bench *b, const char *figure, double *rounds, double base)
{
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = "ns",
			       .value = bench_median(rounds, ROUNDS) - base,
			       .peer = NAN,
			       .steal = NAN,
		       });
}

static int measure(struct bench *b, const struct cx_trace_sink *sink)
{
	struct cx_history *history = cx_history_new(1, 0);
	double none[ROUNDS], kept[ROUNDS], traced[ROUNDS], base;

	if (!history)
		return cx_fail(&b->err, ENOMEM, "out of memory");
	for (unsigned i = 0; i < ROUNDS; i++) {
		none[i] = send_all(NULL, NULL);
		kept[i] = send_all(NULL, history);
		traced[i] = send_all(sink, NULL);
	}
	base = bench_median(none, ROUNDS);
	print(b, "an event in LTTng's buffer", traced, base);
	print(b, "an event in the history", kept, base);
	print(b, "making it, the clock read included", none, 0);
	cx_history_free(history);
	return 0;
}

static int body(struct bench *b)
{
	const char *dirs[] = { b->lib, NULL };
	char dir[] = "/tmp/coxswain-bench.XXXXXX", command[64];
	struct cx_capture *capture;
	uint64_t events = 0, lost = 0;
	int rc, stopped;

	if (!mkdtemp(dir))
		return cx_fail(&b->err, errno, "%s: %s", dir, strerror(errno));
	rc = cx_capture_start(dir, dirs, &capture, &b->err);
	if (rc == 0) {
		rc = measure(b, cx_capture_sink(capture));
		stopped = cx_capture_stop(capture, &events, &lost, rc < 0 ? NULL : &b->err);
		if (rc == 0)
			rc = stopped;
	}
	if (rc == 0)
		bench_print(b, &(struct bench_row){
				       .figure = "events lost, of all that were sent",
				       .unit = "",
				       .value = (double)lost,
				       .peer = (double)events,
				       .goal = BENCH_BELOW,
				       .target = GOAL_LOST,
				       .steal = NAN,
			       });
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0 && rc == 0)
		rc = cx_fail(&b->err, EIO, "cannot remove %s", dir);
	return rc;
}

int main(void)
{
	return bench_main("tracing: CPU time of one event", body);
}
