/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_pools.h"

#include <errno.h>
#include <stdlib.h>

static void add_intervals(const struct cx_metrics *m, struct cx_metrics_interval *to,
			  const struct cx_metrics_interval *from)
{
	unsigned i, s;

	for (i = 0; i < m->n_intervals; i++) {
		to[i].entitled_ns += from[i].entitled_ns;
		for (s = 0; s < CX_STATES; s++)
			to[i].time_ns[s] += from[i].time_ns[s];
	}
}

int cx_pools_finish(const struct cx_record *record, struct cx_metrics *m)
{
	unsigned d, p;

	for (p = 0; p < m->n_pools; p++) {
		m->pools[p].intervals = calloc(m->n_intervals, sizeof(*m->pools[p].intervals));
		if (!m->pools[p].intervals)
			return -ENOMEM;
	}
	for (d = 0; d < m->n_domains; d++) {
		const struct cx_metrics_domain *domain = &m->domains[d];
		struct cx_metrics_pool *pool;

		if (record->domains[d].pool >= m->n_pools)
			continue;
		pool = &m->pools[record->domains[d].pool];
		pool->entitled_ns += domain->entitled_ns;
		pool->run_ns += domain->run_ns;
		add_intervals(m, pool->intervals, domain->intervals);
	}
	/* Parents come before their children, so each is whole when it is added to its own. */
	for (p = m->n_pools; p-- > 0;) {
		const struct cx_metrics_pool *pool = &m->pools[p];
		struct cx_metrics_pool *parent;

		if (record->pools[p].parent >= p)
			continue;
		parent = &m->pools[record->pools[p].parent];
		parent->entitled_ns += pool->entitled_ns;
		parent->run_ns += pool->run_ns;
		add_intervals(m, parent->intervals, pool->intervals);
	}
	return 0;
}
