/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A schema is its elements in depth-first order; the tree is in their child counts. Building walks
 * them once with the groups that are open on a stack.
 *
 *   (1) Every open group but the innermost has had at least one child.
 *   (2) def and rep of an open group are what its children start from; the root's are 0 whatever
 *       repetition it claims (files of Impala claim REPEATED).
 *
 * Not here: elements as bytes (parquet/schema_element_impl.h).
 */

#include "parquet/schema.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

enum {
    DEPTH_MAX = 64,        /* rg_schema_depth_max as a constant expression. */
    LENGTH_BYTES_MAX = 11, /* Of a list's header, and more than of a name's length. */
};

struct open_group {
    uint32_t element_index;
    uint32_t children_left;
    uint8_t def;
    uint8_t rep;
};

struct builder {
    struct rg_arena *arena;
    struct rg_schema_element *elements;
    uint32_t element_count;
    struct rg_leaf *leaves;
    uint32_t leaf_count;
    size_t path_bytes; /* Of all leaves so far. */
    struct open_group groups[DEPTH_MAX];
    uint32_t depth; /* Groups that are open. */
};

static bool is_leaf(const struct rg_schema_element *element)
{
    return element->has_type && element->child_count == 0;
}

/* Of a FIXED_LEN_BYTE_ARRAY; for other types type_length means nothing. */
static int32_t value_length(const struct rg_schema_element *element)
{
    const bool has_length = element->has_type && element->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;

    return has_length ? element->type_length : 0;
}

static enum rg_status check_element(const struct rg_schema_element *element, struct rg_error *err)
{
    if (element->has_type && element->child_count > 0)
        return rg_fail(err, RG_ERR_CORRUPT, "a column of type %s with %u children",
                       rg_type_name(element->type), element->child_count);
    if (element->repetition > RG_REPEATED)
        return rg_fail(err, RG_ERR_CORRUPT, "repetition type %u", element->repetition);
    if (element->has_type && element->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY &&
        element->type_length <= 0)
        return rg_fail(err, RG_ERR_CORRUPT, "FIXED_LEN_BYTE_ARRAY of length %d",
                       element->type_length);
    return RG_OK;
}

/* The names with '.' between them, at `text`. */
static struct rg_span join(uint8_t *text, const struct rg_span *names, uint32_t count)
{
    uint8_t *next = text;

    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            *next++ = '.';
        memcpy(next, names[i].data, names[i].bytes);
        next += names[i].bytes;
    }
    return (struct rg_span){text, (size_t)(next - text)};
}

/* Both forms of a leaf's path, from the names of the open groups below the root and its own. */
static enum rg_status make_paths(struct builder *builder, const struct rg_schema_element *element,
                                 struct rg_leaf *leaf, struct rg_error *err)
{
    struct rg_span names[DEPTH_MAX];
    const uint32_t name_count = builder->depth;
    const bool is_flat = name_count == 1;
    size_t text_bytes = name_count - 1;
    struct rg_thrift_writer writer;

    for (uint32_t i = 1; i < name_count; i++)
        names[i - 1] = builder->elements[builder->groups[i].element_index].name;
    names[name_count - 1] = element->name;
    for (uint32_t i = 0; i < name_count; i++)
        text_bytes += names[i].bytes;
    builder->path_bytes += text_bytes;
    if (builder->path_bytes > rg_schema_path_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "paths of columns longer than %zu bytes in all",
                       rg_schema_path_bytes_max);

    const size_t list_bytes_max = text_bytes + (name_count + 1) * (size_t)LENGTH_BYTES_MAX;
    uint8_t *list = rg_arena_alloc(builder->arena, list_bytes_max + (is_flat ? 0 : text_bytes));
    if (list == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path of %zu bytes", text_bytes);
    rg_thrift_writer_init_fixed(&writer, list, list_bytes_max);
    rg_thrift_element_list_begin(&writer, RG_THRIFT_BINARY, name_count);
    for (uint32_t i = 0; i < name_count; i++)
        rg_thrift_write_binary_element(&writer, names[i]);
    leaf->path_in_schema = (struct rg_span){list, rg_thrift_writer_finish(&writer)};
    leaf->path = is_flat ? element->name : join(list + list_bytes_max, names, name_count);
    return RG_OK;
}

static enum rg_status add_element(struct builder *builder, uint32_t element_index,
                                  struct rg_error *err)
{
    struct rg_schema_element *element = &builder->elements[element_index];
    const struct open_group *parent = &builder->groups[builder->depth - 1];
    const bool is_repeated = element->repetition == RG_REPEATED;
    const uint8_t def = (uint8_t)(parent->def + (element->repetition != RG_REQUIRED));
    const uint8_t rep = (uint8_t)(parent->rep + is_repeated);

    element->parent_index = parent->element_index;
    RG_TRY(check_element(element, err));
    if (is_leaf(element)) {
        struct rg_leaf *leaf = &builder->leaves[builder->leaf_count++];

        *leaf = (struct rg_leaf){
            .element_index = element_index,
            .type = element->type,
            .def_max = def,
            .rep_max = rep,
            .type_length = value_length(element),
        };
        return make_paths(builder, element, leaf, err);
    }
    if (builder->depth == rg_schema_depth_max)
        return rg_fail(err, RG_ERR_LIMIT, "nested more than %u deep", rg_schema_depth_max);
    builder->groups[builder->depth++] =
        (struct open_group){element_index, element->child_count, def, rep};
    return RG_OK;
}

/* Closes the groups that have all their children. */
static void close_groups(struct builder *builder)
{
    while (builder->depth > 0 && builder->groups[builder->depth - 1].children_left == 0)
        builder->depth--;
}

static enum rg_status make_leaves(struct builder *builder, struct rg_error *err)
{
    uint32_t leaf_count = 0;

    for (uint32_t i = 1; i < builder->element_count; i++)
        leaf_count += is_leaf(&builder->elements[i]);
    if (leaf_count > rg_columns_max)
        return rg_fail(err, RG_ERR_LIMIT, "%u columns; at most %u", leaf_count, rg_columns_max);
    builder->leaves = rg_arena_array(builder->arena, leaf_count, sizeof *builder->leaves);
    if (builder->leaves == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u columns", leaf_count);
    return RG_OK;
}

enum rg_status rg_schema_build(struct rg_schema_element *elements, uint32_t element_count,
                               struct rg_arena *arena, struct rg_schema *ret_schema,
                               struct rg_error *err)
{
    struct builder builder = {.arena = arena, .elements = elements, .element_count = element_count};

    assert(rg_schema_depth_max <= DEPTH_MAX);
    if (element_count == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "schema without a root");
    if (element_count > rg_schema_elements_max)
        return rg_fail(err, RG_ERR_LIMIT, "schema of %u elements; at most %u", element_count,
                       rg_schema_elements_max);
    RG_TRY(make_leaves(&builder, err));
    elements[0].parent_index = 0;
    builder.groups[builder.depth++] = (struct open_group){0, elements[0].child_count, 0, 0};
    close_groups(&builder);
    for (uint32_t i = 1; i < element_count; i++) {
        char text[RG_PATH_TEXT_BYTES];

        if (builder.depth == 0)
            return rg_fail(err, RG_ERR_CORRUPT, "schema of %u elements whose tree ends after %u",
                           element_count, i);
        builder.groups[builder.depth - 1].children_left--;
        if (add_element(&builder, i, err) != RG_OK) {
            const struct rg_schema schema = {.elements = elements, .element_count = element_count};

            return rg_within(err, "schema element %u (%s)", i,
                             rg_schema_path_text(&schema, i, text));
        }
        close_groups(&builder);
    }
    if (builder.depth > 0)
        return rg_fail(err, RG_ERR_CORRUPT, "schema of %u elements lacks children of element %u",
                       element_count, builder.groups[builder.depth - 1].element_index);
    *ret_schema = (struct rg_schema){elements, builder.leaves, element_count, builder.leaf_count};
    return RG_OK;
}

/* LogicalTypes.md, "Compatibility": a converted type as the logical type that stands for it. */
static struct rg_annotation annotate_converted(const struct rg_schema_element *element)
{
    static const struct rg_annotation table[] = {
        [RG_CONVERTED_UTF8] = {.logical = RG_LOGICAL_STRING},
        [RG_CONVERTED_MAP] = {.logical = RG_LOGICAL_MAP},
        [RG_CONVERTED_MAP_KEY_VALUE] = {.logical = RG_LOGICAL_MAP},
        [RG_CONVERTED_LIST] = {.logical = RG_LOGICAL_LIST},
        [RG_CONVERTED_ENUM] = {.logical = RG_LOGICAL_ENUM},
        [RG_CONVERTED_DECIMAL] = {.logical = RG_LOGICAL_DECIMAL},
        [RG_CONVERTED_DATE] = {.logical = RG_LOGICAL_DATE},
        [RG_CONVERTED_TIME_MILLIS] = {.logical = RG_LOGICAL_TIME,
                                      .time_unit = RG_TIME_UNIT_MILLIS,
                                      .is_utc = true},
        [RG_CONVERTED_TIME_MICROS] = {.logical = RG_LOGICAL_TIME,
                                      .time_unit = RG_TIME_UNIT_MICROS,
                                      .is_utc = true},
        [RG_CONVERTED_TIMESTAMP_MILLIS] = {.logical = RG_LOGICAL_TIMESTAMP,
                                           .time_unit = RG_TIME_UNIT_MILLIS,
                                           .is_utc = true},
        [RG_CONVERTED_TIMESTAMP_MICROS] = {.logical = RG_LOGICAL_TIMESTAMP,
                                           .time_unit = RG_TIME_UNIT_MICROS,
                                           .is_utc = true},
        [RG_CONVERTED_UINT_8] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 8},
        [RG_CONVERTED_UINT_16] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 16},
        [RG_CONVERTED_UINT_32] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 32},
        [RG_CONVERTED_UINT_64] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 64},
        [RG_CONVERTED_INT_8] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 8, .is_signed = true},
        [RG_CONVERTED_INT_16] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 16, .is_signed = true},
        [RG_CONVERTED_INT_32] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 32, .is_signed = true},
        [RG_CONVERTED_INT_64] = {.logical = RG_LOGICAL_INTEGER, .bit_width = 64, .is_signed = true},
        [RG_CONVERTED_JSON] = {.logical = RG_LOGICAL_JSON},
        [RG_CONVERTED_BSON] = {.logical = RG_LOGICAL_BSON},
        [RG_CONVERTED_INTERVAL] = {.logical = RG_LOGICAL_NONE},
    };
    const size_t count = sizeof table / sizeof table[0];
    struct rg_annotation annotation = {.logical = RG_LOGICAL_NONE};

    if (element->converted_type >= 0 && (size_t)element->converted_type < count)
        annotation = table[element->converted_type];
    annotation.converted_type = RG_CONVERTED_NONE;
    if (annotation.logical == RG_LOGICAL_NONE)
        annotation.converted_type = element->converted_type;
    return annotation;
}

struct rg_annotation rg_schema_annotation(const struct rg_schema_element *element)
{
    struct rg_annotation annotation = annotate_converted(element);

    if (element->logical != RG_LOGICAL_NONE)
        annotation = (struct rg_annotation){
            .logical = element->logical,
            .converted_type = RG_CONVERTED_NONE,
            .time_unit = element->time_unit,
            .bit_width = element->bit_width,
            .is_utc = element->is_utc,
            .is_signed = element->is_signed,
        };
    if (annotation.logical == RG_LOGICAL_DECIMAL) {
        annotation.scale = element->scale;
        annotation.precision = element->precision;
    }
    return annotation;
}

struct rg_coordinates rg_schema_coordinates(const struct rg_schema_element *element)
{
    struct rg_coordinates coordinates = {.crs = rg_span_of("OGC:CRS84")};
    struct rg_thrift_field choice = {0};
    struct rg_thrift_field field = {0};
    struct rg_thrift_reader reader;

    rg_thrift_reader_init(&reader, element->annotation);
    if (!rg_thrift_next_field(&reader, &choice) || !rg_thrift_read_struct(&reader, choice.type))
        return coordinates;
    while (rg_thrift_next_field(&reader, &field)) {
        const bool is_text = field.type == RG_THRIFT_BINARY;

        if (field.id == 1 && is_text)
            coordinates.crs = rg_thrift_read_binary(&reader, field.type);
        else if (field.id == 2 && !is_text && element->logical == RG_LOGICAL_GEOGRAPHY)
            coordinates.algorithm = rg_thrift_read_u8(&reader, field.type);
        else
            rg_thrift_skip(&reader, field.type);
    }
    return coordinates;
}

uint32_t rg_plain_bytes(const struct rg_leaf *leaf)
{
    switch ((enum rg_type)leaf->type) {
    case RG_TYPE_INT32:
    case RG_TYPE_FLOAT:
        return 4;
    case RG_TYPE_INT64:
    case RG_TYPE_DOUBLE:
        return 8;
    case RG_TYPE_INT96:
        return 12;
    case RG_TYPE_FIXED_LEN_BYTE_ARRAY:
        return leaf->type_length > 0 ? (uint32_t)leaf->type_length : 0;
    case RG_TYPE_BOOLEAN:
    case RG_TYPE_BYTE_ARRAY:
        break;
    }
    return 0;
}

uint8_t rg_schema_nesting(const struct rg_schema *schema, uint32_t element_index)
{
    const struct rg_schema_element *element = &schema->elements[element_index];
    const uint8_t logical = rg_schema_annotation(element).logical;

    if (element->has_type || element->child_count != 1 ||
        schema->elements[element_index + 1].repetition != RG_REPEATED)
        return RG_LOGICAL_NONE;
    return logical == RG_LOGICAL_LIST || logical == RG_LOGICAL_MAP ? logical : RG_LOGICAL_NONE;
}

bool rg_schema_is_map_entry(const struct rg_schema *schema, uint32_t element_index)
{
    const struct rg_schema_element *element = &schema->elements[element_index];

    return element_index > 0 && !element->has_type && element->repetition == RG_REPEATED &&
           rg_schema_nesting(schema, element->parent_index) == RG_LOGICAL_MAP;
}

bool rg_schema_is_two_level_list(const struct rg_schema *schema, uint32_t list_index)
{
    const struct rg_schema_element *outer = &schema->elements[list_index];
    const struct rg_schema_element *repeated = &schema->elements[list_index + 1];
    static const char suffix[] = "_tuple";
    const size_t suffix_bytes = sizeof suffix - 1;
    const size_t name_bytes = outer->name.bytes;

    if (repeated->has_type || repeated->child_count != 1)
        return true;
    if (schema->elements[list_index + 2].repetition == RG_REPEATED)
        return true;
    if (rg_span_equal(repeated->name, rg_span_of("array")))
        return true;
    return repeated->name.bytes == name_bytes + suffix_bytes &&
           memcmp(repeated->name.data, outer->name.data, name_bytes) == 0 &&
           memcmp(repeated->name.data + name_bytes, suffix, suffix_bytes) == 0;
}

/* Logical types whose parameters are in no field of ours (coordinate systems, versions, ...). */
static bool has_other_parameters(uint8_t logical)
{
    return logical > RG_LOGICAL_FLOAT16;
}

/*
 * For comparing: signed integers of the physical type's width are what it holds without a word of
 * it (LogicalTypes.md, "Signed Integers": implied), and some writers say so and others do not.
 * MAP_KEY_VALUE means MAP, but not to every reader (DuckDB 2.0 fails): no output has it unless all
 * its inputs have.
 */
static struct rg_annotation meaning_of(const struct rg_schema_element *element)
{
    const struct rg_annotation annotation = rg_schema_annotation(element);
    const bool is_implied = element->has_type && annotation.logical == RG_LOGICAL_INTEGER &&
                            annotation.is_signed &&
                            ((element->type == RG_TYPE_INT32 && annotation.bit_width == 32) ||
                             (element->type == RG_TYPE_INT64 && annotation.bit_width == 64));
    static const struct rg_annotation bare = {.logical = RG_LOGICAL_NONE,
                                              .converted_type = RG_CONVERTED_NONE};
    static const struct rg_annotation key_value = {.logical = RG_LOGICAL_NONE,
                                                   .converted_type = RG_CONVERTED_MAP_KEY_VALUE};

    if (element->logical == RG_LOGICAL_NONE &&
        element->converted_type == RG_CONVERTED_MAP_KEY_VALUE)
        return key_value;
    return is_implied ? bare : annotation;
}

static bool is_equal_annotation(const struct rg_schema_element *a,
                                const struct rg_schema_element *b)
{
    const struct rg_annotation x = meaning_of(a);
    const struct rg_annotation y = meaning_of(b);

    if (x.logical != y.logical || x.converted_type != y.converted_type)
        return false;
    if (has_other_parameters(x.logical))
        return rg_span_equal(a->annotation, b->annotation);
    return x.time_unit == y.time_unit && x.bit_width == y.bit_width && x.is_utc == y.is_utc &&
           x.is_signed == y.is_signed && x.scale == y.scale && x.precision == y.precision;
}

/* What differs between two elements that are not the root, or NULL. */
static const char *compare_elements(const struct rg_schema_element *a,
                                    const struct rg_schema_element *b)
{
    if (a->raw.data != NULL && rg_span_equal(a->raw, b->raw))
        return NULL;
    if (!rg_span_equal(a->name, b->name))
        return "name";
    if (a->has_type != b->has_type || a->child_count != b->child_count)
        return "nesting";
    if (a->has_type && (a->type != b->type || value_length(a) != value_length(b)))
        return "type";
    if (a->repetition != b->repetition)
        return "repetition";
    if (!is_equal_annotation(a, b))
        return "logical type";
    if (a->has_field_id != b->has_field_id || (a->has_field_id && a->field_id != b->field_id))
        return "field id";
    /* Unknown fields may mean anything, and their bytes were found to differ. */
    return a->has_unknown || b->has_unknown ? "unknown fields" : NULL;
}

bool rg_schema_is_equal(const struct rg_schema *a, const struct rg_schema *b,
                        struct rg_schema_difference *ret_difference)
{
    const uint32_t count =
        a->element_count < b->element_count ? a->element_count : b->element_count;
    struct rg_schema_difference difference = {0, NULL};

    if (a->elements[0].child_count != b->elements[0].child_count)
        difference.what = "number of columns";
    for (uint32_t i = 1; i < count && difference.what == NULL; i++) {
        difference.what = compare_elements(&a->elements[i], &b->elements[i]);
        difference.element_index = i;
    }
    if (difference.what != NULL && ret_difference != NULL)
        *ret_difference = difference;
    return difference.what == NULL;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

/* Numbers go in together, as one field: one by one they cost more than parsing the element. */
static void hash_element(const struct rg_schema_element *element, struct rg_hasher *hasher)
{
    const struct rg_annotation annotation = meaning_of(element);
    const bool is_plain = !has_other_parameters(annotation.logical);
    uint8_t numbers[14 * 4];
    uint8_t *at = numbers;

    at = put_u32(at, element->child_count);
    at = put_u32(at, element->has_type ? element->type + UINT32_C(1) : 0);
    at = put_u32(at, (uint32_t)value_length(element));
    at = put_u32(at, element->repetition);
    at = put_u32(at, element->has_field_id);
    at = put_u32(at, element->has_field_id ? (uint32_t)element->field_id : 0);
    at = put_u32(at, annotation.logical);
    at = put_u32(at, (uint8_t)annotation.converted_type);
    at = put_u32(at, is_plain ? (uint32_t)annotation.time_unit : 0);
    at = put_u32(at, is_plain ? (uint32_t)annotation.bit_width : 0);
    at = put_u32(at, is_plain && annotation.is_utc);
    at = put_u32(at, is_plain && annotation.is_signed);
    at = put_u32(at, is_plain ? (uint32_t)annotation.scale : 0);
    at = put_u32(at, is_plain ? (uint32_t)annotation.precision : 0);
    rg_hasher_add(hasher, element->name);
    rg_hasher_add(hasher, (struct rg_span){numbers, (size_t)(at - numbers)});
    if (!is_plain)
        rg_hasher_add(hasher, element->annotation);
    if (element->has_unknown)
        rg_hasher_add(hasher, element->raw);
}

void rg_schema_hash(const struct rg_schema *schema, struct rg_hasher *hasher)
{
    rg_hasher_add_u64(hasher, schema->element_count);
    rg_hasher_add_u64(hasher, schema->elements[0].child_count);
    for (uint32_t i = 1; i < schema->element_count; i++)
        hash_element(&schema->elements[i], hasher);
}

uint32_t rg_schema_find_leaf(const struct rg_schema *schema, struct rg_span path)
{
    uint32_t i = 0;

    while (i < schema->leaf_count && !rg_span_equal(schema->leaves[i].path, path))
        i++;
    return i;
}

uint32_t rg_schema_column_orders(const struct rg_schema *schema)
{
    uint32_t orders = 0;

    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        const uint32_t order = schema->leaves[i].column_order;

        orders |= UINT32_C(1) << (order < 31 ? order : 31);
    }
    return orders;
}

const char *rg_schema_path_text(const struct rg_schema *schema, uint32_t element_index,
                                char text[RG_PATH_TEXT_BYTES])
{
    uint32_t chain[DEPTH_MAX];
    uint32_t depth = 0;
    size_t used = 0;

    for (uint32_t i = element_index; i != 0 && depth < DEPTH_MAX;
         i = schema->elements[i].parent_index)
        chain[depth++] = i;
    while (depth > 0) {
        const struct rg_span name = schema->elements[chain[--depth]].name;

        for (size_t i = 0; i < name.bytes && used < RG_PATH_TEXT_BYTES - 1; i++)
            text[used++] = name.data[i] < 0x20 || name.data[i] == 0x7f ? '?' : (char)name.data[i];
        if (depth > 0 && used < RG_PATH_TEXT_BYTES - 1)
            text[used++] = '.';
    }
    text[used] = '\0';
    return text;
}
