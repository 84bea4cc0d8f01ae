/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An open file is a place and what was parsed of the footer. `arena` lives as long as the
 * file, `group_arena` holds the row group that was asked for last, `page_arena` the window through
 * which page headers are looked at.
 *
 * Not here: how it is shown (report/inspect.h), the text of values (parquet/value_text.h).
 */

#include "api/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/read_footer.h"
#include "api/sized.h"
#include "base/limits.h"
#include "compact/places.h"
#include "parquet/footer.h"
#include "parquet/page_header.h"
#include "parquet/schema.h"
#include "parquet/value_text.h"
#include "plan/options.h"
#include "report/inspect.h"

/* A footer of 100 MB grows about eightfold when it is parsed; the rest is headroom. */
static const size_t arena_bytes_max = (size_t)2 << 30;

/* The window's first size; it grows for large headers. */
static const size_t window_bytes_first = (size_t)64 << 10;

struct rg_file {
    struct rg_place place;
    struct rg_arena arena;
    struct rg_arena group_arena;
    struct rg_arena page_arena;
    struct rg_file_meta meta;
    struct rg_object_id id; /* Whose footer `meta` is. */
    struct rg_file_info info;
    struct rg_row_group_info row_group;
};

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for what the footer says");
}

/* A copy that ends in a NUL; NULL without memory. */
static const char *copy_span(struct rg_arena *arena, struct rg_span text)
{
    return (const char *)rg_arena_copy(arena, text).data;
}

static const char *copy_text(struct rg_arena *arena, const char *text)
{
    return copy_span(arena, rg_span_of(text));
}

static enum rg_status open_place(struct rg_file *file, const char *path,
                                 const struct rg_options *options, struct rg_error *err)
{
    const struct rg_place_request request = {
        .text = path,
        .options = options,
        .allocator = &rg_allocator_system,
    };

    const enum rg_status status = rg_place_open(&request, &file->place, err);
    if (status == RG_ERR_ABSENT && !rg_place_is_s3(path))
        return rg_fail(err, RG_ERR_ABSENT, "%s: no such file", path);
    RG_TRY(status);
    if (file->place.only_file == NULL)
        return rg_fail(err, RG_ERR_INVALID, "%s: not a file", path);
    return RG_OK;
}

/* "PLAIN RLE_DICTIONARY": a bit for each encoding. */
static const char *encodings_text(struct rg_arena *arena, uint32_t encodings)
{
    char text[512] = "";
    size_t at = 0;

    for (unsigned i = 0; i < 32; i++) {
        const char *name = rg_encoding_name(i);
        const size_t bytes = strlen(name);
        const bool is_listed = (encodings >> i & 1) != 0 && at + bytes + 2 < sizeof text;

        if (!is_listed)
            continue;
        if (at > 0)
            text[at++] = ' ';
        memcpy(text + at, name, bytes + 1);
        at += bytes;
    }
    return copy_text(arena, text);
}

static const char *repetition_text(uint8_t repetition)
{
    return repetition == RG_REQUIRED   ? "REQUIRED"
           : repetition == RG_OPTIONAL ? "OPTIONAL"
                                       : "REPEATED";
}

static void sum_column(const struct rg_file_meta *meta, uint32_t index,
                       struct rg_column_info *column, uint32_t *ret_encodings)
{
    *ret_encodings = 0;
    column->codec = "-";
    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        const struct rg_column_chunk *chunk = &meta->row_groups[i].columns[index];
        const bool is_other = chunk->codec != meta->row_groups[0].columns[index].codec;

        if (i == 0)
            column->codec = rg_codec_name(chunk->codec);
        if (is_other)
            column->codec = "mixed";
        *ret_encodings |= chunk->encodings;
        column->value_count += chunk->value_count;
        column->compressed_bytes += chunk->compressed_bytes;
        column->uncompressed_bytes += chunk->uncompressed_bytes;
        column->dictionary_count += chunk->has_dictionary_offset;
        column->offset_index_count += chunk->offset_index_offset != 0;
        column->column_index_count += chunk->column_index_offset != 0;
        column->bloom_filter_count += chunk->has_bloom_filter_offset;
    }
}

static enum rg_status describe_column(struct rg_file *file, uint32_t index,
                                      struct rg_column_info *column, struct rg_error *err)
{
    const struct rg_schema *schema = &file->meta.schema;
    const struct rg_leaf *leaf = &schema->leaves[index];
    const struct rg_schema_element *element = &schema->elements[leaf->element_index];
    char text[RG_VALUE_TEXT_BYTES];
    uint32_t encodings;

    column->path = copy_span(&file->arena, leaf->path);
    column->type = copy_text(&file->arena, rg_leaf_type_text(leaf, text));
    column->annotation = copy_text(&file->arena, rg_annotation_text(element, text));
    column->repetition = repetition_text(element->repetition);
    column->def_max = leaf->def_max;
    column->rep_max = leaf->rep_max;
    column->has_field_id = element->has_field_id;
    column->field_id = element->field_id;
    sum_column(&file->meta, index, column, &encodings);
    column->encodings = encodings_text(&file->arena, encodings);
    const bool has_all = column->path != NULL && column->type != NULL &&
                         column->annotation != NULL && column->encodings != NULL;
    return has_all ? RG_OK : no_memory(err);
}

static enum rg_status describe_columns(struct rg_file *file, struct rg_error *err)
{
    const uint32_t count = file->meta.schema.leaf_count;
    struct rg_column_info *columns = rg_arena_array(&file->arena, count, sizeof *columns);

    if (columns == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        RG_TRY(describe_column(file, i, &columns[i], err));
        file->info.compressed_bytes += columns[i].compressed_bytes;
        file->info.uncompressed_bytes += columns[i].uncompressed_bytes;
    }
    file->info.columns = columns;
    file->info.column_count = count;
    return RG_OK;
}

static enum rg_status describe_key_values(struct rg_file *file, struct rg_error *err)
{
    const uint32_t count = file->meta.key_value_count;
    struct rg_key_value_info *pairs = rg_arena_array(&file->arena, count, sizeof *pairs);

    if (pairs == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_key_value *pair = &file->meta.key_values[i];
        const bool has_value = pair->value.data != NULL;

        pairs[i].key = copy_span(&file->arena, pair->key);
        if (has_value)
            pairs[i].value = copy_span(&file->arena, pair->value);
        pairs[i].value_bytes = pair->value.bytes;
        if (pairs[i].key == NULL || (has_value && pairs[i].value == NULL))
            return no_memory(err);
    }
    file->info.key_values = pairs;
    file->info.key_value_count = count;
    return RG_OK;
}

static enum rg_status describe_file(struct rg_file *file, const char *path, struct rg_error *err)
{
    struct rg_file_info *info = &file->info;
    const bool has_writer = file->meta.created_by.data != NULL;

    info->size = sizeof *info;
    info->path = copy_text(&file->arena, path);
    info->version = file->meta.version;
    info->row_count_said = file->meta.row_count;
    info->row_group_count = file->meta.row_group_count;
    info->is_encrypted = file->meta.is_encrypted;
    for (uint32_t i = 0; i < file->meta.row_group_count; i++)
        info->row_count += file->meta.row_groups[i].row_count;
    if (has_writer)
        info->created_by = copy_span(&file->arena, file->meta.created_by);
    if (info->path == NULL || (has_writer && info->created_by == NULL))
        return no_memory(err);
    RG_TRY(describe_columns(file, err));
    return describe_key_values(file, err);
}

/* The store's messages name the file already. */
static enum rg_status read_file(struct rg_file *file, const char *path, struct rg_error *err)
{
    struct rg_read_footer footer;
    enum rg_status status =
        rg_read_footer(file->place.store, file->place.only_file, &file->arena, &footer, err);

    if (status == RG_OK) {
        file->meta = footer.meta;
        file->id = footer.id;
        file->info.bytes = footer.id.bytes;
        file->info.footer_bytes = footer.footer_bytes;
        status = describe_file(file, path, err);
    }
    if (status != RG_OK && strstr(err->text, file->place.only_file) == NULL)
        return rg_within(err, "%s", path);
    return status;
}

/* Options of the caller, or all defaults where there are none. */
static enum rg_status open_file(struct rg_file *file, const char *path,
                                const struct rg_options *options, struct rg_error *err)
{
    struct rg_options defaults = {0};
    enum rg_status status = RG_OK;

    if (options == NULL)
        status = rg_options_init(&defaults, &rg_allocator_system, err);
    if (status == RG_OK)
        status = open_place(file, path, options != NULL ? options : &defaults, err);
    if (status == RG_OK)
        status = read_file(file, path, err);
    rg_options_fini(&defaults);
    return status;
}

enum rg_status rg_file_open(const char *path, const struct rg_options *options,
                            struct rg_file **ret_file, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    struct rg_file *file = rg_alloc(&rg_allocator_system, sizeof *file);

    if (file == NULL)
        return rg_fail(error, RG_ERR_NOMEM, "no memory to open a file");
    *file = (struct rg_file){0};
    rg_arena_init(&file->arena, &rg_allocator_system, arena_bytes_max);
    rg_arena_init(&file->group_arena, &rg_allocator_system, arena_bytes_max);
    rg_arena_init(&file->page_arena, &rg_allocator_system, arena_bytes_max);
    const enum rg_status status = open_file(file, path, options, error);
    if (status != RG_OK) {
        rg_file_close(file);
        return status;
    }
    *ret_file = file;
    return RG_OK;
}

void rg_file_close(struct rg_file *file)
{
    if (file == NULL)
        return;
    rg_place_close(&file->place, &rg_allocator_system);
    rg_arena_fini(&file->arena);
    rg_arena_fini(&file->group_arena);
    rg_arena_fini(&file->page_arena);
    rg_release(&rg_allocator_system, file, sizeof *file);
}

const struct rg_file_info *rg_file_describe(const struct rg_file *file)
{
    return &file->info;
}

/* "a, b desc nulls first". */
static const char *sorting_text(struct rg_file *file, const struct rg_row_group *group)
{
    const struct rg_schema *schema = &file->meta.schema;
    struct rg_buffer text;
    const char *copy = NULL;

    rg_buffer_init(&text, &rg_allocator_system, (size_t)16 << 20);
    for (uint32_t i = 0; i < group->sorting_column_count; i++) {
        const struct rg_sorting_column *column = &group->sorting_columns[i];

        if (i > 0)
            rg_buffer_append_text(&text, ", ");
        if (column->column_index < schema->leaf_count)
            rg_buffer_append(&text, schema->leaves[column->column_index].path.data,
                             schema->leaves[column->column_index].path.bytes);
        else
            rg_buffer_printf(&text, "column %u that is not there", column->column_index);
        rg_buffer_append_text(&text, column->is_descending ? " desc" : "");
        rg_buffer_append_text(&text, column->is_nulls_first ? " nulls first" : "");
    }
    if (!text.failed)
        copy = copy_span(&file->group_arena, rg_buffer_span(&text));
    rg_buffer_fini(&text);
    return copy;
}

/* The bound of the right field, or of the deprecated one, as text; NULL: none. */
static enum rg_status bound_text(struct rg_file *file, uint32_t column_index, struct rg_span value,
                                 struct rg_span old, const char **ret_text, struct rg_error *err)
{
    const struct rg_span bound = value.data != NULL ? value : old;
    char text[RG_VALUE_TEXT_BYTES];

    if (bound.data == NULL)
        return RG_OK;
    *ret_text =
        copy_text(&file->group_arena, rg_value_text(&file->meta.schema, column_index, bound, text));
    return *ret_text != NULL ? RG_OK : no_memory(err);
}

static enum rg_status describe_chunk(struct rg_file *file, uint32_t column_index,
                                     const struct rg_column_chunk *from, struct rg_chunk_info *to,
                                     struct rg_error *err)
{
    const struct rg_statistics *statistics = &from->statistics;

    *to = (struct rg_chunk_info){
        .codec = rg_codec_name(from->codec),
        .encodings = encodings_text(&file->group_arena, from->encodings),
        .value_count = from->value_count,
        .compressed_bytes = from->compressed_bytes,
        .uncompressed_bytes = from->uncompressed_bytes,
        .data_page_offset = from->data_page_offset,
        .has_dictionary = from->has_dictionary_offset,
        .dictionary_page_offset = from->dictionary_page_offset,
        .has_null_count = statistics->has_null_count,
        .null_count = statistics->null_count,
        .is_min_exact = statistics->has_min_exact && statistics->is_min_exact,
        .is_max_exact = statistics->has_max_exact && statistics->is_max_exact,
        .offset_index_bytes = from->offset_index_offset != 0 ? from->offset_index_length : 0,
        .column_index_bytes = from->column_index_offset != 0 ? from->column_index_length : 0,
        .has_bloom_filter = from->has_bloom_filter_offset,
        .bloom_filter_offset = from->bloom_filter_offset,
        .bloom_filter_bytes = from->has_bloom_filter_length ? from->bloom_filter_length : 0,
    };
    if (to->encodings == NULL)
        return no_memory(err);
    RG_TRY(bound_text(file, column_index, statistics->min_value, statistics->min, &to->min, err));
    return bound_text(file, column_index, statistics->max_value, statistics->max, &to->max, err);
}

enum rg_status rg_file_row_group(struct rg_file *file, uint32_t row_group_index,
                                 const struct rg_row_group_info **ret_row_group,
                                 struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    const uint32_t count = file->meta.schema.leaf_count;

    if (row_group_index >= file->meta.row_group_count)
        return rg_fail(error, RG_ERR_INVALID, "there is no row group %u, only %u of them",
                       row_group_index, file->meta.row_group_count);
    rg_arena_reset(&file->group_arena);

    const struct rg_row_group *group = &file->meta.row_groups[row_group_index];
    struct rg_chunk_info *chunks = rg_arena_array(&file->group_arena, count, sizeof *chunks);
    if (chunks == NULL)
        return no_memory(error);
    file->row_group = (struct rg_row_group_info){
        .size = sizeof file->row_group,
        .row_count = group->row_count,
        .sorting = sorting_text(file, group),
        .chunks = chunks,
        .chunk_count = count,
    };
    if (file->row_group.sorting == NULL)
        return no_memory(error);
    for (uint32_t i = 0; i < count; i++) {
        RG_TRY(describe_chunk(file, i, &group->columns[i], &chunks[i], error));
        file->row_group.compressed_bytes += chunks[i].compressed_bytes;
        file->row_group.uncompressed_bytes += chunks[i].uncompressed_bytes;
    }
    *ret_row_group = &file->row_group;
    return RG_OK;
}

/* A piece of the file; headers are parsed in it. */
struct window {
    struct rg_file *file;
    uint8_t *data;
    size_t room;
    size_t bytes;
    uint64_t offset; /* In the file. */
};

/* Makes the window begin at `offset`, with `wanted` bytes or as many as there are. */
static enum rg_status move_window(struct window *window, uint64_t offset, size_t wanted,
                                  struct rg_error *err)
{
    const uint64_t left = window->file->info.bytes - offset;

    if (wanted > window->room) {
        rg_arena_reset(&window->file->page_arena);
        window->data = rg_arena_alloc(&window->file->page_arena, wanted);
        window->room = window->data != NULL ? wanted : 0;
        if (window->data == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a page header");
    }
    window->bytes = wanted < left ? wanted : (size_t)left;
    window->offset = offset;
    return rg_read_bytes(window->file->place.store, window->file->place.only_file,
                         &window->file->id, offset, window->bytes, window->data, err);
}

/* Parses the header at `offset`, with windows that grow until it fits or makes no sense. */
static enum rg_status parse_header(struct window *window, uint64_t offset,
                                   struct rg_page_header *ret_header, size_t *ret_bytes,
                                   struct rg_error *err)
{
    const uint64_t window_end = window->offset + window->bytes;
    size_t wanted = window_bytes_first;

    if (offset >= window->offset && offset < window_end) {
        const size_t at = (size_t)(offset - window->offset);
        const struct rg_span rest = {window->data + at, window->bytes - at};

        if (rg_page_header_parse(rest, ret_header, ret_bytes, err) == RG_OK)
            return RG_OK;
    }
    for (;;) {
        RG_TRY(move_window(window, offset, wanted, err));
        const enum rg_status status = rg_page_header_parse(
            (struct rg_span){window->data, window->bytes}, ret_header, ret_bytes, err);
        const bool has_more = window->bytes == wanted && wanted < rg_page_header_bytes_max;

        if (status != RG_ERR_CORRUPT || !has_more)
            return status;
        wanted *= 8;
    }
}

static const char *kind_text(uint8_t type)
{
    switch (type) {
    case RG_PAGE_DATA:
        return "data";
    case RG_PAGE_INDEX:
        return "index";
    case RG_PAGE_DICTIONARY:
        return "dictionary";
    case RG_PAGE_DATA_V2:
        return "data v2";
    default:
        return "?";
    }
}

static struct rg_page_info describe_page(const struct rg_page_header *header, uint64_t offset,
                                         size_t header_bytes)
{
    return (struct rg_page_info){
        .size = sizeof(struct rg_page_info),
        .kind = kind_text(header->type),
        .encoding = rg_encoding_name(header->encoding),
        .offset = offset,
        .header_bytes = (uint32_t)header_bytes,
        .compressed_bytes = header->compressed_bytes,
        .uncompressed_bytes = header->uncompressed_bytes,
        .value_count = header->value_count,
        .has_row_count = header->type == RG_PAGE_DATA_V2,
        .row_count = header->row_count,
        .has_null_count = header->type == RG_PAGE_DATA_V2 && !header->lacks_null_count,
        .null_count = header->null_count,
        .is_compressed = header->is_compressed,
        .has_crc = header->has_crc,
        .crc = header->crc,
        .has_statistics = header->has_statistics,
    };
}

/* Old writers left the dictionary's header out of total_compressed_size, fastparquet the page:
   pages may go on so far behind the chunk's end while values are missing. */
static enum rg_status walk_pages(struct window *window, const struct rg_column_chunk *chunk,
                                 rg_page_fn *show, void *user, struct rg_error *err)
{
    const uint64_t file_bytes = window->file->info.bytes;
    uint64_t offset = rg_chunk_begin(chunk);
    uint64_t values = 0;
    const bool lacks_page = rg_writer_parse(window->file->meta.created_by).has_dictionary_outside;
    uint64_t lacking_bytes = 0;

    /* Chunks of empty row groups may have no page, and then an offset inside the first magic. */
    if (chunk->value_count == 0 && offset < sizeof rg_parquet_magic)
        return RG_OK;
    if (offset >= file_bytes || chunk->compressed_bytes > file_bytes - offset)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "%" PRIu64 " bytes at %" PRIu64 " of a file of %" PRIu64,
                       chunk->compressed_bytes, offset, file_bytes);
    const uint64_t end = offset + chunk->compressed_bytes;
    for (;;) {
        const bool is_complete = values >= chunk->value_count;
        const uint64_t last = is_complete ? end : end + lacking_bytes;
        struct rg_page_header header;
        size_t header_bytes;

        if (offset >= last || offset >= file_bytes) {
            if (is_complete)
                return RG_OK;
            return rg_fail(err, RG_ERR_CORRUPT,
                           "pages end at %" PRIu64 " after %" PRIu64 " of %" PRIu64 " values",
                           offset, values, chunk->value_count);
        }
        if (parse_header(window, offset, &header, &header_bytes, err) != RG_OK)
            return rg_within(err, "page at %" PRIu64, offset);
        if (header.type == RG_PAGE_DICTIONARY)
            lacking_bytes = header_bytes + (lacks_page ? header.compressed_bytes : 0);
        if (header_bytes + (uint64_t)header.compressed_bytes > end + lacking_bytes - offset)
            return rg_fail(err, RG_ERR_CORRUPT, "page at %" PRIu64 ": it ends behind the chunk",
                           offset);
        const struct rg_page_info page = describe_page(&header, offset, header_bytes);
        if (!show(user, &page))
            return RG_OK;
        if (header.type == RG_PAGE_DATA || header.type == RG_PAGE_DATA_V2)
            values += header.value_count;
        offset += header_bytes + header.compressed_bytes;
    }
}

enum rg_status rg_file_pages(struct rg_file *file, uint32_t row_group_index, uint32_t column_index,
                             rg_page_fn *show, void *user, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    struct window window = {.file = file};
    const bool is_there =
        row_group_index < file->meta.row_group_count && column_index < file->meta.schema.leaf_count;
    char path[RG_PATH_TEXT_BYTES];

    if (!is_there)
        return rg_fail(error, RG_ERR_INVALID, "there is no column %u in a row group %u",
                       column_index, row_group_index);
    rg_arena_reset(&file->page_arena);

    const struct rg_column_chunk *chunk =
        &file->meta.row_groups[row_group_index].columns[column_index];
    if (chunk->is_encrypted)
        (void)rg_fail(error, RG_ERR_UNSUPPORTED, "encrypted");
    else if (walk_pages(&window, chunk, show, user, error) == RG_OK)
        return RG_OK;
    return rg_within(error, "row group %u: column %s", row_group_index,
                     rg_schema_path_text(&file->meta.schema,
                                         file->meta.schema.leaves[column_index].element_index,
                                         path));
}

/* Where rg_file_show() stands when pages come in. */
struct showing {
    struct rg_inspect inspect;
    enum rg_status status;
    struct rg_error *err;
};

static bool show_page(void *user, const struct rg_page_info *page)
{
    struct showing *showing = user;

    showing->status = rg_inspect_page(&showing->inspect, page, showing->err);
    return showing->status == RG_OK;
}

static enum rg_status show_chunks(struct rg_file *file, struct showing *showing,
                                  uint32_t row_group_index)
{
    const bool has_pages = showing->inspect.view.has_pages;
    struct rg_error *err = showing->err;

    for (uint32_t i = 0; i < file->info.column_count; i++) {
        RG_TRY(rg_inspect_chunk_begin(&showing->inspect, i, err));
        if (has_pages) {
            RG_TRY(rg_file_pages(file, row_group_index, i, show_page, showing, err));
            RG_TRY(showing->status);
        }
        RG_TRY(rg_inspect_chunk_end(&showing->inspect, err));
    }
    return RG_OK;
}

static enum rg_status show_all(struct rg_file *file, struct showing *showing)
{
    struct rg_error *err = showing->err;

    RG_TRY(rg_inspect_begin(&showing->inspect, err));
    for (uint32_t i = 0; i < file->info.row_group_count; i++) {
        const struct rg_row_group_info *row_group;

        RG_TRY(rg_file_row_group(file, i, &row_group, err));
        RG_TRY(rg_inspect_row_group_begin(&showing->inspect, i, row_group, err));
        if (rg_inspect_wants_chunks(&showing->inspect))
            RG_TRY(show_chunks(file, showing, i));
        RG_TRY(rg_inspect_row_group_end(&showing->inspect, err));
    }
    return rg_inspect_end(&showing->inspect, err);
}

enum rg_status rg_file_show(struct rg_file *file, const struct rg_file_view *given,
                            rg_write_fn *write, void *user, struct rg_error *err)
{
    struct rg_error ignored;
    struct showing showing = {.err = err != NULL ? err : &ignored};
    struct rg_file_view view;

    RG_TRY(rg_sized_take(&view, sizeof view, given, showing.err));
    rg_inspect_init(&showing.inspect, &view, &file->info, &rg_allocator_system, write, user);
    const enum rg_status status = show_all(file, &showing);
    if (status != RG_OK && !showing.inspect.outlet.is_broken) {
        struct rg_error later;

        (void)rg_within(showing.err, "%s", file->info.path);
        /* The first error is the one that counts. */
        if (status != RG_ERR_NOMEM)
            (void)!rg_inspect_break(&showing.inspect, showing.err->text, &later);
    }
    rg_inspect_fini(&showing.inspect);
    return status;
}
