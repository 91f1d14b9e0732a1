/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

/*
 * Doubly linked list, intrusive: the node is a member of the entry.
 *
 *	struct waiter {
 *		struct list_node link;
 *	};
 *	struct list waiters;
 *	struct waiter *waiter;
 *
 *	list_add_tail(&waiters, &waiter->link);
 *	list_for_each (waiter, &waiters, link) {
 *		...
 *	}
 *
 * The list is a ring through its head, so every operation is O(1) and none
 * can fail.  The caller locks.  A node is in one list at a time; a node that is
 *in none points to nothing, as zeroed memory does: list_is_linked() tells, and
 * a second removal faults.
 */

struct list_node {
	struct list_node *next;
	struct list_node *prev;
};

struct list {
	struct list_node head;
};

/* For static storage: struct list l = LIST_INITIALIZER(l); */
#define LIST_INITIALIZER(name)                                                 \
	{                                                                      \
		.head = {.next = &(name).head, .prev = &(name).head }          \
	}

static inline void list_init(struct list *list)
{
	list->head.next = &list->head;
	list->head.prev = &list->head;
}

/* For nodes in memory that was not zeroed. */
static inline void list_node_init(struct list_node *node)
{
	node->next = NULL;
	node->prev = NULL;
}

/* True between adding and removing. */
static inline bool list_is_linked(const struct list_node *node)
{
	return node->next != NULL;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline bool list_is_single(const struct list *list)
{
	return !list_is_empty(list) && list->head.next == list->head.prev;
}

static inline void list_insert_after(struct list_node *position,
				     struct list_node *node)
{
	node->prev = position;
	node->next = position->next;
	position->next->prev = node;
	position->next = node;
}

static inline void list_insert_before(struct list_node *position,
				      struct list_node *node)
{
	list_insert_after(position->prev, node);
}

static inline void list_add_head(struct list *list, struct list_node *node)
{
	list_insert_after(&list->head, node);
}

static inline void list_add_tail(struct list *list, struct list_node *node)
{
	list_insert_after(list->head.prev, node);
}

static inline void list_remove(struct list_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_node_init(node);
}

static inline void list_move_head(struct list *list, struct list_node *node)
{
	list_remove(node);
	list_add_head(list, node);
}

static inline void list_move_tail(struct list *list, struct list_node *node)
{
	list_remove(node);
	list_add_tail(list, node);
}

/* Moves every entry of source behind those of list; source is empty then. */
static inline void list_splice_tail(struct list *list, struct list *source)
{
	if (list_is_empty(source)) {
		return;
	}
	source->head.next->prev = list->head.prev;
	list->head.prev->next = source->head.next;
	source->head.prev->next = &list->head;
	list->head.prev = source->head.prev;
	list_init(source);
}

/* NULL when the list is empty. */
static inline struct list_node *list_first_node(const struct list *list)
{
	return list_is_empty(list) ? NULL : list->head.next;
}

/* NULL when the list is empty. */
static inline struct list_node *list_last_node(const struct list *list)
{
	return list_is_empty(list) ? NULL : list->head.prev;
}

/* NULL when the node is the last of the list. */
static inline struct list_node *list_next_node(const struct list *list,
					       const struct list_node *node)
{
	return node->next == &list->head ? NULL : node->next;
}

/* NULL when the node is the first of the list. */
static inline struct list_node *list_prev_node(const struct list *list,
					       const struct list_node *node)
{
	return node->prev == &list->head ? NULL : node->prev;
}

/* Removes and returns the first node, or NULL when the list is empty. */
static inline struct list_node *list_pop_head(struct list *list)
{
	struct list_node *node = list_first_node(list);

	if (node != NULL) {
		list_remove(node);
	}
	return node;
}

/* Walks the whole list. */
static inline size_t list_length(const struct list *list)
{
	size_t length = 0;

	for (const struct list_node *node = list->head.next;
	     node != &list->head; node = node->next) {
		length++;
	}
	return length;
}

#define list_entry(node, type, member) container_of(node, type, member)

/* First and last entry, or NULL of an empty list. */
#define list_first(list, type, member)                                         \
	(list_is_empty(list) ? (type *)NULL                                    \
			     : list_entry((list)->head.next, type, member))
#define list_last(list, type, member)                                          \
	(list_is_empty(list) ? (type *)NULL                                    \
			     : list_entry((list)->head.prev, type, member))

/*
 * The node of an entry by arithmetic alone: at the end of a loop the entry is
 * the head seen through the wrong type, which must not be dereferenced.
 */
#define list_node_of(entry, member)                                            \
	((struct list_node *)((uintptr_t)(entry) +                             \
			      offsetof(__typeof__(*(entry)), member)))

/* The body must not remove the entry. */
#define list_for_each(entry, list, member)                                     \
	for ((entry) = list_entry((list)->head.next, __typeof__(*(entry)),     \
				  member);                                     \
	     list_node_of(entry, member) != &(list)->head;                     \
	     (entry) = list_entry((entry)->member.next, __typeof__(*(entry)),  \
				  member))

/* The body must not remove the entry. */
#define list_for_each_reverse(entry, list, member)                             \
	for ((entry) = list_entry((list)->head.prev, __typeof__(*(entry)),     \
				  member);                                     \
	     list_node_of(entry, member) != &(list)->head;                     \
	     (entry) = list_entry((entry)->member.prev, __typeof__(*(entry)),  \
				  member))

/*
 * The body may remove (and free) the entry, but no other.  The caller
 * declares both variables.
 */
#define list_for_each_safe(entry, next_entry, list, member)                    \
	for ((entry) = list_entry((list)->head.next, __typeof__(*(entry)),     \
				  member),                                     \
	    (next_entry) = list_entry(list_node_of(entry, member)->next,       \
				      __typeof__(*(entry)), member);           \
	     list_node_of(entry, member) != &(list)->head;                     \
	     (entry) = (next_entry),                                           \
	    (next_entry) = list_entry(list_node_of(entry, member)->next,       \
				      __typeof__(*(entry)), member))
