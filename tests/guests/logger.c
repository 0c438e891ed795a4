/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logger - floods the log, with text or with bytes that are none.
 */
#include "cx_guest.h"

#define LINE_MAX 200
#define EXIT_LOG_FAILED 3

enum { P_LINES, P_LENGTH, P_RAW, N_PARAMS };
enum { R_LINES, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "logger",
	.summary = "logs without a pause",
	.progress_unit = "lines",
	.n_params = N_PARAMS,
	.params =
		{
			[P_LINES] = CX_INT("lines", "lines", 0, INT64_C(1) << 60, 0,
					   "lines after which each vCPU ends; 0 = never"),
			[P_LENGTH] = CX_INT("length", "bytes", 0, LINE_MAX, 80, "of a line"),
			[P_RAW] = CX_BOOL("raw", 0, "any bytes rather than printable ones"),
		},
	.n_results = N_RESULTS,
	.results = {[R_LINES] = "lines"},
};

int cx_main(struct cx_guest_page *page)
{
	uint64_t lines = (uint64_t)page->params[P_LINES];
	uint64_t length = (uint64_t)page->params[P_LENGTH];
	struct cx_random random;
	uint8_t line[LINE_MAX];

	cx_random_init(&random, page->seed);
	for (uint64_t n = 1; !lines || n <= lines; n++) {
		for (unsigned i = 0; i < length; i++)
			line[i] = page->params[P_RAW] ? (uint8_t)cx_random_next(&random)
						      : (uint8_t)('a' + (n + i) % 26);
		if (cx_hypercall(CX_HC_LOG, (uint64_t)(uintptr_t)line, length, 0))
			return EXIT_LOG_FAILED;
		cx_set_progress(page, n);
		cx_set_result(page, R_LINES, n);
	}
	return 0;
}
