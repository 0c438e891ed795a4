/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was everything written?  LTTng's consumer goes on after a write that failed and tells
 * nobody, so its files are looked at: an index (CTF index 1.1, as LTTng writes it) has an
 * entry for each packet that reached its stream file whole, with a sequence number.
 */
#include "trace/capture_internal.h"

#include <endian.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define INDEX_MAGIC 0xC1F1DCC1u
#define INDEX_SUFFIX ".idx"
#define BITS 8

struct index_header {
	uint32_t magic, major, minor, entry_bytes;
};

struct index_entry {
	uint64_t offset, packet_bits, content_bits, begin, end, discarded, stream;
	uint64_t instance, sequence; /* since 1.1 */
};

/** Do the packets in @index follow each other up to the end of @stream? */
static bool stream_whole(FILE *index, const char *stream)
{
	struct index_header header;
	struct index_entry entry;
	uint64_t at = 0, n = 0;
	struct stat st;

	if (fread(&header, sizeof(header), 1, index) != 1 || be32toh(header.magic) != INDEX_MAGIC ||
	    be32toh(header.entry_bytes) != sizeof(entry))
		return false;
	while (fread(&entry, sizeof(entry), 1, index) == 1) {
		if (be64toh(entry.offset) != at || be64toh(entry.sequence) != n++)
			return false;
		at += be64toh(entry.packet_bits) / BITS;
	}
	return stat(stream, &st) == 0 && (uint64_t)st.st_size == at;
}

/** @path is .../index/NAME.idx; its stream is .../NAME. */
static bool index_whole(const char *path)
{
	char stream[PATH_MAX];
	const char *slash = strrchr(path, '/');
	FILE *f = fopen(path, "re");
	bool whole;
	int n;

	if (!f)
		return false;
	n = snprintf(stream, sizeof(stream), "%.*s/../%.*s", (int)(slash - path), path,
		     (int)(strlen(slash + 1) - strlen(INDEX_SUFFIX)), slash + 1);
	whole = n < (int)sizeof(stream) && stream_whole(f, stream);
	fclose(f);
	return whole;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

int cx_capture_check_trace(const char *dir, struct cx_error *err)
{
	char *const roots[] = { (char *)dir, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	unsigned metadata = 0, torn = 0, streams = 0;
	struct statvfs fs;
	FTSENT *entry;

	while (fts && (entry = fts_read(fts)) != NULL) {
		if (entry->fts_info != FTS_F)
			continue;
		if (strcmp(entry->fts_name, "metadata") == 0) {
			metadata += entry->fts_statp->st_size > 0;
		} else if (ends_with(entry->fts_name, INDEX_SUFFIX)) {
			streams++;
			torn += !index_whole(entry->fts_path);
		}
	}
	if (fts)
		fts_close(fts);
	if (metadata > 0 && streams > 0 && torn == 0)
		return 0;
	if (statvfs(dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < CX_CAPTURE_SUBBUF)
		return cx_fail(err, ENOSPC,
			       "trace folder %s: its file system is full, the trace is not whole; "
			       "make room or choose another folder with --out",
			       dir);
	return cx_fail(err, EIO, "trace folder %s: the trace is not whole: %s", dir,
		       torn ? "packets are missing" : "it has no metadata or no events");
}
