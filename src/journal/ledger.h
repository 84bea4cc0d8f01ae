/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the records of one partition say about files that were listed before.
 *
 * Records are read one after another, each only once and in little memory: an input is looked up
 * among the listed files and then forgotten. What is kept is the outputs.
 */

#ifndef JOURNAL_LEDGER_H
#define JOURNAL_LEDGER_H

#include "journal/document.h"

/* A file that was listed: in the home, in its trash, or in SOURCE. */
struct rg_ledger_file {
    const struct rg_object *object;
    const char *name;
    uint32_t number;   /* N of its name where this ledger minted that; 0: it is foreign. */
    bool is_named;     /* A record has its path among its inputs. */
    bool is_touched;   /* In place: a record would have taken it, but for its ctime. */
    bool is_gone;      /* Touched because it was moved away just then; the look's to set. */
    uint32_t taken_by; /* One more than the index of the (last) record that took it; 0: none. */
    uint32_t output;   /* One more than the index of the output of that name; 0: none. */
};

/* Sorted by name in byte order; in the trash a name may come several times. */
struct rg_ledger_files {
    struct rg_ledger_file *items;
    size_t count;
};

struct rg_ledger_output {
    const char *name;
    struct rg_object_id id; /* As recorded. */
    uint64_t rows;
    uint32_t row_groups;
    uint32_t record;   /* Index. */
    uint32_t taken_by; /* One more than the index of the record that took or retired it; 0: live. */
    uint32_t file;     /* One more than the index in the home's files; 0: it is not there. */
    bool is_ours;      /* What is there is ours; the look's to set. */
    const struct rg_object *late; /* It came after the home was listed; the look's to set. */
    bool is_unknown; /* It may have been taken since the ledger was read; the look's to set. */
};

struct rg_ledger_record {
    uint32_t number;
    uint32_t first_output; /* Outputs of a record follow one another, in name order. */
    uint32_t output_count;
    bool is_snapshot; /* Stands for all records up to `number`; only the first one can. */
    bool holds;       /* What it took is in outputs that are there and ours; the look's to set. */
    uint64_t modified_ns;
    uint64_t bytes;
};

/* Named inputs that are not listed any more: so many are remembered. */
enum {
    rg_ledger_gone_max = 64
};

struct rg_ledger {
    /* Set by the caller. */
    const struct rg_home *home;
    const char *partition;
    struct rg_arena *arena;
    struct rg_ledger_files files;   /* Of the home. */
    struct rg_ledger_files trash;   /* Of the home, local. */
    struct rg_ledger_files sources; /* SOURCE to DEST. */

    /* Filled by rg_ledger_scan(). */
    struct rg_ledger_record *records;
    size_t record_count;
    size_t record_capacity;
    struct rg_ledger_output *outputs; /* In name order. */
    size_t output_count;
    size_t output_capacity;
    uint32_t last;                        /* Number of the newest record. */
    const char *gone[rg_ledger_gone_max]; /* Named inputs that are not in `sources`: the first, */
    size_t gone_count;                    /* and how many there are. */
    bool has_in_place;                    /* Some record with inputs is in place, */
    bool has_from_source;                 /* some is not. */
    bool is_in_place;                     /* Some record is in place, and not void. */
    struct rg_batch_input *inputs;        /* Only with keeps_inputs: all of them, in order. */
    size_t input_count;
    size_t input_capacity;
    bool keeps_inputs;
};

/* The file of that name, or NULL; of several the first. */
struct rg_ledger_file *rg_ledger_find(const struct rg_ledger_files *files, const char *name);

/* The output of that name, or NULL. */
struct rg_ledger_output *rg_ledger_find_output(const struct rg_ledger *ledger, const char *name);

/*
 * Reads from `snapshot` (its number, 0: from the beginning) up to the newest record. What an
 * earlier scan has filled is forgotten.
 *
 * Errors:  RG_ERR_CORRUPT; RG_ERR_UNSUPPORTED for a later version; RG_ERR_ABSENT only for the
 *          snapshot; RG_ERR_NOMEM; those of the store.
 */
RG_MUST_CHECK enum rg_status rg_ledger_scan(struct rg_ledger *ledger, uint32_t snapshot,
                                            const struct rg_allocator *allocator,
                                            struct rg_error *err);

#endif
