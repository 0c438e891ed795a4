/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credits: every ms of pCPU time costs credits_per_ms, and once a slice the pool hands
 * out what its pCPUs can deliver in one, by weight among the active vCPUs.
 */
#include "credit.h"

#define TICKS_SLICE_MIN_NS (3 * NS_PER_MS) /* a shorter slice has a single tick */

enum { PARAM_TSLICE, PARAM_TICKS, PARAM_CREDITS, PARAM_RATELIMIT, PARAM_MIGRATION_DELAY };

static int64_t ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void credit_configure(struct cx_policy *policy)
{
	struct credit_policy *cp = credit_of(policy);
	uint64_t ticks = (uint64_t)cx_policy_param(policy, PARAM_TICKS);

	cp->tslice_ns = (uint64_t)cx_policy_param(policy, PARAM_TSLICE);
	cp->credits_per_ms = cx_policy_param(policy, PARAM_CREDITS);
	cp->ratelimit_ns = (uint64_t)cx_policy_param(policy, PARAM_RATELIMIT);
	cp->migration_delay_ns = (uint64_t)cx_policy_param(policy, PARAM_MIGRATION_DELAY);

	if (cp->ratelimit_ns > cp->tslice_ns)
		cp->ratelimit_ns = cp->tslice_ns;
	if (cp->tslice_ns < TICKS_SLICE_MIN_NS)
		ticks = 1;
	cp->tick_ns = cp->tslice_ns / ticks;
	if (cp->tick_ns < CX_SLICE_MIN_NS)
		cp->tick_ns = CX_SLICE_MIN_NS;
	cp->credits_per_slice = cp->credits_per_ms * (int64_t)cp->tslice_ns / (int64_t)NS_PER_MS;
	if (cp->credits_per_slice < 1)
		cp->credits_per_slice = 1;
}

void credit_arm(struct credit_policy *cp, uint64_t now)
{
	if (cp->armed || !cp->master)
		return;
	cp->armed = true;
	cx_timer_at(cp->master, CREDIT_TIMER_ACCOUNT, (now / cp->tslice_ns + 1) * cp->tslice_ns);
}

void credit_bill(const struct credit_policy *cp, struct credit_vcpu *cv, uint64_t now)
{
	uint64_t owed;

	if (now <= cv->billed_ns)
		return;
	owed = (now - cv->billed_ns) * (uint64_t)cp->credits_per_ms + cv->unbilled;
	cv->credit -= (int64_t)(owed / NS_PER_MS);
	cv->unbilled = owed % NS_PER_MS;
	cv->billed_ns = now;
}

bool credit_is_active(const struct credit_vcpu *cv)
{
	return cx_queued(&cv->active_node);
}

void credit_activate(struct credit_policy *cp, struct credit_vcpu *cv, uint64_t now)
{
	struct credit_domain *cd = cv->dom;

	cx_list_push_front(&cd->active, &cv->active_node);
	cd->n_active++;
	cp->weight += cd->weight;
	if (!cx_queued(&cd->node))
		cx_list_push_front(&cp->active, &cd->node);
	credit_arm(cp, now);
}

void credit_deactivate(struct credit_policy *cp, struct credit_vcpu *cv)
{
	struct credit_domain *cd = cv->dom;

	if (!credit_is_active(cv))
		return;
	cx_list_remove(&cv->active_node);
	cd->n_active--;
	cp->weight -= cd->weight;
	if (cd->n_active == 0)
		cx_list_remove(&cd->node);
}

void credit_reweigh(struct credit_policy *cp, struct credit_domain *cd, const struct cx_domain *dom)
{
	int64_t weight = cx_domain_weight(dom);

	cp->weight += (weight - cd->weight) * cd->n_active;
	cd->weight = weight;
	cd->cap = cx_domain_limit(dom);
}

static void park(struct credit_vcpu *cv, uint64_t now)
{
	cv->parked = true;
	credit_remove(cv);
	cx_park(cv->v, CX_PARK_LIMIT, now);
}

/* Back in the queue, without a boost: it did not wait for an event. */
static void unpark(struct credit_policy *cp, struct credit_vcpu *cv, uint64_t now)
{
	cv->parked = false;
	cx_unpark(cv->v, CX_PARK_LIMIT, now);
	if (!cx_vcpu_runnable(cv->v) || cx_vcpu_running(cv->v))
		return;
	credit_insert(cp, credit_pcpu_of(cx_vcpu_pcpu(cv->v)), cv);
	credit_tickle(cp, cv);
}

/*
 * @cv earns @share.  @park_below: a capped vCPU with less credit than this is parked.
 * Returns what came of it.
 */
static enum credit_code earn(struct credit_policy *cp, struct credit_vcpu *cv, int64_t share,
			     int64_t park_below, uint64_t now)
{
	enum credit_code code = CREDIT_EARNED;

	cv->credit += share;
	if (cv->credit < 0) {
		credit_set_pri(cv, CREDIT_OVER);
		if (cv->dom->cap && cv->credit < park_below && !cv->parked) {
			park(cv, now);
			code = CREDIT_PARKED;
		}
		if (cv->credit < -cp->credits_per_slice)
			cv->credit = -cp->credits_per_slice;
		return code;
	}
	credit_set_pri(cv, CREDIT_UNDER);
	if (cv->parked) {
		unpark(cp, cv, now);
		code = CREDIT_UNPARKED;
	}
	if (cv->credit > cp->credits_per_slice) {
		/* It leaves with half, to start a little ahead when it comes back. */
		credit_deactivate(cp, cv);
		cv->credit /= 2;
		code = CREDIT_DEACTIVATED;
	}
	return code;
}

/* What the rounds of one accounting share. */
struct round {
	int64_t total;       /* credits to hand out, grows by what others leave */
	int64_t weight;      /* of all at the start */
	int64_t weight_left; /* of the domains still to come */
	int64_t balance;     /* of the new credits */
	bool extra;          /* somebody before could have used more */
};

/*
 * What @cd gets in all: its fair share by weight, but no more than its peak; what it
 * cannot use goes to the domains that follow.
 */
static int64_t domain_share(struct credit_policy *cp, struct credit_domain *cd, struct round *r)
{
	int64_t weight = cd->weight * cd->n_active;
	int64_t peak = cp->credits_per_slice * cd->n_active;
	int64_t fair = ceil_div(r->total * weight, r->weight);

	r->weight_left -= weight;
	if (cp->balance < 0)
		peak += ceil_div(-cp->balance * weight, r->weight);
	if (cd->cap)
		peak = smaller(peak, ceil_div(cd->cap * cp->credits_per_slice, 100));
	if (fair < peak) {
		r->extra = true;
		return fair;
	}
	if (r->weight_left)
		r->total += ceil_div((fair - peak) * r->weight, r->weight_left);
	if (r->extra) {
		/* Next time the others come after it, and share what it leaves. */
		cx_list_remove(&cd->node);
		cx_list_push_front(&cp->active, &cd->node);
	}
	return peak;
}

static void account_domain(struct credit_policy *cp, struct credit_domain *cd, struct round *r,
			   struct cx_pcpu *pcpu, uint64_t now)
{
	int64_t n = cd->n_active;
	int64_t share = ceil_div(domain_share(cp, cd, r), n);
	int64_t park_below = -ceil_div(ceil_div(cd->cap * cp->credits_per_slice, 100), n);
	struct cx_node *node = cx_list_first(&cd->active);

	while (node) {
		struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, active_node);
		enum credit_code code;

		node = cx_list_next(&cd->active, node);
		code = earn(cp, cv, share, park_below, now);
		r->balance += cv->credit;
		cx_trace_account(pcpu, cv->v, code, (uint64_t)cv->credit, cv->pri, now);
	}
}

void credit_account(struct credit_policy *cp, struct cx_pcpu *pcpu, uint64_t now)
{
	struct round r = {
		.total = cp->credits_per_slice * (int64_t)cp->n_pcpus,
		.weight = cp->weight,
		.weight_left = cp->weight,
	};
	struct cx_node *node = cx_list_first(&cp->active);

	cp->armed = false;
	if (cp->balance < 0)
		r.total -= cp->balance;
	while (node) {
		struct credit_domain *cd = cx_entry(node, struct credit_domain, node);

		node = cx_list_next(&cp->active, node);
		account_domain(cp, cd, &r, pcpu, now);
	}
	cx_trace_account(pcpu, NULL, CREDIT_POOL, (uint64_t)r.balance, (uint64_t)r.weight, now);
	cp->accountings++;
	/* With nobody left there is nothing to hand out until somebody becomes active. */
	cp->balance = cp->weight ? r.balance : 0;
	if (cp->weight)
		credit_arm(cp, now);
}
