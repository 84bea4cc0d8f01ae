/* SPDX-License-Identifier: Apache-2.0 */

#include "meta_random.h"

#include "parquet/schema.h"

/* Where random things come from, and where they lie. */
struct source {
    struct test *test;
    struct choices *choices;
    struct rg_arena *arena;
};

static void *take(struct source *c, size_t count, size_t bytes_each)
{
    struct test *t = c->test;
    void *memory = rg_arena_array(c->arena, count, bytes_each);

    CHECK_MEMORY(memory);
    return memory;
}

static uint32_t pick(struct source *c, uint32_t max)
{
    return choose(c->choices, max);
}

static bool flip(struct source *c)
{
    return choose_bool(c->choices);
}

static uint64_t random_u63(struct source *c)
{
    const uint32_t shift = 1 + pick(c, 62);

    return choose_u64(c->choices) >> shift;
}

static uint32_t random_u31(struct source *c)
{
    return (uint32_t)random_u63(c) & INT32_MAX;
}

static struct rg_span random_bytes(struct source *c, uint32_t bytes_max)
{
    const uint32_t bytes = pick(c, bytes_max);
    uint8_t *memory = take(c, bytes + (size_t)1, 1);

    for (uint32_t i = 0; i < bytes; i++)
        memory[i] = (uint8_t)pick(c, 255);
    return (struct rg_span){memory, bytes};
}

static struct rg_span maybe_bytes(struct source *c, uint32_t bytes_max)
{
    return flip(c) ? random_bytes(c, bytes_max) : (struct rg_span){NULL, 0};
}

static void annotate(struct source *c, struct rg_schema_element *element)
{
    static const uint8_t logicals[] = {
        RG_LOGICAL_STRING,
        RG_LOGICAL_DECIMAL,
        RG_LOGICAL_DATE,
        RG_LOGICAL_TIME,
        RG_LOGICAL_UUID,
        RG_LOGICAL_INTEGER,
        RG_LOGICAL_VARIANT,
        RG_LOGICAL_TIMESTAMP,
        RG_LOGICAL_FILE,
        RG_LOGICAL_FLOAT16,
        200,
    };

    element->converted_type = RG_CONVERTED_NONE;
    if (pick(c, 3) == 0) {
        element->converted_type = (int8_t)pick(c, RG_CONVERTED_INTERVAL);
        if (element->converted_type == RG_CONVERTED_DECIMAL) {
            element->scale = (int32_t)pick(c, 9);
            element->precision = 9;
        }
        return;
    }
    if (flip(c))
        return;
    element->logical = logicals[pick(c, sizeof logicals - 1)];
    if (element->logical == RG_LOGICAL_DECIMAL) {
        element->scale = (int32_t)pick(c, 9);
        element->precision = 38;
    } else if (element->logical == RG_LOGICAL_INTEGER) {
        element->bit_width = (uint8_t)(8 << pick(c, 3));
        element->is_signed = flip(c);
    } else if (element->logical == RG_LOGICAL_TIME || element->logical == RG_LOGICAL_TIMESTAMP) {
        element->time_unit = (uint8_t)(1 + pick(c, 2));
        element->is_utc = flip(c);
    }
}

struct random_schema_options {
    uint32_t element_count_max;
    uint32_t depth_max;
};

/* Elements in depth-first order without raw bytes; returns their count, at least 1. */
static uint32_t random_elements(struct source *c, const struct random_schema_options *options,
                                struct rg_schema_element **ret_elements)
{
    struct rg_schema_element *elements = take(c, options->element_count_max, sizeof *elements);
    uint32_t groups[64]; /* Those that are open. */
    uint32_t depth = 1;
    uint32_t count = 1;

    groups[0] = 0;
    elements[0].name = rg_span_of("schema");
    elements[0].converted_type = RG_CONVERTED_NONE;
    while (count < options->element_count_max && pick(c, 20) != 0) {
        struct rg_schema_element *element = &elements[count];

        elements[groups[depth - 1]].child_count++;
        element->name = random_bytes(c, pick(c, 9) == 0 ? 200 : 9);
        element->repetition = (uint8_t)pick(c, RG_REPEATED);
        element->has_repetition = true;
        element->has_field_id = flip(c);
        element->field_id = element->has_field_id ? (int32_t)pick(c, INT32_MAX) : 0;
        annotate(c, element);
        if (depth < options->depth_max && pick(c, 2) == 0) {
            groups[depth++] = count;
        } else {
            element->has_type = true;
            element->type = (uint8_t)pick(c, RG_TYPE_FIXED_LEN_BYTE_ARRAY);
            if (element->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY)
                element->type_length = 1 + (int32_t)pick(c, 20);
        }
        count++;
        while (depth > 1 && flip(c))
            depth--;
    }
    *ret_elements = elements;
    return count;
}

static struct rg_statistics random_statistics(struct source *c)
{
    struct rg_statistics s = {0};

    if (pick(c, 3) == 0)
        return s;
    s.max_value = maybe_bytes(c, 20);
    s.min_value = maybe_bytes(c, 20);
    s.has_null_count = flip(c);
    s.has_distinct_count = flip(c);
    s.has_nan_count = flip(c);
    s.has_min_exact = flip(c);
    s.has_max_exact = flip(c);
    s.null_count = s.has_null_count ? random_u63(c) : 0;
    s.distinct_count = s.has_distinct_count ? random_u63(c) : 0;
    s.nan_count = s.has_nan_count ? random_u63(c) : 0;
    s.is_min_exact = s.has_min_exact && flip(c);
    s.is_max_exact = s.has_max_exact && flip(c);
    return s;
}

static uint64_t *random_counts(struct source *c, uint32_t count)
{
    uint64_t *counts = take(c, count, sizeof *counts);

    for (uint32_t i = 0; i < count; i++)
        counts[i] = random_u63(c);
    return counts;
}

static struct rg_size_statistics random_sizes(struct source *c, const struct rg_leaf *leaf)
{
    struct rg_size_statistics s = {.is_present = flip(c)};

    if (!s.is_present)
        return s;
    s.has_unencoded_bytes = flip(c);
    s.unencoded_bytes = s.has_unencoded_bytes ? random_u63(c) : 0;
    s.rep_histogram_count = flip(c) ? leaf->rep_max + 1U : 0;
    s.def_histogram_count = flip(c) ? leaf->def_max + 1U : 0;
    if (s.rep_histogram_count > 0)
        s.rep_histogram = random_counts(c, s.rep_histogram_count);
    if (s.def_histogram_count > 0)
        s.def_histogram = random_counts(c, s.def_histogram_count);
    return s;
}

static struct rg_geospatial_statistics *random_geospatial(struct source *c)
{
    struct rg_geospatial_statistics *s;

    if (pick(c, 4) != 0)
        return NULL;
    s = take(c, 1, sizeof *s);
    s->has_box = flip(c);
    if (s->has_box) {
        s->box.xmin = -(double)pick(c, 180);
        s->box.xmax = (double)pick(c, 180) / 7;
        s->box.ymin = 1e300;
        s->box.has_z = flip(c);
        s->box.zmin = s->box.has_z ? 3.5 : 0;
        s->box.has_m = flip(c);
        s->box.mmax = s->box.has_m ? -3.5 : 0;
    }
    if (flip(c)) {
        s->type_count = pick(c, 3);
        s->types = take(c, s->type_count, sizeof *s->types);
        for (uint32_t i = 0; i < s->type_count; i++)
            s->types[i] = (int32_t)pick(c, 3007);
    }
    return s;
}

static struct rg_key_value *random_pairs(struct source *c, uint32_t *ret_count)
{
    const uint32_t count = pick(c, 3);
    struct rg_key_value *pairs = take(c, count, sizeof *pairs);

    for (uint32_t i = 0; i < count; i++) {
        pairs[i].key = random_bytes(c, 10);
        pairs[i].value = maybe_bytes(c, 300);
    }
    *ret_count = count;
    return pairs;
}

static void random_offsets(struct source *c, struct rg_column_chunk *chunk)
{
    chunk->data_page_offset = random_u63(c);
    chunk->has_dictionary_offset = flip(c);
    chunk->has_index_page_offset = flip(c);
    chunk->has_bloom_filter_offset = flip(c);
    chunk->has_bloom_filter_length = flip(c);
    chunk->dictionary_page_offset = chunk->has_dictionary_offset ? random_u63(c) : 0;
    chunk->index_page_offset = chunk->has_index_page_offset ? random_u63(c) : 0;
    chunk->bloom_filter_offset = chunk->has_bloom_filter_offset ? random_u63(c) : 0;
    chunk->bloom_filter_length = chunk->has_bloom_filter_length ? random_u31(c) : 0;
    if (flip(c)) {
        chunk->offset_index_offset = 1 + random_u63(c) / 2;
        chunk->offset_index_length = random_u31(c);
    }
    if (flip(c)) {
        chunk->column_index_offset = 1 + random_u63(c) / 2;
        chunk->column_index_length = random_u31(c);
    }
}

static void random_chunk(struct source *c, const struct rg_leaf *leaf,
                         struct rg_column_chunk *chunk)
{
    chunk->type = leaf->type;
    chunk->codec = (uint8_t)pick(c, 255);
    chunk->encodings = (uint32_t)choose_u64(c->choices) & INT32_MAX;
    chunk->value_count = random_u63(c);
    chunk->uncompressed_bytes = random_u63(c);
    chunk->compressed_bytes = random_u63(c);
    random_offsets(c, chunk);
    chunk->statistics = random_statistics(c);
    chunk->size_statistics = random_sizes(c, leaf);
    chunk->geospatial_statistics = random_geospatial(c);
    chunk->key_values = random_pairs(c, &chunk->key_value_count);
    chunk->encoding_stats_count = pick(c, 20);
    chunk->encoding_stats = take(c, chunk->encoding_stats_count, sizeof *chunk->encoding_stats);
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++)
        chunk->encoding_stats[i] = (struct rg_page_encoding_stats){
            (uint8_t)pick(c, 3), (uint8_t)pick(c, 255), random_u31(c)};
}

static void random_row_group(struct source *c, const struct rg_schema *schema,
                             struct rg_row_group *group)
{
    group->columns = take(c, schema->leaf_count, sizeof *group->columns);
    for (uint32_t i = 0; i < schema->leaf_count; i++)
        random_chunk(c, &schema->leaves[i], &group->columns[i]);
    group->row_count = random_u63(c);
    group->total_bytes = random_u63(c);
    group->has_file_offset = flip(c);
    group->file_offset = group->has_file_offset ? random_u63(c) : 0;
    group->has_total_compressed_bytes = flip(c);
    group->total_compressed_bytes = group->has_total_compressed_bytes ? random_u63(c) : 0;
    group->ordinal = flip(c) ? (int32_t)pick(c, INT16_MAX) : -1;
    if (flip(c)) {
        group->sorting_column_count = schema->leaf_count == 0 ? 0 : pick(c, 16);
        group->sorting_columns =
            take(c, group->sorting_column_count, sizeof *group->sorting_columns);
        for (uint32_t i = 0; i < group->sorting_column_count; i++)
            group->sorting_columns[i] =
                (struct rg_sorting_column){pick(c, schema->leaf_count - 1), flip(c), flip(c)};
    }
}

void random_meta(struct test *t, struct choices *choices, struct rg_arena *arena,
                 struct rg_file_meta *ret_meta)
{
    struct source source = {t, choices, arena};
    struct source *const c = &source;

    const struct random_schema_options options = {
        .element_count_max = 1 + pick(c, 30),
        .depth_max = 1 + pick(c, 20),
    };
    struct rg_file_meta *m = ret_meta;
    struct rg_schema_element *elements;

    *m = (struct rg_file_meta){.version = (int32_t)pick(c, 3)};
    const uint32_t count = random_elements(c, &options, &elements);
    CHECK_OK(rg_schema_build(elements, count, arena, &m->schema, &t->err));
    m->has_column_orders = flip(c);
    for (uint32_t i = 0; i < m->schema.leaf_count && m->has_column_orders; i++)
        m->schema.leaves[i].column_order = (uint8_t)(1 + pick(c, 20));
    m->row_count = random_u63(c);
    m->row_group_count = pick(c, 3);
    m->row_groups = take(c, m->row_group_count, sizeof *m->row_groups);
    for (uint32_t i = 0; i < m->row_group_count; i++)
        random_row_group(c, &m->schema, &m->row_groups[i]);
    m->key_values = random_pairs(c, &m->key_value_count);
    m->created_by = maybe_bytes(c, 50);
}

static void check_same_optional(struct rg_span got, struct rg_span wanted)
{
    CHECK((got.data == NULL) == (wanted.data == NULL));
    CHECK_SPAN(got, wanted);
}

static void check_same_statistics(const struct rg_statistics *got,
                                  const struct rg_statistics *wanted)
{
    CHECK(got->min.data == NULL && got->max.data == NULL);
    check_same_optional(got->max_value, wanted->max_value);
    check_same_optional(got->min_value, wanted->min_value);
    CHECK_U64(got->has_null_count, wanted->has_null_count);
    CHECK_U64(got->null_count, wanted->null_count);
    CHECK_U64(got->has_distinct_count, wanted->has_distinct_count);
    CHECK_U64(got->distinct_count, wanted->distinct_count);
    CHECK_U64(got->has_nan_count, wanted->has_nan_count);
    CHECK_U64(got->nan_count, wanted->nan_count);
    CHECK_U64(got->has_min_exact, wanted->has_min_exact);
    CHECK_U64(got->is_min_exact, wanted->is_min_exact);
    CHECK_U64(got->has_max_exact, wanted->has_max_exact);
    CHECK_U64(got->is_max_exact, wanted->is_max_exact);
}

static void check_same_counts(const uint64_t *got, uint32_t got_count, const uint64_t *wanted,
                              uint32_t wanted_count)
{
    CHECK_U64(got_count, wanted_count);
    for (uint32_t i = 0; i < got_count; i++)
        CHECK_U64(got[i], wanted[i]);
}

static void check_same_sizes(const struct rg_size_statistics *got,
                             const struct rg_size_statistics *wanted)
{
    CHECK_U64(got->is_present, wanted->is_present);
    CHECK_U64(got->has_unencoded_bytes, wanted->has_unencoded_bytes);
    CHECK_U64(got->unencoded_bytes, wanted->unencoded_bytes);
    check_same_counts(got->rep_histogram, got->rep_histogram_count, wanted->rep_histogram,
                      wanted->rep_histogram_count);
    check_same_counts(got->def_histogram, got->def_histogram_count, wanted->def_histogram,
                      wanted->def_histogram_count);
}

static void check_same_geospatial(const struct rg_geospatial_statistics *got,
                                  const struct rg_geospatial_statistics *wanted)
{
    CHECK((got == NULL) == (wanted == NULL));
    if (got == NULL)
        return;
    CHECK_U64(got->has_box, wanted->has_box);
    if (got->has_box) {
        CHECK(got->box.xmin == wanted->box.xmin && got->box.xmax == wanted->box.xmax);
        CHECK(got->box.ymin == wanted->box.ymin && got->box.ymax == wanted->box.ymax);
        CHECK_U64(got->box.has_z, wanted->box.has_z);
        CHECK_U64(got->box.has_m, wanted->box.has_m);
        CHECK(!got->box.has_z || got->box.zmin == wanted->box.zmin);
        CHECK(got->box.has_z || got->box.zmin != got->box.zmin);
        CHECK(!got->box.has_m || got->box.mmax == wanted->box.mmax);
    }
    CHECK((got->types == NULL) == (wanted->types == NULL));
    CHECK_U64(got->type_count, wanted->type_count);
    for (uint32_t i = 0; i < got->type_count; i++)
        CHECK_I64(got->types[i], wanted->types[i]);
}

static void check_same_pairs(const struct rg_key_value *got, uint32_t got_count,
                             const struct rg_key_value *wanted, uint32_t wanted_count)
{
    CHECK_U64(got_count, wanted_count);
    for (uint32_t i = 0; i < got_count; i++) {
        check_same_optional(got[i].key, wanted[i].key);
        check_same_optional(got[i].value, wanted[i].value);
    }
}

static void check_same_chunk(const struct rg_column_chunk *got,
                             const struct rg_column_chunk *wanted)
{
    CHECK_U64(got->type, wanted->type);
    CHECK_U64(got->codec, wanted->codec);
    CHECK_U64(got->encodings, wanted->encodings);
    CHECK_U64(got->value_count, wanted->value_count);
    CHECK_U64(got->uncompressed_bytes, wanted->uncompressed_bytes);
    CHECK_U64(got->compressed_bytes, wanted->compressed_bytes);
    CHECK_U64(got->file_offset, 0);
    CHECK_U64(got->data_page_offset, wanted->data_page_offset);
    CHECK_U64(got->has_dictionary_offset, wanted->has_dictionary_offset);
    CHECK_U64(got->dictionary_page_offset, wanted->dictionary_page_offset);
    CHECK_U64(got->has_index_page_offset, wanted->has_index_page_offset);
    CHECK_U64(got->index_page_offset, wanted->index_page_offset);
    CHECK_U64(got->has_bloom_filter_offset, wanted->has_bloom_filter_offset);
    CHECK_U64(got->bloom_filter_offset, wanted->bloom_filter_offset);
    CHECK_U64(got->has_bloom_filter_length, wanted->has_bloom_filter_length);
    CHECK_U64(got->bloom_filter_length, wanted->bloom_filter_length);
    CHECK_U64(got->offset_index_offset, wanted->offset_index_offset);
    CHECK_U64(got->offset_index_length, wanted->offset_index_length);
    CHECK_U64(got->column_index_offset, wanted->column_index_offset);
    CHECK_U64(got->column_index_length, wanted->column_index_length);
    CHECK(!got->is_encrypted && !got->is_elsewhere && !got->has_extension);
    check_same_statistics(&got->statistics, &wanted->statistics);
    check_same_sizes(&got->size_statistics, &wanted->size_statistics);
    check_same_geospatial(got->geospatial_statistics, wanted->geospatial_statistics);
    check_same_pairs(got->key_values, got->key_value_count, wanted->key_values,
                     wanted->key_value_count);
    CHECK_U64(got->encoding_stats_count, wanted->encoding_stats_count);
    for (uint32_t i = 0; i < got->encoding_stats_count; i++) {
        CHECK_U64(got->encoding_stats[i].page_type, wanted->encoding_stats[i].page_type);
        CHECK_U64(got->encoding_stats[i].encoding, wanted->encoding_stats[i].encoding);
        CHECK_U64(got->encoding_stats[i].page_count, wanted->encoding_stats[i].page_count);
    }
}

static void check_same_row_group(const struct rg_row_group *got, const struct rg_row_group *wanted,
                                 uint32_t column_count)
{
    CHECK_U64(got->row_count, wanted->row_count);
    CHECK_U64(got->total_bytes, wanted->total_bytes);
    CHECK_U64(got->has_file_offset, wanted->has_file_offset);
    CHECK_U64(got->file_offset, wanted->file_offset);
    CHECK_U64(got->has_total_compressed_bytes, wanted->has_total_compressed_bytes);
    CHECK_U64(got->total_compressed_bytes, wanted->total_compressed_bytes);
    CHECK_I64(got->ordinal, wanted->ordinal);
    CHECK((got->sorting_columns == NULL) == (wanted->sorting_columns == NULL));
    CHECK_U64(got->sorting_column_count, wanted->sorting_column_count);
    for (uint32_t i = 0; i < got->sorting_column_count; i++) {
        const struct rg_sorting_column *a = &got->sorting_columns[i];
        const struct rg_sorting_column *b = &wanted->sorting_columns[i];

        CHECK_U64(a->column_index, b->column_index);
        CHECK_U64(a->is_descending, b->is_descending);
        CHECK_U64(a->is_nulls_first, b->is_nulls_first);
    }
    for (uint32_t i = 0; i < column_count; i++)
        check_same_chunk(&got->columns[i], &wanted->columns[i]);
}

static void check_same_element(const struct rg_schema_element *got,
                               const struct rg_schema_element *wanted)
{
    CHECK_SPAN(got->name, wanted->name);
    CHECK_U64(got->has_type, wanted->has_type);
    CHECK_U64(got->type, wanted->type);
    CHECK_U64(got->has_repetition, wanted->has_repetition);
    CHECK_U64(got->repetition, wanted->repetition);
    CHECK_U64(got->has_field_id, wanted->has_field_id);
    CHECK_I64(got->field_id, wanted->field_id);
    CHECK_I64(got->converted_type, wanted->converted_type);
    CHECK_U64(got->logical, wanted->logical);
    CHECK_U64(got->time_unit, wanted->time_unit);
    CHECK_U64(got->is_utc, wanted->is_utc);
    CHECK_U64(got->is_signed, wanted->is_signed);
    CHECK_U64(got->bit_width, wanted->bit_width);
    CHECK_I64(got->type_length, wanted->type_length);
    CHECK_I64(got->scale, wanted->scale);
    CHECK_I64(got->precision, wanted->precision);
    CHECK_U64(got->child_count, wanted->child_count);
    CHECK_U64(got->parent_index, wanted->parent_index);
    CHECK(!got->has_unknown);
}

static void check_same_schema(const struct rg_schema *got, const struct rg_schema *wanted)
{
    CHECK_U64(got->element_count, wanted->element_count);
    CHECK_U64(got->leaf_count, wanted->leaf_count);
    for (uint32_t i = 0; i < got->element_count; i++)
        check_same_element(&got->elements[i], &wanted->elements[i]);
    for (uint32_t i = 0; i < got->leaf_count; i++) {
        CHECK_U64(got->leaves[i].element_index, wanted->leaves[i].element_index);
        CHECK_U64(got->leaves[i].type, wanted->leaves[i].type);
        CHECK_U64(got->leaves[i].def_max, wanted->leaves[i].def_max);
        CHECK_U64(got->leaves[i].rep_max, wanted->leaves[i].rep_max);
        CHECK_U64(got->leaves[i].column_order, wanted->leaves[i].column_order);
        CHECK_I64(got->leaves[i].type_length, wanted->leaves[i].type_length);
        CHECK_SPAN(got->leaves[i].path, wanted->leaves[i].path);
        CHECK_SPAN(got->leaves[i].path_in_schema, wanted->leaves[i].path_in_schema);
    }
}

void check_same_meta(const struct rg_file_meta *got, const struct rg_file_meta *wanted)
{
    CHECK_I64(got->version, wanted->version);
    check_same_schema(&got->schema, &wanted->schema);
    CHECK_U64(got->row_count, wanted->row_count);
    CHECK_U64(got->row_group_count, wanted->row_group_count);
    for (uint32_t i = 0; i < got->row_group_count; i++)
        check_same_row_group(&got->row_groups[i], &wanted->row_groups[i],
                             wanted->schema.leaf_count);
    check_same_pairs(got->key_values, got->key_value_count, wanted->key_values,
                     wanted->key_value_count);
    check_same_optional(got->created_by, wanted->created_by);
    CHECK_U64(got->has_column_orders, wanted->has_column_orders);
    CHECK(!got->is_encrypted && !got->has_extension);
    CHECK_U64(got->unknown_field_count, 0);
}
