/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RLE_DICTIONARY and its old name PLAIN_DICTIONARY: a byte with the width, then runs of indices
 * into the chunk's dictionary page, which is PLAIN.
 */

#ifndef PARQUET_ENCODING_DICT_H
#define PARQUET_ENCODING_DICT_H

#include "parquet/rle.h"
#include "parquet/values.h"

/* A chunk's dictionary. */
struct rg_dict {
    const struct rg_allocator *allocator; /* NULL: there is none. */
    struct rg_values values;              /* Point into the page's bytes and to the below. */
    struct rg_view *views;                /* BYTE_ARRAY; values.count of them. */
    uint8_t *booleans;                    /* BOOLEAN; values.count of them. */
};

/*
 * Reads a dictionary page of `entry_count` entries. Borrows `bytes` until rg_dict_fini().
 *
 * Errors:  RG_ERR_CORRUPT when the bytes end before; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_dict_init(struct rg_dict *dict,
                                          const struct rg_allocator *allocator,
                                          const struct rg_value_kind *kind, struct rg_span bytes,
                                          uint32_t entry_count, struct rg_error *err);
/* Fine on zeroed memory, and twice. */
void rg_dict_fini(struct rg_dict *dict);
/* What a dictionary takes besides its page's bytes. */
size_t rg_dict_bytes(const struct rg_value_kind *kind, uint32_t entry_count);

struct rg_dict_decoder {
    struct rg_rle_decoder runs;
    uint32_t entry_count;
};

/*
 * `value_count` is the page's. A page without values may lack the width byte.
 *
 * Errors:  RG_ERR_CORRUPT when the width is missing or above 32.
 */
RG_MUST_CHECK enum rg_status rg_dict_decoder_init(struct rg_dict_decoder *decoder,
                                                  struct rg_span bytes, uint32_t value_count,
                                                  uint32_t entry_count, struct rg_error *err);

/*
 * The next `count` indices, every one of them below entry_count.
 *
 * Errors:  RG_ERR_CORRUPT: those of rg_run_next(), or an index beyond the dictionary.
 */
RG_MUST_CHECK enum rg_status rg_dict_decoder_next(struct rg_dict_decoder *decoder, uint32_t count,
                                                  uint32_t *ret_indices, struct rg_error *err);

/* Appends a page's indices: the width that `index_max` needs, then runs. */
void rg_dict_encode(const uint32_t *indices, uint32_t count, uint32_t index_max,
                    struct rg_buffer *out);

#endif
