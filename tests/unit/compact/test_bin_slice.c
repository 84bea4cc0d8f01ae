/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is read for the columns of a slice, on files that exist as metadata only. Places and lengths
 * are whole units of 32 bytes (the slop behind a chunk is one), so that a naive map of a file has
 * one entry a unit.
 */

#include "compact/bin_slice.h"

#include <string.h>

#include "compact/bin_files.h"
#include "support/test.h"

enum {
    unit_bytes = 32,
    gap_units = (64 << 10) / unit_bytes, /* Read over when no longer. */
    part_bytes_max = 512 << 10,          /* Reads of a part, where they are local. */
    part_requests_max = 16,
    files_max = 3,
    groups_max = 3,
    columns_max = 4,
    sources_max = files_max * groups_max,
    file_units_max = 140000,
};

/* A bin with all that a slice asks of it. */
struct lake {
    struct rg_run run;
    struct rg_open_batch batch;
    struct rg_output output;
    struct rg_bin bin;
    struct rg_bin_job state;
    struct rg_input inputs[files_max];
    struct rg_bin_file files[files_max];
    struct rg_bin_source sources[sources_max];
    struct rg_row_group groups[files_max][groups_max];
    struct rg_column_chunk chunks[files_max][groups_max][columns_max];
    struct rg_leaf leaves[columns_max];
    struct rg_stitch_estimate estimates[columns_max];
    uint64_t column_in_bytes[columns_max];
    uint32_t column_count;
};

/* How often each unit of a file is wanted, and read, by what is done at the moment. */
struct map {
    size_t units; /* Of the file. */
    bool is_wanted[file_units_max];
    uint8_t reads[file_units_max];
};

/* Mostly none, and where there is one, often about as long as what is read over. */
static uint64_t draw_gap(struct choices *c)
{
    switch (choose(c, 5)) {
    case 0:
        return choose(c, 5);
    case 1:
        return gap_units - 1 + choose(c, 2);
    default:
        return 0;
    }
}

/* A thing of some units at *at, which moves behind it. */
static uint64_t put_behind(uint64_t *at, uint64_t units, struct choices *c)
{
    *at += draw_gap(c);
    const uint64_t offset = *at * unit_bytes;
    *at += units;
    return offset;
}

static void draw_indexes(struct rg_column_chunk *chunk, uint64_t *at, struct choices *c)
{
    const uint32_t parts = choose(c, 7);
    const uint32_t units = 1 + choose(c, 9);

    if ((parts & 1) != 0) {
        chunk->offset_index_length = units * unit_bytes;
        chunk->offset_index_offset = put_behind(at, units, c);
    }
    if ((parts & 2) != 0) {
        chunk->column_index_length = units * unit_bytes;
        chunk->column_index_offset = put_behind(at, units, c);
    }
    if ((parts & 4) != 0) {
        chunk->has_bloom_filter_offset = true;
        chunk->has_bloom_filter_length = choose(c, 3) > 0;
        chunk->bloom_filter_length = units * unit_bytes;
        chunk->bloom_filter_offset = put_behind(at, units, c);
    }
}

/* Row groups one after another, then indexes; the last ones may lie beyond the file's end. */
static void draw_file(struct lake *lake, uint32_t f, struct choices *c)
{
    const uint32_t group_count = 1 + choose(c, groups_max - 1);
    uint64_t at = 1;

    for (uint32_t g = 0; g < group_count; g++) {
        for (uint32_t i = 0; i < lake->column_count; i++) {
            struct rg_column_chunk *chunk = &lake->chunks[f][g][i];
            const uint64_t units = choose(c, 9) > 0 ? 1 + choose(c, 200) : 1 + choose(c, 2500);

            chunk->compressed_bytes = units * unit_bytes;
            chunk->data_page_offset = put_behind(&at, units, c);
        }
        lake->groups[f][g].columns = lake->chunks[f][g];
    }
    for (uint32_t g = 0; g < group_count; g++) {
        for (uint32_t i = 0; i < lake->column_count; i++)
            draw_indexes(&lake->chunks[f][g][i], &at, c);
    }
    lake->inputs[f].key = "some.parquet";
    lake->inputs[f].id.bytes = (choose(c, 9) > 0 ? at + choose(c, 3) : 1 + at / 2) * unit_bytes;
    lake->files[f].is_whole = choose(c, 7) == 0;
    lake->files[f].input = &lake->inputs[f];
    lake->files[f].input_index = f;
    lake->files[f].meta.row_groups = lake->groups[f];
    lake->files[f].meta.row_group_count = group_count;
    lake->files[f].meta.schema.leaves = lake->leaves;
    lake->files[f].meta.schema.leaf_count = lake->column_count;
}

static void draw_lake(struct test *t, struct lake *lake, struct choices *c)
{
    struct rg_bin_job *state = &lake->state;

    memset(lake, 0, sizeof *lake);
    lake->column_count = 1 + choose(c, columns_max - 1);
    lake->run.context_count = 1 + choose(c, 3);
    lake->run.source_caps.is_local = choose_bool(c);
    lake->run.home_caps.is_local = lake->run.source_caps.is_local || choose_bool(c);
    lake->batch.run = &lake->run;
    lake->batch.inputs = lake->inputs;
    lake->output.batch = &lake->batch;
    lake->bin.output = &lake->output;
    lake->bin.job = state;
    state->memory = t->allocator;
    state->files = lake->files;
    state->sources = lake->sources;
    state->estimates = lake->estimates;
    state->column_in_bytes = lake->column_in_bytes;
    state->file_count = 1 + choose(c, files_max - 1);
    for (uint32_t f = 0; f < state->file_count; f++) {
        draw_file(lake, f, c);
        for (uint32_t g = 0; g < lake->files[f].meta.row_group_count; g++)
            lake->sources[state->source_count++] =
                (struct rg_bin_source){.file = &lake->files[f], .group_index = g};
    }
    rg_arena_init(&state->slice, &state->memory, SIZE_MAX);
}

/* The units of a file where something lies that is wanted: what is beyond the end is not. */
static void want(struct map *map, const struct rg_input *input, uint64_t offset, uint64_t bytes)
{
    for (uint64_t at = offset; at < offset + bytes && at < input->id.bytes; at += unit_bytes)
        map->is_wanted[at / unit_bytes] = true;
}

static void want_columns(struct map *map, const struct lake *lake, const struct rg_bin_file *file,
                         uint32_t first, uint32_t count)
{
    for (uint32_t g = 0; g < file->meta.row_group_count; g++) {
        for (uint32_t i = first; i < first + count; i++) {
            const struct rg_column_chunk *chunk = &lake->chunks[file->input_index][g][i];

            want(map, file->input, chunk->data_page_offset, chunk->compressed_bytes + unit_bytes);
            want(map, file->input, chunk->offset_index_offset, chunk->offset_index_length);
            want(map, file->input, chunk->column_index_offset, chunk->column_index_length);
            if (chunk->has_bloom_filter_length)
                want(map, file->input, chunk->bloom_filter_offset, chunk->bloom_filter_length);
        }
    }
}

/*
 * All that is wanted of a file is read once; what is not, only between two things that are no
 * farther apart than that. Returns the bytes that nobody wants.
 */
static uint64_t check_reads(const struct map *map, uint64_t gap_units_max)
{
    uint64_t gaps = 0;
    size_t after = SIZE_MAX;

    for (size_t i = 0; i < map->units; i++) {
        CHECK(map->reads[i] <= 1);
        if (!map->is_wanted[i]) {
            gaps += map->reads[i];
            CHECK(map->reads[i] == 0 || after != SIZE_MAX);
            continue;
        }
        CHECK(map->reads[i] == 1);
        if (after != SIZE_MAX && after < i) {
            /* A gap is read whole or not at all. */
            for (size_t j = after; j < i; j++)
                CHECK(map->reads[j] == map->reads[after]);
            CHECK(map->reads[after] == 0 || i - after <= gap_units_max);
        }
        after = i + 1;
    }
    for (size_t j = after == SIZE_MAX ? 0 : after; j < map->units; j++)
        CHECK(map->reads[j] == 0);
    return gaps * unit_bytes;
}

/* Bytes between wanted things of a file when every gap is read that may be. */
static uint64_t count_gaps(const struct map *map)
{
    uint64_t gaps = 0;
    size_t after = SIZE_MAX;

    for (size_t i = 0; i < map->units; i++) {
        if (!map->is_wanted[i])
            continue;
        if (after != SIZE_MAX && i - after <= gap_units)
            gaps += i - after;
        after = i + 1;
    }
    return gaps * unit_bytes;
}

/* The requests of one file are in its order, lie in its buffer one behind the other, and fill it.
 */
static void note_reads(struct map *map, const struct rg_bin_job *state,
                       const struct rg_bin_file *file)
{
    uint64_t placed = 0;
    uint64_t behind = 0;

    for (uint32_t r = 0; r < state->request_count; r++) {
        const struct rg_store_op *op = &state->requests[r].request.op;

        if (state->requests[r].file != file)
            continue;
        CHECK(op->verb == RG_STORE_GET && op->expected == &file->input->id);
        CHECK(op->in_bytes > 0 && op->offset >= behind);
        CHECK(op->offset + op->in_bytes <= file->input->id.bytes);
        CHECK(op->buffer == file->buffer + placed);
        for (uint64_t at = op->offset; at < op->offset + op->in_bytes; at += unit_bytes)
            map->reads[at / unit_bytes]++;
        placed += op->in_bytes;
        behind = op->offset + op->in_bytes;
        for (uint64_t i = 0; i < op->in_bytes; i += unit_bytes) {
            const uint64_t place = op->offset + i;

            memcpy(op->buffer + i, &place, sizeof place);
        }
    }
    CHECK_U64(placed, file->buffer_bytes);
}

/* A file that is kept whole is read no more; of one that is not local all gaps are. */
static void check_file(const struct lake *lake, const struct rg_bin_file *file, uint64_t *gaps_left)
{
    static struct map map;
    const struct rg_bin_job *state = &lake->state;

    map.units = (size_t)(file->input->id.bytes / unit_bytes);
    memset(map.is_wanted, 0, map.units);
    memset(map.reads, 0, map.units);
    if (file->is_whole) {
        for (uint32_t r = 0; r < state->request_count; r++)
            CHECK(state->requests[r].file != file);
        return;
    }
    want_columns(&map, lake, file, lake->bin.column_first, state->column_count);
    note_reads(&map, state, file);
    const uint64_t wanted = count_gaps(&map);
    const uint64_t gaps = check_reads(&map, gap_units);
    const bool is_local = lake->run.source_caps.is_local;
    CHECK(gaps <= *gaps_left || !is_local);
    CHECK((wanted > *gaps_left && is_local) || gaps == wanted);
    *gaps_left -= gaps < *gaps_left ? gaps : *gaps_left;
}

/* Every request is in one part, in order; parts of several are small, and for local stores. */
static void check_parts(const struct lake *lake)
{
    const struct rg_bin_job *state = &lake->state;
    const bool is_local = lake->run.source_caps.is_local && lake->run.home_caps.is_local;
    uint32_t next = 0;

    for (uint32_t p = 0; p < state->read_part_count; p++) {
        const struct rg_bin_read_part *part = &state->read_parts[p];
        uint64_t bytes = 0;

        CHECK_U64(part->first, next);
        CHECK(part->count >= 1);
        for (uint32_t i = 0; i < part->count; i++)
            bytes += state->requests[part->first + i].request.op.in_bytes;
        CHECK(part->count == 1 ||
              (is_local && part->count <= part_requests_max && bytes <= part_bytes_max));
        next += part->count;
    }
    CHECK_U64(next, state->request_count);
}

/* Where stitching looks for a thing, there are its bytes: each unit begins with its place. */
static void check_span(const struct rg_bin_file *file, struct rg_span span, uint64_t offset,
                       uint64_t bytes)
{
    const uint64_t file_bytes = file->input->id.bytes;
    uint64_t there = offset < file_bytes ? file_bytes - offset : 0;

    there = bytes < there ? bytes : there;
    CHECK_U64(span.bytes, there);
    for (uint64_t i = 0; i < there && !file->is_whole; i += unit_bytes) {
        uint64_t place;

        memcpy(&place, span.data + i, sizeof place);
        CHECK_U64(place, offset + i);
    }
}

static void check_sources(struct test *t, struct lake *lake, uint32_t slice_column)
{
    struct rg_bin_job *state = &lake->state;
    struct rg_stitch_source *sources;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_bin_list_sources(&lake->bin, slice_column, &arena, &sources, &t->err));
    for (uint32_t i = 0; i < state->source_count; i++) {
        const struct rg_column_chunk *chunk = sources[i].chunk;
        const struct rg_bin_file *file = state->sources[i].file;
        const uint64_t bloom_bytes =
            chunk->has_bloom_filter_length ? chunk->bloom_filter_length : 0;

        check_span(file, sources[i].bytes, chunk->data_page_offset,
                   chunk->compressed_bytes + unit_bytes);
        check_span(file, sources[i].bloom, chunk->bloom_filter_offset, bloom_bytes);
    }
    rg_arena_fini(&arena);
}

/* The bytes of all buffers, which what is wanted and the gaps must pay. */
static void check_memory(const struct lake *lake, uint64_t gaps_bytes_max)
{
    const struct rg_bin_job *state = &lake->state;
    uint64_t wanted = 0;
    uint64_t placed = 0;

    for (uint32_t i = 0; i < state->column_count; i++)
        wanted += lake->column_in_bytes[lake->bin.column_first + i];
    for (uint32_t f = 0; f < state->file_count; f++)
        placed += lake->files[f].is_whole ? 0 : lake->files[f].buffer_bytes;
    CHECK(placed <= wanted + gaps_bytes_max || !lake->run.source_caps.is_local);
}

/* What the claim counts for each column; see estimate_columns() in bin_files.c. */
static void sum_columns(struct lake *lake)
{
    for (uint32_t i = 0; i < lake->column_count; i++) {
        for (uint32_t s = 0; s < lake->state.source_count; s++) {
            const struct rg_bin_source *source = &lake->sources[s];

            for (int kind = 0; kind < RG_BIN_WANTED_COUNT && !source->file->is_whole; kind++)
                lake->column_in_bytes[i] +=
                    rg_bin_extent(source, i, (enum rg_bin_wanted)kind).bytes;
        }
    }
}

static void what_is_wanted_is_read_once(struct test *t, struct choices *c)
{
    static struct lake lake;
    static uint8_t whole[file_units_max * unit_bytes];
    struct rg_bin_job *state = &lake.state;

    draw_lake(t, &lake, c);
    for (uint32_t f = 0; f < state->file_count; f++) {
        CHECK(lake.inputs[f].id.bytes <= sizeof whole);
        lake.files[f].end = (struct rg_span){whole, (size_t)lake.inputs[f].id.bytes};
    }
    sum_columns(&lake);
    while (lake.bin.column_first < lake.column_count) {
        const uint64_t gaps_bytes_max = choose_bool(c) ? UINT64_MAX / 2 : choose(c, 300000);
        uint64_t gaps_left = gaps_bytes_max;

        state->column_count = 1 + choose(c, lake.column_count - lake.bin.column_first - 1);
        state->gaps_bytes_left = gaps_bytes_max;
        CHECK_OK(rg_bin_open_slice(&lake.bin, NULL, &t->err));
        for (uint32_t f = 0; f < state->file_count; f++)
            check_file(&lake, &lake.files[f], &gaps_left);
        CHECK_U64(state->gaps_bytes_left, gaps_left);
        check_parts(&lake);
        check_memory(&lake, gaps_bytes_max);
        for (uint32_t i = 0; i < state->column_count; i++)
            check_sources(t, &lake, i);
        lake.bin.column_first += state->column_count;
        rg_bin_close_slice(state);
    }
}

TEST(any_layout)
{
    test_property(t, "what_is_wanted_is_read_once", 2000, what_is_wanted_is_read_once);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"any_layout", any_layout},
    };

    return test_main("compact/bin_slice", cases, sizeof cases / sizeof cases[0], argc, argv);
}
