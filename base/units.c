/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers all the way: 0.1 ms has no exact double, but is exactly 100000 ns.
 */
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024ULL
#define UNIT_LIMIT ((uint64_t)INT64_MAX)
/* No unit here has a 12th decimal that could be a whole number of nanoseconds. */
#define FRACTION_DIGITS_MAX 18
/* A size that needs more digits than this to be exact is printed rounded. */
#define EXACT_SIZE_LIMIT 10000ULL

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "m", 60 * CX_SEC }, { "s", CX_SEC }, { "ms", CX_MS }, { "us", CX_US }, { "ns", 1 },
};

static const struct unit sizes[] = {
	{ "GiB", KIB *KIB *KIB },
	{ "MiB", KIB *KIB },
	{ "KiB", KIB },
	{ "B", 1 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/** Digits at *text, which moves past them.  False when there are none; *big when too large. */
static bool read_digits(const char **text, uint64_t *value, bool *big)
{
	const char *p = *text;

	*value = 0;
	*big = false;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
			*big = true;
	}
	if (p == *text)
		return false;
	*text = p;
	return true;
}

/**
 * The @n digits at @digits, as decimals of @factor.
 * Returns 0 with the whole number that they make, or -EINVAL when it is none.
 */
static int fraction_value(const char *digits, size_t n, uint64_t factor, uint64_t *value)
{
	unsigned __int128 numerator = 0;
	uint64_t scale = 1;
	size_t i;

	while (n > 0 && digits[n - 1] == '0')
		n--;
	if (n > FRACTION_DIGITS_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		numerator = numerator * 10 + (unsigned)(digits[i] - '0');
		scale *= 10;
	}
	numerator *= factor;
	if (numerator % scale)
		return -EINVAL;
	*value = (uint64_t)(numerator / scale);
	return 0;
}

int cx_parse_duration(const char *text, uint64_t *ns)
{
	const char *p = text, *fraction;
	const struct unit *unit;
	uint64_t whole, part = 0;
	size_t n = 0;
	bool big;

	if (!read_digits(&p, &whole, &big))
		return -EINVAL;
	if (!*p && p == text + 1 && whole == 0) {
		*ns = 0;
		return 0;
	}
	fraction = p;
	if (*p == '.') {
		fraction = ++p;
		while (is_digit(*p))
			p++;
		n = (size_t)(p - fraction);
		if (n == 0)
			return -EINVAL;
	}
	unit = find_unit(durations, COUNT(durations), p);
	if (!unit || fraction_value(fraction, n, unit->factor, &part))
		return -EINVAL;
	if (big || __builtin_mul_overflow(whole, unit->factor, &whole) ||
	    __builtin_add_overflow(whole, part, &whole) || whole > UNIT_LIMIT)
		return -ERANGE;
	*ns = whole;
	return 0;
}

int cx_parse_size(const char *text, uint64_t *bytes)
{
	const char *p = text;
	const struct unit *unit;
	uint64_t value;
	bool big;

	if (!read_digits(&p, &value, &big))
		return -EINVAL;
	unit = find_unit(sizes, COUNT(sizes), p);
	if (!unit)
		return -EINVAL;
	if (big || __builtin_mul_overflow(value, unit->factor, &value) || value > UNIT_LIMIT)
		return -ERANGE;
	*bytes = value;
	return 0;
}

/** Minutes only when whole: "90s" reads better than "1.5m". */
static const struct unit *duration_unit(uint64_t ns)
{
	size_t i = ns && ns % durations[0].factor == 0 ? 0 : 1;

	while (i + 1 < COUNT(durations) && ns < durations[i].factor)
		i++;
	return &durations[i];
}

/** @ns to three significant digits of @unit, but never coarser than the unit itself. */
static uint64_t round_duration(uint64_t ns, const struct unit *unit)
{
	uint64_t step = unit->factor;

	if (ns / unit->factor < 100)
		step = unit->factor >= 10 ? unit->factor / 10 : 1;
	if (ns / unit->factor < 10)
		step = unit->factor >= 100 ? unit->factor / 100 : 1;
	if (ns > UINT64_MAX - step / 2)
		return ns - ns % step;
	ns += step / 2;
	return ns - ns % step;
}

const char *cx_format_duration(uint64_t ns, char *buf, size_t len)
{
	const struct unit *unit;
	uint64_t thousandths;
	char decimals[8];
	size_t n;

	if (ns == 0) {
		snprintf(buf, len, "0s");
		return buf;
	}
	unit = duration_unit(ns);
	if (unit->factor >= 1000 && ns % (unit->factor / 1000)) {
		/* Rounding may reach the next unit: 999.9996ms is 1s. */
		ns = round_duration(ns, unit);
		unit = duration_unit(ns);
	}
	thousandths = unit->factor >= 1000 ? ns % unit->factor / (unit->factor / 1000) : 0;
	n = (size_t)snprintf(decimals, sizeof(decimals), ".%03u", (unsigned)thousandths);
	while (n > 0 && (decimals[n - 1] == '0' || decimals[n - 1] == '.'))
		decimals[--n] = '\0';
	snprintf(buf, len, "%" PRIu64 "%s%s", ns / unit->factor, decimals, unit->name);
	return buf;
}

const char *cx_format_size(uint64_t bytes, char *buf, size_t len)
{
	const struct unit *unit = NULL;
	double value;
	size_t i;

	for (i = 0; bytes && i < COUNT(sizes); i++) {
		if (bytes % sizes[i].factor)
			continue;
		if (bytes / sizes[i].factor >= EXACT_SIZE_LIMIT && i > 0)
			break;
		snprintf(buf, len, "%" PRIu64 "%s", bytes / sizes[i].factor, sizes[i].name);
		return buf;
	}
	if (bytes == 0) {
		snprintf(buf, len, "0B");
		return buf;
	}
	for (i = 0; i < COUNT(sizes) && !unit; i++)
		if (bytes >= sizes[i].factor)
			unit = &sizes[i];
	value = (double)bytes / (double)unit->factor;
	/* 1023.6 of one unit is 1.00 of the next. */
	if (value >= 999.5 && unit != sizes) {
		unit--;
		value /= (double)KIB;
	}
	snprintf(buf, len, "%.*f%s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, unit->name);
	return buf;
}
