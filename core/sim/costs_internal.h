/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sim/costs_internal.h - one cost at a time: what costs.c, its file's reader, and who
 * measures and writes such files share.  An index is below CX_COSTS.
 */
#ifndef CX_CORE_COSTS_INTERNAL_H
#define CX_CORE_COSTS_INTERNAL_H

#include "core/sim/costs.h"

#include <stddef.h>

/** The index of the cost @name, or -ENOENT. */
int cx_cost_find(const char *name);
/** All names, and the one that @word is most likely a slip of; malloc'd, NULL = no memory. */
char *cx_cost_names(const char *word);
/** 0; -EINVAL: no number of its type; -ERANGE: out of its bounds.  *value is set only on 0. */
int cx_cost_parse(unsigned index, const char *text, uint64_t *value);
/** @value as cx_cost_parse() reads it, exactly: "11.347us", "1300". */
const char *cx_cost_format(unsigned index, uint64_t value, char *buf, size_t len);
/** What is allowed, in words, for a message. */
const char *cx_cost_allowed(unsigned index, char *buf, size_t len);

/** Each line of @about, which may be NULL, as a comment. */
void cx_costs_write_about(FILE *out, const char *about);
/** "NAME: VALUE", one line. */
void cx_cost_write(FILE *out, unsigned index, uint64_t value);

#endif
