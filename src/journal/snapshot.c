/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/snapshot.h"

#include "base/failpoint.h"
#include "journal/array.h"

/* Fewer records are read faster than a snapshot is worth. */
static const size_t records_min = 16;

/*
 * A snapshot is written when the records since the last one are as large as it, so that all that is
 * ever written is at most twice the ledger; or when they are many, although small beside it.
 */
static const size_t records_many = 64;
static const uint64_t records_share = 16;

/* Documents are built in memory. More than this is not worth it. */
static const size_t document_bytes_max = (size_t)32 << 20;

bool rg_snapshot_is_due(const struct rg_look_state *state)
{
    const struct rg_ledger *ledger = &state->ledger;
    uint64_t snapshot_bytes = 0;
    uint64_t bytes = 0;
    size_t count = 0;

    for (size_t i = 0; i < ledger->record_count; i++) {
        const struct rg_ledger_record *record = &ledger->records[i];

        if (record->is_snapshot) {
            snapshot_bytes = record->bytes;
        } else if (record->number > state->snapshot_newest) {
            bytes += record->bytes;
            count++;
        }
    }
    if (snapshot_bytes + bytes > document_bytes_max ||
        (ledger->has_in_place && ledger->has_from_source))
        return false;
    return (count >= records_min && bytes >= snapshot_bytes) ||
           (count >= records_many && bytes >= snapshot_bytes / records_share);
}

static const struct rg_allocator *memory_of(const struct rg_commit *commit)
{
    return commit->memory != NULL ? commit->memory : commit->allocator;
}

static enum rg_status put_snapshot(const struct rg_commit *commit, const char *key,
                                   const struct rg_batch *batch, struct rg_error *err)
{
    const struct rg_home *home = commit->options.home;
    struct rg_buffer out;

    rg_buffer_init(&out, memory_of(commit), document_bytes_max);
    rg_batch_emit(batch, RG_DOCUMENT_SNAPSHOT, &home->id, commit->options.partition, &out);
    enum rg_status status = rg_buffer_check(&out, key, err);
    if (status == RG_OK)
        status = rg_document_check(key, rg_buffer_span(&out), err);
    if (status == RG_OK) {
        const struct rg_segment segment = {out.data, out.bytes};
        struct rg_store_op op = {
            .verb = RG_STORE_PUT,
            .key = key,
            .must_be_absent = true,
            .segments = &segment,
            .segment_count = 1,
        };

        RG_FAILPOINT("journal.before_snapshot");
        status = rg_store_wait(home->store, &op, err);
        RG_FAILPOINT("journal.after_snapshot");
    }
    rg_buffer_fini(&out);
    return status == RG_ERR_EXISTS || status == RG_ERR_AGAIN ? RG_OK : status;
}

static enum rg_status write_from_arena(const struct rg_commit *commit,
                                       const struct rg_look_state *state, struct rg_arena *arena,
                                       struct rg_error *err)
{
    struct rg_ledger ledger = {
        .home = commit->options.home,
        .partition = commit->options.partition,
        .arena = arena,
        .keeps_inputs = true,
    };
    const uint32_t start = state->ledger.record_count > 0 && state->ledger.records[0].is_snapshot
                               ? state->ledger.records[0].number
                               : 0;

    RG_TRY(rg_ledger_scan(&ledger, start, memory_of(commit), err));
    if (ledger.has_in_place && ledger.has_from_source)
        return RG_OK;
    struct rg_batch_output *outputs = rg_arena_array(arena, ledger.output_count, sizeof *outputs);
    const struct rg_ledger_name ledger_name = {RG_LEDGER_SNAPSHOT, ledger.last, 0, 0};
    char name[rg_minted_name_bytes];
    rg_ledger_name_make(&ledger_name, name);
    const char *key = rg_ledger_key(commit->options.partition, name, arena);
    if (outputs == NULL || key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a snapshot");
    struct rg_batch batch = {
        .number = ledger.last,
        .is_in_place = ledger.has_in_place,
        .inputs = ledger.inputs,
        .input_count = ledger.input_count,
        .outputs = outputs,
    };
    for (size_t i = 0; i < ledger.output_count; i++) {
        const struct rg_ledger_output *output = &ledger.outputs[i];

        if (output->taken_by == 0)
            outputs[batch.output_count++] = (struct rg_batch_output){
                .name = output->name,
                .id = output->id,
                .rows = output->rows,
                .row_groups = output->row_groups,
            };
    }
    return put_snapshot(commit, key, &batch, err);
}

enum rg_status rg_snapshot_write(struct rg_commit *commit, const struct rg_look_state *state,
                                 struct rg_error *err)
{
    struct rg_arena arena;

    rg_arena_init(&arena, memory_of(commit), 4 * document_bytes_max);
    const enum rg_status status = write_from_arena(commit, state, &arena, err);
    rg_arena_fini(&arena);
    commit->has_given_up_snapshot = status == RG_ERR_NOMEM || status == RG_ERR_LIMIT;
    return commit->has_given_up_snapshot || status == RG_ERR_ABSENT ? RG_OK : status;
}
