/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/file_shape.h"

#include <string.h>

#include "arrow_texts.h"
#include "small_meta.h"
#include "support/test.h"

static bool is_same(struct rg_hash128 a, struct rg_hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

enum column {
    NO_COLUMN,
    DATE,
    TIMESTAMP,
    INT96,
    GEOMETRY,
};

static void add_column(struct small_meta *m, enum column column)
{
    static const char geometry[] = "projjson:my_crs";

    switch (column) {
    case NO_COLUMN:
        break;
    case DATE:
        (void)small_meta_leaf(m, "d", RG_TYPE_INT32, RG_LOGICAL_DATE);
        break;
    case TIMESTAMP:
        (void)small_meta_leaf(m, "t", RG_TYPE_INT64, RG_LOGICAL_TIMESTAMP);
        break;
    case INT96:
        (void)small_meta_leaf(m, "i", RG_TYPE_INT96, RG_LOGICAL_NONE);
        break;
    case GEOMETRY:
        small_meta_leaf(m, "g", RG_TYPE_BYTE_ARRAY, RG_LOGICAL_GEOMETRY)->annotation =
            rg_span_of(geometry);
        break;
    }
}

static bool make(struct small_meta *m, struct rg_arena *arena, enum column column,
                 const char *const pairs[6], const char *created_by)
{
    small_meta_begin(m);
    (void)small_meta_leaf(m, "a", RG_TYPE_INT32, RG_LOGICAL_NONE);
    add_column(m, column);
    for (size_t i = 0; i < 6 && pairs[i] != NULL; i += 2)
        small_meta_pair(m, pairs[i], pairs[i + 1]);
    if (created_by != NULL)
        m->meta.created_by = rg_span_of(created_by);
    return small_meta_build(m, arena);
}

#define SPARK  "org.apache.spark.version"
#define LEGACY "org.apache.spark.legacyDateTime"
#define OLD96  "org.apache.spark.legacyINT96"
#define ZONE   "org.apache.spark.timeZone"

TEST(values_are_read_alike_or_files_stay_apart)
{
    static const struct {
        const char *about;
        enum column column;
        const char *a[6];
        const char *b[6];
        const char *a_created_by, *b_created_by;
        bool is_same;
    } rows[] = {
        {"spark 3.4 and 3.5", DATE, {SPARK, "3.4.0"}, {SPARK, "3.5.1"}, NULL, NULL, true},
        {"spark 3.5 and 4.0", TIMESTAMP, {SPARK, "3.5.0"}, {SPARK, "4.0.0"}, NULL, NULL, true},
        {"spark and none", DATE, {SPARK, "3.4.0"}, {NULL}, NULL, NULL, false},
        {"spark and none, no dates", NO_COLUMN, {SPARK, "3.4.0"}, {NULL}, NULL, NULL, true},
        {"spark 2.4.6 and 3.0", DATE, {SPARK, "2.4.6"}, {SPARK, "3.0.0"}, NULL, NULL, false},
        {"legacy calendar",
         TIMESTAMP,
         {SPARK, "3.4.0", LEGACY, ""},
         {SPARK, "3.4.0"},
         NULL,
         NULL,
         false},
        {"legacy calendar, no dates",
         INT96,
         {SPARK, "3.4.0", LEGACY, ""},
         {SPARK, "3.4.0"},
         NULL,
         NULL,
         true},
        {"legacy key of an old spark",
         DATE,
         {SPARK, "2.4.6", LEGACY, ""},
         {SPARK, "2.4.6"},
         NULL,
         NULL,
         true},
        {"legacy in two zones",
         TIMESTAMP,
         {SPARK, "3.4.0", LEGACY, "", ZONE, "UTC"},
         {SPARK, "3.4.0", LEGACY, "", ZONE, "Europe/Paris"},
         NULL,
         NULL,
         false},
        {"zones do not matter when proleptic",
         TIMESTAMP,
         {SPARK, "3.4.0", ZONE, "UTC"},
         {SPARK, "3.4.0", ZONE, "Europe/Paris"},
         NULL,
         NULL,
         true},
        {"INT96: 3.0 is legacy", INT96, {SPARK, "3.0.1"}, {SPARK, "3.1.0"}, NULL, NULL, false},
        {"dates: 3.0 is not", DATE, {SPARK, "3.0.1"}, {SPARK, "3.1.0"}, NULL, NULL, true},
        {"legacy INT96", INT96, {SPARK, "3.4.0", OLD96, ""}, {SPARK, "3.4.0"}, NULL, NULL, false},
        {"legacy INT96, no INT96",
         TIMESTAMP,
         {SPARK, "3.4.0", OLD96, ""},
         {SPARK, "3.4.0"},
         NULL,
         NULL,
         true},
        {"hive's calendar",
         DATE,
         {"writer.date.proleptic", "true"},
         {"writer.date.proleptic", "false"},
         NULL,
         NULL,
         false},
        {"hive's calendar, absent",
         INT96,
         {"writer.date.proleptic", "false"},
         {NULL},
         NULL,
         NULL,
         false},
        {"hive's calendar, no dates",
         NO_COLUMN,
         {"writer.date.proleptic", "true"},
         {NULL},
         NULL,
         NULL,
         true},
        {"hive's zone",
         TIMESTAMP,
         {"writer.time.zone", "UTC"},
         {"writer.time.zone", "PST"},
         NULL,
         NULL,
         false},
        {"hive's zone of dates",
         DATE,
         {"writer.time.zone", "UTC"},
         {"writer.time.zone", "PST"},
         NULL,
         NULL,
         true},
        {"hive's conversion",
         INT96,
         {"writer.zone.conversion.legacy", "true"},
         {"writer.zone.conversion.legacy", "false"},
         NULL,
         NULL,
         false},
        {"drill and others", DATE, {"drill.version", "1.8.0"}, {NULL}, NULL, NULL, false},
        {"two drills",
         DATE,
         {"drill.version", "1.8.0"},
         {"drill.version", "1.7.0"},
         NULL,
         NULL,
         true},
        {"drill that dates right",
         DATE,
         {"drill.version", "1.9.0", "is.date.correct", "true"},
         {"drill.version", "1.9.0"},
         NULL,
         NULL,
         false},
        {"drill's writer",
         DATE,
         {"drill.version", "1.9.0", "drill-writer.version", "2"},
         {"drill.version", "1.9.0", "drill-writer.version", "3"},
         NULL,
         NULL,
         false},
        {"drill without dates", TIMESTAMP, {"drill.version", "1.8.0"}, {NULL}, NULL, NULL, true},
        {"INT96 of two programs",
         INT96,
         {NULL},
         {NULL},
         "parquet-mr version 1.10.0",
         "impala version 3.2.0",
         false},
        {"INT96 of two that are not parquet-mr",
         INT96,
         {NULL},
         {NULL},
         "parquet-cpp version 1.5",
         "impala version 3.2.0",
         true},
        {"INT96 of two versions",
         INT96,
         {NULL},
         {NULL},
         "parquet-mr version 1.10.0",
         "parquet-mr version 1.12.0",
         true},
        {"INT96 of Trino, which Impala does not take for parquet-mr",
         INT96,
         {NULL},
         {NULL},
         "parquet-mr version 1.10.0",
         "parquet-mr-trino version 455 (build n/a)",
         false},
        {"INT96, a name without a version",
         INT96,
         {NULL},
         {NULL},
         "parquet-mr",
         "parquet-mr version 1.10.0",
         true},
        {"INT96, nobody's", INT96, {NULL}, {NULL}, NULL, "parquet-mr version 1.10.0", false},
        {"two programs, no INT96",
         TIMESTAMP,
         {NULL},
         {NULL},
         "parquet-mr version 1.10.0",
         "impala version 3.2.0",
         true},
        {"geo: boxes",
         NO_COLUMN,
         {"geo", "{\"columns\": {\"g\": {\"bbox\": [1]}}}"},
         {"geo", "{\"columns\": {\"g\": {\"bbox\": [2]}}}"},
         NULL,
         NULL,
         true},
        {"geo: systems",
         NO_COLUMN,
         {"geo", "{\"columns\": {\"g\": {\"crs\": 1}}}"},
         {"geo", "{\"columns\": {\"g\": {\"crs\": 2}}}"},
         NULL,
         NULL,
         false},
        {"geo: absent", NO_COLUMN, {"geo", "{\"columns\": {}}"}, {NULL}, NULL, NULL, false},
        {"a system in the key-values",
         GEOMETRY,
         {"my_crs", "{}"},
         {"my_crs", "{\"a\": 1}"},
         NULL,
         NULL,
         false},
        {"a system in the key-values, absent",
         GEOMETRY,
         {"my_crs", "{}"},
         {NULL},
         NULL,
         NULL,
         false},
        {"no system of that name",
         GEOMETRY,
         {"your_crs", "{}"},
         {"your_crs", "{\"a\": 1}"},
         NULL,
         NULL,
         true},
        {"keys of no meaning", DATE, {"x", "1"}, {"y", "2"}, NULL, NULL, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta a;
        static struct small_meta b;
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_MADE(make(&a, &arena, rows[i].column, rows[i].a, rows[i].a_created_by));
        CHECK_MADE(make(&b, &arena, rows[i].column, rows[i].b, rows[i].b_created_by));
        const bool is_shape = is_same(rg_file_shape(&a.meta), rg_file_shape(&b.meta));
        const bool is_meaning = is_same(rg_file_semantics(&a.meta, &a.meta.schema),
                                        rg_file_semantics(&b.meta, &b.meta.schema));
        if (is_shape != rows[i].is_same || is_meaning != rows[i].is_same)
            test_fail(__FILE__, __LINE__, "%s: shape %d, meaning %d", rows[i].about, is_shape,
                      is_meaning);
        rg_arena_fini(&arena);
    }
}

/* What is changed of the second of two equal schemas. */
enum change {
    NOTHING,
    ROOT_NAME,
    NAME,
    REPETITION,
    TYPE,
    LENGTH,
    SAME_AS_CONVERTED,
    UNIT,
    FIELD_ID,
    CHILDREN,
    ORDERS,
    ONE_ORDER,
    NUM_ROWS,
    CREATED_BY,
};

static void change(struct small_meta *m, enum change what)
{
    struct rg_schema_element *string = &m->elements[1];
    struct rg_schema_element *fixed = &m->elements[2];
    struct rg_schema_element *time = &m->elements[3];

    switch (what) {
    case NOTHING:
    case ONE_ORDER:
        break;
    case ROOT_NAME:
        m->elements[0].name = rg_span_of("spark_schema");
        break;
    case NAME:
        string->name = rg_span_of("other");
        break;
    case REPETITION:
        string->repetition = RG_REQUIRED;
        break;
    case TYPE:
        fixed->type = RG_TYPE_BYTE_ARRAY;
        fixed->type_length = 0;
        break;
    case LENGTH:
        fixed->type_length = 15;
        break;
    case SAME_AS_CONVERTED:
        string->logical = RG_LOGICAL_NONE;
        string->converted_type = RG_CONVERTED_UTF8;
        break;
    case UNIT:
        time->time_unit = RG_TIME_UNIT_NANOS;
        break;
    case FIELD_ID:
        string->has_field_id = true;
        string->field_id = 1;
        break;
    case CHILDREN:
        (void)small_meta_leaf(m, "more", RG_TYPE_INT32, RG_LOGICAL_NONE);
        break;
    case ORDERS:
        m->meta.has_column_orders = false;
        break;
    case NUM_ROWS:
        m->meta.row_count = 7;
        break;
    case CREATED_BY:
        m->meta.created_by = rg_span_of("x version 1.0.0");
        break;
    }
}

TEST(the_schema_counts_and_what_is_not_of_it_does_not)
{
    static const struct {
        const char *about;
        enum change change;
        bool is_same;
    } rows[] = {
        {"nothing", NOTHING, true},
        {"the root's name", ROOT_NAME, true},
        {"a name", NAME, false},
        {"a repetition", REPETITION, false},
        {"a type", TYPE, false},
        {"a length", LENGTH, false},
        {"a converted type that says the same", SAME_AS_CONVERTED, true},
        {"a unit", UNIT, false},
        {"a field id", FIELD_ID, false},
        {"one more column", CHILDREN, false},
        {"no column orders", ORDERS, false},
        {"IEEE total order, which is rewritten", ONE_ORDER, true},
        {"num_rows", NUM_ROWS, true},
        {"created_by without INT96", CREATED_BY, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta m[2];
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        for (int j = 0; j < 2; j++) {
            small_meta_begin(&m[j]);
            (void)small_meta_leaf(&m[j], "s", RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING);
            (void)small_meta_leaf(&m[j], "f", RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_NONE);
            small_meta_leaf(&m[j], "t", RG_TYPE_INT64, RG_LOGICAL_TIMESTAMP)->time_unit =
                RG_TIME_UNIT_MICROS;
            change(&m[j], j == 1 ? rows[i].change : NOTHING);
            CHECK_MADE(small_meta_build(&m[j], &arena));
        }
        if (rows[i].change == ONE_ORDER)
            m[1].meta.schema.leaves[0].column_order = RG_COLUMN_ORDER_IEEE_754_TOTAL;
        if (is_same(rg_file_shape(&m[0].meta), rg_file_shape(&m[1].meta)) != rows[i].is_same)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        rg_arena_fini(&arena);
    }
}

TEST(units_that_only_arrow_knows_count)
{
    static const struct {
        const char *about;
        const char *one, *other;
        enum rg_logical logical;
        bool is_same;
    } rows[] = {
        {"one unit", durations_us, durations_us, RG_LOGICAL_NONE, true},
        {"two units", durations_us, durations_ms, RG_LOGICAL_NONE, false},
        {"a unit and none", durations_us, NULL, RG_LOGICAL_NONE, false},
        {"two of what the file says itself", durations_us, durations_ms, RG_LOGICAL_TIME, true},
        {"key-values within", with_pairs, with_other_pairs, RG_LOGICAL_NONE, true},
        {"strings and dictionaries", plain_fields, dictionary_field, RG_LOGICAL_NONE, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta m[2];
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        for (int j = 0; j < 2; j++) {
            const char *text = j == 0 ? rows[i].one : rows[i].other;

            small_meta_begin(&m[j]);
            (void)small_meta_leaf(&m[j], "a", RG_TYPE_INT64, RG_LOGICAL_NONE);
            (void)small_meta_leaf(&m[j], "d", RG_TYPE_INT64, rows[i].logical);
            if (text != NULL)
                small_meta_pair(&m[j], "ARROW:schema", text);
            CHECK_MADE(small_meta_build(&m[j], &arena));
        }
        if (is_same(rg_file_shape(&m[0].meta), rg_file_shape(&m[1].meta)) != rows[i].is_same)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        rg_arena_fini(&arena);
    }
}

/* Two columns, two row groups; chunks end at 404, so that the smallest file has 412 bytes. */
static bool make_two(struct small_meta *m, struct rg_arena *arena)
{
    small_meta_begin(m);
    (void)small_meta_leaf(m, "a", RG_TYPE_INT32, RG_LOGICAL_NONE);
    small_meta_group(m, "l", 1, RG_LOGICAL_NONE)->repetition = RG_REPEATED;
    (void)small_meta_leaf(m, "b", RG_TYPE_INT32, RG_LOGICAL_NONE);
    if (!small_meta_build(m, arena))
        return false;
    (void)small_meta_rows(m, 10);
    (void)small_meta_rows(m, 10);
    return true;
}

static void nothing_wrong(struct small_meta *m)
{
    m->meta.row_count = 12345; /* Lies, and does not matter. */
}

static void encrypted(struct small_meta *m)
{
    m->meta.is_encrypted = true;
}

static void encrypted_column(struct small_meta *m)
{
    m->chunks[1][0].is_encrypted = true;
}

static void elsewhere(struct small_meta *m)
{
    m->chunks[0][1].is_elsewhere = true;
}

static void iceberg_deletes(struct small_meta *m)
{
    small_meta_pair(m, "delete-type", "equality");
}

static void iceberg_positions(struct small_meta *m)
{
    m->elements[1].has_field_id = true;
    m->elements[1].field_id = 2147483546;
    m->elements[3].has_field_id = true;
    m->elements[3].field_id = 2147483545;
    m->elements[3].parent_index = 0;
}

static void hudi(struct small_meta *m)
{
    small_meta_pair(m, "x", "y");
    small_meta_pair(m, "org.apache.hudi.bloomfilter", "z");
}

static void file_references(struct small_meta *m)
{
    m->elements[2].logical = RG_LOGICAL_FILE;
}

static void extension(struct small_meta *m)
{
    static const uint8_t raw[] = {0x15, 2, 0x08, 0xfe, 0xff, 0x03, 1, 7, 0};

    m->elements[1].raw = SPAN(raw);
}

static void extension_elsewhere(struct small_meta *m)
{
    m->meta.has_extension = true;
    m->chunks[0][0].has_extension = true;
}

static void in_front(struct small_meta *m)
{
    m->chunks[0][0].data_page_offset = 3;
}

static void behind(struct small_meta *m)
{
    m->chunks[1][1].compressed_bytes = 101;
}

static void wraps(struct small_meta *m)
{
    m->chunks[1][1].compressed_bytes = UINT64_MAX;
}

static void no_pages(struct small_meta *m)
{
    m->chunks[0][1].compressed_bytes = 0;
}

static void overlapping(struct small_meta *m)
{
    m->chunks[0][0].compressed_bytes = 101;
}

static void same_place(struct small_meta *m)
{
    m->chunks[1][1].data_page_offset = m->chunks[0][1].data_page_offset;
}

static void other_order(struct small_meta *m)
{
    m->chunks[0][0].data_page_offset = 304;
    m->chunks[1][1].data_page_offset = 4;
}

static void flat_values(struct small_meta *m)
{
    m->chunks[0][0].value_count = 11;
}

static void repeated_values(struct small_meta *m)
{
    m->chunks[0][1].value_count = 1100;
}

static void too_few_repeated_values(struct small_meta *m)
{
    m->chunks[0][1].value_count = 9;
}

static void rows_wrap(struct small_meta *m)
{
    for (int i = 0; i < 2; i++) {
        m->groups[i].row_count = INT64_MAX;
        m->chunks[i][0].value_count = INT64_MAX;
        m->chunks[i][1].value_count = INT64_MAX;
    }
}

static void no_rows(struct small_meta *m)
{
    m->groups[1].row_count = 0;
    m->chunks[1][0] = (struct rg_column_chunk){.is_elsewhere = true};
    m->chunks[1][1] = (struct rg_column_chunk){.compressed_bytes = 5};
}

static void index_outside(struct small_meta *m)
{
    m->chunks[0][0].column_index_offset = 400;
    m->chunks[0][0].column_index_length = 5;
}

static void offset_index_in_front(struct small_meta *m)
{
    m->chunks[0][0].offset_index_offset = 2;
}

static void bloom_outside(struct small_meta *m)
{
    m->chunks[1][1].has_bloom_filter_offset = true;
    m->chunks[1][1].bloom_filter_offset = 405;
}

static void bloom_nowhere(struct small_meta *m)
{
    m->chunks[1][1].has_bloom_filter_offset = true;
}

static void dictionary_offset_zero(struct small_meta *m)
{
    m->chunks[1][1].has_dictionary_offset = true;
}

static void many_pairs(struct small_meta *m)
{
    m->meta.key_value_count = 65537;
}

TEST(inputs_that_cannot_be_used_are_named)
{
    static const struct {
        void (*spoil)(struct small_meta *m);
        enum rg_status status;
        const char *text;
    } rows[] = {
        {nothing_wrong, RG_OK, ""},
        {encrypted, RG_ERR_UNSUPPORTED, "encrypted"},
        {encrypted_column, RG_ERR_UNSUPPORTED, "row group 1: column a: encrypted"},
        {elsewhere, RG_ERR_UNSUPPORTED, "row group 0: column l.b: its data is in another file"},
        {iceberg_deletes, RG_ERR_UNSUPPORTED, "Iceberg delete file"},
        {iceberg_positions, RG_ERR_UNSUPPORTED, "Iceberg position delete file"},
        {hudi, RG_ERR_UNSUPPORTED, "Hudi"},
        {file_references, RG_ERR_UNSUPPORTED, "FILE column l "},
        {extension, RG_ERR_UNSUPPORTED, "schema element a carries an extension"},
        {extension_elsewhere, RG_OK, ""},
        {in_front, RG_ERR_CORRUPT, "row group 0: column a: chunk of 100 bytes at 3 is outside"},
        {behind, RG_ERR_CORRUPT, "row group 1: column l.b: chunk of 101 bytes at 304 is outside"},
        {wraps, RG_ERR_CORRUPT, "is outside"},
        {no_pages, RG_ERR_CORRUPT, "no pages for 10 rows"},
        {overlapping, RG_ERR_CORRUPT, "chunks overlap at byte 104"},
        {same_place, RG_ERR_CORRUPT, "chunks overlap at byte 104"},
        {other_order, RG_OK, ""},
        {flat_values, RG_ERR_CORRUPT, "11 values in 10 rows"},
        {repeated_values, RG_OK, ""},
        {too_few_repeated_values, RG_ERR_CORRUPT, "9 values in 10 rows"},
        {rows_wrap, RG_ERR_CORRUPT, "more rows than can be"},
        {no_rows, RG_OK, ""},
        {index_outside, RG_ERR_CORRUPT, "column index of 5 bytes at 400 is outside"},
        {offset_index_in_front, RG_ERR_CORRUPT, "offset index of 0 bytes at 2 is outside"},
        {bloom_outside, RG_ERR_CORRUPT, "bloom filter of 0 bytes at 405 is outside"},
        {bloom_nowhere, RG_OK, ""},
        {dictionary_offset_zero, RG_OK, ""},
        {many_pairs, RG_ERR_LIMIT, "65537 key-values"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta m;
        struct rg_arena arena;
        struct rg_arena scratch;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
        CHECK_MADE(make_two(&m, &arena));
        rows[i].spoil(&m);
        const enum rg_status status = rg_file_acceptable(&m.meta, 412, &scratch, &t->err);
        if (rows[i].status == RG_OK) {
            CHECK_OK(status);
        } else if (status != RG_ERR_NOMEM) {
            if (status != rows[i].status || strstr(t->err.text, rows[i].text) == NULL)
                test_fail(__FILE__, __LINE__, "row %zu: status %d: %s", i, (int)status,
                          t->err.text);
        }
        rg_arena_fini(&scratch);
        rg_arena_fini(&arena);
    }
}

TEST(a_file_too_short_for_anything_is_corrupt)
{
    static struct small_meta m;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_MADE(make_two(&m, &arena));
    for (uint64_t bytes = 0; bytes < 412; bytes++)
        CHECK_ERROR(rg_file_acceptable(&m.meta, bytes, &arena, &t->err), RG_ERR_CORRUPT, "outside");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"values_are_read_alike_or_files_stay_apart", values_are_read_alike_or_files_stay_apart},
        {"the_schema_counts_and_what_is_not_of_it_does_not",
         the_schema_counts_and_what_is_not_of_it_does_not},
        {"units_that_only_arrow_knows_count", units_that_only_arrow_knows_count},
        {"inputs_that_cannot_be_used_are_named", inputs_that_cannot_be_used_are_named},
        {"a_file_too_short_for_anything_is_corrupt", a_file_too_short_for_anything_is_corrupt},
    };

    return test_main("stitch/file_shape", cases, sizeof cases / sizeof cases[0], argc, argv);
}
