/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock - all vCPUs of the domain share one spinning ticket lock: a critical section,
 * then some thinking.  A holder that loses its pCPU keeps all the others waiting
 * (lock-holder preemption); it shows as a hold far longer than the critical section.
 */
#include "tally.h"
#include "ticket.h"
#include "cx_guest.h"
#include "cx_work.h"
#include "table.h"

/** What the vCPUs share. */
struct shared {
	struct cx_ticket_lock lock;
	uint64_t holder; /* vCPU + 1 while one is inside: checks that the lock excludes */
};

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
