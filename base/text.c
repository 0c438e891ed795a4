/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define QUOTE_LETTERS 60

const char *cx_quote(const char *text, char *buf, size_t len)
{
	size_t room = len - sizeof("\"...\""), n = 0, i;

	if (room > QUOTE_LETTERS)
		room = QUOTE_LETTERS;
	buf[n++] = '"';
	for (i = 0; text[i] && i < room; i++)
		buf[n++] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	if (text[i]) {
		/* Not in the middle of a letter: UTF-8 goes on with bytes 10xxxxxx. */
		while (n > 1 && ((unsigned char)text[i] & 0xc0) == 0x80) {
			i--;
			n--;
		}
		memcpy(buf + n, "...", 3);
		n += 3;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}
