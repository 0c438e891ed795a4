/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/units.h - durations and sizes as people write them.
 */
#ifndef CX_BASE_UNITS_H
#define CX_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define CX_US 1000ULL
#define CX_MS (1000ULL * CX_US)
#define CX_SEC (1000ULL * CX_MS)

/**
 * Read a duration: a decimal number and one of ns, us, ms, s, m ("30ms",
 * "1.5s", "0s").  A bare "0" is allowed, any other bare number is not.
 * @ns  result, in nanoseconds
 * Returns 0, -EINVAL (not a duration) or -ERANGE (does not fit 63 bits).
 */
int cx_parse_duration(const char *text, uint64_t *ns);

/**
 * Read a size: a whole number and one of B, KiB, MiB, GiB.
 * @bytes  result
 * Returns 0, -EINVAL or -ERANGE, as cx_parse_duration().
 */
int cx_parse_size(const char *text, uint64_t *bytes);

/** Print @ns with the largest unit that keeps it exact or to 3 significant digits ("30ms"). */
const char *cx_format_duration(uint64_t ns, char *buf, size_t len);

/** Print @bytes likewise ("16MiB"). */
const char *cx_format_size(uint64_t bytes, char *buf, size_t len);

#endif
