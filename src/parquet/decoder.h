/* SPDX-License-Identifier: Apache-2.0 */

/* The values of one page, whatever their encoding. */

#ifndef PARQUET_DECODER_H
#define PARQUET_DECODER_H

#include "parquet/encoding/byte_stream_split.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/delta_bytes.h"
#include "parquet/encoding/dict.h"
#include "parquet/encoding/plain.h"
#include "parquet/encoding/rle_boolean.h"
#include "parquet/values.h"

struct rg_decoder {
    uint8_t encoding;
    struct rg_value_kind kind;
    union {
        struct rg_plain_decoder plain;
        struct rg_rle_boolean_decoder rle_boolean;
        struct rg_dict_decoder dict;
        struct rg_delta_decoder delta;
        struct rg_delta_length_decoder delta_length;
        struct rg_delta_bytes_decoder delta_bytes;
        struct rg_byte_stream_split_decoder byte_stream_split;
    } as;
};

/* A page's values section. */
struct rg_encoded_values {
    uint8_t encoding;
    struct rg_span bytes;
    uint32_t value_count;             /* Without nulls. */
    const struct rg_dict *dictionary; /* The chunk's; NULL: none was seen. */
    bool is_linked;                   /* See rg_delta_bytes_decoder_init(). */
};

/* True for encodings that values of this type may have and that we read. */
bool rg_decoder_can_read(unsigned encoding, unsigned type);

/*
 * Begins with a page's values; `room` was made for the column's kind of value.
 *
 * Errors:  RG_ERR_UNSUPPORTED for encodings that we do not know or the type cannot have;
 *          RG_ERR_CORRUPT; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_decoder_init(struct rg_decoder *decoder,
                                             const struct rg_encoded_values *encoded,
                                             struct rg_value_room *room, struct rg_error *err);

/*
 * The next values: at least one and at most `count`, which is not more than room->count_max. Not
 * for dictionary-encoded pages.
 *
 * Errors:  RG_ERR_CORRUPT; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_decoder_next(struct rg_decoder *decoder, uint32_t count,
                                             struct rg_value_room *room,
                                             struct rg_values *ret_values, struct rg_error *err);

/* The next `count` indices of a dictionary-encoded page, checked; lies in room->words. */
RG_MUST_CHECK enum rg_status rg_decoder_next_indices(struct rg_decoder *decoder, uint32_t count,
                                                     struct rg_value_room *room,
                                                     struct rg_error *err);

#endif
