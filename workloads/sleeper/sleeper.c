/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleeper - sleeps to deadlines, works a little after each, and measures how late it
 * was woken: the latency that the guest itself sees.
 *
 * Deadlines are absolute, so lateness does not add up.  One that passed while the
 * sleeper was still working is counted as missed and not slept for.
 */
#include "cx_guest.h"
#include "cx_work.h"
#include "table.h"

struct lateness {
	uint64_t wakes, max_ns, sum_ns, late_1ms;
};

static void publish_wake(struct cx_guest_page *page, struct lateness *late, uint64_t ns)
{
	late->wakes++;
	late->sum_ns += ns;
	if (ns > late->max_ns)
		late->max_ns = ns;
	if (ns > LATE_NS)
		late->late_1ms++;
	cx_set_result(page, R_LATE_MAX_NS, late->max_ns);
	cx_set_result(page, R_LATE_SUM_NS, late->sum_ns);
	cx_set_result(page, R_LATE_1MS, late->late_1ms);
	cx_set_progress(page, late->wakes);
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t period = (uint64_t)page->params[P_PERIOD];
	uint64_t jitter = (uint64_t)page->params[P_JITTER];
	uint64_t wakes = (uint64_t)page->params[P_WAKES];
	uint64_t work = cx_work_iterations(cx_work_rate(page), (uint64_t)page->params[P_WORK]);
	uint64_t now = cx_now(page), deadline, missed = 0;
	struct lateness late = { 0 };
	struct cx_random random;

	cx_random_init(&random, page->seed);
	deadline = page->params[P_ALIGN] ? (now / period + 1) * period
					 : now + 1 + cx_random_below(&random, period);
	while (!wakes || late.wakes < wakes) {
		uint64_t due = deadline + (jitter ? cx_random_below(&random, jitter) : 0);

		now = cx_sleep_until(page, due);
		publish_wake(page, &late, now - due);
		cx_work(work);
		deadline += period;
		now = cx_now(page);
		if (deadline <= now) {
			uint64_t behind = (now - deadline) / period + 1;

			deadline += behind * period;
			missed += behind;
			cx_set_result(page, R_MISSED, missed);
		}
	}
	return 0;
}
