/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/pinned.h - reservations of domains that may use only some of the pCPUs.
 *
 * What domains reserve that are confined to a set of pCPUs must fit into that set, however much
 * the host has elsewhere: for every set of such domains, what they reserve must fit on the pCPUs
 * that any of them may use (entitlement/flow.h).  That is enough: who fits gets its part of
 * a second on one pCPU after the other, as no vCPU reserves more than one pCPU has
 * (McNaughton 1959; with affinities, Lawler and Labetoulle 1978).
 */
#ifndef CX_CORE_RUN_PINNED_H
#define CX_CORE_RUN_PINNED_H

#include "core/run/change.h"

struct cx_pinned;

/** All pCPUs of the run are online, nothing is reserved.  NULL when out of memory. */
struct cx_pinned *cx_pinned_new(const struct cx_changing *run);
void cx_pinned_free(struct cx_pinned *pinned);

/** The domain reserves @to from now on; -ENOSPC with a message, and nothing changed. */
int cx_pinned_reserve(struct cx_pinned *pinned, unsigned domain, uint64_t to, struct cx_error *err);

/** The run's pCPU @index goes offline or comes back; -ENOSPC as above. */
int cx_pinned_online(struct cx_pinned *pinned, unsigned index, bool online, struct cx_error *err);

#endif
