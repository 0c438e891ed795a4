/* SPDX-License-Identifier: BSD-2-Clause */
#include "entitlement/flow.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

#define ROOT UINT32_MAX

/*
 * Sets are bitmaps, so that a search looks only at what it has not seen yet, and ends with
 * one AND where there is room at once, as there is when few sets overlap.
 */
struct cx_flow {
	unsigned n_sources, n_sinks, source_words, sink_words;
	uint64_t *arcs;  /* by source: the sinks it may use */
	uint64_t *users; /* by sink: the sources that have something there */
	uint64_t *flow;  /* [sink * n_sources + source] */
	uint64_t *supply, *placed, *capacity, *used;
	uint64_t *room; /* the sinks with used < capacity */
	uint64_t n_unplaced;
	/* The search: what it has reached, from where, and the sources to go on from. */
	uint64_t *seen_sources, *seen_sinks;
	unsigned *source_from, *sink_from;
	unsigned *queue;
};

void cx_flow_free(struct cx_flow *f)
{
	if (!f)
		return;
	free(f->arcs);
	free(f->users);
	free(f->flow);
	free(f->supply);
	free(f->placed);
	free(f->capacity);
	free(f->used);
	free(f->room);
	free(f->seen_sources);
	free(f->seen_sinks);
	free(f->source_from);
	free(f->sink_from);
	free(f->queue);
	free(f);
}

static bool make_search(struct cx_flow *f)
{
	f->seen_sources = calloc(f->source_words, sizeof(*f->seen_sources));
	f->seen_sinks = calloc(f->sink_words, sizeof(*f->seen_sinks));
	f->source_from = calloc(f->n_sources + 1u, sizeof(*f->source_from));
	f->sink_from = calloc(f->n_sinks + 1u, sizeof(*f->sink_from));
	f->queue = calloc(f->n_sources + 1u, sizeof(*f->queue));
	return f->seen_sources && f->seen_sinks && f->source_from && f->sink_from && f->queue;
}

struct cx_flow *cx_flow_new(unsigned n_sources, unsigned n_sinks)
{
	struct cx_flow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->n_sources = n_sources;
	f->n_sinks = n_sinks;
	f->source_words = n_sources / CX_WORD_BITS + 1;
	f->sink_words = n_sinks / CX_WORD_BITS + 1;
	f->arcs = calloc((size_t)n_sources * f->sink_words + 1, sizeof(*f->arcs));
	f->users = calloc((size_t)n_sinks * f->source_words + 1, sizeof(*f->users));
	f->flow = calloc((size_t)n_sinks * n_sources + 1, sizeof(*f->flow));
	f->supply = calloc(n_sources + 1u, sizeof(*f->supply));
	f->placed = calloc(n_sources + 1u, sizeof(*f->placed));
	f->capacity = calloc(n_sinks + 1u, sizeof(*f->capacity));
	f->used = calloc(n_sinks + 1u, sizeof(*f->used));
	f->room = calloc(f->sink_words, sizeof(*f->room));
	if (f->arcs && f->users && f->flow && f->supply && f->placed && f->capacity && f->used &&
	    f->room && make_search(f))
		return f;
	cx_flow_free(f);
	return NULL;
}

/* --- sets ------------------------------------------------------------------------------ */

static void put(uint64_t *set, unsigned i, bool in)
{
	uint64_t bit = 1ull << i % CX_WORD_BITS;

	if (in)
		set[i / CX_WORD_BITS] |= bit;
	else
		set[i / CX_WORD_BITS] &= ~bit;
}

static uint64_t *arcs_of(const struct cx_flow *f, unsigned source)
{
	return &f->arcs[(size_t)source * f->sink_words];
}

static uint64_t *users_of(const struct cx_flow *f, unsigned sink)
{
	return &f->users[(size_t)sink * f->source_words];
}

static uint64_t *flow_of(const struct cx_flow *f, unsigned source, unsigned sink)
{
	return &f->flow[(size_t)sink * f->n_sources + source];
}

/* --- what is asked ------------------------------------------------------------------------ */

/* @by may be "negative": unsigned arithmetic wraps round, the sums do not. */
static void move(struct cx_flow *f, unsigned source, unsigned sink, uint64_t by)
{
	uint64_t *flow = flow_of(f, source, sink);

	*flow += by;
	f->used[sink] += by;
	put(users_of(f, sink), source, *flow != 0);
	put(f->room, sink, f->used[sink] < f->capacity[sink]);
}

/* At most @most of it; the rest of the source's flow stays where it is. */
static uint64_t take_back(struct cx_flow *f, unsigned source, unsigned sink, uint64_t most)
{
	uint64_t flow = *flow_of(f, source, sink);
	uint64_t back = flow < most ? flow : most;

	if (!back)
		return 0;
	move(f, source, sink, -back);
	f->placed[source] -= back;
	f->n_unplaced += back;
	return back;
}

void cx_flow_allow(struct cx_flow *f, unsigned source, unsigned sink)
{
	put(arcs_of(f, source), sink, true);
}

void cx_flow_set_supply(struct cx_flow *f, unsigned source, uint64_t supply)
{
	unsigned i;

	for (i = 0; i < f->n_sinks && f->placed[source] > supply; i++)
		if (cx_bit_has(arcs_of(f, source), i))
			take_back(f, source, i, f->placed[source] - supply);
	f->n_unplaced = f->n_unplaced - f->supply[source] + supply;
	f->supply[source] = supply;
}

void cx_flow_set_capacity(struct cx_flow *f, unsigned sink, uint64_t capacity)
{
	unsigned i;

	f->capacity[sink] = capacity;
	put(f->room, sink, f->used[sink] < capacity);
	for (i = 0; i < f->n_sources && f->used[sink] > capacity; i++)
		take_back(f, i, sink, f->used[sink] - capacity);
}

void cx_flow_clear(struct cx_flow *f)
{
	unsigned sink, w;
	uint64_t users;

	for (sink = 0; sink < f->n_sinks; sink++)
		for (w = 0; w < f->source_words; w++) {
			for (users = users_of(f, sink)[w]; users; users &= users - 1)
				*flow_of(f, w * CX_WORD_BITS + (unsigned)__builtin_ctzll(users),
					 sink) = 0;
			users_of(f, sink)[w] = 0;
		}
	memset(f->supply, 0, f->n_sources * sizeof(*f->supply));
	memset(f->placed, 0, f->n_sources * sizeof(*f->placed));
	memset(f->capacity, 0, f->n_sinks * sizeof(*f->capacity));
	memset(f->used, 0, f->n_sinks * sizeof(*f->used));
	memset(f->room, 0, f->sink_words * sizeof(*f->room));
	f->n_unplaced = 0;
}

/* --- augmenting paths -------------------------------------------------------------------- */

static unsigned roots(struct cx_flow *f)
{
	unsigned i, n = 0;

	memset(f->seen_sources, 0, f->source_words * sizeof(*f->seen_sources));
	memset(f->seen_sinks, 0, f->sink_words * sizeof(*f->seen_sinks));
	for (i = 0; i < f->n_sources; i++) {
		if (f->placed[i] == f->supply[i])
			continue;
		put(f->seen_sources, i, true);
		f->source_from[i] = ROOT;
		f->queue[n++] = i;
	}
	return n;
}

/* The sources that could make room in @sink by going elsewhere, behind the @n of the queue. */
static unsigned reach_users(struct cx_flow *f, unsigned sink, unsigned n)
{
	const uint64_t *users = users_of(f, sink);
	unsigned w, i;
	uint64_t fresh;

	for (w = 0; w < f->source_words; w++) {
		for (fresh = users[w] & ~f->seen_sources[w]; fresh; fresh &= fresh - 1) {
			i = w * CX_WORD_BITS + (unsigned)__builtin_ctzll(fresh);
			f->source_from[i] = sink;
			f->queue[n++] = i;
		}
		f->seen_sources[w] |= users[w];
	}
	return n;
}

/* A sink with room that the sources without may reach, breadth first; n_sinks: there is none. */
static unsigned search(struct cx_flow *f)
{
	unsigned n = roots(f), i, w, sink;
	uint64_t fresh;

	for (i = 0; i < n; i++) {
		unsigned source = f->queue[i];
		const uint64_t *arcs = arcs_of(f, source);

		for (w = 0; w < f->sink_words; w++) {
			if (!(arcs[w] & f->room[w]))
				continue;
			sink = w * CX_WORD_BITS + (unsigned)__builtin_ctzll(arcs[w] & f->room[w]);
			f->sink_from[sink] = source;
			return sink;
		}
		for (w = 0; w < f->sink_words; w++) {
			fresh = arcs[w] & ~f->seen_sinks[w];
			f->seen_sinks[w] |= fresh;
			for (; fresh; fresh &= fresh - 1) {
				sink = w * CX_WORD_BITS + (unsigned)__builtin_ctzll(fresh);
				f->sink_from[sink] = source;
				n = reach_users(f, sink, n);
			}
		}
	}
	return f->n_sinks;
}

static void augment(struct cx_flow *f, unsigned last)
{
	uint64_t most = f->capacity[last] - f->used[last];
	unsigned sink = last, source = f->sink_from[last];

	for (; f->source_from[source] != ROOT; source = f->sink_from[sink]) {
		sink = f->source_from[source];
		if (*flow_of(f, source, sink) < most)
			most = *flow_of(f, source, sink);
	}
	if (f->supply[source] - f->placed[source] < most)
		most = f->supply[source] - f->placed[source];
	f->placed[source] += most;
	f->n_unplaced -= most;
	for (sink = last;; sink = f->source_from[source]) {
		source = f->sink_from[sink];
		move(f, source, sink, most);
		if (f->source_from[source] == ROOT)
			return;
		move(f, source, f->source_from[source], -most);
	}
}

uint64_t cx_flow_settle(struct cx_flow *f)
{
	unsigned sink;

	while (f->n_unplaced && (sink = search(f)) < f->n_sinks)
		augment(f, sink);
	return f->n_unplaced;
}

bool cx_flow_cut_source(const struct cx_flow *f, unsigned source)
{
	return cx_bit_has(f->seen_sources, source);
}

bool cx_flow_cut_sink(const struct cx_flow *f, unsigned sink)
{
	return cx_bit_has(f->seen_sinks, sink);
}
