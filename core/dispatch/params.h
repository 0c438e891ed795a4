/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/params.h - parameter tables: the one source of validation and help.
 */
#ifndef CX_CORE_PARAMS_H
#define CX_CORE_PARAMS_H

#include "base/error.h"
#include "trace/event.h"

#include <coxswain/plugin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Check a table itself: names, ranges, defaults.  Returns 0 or -EINVAL with the reason. */
int cx_params_check(const struct cx_param *params, unsigned n, struct cx_error *err);

/** The index of @name in the table, or -ENOENT with the known names in the message. */
int cx_param_find(const struct cx_param *params, unsigned n, const char *name,
		  struct cx_error *err);

/**
 * Read a value as a person writes it ("30ms", "50", "yes", "relaxed").
 * Returns 0; -EINVAL or -ERANGE with "NAME: found ..., allowed ...".
 */
int cx_param_parse(const struct cx_param *param, const char *text, int64_t *value,
		   struct cx_error *err);

/** Is @value within what the parameter allows? */
bool cx_param_allows(const struct cx_param *param, int64_t value);

/** Print a value likewise. Returns @buf. */
const char *cx_param_format(const struct cx_param *param, int64_t value, char *buf, size_t len);

/** What is allowed, as a person reads it: "100us .. 1s", "yes or no". Returns @buf. */
const char *cx_param_range(const struct cx_param *param, char *buf, size_t len);

#endif
