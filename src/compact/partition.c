/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loop of commit.h as a job's route: list -> footers -> plan -> intent -> outputs -> commit.
 * Every turn of the loop is a job of its own, submitted when the one before has left the engine, so
 * that each begins with empty hands and a claim that fits what was learnt.
 *
 *   (1) Everything of a turn is in its job's memory; what outlives a turn (what was left alone,
 * what was told) is in the partition itself and small. (2) `goes_on` says whether another job
 * follows; drop() is the only place that submits it or frees the partition. (3) A turn that runs
 * out of memory gives up and follows with twice the claim, until that is all the budget there is;
 * then with half the files.
 */

#include "compact/partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "compact/choose.h"
#include "compact/footers.h"
#include "compact/forecast.h"
#include "compact/job_memory.h"
#include "compact/layout.h"
#include "compact/output.h"

static const uint64_t claim_bytes_first = UINT64_C(1) << 20;

/* What a file that is listed takes, measured with names of 40 bytes, and room for longer ones. */
static const uint64_t listed_bytes = 256;

/* Above so many files no more than so many batches are made for lack of memory. */
static const uint64_t crowd_count = 10000;
static const uint64_t crowd_batches_max = 64;

/* For counting files when there is no memory to list them. */
static const size_t count_bytes_max = (size_t)4 << 20;

/* Ends the turn; another one follows. */
static enum weir_status go_on(struct rg_partition *partition)
{
    partition->goes_on = true;
    return WEIR_SKIP;
}

/* The same after something that was our own decision: it does not count as a disturbed look. */
static enum weir_status go_on_undisturbed(struct rg_partition *partition)
{
    if (partition->commit.looks_since > 0)
        partition->commit.looks_since--;
    return go_on(partition);
}

/* Ends the partition. */
static enum weir_status stop(struct rg_partition *partition)
{
    partition->goes_on = false;
    return WEIR_SKIP;
}

/* What did not fit is tried with a larger claim, then with fewer files; false: there is nothing. */
static bool can_shrink(struct rg_partition *partition)
{
    const uint64_t budget = partition->run->meta_budget_bytes;
    const struct rg_turn *turn = partition->turn;

    if (partition->claim_bytes < budget) {
        partition->claim_bytes =
            partition->claim_bytes * 2 < budget ? partition->claim_bytes * 2 : budget;
        return true;
    }
    if (turn == NULL || turn->is_all)
        return false;
    if (turn->is_adopted) {
        /* Begun with more memory; our own smaller batches come instead. */
        partition->batch_files = turn->input_count;
        return partition->batch_files > 1;
    }
    if (turn->listed_count < 2)
        return false;
    /* Every batch lists all files again: of many files it must take a good part. */
    partition->is_crowded = turn->look.free_count > crowd_count &&
                            turn->listed_count / 2 < turn->look.free_count / crowd_batches_max;
    if (partition->is_crowded)
        return false;
    partition->batch_files = (size_t)turn->listed_count / 2;
    return true;
}

/* Entries of a partition, by a listing that keeps none of them; 0 where that fails. */
static uint64_t count_entries(struct rg_store *store, const char *prefix,
                              const struct rg_allocator *allocator)
{
    struct rg_store_op op = {.verb = RG_STORE_LIST, .key = prefix};
    struct rg_arena pages[2]; /* The token of a page is in its arena. */
    struct rg_error err;
    uint64_t count = 0;
    enum rg_status status;

    for (uint32_t i = 0; i < 2; i++)
        rg_arena_init(&pages[i], allocator, count_bytes_max);
    for (uint32_t page = 0;; page++) {
        op.arena = &pages[page % 2];
        rg_arena_reset(op.arena);
        status = rg_store_wait(store, &op, &err);
        if (status != RG_OK)
            break;
        count += op.object_count;
        op.page_token = op.next_page_token;
        if (op.page_token == NULL)
            break;
    }
    if (status == RG_ERR_NOMEM)
        count += op.entry_count;
    else if (status != RG_OK)
        count = 0;
    for (uint32_t i = 0; i < 2; i++)
        rg_arena_fini(&pages[i]);
    return count;
}

/* What is known of each file of a partition is in memory at once; says what that takes. */
static void name_memory(struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_run *run = partition->run;
    const uint64_t count = count_entries(run->source, partition->prefix, run->allocator);
    const uint64_t entry_bytes = listed_bytes + strlen(partition->prefix);
    const uint64_t share = run->memory_limit_bytes / (run->meta_budget_bytes + 1) + 1;
    const uint64_t limit_mib = run->memory_limit_bytes >> 20;
    uint64_t wanted_mib = (count * entry_bytes * share >> 20) + 1;

    if (count == 0)
        return;
    if (wanted_mib < limit_mib * 2)
        wanted_mib = limit_mib * 2;
    *err = (struct rg_error){.status = RG_OK};
    (void)rg_fail(err, RG_ERR_NOMEM,
                  "%" PRIu64 " files in one folder are more than --memory has room for; "
                  "--memory %" PRIu64 "MiB would do",
                  count, wanted_mib);
}

static enum weir_status fail(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_run *run = partition->run;
    const char *name = *partition->prefix != '\0' ? partition->prefix : "./";

    if (err->status == RG_ERR_NOMEM && can_shrink(partition))
        return go_on_undisturbed(partition);
    if (err->status == RG_ERR_NOMEM &&
        (partition->turn == NULL || !partition->turn->is_chosen || partition->is_crowded))
        name_memory(partition, err);
    if (err->status == RG_ERR_CANCELLED)
        return stop(partition);
    if (partition->is_unreadable) {
        rg_run_leave_alone(run, name, err->status, err->text);
        return stop(partition);
    }
    (void)rg_within(err, "%s", name);
    if (err->status == RG_ERR_AGAIN) {
        atomic_store(&run->is_temporary, true);
        rg_run_warn(run, "%s", err->text);
        return stop(partition);
    }
    rg_run_fail(run, err);
    return stop(partition);
}

static uint64_t hash_text(const char *text)
{
    return rg_hash_fast(rg_span_of(text));
}

/* True the first time that a problem is met. */
static bool is_news(struct rg_partition *partition, const char *text)
{
    const uint64_t hash = hash_text(text);
    const struct rg_allocator *allocator = partition->run->allocator;

    for (size_t i = 0; i < partition->told_count; i++) {
        if (partition->told[i] == hash)
            return false;
    }
    if (partition->told_count == partition->told_capacity) {
        const size_t capacity = partition->told_capacity == 0 ? 16 : partition->told_capacity * 2;
        uint64_t *told = rg_alloc(allocator, capacity * sizeof *told);

        if (told == NULL)
            return true; /* Told twice is better than not at all. */
        if (partition->told_count > 0)
            memcpy(told, partition->told, partition->told_count * sizeof *told);
        if (partition->told != NULL)
            rg_release(allocator, partition->told, partition->told_capacity * sizeof *told);
        partition->told = told;
        partition->told_capacity = capacity;
    }
    partition->told[partition->told_count++] = hash;
    return true;
}

static void tell_problem(struct rg_partition *partition, const struct rg_problem *problem)
{
    struct rg_run *run = partition->run;
    struct rg_error err;

    if (!is_news(partition, problem->text))
        return;
    switch (problem->kind) {
    case RG_PROBLEM_INPUT_CHANGED:
    case RG_PROBLEM_DEAD_FOREIGN:
    case RG_PROBLEM_SOURCE_GONE:
        rg_run_leave_alone(run, problem->key, RG_ERR_CHANGED, problem->text);
        break;
    case RG_PROBLEM_RESTORED:
        rg_run_warn(run, "%s", problem->text);
        break;
    case RG_PROBLEM_OUTPUT_GONE:
    case RG_PROBLEM_OUTPUT_FOREIGN:
    case RG_PROBLEM_INPUTS_KEPT:
        /* The rest of the run goes on; it ends with exit status 1. */
        (void)rg_fail(&err, RG_ERR_IO, "%s", problem->text);
        rg_run_note_failure(run, &err);
        break;
    }
}

/* --all from SOURCE retires every output: what is wrong with them is over with its record. */
static bool is_mended(const struct rg_partition *partition, const struct rg_problem *problem)
{
    const struct rg_look *look = &partition->turn->look;
    const bool is_of_output =
        problem->kind == RG_PROBLEM_OUTPUT_GONE || problem->kind == RG_PROBLEM_OUTPUT_FOREIGN;

    return is_of_output && look->is_all && !look->is_all_refused && !partition->run->is_in_place &&
           !partition->is_refused;
}

/* The look after the record of --all tells what that has left. */
static void tell_problems(struct rg_partition *partition)
{
    const struct rg_look *look = &partition->turn->look;

    for (size_t i = 0; i < look->problem_count; i++) {
        if (!is_mended(partition, &look->problems[i]))
            tell_problem(partition, &look->problems[i]);
    }
}

/* --all cannot do without a file that cannot be used. */
static enum weir_status refuse(struct rg_partition *partition)
{
    tell_problems(partition);
    return stop(partition);
}

static enum rg_status refuse_foreign(const struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_look *look = &partition->turn->look;

    if (partition->run->is_in_place || look->foreign_count == 0)
        return RG_OK;
    return rg_fail(err, RG_ERR_INVALID,
                   "the destination holds %zu Parquet file%s that regroup did not write here, the "
                   "first is %s; use an empty destination",
                   look->foreign_count, look->foreign_count == 1 ? "" : "s", look->foreign_first);
}

static void count_seen(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_look *look = &partition->turn->look;

    if (partition->is_seen)
        return;
    partition->is_seen = true;
    if (look->free_count + look->changed_count + look->live_count == 0)
        return;
    partition->is_counted = true;
    atomic_fetch_add(&counters->partitions_found, 1);
    atomic_fetch_add(&counters->files_seen,
                     look->free_count + look->changed_count + look->named_count);
    atomic_fetch_add(&counters->files_recorded, look->named_count);
    for (size_t i = 0; i < look->free_count; i++)
        atomic_fetch_add(&counters->seen_bytes, look->free[i].id.bytes);
}

/* In place the journal lists; the prefixes below are found by a listing of our own, once. */
static enum rg_status walk_in_place(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_object *objects;
    size_t count;

    if (partition->is_listed || !partition->run->is_in_place)
        return RG_OK;
    return rg_choose_asks(partition).list_source(partition, &partition->arena, &objects, &count,
                                                 err);
}

/* In place our own outputs are the data, and good, while there is nothing to add to them. */
static void count_live(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_turn *turn = partition->turn;

    if (!partition->run->is_in_place || turn->input_count > 0)
        return;
    atomic_fetch_add(&counters->files_seen, turn->look.live_count);
    atomic_fetch_add(&counters->files_good, turn->look.live_count);
}

static enum rg_status look(struct rg_partition *partition, struct rg_error *err)
{
    const bool is_first = !partition->is_seen;

    RG_TRY(walk_in_place(partition, err));
    RG_TRY(rg_commit_look(&partition->commit, &partition->arena, &partition->turn->look, err));
    RG_TRY(refuse_foreign(partition, err));
    if (!partition->run->is_dry)
        RG_TRY(rg_commit_sweep(&partition->commit, &partition->turn->look, err));
    tell_problems(partition);
    count_seen(partition);
    RG_TRY(rg_choose_inputs(partition, err));
    partition->turn->is_chosen = true;
    if (is_first)
        count_live(partition);
    return RG_OK;
}

/* The memory of a turn: an arena over the job. */
static enum rg_status begin_turn(struct rg_partition *partition, struct weir_job *job,
                                 struct rg_error *err)
{
    partition->job = job;
    rg_tally_reset(&partition->tally);
    partition->memory = rg_job_allocator(job);
    rg_arena_init(&partition->arena, &partition->memory, SIZE_MAX);
    partition->turn = rg_arena_array(&partition->arena, 1, sizeof *partition->turn);
    if (partition->turn == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to look at a partition");
    return RG_OK;
}

enum weir_status rg_partition_run_list(struct weir_job *job, void *item,
                                       const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_error err = {0};
    bool looks_again = false;

    (void)call;
    if (rg_run_is_stopping(partition->run))
        return stop(partition);
    enum rg_status status = begin_turn(partition, job, &err);
    if (status == RG_OK)
        status = look(partition, &err);
    if (status != RG_OK)
        return fail(partition, &err);
    if (partition->turn->input_count > 0)
        return WEIR_OK;
    if (partition->run->is_dry)
        return stop(partition);
    if (rg_commit_end(&partition->commit, &partition->turn->look, &looks_again, &err) != RG_OK)
        return fail(partition, &err);
    return looks_again ? go_on(partition) : stop(partition);
}

/*
 * What is waited for may be over before the step has returned: the second of the two says so to the
 * engine.
 */
static enum weir_status wait_here(struct rg_partition *partition)
{
    return atomic_fetch_add(&partition->meetings, 1) == 0 ? WEIR_PENDING : WEIR_OK;
}

static void wake_up(struct rg_partition *partition)
{
    if (atomic_fetch_add(&partition->meetings, 1) == 1)
        weir_done(partition->job, 0, WEIR_OK, 0);
}

static void on_footers(void *user, enum rg_status status)
{
    struct rg_partition *partition = user;

    partition->footers_status = status;
    wake_up(partition);
}

enum weir_status rg_partition_run_footers(struct weir_job *job, void *item,
                                          const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};

    (void)call;
    atomic_store(&partition->meetings, 0);
    const struct rg_footers_order order = {
        .run = partition->run,
        .keeper = job,
        .arena = &partition->arena,
        .lock = &partition->lock,
        .shelf = partition->run->options->schema == RG_SCHEMA_UNION ? &turn->shelf : NULL,
        .inputs = turn->inputs,
        .input_count = turn->input_count,
        .keep_bytes_max = partition->run->keep_bytes_max,
        .done = on_footers,
        .user = partition,
    };
    if (rg_footers_start(&order, &err) != RG_OK)
        return fail(partition, &err);
    return wait_here(partition);
}

static enum rg_status plan_turn(struct rg_partition *partition, bool *ret_is_done,
                                struct rg_error *err)
{
    if (partition->footers_status != RG_OK)
        return rg_fail(err, partition->footers_status, "the footers were not all read");
    RG_TRY(rg_choose_usable(partition, ret_is_done, err));
    if (*ret_is_done)
        return RG_OK;
    return rg_layout_turn(partition, partition->commit.options.home, err);
}

/* A batch that takes long says every hour that it is alive. */
static enum rg_status refresh_intent(struct rg_open_batch *batch, struct rg_error *err)
{
    struct rg_partition *partition = batch->partition;
    enum rg_status status = RG_OK;

    (void)pthread_mutex_lock(&partition->intent_lock);
    if (rg_clock_monotonic_ns() - partition->intent_ns > rg_intent_refresh_ns) {
        partition->intent_ns = rg_clock_monotonic_ns();
        status = rg_commit_intent(&partition->commit, &partition->turn->batch, err);
    }
    (void)pthread_mutex_unlock(&partition->intent_lock);
    return status;
}

static void on_batch(struct rg_open_batch *batch)
{
    wake_up(batch->user);
}

enum weir_status rg_partition_run_plan(struct weir_job *job, void *item,
                                       const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_turn *turn = partition->turn;
    struct rg_counters *counters = &partition->run->counters;
    struct rg_error err = {0};
    bool is_done = false;

    (void)call;
    if (plan_turn(partition, &is_done, &err) != RG_OK)
        return fail(partition, &err);
    if (partition->is_refused)
        return refuse(partition);
    if (is_done)
        return turn->is_disturbed ? go_on(partition) : go_on_undisturbed(partition);
    turn->open.keeper = job;
    turn->open.done = on_batch;
    turn->open.refresh = refresh_intent;
    turn->open.user = partition;
    for (uint32_t i = 0; i < turn->input_count; i++) {
        atomic_fetch_add(&counters->planned_row_groups, turn->inputs[i].plan.row_group_count);
        atomic_fetch_add(&counters->planned_in_bytes, turn->inputs[i].id.bytes);
    }
    return WEIR_OK;
}

enum weir_status rg_partition_run_intent(struct weir_job *job, void *item,
                                         const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_error err = {0};

    (void)job;
    (void)call;
    if (partition->run->is_dry)
        return WEIR_OK;
    RG_FAILPOINT("partition.before_intent");
    partition->intent_ns = rg_clock_monotonic_ns();
    if (rg_commit_intent(&partition->commit, &partition->turn->batch, &err) != RG_OK)
        return fail(partition, &err);
    RG_FAILPOINT("partition.after_intent");
    return WEIR_OK;
}

enum weir_status rg_partition_run_outputs(struct weir_job *job, void *item,
                                          const struct weir_call *call)
{
    struct rg_partition *partition = item;

    (void)job;
    (void)call;
    atomic_store(&partition->meetings, 0);
    rg_open_batch_start(&partition->turn->open);
    return wait_here(partition);
}

static bool is_alike(const struct rg_input *a, const struct rg_input *b)
{
    return a->status == b->status && strcmp(a->reason, b->reason) == 0;
}

/*
 * Leaves an input alone that turned out bad while it was stitched. What all inputs of a bin have in
 * common is told once, with their number; `told` is the last one that was told so, or NULL.
 */
static enum rg_status leave_bad_input(struct rg_partition *partition, const struct rg_input *input,
                                      const struct rg_input **told, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;
    const struct rg_input *end = turn->inputs + turn->input_count;
    struct rg_input all = *input;
    size_t count = 0;

    if (input->status == RG_ERR_LIMIT)
        partition->bin_rows_max = 0; /* What is left may fit as it was asked for. */
    if (*told != NULL && is_alike(*told, input))
        return rg_choose_leave(partition, input, true, err);
    for (const struct rg_input *at = input + 1; at < end; at++)
        count += is_alike(at, input);
    if (count == 0)
        return rg_choose_leave(partition, input, false, err);
    *told = input;
    char text[sizeof err->text + 64];
    (void)snprintf(text, sizeof text, "%s; and %zu more file%s for the same reason", input->reason,
                   count, count == 1 ? "" : "s");
    all.reason = text;
    return rg_choose_leave(partition, &all, false, err);
}

/* Inputs that turned out bad while they were stitched. */
static enum rg_status leave_bad_inputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_input *told = NULL;

    for (uint32_t i = 0; i < turn->input_count; i++) {
        const struct rg_input *input = &turn->inputs[i];
        const bool is_another = input->status == RG_ERR_CHANGED || input->status == RG_ERR_ABSENT;

        if (is_another)
            RG_TRY(rg_choose_note_missed(partition, input, err));
        else if (input->status != RG_OK)
            RG_TRY(leave_bad_input(partition, input, &told, err));
        turn->has_left = turn->has_left || (input->status != RG_OK && !is_another);
    }
    return RG_OK;
}

static void count_made(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_turn *turn = partition->turn;
    uint64_t in_bytes = 0;
    uint64_t moved_bytes = 0;

    if (!partition->has_written)
        atomic_fetch_add(&counters->partitions_written, 1);
    partition->has_written = true;
    atomic_fetch_add(&counters->records, 1);
    atomic_fetch_add(&counters->records_smaller, partition->bin_rows_max > 0);
    atomic_fetch_add(&counters->in_files, turn->input_count);
    atomic_fetch_add(&counters->files_done, turn->input_count);
    for (uint32_t i = 0; i < turn->input_count; i++) {
        atomic_fetch_add(&counters->in_row_groups, turn->inputs[i].plan.row_group_count);
        in_bytes += turn->inputs[i].id.bytes;
    }
    atomic_fetch_add(&counters->in_bytes, in_bytes);
    for (uint32_t o = 0; o < turn->open.output_count; o++) {
        atomic_fetch_add(&counters->out_files, 1);
        atomic_fetch_add(&counters->out_row_groups, turn->open.outputs[o].bin_count);
        atomic_fetch_add(&counters->out_rows, turn->open.outputs[o].row_count);
        atomic_fetch_add(&counters->out_bytes, turn->open.outputs[o].id.bytes);
        for (uint32_t b = 0; b < turn->open.outputs[o].bin_count; b++)
            moved_bytes += turn->open.outputs[o].bins[b].moved_bytes;
    }
    rg_run_add_tally(partition->run, &partition->tally);
    /* What is not in chunks, footers above all, is done with, too. */
    if (in_bytes > moved_bytes)
        atomic_fetch_add(&counters->moved_in_bytes, in_bytes - moved_bytes);
}

static enum rg_status tell_committed(struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;
    struct rg_batch_file *inputs =
        rg_arena_array(&partition->arena, turn->input_count, sizeof *inputs);
    struct rg_batch_file *outputs =
        rg_arena_array(&partition->arena, turn->open.output_count, sizeof *outputs);

    if (inputs == NULL || outputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to report a batch");
    for (uint32_t i = 0; i < turn->input_count; i++)
        inputs[i] = (struct rg_batch_file){
            .path = turn->inputs[i].key,
            .row_count = turn->inputs[i].row_count,
            .bytes = turn->inputs[i].id.bytes,
            .is_home = turn->inputs[i].is_home,
        };
    for (uint32_t o = 0; o < turn->open.output_count; o++)
        outputs[o] = (struct rg_batch_file){
            .path = turn->open.outputs[o].key,
            .row_count = turn->open.outputs[o].row_count,
            .bytes = turn->open.outputs[o].id.bytes,
        };
    const struct rg_report_batch batch = {
        .partition = partition->prefix,
        .record_number = turn->batch.number,
        .inputs = inputs,
        .input_count = turn->input_count,
        .outputs = outputs,
        .output_count = turn->open.output_count,
    };
    rg_run_tell(partition->run, &(struct rg_event){.size = sizeof(struct rg_event),
                                                   .kind = RG_EVENT_COMMITTED,
                                                   .batch = &batch});
    return RG_OK;
}

/* Inputs of one output, as the ledger will name them. */
static enum rg_status compare_output(struct rg_partition *partition, uint32_t output_index,
                                     struct rg_error *err)
{
    const struct rg_run *run = partition->run;
    const struct rg_turn *turn = partition->turn;
    const struct rg_output *output = &turn->open.outputs[output_index];
    struct rg_compare_file *inputs = rg_arena_array(
        &partition->arena, turn->input_count + turn->batch.run_count, sizeof *inputs);
    size_t count = 0;

    if (inputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare an output");
    for (size_t r = 0; r < turn->batch.run_count; r++) {
        const struct rg_batch_run *from = &turn->batch.runs[r];

        for (uint32_t i = 0; i < from->input_count && from->output == output_index; i++) {
            const struct rg_input *input = &turn->inputs[from->input + i];

            inputs[count++] = (struct rg_compare_file){
                .store = input->is_home ? run->home : run->source,
                .key = input->key,
                .id = input->id,
                .row_group = from->row_group,
                .row_group_count = from->row_group_count,
            };
        }
    }
    const struct rg_compare_call call = {
        .inputs = inputs,
        .input_count = count,
        .output = {.store = run->home, .key = output->key, .id = output->id},
        .memory_bytes = run->compare_bytes,
        .thread_count = run->context_count,
    };
    return run->compare(&call, err);
}

/* --verify full: before the record, because only what is verified counts as done. */
static enum rg_status compare_outputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_run *run = partition->run;
    enum rg_status status = RG_OK;

    if (run->compare == NULL)
        return RG_OK;
    (void)pthread_mutex_lock(&run->compare_lock);
    for (uint32_t o = 0; o < partition->turn->open.output_count && status == RG_OK; o++)
        status = compare_output(partition, o, err);
    (void)pthread_mutex_unlock(&run->compare_lock);
    return status;
}

static enum rg_status record(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_arena scratch;
    bool is_good = false;
    bool is_made = false;

    for (uint32_t o = 0; o < turn->open.output_count; o++) {
        if (!turn->open.outputs[o].is_made)
            return rg_fail(err, RG_ERR_BUG, "%s was not made, but its batch is to be recorded",
                           turn->open.outputs[o].key);
    }

    RG_TRY(rg_layout_note_outputs(partition, err));
    RG_TRY(compare_outputs(partition, err));
    rg_arena_init(&scratch, &partition->memory, SIZE_MAX);
    const enum rg_status status =
        rg_commit_check(&partition->commit, &turn->look, &turn->batch, &scratch, &is_good, err);
    rg_arena_fini(&scratch);
    RG_TRY(status);
    if (!is_good)
        return RG_OK;
    RG_FAILPOINT("partition.before_record");
    RG_TRY(rg_commit_record(&partition->commit, &turn->batch, &is_made, err));
    RG_FAILPOINT("partition.after_record");
    if (!is_made)
        return RG_OK;
    count_made(partition);
    if (partition->bin_rows_max > 0 && !partition->has_told_rows)
        rg_run_warn(partition->run,
                    "%s: row groups of more than %" PRIu64
                    " rows do not fit into --memory, and are smaller than asked for",
                    *partition->prefix != '\0' ? partition->prefix : "./", partition->bin_rows_max);
    partition->has_told_rows = partition->bin_rows_max > 0;
    return tell_committed(partition, err);
}

enum weir_status rg_partition_run_commit(struct weir_job *job, void *item,
                                         const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};

    (void)job;
    (void)call;
    switch ((enum rg_batch_outcome)atomic_load(&turn->open.outcome)) {
    case RG_BATCH_MADE:
        break;
    case RG_BATCH_REPLAN:
        if (leave_bad_inputs(partition, &err) != RG_OK)
            return fail(partition, &err);
        if (partition->is_refused)
            return refuse(partition);
        if (turn->open.bin_rows_max == 0)
            return turn->has_left ? go_on_undisturbed(partition) : go_on(partition);
        partition->bin_rows_max = turn->open.bin_rows_max;
        return go_on_undisturbed(partition);
    case RG_BATCH_VOID:
        if (rg_commit_void(&partition->commit, turn->batch.number, &err) != RG_OK)
            return fail(partition, &err);
        return go_on(partition);
    case RG_BATCH_CANCELLED:
        if (!rg_run_is_stopping(partition->run)) {
            (void)rg_fail(&err, RG_ERR_BUG, "outputs were cancelled, but nobody asked for that");
            return fail(partition, &err);
        }
        return stop(partition);
    case RG_BATCH_FAILED:
        return stop(partition);
    }
    if (partition->run->is_dry)
        return rg_forecast_end_turn(partition, &err) == RG_OK ? go_on_undisturbed(partition)
                                                              : fail(partition, &err);
    if (record(partition, &err) != RG_OK)
        return fail(partition, &err);
    return go_on(partition);
}

static void drop(void *item, enum weir_status why);

static enum weir_status submit(struct rg_partition *partition)
{
    struct rg_run *run = partition->run;
    const struct weir_step route[] = {
        {.stage = run->stages.list, .grow_bytes = partition->claim_bytes},
        {.stage = run->stages.footers},
        {.stage = run->stages.plan},
        {.stage = run->stages.intent},
        {.stage = run->stages.outputs},
        {.stage = run->stages.commit},
    };

    partition->goes_on = false;
    return weir_submit(run->weir, NULL, WEIR_META, route, sizeof route / sizeof route[0], partition,
                       drop);
}

static void free_partition(struct rg_partition *partition)
{
    const struct rg_allocator *allocator = partition->run->allocator;

    rg_left_files_fini(&partition->left);
    if (partition->told != NULL)
        rg_release(allocator, partition->told, partition->told_capacity * sizeof *partition->told);
    if (partition->scanned_to != NULL)
        rg_release(allocator, partition->scanned_to, strlen(partition->scanned_to) + 1);
    rg_forecast_free(partition->forecast, allocator);
    rg_tally_fini(&partition->tally);
    rg_commit_fini(&partition->commit);
    (void)pthread_mutex_destroy(&partition->intent_lock);
    (void)pthread_mutex_destroy(&partition->lock);
    rg_release(allocator, partition->prefix, strlen(partition->prefix) + 1);
    rg_release(allocator, partition, sizeof *partition);
}

/* Submits the next turn. */
static bool follow(struct rg_partition *partition)
{
    const enum weir_status status = submit(partition);
    struct rg_error err = {0};

    if (status == WEIR_OK)
        return true;
    if (status != WEIR_CANCELLED) {
        (void)rg_fail(&err, RG_ERR_NOMEM, "%s: no memory to go on with this partition",
                      *partition->prefix != '\0' ? partition->prefix : "./");
        rg_run_fail(partition->run, &err);
    }
    return false;
}

/* The turn's job has left the engine, and its memory with it. */
static void drop(void *item, enum weir_status why)
{
    struct rg_partition *partition = item;

    (void)why;
    partition->turn = NULL;
    if (!partition->goes_on && partition->forecast != NULL)
        rg_forecast_tell(partition);
    if (partition->goes_on && follow(partition))
        return;
    if (!partition->is_listed)
        rg_discover_listed(partition->discover);
    atomic_fetch_add(&partition->run->counters.partitions_done, partition->is_counted);
    free_partition(partition);
}

enum rg_status rg_partition_start(struct rg_run *run, struct rg_discover *discover, char *prefix,
                                  struct rg_error *err)
{
    struct rg_partition *partition = rg_alloc(run->allocator, sizeof *partition);

    if (partition == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a partition");
    memset(partition, 0, sizeof *partition);
    partition->run = run;
    partition->discover = discover;
    partition->prefix = prefix;
    partition->claim_bytes = claim_bytes_first;
    partition->only_names = rg_discover_names(discover, prefix, &partition->only_count);
    partition->is_restricted = partition->only_names != NULL;
    partition->left.allocator = run->allocator;
    rg_tally_init(&partition->tally, run->allocator);
    (void)pthread_mutex_init(&partition->lock, NULL);
    (void)pthread_mutex_init(&partition->intent_lock, NULL);
    rg_commit_init(&partition->commit,
                   &(struct rg_commit_options){
                       .home = &run->journal_home,
                       .partition = partition->prefix,
                       .source = run->is_in_place ? NULL : run->source,
                       .options = run->shape_text,
                       .takes_all = run->options->takes_all,
                       .grace_ns = run->options->grace_ns,
                       .asks = rg_choose_asks(partition),
                   },
                   run->allocator);
    const enum weir_status status = submit(partition);
    if (status == WEIR_OK)
        return RG_OK;
    rg_commit_fini(&partition->commit);
    (void)pthread_mutex_destroy(&partition->intent_lock);
    (void)pthread_mutex_destroy(&partition->lock);
    rg_release(run->allocator, partition, sizeof *partition);
    if (status == WEIR_CANCELLED)
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    return rg_fail(err, RG_ERR_NOMEM, "no memory for a partition");
}
