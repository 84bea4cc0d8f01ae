/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Partitions are found by walking SOURCE, DEST and DEST's ledger. Then one after another is listed
 * on both sides and paired into groups: lists of inputs and of outputs that must hold the same
 * rows. What lies in SOURCE and belongs to no group is missing; what lies in DEST and belongs to
 * none is extra.
 *
 * A run may be at work meanwhile. The ledger is read after both sides are listed, so it explains
 * every file in the listings. What it names and they lack came late, and is asked for. An output
 * that is gone when it is to be compared was replaced, if there are records by then that were not
 * read: the partition is begun anew, without those of its groups that were told of.
 *
 * Foreign files lie in a home by right where it was compacted in place. Of a partition without
 * records only the others tell whether it was, so those with files that depend on it come last.
 */

#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "journal/array.h"
#include "journal/home.h"
#include "verify/lineage.h"
#include "verify/listing.h"
#include "verify/prefixes.h"

/* An output at least this large is read row group by row group, by several threads. */
static const uint64_t split_bytes_min = UINT64_C(64) << 20;

/* Names of partitions take two fifths of the memory at most. */
static const uint64_t walk_percent = 40;

/* What files are compared in: no more than this part, */
static const uint64_t compare_percent = 80;
/* and so much is kept for it where a partition's files and records take what they can. */
static const uint64_t compare_bytes_min = UINT64_C(12) << 20;
/* But those get this part at least. */
static const uint64_t partition_percent = 20;

/* How often a partition is begun anew because its outputs were replaced meanwhile. */
static const uint32_t begin_count_max = 20;

static const char too_little[] = "its listing and ledger need more than --memory gives";

struct run {
    const struct rg_verify_request *request; /* Set at init, then constant. */
    struct rg_home home;                     /* Set at init, then constant. */
    bool has_home;                           /* Set at init, then constant. */
    struct rg_verify_totals *totals;
    struct rg_arena walk_arena;    /* Of partitions' names. */
    struct rg_arena arena;         /* Of the partition under way. */
    struct rg_arena file_arena;    /* Of what is compared now. */
    const char *partition;         /* Under way. */
    struct rg_listing listings[2]; /* Of it. */
    bool is_again;                 /* It comes for the second time. */
    bool is_first_look;            /* It was not put off, nor begun anew. */
    bool is_put_off;               /* It shall. */
    bool may_begin_anew;           /* It can be looked at from its beginning once more; */
    bool is_overtaken;             /* it shall: an output was replaced after its ledger was read. */
    /* The last output of it that was told of. Live ones are told in the order of their names. */
    char told[rg_minted_name_bytes];
    /* Likewise the last file that no record took. */
    char told_rest[4096];
    bool has_in_place;        /* Some record was made in place, or may have been; */
    bool has_from_source;     /* some was not. */
    uint64_t found_bytes;     /* Of data files below SOURCE, as far as it was walked. */
    uint64_t listed_bytes[2]; /* Of the partitions until now. */
};

/* A list of files of one side. */
struct files {
    struct rg_verify_file *items; /* A file that is split comes several times. */
    size_t count;
    size_t capacity;
    size_t file_count;
};

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "%s", too_little);
}

static enum rg_status too_many(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "the names of partitions need more than --memory gives");
}

static bool is_cancelled(const struct run *run)
{
    return run->request->is_cancelled != NULL && atomic_load(run->request->is_cancelled);
}

/*
 * What cannot be read says nothing of its partition: that is told, and others go on. Who is refused
 * by a store that is far away will be so everywhere.
 */
static bool stops_no_other(const struct run *run, enum rg_verify_side side, enum rg_status status)
{
    const bool is_local =
        side == RG_SIDE_INPUTS ? run->request->source_is_local : run->home.caps.is_local;

    if (status == RG_ERR_DENIED || status == RG_ERR_IO)
        return is_local;
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT;
}

/* A level of one side; nothing where it is not there. */
static enum rg_status list(struct run *run, enum rg_verify_side side, const char *prefix,
                           struct rg_object **ret_objects, size_t *ret_count, struct rg_error *err)
{
    *ret_objects = NULL;
    *ret_count = 0;
    if (is_cancelled(run))
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    const enum rg_status status = rg_store_list_all(run->request->stores[side], prefix, &run->arena,
                                                    ret_objects, ret_count, err);
    return status == RG_ERR_ABSENT ? RG_OK : status;
}

/* Looks at one level: what lies below it is still to be looked at, and is it a partition itself? */
static enum rg_status walk_level(struct run *run, enum rg_verify_side side, const char *prefix,
                                 struct rg_prefixes *waiting, struct rg_prefixes *partitions,
                                 struct rg_error *err)
{
    const struct rg_verify_request *request = run->request;
    struct rg_object *objects;
    size_t count;
    bool has_data = false;

    rg_arena_reset(&run->arena);
    const enum rg_status status = list(run, side, prefix, &objects, &count, err);
    /* Of the root nobody would know what else there is. */
    if (status == RG_ERR_NOMEM && *prefix == '\0')
        return no_memory(err);
    if (status == RG_ERR_NOMEM)
        return rg_prefixes_push(&run->walk_arena, partitions, prefix, too_little) ? RG_OK
                                                                                  : too_many(err);
    if (*prefix != '\0' && stops_no_other(run, side, status)) {
        const char *trouble = rg_arena_text(&run->walk_arena, err->text);
        const bool is_noted =
            trouble != NULL && rg_prefixes_push(&run->walk_arena, partitions, prefix, trouble);

        return is_noted ? RG_OK : too_many(err);
    }
    RG_TRY(status);
    for (size_t i = 0; i < count; i++) {
        if (!objects[i].is_prefix) {
            const bool is_data = request->kind_of(request->user, objects[i].key) != 0;

            has_data = has_data || is_data;
            if (side == RG_SIDE_INPUTS && is_data)
                run->found_bytes += objects[i].id.bytes;
            continue;
        }
        if (!request->may_hold_data(request->user, objects[i].key))
            continue;
        const struct rg_span key = rg_arena_copy(&run->walk_arena, rg_span_of(objects[i].key));
        if (key.data == NULL ||
            !rg_prefixes_push(&run->walk_arena, waiting, (const char *)key.data, NULL))
            return too_many(err);
    }
    if (has_data && !rg_prefixes_push(&run->walk_arena, partitions, prefix, NULL))
        return too_many(err);
    return RG_OK;
}

static enum rg_status walk(struct run *run, enum rg_verify_side side,
                           struct rg_prefixes *partitions, struct rg_error *err)
{
    struct rg_prefixes waiting = {.items = NULL};

    if (!rg_prefixes_push(&run->walk_arena, &waiting, "", NULL))
        return too_many(err);
    while (waiting.count > 0) {
        const char *prefix = waiting.items[--waiting.count].text;

        RG_TRY(walk_level(run, side, prefix, &waiting, partitions, err));
    }
    return RG_OK;
}

/* All partitions there are on either side, and what may be one and cannot be listed. */
static enum rg_status find_partitions(struct run *run, struct rg_prefixes *partitions,
                                      struct rg_error *err)
{
    const char *const *recorded = NULL;
    size_t recorded_count = 0;

    if (run->request->only_file == NULL) {
        RG_TRY(walk(run, RG_SIDE_INPUTS, partitions, err));
    } else if (!rg_prefixes_push(&run->walk_arena, partitions, "", NULL)) {
        return too_many(err);
    }
    if (!run->request->is_one_place || run->request->only_file != NULL)
        RG_TRY(walk(run, RG_SIDE_OUTPUTS, partitions, err));
    if (run->has_home)
        RG_TRY(rg_home_partitions(&run->home, &run->walk_arena, &recorded, &recorded_count, err));
    for (size_t i = 0; i < recorded_count; i++) {
        if (!rg_prefixes_push(&run->walk_arena, partitions, recorded[i], NULL))
            return too_many(err);
    }
    rg_prefixes_sort(partitions);
    return RG_OK;
}

static void tell(struct run *run, const struct rg_verify_finding *finding)
{
    struct rg_verify_totals *totals = run->totals;

    totals->outcome_counts[finding->outcome]++;
    totals->input_file_count += finding->input_file_count;
    totals->output_file_count += finding->output_file_count;
    totals->input_row_count += finding->input_row_count;
    totals->output_row_count += finding->output_row_count;
    run->request->tell(run->request->user, finding);
}

static void tell_failure(struct run *run, uint32_t record, const char *text)
{
    const struct rg_verify_finding finding = {.size = sizeof finding,
                                              .outcome = RG_VERIFY_FAILED,
                                              .partition = run->partition,
                                              .record = record,
                                              .text = text};

    tell(run, &finding);
}

/* True when the file has the magic at both ends. */
static enum rg_status has_magic(struct rg_store *store, const struct rg_object *object,
                                bool *ret_has_magic, struct rg_error *err)
{
    uint8_t bytes[4] = {0};
    struct rg_store_op op = {.verb = RG_STORE_GET,
                             .key = object->key,
                             .buffer = bytes,
                             .in_bytes = sizeof bytes,
                             .is_suffix = true,
                             .expected = &object->id};

    *ret_has_magic = false;
    if (object->id.bytes < 12)
        return RG_OK;
    RG_TRY(rg_store_wait(store, &op, err));
    if (memcmp(bytes, rg_parquet_magic, sizeof bytes) != 0)
        return RG_OK;
    op.is_suffix = false;
    RG_TRY(rg_store_wait(store, &op, err));
    *ret_has_magic = memcmp(bytes, rg_parquet_magic, sizeof bytes) == 0;
    return RG_OK;
}

/* Whether a file without an ending is data. Where that cannot be known it is told. */
static enum rg_status find_magic(struct run *run, enum rg_verify_side side,
                                 const struct rg_object *object, bool *ret_is_data,
                                 struct rg_error *err)
{
    const enum rg_status status = has_magic(run->request->stores[side], object, ret_is_data, err);

    if (status == RG_ERR_ABSENT) /* It is gone by now. */
        return RG_OK;
    if (status == RG_ERR_CHANGED) { /* Who reads it will say so. */
        *ret_is_data = true;
        return RG_OK;
    }
    if (!stops_no_other(run, side, status))
        return status;
    if (run->is_first_look)
        tell_failure(run, 0, err->text);
    return RG_OK;
}

/* Lists the data files of the partition under way on one side. */
static enum rg_status list_data(struct run *run, enum rg_verify_side side, struct rg_error *err)
{
    const struct rg_verify_request *request = run->request;
    struct rg_object *objects;
    size_t count;
    size_t kept = 0;

    RG_TRY(list(run, side, run->partition, &objects, &count, err));
    for (size_t i = 0; i < count; i++) {
        const char *only_file = run->listings[side].only_file;
        const bool is_other = only_file != NULL && strcmp(objects[i].key, only_file) != 0;
        bool is_data = false;

        if (objects[i].is_prefix || is_other)
            continue;
        const enum rg_verify_kind kind = request->kind_of(request->user, objects[i].key);
        if (kind == RG_VERIFY_MAYBE)
            RG_TRY(find_magic(run, side, &objects[i], &is_data, err));
        if (is_data || kind == RG_VERIFY_DATA)
            objects[kept++] = objects[i];
    }
    return rg_listing_set(&run->listings[side], objects, kept, err);
}

/* Completes both listings by what has come, and was recorded, since they were made. */
static enum rg_status find_late(struct run *run, const struct rg_lineage *lineage,
                                struct rg_error *err)
{
    struct rg_listing *inputs = &run->listings[RG_SIDE_INPUTS];
    struct rg_listing *outputs = &run->listings[RG_SIDE_OUTPUTS];

    for (size_t i = 0; i < lineage->group_count; i++) {
        const struct rg_lineage_group *group = &lineage->groups[i];

        for (size_t k = 0; k < group->part_count; k++)
            RG_TRY(rg_listing_ask(inputs, group->parts[k].name, err));
        for (size_t k = 0; k < group->output_count; k++)
            RG_TRY(rg_listing_ask(outputs, group->outputs[k]->name, err));
    }
    RG_TRY(rg_listing_add_late(inputs, err));
    return rg_listing_add_late(outputs, err);
}

/* Begins lists of files; those before are gone. */
static void begin_files(struct run *run)
{
    rg_arena_fini(&run->file_arena);
    rg_arena_init(&run->file_arena, run->request->allocator,
                  run->arena.bytes_max - run->arena.bytes);
}

static enum rg_status add_file(struct run *run, enum rg_verify_side side, size_t index,
                               uint32_t row_group, uint32_t row_group_count, struct files *files,
                               struct rg_error *err)
{
    const struct rg_object *object = &run->listings[side].objects[index];

    files->items = rg_array_room(&run->file_arena, files->items, files->count, &files->capacity,
                                 sizeof *files->items);
    if (files->items == NULL)
        return no_memory(err);
    files->items[files->count++] = (struct rg_verify_file){
        .store = run->request->stores[side],
        .key = object->key,
        .name = object->key,
        .id = object->id,
        .row_group = row_group,
        .row_group_count = row_group_count,
    };
    /* A file whose row groups went several ways is one. */
    files->file_count += !run->listings[side].is_used[index];
    run->listings[side].is_used[index] = true;
    return RG_OK;
}

/* What is left for comparing. */
static uint64_t compare_bytes(const struct run *run)
{
    const uint64_t memory_bytes = run->request->memory_bytes;
    const uint64_t most = memory_bytes / 100 * compare_percent - run->walk_arena.bytes;
    const uint64_t left =
        memory_bytes - run->walk_arena.bytes - run->arena.bytes - run->file_arena.bytes;

    return left < most ? left : most;
}

/* Whether the file is there no more, or was moved. One that may not be asked for is there. */
static enum rg_status is_gone(const struct run *run, enum rg_verify_side side, const char *key,
                              bool *ret_is_gone, struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = key};
    struct rg_error answer = {.status = RG_OK};
    const enum rg_status status = rg_store_wait(run->request->stores[side], &op, &answer);
    const bool is_told = status == RG_OK || status == RG_ERR_ABSENT || status == RG_ERR_DENIED ||
                         stops_no_other(run, side, status);

    *ret_is_gone = status == RG_ERR_ABSENT;
    if (!is_told)
        *err = answer;
    return is_told ? RG_OK : status;
}

/* Rows of the group's outputs, as its record has them. */
static uint64_t recorded_rows(const struct rg_lineage_group *group)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < group->output_count; i++)
        rows += group->outputs[i]->rows;
    return rows;
}

/* Whether any of a group's outputs is gone. */
static enum rg_status is_output_gone(struct run *run, const struct rg_lineage_group *group,
                                     bool *ret_is_gone, struct rg_error *err)
{
    *ret_is_gone = false;
    for (size_t i = 0; !*ret_is_gone && i < group->output_count; i++) {
        const char *key = rg_listing_key(&run->listings[RG_SIDE_OUTPUTS], group->outputs[i]->name,
                                         &run->file_arena);

        if (key == NULL)
            return no_memory(err);
        RG_TRY(is_gone(run, RG_SIDE_OUTPUTS, key, ret_is_gone, err));
    }
    return RG_OK;
}

/*
 * Sets is_overtaken when an output of the group, or, if that is NULL, the file that is compared, is
 * gone and there is a record that the lineage does not know of: a run that is at work has perhaps
 * replaced it.
 */
static enum rg_status check_overtaken(struct run *run, const struct rg_lineage *lineage,
                                      const struct rg_lineage_group *group,
                                      const struct files *outputs, struct rg_error *err)
{
    bool is_any_gone = false;
    bool has_moved_on;

    if (!run->may_begin_anew)
        return RG_OK;
    if (group != NULL)
        RG_TRY(is_output_gone(run, group, &is_any_gone, err));
    else if (outputs->count > 0)
        RG_TRY(is_gone(run, RG_SIDE_OUTPUTS, outputs->items[0].key, &is_any_gone, err));
    if (!is_any_gone)
        return RG_OK;
    RG_TRY(rg_lineage_has_more(&run->home, run->partition, lineage->record_count, &run->file_arena,
                               &has_moved_on, err));
    run->is_overtaken = has_moved_on;
    return RG_OK;
}

/*
 * Compares two lists, and tells the outcome. Only what stops the whole run is an error. `group`:
 * what they are the files of; NULL: no ledger tells.
 */
static enum rg_status compare_files(struct run *run, const struct rg_lineage *lineage,
                                    const struct rg_lineage_group *group,
                                    const struct files *inputs, const struct files *outputs,
                                    struct rg_error *err)
{
    const struct rg_verify_request *request = run->request;
    const struct rg_compare_request compare = {
        .files = {inputs->items, outputs->items},
        .file_counts = {inputs->count, outputs->count},
        .memory_bytes = compare_bytes(run),
        .thread_count = request->thread_count,
        .allocator = request->allocator,
        .is_cancelled = request->is_cancelled,
        .read_bytes = &request->counters->read_bytes,
    };
    struct rg_verify_finding finding = {.size = sizeof finding,
                                        .partition = run->partition,
                                        .record = group != NULL ? group->record : 0,
                                        .text = "",
                                        .input_file_count = inputs->file_count,
                                        .output_file_count = outputs->file_count};
    struct rg_compare_result result;

    const enum rg_status status = rg_compare(&compare, &result, err);
    if (status == RG_ERR_CANCELLED || status == RG_ERR_BUG)
        return status;
    if (status != RG_OK && lineage != NULL) {
        const struct rg_error cause = *err;

        RG_TRY(check_overtaken(run, lineage, group, outputs, err));
        if (run->is_overtaken)
            return RG_OK;
        *err = cause;
    }
    if (status != RG_OK) {
        finding.outcome = RG_VERIFY_FAILED;
        finding.text = err->text;
    } else {
        finding.outcome = result.is_equal ? RG_VERIFY_EQUAL : RG_VERIFY_DIFFERENT;
        finding.text = result.text;
        finding.input_row_count = result.row_counts[RG_SIDE_INPUTS];
        finding.output_row_count = result.row_counts[RG_SIDE_OUTPUTS];
        finding.column_count = result.column_count;
        finding.different_count = result.different_count;
    }
    const uint64_t rows = finding.output_row_count;
    if (finding.outcome == RG_VERIFY_EQUAL && group != NULL && rows != recorded_rows(group)) {
        finding.outcome = RG_VERIFY_DIFFERENT;
        (void)snprintf(result.text, sizeof result.text,
                       "%" PRIu64 " rows in the outputs, %" PRIu64 " in the record", rows,
                       recorded_rows(group));
    }
    tell(run, &finding);
    return RG_OK;
}

/* Not what the record took. */
static bool is_changed(const struct rg_object_id *now, const struct rg_object_id *then,
                       bool is_in_place)
{
    /* In place SOURCE is a copy: its times are its own. */
    return now->bytes != then->bytes || (!is_in_place && now->modified_ns != then->modified_ns);
}

/*
 * Finds the files of a group's parts in SOURCE. *ret_problem, in the arena: one is not there, or is
 * not what the record took; NULL: all are.
 */
static enum rg_status gather_inputs(struct run *run, const struct rg_lineage_group *group,
                                    bool is_in_place, struct files *inputs, char *problem,
                                    size_t problem_bytes, struct rg_error *err)
{
    problem[0] = '\0';
    /* There may be very many. */
    inputs->capacity = group->part_count;
    inputs->items = rg_arena_array(&run->file_arena, inputs->capacity, sizeof *inputs->items);
    if (inputs->items == NULL)
        return no_memory(err);
    for (size_t i = 0; i < group->part_count; i++) {
        const struct rg_lineage_part *part = &group->parts[i];
        const size_t index = rg_listing_find(&run->listings[RG_SIDE_INPUTS], part->name);

        if (index == run->listings[RG_SIDE_INPUTS].count) {
            (void)snprintf(problem, problem_bytes, "%.200s, which record %u took, is not in SOURCE",
                           part->name, part->record);
            return RG_OK;
        }
        if (is_changed(&run->listings[RG_SIDE_INPUTS].objects[index].id, &part->id, is_in_place)) {
            (void)snprintf(problem, problem_bytes, "%.200s was changed after record %u took it",
                           part->name, part->record);
            return RG_OK;
        }
        RG_TRY(add_file(run, RG_SIDE_INPUTS, index, part->row_group, part->row_group_count, inputs,
                        err));
    }
    return RG_OK;
}

static enum rg_status gather_outputs(struct run *run, const struct rg_lineage_group *group,
                                     struct files *outputs, char *problem, size_t problem_bytes,
                                     struct rg_error *err)
{
    problem[0] = '\0';
    for (size_t i = 0; i < group->output_count; i++) {
        const struct rg_batch_output *output = group->outputs[i];
        const size_t index = rg_listing_find(&run->listings[RG_SIDE_OUTPUTS], output->name);

        if (index == run->listings[RG_SIDE_OUTPUTS].count) {
            (void)snprintf(problem, problem_bytes, "%.200s, which record %u made, is not in DEST",
                           output->name, group->record);
            return RG_OK;
        }
        const uint64_t bytes = run->listings[RG_SIDE_OUTPUTS].objects[index].id.bytes;
        const bool is_split = bytes >= split_bytes_min && output->row_groups > 1;
        const uint32_t last = is_split ? output->row_groups - 1 : 0;

        /* The last one takes all that follow, whatever the record says. */
        for (uint32_t g = 0; g <= last; g++)
            RG_TRY(add_file(run, RG_SIDE_OUTPUTS, index, g, g < last ? 1 : 0, outputs, err));
    }
    return RG_OK;
}

static enum rg_status verify_group(struct run *run, const struct rg_lineage *lineage,
                                   const struct rg_lineage_group *group, struct rg_error *err)
{
    const bool is_in_place = lineage->records[group->record - 1].is_in_place;
    struct files inputs = {.items = NULL};
    struct files outputs = {.items = NULL};
    char problem[320];

    begin_files(run);
    if (group->is_broken) {
        tell_failure(run, group->record,
                     "the row groups of an output that was taken again were spread: their order "
                     "cannot be known");
        return RG_OK;
    }
    RG_TRY(gather_inputs(run, group, is_in_place, &inputs, problem, sizeof problem, err));
    if (problem[0] == '\0')
        RG_TRY(gather_outputs(run, group, &outputs, problem, sizeof problem, err));
    if (problem[0] == '\0')
        return compare_files(run, lineage, group, &inputs, &outputs, err);
    RG_TRY(check_overtaken(run, lineage, group, &outputs, err));
    if (!run->is_overtaken)
        tell_failure(run, group->record, problem);
    return RG_OK;
}

static void mark(struct run *run, enum rg_verify_side side, const char *name)
{
    const size_t index = rg_listing_find(&run->listings[side], name);

    if (index < run->listings[side].count)
        run->listings[side].is_used[index] = true;
}

/*
 * Marks the files of SOURCE that some record took: those are not missing. What was changed since is
 * told with its group; one without rows has none, and has some by now perhaps. A copy of a place
 * may have outputs, too.
 */
static void mark_taken(struct run *run, const struct rg_lineage *lineage)
{
    const struct rg_listing *listing = &run->listings[RG_SIDE_INPUTS];

    for (uint32_t r = 0; r < lineage->record_count; r++) {
        const struct rg_batch *record = &lineage->records[r];

        for (size_t i = 0; i < record->input_count; i++) {
            const struct rg_batch_input *input = &record->inputs[i];
            const size_t index = rg_listing_find(&run->listings[RG_SIDE_INPUTS], input->name);

            if (index == listing->count)
                continue;
            listing->taken_by[index] = record->number;
            if (!is_changed(&listing->objects[index].id, &input->id, record->is_in_place))
                listing->is_used[index] = true;
        }
        for (size_t i = 0; record->is_in_place && i < record->output_count; i++)
            mark(run, RG_SIDE_INPUTS, record->outputs[i].name);
    }
    for (size_t i = 0; i < lineage->group_count; i++) {
        for (size_t k = 0; k < lineage->groups[i].part_count; k++)
            mark(run, RG_SIDE_INPUTS, lineage->groups[i].parts[k].name);
    }
}

/*
 * Marks the live outputs. In place also those that were taken again: what was replaced lies there
 * until it is swept (--grace), inputs as well as outputs.
 */
static void mark_outputs(struct run *run, const struct rg_lineage *lineage)
{
    for (size_t i = 0; i < lineage->group_count; i++) {
        for (size_t k = 0; k < lineage->groups[i].output_count; k++)
            mark(run, RG_SIDE_OUTPUTS, lineage->groups[i].outputs[k]->name);
    }
    for (uint32_t r = 0; r < lineage->record_count; r++) {
        const struct rg_batch *record = &lineage->records[r];

        for (size_t i = 0; record->is_in_place && i < record->taken_count; i++)
            mark(run, RG_SIDE_OUTPUTS, record->taken[i]);
    }
}

/* Whether some record was made in that way; void ones, which `gc` makes too, do not tell. */
static bool has_way(const struct rg_lineage *lineage, bool is_in_place)
{
    for (uint32_t r = 0; r < lineage->record_count; r++) {
        const struct rg_batch *record = &lineage->records[r];

        if (!record->is_void && record->is_in_place == is_in_place)
            return true;
    }
    return false;
}

/* Whether foreign files may lie in DEST by right; without a record anywhere nobody knows. */
static bool may_be_in_place(const struct run *run, const struct rg_lineage *lineage)
{
    if (has_way(lineage, true) || has_way(lineage, false))
        return has_way(lineage, true);
    return run->has_in_place || !run->has_from_source;
}

static void tell_file(struct run *run, enum rg_verify_outcome outcome, const char *key,
                      const char *text)
{
    const struct rg_verify_finding finding = {.size = sizeof finding,
                                              .outcome = outcome,
                                              .partition = run->partition,
                                              .key = key,
                                              .text = text};

    tell(run, &finding);
}

static void tell_missing(struct run *run, size_t index)
{
    const struct rg_listing *listing = &run->listings[RG_SIDE_INPUTS];
    char text[64] = "is in no record";

    if (listing->taken_by[index] > 0)
        (void)snprintf(text, sizeof text, "was changed after record %" PRIu32 " took it",
                       listing->taken_by[index]);
    tell_file(run, RG_VERIFY_MISSING, listing->objects[index].key, text);
}

/* Files that no record took: in place they may still lie there as they are; else they are missing.
 */
static enum rg_status verify_rest(struct run *run, const struct rg_lineage *lineage,
                                  struct rg_error *err)
{
    const struct rg_listing *listing = &run->listings[RG_SIDE_INPUTS];
    const bool is_in_place = may_be_in_place(run, lineage);

    for (size_t i = 0; i < listing->count; i++) {
        const char *name = listing->objects[i].key + strlen(run->partition);

        if (listing->is_used[i] || strcmp(name, run->told_rest) <= 0)
            continue;
        const size_t there = rg_listing_find(&run->listings[RG_SIDE_OUTPUTS], name);
        if (is_in_place && there < run->listings[RG_SIDE_OUTPUTS].count) {
            struct files input = {.items = NULL};
            struct files output = {.items = NULL};

            begin_files(run);
            RG_TRY(add_file(run, RG_SIDE_INPUTS, i, 0, 0, &input, err));
            RG_TRY(add_file(run, RG_SIDE_OUTPUTS, there, 0, 0, &output, err));
            RG_TRY(compare_files(run, lineage, NULL, &input, &output, err));
            if (run->is_overtaken)
                return RG_OK;
        } else {
            tell_missing(run, i);
        }
        (void)snprintf(run->told_rest, sizeof run->told_rest, "%s", name);
    }
    return RG_OK;
}

/*
 * Whether a run makes outputs of that name, or made them when it was killed: the next one decides.
 * Once there is a record of that number nobody does: it is dead for ever, and its intent is left.
 */
static bool is_under_way(const struct rg_lineage *lineage, const struct rg_minted *minted)
{
    if (minted->number <= lineage->record_count)
        return false;
    for (size_t i = 0; i < lineage->intent_count; i++) {
        if (lineage->intents[i].number == minted->number &&
            lineage->intents[i].hash == minted->hash)
            return true;
    }
    return false;
}

/* Files of DEST that are no live outputs: who reads the folder as it is reads their rows, too. */
static enum rg_status tell_extra(struct run *run, const struct rg_lineage *lineage,
                                 struct rg_error *err)
{
    const struct rg_listing *listing = &run->listings[RG_SIDE_OUTPUTS];
    const bool is_in_place = may_be_in_place(run, lineage);

    mark_outputs(run, lineage);
    for (size_t i = 0; i < listing->count; i++) {
        const char *name = listing->objects[i].key + strlen(run->partition);
        struct rg_minted minted;
        const bool is_minted = rg_minted_parse(name, &minted) &&
                               rg_minted_is_of(&minted, &run->home.id, run->partition);

        bool is_gone_now;

        if (listing->is_used[i] || (!is_minted && is_in_place) ||
            (is_minted && is_under_way(lineage, &minted)))
            continue;
        if (is_cancelled(run))
            return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        RG_TRY(is_gone(run, RG_SIDE_OUTPUTS, listing->objects[i].key, &is_gone_now, err));
        if (!is_gone_now)
            tell_file(run, RG_VERIFY_EXTRA, listing->objects[i].key,
                      "lies in DEST and is no live output; `regroup list` tells which are");
    }
    return RG_OK;
}

static bool source_has(void *user, const char *name, uint64_t bytes)
{
    const struct run *run = user;
    const struct rg_listing *listing = &run->listings[RG_SIDE_INPUTS];
    const size_t index = rg_listing_find(&run->listings[RG_SIDE_INPUTS], name);

    return index < listing->count && listing->objects[index].id.bytes == bytes;
}

/* Whether it has to be known first if this home was compacted in place. */
static bool must_wait(const struct run *run, const struct rg_lineage *lineage)
{
    const bool is_told = has_way(lineage, true) || has_way(lineage, false) || run->has_in_place;

    return !is_told && !run->is_again && run->listings[RG_SIDE_OUTPUTS].count > 0;
}

static enum rg_status verify_by_ledger(struct run *run, struct rg_error *err)
{
    const struct rg_lineage_source source = {source_has, run};
    struct rg_lineage lineage;

    /* Compared with itself every output would be equal. */
    const enum rg_status status =
        rg_lineage_read(&run->home, run->partition, run->request->is_one_place ? NULL : &source,
                        &run->arena, &lineage, err);
    if (stops_no_other(run, RG_SIDE_OUTPUTS, status)) {
        /* For all that is known; what lies elsewhere by right must not be called extra. */
        run->has_in_place = true;
        tell_failure(run, 0, err->text);
        return RG_OK;
    }
    RG_TRY(status);
    run->has_in_place = run->has_in_place || has_way(&lineage, true);
    run->has_from_source = run->has_from_source || has_way(&lineage, false);
    run->is_put_off = must_wait(run, &lineage);
    if (run->is_put_off)
        return RG_OK;
    RG_TRY(find_late(run, &lineage, err));
    for (size_t i = 0; i < lineage.group_count; i++) {
        const struct rg_lineage_group *group = &lineage.groups[i];
        const char *last = group->outputs[group->output_count - 1]->name;

        if (is_cancelled(run))
            return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        if (strcmp(last, run->told) <= 0)
            continue;
        RG_TRY(verify_group(run, &lineage, group, err));
        if (run->is_overtaken)
            return RG_OK;
        (void)snprintf(run->told, sizeof run->told, "%s", last);
    }
    mark_taken(run, &lineage);
    RG_TRY(verify_rest(run, &lineage, err));
    return run->is_overtaken ? RG_OK : tell_extra(run, &lineage, err);
}

static enum rg_status verify_by_name(struct run *run, struct rg_error *err)
{
    struct files files[2] = {{.items = NULL}, {.items = NULL}};

    begin_files(run);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < run->listings[side].count; i++)
            RG_TRY(add_file(run, (enum rg_verify_side)side, i, 0, 0, &files[side], err));
    }
    return compare_files(run, NULL, NULL, &files[0], &files[1], err);
}

/*
 * All bytes of both sides, when this partition was listed. Of those that are still to be listed the
 * inputs are known from the walk; outputs are taken to be in proportion to them, and no larger.
 */
static void estimate_total(struct run *run)
{
    struct rg_verify_counters *counters = run->request->counters;
    uint64_t bytes[2] = {0, 0};

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < run->listings[side].count; i++)
            bytes[side] += run->listings[side].objects[i].id.bytes;
        run->listed_bytes[side] += bytes[side];
    }
    const uint64_t inputs = run->listed_bytes[RG_SIDE_INPUTS];
    const uint64_t outputs = run->listed_bytes[RG_SIDE_OUTPUTS];
    const uint64_t left = run->found_bytes > inputs ? run->found_bytes - inputs : 0;
    const double ratio = outputs < inputs ? (double)outputs / (double)inputs : 1.0;

    atomic_store(&counters->total_bytes, atomic_load(&counters->read_bytes) + bytes[0] + bytes[1] +
                                             left + (uint64_t)((double)left * ratio));
    atomic_store(&counters->is_total_known, true);
}

/* For the files and records of one partition; nothing of those before is left. */
static void begin_arena(struct run *run)
{
    const uint64_t memory_bytes = run->request->memory_bytes;
    const uint64_t least = memory_bytes / 100 * partition_percent;
    const uint64_t left = memory_bytes - run->walk_arena.bytes;
    const uint64_t most = left > compare_bytes_min ? left - compare_bytes_min : 0;

    rg_arena_fini(&run->file_arena);
    rg_arena_fini(&run->arena);
    rg_arena_init(&run->arena, run->request->allocator, (size_t)(most > least ? most : least));
}

static enum rg_status look_at_partition(struct run *run, struct rg_error *err)
{
    begin_arena(run);
    run->is_put_off = false;
    run->is_overtaken = false;
    for (int side = 0; side < 2; side++) {
        run->listings[side] = (struct rg_listing){
            .store = run->request->stores[side],
            .partition = run->partition,
            .only_file = side == RG_SIDE_INPUTS ? run->request->only_file : NULL,
            .arena = &run->arena,
        };
        const enum rg_status status = list_data(run, (enum rg_verify_side)side, err);

        if (stops_no_other(run, (enum rg_verify_side)side, status)) {
            tell_failure(run, 0, err->text);
            return RG_OK;
        }
        RG_TRY(status);
    }
    if (run->is_first_look)
        estimate_total(run);
    return run->has_home ? verify_by_ledger(run, err) : verify_by_name(run, err);
}

static enum rg_status verify_partition(struct run *run, const struct rg_prefix *partition,
                                       struct rg_error *err)
{
    run->partition = partition->text;
    run->is_put_off = false;
    run->told[0] = '\0';
    run->told_rest[0] = '\0';
    run->totals->partition_count += !run->is_again;
    if (partition->trouble != NULL) {
        tell_failure(run, 0, partition->trouble);
        return RG_OK;
    }
    for (uint32_t begun = 1;; begun++) {
        run->is_first_look = begun == 1 && !run->is_again;
        run->may_begin_anew = begun < begin_count_max;
        const enum rg_status status = look_at_partition(run, err);

        if (status == RG_ERR_NOMEM || (stops_no_other(run, RG_SIDE_OUTPUTS, status) &&
                                       stops_no_other(run, RG_SIDE_INPUTS, status))) {
            /* For all that is known, as where a ledger cannot be read. */
            run->has_in_place = true;
            tell_failure(run, 0, status == RG_ERR_NOMEM ? too_little : err->text);
            return RG_OK;
        }
        RG_TRY(status);
        if (!run->is_overtaken)
            return RG_OK;
    }
}

/* Those that are put off are what is left in `partitions`. */
static enum rg_status verify_partitions(struct run *run, struct rg_prefixes *partitions,
                                        struct rg_error *err)
{
    size_t put_off = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        const struct rg_prefix partition = partitions->items[i];
        const enum rg_status status = verify_partition(run, &partition, err);

        if (status != RG_OK && status != RG_ERR_CANCELLED && *partition.text != '\0')
            (void)rg_within(err, "partition %s", partition.text);
        if (status != RG_OK)
            return status;
        if (run->is_put_off)
            partitions->items[put_off++] = partition;
        else
            atomic_fetch_add(&run->request->counters->partition_done_count, 1);
    }
    partitions->count = put_off;
    return RG_OK;
}

enum rg_status rg_verify_places(const struct rg_verify_request *request,
                                struct rg_verify_totals *ret_totals, struct rg_error *err)
{
    const struct rg_home_options options = {.source_is_local = request->source_is_local};
    struct run run = {.request = request, .totals = ret_totals};
    struct rg_prefixes partitions = {.items = NULL};

    *ret_totals = (struct rg_verify_totals){.size = sizeof *ret_totals};
    const uint64_t walk_bytes = request->memory_bytes / 100 * walk_percent;
    rg_arena_init(&run.walk_arena, request->allocator, (size_t)walk_bytes);
    rg_arena_init(&run.arena, request->allocator, (size_t)(request->memory_bytes - walk_bytes));
    enum rg_status status =
        rg_home_open(request->stores[RG_SIDE_OUTPUTS], &options, &run.home, err);
    run.has_home = status == RG_OK && run.home.id.digits[0] != '\0';
    if (status == RG_OK)
        status = find_partitions(&run, &partitions, err);
    /* An empty answer about two mistyped places would be a wrong one. */
    if (status == RG_OK && partitions.count == 0 && !run.has_home)
        status = rg_fail(err, RG_ERR_ABSENT, "neither side has a data file or a ledger");
    atomic_store(&request->counters->partition_count, partitions.count);
    if (status == RG_OK)
        status = verify_partitions(&run, &partitions, err);
    run.is_again = true;
    if (status == RG_OK)
        status = verify_partitions(&run, &partitions, err);
    ret_totals->read_bytes = atomic_load(&request->counters->read_bytes);
    rg_arena_fini(&run.file_arena);
    rg_arena_fini(&run.arena);
    rg_arena_fini(&run.walk_arena);
    return status;
}
