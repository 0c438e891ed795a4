/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cx_fail(struct cx_error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -code;
}

int cx_fail_prefix(struct cx_error *err, int code, const char *fmt, ...)
{
	if (err) {
		struct cx_error old = *err;
		size_t n;
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		n = strlen(err->text);
		if (n + 3 < sizeof(err->text)) {
			size_t room = sizeof(err->text) - n - 3;
			size_t tail = strnlen(old.text, room);

			memcpy(err->text + n, ": ", 2);
			memcpy(err->text + n + 2, old.text, tail);
			err->text[n + 2 + tail] = '\0';
		}
	}
	return -code;
}
