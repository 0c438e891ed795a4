/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics_series.h - entitlement and states over time, in equal intervals.
 */
#ifndef CX_TRACE_METRICS_SERIES_H
#define CX_TRACE_METRICS_SERIES_H

#include "trace/metrics_internal.h"

struct cx_series;

/** Choose @m's intervals and make room for them in each domain.  NULL when out of memory. */
struct cx_series *cx_series_new(const struct cx_record *record, struct cx_metrics *m);
void cx_series_free(struct cx_series *s);

/**
 * At @t_ns, not before earlier calls, a vCPU of domain @d goes from state @before to @after;
 * CX_STATES stands for not being there.
 */
void cx_series_move(struct cx_series *s, unsigned d, uint64_t t_ns, unsigned before,
		    unsigned after);

/** The run ends: complete the intervals, with the entitlement that @lags (by domain) tell. */
void cx_series_finish(struct cx_series *s, const struct cx_lag *lags, uint64_t duration_ns);

#endif
