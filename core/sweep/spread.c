/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/spread_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 3u
#define LOOK_MS 200
#define COUNT_MS 1000      /* between two counts of results, or ... */
#define COUNT_SHARE 20     /* ... so many times as long as a count takes */
#define TASKS_PARALLEL 100 /* at least so many, if there are as many points ... */
#define POINTS_A_TASK 50   /* ... and at most so many points each */
#define TASKS_SLURM 200    /* in an array, by default */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- what is left ------------------------------------------------------------------- */

/** Those of @todo that have no result, into @left. */
static int find_left(const struct cx_work *work, const struct cx_numbers *todo,
		     struct cx_numbers *left, struct cx_error *err)
{
	uint64_t number = 0;
	int ret;

	ret = cx_numbers_init(left, todo->n, err);
	while (!ret && (number = cx_numbers_next(todo, number)) != 0)
		if (!cx_store_has(work->store, number))
			cx_numbers_add(left, number);
	return ret;
}

static bool stopped(const struct cx_work *work)
{
	return work->stop && atomic_load(work->stop);
}

bool cx_round_look(struct cx_round *round)
{
	struct timespec most = { .tv_nsec = LOOK_MS * 1000000l };
	struct cx_numbers missing;
	uint64_t began = now_ms();

	nanosleep(&most, NULL);
	if (began < round->next_count_ms || !round->work->progress)
		return stopped(round->work);
	if (cx_numbers_init(&missing, round->work->sweep->n_points, NULL) == 0) {
		if (cx_store_missing(round->work->store, &missing, NULL) == 0)
			round->missing = missing.count;
		cx_numbers_free(&missing);
	}
	began = now_ms() - began;
	round->next_count_ms = now_ms() + COUNT_MS + COUNT_SHARE * began;
	round->work->progress(round->work->arg, round->missing_first - round->missing,
			      round->missing_first);
	return stopped(round->work);
}

/** Tasks of an earlier process may still be at some of them. */
static int wait_for_others(struct cx_round *round, const struct cx_numbers *left)
{
	uint64_t number = 0;

	while ((number = cx_numbers_next(left, number)) != 0)
		while (!cx_store_has(round->work->store, number) &&
		       cx_store_claimed(round->work->store, number))
			if (cx_round_look(round))
				return -ECANCELED;
	return 0;
}

/* --- dealing ---------------------------------------------------------------------------- */

void cx_put_shell(const char *text, FILE *out)
{
	fputc('\'', out);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	fputc('\'', out);
}

static int write_script(const struct cx_round *round, struct cx_error *err)
{
	const char *path = getenv("COXSWAIN_PATH");
	char cwd[PATH_MAX], *text = NULL;
	size_t len;
	FILE *out;
	int ret;

	if (!getcwd(cwd, sizeof(cwd)))
		return cx_fail(err, errno, "cannot tell the current folder: %s", strerror(errno));
	out = open_memstream(&text, &len);
	if (!out)
		return cx_fail(err, ENOMEM, "out of memory");
	fputs("#!/bin/sh\n"
	      "# Runs some points of this sweep: task.sh 17-20,31\n"
	      "# Without an argument, as a task of a Slurm array: its line of the file tasks.\n"
	      "cd ",
	      out);
	cx_put_shell(cwd, out);
	fputs(" || exit\ndir=", out);
	cx_put_shell(round->dir, out);
	if (path) {
		fputs("\nCOXSWAIN_PATH=", out);
		cx_put_shell(path, out);
		fputs("\nexport COXSWAIN_PATH", out);
	}
	fputs("\npoints=${1:-$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" \"$dir/" CX_DIR_TASKS
	      "\")}\nexec ",
	      out);
	cx_put_shell(round->spread->program, out);
	fputs(" sweep \"$dir/" CX_DIR_PLAN "\" --out \"$dir\" --points \"$points\" --quiet\n", out);
	ret = fclose(out) ? cx_fail(err, ENOMEM, "out of memory")
			  : cx_store_write(round->work->store, "", CX_DIR_SCRIPT, text, len, err);
	free(text);
	return ret;
}

/** @left in lines: for Slurm as many as there are tasks, neighbours apart, as they are alike;
 *  for parallel as they come. */
static void put_tasks(struct cx_round *round, const struct cx_numbers *left, FILE *out)
{
	bool slurm = round->spread->via == CX_VIA_SLURM;
	uint64_t wanted = slurm ? TASKS_SLURM : TASKS_PARALLEL, each, i, number = 0;

	if (slurm && round->spread->jobs)
		wanted = round->spread->jobs;
	each = (left->count + wanted - 1) / wanted;
	if (!slurm && each > POINTS_A_TASK)
		each = POINTS_A_TASK;
	round->tasks = (unsigned)((left->count + each - 1) / each);
	if (slurm && wanted < left->count)
		round->tasks = (unsigned)wanted;
	if (!slurm) {
		for (i = 0; (number = cx_numbers_next(left, number)) != 0; i++)
			fprintf(out, "%s%" PRIu64, i == 0 ? "" : i % each ? "," : "\n", number);
		fputc('\n', out);
		return;
	}
	for (unsigned task = 0; task < round->tasks; task++) {
		bool first = true;

		number = 0;
		for (i = 0; (number = cx_numbers_next(left, number)) != 0; i++)
			if (i % round->tasks == task) {
				fprintf(out, "%s%" PRIu64, first ? "" : ",", number);
				first = false;
			}
		fputc('\n', out);
	}
}

static int deal(struct cx_round *round, const struct cx_numbers *left, struct cx_error *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int ret;

	if (!out)
		return cx_fail(err, ENOMEM, "out of memory");
	put_tasks(round, left, out);
	ret = fclose(out) ? cx_fail(err, ENOMEM, "out of memory")
			  : cx_store_write(round->work->store, "", CX_DIR_TASKS, text, len, err);
	free(text);
	if (ret)
		return ret;
	return round->spread->via == CX_VIA_SLURM ? cx_slurm_round(round, err)
						  : cx_parallel_round(round, err);
}

/** One round; *count is how many were left before and is how many are left after. */
static int one_round(struct cx_round *round, const struct cx_numbers *todo, uint64_t *count,
		     struct cx_error *err)
{
	struct cx_numbers left;
	int ret;

	ret = find_left(round->work, todo, &left, err);
	if (!ret && left.count)
		ret = deal(round, &left, err);
	if (!ret)
		ret = wait_for_others(round, &left);
	cx_numbers_free(&left);
	if (ret)
		return ret;
	ret = find_left(round->work, todo, &left, err);
	*count = left.count;
	cx_numbers_free(&left);
	return ret;
}

static int all_rounds(struct cx_round *round, const struct cx_numbers *todo, struct cx_error *err)
{
	uint64_t left = todo->count, before;
	unsigned i;
	int ret = 0;

	for (i = 0; i < ROUNDS && !ret; i++) {
		before = left;
		ret = one_round(round, todo, &left, err);
		if (!ret && left == 0)
			return 0;
		if (left == before)
			break;
	}
	if (ret)
		return ret;
	return cx_fail(err, EIO,
		       "%" PRIu64 " of %" PRIu64 " points have no result; see %s/" CX_DIR_LOG
		       "; the same command tries them again",
		       left, todo->count, cx_store_dir(round->work->store));
}

int cx_spread_run(const struct cx_work *work, const struct cx_numbers *todo,
		  const struct cx_spread *spread, struct cx_error *err)
{
	struct cx_round round = {
		.work = work, .spread = spread, .missing = todo->count, .missing_first = todo->count
	};
	int ret = 0;

	round.dir = realpath(cx_store_dir(work->store), NULL);
	if (!round.dir)
		return cx_fail(err, errno, "%s: %s", cx_store_dir(work->store), strerror(errno));
	ret = write_script(&round, err);
	if (!ret && spread->via == CX_VIA_SLURM)
		ret = cx_slurm_resume(&round, err);
	if (!ret && spread->via == CX_VIA_PARALLEL)
		ret = cx_scratch_make(work->store, round.dir, &round.scratch, err);
	if (!ret)
		ret = all_rounds(&round, todo, err);
	if (round.scratch)
		cx_scratch_remove(round.scratch);
	if (ret == -ECANCELED) {
		cx_store_stop(work->store, true); /* for those that no signal reaches */
		cx_fail(err, ECANCELED, "stopped");
	}
	free(round.scratch);
	free(round.dir);
	return ret;
}
