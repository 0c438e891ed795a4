/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command line says: complaints, widths, wrapped text. */

#include "core/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void cx_complain(const char *fmt, ...)
{
	va_list ap;

	flockfile(stderr);
	fputs(CX_CLI_NAME ": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

int cx_status_of(int ret)
{
	switch (ret) {
	case 0:
		return CX_STATUS_DONE;
	case -EINVAL:
	case -ENOENT:
	case -EEXIST:
		return CX_STATUS_USAGE;
	default:
		return CX_STATUS_FAILED;
	}
}

int cx_complain_of(int status, const struct cx_error *err)
{
	if (status != CX_STATUS_DONE)
		cx_complain("%s", err->text);
	return status;
}

static unsigned columns_asked(FILE *out)
{
	const char *env = getenv("COLUMNS");
	struct winsize size;
	long asked;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	asked = env ? strtol(env, NULL, 10) : 0;
	return asked > 0 && asked < INT_MAX ? (unsigned)asked : CX_CLI_COLUMNS;
}

unsigned cx_columns(FILE *out)
{
	unsigned columns = columns_asked(out);

	if (columns < CX_CLI_COLUMNS_MIN)
		return CX_CLI_COLUMNS_MIN;
	if (columns > CX_CLI_COLUMNS_MAX)
		return CX_CLI_COLUMNS_MAX;
	return columns;
}

int cx_say_finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cx_complain("standard output: %s: what was printed there is not whole",
		    strerror(errno ? errno : EIO));
	return CX_STATUS_FAILED;
}

void cx_say_wrapped(FILE *out, const char *text, unsigned at, unsigned indent, unsigned columns)
{
	bool first = true;

	while (*text) {
		unsigned len = (unsigned)strcspn(text, " ");

		if (!first && at + 1 + len > columns) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}
