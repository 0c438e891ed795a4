/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/store.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

int cx_numbers_init(struct cx_numbers *set, uint64_t n, struct cx_error *err)
{
	*set = (struct cx_numbers){ .n = n, .bit = calloc(n / 8 + 1, 1) };
	return set->bit ? 0 : cx_fail(err, ENOMEM, "out of memory");
}

void cx_numbers_free(struct cx_numbers *set)
{
	free(set->bit);
	*set = (struct cx_numbers){ 0 };
}

bool cx_numbers_has(const struct cx_numbers *set, uint64_t number)
{
	return number >= 1 && number <= set->n && (set->bit[number / 8] >> (number % 8) & 1);
}

void cx_numbers_add(struct cx_numbers *set, uint64_t number)
{
	if (number < 1 || number > set->n || cx_numbers_has(set, number))
		return;
	set->bit[number / 8] |= (uint8_t)(1u << (number % 8));
	set->count++;
}

void cx_numbers_remove(struct cx_numbers *set, uint64_t number)
{
	if (!cx_numbers_has(set, number))
		return;
	set->bit[number / 8] &= (uint8_t) ~(1u << (number % 8));
	set->count--;
}

uint64_t cx_numbers_next(const struct cx_numbers *set, uint64_t after)
{
	uint64_t i;

	for (i = after + 1; i <= set->n; i++) {
		if (i % 8 == 0 && !set->bit[i / 8])
			i += 7;
		else if (cx_numbers_has(set, i))
			return i;
	}
	return 0;
}

/** A number at *text, which moves past it; false: none, or larger than @max. */
static bool read_number(const char **text, uint64_t max, uint64_t *number)
{
	const char *c = *text;

	*number = 0;
	for (; isdigit((unsigned char)*c) && *number <= max; c++)
		*number = *number * 10 + (uint64_t)(*c - '0');
	if (c == *text || *number < 1 || *number > max)
		return false;
	*text = c;
	return true;
}

int cx_numbers_parse(const char *text, struct cx_numbers *set, struct cx_error *err)
{
	const char *at = text;
	uint64_t first, last, i;
	bool good;

	do {
		good = read_number(&at, set->n, &first);
		last = first;
		if (good && *at == '-') {
			at++;
			good = read_number(&at, set->n, &last) && first <= last;
		}
		for (i = first; good && i <= last; i++)
			cx_numbers_add(set, i);
	} while (good && *at++ == ',');
	if (!good || at[-1])
		return cx_fail(err, EINVAL,
			       "found '%.80s'; allowed: numbers and ranges from 1 to %" PRIu64
			       ", such as 17-20,31",
			       text, set->n);
	return 0;
}

void cx_numbers_print(const struct cx_numbers *set, FILE *out)
{
	const char *comma = "";
	uint64_t first, last;

	for (first = cx_numbers_next(set, 0); first; first = cx_numbers_next(set, last)) {
		for (last = first; cx_numbers_has(set, last + 1);)
			last++;
		fprintf(out, "%s%" PRIu64, comma, first);
		if (last > first)
			fprintf(out, "%c%" PRIu64, last > first + 1 ? '-' : ',', last);
		comma = ",";
	}
}
