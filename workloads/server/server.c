/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - requests arrive, wait in line, and need some CPU time each: their response time,
 * from arrival to completion, is what scheduling does to a service.
 *
 * Requests arrive whether the server keeps up or not (an open loop), so one that is kept
 * from running is late for all who came meanwhile.  Each vCPU has a line of its own.  While
 * nobody is there it blocks until the next one comes.
 */
#include "queue.h"
#include "cx_guest.h"
#include "cx_work.h"
#include "table.h"

static void publish(struct cx_guest_page *page, const struct cx_queue *q)
{
	cx_set_result(page, R_P50_NS, cx_times_percentile(&q->response, CX_TIMES_P50));
	cx_set_result(page, R_P99_NS, cx_times_percentile(&q->response, CX_TIMES_P99));
	cx_set_result(page, R_P999_NS, cx_times_percentile(&q->response, CX_TIMES_P999));
	cx_set_result(page, R_MAX_NS, q->response.max);
	cx_set_result(page, R_SUM_NS, q->response.sum);
	cx_set_result(page, R_ARRIVED, q->arrived);
	cx_set_result(page, R_QUEUE_MAX, q->longest);
	cx_set_result(page, R_BUSY_NS, q->busy_ns);
	cx_set_progress(page, q->served);
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t service = (uint64_t)page->params[P_SERVICE];
	uint64_t requests = (uint64_t)page->params[P_REQUESTS];
	uint64_t rate = cx_work_rate(page), need = service;
	struct cx_queue q = { 0 };
	struct cx_random needs;

	/* Streams of their own, so that arrivals are the same whatever is served. */
	cx_random_init(&needs, ~page->seed);
	cx_queue_init(&q, page->seed, cx_now(page), (uint64_t)page->params[P_INTERVAL],
		      page->params[P_PERIODIC]);
	while (!requests || q.served < requests) {
		if (page->params[P_EXPONENTIAL])
			need = cx_random_exponential(&needs, service);
		cx_queue_look(&q, cx_sleep_until(page, q.first.at));
		cx_set_result(page, R_ARRIVED, q.arrived);
		cx_work(cx_work_iterations(rate, need));
		cx_queue_served(&q, cx_now(page));
		publish(page, &q);
	}
	return 0;
}
