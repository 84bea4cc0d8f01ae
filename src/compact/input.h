/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An input file of a batch: what is kept of it between reading its footer and stitching.
 *
 * A whole footer of every input would not fit: what stays is a summary, and the bytes of the footer
 * (of a small file: all its bytes) as far as there is memory to spare, and where a request costs
 * more than memory. What was not kept is read again.
 */

#ifndef COMPACT_INPUT_H
#define COMPACT_INPUT_H

#include "base/error.h"
#include "base/hash.h"
#include "base/span.h"
#include "plan/plan.h"
#include "store/store.h"

struct rg_kept_schema;

struct rg_input {
    /* Set when the batch is cut, then constant. */
    const char *key;  /* Below its store's root. */
    const char *name; /* For messages. */
    struct rg_object_id id;
    bool is_home;  /* One of our own outputs, read from the home. */
    bool is_named; /* With --all: a record has its path, so that outputs may hold rows of it. */

    /* Set by the job that reads the footer. */
    uint64_t footer_bytes; /* Without the 8 bytes behind it. */
    struct rg_hash128 footer_hash;
    struct rg_plan_file plan; /* Shape and row groups; path, bytes and is_home are set before. */
    struct rg_kept_schema *schema; /* Under --schema union; NULL: it goes by itself. */
    uint64_t row_count;
    uint32_t column_count;
    struct rg_span stamp; /* Its footer key regroup.shape; data == NULL: it has none. */
    bool is_described;
    struct rg_span kept;   /* The end of the file, as far as it was kept. */
    bool is_whole;         /* `kept` is the whole file. */
    enum rg_status status; /* Not RG_OK: this file is left alone. */
    const char *reason;    /* Why. */
};

/* The footer's bytes, or data == NULL when they were not kept. */
struct rg_span rg_input_footer(const struct rg_input *input);

/* Columns of the outputs that this input goes into. */
uint32_t rg_input_output_columns(const struct rg_input *input);

#endif
