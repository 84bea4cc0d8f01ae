/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A store in front of another one, for making races and faults happen at a chosen operation.
 *
 * Operations are numbered from 1. The hook is called before and after each one, on the thread that
 * started it, and may do anything: run another job to its end, change files behind the first one's
 * back, end the process. What it returns before an operation decides what becomes of that.
 */

#ifndef SUPPORT_FAULTY_STORE_H
#define SUPPORT_FAULTY_STORE_H

#include "store/store.h"

enum faulty_moment {
    FAULTY_BEFORE,
    FAULTY_AFTER,
};

enum faulty_action {
    FAULTY_GO,
    FAULTY_FAIL, /* Not done; RG_ERR_AGAIN. */
    FAULTY_LOSE, /* Done, but its answer is lost: RG_ERR_AGAIN. */
    FAULTY_HOLD, /* Not done now, RG_ERR_AGAIN; faulty_store_release() does it. */
};

typedef enum faulty_action faulty_hook_fn(void *user, enum faulty_moment moment, uint64_t number,
                                          const struct rg_store_op *op);

struct faulty_store {
    struct rg_store base; /* First. */
    struct rg_store *inner;
    faulty_hook_fn *hook; /* May be NULL. */
    void *user;
    uint64_t op_count;
    bool lacks_create_if_absent; /* As a store that cannot do it: a look, then a write. */

    /* The operation that is held: a PUT or DELETE. */
    struct rg_store_op held;
    bool is_holding;
};

/* A store that lives in the caller's storage; it does not free `inner`. */
struct rg_store *faulty_store_init(struct faulty_store *faulty, struct rg_store *inner);

/* Does what is held now, and returns how that ended. */
enum rg_status faulty_store_release(struct faulty_store *faulty, struct rg_error *err);
void faulty_store_fini(struct faulty_store *faulty);

/* True for verbs that change something. */
bool faulty_is_change(const struct rg_store_op *op);

#endif
