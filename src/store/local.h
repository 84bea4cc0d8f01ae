/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The local back end: a directory tree.
 *
 * Outputs are made in the directory where they will live, without a name where the file system can
 * do that (O_TMPFILE: a killed process leaves nothing) and under a hidden one of ours elsewhere
 * (".regroup-<digits>.tmp", found by RG_STORE_LIST_UPLOADS). They get their name by link() or
 * renameat2(RENAME_NOREPLACE). Reads are done by the thread that starts them unless `thread_count`
 * asks for a pool: where bytes are in the page cache a pool only adds switches.
 *
 * What is an object: every regular file, hidden ones too, by its name in the tree. A link to a file
 * is that file; one that leads nowhere is an object of 0 bytes. A link to a directory is a prefix,
 * unless it leads back into the tree (whose files are listed under their own names) or above it.
 * Devices, pipes and sockets are not listed. Directories come and go with their files, but an empty
 * one is listed as a prefix until DELETE of that prefix removes it.
 *
 * An id's tag is "c<ctime in ns>i<inode>", with "n" behind it where the file has several names.
 *
 * A conditional DELETE of P/name goes through "_regroup/P/_trash/<run>/name", as the folder's
 * README tells; what lies there after a crash is for RG_STORE_RESTORE or a plain DELETE. Across
 * file systems, below "_regroup/" and on a full disk it is a check followed by unlink().
 *
 * Threads: operations from any thread at once, but the parts of one upload from one at a time. The
 *          allocator is used by one thread at a time as far as this store is concerned.
 */

#ifndef STORE_LOCAL_H
#define STORE_LOCAL_H

#include "store/store.h"

struct rg_local_options {
    uint32_t thread_count;  /* 0: operations are done inside rg_store_start(). */
    uint32_t page_key_max;  /* Cap on the entries of a listing page, for tests; 0: none. */
    bool lacks_tags;        /* Listings have ids without tags: fewer bytes in memory. */
    bool must_exist;        /* Fail when the root is not there; else make it when first written. */
    bool keeps_page_cache;  /* False: written bytes are dropped from the page cache soon. */
    bool names_temporaries; /* As on a file system without O_TMPFILE, for tests. */
    bool lacks_rename_absent; /* As on one without RENAME_NOREPLACE, for tests. */
};

/*
 * Opens the tree at `root` (absolute or relative path). Nothing is written.
 *
 * Errors:  RG_ERR_ABSENT, RG_ERR_DENIED, RG_ERR_INVALID (not a directory), RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_local_store_new(const char *root,
                                                const struct rg_local_options *options,
                                                const struct rg_allocator *allocator,
                                                struct rg_store **ret_store, struct rg_error *err);

#endif
