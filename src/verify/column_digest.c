/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values of a dictionary are hashed once, and their hashes looked up by the indices: the values
 * themselves are not.
 */

#include "verify/column_digest.h"

#include <assert.h>

#include "verify/value_hash.h"

void rg_column_digest_join(struct rg_column_digest *digest, const struct rg_column_digest *tail)
{
    rg_sequence_join(&digest->levels, &tail->levels);
    rg_sequence_join(&digest->values, &tail->values);
    digest->row_count += tail->row_count;
}

bool rg_column_digest_equal(const struct rg_column_digest *a, const struct rg_column_digest *b)
{
    return a->row_count == b->row_count && rg_sequence_equal(&a->levels, &b->levels) &&
           rg_sequence_equal(&a->values, &b->values);
}

/* One entry's repetition level and depth as an element; never 0. */
static uint64_t element_of(uint8_t rep_level, uint8_t depth)
{
    return 1 + ((uint64_t)rep_level << 8 | depth);
}

void rg_column_digest_add_nulls(struct rg_column_digest *digest,
                                const struct rg_column_source *column, uint64_t row_count)
{
    assert(column->has_no_levels);
    rg_sequence_add_repeated(&digest->levels, element_of(0, column->depths[0]), row_count);
    digest->row_count += row_count;
}

void rg_digest_room_init(struct rg_digest_room *room, const struct rg_allocator *allocator)
{
    room->allocator = allocator;
    room->entry_hashes = NULL;
    room->entry_capacity = 0;
}

void rg_digest_room_fini(struct rg_digest_room *room)
{
    if (room->entry_hashes != NULL)
        rg_release(room->allocator, room->entry_hashes,
                   room->entry_capacity * sizeof *room->entry_hashes);
    room->entry_hashes = NULL;
    room->entry_capacity = 0;
}

/* Hashes all entries of the chunk's dictionary. */
static enum rg_status hash_dictionary(struct rg_digest_room *room,
                                      const struct rg_column_source *column,
                                      const struct rg_values *dictionary, struct rg_error *err)
{
    if (room->entry_capacity < dictionary->count) {
        rg_digest_room_fini(room);
        room->entry_hashes =
            rg_alloc(room->allocator, dictionary->count * sizeof *room->entry_hashes);
        if (room->entry_hashes == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for the hashes of %u dictionary entries",
                           dictionary->count);
        room->entry_capacity = dictionary->count;
    }
    rg_value_hash_converted(column, dictionary, room->entry_hashes);
    return RG_OK;
}

static void add_values(struct rg_column_digest *digest, const struct rg_column_source *column,
                       const struct rg_chunk_batch *batch, struct rg_digest_room *room)
{
    if (batch->is_dictionary) {
        for (uint32_t i = 0; i < batch->value_count; i++)
            room->elements[i] = room->entry_hashes[batch->indices[i]];
    } else {
        rg_value_hash_converted(column, &batch->values, room->elements);
    }
    rg_sequence_add(&digest->values, room->elements, batch->value_count);
}

static void add_levels(struct rg_column_digest *digest, const struct rg_column_source *column,
                       const struct rg_chunk_batch *batch, uint8_t def_max,
                       struct rg_digest_room *room)
{
    uint32_t count = 0;

    if (batch->def_levels == NULL && batch->rep_levels == NULL) {
        rg_sequence_add_repeated(&digest->levels, element_of(0, column->depths[def_max]),
                                 batch->level_count);
        return;
    }
    for (uint32_t i = 0; i < batch->level_count; i++) {
        const uint8_t rep = batch->rep_levels == NULL ? 0 : batch->rep_levels[i];
        const uint8_t def = batch->def_levels == NULL ? def_max : batch->def_levels[i];

        room->elements[count] = element_of(rep, column->depths[def]);
        count += !column->is_missing || rep <= column->rep_kept_max;
    }
    rg_sequence_add(&digest->levels, room->elements, count);
}

enum rg_status rg_column_digest_add(struct rg_column_digest *digest,
                                    const struct rg_column_source *column,
                                    const struct rg_chunk_source *chunk,
                                    struct rg_chunk_reader *reader, struct rg_digest_room *room,
                                    struct rg_error *err)
{
    const uint8_t def_max = chunk->leaf->def_max;
    struct rg_chunk_batch batch;
    bool is_end = false;
    bool is_hashed = false;

    RG_TRY(rg_chunk_reader_open(reader, chunk, err));
    for (;;) {
        RG_TRY(rg_chunk_next(reader, &batch, &is_end, err));
        if (is_end)
            return RG_OK;
        if (batch.is_dictionary && !is_hashed && !column->is_missing) {
            RG_TRY(hash_dictionary(room, column, batch.dictionary, err));
            is_hashed = true;
        }
        if (!column->is_missing)
            add_values(digest, column, &batch, room);
        add_levels(digest, column, &batch, def_max, room);
        digest->row_count += batch.row_count;
    }
}
