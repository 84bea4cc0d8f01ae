/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A batch: the inputs of one partition that are committed together, what becomes of them, and the
 * documents of the ledger that say so (record, intent, snapshot).
 *
 * A document is JSON whose lines are laid out so that it can be read and written with little
 * memory, however many inputs it has: the head on the first line, then each list with one element a
 * line.
 *
 *     {"v":1,"kind":"record","home":"0f..","partition":"dt=1/","number":1,"in_place":false, ...
 *     ,"inputs":[
 *     ["a.parquet",1048576,1714521600000000000,"",1000]          name, bytes, modified_ns, tag,
 * rows
 *     ,["b.parquet",1048576,1714521600000000000,"",1000]
 *     ]
 *     ,"taken":[                                                 names of outputs taken again
 *     ]
 *     ,"retired":[
 *     ]
 *     ,"outputs":[
 *     ["part-000001-000-...parquet",2097152,1714525200000000000,"",2000,1]    ..., row groups
 *     ]
 *     ,"runs":[
 *     [0,0,2,0,0]                                                rg_batch_run
 *     ]}
 *
 * A name that is not UTF-8 is written as {"hex":"ff.."}. Reading is strict: another kind, a wrong
 * type, a missing line or anything after the end is RG_ERR_CORRUPT with the line's number, another
 * version RG_ERR_UNSUPPORTED. Unknown members of the head are passed over.
 */

#ifndef JOURNAL_BATCH_H
#define JOURNAL_BATCH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "journal/minted.h"
#include "store/store.h"

/* A foreign input. */
struct rg_batch_input {
    const char *name; /* In the partition: the last component of its key. */
    struct rg_object_id id;
    uint64_t rows;
};

struct rg_batch_output {
    const char *name; /* Minted. */
    struct rg_object_id id;
    uint64_t rows;
    uint32_t row_groups;
};

/*
 * Where rows of an output come from: the next row groups of output `output` are those of inputs
 * input .. input + input_count, all of them when row_group_count is 0 (with row_group 0), else row
 * groups row_group .. row_group + row_group_count of that one input. Inputs are counted through
 * `taken` and then `inputs`. Runs are in the order of rows. A run of no inputs says that the
 * output's next row group begins there: a later batch may put row groups of an output anywhere.
 * Records of older versions lack those. The journal keeps runs for those who verify, and does not
 * look into them.
 */
struct rg_batch_run {
    uint32_t output;
    uint32_t input;
    uint32_t input_count;
    uint32_t row_group;
    uint32_t row_group_count;
};

/*
 * One for intents (without outputs and runs) and records. All pointers are the caller's; from
 * rg_batch_read() they are in its arena.
 */
struct rg_batch {
    uint32_t number; /* N. */
    bool is_in_place;
    bool is_all;
    bool is_void;        /* A record of nothing: all lists are empty. */
    const char *options; /* Those that shape outputs, as text; equal texts, equal options. */
    const char *content; /* F: what outputs carry as regroup.batch. */
    const struct rg_batch_input *inputs;
    size_t input_count;
    const char *const *taken; /* Our own live outputs that are taken again, in name order. */
    size_t taken_count;
    const char *const *retired; /* --all, SOURCE to DEST: outputs that fall away unread. */
    size_t retired_count;
    const struct rg_batch_output *outputs; /* In name order. */
    size_t output_count;
    const struct rg_batch_run *runs;
    size_t run_count;
};

/*
 * H, which makes the names of the batch's outputs: from F, the ids of its inputs and the names of
 * those taken again.
 */
uint64_t rg_batch_hash(const struct rg_batch *batch, const char *partition);

/* Appends a whole document to `out` (check it with rg_buffer_check()). */
enum rg_document {
    RG_DOCUMENT_RECORD,
    RG_DOCUMENT_INTENT,
    RG_DOCUMENT_SNAPSHOT,
};
void rg_batch_emit(const struct rg_batch *batch, enum rg_document kind,
                   const struct rg_home_id *home, const char *partition, struct rg_buffer *out);

/*
 * A whole document in memory. `arena` takes everything.
 *
 * Errors:  RG_ERR_CORRUPT (also: it belongs to another home, partition or number),
 *          RG_ERR_UNSUPPORTED (a later version), RG_ERR_ABSENT, RG_ERR_NOMEM, those of the store.
 */
struct rg_home;
RG_MUST_CHECK enum rg_status rg_batch_read(const struct rg_home *home, const char *partition,
                                           uint32_t number, struct rg_arena *arena,
                                           struct rg_batch *ret_batch, struct rg_error *err);

#endif
