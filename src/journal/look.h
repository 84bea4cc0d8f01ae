/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A look: what one partition holds and what its ledger says, in the order that the protocol asks
 * for (README.md): home and SOURCE are listed, then the intents, and only then the ledger is read.
 *
 * Definitions, with `last` the newest record:
 *
 *   minted   its name has the form and its C is right. Else a file is foreign.
 *   pending  minted, N > last.
 *   live     minted, record N names it and no later record takes or retires it.
 *   dead     minted and neither; for ever.
 *   ours     minted, and its id is as recorded or its footer carries regroup.batch.
 *   named    its path is among the inputs of a record; taken, if the id is too.
 */

#ifndef JOURNAL_LOOK_H
#define JOURNAL_LOOK_H

#include "journal/batch.h"
#include "journal/home.h"

struct rg_look_input {
    const char *name; /* The last component of its key. */
    const char *key;  /* In the source's store, in place in the home's. */
    struct rg_object_id id;
    bool is_named; /* A record has its path; only in `changed` and with is_all. */
};

struct rg_look_output {
    const char *name;
    struct rg_object_id id; /* As listed; as recorded where it is not there. */
    uint64_t rows;          /* As recorded. */
    uint32_t row_groups;    /* As recorded. */
    bool is_there;
    bool is_ours;
};

enum rg_problem_kind {
    RG_PROBLEM_OUTPUT_GONE,    /* A live output is not there: exit 1. */
    RG_PROBLEM_OUTPUT_FOREIGN, /* Something else has its name: exit 1. */
    RG_PROBLEM_INPUTS_KEPT,    /* So inputs in place were not deleted: exit 1. */
    RG_PROBLEM_LEDGER_LOST,    /* See is_ledger_lost: exit 1. */
    RG_PROBLEM_INPUT_CHANGED,  /* Taken once, then rewritten; left alone: exit 3. */
    RG_PROBLEM_DEAD_FOREIGN,   /* A name of ours that is dead, with a body that is not: exit 3. */
    RG_PROBLEM_SOURCE_GONE,    /* --all: what is in outputs is not in SOURCE any more: exit 3. */
    RG_PROBLEM_RESTORED,       /* A killed run had moved a user's file away; it is back. */
};

struct rg_problem {
    enum rg_problem_kind kind;
    const char *key;  /* Of the file, in the home or (inputs of SOURCE to DEST) in SOURCE. */
    const char *text; /* A sentence without a full stop, for people; names key and record. */
};

struct rg_look_state;

/* Everything is in the arena of the look. */
struct rg_look {
    uint32_t next_number; /* N of the next record. */

    /* What may be taken: foreign, data, and in no record; in byte order of names. With is_all
       everything that --all takes. */
    const struct rg_look_input *free;
    size_t free_count;
    size_t named_count; /* Listed and selected inputs that a record has taken, with the same id. */
    const struct rg_look_input *changed; /* Named, with another id: left alone. */
    size_t changed_count;
    const struct rg_look_output *live; /* In name order, which is row order. */
    size_t live_count;

    /*
     * This look is for the batch of --all. In place: inputs are all live outputs that are there and
     * ours, by name, then all of `free`. SOURCE to DEST: all of `free`, and all live outputs are
     * retired; so if a file that is_named cannot be read, leave the partition alone: its rows are
     * in those outputs. Whatever --batch-size says.
     */
    bool is_all;
    bool is_all_refused; /* Leave the partition alone: RG_PROBLEM_SOURCE_GONE. */

    /* An intent for next_number that is to be finished: exactly these are the inputs. */
    bool has_adopted;
    const struct rg_look_input *adopted;
    size_t adopted_count;
    const char *const *adopted_taken; /* Names of live outputs, in name order. */
    size_t adopted_taken_count;

    /* Of the ledger of the partition; void records do not count. */
    bool has_in_place;    /* Some record was made in place: foreign files are live rows. */
    bool has_from_source; /* Some was made from a SOURCE. */

    /* SOURCE to DEST: data files in the home's partition that are not ours (exit 2). */
    size_t foreign_count;
    const char *foreign_first; /* Key, or NULL. */

    const struct rg_problem *problems;
    size_t problem_count;

    /*
     * A pending output for a record behind the next one, or without an intent of its H for the next
     * one, or with such intents that name an output that is gone, or, in place, nothing but inputs
     * that are gone: the ledger of this partition, or its end, was removed. It may be all that
     * there is of its rows, so nothing is planned or made void (a record would make it dead, at
     * once or in time).
     */
    bool is_ledger_lost;

    size_t pending_count;
    size_t dead_count;      /* What sweeping deletes, or would if it were allowed yet. */
    size_t deleted_count;   /* What it has deleted of that, */
    uint64_t deleted_bytes; /* and how large it was. */
    size_t intent_count;

    struct rg_look_state *state; /* For sweeping; the journal's own. */
};

#endif
