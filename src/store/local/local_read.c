/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "store/local/local_tree.h"

/* One pread asks for no more, so that a cancelled run does not wait for a whole large file. */
static const size_t read_bytes_max = (size_t)64 << 20;

enum rg_status rg_local_head(struct rg_local_store *store, struct rg_store_op *op,
                             struct rg_error *err)
{
    struct rg_local_path path;
    struct stat found;

    RG_TRY(rg_local_path_of_op(store, op, &path, err));
    op->found_token = "";
    if (stat(path.text, &found) != 0)
        return rg_local_fail_op(store, op, "look", errno, err);
    if (!S_ISREG(found.st_mode))
        return rg_fail(err, RG_ERR_ABSENT, "%s/%s: not a regular file", store->base.url, op->key);
    if (op->must_be_durable) {
        struct rg_local_path directory;

        rg_local_parent_of(&path, &directory);
        const int error = rg_local_sync_directory(store, &directory);
        if (error != 0)
            return rg_local_fail(store, op->key, "sync its directory", error, err);
    }
    return rg_local_id_of(&found, op->arena, &op->id, err);
}

static enum rg_status check_expected(const struct rg_local_store *store,
                                     const struct rg_store_op *op, const struct stat *found,
                                     struct rg_error *err)
{
    if (op->expected == NULL || rg_local_id_matches(found, op->expected, op->id_is_strict))
        return RG_OK;
    return rg_fail(err, RG_ERR_CHANGED,
                   "%s/%s: changed since it was listed (%" PRIu64 " bytes then, %" PRIu64
                   " bytes now)",
                   store->base.url, op->key, op->expected->bytes, (uint64_t)found->st_size);
}

static enum rg_status read_bytes(struct rg_local_store *store, struct rg_store_op *op, int file,
                                 uint64_t offset, uint64_t bytes, struct rg_error *err)
{
    op->out_bytes = 0;
    while (op->out_bytes < bytes) {
        const uint64_t left = bytes - op->out_bytes;
        const size_t wanted = left < read_bytes_max ? (size_t)left : read_bytes_max;

        if (atomic_load_explicit(&store->is_cancelled, memory_order_relaxed))
            return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        const ssize_t got =
            pread(file, op->buffer + op->out_bytes, wanted, (off_t)(offset + op->out_bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rg_local_fail(store, op->key, "read", errno, err);
        if (got == 0)
            return rg_fail(err, RG_ERR_CHANGED,
                           "%s/%s: shrank to %" PRIu64 " bytes while it was read", store->base.url,
                           op->key, offset + op->out_bytes);
        op->out_bytes += (uint64_t)got;
    }
    return RG_OK;
}

/* A size of the file; the part of it that is wanted is read. */
static enum rg_status read_wanted(struct rg_local_store *store, struct rg_store_op *op, int file,
                                  uint64_t size, struct rg_error *err)
{
    uint64_t offset = op->offset;
    uint64_t bytes = op->in_bytes;

    if (op->is_suffix)
        offset = bytes < size ? size - bytes : 0;
    if (offset > size)
        offset = size;
    if (bytes > size - offset)
        bytes = size - offset;
    return read_bytes(store, op, file, offset, bytes, err);
}

static enum rg_status look_at_file(const struct rg_local_store *store, const struct rg_store_op *op,
                                   int file, struct stat *found, struct rg_error *err)
{
    if (fstat(file, found) != 0)
        return rg_local_fail(store, op->key, "look", errno, err);
    if (!S_ISREG(found->st_mode))
        return rg_fail(err, RG_ERR_ABSENT, "%s/%s: not a regular file", store->base.url, op->key);
    return check_expected(store, op, found, err);
}

/*
 * A body that is expected has a size that is known, and one look at the file after reading shows
 * whether it was that body before and is so still: a small file costs one look, not two.
 */
static enum rg_status read_open_file(struct rg_local_store *store, struct rg_store_op *op, int file,
                                     struct rg_error *err)
{
    struct stat found;

    if (op->expected != NULL) {
        struct rg_error read_err = {.status = RG_OK};
        const enum rg_status status = read_wanted(store, op, file, op->expected->bytes, &read_err);

        /* That it is another body explains why it could not be read, too. */
        if (status != RG_ERR_CANCELLED)
            RG_TRY(look_at_file(store, op, file, &found, err));
        if (status != RG_OK) {
            *err = read_err;
            return status;
        }
    } else {
        RG_TRY(look_at_file(store, op, file, &found, err));
        RG_TRY(read_wanted(store, op, file, (uint64_t)found.st_size, err));
    }
    return rg_local_id_of(&found, op->arena, &op->id, err);
}

/* From the root, so that the path above it is not walked for each file. */
static int open_for_reading(const struct rg_local_store *store, const struct rg_local_path *path)
{
    /* O_NONBLOCK: a pipe of that name must not hold us up. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

    if (store->root_file < 0 || path->text[store->root_bytes] != '/')
        return open(path->text, flags);
    return openat(store->root_file, path->text + store->root_bytes + 1, flags);
}

enum rg_status rg_local_get(struct rg_local_store *store, struct rg_store_op *op,
                            struct rg_error *err)
{
    struct rg_local_path path;

    RG_TRY(rg_local_path_of(store, op->key, &path, err));
    const int file = open_for_reading(store, &path);
    if (file < 0)
        return rg_local_fail(store, op->key, "open", errno, err);
    const enum rg_status status = read_open_file(store, op, file, err);
    (void)close(file);
    return status;
}
