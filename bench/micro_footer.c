/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long reading and writing a footer takes, per column chunk.
 *
 *     bench_footer                      500 columns, 100 row groups, made here
 *     bench_footer COLUMNS ROW_GROUPS   of that shape
 *     bench_footer FILE.parquet         of that file
 *
 * Prints the best of several rounds: the machine's other work only ever adds time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "parquet/footer.h"
#include "parquet/schema.h"

enum {
    ROUNDS = 150,
    NAME_BYTES = 24,
};

static const size_t memory_bytes_max = (size_t)4 << 30;
static const uint64_t round_ns_min = 2000000;

static void die(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *take(struct rg_arena *arena, size_t count, size_t bytes_each)
{
    void *memory = rg_arena_array(arena, count, bytes_each);

    if (memory == NULL)
        die("no memory");
    return memory;
}

/* Flat columns of the types that most tables are made of. */
static void make_schema(struct rg_arena *arena, uint32_t column_count, struct rg_schema *ret_schema)
{
    static const uint8_t types[] = {RG_TYPE_INT64, RG_TYPE_BYTE_ARRAY, RG_TYPE_DOUBLE,
                                    RG_TYPE_INT32};
    struct rg_schema_element *elements = take(arena, column_count + (size_t)1, sizeof *elements);
    struct rg_error err;

    elements[0] = (struct rg_schema_element){.name = rg_span_of("schema"),
                                             .converted_type = RG_CONVERTED_NONE,
                                             .child_count = column_count};
    for (uint32_t i = 0; i < column_count; i++) {
        char *name = take(arena, NAME_BYTES, 1);

        (void)snprintf(name, NAME_BYTES, "some_column_%u", i);
        elements[i + 1] = (struct rg_schema_element){
            .name = rg_span_of(name),
            .has_type = true,
            .type = types[i % 4],
            .has_repetition = true,
            .repetition = RG_OPTIONAL,
            .converted_type = i % 4 == 1 ? RG_CONVERTED_UTF8 : RG_CONVERTED_NONE,
            .logical = i % 4 == 1 ? RG_LOGICAL_STRING : RG_LOGICAL_NONE,
        };
    }
    if (rg_schema_build(elements, column_count + 1, arena, ret_schema, &err) != RG_OK)
        die(err.text);
}

/* Numbers of the lengths that they have in files: offsets of gigabytes, pages of kilobytes. */
static void make_chunk(struct rg_arena *arena, const struct rg_leaf *leaf, uint64_t *offset,
                       struct rg_column_chunk *chunk)
{
    static const uint8_t bounds[] = "a lower bound, or an upper one";
    const size_t bound_bytes = leaf->type == RG_TYPE_INT32        ? 4
                               : leaf->type == RG_TYPE_BYTE_ARRAY ? 10 + *offset % 16
                                                                  : 8;

    *chunk = (struct rg_column_chunk){
        .type = leaf->type,
        .codec = RG_CODEC_SNAPPY,
        .encodings =
            1 << RG_ENCODING_PLAIN | 1 << RG_ENCODING_RLE | 1 << RG_ENCODING_RLE_DICTIONARY,
        .value_count = 122880,
        .uncompressed_bytes = 400000 + *offset % 500000,
        .compressed_bytes = 100000 + *offset % 300000,
        .has_dictionary_offset = true,
        .dictionary_page_offset = *offset,
        .data_page_offset = *offset + 3000 + *offset % 70000,
        .offset_index_offset = UINT64_C(3000000000) + *offset / 1000,
        .offset_index_length = 60,
        .column_index_offset = UINT64_C(3100000000) + *offset / 1000,
        .column_index_length = 150,
        .statistics = {.min_value = {bounds, bound_bytes},
                       .max_value = {bounds, bound_bytes},
                       .has_null_count = true,
                       .null_count = *offset % 1000,
                       .has_min_exact = true,
                       .is_min_exact = true,
                       .has_max_exact = true,
                       .is_max_exact = true},
        .encoding_stats = take(arena, 2, sizeof *chunk->encoding_stats),
        .encoding_stats_count = 2,
    };
    chunk->encoding_stats[0] =
        (struct rg_page_encoding_stats){RG_PAGE_DICTIONARY, RG_ENCODING_PLAIN, 1};
    chunk->encoding_stats[1] =
        (struct rg_page_encoding_stats){RG_PAGE_DATA, RG_ENCODING_RLE_DICTIONARY, 7};
    chunk->size_statistics.is_present = true;
    chunk->size_statistics.has_unencoded_bytes = leaf->type == RG_TYPE_BYTE_ARRAY;
    chunk->size_statistics.unencoded_bytes = chunk->uncompressed_bytes;
    chunk->size_statistics.def_histogram = take(arena, 2, sizeof(uint64_t));
    chunk->size_statistics.def_histogram[0] = chunk->statistics.null_count;
    chunk->size_statistics.def_histogram[1] = chunk->value_count - chunk->statistics.null_count;
    chunk->size_statistics.def_histogram_count = 2;
    *offset += chunk->compressed_bytes;
}

static void make_meta(struct rg_arena *arena, uint32_t column_count, uint32_t row_group_count,
                      struct rg_file_meta *ret_meta)
{
    uint64_t offset = 4;

    *ret_meta = (struct rg_file_meta){.version = 1, .has_column_orders = true};
    make_schema(arena, column_count, &ret_meta->schema);
    for (uint32_t i = 0; i < column_count; i++)
        ret_meta->schema.leaves[i].column_order = RG_COLUMN_ORDER_TYPE;
    ret_meta->row_groups = take(arena, row_group_count, sizeof *ret_meta->row_groups);
    ret_meta->row_group_count = row_group_count;
    for (uint32_t i = 0; i < row_group_count; i++) {
        struct rg_row_group *group = &ret_meta->row_groups[i];

        *group = (struct rg_row_group){.row_count = 122880, .ordinal = (int32_t)i};
        group->columns = take(arena, column_count, sizeof *group->columns);
        for (uint32_t j = 0; j < column_count; j++)
            make_chunk(arena, &ret_meta->schema.leaves[j], &offset, &group->columns[j]);
    }
}

static struct rg_span read_footer(const char *path, struct rg_arena *arena)
{
    FILE *file = fopen(path, "rb");
    struct rg_footer_place place;
    struct rg_error err;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die("cannot open the file");
    const long bytes = ftell(file);
    uint8_t *data = take(arena, (size_t)bytes, 1);
    rewind(file);
    if (fread(data, 1, (size_t)bytes, file) != (size_t)bytes)
        die("cannot read the file");
    (void)fclose(file);
    const struct rg_span tail = {data, (size_t)bytes};
    if (rg_footer_locate(tail, (uint64_t)bytes, &place, &err) != RG_OK)
        die(err.text);
    return place.footer;
}

/* The best time of one parse, in nanoseconds; `ret_memory_bytes` is what the arena held then. */
static double measure_parse(struct rg_span footer, size_t *ret_memory_bytes)
{
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_error err;
    double best = 0;

    rg_arena_init(&arena, &rg_allocator_system, memory_bytes_max);
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t begin = rg_clock_monotonic_ns();
        uint64_t times = 0;
        uint64_t end;

        do {
            /* As in a run: memory that was used before, and is warm. */
            rg_arena_reset(&arena);
            if (rg_footer_parse(footer, &arena, &meta, &err) != RG_OK)
                die(err.text);
            times++;
            end = rg_clock_monotonic_ns();
        } while (end - begin < round_ns_min);
        const double ns = (double)(end - begin) / (double)times;
        best = round == 0 || ns < best ? ns : best;
    }
    *ret_memory_bytes = arena.bytes;
    rg_arena_fini(&arena);
    return best;
}

static double measure_emit(const struct rg_file_meta *meta)
{
    struct rg_buffer out;
    struct rg_error err;
    double best = 0;

    rg_buffer_init(&out, &rg_allocator_system, memory_bytes_max);
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t begin = rg_clock_monotonic_ns();
        uint64_t times = 0;
        uint64_t end;

        do {
            rg_buffer_reset(&out);
            if (rg_footer_emit(meta, &out, &err) != RG_OK)
                die(err.text);
            times++;
            end = rg_clock_monotonic_ns();
        } while (end - begin < round_ns_min);
        const double ns = (double)(end - begin) / (double)times;
        best = round == 0 || ns < best ? ns : best;
    }
    rg_buffer_fini(&out);
    return best;
}

int main(int argc, char **argv)
{
    struct rg_arena arena;
    struct rg_arena parsed;
    struct rg_buffer made;
    struct rg_file_meta meta;
    struct rg_error err;
    struct rg_span footer;
    size_t memory_bytes;

    rg_arena_init(&arena, &rg_allocator_system, memory_bytes_max);
    rg_arena_init(&parsed, &rg_allocator_system, memory_bytes_max);
    rg_buffer_init(&made, &rg_allocator_system, memory_bytes_max);
    if (argc == 2) {
        footer = read_footer(argv[1], &arena);
    } else {
        const uint32_t column_count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 500;
        const uint32_t row_group_count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100;

        make_meta(&arena, column_count, row_group_count, &meta);
        if (rg_footer_emit(&meta, &made, &err) != RG_OK)
            die(err.text);
        footer = rg_buffer_span(&made);
    }
    if (rg_footer_parse(footer, &parsed, &meta, &err) != RG_OK)
        die(err.text);
    const double chunk_count = (double)meta.row_group_count * meta.schema.leaf_count;
    const double parse_ns = measure_parse(footer, &memory_bytes);
    const double emit_ns = measure_emit(&meta);
    (void)printf("%u columns, %u row groups, footer of %zu bytes (%.0f a chunk)\n",
                 meta.schema.leaf_count, meta.row_group_count, footer.bytes,
                 (double)footer.bytes / chunk_count);
    (void)printf("parse %8.1f ns a chunk, %6.0f us in all, %.2f ns a byte, memory %.1f times it\n",
                 parse_ns / chunk_count, parse_ns / 1000, parse_ns / (double)footer.bytes,
                 (double)memory_bytes / (double)footer.bytes);
    (void)printf("emit  %8.1f ns a chunk, %6.0f us in all\n", emit_ns / chunk_count,
                 emit_ns / 1000);
    rg_buffer_fini(&made);
    rg_arena_fini(&parsed);
    rg_arena_fini(&arena);
    return 0;
}
