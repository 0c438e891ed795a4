/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running gnuplot: by itself, without a shell, in the report folder.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG "plots/gnuplot.log"
#define WORDS 160       /* bytes of what it said, in a message */
#define EXEC_FAILED 127 /* what a spawned child that cannot exec ends with */

extern char **environ;

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, const char *dir)
{
	sigset_t none, all;
	int ret;

	/* The caller may block or catch signals; gnuplot starts with a clean slate. */
	sigemptyset(&none);
	sigfillset(&all);
	ret = posix_spawnattr_setsigmask(attr, &none);
	if (!ret)
		ret = posix_spawnattr_setsigdefault(attr, &all);
	if (!ret)
		ret = posix_spawnattr_setflags(attr,
					       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!ret)
		ret = posix_spawn_file_actions_addchdir_np(actions, dir);
	if (!ret)
		ret = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						       0);
	if (!ret)
		ret = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, LOG,
						       O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
	return ret;
}

/* The scripts are UTF-8: in a locale that is not, gnuplot complains of its degree sign. */
static char **utf8_environment(char *locale)
{
	size_t n = 0, kept = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", strlen("LC_ALL=")) != 0)
			env[kept++] = environ[i];
	env[kept] = locale;
	return env;
}

/** Start it on @script.  Returns 0 or a negative errno. */
static int spawn(const char *dir, const char *script, pid_t *pid)
{
	char name[] = "gnuplot", path[PATH_MAX];
	char *argv[] = { name, path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char locale[] = "LC_ALL=C.UTF-8";
	char **env = utf8_environment(locale);
	int ret;

	if (!env)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s", script);
	ret = posix_spawn_file_actions_init(&actions);
	if (ret) {
		free(env);
		return -ret;
	}
	ret = posix_spawnattr_init(&attr);
	if (!ret) {
		ret = set_up(&actions, &attr, dir);
		if (!ret)
			ret = posix_spawnp(pid, name, &actions, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return -ret;
}

/**
 * Wait for it.  Returns 0, -ENOENT (there is no gnuplot) or -EIO (it failed: @how, in words).
 */
static int finish(pid_t pid, char *how, size_t size)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			snprintf(how, size, "nobody knows how it ended: %s", strerror(errno));
			return -EIO;
		}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
		return -ENOENT;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		snprintf(how, size, "it ended with status %d", WEXITSTATUS(status));
	else
		snprintf(how, size, "it was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	return -EIO;
}

static bool not_empty(const char *dir, const char *name, const char *ending)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/plots/%s%s", dir, name, ending) >= PATH_MAX)
		return false;
	return stat(path, &st) == 0 && st.st_size > 0;
}

/** An empty log says nothing: away with it. */
static void tidy_log(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/" LOG, dir) < PATH_MAX && stat(path, &st) == 0 &&
	    st.st_size == 0)
		unlink(path);
}

/** What gnuplot said last, after a colon; nothing if it said nothing. */
static void last_words(const char *dir, char words[WORDS])
{
	char path[PATH_MAX], line[WORDS], *end;
	FILE *log;

	words[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/" LOG, dir) >= PATH_MAX)
		return;
	log = fopen(path, "re");
	if (!log)
		return;
	while (fgets(line, sizeof(line) - 2, log)) {
		end = line + strcspn(line, "\n");
		*end = '\0';
		if (strspn(line, " \t^") < (size_t)(end - line))
			snprintf(words, WORDS, ": %.*s", WORDS - 3, line + strspn(line, " \t"));
	}
	fclose(log);
}

/** Start gnuplot on @plot and wait for it.  Returns as finish() does, or another negative errno. */
static int draw(const char *dir, struct cx_plot *plot, char *how, size_t size)
{
	char script[sizeof(plot->name) + sizeof("plots/.gp")];
	pid_t pid = -1;
	int result;

	snprintf(script, sizeof(script), "plots/%s.gp", plot->name);
	result = spawn(dir, script, &pid);
	if (result)
		snprintf(how, size, "it cannot be started: %s", strerror(-result));
	else
		result = finish(pid, how, size);
	plot->drawn = !result && not_empty(dir, plot->name, ".svg");
	if (!result && !plot->drawn) {
		snprintf(how, size, "it has drawn nothing");
		result = -EIO;
	}
	return result;
}

int cx_plots_draw(const char *dir, struct cx_plots *plots, struct cx_error *err)
{
	const char *failed = NULL;
	char how[128] = "", words[WORDS] = "", this[128];
	unsigned i;
	int ret = 0;

	for (i = 0; i < plots->n && ret != -ENOENT; i++) {
		int result = draw(dir, &plots->plot[i], this, sizeof(this));

		if (result == -ENOENT) {
			ret = result;
		} else if (result && !ret) {
			ret = result;
			failed = plots->plot[i].name;
			memcpy(how, this, sizeof(how));
			last_words(dir, words);
		}
	}
	tidy_log(dir);
	if (ret == -ENOENT)
		return cx_fail(
			err, ENOENT,
			"gnuplot is missing, so %s has no plots: install it (Debian: apt-get "
			"install gnuplot-nox), then run `gnuplot plots/*.gp` in that folder",
			dir);
	if (ret)
		return cx_fail(err, -ret, "%s/plots/%s.gp: gnuplot failed: %s%s; see %s/" LOG, dir,
			       failed, how, words, dir);
	return 0;
}
