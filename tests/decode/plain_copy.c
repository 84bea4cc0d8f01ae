/* SPDX-License-Identifier: Apache-2.0 */

/*
 * plain_copy IN OUT: decodes every chunk of a Parquet file with the library and writes the same
 * rows in the plainest form there is: PLAIN, uncompressed, V1 pages, no dictionaries, statistics or
 * indexes. A reader that finds other rows in OUT than in IN has found a fault of our decoders.
 *
 * plain_copy --time N IN: decodes the file N times and prints nanoseconds per level and per column.
 *
 * Exit 0; 3 when the file is refused, with the reason; 1 for anything else.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "parquet/chunk_reader.h"
#include "parquet/footer.h"
#include "parquet/page_header.h"
#include "stitch/writer.h"

enum {
    EXIT_REFUSED = 3
};

struct file {
    struct rg_span bytes;
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_writer writer;
};

static uint8_t *read_whole(const char *path, size_t *ret_bytes)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *data = NULL;
    long end;

    if (stream == NULL)
        return NULL;
    if (fseek(stream, 0, SEEK_END) == 0 && (end = ftell(stream)) >= 0 &&
        fseek(stream, 0, SEEK_SET) == 0) {
        data = rg_alloc(&rg_allocator_system, (size_t)end + rg_slack_bytes);
        if (data != NULL && fread(data, 1, (size_t)end, stream) == (size_t)end)
            *ret_bytes = (size_t)end;
        else
            *ret_bytes = 0;
    }
    (void)fclose(stream);
    return data;
}

static enum rg_status open_file(struct file *file, struct rg_error *err)
{
    const struct rg_span bytes = file->bytes;
    uint64_t footer_bytes = 0;

    if (bytes.bytes < RG_FOOTER_TAIL_BYTES + 4)
        return rg_fail(err, RG_ERR_CORRUPT, "file of %zu bytes", bytes.bytes);
    RG_TRY(rg_footer_tail_parse(bytes.data + bytes.bytes - RG_FOOTER_TAIL_BYTES, bytes.bytes,
                                &footer_bytes, err));
    const struct rg_span footer = {bytes.data + bytes.bytes - RG_FOOTER_TAIL_BYTES - footer_bytes,
                                   (size_t)footer_bytes};
    RG_TRY(rg_footer_parse(footer, &file->arena, &file->meta, err));
    if (file->meta.is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "file is encrypted");
    file->writer = rg_writer_parse(file->meta.created_by);
    return RG_OK;
}

static enum rg_status find_chunk(const struct file *file, const struct rg_row_group *group,
                                 uint32_t column, struct rg_chunk_source *ret_source,
                                 struct rg_error *err)
{
    const struct rg_column_chunk *chunk = &group->columns[column];
    const uint64_t begin = rg_chunk_begin(chunk);
    const uint64_t file_bytes = file->bytes.bytes;

    if (chunk->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "column is encrypted");
    if (chunk->is_elsewhere)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "column lies in another file");
    if (begin > file_bytes || chunk->compressed_bytes > file_bytes - begin)
        return rg_fail(err, RG_ERR_CORRUPT, "chunk of %" PRIu64 " bytes at %" PRIu64,
                       chunk->compressed_bytes, begin);
    uint64_t bytes = chunk->compressed_bytes + rg_chunk_tail_bytes;
    bytes = bytes < file_bytes - begin ? bytes : file_bytes - begin;
    *ret_source = (struct rg_chunk_source){
        .chunk = chunk,
        .leaf = &file->meta.schema.leaves[column],
        .bytes = {file->bytes.data + begin, (size_t)bytes},
        .row_count = group->row_count,
        .has_lying_v2_flag = file->writer.has_lying_v2_flag,
        .has_linked_delta_pages = file->writer.has_linked_delta_pages,
    };
    return RG_OK;
}

static void append_levels(const uint8_t *levels, uint8_t level_max, uint32_t count,
                          struct rg_buffer *out)
{
    static const uint8_t no_length[4] = {0};
    uint32_t wide[RG_BATCH_VALUES_MAX];
    const size_t begin = out->bytes;

    if (level_max == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        wide[i] = levels == NULL ? level_max : levels[i];
    rg_buffer_append(out, no_length, sizeof no_length);
    rg_rle_encode(wide, count, rg_bit_width(level_max), 8, out);
    if (out->failed)
        return;
    const uint32_t length = (uint32_t)(out->bytes - begin - sizeof no_length);
    memcpy(out->data + begin, &length, sizeof length);
}

static void append_page(struct rg_chunk_reader *reader, const struct rg_chunk_batch *batch,
                        const struct rg_leaf *leaf, struct rg_buffer *scratch,
                        struct rg_buffer *out)
{
    uint8_t head[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_values values;

    rg_buffer_reset(scratch);
    append_levels(batch->rep_levels, leaf->rep_max, batch->level_count, scratch);
    append_levels(batch->def_levels, leaf->def_max, batch->level_count, scratch);
    rg_chunk_batch_values(reader, batch, &values);
    rg_plain_encode(&reader->values.kind, &values, 0, scratch);
    const struct rg_page_header header = {.type = RG_PAGE_DATA,
                                          .encoding = RG_ENCODING_PLAIN,
                                          .def_encoding = RG_ENCODING_RLE,
                                          .rep_encoding = RG_ENCODING_RLE,
                                          .is_compressed = true,
                                          .uncompressed_bytes = (uint32_t)scratch->bytes,
                                          .compressed_bytes = (uint32_t)scratch->bytes,
                                          .value_count = batch->level_count};
    rg_buffer_append(out, head, rg_page_header_emit(&header, head));
    rg_buffer_append(out, scratch->data, scratch->bytes);
}

/* Decodes one chunk; with `out`, writes it there. Adds its levels to *levels. */
static enum rg_status copy_chunk(struct rg_chunk_reader *reader,
                                 const struct rg_chunk_source *source, struct rg_buffer *scratch,
                                 struct rg_buffer *out, uint64_t *levels, struct rg_error *err)
{
    struct rg_chunk_batch batch;
    bool is_end = false;

    RG_TRY(rg_chunk_reader_open(reader, source, err));
    for (;;) {
        RG_TRY(rg_chunk_next(reader, &batch, &is_end, err));
        if (is_end)
            return RG_OK;
        *levels += batch.level_count;
        if (out != NULL) {
            append_page(reader, &batch, source->leaf, scratch, out);
            if (out->failed || scratch->failed)
                return rg_buffer_check(out->failed ? out : scratch, "the copy", err);
        } else {
            struct rg_values values;
            rg_chunk_batch_values(reader, &batch, &values);
        }
    }
}

/* What the footer of the copy says of a chunk that was written from `begin` to the end of `out`. */
static void describe_copy(struct rg_column_chunk *chunk, size_t begin, const struct rg_buffer *out)
{
    *chunk = (struct rg_column_chunk){
        .type = chunk->type,
        .codec = RG_CODEC_NONE,
        .encodings = 1u << RG_ENCODING_PLAIN | 1u << RG_ENCODING_RLE,
        .value_count = chunk->value_count,
        .uncompressed_bytes = out->bytes - begin,
        .compressed_bytes = out->bytes - begin,
        .data_page_offset = begin,
    };
}

static enum rg_status copy_file(struct file *file, struct rg_chunk_reader *reader,
                                struct rg_buffer *scratch, struct rg_buffer *out, uint64_t *levels,
                                struct rg_error *err)
{
    for (uint32_t g = 0; g < file->meta.row_group_count; g++) {
        struct rg_row_group *group = &file->meta.row_groups[g];

        for (uint32_t c = 0; c < file->meta.schema.leaf_count; c++) {
            struct rg_chunk_source source;
            const size_t begin = out != NULL ? out->bytes : 0;

            enum rg_status status = find_chunk(file, group, c, &source, err);
            if (status == RG_OK)
                status = copy_chunk(reader, &source, scratch, out, levels, err);
            if (status != RG_OK)
                return rg_within(err, "row group %u: column %u", g, c);
            if (out != NULL)
                describe_copy(&group->columns[c], begin, out);
        }
        group->has_file_offset = false;
        group->sorting_column_count = 0;
        group->sorting_columns = NULL;
    }
    return RG_OK;
}

static enum rg_status write_copy(struct file *file, const char *path,
                                 struct rg_chunk_reader *reader, struct rg_error *err)
{
    struct rg_buffer scratch;
    struct rg_buffer out;
    uint64_t levels = 0;

    rg_buffer_init(&scratch, &rg_allocator_system, INT32_MAX); /* A page holds no more. */
    rg_buffer_init(&out, &rg_allocator_system, SIZE_MAX / 4);
    rg_buffer_append(&out, rg_parquet_magic, sizeof rg_parquet_magic);
    enum rg_status status = copy_file(file, reader, &scratch, &out, &levels, err);
    const size_t footer_begin = out.bytes;
    if (status == RG_OK)
        status = rg_footer_emit(&file->meta, &out, err);
    if (status == RG_OK) {
        const uint32_t footer_bytes = (uint32_t)(out.bytes - footer_begin);
        rg_buffer_append(&out, &footer_bytes, sizeof footer_bytes);
        rg_buffer_append(&out, rg_parquet_magic, sizeof rg_parquet_magic);
        status = rg_buffer_check(&out, "the copy", err);
    }
    if (status == RG_OK) {
        FILE *stream = fopen(path, "wb");
        bool is_written = stream != NULL && fwrite(out.data, 1, out.bytes, stream) == out.bytes;

        if (stream != NULL)
            is_written = fclose(stream) == 0 && is_written;
        if (!is_written)
            status = rg_fail(err, RG_ERR_DENIED, "%s cannot be written", path);
    }
    rg_buffer_fini(&out);
    rg_buffer_fini(&scratch);
    return status;
}

static enum rg_status time_columns(const struct file *file, uint32_t rounds,
                                   struct rg_chunk_reader *reader, struct rg_error *err)
{
    for (uint32_t c = 0; c < file->meta.schema.leaf_count; c++) {
        uint64_t best_ns = UINT64_MAX;
        uint64_t levels = 0;

        for (uint32_t i = 0; i < rounds; i++) {
            const uint64_t begin_ns = rg_clock_monotonic_ns();

            levels = 0;
            for (uint32_t g = 0; g < file->meta.row_group_count; g++) {
                struct rg_chunk_source source;

                RG_TRY(find_chunk(file, &file->meta.row_groups[g], c, &source, err));
                RG_TRY(copy_chunk(reader, &source, NULL, NULL, &levels, err));
            }
            const uint64_t ns = rg_clock_monotonic_ns() - begin_ns;
            best_ns = ns < best_ns ? ns : best_ns;
        }
        const struct rg_span path = file->meta.schema.leaves[c].path;
        (void)printf("%-40.*s %10" PRIu64 " levels  %8.3f ns\n", (int)path.bytes,
                     (const char *)path.data, levels,
                     levels == 0 ? 0.0 : (double)best_ns / (double)levels);
    }
    return RG_OK;
}

int main(int argc, char **argv)
{
    const bool is_timing = argc == 4 && strcmp(argv[1], "--time") == 0;
    const char *in = is_timing ? argv[3] : argc == 3 ? argv[1] : NULL;
    struct rg_codec_context *codecs = rg_codec_context_new(&rg_allocator_system);
    struct rg_chunk_reader *reader = rg_alloc(&rg_allocator_system, sizeof *reader);
    struct rg_error err = {.status = RG_OK};
    struct file file = {.bytes = {NULL, 0}};
    size_t bytes = 0;

    if (in == NULL || codecs == NULL || reader == NULL) {
        (void)fprintf(stderr, "usage: plain_copy IN OUT | plain_copy --time N IN\n");
        return 1;
    }
    uint8_t *data = read_whole(in, &bytes);
    if (data == NULL) {
        (void)fprintf(stderr, "%s cannot be read\n", in);
        return 1;
    }
    file.bytes = (struct rg_span){data, bytes};
    rg_arena_init(&file.arena, &rg_allocator_system, SIZE_MAX);
    rg_chunk_reader_init(reader, codecs, &rg_allocator_system);
    enum rg_status status = open_file(&file, &err);
    if (status == RG_OK && is_timing)
        status = time_columns(&file, (uint32_t)atoi(argv[2]), reader, &err);
    else if (status == RG_OK)
        status = write_copy(&file, argv[2], reader, &err);
    if (status != RG_OK)
        (void)fprintf(stderr, "%s: %s: %s\n", in, rg_status_name(status), err.text);
    rg_chunk_reader_fini(reader);
    rg_release(&rg_allocator_system, reader, sizeof *reader);
    rg_codec_context_free(codecs);
    rg_arena_fini(&file.arena);
    rg_release(&rg_allocator_system, data, bytes + rg_slack_bytes);
    if (status == RG_OK)
        return 0;
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT
               ? EXIT_REFUSED
               : 1;
}
