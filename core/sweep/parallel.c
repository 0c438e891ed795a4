/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GNU parallel: reaches hosts by ssh, keeps each busy, and passes nothing on but a line of
 * numbers (O. Tange, GNU Parallel 2018, https://doi.org/10.5281/zenodo.1146014).
 */
#include "core/sweep/spread_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LOG CX_DIR_LOG "/parallel.log"
#define NO_PROGRAM 127

static int ended(const struct cx_round *round, int status, struct cx_error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		return cx_fail(err, ENOENT,
			       "parallel: cannot run GNU parallel; is it installed? (Debian: "
			       "apt-get install parallel)");
	/* Tasks that failed are told by their points, which have no result. */
	cx_say_log(round, LOG);
	return 0;
}

/** What a host's shell is to run; parallel puts the points in the place of {}. */
static char *command_of(const struct cx_round *round)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs("sh ", out);
	cx_put_shell(round->dir, out);
	fputs("/" CX_DIR_SCRIPT " {}", out);
	return fclose(out) ? NULL : text;
}

/** The option of env(1) that has parallel begin in the scratch folder. */
static char *begin_in(const struct cx_round *round)
{
	char *text;

	return asprintf(&text, "--chdir=%s", round->scratch) < 0 ? NULL : text;
}

static int run(struct cx_round *round, const char *begin, const char *command, struct cx_error *err)
{
	const struct cx_spread *s = round->spread;
	const char *argv[24];
	char jobs[16];
	unsigned n = 0;
	pid_t pid;
	int status, ret;

	/* Killed, it leaves temporary files and files of its cache behind.  It makes the folders
	 * that lead to its cache; not so by a relative path from a folder that is gone. */
	argv[n++] = "env";
	argv[n++] = begin;
	argv[n++] = "XDG_CACHE_HOME=.";
	argv[n++] = "parallel";
	argv[n++] = "--tmpdir";
	argv[n++] = round->scratch;
	argv[n++] = "--arg-file";
	argv[n++] = "../" CX_DIR_TASKS;
	if (s->hosts) {
		argv[n++] = "--sshlogin";
		argv[n++] = s->hosts;
		/* What it makes on those hosts is to be there too; the script that removes it
		 * does not know how to quote a quote. */
		if (!strchr(round->scratch, '\'')) {
			argv[n++] = "--env";
			argv[n++] = "TMPDIR";
		}
	}
	if (s->jobs || !round->work->sweep->plan->simulated) {
		snprintf(jobs, sizeof(jobs), "%u", s->jobs ? s->jobs : 1);
		argv[n++] = "--jobs";
		argv[n++] = jobs;
	}
	argv[n++] = command;
	argv[n] = NULL;
	ret = cx_child_start(argv, round->dir, LOG, NULL, &pid, err);
	if (ret)
		return ret;
	while (!cx_child_ended(pid, &status))
		if (cx_round_look(round)) {
			cx_child_end(pid);
			return -ECANCELED;
		}
	return ended(round, status, err);
}

int cx_parallel_round(struct cx_round *round, struct cx_error *err)
{
	char *command = command_of(round), *begin = begin_in(round);
	int ret;

	ret = command && begin ? run(round, begin, command, err)
			       : cx_fail(err, ENOMEM, "out of memory");
	free(begin);
	free(command);
	return ret;
}
