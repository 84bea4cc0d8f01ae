/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two renderings behind one sequence of calls. JSON is written as it comes; of the text, the table
 * of row groups is open from rg_inspect_begin() on unless chunks are shown, when each row group has
 * its own table of chunks and, with pages, each chunk its own of pages.
 */

#include "report/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/figures.h"

void rg_inspect_init(struct rg_inspect *inspect, const struct rg_file_view *view,
                     const struct rg_file_info *info, const struct rg_allocator *allocator,
                     rg_write_fn *write, void *user)
{
    *inspect = (struct rg_inspect){.view = *view, .info = info};
    rg_outlet_init(&inspect->outlet, allocator, write, user);
    rg_json_init(&inspect->json, &inspect->outlet.buffer);
    /* So that fini is fine at any time. */
    rg_buffer_init(&inspect->table.cells, allocator, 0);
}

void rg_inspect_fini(struct rg_inspect *inspect)
{
    rg_buffer_fini(&inspect->table.cells);
    rg_outlet_fini(&inspect->outlet);
}

bool rg_inspect_wants_chunks(const struct rg_inspect *inspect)
{
    return inspect->view.is_json || inspect->view.has_pages || inspect->view.is_verbose;
}

/* The words of `list` as an array. */
static void json_words(struct rg_json *json, const char *name, const char *list)
{
    rg_json_array_begin(json, name);
    while (*list != 0) {
        const size_t bytes = strcspn(list, " ");

        rg_json_span(json, NULL, (struct rg_span){(const uint8_t *)list, bytes});
        list += bytes;
        list += strspn(list, " ");
    }
    rg_json_array_end(json);
}

static void json_text_or_null(struct rg_json *json, const char *name, const char *text)
{
    if (text != NULL)
        rg_json_text(json, name, text);
    else
        rg_json_null(json, name);
}

static void json_column(struct rg_json *json, const struct rg_column_info *column)
{
    rg_json_object_begin(json, NULL);
    rg_json_text(json, "path", column->path);
    rg_json_text(json, "type", column->type);
    rg_json_text(json, "annotation", column->annotation);
    rg_json_text(json, "repetition", column->repetition);
    rg_json_u64(json, "definition_level_max", column->def_max);
    rg_json_u64(json, "repetition_level_max", column->rep_max);
    if (column->has_field_id)
        rg_json_i64(json, "field_id", column->field_id);
    rg_json_text(json, "codec", column->codec);
    json_words(json, "encodings", column->encodings);
    rg_json_u64(json, "values", column->value_count);
    rg_json_u64(json, "compressed_bytes", column->compressed_bytes);
    rg_json_u64(json, "uncompressed_bytes", column->uncompressed_bytes);
    rg_json_object_end(json);
}

static void json_begin(struct rg_inspect *inspect)
{
    struct rg_json *json = &inspect->json;
    const struct rg_file_info *info = inspect->info;

    rg_json_object_begin(json, NULL);
    rg_json_u64(json, "v", 1);
    rg_json_text(json, "path", info->path);
    rg_json_u64(json, "bytes", info->bytes);
    rg_json_u64(json, "footer_bytes", info->footer_bytes);
    rg_json_i64(json, "format_version", info->version);
    json_text_or_null(json, "created_by", info->created_by);
    rg_json_bool(json, "encrypted", info->is_encrypted);
    rg_json_u64(json, "rows", info->row_count);
    rg_json_u64(json, "rows_said", info->row_count_said);
    rg_json_u64(json, "compressed_bytes", info->compressed_bytes);
    rg_json_u64(json, "uncompressed_bytes", info->uncompressed_bytes);
    rg_json_array_begin(json, "key_values");
    for (uint32_t i = 0; i < info->key_value_count; i++) {
        const struct rg_key_value_info *pair = &info->key_values[i];

        rg_json_object_begin(json, NULL);
        rg_json_text(json, "key", pair->key);
        if (pair->value != NULL)
            rg_json_span(json, "value",
                         (struct rg_span){(const uint8_t *)pair->value, pair->value_bytes});
        else
            rg_json_null(json, "value");
        rg_json_object_end(json);
    }
    rg_json_array_end(json);
    rg_json_array_begin(json, "columns");
    for (uint32_t i = 0; i < info->column_count; i++)
        json_column(json, &info->columns[i]);
    rg_json_array_end(json);
    rg_json_array_begin(json, "row_groups");
}

static void json_row_group_begin(struct rg_inspect *inspect)
{
    struct rg_json *json = &inspect->json;
    const struct rg_row_group_info *row_group = inspect->row_group;

    rg_json_object_begin(json, NULL);
    rg_json_u64(json, "rows", row_group->row_count);
    rg_json_u64(json, "compressed_bytes", row_group->compressed_bytes);
    rg_json_u64(json, "uncompressed_bytes", row_group->uncompressed_bytes);
    rg_json_text(json, "sorted_by", row_group->sorting);
    rg_json_array_begin(json, "chunks");
}

static void json_chunk_begin(struct rg_inspect *inspect, uint32_t column_index)
{
    struct rg_json *json = &inspect->json;
    const struct rg_chunk_info *chunk = &inspect->row_group->chunks[column_index];

    rg_json_object_begin(json, NULL);
    rg_json_text(json, "column", inspect->info->columns[column_index].path);
    rg_json_text(json, "codec", chunk->codec);
    json_words(json, "encodings", chunk->encodings);
    rg_json_u64(json, "values", chunk->value_count);
    rg_json_u64(json, "compressed_bytes", chunk->compressed_bytes);
    rg_json_u64(json, "uncompressed_bytes", chunk->uncompressed_bytes);
    rg_json_u64(json, "data_page_offset", chunk->data_page_offset);
    if (chunk->has_dictionary)
        rg_json_u64(json, "dictionary_page_offset", chunk->dictionary_page_offset);
    if (chunk->has_null_count)
        rg_json_u64(json, "nulls", chunk->null_count);
    if (chunk->min != NULL) {
        rg_json_text(json, "min", chunk->min);
        rg_json_bool(json, "min_exact", chunk->is_min_exact);
    }
    if (chunk->max != NULL) {
        rg_json_text(json, "max", chunk->max);
        rg_json_bool(json, "max_exact", chunk->is_max_exact);
    }
    if (chunk->offset_index_bytes > 0)
        rg_json_u64(json, "offset_index_bytes", chunk->offset_index_bytes);
    if (chunk->column_index_bytes > 0)
        rg_json_u64(json, "column_index_bytes", chunk->column_index_bytes);
    if (chunk->has_bloom_filter) {
        rg_json_u64(json, "bloom_filter_offset", chunk->bloom_filter_offset);
        if (chunk->bloom_filter_bytes > 0) /* Old writers do not say it. */
            rg_json_u64(json, "bloom_filter_bytes", chunk->bloom_filter_bytes);
    }
    if (inspect->view.has_pages)
        rg_json_array_begin(json, "pages");
}

static void json_page(struct rg_inspect *inspect, const struct rg_page_info *page)
{
    struct rg_json *json = &inspect->json;

    rg_json_object_begin(json, NULL);
    rg_json_text(json, "kind", page->kind);
    rg_json_text(json, "encoding", page->encoding);
    rg_json_u64(json, "offset", page->offset);
    rg_json_u64(json, "header_bytes", page->header_bytes);
    rg_json_u64(json, "compressed_bytes", page->compressed_bytes);
    rg_json_u64(json, "uncompressed_bytes", page->uncompressed_bytes);
    rg_json_u64(json, "values", page->value_count);
    if (page->has_row_count) {
        rg_json_u64(json, "rows", page->row_count);
        if (page->has_null_count)
            rg_json_u64(json, "nulls", page->null_count);
        rg_json_bool(json, "compressed", page->is_compressed);
    }
    if (page->has_crc)
        rg_json_u64(json, "crc", page->crc);
    rg_json_bool(json, "statistics", page->has_statistics);
    rg_json_object_end(json);
}

/* "dict", or "dict 3/5" when only some row groups have it. */
static void append_count(char *text, size_t bytes, const char *word, uint32_t count, uint32_t all)
{
    const size_t at = strlen(text);

    if (count == 0)
        return;
    if (count == all)
        snprintf(text + at, bytes - at, "%s%s", at > 0 ? " " : "", word);
    else
        snprintf(text + at, bytes - at, "%s%s %u/%u", at > 0 ? " " : "", word, (unsigned)count,
                 (unsigned)all);
}

static void text_columns(struct rg_inspect *inspect)
{
    static const char *const headings[] = {
        "column",    "type",    "annotation",  "repetition",    "codec",
        "encodings", ">values", ">compressed", ">uncompressed", "indexes"};
    const struct rg_file_info *info = inspect->info;
    struct rg_table table;

    rg_table_init(&table, &inspect->outlet.buffer, 2, headings,
                  sizeof headings / sizeof headings[0]);
    for (uint32_t i = 0; i < info->column_count; i++) {
        const struct rg_column_info *column = &info->columns[i];
        char figure[RG_FIGURE_BYTES_MAX];
        char indexes[128] = "";

        rg_table_cell(&table, column->path);
        rg_table_cell(&table, column->type);
        rg_table_cell(&table, column->annotation);
        rg_table_cell(&table, column->repetition);
        rg_table_cell(&table, column->codec);
        rg_table_cell(&table, column->encodings);
        rg_table_cell(&table, rg_figure_count(column->value_count, figure));
        rg_table_cell(&table, rg_figure_bytes(column->compressed_bytes, figure));
        rg_table_cell(&table, rg_figure_bytes(column->uncompressed_bytes, figure));
        append_count(indexes, sizeof indexes, "dictionary", column->dictionary_count,
                     info->row_group_count);
        append_count(indexes, sizeof indexes, "offsets", column->offset_index_count,
                     info->row_group_count);
        append_count(indexes, sizeof indexes, "bounds", column->column_index_count,
                     info->row_group_count);
        append_count(indexes, sizeof indexes, "bloom", column->bloom_filter_count,
                     info->row_group_count);
        rg_table_cell(&table, indexes);
    }
    rg_table_fini(&table);
}

static void text_key_values(struct rg_inspect *inspect)
{
    struct rg_buffer *out = &inspect->outlet.buffer;

    for (uint32_t i = 0; i < inspect->info->key_value_count; i++) {
        const struct rg_key_value_info *pair = &inspect->info->key_values[i];
        const bool is_short = pair->value != NULL && pair->value_bytes <= 60;
        char figure[RG_FIGURE_BYTES_MAX];

        rg_buffer_append_text(out, i == 0 ? "  key-values  " : "              ");
        rg_table_text(out, pair->key);
        if (pair->value == NULL) {
            rg_buffer_append_byte(out, '\n');
        } else if (is_short) {
            rg_buffer_append_text(out, " = ");
            rg_table_text(out, pair->value);
            rg_buffer_append_byte(out, '\n');
        } else {
            rg_buffer_printf(out, " (%s)\n", rg_figure_bytes(pair->value_bytes, figure));
        }
    }
}

static void text_begin(struct rg_inspect *inspect)
{
    static const char *const headings[] = {">row group", ">rows", ">compressed", ">uncompressed",
                                           "sorted by"};
    struct rg_buffer *out = &inspect->outlet.buffer;
    const struct rg_file_info *info = inspect->info;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    rg_table_text(out, info->path);
    rg_buffer_printf(out, "\n  rows        %s in %s row group%s, %u column%s\n",
                     rg_figure_count(info->row_count, a), rg_figure_count(info->row_group_count, b),
                     rg_figure_plural(info->row_group_count), (unsigned)info->column_count,
                     rg_figure_plural(info->column_count));
    if (info->row_count_said != info->row_count)
        rg_buffer_printf(out, "              (the footer says %s)\n",
                         rg_figure_count(info->row_count_said, a));
    rg_buffer_printf(out, "  size        %s", rg_figure_bytes(info->bytes, a));
    rg_buffer_printf(out, ", data %s", rg_figure_bytes(info->compressed_bytes, a));
    rg_buffer_printf(out, " of %s uncompressed", rg_figure_bytes(info->uncompressed_bytes, a));
    rg_buffer_printf(out, ", footer %s\n", rg_figure_bytes(info->footer_bytes, a));
    rg_buffer_append_text(out, "  created by  ");
    rg_table_text(out, info->created_by != NULL ? info->created_by : "(not said)");
    rg_buffer_printf(out, "\n  format      version %d%s\n", (int)info->version,
                     info->is_encrypted ? ", encrypted" : "");
    text_key_values(inspect);
    rg_buffer_append_byte(out, '\n');
    text_columns(inspect);
    rg_buffer_append_byte(out, '\n');
    if (!rg_inspect_wants_chunks(inspect)) {
        rg_buffer_fini(&inspect->table.cells);
        rg_table_init(&inspect->table, out, 2, headings, sizeof headings / sizeof headings[0]);
    }
}

static void text_chunks(struct rg_inspect *inspect)
{
    static const char *const headings[] = {"column", "codec",       "encodings",     ">values",
                                           ">nulls", ">compressed", ">uncompressed", ">at",
                                           "min",    "max"};
    const struct rg_row_group_info *row_group = inspect->row_group;
    struct rg_table table;

    rg_table_init(&table, &inspect->outlet.buffer, 2, headings,
                  sizeof headings / sizeof headings[0]);
    for (uint32_t i = 0; i < row_group->chunk_count; i++) {
        const struct rg_chunk_info *chunk = &row_group->chunks[i];
        const bool dictionary_first =
            chunk->has_dictionary && chunk->dictionary_page_offset < chunk->data_page_offset;
        char figure[RG_FIGURE_BYTES_MAX];

        rg_table_cell(&table, inspect->info->columns[i].path);
        rg_table_cell(&table, chunk->codec);
        rg_table_cell(&table, chunk->encodings);
        rg_table_cell(&table, rg_figure_count(chunk->value_count, figure));
        rg_table_cell(&table,
                      chunk->has_null_count ? rg_figure_count(chunk->null_count, figure) : "?");
        rg_table_cell(&table, rg_figure_bytes(chunk->compressed_bytes, figure));
        rg_table_cell(&table, rg_figure_bytes(chunk->uncompressed_bytes, figure));
        snprintf(figure, sizeof figure, "%" PRIu64,
                 dictionary_first ? chunk->dictionary_page_offset : chunk->data_page_offset);
        rg_table_cell(&table, figure);
        rg_table_cell(&table, chunk->min);
        rg_table_cell(&table, chunk->max);
    }
    rg_table_fini(&table);
}

static void text_row_group_begin(struct rg_inspect *inspect)
{
    const struct rg_row_group_info *row_group = inspect->row_group;
    struct rg_buffer *out = &inspect->outlet.buffer;
    char figure[RG_FIGURE_BYTES_MAX];

    if (!rg_inspect_wants_chunks(inspect)) {
        snprintf(figure, sizeof figure, "%u", (unsigned)inspect->row_group_index);
        rg_table_cell(&inspect->table, figure);
        rg_table_cell(&inspect->table, rg_figure_count(row_group->row_count, figure));
        rg_table_cell(&inspect->table, rg_figure_bytes(row_group->compressed_bytes, figure));
        rg_table_cell(&inspect->table, rg_figure_bytes(row_group->uncompressed_bytes, figure));
        rg_table_cell(&inspect->table, row_group->sorting);
        return;
    }
    rg_buffer_printf(out, "row group %u: %s row%s", (unsigned)inspect->row_group_index,
                     rg_figure_count(row_group->row_count, figure),
                     rg_figure_plural(row_group->row_count));
    rg_buffer_printf(out, ", %s compressed", rg_figure_bytes(row_group->compressed_bytes, figure));
    rg_buffer_printf(out, ", %s uncompressed",
                     rg_figure_bytes(row_group->uncompressed_bytes, figure));
    if (row_group->sorting[0] != 0) {
        rg_buffer_append_text(out, ", sorted by ");
        rg_table_text(out, row_group->sorting);
    }
    rg_buffer_append_byte(out, '\n');
    text_chunks(inspect);
    rg_buffer_append_byte(out, '\n');
}

static void text_chunk_begin(struct rg_inspect *inspect, uint32_t column_index)
{
    static const char *const headings[] = {">page",   "kind",          "encoding", ">at",
                                           ">values", ">rows",         ">nulls",   ">header",
                                           ">bytes",  ">uncompressed", "crc"};
    struct rg_buffer *out = &inspect->outlet.buffer;

    if (!inspect->view.has_pages)
        return;
    rg_buffer_printf(out, "row group %u, column ", (unsigned)inspect->row_group_index);
    rg_table_text(out, inspect->info->columns[column_index].path);
    rg_buffer_append_byte(out, '\n');
    rg_buffer_fini(&inspect->table.cells);
    rg_table_init(&inspect->table, out, 2, headings, sizeof headings / sizeof headings[0]);
}

static void text_page(struct rg_inspect *inspect, const struct rg_page_info *page)
{
    struct rg_table *table = &inspect->table;
    char figure[RG_FIGURE_BYTES_MAX];

    snprintf(figure, sizeof figure, "%u", (unsigned)inspect->page_index);
    rg_table_cell(table, figure);
    rg_table_cell(table, page->kind);
    rg_table_cell(table, page->encoding);
    snprintf(figure, sizeof figure, "%" PRIu64, page->offset);
    rg_table_cell(table, figure);
    rg_table_cell(table, rg_figure_count(page->value_count, figure));
    rg_table_cell(table, page->has_row_count ? rg_figure_count(page->row_count, figure) : "");
    rg_table_cell(table, page->has_null_count  ? rg_figure_count(page->null_count, figure)
                         : page->has_row_count ? "?"
                                               : "");
    rg_table_cell(table, rg_figure_count(page->header_bytes, figure));
    rg_table_cell(table, rg_figure_count(page->compressed_bytes, figure));
    rg_table_cell(table, page->is_compressed ? rg_figure_count(page->uncompressed_bytes, figure)
                                             : "stored");
    snprintf(figure, sizeof figure, "%08x", (unsigned)page->crc);
    rg_table_cell(table, page->has_crc ? figure : "");
}

enum rg_status rg_inspect_begin(struct rg_inspect *inspect, struct rg_error *err)
{
    if (inspect->view.is_json)
        json_begin(inspect);
    else
        text_begin(inspect);
    return rg_outlet_pour(&inspect->outlet, err);
}

enum rg_status rg_inspect_row_group_begin(struct rg_inspect *inspect, uint32_t row_group_index,
                                          const struct rg_row_group_info *row_group,
                                          struct rg_error *err)
{
    inspect->row_group = row_group;
    inspect->row_group_index = row_group_index;
    inspect->is_in_row_group = true;
    if (inspect->view.is_json)
        json_row_group_begin(inspect);
    else
        text_row_group_begin(inspect);
    return rg_outlet_pour(&inspect->outlet, err);
}

enum rg_status rg_inspect_chunk_begin(struct rg_inspect *inspect, uint32_t column_index,
                                      struct rg_error *err)
{
    inspect->page_index = 0;
    inspect->is_in_chunk = true;
    if (inspect->view.is_json)
        json_chunk_begin(inspect, column_index);
    else
        text_chunk_begin(inspect, column_index);
    return rg_outlet_pour(&inspect->outlet, err);
}

enum rg_status rg_inspect_page(struct rg_inspect *inspect, const struct rg_page_info *page,
                               struct rg_error *err)
{
    if (inspect->view.is_json)
        json_page(inspect, page);
    else
        text_page(inspect, page);
    inspect->page_index++;
    return rg_outlet_pour(&inspect->outlet, err);
}

static void end_chunk(struct rg_inspect *inspect)
{
    inspect->is_in_chunk = false;
    if (inspect->view.is_json) {
        if (inspect->view.has_pages)
            rg_json_array_end(&inspect->json);
        rg_json_object_end(&inspect->json);
    } else if (inspect->view.has_pages) {
        rg_table_flush(&inspect->table);
        rg_buffer_append_byte(&inspect->outlet.buffer, '\n');
    }
}

enum rg_status rg_inspect_chunk_end(struct rg_inspect *inspect, struct rg_error *err)
{
    end_chunk(inspect);
    return rg_outlet_pour(&inspect->outlet, err);
}

static void end_row_group(struct rg_inspect *inspect)
{
    inspect->is_in_row_group = false;
    if (inspect->view.is_json) {
        rg_json_array_end(&inspect->json);
        rg_json_object_end(&inspect->json);
    }
}

enum rg_status rg_inspect_row_group_end(struct rg_inspect *inspect, struct rg_error *err)
{
    end_row_group(inspect);
    return rg_outlet_pour(&inspect->outlet, err);
}

static void end_file(struct rg_inspect *inspect, const char *why)
{
    if (inspect->view.is_json) {
        rg_json_array_end(&inspect->json);
        if (why != NULL)
            rg_json_text(&inspect->json, "error", why);
        rg_json_object_end(&inspect->json);
        rg_buffer_append_byte(&inspect->outlet.buffer, '\n');
    } else if (!rg_inspect_wants_chunks(inspect)) {
        rg_table_flush(&inspect->table);
    }
}

enum rg_status rg_inspect_end(struct rg_inspect *inspect, struct rg_error *err)
{
    end_file(inspect, NULL);
    return rg_outlet_flush(&inspect->outlet, err);
}

enum rg_status rg_inspect_break(struct rg_inspect *inspect, const char *why, struct rg_error *err)
{
    if (inspect->is_in_chunk)
        end_chunk(inspect);
    if (inspect->is_in_row_group)
        end_row_group(inspect);
    end_file(inspect, why);
    return rg_outlet_flush(&inspect->outlet, err);
}
