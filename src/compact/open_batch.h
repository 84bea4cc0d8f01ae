/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A batch on its way: inputs of one partition, the output files that are made of them, and how it
 * goes.
 *
 * A batch lives in the memory of its partition's job, which waits until all outputs
 * are made or have failed. Bins and outputs are items of data jobs that work at the same time; what
 * they share is either constant or guarded as said here.
 */

#ifndef COMPACT_OPEN_BATCH_H
#define COMPACT_OPEN_BATCH_H

#include "compact/input.h"
#include "compact/part_writer.h"
#include "compact/run.h"
#include "parquet/metadata.h"

struct rg_open_batch;

/* One source row group of a bin. */
struct rg_bin_ref {
    uint32_t input_index;
    uint32_t group_index;
};

/* Row groups that become one output row group. */
struct rg_bin {
    struct rg_output *output;
    uint32_t bin_index; /* In its output. */
    struct rg_bin_ref *refs;
    uint32_t ref_count;
    uint64_t row_count;
    uint64_t in_bytes;    /* Compressed, of the chunks. */
    uint64_t claim_bytes; /* Of its job; set when it is submitted, then constant. */
    bool reads_files;     /* Likewise: small files of which only the end was kept are read whole. */

    /* Owned by the worker that runs the bin's job. */
    struct rg_bin_job *job; /* In that job's memory; NULL before its first step. */
    bool is_told;           /* What is forecast of it is added; stays so if it is tried again. */
    bool is_open;           /* Counted in open_bins of its output. */
    bool is_mostly_scratch; /* What its largest column needs: for making pages anew. */
    uint32_t column_first;  /* Columns before it are in the file. */
    uint64_t moved_bytes;   /* Of in_bytes: those of these columns. */
};

/* One output file. */
struct rg_output {
    struct rg_open_batch *batch;
    uint32_t output_index;
    const char *key; /* Under the home's root: its final name. */
    struct rg_bin *bins;
    uint32_t bin_count;
    uint64_t row_count;
    struct weir_group *group;
    uint64_t claim_bytes_min; /* What one of its bins needs at least, learnt the hard way; or 0. */
    const struct rg_bin *wanting; /* The bin that wants that. */
    bool had_all;                 /* It was tried with all that there is. */
    uint64_t retained_more; /* What its metadata need beyond what is usual, learnt likewise. */
    bool lacks_retained;    /* Owned by the turn: not bins, the metadata need more. */
    bool carries_parts;     /* A first try showed that it is larger than it was thought to be. */
    atomic_uint open_bins;  /* Atomic: bins whose first step has begun, and that are not dropped. */
    atomic_bool lacks_memory; /* Atomic: a bin gave up; claim_bytes_min says what it wants. */

    /* Owned by whoever has the turn: the bin that appends, then the join. In the group's memory. */
    struct rg_arena *arena;
    struct rg_upload *upload; /* On a local store. */
    uint32_t part_count;
    struct rg_part_writer writer;    /* On others. */
    uint64_t bytes;                  /* Written so far. */
    struct rg_schema schema;         /* Copied from the first input. */
    struct rg_row_group *row_groups; /* bin_count of them. */
    struct rg_moves *moves;          /* One for each column. */
    struct rg_span *column_indexes;  /* Thrift, bin_count times columns; or data == NULL. */
    struct rg_span *offset_indexes;
    struct rg_span *blooms;
    struct rg_key_value_merge *key_values;
    uint32_t last_input_index; /* Whose key-values were merged last, plus one. */
    struct rg_segment *tail;   /* What follows the last row group. */
    size_t tail_count;
    uint64_t tail_bytes;

    /* Result, after the group's drop(). */
    bool is_made;
    struct rg_object_id id;
};

enum rg_batch_outcome {
    RG_BATCH_MADE,   /* All outputs are there and verified. */
    RG_BATCH_REPLAN, /* An input turned out bad or changed: it is marked, plan without it. */
    RG_BATCH_VOID,   /* A name is taken by something that is not ours: use the next number. */
    RG_BATCH_CANCELLED,
    RG_BATCH_FAILED, /* Noted in the run. */
};

struct rg_open_batch {
    /* Set before the first job, then constant. */
    struct rg_run *run;
    struct rg_input *inputs;
    uint32_t input_count;
    struct rg_output *outputs;
    uint32_t output_count;
    const char *shape_text; /* Value of the footer key regroup.shape. */
    const char *batch_text; /* Value of the footer key regroup.batch. */
    const char *token;      /* Stored beside the objects where the store can. */
    void (*done)(struct rg_open_batch *batch);
    /* Called whenever an output is finished, by a thread that may block; tells that the run lives.
     */
    enum rg_status (*refresh)(struct rg_open_batch *batch, struct rg_error *err);

    struct rg_partition *partition; /* Whose forecast it adds to; see forecast.h. */
    struct rg_arena *arena;         /* Guarded by lock. */
    pthread_mutex_t *lock;

    atomic_uint pending;    /* Outputs that are not dropped, and one for the starter. */
    uint64_t bin_rows_max;  /* Guarded by `lock`: what row groups would have to be cut to; or 0. */
    atomic_int outcome;     /* enum rg_batch_outcome: the worst. */
    atomic_bool has_failed; /* And that is told. */
    /* Atomic: an output was sent and no answer said yes: it may come still. */
    atomic_bool is_unclear;

    /* Atomic: what is forecast of its outputs, likely and at most. */
    atomic_uint_fast64_t forecast_bytes;
    atomic_uint_fast64_t forecast_bytes_max;
};

/* Raises the outcome; the worst wins. Threads: any. */
void rg_open_batch_note(struct rg_open_batch *batch, enum rg_batch_outcome outcome);

/* Marks an input as one to leave alone (the reason is copied) and asks for a new plan. Threads:
 * any. */
void rg_open_batch_leave_input(struct rg_open_batch *batch, uint32_t input_index,
                               const struct rg_error *err);

/*
 * Not all memory is enough for an output as such: row groups of half the rows make smaller ones;
 * where there are none to halve its inputs are left alone. Asks for a new plan.
 */
void rg_open_batch_give_up(struct rg_open_batch *batch, const struct rg_output *output,
                           const struct rg_error *err);

/*
 * The same where one row group is too large, and nobody knows which: inputs of those that are less
 * than half of the largest stay. So what is too large is found in few plans.
 */
void rg_open_batch_give_up_large(struct rg_open_batch *batch, const struct rg_output *output,
                                 const struct rg_error *err);

/*
 * A bin needs a claim of so much, which is more than there is: planned anew as two, or its input is
 * left alone where it is a single row group.
 */
void rg_open_batch_give_up_bin(struct rg_open_batch *batch, const struct rg_bin *bin,
                               uint64_t needed_bytes);

/*
 * Notes a failure that has no culprit among the inputs: RG_ERR_CANCELLED, RG_ERR_CHANGED, or one
 * that ends the run, or the partition's. Returns what the step returns.
 */
enum weir_status rg_open_batch_fail(struct rg_open_batch *batch, const struct rg_error *err);

/*
 * Submits all outputs: a group each, with a job for each bin. batch->done is called once, when the
 * last one has left the engine.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_CANCELLED; done is called nevertheless if some were submitted, or
 *          before this returns.
 */
void rg_open_batch_start(struct rg_open_batch *batch);

#endif
