/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A plan is a dry job, and copies of what its events told: partitions in an array that doubles,
 * their texts in an arena, their columns in another, both of which draw on what the job leaves to a
 * plan. Columns of the total are found by their place first, because nearly all partitions have the
 * same columns.
 *
 * All of it is within --memory. Where the columns of all partitions do not fit into what the job
 * leaves to them none is kept, whichever partition came first; those of the total are, as many as
 * fit: partitions may all have columns of their own.
 */

#include "api/plan.h"

#include <stdio.h>
#include <string.h>

#include "api/job.h"
#include "api/sized.h"
#include "base/allocator.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/names.h"
#include "base/purse.h"
#include "base/sort.h"
#include "compact/memory.h"
#include "plan/options.h"
#include "report/plan_text.h"

/* Room for columns of the total, to begin with. */
static const size_t columns_first = 64;

/* A partition's path, about. */
static const size_t path_bytes = 64;

/* This part of the memory is not taken for partitions. */
static const uint64_t memory_share_left = 16;

struct rg_plan_view {
    struct rg_arena arena;
    struct rg_job *job;
    struct rg_options options; /* A copy, with dry-run set; its arena is the caller's. */
    rg_event_fn *event;
    void *user;
    struct rg_partition_plan *partitions;
    size_t partition_count;
    size_t partition_room;
    struct rg_partition_plan total;
    struct rg_purse purse;              /* For all columns. */
    struct rg_arena column_arena;       /* Of partitions' columns. */
    struct rg_names names;              /* Of the total's columns. */
    struct rg_column_forecast *columns; /* Of names, by their number. */
    size_t column_room;
    bool lacks_parts; /* Columns of partitions are not kept. */
    bool lacks_total; /* Nor all of the total. */
    bool has_failed;  /* No memory for some copy. */
};

static void release_partitions(struct rg_plan_view *view)
{
    rg_release(&rg_allocator_system, view->partitions,
               view->partition_room * sizeof *view->partitions);
}

static void drop_parts(struct rg_plan_view *view)
{
    for (size_t i = 0; i < view->partition_count; i++) {
        view->partitions[i].columns = NULL;
        view->partitions[i].column_count = 0;
    }
    rg_arena_fini(&view->column_arena);
    view->lacks_parts = true;
}

static bool make_column_room(struct rg_plan_view *view)
{
    const struct rg_allocator *allocator = &view->purse.allocator;
    const size_t room = view->column_room == 0 ? columns_first : view->column_room * 2;

    if (view->names.count < view->column_room)
        return true;
    struct rg_column_forecast *larger = rg_alloc(allocator, room * sizeof *larger);
    if (larger == NULL)
        return false;
    if (view->names.count > 0)
        memcpy(larger, view->columns, view->names.count * sizeof *larger);
    rg_release(allocator, view->columns, view->column_room * sizeof *larger);
    view->columns = larger;
    view->column_room = room;
    return true;
}

static bool add_column(struct rg_plan_view *view, struct rg_span name)
{
    const size_t at = view->names.count;

    if (!make_column_room(view) || !rg_names_add(&view->names, name))
        return false;
    view->columns[at] =
        (struct rg_column_forecast){.column = (const char *)view->names.items[at].text.data};
    return true;
}

/* True when the purse, not the system, had no memory; that of partitions' columns is given up. */
static bool make_do(struct rg_plan_view *view)
{
    if (!atomic_exchange(&view->purse.was_short, false))
        return false;
    if (view->lacks_parts)
        view->lacks_total = true;
    else
        drop_parts(view);
    return true;
}

/*
 * The total's column of that name, made if it is not there; NULL where there is no room for it, and
 * where the view has failed.
 */
static struct rg_column_forecast *find_column(struct rg_plan_view *view, const char *name,
                                              size_t likely)
{
    const struct rg_span text = rg_span_of(name);
    const size_t at = rg_names_find(&view->names, text, likely);

    if (at != SIZE_MAX)
        return &view->columns[at];
    while (!view->lacks_total && !view->has_failed) {
        if (add_column(view, text))
            return &view->columns[view->names.count - 1];
        view->has_failed = !make_do(view);
    }
    return NULL;
}

/* The verdict of most bytes is the total's; its reason comes along. */
static void add_columns(struct rg_plan_view *view, const struct rg_partition_plan *plan)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct rg_column_forecast *more = &plan->columns[i];
        struct rg_column_forecast *column = find_column(view, more->column, i);

        if (column == NULL)
            continue;
        for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
            column->in_bytes[v] += more->in_bytes[v];
        const enum rg_verdict before = column->verdict;
        for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
            if (column->in_bytes[v] > column->in_bytes[column->verdict])
                column->verdict = (enum rg_verdict)v;
        if (column->verdict != before)
            column->reason = RG_REASON_NONE;
        if (column->verdict == more->verdict && more->reason != RG_REASON_NONE)
            column->reason = more->reason;
    }
    view->total.columns = view->columns;
    view->total.column_count = view->names.count;
    view->total.lacks_columns = view->lacks_total;
}

static uint64_t larger_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_total(struct rg_partition_plan *total, const struct rg_partition_plan *plan)
{
    total->batch_count += plan->batch_count;
    total->file_in_count += plan->file_in_count;
    total->file_out_count += plan->file_out_count;
    total->row_group_in_count += plan->row_group_in_count;
    total->row_group_out_count += plan->row_group_out_count;
    total->row_count += plan->row_count;
    total->in_bytes += plan->in_bytes;
    total->out_bytes += plan->out_bytes;
    total->out_bytes_max += plan->out_bytes_max;
    total->out_bytes_min += plan->out_bytes_min;
    total->request_count += plan->request_count;
    total->memory_bytes = larger_of(total->memory_bytes, plan->memory_bytes);
    total->memory_bytes_min = larger_of(total->memory_bytes_min, plan->memory_bytes_min);
}

/* Partitions without anything to do have no plan, but files that are counted. */
static void add_counts(struct rg_partition_plan *total, const struct rg_report *report)
{
    total->file_alone_count = report->file_alone_count;
    total->file_done_count = report->file_done_count;
    total->file_good_count = report->file_good_count;
}

/* Names are those of the total, each of which is kept once: its columns have been added. */
static void copy_columns(struct rg_plan_view *view, const struct rg_partition_plan *from,
                         struct rg_partition_plan *to)
{
    to->columns = NULL;
    to->column_count = 0;
    if (view->lacks_parts || view->has_failed)
        return;
    struct rg_column_forecast *columns =
        rg_arena_array(&view->column_arena, from->column_count, sizeof *columns);
    if (columns == NULL) {
        view->has_failed = !make_do(view);
        return;
    }
    for (size_t i = 0; i < from->column_count; i++) {
        columns[i] = from->columns[i];
        columns[i].column = find_column(view, from->columns[i].column, i)->column;
    }
    to->columns = columns;
    to->column_count = from->column_count;
}

/*
 * For one more partition. A dry run has little in the memory that it claims, so that what counts is
 * what the process has: with these, and their paths.
 */
static bool make_room(struct rg_plan_view *view)
{
    const size_t room = view->partition_room == 0 ? 16 : view->partition_room * 2;
    const size_t bytes = room * sizeof(struct rg_partition_plan);
    const uint64_t limit = rg_job_memory_bytes(view->job);

    if (view->partition_count < view->partition_room)
        return true;
    if (rg_memory_resident_bytes() + bytes + room * path_bytes > limit - limit / memory_share_left)
        return false;
    struct rg_partition_plan *larger = rg_alloc(&rg_allocator_system, bytes);
    if (larger == NULL)
        return false;
    if (view->partition_count > 0)
        memcpy(larger, view->partitions, view->partition_count * sizeof *larger);
    release_partitions(view);
    view->partitions = larger;
    view->partition_room = room;
    return true;
}

static void take_plan(struct rg_plan_view *view, const struct rg_partition_plan *plan)
{
    /* The plan is told nobody. */
    if (view->has_failed)
        return;
    view->has_failed = !make_room(view);
    if (view->has_failed)
        return;
    struct rg_partition_plan *copy = &view->partitions[view->partition_count];
    *copy = *plan;
    copy->size = sizeof *copy;
    copy->path = (const char *)rg_arena_copy(&view->arena, rg_span_of(plan->path)).data;
    view->has_failed = copy->path == NULL;
    add_total(&view->total, plan);
    add_columns(view, plan);
    copy_columns(view, plan, copy);
    view->partition_count++;
}

static void take_event(void *user, const struct rg_event *event)
{
    struct rg_plan_view *view = user;

    if (event->kind == RG_EVENT_PLANNED)
        take_plan(view, event->plan);
    if (view->event != NULL)
        view->event(view->user, event);
}

static int compare_partitions(const void *a, const void *b)
{
    return rg_plan_text_compare(a, b);
}

/* In place: they may be most of the memory. No two are equal, since their paths are not. */
static enum rg_status sort_partitions(struct rg_plan_view *view, struct rg_error *err)
{
    const size_t count = view->partition_count;

    if (view->has_failed)
        return rg_fail(err, RG_ERR_NOMEM,
                       "the plans of %zu partitions and more need more memory than --memory gives",
                       count);
    rg_sort_in_place(view->partitions, count, sizeof *view->partitions, compare_partitions);
    return RG_OK;
}

static void tell_columns(const struct rg_plan_view *view)
{
    char text[200];
    const struct rg_event event = {.size = sizeof event, .kind = RG_EVENT_WARNING, .text = text};

    if (!view->lacks_parts || view->event == NULL)
        return;
    if (view->lacks_total)
        (void)snprintf(text, sizeof text,
                       "%zu columns are told, of all partitions together: --memory has no room for "
                       "more",
                       view->names.count);
    else
        (void)snprintf(text, sizeof text,
                       "columns are told of all partitions together only: --memory has no room for "
                       "more");
    view->event(view->user, &event);
}

static enum rg_status run_plan(struct rg_plan_view *view, const struct rg_job_config *config,
                               struct rg_error *err)
{
    struct rg_job_config dry = *config;

    view->options = *config->options;
    view->options.is_dry_run = true;
    view->event = config->event;
    view->user = config->user;
    view->total.size = sizeof view->total;
    dry.options = &view->options;
    dry.event = take_event;
    dry.user = view;
    RG_TRY(rg_job_new(&dry, &view->job, err));
    rg_purse_init(&view->purse, &rg_allocator_system, rg_job_plan_bytes(view->job));
    rg_arena_init(&view->column_arena, &view->purse.allocator, SIZE_MAX);
    rg_names_init(&view->names, &view->purse.allocator);
    if (config->runs != NULL)
        config->runs(config->user, view->job);
    const enum rg_status status = rg_job_run(view->job, err);
    if (config->runs != NULL)
        config->runs(config->user, NULL);
    if (status != RG_OK)
        return status;
    add_counts(&view->total, rg_job_report(view->job));
    tell_columns(view);
    return sort_partitions(view, err);
}

enum rg_status rg_plan_run(const struct rg_job_config *given, struct rg_plan_view **ret_plan,
                           struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    struct rg_job_config config;
    struct rg_plan_view *view;

    RG_TRY(rg_sized_take(&config, sizeof config, given, error));
    if (config.options == NULL)
        return rg_fail(error, RG_ERR_INVALID, "a plan needs options");
    view = rg_alloc(&rg_allocator_system, sizeof *view);
    if (view == NULL)
        return rg_fail(error, RG_ERR_NOMEM, "no memory for a plan");
    *view = (struct rg_plan_view){0};
    rg_arena_init(&view->arena, &rg_allocator_system, SIZE_MAX);
    const enum rg_status status = run_plan(view, &config, error);
    if (status != RG_OK) {
        rg_plan_free(view);
        return status;
    }
    *ret_plan = view;
    return RG_OK;
}

const struct rg_partition_plan *rg_plan_partitions(const struct rg_plan_view *plan,
                                                   size_t *ret_count)
{
    *ret_count = plan->partition_count;
    return plan->partitions;
}

const struct rg_partition_plan *rg_plan_total(const struct rg_plan_view *plan)
{
    return &plan->total;
}

const struct rg_report *rg_plan_report(const struct rg_plan_view *plan)
{
    return rg_job_report(plan->job);
}

static struct rg_plan_text text_of(const struct rg_plan_view *plan)
{
    return (struct rg_plan_text){
        .partitions = plan->partitions,
        .partition_count = plan->partition_count,
        .total = &plan->total,
        .report = rg_job_report(plan->job),
    };
}

enum rg_status rg_plan_text(const struct rg_plan_view *plan, bool is_verbose, rg_write_fn *write,
                            void *user, struct rg_error *err)
{
    const struct rg_plan_text text = text_of(plan);
    struct rg_error ignored;
    struct rg_outlet outlet;
    enum rg_status status;

    rg_outlet_init(&outlet, &rg_allocator_system, write, user);
    status = rg_plan_text_write(&text, is_verbose, &outlet, err != NULL ? err : &ignored);
    rg_outlet_fini(&outlet);
    return status;
}

enum rg_status rg_plan_json(const struct rg_plan_view *plan, rg_write_fn *write, void *user,
                            struct rg_error *err)
{
    const struct rg_plan_text text = text_of(plan);
    struct rg_error ignored;
    struct rg_outlet outlet;
    enum rg_status status;

    rg_outlet_init(&outlet, &rg_allocator_system, write, user);
    status = rg_plan_text_json(&text, &outlet, err != NULL ? err : &ignored);
    rg_outlet_fini(&outlet);
    return status;
}

void rg_plan_free(struct rg_plan_view *plan)
{
    if (plan == NULL)
        return;
    rg_job_free(plan->job);
    release_partitions(plan);
    rg_arena_fini(&plan->arena);
    rg_arena_fini(&plan->column_arena);
    rg_release(&plan->purse.allocator, plan->columns, plan->column_room * sizeof *plan->columns);
    rg_names_fini(&plan->names);
    rg_release(&rg_allocator_system, plan, sizeof *plan);
}
