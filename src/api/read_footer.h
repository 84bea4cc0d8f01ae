/* SPDX-License-Identifier: Apache-2.0 */

/* The footer of an object in a store, read by a thread that may block. */

#ifndef API_READ_FOOTER_H
#define API_READ_FOOTER_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "store/store.h"

struct rg_read_footer {
    struct rg_file_meta meta; /* In the arena. */
    struct rg_object_id id;   /* Likewise. */
    uint64_t footer_bytes;    /* Without length and magic. */
};

/*
 * Reads bytes offset .. offset + bytes of an object, all of them. `expected` may be NULL.
 *
 * Errors:  those of the store; RG_ERR_CHANGED when there are fewer, or it is another body than
 *          expected.
 */
RG_MUST_CHECK enum rg_status rg_read_bytes(struct rg_store *store, const char *key,
                                           const struct rg_object_id *expected, uint64_t offset,
                                           uint64_t bytes, uint8_t *buffer, struct rg_error *err);

/*
 * Errors:  those of the store and of rg_footer_parse(); RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_read_footer(struct rg_store *store, const char *key,
                                            struct rg_arena *arena,
                                            struct rg_read_footer *ret_footer,
                                            struct rg_error *err);

#endif
