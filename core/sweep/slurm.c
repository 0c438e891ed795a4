/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slurm: one job array.  Its id is kept in the folder, so that a sweep that was killed finds
 * the array that it left.
 */
#include "core/sweep/spread_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_MAX 32
#define TRIES 30u /* of a question that is not answered */

static int no_slurm(struct cx_error *err)
{
	return cx_fail(err, ENOENT,
		       "sbatch: cannot run it; is Slurm's client installed? (Debian: apt-get "
		       "install slurm-client)");
}

/* --- the id of an array under way ---------------------------------------------------- */

static void job_path(const struct cx_round *round, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" CX_DIR_JOB, round->dir);
}

static bool read_job(const struct cx_round *round, char id[ID_MAX])
{
	char path[PATH_MAX];
	FILE *in;
	bool good;

	job_path(round, path);
	in = fopen(path, "re");
	if (!in)
		return false;
	good = fgets(id, ID_MAX, in) != NULL;
	fclose(in);
	id[strspn(id, "0123456789")] = '\0';
	return good && *id;
}

static void forget_job(const struct cx_round *round)
{
	char path[PATH_MAX];

	job_path(round, path);
	unlink(path);
}

/* --- waiting for it --------------------------------------------------------------------- */

/** 1: some of its tasks wait or run; 0: none; or -errno. */
static int under_way(const struct cx_round *round, const char *id, struct cx_error *err)
{
	const char *const argv[] = { "squeue", "--noheader", "--format=%T", "--jobs", id, NULL };
	char text[1024];
	int ret = cx_child_ask(argv, round->dir, text, sizeof(text), err);

	if (ret < 0)
		return ret;
	if (ret == 0)
		return text[strspn(text, " \n")] != '\0';
	/* It forgets jobs some time after their end. */
	if (strstr(text, "Invalid job id"))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return cx_fail(err, EAGAIN, "squeue: %.200s", text);
}

static void cancel(const struct cx_round *round, const char *id)
{
	const char *const argv[] = { "scancel", id, NULL };
	char text[256];

	cx_child_ask(argv, round->dir, text, sizeof(text), NULL);
	forget_job(round);
}

static int wait_for(struct cx_round *round, const char *id, struct cx_error *err)
{
	unsigned tries = 0, i;
	int ret = 1;

	while (ret > 0 || (ret == -EAGAIN && tries < TRIES)) {
		/* A controller is asked by many: about once a second. */
		for (i = 0; i < 5; i++)
			if (cx_round_look(round)) {
				cancel(round, id);
				return -ECANCELED;
			}
		ret = under_way(round, id, err);
		tries = ret == -EAGAIN ? tries + 1 : 0;
	}
	if (ret == 0)
		forget_job(round);
	return ret;
}

int cx_slurm_resume(struct cx_round *round, struct cx_error *err)
{
	char id[ID_MAX], line[128];
	int ret;

	if (!read_job(round, id))
		return 0;
	ret = under_way(round, id, err);
	if (ret == -ENOENT)
		return no_slurm(err);
	if (ret <= 0) {
		forget_job(round);
		return 0; /* if nobody answers, submitting will tell */
	}
	snprintf(line, sizeof(line), "Slurm's job %s of this sweep is still there: waiting for it",
		 id);
	round->work->say(round->work->arg, line);
	return wait_for(round, id, err);
}

/* --- submitting it ------------------------------------------------------------------------ */

static int submit(struct cx_round *round, char id[ID_MAX], struct cx_error *err)
{
	char array[40], name[128], script[PATH_MAX], text[1024];
	const char *argv[16];
	unsigned n = 0;
	int ret;

	snprintf(array, sizeof(array), "--array=0-%u", round->tasks - 1);
	snprintf(name, sizeof(name), "--job-name=coxswain-%.60s", round->work->sweep->plan->name);
	snprintf(script, sizeof(script), "%s/" CX_DIR_SCRIPT, round->dir);
	argv[n++] = "sbatch";
	argv[n++] = "--parsable";
	argv[n++] = array;
	argv[n++] = name;
	argv[n++] = "--ntasks=1";
	argv[n++] = "--chdir";
	argv[n++] = round->dir;
	argv[n++] = "--output=" CX_DIR_LOG "/slurm-%A_%a.log";
	argv[n++] = round->work->sweep->plan->simulated ? "--cpus-per-task=1" : "--exclusive";
	argv[n++] = script;
	argv[n] = NULL;
	ret = cx_child_ask(argv, round->dir, text, sizeof(text), err);
	if (ret == -ENOENT)
		return no_slurm(err);
	if (ret < 0)
		return ret;
	snprintf(id, ID_MAX, "%.*s", (int)strspn(text, "0123456789"), text);
	if (ret == 0 && *id)
		return cx_store_write(round->work->store, "", CX_DIR_JOB, id, strlen(id), err);
	text[strcspn(text, "\n")] = '\0';
	return cx_fail(err, EIO, "sbatch: %.300s", *text ? text : "it failed and said nothing");
}

/** What the first task that had something to say said; empty logs are removed. */
static void say_logs(const struct cx_round *round, const char *id)
{
	char log[96], path[PATH_MAX];
	struct stat st;
	bool said = false;
	unsigned i;

	for (i = 0; i < round->tasks; i++) {
		snprintf(log, sizeof(log), CX_DIR_LOG "/slurm-%s_%u.log", id, i);
		snprintf(path, sizeof(path), "%s/%s", round->dir, log);
		if (stat(path, &st) < 0)
			continue;
		if (st.st_size == 0) {
			unlink(path);
		} else if (!said) {
			cx_say_log(round, log);
			said = true;
		}
	}
}

int cx_slurm_round(struct cx_round *round, struct cx_error *err)
{
	char id[ID_MAX];
	int ret;

	ret = submit(round, id, err);
	if (!ret)
		ret = wait_for(round, id, err);
	if (!ret)
		say_logs(round, id);
	return ret;
}
