/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Up to @room bytes from @fd, however the kernel deals them out. */
static ssize_t read_all(int fd, char *buf, size_t room)
{
	size_t have = 0;

	while (have < room) {
		ssize_t n = read(fd, buf + have, room - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static int read_open_file(int fd, const char *path, char **text, size_t *len, struct cx_error *err)
{
	struct stat st;
	ssize_t n;
	char *buf;

	if (fstat(fd, &st) < 0)
		return cx_fail(err, errno, "%s: cannot read it: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cx_fail(err, EISDIR, "%s: is a directory; name a scenario file", path);
	/* It was only for open(): reading a pipe may wait for its writer. */
	fcntl(fd, F_SETFL, 0);
	buf = malloc(CX_SCENARIO_BYTES_MAX + 1);
	if (!buf)
		return cx_fail(err, ENOMEM, "%s: out of memory", path);
	n = read_all(fd, buf, CX_SCENARIO_BYTES_MAX + 1);
	if (n < 0 || n > (ssize_t)CX_SCENARIO_BYTES_MAX) {
		free(buf);
		if (n < 0)
			return cx_fail(err, (int)-n, "%s: cannot read it: %s", path,
				       strerror((int)-n));
		return cx_fail(err, EFBIG, "%s: is larger than 1MiB; name a scenario file", path);
	}
	*text = malloc((size_t)n + 1);
	if (*text) {
		memcpy(*text, buf, (size_t)n);
		(*text)[n] = '\0';
	}
	free(buf);
	if (!*text)
		return cx_fail(err, ENOMEM, "%s: out of memory", path);
	*len = (size_t)n;
	return 0;
}

int cx_read_file(const char *path, char **text, size_t *len, struct cx_error *err)
{
	int fd, rc;

	/* Without O_NONBLOCK a FIFO that nobody writes would hold us up for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return cx_fail(err, errno, "%s: cannot open it: %s", path, strerror(errno));
	rc = read_open_file(fd, path, text, len, err);
	close(fd);
	return rc;
}
