/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A run on one partition: the steps of the commit protocol (README.md) as calls, in this order.
 *
 *     rg_commit_init
 *     for (;;) {
 *         rg_commit_look                                               1
 *         rg_commit_sweep                                              2
 *         choose a batch: look.adopted, or from look.free and the
 *         last of look.live; none where look.is_ledger_lost; nothing
 *         to do: rg_commit_end, which says whether to look again or to
 *         stop                                                         3
 *         rg_batch_hash, rg_minted_name: the names of the outputs
 *         rg_commit_intent (again every hour)                          4
 *         make the outputs: UPLOAD_FINISH or PUT with must_be_absent
 *         and must_be_durable; RG_ERR_EXISTS: verify what is there
 *         like one of our own (its regroup.batch is batch.content) and
 *         keep it, or, if that fails, rg_commit_void and look again    5
 *         rg_commit_check; not good: look again                        6
 *         rg_commit_record; whatever it answers: look again            7
 *     }
 *     rg_commit_fini
 *
 * An input that is gone or changed while it is read: look again. After an error or a cancel: stop,
 * abort uploads, delete nothing; the next run does what is left to do.
 *
 * After 20 looks without a record of its own in between a run gives up (RG_ERR_AGAIN, exit 75):
 * each of them means that another run made a record or that somebody changed an input.
 *
 * Threads: calls of one commit from one thread at a time; different partitions at once. All calls
 *          block on the store. The allocator is used inside calls only.
 */

#ifndef JOURNAL_COMMIT_H
#define JOURNAL_COMMIT_H

#include "journal/look.h"

/* Intents older than this belong to runs that are dead; live ones refresh theirs every hour. */
static const uint64_t rg_intent_age_max_ns = UINT64_C(24) * 3600 * 1000000000;
static const uint64_t rg_intent_refresh_ns = UINT64_C(3600) * 1000000000;

/* What the journal asks its caller, because formats are not its business. NULL: see each. */
struct rg_commit_asks {
    /* Is this listed file an input that the run's options select? NULL: all foreign ones are. */
    bool (*is_input)(void *user, const struct rg_object *object);
    /* Is it data at all, an input that changed, or else a foreign file in DEST? NULL: as is_input.
     */
    bool (*is_data)(void *user, const struct rg_object *object, bool is_changed_input);
    /* Do the options let this name of the partition through, whatever it is? Only for what is told
     * of it. NULL: yes. */
    bool (*is_selected)(void *user, const char *name);
    /*
     * Has the object's footer a regroup.batch? What cannot be parsed has not; RG_ERR_ABSENT when it
     * is gone, which is no error of the look. Asked only about minted names whose id is not as
     * recorded. NULL: yes.
     */
    enum rg_status (*is_ours)(void *user, const char *key, const struct rg_object_id *id,
                              bool *ret_is_ours, struct rg_error *err);
    /* Lists the partition's inputs (SOURCE to DEST). NULL: that level of `source`. */
    enum rg_status (*list_source)(void *user, struct rg_arena *arena,
                                  struct rg_object **ret_objects, size_t *ret_count,
                                  struct rg_error *err);
    /* Wall clock in ns since 1970, for ages only. NULL: the machine's. */
    uint64_t (*now_ns)(void *user);
    void *user;
};

struct rg_commit_options {
    const struct rg_home *home;
    const char *partition;   /* "" or ends in '/'; borrowed. */
    struct rg_store *source; /* SOURCE to DEST; NULL in place, and for gc. */
    const char *options;     /* As in rg_batch; borrowed; NULL where nothing is planned. */
    bool takes_all;          /* --all. */
    uint64_t grace_ns;       /* --grace. */
    struct rg_commit_asks asks;
};

/* Caller's storage; fields are the journal's. */
struct rg_commit {
    struct rg_commit_options options; /* Set at init, then constant. */
    const struct rg_allocator *allocator;
    bool is_all_left;           /* The batch of --all has not been made yet. */
    bool has_voided;            /* rg_commit_end() voids once in a run. */
    uint32_t looks_since;       /* Looks since a record of our own. */
    uint32_t safe_number;       /* A power cut loses no record up to this one, as we know. */
    bool has_given_up_snapshot; /* There was no memory for one, or it was too large. */
    /*
     * The caller's to set: where documents are made first; NULL: in what `allocator` gives. When it
     * has not enough, a record or an intent is made there, and a snapshot is not made.
     */
    const struct rg_allocator *memory;
    /* The caller's to set: of an output that was sent no answer was yes, so it may still come. */
    bool keeps_intents;
};

void rg_commit_init(struct rg_commit *commit, const struct rg_commit_options *options,
                    const struct rg_allocator *allocator);

/* Fine on zeroed memory, and twice. */
void rg_commit_fini(struct rg_commit *commit);

/*
 * Step 1, and what step 3 needs. Nothing is written. `ret_look` and all it points to are in
 * `arena`; reset that before the next look.
 *
 * Errors:  RG_ERR_AGAIN: too many looks, see above. RG_ERR_CORRUPT,
 *          RG_ERR_UNSUPPORTED: the ledger of this partition cannot be read, or is of a later
 *          version; nothing may be done to it. RG_ERR_NOMEM (about 200 bytes for each listed file),
 *          and those of the store and of the asks.
 */
RG_MUST_CHECK enum rg_status rg_commit_look(struct rg_commit *commit, struct rg_arena *arena,
                                            struct rg_look *ret_look, struct rg_error *err);

/*
 * Step 2: deletes what is dead, in place also what was taken and is safe in its outputs; old
 * intents; deals with the trash. Writes a snapshot where one is due. May add to look->problems.
 *
 * Errors:  those of the store. A file that somebody changed or deleted meanwhile is none.
 */
RG_MUST_CHECK enum rg_status rg_commit_sweep(struct rg_commit *commit, struct rg_look *look,
                                             struct rg_error *err);

/*
 * There is nothing to plan. *ret_looks_again: what dead runs left, or this one of batches that it
 * gave up, was voided, or --all had nothing to do and the rest may have; else this run is done with
 * the partition.
 */
RG_MUST_CHECK enum rg_status rg_commit_end(struct rg_commit *commit, const struct rg_look *look,
                                           bool *ret_looks_again, struct rg_error *err);

/*
 * Step 4, durably: no output may be there without it. The same again refreshes it. Its batch needs
 * no outputs and runs yet.
 *
 * Errors:  those of the store (RG_ERR_AGAIN: it is there perhaps; go on only where it was before);
 *          RG_ERR_LIMIT as of rg_commit_record(); here and there also where a line of the document
 *          would be too long.
 */
RG_MUST_CHECK enum rg_status rg_commit_intent(struct rg_commit *commit,
                                              const struct rg_batch *batch, struct rg_error *err);

/*
 * Step 6: lists the home again and compares: inputs in place still have their ids, outputs taken
 * again and new ones are there and ours. `look` is the one that the batch was planned from.
 * `scratch` is for the listing.
 */
RG_MUST_CHECK enum rg_status rg_commit_check(struct rg_commit *commit, const struct rg_look *look,
                                             const struct rg_batch *batch, struct rg_arena *scratch,
                                             bool *ret_is_good, struct rg_error *err);

/*
 * Step 7: creates the record if it is absent, durably. *ret_is_made: the store said so; else
 * another run's record has this number, or there was no answer.
 *
 * Errors:  those of the store, but not RG_ERR_EXISTS and RG_ERR_AGAIN; RG_ERR_LIMIT: there are as
 *          many records as a home can have.
 */
RG_MUST_CHECK enum rg_status rg_commit_record(struct rg_commit *commit,
                                              const struct rg_batch *batch, bool *ret_is_made,
                                              struct rg_error *err);

/*
 * Makes record `number` void, so that all outputs made for it are dead. That another run made that
 * record first is fine: look again.
 *
 * Errors:  as rg_commit_record(); RG_ERR_INVALID where two runs at once are not protected from one
 *          another (rg_home.is_unprotected), because a void could take the other's outputs.
 */
RG_MUST_CHECK enum rg_status rg_commit_void(struct rg_commit *commit, uint32_t number,
                                            struct rg_error *err);

#endif
