/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie: beside the executable in a build tree, beside its bin folder when
 * installed, and in what COXSWAIN_PATH adds.
 */

#include "core/cli/cli.h"

#include "core/scenario/internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define YAML_SUFFIX ".yaml" /* of scenarios and plans */

/* ---- lists of names -------------------------------------------------------- */

void cx_names_free(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void dirs_free(char **dirs)
{
	for (char **d = dirs; d && *d; d++)
		free(*d);
	free(dirs);
}

/* Takes @item over; *list stays NULL-terminated. */
static int list_add(char ***list, char *item)
{
	size_t n = 0;
	char **grown;

	while (*list && (*list)[n])
		n++;
	grown = item ? realloc(*list, (n + 2) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(item);
		return -ENOMEM;
	}
	grown[n] = item;
	grown[n + 1] = NULL;
	*list = grown;
	return 0;
}

static char *join(const char *dir, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", dir, rest) < 0 ? NULL : path;
}

/* ---- folders --------------------------------------------------------------- */

/* One folder that holds schedulers/, payloads/ and the trace provider. */
static int add_lib(struct cx_cli_paths *paths, const char *dir)
{
	int ret;

	ret = list_add(&paths->plugin_dirs, join(dir, "/schedulers"));
	if (ret == 0)
		ret = list_add(&paths->payload_dirs, join(dir, "/payloads"));
	if (ret == 0)
		ret = list_add(&paths->provider_dirs, join(dir, ""));
	return ret;
}

static int add_environment(struct cx_cli_paths *paths, const char *list)
{
	char dir[PATH_MAX];
	int ret = 0;

	while (list && *list && ret == 0) {
		size_t len = strcspn(list, ":");

		if (len > 0 && len < sizeof(dir)) {
			memcpy(dir, list, len);
			dir[len] = '\0';
			ret = add_lib(paths, dir);
			if (ret == 0)
				ret = list_add(&paths->scenario_dirs, join(dir, "/scenarios"));
			if (ret == 0)
				ret = list_add(&paths->plan_dirs, join(dir, "/plans"));
		}
		list += len + (list[len] == ':');
	}
	return ret;
}

static int add_installed(struct cx_cli_paths *paths, const char *exe_dir)
{
	static const char *const libs[] = { "/lib/coxswain", "/../lib/coxswain" };
	static const char *const shares[] = { "/share/coxswain", "/../workloads",
					      "/../share/coxswain" };
	char dir[PATH_MAX + 32];
	int ret = 0;

	for (size_t i = 0; i < sizeof(libs) / sizeof(*libs) && ret == 0; i++) {
		snprintf(dir, sizeof(dir), "%s%s", exe_dir, libs[i]);
		ret = add_lib(paths, dir);
	}
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares) && ret == 0; i++) {
		snprintf(dir, sizeof(dir), "%s%s", exe_dir, shares[i]);
		ret = list_add(&paths->scenario_dirs, join(dir, "/scenarios"));
		if (ret == 0)
			ret = list_add(&paths->plan_dirs, join(dir, "/plans"));
	}
	return ret;
}

int cx_paths_find(struct cx_cli_paths *paths, struct cx_error *err)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int ret;

	*paths = (struct cx_cli_paths){ 0 };
	if (len < 0)
		return cx_fail(err, errno, "/proc/self/exe: %s; is /proc mounted?",
			       strerror(errno));
	exe[len] = '\0';
	*strrchr(exe, '/') = '\0';
	ret = add_environment(paths, getenv("COXSWAIN_PATH"));
	if (ret == 0)
		ret = add_installed(paths, exe);
	if (ret < 0) {
		cx_paths_free(paths);
		return cx_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

void cx_paths_free(struct cx_cli_paths *paths)
{
	dirs_free(paths->plugin_dirs);
	dirs_free(paths->payload_dirs);
	dirs_free(paths->provider_dirs);
	dirs_free(paths->scenario_dirs);
	dirs_free(paths->plan_dirs);
	*paths = (struct cx_cli_paths){ 0 };
}

/* ---- what is there --------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_name(char **names, const char *name, size_t len)
{
	for (; names && *names; names++)
		if (strlen(*names) == len && strncmp(*names, name, len) == 0)
			return true;
	return false;
}

static int list_dir(const char *dir, const char *suffix, char ***names, int *n)
{
	size_t end = strlen(suffix);
	struct dirent *entry;
	DIR *d = opendir(dir);
	int ret = 0;

	if (!d)
		return 0;
	while (ret == 0 && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len <= end ||
		    strcmp(entry->d_name + len - end, suffix) ||
		    has_name(*names, entry->d_name, len - end))
			continue;
		ret = list_add(names, strndup(entry->d_name, len - end));
		if (ret == 0)
			(*n)++;
	}
	closedir(d);
	return ret;
}

int cx_paths_list(char **dirs, const char *suffix, char ***names)
{
	int n = 0, ret = 0;

	*names = NULL;
	for (; *dirs && ret == 0; dirs++)
		ret = list_dir(*dirs, suffix, names, &n);
	if (ret < 0) {
		cx_names_free(*names, n);
		*names = NULL;
		return ret;
	}
	if (n > 0)
		qsort(*names, (size_t)n, sizeof(**names), by_name);
	return n;
}

/* ---- scenarios and plans --------------------------------------------------- */

static int no_file(char **dirs, const char *what, const char *name, struct cx_error *err)
{
	char **names, known[CX_ERROR_MAX / 2] = "", hint[80] = "";
	const char *nearest;
	size_t at = 0;
	int n;

	if (access(name, F_OK) == 0)
		return cx_fail(err, ENOENT, "%s: a folder, no %s; give a file in it", name, what);
	n = cx_paths_list(dirs, YAML_SUFFIX, &names);
	nearest = n > 0 ? cx_suggest(name, (const char *const *)names, (size_t)n) : NULL;
	if (nearest)
		snprintf(hint, sizeof(hint), " (did you mean \"%.48s\"?)", nearest);
	for (int i = 0; i < n && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "",
				       names[i]);
	cx_names_free(names, n);
	return cx_fail(err, ENOENT, "%s: no such %s%s; give a file, or one of the shipped ones: %s",
		       name, what, hint,
		       *known ? known : "(none found; is the program installed whole?)");
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int find_file(char **dirs, const char *what, const char *name, char **path,
		     struct cx_error *err)
{
	*path = NULL;
	if (is_file(name)) {
		*path = strdup(name);
		return *path ? 0 : cx_fail(err, ENOMEM, "out of memory");
	}
	if (strchr(name, '/') || strstr(name, YAML_SUFFIX))
		return no_file(dirs, what, name, err);
	for (char **dir = dirs; *dir; dir++) {
		if (asprintf(path, "%s/%s%s", *dir, name, YAML_SUFFIX) < 0) {
			*path = NULL;
			return cx_fail(err, ENOMEM, "out of memory");
		}
		if (is_file(*path))
			return 0;
		free(*path);
	}
	*path = NULL;
	return no_file(dirs, what, name, err);
}

int cx_paths_scenario(const struct cx_cli_paths *paths, const char *name, char **path,
		      struct cx_error *err)
{
	return find_file(paths->scenario_dirs, "scenario", name, path, err);
}

int cx_paths_plan(const struct cx_cli_paths *paths, const char *name, char **path,
		  struct cx_error *err)
{
	return find_file(paths->plan_dirs, "plan", name, path, err);
}
