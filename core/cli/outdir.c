/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder that a report goes to: made, checked, never overwritten. */

#include "core/cli/cli.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PARENT "coxswain-out"
#define PROBE ".coxswain-probe"
#define PROBE_BYTES 65536 /* tried for writing, so that a full disk shows before the run */
#define TRIES 1000        /* names tried for a folder of the same second */

static const char *what_to_do(int code)
{
	switch (code) {
	case ENOSPC:
	case EDQUOT:
		return "make room there or choose another folder with --out";
	case EACCES:
	case EPERM:
	case EROFS:
		return "choose a folder that you may write to with --out";
	default:
		return "choose another folder with --out";
	}
}

static int fail(const char *path, const char *verb, int code, struct cx_error *err)
{
	return cx_fail(err, code, "%s: cannot %s: %s; %s", path, verb, strerror(code),
		       what_to_do(code));
}

static int make_parents(const char *path, struct cx_error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return fail(path, "make the folder", ENAMETOOLONG, err);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return fail(part, "make the folder", errno, err);
		part[i] = '/';
	}
	return 0;
}

/* 1 empty, 0 not, or -errno. */
static int is_empty(const char *path)
{
	struct dirent *entry;
	DIR *d = opendir(path);
	int ret = 1;

	if (!d)
		return -errno;
	while (ret == 1 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = 0;
	closedir(d);
	return ret;
}

/* Permission bits do not tell all (a full or read-only file system): write something. */
static int probe(const char *path, struct cx_error *err)
{
	static const char zeroes[PROBE_BYTES];
	char file[PATH_MAX];
	ssize_t n;
	int fd, code = 0;

	if (snprintf(file, sizeof(file), "%s/%s", path, PROBE) >= (int)sizeof(file))
		return fail(path, "write there", ENAMETOOLONG, err);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return fail(path, "write there", errno, err);
	n = write(fd, zeroes, sizeof(zeroes));
	if (n < 0)
		code = errno;
	else if (n < PROBE_BYTES)
		code = ENOSPC;
	if (close(fd) < 0 && code == 0)
		code = errno;
	unlink(file);
	return code ? fail(path, "write there", code, err) : 0;
}

int cx_outdir_make(const char *path, struct cx_error *err)
{
	bool made;
	int ret;

	ret = make_parents(path, err);
	if (ret < 0)
		return ret;
	made = mkdir(path, 0777) == 0;
	if (!made) {
		if (errno != EEXIST)
			return fail(path, "make the folder", errno, err);
		ret = is_empty(path);
		if (ret < 0)
			return fail(path, "use it as a folder", -ret, err);
		if (ret == 0)
			return cx_fail(err, EEXIST,
				       "%s: is there already and not empty; nothing is "
				       "overwritten: remove it or choose another folder with --out",
				       path);
	}
	ret = probe(path, err);
	if (ret < 0 && made)
		cx_outdir_abandon(path);
	return ret < 0 ? ret : !made;
}

int cx_outdir_make_default(const char *name, char **path, struct cx_error *err)
{
	char stamp[32], *safe = cx_outdir_safe_name(name);
	time_t now = time(NULL);
	struct tm tm;
	int ret = safe ? -EEXIST : -ENOMEM;

	*path = NULL;
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	for (int i = 1; i <= TRIES && ret == -EEXIST; i++) {
		char more[16] = "";

		free(*path);
		if (i > 1)
			snprintf(more, sizeof(more), "-%d", i);
		if (asprintf(path, "%s/%s-%s%s", DEFAULT_PARENT, safe, stamp, more) < 0) {
			*path = NULL;
			ret = -ENOMEM;
		} else if (access(*path, F_OK) < 0) {
			ret = cx_outdir_make(*path, err);
		} else {
			ret = cx_fail(err, EEXIST, "%s: is there already", *path);
		}
	}
	free(safe);
	if (ret == -ENOMEM)
		cx_fail(err, ENOMEM, "out of memory");
	if (ret < 0) {
		free(*path);
		*path = NULL;
	}
	return ret;
}

bool cx_outdir_full(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < PROBE_BYTES;
}

void cx_outdir_abandon(const char *path)
{
	const char prefix[] = DEFAULT_PARENT "/";

	if (rmdir(path) == 0 && strncmp(path, prefix, sizeof(prefix) - 1) == 0)
		rmdir(DEFAULT_PARENT); /* stays if others are in it */
}

char *cx_outdir_safe_name(const char *text)
{
	char *safe = strdup(*text ? text : "_");

	for (char *c = safe; c && *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	if (safe && *safe == '.')
		*safe = '_';
	return safe;
}
