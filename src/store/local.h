/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The local back end: a directory tree.
 *
 * Outputs are made as hidden files in the directory where they will live, written with pwritev, and
 * get their name by link() or renameat2(RENAME_NOREPLACE). Reads are done by the thread that starts
 * them unless `thread_count` asks for a pool: where bytes are in the page cache a pool only adds
 * switches.
 */

#ifndef STORE_LOCAL_H
#define STORE_LOCAL_H

#include "store/store.h"

struct rg_local_options {
    uint32_t thread_count; /* 0: operations are done inside rg_store_start(). */
    uint32_t page_key_max; /* Cap on the entries of a listing page, for tests; 0: none. */
    bool must_exist;       /* Fail when the root is not there; else make it when first written. */
    bool keeps_page_cache; /* False: written bytes are dropped from the page cache soon. */
};

/*
 * Opens the tree at `root` (absolute or relative path).
 *
 * Errors:  RG_ERR_ABSENT, RG_ERR_DENIED, RG_ERR_INVALID (not a directory), RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_local_store_new(const char *root,
                                                const struct rg_local_options *options,
                                                const struct rg_allocator *allocator,
                                                struct rg_store **ret_store, struct rg_error *err);

#endif
