/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "journal/array.h"

bool rg_prefixes_push(struct rg_arena *arena, struct rg_prefixes *prefixes, const char *text,
                      const char *trouble)
{
    prefixes->items = rg_array_room(arena, prefixes->items, prefixes->count, &prefixes->capacity,
                                    sizeof *prefixes->items);
    if (prefixes->items == NULL)
        return false;
    prefixes->items[prefixes->count++] = (struct rg_prefix){text, trouble};
    return true;
}

static int compare_prefixes(const void *a, const void *b)
{
    return strcmp(((const struct rg_prefix *)a)->text, ((const struct rg_prefix *)b)->text);
}

void rg_prefixes_sort(struct rg_prefixes *prefixes)
{
    struct rg_prefix *items = prefixes->items;
    size_t kept = 0;

    if (prefixes->count > 1)
        qsort(items, prefixes->count, sizeof *items, compare_prefixes);
    for (size_t i = 0; i < prefixes->count; i++) {
        if (kept == 0 || strcmp(items[kept - 1].text, items[i].text) != 0)
            items[kept++] = items[i];
        else if (items[kept - 1].trouble == NULL)
            items[kept - 1].trouble = items[i].trouble;
    }
    prefixes->count = kept;
}
