/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * models.h - what the models of the workloads share.
 *
 * A model reads like its payload: the same parameters, draws and results in the same
 * order, with steps in place of what takes time.  What the payload does in iterations of
 * cx_work() the model does in iterations too, and tells the simulator how long they take.
 */
#ifndef CX_WORKLOADS_MODELS_H
#define CX_WORKLOADS_MODELS_H

#include "guest/cx_rate.h"

#include <coxswain/model.h>

extern const struct cx_model cx_model_barrier, cx_model_bursty, cx_model_cachewalk, cx_model_hog,
	cx_model_lock, cx_model_server, cx_model_sleeper;

/** What a reading of the clock costs a payload, as iterations of cx_work(): about 14 ns.
 *  Where a payload's loop would take no time without it, it keeps the model moving. */
#define CX_MODEL_CLOCK 10u

/** @a times @b by @c, rounded up; CX_MODEL_FOREVER if it is too long to tell. */
static inline uint64_t cx_model_scale_up(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 x = ((unsigned __int128)a * b + c - 1) / c;

	return x < CX_MODEL_FOREVER ? (uint64_t)x : CX_MODEL_FOREVER;
}

/** Nanoseconds of undisturbed work that @iterations of cx_work() take, rounded up. */
static inline uint64_t cx_model_ns(const struct cx_model_vcpu *v, uint64_t iterations)
{
	return cx_model_scale_up(iterations, 1000, cx_model_work_rate(v));
}

/** Pieces of @iterations each that are complete after @ns of work. */
static inline uint64_t cx_model_pieces(const struct cx_model_vcpu *v, uint64_t ns,
				       uint64_t iterations)
{
	return (uint64_t)((unsigned __int128)ns * cx_model_work_rate(v) /
			  ((unsigned __int128)iterations * 1000));
}

/** What cx_work_rate() finds. */
static inline uint64_t cx_model_rate(const struct cx_model_vcpu *v)
{
	return cx_work_rate_of(CX_WORK_RATE_ITERATIONS, cx_model_ns(v, CX_WORK_RATE_ITERATIONS));
}

/** The iterations that a payload does when told to work for @ns. */
static inline uint64_t cx_model_iterations(const struct cx_model_vcpu *v, uint64_t ns)
{
	return cx_work_iterations(cx_model_rate(v), ns);
}

static inline void cx_model_work(const struct cx_model_vcpu *v, struct cx_model_step *step,
				 uint64_t iterations)
{
	step->op = CX_MODEL_WORK;
	step->ns = cx_model_ns(v, iterations);
}

/** The time that cx_work_rate() takes. */
static inline void cx_model_calibrate(const struct cx_model_vcpu *v, struct cx_model_step *step)
{
	cx_model_work(v, step,
		      CX_WORK_RATE_RUNS * (CX_WORK_RATE_ITERATIONS + UINT64_C(2) * CX_MODEL_CLOCK));
}

/** cx_sleep_until(): true with a step as long as @deadline is still to come. */
static inline bool cx_model_sleeps(const struct cx_model_vcpu *v, struct cx_model_step *step,
				   uint64_t deadline)
{
	uint64_t now = cx_model_now(v);

	if (now >= deadline)
		return false;
	step->op = CX_MODEL_BLOCK;
	step->ns = deadline - now;
	return true;
}

static inline void cx_model_exit(struct cx_model_step *step, uint64_t status)
{
	step->op = CX_MODEL_EXIT;
	step->ns = status;
}

#endif
