/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dict_table.h"

#include "base/limits.h"

static const uint32_t length_prefix_bytes = 4;

static enum rg_status need_offsets(struct rg_dict_table *table, struct rg_bench *bench,
                                   uint32_t entry_count, struct rg_error *err)
{
    size_t needed = (size_t)entry_count + 1;

    if (needed <= table->offsets_capacity)
        return RG_OK;
    /* One after another may be larger by a little; what is left behind must not add up. */
    if (needed < table->offsets_capacity + table->offsets_capacity / (size_t)2)
        needed = table->offsets_capacity + table->offsets_capacity / (size_t)2;
    uint32_t *room = rg_arena_alloc(bench->scratch, needed * sizeof *room);
    if (room == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary entries", entry_count);
    table->offsets_room = room;
    table->offsets_capacity = (uint32_t)needed;
    return RG_OK;
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static enum rg_status find_entries(struct rg_dict_table *table, struct rg_error *err)
{
    const struct rg_span plain = table->plain;
    size_t at = 0;

    for (uint32_t i = 0; i < table->entry_count; i++) {
        const size_t left = plain.bytes - at;

        if (left < length_prefix_bytes || read_u32(plain.data + at) > left - length_prefix_bytes)
            return rg_fail(err, RG_ERR_CORRUPT, "dictionary ends at entry %u of %u", i,
                           table->entry_count);
        const uint32_t bytes = length_prefix_bytes + read_u32(plain.data + at);
        table->offsets_room[i] = (uint32_t)at;
        at += bytes;
        if (bytes > table->entry_bytes_max)
            table->entry_bytes_max = bytes;
    }
    table->offsets_room[table->entry_count] = (uint32_t)at;
    table->offsets = table->offsets_room;
    table->plain.bytes = at;
    return RG_OK;
}

enum rg_status rg_dict_table_fill(struct rg_dict_table *table, struct rg_bench *bench,
                                  struct rg_span plain, uint32_t entry_count, struct rg_error *err)
{
    const struct rg_leaf *leaf = bench->leaf;
    const uint32_t entry_bytes = rg_plain_bytes(leaf);

    table->plain = plain;
    table->entry_count = entry_count;
    table->entry_bytes = entry_bytes;
    table->entry_bytes_max = entry_bytes;
    if (leaf->type == RG_TYPE_BYTE_ARRAY) {
        if (plain.bytes > rg_page_bytes_max)
            return rg_fail(err, RG_ERR_LIMIT, "a dictionary of %zu bytes", plain.bytes);
        RG_TRY(need_offsets(table, bench, entry_count, err));
        return find_entries(table, err);
    }
    if (entry_bytes == 0)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a dictionary of %s values of no length",
                       rg_type_name(leaf->type));
    if (plain.bytes / entry_bytes < entry_count)
        return rg_fail(err, RG_ERR_CORRUPT, "dictionary ends at entry %zu of %u",
                       plain.bytes / entry_bytes, entry_count);
    table->plain.bytes = (size_t)entry_count * entry_bytes;
    return RG_OK;
}
