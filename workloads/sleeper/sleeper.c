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

#define LATE_NS ((uint64_t)CX_NSEC_PER_MSEC)

enum { P_PERIOD, P_JITTER, P_WORK, P_ALIGN, P_WAKES, N_PARAMS };
enum { R_LATE_MAX_NS, R_LATE_SUM_NS, R_LATE_1MS, R_MISSED, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "sleeper",
	.summary = "sleeps to deadlines and works after each: wake-up latency as the guest "
		   "sees it",
	.progress_unit = "wakes",
	.n_params = N_PARAMS,
	.params =
		{
			[P_PERIOD] = CX_DURATION("period", 10 * CX_NSEC_PER_USEC, CX_HOUR_NS,
						 10 * CX_NSEC_PER_MSEC,
						 "time from one deadline to the next"),
			[P_JITTER] =
				CX_DURATION("jitter", 0, CX_HOUR_NS, 0,
					    "each deadline is put off by a random time below this"),
			[P_WORK] = CX_DURATION("work", 0, CX_HOUR_NS, 100 * CX_NSEC_PER_USEC,
					       "CPU time used after each wake"),
			[P_ALIGN] =
				CX_BOOL("align", 0,
					"deadlines at multiples of the period, the same for all "
					"sleepers, not from a random start"),
			[P_WAKES] = CX_INT("wakes", "wakes", 0, INT64_C(1) << 60, 0,
					   "wakes after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_LATE_MAX_NS] = "late_max_ns",
		    [R_LATE_SUM_NS] = "late_sum_ns",
		    [R_LATE_1MS] = "late_1ms",
		    [R_MISSED] = "missed"},
};

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
