/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job from its configuration to its report: opens the places, divides the memory, builds the
 * engine, runs it, and says what happened.
 *
 * Memory. The limit is for the whole process, so what is not accounted is taken off first: what is
 * resident when the job begins, a share for each thread, what the workers' codec contexts can grow
 * to, and slack for the allocator's own waste. The rest is the engine's: a quarter for metadata
 * (listings, plans, kept files), the rest for data.
 */

#include "compact/compact.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "compact/discover.h"
#include "compact/memory.h"
#include "compact/pipeline.h"
#include "compact/places.h"
#include "compact/run.h"
#include "plan/select.h"

/* Stack and allocator arena of a thread, touched: measured, rounded up. */
static const uint64_t thread_bytes = UINT64_C(256) << 10;
static const uint64_t thread_count_max = 32;

/* Fragmentation and what libraries allocate behind our back. */
static const uint64_t slack_bytes_min = UINT64_C(6) << 20;
static const uint64_t budget_bytes_min = UINT64_C(24) << 20;

/* What a request costs where it is not local (rg_store_caps.memory_bytes_each), at most. */
static const uint64_t request_bytes = UINT64_C(256) << 10;
static const uint32_t request_count_min = 8;

/* Parts of uploads: a sixteenth of the data budget, within these. */
static const uint64_t part_bytes_max = UINT64_C(8) << 20;
/*
 * Columns of a bin that are handled together where reading has no latency to hide: memory that is
 * used again costs no page faults (a fifth of the CPU, see docs/bench/profiles.md).
 */
static const uint64_t local_slice_bytes = UINT64_C(32) << 20;

struct rg_compact {
    struct rg_run run;
    struct rg_place source;
    struct rg_place dest; /* Not opened in place. */
    struct rg_discover *discover;
    struct rg_arena arena;
    struct rg_report report;
    uint64_t begin_ns;
    uint64_t begin_cpu_ns;
    char explanation[1024];
};

static uint64_t resolve_limit(const struct rg_options *options)
{
    const uint64_t allowed = rg_memory_allowed_bytes("");

    if (options->memory.bytes > 0)
        return options->memory.bytes;
    return allowed / 100 * (options->memory.percent > 0 ? options->memory.percent : 50);
}

/* As many as are asked for, but their buffers are at most a sixteenth of the memory. */
static uint32_t choose_request_count(const struct rg_run *run)
{
    const uint64_t asked = run->options->io_max > 0 ? run->options->io_max : 1;
    const uint64_t bearable = run->memory_limit_bytes / 16 / request_bytes;
    const uint64_t least = asked < request_count_min ? asked : request_count_min;
    const uint64_t most = bearable > least ? bearable : least;

    return (uint32_t)(asked < most ? asked : most);
}

static enum rg_status open_places(struct rg_compact *compact,
                                  const struct rg_compact_config *config, struct rg_error *err)
{
    struct rg_run *run = &compact->run;
    run->request_count_max = choose_request_count(run);
    struct rg_place_request request = {
        .text = config->source,
        .options = config->options,
        .has_bare_ids = !run->is_in_place,
        .request_count_max = run->request_count_max,
        .allocator = run->allocator,
    };

    RG_TRY(rg_place_open(&request, &compact->source, err));
    run->source = compact->source.store;
    run->source_caps = compact->source.caps;
    if (run->is_in_place) {
        if (!run->is_dry)
            RG_TRY(rg_place_check_owner(&compact->source, true, err));
        run->home = run->source;
        run->home_caps = run->source_caps;
        return RG_OK;
    }
    request.text = config->dest;
    request.is_dest = true;
    request.has_bare_ids = false;
    RG_TRY(rg_place_open(&request, &compact->dest, err));
    RG_TRY(rg_places_check(&compact->source, &compact->dest, err));
    if (!run->is_dry) {
        RG_TRY(rg_place_check_owner(&compact->source, false, err));
        RG_TRY(rg_place_check_owner(&compact->dest, true, err));
    }
    run->home = compact->dest.store;
    run->home_caps = compact->dest.caps;
    return RG_OK;
}

/*
 * Another run may have begun a ledger above at the same time: whoever has made his looks once more,
 * so that one of two sees the other's.
 */
static enum rg_status check_new_home(const struct rg_compact *compact, struct rg_error *err)
{
    const struct rg_place *home = compact->run.is_in_place ? &compact->source : &compact->dest;
    struct rg_error reason = {.status = RG_OK};
    const enum rg_status status = rg_place_check_owner(home, true, &reason);

    if (status != RG_ERR_INVALID) {
        *err = reason;
        return status;
    }
    return rg_fail(err, status,
                   "%s (the _regroup that was begun in %s just now can be removed if no run is at "
                   "work there)",
                   reason.text, home->text);
}

static enum rg_status open_ledger(struct rg_compact *compact, struct rg_error *err)
{
    struct rg_run *run = &compact->run;
    const struct rg_home_options options = {
        .is_in_place = run->is_in_place,
        .is_alone = run->options->is_alone,
        .may_write = !run->is_dry,
        .source_is_local = run->source_caps.is_local,
    };
    struct rg_buffer shape;

    RG_TRY(rg_home_open(run->home, &options, &run->journal_home, err));
    if (run->journal_home.is_new)
        RG_TRY(check_new_home(compact, err));
    rg_buffer_init(&shape, run->allocator, (size_t)1 << 20);
    rg_options_shape(run->options, &shape);
    rg_buffer_append_byte(&shape, 0);
    enum rg_status status = rg_buffer_check(&shape, "the options", err);
    if (status == RG_OK) {
        run->shape_text = (const char *)rg_arena_copy(run->arena, rg_buffer_span(&shape)).data;
        if (run->shape_text == NULL)
            status = rg_fail(err, RG_ERR_NOMEM, "no memory for the options");
    }
    rg_buffer_fini(&shape);
    return status;
}

/* What a store takes for itself. */
static uint64_t store_bytes(const struct rg_run *run, const struct rg_store_caps *caps)
{
    if (caps->is_local)
        return 0;
    return caps->memory_bytes_base + caps->memory_bytes_each * run->request_count_max;
}

/* All parts but the last are equal, and none is smaller than the store allows. */
static uint64_t choose_part_bytes(const struct rg_run *run)
{
    const uint64_t least = run->home_caps.part_bytes_min;
    const uint64_t share = run->data_budget_bytes / 16;

    if (least == 0)
        return 0;
    if (share >= part_bytes_max)
        return least > part_bytes_max ? least : part_bytes_max;
    return share > least ? share : least;
}

static enum rg_status divide_memory(struct rg_run *run, uint32_t worker_count, struct rg_error *err)
{
    const uint64_t limit = run->memory_limit_bytes;
    const uint64_t resident = rg_memory_resident_bytes();
    const uint64_t slack = limit / 20 > slack_bytes_min ? limit / 20 : slack_bytes_min;
    const uint64_t stores = store_bytes(run, &run->source_caps) +
                            (run->is_in_place ? 0 : store_bytes(run, &run->home_caps));
    const uint64_t taken = resident + slack + thread_bytes * thread_count_max + stores +
                           worker_count * (uint64_t)rg_stitch_context_bytes_max();

    if (limit < taken + budget_bytes_min)
        return rg_fail(err, RG_ERR_INVALID,
                       "--memory gives %" PRIu64 " MiB, which is not enough: at least %" PRIu64
                       " MiB are needed",
                       limit >> 20, (taken + budget_bytes_min + (1 << 20) - 1) >> 20);
    uint64_t budget = limit - taken;
    if (run->options->verify == RG_VERIFY_FULL)
        run->compare_bytes = budget / 4;
    budget -= run->compare_bytes;
    /* A small file that is kept with its footer is not asked for again: that counts on S3. */
    const bool is_near = run->source_caps.is_local;
    run->meta_budget_bytes = is_near ? budget / 4 : budget / 8 * 3;
    run->data_budget_bytes = budget - run->meta_budget_bytes;
    /* Not off the budget itself: by that is decided what a run would leave alone. */
    if (run->is_dry)
        run->plan_bytes = run->data_budget_bytes / 4;
    run->bin_claim_max = run->data_budget_bytes / 2;
    run->slice_bytes_target = UINT64_MAX;
    if (is_near && run->bin_claim_max > local_slice_bytes)
        run->slice_bytes_target = run->bin_claim_max = local_slice_bytes;
    /*
     * Of local files nothing is kept: that would be memory which is touched for the first time, and
     * costs more than to open the file again (docs/bench/profiles.md).
     */
    run->keep_bytes_max = is_near ? 0 : run->meta_budget_bytes / 3 * 2;
    run->part_bytes = choose_part_bytes(run);
    return RG_OK;
}

static enum rg_status make_contexts(struct rg_run *run, uint32_t worker_count, struct rg_error *err)
{
    run->contexts = rg_arena_array(run->arena, worker_count, sizeof(struct rg_stitch_context *));
    if (run->contexts == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u workers", worker_count);
    for (; run->context_count < worker_count; run->context_count++) {
        run->contexts[run->context_count] = rg_stitch_context_new(run->allocator);
        if (run->contexts[run->context_count] == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %u workers", worker_count);
    }
    return RG_OK;
}

static void on_retried(void *user, const char *why)
{
    struct rg_run *run = user;

    (void)why;
    atomic_fetch_add(&run->counters.retries, 1);
}

static void on_source_throttled(void *user)
{
    struct rg_run *run = user;

    weir_throttled(run->weir, run->heads);
    weir_throttled(run->weir, run->reads);
    if (run->is_in_place)
        weir_throttled(run->weir, run->writes);
}

static void on_home_throttled(void *user)
{
    struct rg_run *run = user;

    weir_throttled(run->weir, run->writes);
}

static void listen_to_stores(struct rg_run *run)
{
    struct rg_store_listener listener = {on_retried, on_source_throttled, run};

    rg_store_listen(run->source, &listener);
    if (run->home == run->source)
        return;
    listener.throttled = on_home_throttled;
    rg_store_listen(run->home, &listener);
}

static enum rg_status make_engine(struct rg_compact *compact, struct rg_error *err)
{
    struct rg_run *run = &compact->run;
    const uint32_t worker_count =
        run->options->worker_count > 0 ? run->options->worker_count : weir_cpu_count();

    RG_TRY(rg_discover_new(run, &compact->source, &compact->discover, err));
    RG_TRY(divide_memory(run, worker_count, err));
    run->weir = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = run->data_budget_bytes - run->plan_bytes,
        .meta_budget_bytes = run->meta_budget_bytes,
        .worker_count = worker_count,
        .is_simplest = run->options->is_engine_simplest,
        /* Looked at now and then; the slack above it is what a look can be late by. */
        .resident_bytes_max = run->memory_limit_bytes - run->memory_limit_bytes / 40,
    });
    if (run->weir == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the engine");
    RG_TRY(make_contexts(run, worker_count, err));
    RG_TRY(rg_pipeline_add(run, err));
    listen_to_stores(run);
    return rg_discover_start(compact->discover, err);
}

/* What is known before anything has run; all there is where the run never begins. */
static void begin_report(struct rg_compact *compact)
{
    const struct rg_run *run = &compact->run;

    compact->report = (struct rg_report){
        .size = sizeof compact->report,
        .source = compact->source.text,
        .dest = compact->dest.text,
        .is_dry_run = run->is_dry,
        .is_selective = rg_select_is_selective(run->options),
        .memory_limit_bytes = run->memory_limit_bytes,
    };
}

enum rg_status rg_compact_new(const struct rg_compact_config *config,
                              const struct rg_allocator *allocator, struct rg_compact **ret_compact,
                              struct rg_error *err)
{
    struct rg_compact *compact = rg_alloc(allocator, sizeof *compact);

    if (compact == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a job");
    memset(compact, 0, sizeof *compact);
    rg_arena_init(&compact->arena, allocator, SIZE_MAX);
    compact->run.options = config->options;
    compact->run.allocator = allocator;
    compact->run.arena = &compact->arena;
    compact->run.is_in_place = config->options->is_in_place;
    compact->run.is_dry = config->options->is_dry_run;
    compact->run.event = config->event;
    if (config->options->verify == RG_VERIFY_FULL && !config->options->is_dry_run)
        compact->run.compare = config->compare;
    compact->run.event_user = config->user;
    compact->run.stitch_options = rg_options_stitch(config->options);
    compact->run.memory_limit_bytes = resolve_limit(config->options);
    rg_run_init(&compact->run);

    enum rg_status status = open_places(compact, config, err);
    if (status == RG_OK)
        status = open_ledger(compact, err);
    if (status == RG_OK)
        status = make_engine(compact, err);
    if (status != RG_OK) {
        rg_compact_free(compact);
        return status;
    }
    begin_report(compact);
    *ret_compact = compact;
    return RG_OK;
}

/* How much else failed; the first error is cut for it where it must be. */
static enum rg_status tell_failed_more(const struct rg_run *run, struct rg_error *err)
{
    char text[64];

    if (run->failed_more == 0)
        return err->status;
    const int bytes = snprintf(text, sizeof text, "; %" PRIu64 " other failure%s", run->failed_more,
                               run->failed_more == 1 ? "" : "s");
    size_t at = strlen(err->text);
    if (at + (size_t)bytes >= sizeof err->text)
        at = sizeof err->text - 1 - (size_t)bytes;
    memcpy(err->text + at, text, (size_t)bytes + 1);
    return err->status;
}

static enum rg_status status_of_run(const struct rg_compact *compact, enum weir_status status,
                                    struct rg_error *err)
{
    const struct rg_run *run = &compact->run;

    if (run->has_error) {
        *err = run->error;
        return tell_failed_more(run, err);
    }
    switch (status) {
    case WEIR_OK:
        break;
    case WEIR_CANCELLED:
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    case WEIR_NOMEM:
        return rg_fail(err, RG_ERR_NOMEM, "the system has no memory to give");
    case WEIR_PENDING:
    case WEIR_RETRY:
    case WEIR_RESTART:
    case WEIR_AGAIN:
    case WEIR_END:
    case WEIR_LATER:
    case WEIR_SKIP:
    case WEIR_OVERSIZE:
    case WEIR_FAILED: {
        char text[256];

        (void)weir_explain(run->weir, NULL, text, sizeof text);
        return rg_fail(err, RG_ERR_BUG, "the engine stopped: %s", text);
    }
    }
    if (atomic_load(&run->is_draining))
        return rg_fail(err, RG_ERR_CANCELLED,
                       run->is_dry ? "stopped early"
                                   : "stopped early; what was begun is committed");
    if (atomic_load(&run->passing_count) > 0)
        return rg_fail(err, RG_ERR_AGAIN,
                       "what the warnings name could not be done now; run it again");
    return RG_OK;
}

static void fill_report(struct rg_compact *compact)
{
    struct rg_run *run = &compact->run;
    struct rg_counters *counters = &run->counters;
    uint64_t requests = rg_store_request_count(run->source);
    struct rg_report *report = &compact->report;

    if (run->home != run->source)
        requests += rg_store_request_count(run->home);
    *report = (struct rg_report){
        .size = sizeof *report,
        .source = compact->source.text,
        .dest = compact->dest.text,
        .is_dry_run = run->is_dry,
        .is_selective = rg_select_is_selective(run->options),
        .partition_count = atomic_load(&counters->partitions_found),
        .partition_written_count = atomic_load(&counters->partitions_written),
        .batch_count = atomic_load(&counters->records),
        .batch_smaller_count = atomic_load(&counters->records_smaller),
        .file_seen_count = atomic_load(&counters->files_seen),
        .file_done_count = atomic_load(&counters->files_recorded),
        .file_good_count = atomic_load(&counters->files_good),
        .file_waiting_count = atomic_load(&counters->files_waiting),
        .file_alone_count = atomic_load(&counters->files_alone),
        .file_in_count = atomic_load(&counters->in_files),
        .file_out_count = atomic_load(&counters->out_files),
        .row_group_in_count = atomic_load(&counters->in_row_groups),
        .row_group_out_count = atomic_load(&counters->out_row_groups),
        .row_count = atomic_load(&counters->out_rows),
        .in_bytes = atomic_load(&counters->in_bytes),
        .out_bytes = atomic_load(&counters->out_bytes),
        .planned_out_bytes = atomic_load(&counters->forecast_bytes),
        .planned_out_bytes_max = atomic_load(&counters->forecast_bytes_max),
        .deleted_count = atomic_load(&counters->deleted_files),
        .deleted_bytes = atomic_load(&counters->deleted_bytes),
        .wall_ns = rg_clock_monotonic_ns() - compact->begin_ns,
        .cpu_ns = rg_memory_cpu_ns() - compact->begin_cpu_ns,
        .memory_limit_bytes = run->memory_limit_bytes,
        .request_count = requests > 0 ? requests : atomic_load(&counters->requests),
        .retry_count = atomic_load(&counters->retries),
        .moves = run->tally.sum,
        .columns = run->tally.columns,
        .column_count = run->tally.column_count,
        .lacks_columns = run->tally.lacks_columns,
        .alone = run->alone,
        .alone_count = run->alone_count,
    };
    if (weir_explain(run->weir, NULL, compact->explanation, sizeof compact->explanation) > 0)
        report->explanation = compact->explanation;
    /* Last, so that nothing comes after it. */
    report->memory_peak_bytes = rg_memory_resident_bytes_max();
}

/* The process took more than the budgets have in them, so the engine gave out less. */
static void note_lowered(struct rg_run *run)
{
    struct weir_sample sample = {.size = sizeof sample};

    weir_sample(run->weir, &sample, NULL, 0, NULL, 0);
    if (sample.data_budget_now < sample.data_budget)
        rg_run_note(run,
                    "the process came near its memory limit; of the %" PRIu64
                    " MiB for data %" PRIu64 " MiB were used from then on",
                    sample.data_budget >> 20, sample.data_budget_now >> 20);
}

enum rg_status rg_compact_run(struct rg_compact *compact, struct rg_error *err)
{
    compact->begin_ns = rg_clock_monotonic_ns();
    compact->begin_cpu_ns = rg_memory_cpu_ns();
    /* Outputs with the id of another home would be in its way for ever. */
    const enum rg_status checked =
        compact->run.is_dry ? RG_OK : rg_home_check(&compact->run.journal_home, err);
    if (checked != RG_OK) {
        fill_report(compact);
        return checked;
    }
    const enum weir_status status = weir_run(compact->run.weir);
    note_lowered(&compact->run);
    fill_report(compact);
    return status_of_run(compact, status, err);
}

void rg_compact_cancel(struct rg_compact *compact, enum rg_cancel how)
{
    atomic_store(&compact->run.is_draining, true);
    if (how == RG_CANCEL_ABORT) {
        weir_cancel(compact->run.weir);
        rg_store_cancel(compact->run.source);
        if (compact->run.home != compact->run.source)
            rg_store_cancel(compact->run.home);
    }
    weir_wake(compact->run.weir);
}

/* Of the files that were seen: what is not to be done any more, whatever was done with it. */
static uint64_t files_done(const struct rg_counters *counters)
{
    const uint64_t seen = atomic_load(&counters->files_seen);
    const uint64_t done =
        atomic_load(&counters->files_done) + atomic_load(&counters->files_recorded) +
        atomic_load(&counters->files_good) + atomic_load(&counters->files_waiting) +
        atomic_load(&counters->files_alone);

    /* Folders are left alone, too. */
    return done < seen ? done : seen;
}

void rg_compact_sample(struct rg_compact *compact, struct rg_job_sample *ret_sample)
{
    struct rg_run *run = &compact->run;
    struct rg_counters *counters = &run->counters;
    struct rg_job_sample sample = {
        .size = sizeof sample,
        .partition_count = atomic_load(&counters->partitions_found),
        .partition_done_count = atomic_load(&counters->partitions_done),
        .file_count = atomic_load(&counters->files_seen),
        .file_done_count = files_done(counters),
        .row_group_count = atomic_load(&counters->planned_row_groups),
        .row_group_done_count = run->is_dry ? 0 : atomic_load(&counters->in_row_groups),
        .in_bytes = atomic_load(&counters->planned_in_bytes),
        .in_bytes_done = run->is_dry ? 0 : atomic_load(&counters->in_bytes),
        .in_bytes_moved = atomic_load(&counters->moved_in_bytes),
        .out_file_count = run->is_dry ? 0 : atomic_load(&counters->out_files),
        .out_bytes = atomic_load(&counters->written_bytes),
        .file_alone_count = atomic_load(&counters->files_alone),
        .retry_count = atomic_load(&counters->retries),
        .resident_bytes = rg_memory_resident_bytes(),
        .memory_limit_bytes = run->memory_limit_bytes,
        .is_total_known = rg_discover_is_complete(compact->discover),
        .is_draining = atomic_load(&run->is_draining),
        .is_dry = run->is_dry,
        .engine.size = sizeof sample.engine,
    };

    (void)pthread_mutex_lock(&run->lock);
    sample.moves = run->tally.sum;
    (void)pthread_mutex_unlock(&run->lock);
    weir_sample(run->weir, &sample.engine, sample.stages, RG_JOB_STAGES_MAX, sample.resources,
                RG_JOB_RESOURCES_MAX);
    *ret_sample = sample;
}

size_t rg_compact_explain(struct rg_compact *compact, const struct rg_job_sample *since, char *text,
                          size_t bytes)
{
    return weir_explain(compact->run.weir, since != NULL ? &since->engine : NULL, text, bytes);
}

uint64_t rg_compact_memory_bytes(const struct rg_compact *compact)
{
    return compact->run.memory_limit_bytes;
}

uint64_t rg_compact_plan_bytes(const struct rg_compact *compact)
{
    return compact->run.plan_bytes;
}

const struct rg_report *rg_compact_report(const struct rg_compact *compact)
{
    return &compact->report;
}

void rg_compact_free(struct rg_compact *compact)
{
    if (compact == NULL)
        return;
    const struct rg_allocator *allocator = compact->run.allocator;

    rg_discover_free(compact->discover);
    weir_free(compact->run.weir);
    for (uint32_t i = 0; i < compact->run.context_count; i++)
        rg_stitch_context_free(compact->run.contexts[i]);
    rg_place_close(&compact->source, allocator);
    rg_place_close(&compact->dest, allocator);
    rg_run_fini(&compact->run);
    rg_arena_fini(&compact->arena);
    rg_release(allocator, compact, sizeof *compact);
}
