/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/history.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The first chunks are mapped before the run, so they may be large.  Mapping a later one
 * stalls its writer by about 0.1 ms (huge pages: by 10 ms when memory is fragmented). */
#define FIRST_BYTES_ALL ((size_t)64 << 20)
#define FIRST_BYTES_MAX ((size_t)4 << 20)
#define CHUNK_BYTES ((size_t)256 << 10)
#define CHUNK_MIN_BYTES ((size_t)4 << 10)
#define LANES_MAX 65535u
#define LANES_TOUCHED 64u /* more lanes than this get their first chunk when first used */
#define CACHE_LINE 64

/** A mapping of its own: events never move once written. */
struct chunk {
	struct chunk *next;
	size_t bytes; /* of the whole mapping */
	size_t used;  /* events in it; kept by the lane until the chunk is full */
	struct cx_event events[];
};

/** One writer at a time.  `at` and `end` bound the free part of the newest chunk. */
struct lane {
	struct cx_event *at, *end;
	struct chunk *first, *last;
	uint64_t count;   /* relaxed: others may look while it grows */
	uint64_t dropped; /* likewise */
} __attribute__((aligned(CACHE_LINE)));

struct cx_history {
	unsigned lanes;
	size_t max_bytes; /* SIZE_MAX = no bound */
	size_t bytes;     /* mapped by all lanes; relaxed atomic */
	struct lane lane[];
};

static void bump(uint64_t *counter)
{
	/* One writer: a plain add, published so that a reader sees no torn value. */
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/** Take up to @want bytes out of the budget; 0 when a useful chunk is not left. */
static size_t reserve(struct cx_history *h, size_t want)
{
	size_t now = __atomic_load_n(&h->bytes, __ATOMIC_RELAXED);
	size_t take;

	do {
		take = h->max_bytes > now ? h->max_bytes - now : 0;
		if (take > want)
			take = want;
		take &= ~(CHUNK_MIN_BYTES - 1);
		if (take == 0)
			return 0;
	} while (!__atomic_compare_exchange_n(&h->bytes, &now, now + take, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return take;
}

static bool grow(struct cx_history *h, struct lane *lane, size_t want)
{
	size_t bytes = reserve(h, want);
	struct chunk *chunk;

	if (bytes == 0)
		return false;
	chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (chunk == MAP_FAILED) {
		__atomic_fetch_sub(&h->bytes, bytes, __ATOMIC_RELAXED);
		return false;
	}
	chunk->next = NULL;
	chunk->bytes = bytes;
	if (lane->last) {
		lane->last->used = (size_t)(lane->at - lane->last->events);
		lane->last->next = chunk;
	} else {
		lane->first = chunk;
	}
	lane->last = chunk;
	lane->at = chunk->events;
	lane->end = lane->at + (bytes - sizeof(*chunk)) / sizeof(struct cx_event);
	return true;
}

static struct cx_history *new_empty(unsigned lanes, size_t max_bytes)
{
	struct cx_history *h;
	size_t size = sizeof(*h) + (size_t)lanes * sizeof(struct lane);

	if (lanes == 0 || lanes > LANES_MAX)
		return NULL;
	size = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	h = aligned_alloc(CACHE_LINE, size);
	if (!h)
		return NULL;
	memset(h, 0, size);
	h->lanes = lanes;
	h->max_bytes = max_bytes ? max_bytes : SIZE_MAX;
	return h;
}

struct cx_history *cx_history_new(unsigned lanes, size_t max_bytes)
{
	struct cx_history *h = new_empty(lanes, max_bytes);
	size_t first = FIRST_BYTES_ALL / (lanes ? lanes : 1);
	unsigned i;

	if (!h)
		return NULL;
	/* A lane that gets none here tries again, or drops, at its first event. */
	for (i = 0; lanes <= LANES_TOUCHED && i < lanes; i++)
		grow(h, &h->lane[i], first < FIRST_BYTES_MAX ? first : FIRST_BYTES_MAX);
	return h;
}

struct cx_history *cx_history_new_untimed(size_t max_bytes)
{
	return new_empty(1, max_bytes);
}

void cx_history_free(struct cx_history *h)
{
	unsigned i;

	if (!h)
		return;
	for (i = 0; i < h->lanes; i++) {
		struct chunk *chunk = h->lane[i].first;

		while (chunk) {
			struct chunk *next = chunk->next;

			munmap(chunk, chunk->bytes);
			chunk = next;
		}
	}
	free(h);
}

void cx_history_add(struct cx_history *h, unsigned lane_no, const struct cx_event *event)
{
	struct lane *lane = &h->lane[lane_no < h->lanes ? lane_no : h->lanes - 1];

	/* Once something is lost, what follows would be read without it: drop that too. */
	if (__builtin_expect(lane->at == lane->end, 0) &&
	    (lane->dropped || !grow(h, lane, CHUNK_BYTES))) {
		bump(&lane->dropped);
		return;
	}
	*lane->at++ = *event;
	bump(&lane->count);
}

static uint64_t sum(const struct cx_history *h, size_t member)
{
	uint64_t total = 0;
	unsigned i;

	for (i = 0; i < h->lanes; i++) {
		const char *lane = (const char *)&h->lane[i];

		total += __atomic_load_n((const uint64_t *)(const void *)(lane + member),
					 __ATOMIC_RELAXED);
	}
	return total;
}

uint64_t cx_history_count(const struct cx_history *h)
{
	return sum(h, offsetof(struct lane, count));
}

uint64_t cx_history_dropped(const struct cx_history *h)
{
	return sum(h, offsetof(struct lane, dropped));
}

/* ---- walking: a binary heap of the lanes' next events ---- */

struct head {
	const struct cx_event *event, *end;
	const struct chunk *chunk;
	unsigned lane;
};

struct cx_history_cursor {
	const struct cx_history *h;
	bool started;
	unsigned n; /* lanes that still have events */
	struct head heap[];
};

static bool earlier(const struct head *a, const struct head *b)
{
	if (a->event->t_ns != b->event->t_ns)
		return a->event->t_ns < b->event->t_ns;
	return a->lane < b->lane;
}

/** Point @head at the first event of @chunk or of one after it; false when none is left. */
static bool enter(const struct cx_history *h, struct head *head, const struct chunk *chunk)
{
	for (; chunk; chunk = chunk->next) {
		const struct lane *lane = &h->lane[head->lane];
		size_t used =
			chunk == lane->last ? (size_t)(lane->at - chunk->events) : chunk->used;

		if (used == 0)
			continue;
		head->chunk = chunk;
		head->event = chunk->events;
		head->end = head->event + used;
		return true;
	}
	return false;
}

static void sift_down(struct cx_history_cursor *c, unsigned i)
{
	struct head moving = c->heap[i];

	for (;;) {
		unsigned child = 2 * i + 1;

		if (child >= c->n)
			break;
		if (child + 1 < c->n && earlier(&c->heap[child + 1], &c->heap[child]))
			child++;
		if (!earlier(&c->heap[child], &moving))
			break;
		c->heap[i] = c->heap[child];
		i = child;
	}
	c->heap[i] = moving;
}

struct cx_history_cursor *cx_history_walk(const struct cx_history *h)
{
	struct cx_history_cursor *c = malloc(sizeof(*c) + h->lanes * sizeof(c->heap[0]));
	unsigned i;

	if (!c)
		return NULL;
	c->h = h;
	c->started = false;
	c->n = 0;
	for (i = 0; i < h->lanes; i++) {
		struct head *head = &c->heap[c->n];

		head->lane = i;
		if (enter(h, head, h->lane[i].first))
			c->n++;
	}
	for (i = c->n / 2; i-- > 0;)
		sift_down(c, i);
	return c;
}

const struct cx_event *cx_history_next(struct cx_history_cursor *c)
{
	struct head *top = &c->heap[0];

	if (c->started && c->n > 0) {
		if (++top->event == top->end && !enter(c->h, top, top->chunk->next))
			*top = c->heap[--c->n];
		if (c->n > 0)
			sift_down(c, 0);
	}
	c->started = true;
	return c->n > 0 ? top->event : NULL;
}

void cx_history_cursor_free(struct cx_history_cursor *cursor)
{
	free(cursor);
}
