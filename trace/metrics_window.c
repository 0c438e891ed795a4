/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_FIRST 64u
#define SAMPLE_NS 1000000ull /* lag is sampled every so often, more rarely in long runs */
#define SAMPLES_MAX 10000u
#define WINDOW_FIRST_NS 1000000ull
#define DECADE 10u

int cx_lag_add(struct cx_lag *lag, uint64_t t_ns, double lag_ns)
{
	struct cx_lag_point *p = lag->n ? &lag->points[lag->n - 1] : NULL;

	if (p && p->t_ns == t_ns) {
		p->lag_ns = lag_ns;
		return 0;
	}
	if (lag->n == lag->room || !lag->points) {
		size_t room = lag->room ? 2 * lag->room : POINTS_FIRST;
		struct cx_lag_point *more = realloc(lag->points, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		lag->points = more;
		lag->room = room;
	}
	lag->points[lag->n++] = (struct cx_lag_point){ t_ns, lag_ns };
	return 0;
}

double cx_lag_at(const struct cx_lag *lag, uint64_t t_ns, size_t *at)
{
	const struct cx_lag_point *p = lag->points;
	double part;

	while (*at + 1 < lag->n && p[*at + 1].t_ns <= t_ns)
		(*at)++;
	p += *at;
	if (t_ns <= p->t_ns || *at + 1 == lag->n)
		return p->lag_ns;
	part = (double)(t_ns - p[0].t_ns) / (double)(p[1].t_ns - p[0].t_ns);
	return p[0].lag_ns + part * (p[1].lag_ns - p[0].lag_ns);
}

void cx_lag_summary(const struct cx_lag *lag, uint64_t start_ns, uint64_t stop_ns,
		    struct cx_metrics_domain *out, struct cx_hist *scratch)
{
	uint64_t every = (stop_ns - start_ns) / SAMPLES_MAX, t;
	size_t i, at = 0;

	if (lag->n == 0 || stop_ns <= start_ns)
		return;
	for (i = 0; i < lag->n; i++) {
		int64_t value = (int64_t)llround(lag->points[i].lag_ns);

		if (value > out->lag_max_ns)
			out->lag_max_ns = value;
		if (value < out->lag_min_ns)
			out->lag_min_ns = value;
	}
	if (every < SAMPLE_NS)
		every = SAMPLE_NS;
	memset(scratch, 0, sizeof(*scratch));
	for (t = start_ns; t < stop_ns; t += every)
		cx_hist_add(scratch, (uint64_t)llround(fabs(cx_lag_at(lag, t, &at))));
	out->lag_p50_ns = cx_hist_percentile(scratch, 50);
	out->lag_p99_ns = cx_hist_percentile(scratch, 99);
}

struct worst {
	double error;
	uint64_t at_ns;
};

static void consider(struct worst *worst, double a, double b, uint64_t window_ns, uint64_t at_ns)
{
	double error = fabs(b - a) / (double)window_ns;

	if (error > worst->error) {
		worst->error = error;
		worst->at_ns = at_ns;
	}
}

/**
 * The largest |lag(t + W) - lag(t)| / W.  Lag is piecewise linear, so the difference is
 * too, and its extremes lie where t or t + W is one of the points, or at either end.
 */
static void slide(const struct cx_lag *lag, uint64_t window_ns, uint64_t duration_ns,
		  struct worst *worst)
{
	uint64_t last = duration_ns - window_ns;
	size_t i, near = 0, far = 0;

	for (i = 0; i < lag->n && lag->points[i].t_ns <= last; i++) {
		uint64_t t = lag->points[i].t_ns;

		consider(worst, lag->points[i].lag_ns, cx_lag_at(lag, t + window_ns, &far),
			 window_ns, t);
	}
	for (i = 0; i < lag->n; i++) {
		uint64_t t = lag->points[i].t_ns;

		if (t >= window_ns && t <= duration_ns)
			consider(worst, cx_lag_at(lag, t - window_ns, &near), lag->points[i].lag_ns,
				 window_ns, t - window_ns);
	}
	near = far = 0;
	consider(worst, cx_lag_at(lag, 0, &near), cx_lag_at(lag, window_ns, &far), window_ns, 0);
	consider(worst, cx_lag_at(lag, last, &near), cx_lag_at(lag, duration_ns, &far), window_ns,
		 last);
}

/** 1, 2, 5 ms and so on up to the run, and the run itself if that is a step further. */
static void choose_lengths(uint64_t duration_ns, struct cx_metrics *m)
{
	static const unsigned mantissas[] = { 1, 2, 5 };
	uint64_t decade = WINDOW_FIRST_NS, last = 0;
	unsigned i = 0;

	while (m->n_windows < CX_WINDOWS - 1) {
		uint64_t w = mantissas[i % 3] * decade;

		if (w > duration_ns)
			break;
		last = m->windows[m->n_windows++].window_ns = w;
		if (++i % 3 == 0)
			decade *= DECADE;
	}
	if (duration_ns > 0 && duration_ns > last + last / 5)
		m->windows[m->n_windows++].window_ns = duration_ns;
}

void cx_window_errors(const struct cx_lag *lags, unsigned n, uint64_t duration_ns,
		      struct cx_metrics *m)
{
	unsigned w, d;

	choose_lengths(duration_ns, m);
	for (w = 0; w < m->n_windows; w++) {
		struct worst all = { .error = 0 };

		for (d = 0; d < n; d++) {
			struct worst own = { .error = 0 };

			if (lags[d].n)
				slide(&lags[d], m->windows[w].window_ns, duration_ns, &own);
			if (own.error > all.error) {
				all = own;
				m->windows[w].worst_domain = d;
			}
		}
		m->windows[w].error = all.error;
		m->windows[w].worst_at_ns = all.at_ns;
	}
}

double cx_metrics_window_error(const struct cx_metrics *m, uint64_t window_ns)
{
	unsigned i;

	for (i = 0; i < m->n_windows; i++) {
		double a, b, part;

		if (m->windows[i].window_ns == window_ns)
			return m->windows[i].error;
		if (m->windows[i].window_ns < window_ns)
			continue;
		if (i == 0)
			return -1;
		a = log((double)m->windows[i - 1].window_ns);
		b = log((double)m->windows[i].window_ns);
		part = (log((double)window_ns) - a) / (b - a);
		return m->windows[i - 1].error +
		       part * (m->windows[i].error - m->windows[i - 1].error);
	}
	return -1;
}
