/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/encoding/plain.h"

#include <assert.h>

#include "parquet/bit_pack.h"

enum {
    LENGTH_BYTES = 4,
    GROUP = 8,
};

void rg_plain_decoder_init(struct rg_plain_decoder *decoder, const struct rg_value_kind *kind,
                           struct rg_span bytes)
{
    *decoder = (struct rg_plain_decoder){.kind = *kind, .bytes = bytes};
}

static inline uint32_t load_u32(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

enum rg_status rg_plain_read_views(struct rg_span bytes, uint64_t *at, uint32_t count,
                                   struct rg_view *ret_views, struct rg_error *err)
{
    uint64_t offset = *at;

    for (uint32_t i = 0; i < count; i++) {
        if (bytes.bytes - offset < LENGTH_BYTES)
            return rg_fail(err, RG_ERR_CORRUPT, "byte arrays end at value %u of %u", i, count);
        const uint32_t length = load_u32(bytes.data + offset);
        offset += LENGTH_BYTES;
        if (length > bytes.bytes - offset)
            return rg_fail(err, RG_ERR_CORRUPT, "byte array of %u bytes where %llu are left",
                           length, (unsigned long long)(bytes.bytes - offset));
        ret_views[i] = (struct rg_view){(uint32_t)offset, length};
        offset += length;
    }
    *at = offset;
    return RG_OK;
}

static enum rg_status next_booleans(struct rg_plain_decoder *decoder, uint32_t count,
                                    struct rg_value_room *room, struct rg_error *err)
{
    const uint64_t left = (uint64_t)decoder->bytes.bytes * 8 - decoder->at;
    uint32_t done = 0;

    if (count > left)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu booleans where %u are wanted",
                       (unsigned long long)left, count);
    while (done < count && decoder->at % GROUP != 0) {
        room->fixed[done++] = decoder->bytes.data[decoder->at / 8] >> (decoder->at % 8) & 1;
        decoder->at++;
    }
    const uint32_t groups = (count - done) / GROUP;
    rg_unpack_groups_u8(decoder->bytes.data + decoder->at / 8, 1, groups, room->fixed + done);
    decoder->at += (uint64_t)groups * GROUP;
    done += groups * GROUP;
    while (done < count) {
        room->fixed[done++] = decoder->bytes.data[decoder->at / 8] >> (decoder->at % 8) & 1;
        decoder->at++;
    }
    return RG_OK;
}

enum rg_status rg_plain_decoder_next(struct rg_plain_decoder *decoder, uint32_t count,
                                     struct rg_value_room *room, struct rg_values *ret_values,
                                     struct rg_error *err)
{
    const struct rg_value_kind *kind = &decoder->kind;
    struct rg_values values = {
        .count = count, .width_bytes = kind->width_bytes, .is_variable = kind->is_variable};

    if (kind->is_variable) {
        RG_TRY(rg_plain_read_views(decoder->bytes, &decoder->at, count, room->views, err));
        values.views = room->views;
        values.bytes = decoder->bytes.data;
    } else if (kind->type == RG_TYPE_BOOLEAN) {
        RG_TRY(next_booleans(decoder, count, room, err));
        values.fixed = room->fixed;
    } else {
        const uint64_t needed = (uint64_t)count * kind->width_bytes;
        const uint64_t left = decoder->bytes.bytes - decoder->at;

        if (needed > left)
            return rg_fail(err, RG_ERR_CORRUPT, "%u values of %u bytes where %llu bytes are left",
                           count, kind->width_bytes, (unsigned long long)left);
        values.fixed = decoder->bytes.data + decoder->at;
        decoder->at += needed;
    }
    *ret_values = values;
    return RG_OK;
}

static void encode_booleans(const struct rg_values *values, uint64_t bit_count,
                            struct rg_buffer *out)
{
    for (uint32_t i = 0; i < values->count; i++) {
        const uint64_t bit = bit_count + i;

        if (bit % 8 == 0)
            rg_buffer_append_byte(out, 0);
        if (out->failed)
            return;
        out->data[out->bytes - 1] |= (uint8_t)((values->fixed[i] & 1) << (bit % 8));
    }
}

void rg_plain_encode(const struct rg_value_kind *kind, const struct rg_values *values,
                     uint64_t bit_count, struct rg_buffer *out)
{
    if (kind->type == RG_TYPE_BOOLEAN) {
        encode_booleans(values, bit_count, out);
        return;
    }
    if (!kind->is_variable) {
        rg_buffer_append(out, values->fixed, (size_t)values->count * values->width_bytes);
        return;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        const struct rg_view view = values->views[i];
        uint8_t *room = rg_buffer_reserve(out, (size_t)LENGTH_BYTES + view.bytes);

        if (room == NULL)
            return;
        memcpy(room, &view.bytes, LENGTH_BYTES);
        if (view.bytes > 0)
            memcpy(room + LENGTH_BYTES, values->bytes + view.offset, view.bytes);
        out->bytes += (size_t)LENGTH_BYTES + view.bytes;
    }
}
