/* SPDX-License-Identifier: Apache-2.0 */

/* The files of a run's records, in bounded memory: how large they were, and the first by name. */

#ifndef REPORT_CENSUS_H
#define REPORT_CENSUS_H

#include <regroup/report.h>

#include "base/arena.h"

enum {
    RG_CENSUS_FILES_MAX = 200,
    RG_CENSUS_SIZES = 64,
};

/* A file that was written. */
struct rg_census_file {
    const char *path; /* Below the home. */
    uint64_t row_count;
    uint64_t bytes;
    uint64_t record_number;
};

/* Zeroed memory is an empty one. */
struct rg_census {
    struct rg_census_file files[RG_CENSUS_FILES_MAX]; /* In the order of the records. */
    size_t file_count;
    uint64_t file_count_all; /* Those that were not kept included. */
    /* Bytes in files of 2^i to 2^(i+1) - 1 bytes. */
    uint64_t in_bytes[RG_CENSUS_SIZES];
    uint64_t out_bytes[RG_CENSUS_SIZES];
};

/* Names are copied into the arena; a file whose name finds no room there is only counted. */
void rg_census_add(struct rg_census *census, struct rg_arena *arena,
                   const struct rg_report_batch *batch);

#endif
