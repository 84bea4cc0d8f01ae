/* SPDX-License-Identifier: Apache-2.0 */

#include "support/faulty_store.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

bool faulty_is_change(const struct rg_store_op *op)
{
    switch (op->verb) {
    case RG_STORE_LIST:
    case RG_STORE_HEAD:
    case RG_STORE_GET:
    case RG_STORE_LIST_UPLOADS:
        return false;
    case RG_STORE_PUT:
    case RG_STORE_DELETE:
    case RG_STORE_RESTORE:
    case RG_STORE_UPLOAD_BEGIN:
    case RG_STORE_UPLOAD_PART:
    case RG_STORE_UPLOAD_FINISH:
    case RG_STORE_UPLOAD_ABORT:
    case RG_STORE_ABORT_STALE:
        return true;
    }
    return true;
}

/* Does `op` on the inner store, with results in `op`. */
static void perform(struct faulty_store *faulty, struct rg_store_op *op)
{
    struct rg_store_op inner = *op;
    struct rg_error err;

    if (faulty->lacks_create_if_absent && op->must_be_absent) {
        struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = op->key};

        if (rg_store_wait(faulty->inner, &head, &err) == RG_OK) {
            op->status = rg_fail(&op->err, RG_ERR_EXISTS, "%s: exists", op->key);
            return;
        }
        /* Here another run may come between. */
        if (faulty->hook != NULL)
            (void)faulty->hook(faulty->user, FAULTY_BEFORE, ++faulty->op_count, op);
        inner.must_be_absent = false;
    }
    const enum rg_status status = rg_store_wait(faulty->inner, &inner, &err);
    void (*done)(struct rg_store_op *) = op->done;
    void *user = op->user;
    *op = inner;
    op->done = done;
    op->user = user;
    op->status = status;
}

static char *copy_bytes(const void *bytes, size_t count)
{
    char *copy = malloc(count + 1);

    if (copy == NULL)
        test_fail(__FILE__, __LINE__, "no memory");
    if (count > 0)
        memcpy(copy, bytes, count);
    copy[count] = '\0';
    return copy;
}

static void drop_held(struct faulty_store *faulty)
{
    if (!faulty->is_holding)
        return;
    free((void *)(uintptr_t)faulty->held.key);
    if (faulty->held.segments != NULL)
        free((void *)(uintptr_t)faulty->held.segments[0].data);
    free((void *)(uintptr_t)faulty->held.segments);
    faulty->is_holding = false;
}

/* A copy that outlives the caller's op. */
static void hold(struct faulty_store *faulty, const struct rg_store_op *op)
{
    if (op->verb != RG_STORE_PUT || faulty->is_holding)
        test_fail(__FILE__, __LINE__, "only one PUT can be held");
    struct rg_segment *segment = malloc(sizeof *segment);
    if (segment == NULL)
        test_fail(__FILE__, __LINE__, "no memory");
    size_t bytes = 0;
    for (size_t i = 0; i < op->segment_count; i++)
        bytes += op->segments[i].bytes;
    char *body = malloc(bytes + 1);
    if (body == NULL)
        test_fail(__FILE__, __LINE__, "no memory");
    size_t end = 0;
    for (size_t i = 0; i < op->segment_count; i++) {
        memcpy(body + end, op->segments[i].data, op->segments[i].bytes);
        end += op->segments[i].bytes;
    }
    *segment = (struct rg_segment){(const uint8_t *)body, bytes};
    faulty->held = (struct rg_store_op){
        .verb = op->verb,
        .key = copy_bytes(op->key, strlen(op->key)),
        .must_be_absent = op->must_be_absent,
        .segments = segment,
        .segment_count = 1,
    };
    faulty->is_holding = true;
}

static void start(struct rg_store *store, struct rg_store_op *op)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum faulty_action action = FAULTY_GO;
    const uint64_t number = ++faulty->op_count;

    if (faulty->hook != NULL)
        action = faulty->hook(faulty->user, FAULTY_BEFORE, number, op);
    if (action == FAULTY_HOLD)
        hold(faulty, op);
    if (action == FAULTY_GO || action == FAULTY_LOSE)
        perform(faulty, op);
    if (action != FAULTY_GO)
        op->status = rg_fail(&op->err, RG_ERR_AGAIN, "%s: no answer", op->key);
    if (faulty->hook != NULL)
        (void)faulty->hook(faulty->user, FAULTY_AFTER, number, op);
    op->done(op);
}

static enum rg_status probe(struct rg_store *store, bool may_write, struct rg_store_caps *ret_caps,
                            struct rg_error *err)
{
    struct faulty_store *faulty = (struct faulty_store *)store;

    RG_TRY(rg_store_probe(faulty->inner, may_write, ret_caps, err));
    if (faulty->lacks_create_if_absent) {
        ret_caps->has_create_if_absent = false;
        ret_caps->has_finish_if_absent = false;
    }
    return RG_OK;
}

static void cancel(struct rg_store *store)
{
    rg_store_cancel(((struct faulty_store *)store)->inner);
}

static void free_nothing(struct rg_store *store)
{
    (void)store;
}

static const struct rg_store_driver driver = {start, probe, cancel, free_nothing};

struct rg_store *faulty_store_init(struct faulty_store *faulty, struct rg_store *inner)
{
    *faulty = (struct faulty_store){
        .base = {.driver = &driver, .url = inner->url},
        .inner = inner,
    };
    return &faulty->base;
}

enum rg_status faulty_store_release(struct faulty_store *faulty, struct rg_error *err)
{
    const enum rg_status status = rg_store_wait(faulty->inner, &faulty->held, err);

    drop_held(faulty);
    return status;
}

void faulty_store_fini(struct faulty_store *faulty)
{
    drop_held(faulty);
}
