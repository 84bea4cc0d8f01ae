/* SPDX-License-Identifier: Apache-2.0 */

#include "report/plan_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "report/figures.h"
#include "report/table.h"

/* Columns shown without --verbose: of those that need more than copy and promote. */
enum {
    COLUMNS_SHOWN = 20
};

/* How many fewer there would be; negative where there would be more. */
static int64_t fewer(uint64_t before, uint64_t after)
{
    return before >= after ? (int64_t)(before - after) : -(int64_t)(after - before);
}

int rg_plan_text_compare(const struct rg_partition_plan *a, const struct rg_partition_plan *b)
{
    const int64_t row_groups_a = fewer(a->row_group_in_count, a->row_group_out_count);
    const int64_t row_groups_b = fewer(b->row_group_in_count, b->row_group_out_count);
    const int64_t files_a = fewer(a->file_in_count, a->file_out_count);
    const int64_t files_b = fewer(b->file_in_count, b->file_out_count);

    if (row_groups_a != row_groups_b)
        return row_groups_a > row_groups_b ? -1 : 1;
    if (files_a != files_b)
        return files_a > files_b ? -1 : 1;
    return strcmp(a->path, b->path);
}

static void count_cell(struct rg_table *table, uint64_t count)
{
    char figure[RG_FIGURE_BYTES_MAX];

    rg_table_cell(table, rg_figure_count(count, figure));
}

static void bytes_cell(struct rg_table *table, uint64_t bytes)
{
    char figure[RG_FIGURE_BYTES_MAX];

    rg_table_cell(table, rg_figure_bytes(bytes, figure));
}

/* A range where footers do not tell what another encoding will make of the values. */
static void about_cell(struct rg_table *table, const struct rg_partition_plan *plan)
{
    char least[RG_FIGURE_BYTES_MAX];
    char about[RG_FIGURE_BYTES_MAX];
    char range[2 * RG_FIGURE_BYTES_MAX + 4];

    if (plan->out_bytes_min >= plan->out_bytes) {
        bytes_cell(table, plan->out_bytes);
        return;
    }
    (void)snprintf(range, sizeof range, "%s to %s", rg_figure_bytes(plan->out_bytes_min, least),
                   rg_figure_bytes(plan->out_bytes, about));
    rg_table_cell(table, range);
}

static void write_row(struct rg_table *table, const char *name,
                      const struct rg_partition_plan *plan)
{
    rg_table_cell(table, name);
    count_cell(table, plan->file_in_count);
    count_cell(table, plan->file_out_count);
    count_cell(table, plan->row_group_in_count);
    count_cell(table, plan->row_group_out_count);
    bytes_cell(table, plan->in_bytes);
    about_cell(table, plan);
    bytes_cell(table, plan->out_bytes_max);
    count_cell(table, plan->request_count);
    bytes_cell(table, plan->memory_bytes_min);
    bytes_cell(table, plan->memory_bytes);
}

static enum rg_status write_partitions(const struct rg_plan_text *plan, struct rg_outlet *outlet,
                                       struct rg_error *err)
{
    static const char *const headings[] = {
        "partition", ">files",   ">to",       ">row groups",  ">to",          ">bytes",
        ">to about", ">at most", ">requests", ">memory from", ">no wait from"};
    struct rg_table table;
    enum rg_status status = RG_OK;

    rg_table_init(&table, &outlet->buffer, 0, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < plan->partition_count && status == RG_OK; i++) {
        const struct rg_partition_plan *partition = &plan->partitions[i];

        if (partition->file_in_count == 0)
            continue;
        write_row(&table, partition->path[0] != 0 ? partition->path : "./", partition);
        status = rg_outlet_pour(outlet, err);
    }
    write_row(&table, "all", plan->total);
    rg_table_fini(&table);
    return status;
}

static bool needs_work(const struct rg_column_forecast *column)
{
    return column->verdict != RG_VERDICT_COPY && column->verdict != RG_VERDICT_PROMOTE;
}

static void write_columns(const struct rg_plan_text *plan, bool is_verbose, struct rg_buffer *out)
{
    static const char *const headings[] = {"column", "most of it by", "why", ">bytes"};
    const struct rg_partition_plan *total = plan->total;
    struct rg_table table;
    size_t working = 0;
    size_t shown = 0;

    for (size_t i = 0; i < total->column_count; i++)
        working += needs_work(&total->columns[i]);
    if (working == 0 && !is_verbose) {
        rg_buffer_append_text(out,
                              "\nall columns are copied or promoted, as far as footers tell\n");
        return;
    }
    rg_buffer_append_byte(out, '\n');
    rg_table_init(&table, out, 0, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < total->column_count; i++) {
        const struct rg_column_forecast *column = &total->columns[i];
        uint64_t bytes = 0;

        if (!is_verbose && (!needs_work(column) || shown == COLUMNS_SHOWN))
            continue;
        for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
            bytes += column->in_bytes[v];
        rg_table_cell(&table, column->column);
        rg_table_cell(&table, rg_verdict_name(column->verdict));
        rg_table_cell(&table,
                      column->reason != RG_REASON_NONE ? rg_reason_text(column->reason) : "");
        bytes_cell(&table, bytes);
        shown++;
    }
    rg_table_fini(&table);
    if (!is_verbose && working > shown)
        rg_buffer_printf(out, "and %zu more; --verbose shows all columns\n", working - shown);
}

static void write_rest(const struct rg_plan_text *plan, struct rg_buffer *out)
{
    const struct rg_partition_plan *total = plan->total;
    char figure[RG_FIGURE_BYTES_MAX];

    if (total->file_done_count > 0)
        rg_buffer_printf(out, "%s file%s recorded already\n",
                         rg_figure_count(total->file_done_count, figure),
                         total->file_done_count == 1 ? " is" : "s are");
    if (total->file_good_count > 0)
        rg_buffer_printf(out, "%s file%s good already\n",
                         rg_figure_count(total->file_good_count, figure),
                         total->file_good_count == 1 ? " is" : "s are");
    if (plan->report->file_waiting_count > 0)
        rg_buffer_printf(out, "%s file%s for more in %s (--min-input-files)\n",
                         rg_figure_count(plan->report->file_waiting_count, figure),
                         plan->report->file_waiting_count == 1 ? " waits" : "s wait",
                         plan->report->file_waiting_count == 1 ? "its partition"
                                                               : "their partitions");
    if (total->file_alone_count > 0)
        rg_buffer_printf(out, "%s file%s left alone\n",
                         rg_figure_count(total->file_alone_count, figure),
                         total->file_alone_count == 1 ? " is" : "s are");
}

enum rg_status rg_plan_text_write(const struct rg_plan_text *plan, bool is_verbose,
                                  struct rg_outlet *outlet, struct rg_error *err)
{
    if (plan->total->file_in_count == 0) {
        rg_buffer_append_text(&outlet->buffer, "nothing to do\n");
    } else {
        RG_TRY(write_partitions(plan, outlet, err));
        write_columns(plan, is_verbose, &outlet->buffer);
    }
    write_rest(plan, &outlet->buffer);
    return rg_outlet_flush(outlet, err);
}

static void json_partition(struct rg_json *json, const char *name,
                           const struct rg_partition_plan *plan)
{
    rg_json_object_begin(json, name);
    if (plan->path != NULL)
        rg_json_text(json, "partition", plan->path);
    rg_json_u64(json, "batches", plan->batch_count);
    rg_json_u64(json, "files_in", plan->file_in_count);
    rg_json_u64(json, "files_out", plan->file_out_count);
    rg_json_u64(json, "row_groups_in", plan->row_group_in_count);
    rg_json_u64(json, "row_groups_out", plan->row_group_out_count);
    rg_json_u64(json, "rows", plan->row_count);
    rg_json_u64(json, "bytes_in", plan->in_bytes);
    rg_json_u64(json, "bytes_out", plan->out_bytes);
    if (plan->out_bytes_min < plan->out_bytes)
        rg_json_u64(json, "bytes_out_min", plan->out_bytes_min);
    rg_json_u64(json, "bytes_out_max", plan->out_bytes_max);
    rg_json_u64(json, "requests", plan->request_count);
    rg_json_u64(json, "memory_bytes", plan->memory_bytes);
    rg_json_u64(json, "memory_bytes_min", plan->memory_bytes_min);
    rg_json_u64(json, "files_left_alone", plan->file_alone_count);
    rg_json_u64(json, "files_recorded_before", plan->file_done_count);
    rg_json_u64(json, "files_good_already", plan->file_good_count);
    rg_json_array_begin(json, "columns");
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct rg_column_forecast *column = &plan->columns[i];

        rg_json_object_begin(json, NULL);
        rg_json_text(json, "column", column->column);
        rg_json_text(json, "verdict", rg_verdict_name(column->verdict));
        if (column->reason != RG_REASON_NONE)
            rg_json_text(json, "reason", rg_reason_text(column->reason));
        rg_json_object_begin(json, "bytes_in");
        for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
            if (column->in_bytes[v] > 0)
                rg_json_u64(json, rg_verdict_name((enum rg_verdict)v), column->in_bytes[v]);
        rg_json_object_end(json);
        rg_json_object_end(json);
    }
    rg_json_array_end(json);
    rg_json_object_end(json);
}

enum rg_status rg_plan_text_json(const struct rg_plan_text *plan, struct rg_outlet *outlet,
                                 struct rg_error *err)
{
    struct rg_json json;

    rg_json_init(&json, &outlet->buffer);
    rg_json_object_begin(&json, NULL);
    rg_json_u64(&json, "v", 1);
    rg_json_text(&json, "source", plan->report->source);
    if (plan->report->dest != NULL)
        rg_json_text(&json, "dest", plan->report->dest);
    rg_json_bool(&json, "in_place", plan->report->dest == NULL);
    json_partition(&json, "total", plan->total);
    rg_json_array_begin(&json, "partitions");
    for (size_t i = 0; i < plan->partition_count; i++) {
        json_partition(&json, NULL, &plan->partitions[i]);
        RG_TRY(rg_outlet_pour(outlet, err));
    }
    rg_json_array_end(&json);
    rg_json_object_end(&json);
    rg_buffer_append_byte(&outlet->buffer, '\n');
    return rg_outlet_flush(outlet, err);
}
