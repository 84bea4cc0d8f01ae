/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every store must do, as tests that any back end can be run through: each is handed a store
 * that is open on an empty place, which it need not leave empty.
 *
 *     for (size_t i = 0; i < store_contract_count; i++) {
 *         struct rg_store *store = ... a new place ...;
 *
 *         store_contract[i].run(t, store);
 *         rg_store_free(store);
 *     }
 */

#ifndef SUPPORT_STORE_CONTRACT_H
#define SUPPORT_STORE_CONTRACT_H

#include "store/store.h"
#include "support/test.h"

/* Shorthands, also for other tests of stores and what is built on them. */
enum rg_status store_put_text(struct rg_store *store, const char *key, const char *text,
                              bool must_be_absent, struct rg_error *err);
/* The whole object as text in `arena`; NULL when it is absent. Other errors fail the test. */
const char *store_get_text(struct test *t, struct rg_store *store, const char *key,
                           struct rg_arena *arena);
/* "a/x b/ c" of one level, in order, in `arena`; ids are not shown. */
const char *store_list_text(struct test *t, struct rg_store *store, const char *prefix,
                            struct rg_arena *arena);
enum rg_status store_head(struct rg_store *store, const char *key, struct rg_arena *arena,
                          struct rg_object_id *ret_id, struct rg_error *err);
enum rg_status store_delete(struct rg_store *store, const char *key,
                            const struct rg_object_id *expected, struct rg_error *err);

struct store_contract {
    const char *name;
    void (*run)(struct test *t, struct rg_store *s);
};
extern const struct store_contract store_contract[];
extern const size_t store_contract_count;

#endif
