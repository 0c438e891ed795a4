/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/metrics_pools.h - what resource pools were entitled to and received.
 */
#ifndef CX_TRACE_METRICS_POOLS_H
#define CX_TRACE_METRICS_POOLS_H

#include "trace/metrics.h"

/**
 * Add up the domains, which are complete, into the pools of @m; the pools' bounds are not touched.
 * Returns 0 or -ENOMEM.
 */
int cx_pools_finish(const struct cx_record *record, struct cx_metrics *m);

#endif
