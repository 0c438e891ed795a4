/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/spread_internal.h - what the files that deal points share.
 */
#ifndef CX_CORE_SPREAD_INTERNAL_H
#define CX_CORE_SPREAD_INTERNAL_H

#include "core/sweep/spread.h"
#include "core/sweep/store_internal.h"

#include <sys/types.h>

#define CX_DIR_TASKS "tasks"    /* one line a task: its points */
#define CX_DIR_SCRIPT "task.sh" /* runs one of them */
#define CX_DIR_JOB "slurm.job"  /* the id of a job array under way */

/** One time that points are dealt. */
struct cx_round {
	const struct cx_work *work;
	const struct cx_spread *spread;
	char *dir;     /* absolute */
	char *scratch; /* likewise: for temporary files of GNU parallel */
	unsigned tasks;
	uint64_t missing, missing_first; /* points without a result: now, and at the beginning */
	uint64_t next_count_ms;
};

/* --- spread.c --- */

/** To be called while tasks run, every now and then: waits a moment, counts, tells.  True: it
 *  is to end. */
bool cx_round_look(struct cx_round *round);
/** @text in a shell's single quotes. */
void cx_put_shell(const char *text, FILE *out);

/* --- children.c --- */

/**
 * Start @argv in the folder @dir, with nothing to read and its output into DIR/@log (NULL:
 * to *output, a pipe to be read).  It is told to end when this process does.
 */
int cx_child_start(const char *const *argv, const char *dir, const char *log, int *output,
		   pid_t *pid, struct cx_error *err);
/** Has it ended?  *status as of waitpid(). */
bool cx_child_ended(pid_t pid, int *status);
/** Ask it to end, then make it. */
void cx_child_end(pid_t pid);
/** Run @argv to its end, and give what it printed, cut to @len. Returns its exit status, or a
 *  negative errno (-ENOENT: no such program) with a message. */
int cx_child_ask(const char *const *argv, const char *dir, char *text, size_t len,
		 struct cx_error *err);
/** The last lines of DIR/@log, each by work->say(). */
void cx_say_log(const struct cx_round *round, const char *log);

/* --- parallel.c, slurm.c: 0, -ECANCELED, or a negative errno with a message --- */

int cx_parallel_round(struct cx_round *round, struct cx_error *err);
int cx_slurm_round(struct cx_round *round, struct cx_error *err);
/** Wait for an array that an earlier process left, if there is one. */
int cx_slurm_resume(struct cx_round *round, struct cx_error *err);

#endif
