/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keeping the events costs a decision, and what the metrics take for them afterwards.
 */
#include "tests/support/bench.h"
#include "tests/unit/fabricate.h"
#include "trace/history.h"

#include <stdlib.h>

#define APPENDS 90000u /* fit in a lane's first chunk */
#define ROUNDS 9u
#define EVENTS 2000000u
#define DOMAINS 256u

static double per_event(uint64_t begin_ns, unsigned n)
{
	return (double)(bench_now(CLOCK_MONOTONIC) - begin_ns) / n;
}

static double append(struct cx_history *h)
{
	struct cx_event e = { .type = CX_EV_SWITCH };
	uint64_t begin = bench_now(CLOCK_MONOTONIC);

	for (e.t_ns = 0; e.t_ns < APPENDS; e.t_ns++)
		cx_history_add(h, 0, &e);
	return per_event(begin, APPENDS);
}

static double copy(struct cx_event *to)
{
	struct cx_event e = { .type = CX_EV_SWITCH };
	uint64_t begin = bench_now(CLOCK_MONOTONIC);

	for (e.t_ns = 0; e.t_ns < APPENDS; e.t_ns++) {
		to[e.t_ns] = e;
		__asm__ volatile("" ::: "memory");
	}
	return per_event(begin, APPENDS);
}

static int bench_append(struct bench *b)
{
	struct cx_event *array = calloc(APPENDS, sizeof(*array));
	double ours[ROUNDS], plain[ROUNDS];
	unsigned i;

	if (!array)
		return 1;
	copy(array);
	for (i = 0; i < ROUNDS; i++) {
		struct cx_history *h = cx_history_new(1, 0);

		if (!h) {
			free(array);
			return 1;
		}
		ours[i] = append(h);
		plain[i] = copy(array);
		cx_history_free(h);
	}
	free(array);
	bench_print(b,
		    &(struct bench_row){ .figure = "keep an event, against storing it in an array",
					 .unit = "ns",
					 .value = bench_median(ours, ROUNDS),
					 .peer = bench_median(plain, ROUNDS),
					 .steal = NAN });
	return 0;
}

/** Everybody is hungry, and the pCPUs go round: two events a switch now and then. */
static struct fab many_switches(void)
{
	static struct fab_domain domains[DOMAINS];
	uint64_t end = 10 * CX_SEC, t;
	unsigned i, next = 0;
	struct fab f;

	for (i = 0; i < DOMAINS; i++)
		domains[i] = (struct fab_domain){ .name = "d", .vcpus = 1, .weight = 1 + i };
	f = fab_new(end, 2, DOMAINS, domains);
	for (i = 0; i < DOMAINS; i++)
		fab_wake(&f, 0, i, CX_WAKE_START);
	for (i = 0; i < EVENTS; i++) {
		t = end / EVENTS * i;
		fab_switch(&f, t, i % 2, next, CX_WHY_SLICE);
		next = (next + 1) % DOMAINS;
	}
	fab_finish(&f);
	return f;
}

static int bench_metrics(struct bench *b)
{
	struct fab f = many_switches();
	struct cx_history_cursor *cursor = cx_history_walk(f.record->history);
	struct cx_metrics *m = NULL;
	double walk, compute;
	uint64_t begin;
	int ret;

	if (!cursor) {
		fab_free(&f);
		return 1;
	}
	begin = bench_now(CLOCK_MONOTONIC);
	while (cx_history_next(cursor))
		;
	walk = per_event(begin, EVENTS);
	cx_history_cursor_free(cursor);
	begin = bench_now(CLOCK_MONOTONIC);
	ret = cx_metrics_compute(f.record, &m, &b->err);
	compute = per_event(begin, EVENTS);
	if (!ret)
		bench_print(b, &(struct bench_row){
				       .figure = "all metrics of an event, against walking to it",
				       .unit = "ns",
				       .value = compute,
				       .peer = walk,
				       .steal = NAN });
	cx_metrics_free(m);
	fab_free(&f);
	return ret ? 1 : 0;
}

static int body(struct bench *b)
{
	int ret = bench_append(b);

	return ret ? ret : bench_metrics(b);
}

int main(void)
{
	return bench_main("events in memory", body);
}
