/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of cachewalk: steps of about a millisecond; what each part of them took, against
 * what its accesses cost when warm, tells what being cold cost.
 *
 * The payload counts pieces: the one that holds the absence not at all, then as cold all
 * that make up a round of the working set, then as warm the rest.  The model puts the same
 * borders into the parts that it hears of; an absence falls into the middle of a piece on
 * average.  What a part lost to the cold, it lost in the first round since the return.
 */
#include "../models.h"
#include "cycle.h"
#include "table.h"
#include "tally.h"

#define STEP_NS UINT64_C(1000000)
#define NOT_COUNTED (PIECE / 2)     /* accesses after a return */
#define MAKE_ITERATIONS UINT64_C(4) /* a line of cx_cycle_make(): so many of cx_work() ... */
#define MAKE_OVERLAP 4u /* ... and a part of an access, as several are under way at once */

struct walk {
	enum { STARTS, MAKES, WALKS } at;
	uint64_t lines, away;
	/* What a piece takes, with two readings of the clock, and what of that it sees. */
	uint64_t piece_ps, seen_ps;
	uint64_t walked_ns;
	uint64_t then;  /* up to when parts are counted */
	uint64_t since; /* accesses since the last return */
	struct tally tally;
};

static uint64_t working_set(struct cx_model_vcpu *v)
{
	return (uint64_t)cx_model_param(v, P_SIZE);
}

/** Returns whether the working set fits. */
static bool start(struct cx_model_vcpu *v, struct walk *w)
{
	uint64_t clock_ps = cx_model_ns(v, CX_MODEL_CLOCK) * PS_PER_NS;

	w->lines = (uint64_t)cx_model_param(v, P_SIZE) / CX_LINE_SIZE;
	w->away = (uint64_t)cx_model_param(v, P_AWAY);
	w->seen_ps = cx_model_access_ps(v) * PIECE + clock_ps;
	w->piece_ps = w->seen_ps + clock_ps;
	return w->lines * CX_LINE_SIZE <= cx_model_heap(v);
}

/** Accesses done after @ns of walking. */
static uint64_t accesses(const struct walk *w, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * (PS_PER_NS * PIECE) / w->piece_ps);
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct walk *w = cx_model_priv(v);
	uint64_t pieces;

	if (w->at == STARTS) {
		if (!start(v, w)) {
			cx_model_log(v, TOO_SMALL);
			cx_model_exit(step, EXIT_TOO_SMALL);
			return;
		}
		cx_model_work(v, step, w->lines * MAKE_ITERATIONS);
		step->ns += w->lines * cx_model_access_ps(v) / MAKE_OVERLAP / PS_PER_NS;
		w->at = MAKES;
		return;
	}
	if (w->at == MAKES) {
		w->then = cx_model_now(v);
		w->at = WALKS;
	}
	pieces = STEP_NS * PS_PER_NS / w->piece_ps + 1;
	step->op = CX_MODEL_WORK;
	step->ns = (pieces * w->piece_ps + PS_PER_NS - 1) / PS_PER_NS;
}

static uint64_t share(uint64_t value, uint64_t part, uint64_t of)
{
	return of ? (uint64_t)((unsigned __int128)value * part / of) : 0;
}

/** What the payload sees @n warm accesses take. */
static uint64_t seen_ns(const struct walk *w, uint64_t n)
{
	return share(w->seen_ps, n, PIECE * PS_PER_NS);
}

/** How much of @from .. @to lies in @low .. @high. */
static uint64_t overlap(uint64_t from, uint64_t to, uint64_t low, uint64_t high)
{
	if (from < low)
		from = low;
	if (to > high)
		to = high;
	return to > from ? to - from : 0;
}

/** @n more accesses, which lost @lost_ns to the cold or to a short absence. */
static void count(struct walk *w, uint64_t n, uint64_t lost_ns)
{
	/* The payload looks at the end of a piece whether the round is complete. */
	uint64_t round = (w->lines + PIECE - 1) / PIECE * PIECE, border = NOT_COUNTED + round;
	uint64_t from = w->since, to = from + n;
	uint64_t cold = overlap(from, to, NOT_COUNTED, border);
	uint64_t warm = overlap(from, to, border, UINT64_MAX);
	uint64_t first = overlap(from, to, 0, w->lines);
	uint64_t cold_lost, warm_lost = 0;

	if (first) {
		cold_lost = share(lost_ns, overlap(from, to, NOT_COUNTED, w->lines), first);
	} else {
		warm_lost = share(lost_ns, warm, n);
		cold_lost = share(lost_ns, cold, n);
	}
	if (w->tally.returns) {
		w->tally.cold += cold;
		w->tally.cold_ns += seen_ns(w, cold) + cold_lost;
	}
	w->tally.warm += warm;
	w->tally.warm_ns += seen_ns(w, warm) + warm_lost;
	w->since = to;
}

static void worked(struct cx_model_vcpu *v, uint64_t ns, uint64_t took_ns)
{
	struct walk *w = cx_model_priv(v);
	uint64_t now = cx_model_now(v), before, absent_ns, lost_ns = took_ns - ns;

	if (w->at != WALKS)
		return;
	absent_ns = now - w->then > took_ns ? now - w->then - took_ns : 0;
	w->then = now;
	if (absent_ns + w->piece_ps / PS_PER_NS > w->away) {
		w->since = 0;
		w->tally.returns++;
	} else {
		lost_ns += absent_ns;
	}
	before = accesses(w, w->walked_ns);
	w->walked_ns += ns;
	count(w, accesses(w, w->walked_ns) - before, lost_ns);
}

static void publish(struct cx_model_vcpu *v)
{
	const struct walk *w = cx_model_priv(v);
	const struct tally *tally = &w->tally;
	uint64_t warm = ps_per_access(tally->warm_ns, tally->warm);
	uint64_t cold = ps_per_access(tally->cold_ns, tally->cold);

	if (w->at != WALKS)
		return;
	cx_model_set_progress(v, accesses(w, w->walked_ns) / PIECE * PIECE);
	cx_model_set_result(v, R_WARM_PS, warm);
	cx_model_set_result(v, R_COLD_PS, cold);
	cx_model_set_result(v, R_REFILL_NS, refill_ns(warm, cold, w->lines));
	cx_model_set_result(v, R_RETURNS, tally->returns);
	cx_model_set_result(v, R_WARM, tally->warm);
	cx_model_set_result(v, R_COLD, tally->cold);
}

const struct cx_model cx_model_cachewalk = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct walk),
	.next = next,
	.worked = worked,
	.publish = publish,
	.working_set = working_set,
};
