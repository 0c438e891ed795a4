/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/pool.h - points in processes of this host, each in one of its own.
 */
#ifndef CX_CORE_POOL_H
#define CX_CORE_POOL_H

#include "core/sweep/store.h"

#define CX_POOL_JOBS_MAX 4096u

/** What whoever runs points is told, and tells. */
struct cx_work {
	const struct cx_sweep *sweep;
	struct cx_store *store;
	unsigned jobs;           /* processes at a time, 1 .. CX_POOL_JOBS_MAX */
	const atomic_bool *stop; /* becomes true: end early */
	bool obeys;              /* and when cx_store_stopping() */
	/** Something that a person should know; from any process. */
	void (*say)(void *arg, const char *line);
	/** About twice a second: @done of those that were to be run have a result. */
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg; /* for both */
};

/**
 * Run the points of @todo that have no result yet.  The calling process must have one thread
 * only, and no other children.
 *
 * A process that is killed has its point run again; after three times the point has failed.
 * Returns 0: all have a result; -ECANCELED: stopped; -ECHILD: a process could not do its work
 * and has said why, and no more were started; other negative errno with a message.
 */
int cx_pool_run(const struct cx_work *work, const struct cx_numbers *todo, struct cx_error *err);

#endif
