/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservation shortfall and limit overshoot.
 *
 * What a guarantee owes at a moment is as much of the reservation as the domain demands then: its
 * vCPUs that run or want to, 100 each; nothing while it sleeps.  A limit counts whenever there is
 * one.  A pool is watched in the same way: it receives what its domains receive, and demands what
 * they and its pools demand, none of them more than its own limit.
 */
#include "trace/metrics_bounds.h"

#include <errno.h>
#include <stdlib.h>

#define PERCENT 100u
#define PERCENT_MAX 100000000u /* of a million pCPUs: more cannot bind, and less overflows */
#define POINTS_FIRST 16u
#define NOBODY UINT32_MAX

/* ---- one sliding window ---- */

static struct cx_slide_point *point(struct cx_slide *s, size_t i)
{
	return &s->ring[(s->first + i) % s->room];
}

static int grow(struct cx_slide *s)
{
	size_t room = s->room ? 2 * s->room : POINTS_FIRST, i;
	struct cx_slide_point *more = malloc(room * sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (i = 0; i < s->n; i++)
		more[i] = *point(s, i);
	free(s->ring);
	s->ring = more;
	s->room = room;
	s->first = 0;
	return 0;
}

static void consider(struct cx_slide *s, uint64_t at_ns, uint64_t before, uint64_t after)
{
	int64_t grown = (int64_t)(after - before);

	if (grown > s->worst) {
		s->worst = grown;
		s->at_ns = at_ns;
	}
}

/** All windows that end after @from_ns, up to and with s->end_ns, where the sum grew evenly. */
static void judge(struct cx_slide *s, uint64_t from_ns, uint64_t from_sum, int64_t rate)
{
	const struct cx_slide_point *p = point(s, 0);
	uint64_t last; /* where the newest of these windows begins */

	if (s->end_ns - s->start_ns < s->window_ns)
		return;
	last = s->end_ns - s->window_ns;
	for (;;) {
		uint64_t end = p->t_ns + s->window_ns;

		if (end > from_ns && end <= s->end_ns)
			consider(s, p->t_ns, p->sum, from_sum + (uint64_t)rate * (end - from_ns));
		if (s->n < 2 || point(s, 1)->t_ns > last)
			break;
		s->first = (s->first + 1) % s->room;
		s->n--;
		p = point(s, 0);
	}
	consider(s, last, p->sum + (uint64_t)p->rate * (last - p->t_ns), s->end_sum);
}

int cx_slide_add(struct cx_slide *s, uint64_t from_ns, uint64_t to_ns, int64_t rate)
{
	uint64_t from_sum, before;

	if (to_ns <= from_ns)
		return 0;
	if (s->n == 0 || from_ns != s->end_ns) {
		s->n = 0;
		s->start_ns = s->end_ns = from_ns;
	}
	if (s->n == 0 || point(s, s->n - 1)->rate != rate) {
		if (s->n == s->room && grow(s))
			return -ENOMEM;
		s->n++;
		*point(s, s->n - 1) = (struct cx_slide_point){ from_ns, s->end_sum, rate };
	}
	before = from_ns - s->start_ns;
	from_sum = s->end_sum;
	s->end_sum += (uint64_t)rate * (to_ns - from_ns);
	s->end_ns = to_ns;
	judge(s, from_ns, from_sum, rate);
	if (to_ns - s->start_ns >= s->window_ns)
		s->judged_ns += to_ns - (before >= s->window_ns ? from_ns : s->start_ns);
	return 0;
}

void cx_slide_free(struct cx_slide *s)
{
	free(s->ring);
	*s = (struct cx_slide){ 0 };
}

/* ---- domains and pools ---- */

struct watch {
	unsigned parent;             /* the pool it is in, as an index of watches; NOBODY */
	unsigned reservation, limit; /* of the moment */
	unsigned alive, running;     /* vCPUs */
	uint64_t demand;             /* percent of a pCPU, before its own limit */
	uint64_t since_ns;
	uint64_t start_ns, stop_ns; /* its life */
	struct cx_slide shortfall, overshoot;
};

struct cx_bounds {
	unsigned n_domains, n_pools;
	bool no_memory;
	struct watch watch[]; /* domains, then pools */
};

static unsigned sane(unsigned percent)
{
	return percent < PERCENT_MAX ? percent : PERCENT_MAX;
}

static void charge(struct cx_bounds *b, struct watch *w, uint64_t t_ns)
{
	int64_t received = (int64_t)w->running * PERCENT;
	int64_t owed = (int64_t)(w->demand < w->reservation ? w->demand : w->reservation);
	int ret = 0;

	if (t_ns <= w->since_ns)
		return;
	if (w->alive && w->reservation)
		ret = cx_slide_add(&w->shortfall, w->since_ns, t_ns, owed - received);
	if (w->alive && w->limit && !ret)
		ret = cx_slide_add(&w->overshoot, w->since_ns, t_ns, received - w->limit);
	if (ret)
		b->no_memory = true;
	w->since_ns = t_ns;
}

static uint64_t capped(const struct watch *w)
{
	return w->limit && w->limit < w->demand ? w->limit : w->demand;
}

/** Charge @w and the pools that it is in. */
static void charge_up(struct cx_bounds *b, struct watch *w, uint64_t t_ns)
{
	charge(b, w, t_ns);
	while (w->parent != NOBODY) {
		w = &b->watch[w->parent];
		charge(b, w, t_ns);
	}
}

/** What @w lets its pool see was @before: tell the pool, and those above it. */
static void demand_up(struct cx_bounds *b, struct watch *w, uint64_t before)
{
	while (w->parent != NOBODY && capped(w) != before) {
		struct watch *pool = &b->watch[w->parent];
		uint64_t pools = capped(pool);

		pool->demand += capped(w) - before;
		before = pools;
		w = pool;
	}
}

static bool wants(unsigned state)
{
	return state == CX_RUNNING || state == CX_READY || state == CX_LIMITED ||
	       state == CX_COSTOPPED;
}

void cx_bounds_move(struct cx_bounds *b, unsigned d, uint64_t t_ns, unsigned before, unsigned after)
{
	struct watch *w = &b->watch[d], *up = w;
	uint64_t demand = capped(w);

	charge_up(b, w, t_ns);
	for (;;) {
		up->alive += (unsigned)(after < CX_STATES) - (unsigned)(before < CX_STATES);
		up->running += (unsigned)(after == CX_RUNNING) - (unsigned)(before == CX_RUNNING);
		if (up->parent == NOBODY)
			break;
		up = &b->watch[up->parent];
	}
	w->demand += wants(after) ? PERCENT : 0;
	w->demand -= wants(before) ? PERCENT : 0;
	demand_up(b, w, demand);
}

static void adjust(struct cx_bounds *b, struct watch *w, uint64_t t_ns, unsigned what,
		   unsigned value)
{
	uint64_t demand = capped(w);

	charge_up(b, w, t_ns);
	if (what == CX_ADJUST_RESERVATION)
		w->reservation = sane(value);
	else if (what == CX_ADJUST_LIMIT)
		w->limit = sane(value);
	demand_up(b, w, demand);
}

void cx_bounds_adjust(struct cx_bounds *b, unsigned d, uint64_t t_ns, unsigned what, unsigned value)
{
	if (d < b->n_domains)
		adjust(b, &b->watch[d], t_ns, what, value);
}

void cx_bounds_adjust_pool(struct cx_bounds *b, unsigned pool, uint64_t t_ns, unsigned what,
			   unsigned value)
{
	if (pool < b->n_pools)
		adjust(b, &b->watch[b->n_domains + pool], t_ns, what, value);
}

/* ---- beginning and end ---- */

/** @w lives when @other does. */
static void live_with(struct watch *w, const struct watch *other)
{
	if (other->start_ns < w->start_ns)
		w->start_ns = other->start_ns;
	if (other->stop_ns > w->stop_ns)
		w->stop_ns = other->stop_ns;
}

static void find_lives(struct cx_bounds *b, const struct cx_record *record)
{
	unsigned v, i = b->n_domains + b->n_pools;

	for (v = 0; v < record->n_vcpus; v++) {
		const struct cx_record_vcpu *vcpu = &record->vcpus[v];
		struct watch life = { .start_ns = vcpu->start_ns, .stop_ns = vcpu->stop_ns };

		if (life.stop_ns > record->duration_ns)
			life.stop_ns = record->duration_ns;
		if (vcpu->domain < b->n_domains)
			live_with(&b->watch[vcpu->domain], &life);
	}
	for (v = 0; v < b->n_domains; v++)
		if (b->watch[v].parent != NOBODY)
			live_with(&b->watch[b->watch[v].parent], &b->watch[v]);
	while (i-- > b->n_domains) /* children stand behind their parents */
		if (b->watch[i].parent != NOBODY)
			live_with(&b->watch[b->watch[i].parent], &b->watch[i]);
}

struct cx_bounds *cx_bounds_new(const struct cx_record *record)
{
	unsigned n = record->n_domains + record->n_pools, i;
	struct cx_bounds *b = calloc(1, sizeof(*b) + n * sizeof(b->watch[0]));

	if (!b)
		return NULL;
	b->n_domains = record->n_domains;
	b->n_pools = record->n_pools;
	for (i = 0; i < n; i++) {
		struct watch *w = &b->watch[i];
		unsigned pool = i - b->n_domains; /* if it is one */
		unsigned parent =
			i < b->n_domains ? record->domains[i].pool : record->pools[pool].parent;
		unsigned before = i < b->n_domains ? b->n_pools : pool;

		w->parent = parent < before ? b->n_domains + parent : NOBODY;
		w->reservation = sane(i < b->n_domains ? record->domains[i].reservation
						       : record->pools[pool].reservation);
		w->limit = sane(i < b->n_domains ? record->domains[i].limit
						 : record->pools[pool].limit);
		w->start_ns = UINT64_MAX;
	}
	find_lives(b, record);
	for (i = 0; i < n; i++) {
		struct watch *w = &b->watch[i];
		uint64_t life = w->stop_ns > w->start_ns ? w->stop_ns - w->start_ns : 1;

		if (life > CX_BOUND_WINDOW_NS)
			life = CX_BOUND_WINDOW_NS;
		w->shortfall.window_ns = w->overshoot.window_ns = life;
	}
	return b;
}

void cx_bounds_free(struct cx_bounds *b)
{
	unsigned i;

	for (i = 0; b && i < b->n_domains + b->n_pools; i++) {
		cx_slide_free(&b->watch[i].shortfall);
		cx_slide_free(&b->watch[i].overshoot);
	}
	free(b);
}

static struct cx_metrics_bound result(const struct cx_slide *s)
{
	return (struct cx_metrics_bound){
		.window_ns = s->window_ns,
		.judged_ns = s->judged_ns,
		.worst_ns = ((uint64_t)s->worst + PERCENT - 1) / PERCENT,
		.at_ns = s->at_ns,
	};
}

int cx_bounds_finish(struct cx_bounds *b, uint64_t end_ns, struct cx_metrics *m)
{
	unsigned i;

	for (i = 0; i < b->n_domains + b->n_pools; i++) {
		struct watch *w = &b->watch[i];
		struct cx_metrics_bounds *out = i < b->n_domains
							? &m->domains[i].bounds
							: &m->pools[i - b->n_domains].bounds;

		charge(b, w, end_ns);
		out->shortfall = result(&w->shortfall);
		out->overshoot = result(&w->overshoot);
	}
	return b->no_memory ? -ENOMEM : 0;
}
