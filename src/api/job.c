/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job is compact's, plus the file of --report-json: that is written beside its name as the job
 * goes and renamed when it is whole, whatever the job's end. A report that cannot be written fails
 * a job only after its work is done.
 */

#include "api/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/sized.h"
#include "base/allocator.h"
#include "base/arena.h"
#include "base/error.h"
#include "compact/compact.h"
#include "plan/options.h"
#include "verify/compare.h"

static const size_t arena_bytes_max = (size_t)1 << 20;

struct rg_job {
    /* Set at init, then constant. */
    struct rg_arena arena;
    const struct rg_options *options;
    rg_event_fn *event;
    void *user;
    struct rg_compact *compact;
    /* Owned by whoever calls events, one thread at a time. */
    const char *part_path; /* Where the report is written to. */
    FILE *part;
    struct rg_report_writer *writer;
    struct rg_error report_error; /* The first failure of the report; RG_OK: none. */
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
    if (job->event != NULL)
        job->event(job->user, event);
}

static bool write_part(void *user, const void *data, size_t bytes)
{
    struct rg_job *job = user;

    return fwrite(data, 1, bytes, job->part) == bytes;
}

static enum rg_status open_report(struct rg_job *job, struct rg_error *err)
{
    struct rg_buffer path;

    if (job->options->report_json == NULL)
        return RG_OK;
    rg_buffer_init(&path, &rg_allocator_system, arena_bytes_max);
    rg_buffer_printf(&path, "%s.part", job->options->report_json);
    job->part_path = (const char *)rg_arena_copy(&job->arena, rg_buffer_span(&path)).data;
    rg_buffer_fini(&path);
    job->writer = rg_report_writer_new(write_part, job);
    if (job->part_path == NULL || job->writer == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a report");
    job->part = fopen(job->part_path, "wbe");
    if (job->part == NULL)
        return rg_fail(err, RG_ERR_INVALID, "--report-json: %s: %s", job->part_path,
                       strerror(errno));
    return RG_OK;
}

static enum rg_status close_report(struct rg_job *job, struct rg_error *err)
{
    struct rg_error *error = &job->report_error;
    bool is_closed;

    if (job->part == NULL)
        return RG_OK;
    if (error->status == RG_OK)
        error->status = rg_report_writer_finish(job->writer, rg_compact_report(job->compact),
                                                job->options, error);
    is_closed = fclose(job->part) == 0;
    job->part = NULL;
    if (error->status == RG_OK && is_closed &&
        rename(job->part_path, job->options->report_json) == 0)
        return RG_OK;
    return rg_fail(err, RG_ERR_IO, "--report-json: %s: %s", job->options->report_json,
                   error->status != RG_OK ? error->text : strerror(errno));
}

static enum rg_status check_config(const struct rg_job_config *config, struct rg_error *err)
{
    if (config->options == NULL || config->source == NULL)
        return rg_fail(err, RG_ERR_INVALID, "a job needs options and a source");
    const struct rg_options *options = config->options;
    const char *dest = config->dest;

    RG_TRY(rg_options_check(options, err));
    if (options->report != NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "--report: this version writes no pages yet, only --report-json");
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
        rg_job_free(job);
        return status;
    }
    *ret_job = job;
    return RG_OK;
}

enum rg_status rg_job_run(struct rg_job *job, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    enum rg_status status;

    RG_TRY(open_report(job, error));
    status = rg_compact_run(job->compact, error);
    const enum rg_status reported = close_report(job, status == RG_OK ? error : &job->report_error);
    return status != RG_OK ? status : reported;
}

void rg_job_cancel(struct rg_job *job, enum rg_cancel how)
{
    rg_compact_cancel(job->compact, how);
}

void rg_job_sample(struct rg_job *job, struct rg_job_sample *ret_sample)
{
    struct rg_job_sample sample = {.size = sizeof sample};

    rg_compact_sample(job->compact, &sample);
    rg_sized_give(ret_sample, &sample, sizeof sample);
}

size_t rg_job_explain(struct rg_job *job, const struct rg_job_sample *since, char *text,
                      size_t bytes)
{
    return rg_compact_explain(job->compact, since, text, bytes);
}

const struct rg_report *rg_job_report(const struct rg_job *job)
{
    return rg_compact_report(job->compact);
}

void rg_job_free(struct rg_job *job)
{
    if (job == NULL)
        return;
    rg_compact_free(job->compact);
    if (job->part != NULL)
        fclose(job->part);
    rg_report_writer_free(job->writer);
    rg_arena_fini(&job->arena);
    rg_release(&rg_allocator_system, job, sizeof *job);
}
