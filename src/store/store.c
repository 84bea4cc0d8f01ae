/* SPDX-License-Identifier: Apache-2.0 */

#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Dates of answers are whole seconds, and late by what the answer took. */
static const int64_t second_ns = INT64_C(1000000000);
static const int64_t clock_tolerance_ns = INT64_C(5000000000);

/* A thread that waits for operations. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t running_count; /* Guarded by lock. */
};

static void wake_waiter(struct rg_store_op *op)
{
    struct waiter *waiter = op->user;

    pthread_mutex_lock(&waiter->lock);
    waiter->running_count--;
    if (waiter->running_count == 0)
        pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

void rg_store_start(struct rg_store *store, struct rg_store_op *op)
{
    store->driver->start(store, op);
}

void rg_store_wait_all(struct rg_store *store, struct rg_store_op *ops, size_t op_count)
{
    struct waiter waiter = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .running_count = op_count,
    };

    for (size_t i = 0; i < op_count; i++) {
        ops[i].done = wake_waiter;
        ops[i].user = &waiter;
        rg_store_start(store, &ops[i]);
    }
    pthread_mutex_lock(&waiter.lock);
    while (waiter.running_count > 0)
        pthread_cond_wait(&waiter.changed, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.changed);
    pthread_mutex_destroy(&waiter.lock);
}

enum rg_status rg_store_wait(struct rg_store *store, struct rg_store_op *op, struct rg_error *err)
{
    rg_store_wait_all(store, op, 1);
    if (op->status != RG_OK)
        *err = op->err;
    return op->status;
}

enum rg_status rg_store_probe(struct rg_store *store, bool may_write,
                              struct rg_store_caps *ret_caps, struct rg_error *err)
{
    const enum rg_status status = store->driver->probe(store, may_write, ret_caps, err);

    if (status == RG_ERR_DENIED && may_write)
        return rg_within(err, "%s cannot be written to", store->url);
    return status;
}

uint64_t rg_store_request_count(const struct rg_store *store)
{
    return atomic_load(&store->request_count);
}

uint64_t rg_store_now_ns(const struct rg_store *store)
{
    return (uint64_t)((int64_t)rg_clock_wall_ns() + atomic_load(&store->clock_offset_ns));
}

void rg_store_note_time(struct rg_store *store, uint64_t server_ns)
{
    /* The second has begun, and will end: what was made in it is not from the future. */
    const int64_t offset_ns = (int64_t)server_ns + second_ns - (int64_t)rg_clock_wall_ns();
    const bool is_off = offset_ns > clock_tolerance_ns || offset_ns < -clock_tolerance_ns;

    atomic_store(&store->clock_offset_ns, is_off ? offset_ns : 0);
}

void rg_store_listen(struct rg_store *store, const struct rg_store_listener *listener)
{
    store->listener = *listener;
}

void rg_store_cancel(struct rg_store *store)
{
    store->driver->cancel(store);
}

void rg_store_free(struct rg_store *store)
{
    if (store != NULL)
        store->driver->free(store);
}

static int compare_keys(const void *a, const void *b)
{
    const struct rg_object *left = a;
    const struct rg_object *right = b;

    return strcmp(left->key, right->key);
}

/* One page of a listing that is being put together. */
struct page {
    struct page *next;
    struct rg_object *objects;
    size_t count;
};

/* Sorts, and drops what a store named twice (a prefix may come again on every page). */
static size_t sort_and_unite(struct rg_object *objects, size_t count)
{
    size_t kept = 0;
    size_t sorted = count > 0 ? 1 : 0;

    /* Pages are sorted, mostly. */
    while (sorted < count && compare_keys(&objects[sorted - 1], &objects[sorted]) <= 0)
        sorted++;
    if (sorted < count)
        qsort(objects, count, sizeof *objects, compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(objects[kept - 1].key, objects[i].key) != 0)
            objects[kept++] = objects[i];
    }
    return kept;
}

static enum rg_status join_pages(const struct page *pages, size_t count, struct rg_arena *arena,
                                 struct rg_object **ret_objects, struct rg_error *err)
{
    struct rg_object *objects = rg_arena_array(arena, count, sizeof *objects);
    size_t end = 0;

    if (objects == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a listing of %zu entries", count);
    for (const struct page *page = pages; page != NULL; page = page->next) {
        if (page->count > 0)
            memcpy(objects + end, page->objects, page->count * sizeof *objects);
        end += page->count;
    }
    *ret_objects = objects;
    return RG_OK;
}

static enum rg_status list_pages(struct rg_store *store, const char *prefix, bool names_only,
                                 struct rg_arena *arena, struct rg_object **ret_objects,
                                 size_t *ret_count, struct rg_error *err)
{
    struct page *pages = NULL;
    const char *token = NULL;
    size_t count = 0;

    do {
        struct rg_store_op op = {.verb = RG_STORE_LIST,
                                 .key = prefix,
                                 .arena = arena,
                                 .page_token = token,
                                 .names_only = names_only};

        RG_TRY(rg_store_wait(store, &op, err));
        if (token != NULL && op.next_page_token != NULL && strcmp(token, op.next_page_token) == 0)
            return rg_fail(err, RG_ERR_IO, "%s/%s: the listing does not advance beyond \"%s\"",
                           store->url, prefix, token);
        struct page *page = rg_arena_alloc(arena, sizeof *page);
        if (page == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a listing of %zu entries", count);
        *page = (struct page){.next = pages, .objects = op.objects, .count = op.object_count};
        pages = page;
        count += op.object_count;
        token = op.next_page_token;
    } while (token != NULL);

    struct rg_object *objects = pages->objects;
    if (pages->next != NULL)
        RG_TRY(join_pages(pages, count, arena, &objects, err));
    *ret_count = sort_and_unite(objects, count);
    *ret_objects = objects;
    return RG_OK;
}

enum rg_status rg_store_list_all(struct rg_store *store, const char *prefix, struct rg_arena *arena,
                                 struct rg_object **ret_objects, size_t *ret_count,
                                 struct rg_error *err)
{
    return list_pages(store, prefix, false, arena, ret_objects, ret_count, err);
}

enum rg_status rg_store_list_names(struct rg_store *store, const char *prefix,
                                   struct rg_arena *arena, struct rg_object **ret_objects,
                                   size_t *ret_count, struct rg_error *err)
{
    return list_pages(store, prefix, true, arena, ret_objects, ret_count, err);
}

/* The inode of a local tag and what stands behind it; "" in other tags. */
static const char *inode_of(const char *tag)
{
    const char *inode = tag[0] == 'c' ? strchr(tag, 'i') : NULL;

    return inode != NULL ? inode + 1 : "";
}

static bool has_many_names(const struct rg_object_id *id)
{
    const char *inode = inode_of(id->tag);
    const size_t digits = strspn(inode, "0123456789");

    return digits > 0 && inode[digits] == 'n';
}

bool rg_object_id_moved(const struct rg_object_id *found, const struct rg_object_id *known)
{
    const char *found_inode = inode_of(found->tag);
    const char *known_inode = inode_of(known->tag);
    const size_t digits = strspn(known_inode, "0123456789");

    return rg_object_id_equal(found, known, false) && digits > 0 &&
           strspn(found_inode, "0123456789") == digits &&
           memcmp(found_inode, known_inode, digits) == 0;
}

/* Records of older versions do not say that a file had several names. */
static bool has_known_tag(const struct rg_object_id *found, const struct rg_object_id *known)
{
    const size_t bytes = strlen(known->tag);
    const bool is_local = *inode_of(known->tag) != '\0';

    if (strncmp(found->tag, known->tag, bytes) != 0)
        return false;
    return found->tag[bytes] == '\0' || (is_local && strcmp(found->tag + bytes, "n") == 0);
}

bool rg_object_id_equal(const struct rg_object_id *found, const struct rg_object_id *known,
                        bool is_strict)
{
    if (found->bytes != known->bytes || found->modified_ns != known->modified_ns)
        return false;
    return !is_strict || has_known_tag(found, known) ||
           (has_many_names(known) && rg_object_id_moved(found, known));
}
