/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bytes are tried as an offset index and as a column index. What is taken is written, read and
 * written again: both writings are equal.
 */

#include "fuzz/fuzz.h"
#include "parquet/page_index.h"

/* Memory of the arrays per byte of input: a span of 16 bytes for an empty bound of one byte. */
static const size_t memory_factor_max = 32;
static const size_t memory_base_bytes = 65536;
static const size_t out_bytes_max = (size_t)64 << 20;

static void check_memory(const struct rg_arena *arena, size_t bytes)
{
    FUZZ_CHECK(arena->bytes <= memory_base_bytes + memory_factor_max * bytes);
}

static void check_refusal(const struct rg_error *err)
{
    FUZZ_CHECK(err->status == RG_ERR_CORRUPT || err->status == RG_ERR_LIMIT);
}

static void try_offset_index(struct rg_span input, struct rg_arena *arena, struct rg_buffer *once,
                             struct rg_buffer *twice)
{
    struct rg_offset_index index;
    struct rg_error err;

    if (rg_offset_index_parse(input, arena, &index, &err) != RG_OK) {
        check_refusal(&err);
        return;
    }
    check_memory(arena, input.bytes);
    FUZZ_CHECK(rg_offset_index_emit(&index, once, &err) == RG_OK);
    FUZZ_CHECK(rg_offset_index_parse(rg_buffer_span(once), arena, &index, &err) == RG_OK);
    FUZZ_CHECK(rg_offset_index_emit(&index, twice, &err) == RG_OK);
    FUZZ_CHECK(rg_span_equal(rg_buffer_span(once), rg_buffer_span(twice)));
}

static void try_column_index(struct rg_span input, struct rg_arena *arena, struct rg_buffer *once,
                             struct rg_buffer *twice)
{
    struct rg_column_index index;
    struct rg_error err;

    if (rg_column_index_parse(input, arena, &index, &err) != RG_OK) {
        check_refusal(&err);
        return;
    }
    check_memory(arena, input.bytes);
    FUZZ_CHECK(rg_column_index_emit(&index, once, &err) == RG_OK);
    FUZZ_CHECK(rg_column_index_parse(rg_buffer_span(once), arena, &index, &err) == RG_OK);
    FUZZ_CHECK(rg_column_index_emit(&index, twice, &err) == RG_OK);
    FUZZ_CHECK(rg_span_equal(rg_buffer_span(once), rg_buffer_span(twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct rg_span input = {data, bytes};
    void (*const tries[])(struct rg_span, struct rg_arena *, struct rg_buffer *,
                          struct rg_buffer *) = {try_offset_index, try_column_index};

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct rg_arena arena;
        struct rg_buffer once;
        struct rg_buffer twice;

        rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
        rg_buffer_init(&once, &rg_allocator_system, out_bytes_max);
        rg_buffer_init(&twice, &rg_allocator_system, out_bytes_max);
        tries[i](input, &arena, &once, &twice);
        rg_buffer_fini(&twice);
        rg_buffer_fini(&once);
        rg_arena_fini(&arena);
    }
    return 0;
}
