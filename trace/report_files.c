/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/report_internal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define SLUG_MAX 24u

static bool same_text(const char *a, const char *b)
{
	return strcmp(cx_or_empty(a), cx_or_empty(b)) == 0;
}

void cx_run_slug(const struct cx_report *report, unsigned run, char *buf, size_t len)
{
	const char *name = cx_or_empty(report->records[run]->scheduler);
	const char *c;
	bool plain = *name != '\0';
	unsigned i;
	size_t n = 0;

	for (c = name; *c; c++) {
		bool good = islower((unsigned char)*c) || isdigit((unsigned char)*c);

		plain &= good && c - name < SLUG_MAX;
		if (n + 1 < len && n < SLUG_MAX) {
			buf[n] = '_';
			if (good)
				buf[n] = *c;
			n++;
		}
	}
	buf[n] = '\0';
	for (i = 0; i < run; i++)
		plain &= !same_text(report->records[i]->scheduler, name);
	/* The place is unique, and no plain name has a dash. */
	if (!plain)
		snprintf(buf + n, len - n, "-%u", run + 1);
}

FILE *cx_folder_create(const char *dir, const char *name, struct cx_error *err)
{
	char path[PATH_MAX];
	FILE *file = NULL;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	errno = ENAMETOOLONG;
	if (n > 0 && n < PATH_MAX)
		file = fopen(path, "we");
	if (!file) {
		int code = errno;

		cx_fail(err, code, "%s/%s: cannot create: %s", dir, name, strerror(code));
		errno = code;
	}
	return file;
}

int cx_folder_close(FILE *file, const char *dir, const char *name, struct cx_error *err)
{
	int failed;

	errno = 0;
	failed = ferror(file) ? (errno ? errno : EIO) : 0;
	if (fclose(file) && !failed)
		failed = errno ? errno : EIO;
	if (failed)
		return cx_fail(err, failed, "%s/%s: cannot write: %s", dir, name, strerror(failed));
	return 0;
}
