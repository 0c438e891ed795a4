/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of lock. */
#include "../models.h"
#include "table.h"
#include "tally.h"

/** The ticket lock, and who has which ticket: of n vCPUs the last n tickets are enough. */
struct shared {
	uint64_t next, serving, holder;
	uint8_t owner[CX_GUEST_VCPUS_MAX];
};

struct lock {
	enum { CALIBRATES, STARTS, ASKS, WAITS, HOLDS } at;
	uint64_t critical, think, too_long, acquisitions;
	uint64_t ticket, asked, got;
	struct tally tally;
};

static void start(struct cx_model_vcpu *v, struct lock *l)
{
	uint64_t critical = (uint64_t)cx_model_param(v, P_CRITICAL);

	l->critical = cx_model_iterations(v, critical);
	l->think = cx_model_iterations(v, (uint64_t)cx_model_param(v, P_THINK));
	l->too_long = critical + (uint64_t)cx_model_param(v, P_LONG);
	l->acquisitions = (uint64_t)cx_model_param(v, P_ACQUISITIONS);
}

static void take_ticket(struct cx_model_vcpu *v, struct lock *l)
{
	struct shared *shared = cx_model_domain_priv(v);

	l->asked = cx_model_now(v);
	l->ticket = shared->next++;
	shared->owner[l->ticket % CX_GUEST_VCPUS_MAX] = (uint8_t)cx_model_index(v);
}

static void publish(struct cx_model_vcpu *v, const struct tally *tally)
{
	cx_model_set_progress(v, tally->acquisitions);
	cx_model_set_result(v, R_ACQUISITIONS, tally->acquisitions);
	cx_model_set_result(v, R_WAIT_MAX_NS, tally->wait_max);
	cx_model_set_result(v, R_WAIT_SUM_NS, tally->wait_sum);
	cx_model_set_result(v, R_HOLD_MAX_NS, tally->hold_max);
	cx_model_set_result(v, R_HOLD_SUM_NS, tally->hold_sum);
	cx_model_set_result(v, R_PREEMPTED_HOLDS, tally->preempted);
	cx_model_set_result(v, R_VIOLATIONS, tally->violations);
}

static void release(struct cx_model_vcpu *v, struct lock *l)
{
	struct shared *shared = cx_model_domain_priv(v);
	uint64_t gone = cx_model_now(v);

	if (shared->holder != cx_model_index(v) + 1u)
		l->tally.violations++;
	shared->serving++;
	if (shared->serving < shared->next)
		cx_model_release(v, shared->owner[shared->serving % CX_GUEST_VCPUS_MAX]);
	count(&l->tally, l->got - l->asked, gone - l->got, l->too_long);
	publish(v, &l->tally);
}

/** Waits its turn, then works inside.  Looks again after a spin, whatever ended it. */
static void enter(struct cx_model_vcpu *v, struct lock *l, struct cx_model_step *step)
{
	struct shared *shared = cx_model_domain_priv(v);

	if (shared->serving != l->ticket) {
		step->op = CX_MODEL_SPIN;
		step->ns = CX_MODEL_FOREVER;
		l->at = WAITS;
		return;
	}
	l->got = cx_model_now(v);
	shared->holder = cx_model_index(v) + 1u;
	cx_model_work(v, step, l->critical + CX_MODEL_CLOCK);
	l->at = HOLDS;
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct lock *l = cx_model_priv(v);

	switch (l->at) {
	case CALIBRATES:
		cx_model_calibrate(v, step);
		l->at = STARTS;
		return;
	case STARTS:
		start(v, l);
		break;
	case HOLDS:
		release(v, l);
		cx_model_work(v, step, l->think + CX_MODEL_CLOCK);
		l->at = ASKS;
		return;
	case WAITS:
		enter(v, l, step);
		return;
	case ASKS:
		break;
	}
	if (l->acquisitions && l->tally.acquisitions >= l->acquisitions) {
		cx_model_exit(step, 0);
		return;
	}
	take_ticket(v, l);
	enter(v, l, step);
}

const struct cx_model cx_model_lock = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct lock),
	.domain_size = sizeof(struct shared),
	.next = next,
};
