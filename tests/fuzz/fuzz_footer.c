/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bytes are a footer. One that is taken is written, read and written again: both writings are
 * equal, and so are the schemas. Read again with the first one's schema at hand, or with that of
 * what was written, it is no other. Memory stays within a multiple of the bytes.
 */

#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "parquet/footer.h"
#include "parquet/schema.h"

/* Memory per byte of footer, at most; what paths may take comes on top. */
static const size_t memory_factor_max = 40;
static const size_t memory_base_bytes = 65536;
static const size_t out_bytes_max = (size_t)256 << 20;

static void check_schemas(const struct rg_schema *a, const struct rg_schema *b)
{
    struct rg_schema_difference difference;
    struct rg_hasher hash_a;
    struct rg_hasher hash_b;

    FUZZ_CHECK(rg_schema_is_equal(a, b, &difference));
    rg_hasher_init(&hash_a);
    rg_hasher_init(&hash_b);
    rg_schema_hash(a, &hash_a);
    rg_schema_hash(b, &hash_b);
    const struct rg_hash128 result_a = rg_hasher_result(&hash_a);
    const struct rg_hash128 result_b = rg_hasher_result(&hash_b);
    FUZZ_CHECK(result_a.high == result_b.high && result_a.low == result_b.low);
}

/* Every element can be changed, and says then what it was told to. */
static void change_elements(const struct rg_schema *schema, struct rg_arena *arena)
{
    const struct rg_schema_change change = {.sets_repetition = true, .repetition = RG_OPTIONAL};

    for (uint32_t i = 0; i < schema->element_count; i++) {
        struct rg_schema_element element;
        struct rg_error err;
        char text[RG_PATH_TEXT_BYTES];

        FUZZ_CHECK(rg_schema_element_change(&schema->elements[i], &change, arena, &element, &err) ==
                   RG_OK);
        FUZZ_CHECK(element.has_repetition && element.repetition == RG_OPTIONAL);
        FUZZ_CHECK(rg_span_equal(element.name, schema->elements[i].name));
        FUZZ_CHECK(element.child_count == schema->elements[i].child_count);
        (void)rg_schema_path_text(schema, i, text);
    }
}

/*
 * They are the same without the rest of the footer, but for fields that nobody knows and that are
 * nested deeply: what is passed over counts from the top here, and from where it begins else.
 */
static void check_key_values(struct rg_span input, const struct rg_file_meta *meta,
                             struct rg_arena *arena)
{
    struct rg_key_value *pairs;
    struct rg_error err;
    uint32_t count;

    if (rg_footer_key_values(input, arena, &pairs, &count, &err) != RG_OK) {
        FUZZ_CHECK(err.status == RG_ERR_CORRUPT && strstr(err.text, "nested too deeply") != NULL);
        return;
    }
    FUZZ_CHECK(count == meta->key_value_count);
    for (uint32_t i = 0; i < count; i++)
        FUZZ_CHECK(rg_span_equal(pairs[i].key, meta->key_values[i].key));
}

static void check_like(struct rg_span input, const struct rg_file_meta *like,
                       struct rg_arena *arena, struct rg_span once, struct rg_buffer *again)
{
    struct rg_file_meta meta;
    struct rg_error err;

    rg_buffer_reset(again);
    FUZZ_CHECK(rg_footer_parse_like(input, like, arena, &meta, &err) == RG_OK);
    FUZZ_CHECK(rg_footer_emit(&meta, again, &err) == RG_OK);
    FUZZ_CHECK(rg_span_equal(rg_buffer_span(again), once));
}

static void run(struct rg_span input, struct rg_arena *arena, struct rg_buffer *once,
                struct rg_buffer *twice)
{
    struct rg_file_meta first;
    struct rg_file_meta second;
    struct rg_error err;

    const enum rg_status status = rg_footer_parse(input, arena, &first, &err);
    FUZZ_CHECK(arena->bytes <=
               memory_base_bytes + memory_factor_max * input.bytes + 4 * rg_schema_path_bytes_max);
    if (status != RG_OK) {
        FUZZ_CHECK(err.status == status);
        FUZZ_CHECK(status == RG_ERR_CORRUPT || status == RG_ERR_LIMIT);
        return;
    }
    check_key_values(input, &first, arena);
    FUZZ_CHECK(rg_footer_emit(&first, once, &err) == RG_OK);
    FUZZ_CHECK(rg_footer_parse(rg_buffer_span(once), arena, &second, &err) == RG_OK);
    FUZZ_CHECK(rg_footer_emit(&second, twice, &err) == RG_OK);
    FUZZ_CHECK(rg_span_equal(rg_buffer_span(once), rg_buffer_span(twice)));
    check_schemas(&first.schema, &second.schema);
    check_like(input, &first, arena, rg_buffer_span(once), twice);
    check_like(input, &second, arena, rg_buffer_span(once), twice);
    change_elements(&first.schema, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct rg_span input = {data, bytes};
    struct rg_arena arena;
    struct rg_buffer once;
    struct rg_buffer twice;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    rg_buffer_init(&once, &rg_allocator_system, out_bytes_max);
    rg_buffer_init(&twice, &rg_allocator_system, out_bytes_max);
    run(input, &arena, &once, &twice);
    rg_buffer_fini(&twice);
    rg_buffer_fini(&once);
    rg_arena_fini(&arena);
    return 0;
}
