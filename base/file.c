/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_FIRST 4096u /* where a file does not tell its size */

struct bytes {
	char *at;
	size_t len, room;
};

/** Room for one byte more than there are, at most @max + 1.  0 or -ENOMEM. */
static int grow(struct bytes *b, uint64_t max)
{
	size_t room = b->room * 2;
	char *more;

	if (b->len < b->room)
		return 0;
	if (room > max + 1)
		room = (size_t)max + 1;
	more = realloc(b->at, room + 1);
	if (!more)
		return -ENOMEM;
	b->at = more;
	b->room = room;
	return 0;
}

/** To the end of @fd, or one byte past @max.  0 or a negative errno. */
static int read_all(int fd, uint64_t max, struct bytes *b)
{
	while (b->len <= max) {
		ssize_t n;

		if (grow(b, max) < 0)
			return -ENOMEM;
		n = read(fd, b->at + b->len, b->room - b->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		b->len += (size_t)n;
	}
	return 0;
}

static int too_large(const char *path, uint64_t max, const char *what, struct cx_error *err)
{
	char size[32];

	return cx_fail(err, EFBIG, "%s: is larger than %s; name %s", path,
		       cx_format_size(max, size, sizeof(size)), what);
}

static int read_open_file(int fd, const char *path, uint64_t max, bool pipes, const char *what,
			  struct bytes *b, struct cx_error *err)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return cx_fail(err, errno, "%s: cannot read it: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cx_fail(err, EISDIR, "%s: is a directory; name %s", path, what);
	if (!S_ISREG(st.st_mode) && !pipes)
		return cx_fail(err, EINVAL, "%s: is no regular file; name %s", path, what);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return too_large(path, max, what, err);
	/* It was only for open(): reading a pipe may wait for its writer. */
	fcntl(fd, F_SETFL, 0);
	b->room = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : ROOM_FIRST;
	b->at = malloc(b->room + 1);
	if (!b->at)
		return cx_fail(err, ENOMEM, "%s: out of memory", path);
	rc = read_all(fd, max, b);
	if (rc == -ENOMEM)
		return cx_fail(err, ENOMEM, "%s: out of memory", path);
	if (rc)
		return cx_fail(err, -rc, "%s: cannot read it: %s", path, strerror(-rc));
	return b->len > max ? too_large(path, max, what, err) : 0;
}

int cx_file_read(const char *path, uint64_t max, bool pipes, const char *what, char **text,
		 size_t *len, struct cx_error *err)
{
	struct bytes b = { 0 };
	int fd, rc;

	/* Without O_NONBLOCK a FIFO that nobody writes would hold us up for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return cx_fail(err, errno, "%s: cannot open it: %s", path, strerror(errno));
	rc = read_open_file(fd, path, max, pipes, what, &b, err);
	close(fd);
	if (rc || !b.at) {
		free(b.at);
		return rc;
	}
	b.at[b.len] = '\0';
	*text = b.at;
	*len = b.len;
	return 0;
}
