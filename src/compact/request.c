/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/request.h"

static uint64_t moved_bytes(const struct rg_store_op *op)
{
    uint64_t bytes = 0;

    if (op->verb == RG_STORE_GET)
        return op->out_bytes;
    for (size_t i = 0; i < op->segment_count; i++)
        bytes += op->segments[i].bytes;
    return bytes;
}

static void on_done(struct rg_store_op *op)
{
    struct rg_part_request *request = op->user;

    if (atomic_fetch_add(&request->meetings, 1) == 1)
        weir_done(request->job, request->part, WEIR_OK, moved_bytes(op));
}

enum weir_status rg_part_request_start(struct rg_part_request *request, struct rg_store *store,
                                       struct weir_job *job, uint32_t part)
{
    request->job = job;
    request->part = part;
    atomic_init(&request->meetings, 0);
    request->op.done = on_done;
    request->op.user = request;
    rg_store_start(store, &request->op);
    if (atomic_fetch_add(&request->meetings, 1) == 0)
        return WEIR_PENDING;
    weir_moved(job, moved_bytes(&request->op));
    return WEIR_OK;
}
