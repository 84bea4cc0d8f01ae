/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/local/local_tree.h"

enum {
    heap_object_count = 256
};

/* Entries while the directory is still being read. */
struct heap {
    struct heap *next;
    size_t count;
    struct rg_object objects[heap_object_count];
};

struct listing {
    struct rg_local_store *store;
    struct rg_store_op *op;
    const struct rg_local_path *path;
    DIR *directory;
    bool wants_uploads; /* Our own temporary files, and nothing else. */
    char *real_root;    /* Of realpath(), made when the first link is met. */
    struct rg_arena scratch;
    struct heap *heaps; /* In scratch; texts of objects in op->arena. */
    size_t count;
};

bool rg_local_is_temporary(const char *name)
{
    static const char front[] = ".regroup-";
    static const char back[] = ".tmp";
    const size_t bytes = strlen(name);

    return bytes > sizeof front + sizeof back - 2 && memcmp(name, front, sizeof front - 1) == 0 &&
           strcmp(name + bytes - (sizeof back - 1), back) == 0;
}

static bool is_at_or_below(const char *path, const char *above)
{
    const size_t bytes = strlen(above);

    if (strncmp(path, above, bytes) != 0)
        return false;
    return path[bytes] == '\0' || path[bytes] == '/' || (bytes > 0 && above[bytes - 1] == '/');
}

/* Whether one of two canonical paths is the other, or lies in it. */
static bool are_nested(const char *a, const char *b)
{
    return is_at_or_below(a, b) || is_at_or_below(b, a);
}

/*
 * Whether a directory holds, is, or lies in one of those on the way from the root to the one that
 * is listed; some of these may have been reached by links.
 */
static bool is_on_the_way(const struct listing *l, const char *target)
{
    char way[PATH_MAX + 256 + 2];
    char real[PATH_MAX];

    (void)snprintf(way, sizeof way, "%s", l->path->text);
    for (size_t end = strlen(way); end > l->store->root_bytes; end--) {
        if (way[end] != '/' && way[end] != '\0')
            continue;
        way[end] = '\0';
        if (realpath(way, real) == NULL || are_nested(target, real))
            return true;
    }
    return false;
}

/*
 * Whether the link `name` leads to a directory that is listed anyway, or to one that holds what is
 * listed: following it would show files twice, or without end.
 */
static bool leads_into_tree(struct listing *l, const char *name)
{
    char path[PATH_MAX + 256 + 2];
    char target[PATH_MAX];

    if (l->real_root == NULL) {
        char real_root[PATH_MAX];

        if (realpath(l->store->root_bytes == 0 ? "/" : l->store->root, real_root) == NULL)
            return true;
        l->real_root = (char *)(uintptr_t)rg_arena_copy(l->op->arena, rg_span_of(real_root)).data;
    }
    (void)snprintf(path, sizeof path, "%s/%s", l->path->text, name);
    if (l->real_root == NULL || realpath(path, target) == NULL)
        return true;
    return are_nested(target, l->real_root) || is_on_the_way(l, target);
}

/* Room for one more object; NULL without memory. */
static struct rg_object *add_object(struct listing *l)
{
    if (l->heaps == NULL || l->heaps->count == heap_object_count) {
        struct heap *heap = rg_arena_alloc(&l->scratch, sizeof *heap);

        if (heap == NULL)
            return NULL;
        heap->next = l->heaps;
        heap->count = 0;
        l->heaps = heap;
    }
    return &l->heaps->objects[l->heaps->count];
}

/* Without `stat` its id is left empty. */
static enum rg_status add_entry(struct listing *l, const char *name, const struct stat *stat,
                                bool is_prefix, struct rg_error *err)
{
    const size_t prefix_bytes = strlen(l->op->key);
    const size_t name_bytes = strlen(name);
    struct rg_object *object = add_object(l);
    char *key = rg_arena_alloc(l->op->arena, prefix_bytes + name_bytes + 2);

    if (object == NULL || key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "%s/%s: no memory for a listing of %zu entries",
                       l->store->base.url, l->op->key, l->count + 1);
    memcpy(key, l->op->key, prefix_bytes);
    memcpy(key + prefix_bytes, name, name_bytes);
    memcpy(key + prefix_bytes + name_bytes, is_prefix ? "/" : "", is_prefix ? 2 : 1);
    *object = (struct rg_object){.key = key, .is_prefix = is_prefix, .id = {.tag = ""}};
    if (l->wants_uploads)
        object->id = (struct rg_object_id){
            .bytes = (uint64_t)stat->st_size,
            .modified_ns = rg_local_modified_ns(stat),
            .tag = key + prefix_bytes,
        };
    else if (!is_prefix && stat != NULL)
        RG_TRY(rg_local_id_of(stat, l->store->options.lacks_tags ? NULL : l->op->arena, &object->id,
                              err));
    l->heaps->count++;
    l->count++;
    return RG_OK;
}

static enum rg_status take_entry(struct listing *l, const struct dirent *found,
                                 struct rg_error *err)
{
    const char *name = found->d_name;
    struct stat stat;
    bool is_link = false;
    bool lacks_target = false;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return RG_OK;
    if (l->wants_uploads != rg_local_is_temporary(name) && l->wants_uploads)
        return RG_OK;
    /* What the directory itself tells is enough for names. Links are looked at, and so is
     * everything where directories do not tell. */
    if (l->op->names_only && !l->wants_uploads &&
        (found->d_type == DT_REG || found->d_type == DT_DIR))
        return add_entry(l, name, NULL, found->d_type == DT_DIR, err);
    if (fstatat(dirfd(l->directory), name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        /* Gone since it was read: as if it had been gone before. */
        return errno == ENOENT ? RG_OK : rg_local_fail_op(l->store, l->op, "list", errno, err);
    if (S_ISLNK(stat.st_mode)) {
        struct stat target;

        is_link = true;
        if (fstatat(dirfd(l->directory), name, &target, 0) == 0) {
            stat = target;
        } else {
            stat.st_size = 0; /* Leads nowhere; shown, so that somebody says so. */
            lacks_target = errno == ENOENT || errno == ENOTDIR;
        }
    }
    if (S_ISDIR(stat.st_mode) && is_link && leads_into_tree(l, name))
        return RG_OK;
    if (S_ISDIR(stat.st_mode))
        return l->wants_uploads ? RG_OK : add_entry(l, name, &stat, true, err);
    if (!S_ISREG(stat.st_mode) && !S_ISLNK(stat.st_mode))
        return RG_OK;
    RG_TRY(add_entry(l, name, &stat, false, err));
    l->heaps->objects[l->heaps->count - 1].lacks_target = lacks_target;
    return RG_OK;
}

static enum rg_status read_directory(struct listing *l, struct rg_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(l->directory);

        if (found == NULL && errno != 0)
            return rg_local_fail_op(l->store, l->op, "list", errno, err);
        if (found == NULL)
            return RG_OK;
        if (atomic_load_explicit(&l->store->is_cancelled, memory_order_relaxed))
            return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        RG_TRY(take_entry(l, found, err));
    }
}

static int compare_keys(const void *a, const void *b)
{
    const struct rg_object *left = a;
    const struct rg_object *right = b;

    return strcmp(left->key, right->key);
}

/* Sorts what was found and hands out one page of it. */
static enum rg_status give_page(struct listing *l, struct rg_error *err)
{
    struct rg_store_op *op = l->op;
    struct rg_object *objects = rg_arena_array(op->arena, l->count, sizeof *objects);
    uint32_t page_key_max = l->store->options.page_key_max;
    size_t begin = 0;

    if (objects == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "%s/%s: no memory for a listing of %zu entries",
                       l->store->base.url, op->key, l->count);
    size_t end = 0;
    for (const struct heap *heap = l->heaps; heap != NULL; heap = heap->next) {
        memcpy(objects + end, heap->objects, heap->count * sizeof *objects);
        end += heap->count;
    }
    rg_arena_fini(&l->scratch);
    l->heaps = NULL;
    if (end > 1)
        qsort(objects, end, sizeof *objects, compare_keys);
    if (page_key_max == 0 || (op->page_key_max != 0 && op->page_key_max < page_key_max))
        page_key_max = op->page_key_max;
    while (op->page_token != NULL && begin < end && strcmp(objects[begin].key, op->page_token) <= 0)
        begin++;
    op->next_page_token = NULL;
    if (page_key_max != 0 && end - begin > page_key_max) {
        end = begin + page_key_max;
        op->next_page_token = objects[end - 1].key;
    }
    op->objects = objects + begin;
    op->object_count = end - begin;
    return RG_OK;
}

/* Without memory: how many there are, for a message that helps. */
static void count_entries(struct listing *l)
{
    const struct dirent *found;

    rewinddir(l->directory);
    for (found = readdir(l->directory); found != NULL; found = readdir(l->directory))
        l->op->entry_count += strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0;
}

static enum rg_status run_listing(struct listing *l, struct rg_error *err)
{
    struct rg_local_path path;

    l->op->objects = NULL;
    l->op->object_count = 0;
    l->op->next_page_token = NULL;
    l->op->entry_count = 0;
    RG_TRY(rg_local_path_of_op(l->store, l->op, &path, err));
    l->path = &path;
    l->directory = opendir(path.text);
    if (l->directory == NULL) {
        /* A prefix that nothing lies below is an empty listing, as on S3. */
        if (errno == ENOENT || errno == ENOTDIR)
            return RG_OK;
        return rg_local_fail_op(l->store, l->op, "list", errno, err);
    }
    rg_arena_init(&l->scratch, l->op->arena->allocator, SIZE_MAX);
    enum rg_status status = read_directory(l, err);
    if (status == RG_OK)
        status = give_page(l, err);
    if (status == RG_ERR_NOMEM)
        count_entries(l);
    rg_arena_fini(&l->scratch);
    (void)closedir(l->directory);
    l->path = NULL;
    return status;
}

enum rg_status rg_local_list(struct rg_local_store *store, struct rg_store_op *op,
                             struct rg_error *err)
{
    struct listing l = {.store = store, .op = op};

    return run_listing(&l, err);
}

enum rg_status rg_local_list_uploads(struct rg_local_store *store, struct rg_store_op *op,
                                     struct rg_error *err)
{
    struct listing l = {.store = store, .op = op, .wants_uploads = true};

    return run_listing(&l, err);
}
