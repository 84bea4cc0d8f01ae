/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which inputs the live outputs of a partition are made of, by its ledger: records are read, and
 * outputs that were taken again are replaced by what they were made of, until only inputs are left.
 *
 * In place what is compared with is a copy of the place from some time before. What was replaced by
 * then is not in it, but an output is: that is not replaced.
 */

#ifndef VERIFY_LINEAGE_H
#define VERIFY_LINEAGE_H

#include "journal/batch.h"
#include "journal/home.h"

/* What there is to compare with. */
struct rg_lineage_source {
    bool (*has)(void *user, const char *name, uint64_t bytes); /* Of that name and size. */
    void *user;
};

/* Row groups of one input, next in row order. */
struct rg_lineage_part {
    uint32_t record; /* Number of the one that took the input, or made the output. */
    const char *name;
    struct rg_object_id id; /* As recorded. */
    uint32_t row_group;
    uint32_t row_group_count; /* 0: all that follow. */
};

/* One live output, or several of one record, and what they were made of, in the order of rows. */
struct rg_lineage_group {
    uint32_t record; /* Its number. */
    const struct rg_batch_output *const *outputs;
    size_t output_count;
    const struct rg_lineage_part *parts;
    size_t part_count;
    /* A taken output's row groups were spread, and its record is of a version that did not say what
     * was where. */
    bool is_broken;
};

struct rg_lineage {
    const struct rg_batch *records; /* records[i] is number i + 1. */
    uint32_t record_count;
    const struct rg_lineage_group *groups; /* By record, in the order of outputs. */
    size_t group_count;
    const struct rg_ledger_name *intents; /* Of runs under way, or killed; only when read. */
    size_t intent_count;
};

/*
 * Reads the ledger of `partition`; everything lies in `arena`. `source` may be NULL: only inputs
 * are in it.
 *
 * Errors:  those of rg_batch_read() and of listing; RG_ERR_CORRUPT when records contradict each
 *          other, or one is missing in front of others; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_lineage_read(const struct rg_home *home, const char *partition,
                                             const struct rg_lineage_source *source,
                                             struct rg_arena *arena, struct rg_lineage *ret_lineage,
                                             struct rg_error *err);

/* The same of records that are in memory. */
RG_MUST_CHECK enum rg_status rg_lineage_trace(const struct rg_batch *records, uint32_t record_count,
                                              const struct rg_lineage_source *source,
                                              struct rg_arena *arena,
                                              struct rg_lineage *ret_lineage, struct rg_error *err);

/*
 * Whether there is a record by now behind the first `record_count`. The key lies in `arena`.
 *
 * Errors:  RG_ERR_NOMEM; those of the store.
 */
RG_MUST_CHECK enum rg_status rg_lineage_has_more(const struct rg_home *home, const char *partition,
                                                 uint32_t record_count, struct rg_arena *arena,
                                                 bool *ret_has_more, struct rg_error *err);

#endif
