/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One ordered stream of bytes to a store that wants parts of equal size: what comes is cut into
 * parts, which are sent from where they lie; only what is left over at the end of each addition is
 * copied, into one buffer that the writer's owner pays for.
 *
 * Nothing here blocks but rg_part_writer_finish(). Threads: one addition at a time.
 */

#ifndef COMPACT_PART_WRITER_H
#define COMPACT_PART_WRITER_H

#include <stdatomic.h>

#include "base/arena.h"
#include "store/store.h"

struct rg_part_writer {
    /* Set at init, then constant. */
    struct rg_store *store;
    const char *key;
    const char *token;
    uint64_t part_bytes;
    uint8_t *carry; /* The owner's. */
    uint64_t carry_capacity;

    uint64_t carry_bytes;
    struct rg_upload *upload; /* NULL before the first whole part. */
    uint32_t part_count;
};

/* An addition on its way. In the arena that it was made with, as long as its bytes. */
struct rg_part_addition {
    struct rg_part_writer *writer;
    struct rg_store_op *ops;
    uint32_t op_count;
    const struct rg_segment *rest; /* Segments that go into the buffer when all parts are sent. */
    size_t rest_count;
    uint64_t rest_bytes;
    uint64_t sent_bytes;
    atomic_uint pending; /* Parts, and one for the starter. */
    void (*done)(struct rg_part_addition *addition);
    void *user;
};

/* Bytes that rg_part_writer_add() takes from its arena for so much. */
uint64_t rg_part_writer_scratch_bytes(const struct rg_part_writer *writer, size_t segment_count,
                                      uint64_t bytes);

/*
 * Cuts `segments` into parts, with what was carried over before them. Sends nothing yet.
 *
 * Errors:  RG_ERR_NOMEM, also when what is left over does not fit the buffer.
 */
RG_MUST_CHECK enum rg_status rg_part_writer_add(struct rg_part_writer *writer,
                                                const struct rg_segment *segments, size_t count,
                                                struct rg_arena *arena,
                                                struct rg_part_addition **ret_addition,
                                                struct rg_error *err);

/*
 * Sends the parts. True: all is over already (there were none), and done() is not called. False:
 * done() was or will be called, perhaps by a thread of the store.
 */
bool rg_part_addition_start(struct rg_part_addition *addition,
                            void (*done)(struct rg_part_addition *addition), void *user);

/*
 * After its end: takes the rest over. Returns the first failure.
 *
 * Errors:  those of the store.
 */
RG_MUST_CHECK enum rg_status rg_part_addition_end(struct rg_part_addition *addition,
                                                  struct rg_error *err);

/*
 * Sends the rest of the stream, `tail` last, and gives the object its name; a stream without a
 * whole part becomes one PUT. Blocks. `arena` is for the id and for scratch. After a failure the
 * upload is still there.
 *
 * Errors:  those of the store; RG_ERR_EXISTS when the name is taken.
 */
RG_MUST_CHECK enum rg_status
rg_part_writer_finish(struct rg_part_writer *writer, const struct rg_segment *tail, size_t count,
                      struct rg_arena *arena, struct rg_object_id *ret_id, struct rg_error *err);

#endif
