/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the local back end share. */

#ifndef STORE_LOCAL_LOCAL_IMPL_H
#define STORE_LOCAL_LOCAL_IMPL_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "store/local.h"

/* Slots of the memory of which directories a power cut would keep; see local_tree.h. */
enum {
    local_durable_slots = 256
};

struct rg_local_store {
    struct rg_store base; /* First. */

    /* Set at init, then constant. */
    const struct rg_allocator *allocator;
    struct rg_local_options options;
    char *root; /* Absolute; "" for "/". */
    size_t root_bytes;
    int root_file; /* The root, where it must exist; else -1. */
    size_t url_bytes;
    uint64_t token; /* Random; part of the names of temporary files. */
    pthread_t *threads;
    uint32_t threads_running;

    /* Atomic. */
    atomic_bool is_cancelled;
    atomic_bool needs_named_temporaries;
    atomic_bool has_unproven_names; /* There was no room to try them; see rg_local_probe_names(). */
    atomic_uint counter;            /* Of temporary names. */
    atomic_uint_least64_t durable[local_durable_slots];

    /* Guarded by lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct rg_store_op *first_waiting;
    struct rg_store_op *last_waiting;
    bool is_stopping;
};

/* A path in the file system, NUL-terminated. */
struct rg_local_path {
    char text[PATH_MAX];
};

#endif
