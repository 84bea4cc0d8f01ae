/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The digest of one column: of its levels and of its values, in order.
 *
 * It does not depend on where pages, row groups and files end, nor on encodings and codecs, nor on
 * whether the column is REQUIRED or OPTIONAL: definition levels go in as depths in a reference
 * schema (column_map.h). So a sequence of inputs and a sequence of outputs that hold the same rows
 * have equal digests.
 */

#ifndef VERIFY_COLUMN_DIGEST_H
#define VERIFY_COLUMN_DIGEST_H

#include "parquet/chunk_reader.h"
#include "verify/column_map.h"
#include "verify/sequence.h"

struct rg_column_digest {
    struct rg_sequence levels; /* Pairs of repetition level and depth. */
    struct rg_sequence values; /* Those that are not null. */
    uint64_t row_count;
};

/* Rows of `tail` follow. */
void rg_column_digest_join(struct rg_column_digest *digest, const struct rg_column_digest *tail);

bool rg_column_digest_equal(const struct rg_column_digest *a, const struct rg_column_digest *b);

/* Rows of a column that a file lacks, directly below the root. */
void rg_column_digest_add_nulls(struct rg_column_digest *digest,
                                const struct rg_column_source *column, uint64_t row_count);

/* Scratch for one thread. */
struct rg_digest_room {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    uint64_t *entry_hashes;               /* Of the dictionary of the chunk under way. */
    uint32_t entry_capacity;
    uint64_t elements[RG_BATCH_VALUES_MAX];
};

void rg_digest_room_init(struct rg_digest_room *room, const struct rg_allocator *allocator);
/* Fine on zeroed memory, and twice. */
void rg_digest_room_fini(struct rg_digest_room *room);

/*
 * Decodes a chunk and adds its rows. `column` says what its levels are to the reference. On top of
 * rg_chunk_measure(), 8 bytes are allocated for each dictionary entry.
 *
 * Errors:  those of rg_chunk_next(); RG_ERR_NOMEM. The digest is of no use then.
 */
RG_MUST_CHECK enum rg_status
rg_column_digest_add(struct rg_column_digest *digest, const struct rg_column_source *column,
                     const struct rg_chunk_source *chunk, struct rg_chunk_reader *reader,
                     struct rg_digest_room *room, struct rg_error *err);

#endif
