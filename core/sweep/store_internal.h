/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/store_internal.h - what the files of the store share.
 */
#ifndef CX_CORE_STORE_INTERNAL_H
#define CX_CORE_STORE_INTERNAL_H

#include "core/sweep/store.h"
#include "core/sweep/sweep_internal.h"

#define CX_HOST_NAME_MAX 65

struct cx_store {
	char *dir;
	char host[CX_HOST_NAME_MAX];
	int lock;
};

/** Write DIR/@folder/@name: all of it, on the disk, or none. */
int cx_store_write(const struct cx_store *store, const char *folder, const char *name,
		   const char *text, size_t len, struct cx_error *err);

/* --- copies.c --- */

/** Copy the files of @sweep there or compare them with what is there; then use the copies. */
int cx_store_fill(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err);

#endif
