/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of sleeper. */
#include "../models.h"
#include "cx_random.h"
#include "table.h"

struct sleeper {
	enum { CALIBRATES, STARTS, SLEEPS, WORKS } at;
	uint64_t period, jitter, wakes_max, work;
	uint64_t deadline, due, missed;
	uint64_t wakes, late_max, late_sum, late_1ms;
	struct cx_random random;
};

static void start(struct cx_model_vcpu *v, struct sleeper *s)
{
	uint64_t now = cx_model_now(v);

	s->period = (uint64_t)cx_model_param(v, P_PERIOD);
	s->jitter = (uint64_t)cx_model_param(v, P_JITTER);
	s->wakes_max = (uint64_t)cx_model_param(v, P_WAKES);
	s->work = cx_model_iterations(v, (uint64_t)cx_model_param(v, P_WORK));
	cx_random_init(&s->random, cx_model_seed(v));
	s->deadline = cx_model_param(v, P_ALIGN) ? (now / s->period + 1) * s->period
						 : now + 1 + cx_random_below(&s->random, s->period);
}

static void publish_wake(struct cx_model_vcpu *v, struct sleeper *s, uint64_t ns)
{
	s->wakes++;
	s->late_sum += ns;
	if (ns > s->late_max)
		s->late_max = ns;
	if (ns > LATE_NS)
		s->late_1ms++;
	cx_model_set_result(v, R_LATE_MAX_NS, s->late_max);
	cx_model_set_result(v, R_LATE_SUM_NS, s->late_sum);
	cx_model_set_result(v, R_LATE_1MS, s->late_1ms);
	cx_model_set_progress(v, s->wakes);
}

static void next_deadline(struct cx_model_vcpu *v, struct sleeper *s)
{
	uint64_t now = cx_model_now(v);

	s->deadline += s->period;
	if (s->deadline <= now) {
		uint64_t behind = (now - s->deadline) / s->period + 1;

		s->deadline += behind * s->period;
		s->missed += behind;
		cx_model_set_result(v, R_MISSED, s->missed);
	}
}

/** The next deadline is known: sleep until it, if there is to be another wake. */
static bool goes_to_sleep(struct sleeper *s)
{
	if (s->wakes_max && s->wakes >= s->wakes_max)
		return false;
	s->due = s->deadline + (s->jitter ? cx_random_below(&s->random, s->jitter) : 0);
	s->at = SLEEPS;
	return true;
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct sleeper *s = cx_model_priv(v);

	if (s->at == CALIBRATES) {
		cx_model_calibrate(v, step);
		s->at = STARTS;
		return;
	}
	if (s->at == STARTS)
		start(v, s);
	else if (s->at == WORKS)
		next_deadline(v, s);
	if (s->at != SLEEPS && !goes_to_sleep(s)) {
		cx_model_exit(step, 0);
		return;
	}
	if (cx_model_sleeps(v, step, s->due))
		return;
	publish_wake(v, s, cx_model_now(v) - s->due);
	cx_model_work(v, step, s->work + CX_MODEL_CLOCK);
	s->at = WORKS;
}

const struct cx_model cx_model_sleeper = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct sleeper),
	.next = next,
};
