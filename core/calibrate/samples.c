/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/calibrate/internal.h"

#include <stdlib.h>

#define FIRST_ROOM 1024u

void cal_add(struct cal_samples *s, uint64_t value)
{
	size_t room = s->room ? s->room * 2 : FIRST_ROOM;
	uint64_t *at;

	if (s->n == s->room) {
		at = realloc(s->at, room * sizeof(*at));
		if (!at) {
			s->lost = true;
			return;
		}
		s->at = at;
		s->room = room;
	}
	s->at[s->n++] = value;
}

void cal_samples_free(struct cal_samples *s)
{
	free(s->at);
	*s = (struct cal_samples){ 0 };
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(struct cal_samples *s)
{
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_size);
}

/* The mean of those from @first to before @end, rounded. */
static uint64_t mean(const struct cal_samples *s, size_t first, size_t end)
{
	unsigned __int128 sum = (end - first) / 2;

	for (size_t i = first; i < end; i++)
		sum += s->at[i];
	return (uint64_t)(sum / (end - first));
}

void cal_settle(struct cal_samples *s, enum cx_calibrate_value is, struct cx_measured *m)
{
	size_t n = s->n;

	m->is = is;
	if (!n)
		return;
	sort(s);
	m->measured = true;
	m->samples = n;
	m->p10 = s->at[n / 10];
	m->p50 = s->at[n / 2];
	m->p90 = s->at[n - 1 - n / 10];
	if (is == CX_CALIBRATE_MEDIAN)
		m->value = m->p50;
	else
		m->value = mean(s, n / 4, n - n / 4);
}

void cal_less(struct cal_samples *s, uint64_t by)
{
	for (size_t i = 0; i < s->n; i++)
		s->at[i] = s->at[i] > by ? s->at[i] - by : 0;
}

uint64_t cal_median(struct cal_samples *s)
{
	sort(s);
	return s->n ? s->at[s->n / 2] : 0;
}
