/* SPDX-License-Identifier: Apache-2.0 */

/* The entries of a PLAIN dictionary page, each in one step. */

#ifndef STITCH_DICT_TABLE_H
#define STITCH_DICT_TABLE_H

#include "base/error.h"
#include "parquet/metadata.h"
#include "parquet/schema.h"
#include "stitch/bench.h"

struct rg_dict_table {
    struct rg_span plain; /* The page's body, decompressed. */
    uint32_t entry_count;
    uint32_t entry_bytes;     /* Of each entry; 0: they vary. */
    uint32_t entry_bytes_max; /* Of the longest, its length prefix included. */
    const uint32_t *offsets;  /* Of entries that vary, of their prefix; entry_count + 1 of them. */
    uint32_t *offsets_room;   /* Memory behind it, reused. */
    uint32_t offsets_capacity;
};

/*
 * Fills `table` (zeroed before its first use; its memory is used again) with the entries of
 * `plain`, every one of them checked to lie inside. Bytes behind the last entry are cut off.
 *
 * Errors:  RG_ERR_CORRUPT when there are fewer than `entry_count`; RG_ERR_UNSUPPORTED for BOOLEAN,
 *          which has no dictionaries; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_dict_table_fill(struct rg_dict_table *table, struct rg_bench *bench,
                                                struct rg_span plain, uint32_t entry_count,
                                                struct rg_error *err);

/* An entry in its PLAIN form, its length prefix included. */
static inline struct rg_span rg_dict_table_entry(const struct rg_dict_table *table, uint32_t i)
{
    if (table->entry_bytes != 0)
        return (struct rg_span){table->plain.data + (size_t)i * table->entry_bytes,
                                table->entry_bytes};
    return (struct rg_span){table->plain.data + table->offsets[i],
                            table->offsets[i + 1] - table->offsets[i]};
}

#endif
