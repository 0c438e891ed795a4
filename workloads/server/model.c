/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of server. */
#include "../models.h"
#include "queue.h"
#include "table.h"

/** Two logarithms and the percentiles, after a request is served: about 400 ns, which the
 *  next one waits for if it is there. */
#define ACCOUNTING 300u

struct server {
	enum { CALIBRATES, STARTS, SLEEPS, SERVES } at;
	uint64_t requests, need; /* ns */
	struct cx_random needs;
	struct cx_queue queue;
};

static void start(struct cx_model_vcpu *v, struct server *s)
{
	s->requests = (uint64_t)cx_model_param(v, P_REQUESTS);
	s->need = (uint64_t)cx_model_param(v, P_SERVICE);
	cx_random_init(&s->needs, ~cx_model_seed(v));
	cx_queue_init(&s->queue, cx_model_seed(v), cx_model_now(v),
		      (uint64_t)cx_model_param(v, P_INTERVAL), cx_model_param(v, P_PERIODIC));
}

static void publish(struct cx_model_vcpu *v, const struct cx_queue *q)
{
	cx_model_set_result(v, R_P50_NS, cx_times_percentile(&q->response, CX_TIMES_P50));
	cx_model_set_result(v, R_P99_NS, cx_times_percentile(&q->response, CX_TIMES_P99));
	cx_model_set_result(v, R_P999_NS, cx_times_percentile(&q->response, CX_TIMES_P999));
	cx_model_set_result(v, R_MAX_NS, q->response.max);
	cx_model_set_result(v, R_SUM_NS, q->response.sum);
	cx_model_set_result(v, R_ARRIVED, q->arrived);
	cx_model_set_result(v, R_QUEUE_MAX, q->longest);
	cx_model_set_result(v, R_BUSY_NS, q->busy_ns);
	cx_model_set_progress(v, q->served);
}

static void next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	struct server *s = cx_model_priv(v);
	uint64_t more = CX_MODEL_CLOCK;

	if (s->at == CALIBRATES) {
		cx_model_calibrate(v, step);
		s->at = STARTS;
		return;
	}
	if (s->at == STARTS) {
		start(v, s);
	} else if (s->at == SERVES) {
		cx_queue_served(&s->queue, cx_model_now(v));
		publish(v, &s->queue);
		more += ACCOUNTING;
	}
	if (s->at != SLEEPS) {
		if (s->requests && s->queue.served >= s->requests) {
			cx_model_exit(step, 0);
			return;
		}
		if (cx_model_param(v, P_EXPONENTIAL))
			s->need = cx_random_exponential(&s->needs,
							(uint64_t)cx_model_param(v, P_SERVICE));
		s->at = SLEEPS;
	}
	if (cx_model_sleeps(v, step, s->queue.first.at))
		return;
	cx_queue_look(&s->queue, cx_model_now(v));
	cx_model_set_result(v, R_ARRIVED, s->queue.arrived);
	cx_model_work(v, step, cx_model_iterations(v, s->need) + more);
	s->at = SERVES;
}

const struct cx_model cx_model_server = {
	.info = &cx_workload,
	.vcpu_size = sizeof(struct server),
	.next = next,
};
