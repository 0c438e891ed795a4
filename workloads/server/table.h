/* SPDX-License-Identifier: BSD-2-Clause */
/* server: its parameters and results, for the payload and for the model. */
#ifndef CX_WORKLOADS_SERVER_TABLE_H
#define CX_WORKLOADS_SERVER_TABLE_H

#include "cx_table.h"

enum { P_INTERVAL, P_PERIODIC, P_SERVICE, P_EXPONENTIAL, P_REQUESTS, N_PARAMS };
enum {
	R_P50_NS,
	R_P99_NS,
	R_P999_NS,
	R_MAX_NS,
	R_SUM_NS,
	R_ARRIVED,
	R_QUEUE_MAX,
	R_BUSY_NS,
	N_RESULTS
};

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "server",
	.summary = "serves requests that arrive of their own accord: response times beside others",
	.progress_unit = "requests",
	.n_params = N_PARAMS,
	.params =
		{
			[P_INTERVAL] = CX_DURATION(
				"interval", 10 * CX_NSEC_PER_USEC, CX_HOUR_NS,
				10 * CX_NSEC_PER_MSEC,
				"mean time from one request to the next, for each vCPU"),
			[P_PERIODIC] = CX_BOOL("periodic", 0,
					       "requests arrive at even intervals, not at random "
					       "(Poisson)"),
			[P_SERVICE] =
				CX_DURATION("service", 0, CX_HOUR_NS, CX_NSEC_PER_MSEC,
					    "CPU time that a request needs, on average"),
			[P_EXPONENTIAL] = CX_BOOL("exponential", 0,
						  "the need of each request is random "
						  "(exponential), not the same for all"),
			[P_REQUESTS] = CX_INT("requests", "requests", 0, INT64_C(1) << 50, 0,
					      "requests after which each vCPU ends; 0 = never"),
		},
	.n_results = N_RESULTS,
	.results = {[R_P50_NS] = "p50_ns",
		    [R_P99_NS] = "p99_ns",
		    [R_P999_NS] = "p999_ns",
		    [R_MAX_NS] = "max_ns",
		    [R_SUM_NS] = "sum_ns",
		    [R_ARRIVED] = "arrived",
		    [R_QUEUE_MAX] = "queue_max",
		    [R_BUSY_NS] = "busy_ns"},
};

#endif
