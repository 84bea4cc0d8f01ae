/* SPDX-License-Identifier: Apache-2.0 */

/* Sources whose dictionary pages are the same bytes: one dictionary, however many files. */

#ifndef STITCH_DICT_GROUPS_H
#define STITCH_DICT_GROUPS_H

#include "base/arena.h"
#include "base/error.h"
#include "stitch/dict_union.h"
#include "stitch/source.h"

struct rg_dict_group {
    uint32_t survey_index; /* Of the first source that has it. */
    uint32_t source_count;
    uint64_t index_bytes;   /* Of all their index pages. */
    bool has_map;           /* `map` was made, and is kept. */
    struct rg_dict_map map; /* Into the union. */
};

struct rg_dict_groups {
    struct rg_dict_group *groups; /* In order of first appearance. */
    uint32_t *group_of;           /* For each survey; UINT32_MAX: no indices. */
    uint32_t count;
    uint32_t base; /* The group with most bytes of index pages; the first of equals. */
};

/*
 * Groups the surveys; memory is `scratch`. Bodies are compared, not only hashes.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_dict_groups_make(const struct rg_survey *surveys,
                                                 size_t survey_count, struct rg_arena *scratch,
                                                 struct rg_dict_groups *ret_groups,
                                                 struct rg_error *err);

#endif
