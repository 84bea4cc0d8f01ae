/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/forecast.h"

#include <string.h>

#include <regroup/plan.h>

#include "compact/choose.h"
#include "compact/open_batch.h"
#include "compact/partition.h"
#include "compact/todo.h"
#include "compact/turn.h"

/* A part of an upload, for counting requests. */
static const uint64_t part_bytes = UINT64_C(8) << 20;
/* What a chunk takes in the footer and the page indexes, about. */
static const uint64_t chunk_meta_bytes = 350;

struct forecast_column {
    char *path;
    struct rg_column_forecast told;
    uint64_t verdict_bytes_max; /* Of the verdict that has most. */
};

struct rg_forecast {
    struct rg_partition_plan plan;
    struct forecast_column *columns;
    uint32_t column_count;
    uint32_t column_room;
};

/* Room for so many more columns; false without memory. */
static bool reserve(struct rg_forecast *forecast, const struct rg_allocator *allocator,
                    uint32_t count)
{
    const uint32_t wanted = forecast->column_count + count;

    if (wanted <= forecast->column_room)
        return true;
    struct forecast_column *columns = rg_alloc(allocator, wanted * sizeof *columns);
    if (columns == NULL)
        return false;
    if (forecast->column_count > 0)
        memcpy(columns, forecast->columns, forecast->column_count * sizeof *columns);
    if (forecast->columns != NULL)
        rg_release(allocator, forecast->columns, forecast->column_room * sizeof *columns);
    forecast->columns = columns;
    forecast->column_room = wanted;
    return true;
}

/* Among the first `count`: schemas are alike mostly, so that it is at `guess`. NULL: it is none. */
static struct forecast_column *find_column(const struct rg_forecast *forecast, uint32_t count,
                                           struct rg_span path, uint32_t guess)
{
    for (uint32_t i = 0; i <= count; i++) {
        const uint32_t at = i == 0 ? guess : i - 1;

        if (at < count && rg_span_equal(rg_span_of(forecast->columns[at].path), path))
            return &forecast->columns[at];
    }
    return NULL;
}

/* There is room for it; NULL without memory. */
static struct forecast_column *add_path(struct rg_forecast *forecast,
                                        const struct rg_allocator *allocator, struct rg_span path)
{
    struct forecast_column *column = &forecast->columns[forecast->column_count];
    char *text = rg_alloc(allocator, path.bytes + 1);

    if (text == NULL)
        return NULL;
    memcpy(text, path.data, path.bytes);
    text[path.bytes] = '\0';
    *column = (struct forecast_column){.path = text};
    forecast->column_count++;
    return column;
}

/* Called with the batch's lock held; false without memory. */
static bool add_columns_locked(struct rg_partition *partition,
                               const struct rg_stitch_estimate *estimates,
                               const struct rg_schema *schema)
{
    struct rg_forecast *forecast = partition->forecast_turn;
    const struct rg_allocator *allocator = partition->run->allocator;
    const uint32_t known_count = forecast->column_count;
    uint32_t guess = 0;

    for (uint32_t c = 0; c < schema->leaf_count; c++) {
        const struct rg_span path = schema->leaves[c].path;
        const enum rg_verdict verdict = estimates[c].verdict;
        struct forecast_column *column = find_column(forecast, known_count, path, guess);

        if (column == NULL && reserve(forecast, allocator, schema->leaf_count - c))
            column = add_path(forecast, allocator, path);
        if (column == NULL)
            return false;
        guess = (uint32_t)(column - forecast->columns) + 1;
        uint64_t *bytes = &column->told.in_bytes[verdict];
        *bytes += estimates[c].input_bytes;
        if (*bytes >= column->verdict_bytes_max) {
            column->verdict_bytes_max = *bytes;
            column->told.verdict = verdict;
            column->told.reason = estimates[c].reason;
        }
    }
    return true;
}

static void add_memory_locked(struct rg_partition_plan *plan,
                              const struct rg_stitch_estimate *estimates, const uint64_t *in_bytes,
                              uint32_t leaf_count)
{
    uint64_t whole = 0;
    uint64_t largest = 0;

    for (uint32_t c = 0; c < leaf_count; c++) {
        const uint64_t bytes = in_bytes[c] + estimates[c].arena_bytes + estimates[c].scratch_bytes;

        whole += bytes;
        largest = bytes > largest ? bytes : largest;
    }
    /* Two bins at a time keep reading, stitching and writing busy. */
    if (whole * 2 > plan->memory_bytes)
        plan->memory_bytes = whole * 2;
    if (largest > plan->memory_bytes_min)
        plan->memory_bytes_min = largest;
}

static bool make_forecast(struct rg_forecast **forecast, const struct rg_allocator *allocator)
{
    if (*forecast != NULL)
        return true;
    *forecast = rg_alloc(allocator, sizeof **forecast);
    if (*forecast == NULL)
        return false;
    memset(*forecast, 0, sizeof **forecast);
    return true;
}

/* A plan that is not whole is told nobody. */
static void fail(struct rg_run *run)
{
    struct rg_error err = {0};

    (void)rg_fail(&err, RG_ERR_NOMEM, "no memory for a plan");
    rg_run_fail(run, &err);
}

void rg_forecast_add(const struct rg_bin *bin, const struct rg_stitch_estimate *estimates,
                     const uint64_t *in_bytes, const struct rg_schema *schema)
{
    struct rg_open_batch *batch = bin->output->batch;
    struct rg_run *run = batch->run;
    uint64_t least = 0;
    uint64_t likely = 0;
    uint64_t most = 0;

    for (uint32_t c = 0; c < schema->leaf_count; c++) {
        likely += estimates[c].output_bytes + chunk_meta_bytes;
        least += estimates[c].output_bytes_min + chunk_meta_bytes;
        most += estimates[c].output_bytes_max;
    }
    atomic_fetch_add(&batch->forecast_bytes, likely);
    atomic_fetch_add(&batch->forecast_bytes_max, most);
    if (!run->is_dry)
        return;
    (void)pthread_mutex_lock(batch->lock);
    bool is_added = make_forecast(&batch->partition->forecast_turn, run->allocator);
    if (is_added) {
        struct rg_partition_plan *plan = &batch->partition->forecast_turn->plan;

        plan->out_bytes += likely;
        plan->out_bytes_min += least;
        plan->out_bytes_max += most;
        is_added = add_columns_locked(batch->partition, estimates, schema);
        add_memory_locked(plan, estimates, in_bytes, schema->leaf_count);
    }
    (void)pthread_mutex_unlock(batch->lock);
    if (!is_added)
        fail(run);
}

void rg_forecast_begin_turn(struct rg_partition *partition)
{
    rg_forecast_free(partition->forecast_turn, partition->run->allocator);
    partition->forecast_turn = NULL;
}

void rg_forecast_count(const struct rg_open_batch *batch)
{
    struct rg_counters *counters = &batch->run->counters;

    atomic_fetch_add(&counters->forecast_bytes, atomic_load(&batch->forecast_bytes));
    atomic_fetch_add(&counters->forecast_bytes_max, atomic_load(&batch->forecast_bytes_max));
}

static void add_column(struct rg_column_forecast *to, const struct rg_column_forecast *from)
{
    enum rg_verdict most = from->verdict;

    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
        to->in_bytes[v] += from->in_bytes[v];
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
        if (to->in_bytes[v] > to->in_bytes[most])
            most = (enum rg_verdict)v;
    if (most == from->verdict)
        to->reason = from->reason;
    else if (most != to->verdict)
        to->reason = RG_REASON_NONE;
    to->verdict = most;
}

static void raise_memory(struct rg_partition_plan *plan, const struct rg_forecast_memory *memory)
{
    if (memory->bytes > plan->memory_bytes)
        plan->memory_bytes = memory->bytes;
    if (memory->bytes_min > plan->memory_bytes_min)
        plan->memory_bytes_min = memory->bytes_min;
}

void rg_forecast_keep_memory(struct rg_partition *partition)
{
    struct rg_forecast_memory *kept = &partition->forecast_memory;
    const struct rg_forecast *turn = partition->forecast_turn;

    if (turn != NULL && turn->plan.memory_bytes > kept->bytes)
        kept->bytes = turn->plan.memory_bytes;
    if (turn != NULL && turn->plan.memory_bytes_min > kept->bytes_min)
        kept->bytes_min = turn->plan.memory_bytes_min;
}

/* What bins said of a turn that has ended becomes the partition's, where there is room for it. */
static void take_turn(struct rg_partition *partition)
{
    struct rg_forecast *turn = partition->forecast_turn;
    struct rg_forecast *all = partition->forecast;
    uint32_t guess = 0;

    if (turn == NULL)
        return;
    if (all == NULL) {
        partition->forecast = turn;
        partition->forecast_turn = NULL;
        return;
    }
    all->plan.out_bytes += turn->plan.out_bytes;
    all->plan.out_bytes_min += turn->plan.out_bytes_min;
    all->plan.out_bytes_max += turn->plan.out_bytes_max;
    raise_memory(&all->plan, &(struct rg_forecast_memory){turn->plan.memory_bytes,
                                                          turn->plan.memory_bytes_min});
    const uint32_t known_count = all->column_count;
    for (uint32_t c = 0; c < turn->column_count; c++) {
        struct forecast_column *from = &turn->columns[c];
        struct forecast_column *to = find_column(all, known_count, rg_span_of(from->path), guess);

        if (to != NULL) {
            add_column(&to->told, &from->told);
        } else {
            to = &all->columns[all->column_count++];
            *to = *from;
            from->path = NULL;
        }
        guess = (uint32_t)(to - all->columns) + 1;
    }
    rg_forecast_begin_turn(partition);
}

enum rg_status rg_forecast_end_turn(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;

    /* First what can fail: the turn may be tried again. */
    if (partition->forecast_turn == NULL &&
        !make_forecast(&partition->forecast, partition->run->allocator))
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a plan");
    if (partition->forecast != NULL && partition->forecast_turn != NULL &&
        !reserve(partition->forecast, partition->run->allocator,
                 partition->forecast_turn->column_count))
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a plan");
    RG_TRY(rg_choose_note_scanned(partition, err));
    take_turn(partition);
    rg_forecast_count(&turn->open);
    rg_todo_done(partition);
    rg_turn_tell_rows(partition);
    atomic_fetch_add(&partition->run->counters.records_smaller, partition->bin_rows_max > 0);
    struct rg_partition_plan *plan = &partition->forecast->plan;
    raise_memory(plan, &partition->forecast_memory);
    plan->batch_count++;
    plan->file_in_count += turn->input_count;
    plan->file_out_count += turn->plan.output_count;
    plan->row_group_out_count += turn->plan.bin_count;
    plan->row_count += turn->plan.row_count;
    for (uint32_t i = 0; i < turn->input_count; i++) {
        plan->row_group_in_count += turn->inputs[i].plan.row_group_count;
        plan->in_bytes += turn->inputs[i].id.bytes;
        plan->request_count += turn->inputs[i].is_whole ? 1 : 2;
    }
    for (uint32_t o = 0; o < turn->open.output_count; o++)
        plan->request_count += 3 + turn->plan.outputs[o].weight_bytes / part_bytes;
    return RG_OK;
}

/* A report of a dry run has what would be where others have what is. */
static void count_planned(struct rg_counters *counters, const struct rg_partition_plan *plan)
{
    atomic_fetch_add(&counters->partitions_written, plan->batch_count > 0);
    atomic_fetch_add(&counters->records, plan->batch_count);
    atomic_fetch_add(&counters->in_files, plan->file_in_count);
    atomic_fetch_add(&counters->in_row_groups, plan->row_group_in_count);
    atomic_fetch_add(&counters->in_bytes, plan->in_bytes);
    atomic_fetch_add(&counters->out_files, plan->file_out_count);
    atomic_fetch_add(&counters->out_row_groups, plan->row_group_out_count);
    atomic_fetch_add(&counters->out_rows, plan->row_count);
    atomic_fetch_add(&counters->out_bytes, plan->out_bytes);
}

void rg_forecast_tell(struct rg_partition *partition)
{
    struct rg_forecast *forecast = partition->forecast;
    struct rg_run *run = partition->run;
    struct rg_column_forecast *columns =
        rg_alloc(run->allocator, (forecast->column_count + 1) * sizeof *columns);

    if (columns == NULL) {
        fail(run);
        return;
    }
    for (uint32_t c = 0; c < forecast->column_count; c++) {
        columns[c] = forecast->columns[c].told;
        columns[c].column = forecast->columns[c].path;
    }
    count_planned(&run->counters, &forecast->plan);
    forecast->plan.size = sizeof forecast->plan;
    forecast->plan.path = partition->prefix;
    forecast->plan.file_done_count = partition->done_count;
    forecast->plan.file_good_count = partition->good_count;
    forecast->plan.file_alone_count = partition->alone_count;
    forecast->plan.columns = columns;
    forecast->plan.column_count = forecast->column_count;
    rg_run_tell(run, &(struct rg_event){.size = sizeof(struct rg_event),
                                        .kind = RG_EVENT_PLANNED,
                                        .plan = &forecast->plan});
    rg_release(run->allocator, columns, (forecast->column_count + 1) * sizeof *columns);
}

void rg_forecast_free(struct rg_forecast *forecast, const struct rg_allocator *allocator)
{
    if (forecast == NULL)
        return;
    for (uint32_t c = 0; c < forecast->column_count; c++) {
        if (forecast->columns[c].path != NULL)
            rg_release(allocator, forecast->columns[c].path, strlen(forecast->columns[c].path) + 1);
    }
    if (forecast->columns != NULL)
        rg_release(allocator, forecast->columns, forecast->column_room * sizeof *forecast->columns);
    rg_release(allocator, forecast, sizeof *forecast);
}
