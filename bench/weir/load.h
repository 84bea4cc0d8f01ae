/* SPDX-License-Identifier: Apache-2.0 */

/* Workloads for comparing policies: named ones and random mixes, with what no policy can beat. */

#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LOAD_ITEMS_MAX = 1600,
};

struct load_machine {
    uint32_t cores;
    double down_rate; /* Bytes a second. */
    double up_rate;
    double stream_rate; /* Of one request. */
    uint64_t latency_ns;
    uint32_t slots_max;
    double request_bytes; /* Of large requests. */
};

/* One table: fetched, worked on, and uploaded or kept for its file. */
struct load_item {
    double input_bytes;
    double work_bytes; /* Workspace. */
    double output_bytes;
    double cpu_ns;
    uint32_t requests; /* The input comes in so many. */
};

/* `fan_in` items make one file, whose serialising takes join_ns_per_byte. 1: there are no groups.
 */
struct load {
    const char *name;
    struct load_machine machine;
    uint32_t fan_in;
    double join_ns_per_byte;
    uint32_t item_count;
    struct load_item items[LOAD_ITEMS_MAX];
};

enum load_term {
    LOAD_CPU,
    LOAD_DOWN,
    LOAD_UP,
    LOAD_SLOTS,
    LOAD_LONGEST,
    LOAD_MEMORY,
    LOAD_TERM_COUNT,
};

struct load_bound {
    double ns;
    enum load_term term; /* The one that binds. */
};

const char *load_term_name(enum load_term term);

uint32_t load_named_count(void);
void load_named(uint32_t index, struct load *ret);
void load_random(uint64_t seed, uint32_t item_count, struct load *ret);

/* No run can be shorter, with `parts` cores at an item; budget_bytes 0: memory does not count. */
struct load_bound load_bound(const struct load *load, uint32_t parts, double budget_bytes);

/* The same of the other terms. */
struct load_bound load_bound_without(const struct load *load, uint32_t parts, double budget_bytes,
                                     enum load_term term);

/* Memory times time that the items take at their fastest, over the bound without memory. */
double load_needed_bytes(const struct load *load, uint32_t parts);

/* A load for this machine: `cores`, a network to match, smaller items, and fewer seconds. */
void load_shrink(struct load *load, uint32_t cores, uint32_t item_count, double size, double speed);

/* As a planner does: fewer items to a file, then items in slices, until no claim is larger. */
void load_slice(struct load *load, double claim_max);

/* The requests that an upload takes. */
uint32_t load_upload_requests(const struct load *load, double bytes);

/* The largest claim of one item, or of a file. */
double load_largest_bytes(const struct load *load);
double load_mean_bytes(const struct load *load);

#endif
