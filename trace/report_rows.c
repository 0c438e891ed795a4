/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/report_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT 100.0

/** Length of @name without a replica's number: "web" of "web.12". */
static size_t stem(const char *name)
{
	size_t n = strlen(name), i = n;

	while (i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9')
		i--;
	return i < n && i > 1 && name[i - 1] == '.' ? i - 1 : n;
}

static bool replicas(const char *a, const char *b)
{
	size_t n = stem(a);

	return a[n] && n == stem(b) && b[n] && memcmp(a, b, n) == 0;
}

static bool alike(const struct cx_record_domain *a, const struct cx_record_domain *b)
{
	return a->weight == b->weight && a->limit == b->limit && a->reservation == b->reservation &&
	       a->n_vcpus == b->n_vcpus;
}

/** The row that domain @d belongs to; a new one if there is none. */
static unsigned row_for(const struct cx_record *record, struct cx_rows *rows, unsigned d, bool join)
{
	const char *name = cx_or_empty(record->domains[d].name);
	unsigned r;

	/* Replicas stand together in a scenario, so the last rows are the likely ones. */
	for (r = join ? rows->n : 0; r-- > 0;) {
		const struct cx_record_domain *other = &record->domains[rows->row[r].first];

		if (replicas(cx_or_empty(other->name), name) && alike(other, &record->domains[d]))
			return r;
	}
	rows->row[rows->n].first = d;
	return rows->n++;
}

static char *label_of(const struct cx_record *record, const struct cx_row *row, bool others)
{
	const char *name = cx_or_empty(record->domains[row->first].name);
	size_t room = strlen(name) + CX_SHORT;
	char *label = malloc(room);

	if (!label)
		return NULL;
	if (others)
		snprintf(label, room, "others (%u)", row->count);
	else if (row->count > 1)
		snprintf(label, room, "%.*s.* (%u)", (int)stem(name), name, row->count);
	else
		snprintf(label, room, "%s", name);
	return label;
}

/** More rows than can be read: the last takes in all from there on. */
static bool fold(struct cx_rows *rows)
{
	unsigned r;

	if (rows->n <= CX_ROWS_MAX)
		return false;
	for (r = CX_ROWS_MAX; r < rows->n; r++)
		rows->row[CX_ROWS_MAX - 1].count += rows->row[r].count;
	for (r = 0; r < rows->n_domains; r++)
		if (rows->row_of[r] >= CX_ROWS_MAX)
			rows->row_of[r] = CX_ROWS_MAX - 1;
	rows->n = CX_ROWS_MAX;
	return true;
}

int cx_rows_make(const struct cx_report *report, struct cx_rows *rows)
{
	const struct cx_record *record;
	unsigned d, r;
	bool others;

	memset(rows, 0, sizeof(*rows));
	if (report->n_runs == 0)
		return 0;
	record = report->records[0];
	rows->n_domains = record->n_domains;
	rows->row = calloc(record->n_domains + 1u, sizeof(*rows->row));
	rows->row_of = calloc(record->n_domains + 1u, sizeof(*rows->row_of));
	if (!rows->row || !rows->row_of)
		goto no_memory;
	for (d = 0; d < record->n_domains; d++) {
		r = row_for(record, rows, d, record->n_domains > CX_ROWS_SINGLE);
		rows->row_of[d] = r;
		rows->row[r].count++;
	}
	others = fold(rows);
	for (d = 0; d < record->n_domains; d++) {
		struct cx_row *row = &rows->row[rows->row_of[d]];

		if (!alike(&record->domains[d], &record->domains[row->first]))
			row->mixed = true;
	}
	for (r = 0; r < rows->n; r++) {
		rows->row[r].label =
			label_of(record, &rows->row[r], others && r == CX_ROWS_MAX - 1);
		if (!rows->row[r].label)
			goto no_memory;
	}
	return 0;
no_memory:
	cx_rows_free(rows);
	return -ENOMEM;
}

void cx_rows_free(struct cx_rows *rows)
{
	unsigned r;

	for (r = 0; rows->row && r < rows->n; r++)
		free(rows->row[r].label);
	free(rows->row);
	free(rows->row_of);
	memset(rows, 0, sizeof(*rows));
}

const char *cx_row_pool(const struct cx_record *record, const struct cx_rows *rows, unsigned row)
{
	uint32_t own = record->domains[rows->row[row].first].pool;
	unsigned d;

	own = own < record->n_pools ? own : CX_NO_POOL;
	for (d = 0; d < record->n_domains && d < rows->n_domains; d++) {
		uint32_t pool = record->domains[d].pool;

		if (rows->row_of[d] == row && (pool < record->n_pools ? pool : CX_NO_POOL) != own)
			return "*";
	}
	return own == CX_NO_POOL ? "-" : cx_or_empty(record->pools[own].name);
}

double cx_lifetime_ns(const struct cx_record *record, unsigned d)
{
	uint64_t start = record->domains[d].start_ns, stop = record->domains[d].stop_ns;

	if (stop > record->duration_ns)
		stop = record->duration_ns;
	return stop > start ? (double)(stop - start) : 1;
}

static void add_domain(const struct cx_record *record, const struct cx_metrics *m, unsigned d,
		       struct cx_row_figures *out, uint64_t time[CX_STATES])
{
	const struct cx_metrics_domain *dom = &m->domains[d];
	double life = cx_lifetime_ns(record, d);
	double received = PERCENT * (double)dom->run_ns / life;
	uint64_t lead = (uint64_t)(dom->lag_min_ns < 0 ? -dom->lag_min_ns : 0);
	unsigned i;

	out->entitled += PERCENT * (double)dom->entitled_ns / life;
	out->received += received;
	if (received < out->received_min)
		out->received_min = received;
	if (received > out->received_max)
		out->received_max = received;
	out->progress_per_s += (double)dom->progress / (life / 1e9);
	for (i = 0; i < CX_DISTANCES; i++)
		out->migrations += i == CX_DIST_SELF ? 0 : dom->migrations[i];
	out->switches += dom->switches;
	out->run_ns += dom->run_ns;
	if (dom->lag_max_ns > 0 && (uint64_t)dom->lag_max_ns > lead)
		lead = (uint64_t)dom->lag_max_ns;
	if (lead > out->lag_max_ns)
		out->lag_max_ns = lead;
	if (dom->skew_p99_ns > out->skew_p99_ns)
		out->skew_p99_ns = dom->skew_p99_ns;
	time[CX_RUNNING] += dom->run_ns;
	time[CX_READY] += dom->ready_ns;
	time[CX_LIMITED] += dom->limited_ns;
	time[CX_COSTOPPED] += dom->costop_ns;
	time[CX_BLOCKED] += dom->blocked_ns;
	time[CX_PAUSED] += dom->paused_ns;
	out->bounds.shortfall = cx_worse_bound(out->bounds.shortfall, dom->bounds.shortfall);
	out->bounds.overshoot = cx_worse_bound(out->bounds.overshoot, dom->bounds.overshoot);
}

int cx_row_measure(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
		   unsigned row, struct cx_row_figures *out)
{
	const struct cx_record *record = report->records[run];
	const struct cx_metrics *m = report->metrics[run];
	struct cx_hist *wakes = calloc(1, sizeof(*wakes));
	uint64_t time[CX_STATES] = { 0 }, wall = 0, together = 0, several = 0;
	unsigned d, i, n = 0;

	memset(out, 0, sizeof(*out));
	out->received_min = 1e300;
	if (!wakes)
		return -ENOMEM;
	for (d = 0; d < record->n_domains && d < rows->n_domains; d++) {
		if (rows->row_of[d] != row)
			continue;
		add_domain(record, m, d, out, time);
		cx_hist_merge(wakes, &m->domains[d].wake_ns);
		together += m->domains[d].corun_all_ns;
		several += m->domains[d].corun_wall_ns;
		n++;
	}
	if (n) {
		out->entitled /= n;
		out->received /= n;
		out->progress_per_s /= n;
	} else {
		out->received_min = 0;
	}
	for (i = 0; i < CX_STATES; i++)
		wall += time[i];
	for (i = 0; i < CX_STATES; i++)
		out->state[i] = wall ? PERCENT * (double)time[i] / (double)wall : 0;
	memcpy(out->time_ns, time, sizeof(time));
	out->corun = several ? PERCENT * (double)together / (double)several : -1;
	out->wakes = wakes->count;
	out->wake_p50_ns = cx_hist_percentile(wakes, 50);
	out->wake_p99_ns = cx_hist_percentile(wakes, 99);
	free(wakes);
	return cx_row_lag(report, run, rows, row, out->lag_ns);
}
