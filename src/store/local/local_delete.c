/* SPDX-License-Identifier: Apache-2.0 */

/*
 * P/name is deleted through "_regroup/P/_trash/<run>/name". The directory of the run (the store's
 * token) keeps two runs from renaming over each other and leaves the name as it is, so that what a
 * killed run left there tells where it came from. Within a run a second entry of the same name
 * (nothing was deleted there twice, but a name may be restored badly) gets a directory <run>-<k>.
 *
 * Where the file cannot be renamed there (another file system; no room for the directories of the
 * trash; it lies in "_regroup/" itself) it is looked at and unlinked, and what somebody writes
 * between the two is lost.
 */

#include "store/local/local_delete.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "store/local/local_list.h"
#include "store/local/local_tree.h"
#include "store/local/local_write.h"

static const char ledger_prefix[] = "_regroup/";
static const char trash_part[] = "/_trash/";

static enum rg_status changed(const struct rg_local_store *store, const char *key,
                              struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CHANGED, "%s/%s: changed since it was listed", store->base.url, key);
}

static enum rg_status unlink_key(const struct rg_local_store *store, const char *key,
                                 const struct rg_local_path *path, struct rg_error *err)
{
    if (unlink(path->text) != 0 && errno != ENOENT && errno != ENOTDIR)
        return rg_local_fail(store, key, "delete", errno, err);
    return RG_OK;
}

/* The place in the trash for the object at `path`. */
static enum rg_status trash_path(const struct rg_local_store *store,
                                 const struct rg_local_path *path, unsigned turn,
                                 struct rg_local_path *ret_trash, struct rg_error *err)
{
    const char *name = rg_local_name_of(path);
    const char *partition = path->text + store->root_bytes; /* "/P/name" or "/name". */
    const int partition_bytes = (int)(name - 1 - partition);
    char run[32];

    if (turn == 0)
        (void)snprintf(run, sizeof run, "%016" PRIx64, store->token);
    else
        (void)snprintf(run, sizeof run, "%016" PRIx64 "-%u", store->token, turn);
    const int length = snprintf(ret_trash->text, sizeof ret_trash->text, "%s/_regroup%.*s%s%s/%s",
                                store->root, partition_bytes, partition, trash_part, run, name);
    if (length < 0 || (size_t)length >= sizeof ret_trash->text)
        return rg_fail(err, RG_ERR_INVALID, "%s: its path in the trash is too long", path->text);
    return RG_OK;
}

/*
 * Renames into our own directory of the trash: 0 or errno. Where a file system cannot rename
 * without replacing, rename() serves, since nobody else writes there; link() and unlink() would
 * not, because a user's new file could get the old name between the two.
 */
static int rename_to_trash(const struct rg_local_store *store, const struct rg_local_path *path,
                           const struct rg_local_path *trash)
{
    struct stat found;

    if (!store->options.lacks_rename_absent) {
        if (renameat2(AT_FDCWD, path->text, AT_FDCWD, trash->text, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EINVAL && errno != ENOSYS)
            return errno;
    }
    if (lstat(trash->text, &found) == 0)
        return EEXIST;
    return rename(path->text, trash->text) == 0 ? 0 : errno;
}

/*
 * Moves the object into the trash. *ret_error: 0, ENOENT where it is gone, EXDEV where the trash is
 * on another file system, what rg_local_is_full() knows where it has no room.
 */
static enum rg_status move_to_trash(struct rg_local_store *store, const struct rg_local_path *path,
                                    struct rg_local_path *ret_trash, int *ret_error,
                                    struct rg_error *err)
{
    struct rg_local_path directory;
    struct stat found;
    unsigned turn = 0;

    /* Others remove empty directories of the trash at any time; each turn is one such meeting. */
    for (int attempt = 0; attempt < 100; attempt++) {
        RG_TRY(trash_path(store, path, turn, ret_trash, err));
        int error = rename_to_trash(store, path, ret_trash);
        if (error == EEXIST) {
            turn++;
            continue;
        }
        if (error != ENOENT || lstat(path->text, &found) != 0) {
            *ret_error = error;
            return RG_OK;
        }
        rg_local_parent_of(ret_trash, &directory);
        error = rg_local_make_directories(store, &directory);
        if (error != 0 && error != ENOENT) {
            *ret_error = error;
            return RG_OK;
        }
    }
    *ret_error = EBUSY;
    return RG_OK;
}

/* "a/x.parquet" and 3: "a/x-restored-3.parquet". */
static bool numbered_name(const struct rg_local_path *path, unsigned number,
                          struct rg_local_path *ret_path)
{
    const char *name = rg_local_name_of(path);
    const char *dot = strrchr(name, '.');
    char addition[32];

    if (dot == NULL || dot == name)
        dot = name + strlen(name);
    (void)snprintf(addition, sizeof addition, "-restored-%u", number);
    size_t stem_bytes = (size_t)(dot - name);
    const size_t added_bytes = strlen(addition) + strlen(dot);
    if (added_bytes >= NAME_MAX)
        return false;
    if (stem_bytes + added_bytes > NAME_MAX)
        stem_bytes = NAME_MAX - added_bytes;
    const int length =
        snprintf(ret_path->text, sizeof ret_path->text, "%.*s%.*s%s%s", (int)(name - path->text),
                 path->text, (int)stem_bytes, name, addition, dot);
    return length > 0 && (size_t)length < sizeof ret_path->text;
}

/*
 * Gives `trash` its name back, or, where that is taken again, one beside it: a file that a user
 * wrote is never thrown away. 0 or errno; ENOENT where it is gone.
 */
static int give_name_back(struct rg_local_store *store, const struct rg_local_path *trash,
                          const struct rg_local_path *path, struct rg_local_path *ret_path)
{
    struct rg_local_path directory;
    struct stat found;

    *ret_path = *path;
    for (unsigned number = 1; number < 10000; number++) {
        const int error = rg_local_rename_absent(store, trash, ret_path);

        if (error == ENOENT && lstat(trash->text, &found) == 0) {
            rg_local_parent_of(path, &directory);
            const int made = rg_local_make_directories(store, &directory);
            if (made != 0)
                return made;
            continue;
        }
        if (error != EEXIST)
            return error;
        if (!numbered_name(path, number, ret_path))
            return ENAMETOOLONG;
    }
    return EEXIST;
}

/* What a rename keeps: ctime is not among it. */
static bool is_same_body(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           rg_local_modified_ns(a) == rg_local_modified_ns(b);
}

/* Looks once more first: on the way to a trash that cannot be used time went by. */
static enum rg_status delete_without_trash(const struct rg_local_store *store, const char *key,
                                           const struct rg_local_path *path,
                                           const struct stat *expected, struct rg_error *err)
{
    struct stat found;

    if (lstat(path->text, &found) != 0) {
        const bool is_gone = errno == ENOENT || errno == ENOTDIR;
        return is_gone ? RG_OK : rg_local_fail(store, key, "look", errno, err);
    }
    if (!is_same_body(&found, expected))
        return changed(store, key, err);
    return unlink_key(store, key, path, err);
}

static enum rg_status delete_through_trash(struct rg_local_store *store, const char *key,
                                           const struct rg_local_path *path,
                                           const struct stat *expected, struct rg_error *err)
{
    struct rg_local_path trash;
    struct rg_local_path restored;
    struct stat found;
    int error;

    RG_FAILPOINT("store.before_trash");
    RG_TRY(move_to_trash(store, path, &trash, &error, err));
    if (error == ENOENT)
        return RG_OK;
    /* A full disk is one that deleting helps. */
    if (error == EXDEV || rg_local_is_full(error))
        return delete_without_trash(store, key, path, expected, err);
    if (error != 0)
        return rg_local_fail(store, key, "move to the trash", error, err);
    RG_FAILPOINT("store.after_trash");
    if (lstat(trash.text, &found) != 0)
        /* Another run found it in the trash and dealt with it. */
        return errno == ENOENT ? RG_OK : rg_local_fail(store, key, "look", errno, err);
    if (is_same_body(&found, expected))
        return unlink_key(store, key, &trash, err);
    error = give_name_back(store, &trash, path, &restored);
    if (error != 0 && error != ENOENT)
        return rg_local_fail(store, key, "move back from the trash", error, err);
    return changed(store, key, err);
}

static enum rg_status delete_conditionally(struct rg_local_store *store, struct rg_store_op *op,
                                           const struct rg_local_path *path, struct rg_error *err)
{
    struct stat target; /* What readers see; the same as `entry` unless that is a link. */
    struct stat entry;  /* What unlink() removes. */

    if (lstat(path->text, &entry) != 0) {
        const bool is_gone = errno == ENOENT || errno == ENOTDIR;
        return is_gone ? RG_OK : rg_local_fail(store, op->key, "look", errno, err);
    }
    if (stat(path->text, &target) != 0) {
        /* A link to a file that went just before, mostly: no row is seen by its name any more. */
        if (!S_ISLNK(entry.st_mode) || (errno != ENOENT && errno != ENOTDIR))
            return changed(store, op->key, err);
    } else if (!S_ISREG(target.st_mode) ||
               !rg_local_id_matches(&target, op->expected, op->id_is_strict)) {
        return changed(store, op->key, err);
    }
    if (strncmp(op->key, ledger_prefix, sizeof ledger_prefix - 1) == 0)
        return unlink_key(store, op->key, path, err);
    return delete_through_trash(store, op->key, path, &entry, err);
}

enum rg_status rg_local_delete(struct rg_local_store *store, struct rg_store_op *op,
                               struct rg_error *err)
{
    struct rg_local_path path;
    const size_t key_bytes = strlen(op->key);

    RG_TRY(rg_local_path_of(store, op->key, &path, err));
    if (key_bytes == 0)
        return rg_fail(err, RG_ERR_INVALID, "%s: the root is not deleted", store->base.url);
    if (op->key[key_bytes - 1] == '/') {
        const bool is_done = rmdir(path.text) == 0 || errno == ENOENT || errno == ENOTEMPTY ||
                             errno == EEXIST || errno == ENOTDIR;
        return is_done ? RG_OK : rg_local_fail(store, op->key, "remove", errno, err);
    }
    if (op->expected != NULL)
        return delete_conditionally(store, op, &path, err);
    return unlink_key(store, op->key, &path, err);
}

enum rg_status rg_local_restore(struct rg_local_store *store, struct rg_store_op *op,
                                struct rg_error *err)
{
    struct rg_local_path trash;
    struct rg_local_path home;
    struct rg_local_path restored;
    const char *partition = op->key + sizeof ledger_prefix - 1;
    const char *part = NULL;

    RG_TRY(rg_local_path_of(store, op->key, &trash, err));
    /* "_regroup/P/_trash/<run>/name" or "_regroup/_trash/<run>/name". */
    if (strncmp(op->key, ledger_prefix, sizeof ledger_prefix - 1) == 0)
        part = strstr(partition - 1, trash_part);
    const char *name = rg_local_name_of(&trash);
    if (part == NULL || strchr(part + sizeof trash_part - 1, '/') == NULL)
        return rg_fail(err, RG_ERR_INVALID, "%s/%s: not a name in the trash", store->base.url,
                       op->key);
    const int partition_bytes = part > partition ? (int)(part - partition) : 0;
    (void)snprintf(home.text, sizeof home.text, "%s/%.*s%s%s", store->root, partition_bytes,
                   partition, partition_bytes > 0 ? "/" : "", name);
    const int error = give_name_back(store, &trash, &home, &restored);
    if (error != 0)
        return rg_local_fail(store, op->key, "move back from the trash", error, err);
    op->new_key = NULL;
    if (op->arena == NULL)
        return RG_OK;
    const struct rg_span new_key = rg_span_of(restored.text + store->root_bytes + 1);
    op->new_key = (const char *)rg_arena_copy(op->arena, new_key).data;
    if (op->new_key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the name of a restored file");
    return RG_OK;
}

enum rg_status rg_local_abort_stale(struct rg_local_store *store, struct rg_store_op *op,
                                    struct rg_error *err)
{
    struct rg_local_path path;

    RG_TRY(rg_local_path_of(store, op->key, &path, err));
    const char *name = rg_local_name_of(&path);
    if (!rg_local_is_temporary(name) || op->upload_id == NULL || strcmp(name, op->upload_id) != 0)
        return rg_fail(err, RG_ERR_INVALID, "%s/%s: not a temporary file of ours", store->base.url,
                       op->key);
    return unlink_key(store, op->key, &path, err);
}
