/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The report lists so many; events tell all. */
enum {
    ALONE_MAX = 1000
};

/* What is wrong with partitions, told beside the first; what comes then is counted. */
enum {
    FAILED_TOLD_MAX = 8
};

/* As many as block side by side (pipeline.c); to give one up may take minutes. */
enum {
    PASSING_MAX = 16
};

/*
 * Of the memory, for moves column by column; and as much again for those of batches that are not
 * recorded yet. Partitions may all have columns of their own, at some 400 bytes each.
 */
static const uint64_t tally_share = 32;

void rg_run_init(struct rg_run *run)
{
    const uint64_t tally_bytes_max = run->memory_limit_bytes / tally_share;

    (void)pthread_mutex_init(&run->lock, NULL);
    (void)pthread_mutex_init(&run->event_lock, NULL);
    (void)pthread_mutex_init(&run->compare_lock, NULL);
    rg_purse_init(&run->run_purse, run->allocator, tally_bytes_max);
    rg_purse_init(&run->batch_purse, run->allocator, tally_bytes_max);
    rg_tally_init(&run->tally, &run->run_purse.allocator);
}

void rg_run_fini(struct rg_run *run)
{
    rg_tally_fini(&run->tally);
    if (run->alone != NULL)
        rg_release(run->allocator, run->alone, ALONE_MAX * sizeof *run->alone);
    run->alone = NULL;
    (void)pthread_mutex_destroy(&run->compare_lock);
    (void)pthread_mutex_destroy(&run->event_lock);
    (void)pthread_mutex_destroy(&run->lock);
}

void rg_run_fail(struct rg_run *run, const struct rg_error *err)
{
    (void)pthread_mutex_lock(&run->lock);
    if (!run->has_error) {
        run->has_error = true;
        run->error = *err;
    }
    (void)pthread_mutex_unlock(&run->lock);
    weir_cancel(run->weir);
}

void rg_run_note_partition(struct rg_run *run, const struct rg_error *err)
{
    (void)pthread_mutex_lock(&run->lock);
    run->failed_more += run->has_error;
    const uint64_t count = run->failed_more;
    if (!run->has_error)
        run->error = *err;
    run->has_error = true;
    (void)pthread_mutex_unlock(&run->lock);
    if (count > 0 && count <= FAILED_TOLD_MAX)
        rg_run_warn(run, "%s", err->text);
}

bool rg_run_fail_partition(struct rg_run *run, const struct rg_error *err)
{
    const bool is_denied = err->status == RG_ERR_DENIED && run->home_caps.is_local;

    if (!is_denied && err->status != RG_ERR_CORRUPT && err->status != RG_ERR_UNSUPPORTED &&
        err->status != RG_ERR_LIMIT)
        return false;
    rg_run_note_partition(run, err);
    return true;
}

bool rg_run_fail_look(struct rg_run *run, const struct rg_error *err)
{
    if (err->status != RG_ERR_IO || !run->home_caps.is_local ||
        atomic_fetch_add(&run->unread_count, 1) >= PASSING_MAX)
        return false;
    rg_run_note_partition(run, err);
    return true;
}

bool rg_run_fail_for_now(struct rg_run *run, const struct rg_error *err)
{
    if (err->status != RG_ERR_AGAIN || atomic_fetch_add(&run->passing_count, 1) >= PASSING_MAX)
        return false;
    rg_run_warn(run, "%s", err->text);
    return true;
}

uint64_t rg_run_limit_bytes_for(const struct rg_run *run, uint64_t data_bytes_more)
{
    const uint64_t mib = UINT64_C(1) << 20;
    const double budgets =
        (double)(run->data_budget_bytes + run->meta_budget_bytes + run->compare_bytes);
    /* A twentieth of the limit is slack, and requests take up to a sixteenth (compact.c). */
    const double more =
        (double)data_bytes_more * budgets / (double)run->data_budget_bytes * 9.0 / 8.0;

    return (run->memory_limit_bytes + (uint64_t)more) / mib * mib + 2 * mib;
}

void rg_run_add_tally(struct rg_run *run, const struct rg_tally *tally)
{
    (void)pthread_mutex_lock(&run->lock);
    rg_tally_add_all(&run->tally, tally);
    (void)pthread_mutex_unlock(&run->lock);
}

void rg_run_tell(struct rg_run *run, const struct rg_event *event)
{
    (void)pthread_mutex_lock(&run->event_lock);
    run->event(run->event_user, event);
    (void)pthread_mutex_unlock(&run->event_lock);
}

static void list_alone_locked(struct rg_run *run, const struct rg_left_alone *alone)
{
    if (run->alone == NULL)
        run->alone = rg_alloc(run->allocator, ALONE_MAX * sizeof *run->alone);
    if (run->alone == NULL || run->alone_count == ALONE_MAX)
        return;
    const struct rg_span path = rg_arena_copy(run->arena, rg_span_of(alone->path));
    const struct rg_span text = rg_arena_copy(run->arena, rg_span_of(alone->text));
    if (path.data == NULL || text.data == NULL)
        return;
    run->alone[run->alone_count++] = (struct rg_left_alone){
        .path = (const char *)path.data,
        .status = alone->status,
        .text = (const char *)text.data,
    };
}

/* What is said of a file begins with its name or address, mostly, which is told already. */
static const char *without_address(const struct rg_store *store, const char *path, const char *text)
{
    const size_t url_bytes = strlen(store->url);
    const size_t path_bytes = strlen(path);

    if (strncmp(text, path, path_bytes) == 0 && text[path_bytes] == ' ')
        return text + path_bytes + 1; /* "a.parquet was rewritten" */
    if (strncmp(text, store->url, url_bytes) != 0 || text[url_bytes] != '/' ||
        strncmp(text + url_bytes + 1, path, path_bytes) != 0 ||
        strncmp(text + url_bytes + 1 + path_bytes, ": ", 2) != 0)
        return text;
    return text + url_bytes + 1 + path_bytes + 2;
}

void rg_run_list_alone(struct rg_run *run, const char *path, enum rg_status status,
                       const char *text)
{
    const struct rg_left_alone alone = {
        .path = path,
        .status = status,
        .text = without_address(run->source, path, without_address(run->home, path, text)),
    };

    atomic_fetch_add(&run->counters.files_alone, 1);
    (void)pthread_mutex_lock(&run->lock);
    list_alone_locked(run, &alone);
    (void)pthread_mutex_unlock(&run->lock);
}

void rg_run_leave_alone(struct rg_run *run, const char *path, enum rg_status status,
                        const char *text)
{
    const struct rg_left_alone alone = {
        .path = path,
        .status = status,
        .text = without_address(run->source, path, without_address(run->home, path, text)),
    };

    rg_run_list_alone(run, path, status, text);
    rg_run_tell(run, &(struct rg_event){.size = sizeof(struct rg_event),
                                        .kind = RG_EVENT_LEFT_ALONE,
                                        .text = alone.text,
                                        .alone = &alone});
}

static void tell_text(struct rg_run *run, enum rg_event_kind kind, const char *text)
{
    rg_run_tell(run,
                &(struct rg_event){.size = sizeof(struct rg_event), .kind = kind, .text = text});
}

void rg_run_warn(struct rg_run *run, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell_text(run, RG_EVENT_WARNING, text);
}

void rg_run_note(struct rg_run *run, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell_text(run, RG_EVENT_NOTE, text);
}

bool rg_run_is_stopping(const struct rg_run *run)
{
    return atomic_load(&run->is_draining) || weir_is_cancelled(run->weir);
}
