/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job is compact's, plus its reports: the file of --report-json is written as the job goes, the
 * page of --report at its end, from the samples that somebody took meanwhile. Both get their names
 * when they are whole, whatever the job's end, also of a job that could not begin: else what an
 * earlier one said would stand for it. A report that cannot be written fails a job only after its
 * work is done.
 */

#include "api/job.h"

#include <regroup/regroup.h>

#include <pthread.h>
#include <string.h>

#include "api/report.h"
#include "api/report_file.h"
#include "api/sized.h"
#include "base/allocator.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "compact/compact.h"
#include "plan/options.h"
#include "report/report_html.h"
#include "verify/compare.h"

static const size_t arena_bytes_max = (size_t)1 << 20;

struct rg_job {
    /* Set at init, then constant. */
    struct rg_arena arena;
    const struct rg_options *options;
    rg_event_fn *event;
    void *user;
    struct rg_compact *compact;
    struct rg_report_file json_file;
    struct rg_report_file page_file;
    pthread_mutex_t lock;
    /* Guarded by lock. */
    struct rg_series *series; /* NULL: no page is wanted, or it is made of them already. */
    /* Owned by whoever calls events, one thread at a time. */
    struct rg_report_writer *writer; /* NULL: no document is wanted. */
    struct rg_census *census;        /* NULL: no page is wanted. */
    struct rg_error report_error;    /* The first failure of the document; RG_OK: none. */
    /* Owned by whoever makes it and runs it. */
    struct rg_report report;
    struct rg_error error; /* What `report` says of the end. */
    bool has_run;
};

/* --verify full of one output. */
static enum rg_status compare_rows(const struct rg_compare_call *call, struct rg_error *err)
{
    const struct rg_allocator *allocator = &rg_allocator_system;
    struct rg_verify_file *inputs = rg_alloc(allocator, (call->input_count + 1) * sizeof *inputs);
    struct rg_compare_result result;

    if (inputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare %zu files", call->input_count);
    for (size_t i = 0; i < call->input_count; i++)
        inputs[i] = (struct rg_verify_file){
            .store = call->inputs[i].store,
            .key = call->inputs[i].key,
            .name = call->inputs[i].key,
            .id = call->inputs[i].id,
            .row_group = call->inputs[i].row_group,
            .row_group_count = call->inputs[i].row_group_count,
        };
    const struct rg_verify_file output = {
        .store = call->output.store,
        .key = call->output.key,
        .name = call->output.key,
        .id = call->output.id,
    };
    const struct rg_compare_request request = {
        .files = {inputs, &output},
        .file_counts = {call->input_count, 1},
        .memory_bytes = call->memory_bytes,
        .thread_count = call->thread_count,
        .allocator = allocator,
    };
    const enum rg_status status = rg_compare(&request, &result, err);
    rg_release(allocator, inputs, (call->input_count + 1) * sizeof *inputs);
    RG_TRY(status);
    if (!result.is_equal)
        return rg_fail(err, RG_ERR_BUG, "%s differs from its inputs: %s", call->output.key,
                       result.text);
    return RG_OK;
}

static void pass_event(void *user, const struct rg_event *event)
{
    struct rg_job *job = user;
    const bool is_reported =
        event->kind == RG_EVENT_COMMITTED && job->writer != NULL && job->report_error.status == 0;

    if (is_reported)
        job->report_error.status =
            rg_report_writer_batch(job->writer, event->batch, &job->report_error);
    if (event->kind == RG_EVENT_COMMITTED && job->census != NULL)
        rg_census_add(job->census, &job->arena, event->batch);
    if (job->event != NULL)
        job->event(job->user, event);
}

static enum rg_status open_reports(struct rg_job *job, struct rg_error *err)
{
    const struct rg_options *options = job->options;

    if (options->report != NULL && options->report_json != NULL &&
        strcmp(options->report, options->report_json) == 0)
        return rg_fail(err, RG_ERR_INVALID, "--report and --report-json both name %s",
                       options->report);
    if (options->report_json != NULL) {
        job->writer = rg_report_writer_new(rg_report_file_write, &job->json_file);
        if (job->writer == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a report");
        RG_TRY(rg_report_file_open(&job->json_file, &job->arena, "--report-json",
                                   options->report_json, err));
    }
    if (options->report != NULL) {
        struct rg_series *series = rg_arena_array(&job->arena, 1, sizeof *series);

        job->census = rg_arena_array(&job->arena, 1, sizeof *job->census);
        if (series == NULL || job->census == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a report");
        (void)pthread_mutex_lock(&job->lock);
        job->series = series;
        (void)pthread_mutex_unlock(&job->lock);
        RG_TRY(rg_report_file_open(&job->page_file, &job->arena, "--report", options->report, err));
    }
    return RG_OK;
}

static enum rg_status close_document(struct rg_job *job, struct rg_error *err)
{
    struct rg_error *error = &job->report_error;

    if (job->json_file.part == NULL)
        return RG_OK;
    if (error->status == RG_OK)
        error->status = rg_report_writer_finish(job->writer, &job->report, job->options, error);
    if (error->status != RG_OK)
        *err = *error;
    return rg_report_file_finish(&job->json_file, error->status, err);
}

/* From now on samples are not added to it: the page reads it without the lock. */
static const struct rg_series *take_series(struct rg_job *job)
{
    (void)pthread_mutex_lock(&job->lock);
    const struct rg_series *series = job->series;
    job->series = NULL;
    (void)pthread_mutex_unlock(&job->lock);
    return series;
}

static enum rg_status close_page(struct rg_job *job, struct rg_error *err)
{
    struct rg_setting settings[RG_OPTION_TABLE_MAX];
    struct rg_job_sample sample = {.size = sizeof sample};
    struct rg_outlet outlet;

    if (job->page_file.part == NULL)
        return RG_OK;
    if (job->compact != NULL)
        rg_job_sample(job, &sample);
    const struct rg_report_html page = {
        .report = &job->report,
        .series = take_series(job),
        .census = job->census,
        .settings = settings,
        .setting_count = rg_report_settings(job->options, settings),
        .version = rg_version(),
        .end_ns = rg_clock_wall_ns(),
    };
    rg_outlet_init(&outlet, &rg_allocator_system, rg_report_file_write, &job->page_file);
    const enum rg_status written = rg_report_html_write(&page, &outlet, err);
    rg_outlet_fini(&outlet);
    return rg_report_file_finish(&job->page_file, written, err);
}

static void note_end(struct rg_job *job, enum rg_status status, const struct rg_error *error)
{
    job->error = *error;
    job->report.status = status;
    job->report.error = status != RG_OK ? job->error.text : NULL;
}

/* Of what could not begin. */
static void report_failure(struct rg_job *job, const struct rg_job_config *config,
                           const struct rg_error *error)
{
    struct rg_error ignored;

    job->report = (struct rg_report){
        .size = sizeof job->report,
        .source = config->source,
        .dest = config->dest,
        .is_dry_run = job->options->is_dry_run,
    };
    note_end(job, error->status, error);
    if (open_reports(job, &ignored) != RG_OK)
        return;
    (void)!close_document(job, &ignored);
    (void)!close_page(job, &ignored);
}

static enum rg_status check_config(const struct rg_job_config *config, struct rg_error *err)
{
    if (config->options == NULL || config->source == NULL)
        return rg_fail(err, RG_ERR_INVALID, "a job needs options and a source");
    const struct rg_options *options = config->options;
    const char *dest = config->dest;

    RG_TRY(rg_options_check(options, err));
    if (options->is_in_place && dest != NULL)
        return rg_fail(err, RG_ERR_INVALID, "--in-place takes no DEST: '%s'", dest);
    if (options->is_in_place)
        return RG_OK;
    if (dest == NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "no DEST is given; --in-place replaces the files of "
                       "SOURCE itself");
    return RG_OK;
}

enum rg_status rg_job_new(const struct rg_job_config *given, struct rg_job **ret_job,
                          struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    struct rg_job_config config;
    struct rg_job *job;
    enum rg_status status;

    RG_TRY(rg_sized_take(&config, sizeof config, given, error));
    RG_TRY(check_config(&config, error));
    job = rg_alloc(&rg_allocator_system, sizeof *job);
    if (job == NULL)
        return rg_fail(error, RG_ERR_NOMEM, "no memory for a job");
    *job = (struct rg_job){
        .options = config.options,
        .event = config.event,
        .user = config.user,
    };
    rg_arena_init(&job->arena, &rg_allocator_system, arena_bytes_max);
    (void)pthread_mutex_init(&job->lock, NULL);
    const struct rg_compact_config compact_config = {
        .options = config.options,
        .source = config.source,
        .dest = config.dest,
        .event = pass_event,
        .compare = compare_rows,
        .user = job,
    };
    status = rg_compact_new(&compact_config, &rg_allocator_system, &job->compact, error);
    if (status != RG_OK) {
        report_failure(job, &config, error);
        rg_job_free(job);
        return status;
    }
    job->report = *rg_compact_report(job->compact);
    *ret_job = job;
    return RG_OK;
}

enum rg_status rg_job_run(struct rg_job *job, struct rg_error *err)
{
    struct rg_error error = {.status = RG_OK};
    struct rg_error report_errors[2] = {{.status = RG_OK}};

    if (job->has_run)
        return rg_fail(err != NULL ? err : &error, RG_ERR_INVALID, "this job ran already");
    job->has_run = true;
    enum rg_status status = open_reports(job, &error);
    if (status == RG_OK) {
        status = rg_compact_run(job->compact, &error);
        job->report = *rg_compact_report(job->compact);
    } else {
        rg_report_file_drop(&job->json_file);
        rg_report_file_drop(&job->page_file);
    }
    note_end(job, status, &error);
    const enum rg_status reported[] = {
        close_document(job, &report_errors[0]),
        close_page(job, &report_errors[1]),
    };
    for (size_t i = 0; i < 2 && status == RG_OK; i++) {
        status = reported[i];
        error = report_errors[i];
    }
    note_end(job, status, &error);
    if (status != RG_OK && err != NULL)
        *err = error;
    return status;
}

void rg_job_cancel(struct rg_job *job, enum rg_cancel how)
{
    rg_compact_cancel(job->compact, how);
}

void rg_job_sample(struct rg_job *job, struct rg_job_sample *ret_sample)
{
    struct rg_job_sample sample = {.size = sizeof sample};

    rg_compact_sample(job->compact, &sample);
    (void)pthread_mutex_lock(&job->lock);
    if (job->series != NULL)
        rg_series_add(job->series, &sample);
    (void)pthread_mutex_unlock(&job->lock);
    rg_sized_give(ret_sample, &sample, sizeof sample);
}

size_t rg_job_explain(struct rg_job *job, const struct rg_job_sample *since, char *text,
                      size_t bytes)
{
    return rg_compact_explain(job->compact, since, text, bytes);
}

uint64_t rg_job_plan_bytes(const struct rg_job *job)
{
    return rg_compact_plan_bytes(job->compact);
}

uint64_t rg_job_memory_bytes(const struct rg_job *job)
{
    return rg_compact_memory_bytes(job->compact);
}

const struct rg_report *rg_job_report(const struct rg_job *job)
{
    return &job->report;
}

void rg_job_free(struct rg_job *job)
{
    if (job == NULL)
        return;
    rg_compact_free(job->compact);
    rg_report_file_drop(&job->json_file);
    rg_report_file_drop(&job->page_file);
    rg_report_writer_free(job->writer);
    (void)pthread_mutex_destroy(&job->lock);
    rg_arena_fini(&job->arena);
    rg_release(&rg_allocator_system, job, sizeof *job);
}
