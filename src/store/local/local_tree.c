/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A new directory is durable when its entry in the one above is, and so on up to the root. Whoever
 * made it may have died before it saw to that, so every directory that durable files go into has
 * its ancestors synced once in the life of a store. `durable` remembers which: slot hash(path)
 * holds that hash when the directory's entry and all entries above it are durable, or that of
 * another path (then the sync is repeated, which only costs time), or 0.
 */

#include "store/local/local_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"

/* Some two seconds. */
static const uint32_t descriptor_tries_max = 2000;

static enum rg_status status_of(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return RG_ERR_ABSENT;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return RG_ERR_DENIED;
    case EEXIST:
        return RG_ERR_EXISTS;
    case ENOMEM:
        return RG_ERR_NOMEM;
    case ENAMETOOLONG:
        return RG_ERR_LIMIT;
    case EISDIR:
        return RG_ERR_INVALID;
    case EMFILE: /* The process, or */
    case ENFILE: /* the machine has no descriptor to give now: no fault of the file. */
    case EAGAIN:
    case ESTALE: /* NFS: the server dropped the handle; the name may lead to a new one. */
    case ETIMEDOUT:
        return RG_ERR_AGAIN;
    default:
        return RG_ERR_IO;
    }
}

enum rg_status rg_local_fail(const struct rg_local_store *store, const char *key, const char *verb,
                             int error_number, struct rg_error *err)
{
    char memory[128];

    return rg_fail(err, status_of(error_number), "%s/%s: %s: %s", store->base.url, key, verb,
                   strerror_r(error_number, memory, sizeof memory));
}

enum rg_status rg_local_fail_op(const struct rg_local_store *store, const struct rg_store_op *op,
                                const char *verb, int error_number, struct rg_error *err)
{
    char memory[128];

    if (!op->is_from_top)
        return rg_local_fail(store, op->key, verb, error_number, err);
    return rg_fail(err, status_of(error_number), "file:///%s: %s: %s", op->key, verb,
                   strerror_r(error_number, memory, sizeof memory));
}

bool rg_local_is_full(int error_number)
{
    return error_number == ENOSPC || error_number == EDQUOT;
}

static bool is_component(const char *text, size_t bytes)
{
    if (bytes == 0)
        return false;
    return !(text[0] == '.' && (bytes == 1 || (bytes == 2 && text[1] == '.')));
}

/* Below `root`, "" for "/". */
static enum rg_status path_below(const struct rg_local_store *store, struct rg_span root,
                                 const char *key, struct rg_local_path *ret_path,
                                 struct rg_error *err)
{
    size_t bytes = strlen(key);

    for (size_t begin = 0; begin < bytes;) {
        const char *slash = memchr(key + begin, '/', bytes - begin);
        const size_t end = slash == NULL ? bytes : (size_t)(slash - key);

        if (!is_component(key + begin, end - begin))
            return rg_fail(err, RG_ERR_INVALID, "%s: \"%s\" is no key: a component is \"%.*s\"",
                           store->base.url, key, (int)(end - begin), key + begin);
        begin = end + 1;
    }
    if (bytes > 0 && key[bytes - 1] == '/')
        bytes--;
    if (root.bytes + 1 + bytes >= sizeof ret_path->text)
        return rg_fail(err, RG_ERR_LIMIT, "%s: the path of a key of %zu bytes is too long",
                       store->base.url, bytes);
    memcpy(ret_path->text, root.data, root.bytes);
    ret_path->text[root.bytes] = '/';
    memcpy(ret_path->text + root.bytes + 1, key, bytes);
    /* The root itself has no slash at its end, unless it is "/". */
    const bool is_root = bytes == 0 && root.bytes > 0;
    ret_path->text[root.bytes + (is_root ? 0 : 1) + bytes] = '\0';
    return RG_OK;
}

enum rg_status rg_local_path_of(const struct rg_local_store *store, const char *key,
                                struct rg_local_path *ret_path, struct rg_error *err)
{
    const struct rg_span root = {(const uint8_t *)store->root, store->root_bytes};

    return path_below(store, root, key, ret_path, err);
}

enum rg_status rg_local_path_of_op(const struct rg_local_store *store, const struct rg_store_op *op,
                                   struct rg_local_path *ret_path, struct rg_error *err)
{
    if (op->is_from_top)
        return path_below(store, rg_span_of(""), op->key, ret_path, err);
    return rg_local_path_of(store, op->key, ret_path, err);
}

void rg_local_parent_of(const struct rg_local_path *path, struct rg_local_path *ret_parent)
{
    const char *slash = strrchr(path->text, '/');
    const size_t bytes = slash == NULL ? 0 : (size_t)(slash - path->text);

    memcpy(ret_parent->text, path->text, bytes);
    if (bytes == 0)
        ret_parent->text[0] = '/';
    ret_parent->text[bytes == 0 ? 1 : bytes] = '\0';
}

const char *rg_local_name_of(const struct rg_local_path *path)
{
    const char *slash = strrchr(path->text, '/');

    return slash == NULL ? path->text : slash + 1;
}

static uint64_t ns_of(const struct timespec *time)
{
    /* Before 1970 there were no Parquet files; a wrapped number still tells bodies apart. */
    return (uint64_t)time->tv_sec * UINT64_C(1000000000) + (uint64_t)time->tv_nsec;
}

uint64_t rg_local_modified_ns(const struct stat *stat)
{
    return ns_of(&stat->st_mtim);
}

enum {
    tag_bytes_max = 48
};

static char *write_number(uint64_t number, char *to)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/* Without printf: it is done for each file of a listing. */
static void write_tag(const struct stat *stat, char ret_tag[tag_bytes_max])
{
    char *to = ret_tag;

    *to++ = 'c';
    to = write_number(ns_of(&stat->st_ctim), to);
    *to++ = 'i';
    to = write_number((uint64_t)stat->st_ino, to);
    if (stat->st_nlink > 1)
        *to++ = 'n';
    *to = '\0';
}

enum rg_status rg_local_id_of(const struct stat *stat, struct rg_arena *arena,
                              struct rg_object_id *ret_id, struct rg_error *err)
{
    char tag[tag_bytes_max];
    struct rg_object_id id = {(uint64_t)stat->st_size, rg_local_modified_ns(stat), ""};

    if (arena != NULL) {
        write_tag(stat, tag);
        id.tag = (const char *)rg_arena_copy(arena, rg_span_of(tag)).data;
        if (id.tag == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for the id of a file");
    }
    *ret_id = id;
    return RG_OK;
}

bool rg_local_id_matches(const struct stat *stat, const struct rg_object_id *id, bool is_strict)
{
    char tag[tag_bytes_max] = "";
    const struct rg_object_id found = {(uint64_t)stat->st_size, rg_local_modified_ns(stat), tag};

    if (is_strict)
        write_tag(stat, tag);
    return rg_object_id_equal(&found, id, is_strict);
}

/*
 * The file has its name already, and a failure now would leave its writer not knowing what it did.
 * So where the process is out of descriptors for a moment, as we are by our own doing when the host
 * program left us few, it is waited for.
 */
static int open_directory(const char *path)
{
    const struct timespec interval = {.tv_nsec = 1000000};

    for (uint32_t tries = 0;; tries++) {
        const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const bool is_short = fd < 0 && (errno == EMFILE || errno == ENFILE);

        if (!is_short || tries == descriptor_tries_max)
            return fd;
        (void)nanosleep(&interval, NULL);
    }
}

static int sync_path(const char *path)
{
    const int fd = open_directory(path);

    if (fd < 0)
        return errno;
    /* Some file systems cannot sync a directory, and say so. */
    const int error = fsync(fd) != 0 && errno != EINVAL && errno != EROFS ? errno : 0;
    (void)close(fd);
    return error;
}

static uint64_t hash_path(const char *path)
{
    const uint64_t hash = rg_hash_fast(rg_span_of(path));

    return hash == 0 ? 1 : hash;
}

static void forget_durable(struct rg_local_store *store, const char *path)
{
    atomic_store_explicit(&store->durable[hash_path(path) % local_durable_slots], 0,
                          memory_order_relaxed);
}

int rg_local_make_directories(struct rg_local_store *store, const struct rg_local_path *directory)
{
    struct rg_local_path path = *directory;
    size_t end = strlen(path.text);

    /* Back to the last one that is there, then forward. */
    for (;;) {
        struct stat found;

        path.text[end] = '\0';
        if (end == 0 || stat(path.text, &found) == 0)
            break;
        if (errno != ENOENT)
            return errno;
        while (end > 0 && path.text[end] != '/')
            end--;
    }
    while (directory->text[end] != '\0') {
        struct rg_local_path above;

        path.text[end] = directory->text[end];
        do
            end++;
        while (directory->text[end] != '\0' && directory->text[end] != '/');
        path.text[end] = '\0';
        if (mkdir(path.text, 0777) != 0) {
            if (errno != EEXIST)
                return errno;
            continue;
        }
        forget_durable(store, path.text);
        /* Below the root rg_local_sync_directory() sees to it when it matters. */
        if (end <= store->root_bytes) {
            rg_local_parent_of(&path, &above);
            const int error = sync_path(above.text);
            if (error != 0)
                return error;
        }
    }
    return 0;
}

int rg_local_sync_directory(struct rg_local_store *store, const struct rg_local_path *directory)
{
    struct rg_local_path path = *directory;
    int error = sync_path(path.text);

    while (error == 0 && strlen(path.text) > store->root_bytes) {
        const uint64_t hash = hash_path(path.text);
        atomic_uint_least64_t *slot = &store->durable[hash % local_durable_slots];
        struct rg_local_path above;

        if (atomic_load_explicit(slot, memory_order_relaxed) == hash)
            break;
        rg_local_parent_of(&path, &above);
        error = sync_path(above.text);
        if (error == 0)
            atomic_store_explicit(slot, hash, memory_order_relaxed);
        path = above;
    }
    /* Lower directories were remembered before the failing one above them. */
    for (size_t i = 0; error != 0 && i < local_durable_slots; i++)
        atomic_store_explicit(&store->durable[i], 0, memory_order_relaxed);
    return error;
}
