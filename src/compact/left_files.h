/* SPDX-License-Identifier: Apache-2.0 */

/* Files of a partition by name: those that a run leaves alone, or that wait for others. */

#ifndef COMPACT_LEFT_FILES_H
#define COMPACT_LEFT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/allocator.h"
#include "store/store.h"

struct rg_left_file {
    struct rg_left_file *next; /* In its bucket. */
    char *name;
    struct rg_object_id id;
    uint64_t hash;   /* Of the name. */
    uint32_t misses; /* It was listed and then not there or another one, so often; 0: bad. */
    bool is_planned; /* Of one that waits for others: it has them. */
};

/* Caller's storage; zeroed memory but for the allocator is an empty one. */
struct rg_left_files {
    const struct rg_allocator *allocator;
    struct rg_left_file **buckets; /* A power of two of them. */
    size_t bucket_count;
    size_t count;
};

/* Fine on zeroed memory, and twice. */
void rg_left_files_fini(struct rg_left_files *files);

/* Adds one; there may be several of a name. Copies name and id; NULL without memory. */
struct rg_left_file *rg_left_files_add(struct rg_left_files *files, const char *name,
                                       const struct rg_object_id *id);

/* The one of that name that was added last, and those before it; NULL: there are no more. */
struct rg_left_file *rg_left_files_find(const struct rg_left_files *files, const char *name);
struct rg_left_file *rg_left_files_next(const struct rg_left_file *file);

#endif
