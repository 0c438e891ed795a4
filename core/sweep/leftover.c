/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes leave that are killed: files half written, and the temporary files of the
 * programs that they had started.  All of it is in the folder of the sweep, under names of
 * its own, and goes when the next one leads there.
 */
#include "core/sweep/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH ".scratch-"
#define CACHE "parallel" /* must be there, or GNU parallel uses the one in $HOME */
#define TRIES 20u        /* somebody who is about to end may still add to it */

/* --- a folder for temporary files ------------------------------------------------------ */

int cx_scratch_make(const struct cx_store *store, const char *dir, char **scratch,
		    struct cx_error *err)
{
	char cache[PATH_MAX];
	int code;

	/* Its name is nobody else's: hosts that share it have never seen another of that name, and
	 * what an earlier process still wants to put into its own fails. */
	if (asprintf(scratch, "%s/" SCRATCH "%s-%d", dir, store->host, (int)getpid()) < 0) {
		*scratch = NULL;
		return cx_fail(err, ENOMEM, "out of memory");
	}
	snprintf(cache, sizeof(cache), "%s/" CACHE, *scratch);
	if ((mkdir(*scratch, 0777) == 0 || errno == EEXIST) &&
	    (mkdir(cache, 0777) == 0 || errno == EEXIST))
		return 0;
	code = errno;
	cx_fail(err, code, "%s: cannot make the folder: %s", *scratch, strerror(code));
	cx_scratch_remove(*scratch);
	free(*scratch);
	*scratch = NULL;
	return -code;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void cx_scratch_remove(const char *scratch)
{
	unsigned i;

	for (i = 0; i < TRIES && access(scratch, F_OK) == 0; i++)
		nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- what is left over ------------------------------------------------------------------- */

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/** FOLDER/NAME; false: that is too long to be there. */
static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

/** Call @each with every name in DIR/@folder. */
static void walk(struct cx_store *store, const char *folder,
		 void (*each)(struct cx_store *store, const char *folder, const char *name))
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d;

	d = join(path, store->dir, folder) ? opendir(path) : NULL;
	if (!d)
		return;
	while ((entry = readdir(d)) != NULL)
		each(store, folder, entry->d_name);
	closedir(d);
}

static void remove_half(struct cx_store *store, const char *folder, const char *name)
{
	char inner[PATH_MAX], path[PATH_MAX];

	if (!join(inner, folder, name) || !join(path, store->dir, inner))
		return;
	if (begins(name, CX_TEMPORARY))
		unlink(path);
	else if (begins(name, SCRATCH))
		cx_scratch_remove(path);
}

static void remove_half_result(struct cx_store *store, const char *folder, const char *name)
{
	const char *dash = strrchr(name, '-');
	uint64_t number;

	if (!begins(name, CX_TEMPORARY) || !dash)
		return;
	number = cx_store_number_of(dash + 1);
	/* Somebody may be at it, on another host. */
	if (number && cx_store_claim(store, number, NULL) < 0)
		return;
	remove_half(store, folder, name);
	if (number)
		cx_store_release(store, number);
}

static void remove_halves_in(struct cx_store *store, const char *folder, const char *name)
{
	char inner[PATH_MAX];

	if (*name != '.' && join(inner, folder, name))
		walk(store, inner, remove_half);
}

void cx_store_tidy(struct cx_store *store)
{
	walk(store, CX_DIR_POINTS, remove_half_result);
	/* Whoever opens the folder may write copies; the rest is written by who leads. */
	if (cx_store_set_up(store, true) < 0)
		return;
	walk(store, ".", remove_half);
	walk(store, CX_DIR_SCENARIOS, remove_half);
	walk(store, CX_DIR_SCHEDULERS, remove_half);
	walk(store, CX_DIR_TOPOLOGIES, remove_halves_in);
	cx_store_set_up(store, false);
}
