/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/store_internal.h - what the files of the store share.
 */
#ifndef CX_CORE_STORE_INTERNAL_H
#define CX_CORE_STORE_INTERNAL_H

#include "core/sweep/store.h"
#include "core/sweep/sweep_internal.h"

#define CX_HOST_NAME_MAX 65
#define CX_TEMPORARY ".new-" /* names of files that are being written begin with it */

struct cx_store {
	char *dir;
	char host[CX_HOST_NAME_MAX];
	int lock;
};

/** Write DIR/@folder/@name: all of it, on the disk, or none. */
int cx_store_write(const struct cx_store *store, const char *folder, const char *name,
		   const char *text, size_t len, struct cx_error *err);

/** Hold what keeps others from writing copies there (waits for it), or give it up.  0 or -errno. */
int cx_store_set_up(struct cx_store *store, bool begin);
/** The number of the result's file @name; 0: it is something else. */
uint64_t cx_store_number_of(const char *name);

/* --- leftover.c --- */

/**
 * Make a folder in @dir, the sweep's as an absolute path, for the temporary files of programs
 * that this process starts.  *scratch is its path, malloc'd.  What is in it when this process is
 * killed goes with cx_store_tidy().
 * Returns 0, or a negative errno with a message; there is no folder then, and *scratch is NULL.
 */
int cx_scratch_make(const struct cx_store *store, const char *dir, char **scratch,
		    struct cx_error *err);
/** Remove it and all that is in it. */
void cx_scratch_remove(const char *scratch);

/* --- copies.c --- */

/** Copy the files of @sweep there or compare them with what is there; then use the copies. */
int cx_store_fill(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err);

#endif
