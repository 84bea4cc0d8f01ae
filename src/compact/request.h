/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Store operations as one part of an asynchronous step: one, or several where each is so small that
 * the engine's own work for a part would count.
 *
 * The store may finish an operation before rg_store_start() returns or later, from a thread of its
 * own; the engine wants WEIR_PENDING and weir_done(), or the answer itself. The two meet here:
 * whoever comes last, the starter or a callback, reports the end.
 */

#ifndef COMPACT_REQUEST_H
#define COMPACT_REQUEST_H

#include <stdatomic.h>
#include <weir/weir.h>

#include "store/store.h"

/* The operations of a part. */
struct rg_part_requests {
    struct weir_job *job;
    uint32_t part;
    atomic_uint pending; /* Operations that are not over, and one for the starter. */
    atomic_uint_least64_t moved_bytes;
};

struct rg_part_request {
    struct rg_store_op op; /* done and user are set by rg_part_requests_add(). */
    struct rg_part_requests *all;
};

/*
 * Begins a part; `all` and the requests stay where they are until a later step. Between begin and
 * end any number of operations, filled in by the caller, is started. How they ended is in
 * op.status and is looked at by a later step; the engine is told WEIR_OK in any case.
 */
void rg_part_requests_begin(struct rg_part_requests *all, struct weir_job *job, uint32_t part);
void rg_part_requests_add(struct rg_part_requests *all, struct rg_part_request *request,
                          struct rg_store *store);

/* Returns what run() returns: WEIR_OK when all are over already, or WEIR_PENDING. */
enum weir_status rg_part_requests_end(struct rg_part_requests *all);

#endif
