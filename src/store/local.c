/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operations are done where they are started, or by a small pool that takes them in order from one
 * queue. The queue is the operations themselves, linked by `next`.
 */

#include "store/local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/local/local_delete.h"
#include "store/local/local_impl.h"
#include "store/local/local_list.h"
#include "store/local/local_read.h"
#include "store/local/local_tree.h"
#include "store/local/local_write.h"

/* More threads than this only wait for the same disk. */
static const uint32_t thread_count_max = 256;

static const char url_scheme[] = "file://";

/* Paths on the stack of each operation, and the pieces of a pwritev. */
static const uint64_t operation_bytes = UINT64_C(64) << 10;

static enum rg_status run_verb(struct rg_local_store *store, struct rg_store_op *op,
                               struct rg_error *err)
{
    switch (op->verb) {
    case RG_STORE_LIST:
        return rg_local_list(store, op, err);
    case RG_STORE_HEAD:
        return rg_local_head(store, op, err);
    case RG_STORE_GET:
        return rg_local_get(store, op, err);
    case RG_STORE_PUT:
        return rg_local_put(store, op, err);
    case RG_STORE_DELETE:
        return rg_local_delete(store, op, err);
    case RG_STORE_RESTORE:
        return rg_local_restore(store, op, err);
    case RG_STORE_UPLOAD_BEGIN:
        return rg_local_upload_begin(store, op, err);
    case RG_STORE_UPLOAD_PART:
        return rg_local_upload_part(store, op, err);
    case RG_STORE_UPLOAD_FINISH:
        return rg_local_upload_finish(store, op, err);
    case RG_STORE_UPLOAD_ABORT:
        return rg_local_upload_abort(store, op, err);
    case RG_STORE_LIST_UPLOADS:
        return rg_local_list_uploads(store, op, err);
    case RG_STORE_ABORT_STALE:
        return rg_local_abort_stale(store, op, err);
    }
    return rg_fail(err, RG_ERR_BUG, "no such operation: %d", (int)op->verb);
}

static void run_operation(struct rg_local_store *store, struct rg_store_op *op)
{
    const bool is_cancelled = atomic_load_explicit(&store->is_cancelled, memory_order_relaxed);

    op->err = (struct rg_error){.status = RG_OK};
    /* Aborting frees what an upload holds, whatever happened before. */
    if (is_cancelled && op->verb != RG_STORE_UPLOAD_ABORT)
        op->status = rg_fail(&op->err, RG_ERR_CANCELLED, "cancelled");
    else
        op->status = run_verb(store, op, &op->err);
    op->done(op);
}

static struct rg_store_op *take_waiting_locked(struct rg_local_store *store)
{
    struct rg_store_op *op = store->first_waiting;

    if (op != NULL) {
        store->first_waiting = op->next;
        if (op->next == NULL)
            store->last_waiting = NULL;
        op->next = NULL;
    }
    return op;
}

static void *run_thread(void *argument)
{
    struct rg_local_store *store = argument;

    for (;;) {
        pthread_mutex_lock(&store->lock);
        while (store->first_waiting == NULL && !store->is_stopping)
            pthread_cond_wait(&store->changed, &store->lock);
        struct rg_store_op *op = take_waiting_locked(store);
        pthread_mutex_unlock(&store->lock);
        if (op == NULL)
            return NULL;
        run_operation(store, op);
    }
}

static void start_operation(struct rg_store *base, struct rg_store_op *op)
{
    struct rg_local_store *store = (struct rg_local_store *)base;

    if (op->verb == RG_STORE_UPLOAD_PART)
        rg_local_upload_part_place(op);
    if (store->threads_running == 0) {
        run_operation(store, op);
        return;
    }
    op->next = NULL;
    pthread_mutex_lock(&store->lock);
    if (store->last_waiting == NULL)
        store->first_waiting = op;
    else
        store->last_waiting->next = op;
    store->last_waiting = op;
    pthread_cond_signal(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

static enum rg_status probe(struct rg_store *base, bool may_write, struct rg_store_caps *ret_caps,
                            struct rg_error *err)
{
    struct rg_local_store *store = (struct rg_local_store *)base;
    bool has_create_if_absent = true;

    if (may_write)
        RG_TRY(rg_local_probe_names(store, &has_create_if_absent, err));
    *ret_caps = (struct rg_store_caps){
        .has_create_if_absent = has_create_if_absent,
        .has_finish_if_absent = has_create_if_absent,
        .has_conditional_delete = true,
        .is_local = true,
        .part_count_max = UINT32_MAX,
        .memory_bytes_each = operation_bytes,
        .memory_bytes_base = store->threads_running * operation_bytes,
    };
    return RG_OK;
}

static void cancel(struct rg_store *base)
{
    atomic_store(&((struct rg_local_store *)base)->is_cancelled, true);
}

static void stop_threads(struct rg_local_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->is_stopping = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    for (uint32_t i = 0; i < store->threads_running; i++)
        (void)pthread_join(store->threads[i], NULL);
    store->threads_running = 0;
}

static void free_store(struct rg_store *base)
{
    struct rg_local_store *store = (struct rg_local_store *)base;
    const struct rg_allocator *allocator = store->allocator;

    stop_threads(store);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    if (store->root_file >= 0)
        (void)close(store->root_file);
    rg_release(allocator, store->threads, store->options.thread_count * sizeof(pthread_t));
    rg_release(allocator, store->root, store->root_bytes + 1);
    rg_release(allocator, store->base.url, store->url_bytes);
    rg_release(allocator, store, sizeof *store);
}

static const struct rg_store_driver driver = {start_operation, probe, cancel, free_store};

/* Absolute, without slashes at its end; "" for "/". */
static enum rg_status absolute_path(const char *path, struct rg_local_path *ret_path,
                                    struct rg_error *err)
{
    size_t begin = 0;
    size_t bytes = strlen(path);

    if (bytes == 0)
        return rg_fail(err, RG_ERR_INVALID, "the path of a directory is empty");
    if (path[0] != '/') {
        if (getcwd(ret_path->text, sizeof ret_path->text) == NULL)
            return rg_fail(err, RG_ERR_IO, "%s: the current directory has no path", path);
        begin = strlen(ret_path->text);
        if (ret_path->text[begin - 1] != '/')
            ret_path->text[begin++] = '/';
    }
    if (begin + bytes + 1 > sizeof ret_path->text)
        return rg_fail(err, RG_ERR_INVALID, "a path of %zu bytes is too long", begin + bytes);
    memcpy(ret_path->text + begin, path, bytes + 1);
    bytes += begin;
    while (bytes > 0 && ret_path->text[bytes - 1] == '/')
        ret_path->text[--bytes] = '\0';
    return RG_OK;
}

static const char *root_path(const struct rg_local_path *root)
{
    return root->text[0] == '\0' ? "/" : root->text;
}

static enum rg_status check_root(const struct rg_local_path *root, bool must_exist,
                                 struct rg_error *err)
{
    struct stat found;
    const char *path = root_path(root);

    if (stat(path, &found) != 0) {
        if (errno == ENOENT && must_exist)
            return rg_fail(err, RG_ERR_ABSENT, "%s: no such directory", path);
        if (errno == ENOENT)
            return RG_OK;
        if (errno == EACCES)
            return rg_fail(err, RG_ERR_DENIED, "%s: permission denied", path);
        return rg_fail(err, RG_ERR_INVALID, "%s: not a directory", path);
    }
    if (!S_ISDIR(found.st_mode))
        return rg_fail(err, RG_ERR_INVALID, "%s: %s", path,
                       S_ISREG(found.st_mode) ? "not a directory"
                                              : "neither a file nor a directory");
    return RG_OK;
}

static uint64_t random_token(void)
{
    uint64_t token = 0;

    if (getrandom(&token, sizeof token, 0) == (ssize_t)sizeof token)
        return token;
    return rg_clock_wall_ns() ^ (uint64_t)getpid() << 40;
}

static enum rg_status start_threads(struct rg_local_store *store, struct rg_error *err)
{
    for (uint32_t i = 0; i < store->options.thread_count; i++) {
        const int error = pthread_create(&store->threads[i], NULL, run_thread, store);

        if (error != 0)
            return rg_fail(err, error == EAGAIN ? RG_ERR_AGAIN : RG_ERR_NOMEM,
                           "thread %u of %u for files cannot be started", i,
                           store->options.thread_count);
        store->threads_running++;
    }
    return RG_OK;
}

static bool allocate_parts(struct rg_local_store *store, const struct rg_local_path *root)
{
    store->root_bytes = strlen(root->text);
    store->url_bytes = sizeof url_scheme + store->root_bytes;
    store->root = rg_alloc(store->allocator, store->root_bytes + 1);
    store->base.url = rg_alloc(store->allocator, store->url_bytes);
    if (store->options.thread_count > 0)
        store->threads =
            rg_alloc(store->allocator, store->options.thread_count * sizeof(pthread_t));
    if (store->root == NULL || store->base.url == NULL ||
        (store->options.thread_count > 0 && store->threads == NULL))
        return false;
    memcpy(store->root, root->text, store->root_bytes + 1);
    memcpy(store->base.url, url_scheme, sizeof url_scheme - 1);
    memcpy(store->base.url + sizeof url_scheme - 1, root->text, store->root_bytes + 1);
    return true;
}

enum rg_status rg_local_store_new(const char *root, const struct rg_local_options *options,
                                  const struct rg_allocator *allocator, struct rg_store **ret_store,
                                  struct rg_error *err)
{
    struct rg_local_path path;

    if (options->thread_count > thread_count_max)
        return rg_fail(err, RG_ERR_INVALID, "%u threads for files are more than %u",
                       options->thread_count, thread_count_max);
    RG_TRY(absolute_path(root, &path, err));
    RG_TRY(check_root(&path, options->must_exist, err));

    struct rg_local_store *store = rg_alloc(allocator, sizeof *store);
    if (store == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "%s: no memory to open it", root);
    memset(store, 0, sizeof *store);
    store->base.driver = &driver;
    store->allocator = allocator;
    store->options = *options;
    store->token = random_token();
    /* A root that may be made later may be replaced too. */
    store->root_file =
        options->must_exist ? open(root_path(&path), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    /* A nameless file gets its name by way of /proc. */
    atomic_init(&store->needs_named_temporaries,
                options->names_temporaries || access("/proc/self/fd", X_OK) != 0);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
    enum rg_status status = RG_OK;
    if (!allocate_parts(store, &path))
        status = rg_fail(err, RG_ERR_NOMEM, "%s: no memory to open it", root);
    if (status == RG_OK)
        status = start_threads(store, err);
    if (status != RG_OK) {
        free_store(&store->base);
        return status;
    }
    *ret_store = &store->base;
    return RG_OK;
}
