/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace in virtual time tells nothing of the host and the hour of its recording: LTTng
 * writes the host's name, which babeltrace2 prints with every event, and how far its clock
 * is from the real one.  Both are overwritten, at the same length, in the first packet of
 * the metadata, where they are unless LTTng changes its format; then they stay, and only
 * the text that babeltrace2 prints without options is different from host to host.
 */
#include "trace/capture_internal.h"

#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#define PACKET_BYTES 4096

/** What follows the first @what between @from and @end; NULL when it is not there. */
static char *after(char *from, const char *end, const char *what)
{
	char *at = from ? memmem(from, (size_t)(end - from), what, strlen(what)) : NULL;

	return at ? at + strlen(what) : NULL;
}

/** False: left as it was. */
static bool rewrite(char *text, const char *end)
{
	char *host = after(text, end, "\thostname = \"");
	char *host_end = after(host, end, "\";\n");
	char *offset = after(after(host_end, end, "\nclock {\n"), end, "\toffset = ");
	char *offset_end = after(offset, end, ";\n");

	if (!offset_end)
		return false;
	host -= strlen("hostname = \"");
	memset(host, ' ', (size_t)(host_end - 1 - host));
	memset(offset, ' ', (size_t)(offset_end - 2 - offset));
	offset[0] = '0';
	return true;
}

static void rewrite_file(const char *path)
{
	char packet[PACKET_BYTES];
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, packet, sizeof(packet), 0);
	if (n > 0 && rewrite(packet, packet + n))
		(void)!pwrite(fd, packet, (size_t)n, 0);
	close(fd);
}

void cx_capture_metadata_anonymous(const char *output)
{
	char *const roots[] = { (char *)output, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts)) != NULL)
		if (entry->fts_info == FTS_F && strcmp(entry->fts_name, "metadata") == 0)
			rewrite_file(entry->fts_accpath);
	if (fts)
		fts_close(fts);
}
