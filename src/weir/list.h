/* SPDX-License-Identifier: Apache-2.0 */

/* Intrusive lists. A list is a link that is its own neighbour when it is empty. */

#ifndef WEIR_LIST_H
#define WEIR_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct weir_link {
    struct weir_link *previous;
    struct weir_link *next;
};

/* The object that `link` is the member `member` of. */
#define WEIR_OBJECT(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void weir_list_init(struct weir_link *list)
{
    list->previous = list;
    list->next = list;
}

static inline bool weir_list_is_empty(const struct weir_link *list)
{
    return list->next == list;
}

static inline void weir_link_insert_after(struct weir_link *place, struct weir_link *link)
{
    link->previous = place;
    link->next = place->next;
    place->next->previous = link;
    place->next = link;
}

static inline void weir_list_append(struct weir_link *list, struct weir_link *link)
{
    weir_link_insert_after(list->previous, link);
}

/* Leaves `link` linked to itself, so that removing it twice does no harm. */
static inline void weir_link_remove(struct weir_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    weir_list_init(link);
}

#endif
