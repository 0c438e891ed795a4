/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - a binary heap of items by a key, and the queue of a deadline scheduler made of two:
 * those whose time has not come, by when it comes, and those whose time has, by deadline.
 *
 * Items that are equal come out in the order in which they went in.  Room is made beforehand,
 * where allocation is allowed; all else is O(log n) and cannot fail.
 */
#ifndef PROPSHARE_HEAP_H
#define PROPSHARE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_heap;

struct ps_item {
	struct ps_heap *heap;      /* that it is in; NULL = none */
	unsigned at;               /* its place there */
	int64_t release, deadline; /* in a queue */
};

struct ps_slot {
	int64_t key;
	uint64_t order; /* among equals */
	struct ps_item *item;
};

struct ps_heap {
	struct ps_slot *slots;
	unsigned n, room;
	uint64_t orders; /* given so far */
};

/** Room for @n items in all.  0 or -ENOMEM. */
int ps_heap_room(struct ps_heap *heap, unsigned n);
void ps_heap_free(struct ps_heap *heap);
/** The item is in no heap; room is there. */
void ps_heap_insert(struct ps_heap *heap, struct ps_item *item, int64_t key);
/** Out of its heap, if it is in one. */
void ps_heap_remove(struct ps_item *item);
static inline struct ps_item *ps_heap_first(const struct ps_heap *heap)
{
	return heap->n ? heap->slots[0].item : NULL;
}

struct ps_queue {
	struct ps_heap future, due;
};

int ps_queue_room(struct ps_queue *queue, unsigned n);
void ps_queue_free(struct ps_queue *queue);
/** The item is in no heap. */
void ps_queue_insert(struct ps_queue *queue, struct ps_item *item, int64_t release,
		     int64_t deadline);
/** The time of those that are released until @time has come. */
void ps_queue_advance(struct ps_queue *queue, int64_t time);

#endif
