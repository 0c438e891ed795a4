/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coxswain/list.h - a doubly linked list for run queues.
 *
 * Put a `struct cx_node` in what you queue and a `struct cx_list` where the queue
 * is.  A node that is on no list is zeroed or has been through cx_list_remove().
 */
#ifndef COXSWAIN_LIST_H
#define COXSWAIN_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cx_node {
	struct cx_node *next, *prev;
};

struct cx_list {
	struct cx_node head;
};

/** The structure of @type whose @member is @node. */
#define cx_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void cx_list_init(struct cx_list *list)
{
	list->head.next = list->head.prev = &list->head;
}

static inline bool cx_list_empty(const struct cx_list *list)
{
	return list->head.next == &list->head;
}

/** Is @node on a list? */
static inline bool cx_queued(const struct cx_node *node)
{
	return node->next != NULL;
}

static inline void cx_list_insert_before(struct cx_node *where, struct cx_node *node)
{
	node->prev = where->prev;
	node->next = where;
	where->prev->next = node;
	where->prev = node;
}

static inline void cx_list_push_back(struct cx_list *list, struct cx_node *node)
{
	cx_list_insert_before(&list->head, node);
}

static inline void cx_list_push_front(struct cx_list *list, struct cx_node *node)
{
	cx_list_insert_before(list->head.next, node);
}

/** Take @node off its list; nothing happens if it is on none. */
static inline void cx_list_remove(struct cx_node *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = NULL;
}

static inline struct cx_node *cx_list_first(const struct cx_list *list)
{
	return cx_list_empty(list) ? NULL : list->head.next;
}

/** The node after @node, or NULL at the end. */
static inline struct cx_node *cx_list_next(const struct cx_list *list, const struct cx_node *node)
{
	return node->next == &list->head ? NULL : node->next;
}

#define cx_list_for_each(node, list)                                                               \
	for ((node) = cx_list_first(list); (node); (node) = cx_list_next((list), (node)))

#endif
