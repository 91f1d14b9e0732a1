/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Doubly linked list with a head.  Nodes are embedded; an entry is on at most
 * one list per node.  A removed node points to nothing, so a second removal
 * faults.  No locks: the owner's.
 */
#include <stdbool.h>
#include <stddef.h>

#include <lib/compiler.h>

struct list_node {
	struct list_node *next;
	struct list_node *prev;
};

struct list {
	struct list_node head;
};

#define LIST_INIT(name)                                                        \
	{                                                                      \
		{                                                              \
			&(name).head, &(name).head                             \
		}                                                              \
	}

static inline void list_init(struct list *list)
{
	list->head.next = &list->head;
	list->head.prev = &list->head;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline void list_insert_between(struct list_node *node,
				       struct list_node *prev,
				       struct list_node *next)
{
	node->next = next;
	node->prev = prev;
	next->prev = node;
	prev->next = node;
}

static inline void list_add_head(struct list *list, struct list_node *node)
{
	list_insert_between(node, &list->head, list->head.next);
}

static inline void list_add_tail(struct list *list, struct list_node *node)
{
	list_insert_between(node, list->head.prev, &list->head);
}

static inline void list_remove(struct list_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

/* True between adding and removing; the node was zeroed before first use. */
static inline bool list_is_linked(const struct list_node *node)
{
	return node->next != NULL;
}

#define list_entry(node, type, member) container_of(node, type, member)

/* First entry, or NULL of an empty list. */
#define list_first(list, type, member)                                         \
	(list_is_empty(list) ? (type *)NULL                                    \
			     : list_entry((list)->head.next, type, member))

#define list_for_each(entry, list, member)                                     \
	for (entry = list_entry((list)->head.next, __typeof__(*(entry)),       \
				member);                                       \
	     &(entry)->member != &(list)->head;                                \
	     entry = list_entry((entry)->member.next, __typeof__(*(entry)),    \
				member))

/* The entry may be removed in the body; `next` is of the same type. */
#define list_for_each_safe(entry, next_entry, list, member)                    \
	for (entry = list_entry((list)->head.next, __typeof__(*(entry)),       \
				member),                                       \
	    next_entry = list_entry((entry)->member.next,                      \
				    __typeof__(*(entry)), member);             \
	     &(entry)->member != &(list)->head; entry = next_entry,            \
	    next_entry = list_entry((entry)->member.next,                      \
				    __typeof__(*(entry)), member))
