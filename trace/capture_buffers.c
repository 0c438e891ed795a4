/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the events wait until they are written, and where they are written to. */
#include "trace/capture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TOTAL_MAX (1ull << 30) /* bytes of buffers, however many CPUs there are */
#define MEMORY_PART 8          /* and at most this part of the memory that is free */

static uint64_t total(const struct cx_capture_buffers *b)
{
	return (uint64_t)b->cpus * b->subbufs * b->subbuf_bytes;
}

void cx_capture_fit_buffers(struct cx_capture_buffers *b, uint64_t bytes)
{
	while (total(b) > bytes && b->subbufs > CX_CAPTURE_SUBBUFS_MIN)
		b->subbufs /= 2;
	while (total(b) > bytes && b->subbuf_bytes > CX_CAPTURE_SUBBUF_MIN)
		b->subbuf_bytes /= 2;
}

void cx_capture_choose_buffers(struct cx_capture_buffers *b)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	long pages = sysconf(_SC_AVPHYS_PAGES);
	uint64_t bytes = TOTAL_MAX;

	b->cpus = cpus > 0 ? (uint32_t)cpus : 1;
	b->subbufs = CX_CAPTURE_SUBBUFS;
	b->subbuf_bytes = CX_CAPTURE_SUBBUF;
	if (pages > 0) {
		uint64_t part = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) / MEMORY_PART;

		if (part < bytes)
			bytes = part;
	}
	cx_capture_fit_buffers(b, bytes);
}

/** The least that a trace takes: a sub-buffer is written whole, and so is the metadata. */
static uint64_t least_bytes(const struct cx_capture_buffers *b)
{
	return ((uint64_t)b->cpus + 1) * b->subbuf_bytes;
}

static int check_writable(const char *dir, struct cx_error *err)
{
	char probe[PATH_MAX];
	int fd, code;

	if (snprintf(probe, sizeof(probe), "%s/.coxswain-XXXXXX", dir) >= (int)sizeof(probe))
		return cx_fail(err, ENAMETOOLONG, "trace folder %s: the path is too long", dir);
	fd = mkstemp(probe);
	if (fd < 0) {
		code = errno;
		return cx_fail(err, code == EROFS ? EACCES : code,
			       "trace folder %s: cannot write there: %s; choose another with --out",
			       dir, strerror(code));
	}
	close(fd);
	unlink(probe);
	return 0;
}

int cx_capture_check_dir(const char *dir, const struct cx_capture_buffers *b, struct cx_error *err)
{
	char inner[PATH_MAX];
	struct statvfs fs;
	struct stat st;
	uint64_t free_bytes;
	int rc;

	if (stat(dir, &st) < 0) {
		rc = errno;
		return cx_fail(err, rc, "trace folder %s: %s", dir, strerror(rc));
	}
	if (!S_ISDIR(st.st_mode))
		return cx_fail(err, ENOTDIR, "trace folder %s: it is no folder", dir);
	rc = check_writable(dir, err);
	if (rc < 0)
		return rc;
	snprintf(inner, sizeof(inner), "%s/ust", dir);
	if (lstat(inner, &st) == 0)
		return cx_fail(err, EEXIST, "trace folder %s: a trace is there already", dir);
	if (statvfs(dir, &fs) < 0) {
		rc = errno;
		return cx_fail(err, rc, "trace folder %s: %s", dir, strerror(rc));
	}
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes < least_bytes(b))
		return cx_fail(
			err, ENOSPC,
			"trace folder %s: %llu KiB are free, a trace takes at least %llu KiB;"
			" make room or choose another folder with --out",
			dir, (unsigned long long)(free_bytes >> 10),
			(unsigned long long)(least_bytes(b) >> 10));
	return 0;
}

void cx_capture_remove_tree(const char *path)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts)) != NULL) {
		if (entry->fts_info == FTS_DP)
			rmdir(entry->fts_accpath);
		else if (entry->fts_info != FTS_D)
			unlink(entry->fts_accpath);
	}
	if (fts)
		fts_close(fts);
}
