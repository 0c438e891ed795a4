/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics.h"
#include "trace/metrics_bounds.h"
#include "trace/metrics_internal.h"
#include "trace/metrics_pools.h"
#include "trace/metrics_series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT 100.0
#define ENTITLED_MIN_NS 1000.0 /* below a microsecond a quotient means nothing */

static uint64_t disagreement(const struct cx_record *record, const struct cx_metrics *m)
{
	uint64_t most = 0;
	unsigned v, s;

	for (v = 0; v < record->n_vcpus; v++)
		for (s = 0; s < CX_STATES; s++) {
			uint64_t a = m->vcpus[v].time_ns[s], b = record->vcpus[v].time_ns[s];
			uint64_t difference = a > b ? a - b : b - a;

			if (difference > most)
				most = difference;
		}
	return most;
}

/** Where events are missing, core's own accounting is the better word. */
static void prefer_record(const struct cx_record *record, struct cx_metrics *m)
{
	unsigned v;

	for (v = 0; v < record->n_vcpus; v++)
		memcpy(m->vcpus[v].time_ns, record->vcpus[v].time_ns, sizeof(m->vcpus[v].time_ns));
}

static void add_vcpus(const struct cx_record *record, struct cx_metrics *m)
{
	unsigned v, s;

	for (v = 0; v < record->n_vcpus; v++) {
		struct cx_metrics_domain *d = &m->domains[record->vcpus[v].domain];
		const uint64_t *time = m->vcpus[v].time_ns;

		d->run_ns += time[CX_RUNNING];
		d->ready_ns += time[CX_READY];
		d->limited_ns += time[CX_LIMITED];
		d->costop_ns += time[CX_COSTOPPED];
		d->blocked_ns += time[CX_BLOCKED];
		d->paused_ns += time[CX_PAUSED];
		for (s = 0; s < CX_STATES; s++)
			d->wall_ns += time[s];
		d->progress += record->vcpus[v].progress;
	}
}

static double jain_index(const struct cx_record *record, const struct cx_replay *r,
			 const struct cx_metrics *m)
{
	double sum = 0, squares = 0;
	unsigned d, n = 0;

	for (d = 0; d < record->n_domains; d++) {
		double q;

		if (r->domains[d].entitled_ns < ENTITLED_MIN_NS)
			continue;
		q = (double)m->domains[d].run_ns / r->domains[d].entitled_ns;
		sum += q;
		squares += q * q;
		n++;
	}
	return squares > 0 ? sum * sum / (n * squares) : n ? 0 : 1;
}

/*
 * A dispatcher that is robbed of a pCPU still believes its vCPU to run, so what was taken
 * is part of the run time; the baseline's run time is what it really had.
 */
static double steal_percent(const struct cx_record *record, const struct cx_metrics *m)
{
	bool apart = record->scheduler && strcmp(record->scheduler, "linux") == 0;
	uint64_t all = m->busy_ns + (apart ? record->host_steal_ns : 0);

	return all ? PERCENT * (double)record->host_steal_ns / (double)all : 0;
}

static int summarise(const struct cx_record *record, struct cx_replay *r, struct cx_metrics *m)
{
	struct cx_hist *scratch = malloc(sizeof(*scratch));
	double seconds = (double)record->duration_ns / 1e9;
	double online_ns = (double)record->duration_ns * record->n_pcpus - (double)m->offline_ns;
	unsigned d;
	int ret = 0;

	if (!scratch)
		return -ENOMEM;
	m->disagreement_ns = disagreement(record, m);
	if (m->dropped)
		prefer_record(record, m);
	add_vcpus(record, m);
	for (d = 0; d < record->n_domains && !ret; d++) {
		struct cx_metrics_domain *out = &m->domains[d];
		uint64_t stop = record->domains[d].stop_ns;

		if (stop > record->duration_ns)
			stop = record->duration_ns;
		out->demand_ns = out->run_ns + out->ready_ns + out->limited_ns + out->costop_ns;
		out->entitled_ns = (uint64_t)llround(r->domains[d].entitled_ns);
		cx_lag_summary(&r->lags[d], record->domains[d].start_ns, stop, out, scratch);
		ret = cx_lag_quantiles(&r->lags[d], record->domains[d].start_ns, stop,
				       record->n_domains, out);
	}
	free(scratch);
	if (!ret)
		ret = cx_bounds_finish(r->bounds, record->duration_ns, m);
	if (ret)
		return ret;
	cx_series_finish(r->series, r->lags, record->duration_ns);
	ret = cx_pools_finish(record, m);
	if (ret)
		return ret;
	cx_siblings_summary(r);
	cx_window_errors(r->lags, record->n_domains, record->duration_ns, m);
	m->jain = jain_index(record, r, m);
	if (seconds > 0)
		/* Of those that are kept, where some are not, it would be a rate of nothing. */
		m->switches_per_s = (double)(m->dropped ? record->switches : m->switches) / seconds;
	if (online_ns > 0)
		m->busy_percent = PERCENT * (double)m->busy_ns / online_ns;
	m->steal_percent = steal_percent(record, m);
	return 0;
}

static struct cx_metrics *new_metrics(const struct cx_record *record)
{
	struct cx_metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->n_vcpus = record->n_vcpus;
	m->n_domains = record->n_domains;
	m->n_pools = record->n_pools;
	m->pools = calloc(record->n_pools + 1u, sizeof(m->pools[0]));
	m->vcpus = calloc(record->n_vcpus + 1u, sizeof(m->vcpus[0]));
	m->domains = calloc(record->n_domains + 1u, sizeof(m->domains[0]));
	m->events = cx_history_count(record->history);
	m->dropped = cx_history_dropped(record->history);
	if (!m->vcpus || !m->domains || !m->pools) {
		cx_metrics_free(m);
		return NULL;
	}
	return m;
}

int cx_metrics_compute(const struct cx_record *record, struct cx_metrics **metrics,
		       struct cx_error *err)
{
	struct cx_metrics *m = new_metrics(record);
	struct cx_replay r = { .record = record };
	int ret = -ENOMEM;

	*metrics = NULL;
	if (!m)
		return cx_fail(err, ENOMEM, "metrics: out of memory");
	ret = cx_replay_init(&r, record, m);
	if (!ret)
		ret = cx_replay_run(&r);
	if (!ret)
		ret = summarise(record, &r, m);
	cx_replay_free(&r);
	if (!ret) {
		*metrics = m;
		return 0;
	}
	cx_metrics_free(m);
	if (ret == -EINVAL)
		return cx_fail(err, EINVAL,
			       "metrics: the record's domains, vCPUs and pools do not match");
	return cx_fail(err, -ret, "metrics: out of memory");
}

void cx_metrics_free(struct cx_metrics *m)
{
	unsigned i;

	if (!m)
		return;
	for (i = 0; m->vcpus && i < m->n_vcpus; i++)
		free(m->vcpus[i].wake_ns);
	for (i = 0; m->domains && i < m->n_domains; i++) {
		free(m->domains[i].corun_ns);
		free(m->domains[i].intervals);
	}
	for (i = 0; m->pools && i < m->n_pools; i++)
		free(m->pools[i].intervals);
	free(m->pools);
	free(m->vcpus);
	free(m->domains);
	free(m);
}
