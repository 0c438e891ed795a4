/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 48u /* longer ones are not compared */

static unsigned min2(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/** Letters to insert, delete, replace or swap with their neighbour, to make b of a. */
static unsigned edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t i, j;

	for (i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= na; i++) {
		for (j = 1; j <= nb; j++) {
			unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = min2(best, min2(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = min2(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[na][nb];
}

const char *cx_suggest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word), i;
	const char *nearest = NULL;
	unsigned least = (unsigned)(len / 3) + 1;

	if (len > WORD_MAX)
		return NULL;
	for (i = 0; i < n; i++) {
		size_t name_len = strlen(names[i]);
		unsigned distance;

		if (name_len > WORD_MAX)
			continue;
		distance = edit_distance(word, len, names[i], name_len);
		/* A name with nothing in common is no help, however short. */
		if (distance <= least && distance < name_len && (!nearest || distance < least)) {
			least = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

char *cx_suggest_list(const char *word, const char *const *names, size_t n)
{
	const char *nearest = cx_suggest(word, names, n);
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (n == 0)
		fputs("none", out);
	for (i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? ", " : "", names[i]);
	if (nearest)
		fprintf(out, " (did you mean \"%s\"?)", nearest);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
