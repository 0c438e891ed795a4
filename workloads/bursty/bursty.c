/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bursty - runs and blocks by turns.
 *
 * Left to itself it uses `run` of CPU time in each phase, then blocks for `block`.  With
 * a `tick` it becomes a cheat: each phase begins `offset` after a tick of the host's and
 * is over `run` later by the clock, done or not, so that a scheduler that bills whoever
 * runs when it ticks never sees it.  (The clock starts with the run, as ticks do.)
 *
 * A unit of progress is the same work as hog's, so the two can be compared.
 */
#include "align.h"
#include "cx_guest.h"
#include "cx_work.h"

enum { P_RUN, P_BLOCK, P_VARY, P_TICK, P_OFFSET, P_PHASES, N_PARAMS };
enum { R_PHASES, R_RUN_MAX_NS, R_LATE_MAX_NS, R_LATE_SUM_NS, R_SKIPPED, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "bursty",
	.summary = "runs and blocks in phases, optionally between the ticks: boost and cheating",
	.progress_unit = "units",
	.n_params = N_PARAMS,
	.params =
		{
			[P_RUN] = CX_DURATION(
				"run", CX_NSEC_PER_USEC, CX_HOUR_NS, 5 * CX_NSEC_PER_MSEC,
				"CPU time used in a phase; with `tick`: its end by the clock"),
			[P_BLOCK] = CX_DURATION(
				"block", CX_NSEC_PER_USEC, CX_HOUR_NS, 5 * CX_NSEC_PER_MSEC,
				"time blocked between two phases; with `tick`: at least"),
			[P_VARY] = CX_INT("vary", "percent", 0, 100, 0,
					  "change each run and block at random by up to this much"),
			[P_TICK] = CX_DURATION(
				"tick", 0, CX_HOUR_NS, 0,
				"begin phases at a fixed place in this period; 0 = anywhere"),
			[P_OFFSET] = CX_DURATION("offset", 0, CX_HOUR_NS, 0,
						 "where in the tick's period phases begin"),
			[P_PHASES] = CX_INT("phases", "phases", 0, INT64_C(1) << 60, 0,
					    "phases after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_PHASES] = "phases",
		    [R_RUN_MAX_NS] = "run_max_ns",
		    [R_LATE_MAX_NS] = "late_max_ns",
		    [R_LATE_SUM_NS] = "late_sum_ns",
		    [R_SKIPPED] = "skipped"},
};

struct state {
	struct cx_guest_page *page;
	struct cx_random random;
	uint64_t rate;
	uint64_t progress, phases, skipped, run_max, late_max, late_sum;
};

static uint64_t varied(struct state *s, unsigned param)
{
	return cx_vary((uint64_t)s->page->params[param], (uint64_t)s->page->params[P_VARY],
		       cx_random_next(&s->random));
}

/** One phase from @start (when it woke), by the clock at most until @end (0 = no end). */
static void run_phase(struct state *s, uint64_t run, uint64_t start, uint64_t end)
{
	uint64_t units = cx_work_iterations(s->rate, run) / CX_WORK_UNIT + 1;
	uint64_t took;

	while (end ? cx_now(s->page) < end : units-- > 0) {
		cx_work(CX_WORK_UNIT);
		cx_set_progress(s->page, ++s->progress);
	}
	took = cx_now(s->page) - start;
	if (took > s->run_max)
		s->run_max = took;
	s->phases++;
}

static void count_lateness(struct state *s, uint64_t ns)
{
	s->late_sum += ns;
	if (ns > s->late_max)
		s->late_max = ns;
}

static void publish(const struct state *s)
{
	cx_set_result(s->page, R_PHASES, s->phases);
	cx_set_result(s->page, R_RUN_MAX_NS, s->run_max);
	cx_set_result(s->page, R_LATE_MAX_NS, s->late_max);
	cx_set_result(s->page, R_LATE_SUM_NS, s->late_sum);
	cx_set_result(s->page, R_SKIPPED, s->skipped);
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t tick = (uint64_t)page->params[P_TICK];
	uint64_t offset = (uint64_t)page->params[P_OFFSET];
	uint64_t phases = (uint64_t)page->params[P_PHASES];
	struct state s = { .page = page, .rate = cx_work_rate(page) };
	uint64_t block;

	cx_random_init(&s.random, page->seed);
	/* Start anywhere in a round, so that replicas do not move in step. */
	block = cx_random_below(&s.random, (uint64_t)page->params[P_BLOCK]);
	while (!phases || s.phases < phases) {
		uint64_t run = varied(&s, P_RUN), start = cx_now(page) + block, woke;

		if (tick)
			start = cx_align_next(start, tick, offset);
		woke = cx_sleep_until(page, start);
		count_lateness(&s, woke - start);
		if (tick && woke - start >= run)
			s.skipped++;
		else
			run_phase(&s, run, woke, tick ? start + run : 0);
		publish(&s);
		block = varied(&s, P_BLOCK);
	}
	return 0;
}
