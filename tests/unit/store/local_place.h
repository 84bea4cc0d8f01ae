/* SPDX-License-Identifier: Apache-2.0 */

/* A local store in a directory of its own, for the tests of this folder. */

#ifndef UNIT_STORE_LOCAL_PLACE_H
#define UNIT_STORE_LOCAL_PLACE_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/local.h"
#include "support/scratch.h"
#include "support/store_contract.h"
#include "support/test.h"

struct local_place {
    const char *root;
    struct rg_store *store;
    struct rg_arena arena;
};

static inline void local_place_init(struct test *t, struct local_place *p,
                                    struct rg_local_options options)
{
    p->root = scratch_new();
    rg_arena_init(&p->arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_local_store_new(p->root, &options, &t->allocator, &p->store, &t->err));
}

static inline void local_place_fini(struct local_place *p)
{
    rg_store_free(p->store);
    rg_arena_fini(&p->arena);
    scratch_remove(p->root);
}

/* The path of a key, in the place's arena. */
static inline const char *local_place_path(struct test *t, struct local_place *p, const char *key)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", p->root, key);
    const char *copy = (const char *)rg_arena_copy(&p->arena, rg_span_of(path)).data;
    CHECK_MEMORY(copy);
    return copy;
}

/*
 * Permissions mean nothing to root, so a test of them runs as nobody, who gets what is below `path`
 * of the place. as_nobody() and as_before() do nothing for ordinary users.
 */
static inline void local_place_as_nobody(struct test *t, struct local_place *p, const char *key)
{
    if (geteuid() == 0) {
        CHECK(chown(local_place_path(t, p, key), 65534, 65534) == 0);
        CHECK(seteuid(65534) == 0);
    }
}

static inline void local_place_as_before(void)
{
    if (getuid() == 0 && geteuid() != 0)
        CHECK(seteuid(0) == 0);
}

#endif
