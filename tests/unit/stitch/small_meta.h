/* SPDX-License-Identifier: Apache-2.0 */

/* Footers made in a test's own words. */

#ifndef SMALL_META_H
#define SMALL_META_H

#include "base/arena.h"
#include "parquet/metadata.h"

enum {
    SMALL_ELEMENTS_MAX = 24,
    SMALL_PAIRS_MAX = 8,
    SMALL_GROUPS_MAX = 4,
};

struct small_meta {
    struct rg_file_meta meta;
    struct rg_schema_element elements[SMALL_ELEMENTS_MAX];
    uint32_t element_count;
    struct rg_key_value pairs[SMALL_PAIRS_MAX];
    struct rg_row_group groups[SMALL_GROUPS_MAX];
    struct rg_column_chunk chunks[SMALL_GROUPS_MAX][SMALL_ELEMENTS_MAX];
    uint64_t end; /* Of the chunks so far. */
};

/* Begins: a root without children. */
void small_meta_begin(struct small_meta *small);

/* Adds an OPTIONAL leaf or a group with `child_count` children, which are to follow; changed freely
 * until build. */
struct rg_schema_element *small_meta_leaf(struct small_meta *small, const char *name,
                                          enum rg_type type, enum rg_logical logical);
struct rg_schema_element *small_meta_group(struct small_meta *small, const char *name,
                                           uint32_t child_count, enum rg_logical logical);

/* Leaves and levels; false without memory. The root takes what belongs to nobody else. */
bool small_meta_build(struct small_meta *small, struct rg_arena *arena);

/* A row group of `row_count` rows: chunks of 100 bytes one behind another. */
struct rg_row_group *small_meta_rows(struct small_meta *small, uint64_t row_count);

/* `value` may be NULL: absent. */
void small_meta_pair(struct small_meta *small, const char *key, const char *value);

/* Of what answers false without memory. */
#define CHECK_MADE(made) CHECK_MEMORY((made) ? "" : NULL)

#endif
