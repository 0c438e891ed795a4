/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_series.h"

#include <math.h>
#include <stdlib.h>

#define INTERVALS_ABOUT 50u
#define GRID_NS 100000000ull   /* intervals are multiples of this */
#define CELLS_MAX (1ull << 20) /* intervals times domains and pools; beyond, intervals are longer */

struct track {
	unsigned in[CX_STATES];
	uint64_t since_ns;
};

struct cx_series {
	struct cx_metrics *m;
	unsigned n_domains;
	struct track track[];
};

uint64_t cx_interval_start(const struct cx_metrics *m, unsigned i, uint64_t duration_ns)
{
	return i < m->n_intervals ? i * m->interval_ns : duration_ns;
}

static void choose_intervals(struct cx_metrics *m, uint64_t duration_ns)
{
	uint64_t most = CELLS_MAX / (m->n_domains + m->n_pools + 1ull) + 1, about = INTERVALS_ABOUT,
		 grids;

	if (about > most)
		about = most;
	grids = (duration_ns / about + GRID_NS / 2) / GRID_NS;
	m->interval_ns = GRID_NS * (grids ? grids : 1);
	m->n_intervals = (unsigned)((duration_ns + m->interval_ns / 2) / m->interval_ns);
	if (m->n_intervals == 0)
		m->n_intervals = 1;
}

struct cx_series *cx_series_new(const struct cx_record *record, struct cx_metrics *m)
{
	unsigned n = record->n_domains, d;
	struct cx_series *s = calloc(1, sizeof(*s) + n * sizeof(s->track[0]));

	if (!s)
		return NULL;
	s->m = m;
	s->n_domains = n;
	choose_intervals(m, record->duration_ns);
	for (d = 0; d < n; d++) {
		m->domains[d].intervals =
			calloc(m->n_intervals, sizeof(struct cx_metrics_interval));
		if (!m->domains[d].intervals) {
			free(s);
			return NULL;
		}
	}
	return s;
}

void cx_series_free(struct cx_series *s)
{
	free(s);
}

static void charge(struct cx_series *s, unsigned d, uint64_t t_ns)
{
	struct track *track = &s->track[d];
	unsigned last = s->m->n_intervals - 1, state;

	while (track->since_ns < t_ns) {
		uint64_t i = track->since_ns / s->m->interval_ns, to = t_ns;
		struct cx_metrics_interval *out;

		if (i > last)
			i = last;
		if (i < last && (i + 1) * s->m->interval_ns < to)
			to = (i + 1) * s->m->interval_ns;
		out = &s->m->domains[d].intervals[i];
		for (state = 0; state < CX_STATES; state++)
			out->time_ns[state] += track->in[state] * (to - track->since_ns);
		track->since_ns = to;
	}
}

void cx_series_move(struct cx_series *s, unsigned d, uint64_t t_ns, unsigned before, unsigned after)
{
	charge(s, d, t_ns);
	if (before < CX_STATES)
		s->track[d].in[before]--;
	if (after < CX_STATES)
		s->track[d].in[after]++;
}

/** Entitled is lag plus received, both since the start. */
static void put_entitled(struct cx_metrics *m, unsigned d, const struct cx_lag *lag,
			 uint64_t duration_ns)
{
	uint64_t received = 0, before = 0;
	size_t at = 0;
	unsigned i;

	for (i = 0; i < m->n_intervals && lag->n; i++) {
		struct cx_metrics_interval *out = &m->domains[d].intervals[i];
		uint64_t end = cx_interval_start(m, i + 1, duration_ns), now;
		double entitled;

		received += out->time_ns[CX_RUNNING];
		entitled = cx_lag_at(lag, end, &at) + (double)received;
		now = entitled > 0 ? (uint64_t)llround(entitled) : 0;
		if (now <= before)
			continue;
		out->entitled_ns = now - before;
		before = now;
	}
}

void cx_series_finish(struct cx_series *s, const struct cx_lag *lags, uint64_t duration_ns)
{
	unsigned d;

	for (d = 0; d < s->n_domains; d++) {
		charge(s, d, duration_ns);
		put_entitled(s->m, d, &lags[d], duration_ns);
	}
}
