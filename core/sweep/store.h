/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/store.h - the folder of a sweep: what it began with, who runs what, what is
 * finished.
 *
 * Several processes on several hosts may have one folder open.  What keeps them apart are
 * locks (fcntl) on bytes of DIR/lock: byte 0 for the sweep as a whole, byte N for point N.
 * They belong to the process, so a child has none of its parent's and they end with it.
 * A process must open a folder once only: closing it gives up all of its locks there.
 */
#ifndef CX_CORE_STORE_H
#define CX_CORE_STORE_H

#include "core/sweep/sweep.h"

struct cx_store;

/** Is there a sweep in @dir, or the beginning of one? */
bool cx_store_exists(const char *dir);
/** Has it all copies, or is somebody still making them? */
bool cx_store_is_whole(const char *dir);

/**
 * Open the sweep in @dir, an existing folder.
 * @sweep  what it is to begin with: its plan and files are copied there, or compared with the
 *         copies that are there.  Its files are those copies from here on.
 * Waits while another process does the same.
 * Returns 0; -EEXIST: another plan, scenario or policy is there, with what differs; -ENOLCK:
 * no locks there; -ENOSPC ...
 */
int cx_store_open(const char *dir, struct cx_sweep *sweep, struct cx_store **store,
		  struct cx_error *err);
void cx_store_close(struct cx_store *store);
/** As it was given. */
const char *cx_store_dir(const struct cx_store *store);

/** Run the sweep as a whole: 0, or -EAGAIN when another process does, with a message. */
int cx_store_lead(struct cx_store *store, struct cx_error *err);
/** Take away what dead processes left: files half written, temporary files of what they had
 *  started.  Only by who leads. */
void cx_store_tidy(struct cx_store *store);

/** Take point @number, until cx_store_release() or the end of this process: 0, -EAGAIN (it
 *  is taken), or -errno.  What others finished before that is seen from then on. */
int cx_store_claim(struct cx_store *store, uint64_t number, struct cx_error *err);
void cx_store_release(struct cx_store *store, uint64_t number);
/** Ask processes on other hosts to begin no more points (@stop), or take that back. */
void cx_store_stop(struct cx_store *store, bool stop);
bool cx_store_stopping(const struct cx_store *store);
/** Has another process taken it? */
bool cx_store_claimed(struct cx_store *store, uint64_t number);

/** Is there a result of point @number? */
bool cx_store_has(const struct cx_store *store, uint64_t number);
/**
 * Make @text of @len bytes the result of point @number: there is all of it, on the disk, or
 * none.  The caller has claimed the point.
 */
int cx_store_put(struct cx_store *store, uint64_t number, const char *text, size_t len,
		 struct cx_error *err);
/** Forget the result of point @number. */
int cx_store_drop(struct cx_store *store, uint64_t number, struct cx_error *err);
/** The path of it; malloc'd, NULL = no memory. */
char *cx_store_path(const struct cx_store *store, uint64_t number);

/** "NUMBER WHAT PID TIME", a line in DIR/log/HOST.log. */
int cx_store_note(struct cx_store *store, uint64_t number, const char *what, struct cx_error *err);

/* --- points by number --------------------------------------------------------- */

/** A set of point numbers, 1 .. n. */
struct cx_numbers {
	uint64_t n, count;
	uint8_t *bit;
};

int cx_numbers_init(struct cx_numbers *set, uint64_t n, struct cx_error *err);
void cx_numbers_free(struct cx_numbers *set);
bool cx_numbers_has(const struct cx_numbers *set, uint64_t number);
void cx_numbers_add(struct cx_numbers *set, uint64_t number);
void cx_numbers_remove(struct cx_numbers *set, uint64_t number);
/** The lowest above @after, or 0. */
uint64_t cx_numbers_next(const struct cx_numbers *set, uint64_t after);
/** Read "17-20,31" into @set.  -EINVAL with what is allowed. */
int cx_numbers_parse(const char *text, struct cx_numbers *set, struct cx_error *err);
/** Write it likewise. */
void cx_numbers_print(const struct cx_numbers *set, FILE *out);
/** Those of 1 .. n that have no result, into the empty set @missing. */
int cx_store_missing(const struct cx_store *store, struct cx_numbers *missing,
		     struct cx_error *err);

#endif
