/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of hog: work without end, or up to the next yield or the last unit.
 *
 * Ends of steps are reckoned from the beginning, so that what a step rounds to whole
 * nanoseconds does not add up.
 */
#include "../models.h"
#include "table.h"

#define NO_UNITS UINT64_MAX /* as many as there is time for */

struct hog {
	uint64_t unit, work, yield; /* the parameters */
	uint64_t worked_ns;
	uint64_t target; /* units done when the present step ends */
	uint64_t yields, until_yield;
};

static void init(struct cx_model_vcpu *v)
{
	struct hog *h = cx_model_priv(v);

	h->unit = (uint64_t)cx_model_param(v, P_UNIT);
	h->work = (uint64_t)cx_model_param(v, P_WORK);
	h->yield = (uint64_t)cx_model_param(v, P_YIELD);
	h->until_yield = h->yield;
}

/** Work up to the @units-th unit, counted from the beginning. */
static void work_up_to(struct cx_model_vcpu *v, struct hog *h, uint64_t units,
		       struct cx_model_step *step)
{
	uint64_t end = CX_MODEL_FOREVER;

	h->target = units;
	if (units != NO_UNITS)
		end = cx_model_scale_up(units, h->unit * 1000, cx_model_work_rate(v));
	step->op = CX_MODEL_WORK;
	step->ns = end == CX_MODEL_FOREVER ? end : end - h->worked_ns;
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct hog *h = cx_model_priv(v);
	uint64_t units = NO_UNITS;

	if (h->yield && h->target && h->until_yield == 0) {
		h->until_yield = h->yield;
		cx_model_set_result(v, R_YIELDS, ++h->yields);
		step->op = CX_MODEL_YIELD;
		return;
	}
	if (h->work && h->target >= h->work) {
		cx_model_set_result(v, R_FINISHED_NS, cx_model_now(v));
		cx_model_exit(step, 0);
		return;
	}
	if (h->yield)
		units = h->target + h->yield;
	if (h->work && h->work < units)
		units = h->work;
	if (h->yield)
		h->until_yield -= units - h->target;
	work_up_to(v, h, units, step);
}

static void worked(struct cx_model_vcpu *v, uint64_t ns, uint64_t took_ns)
{
	struct hog *h = cx_model_priv(v);

	(void)took_ns;
	h->worked_ns += ns;
}

static void publish(struct cx_model_vcpu *v)
{
	const struct hog *h = cx_model_priv(v);
	uint64_t done = cx_model_pieces(v, h->worked_ns, h->unit);

	cx_model_set_progress(v, done < h->target ? done : h->target);
}

const struct cx_model cx_model_hog = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct hog),
	.init = init,
	.next = next,
	.worked = worked,
	.publish = publish,
};
