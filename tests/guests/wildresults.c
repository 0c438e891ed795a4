/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wildresults - scribbles random bytes all over its own page, the part that the VMM
 * keeps included, and makes a hypercall now and then that depends on it.
 */
#include "cx_guest.h"

#define SHORT_BLOCK_NS 10000

enum { P_CALLS, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "wildresults",
	.summary = "scribbles over the page that it shares with the VMM",
	.progress_unit = "none",
	.n_params = N_PARAMS,
	.params = { [P_CALLS] = CX_INT("calls", "bytes", 1, INT64_C(1) << 60, 100000,
				       "bytes scribbled between two hypercalls") },
};

int cx_main(struct cx_guest_page *page)
{
	volatile uint8_t *bytes = (volatile uint8_t *)page;
	uint64_t every = (uint64_t)page->params[P_CALLS];
	uint64_t self = page->vcpu;
	struct cx_random random;

	cx_random_init(&random, page->seed);
	for (uint64_t n = 1;; n++) {
		uint64_t at = cx_random_below(&random, 4096);

		bytes[at] = (uint8_t)cx_random_next(&random);
		if (n % every)
			continue;
		cx_block(SHORT_BLOCK_NS);
		cx_send(0, self, n % CX_PORT_MAX);
		cx_block(0);
	}
}
