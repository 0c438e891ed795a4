/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/text.h - text of others in a message of ours.
 */
#ifndef CX_BASE_TEXT_H
#define CX_BASE_TEXT_H

#include <stddef.h>

/**
 * @text in quotes, cut to 60 letters and made printable on one line.
 * @buf  of @len bytes, 8 or more
 * Returns @buf.
 */
const char *cx_quote(const char *text, char *buf, size_t len);

#endif
