/* SPDX-License-Identifier: Apache-2.0 */

/* Page headers, in and out. */

#ifndef PARQUET_PAGE_HEADER_H
#define PARQUET_PAGE_HEADER_H

#include "base/error.h"
#include "base/span.h"
#include "parquet/metadata.h"

/* Room that any header needs that we write (without statistics). */
enum {
    RG_PAGE_HEADER_EMIT_BYTES_MAX = 128
};

/*
 * Parses the page header at the start of `bytes`; statistics point into `bytes`.
 *
 * Errors:  RG_ERR_CORRUPT when the bytes end inside the header, when a size is negative, when the
 *          struct that belongs to the type is absent, or when the levels of a V2 page are longer
 * than the page; RG_ERR_LIMIT above rg_page_header_bytes_max.
 */
RG_MUST_CHECK enum rg_status rg_page_header_parse(struct rg_span bytes,
                                                  struct rg_page_header *ret_header,
                                                  size_t *ret_header_bytes, struct rg_error *err);

/*
 * Writes a header and returns its length. Statistics are never written (parquet-format
 * PageIndex.md: not beside a column index). is_compressed is always written explicitly for V2.
 */
size_t rg_page_header_emit(const struct rg_page_header *header,
                           uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX]);

#endif
