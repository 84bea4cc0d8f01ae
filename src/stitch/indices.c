/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/indices.h"

enum rg_status rg_index_reader_init(struct rg_index_reader *reader, struct rg_span values,
                                    uint32_t index_count, uint32_t entry_count,
                                    struct rg_error *err)
{
    uint32_t width = 0;

    if (index_count > 0) {
        if (values.bytes == 0)
            return rg_fail(err, RG_ERR_CORRUPT, "%u indices in no bytes", index_count);
        width = values.data[0];
        values.data++;
        values.bytes--;
    }
    if (width > 32)
        return rg_fail(err, RG_ERR_CORRUPT, "indices of %u bits", width);
    rg_level_reader_init(&reader->runs, values, width, UINT32_MAX, index_count);
    reader->entry_count = entry_count;
    return RG_OK;
}

enum rg_status rg_index_read(struct rg_index_reader *reader, uint32_t count, uint32_t *ret_indices,
                             struct rg_error *err)
{
    uint32_t highest = 0;

    RG_TRY(rg_level_read(&reader->runs, count, ret_indices, err));
    for (uint32_t i = 0; i < count; i++)
        highest = ret_indices[i] > highest ? ret_indices[i] : highest;
    if (count > 0 && highest >= reader->entry_count)
        return rg_fail(err, RG_ERR_CORRUPT, "index %u into a dictionary of %u entries", highest,
                       reader->entry_count);
    return RG_OK;
}
