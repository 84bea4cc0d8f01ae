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

/* True of what a store answers that knows the condition, ignores it, or refuses it as such. */
static bool is_answer(const struct rg_store_op *op)
{
    return op->status == RG_OK || op->status == RG_ERR_EXISTS || op->status == RG_ERR_UNSUPPORTED ||
           (op->verb == RG_STORE_UPLOAD_FINISH && op->status == RG_ERR_IO);
}

/* True when the store takes an object only if nothing is said of one that may be there. */
static bool is_taken_without(struct rg_s3_store *store, struct rg_store_op put)
{
    struct rg_error err;

    put.must_be_absent = false;
    return rg_store_wait(&store->base, &put, &err) == RG_OK;
}

/*
 * Two rounds, in each of which the object and the upload go side by side: made, with a part; made
 * again, and completed. (A store that cannot do the first may be asked the second in vain.)
 */
static enum rg_status try_both(struct rg_s3_store *store, const char *key, struct rg_upload *upload,
                               bool *ret_is_finished, struct rg_error *err)
{
    const struct rg_store_op put = {
        .verb = RG_STORE_PUT,
        .key = key,
        .must_be_absent = true,
        .segments = &probe_body,
        .segment_count = 1,
    };
    const struct rg_store_op part = {
        .verb = RG_STORE_UPLOAD_PART,
        .key = key,
        .upload = upload,
        .part_number = 1,
        .segments = &probe_body,
        .segment_count = 1,
    };
    const struct rg_store_op finish = {
        .verb = RG_STORE_UPLOAD_FINISH,
        .key = key,
        .upload = upload,
        .must_be_absent = true,
    };
    struct rg_store_op first[] = {put, part};
    struct rg_store_op second[] = {put, finish};

    rg_store_wait_all(&store->base, first, 2);
    if (first[0].status == RG_ERR_UNSUPPORTED)
        return RG_OK; /* It refuses the header itself. */
    if (first[0].status == RG_ERR_IO && is_taken_without(store, put))
        return RG_OK; /* With 400 or 405. */
    for (size_t i = 0; i < 2; i++) {
        if (first[i].status != RG_OK) {
            *err = first[i].err;
            return first[i].status;
        }
    }
    store->features.has_complete_if_absent = true; /* So that it is asked for. */
    rg_store_wait_all(&store->base, second, 2);
    store->features.has_complete_if_absent = second[1].status == RG_ERR_EXISTS;
    store->features.has_put_if_absent = second[0].status == RG_ERR_EXISTS;
    *ret_is_finished = second[1].status == RG_OK;
    for (size_t i = 0; i < 2; i++) {
        if (!is_answer(&second[i])) {
            *err = second[i].err;
            return second[i].status;
        }
    }
    return RG_OK;
}

static enum rg_status try_writes(struct rg_s3_store *store, struct rg_error *err)
{
    char key[80];
    struct rg_store_op begin = {.verb = RG_STORE_UPLOAD_BEGIN, .key = key};
    struct rg_store_op forget[] = {{.verb = RG_STORE_DELETE, .key = key},
                                   {.verb = RG_STORE_UPLOAD_ABORT, .key = key}};
    bool is_finished = false;

    /* Another key each time: what a failed attempt has left may not answer for this one. */
    (void)snprintf(key, sizeof key, "_regroup/_probe-%016" PRIx64,
                   store->random + atomic_fetch_add(&store->counter, 1));
    RG_TRY(rg_store_wait(&store->base, &begin, err));
    const enum rg_status status = try_both(store, key, begin.upload, &is_finished, err);
    store->features.is_probed = status == RG_OK;
    if (status != RG_OK || !store->features.has_put_if_absent)
        store->features.has_complete_if_absent = false;
    forget[1].upload = begin.upload;
    rg_store_wait_all(&store->base, forget, is_finished ? 1 : 2);
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

/* What is not known yet. */
static enum rg_status ask(struct rg_s3_store *store, bool may_write, struct rg_error *err)
{
    if (!store->is_reached)
        RG_TRY(try_list(store, err));
    store->is_reached = true;
    return may_write && !store->features.is_probed ? try_writes(store, err) : RG_OK;
}

enum rg_status rg_s3_probe(struct rg_store *base, bool may_write, struct rg_store_caps *ret_caps,
                           struct rg_error *err)
{
    struct rg_s3_store *store = (struct rg_s3_store *)base;

    (void)pthread_mutex_lock(&store->probe_lock);
    const enum rg_status status = ask(store, may_write, err);
    const struct rg_s3_features *features = &store->features;
    const bool is_known = features->is_probed;
    const struct rg_store_caps caps = {
        .has_create_if_absent = is_known ? features->has_put_if_absent : true,
        .has_finish_if_absent = is_known ? features->has_complete_if_absent : true,
        .has_conditional_delete = false,
        .has_tokens = true,
        .part_bytes_min = part_bytes_min,
        .part_count_max = part_count_max,
        .key_bytes_max = (uint32_t)(RG_S3_KEY_BYTES_MAX - store->root_bytes),
        .memory_bytes_each = exchange_bytes,
        .memory_bytes_base = base_bytes,
    };
    (void)pthread_mutex_unlock(&store->probe_lock);
    RG_TRY(status);
    *ret_caps = caps;
    return RG_OK;
}
