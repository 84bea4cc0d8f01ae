/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A draft is a file that has no name yet, or a hidden one of ours. It goes through: opened, written
 * (any number of pwritev, at places that do not overlap), synced, named; or dropped at any point.
 *
 *   (1) No listing of data shows a draft, and it gets its name only when all its bytes are there.
 *   (2) With `must_be_durable` the order is: bytes, name, directory, directories above. A power cut
 *       between any two of them leaves no name or a whole file.
 *   (3) After a failed write or sync nothing but dropping is left: the kernel may have thrown the
 *       bytes away and will not say so a second time.
 *
 * Page cache: what was written counts in the cgroup until it is on disk and dropped, and a writer
 * that is far ahead of the disk is stopped, or killed, by the kernel at a moment of its choosing.
 * So writing back is begun as soon as a window is full, and what lies some windows back, on disk by
 * then unless the disk is the slow part, is waited for and dropped.
 */

#include "store/local/local_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/failpoint.h"
#include "store/local/local_tree.h"

/* Linux takes 1024 pieces in a call (UIO_MAXIOV). */
enum {
    pieces_max = 256
};

/*
 * A window is what one pwritev writes at most and what is handed to the disk at a time. The writer
 * may be windows_behind ahead of the disk. Measured (ext4 on a virtual disk, 1 GiB in one file,
 * synced): 2.7 GB/s, against 0.3 to 2 GB/s when the kernel is left to itself; in a memory cgroup of
 * 32 MiB 3.1 GB/s with a peak of 26 MiB, where leaving it to the kernel was killed once in three.
 */
static const size_t window_bytes = (size_t)4 << 20;
static const uint64_t windows_behind = 5;

struct rg_upload {
    int file;
    bool is_named;              /* `name` exists. */
    struct rg_local_path name;  /* Of the draft; set when it gets a hidden name. */
    struct rg_local_path final; /* Of the object. */
    uint64_t bytes;             /* Places given out so far. */
    uint32_t part_count;
    atomic_bool has_failed;              /* See (3). */
    atomic_uint_least64_t bytes_begun;   /* Writing back was begun up to here, */
    atomic_uint_least64_t bytes_dropped; /* and the page cache was dropped up to here. */
};

static enum rg_status fail_upload(const struct rg_local_store *store, const struct rg_upload *draft,
                                  const char *verb, int error_number, struct rg_error *err)
{
    const char *key = draft->final.text + store->root_bytes + 1;

    /* Reading, this means "not there"; writing, that a directory's name is taken by a file. */
    if (error_number == ENOTDIR)
        return rg_fail(err, RG_ERR_DENIED, "%s/%s: %s: not a directory", store->base.url, key,
                       verb);
    return rg_local_fail(store, key, verb, error_number, err);
}

static void choose_name(struct rg_local_store *store, struct rg_upload *draft)
{
    struct rg_local_path directory;

    rg_local_parent_of(&draft->final, &directory);
    /* A path that fits with its own name fits with this one: checked when the key was. */
    (void)snprintf(draft->name.text, sizeof draft->name.text,
                   "%.*s/.regroup-%016" PRIx64 "%08x.tmp", PATH_MAX - 64, directory.text,
                   store->token, atomic_fetch_add(&store->counter, 1U));
}

/* -1 with errno set where the directory is missing or cannot have nameless files. */
static int open_nameless(struct rg_local_store *store, const struct rg_local_path *directory)
{
    if (atomic_load_explicit(&store->needs_named_temporaries, memory_order_relaxed)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    const int file = open(directory->text, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    /* EISDIR, EINVAL: kernels and file systems that do not know the flag see an odd open(). */
    if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        atomic_store_explicit(&store->needs_named_temporaries, true, memory_order_relaxed);
        errno = EOPNOTSUPP;
    }
    return file;
}

/* -1 with errno set. */
static int open_file(struct rg_local_store *store, struct rg_upload *draft)
{
    struct rg_local_path directory;

    rg_local_parent_of(&draft->final, &directory);
    int file = open_nameless(store, &directory);
    if (file >= 0 || errno != EOPNOTSUPP)
        return file;
    do {
        choose_name(store, draft);
        file = open(draft->name.text, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0666);
    } while (file < 0 && errno == EEXIST);
    draft->is_named = file >= 0;
    return file;
}

/* 0, or errno of what *ret_verb says. */
static int open_with_directories(struct rg_local_store *store, struct rg_upload *draft,
                                 const char **ret_verb)
{
    struct rg_local_path directory;
    int attempts_left = 5;

    rg_local_parent_of(&draft->final, &directory);
    for (;;) {
        *ret_verb = "create";
        draft->file = open_file(store, draft);
        if (draft->file >= 0)
            return 0;
        /* Somebody may remove an empty directory while we make files in it. */
        if (errno != ENOENT || attempts_left-- == 0)
            return errno;
        *ret_verb = "create its directory";
        const int error = rg_local_make_directories(store, &directory);
        if (error != 0)
            return error;
    }
}

/* Sets what the draft will be called. */
static enum rg_status aim_draft(const struct rg_local_store *store, const char *key,
                                struct rg_upload *draft, struct rg_error *err)
{
    draft->file = -1;
    draft->is_named = false;
    RG_TRY(rg_local_path_of(store, key, &draft->final, err));
    if (strlen(draft->final.text) + 64 > PATH_MAX || draft->final.text[store->root_bytes] == '\0')
        return rg_fail(err, RG_ERR_INVALID, "%s/%s: not a name for a file", store->base.url, key);
    return RG_OK;
}

static enum rg_status open_draft(struct rg_local_store *store, const char *key,
                                 struct rg_upload *draft, struct rg_error *err)
{
    const char *verb;

    RG_TRY(aim_draft(store, key, draft, err));
    const int error = open_with_directories(store, draft, &verb);
    return error == 0 ? RG_OK : fail_upload(store, draft, verb, error, err);
}

static void drop_draft(struct rg_upload *draft)
{
    if (draft->is_named)
        (void)unlink(draft->name.text);
    if (draft->file >= 0)
        (void)close(draft->file);
    draft->file = -1;
    draft->is_named = false;
}

/* Keeps the page cache behind the writer small; see the top of this file. */
static void note_written(const struct rg_local_store *store, struct rg_upload *draft, uint64_t end)
{
    uint64_t begun = atomic_load_explicit(&draft->bytes_begun, memory_order_relaxed);

    if (store->options.keeps_page_cache || end < begun + window_bytes)
        return;
    /* Of several writers one gets the window. */
    if (!atomic_compare_exchange_strong(&draft->bytes_begun, &begun, end))
        return;
    (void)sync_file_range(draft->file, (off_t)begun, (off_t)(end - begun), SYNC_FILE_RANGE_WRITE);
    const uint64_t dropped = atomic_load_explicit(&draft->bytes_dropped, memory_order_relaxed);
    if (begun < dropped + windows_behind * window_bytes)
        return;
    const uint64_t bytes = begun - (windows_behind - 1) * window_bytes - dropped;
    (void)sync_file_range(draft->file, (off_t)dropped, (off_t)bytes,
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                              SYNC_FILE_RANGE_WAIT_AFTER);
    (void)posix_fadvise(draft->file, (off_t)dropped, (off_t)bytes, POSIX_FADV_DONTNEED);
    atomic_store_explicit(&draft->bytes_dropped, dropped + bytes, memory_order_relaxed);
}

struct writer {
    const struct rg_segment *segments;
    size_t segment_count;
    size_t segment_index; /* Next to write, */
    size_t segment_done;  /* and so many bytes of it are written. */
};

/* The next pieces, up to pieces_max and window_bytes. */
static int take_pieces(const struct writer *w, struct iovec pieces[pieces_max])
{
    size_t skip = w->segment_done;
    size_t bytes = 0;
    int count = 0;

    for (size_t i = w->segment_index; i < w->segment_count; i++) {
        size_t length = w->segments[i].bytes - skip;

        if (length > window_bytes - bytes)
            length = window_bytes - bytes;
        if (length > 0) {
            /* iovec serves reading too, hence its pointer to what may be written. */
            pieces[count].iov_base = (void *)(uintptr_t)(w->segments[i].data + skip);
            pieces[count].iov_len = length;
            bytes += length;
            count++;
        }
        if (count == pieces_max || bytes == window_bytes)
            break;
        skip = 0;
    }
    return count;
}

static void advance(struct writer *w, size_t bytes)
{
    while (bytes > 0) {
        const size_t left = w->segments[w->segment_index].bytes - w->segment_done;

        if (bytes < left) {
            w->segment_done += bytes;
            return;
        }
        bytes -= left;
        w->segment_index++;
        w->segment_done = 0;
    }
}

static enum rg_status write_segments(struct rg_local_store *store, struct rg_upload *draft,
                                     const struct rg_segment *segments, size_t segment_count,
                                     uint64_t offset, struct rg_error *err)
{
    struct writer w = {.segments = segments, .segment_count = segment_count};
    struct iovec pieces[pieces_max];

    for (;;) {
        const int count = take_pieces(&w, pieces);

        if (count == 0)
            return RG_OK;
        if (atomic_load_explicit(&store->is_cancelled, memory_order_relaxed))
            return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        const ssize_t written = pwritev(draft->file, pieces, count, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_upload(store, draft, "write", written == 0 ? EIO : errno, err);
        advance(&w, (size_t)written);
        offset += (uint64_t)written;
        note_written(store, draft, offset);
    }
}

static bool sum_segments(const struct rg_segment *segments, size_t segment_count,
                         uint64_t *ret_bytes)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < segment_count; i++) {
        if (!rg_add_u64(bytes, segments[i].bytes, &bytes) || bytes > INT64_MAX)
            return false;
    }
    *ret_bytes = bytes;
    return true;
}

int rg_local_rename_absent(const struct rg_local_store *store, const struct rg_local_path *from,
                           const struct rg_local_path *to)
{
    if (!store->options.lacks_rename_absent) {
        if (renameat2(AT_FDCWD, from->text, AT_FDCWD, to->text, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EINVAL && errno != ENOSYS)
            return errno;
    }
    if (linkat(AT_FDCWD, from->text, AT_FDCWD, to->text, 0) == 0)
        return unlink(from->text) == 0 || errno == ENOENT ? 0 : errno;
    /* What file systems without links answer. */
    return errno == EPERM || errno == ENOSYS ? EOPNOTSUPP : errno;
}

static int link_nameless(const struct rg_upload *draft, const struct rg_local_path *to)
{
    char source[64];

    (void)snprintf(source, sizeof source, "/proc/self/fd/%d", draft->file);
    return linkat(AT_FDCWD, source, AT_FDCWD, to->text, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

/* Replaces whatever has the name. */
static int rename_draft(struct rg_local_store *store, struct rg_upload *draft)
{
    while (!draft->is_named) {
        choose_name(store, draft);
        const int error = link_nameless(draft, &draft->name);
        if (error != 0 && error != EEXIST)
            return error;
        draft->is_named = error == 0;
    }
    RG_FAILPOINT("store.before_rename");
    if (rename(draft->name.text, draft->final.text) != 0)
        return errno;
    draft->is_named = false;
    return 0;
}

static int name_absent(struct rg_local_store *store, struct rg_upload *draft)
{
    struct stat found;

    if (!draft->is_named)
        return link_nameless(draft, &draft->final);
    const int error = rg_local_rename_absent(store, &draft->name, &draft->final);
    if (error != EOPNOTSUPP) {
        draft->is_named = error != 0;
        return error;
    }
    if (atomic_load_explicit(&store->has_unproven_names, memory_order_relaxed))
        return error;
    /* The probe said so, and the caller knows what that means. */
    return lstat(draft->final.text, &found) == 0 ? EEXIST : rename_draft(store, draft);
}

static int name_draft(struct rg_local_store *store, struct rg_upload *draft, bool must_be_absent)
{
    struct rg_local_path directory;
    int error = 0;

    for (int attempt = 0; attempt < 3; attempt++) {
        error = must_be_absent ? name_absent(store, draft) : rename_draft(store, draft);
        /* A nameless draft survives the removal of its directory. */
        if (error != ENOENT || draft->is_named)
            return error;
        rg_local_parent_of(&draft->final, &directory);
        error = rg_local_make_directories(store, &directory);
        if (error != 0)
            return error;
    }
    return error;
}

static enum rg_status finish_draft(struct rg_local_store *store, struct rg_store_op *op,
                                   struct rg_upload *draft, struct rg_error *err)
{
    struct rg_local_path directory;
    struct stat stat;

    if (atomic_load(&draft->has_failed))
        return rg_fail(err, RG_ERR_IO, "%s: an earlier write failed", draft->final.text);
    if (op->must_be_durable && fsync(draft->file) != 0) {
        atomic_store(&draft->has_failed, true);
        return fail_upload(store, draft, "sync", errno, err);
    }
    RG_FAILPOINT("store.before_name");
    int error = name_draft(store, draft, op->must_be_absent);
    if (error == ENOENT && draft->is_named && access(draft->name.text, F_OK) != 0)
        return rg_fail(err, RG_ERR_CHANGED, "%s: its temporary file was removed",
                       draft->final.text);
    if (error != 0 && error != EEXIST)
        return fail_upload(store, draft, "name", error, err);
    RG_FAILPOINT("store.after_name");
    /* A name that is there already is built on too, and who gave it may have died just then. */
    if (op->must_be_durable) {
        rg_local_parent_of(&draft->final, &directory);
        const int unsynced = rg_local_sync_directory(store, &directory);
        if (unsynced != 0)
            return fail_upload(store, draft, "sync its directory", unsynced, err);
    }
    if (error != 0)
        return fail_upload(store, draft, "name", error, err);
    if (!store->options.keeps_page_cache && op->must_be_durable)
        (void)posix_fadvise(draft->file, 0, 0, POSIX_FADV_DONTNEED);
    if (fstat(draft->file, &stat) != 0)
        return fail_upload(store, draft, "look", errno, err);
    RG_TRY(rg_local_id_of(&stat, op->arena, &op->id, err));
    drop_draft(draft);
    return RG_OK;
}

enum rg_status rg_local_put(struct rg_local_store *store, struct rg_store_op *op,
                            struct rg_error *err)
{
    struct rg_upload draft = {.file = -1};
    uint64_t bytes;

    if (!sum_segments(op->segments, op->segment_count, &bytes))
        return rg_fail(err, RG_ERR_INVALID, "%s/%s: more than 2^63 bytes", store->base.url,
                       op->key);
    enum rg_status status = open_draft(store, op->key, &draft, err);
    if (status == RG_OK)
        status = write_segments(store, &draft, op->segments, op->segment_count, 0, err);
    if (status == RG_OK)
        status = finish_draft(store, op, &draft, err);
    drop_draft(&draft);
    return status;
}

static void *allocate(struct rg_local_store *store, size_t bytes)
{
    pthread_mutex_lock(&store->lock);
    void *memory = rg_alloc(store->allocator, bytes);
    pthread_mutex_unlock(&store->lock);
    return memory;
}

static void release(struct rg_local_store *store, void *memory, size_t bytes)
{
    pthread_mutex_lock(&store->lock);
    rg_release(store->allocator, memory, bytes);
    pthread_mutex_unlock(&store->lock);
}

enum rg_status rg_local_upload_begin(struct rg_local_store *store, struct rg_store_op *op,
                                     struct rg_error *err)
{
    struct rg_upload *draft = allocate(store, sizeof *draft);

    op->upload = NULL;
    if (draft == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "%s/%s: no memory to write it", store->base.url, op->key);
    memset(draft, 0, sizeof *draft);
    const enum rg_status status = open_draft(store, op->key, draft, err);
    if (status != RG_OK) {
        release(store, draft, sizeof *draft);
        return status;
    }
    op->upload = draft;
    return RG_OK;
}

void rg_local_upload_part_place(struct rg_store_op *op)
{
    struct rg_upload *draft = op->upload;
    uint64_t bytes;
    uint64_t end;

    op->offset = UINT64_MAX;
    const bool is_next = op->part_number == draft->part_count + 1;
    if (!is_next || !sum_segments(op->segments, op->segment_count, &bytes) ||
        !rg_add_u64(draft->bytes, bytes, &end) || end > INT64_MAX)
        return;
    op->offset = draft->bytes;
    draft->bytes = end;
    draft->part_count++;
}

enum rg_status rg_local_upload_part(struct rg_local_store *store, struct rg_store_op *op,
                                    struct rg_error *err)
{
    struct rg_upload *draft = op->upload;
    enum rg_status status;

    if (op->offset == UINT64_MAX)
        status = rg_fail(err, RG_ERR_BUG, "%s: part %u was started out of order", draft->final.text,
                         op->part_number);
    else
        status = write_segments(store, draft, op->segments, op->segment_count, op->offset, err);
    if (status != RG_OK)
        atomic_store(&draft->has_failed, true);
    return status;
}

enum rg_status rg_local_upload_finish(struct rg_local_store *store, struct rg_store_op *op,
                                      struct rg_error *err)
{
    RG_TRY(finish_draft(store, op, op->upload, err));
    release(store, op->upload, sizeof *op->upload);
    op->upload = NULL;
    return RG_OK;
}

enum rg_status rg_local_upload_abort(struct rg_local_store *store, struct rg_store_op *op,
                                     struct rg_error *err)
{
    (void)err;
    if (op->upload == NULL)
        return RG_OK;
    drop_draft(op->upload);
    release(store, op->upload, sizeof *op->upload);
    op->upload = NULL;
    return RG_OK;
}

/* Gives a draft a hidden name that stands for the object's; 0 or errno. */
static int try_name(struct rg_local_store *store, struct rg_upload *draft)
{
    const struct rg_local_path name = draft->name;
    int error;

    do {
        choose_name(store, draft);
        draft->final = draft->name;
        draft->name = name;
        error = draft->is_named ? rg_local_rename_absent(store, &draft->name, &draft->final)
                                : link_nameless(draft, &draft->final);
    } while (error == EEXIST);
    draft->is_named = draft->is_named && error != 0;
    if (error == 0)
        (void)unlink(draft->final.text);
    return error;
}

enum rg_status rg_local_probe_names(struct rg_local_store *store, bool *ret_has_create_if_absent,
                                    struct rg_error *err)
{
    struct rg_upload draft = {.file = -1};
    const char *verb;

    RG_TRY(aim_draft(store, "_regroup/_probe", &draft, err));
    const int unopened = open_with_directories(store, &draft, &verb);
    if (unopened != 0 && !rg_local_is_full(unopened))
        return fail_upload(store, &draft, verb, unopened, err);
    const int error = unopened != 0 ? unopened : try_name(store, &draft);
    drop_draft(&draft);
    /*
     * What frees room on a full disk must get by this. Most file systems can do it, and where one
     * cannot, until a probe has proved that, a create if absent fails rather than doing without.
     */
    atomic_store_explicit(&store->has_unproven_names, rg_local_is_full(error),
                          memory_order_relaxed);
    *ret_has_create_if_absent = error == 0 || rg_local_is_full(error);
    return RG_OK;
}
