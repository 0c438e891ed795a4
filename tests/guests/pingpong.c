/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pingpong - two domains send each other events, vCPU i of one with vCPU i of the other.
 * There is one ball, so each side knows what it is owed: one lost event and both wait
 * for ever; a doubled one shows in the counts.
 *
 * Each is the other's only peer; one has first=1 and serves.
 */
#include "cx_guest.h"

#define PEER 1
#define PORT 0
#define EXIT_SEND_FAILED 3
#define EXIT_WRONG_PORT 4

enum { P_ROUNDS, P_FIRST, P_SPIN, P_TIMEOUT, N_PARAMS };
enum { R_SENT, R_RECEIVED, R_EMPTY_WAKES, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "pingpong",
	.summary = "sends events back and forth with its peer, counting both ways",
	.progress_unit = "rounds",
	.n_params = N_PARAMS,
	.params =
		{
			[P_ROUNDS] = CX_INT("rounds", "rounds", 0, INT64_C(1) << 60, 1000,
					    "rounds after which each vCPU ends; 0 = never"),
			[P_FIRST] = CX_BOOL("first", 0, "this side serves"),
			[P_SPIN] = CX_INT("spin", "spins", 0, INT64_C(1) << 40, 0,
					  "poll so often for the event before blocking"),
			[P_TIMEOUT] = CX_DURATION("timeout", 0, CX_HOUR_NS, 0,
						  "block for at most so long, then again; 0 = for ever"),
		},
	.n_results = N_RESULTS,
	.results = {[R_SENT] = "sent",
		    [R_RECEIVED] = "received",
		    [R_EMPTY_WAKES] = "empty_wakes"},
};

struct side {
	struct cx_guest_page *page;
	uint64_t sent, received, empty;
};

static int serve(struct side *side)
{
	if (cx_send(PEER, side->page->vcpu, PORT))
		return EXIT_SEND_FAILED;
	cx_set_result(side->page, R_SENT, ++side->sent);
	return 0;
}

static int await(struct side *side)
{
	const struct cx_guest_page *page = side->page;
	uint64_t ports;

	for (int64_t i = page->params[P_SPIN]; i > 0 && !cx_pending(page); i--)
		cx_pause();
	while (!(ports = cx_block((uint64_t)page->params[P_TIMEOUT])))
		cx_set_result(side->page, R_EMPTY_WAKES, ++side->empty);
	if (ports != UINT64_C(1) << PORT)
		return EXIT_WRONG_PORT;
	cx_set_result(side->page, R_RECEIVED, ++side->received);
	return 0;
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t rounds = (uint64_t)page->params[P_ROUNDS];
	bool first = page->params[P_FIRST];
	struct side side = { .page = page };

	for (uint64_t round = 1; !rounds || round <= rounds; round++) {
		int status = first ? serve(&side) : await(&side);

		if (!status)
			status = first ? await(&side) : serve(&side);
		if (status)
			return status;
		cx_set_progress(page, round);
	}
	return 0;
}
