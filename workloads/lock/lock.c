/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock - all vCPUs of the domain share one spinning ticket lock: a critical section,
 * then some thinking.  A holder that loses its pCPU keeps all the others waiting
 * (lock-holder preemption); it shows as a hold far longer than the critical section.
 */
#include "ticket.h"
#include "cx_guest.h"
#include "cx_work.h"

enum { P_CRITICAL, P_THINK, P_LONG, P_ACQUISITIONS, N_PARAMS };
enum {
	R_ACQUISITIONS,
	R_WAIT_MAX_NS,
	R_WAIT_SUM_NS,
	R_HOLD_MAX_NS,
	R_HOLD_SUM_NS,
	R_PREEMPTED_HOLDS,
	R_VIOLATIONS,
	N_RESULTS
};

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "lock",
	.summary = "all vCPUs share a spinning ticket lock: what preempting the holder costs",
	.progress_unit = "acquisitions",
	.n_params = N_PARAMS,
	.params =
		{
			[P_CRITICAL] = CX_DURATION("critical", 0, CX_HOUR_NS, 5 * CX_NSEC_PER_USEC,
						   "CPU time used while holding the lock"),
			[P_THINK] =
				CX_DURATION("think", 0, CX_HOUR_NS, 20 * CX_NSEC_PER_USEC,
					    "CPU time used between letting go and asking again"),
			[P_LONG] = CX_DURATION(
				"long", CX_NSEC_PER_USEC, CX_HOUR_NS, 200 * CX_NSEC_PER_USEC,
				"a hold that takes this much more than its critical section "
				"was preempted"),
			[P_ACQUISITIONS] =
				CX_INT("acquisitions", "acquisitions", 0, INT64_C(1) << 60, 0,
				       "acquisitions after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_ACQUISITIONS] = "acquisitions",
		    [R_WAIT_MAX_NS] = "wait_max_ns",
		    [R_WAIT_SUM_NS] = "wait_sum_ns",
		    [R_HOLD_MAX_NS] = "hold_max_ns",
		    [R_HOLD_SUM_NS] = "hold_sum_ns",
		    [R_PREEMPTED_HOLDS] = "preempted_holds",
		    [R_VIOLATIONS] = "violations"},
};

/** What the vCPUs share. */
struct shared {
	struct cx_ticket_lock lock;
	uint64_t holder; /* vCPU + 1 while one is inside: checks that the lock excludes */
};

struct tally {
	uint64_t acquisitions, wait_max, wait_sum, hold_max, hold_sum, preempted, violations;
};

static void count(struct tally *tally, uint64_t wait, uint64_t hold, uint64_t too_long)
{
	tally->acquisitions++;
	tally->wait_sum += wait;
	tally->hold_sum += hold;
	if (wait > tally->wait_max)
		tally->wait_max = wait;
	if (hold > tally->hold_max)
		tally->hold_max = hold;
	if (hold > too_long)
		tally->preempted++;
}

static void publish(struct cx_guest_page *page, const struct tally *tally)
{
	cx_set_progress(page, tally->acquisitions);
	cx_set_result(page, R_ACQUISITIONS, tally->acquisitions);
	cx_set_result(page, R_WAIT_MAX_NS, tally->wait_max);
	cx_set_result(page, R_WAIT_SUM_NS, tally->wait_sum);
	cx_set_result(page, R_HOLD_MAX_NS, tally->hold_max);
	cx_set_result(page, R_HOLD_SUM_NS, tally->hold_sum);
	cx_set_result(page, R_PREEMPTED_HOLDS, tally->preempted);
	cx_set_result(page, R_VIOLATIONS, tally->violations);
}

int cx_main(struct cx_guest_page *page)
{
	struct shared *shared = cx_shared(page);
	uint64_t rate = cx_work_rate(page), me = page->vcpu + 1;
	uint64_t critical = cx_work_iterations(rate, (uint64_t)page->params[P_CRITICAL]);
	uint64_t think = cx_work_iterations(rate, (uint64_t)page->params[P_THINK]);
	uint64_t too_long = (uint64_t)page->params[P_CRITICAL] + (uint64_t)page->params[P_LONG];
	uint64_t acquisitions = (uint64_t)page->params[P_ACQUISITIONS];
	struct tally tally = { 0 };

	while (!acquisitions || tally.acquisitions < acquisitions) {
		uint64_t asked, got, gone, ticket;

		asked = cx_now(page);
		ticket = cx_ticket_take(&shared->lock);
		while (!cx_ticket_served(&shared->lock, ticket))
			cx_pause();
		got = cx_now(page);
		cx_store(&shared->holder, me);
		cx_work(critical);
		if (cx_load(&shared->holder) != me)
			tally.violations++;
		gone = cx_now(page);
		cx_ticket_release(&shared->lock);
		count(&tally, got - asked, gone - got, too_long);
		publish(page, &tally);
		cx_work(think);
	}
	return 0;
}
