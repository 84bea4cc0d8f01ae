/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/listing.h"

#include <stdlib.h>
#include <string.h>

#include "journal/array.h"

/* So many that are gone are asked for one by one; then all are taken to be. */
static const size_t gone_asked_max = 64;

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for the files of a partition");
}

enum rg_status rg_listing_set(struct rg_listing *listing, const struct rg_object *objects,
                              size_t count, struct rg_error *err)
{
    listing->objects = objects;
    listing->count = count;
    listing->is_used = rg_arena_array(listing->arena, count, sizeof *listing->is_used);
    listing->taken_by = rg_arena_array(listing->arena, count, sizeof *listing->taken_by);
    return listing->is_used == NULL || listing->taken_by == NULL ? no_memory(err) : RG_OK;
}

size_t rg_listing_find(const struct rg_listing *listing, const char *name)
{
    const size_t prefix_bytes = strlen(listing->partition);
    size_t low = 0;
    size_t high = listing->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(listing->objects[middle].key + prefix_bytes, name);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return listing->count;
}

const char *rg_listing_key(const struct rg_listing *listing, const char *name,
                           struct rg_arena *arena)
{
    const size_t prefix_bytes = strlen(listing->partition);
    const size_t name_bytes = strlen(name);
    char *key = rg_arena_alloc(arena, prefix_bytes + name_bytes + 1);

    if (key == NULL)
        return NULL;
    memcpy(key, listing->partition, prefix_bytes);
    memcpy(key + prefix_bytes, name, name_bytes + 1);
    return key;
}

enum rg_status rg_listing_ask(struct rg_listing *listing, const char *name, struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .arena = listing->arena};

    if (listing->gone_count >= gone_asked_max || rg_listing_find(listing, name) < listing->count)
        return RG_OK;
    op.key = rg_listing_key(listing, name, listing->arena);
    listing->late = rg_array_room(listing->arena, listing->late, listing->late_count,
                                  &listing->late_capacity, sizeof *listing->late);
    if (op.key == NULL || listing->late == NULL)
        return no_memory(err);
    if (listing->only_file != NULL && strcmp(op.key, listing->only_file) != 0) {
        listing->gone_count++;
        return RG_OK;
    }
    const enum rg_status status = rg_store_wait(listing->store, &op, err);
    if (status == RG_ERR_ABSENT) {
        listing->gone_count++;
        return RG_OK;
    }
    RG_TRY(status);
    listing->late[listing->late_count++] = (struct rg_object){.key = op.key, .id = op.id};
    return RG_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct rg_object *)a)->key, ((const struct rg_object *)b)->key);
}

enum rg_status rg_listing_add_late(struct rg_listing *listing, struct rg_error *err)
{
    size_t kept = 0;

    if (listing->late_count == 0)
        return RG_OK;
    const size_t count = listing->count + listing->late_count;
    struct rg_object *objects = rg_arena_array(listing->arena, count, sizeof *objects);
    if (objects == NULL)
        return no_memory(err);
    if (listing->count > 0)
        memcpy(objects, listing->objects, listing->count * sizeof *objects);
    memcpy(objects + listing->count, listing->late, listing->late_count * sizeof *objects);
    listing->late_count = 0;
    qsort(objects, count, sizeof *objects, compare_keys);
    /* One whose row groups went several ways was asked for several times. */
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(objects[kept - 1].key, objects[i].key) != 0)
            objects[kept++] = objects[i];
    }
    return rg_listing_set(listing, objects, kept, err);
}
