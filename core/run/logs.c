/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 10000u /* kept until they are shown */

void log_init(struct log_queue *q)
{
	memset(q, 0, sizeof(*q));
	pthread_mutex_init(&q->lock, NULL);
}

void log_free(struct log_queue *q)
{
	unsigned i;

	for (i = 0; i < q->n; i++)
		free(q->lines[i]);
	free(q->lines);
	pthread_mutex_destroy(&q->lock);
}

static bool make_room(struct log_queue *q)
{
	unsigned room = q->room ? q->room * 2 : 64;
	char **lines;

	if (q->n < q->room)
		return true;
	if (q->n >= LINES_MAX)
		return false;
	lines = realloc(q->lines, room * sizeof(*lines));
	if (!lines)
		return false;
	q->lines = lines;
	q->room = room;
	return true;
}

void log_push(void *queue, const char *line)
{
	struct log_queue *q = queue;
	char *copy = strdup(line);

	pthread_mutex_lock(&q->lock);
	if (copy && make_room(q)) {
		q->lines[q->n++] = copy;
		copy = NULL;
	} else {
		q->dropped++;
	}
	pthread_mutex_unlock(&q->lock);
	free(copy);
}

void log_drain(struct run *r)
{
	struct log_queue *q = &r->log;
	unsigned i, n, dropped;
	char **lines, text[64];

	pthread_mutex_lock(&q->lock);
	lines = q->lines;
	n = q->n;
	dropped = q->dropped;
	q->lines = NULL;
	q->n = q->room = q->dropped = 0;
	pthread_mutex_unlock(&q->lock);
	for (i = 0; i < n; i++) {
		if (r->options->log)
			r->options->log(r->options->arg, lines[i]);
		free(lines[i]);
	}
	if (dropped && r->options->log) {
		snprintf(text, sizeof(text), "(%u log lines were too many to keep)", dropped);
		r->options->log(r->options->arg, text);
	}
	free(lines);
}
