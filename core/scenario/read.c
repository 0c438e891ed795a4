/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "base/file.h"

int cx_read_file(const char *path, char **text, size_t *len, struct cx_error *err)
{
	return cx_file_read(path, CX_SCENARIO_BYTES_MAX, true, "a scenario file", text, len, err);
}
