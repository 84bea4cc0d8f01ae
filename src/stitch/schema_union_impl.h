/* SPDX-License-Identifier: Apache-2.0 */

/* The tree that several schemas have in common, and where each has its parts. */

#ifndef STITCH_SCHEMA_UNION_IMPL_H
#define STITCH_SCHEMA_UNION_IMPL_H

#include "stitch/schema_map.h"

/* An element of the union that a source does not have. */
static const uint32_t rg_element_missing = UINT32_MAX;

struct rg_union_node {
    struct rg_schema_element element; /* As in the output. */
    uint32_t parent_index;            /* In the nodes; the root's is 0. */
    uint32_t *in_source;              /* Element index in each source, or rg_element_missing. */
};

struct rg_schema_union {
    struct rg_union_node *nodes; /* Depth first; [0] is the root. */
    uint32_t node_count;
};

/* See rg_schema_map_make(). */
RG_MUST_CHECK enum rg_status rg_schema_union_make(const struct rg_schema_source *sources,
                                                  size_t count, struct rg_arena *arena,
                                                  struct rg_schema_union *ret_union,
                                                  size_t *ret_culprit, struct rg_error *err);

#endif
