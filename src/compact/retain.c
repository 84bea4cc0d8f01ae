/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/retain.h"

#include <string.h>

enum rg_status rg_retain_array(const void *array, size_t count, size_t bytes_each,
                               struct rg_arena *arena, void **ret_copy, struct rg_error *err)
{
    *ret_copy = NULL;
    if (array == NULL)
        return RG_OK;
    void *copy = rg_arena_array(arena, count, bytes_each);
    if (copy == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to keep %zu times %zu bytes of metadata",
                       count, bytes_each);
    if (count > 0)
        memcpy(copy, array, count * bytes_each);
    *ret_copy = copy;
    return RG_OK;
}

static enum rg_status retain_span(struct rg_span *span, struct rg_arena *arena,
                                  struct rg_error *err)
{
    if (span->data == NULL)
        return RG_OK;
    const struct rg_span copy = rg_arena_copy(arena, *span);
    if (copy.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to keep %zu bytes of metadata", span->bytes);
    *span = copy;
    return RG_OK;
}

enum rg_status rg_retain_schema(const struct rg_schema *schema, struct rg_arena *arena,
                                struct rg_schema *ret_schema, struct rg_error *err)
{
    struct rg_schema copy = *schema;
    void *elements;
    void *leaves;

    RG_TRY(rg_retain_array(schema->elements, schema->element_count, sizeof *schema->elements, arena,
                           &elements, err));
    RG_TRY(rg_retain_array(schema->leaves, schema->leaf_count, sizeof *schema->leaves, arena,
                           &leaves, err));
    copy.elements = elements;
    copy.leaves = leaves;
    for (uint32_t i = 0; i < copy.element_count; i++) {
        RG_TRY(retain_span(&copy.elements[i].raw, arena, err));
        RG_TRY(retain_span(&copy.elements[i].name, arena, err));
        RG_TRY(retain_span(&copy.elements[i].annotation, arena, err));
    }
    for (uint32_t i = 0; i < copy.leaf_count; i++) {
        RG_TRY(retain_span(&copy.leaves[i].path, arena, err));
        RG_TRY(retain_span(&copy.leaves[i].path_in_schema, arena, err));
    }
    *ret_schema = copy;
    return RG_OK;
}

static enum rg_status retain_statistics(struct rg_statistics *statistics, struct rg_arena *arena,
                                        struct rg_error *err)
{
    RG_TRY(retain_span(&statistics->min, arena, err));
    RG_TRY(retain_span(&statistics->max, arena, err));
    RG_TRY(retain_span(&statistics->min_value, arena, err));
    return retain_span(&statistics->max_value, arena, err);
}

static enum rg_status retain_key_values(struct rg_column_chunk *chunk, struct rg_arena *arena,
                                        struct rg_error *err)
{
    void *pairs;

    RG_TRY(rg_retain_array(chunk->key_values, chunk->key_value_count, sizeof *chunk->key_values,
                           arena, &pairs, err));
    chunk->key_values = pairs;
    for (uint32_t i = 0; i < chunk->key_value_count; i++) {
        RG_TRY(retain_span(&chunk->key_values[i].key, arena, err));
        RG_TRY(retain_span(&chunk->key_values[i].value, arena, err));
    }
    return RG_OK;
}

enum rg_status rg_retain_chunk(const struct rg_column_chunk *chunk, struct rg_arena *arena,
                               struct rg_column_chunk *ret_chunk, struct rg_error *err)
{
    struct rg_column_chunk copy = *chunk;
    struct rg_size_statistics *sizes = &copy.size_statistics;
    void *array;

    RG_TRY(retain_statistics(&copy.statistics, arena, err));
    RG_TRY(rg_retain_array(sizes->rep_histogram, sizes->rep_histogram_count, sizeof(uint64_t),
                           arena, &array, err));
    sizes->rep_histogram = array;
    RG_TRY(rg_retain_array(sizes->def_histogram, sizes->def_histogram_count, sizeof(uint64_t),
                           arena, &array, err));
    sizes->def_histogram = array;
    RG_TRY(rg_retain_array(copy.geospatial_statistics, 1, sizeof *copy.geospatial_statistics, arena,
                           &array, err));
    copy.geospatial_statistics = array;
    if (copy.geospatial_statistics != NULL) {
        RG_TRY(rg_retain_array(copy.geospatial_statistics->types,
                               copy.geospatial_statistics->type_count, sizeof(int32_t), arena,
                               &array, err));
        copy.geospatial_statistics->types = array;
    }
    RG_TRY(rg_retain_array(copy.encoding_stats, copy.encoding_stats_count,
                           sizeof *copy.encoding_stats, arena, &array, err));
    copy.encoding_stats = array;
    RG_TRY(retain_key_values(&copy, arena, err));
    *ret_chunk = copy;
    return RG_OK;
}
