/* SPDX-License-Identifier: Apache-2.0 */

#include "small_meta.h"

#include <string.h>

#include "parquet/schema.h"

void small_meta_begin(struct small_meta *small)
{
    memset(small, 0, sizeof *small);
    small->elements[0] =
        (struct rg_schema_element){.name = rg_span_of("root"), .converted_type = RG_CONVERTED_NONE};
    small->element_count = 1;
    small->end = 4;
    small->meta.has_column_orders = true;
}

static struct rg_schema_element *add(struct small_meta *small, const char *name)
{
    struct rg_schema_element *element = &small->elements[small->element_count++];

    *element = (struct rg_schema_element){
        .name = rg_span_of(name),
        .has_repetition = true,
        .repetition = RG_OPTIONAL,
        .converted_type = RG_CONVERTED_NONE,
    };
    return element;
}

struct rg_schema_element *small_meta_leaf(struct small_meta *small, const char *name,
                                          enum rg_type type, enum rg_logical logical)
{
    struct rg_schema_element *element = add(small, name);

    element->has_type = true;
    element->type = (uint8_t)type;
    element->logical = (uint8_t)logical;
    element->type_length = type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 16 : 0;
    return element;
}

struct rg_schema_element *small_meta_group(struct small_meta *small, const char *name,
                                           uint32_t child_count, enum rg_logical logical)
{
    struct rg_schema_element *element = add(small, name);

    element->child_count = child_count;
    element->logical = (uint8_t)logical;
    return element;
}

bool small_meta_build(struct small_meta *small, struct rg_arena *arena)
{
    uint32_t left[SMALL_ELEMENTS_MAX];
    uint32_t depth = 0;
    struct rg_error err;

    /* Children of the root: elements met while no group is open. */
    small->elements[0].child_count = 0;
    for (uint32_t i = 1; i < small->element_count; i++) {
        if (depth == 0)
            small->elements[0].child_count++;
        else
            left[depth - 1]--;
        if (small->elements[i].child_count > 0)
            left[depth++] = small->elements[i].child_count;
        while (depth > 0 && left[depth - 1] == 0)
            depth--;
    }
    if (rg_schema_build(small->elements, small->element_count, arena, &small->meta.schema, &err) !=
        RG_OK)
        return false;
    for (uint32_t i = 0; i < small->meta.schema.leaf_count; i++)
        small->meta.schema.leaves[i].column_order = RG_COLUMN_ORDER_TYPE;
    return true;
}

struct rg_row_group *small_meta_rows(struct small_meta *small, uint64_t row_count)
{
    const uint32_t index = small->meta.row_group_count++;
    struct rg_row_group *group = &small->groups[index];

    small->meta.row_groups = small->groups;
    *group = (struct rg_row_group){.columns = small->chunks[index], .row_count = row_count};
    for (uint32_t i = 0; i < small->meta.schema.leaf_count; i++) {
        group->columns[i] = (struct rg_column_chunk){
            .type = small->meta.schema.leaves[i].type,
            .value_count = row_count,
            .compressed_bytes = 100,
            .uncompressed_bytes = 100,
            .data_page_offset = small->end,
        };
        small->end += 100;
    }
    return group;
}

void small_meta_pair(struct small_meta *small, const char *key, const char *value)
{
    struct rg_key_value *pair = &small->pairs[small->meta.key_value_count++];

    small->meta.key_values = small->pairs;
    *pair = (struct rg_key_value){.key = rg_span_of(key)};
    if (value != NULL)
        pair->value = rg_span_of(value);
}
