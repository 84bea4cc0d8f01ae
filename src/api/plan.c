/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A plan is a dry job, and copies of what its events told: partitions in an array that doubles,
 * their texts in an arena, their columns in another. Columns of the total are found by their place
 * first, because nearly all partitions have the same columns.
 *
 * All of it is within --memory. Where the columns of all partitions do not fit into what the job
 * leaves to them none is kept, whichever partition came first; those of the total are.
 */

#include "api/plan.h"

#include <string.h>

#include "api/job.h"
#include "api/sized.h"
#include "base/allocator.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "compact/memory.h"
#include "plan/options.h"
#include "report/plan_text.h"

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
    struct rg_arena column_arena; /* Of partitions' columns. */
    uint64_t column_bytes;        /* What all of them take, kept or not. */
    uint64_t column_bytes_max;
    struct rg_column_forecast *columns; /* Of the total. */
    size_t column_room;
    uint32_t *slots; /* Column of the total + 1, or 0, from the place that its hash says. */
    size_t slot_count;
    bool has_failed; /* No memory for some copy. */
};

static void release_partitions(struct rg_plan_view *view)
{
    rg_release(&rg_allocator_system, view->partitions,
               view->partition_room * sizeof *view->partitions);
}

/* Room for one more element at `count`, doubling; NULL without memory. */
static void *grow(struct rg_arena *arena, void *array, size_t count, size_t *room,
                  size_t bytes_each)
{
    void *larger;

    if (count < *room)
        return array;
    const size_t wanted = *room == 0 ? 16 : *room * 2;
    larger = rg_arena_array(arena, wanted, bytes_each);
    if (larger == NULL)
        return NULL;
    if (count > 0)
        memcpy(larger, array, count * bytes_each);
    *room = wanted;
    return larger;
}

/* The slot of this name, or the free one where it belongs. */
static uint32_t *find_slot(const struct rg_plan_view *view, const char *name)
{
    const size_t mask = view->slot_count - 1;
    size_t at = (size_t)rg_hash_name(rg_span_of(name)) & mask;

    while (view->slots[at] != 0 && strcmp(view->columns[view->slots[at] - 1].column, name) != 0)
        at = (at + 1) & mask;
    return &view->slots[at];
}

/* Twice as many slots as there is room for columns. */
static bool make_slots(struct rg_plan_view *view)
{
    if (view->slot_count >= view->column_room * 2)
        return true;
    view->slot_count = view->column_room * 2;
    view->slots = rg_arena_array(&view->arena, view->slot_count, sizeof *view->slots);
    for (size_t i = 0; view->slots != NULL && i < view->total.column_count; i++)
        *find_slot(view, view->columns[i].column) = (uint32_t)i + 1;
    return view->slots != NULL;
}

static struct rg_column_forecast *add_column(struct rg_plan_view *view, const char *name)
{
    const size_t count = view->total.column_count;
    struct rg_column_forecast *columns =
        grow(&view->arena, view->columns, count, &view->column_room, sizeof *columns);
    const char *copy = (const char *)rg_arena_copy(&view->arena, rg_span_of(name)).data;

    if (columns == NULL || copy == NULL)
        return NULL;
    view->columns = columns;
    view->total.columns = columns;
    if (!make_slots(view))
        return NULL;
    columns[count] = (struct rg_column_forecast){.column = copy};
    *find_slot(view, copy) = (uint32_t)++view->total.column_count;
    return &columns[count];
}

/* The total's column of that name, made if it is not there. */
static struct rg_column_forecast *find_column(struct rg_plan_view *view, const char *name,
                                              size_t guess)
{
    const size_t count = view->total.column_count;

    if (guess < count && strcmp(view->columns[guess].column, name) == 0)
        return &view->columns[guess];
    const uint32_t *slot = view->slot_count > 0 ? find_slot(view, name) : NULL;
    return slot != NULL && *slot != 0 ? &view->columns[*slot - 1] : add_column(view, name);
}

/* The verdict of most bytes is the total's; its reason comes along. */
static bool add_columns(struct rg_plan_view *view, const struct rg_partition_plan *plan)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct rg_column_forecast *more = &plan->columns[i];
        struct rg_column_forecast *column = find_column(view, more->column, i);

        if (column == NULL)
            return false;
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
    return true;
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

static void drop_columns(struct rg_plan_view *view)
{
    for (size_t i = 0; i < view->partition_count; i++) {
        view->partitions[i].columns = NULL;
        view->partitions[i].column_count = 0;
    }
    rg_arena_fini(&view->column_arena);
}

static bool copy_columns(struct rg_plan_view *view, const struct rg_partition_plan *from,
                         struct rg_partition_plan *to)
{
    const bool was_kept = view->column_bytes <= view->column_bytes_max;

    to->columns = NULL;
    to->column_count = 0;
    view->column_bytes += from->column_count * sizeof *from->columns;
    if (view->column_bytes > view->column_bytes_max) {
        if (was_kept)
            drop_columns(view);
        return true;
    }
    struct rg_column_forecast *columns =
        rg_arena_array(&view->column_arena, from->column_count, sizeof *columns);
    if (columns == NULL)
        return false;
    to->columns = columns;
    to->column_count = from->column_count;
    for (size_t i = 0; i < from->column_count; i++) {
        /* Names are those of the total: each is kept once. */
        const struct rg_column_forecast *known = find_column(view, from->columns[i].column, i);

        if (known == NULL)
            return false;
        columns[i] = from->columns[i];
        columns[i].column = known->column;
    }
    return true;
}

/* A copy whose texts lie in the view's arena. */
static bool copy_plan(struct rg_plan_view *view, const struct rg_partition_plan *from,
                      struct rg_partition_plan *to)
{
    *to = *from;
    to->size = sizeof *to;
    to->path = (const char *)rg_arena_copy(&view->arena, rg_span_of(from->path)).data;
    return to->path != NULL && copy_columns(view, from, to);
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
    /* Arrays may be half grown, and the plan is told nobody. */
    if (view->has_failed)
        return;
    if (!make_room(view) || !copy_plan(view, plan, &view->partitions[view->partition_count])) {
        view->has_failed = true;
        return;
    }
    view->partition_count++;
    add_total(&view->total, plan);
    view->has_failed = !add_columns(view, plan) || view->has_failed;
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
    const struct rg_event event = {
        .size = sizeof event,
        .kind = RG_EVENT_WARNING,
        .text = "columns are told of all partitions together only: --memory has no room for more",
    };

    if (view->column_bytes > view->column_bytes_max && view->event != NULL)
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
    view->column_bytes_max = rg_job_plan_bytes(view->job);
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
    rg_arena_init(&view->column_arena, &rg_allocator_system, SIZE_MAX);
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
    rg_release(&rg_allocator_system, plan, sizeof *plan);
}
