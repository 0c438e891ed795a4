/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/error.h - how every room reports a failure.
 *
 * A function that can fail returns 0 or a negative errno and, where it takes a
 * `struct cx_error *`, leaves one line there that says what failed, where, and
 * what to do about it.  Nothing below the command line prints or exits.
 */
#ifndef CX_BASE_ERROR_H
#define CX_BASE_ERROR_H

#define CX_ERROR_MAX 1024

/** A message for a person.  Empty text means no error was recorded. */
struct cx_error {
	char text[CX_ERROR_MAX];
};

/**
 * Record a message and hand the code back, so that callers can write
 * `return cx_fail(err, ENOENT, "...")`.
 *
 * @err   where the message goes; NULL drops it
 * @code  a positive errno value
 * @fmt   what failed, where, and what to do; no trailing newline
 * Returns -code, always negative.  A message longer than the buffer is cut.
 */
int cx_fail(struct cx_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Like cx_fail(), putting @fmt and ": " before the message already in @err. */
int cx_fail_prefix(struct cx_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
