/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/key_values.h"

#include <stdio.h>
#include <string.h>

#include "arrow_texts.h"
#include "small_meta.h"
#include "stitch/arrow_schema.h"
#include "stitch/writer.h"
#include "support/test.h"

enum {
    INPUTS_MAX = 3,
    TEXTS_MAX = 8,
};

static bool make(struct small_meta *m, struct rg_arena *arena, const char *const texts[TEXTS_MAX],
                 const char *created_by, bool has_int96)
{
    small_meta_begin(m);
    (void)small_meta_leaf(m, "s", RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING);
    if (has_int96)
        (void)small_meta_leaf(m, "t", RG_TYPE_INT96, RG_LOGICAL_NONE);
    for (size_t i = 0; i < TEXTS_MAX && texts[i] != NULL; i += 2)
        small_meta_pair(m, texts[i], texts[i + 1]);
    if (created_by != NULL)
        m->meta.created_by = rg_span_of(created_by);
    if (!small_meta_build(m, arena))
        return false;
    (void)small_meta_rows(m, 3);
    return true;
}

/* "key=value|key|key=value": a key without '=' has no value. */
static void write_pairs(const struct rg_key_value *pairs, uint32_t count, char *text, size_t room)
{
    size_t used = 0;

    text[0] = 0;
    for (uint32_t i = 0; i < count && used < room; i++) {
        const struct rg_key_value *p = &pairs[i];
        used += (size_t)snprintf(text + used, room - used, "%s%.*s%s%.*s", i == 0 ? "" : "|",
                                 (int)p->key.bytes, (const char *)p->key.data,
                                 p->value.data == NULL ? "" : "=", (int)p->value.bytes,
                                 p->value.data == NULL ? "" : (const char *)p->value.data);
    }
}

static void write_notes(const struct rg_key_value_merge *merge, char *text, size_t room)
{
    uint32_t count;
    const struct rg_key_value_note *notes = rg_key_value_merge_notes(merge, &count);
    size_t used = 0;

    text[0] = 0;
    for (uint32_t i = 0; i < count && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%.*s: %s", i == 0 ? "" : "|",
                                 (int)notes[i].key.bytes, (const char *)notes[i].key.data,
                                 notes[i].reason);
}

#define PANDAS(stop)                                                                               \
    "{\"index_columns\": [{\"kind\": \"range\", \"name\": null, \"start\": 0, \"stop\": " stop     \
    ", \"step\": 1}]}"
#define GEO(box) "{\"columns\": {\"g\": {\"bbox\": " box "}}}"
#define MISSING  ": not in all inputs"
#define DIFFERS  ": differs between inputs"

TEST(every_row_of_the_key_value_table)
{
    static const struct {
        const char *about;
        const char *inputs[INPUTS_MAX][TEXTS_MAX];
        size_t input_count;
        const char *merged;
        const char *notes;
    } rows[] = {
        {"no keys", {{NULL}, {NULL}}, 2, "", ""},
        {"equal stays", {{"a", "1", "b", ""}, {"b", "", "a", "1"}}, 2, "a=1|b=", ""},
        {"a difference goes", {{"a", "1", "b", "2"}, {"a", "1", "b", "3"}}, 2, "a=1", "b" DIFFERS},
        {"what later inputs lack goes", {{"a", "1", "b", "2"}, {"b", "2"}}, 2, "b=2", "a" MISSING},
        {"what the first lacks goes",
         {{"a", "1"}, {"a", "1", "b", "2"}, {"a", "1", "b", "2"}},
         3,
         "a=1",
         "b" MISSING},
        {"gone stays gone", {{"a", "1"}, {"a", "2"}, {"a", "1"}}, 3, "", "a" DIFFERS},
        {"no value is not an empty one",
         {{"a", NULL, "b", NULL}, {"a", "", "b", NULL}},
         2,
         "b",
         "a" DIFFERS},
        {"twice the same", {{"a", "1", "a", "1"}, {"a", "1"}}, 2, "a=1", ""},
        {"twice, different",
         {{"a", "1", "a", "2"}, {"a", "1"}},
         2,
         "",
         "a: given twice, with different values"},
        {"twice, different, in the second",
         {{"a", "1"}, {"a", "1", "a", "2"}},
         2,
         "",
         "a: given twice, with different values"},
        {"one input keeps all",
         {{"a", "1", "pandas", PANDAS("9"), "geo", GEO("[1, 2, 3, 4]")}},
         1,
         "a=1|pandas=" PANDAS("9") "|geo=" GEO("[1, 2, 3, 4]"),
         ""},
        {"our own go in silence",
         {{"regroup.shape", "x", "a", "1", "regroup.batch", "y"}, {"a", "1", "regroup.other", "z"}},
         2,
         "a=1",
         ""},
        {"spark's version",
         {{"org.apache.spark.version", "3.4.0"}, {"org.apache.spark.version", "3.5.0"}},
         2,
         "org.apache.spark.version=3.4.0",
         ""},
        {"spark's version, absent",
         {{"org.apache.spark.version", "3.4.0"}, {NULL}},
         2,
         "",
         "org.apache.spark.version" MISSING},
        {"spark's calendar: the first one's keys say it as they say it together",
         {{"org.apache.spark.version", "3.2.0", "org.apache.spark.legacyDateTime", ""},
          {"org.apache.spark.version", "2.4.8"}},
         2,
         "org.apache.spark.version=3.2.0|org.apache.spark.legacyDateTime=",
         ""},
        {"spark's calendar, the old one first",
         {{"org.apache.spark.version", "2.4.8"},
          {"org.apache.spark.version", "3.2.0", "org.apache.spark.legacyINT96", ""}},
         2,
         "org.apache.spark.version=2.4.8",
         "org.apache.spark.legacyINT96" MISSING},
        {"spark's schema",
         {{"org.apache.spark.sql.parquet.row.metadata", "x"},
          {"org.apache.spark.sql.parquet.row.metadata", "x"}},
         2,
         "org.apache.spark.sql.parquet.row.metadata=x",
         ""},
        {"drill's version",
         {{"drill.version", "1.9"}, {"drill.version", "1.10"}},
         2,
         "drill.version=1.9",
         ""},
        {"iceberg",
         {{"iceberg.schema", "{1}"}, {"iceberg.schema", "{2}"}},
         2,
         "",
         "iceberg.schema" DIFFERS},
        {"avro",
         {{"parquet.avro.schema", "{1}", "writer.model.name", "avro"},
          {"parquet.avro.schema", "{1}", "writer.model.name", "avro"}},
         2,
         "parquet.avro.schema={1}|writer.model.name=avro",
         ""},
        {"arrow", {{"ARROW:schema", "AA"}, {"ARROW:schema", "AA"}}, 2, "ARROW:schema=AA", ""},
        {"arrow, different",
         {{"ARROW:schema", "AA"}, {"ARROW:schema", "AB"}},
         2,
         "",
         "ARROW:schema" DIFFERS},
        {"pandas",
         {{"pandas", PANDAS("3")}, {"pandas", PANDAS("3")}},
         2,
         "pandas=" PANDAS("6"),
         ""},
        {"pandas, other columns",
         {{"pandas", PANDAS("3")}, {"pandas", "{}"}},
         2,
         "",
         "pandas" DIFFERS},
        {"pandas, no json, equal", {{"pandas", "x"}, {"pandas", "x"}}, 2, "pandas=x", ""},
        {"pandas, no json", {{"pandas", "x"}, {"pandas", "y"}}, 2, "", "pandas" DIFFERS},
        {"pandas, absent", {{NULL}, {"pandas", PANDAS("3")}}, 2, "", "pandas" MISSING},
        {"geo",
         {{"geo", GEO("[1, 2, 3, 4]")}, {"geo", GEO("[0, 2, 3, 5]")}, {"geo", GEO("[0, 1, 1, 2]")}},
         3,
         "geo=" GEO("[0, 1, 3, 5]"),
         ""},
        {"geo, equal: not a byte changes",
         {{"geo", "{\"columns\":{}}"}, {"geo", "{\"columns\":{}}"}},
         2,
         "geo={\"columns\":{}}",
         ""},
        {"geo, no columns", {{"geo", "{\"a\":1}"}, {"geo", "{ \"a\":1}"}}, 2, "", "geo" DIFFERS},
    };
    char text[1000];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta inputs[INPUTS_MAX];
        struct rg_key_value *pairs;
        struct rg_arena metas;
        struct rg_arena arena;
        uint32_t count;

        rg_arena_init(&metas, &t->allocator, SIZE_MAX);
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        for (size_t j = 0; j < rows[i].input_count; j++)
            CHECK_MADE(make(&inputs[j], &metas, rows[i].inputs[j], NULL, false));
        struct rg_key_value_merge *merge =
            rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
        CHECK_MEMORY(merge);
        for (size_t j = 0; j < rows[i].input_count; j++)
            CHECK_OK(rg_key_value_merge_add(merge, &inputs[j].meta, &t->err));
        for (int times = 0; times < 2; times++) {
            CHECK_OK(
                rg_key_value_merge_finish(merge, 3 * rows[i].input_count, &pairs, &count, &t->err));
            write_pairs(pairs, count, text, sizeof text);
            if (strcmp(text, rows[i].merged) != 0)
                test_fail(__FILE__, __LINE__, "%s: %s", rows[i].about, text);
        }
        write_notes(merge, text, sizeof text);
        if (t->allocations_allowed == UINT64_MAX && strcmp(text, rows[i].notes) != 0)
            test_fail(__FILE__, __LINE__, "%s: notes %s", rows[i].about, text);
        rg_arena_fini(&arena);
        rg_arena_fini(&metas);
    }
}

TEST(keys_that_describe_the_schema_go_when_it_changes)
{
    static const char *const texts[TEXTS_MAX] = {"a", "1", "ARROW:schema", "AA",
                                                 "r", "x", "thrift.class", "y"};
    static struct small_meta input;
    struct rg_key_value *pairs;
    struct rg_arena metas;
    struct rg_arena arena;
    uint32_t count;
    char text[200];

    rg_arena_init(&metas, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_MADE(make(&input, &metas, texts, NULL, false));
    struct rg_key_value_merge *merge = rg_key_value_merge_new(&arena, &input.meta.schema, true);
    CHECK_MEMORY(merge);
    CHECK_OK(rg_key_value_merge_add(merge, &input.meta, &t->err));
    CHECK_OK(rg_key_value_merge_finish(merge, 3, &pairs, &count, &t->err));
    write_pairs(pairs, count, text, sizeof text);
    CHECK_TEXT(text, "a=1");
    rg_arena_fini(&arena);
    rg_arena_fini(&metas);
}

TEST(created_by_is_ours_and_origins_are_kept)
{
    static const struct {
        const char *about;
        bool has_int96;
        const char *created_by[INPUTS_MAX];
        const char *origins[INPUTS_MAX]; /* Of inputs, as original.created.by. */
        const char *created_by_wanted;   /* NULL: ours. */
        const char *origins_wanted;      /* NULL: absent. */
    } rows[] = {
        {"nobody's", false, {NULL}, {NULL}, NULL, NULL},
        {"one", false, {"a version 1.0.0"}, {NULL}, NULL, "a version 1.0.0"},
        {"three, two alike", false, {"a", "b", "a"}, {NULL}, NULL, "a\nb"},
        {"origins come first", false, {"c", "c"}, {"a\nb", "b\n\nd"}, NULL, "a\nb\nc\nd"},
        {"ours is no origin",
         false,
         {"regroup version 0.1.0 (build x)", "b"},
         {"a", "regroup version 0.0.9 (build y)"},
         NULL,
         "a\nb"},
        {"INT96 of parquet-mr: the newest",
         true,
         {"parquet-mr version 1.8.1 (build a)", "parquet-mr version 1.12.0 (build b)",
          "parquet-mr version 1.10.9 (build c)"},
         {NULL},
         "parquet-mr version 1.12.0 (build b)",
         "parquet-mr version 1.8.1 (build a)\nparquet-mr version 1.12.0 (build b)\n"
         "parquet-mr version 1.10.9 (build c)"},
        {"INT96 of others",
         true,
         {"impala version 3.2.0", "x"},
         {NULL},
         NULL,
         "impala version 3.2.0\nx"},
        {"no INT96",
         false,
         {"parquet-mr version 1.12.0"},
         {NULL},
         NULL,
         "parquet-mr version 1.12.0"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta inputs[INPUTS_MAX];
        struct rg_key_value *pairs;
        struct rg_arena metas;
        struct rg_arena arena;
        uint32_t count;

        rg_arena_init(&metas, &t->allocator, SIZE_MAX);
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        struct rg_key_value_merge *merge = NULL;
        for (size_t j = 0; j < INPUTS_MAX && (j == 0 || rows[i].created_by[j] != NULL); j++) {
            const char *const texts[TEXTS_MAX] = {
                rows[i].origins[j] == NULL ? NULL : "original.created.by", rows[i].origins[j]};
            CHECK_MADE(make(&inputs[j], &metas, texts, rows[i].created_by[j], rows[i].has_int96));
            if (j == 0)
                merge = rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
            CHECK_MEMORY(merge);
            CHECK_OK(rg_key_value_merge_add(merge, &inputs[j].meta, &t->err));
        }
        CHECK_OK(rg_key_value_merge_finish(merge, 3, &pairs, &count, &t->err));
        const struct rg_span created_by = rg_key_value_merge_created_by(merge);
        const char *wanted =
            rows[i].created_by_wanted == NULL ? rg_created_by : rows[i].created_by_wanted;
        if (!rg_span_equal(created_by, rg_span_of(wanted)))
            test_fail(__FILE__, __LINE__, "%s: created by %.*s", rows[i].about,
                      (int)created_by.bytes, (const char *)created_by.data);
        CHECK_U64(count, rows[i].origins_wanted == NULL ? 0 : 1);
        if (count == 1 && !rg_span_equal(pairs[0].value, rg_span_of(rows[i].origins_wanted)))
            test_fail(__FILE__, __LINE__, "%s: origins %.*s", rows[i].about,
                      (int)pairs[0].value.bytes, (const char *)pairs[0].value.data);
        rg_arena_fini(&arena);
        rg_arena_fini(&metas);
    }
}

TEST(our_created_by_is_one_that_readers_parse)
{
    const struct rg_writer writer = rg_writer_parse(rg_span_of(rg_created_by));

    CHECK_SPAN(writer.application, rg_span_of("regroup"));
    CHECK(writer.is_parsed);
    CHECK(strstr(rg_created_by, " (build ") != NULL);
    CHECK(rg_created_by[strlen(rg_created_by) - 1] == ')');
    CHECK(!rg_created_by_is_parquet_mr(rg_span_of(rg_created_by)));
}

TEST(inputs_of_another_meaning_are_refused)
{
    static const char *const with[TEXTS_MAX] = {"org.apache.spark.version", "3.0.0"};
    static const char *const without[TEXTS_MAX] = {"org.apache.spark.version", "3.5.0"};
    static struct small_meta inputs[2];
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_MADE(make(&inputs[0], &arena, with, NULL, true));
    CHECK_MADE(make(&inputs[1], &arena, without, NULL, true));
    struct rg_key_value_merge *merge =
        rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
    CHECK(merge != NULL);
    CHECK_OK(rg_key_value_merge_add(merge, &inputs[0].meta, &t->err));
    CHECK_ERROR(rg_key_value_merge_add(merge, &inputs[1].meta, &t->err), RG_ERR_UNSUPPORTED,
                "another meaning");
    rg_arena_fini(&arena);
}

/* What cannot be made out may have dictionaries; of what can only these go. */
TEST(arrow_dictionaries_do_not_go_with_delta_pages)
{
    static const char *const schemas[2][TEXTS_MAX] = {{"ARROW:schema", "not an arrow schema"},
                                                      {"ARROW:schema", dictionary_field}};
    static struct small_meta inputs[2];
    char text[400];

    for (int k = 0; k < 4; k++) {
        const char *const *texts = schemas[k / 2];
        const int has_delta = k % 2;
        struct rg_key_value *pairs;
        struct rg_arena arena;
        uint32_t count;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        for (int i = 0; i < 2; i++)
            CHECK_MADE(make(&inputs[i], &arena, texts, NULL, false));
        if (has_delta == 1)
            inputs[1].chunks[0][0].encodings = 1U << RG_ENCODING_DELTA_BYTE_ARRAY;
        struct rg_key_value_merge *merge =
            rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
        CHECK(merge != NULL);
        for (int i = 0; i < 2; i++)
            CHECK_OK(rg_key_value_merge_add(merge, &inputs[i].meta, &t->err));
        CHECK_OK(rg_key_value_merge_finish(merge, 6, &pairs, &count, &t->err));
        CHECK_U64(count, k == 1 ? 0 : 1);
        if (k >= 2) {
            struct rg_arrow_facts facts;

            CHECK(rg_arrow_schema_read(pairs[0].value, &facts));
            CHECK(facts.has_dictionary == (has_delta == 0));
        }
        write_notes(merge, text, sizeof text);
        CHECK((strstr(text, "delta-encoded") != NULL) == (has_delta == 1));
        rg_arena_fini(&arena);
    }
}

/* Every writer puts its own pandas metadata into its Arrow schema. */
TEST(arrow_schemas_say_what_the_key_values_say)
{
    static const char *const first[TEXTS_MAX] = {"ARROW:schema", with_pairs, "pandas",
                                                 PANDAS("3"),    "k",        "v"};
    static const char *const second[TEXTS_MAX] = {"ARROW:schema", with_other_pairs, "pandas",
                                                  PANDAS("3")};
    static const char *const third[TEXTS_MAX] = {"ARROW:schema", other_zone, "pandas", PANDAS("3")};
    const struct rg_key_value wanted = {rg_span_of("pandas"), rg_span_of(PANDAS("6"))};
    static struct small_meta inputs[3];
    struct rg_key_value_merge *merge;
    struct rg_key_value *pairs;
    struct rg_arena arena;
    struct rg_span again;
    uint32_t count;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_MADE(make(&inputs[0], &arena, first, NULL, false));
    CHECK_MADE(make(&inputs[1], &arena, second, NULL, false));
    CHECK_MADE(make(&inputs[2], &arena, third, NULL, false));
    merge = rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
    CHECK_MEMORY(merge);
    for (int i = 0; i < 2; i++)
        CHECK_OK(rg_key_value_merge_add(merge, &inputs[i].meta, &t->err));
    CHECK_OK(rg_key_value_merge_finish(merge, 6, &pairs, &count, &t->err));
    CHECK_U64(count, 2);
    CHECK_SPAN(pairs[0].key, rg_span_of("ARROW:schema"));
    CHECK(!rg_span_equal(pairs[0].value, rg_span_of(with_pairs)));
    /* It holds the merged pandas metadata and nothing else: there is nothing to exchange. */
    CHECK_OK(rg_arrow_schema_rewrite(pairs[0].value, &wanted, 1, &arena, &again, &t->err));
    CHECK(again.data == pairs[0].value.data);

    /* The length in front is no base64, and nothing but an exchange asks for it. */
    static char broken[sizeof with_pairs];
    memcpy(broken, with_pairs, sizeof broken);
    broken[6] = '@';
    inputs[0].pairs[0].value = rg_span_of(broken);
    merge = rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
    CHECK_MEMORY(merge);
    CHECK_OK(rg_key_value_merge_add(merge, &inputs[0].meta, &t->err));
    CHECK_OK(rg_key_value_merge_finish(merge, 3, &pairs, &count, &t->err));
    CHECK_U64(count, 2);
    CHECK_SPAN(pairs[0].key, rg_span_of("pandas"));
    inputs[0].pairs[0].value = rg_span_of(with_pairs);

    /* Another type is another schema. */
    merge = rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
    CHECK_MEMORY(merge);
    CHECK_OK(rg_key_value_merge_add(merge, &inputs[0].meta, &t->err));
    CHECK_OK(rg_key_value_merge_add(merge, &inputs[2].meta, &t->err));
    CHECK_OK(rg_key_value_merge_finish(merge, 9, &pairs, &count, &t->err));
    CHECK_U64(count, 1);
    CHECK_SPAN(pairs[0].key, rg_span_of("pandas"));
    rg_arena_fini(&arena);
}

/* Random key-values against a search through all inputs. */
static void merged_is_what_all_have(struct test *t, struct choices *c)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    static const char *const values[] = {"0", "1", ""};
    static struct small_meta inputs[INPUTS_MAX];
    int value_of[INPUTS_MAX][6]; /* -1: absent; -2: given twice, with different values. */
    const size_t input_count = 1 + choose(c, INPUTS_MAX - 1);
    struct rg_key_value *pairs = NULL;
    uint32_t count = 0;
    struct rg_arena metas;
    struct rg_arena arena;

    rg_arena_init(&metas, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < input_count; i++) {
        const char *texts[TEXTS_MAX] = {NULL};
        memset(value_of[i], -1, sizeof value_of[i]);
        for (size_t j = 0; j < TEXTS_MAX / 2 && choose(c, 5) > 0; j++) {
            const uint32_t key = choose(c, 5);
            const int value = (int)choose(c, 3) % 3;
            int *known = &value_of[i][key];
            texts[2 * j] = keys[key];
            texts[2 * j + 1] = values[value];
            *known = *known == -1 || *known == value ? value : -2;
        }
        CHECK_MADE(make(&inputs[i], &metas, texts, NULL, false));
    }
    struct rg_key_value_merge *merge =
        rg_key_value_merge_new(&arena, &inputs[0].meta.schema, false);
    enum rg_status status = merge == NULL ? RG_ERR_NOMEM : RG_OK;
    for (size_t i = 0; i < input_count && status == RG_OK; i++)
        status = rg_key_value_merge_add(merge, &inputs[i].meta, &t->err);
    if (status == RG_OK)
        status = rg_key_value_merge_finish(merge, 1, &pairs, &count, &t->err);
    uint32_t wanted_count = 0;
    for (size_t key = 0; key < 6 && status == RG_OK; key++) {
        bool is_wanted = value_of[0][key] >= 0;
        for (size_t i = 1; i < input_count; i++)
            is_wanted = is_wanted && value_of[i][key] == value_of[0][key];
        bool is_there = false;
        for (uint32_t i = 0; i < count; i++)
            is_there = is_there || rg_span_equal(pairs[i].key, rg_span_of(keys[key]));
        CHECK(is_there == is_wanted);
        wanted_count += is_wanted;
    }
    CHECK(status != RG_OK || count == wanted_count);
    rg_arena_fini(&arena);
    rg_arena_fini(&metas);
}

TEST(only_what_all_inputs_have_is_kept)
{
    test_property(t, "key-values", 5000, merged_is_what_all_have);
}

TEST(chunk_key_values_are_kept_when_equal)
{
    struct rg_key_value a[2] = {{rg_span_of("a"), rg_span_of("1")}, {rg_span_of("b"), {NULL, 0}}};
    struct rg_key_value b[2] = {{rg_span_of("a"), rg_span_of("1")},
                                {rg_span_of("b"), rg_span_of("")}};
    struct rg_column_chunk first = {.key_values = a, .key_value_count = 2};
    struct rg_column_chunk same = {.key_values = a, .key_value_count = 2};
    struct rg_column_chunk other = {.key_values = b, .key_value_count = 2};
    struct rg_column_chunk none = {.key_values = NULL};
    const struct rg_column_chunk *const alike[] = {&first, &same};
    const struct rg_column_chunk *const different[] = {&first, &other};
    const struct rg_column_chunk *const missing[] = {&first, &none};
    struct rg_key_value *pairs;
    uint32_t count;

    rg_chunk_key_values_merge(alike, 2, &pairs, &count);
    CHECK(pairs == a && count == 2);
    rg_chunk_key_values_merge(different, 2, &pairs, &count);
    CHECK(pairs == NULL && count == 0);
    rg_chunk_key_values_merge(missing, 2, &pairs, &count);
    CHECK(pairs == NULL && count == 0);
    rg_chunk_key_values_merge(alike, 0, &pairs, &count);
    CHECK(pairs == NULL && count == 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"every_row_of_the_key_value_table", every_row_of_the_key_value_table},
        {"keys_that_describe_the_schema_go_when_it_changes",
         keys_that_describe_the_schema_go_when_it_changes},
        {"created_by_is_ours_and_origins_are_kept", created_by_is_ours_and_origins_are_kept},
        {"our_created_by_is_one_that_readers_parse", our_created_by_is_one_that_readers_parse},
        {"inputs_of_another_meaning_are_refused", inputs_of_another_meaning_are_refused},
        {"arrow_dictionaries_do_not_go_with_delta_pages",
         arrow_dictionaries_do_not_go_with_delta_pages},
        {"arrow_schemas_say_what_the_key_values_say", arrow_schemas_say_what_the_key_values_say},
        {"only_what_all_inputs_have_is_kept", only_what_all_inputs_have_is_kept},
        {"chunk_key_values_are_kept_when_equal", chunk_key_values_are_kept_when_equal},
    };

    return test_main("stitch/key_values", cases, sizeof cases / sizeof cases[0], argc, argv);
}
