/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A plan is a dry job, and copies of what its events told: partitions in an array that doubles,
 * their texts and columns in an arena. Columns of the total are found by their place first, because
 * nearly all partitions have the same columns.
 */

#include "api/plan.h"

#include <string.h>

#include "api/sized.h"
#include "base/allocator.h"
#include "base/arena.h"
#include "base/error.h"
#include "plan/options.h"
#include "report/plan_text.h"

/* A million partitions of a few hundred bytes each. */
static const size_t arena_bytes_max = (size_t)4 << 30;

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
    struct rg_column_forecast *columns; /* Of the total. */
    size_t column_room;
    bool has_failed; /* No memory for some copy. */
};

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

/* The total's column of that name, made if it is not there. */
static struct rg_column_forecast *find_column(struct rg_plan_view *view, const char *name,
                                              size_t guess)
{
    struct rg_column_forecast *columns = view->columns;
    const size_t count = view->total.column_count;

    if (guess < count && strcmp(columns[guess].column, name) == 0)
        return &columns[guess];
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].column, name) == 0)
            return &columns[i];
    columns = grow(&view->arena, columns, count, &view->column_room, sizeof *columns);
    const char *copy = (const char *)rg_arena_copy(&view->arena, rg_span_of(name)).data;
    if (columns == NULL || copy == NULL)
        return NULL;
    view->columns = columns;
    view->total.columns = columns;
    view->total.column_count++;
    columns[count] = (struct rg_column_forecast){.column = copy};
    return &columns[count];
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
    total->file_alone_count += plan->file_alone_count;
    total->file_done_count += plan->file_done_count;
    total->file_good_count += plan->file_good_count;
}

/* A copy whose texts lie in the view's arena. */
static bool copy_plan(struct rg_plan_view *view, const struct rg_partition_plan *from,
                      struct rg_partition_plan *to)
{
    struct rg_column_forecast *columns =
        rg_arena_array(&view->arena, from->column_count, sizeof *columns);

    *to = *from;
    to->size = sizeof *to;
    to->columns = columns;
    to->path = (const char *)rg_arena_copy(&view->arena, rg_span_of(from->path)).data;
    if (columns == NULL || to->path == NULL)
        return false;
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

static void take_plan(struct rg_plan_view *view, const struct rg_partition_plan *plan)
{
    struct rg_partition_plan *partitions =
        grow(&view->arena, view->partitions, view->partition_count, &view->partition_room,
             sizeof *partitions);

    if (partitions == NULL || !copy_plan(view, plan, &partitions[view->partition_count])) {
        view->has_failed = true;
        return;
    }
    view->partitions = partitions;
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

/* Merges the sorted runs [begin, middle) and [middle, end) of `from` into `to`. */
static void merge_runs(const struct rg_partition_plan *from, size_t begin, size_t middle,
                       size_t end, struct rg_partition_plan *to)
{
    size_t left = begin;
    size_t right = middle;

    for (size_t i = begin; i < end; i++) {
        const bool takes_left =
            left < middle && (right == end || rg_plan_text_compare(&from[left], &from[right]) <= 0);

        to[i] = takes_left ? from[left++] : from[right++];
    }
}

static enum rg_status sort_partitions(struct rg_plan_view *view, struct rg_error *err)
{
    const size_t count = view->partition_count;
    struct rg_partition_plan *from = view->partitions;
    struct rg_partition_plan *to = rg_arena_array(&view->arena, count, sizeof *to);

    if (view->has_failed || to == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the plans of %zu partitions", count);
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            const size_t middle = begin + width < count ? begin + width : count;
            const size_t end = middle + width < count ? middle + width : count;

            merge_runs(from, begin, middle, end, to);
        }
        struct rg_partition_plan *swap = from;
        from = to;
        to = swap;
    }
    view->partitions = from;
    return RG_OK;
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
    RG_TRY(rg_job_run(view->job, err));
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
    rg_arena_init(&view->arena, &rg_allocator_system, arena_bytes_max);
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
    rg_arena_fini(&plan->arena);
    rg_release(&rg_allocator_system, plan, sizeof *plan);
}
