/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selfsend - events within one domain: tokens go round its vCPUs, each on a port of its
 * own.  A token is in one place at a time, so none may be lost and none doubled: over all
 * vCPUs, received = tokens * hops.
 */
#include "cx_guest.h"

#define OWN_DOMAIN 0
#define STOP_PORT 62
#define TOKENS_MAX 62
#define EXIT_SEND_FAILED 3
#define EXIT_TOO_MANY_HOPS 4

enum { P_TOKENS, P_HOPS, P_SPIN, P_UPCALLS, N_PARAMS };
enum { R_SENT, R_RECEIVED, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "selfsend",
	.summary = "passes event tokens round the vCPUs of its own domain",
	.progress_unit = "events",
	.n_params = N_PARAMS,
	.params =
		{
			[P_TOKENS] = CX_INT("tokens", "tokens", 1, TOKENS_MAX, 4,
					    "tokens under way at once"),
			[P_HOPS] = CX_INT("hops", "hops", 0, INT64_C(1) << 60, 1000,
					  "hops of each token, then the domain ends; 0 = never"),
			[P_SPIN] = CX_BOOL("spin", 0, "poll for events rather than block"),
			[P_UPCALLS] = CX_BOOL("upcalls", 0, "ask to be interrupted for events"),
		},
	.n_results = N_RESULTS,
	.results = {[R_SENT] = "sent", [R_RECEIVED] = "received"},
};

struct shared {
	uint64_t hops[TOKENS_MAX];
	uint64_t finished; /* tokens that have made all their hops */
};

struct self {
	struct cx_guest_page *page;
	struct shared *shared;
	uint64_t sent, received;
};

static int pass_on(struct self *self, unsigned token)
{
	const struct cx_guest_page *page = self->page;

	if (cx_send(OWN_DOMAIN, (page->vcpu + 1) % page->vcpus, token))
		return EXIT_SEND_FAILED;
	cx_set_result(self->page, R_SENT, ++self->sent);
	return 0;
}

/** The last token has arrived: let everyone go. */
static int stop_all(const struct cx_guest_page *page)
{
	for (uint32_t vcpu = 0; vcpu < page->vcpus; vcpu++)
		if (cx_send(OWN_DOMAIN, vcpu, STOP_PORT))
			return EXIT_SEND_FAILED;
	return 0;
}

static int take(struct self *self, unsigned token)
{
	uint64_t limit = (uint64_t)self->page->params[P_HOPS];
	uint64_t hops = cx_fetch_add(&self->shared->hops[token], 1) + 1;

	cx_set_result(self->page, R_RECEIVED, ++self->received);
	cx_set_progress(self->page, self->received);
	if (!limit || hops < limit)
		return pass_on(self, token);
	if (hops > limit)
		return EXIT_TOO_MANY_HOPS;
	if (cx_fetch_add(&self->shared->finished, 1) + 1 < (uint64_t)self->page->params[P_TOKENS])
		return 0;
	return stop_all(self->page);
}

static uint64_t await(const struct cx_guest_page *page)
{
	while (page->params[P_SPIN] && !cx_pending(page))
		cx_pause();
	return cx_block(0);
}

int cx_main(struct cx_guest_page *page)
{
	struct self self = { .page = page, .shared = cx_shared(page) };
	uint64_t ports;
	int status = 0;

	if (page->params[P_UPCALLS])
		cx_hypercall(CX_HC_UPCALL, 1, 0, 0);
	for (uint64_t t = page->vcpu; t < (uint64_t)page->params[P_TOKENS]; t += page->vcpus)
		if (pass_on(&self, (unsigned)t))
			return EXIT_SEND_FAILED;
	do {
		ports = await(page);
		for (unsigned token = 0; token < TOKENS_MAX && !status; token++)
			if (ports >> token & 1)
				status = take(&self, token);
	} while (!status && !(ports >> STOP_PORT & 1));
	return status;
}
