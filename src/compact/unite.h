/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --schema union: which inputs of a turn share outputs, and how each becomes a part of them.
 *
 * Of files that are alike one schema is kept, when their footers are read. Then schemas that can be
 * united are (stitch/schema_map.h), newest last: a schema is as new as the newest file that has it,
 * by the store's clock, and outputs that are taken again are older than everything else. Those that
 * do not go with newer ones are united among themselves, in outputs of their own. Files without
 * rows have no say.
 */

#ifndef COMPACT_UNITE_H
#define COMPACT_UNITE_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "plan/plan.h"
#include "stitch/file_shape.h"
#include "stitch/schema_map.h"

struct rg_input;
struct rg_run;

/* Several schemas as one. */
struct rg_united {
    struct rg_schema schema; /* Of outputs. */
};

/* What files that are alike have in common. */
struct rg_kept_schema {
    struct rg_hash128 key; /* Of what follows. */
    struct rg_schema schema;
    struct rg_hash128 semantics[RG_ASPECT_SETS];
    struct rg_hash128 units;
    bool ids_are_given;
    bool has_column_orders;

    /* Set by rg_unite(). */
    const struct rg_united *united;   /* NULL: outputs have this schema. */
    const struct rg_leaf_map *leaves; /* For each column of the outputs; NULL: just the same. */
    uint64_t age_ns;                  /* When the newest of these files was modified. */
    uint32_t last_input;
    bool is_used;
    bool is_told; /* Why it has outputs of its own. */
};

/* Of one turn; guarded by who guards the arena while footers are read. */
struct rg_schema_shelf {
    struct rg_kept_schema **items;
    uint32_t count;
    uint32_t capacity;
};

/*
 * What is kept for files like this one. NULL: there are too many kinds already, and this one goes
 * by itself.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_schema_shelf_keep(struct rg_schema_shelf *shelf,
                                                  const struct rg_file_meta *meta,
                                                  struct rg_hash128 shape, struct rg_arena *arena,
                                                  struct rg_kept_schema **ret_kept,
                                                  struct rg_error *err);

/*
 * Unites the schemas of these inputs and sets their plan.shape. *ret_hash is of the schemas that
 * came out. Memory that is not needed afterwards is `allocator`'s.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_unite(struct rg_run *run, struct rg_schema_shelf *shelf,
                                      struct rg_input *inputs, uint32_t input_count,
                                      struct rg_arena *arena, const struct rg_allocator *allocator,
                                      struct rg_hash128 *ret_hash, struct rg_error *err);

/*
 * The input as the plan is to see it: its values as wide as they become, so that row groups of the
 * output keep the plan's caps. What changes is a copy in `arena`.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_united_plan_file(const struct rg_input *input,
                                                 struct rg_arena *arena,
                                                 struct rg_plan_file *ret_file,
                                                 struct rg_error *err);

#endif
