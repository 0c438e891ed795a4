/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier - all vCPUs of the domain work, meet at a spinning barrier, and go on
 * together: while one of them does not run, the others burn their time waiting for it.
 */
#include "barrier.h"
#include "cx_guest.h"
#include "cx_work.h"
#include "table.h"

/** Returns how often it yielded. */
static uint64_t wait_until_open(const struct cx_barrier *barrier, uint64_t sense,
				uint64_t yield_spins)
{
	uint64_t spins = 0, yields = 0;

	while (!cx_barrier_open(barrier, sense)) {
		cx_pause();
		if (yield_spins && ++spins == yield_spins) {
			spins = 0;
			yields++;
			cx_yield();
		}
	}
	return yields;
}

int cx_main(struct cx_guest_page *page)
{
	struct cx_barrier *barrier = cx_shared(page);
	uint64_t rounds = (uint64_t)page->params[P_ROUNDS];
	uint64_t spins = (uint64_t)page->params[P_YIELD_SPINS];
	uint64_t rate = cx_work_rate(page), sense = 0, max = 0, sum = 0, yields = 0;
	uint64_t work = cx_work_iterations(rate, (uint64_t)page->params[P_WORK]);
	uint64_t spread = cx_work_iterations(rate, (uint64_t)page->params[P_SPREAD]);
	struct cx_random random;

	cx_random_init(&random, page->seed);
	for (uint64_t round = 1; !rounds || round <= rounds; round++) {
		uint64_t since, waited = 0;

		cx_work(work + (spread ? cx_random_below(&random, spread) : 0));
		since = cx_now(page);
		if (!cx_barrier_arrive(barrier, page->vcpus, &sense)) {
			yields += wait_until_open(barrier, sense, spins);
			waited = cx_now(page) - since;
		}
		sum += waited;
		if (waited > max)
			max = waited;
		cx_set_progress(page, round);
		cx_set_result(page, R_ROUNDS, round);
		cx_set_result(page, R_WAIT_MAX_NS, max);
		cx_set_result(page, R_WAIT_SUM_NS, sum);
		cx_set_result(page, R_YIELDS, yields);
	}
	return 0;
}
