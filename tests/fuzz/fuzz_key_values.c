/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Key-values of up to four inputs, merged. A byte 0xff ends a key or a value, 0xfe an input; a key
 * of one digit or letter stands for one of those that have a rule. What comes out of a merge of one
 * thing with itself says the same as before, and JSON stays JSON.
 */

#include <string.h>

#include "base/arena.h"
#include "fuzz/fuzz.h"
#include "stitch/arrow_schema.h"
#include "stitch/geo_merge.h"
#include "stitch/json_scan.h"
#include "stitch/key_values.h"
#include "stitch/pandas_merge.h"

enum {
    PAIRS_MAX = 32,
    INPUTS_MAX = 4
};

static struct rg_span key_of(struct rg_span text)
{
    static const char *const known[] = {"geo",
                                        "pandas",
                                        "ARROW:schema",
                                        "org.apache.spark.version",
                                        "org.apache.spark.legacyINT96",
                                        "original.created.by",
                                        "regroup.shape",
                                        "iceberg.schema",
                                        "crs",
                                        "drill.version"};
    const size_t count = sizeof known / sizeof known[0];

    if (text.bytes == 1 && text.data[0] >= '0' && text.data[0] < '0' + count)
        return rg_span_of(known[text.data[0] - '0']);
    return text;
}

/* The bytes up to one of the ends; *ret_end is that end, or 0xfe where the data ends. */
static struct rg_span take(struct rg_span *data, uint8_t *ret_end)
{
    struct rg_span text = {data->data, 0};

    while (text.bytes < data->bytes && text.data[text.bytes] < 0xfe)
        text.bytes++;
    const bool is_end = text.bytes == data->bytes;
    *ret_end = is_end ? 0xfe : text.data[text.bytes];
    data->data += text.bytes + (is_end ? 0 : 1);
    data->bytes -= text.bytes + (is_end ? 0 : 1);
    return text;
}

static uint32_t take_input(struct rg_span *data, struct rg_key_value pairs[PAIRS_MAX])
{
    uint32_t count = 0;
    uint8_t end = 0xff;

    while (end != 0xfe && count < PAIRS_MAX) {
        const struct rg_span key = take(data, &end);
        pairs[count] = (struct rg_key_value){key_of(key), {NULL, 0}};
        if (end == 0xff)
            pairs[count].value = take(data, &end);
        count++;
    }
    return count;
}

static bool is_same(struct rg_hash128 a, struct rg_hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

static void check_geo(struct rg_span text, struct rg_arena *arena)
{
    bool is_starved;
    struct rg_geo_merge *merge = rg_geo_merge_new(arena, text, &is_starved);
    struct rg_buffer out;
    struct rg_error err;
    struct rg_span value;

    if (merge == NULL)
        return;
    FUZZ_CHECK(rg_geo_merge_add(merge, text, &err) == RG_OK);
    rg_buffer_init(&out, &rg_allocator_system, SIZE_MAX);
    rg_geo_merge_emit(merge, &out);
    FUZZ_CHECK(rg_json_check(rg_buffer_span(&out), &value));
    FUZZ_CHECK(is_same(rg_geo_semantics(rg_buffer_span(&out)), rg_geo_semantics(text)));
    rg_buffer_fini(&out);
}

static void check_pandas(struct rg_span text)
{
    struct rg_pandas_merge merge;
    struct rg_pandas_merge again;
    struct rg_buffer out;

    if (!rg_pandas_merge_begin(&merge, text, 3))
        return;
    FUZZ_CHECK(rg_pandas_merge_add(&merge, text, 4));
    rg_buffer_init(&out, &rg_allocator_system, SIZE_MAX);
    rg_pandas_merge_emit(&merge, 7, &out);
    FUZZ_CHECK(rg_pandas_merge_begin(&again, rg_buffer_span(&out), 7));
    FUZZ_CHECK(again.has_range == merge.has_range);
    FUZZ_CHECK(!again.has_range || again.is_contiguous);
    FUZZ_CHECK(is_same(again.semantics, merge.semantics));
    rg_buffer_fini(&out);
}

static void check_arrow(struct rg_span text, struct rg_arena *arena)
{
    static const char value[] = "x";
    const struct rg_key_value pairs[] = {{rg_span_of("pandas"), rg_span_of(value)},
                                         {rg_span_of("a"), {NULL, 0}}};
    struct rg_arrow_facts before;
    struct rg_arrow_facts after;
    struct rg_error err;
    struct rg_span out;

    if (!rg_arrow_schema_read(text, &before) ||
        rg_arrow_schema_rewrite(text, pairs, 2, arena, &out, &err) != RG_OK)
        return;
    /* Behind a hostile message another table may share the bytes of the one that was changed. */
    if (rg_arrow_schema_read(out, &after) && after.has_dictionary == before.has_dictionary)
        FUZZ_CHECK(rg_arrow_schema_rewrite(out, pairs, 2, arena, &out, &err) != RG_ERR_NOMEM);
}

static void check_values(const struct rg_key_value *pairs, uint32_t count, struct rg_arena *arena)
{
    for (uint32_t i = 0; i < count; i++) {
        check_geo(pairs[i].value, arena);
        check_pandas(pairs[i].value);
        check_arrow(pairs[i].value, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct rg_schema_element elements[4] = {
        {.child_count = 3},
        {.has_type = true, .type = RG_TYPE_INT96, .converted_type = RG_CONVERTED_NONE},
        {.has_type = true, .type = RG_TYPE_INT32, .logical = RG_LOGICAL_DATE},
        {.has_type = true, .type = RG_TYPE_BYTE_ARRAY, .logical = RG_LOGICAL_GEOMETRY},
    };
    static struct rg_leaf leaves[3] = {{.element_index = 1, .type = RG_TYPE_INT96},
                                       {.element_index = 2, .type = RG_TYPE_INT32},
                                       {.element_index = 3, .type = RG_TYPE_BYTE_ARRAY}};
    struct rg_key_value pairs[PAIRS_MAX];
    struct rg_span rest = {data, bytes};
    struct rg_key_value *merged;
    struct rg_arena arena;
    struct rg_error err;
    uint32_t count;

    elements[3].annotation = rg_span_of("projjson:crs");
    struct rg_file_meta meta = {.schema = {elements, leaves, 4, 3}, .key_values = pairs};
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    struct rg_key_value_merge *merge = rg_key_value_merge_new(&arena, &meta.schema, false);
    FUZZ_CHECK(merge != NULL);
    for (int i = 0; i < INPUTS_MAX && rest.bytes > 0; i++) {
        meta.key_value_count = take_input(&rest, pairs);
        check_values(pairs, meta.key_value_count, &arena);
        const enum rg_status status = rg_key_value_merge_add(merge, &meta, &err);
        FUZZ_CHECK(status == RG_OK || status == RG_ERR_UNSUPPORTED);
    }
    FUZZ_CHECK(rg_key_value_merge_finish(merge, 10, &merged, &count, &err) == RG_OK);
    FUZZ_CHECK(rg_key_value_merge_created_by(merge).bytes > 0);
    rg_arena_fini(&arena);
    return 0;
}
