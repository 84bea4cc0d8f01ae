/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/request.h"

#include <inttypes.h>

static uint64_t moved_bytes(const struct rg_store_op *op)
{
    uint64_t bytes = 0;

    if (op->verb == RG_STORE_GET)
        return op->out_bytes;
    for (size_t i = 0; i < op->segment_count; i++)
        bytes += op->segments[i].bytes;
    return bytes;
}

/*
 * What is asked for lies in the body that is expected, so all of it has to come. The buffer may
 * hold anything: what did not come must not be taken for pages.
 */
static void check_whole(struct rg_store_op *op)
{
    uint64_t wanted = op->in_bytes;

    if (op->verb != RG_STORE_GET || op->status != RG_OK)
        return;
    if (op->is_suffix && op->expected != NULL && op->expected->bytes < wanted)
        wanted = op->expected->bytes;
    if (op->out_bytes != wanted)
        op->status = rg_fail(&op->err, RG_ERR_CHANGED,
                             "%s: %" PRIu64 " bytes came where %" PRIu64 " were wanted", op->key,
                             op->out_bytes, wanted);
}

static void on_done(struct rg_store_op *op)
{
    const struct rg_part_request *request = op->user;
    struct rg_part_requests *all = request->all;

    check_whole(op);
    atomic_fetch_add_explicit(&all->moved_bytes, moved_bytes(op), memory_order_relaxed);
    if (atomic_fetch_sub(&all->pending, 1) == 1)
        weir_done(all->job, all->part, WEIR_OK, atomic_load(&all->moved_bytes));
}

void rg_part_requests_begin(struct rg_part_requests *all, struct weir_job *job, uint32_t part)
{
    all->job = job;
    all->part = part;
    atomic_init(&all->pending, 1);
    atomic_init(&all->moved_bytes, 0);
}

void rg_part_requests_add(struct rg_part_requests *all, struct rg_part_request *request,
                          struct rg_store *store)
{
    request->all = all;
    request->op.done = on_done;
    request->op.user = request;
    atomic_fetch_add(&all->pending, 1);
    rg_store_start(store, &request->op);
}

enum weir_status rg_part_requests_end(struct rg_part_requests *all)
{
    if (atomic_fetch_sub(&all->pending, 1) != 1)
        return WEIR_PENDING;
    weir_moved(all->job, atomic_load(&all->moved_bytes));
    return WEIR_OK;
}
