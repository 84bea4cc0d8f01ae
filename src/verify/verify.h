/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whether DEST holds the rows of SOURCE, partition by partition: in the order that the ledger of
 * DEST tells, or, where a partition has none, file by file in the order of their names.
 *
 * Blocks. Outside the engine it holds the listing and the records of one partition.
 */

#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <regroup/verify.h>

#include "verify/compare.h"

/* What a key's last component says; `key` is below the root. */
enum rg_verify_kind {
    RG_VERIFY_NO_DATA,
    RG_VERIFY_DATA,
    RG_VERIFY_MAYBE, /* Data if it has the magic at both ends. */
};

/* What a verification has done. Written by it, read by anybody; zeroed before. All atomic. */
struct rg_verify_counters {
    atomic_uint_fast64_t read_bytes;
    atomic_uint_fast64_t total_bytes; /* See rg_verify_sample. */
    atomic_uint_fast64_t partition_count;
    atomic_uint_fast64_t partition_done_count;
    atomic_bool is_total_known;
};

struct rg_verify_request {
    struct rg_store *stores[2]; /* SOURCE and DEST. */
    const char *only_file;      /* SOURCE is this one file; NULL: it is a tree. */
    bool
        is_one_place; /* Both are the same: what was replaced is compared only where it lies yet. */
    bool source_is_local;
    enum rg_verify_kind (*kind_of)(void *user, const char *key); /* Hidden ones are no data. */
    bool (*may_hold_data)(void *user, const char *prefix);       /* False: not looked into. */
    rg_verify_finding_fn *tell;
    void *user;
    uint64_t memory_bytes; /* For names, listings and records; files are compared in the rest. */
    uint32_t thread_count;
    const struct rg_allocator *allocator; /* Any number of threads. */
    const atomic_bool *is_cancelled;      /* NULL: never. */
    struct rg_verify_counters *counters;
};

/*
 * Verifies. Differences, and files and records that cannot be read, or need more memory than there
 * is, are findings, not errors.
 *
 * Errors:  those of listing and of the stores; RG_ERR_ABSENT: there is nothing on either side;
 *          RG_ERR_NOMEM: for the root, or the names of partitions; RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_verify_places(const struct rg_verify_request *request,
                                              struct rg_verify_totals *ret_totals,
                                              struct rg_error *err);

#endif
