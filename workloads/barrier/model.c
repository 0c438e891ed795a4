/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of barrier. */
#include "../models.h"
#include "cx_random.h"
#include "table.h"

struct meeting {
	uint64_t arrived, sense;
};

struct barrier {
	enum { CALIBRATES, STARTS, WORKS, SPINS, YIELDS } at;
	uint64_t rounds_max, spin_ns, work, spread;
	uint64_t round, sense, since;
	uint64_t wait_max, wait_sum, yields, round_yields;
	struct cx_random random;
};

static void start(struct cx_model_vcpu *v, struct barrier *b)
{
	uint64_t spins = (uint64_t)cx_model_param(v, P_YIELD_SPINS);

	b->rounds_max = (uint64_t)cx_model_param(v, P_ROUNDS);
	b->spin_ns =
		spins ? cx_model_scale_up(spins, 1000, cx_model_spin_rate(v)) : CX_MODEL_FOREVER;
	b->work = cx_model_iterations(v, (uint64_t)cx_model_param(v, P_WORK));
	b->spread = cx_model_iterations(v, (uint64_t)cx_model_param(v, P_SPREAD));
	cx_random_init(&b->random, cx_model_seed(v));
	b->round = 1;
}

/** cx_barrier_arrive() */
static bool arrives_last(struct cx_model_vcpu *v, struct barrier *b)
{
	struct meeting *meeting = cx_model_domain_priv(v);

	b->since = cx_model_now(v);
	b->sense = !b->sense;
	if (++meeting->arrived < cx_model_vcpus(v))
		return false;
	meeting->arrived = 0;
	meeting->sense = b->sense;
	for (unsigned i = 0; i < cx_model_vcpus(v); i++)
		if (i != cx_model_index(v))
			cx_model_release(v, i);
	return true;
}

/** wait_until_open(): true with a step as long as it is not. */
static bool waits(struct cx_model_vcpu *v, struct barrier *b, struct cx_model_step *step)
{
	const struct meeting *meeting = cx_model_domain_priv(v);

	if (meeting->sense == b->sense)
		return false;
	if (b->at == SPINS && b->spin_ns != CX_MODEL_FOREVER) {
		b->round_yields++;
		step->op = CX_MODEL_YIELD;
		b->at = YIELDS;
	} else {
		step->op = CX_MODEL_SPIN;
		step->ns = b->spin_ns;
		b->at = SPINS;
	}
	return true;
}

static void end_round(struct cx_model_vcpu *v, struct barrier *b, uint64_t waited)
{
	b->yields += b->round_yields;
	b->round_yields = 0;
	b->wait_sum += waited;
	if (waited > b->wait_max)
		b->wait_max = waited;
	cx_model_set_progress(v, b->round);
	cx_model_set_result(v, R_ROUNDS, b->round);
	cx_model_set_result(v, R_WAIT_MAX_NS, b->wait_max);
	cx_model_set_result(v, R_WAIT_SUM_NS, b->wait_sum);
	cx_model_set_result(v, R_YIELDS, b->yields);
	b->round++;
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct barrier *b = cx_model_priv(v);

	if (b->at == CALIBRATES) {
		cx_model_calibrate(v, step);
		b->at = STARTS;
		return;
	}
	if (b->at == STARTS) {
		start(v, b);
	} else if (b->at == WORKS && arrives_last(v, b)) {
		end_round(v, b, 0);
	} else {
		if (waits(v, b, step))
			return;
		end_round(v, b, cx_model_now(v) - b->since);
	}
	if (b->rounds_max && b->round > b->rounds_max) {
		cx_model_exit(step, 0);
		return;
	}
	cx_model_work(v, step,
		      b->work + (b->spread ? cx_random_below(&b->random, b->spread) : 0) +
			      2 * CX_MODEL_CLOCK);
	b->at = WORKS;
}

const struct cx_model cx_model_barrier = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct barrier),
	.domain_size = sizeof(struct meeting),
	.next = next,
};
