/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keeps credentials fit for use: gets new ones before they expire, once for all, in a thread of its
 * own (their sources block: files, programs, other services).
 */

#ifndef STORE_S3_KEEPER_H
#define STORE_S3_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"

enum {
    RG_ACCESS_KEY_BYTES = 256,
    RG_SECRET_KEY_BYTES = 256,
    RG_SESSION_TOKEN_BYTES = 8192
};

struct rg_credentials {
    char access_key[RG_ACCESS_KEY_BYTES];
    char secret_key[RG_SECRET_KEY_BYTES];
    char session_token[RG_SESSION_TOKEN_BYTES]; /* "": none. */
    uint64_t expires_ns;                        /* Wall time; 0: never, as far as is known. */
};

struct rg_keeper;

/* Gets credentials; blocks. */
typedef enum rg_status rg_credentials_load_fn(void *user, struct rg_credentials *ret_credentials,
                                              struct rg_error *err);

/*
 * Loads once, in the calling thread. `user` must stay until rg_keeper_free().
 *
 * Errors:  those of `load`; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_keeper_new(rg_credentials_load_fn *load, void *user,
                                           const struct rg_allocator *allocator,
                                           struct rg_keeper **ret_keeper, struct rg_error *err);
void rg_keeper_free(struct rg_keeper *keeper);

enum rg_keeper_answer {
    RG_KEEPER_READY,
    RG_KEEPER_WAIT, /* New ones are being got and the old ones are no good. */
    RG_KEEPER_FAILED,
};

/*
 * Updates *credentials if *generation (0 at first) is not theirs. Threads: any.
 *
 * FAILED: RG_ERR_DENIED or RG_ERR_AGAIN and why, in *err.
 */
enum rg_keeper_answer rg_keeper_get(struct rg_keeper *keeper, uint64_t *generation,
                                    struct rg_credentials *credentials, struct rg_error *err);

/*
 * The store refused those of `generation`, as `why` says: gets others, unless that was done since.
 * If the source gives the same again, rg_keeper_get() fails from then on, with that text. NULL is
 * fine.
 */
void rg_keeper_renew(struct rg_keeper *keeper, uint64_t generation, const char *why);

/*
 * The store refused something and did not say what: perhaps those of `generation` have expired.
 * Looks whether there are others; if not, the same go on being used. NULL is fine.
 */
void rg_keeper_doubt(struct rg_keeper *keeper, uint64_t generation);

#endif
