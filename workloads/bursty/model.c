/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of bursty.
 *
 * A phase is one step of work.  With a tick it is several: the clock is looked at after
 * each, not after every unit as the payload does, so that a phase that was preempted ends
 * at most a step late.
 */
#include "../models.h"
#include "align.h"
#include "cx_random.h"
#include "table.h"

#define STEP_UNITS 32u /* about 32 us */

struct bursty {
	enum { CALIBRATES, STARTS, PLANS, SLEEPS, RUNS } at;
	uint64_t tick, offset, phases_max;
	uint64_t unit; /* iterations */
	uint64_t block, run, start, woke;
	uint64_t end;            /* of the phase by the clock; 0 = none */
	uint64_t units, step_ns; /* of the present step: units in it, and work done */
	uint64_t progress;       /* before it */
	uint64_t phases, skipped, run_max, late_max, late_sum;
	struct cx_random random;
};

static uint64_t varied(struct cx_model_vcpu *v, struct bursty *s, unsigned param)
{
	return cx_vary((uint64_t)cx_model_param(v, param), (uint64_t)cx_model_param(v, P_VARY),
		       cx_random_next(&s->random));
}

static void start(struct cx_model_vcpu *v, struct bursty *s)
{
	s->tick = (uint64_t)cx_model_param(v, P_TICK);
	s->offset = (uint64_t)cx_model_param(v, P_OFFSET);
	s->phases_max = (uint64_t)cx_model_param(v, P_PHASES);
	s->unit = CX_WORK_UNIT + (s->tick ? CX_MODEL_CLOCK : 0);
	cx_random_init(&s->random, cx_model_seed(v));
	s->block = cx_random_below(&s->random, (uint64_t)cx_model_param(v, P_BLOCK));
}

static void run_units(struct cx_model_vcpu *v, struct bursty *s, uint64_t units,
		      struct cx_model_step *step)
{
	s->units = units;
	s->step_ns = 0;
	cx_model_work(v, step, units * s->unit);
}

static void step_done(struct bursty *s)
{
	s->progress += s->units;
	s->units = s->step_ns = 0;
}

/** By the clock: the next step, if it is not over. */
static bool runs_on(struct cx_model_vcpu *v, struct bursty *s, struct cx_model_step *step)
{
	uint64_t now = cx_model_now(v), units;

	if (now >= s->end)
		return false;
	units = cx_model_pieces(v, s->end - now - 1, s->unit) + 1;
	run_units(v, s, units < STEP_UNITS ? units : STEP_UNITS, step);
	return true;
}

static void begin_phase(struct cx_model_vcpu *v, struct bursty *s, struct cx_model_step *step)
{
	s->at = RUNS;
	s->end = 0;
	if (s->tick) {
		s->end = s->start + s->run;
		runs_on(v, s, step);
	} else {
		run_units(v, s, cx_model_iterations(v, s->run) / CX_WORK_UNIT + 1, step);
	}
}

static void count_phase(struct cx_model_vcpu *v, struct bursty *s)
{
	uint64_t took = cx_model_now(v) - s->woke;

	if (took > s->run_max)
		s->run_max = took;
	s->phases++;
}

static void plan(struct cx_model_vcpu *v, struct bursty *s)
{
	s->run = varied(v, s, P_RUN);
	s->start = cx_model_now(v) + s->block;
	if (s->tick)
		s->start = cx_align_next(s->start, s->tick, s->offset);
	s->at = SLEEPS;
}

/** It woke.  Returns whether the phase is still to be run. */
static bool wakes(struct cx_model_vcpu *v, struct bursty *s)
{
	uint64_t late;

	s->woke = cx_model_now(v);
	late = s->woke - s->start;
	s->late_sum += late;
	if (late > s->late_max)
		s->late_max = late;
	if (!s->tick || late < s->run)
		return true;
	s->skipped++;
	return false;
}

/** The phase is over, or was skipped. */
static void publish_phase(struct cx_model_vcpu *v, struct bursty *s)
{
	cx_model_set_result(v, R_PHASES, s->phases);
	cx_model_set_result(v, R_RUN_MAX_NS, s->run_max);
	cx_model_set_result(v, R_LATE_MAX_NS, s->late_max);
	cx_model_set_result(v, R_LATE_SUM_NS, s->late_sum);
	cx_model_set_result(v, R_SKIPPED, s->skipped);
	s->block = varied(v, s, P_BLOCK);
	s->at = PLANS;
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct bursty *s = cx_model_priv(v);

	for (;;) {
		switch (s->at) {
		case CALIBRATES:
			cx_model_calibrate(v, step);
			s->at = STARTS;
			return;
		case STARTS:
			start(v, s);
			s->at = PLANS;
			break;
		case PLANS:
			if (s->phases_max && s->phases >= s->phases_max) {
				cx_model_exit(step, 0);
				return;
			}
			plan(v, s);
			break;
		case SLEEPS:
			if (cx_model_sleeps(v, step, s->start))
				return;
			if (wakes(v, s)) {
				begin_phase(v, s, step);
				return;
			}
			publish_phase(v, s);
			break;
		case RUNS:
			step_done(s);
			if (s->end && runs_on(v, s, step))
				return;
			count_phase(v, s);
			publish_phase(v, s);
			break;
		}
	}
}

static void worked(struct cx_model_vcpu *v, uint64_t ns, uint64_t took_ns)
{
	struct bursty *s = cx_model_priv(v);

	(void)took_ns;
	s->step_ns += ns;
}

static void publish(struct cx_model_vcpu *v)
{
	const struct bursty *s = cx_model_priv(v);
	uint64_t done = s->units ? cx_model_pieces(v, s->step_ns, s->unit) : 0;

	cx_model_set_progress(v, s->progress + (done < s->units ? done : s->units));
}

const struct cx_model cx_model_bursty = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct bursty),
	.next = next,
	.worked = worked,
	.publish = publish,
};
