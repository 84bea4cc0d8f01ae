/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/field_ids.h"

#include <string.h>

#include "parquet/schema.h"
#include "parquet/writer.h"

/* The first arrow that leaves field ids alone. */
static const uint32_t arrow_major_min = 7;

/* Where rewriters say who wrote what they rewrote, one a line (parquet-java, ParquetRewriter). */
static const char origins_key[] = "original.created.by";

static bool is_early_arrow(struct rg_span created_by)
{
    const struct rg_writer writer = rg_writer_parse(created_by);
    const bool is_arrow = rg_span_equal(writer.application, rg_span_of("parquet-cpp")) ||
                          rg_span_equal(writer.application, rg_span_of("parquet-cpp-arrow"));

    return is_arrow && writer.major < arrow_major_min;
}

static bool has_early_arrow(struct rg_span names)
{
    while (names.bytes > 0) {
        const uint8_t *newline = memchr(names.data, '\n', names.bytes);
        const size_t bytes = newline == NULL ? names.bytes : (size_t)(newline - names.data);

        if (is_early_arrow((struct rg_span){names.data, bytes}))
            return true;
        names.data += newline == NULL ? bytes : bytes + 1;
        names.bytes -= newline == NULL ? bytes : bytes + 1;
    }
    return false;
}

static bool is_numbered_by_arrow(const struct rg_file_meta *meta)
{
    if (is_early_arrow(meta->created_by))
        return true;
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        if (rg_span_equal(meta->key_values[i].key, rg_span_of(origins_key)) &&
            has_early_arrow(meta->key_values[i].value))
            return true;
    }
    return false;
}

static bool is_repeated_group(const struct rg_schema *schema, uint32_t index)
{
    const struct rg_schema_element *element = &schema->elements[index];

    return !element->has_type && element->repetition == RG_REPEATED &&
           rg_schema_nesting(schema, element->parent_index) != RG_LOGICAL_NONE;
}

static bool is_in_variant(const struct rg_schema *schema, uint32_t index)
{
    while (index > 0) {
        index = schema->elements[index].parent_index;
        if (schema->elements[index].logical == RG_LOGICAL_VARIANT)
            return true;
    }
    return false;
}

/* Fields of one group must differ in their ids; here one has that of the first. */
static bool has_id_of_first_sibling(const struct rg_schema *schema, uint32_t index)
{
    const struct rg_schema_element *element = &schema->elements[index];
    const uint32_t first = element->parent_index + 1;

    return first != index && element->has_field_id && schema->elements[first].has_field_id &&
           schema->elements[first].field_id == element->field_id;
}

bool rg_field_ids_are_given(const struct rg_file_meta *meta)
{
    const struct rg_schema *schema = &meta->schema;

    for (uint32_t i = 1; i < schema->element_count; i++) {
        if (!schema->elements[i].has_field_id && !is_repeated_group(schema, i) &&
            !is_in_variant(schema, i))
            return false;
        if (has_id_of_first_sibling(schema, i))
            return false;
    }
    return schema->element_count > 1 && !is_numbered_by_arrow(meta);
}
