/* SPDX-License-Identifier: Apache-2.0 */

/* What the footer's words about one chunk amount to. */

#ifndef STITCH_CHUNK_FACTS_H
#define STITCH_CHUNK_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "parquet/metadata.h"
#include "parquet/writer.h"

bool rg_chunk_has_encoding(const struct rg_column_chunk *chunk, unsigned encoding);

/* Some page may have BIT_PACKED levels, which many writers name where there are no levels. */
bool rg_chunk_may_have_packed_levels(const struct rg_column_chunk *chunk,
                                     const struct rg_leaf *leaf);

/* Pages that only a decoder turns into PLAIN values. */
bool rg_chunk_has_odd_encodings(const struct rg_column_chunk *chunk);

bool rg_chunk_has_indices(const struct rg_column_chunk *chunk);

/* Data pages that are said to hold no indices, or nothing is said of pages. */
bool rg_chunk_may_have_other_pages(const struct rg_column_chunk *chunk);

/* The dictionary page, header included; 0: the footer does not tell. */
uint64_t rg_chunk_dictionary_bytes(const struct rg_column_chunk *chunk);

/* Values that are not null, as far as the footer tells; hardly ever fewer. */
uint64_t rg_chunk_present_count(const struct rg_column_chunk *chunk);

/* Bytes of its BYTE_ARRAY values, one by one, are told by a writer who is right about them. */
bool rg_chunk_tells_bytes(const struct rg_column_chunk *chunk, const struct rg_writer *writer);

/* Data pages that encoding_stats tell of; 0: they tell none. */
uint64_t rg_chunk_page_count(const struct rg_column_chunk *chunk);

#endif
