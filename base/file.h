/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/file.h - a file that a person named, read whole.
 */
#ifndef CX_BASE_FILE_H
#define CX_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Read all of @path.
 * @max    bytes that are allowed
 * @pipes  take pipes and terminals as well, and wait for what comes; else regular files only
 * @what   for messages: "a scenario file"
 * @text   the bytes and a NUL behind them; malloc'd
 * @len    their number, without that NUL
 * Returns 0; -EISDIR; -EFBIG (more than @max); -EINVAL (no regular file); -ENOMEM; the errno
 * of opening or reading.  Each with a message.
 */
int cx_file_read(const char *path, uint64_t max, bool pipes, const char *what, char **text,
		 size_t *len, struct cx_error *err);

#endif
