/* SPDX-License-Identifier: Apache-2.0 */

#include "report/report_json.h"

void rg_report_json_init(struct rg_report_json *document, const struct rg_allocator *allocator,
                         rg_write_fn *write, void *user)
{
    *document = (struct rg_report_json){0};
    rg_outlet_init(&document->outlet, allocator, write, user);
    rg_json_init(&document->json, &document->outlet.buffer);
}

void rg_report_json_fini(struct rg_report_json *document)
{
    rg_outlet_fini(&document->outlet);
}

static void begin(struct rg_report_json *document)
{
    if (document->is_begun)
        return;
    document->is_begun = true;
    rg_json_object_begin(&document->json, NULL);
    rg_json_u64(&document->json, "v", 1);
    rg_json_array_begin(&document->json, "replaced");
}

/* Poured as it grows: a batch can have a hundred thousand inputs. */
static enum rg_status write_files(struct rg_report_json *document, const char *name,
                                  const struct rg_batch_file *files, size_t count,
                                  struct rg_error *err)
{
    struct rg_json *json = &document->json;

    rg_json_array_begin(json, name);
    for (size_t i = 0; i < count; i++) {
        rg_json_object_begin(json, NULL);
        rg_json_text(json, "path", files[i].path);
        rg_json_u64(json, "rows", files[i].row_count);
        rg_json_u64(json, "bytes", files[i].bytes);
        if (files[i].is_home)
            rg_json_bool(json, "home", true);
        rg_json_object_end(json);
        RG_TRY(rg_outlet_pour(&document->outlet, err));
    }
    rg_json_array_end(json);
    return RG_OK;
}

enum rg_status rg_report_json_batch(struct rg_report_json *document,
                                    const struct rg_report_batch *batch, struct rg_error *err)
{
    struct rg_json *json = &document->json;

    begin(document);
    rg_json_object_begin(json, NULL);
    rg_json_text(json, "partition", batch->partition);
    rg_json_u64(json, "record", batch->record_number);
    RG_TRY(write_files(document, "inputs", batch->inputs, batch->input_count, err));
    RG_TRY(write_files(document, "outputs", batch->outputs, batch->output_count, err));
    rg_json_object_end(json);
    return rg_outlet_flush(&document->outlet, err);
}

void rg_report_json_counts(struct rg_json *json, const struct rg_report *report)
{
    rg_json_u64(json, "partitions", report->partition_count);
    rg_json_u64(json, "partitions_written", report->partition_written_count);
    rg_json_u64(json, "batches", report->batch_count);
    rg_json_u64(json, "files_seen", report->file_seen_count);
    rg_json_u64(json, "files_recorded_before", report->file_done_count);
    rg_json_u64(json, "files_good_already", report->file_good_count);
    rg_json_u64(json, "files_waiting", report->file_waiting_count);
    rg_json_u64(json, "files_left_alone", report->file_alone_count);
    if (report->batch_smaller_count > 0)
        rg_json_u64(json, "batches_made_smaller", report->batch_smaller_count);
    rg_json_u64(json, "files_in", report->file_in_count);
    rg_json_u64(json, "files_out", report->file_out_count);
    rg_json_u64(json, "row_groups_in", report->row_group_in_count);
    rg_json_u64(json, "row_groups_out", report->row_group_out_count);
    rg_json_u64(json, "rows", report->row_count);
    rg_json_u64(json, "bytes_in", report->in_bytes);
    rg_json_u64(json, "bytes_out", report->out_bytes);
    rg_json_u64(json, "bytes_out_planned", report->planned_out_bytes);
    rg_json_u64(json, "bytes_out_planned_max", report->planned_out_bytes_max);
    rg_json_u64(json, "files_deleted", report->deleted_count);
    rg_json_u64(json, "bytes_deleted", report->deleted_bytes);
    rg_json_u64(json, "wall_ns", report->wall_ns);
    rg_json_u64(json, "cpu_ns", report->cpu_ns);
    rg_json_u64(json, "memory_limit_bytes", report->memory_limit_bytes);
    rg_json_u64(json, "memory_peak_bytes", report->memory_peak_bytes);
    rg_json_u64(json, "requests", report->request_count);
    rg_json_u64(json, "retries", report->retry_count);
}

void rg_report_json_end(struct rg_json *json, enum rg_status status, const char *error)
{
    rg_json_text(json, "status", status == RG_OK ? "ok" : rg_status_name(status));
    if (status != RG_OK && error != NULL)
        rg_json_text(json, "text", error);
}

/* Members of the object that is open: what moved how, and why. */
static void write_moves(struct rg_json *json, const struct rg_moves *moves)
{
    char text[RG_CODEC_TEXT_MAX];

    rg_json_object_begin(json, "moves");
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        if (moves->pages[v] == 0)
            continue;
        rg_json_object_begin(json, rg_verdict_name((enum rg_verdict)v));
        rg_json_u64(json, "pages", moves->pages[v]);
        rg_json_u64(json, "bytes_in", moves->in_bytes[v]);
        rg_json_u64(json, "bytes_out", moves->out_bytes[v]);
        rg_json_object_end(json);
    }
    rg_json_object_end(json);
    rg_json_object_begin(json, "reasons");
    for (unsigned r = RG_REASON_NONE + 1; r < RG_REASON_COUNT; r++)
        if (moves->reason_pages[r] > 0)
            rg_json_u64(json, rg_reason_text((enum rg_reason)r), moves->reason_pages[r]);
    rg_json_object_end(json);
    /* Of what was compressed in this run: with levels, those that keep stands for too. */
    rg_json_array_begin(json, "compressed_with");
    for (unsigned codec = 0; codec < RG_MOVES_CODECS; codec++)
        if ((moves->codecs & 1U << codec) != 0)
            rg_json_text(json, NULL, rg_moves_codec(moves, codec, text));
    rg_json_array_end(json);
}

static void write_alone(struct rg_json *json, const struct rg_report *report)
{
    rg_json_array_begin(json, "left_alone");
    for (size_t i = 0; i < report->alone_count; i++) {
        rg_json_object_begin(json, NULL);
        rg_json_text(json, "path", report->alone[i].path);
        rg_json_text(json, "status", rg_status_name(report->alone[i].status));
        rg_json_text(json, "reason", report->alone[i].text);
        rg_json_object_end(json);
    }
    rg_json_array_end(json);
}

static void write_settings(struct rg_json *json, const struct rg_setting *settings, size_t count)
{
    rg_json_array_begin(json, "settings");
    for (size_t i = 0; i < count; i++) {
        rg_json_object_begin(json, NULL);
        rg_json_text(json, "name", settings[i].name);
        if (settings[i].value != NULL)
            rg_json_text(json, "value", settings[i].value);
        else
            rg_json_null(json, "value");
        rg_json_text(json, "origin", settings[i].origin);
        rg_json_object_end(json);
    }
    rg_json_array_end(json);
}

enum rg_status rg_report_json_finish(struct rg_report_json *document,
                                     const struct rg_report *report,
                                     const struct rg_setting *settings, size_t setting_count,
                                     struct rg_error *err)
{
    struct rg_json *json = &document->json;

    begin(document);
    rg_json_array_end(json);
    rg_json_text(json, "source", report->source);
    if (report->dest != NULL)
        rg_json_text(json, "dest", report->dest);
    rg_json_bool(json, "in_place", report->dest == NULL);
    rg_json_bool(json, "dry_run", report->is_dry_run);
    rg_report_json_end(json, report->status, report->error);
    rg_json_object_begin(json, "summary");
    rg_report_json_counts(json, report);
    rg_json_object_end(json);
    write_moves(json, &report->moves);
    rg_json_array_begin(json, "columns");
    for (size_t i = 0; i < report->column_count; i++) {
        rg_json_object_begin(json, NULL);
        rg_json_text(json, "column", report->columns[i].column);
        write_moves(json, &report->columns[i].moves);
        rg_json_object_end(json);
        RG_TRY(rg_outlet_pour(&document->outlet, err));
    }
    rg_json_array_end(json);
    if (report->lacks_columns)
        rg_json_bool(json, "columns_incomplete", true);
    write_alone(json, report);
    if (report->explanation != NULL)
        rg_json_text(json, "explanation", report->explanation);
    write_settings(json, settings, setting_count);
    rg_json_object_end(json);
    rg_buffer_append_byte(&document->outlet.buffer, '\n');
    return rg_outlet_flush(&document->outlet, err);
}
