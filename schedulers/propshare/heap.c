/* SPDX-License-Identifier: BSD-2-Clause */
/* Heaps and the queues made of them. */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>

int ps_heap_room(struct ps_heap *heap, unsigned n)
{
	unsigned room = heap->room ? heap->room : 8;
	struct ps_slot *more;

	if (n <= heap->room)
		return 0;
	while (room < n)
		room *= 2;
	more = realloc(heap->slots, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	heap->slots = more;
	heap->room = room;
	return 0;
}

void ps_heap_free(struct ps_heap *heap)
{
	free(heap->slots);
	heap->slots = NULL;
	heap->n = heap->room = 0;
}

static bool before(const struct ps_slot *a, const struct ps_slot *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void put(struct ps_heap *heap, unsigned at, struct ps_slot slot)
{
	heap->slots[at] = slot;
	slot.item->at = at;
}

static void rise(struct ps_heap *heap, unsigned at, struct ps_slot slot)
{
	while (at > 0 && before(&slot, &heap->slots[(at - 1) / 2])) {
		put(heap, at, heap->slots[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(heap, at, slot);
}

static void sink(struct ps_heap *heap, unsigned at, struct ps_slot slot)
{
	unsigned child;

	while ((child = 2 * at + 1) < heap->n) {
		if (child + 1 < heap->n && before(&heap->slots[child + 1], &heap->slots[child]))
			child++;
		if (!before(&heap->slots[child], &slot))
			break;
		put(heap, at, heap->slots[child]);
		at = child;
	}
	put(heap, at, slot);
}

void ps_heap_insert(struct ps_heap *heap, struct ps_item *item, int64_t key)
{
	struct ps_slot slot = { .key = key, .order = heap->orders++, .item = item };

	item->heap = heap;
	rise(heap, heap->n++, slot);
}

void ps_heap_remove(struct ps_item *item)
{
	struct ps_heap *heap = item->heap;
	struct ps_slot last;

	if (!heap)
		return;
	item->heap = NULL;
	last = heap->slots[--heap->n];
	if (last.item == item)
		return;
	if (item->at > 0 && before(&last, &heap->slots[(item->at - 1) / 2]))
		rise(heap, item->at, last);
	else
		sink(heap, item->at, last);
}

int ps_queue_room(struct ps_queue *queue, unsigned n)
{
	int rc = ps_heap_room(&queue->future, n);

	return rc ? rc : ps_heap_room(&queue->due, n);
}

void ps_queue_free(struct ps_queue *queue)
{
	ps_heap_free(&queue->future);
	ps_heap_free(&queue->due);
}

void ps_queue_insert(struct ps_queue *queue, struct ps_item *item, int64_t release,
		     int64_t deadline)
{
	item->release = release;
	item->deadline = deadline;
	ps_heap_insert(&queue->future, item, release);
}

void ps_queue_advance(struct ps_queue *queue, int64_t time)
{
	while (queue->future.n && queue->future.slots[0].key <= time) {
		struct ps_item *item = queue->future.slots[0].item;

		ps_heap_remove(item);
		ps_heap_insert(&queue->due, item, item->deadline);
	}
}
