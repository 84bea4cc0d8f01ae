/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/unite.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "compact/input.h"
#include "compact/run.h"
#include "parquet/schema.h"
#include "support/test.h"
#include "unit/stitch/arrow_texts.h"

enum {
    FILES_MAX = 600,
    COLUMNS_MAX = 4,
};

struct world {
    struct rg_run run;
    struct rg_schema_shelf shelf;
    struct rg_arena arena;
    struct rg_input inputs[FILES_MAX];
    uint32_t count;
    uint32_t warning_count;
    struct rg_hash128 hash;
};

static void count_warning(void *user, const struct rg_event *event)
{
    struct world *w = user;

    w->warning_count += event->kind == RG_EVENT_WARNING;
}

static void set_up(struct test *t, struct world *w)
{
    memset(w, 0, sizeof *w);
    rg_run_init(&w->run);
    w->run.event = count_warning;
    w->run.event_user = w;
    rg_arena_init(&w->arena, &t->allocator, SIZE_MAX);
}

static void tear_down(struct world *w)
{
    rg_arena_fini(&w->arena);
    rg_run_fini(&w->run);
}

/* A column of a file: its name, and what it holds. */
struct column_text {
    const char *name;
    enum rg_type type;
    enum rg_logical logical;
    int32_t type_length;
};

/* `key` may be NULL. */
static void add_file_with(struct test *t, struct world *w, uint64_t modified_ns, const char *key,
                          const char *value, const struct column_text *columns, uint32_t count)
{
    struct rg_schema_element elements[COLUMNS_MAX + 1] = {{.child_count = count}};
    struct rg_key_value pair = {rg_span_of(key != NULL ? key : ""),
                                rg_span_of(value != NULL ? value : "")};
    struct rg_file_meta meta = {
        .key_values = &pair,
        .key_value_count = key != NULL,
        .created_by = rg_span_of("parquet-mr version 1.13.0 (build x)"),
        .has_column_orders = true,
    };
    struct rg_input *input = &w->inputs[w->count];

    elements[0].converted_type = RG_CONVERTED_NONE;
    elements[0].name = rg_span_of("schema");
    for (uint32_t i = 1; i <= count; i++)
        elements[i] = (struct rg_schema_element){
            .name = rg_span_of(columns[i - 1].name),
            .has_type = true,
            .has_repetition = true,
            .repetition = RG_OPTIONAL,
            .converted_type = RG_CONVERTED_NONE,
            .type = (uint8_t)columns[i - 1].type,
            .logical = (uint8_t)columns[i - 1].logical,
            .type_length = columns[i - 1].type_length,
        };
    CHECK_OK(rg_schema_build(elements, count + 1, &w->arena, &meta.schema, &t->err));
    *input = (struct rg_input){
        .key = "file",
        .id = {.modified_ns = modified_ns, .tag = ""},
        .column_count = count,
        .row_count = 1,
        .plan = {.shape = rg_file_shape(&meta)},
    };
    CHECK_OK(rg_schema_shelf_keep(&w->shelf, &meta, input->plan.shape, &w->arena, &input->schema,
                                  &t->err));
    w->count++;
}

static void add_file(struct test *t, struct world *w, uint64_t modified_ns,
                     const char *spark_version, const struct column_text *columns, uint32_t count)
{
    add_file_with(t, w, modified_ns, spark_version != NULL ? "org.apache.spark.version" : NULL,
                  spark_version, columns, count);
}

static void unite(struct test *t, struct world *w)
{
    CHECK_OK(rg_unite(&w->run, &w->shelf, w->inputs, w->count, &w->arena, &t->allocator, &w->hash,
                      &t->err));
}

static bool share(const struct world *w, uint32_t a, uint32_t b)
{
    const struct rg_hash128 left = w->inputs[a].plan.shape;
    const struct rg_hash128 right = w->inputs[b].plan.shape;

    return left.high == right.high && left.low == right.low;
}

static const struct column_text narrow[] = {{"a", RG_TYPE_INT32, RG_LOGICAL_NONE, 0}};
static const struct column_text wide[] = {{"b", RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING, 0},
                                          {"a", RG_TYPE_INT64, RG_LOGICAL_NONE, 0}};
static const struct column_text integers[] = {{"a", RG_TYPE_INT64, RG_LOGICAL_NONE, 0},
                                              {"d", RG_TYPE_INT64, RG_LOGICAL_NONE, 0}};
static const struct column_text text[] = {{"a", RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING, 0}};
static const struct column_text dates[] = {{"d", RG_TYPE_INT32, RG_LOGICAL_DATE, 0}};

TEST(the_newest_schema_leads)
{
    static struct world w;

    set_up(t, &w);
    add_file(t, &w, 50, NULL, wide, 2);
    add_file(t, &w, 10, NULL, narrow, 1);
    add_file(t, &w, 20, NULL, narrow, 1);
    unite(t, &w);
    CHECK(share(&w, 0, 1) && share(&w, 0, 2) && w.shelf.count == 2 && w.warning_count == 0);
    const struct rg_kept_schema *kept = w.inputs[1].schema;
    CHECK(kept == w.inputs[2].schema && kept->united != NULL && kept->leaves != NULL);
    CHECK_U64(kept->united->schema.leaf_count, 2);
    CHECK_SPAN(kept->united->schema.leaves[0].path, rg_span_of("b"));
    CHECK(kept->leaves[0].origin == RG_LEAF_NULLS && kept->leaves[1].origin == RG_LEAF_VALUES);
    CHECK(kept->leaves[1].conversion == RG_CONVERSION_INT32_INT64);
    CHECK(w.inputs[0].schema->leaves == NULL);
    CHECK_U64(rg_input_output_columns(&w.inputs[1]), 2);

    /* With the narrow one newest its order leads. */
    const struct rg_hash128 before = w.hash;
    w.inputs[2].id.modified_ns = 60;
    unite(t, &w);
    CHECK_SPAN(kept->united->schema.leaves[0].path, rg_span_of("a"));
    CHECK(before.low != w.hash.low);

    /* An output that is taken again is older than all. */
    w.inputs[2].is_home = true;
    w.inputs[1].is_home = true;
    unite(t, &w);
    CHECK_SPAN(kept->united->schema.leaves[0].path, rg_span_of("b"));
    CHECK(before.low == w.hash.low);
    tear_down(&w);
}

TEST(what_does_not_fit_goes_by_itself)
{
    static struct world w;

    set_up(t, &w);
    add_file(t, &w, 10, NULL, text, 1);
    add_file(t, &w, 20, NULL, narrow, 1);
    add_file(t, &w, 30, NULL, wide, 2);
    add_file(t, &w, 15, NULL, text, 1);
    unite(t, &w);
    CHECK(share(&w, 1, 2) && share(&w, 0, 3) && !share(&w, 0, 1));
    CHECK_U64(w.warning_count, 1);
    CHECK(w.inputs[0].schema->united == NULL);
    CHECK_U64(rg_input_output_columns(&w.inputs[0]), 1);
    tear_down(&w);
}

/* Old Spark's calendar bears on files with dates, and on such as get dates by the union. */
TEST(values_of_another_meaning_stay_apart)
{
    static struct world w;

    set_up(t, &w);
    add_file(t, &w, 10, "2.4.8", narrow, 1);
    add_file(t, &w, 20, "3.5.0", wide, 2);
    unite(t, &w);
    CHECK(share(&w, 0, 1));
    add_file(t, &w, 30, "3.5.0", dates, 1);
    unite(t, &w);
    CHECK(share(&w, 1, 2) && !share(&w, 0, 1));
    CHECK_U64(w.warning_count, 1);
    tear_down(&w);
}

/* An empty data frame has columns of any type. */
TEST(files_without_rows_have_no_say)
{
    static struct world w;

    set_up(t, &w);
    add_file(t, &w, 10, NULL, narrow, 1);
    add_file(t, &w, 20, NULL, wide, 2);
    add_file(t, &w, 30, NULL, text, 1);
    w.inputs[2].row_count = 0;
    add_file(t, &w, 40, NULL, narrow, 1);
    w.inputs[3].row_count = 0;
    unite(t, &w);
    CHECK(share(&w, 0, 1) && !share(&w, 0, 2) && share(&w, 0, 3));
    CHECK_U64(w.warning_count, 0);
    CHECK(w.inputs[2].schema->united == NULL && w.inputs[2].schema->leaves == NULL);
    /* The newest with rows leads. */
    CHECK(w.inputs[1].schema->leaves == NULL && w.inputs[0].schema->leaves != NULL);
    tear_down(&w);
}

/* Each of those that are left is named once, though more groups than one are made without it. */
TEST(integers_of_two_units_stay_apart)
{
    static struct world w;

    set_up(t, &w);
    add_file_with(t, &w, 10, "ARROW:schema", durations_us, integers, 2);
    add_file_with(t, &w, 20, "ARROW:schema", durations_ms, integers, 2);
    add_file_with(t, &w, 30, "ARROW:schema", durations_us, integers, 2);
    add_file(t, &w, 40, NULL, integers, 2);
    unite(t, &w);
    CHECK(share(&w, 0, 2) && !share(&w, 0, 1) && !share(&w, 0, 3) && !share(&w, 1, 3));
    CHECK_U64(w.warning_count, 2);
    tear_down(&w);
}

TEST(two_families_become_two_groups)
{
    static struct world w;
    char name[16];

    set_up(t, &w);
    for (uint32_t i = 0; i < FILES_MAX; i++) {
        const struct column_text columns[] = {
            {"a", i % 2 == 0 ? RG_TYPE_INT64 : RG_TYPE_BYTE_ARRAY, RG_LOGICAL_NONE, 0},
            {name, RG_TYPE_INT64, RG_LOGICAL_NONE, 0},
        };

        (void)snprintf(name, sizeof name, "c%u", i);
        add_file(t, &w, i, NULL, columns, 2);
    }
    unite(t, &w);
    CHECK_U64(w.warning_count, FILES_MAX / 2);
    CHECK(!share(&w, 0, 1));
    for (uint32_t i = 2; i < FILES_MAX; i++)
        CHECK(share(&w, i, i % 2));
    tear_down(&w);
}

/* Each goes with none: all pairs are too many to be tried. */
TEST(trying_ends)
{
    static struct world w;

    set_up(t, &w);
    for (uint32_t i = 0; i < 60; i++) {
        const struct column_text columns[] = {
            {"a", RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_NONE, (int32_t)i + 1}};

        add_file(t, &w, i, NULL, columns, 1);
    }
    unite(t, &w);
    CHECK_U64(w.warning_count, 1024);
    for (uint32_t i = 0; i < 60; i++)
        CHECK(!share(&w, i, (i + 1) % 60));
    tear_down(&w);
}

/* Plans know how wide values become: caps of outputs are of what is written. */
TEST(widened_values_count_as_what_they_become)
{
    static struct world w;
    static const struct column_text large[] = {{"d", RG_TYPE_DOUBLE, RG_LOGICAL_NONE, 0},
                                               {"f", RG_TYPE_DOUBLE, RG_LOGICAL_NONE, 0}};
    static const struct column_text small[] = {{"d", RG_TYPE_INT32, RG_LOGICAL_NONE, 0},
                                               {"f", RG_TYPE_FLOAT, RG_LOGICAL_NONE, 0}};
    struct rg_plan_row_group groups[] = {
        {.row_count = 1000, .uncompressed_bytes = 8000, .chunk_bytes_max = 4000},
        {.row_count = UINT64_C(1) << 40, .uncompressed_bytes = 8000, .chunk_bytes_max = 4000},
        {.row_count = 10, .uncompressed_bytes = 90000, .chunk_bytes_max = 70000},
    };
    struct rg_plan_file file;

    set_up(t, &w);
    add_file(t, &w, 10, NULL, small, 2);
    add_file(t, &w, 20, NULL, large, 2);
    for (uint32_t i = 0; i < 2; i++) {
        w.inputs[i].plan.row_groups = groups;
        w.inputs[i].plan.row_group_count = 3;
    }
    unite(t, &w);
    CHECK(share(&w, 0, 1));
    CHECK_OK(rg_united_plan_file(&w.inputs[1], &w.arena, &file, &t->err));
    CHECK(file.row_groups == groups);
    CHECK_OK(rg_united_plan_file(&w.inputs[0], &w.arena, &file, &t->err));
    CHECK(file.row_groups != groups);
    CHECK_U64(file.row_groups[0].uncompressed_bytes, 16000);
    CHECK_U64(file.row_groups[0].chunk_bytes_max, 8000);
    CHECK_U64(file.row_groups[1].uncompressed_bytes, 8000 + 2 * rg_chunk_bytes_max);
    CHECK_U64(file.row_groups[1].chunk_bytes_max, rg_chunk_bytes_max);
    CHECK_U64(file.row_groups[2].uncompressed_bytes, 90080);
    CHECK_U64(file.row_groups[2].chunk_bytes_max, 70000);
    /* Planned anew, the same comes out. */
    CHECK_U64(groups[0].uncompressed_bytes, 8000);

    /* Of a list it is not known how many values there are. */
    w.inputs[0].schema->schema.leaves[0].rep_max = 1;
    CHECK_OK(rg_united_plan_file(&w.inputs[0], &w.arena, &file, &t->err));
    CHECK_U64(file.row_groups[2].uncompressed_bytes, 90000 + 70000 + 40);
    CHECK_U64(file.row_groups[2].chunk_bytes_max, 140000);
    tear_down(&w);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_newest_schema_leads", the_newest_schema_leads},
        {"what_does_not_fit_goes_by_itself", what_does_not_fit_goes_by_itself},
        {"values_of_another_meaning_stay_apart", values_of_another_meaning_stay_apart},
        {"files_without_rows_have_no_say", files_without_rows_have_no_say},
        {"integers_of_two_units_stay_apart", integers_of_two_units_stay_apart},
        {"two_families_become_two_groups", two_families_become_two_groups},
        {"trying_ends", trying_ends},
        {"widened_values_count_as_what_they_become", widened_values_count_as_what_they_become},
    };

    return test_main("compact/unite", cases, sizeof cases / sizeof cases[0], argc, argv);
}
