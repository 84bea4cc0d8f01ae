/* SPDX-License-Identifier: Apache-2.0 */

/* One dictionary out of many. */

#ifndef STITCH_DICT_UNION_H
#define STITCH_DICT_UNION_H

#include "base/error.h"
#include "base/span.h"
#include "stitch/bench.h"
#include "stitch/dict_table.h"

struct rg_dict_union {
    struct rg_bench *bench; /* Set at init, then constant. */
    size_t plain_bytes_max; /* Set at init; grows when entries are added that must be there. */
    uint8_t *plain;         /* The entries, PLAIN. */
    size_t plain_bytes;
    size_t plain_capacity;
    struct rg_dict_slot *slots;
    uint32_t slot_count;
    uint64_t seed;       /* Of the hashes; changes when somebody made them collide, */
    uint32_t seed_count; /* so many times. */
    bool is_crowded;     /* They collide under every seed: nothing is found or added any more. */
    uint32_t *offsets;   /* Of entry i in plain; NULL for fixed widths. */
    uint32_t offset_capacity;
    uint32_t entry_count;
    uint32_t entry_bytes; /* 0: they vary. */
};

void rg_dict_union_init(struct rg_dict_union *u, struct rg_bench *bench, size_t plain_bytes_max);

/* How a source's indices become those of the union. */
struct rg_dict_map {
    const uint32_t *new_index; /* entry_count of them. */
    uint32_t *room;            /* The same, while it is filled. */
    uint32_t entry_count;
    uint32_t index_max;  /* The largest new index. */
    bool is_identity;    /* Nothing changes: pages may be copied. */
    bool has_duplicates; /* Two entries of the source are the same value. */
    bool has_additions;  /* Entries were added to the union. */
};

/*
 * Adds the entries that are new, in order of first appearance, so that earlier indices stay what
 * they are. `new_index` is the caller's room for the map. Values are equal when their PLAIN bytes
 * are. *ret_fits is false, and nothing was added, when the union would pass plain_bytes_max, or
 * when entries were made so that their hashes collide.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_LIMIT for more than 2^30 entries.
 * Cost:    linear in entries and their bytes, whatever they are.
 */
RG_MUST_CHECK enum rg_status rg_dict_union_add(struct rg_dict_union *u,
                                               const struct rg_dict_table *table,
                                               uint32_t *new_index, bool *ret_fits,
                                               struct rg_dict_map *ret_map, struct rg_error *err);

/*
 * The same for the values of a page, most of which are there already: new_index[i] becomes the
 * index of value i.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_dict_union_encode(struct rg_dict_union *u,
                                                  const struct rg_dict_table *values,
                                                  uint32_t *new_index, bool *ret_fits,
                                                  struct rg_error *err);

/* Takes all entries out; memory is kept. */
void rg_dict_union_reset(struct rg_dict_union *u);

#endif
