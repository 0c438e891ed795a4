/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/result.h - what came of a point: run here, or read from its file.
 */
#ifndef CX_CORE_RESULT_H
#define CX_CORE_RESULT_H

#include "core/sweep/store.h"

enum cx_outcome { CX_OUTCOME_DONE, CX_OUTCOME_DEGRADED, CX_OUTCOME_FAILED, CX_OUTCOMES };

const char *cx_outcome_name(enum cx_outcome outcome);

/**
 * Run point @number, which the caller has claimed, and keep its result.
 * @stop  becomes true: give up, nothing is kept
 * Returns 0: there is a result now, also of a policy that failed; -ECANCELED: stopped; else
 * what kept this host from running it, with a message: nothing is kept.
 */
int cx_result_make(const struct cx_sweep *sweep, struct cx_store *store, uint64_t number,
		   const atomic_bool *stop, struct cx_error *err);

/** Keep as the result of @number that it failed, for the reason @why. */
int cx_result_fail(const struct cx_sweep *sweep, struct cx_store *store, uint64_t number,
		   const char *why, struct cx_error *err);

/** A result, read back.  @run belongs to @json. */
struct cx_result {
	enum cx_outcome outcome;
	const char *reason;      /* NULL = none; belongs to @json */
	struct json_object *run; /* the summary's run; NULL when there is none */
	struct json_object *json;
};

/** -ENOENT: there is none; -EBADMSG: its file is not a result of that point. */
int cx_result_read(const struct cx_sweep *sweep, const struct cx_store *store, uint64_t number,
		   struct cx_result *result, struct cx_error *err);
void cx_result_free(struct cx_result *result);

#endif
