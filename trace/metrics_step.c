/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT 100u
#define WORD_BITS 64u
#define STEP_POINTS_FIRST 16u

void cx_step_note(struct cx_replay *r, unsigned d, uint64_t t_ns)
{
	struct cx_replay_domain *dom = &r->domains[d];

	if (dom->n_step && dom->step[dom->n_step - 1].t_ns == t_ns)
		return; /* nothing was received or wanted in between */
	if (dom->n_step == dom->room_step) {
		size_t room = dom->room_step ? 2 * dom->room_step : STEP_POINTS_FIRST;
		struct cx_step_point *more = realloc(dom->step, room * sizeof(*more));

		if (!more) {
			r->no_memory = true;
			return;
		}
		dom->step = more;
		dom->room_step = room;
	}
	dom->step[dom->n_step++] = (struct cx_step_point){
		.t_ns = t_ns,
		.run_ns = dom->run_ns,
		.want_ns = dom->want_ns,
	};
}

/* ---- what there is to solve ---- */

/** A list such as "0-3,6".  What cannot be read or holds no pCPU means all of them. */
static void parse(const char *text, unsigned n_pcpus, uint64_t *mask)
{
	bool any = false;
	unsigned i;

	while (text && *text >= '0' && *text <= '9') {
		char *end;
		unsigned long a = strtoul(text, &end, 10), b = a;

		if (*end == '-')
			b = strtoul(end + 1, &end, 10);
		for (; a <= b && a < n_pcpus; a++) {
			mask[a / WORD_BITS] |= 1ull << (a % WORD_BITS);
			any = true;
		}
		text = *end == ',' ? end + 1 : NULL;
	}
	for (i = 0; !any && i < n_pcpus; i++)
		mask[i / WORD_BITS] |= 1ull << (i % WORD_BITS);
}

static int init_affinity(struct cx_replay *r)
{
	const struct cx_record *record = r->record;
	struct cx_affinity *a = &r->affinity;
	int ret = cx_affinity_init(a, record->n_pcpus, record->n_domains);
	uint64_t *mask;
	unsigned d;

	if (ret)
		return ret;
	mask = calloc(a->words, sizeof(*mask));
	if (!mask)
		return -ENOMEM;
	for (d = 0; d < record->n_domains; d++) {
		memset(mask, 0, a->words * sizeof(*mask));
		parse(record->domains[d].affinity, record->n_pcpus, mask);
		r->domains[d].class = cx_affinity_class(a, mask);
	}
	free(mask);
	return cx_affinity_finish(a);
}

static int init_pools(struct cx_replay *r)
{
	const struct cx_record *record = r->record;
	unsigned i;

	r->pools = calloc(record->n_pools + 1ul, sizeof(*r->pools));
	if (!r->pools)
		return -ENOMEM;
	for (i = 0; i < record->n_pools; i++) {
		const struct cx_record_pool *pool = &record->pools[i];

		if (pool->parent != CX_NO_POOL && pool->parent >= i)
			return -EINVAL;
		r->pools[i].weight = pool->weight;
		r->pools[i].reservation = pool->reservation;
		r->pools[i].limit = pool->limit;
		r->solver.pools[i].parent = pool->parent;
	}
	return 0;
}

int cx_step_init(struct cx_replay *r)
{
	const struct cx_record *record = r->record;
	int ret = init_affinity(r);

	if (!ret)
		ret = cx_solver_init(&r->solver, &r->affinity, record->n_domains, record->n_pools);
	if (!ret)
		ret = init_pools(r);
	r->claims = calloc(record->n_domains + 1ul, sizeof(*r->claims));
	r->claimants = calloc(record->n_domains + 1ul, sizeof(*r->claimants));
	return ret || (r->claims && r->claimants) ? ret : -ENOMEM;
}

void cx_step_free(struct cx_replay *r)
{
	cx_solver_free(&r->solver);
	cx_affinity_free(&r->affinity);
	free(r->pools);
	free(r->claims);
	free(r->claimants);
}

/** @percent of @len_ns, in whole nanoseconds. */
static uint64_t amount(unsigned percent, uint64_t len_ns)
{
	unsigned __int128 ns = (unsigned __int128)percent * len_ns / PERCENT;

	return ns < CX_AMOUNT_MAX ? (uint64_t)ns : CX_AMOUNT_MAX;
}

static unsigned at_least_one(unsigned x)
{
	return x ? x : 1;
}

/** The domain's claim on the step that ends now; false if it wanted nothing. */
static bool claim_of(const struct cx_replay *r, unsigned d, uint64_t len_ns,
		     struct cx_solver_domain *out)
{
	const struct cx_replay_domain *dom = &r->domains[d];
	unsigned alive = at_least_one(dom->alive_in_step);
	uint64_t all = amount(PERCENT * alive, len_ns);
	uint64_t weight = (uint64_t)at_least_one(dom->weight) * alive;

	if (dom->want_ns <= dom->step_want_ns)
		return false;
	*out = (struct cx_solver_domain){
		.class = dom->class,
		.pool = r->record->domains[d].pool,
		.weight = weight < CX_CLIENT_WEIGHT_MAX ? weight : CX_CLIENT_WEIGHT_MAX,
		.reservation = amount(dom->reservation, len_ns),
		.demand = dom->want_ns - dom->step_want_ns,
		.limit = dom->limit ? amount(dom->limit, len_ns) : all,
	};
	if (out->limit > all)
		out->limit = all;
	return true;
}

static void set_pools(struct cx_replay *r, uint64_t len_ns)
{
	unsigned i;

	for (i = 0; i < r->record->n_pools; i++) {
		const struct cx_replay_pool *pool = &r->pools[i];
		struct cx_solver_pool *out = &r->solver.pools[i];

		out->weight = at_least_one(pool->weight);
		out->reservation = amount(pool->reservation, len_ns);
		out->limit = pool->limit ? amount(pool->limit, len_ns) : CX_AMOUNT_MAX;
	}
}

/* ---- what comes of it ---- */

/** Entitlement accrues with the time that the domain wanted to run. */
static void book(struct cx_replay *r, unsigned d, uint64_t entitled_ns)
{
	struct cx_replay_domain *dom = &r->domains[d];
	double demand = (double)(dom->want_ns - dom->step_want_ns);
	size_t i;

	for (i = 0; i < dom->n_step; i++) {
		const struct cx_step_point *p = &dom->step[i];
		double part = (double)(p->want_ns - dom->step_want_ns) / demand;
		double lag = dom->entitled_ns + part * (double)entitled_ns - (double)p->run_ns;

		if (cx_lag_add(&r->lags[d], p->t_ns, lag))
			r->no_memory = true;
	}
	dom->entitled_ns += (double)entitled_ns;
}

void cx_step_close(struct cx_replay *r)
{
	uint64_t len_ns = r->step_end_ns - r->step_start_ns;
	unsigned d, i, n = 0;

	for (d = 0; d < r->record->n_domains; d++) {
		cx_replay_advance(r, d, r->step_end_ns);
		if (claim_of(r, d, len_ns, &r->claims[n])) {
			cx_step_note(r, d, r->step_end_ns);
			r->claimants[n++] = d;
		}
	}
	set_pools(r, len_ns);
	r->solver.per_pcpu = len_ns;
	cx_solver_solve(&r->solver, r->claims, n);
	for (i = 0; i < n; i++)
		book(r, r->claimants[i], r->claims[i].entitled);
	for (d = 0; d < r->record->n_domains; d++) {
		struct cx_replay_domain *dom = &r->domains[d];

		dom->n_step = 0;
		dom->step_want_ns = dom->want_ns;
		dom->alive_in_step = dom->alive;
	}
	r->step_start_ns = r->step_end_ns;
}
