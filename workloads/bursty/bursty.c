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
#include "table.h"

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
