/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT 100.0
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

/** The domain's claim on the step that ends now; false if it wanted nothing. */
static bool claim_of(struct cx_replay *r, unsigned d, double len_ns, struct cx_bound_claim *out)
{
	const struct cx_replay_domain *dom = &r->domains[d];
	double demand = (double)(dom->want_ns - dom->step_want_ns);
	double hi = demand;

	if (demand <= 0)
		return false;
	if (dom->limit)
		hi = fmin(hi, dom->limit / PERCENT * len_ns);
	out->domain = d;
	out->class = r->affinity.class_of[d];
	out->claim.weight = (double)(dom->weight ? dom->weight : 1) *
			    (dom->alive_in_step ? dom->alive_in_step : 1);
	out->claim.hi = hi;
	out->claim.lo = fmin(dom->reservation / PERCENT * len_ns, hi);
	out->claim.share = 0;
	return true;
}

/** Order the claims by group, groups starting at r->group_at[group]. */
static void sort_by_group(struct cx_replay *r, unsigned n)
{
	unsigned g, i, at = 0;

	memset(r->group_at, 0, (r->affinity.n_groups + 1) * sizeof(*r->group_at));
	for (i = 0; i < n; i++)
		r->group_at[r->domains[r->claims[i].domain].group]++;
	for (g = 0; g <= r->affinity.n_groups; g++) {
		unsigned size = r->group_at[g];

		r->group_at[g] = at;
		at += size;
	}
	for (i = 0; i < n; i++)
		r->sorted[r->group_at[r->domains[r->claims[i].domain].group]++] = r->claims[i];
	/* Filling moved each start to the next group's. */
	for (g = r->affinity.n_groups; g > 0; g--)
		r->group_at[g] = r->group_at[g - 1];
	r->group_at[0] = 0;
}

/** Entitlement accrues with the time that the domain wanted to run. */
static void book(struct cx_replay *r, const struct cx_bound_claim *c)
{
	struct cx_replay_domain *dom = &r->domains[c->domain];
	double demand = (double)(dom->want_ns - dom->step_want_ns);
	size_t i;

	for (i = 0; i < dom->n_step; i++) {
		const struct cx_step_point *p = &dom->step[i];
		double part = (double)(p->want_ns - dom->step_want_ns) / demand;
		double lag = dom->entitled_ns + part * c->claim.share - (double)p->run_ns;

		if (cx_lag_add(&r->lags[c->domain], p->t_ns, lag))
			r->no_memory = true;
	}
	dom->entitled_ns += c->claim.share;
}

void cx_step_close(struct cx_replay *r)
{
	double len_ns = (double)(r->step_end_ns - r->step_start_ns);
	unsigned d, g, i, n = 0;

	for (d = 0; d < r->record->n_domains; d++) {
		cx_replay_advance(r, d, r->step_end_ns);
		if (claim_of(r, d, len_ns, &r->claims[n])) {
			cx_step_note(r, d, r->step_end_ns);
			n++;
		}
	}
	sort_by_group(r, n);
	for (g = 0; g < r->affinity.n_groups; g++) {
		unsigned from = r->group_at[g], size = r->group_at[g + 1] - from;

		if (size)
			cx_affinity_solve(&r->affinity, g, &r->sorted[from], size, len_ns,
					  r->scratch);
	}
	for (i = 0; i < n; i++)
		book(r, &r->sorted[i]);
	for (d = 0; d < r->record->n_domains; d++) {
		struct cx_replay_domain *dom = &r->domains[d];

		dom->n_step = 0;
		dom->step_want_ns = dom->want_ns;
		dom->alive_in_step = dom->alive;
	}
	r->step_start_ns = r->step_end_ns;
}
