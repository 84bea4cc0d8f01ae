/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conditional writes are refused, ignored or honoured, and only a try tells which (S3's own answer
 * to what it does not know is to ignore it). So an object is created twice with If-None-Match: the
 * second time must fail. The same is then done with an upload. Both are done with a name of this
 * run's own below "_regroup/", which is deleted in the end.
 */

#include "store/s3/s3_probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t part_bytes_min = UINT64_C(5) << 20;
static const uint32_t part_count_max = 10000;

/* Measured, rounded up (docs/bench/s3.md): a handle with its buffers, a connection with TLS. */
static const uint64_t exchange_bytes = UINT64_C(256) << 10;
/* Stacks of two threads, libcurl, the certificates of the system. */
static const uint64_t base_bytes = UINT64_C(8) << 20;

static const struct rg_segment probe_body = {(const uint8_t *)"regroup", 7};

static enum rg_status put(struct rg_s3_store *store, const char *key, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_PUT,
        .key = key,
        .must_be_absent = true,
        .segments = &probe_body,
        .segment_count = 1,
    };

    return rg_store_wait(&store->base, &op, err);
}

/* True when completing an upload onto a name that is taken fails. */
static enum rg_status try_complete(struct rg_s3_store *store, const char *key, bool *ret_honours,
                                   struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = key};

    RG_TRY(rg_store_wait(&store->base, &op, err));
    op.verb = RG_STORE_UPLOAD_PART;
    op.part_number = 1;
    op.segments = &probe_body;
    op.segment_count = 1;
    enum rg_status status = rg_store_wait(&store->base, &op, err);
    if (status == RG_OK) {
        op.verb = RG_STORE_UPLOAD_FINISH;
        op.must_be_absent = true;
        store->features.has_complete_if_absent = true; /* So that it is asked for. */
        status = rg_store_wait(&store->base, &op, err);
        store->features.has_complete_if_absent = false;
        *ret_honours = status == RG_ERR_EXISTS;
        /* The condition may also be refused as such. */
        const bool is_answer =
            status == RG_ERR_EXISTS || status == RG_ERR_UNSUPPORTED || status == RG_ERR_IO;
        if (status == RG_OK)
            return RG_OK;
        if (is_answer)
            status = RG_OK;
    }
    struct rg_error abort_err;
    op.verb = RG_STORE_UPLOAD_ABORT;
    (void)!rg_store_wait(&store->base, &op, &abort_err);
    return status;
}

static enum rg_status try_writes(struct rg_s3_store *store, struct rg_error *err)
{
    char key[80];
    struct rg_store_op forget = {.verb = RG_STORE_DELETE, .key = key};
    struct rg_error delete_err;
    bool honours_complete = false;

    (void)snprintf(key, sizeof key, "_regroup/_probe-%016" PRIx64, store->random);
    enum rg_status status = put(store, key, err);
    if (status == RG_ERR_UNSUPPORTED) {
        store->features.is_probed = true; /* It refuses the header itself. */
        return RG_OK;
    }
    RG_TRY(status);
    status = put(store, key, err);
    store->features.has_put_if_absent = status == RG_ERR_EXISTS;
    if (status == RG_ERR_EXISTS) {
        store->features.is_probed = true;
        status = try_complete(store, key, &honours_complete, err);
        store->features.has_complete_if_absent = honours_complete;
    }
    store->features.is_probed = true;
    (void)!rg_store_wait(&store->base, &forget, &delete_err);
    return status;
}

/* Is there such a bucket, and may we list it? Settles the region too. */
static enum rg_status try_list(struct rg_s3_store *store, struct rg_error *err)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &store->allocator, (size_t)1 << 20);
    struct rg_store_op op = {.verb = RG_STORE_LIST, .key = "", .arena = &arena, .page_key_max = 1};
    const enum rg_status status = rg_store_wait(&store->base, &op, err);
    rg_arena_fini(&arena);
    return status;
}

enum rg_status rg_s3_probe(struct rg_store *base, bool may_write, struct rg_store_caps *ret_caps,
                           struct rg_error *err)
{
    struct rg_s3_store *store = (struct rg_s3_store *)base;

    if (!store->is_reached)
        RG_TRY(try_list(store, err));
    store->is_reached = true;
    if (may_write && !store->features.is_probed)
        RG_TRY(try_writes(store, err));
    const bool is_known = store->features.is_probed;
    *ret_caps = (struct rg_store_caps){
        .has_create_if_absent = is_known ? store->features.has_put_if_absent : true,
        .has_finish_if_absent = is_known ? store->features.has_complete_if_absent : true,
        .has_conditional_delete = false,
        .has_tokens = true,
        .part_bytes_min = part_bytes_min,
        .part_count_max = part_count_max,
        .memory_bytes_each = exchange_bytes,
        .memory_bytes_base = base_bytes,
    };
    return RG_OK;
}
