/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/encoding/dict.h"

#include "parquet/encoding/plain.h"

enum {
    REPEAT_MIN = 64, /* Shorter runs cost readers more than they save: measured. */
    WIDTH_MAX = 32,
};

static enum rg_status read_booleans(struct rg_dict *dict, struct rg_span bytes,
                                    uint32_t entry_count, struct rg_error *err)
{
    if (((uint64_t)entry_count + 7) / 8 > bytes.bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "dictionary of %u booleans in %zu bytes", entry_count,
                       bytes.bytes);
    dict->booleans = rg_alloc(dict->allocator, entry_count);
    if (dict->booleans == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary entries", entry_count);
    for (uint32_t i = 0; i < entry_count; i++)
        dict->booleans[i] = bytes.data[i / 8] >> (i % 8) & 1;
    dict->values.fixed = dict->booleans;
    return RG_OK;
}

static enum rg_status read_views(struct rg_dict *dict, struct rg_span bytes, uint32_t entry_count,
                                 struct rg_error *err)
{
    uint64_t at = 0;

    /* Every entry has a length, so the page bounds what is allocated. */
    if (entry_count > bytes.bytes / sizeof(uint32_t))
        return rg_fail(err, RG_ERR_CORRUPT, "dictionary of %u byte arrays in %zu bytes",
                       entry_count, bytes.bytes);
    dict->views = rg_alloc(dict->allocator, entry_count * sizeof *dict->views);
    if (dict->views == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary entries", entry_count);
    dict->values.views = dict->views;
    dict->values.bytes = bytes.data;
    return rg_plain_read_views(bytes, &at, entry_count, dict->views, err);
}

enum rg_status rg_dict_init(struct rg_dict *dict, const struct rg_allocator *allocator,
                            const struct rg_value_kind *kind, struct rg_span bytes,
                            uint32_t entry_count, struct rg_error *err)
{
    enum rg_status status = RG_OK;

    *dict = (struct rg_dict){
        .allocator = allocator,
        .values = {.count = entry_count,
                   .width_bytes = kind->width_bytes,
                   .is_variable = kind->is_variable},
    };
    if (kind->is_variable)
        status = read_views(dict, bytes, entry_count, err);
    else if (kind->type == RG_TYPE_BOOLEAN)
        status = read_booleans(dict, bytes, entry_count, err);
    else if ((uint64_t)entry_count * kind->width_bytes > bytes.bytes)
        status = rg_fail(err, RG_ERR_CORRUPT, "dictionary of %u values of %u bytes in %zu bytes",
                         entry_count, kind->width_bytes, bytes.bytes);
    else
        dict->values.fixed = bytes.data;
    if (status != RG_OK)
        rg_dict_fini(dict);
    return status;
}

void rg_dict_fini(struct rg_dict *dict)
{
    if (dict->allocator == NULL)
        return;
    rg_release(dict->allocator, dict->views, dict->values.count * sizeof *dict->views);
    rg_release(dict->allocator, dict->booleans, dict->values.count);
    *dict = (struct rg_dict){.allocator = NULL};
}

size_t rg_dict_bytes(const struct rg_value_kind *kind, uint32_t entry_count)
{
    if (kind->is_variable)
        return (size_t)entry_count * sizeof(struct rg_view);
    return kind->type == RG_TYPE_BOOLEAN ? entry_count : 0;
}

enum rg_status rg_dict_decoder_init(struct rg_dict_decoder *decoder, struct rg_span bytes,
                                    uint32_t value_count, uint32_t entry_count,
                                    struct rg_error *err)
{
    *decoder = (struct rg_dict_decoder){.entry_count = entry_count};
    if (value_count == 0) {
        rg_rle_decoder_init(&decoder->runs, (struct rg_span){NULL, 0}, 0, 0);
        return RG_OK;
    }
    if (bytes.bytes == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "%u indices in an empty page", value_count);
    const uint32_t width = bytes.data[0];
    if (width > WIDTH_MAX)
        return rg_fail(err, RG_ERR_CORRUPT, "indices of %u bits", width);
    rg_rle_decoder_init(&decoder->runs, (struct rg_span){bytes.data + 1, bytes.bytes - 1}, width,
                        value_count);
    return RG_OK;
}

enum rg_status rg_dict_decoder_next(struct rg_dict_decoder *decoder, uint32_t count,
                                    uint32_t *ret_indices, struct rg_error *err)
{
    RG_TRY(rg_rle_decoder_next(&decoder->runs, count, ret_indices, err));
    const uint32_t max = rg_max_u32(ret_indices, count);
    if (count > 0 && max >= decoder->entry_count)
        return rg_fail(err, RG_ERR_CORRUPT, "index %u into a dictionary of %u entries", max,
                       decoder->entry_count);
    return RG_OK;
}

void rg_dict_encode(const uint32_t *indices, uint32_t count, uint32_t index_max,
                    struct rg_buffer *out)
{
    const uint32_t width = rg_bit_width(index_max);

    rg_buffer_append_byte(out, (uint8_t)width);
    rg_rle_encode(indices, count, width, REPEAT_MIN, out);
}
