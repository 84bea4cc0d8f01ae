/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One store operation as one part of an asynchronous step.
 *
 * The store may finish an operation before rg_store_start() returns or later, from a thread of its
 * own; the engine wants WEIR_PENDING and weir_done(), or the answer itself. The two meet here:
 * whoever comes second, the starter or the callback, reports the end.
 */

#ifndef COMPACT_REQUEST_H
#define COMPACT_REQUEST_H

#include <stdatomic.h>
#include <weir/weir.h>

#include "store/store.h"

struct rg_part_request {
    struct rg_store_op op; /* done and user are set by rg_part_request_start(). */
    struct weir_job *job;
    uint32_t part;
    atomic_uint meetings;
};

/*
 * Starts request->op, filled in by the caller, for this part. Returns what run() returns: WEIR_OK
 * when it is over already, or WEIR_PENDING. How it ended is in op.status and is looked at by a
 * later step; the engine is told WEIR_OK in any case.
 */
enum weir_status rg_part_request_start(struct rg_part_request *request, struct rg_store *store,
                                       struct weir_job *job, uint32_t part);

#endif
