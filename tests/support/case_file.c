/* SPDX-License-Identifier: Apache-2.0 */

#include "support/case_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "parquet/footer.h"
#include "parquet/page_index.h"
#include "parquet/schema.h"

static bool append_index(const struct built_chunk *built, struct rg_column_chunk *chunk,
                         struct rg_buffer *out)
{
    struct rg_error ignored;

    if (!built->has_index)
        return true;
    chunk->column_index_offset = out->bytes;
    if (rg_column_index_emit(&built->column_index, out, &ignored) != RG_OK)
        return false;
    chunk->column_index_length = (uint32_t)(out->bytes - chunk->column_index_offset);
    chunk->offset_index_offset = out->bytes;
    if (rg_offset_index_emit(&built->offset_index, out, &ignored) != RG_OK)
        return false;
    chunk->offset_index_length = (uint32_t)(out->bytes - chunk->offset_index_offset);
    return true;
}

static bool append_footer(const struct rg_schema *schema, struct rg_column_chunk *chunk,
                          uint64_t row_count, struct rg_arena *arena, struct rg_buffer *out)
{
    struct rg_row_group group = {
        .columns = chunk,
        .row_count = row_count,
        .total_bytes = chunk->uncompressed_bytes,
        .ordinal = -1,
    };
    struct rg_file_meta meta = {
        .version = 1,
        .row_count = row_count,
        .row_groups = &group,
        .row_group_count = 1,
        .created_by = rg_span_of("regroup test version 1.0.0 (build case)"),
        .has_column_orders = true,
    };
    const size_t begin = out->bytes;
    struct rg_error ignored;

    /* Built anew: those of tests have no paths. */
    if (rg_schema_build(schema->elements, schema->element_count, arena, &meta.schema, &ignored) !=
            RG_OK ||
        rg_footer_emit(&meta, out, &ignored) != RG_OK)
        return false;
    const uint32_t footer_bytes = (uint32_t)(out->bytes - begin);
    rg_buffer_append(out, &footer_bytes, sizeof footer_bytes);
    rg_buffer_append(out, "PAR1", 4);
    return !out->failed;
}

bool case_file_make(const struct rg_schema *schema, const struct built_chunk *built,
                    uint64_t file_offset, uint64_t row_count, struct rg_buffer *out)
{
    struct rg_column_chunk chunk = built->chunk;
    struct rg_arena arena;

    chunk.has_bloom_filter_offset = false;
    chunk.has_bloom_filter_length = false;
    rg_buffer_append(out, "PAR1", 4);
    while (out->bytes < file_offset && !out->failed)
        rg_buffer_append_byte(out, 0);
    rg_buffer_append(out, built->bytes.data, built->bytes.bytes);
    rg_arena_init(&arena, out->allocator, SIZE_MAX);
    const bool is_made =
        append_index(built, &chunk, out) && append_footer(schema, &chunk, row_count, &arena, out);
    rg_arena_fini(&arena);
    return is_made;
}

void case_file_keep(const char *name, uint64_t seed, size_t index, const struct rg_schema *schema,
                    const struct built_chunk *built, uint64_t file_offset, uint64_t row_count)
{
    const char *folder = getenv("TEST_CASES");
    struct rg_buffer bytes;
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s-%" PRIu64 "-%zu.parquet",
                   folder != NULL ? folder : ".", name, seed, index);
    rg_buffer_init(&bytes, &rg_allocator_system, SIZE_MAX);
    FILE *file = fopen(path, "wb");
    if (file == NULL || !case_file_make(schema, built, file_offset, row_count, &bytes) ||
        fwrite(bytes.data, 1, bytes.bytes, file) != bytes.bytes)
        fprintf(stderr, "source %zu could not be kept as %s\n", index, path);
    else
        fprintf(stderr, "source %zu is kept as %s\n", index, path);
    if (file != NULL)
        (void)fclose(file);
    rg_buffer_fini(&bytes);
}
