/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/decoder.h"

#include <assert.h>

bool rg_decoder_can_read(unsigned encoding, unsigned type)
{
    switch (encoding) {
    case RG_ENCODING_PLAIN:
    case RG_ENCODING_PLAIN_DICTIONARY:
    case RG_ENCODING_RLE_DICTIONARY:
        return true;
    case RG_ENCODING_RLE:
        return type == RG_TYPE_BOOLEAN;
    case RG_ENCODING_DELTA_BINARY_PACKED:
        return type == RG_TYPE_INT32 || type == RG_TYPE_INT64;
    case RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return type == RG_TYPE_BYTE_ARRAY;
    case RG_ENCODING_DELTA_BYTE_ARRAY:
        return type == RG_TYPE_BYTE_ARRAY || type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;
    case RG_ENCODING_BYTE_STREAM_SPLIT:
        return type != RG_TYPE_BYTE_ARRAY && type != RG_TYPE_BOOLEAN;
    default:
        return false;
    }
}

enum rg_status rg_decoder_init(struct rg_decoder *decoder, const struct rg_encoded_values *encoded,
                               struct rg_value_room *room, struct rg_error *err)
{
    const struct rg_span bytes = encoded->bytes;
    const struct rg_value_kind *kind = &room->kind;

    decoder->encoding = encoded->encoding;
    decoder->kind = *kind;
    if (!rg_decoder_can_read(encoded->encoding, kind->type))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "encoding %u of physical type %u",
                       encoded->encoding, kind->type);
    /* Pages of nulls only come without any bytes, or with what their writer thought fit. */
    if (encoded->value_count == 0)
        return RG_OK;
    switch (encoded->encoding) {
    case RG_ENCODING_PLAIN:
        rg_plain_decoder_init(&decoder->as.plain, kind, bytes);
        return RG_OK;
    case RG_ENCODING_RLE:
        return rg_rle_boolean_decoder_init(&decoder->as.rle_boolean, bytes, encoded->value_count,
                                           err);
    case RG_ENCODING_DELTA_BINARY_PACKED:
        return rg_delta_decoder_init(&decoder->as.delta, kind->width_bytes, bytes, err);
    case RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return rg_delta_length_decoder_init(&decoder->as.delta_length, bytes, err);
    case RG_ENCODING_DELTA_BYTE_ARRAY:
        return rg_delta_bytes_decoder_init(&decoder->as.delta_bytes, bytes, encoded->value_count,
                                           encoded->is_linked, room, err);
    case RG_ENCODING_BYTE_STREAM_SPLIT:
        return rg_byte_stream_split_decoder_init(&decoder->as.byte_stream_split, kind, bytes, err);
    default:
        if (encoded->dictionary == NULL)
            return rg_fail(err, RG_ERR_CORRUPT, "dictionary-encoded page without a dictionary");
        return rg_dict_decoder_init(&decoder->as.dict, bytes, encoded->value_count,
                                    encoded->dictionary->values.count, err);
    }
}

enum rg_status rg_decoder_next(struct rg_decoder *decoder, uint32_t count,
                               struct rg_value_room *room, struct rg_values *ret_values,
                               struct rg_error *err)
{
    assert(count > 0 && count <= room->count_max);
    switch (decoder->encoding) {
    case RG_ENCODING_PLAIN:
        return rg_plain_decoder_next(&decoder->as.plain, count, room, ret_values, err);
    case RG_ENCODING_RLE:
        return rg_rle_boolean_decoder_next(&decoder->as.rle_boolean, count, room, ret_values, err);
    case RG_ENCODING_DELTA_BINARY_PACKED:
        RG_TRY(rg_delta_decoder_next(&decoder->as.delta, count, room->fixed, err));
        *ret_values = (struct rg_values){
            .count = count, .width_bytes = decoder->kind.width_bytes, .fixed = room->fixed};
        return RG_OK;
    case RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return rg_delta_length_decoder_next(&decoder->as.delta_length, count, room, ret_values,
                                            err);
    case RG_ENCODING_DELTA_BYTE_ARRAY:
        return rg_delta_bytes_decoder_next(&decoder->as.delta_bytes, count, room, ret_values, err);
    case RG_ENCODING_BYTE_STREAM_SPLIT:
        return rg_byte_stream_split_decoder_next(&decoder->as.byte_stream_split, count, room,
                                                 ret_values, err);
    default:
        return rg_fail(err, RG_ERR_BUG, "values of encoding %u are wanted", decoder->encoding);
    }
}

enum rg_status rg_decoder_next_indices(struct rg_decoder *decoder, uint32_t count,
                                       struct rg_value_room *room, struct rg_error *err)
{
    assert(rg_encoding_is_dictionary(decoder->encoding));
    return rg_dict_decoder_next(&decoder->as.dict, count, room->words, err);
}
