/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/harvest_internal.h - what the files that tell a sweep share.
 */
#ifndef CX_CORE_HARVEST_INTERNAL_H
#define CX_CORE_HARVEST_INTERNAL_H

#include "core/sweep/harvest.h"
#include "core/sweep/store_internal.h"
#include "trace/draw.h"

#include <json.h>

/* --- figures.c --- */

/** Member "a.b.c"; NULL: not there. */
struct json_object *cx_json_at(struct json_object *o, const char *path);
/** It as a number; NAN: none there. */
double cx_json_number(struct json_object *o, const char *path);
/** Members of a list; 0 when it is none. */
size_t cx_json_length(struct json_object *list);
/** A domain's progress a second of its life; NAN: it had none. */
double cx_progress_of(struct json_object *domain);
/** All of a "migrations" object together. */
double cx_migrations_of(struct json_object *o);

/* --- rows.c --- */

/** The three tables of what was measured, open for writing. */
struct cx_rows_files {
	FILE *points, *domains, *workloads;
};

void cx_rows_heads(const struct cx_sweep *sweep, const struct cx_rows_files *files);
/** What came of @point; @result NULL: nothing yet. */
void cx_rows_put(const struct cx_sweep *sweep, const struct cx_point *point,
		 const struct cx_result *result, const struct cx_rows_files *files);

/* --- harvest.c --- */

/** Open DIR/@name under another name; cx_harvest_close() gives it its own. */
FILE *cx_harvest_create(const struct cx_store *store, const char *name, struct cx_error *err);
/** Close it, all of it on the disk or none.  @failed: something went wrong before. */
int cx_harvest_close(const struct cx_store *store, const char *name, FILE *out, int failed,
		     struct cx_error *err);

/** A figure as people read it: "0.9997", "12.0ms". */
const char *cx_figure_text(enum cx_figure figure, double value, char buf[CX_SHORT]);

#endif
