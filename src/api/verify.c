/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opens both places, divides the memory, and lets src/verify compare them. Which names are data is
 * decided as a job decides it, without filters.
 */

#include "api/verify.h"

#include <inttypes.h>
#include <stdatomic.h>

#include <weir/weir.h>

#include "api/json_line.h"
#include "api/sized.h"
#include "base/allocator.h"
#include "base/clock.h"
#include "compact/memory.h"
#include "compact/places.h"
#include "plan/options.h"
#include "plan/select.h"
#include "store/cancel_watch.h"
#include "verify/verify.h"

/* Stack and allocator arena of a thread, touched; and what codecs take past our allocator. */
static const uint64_t thread_bytes = UINT64_C(1) << 20;

/* Fragmentation, listings, and what libraries allocate behind our back. */
static const uint64_t slack_bytes_min = UINT64_C(8) << 20;
static const uint64_t budget_bytes_min = UINT64_C(16) << 20;

enum {
    /* Requests to a store that is far away are waited for in parallel. */
    REMOTE_THREADS_MIN = 16,
};

struct rg_verify {
    struct rg_verify_config config; /* Set at init, then constant. */
    struct rg_options defaults;     /* Set at init, then constant. */
    struct rg_place places[2];
    struct rg_cancel_watch watch; /* While it runs. */
    /* Atomic. */
    atomic_bool is_cancelled;
    atomic_uint_fast64_t begin_ns; /* 0: not yet. */
    struct rg_verify_counters counters;
};

static enum rg_verify_kind kind_of(void *user, const char *key)
{
    const struct rg_verify *verify = user;

    switch (rg_select_file(&verify->defaults, rg_span_of(key))) {
    case RG_SELECT_YES:
        return RG_VERIFY_DATA;
    case RG_SELECT_MAGIC:
        return RG_VERIFY_MAYBE;
    case RG_SELECT_NO:
        break;
    }
    return RG_VERIFY_NO_DATA;
}

static bool may_hold_data(void *user, const char *prefix)
{
    const struct rg_verify *verify = user;

    return rg_select_prefix(&verify->defaults, rg_span_of(prefix));
}

static void tell(void *user, const struct rg_verify_finding *finding)
{
    const struct rg_verify *verify = user;

    if (verify->config.finding != NULL)
        verify->config.finding(verify->config.user, finding);
}

enum rg_status rg_verify_new(const struct rg_verify_config *given, struct rg_verify **ret_verify,
                             struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *told = err != NULL ? err : &ignored;
    struct rg_verify_config config;

    RG_TRY(rg_sized_take(&config, sizeof config, given, told));
    if (config.source == NULL || config.dest == NULL)
        return rg_fail(told, RG_ERR_INVALID, "verify needs SOURCE and DEST");
    struct rg_verify *verify = rg_alloc(&rg_allocator_system, sizeof *verify);
    if (verify == NULL)
        return rg_fail(told, RG_ERR_NOMEM, "no memory to verify");
    *verify = (struct rg_verify){.config = config};
    atomic_init(&verify->is_cancelled, false);
    const enum rg_status status = rg_options_init(&verify->defaults, &rg_allocator_system, told);
    if (status == RG_OK)
        *ret_verify = verify;
    else
        rg_verify_free(verify);
    return status;
}

void rg_verify_free(struct rg_verify *verify)
{
    if (verify == NULL)
        return;
    rg_options_fini(&verify->defaults);
    rg_release(&rg_allocator_system, verify, sizeof *verify);
}

void rg_verify_cancel(struct rg_verify *verify)
{
    atomic_store(&verify->is_cancelled, true);
}

static enum rg_status open_places(struct rg_verify *verify, const struct rg_options *options,
                                  struct rg_error *err)
{
    const char *const texts[2] = {verify->config.source, verify->config.dest};

    for (int i = 0; i < 2; i++) {
        const struct rg_place_request request = {
            .text = texts[i],
            .options = options,
            .has_dest_options = i == 1,
            .has_bare_ids = true,
            .allocator = &rg_allocator_system,
            .watch = &verify->watch,
        };

        RG_TRY(rg_place_open(&request, &verify->places[i], err));
    }
    if (verify->places[1].only_file != NULL)
        return rg_fail(err, RG_ERR_INVALID, "%s: not a directory", texts[1]);
    return RG_OK;
}

/* What is left of the memory that the options allow. */
static enum rg_status divide_memory(const struct rg_options *options, uint32_t thread_count,
                                    uint64_t *ret_bytes, struct rg_error *err)
{
    const uint64_t allowed = rg_memory_allowed_bytes("");
    const uint64_t percent = options->memory.percent > 0 ? options->memory.percent : 50;
    const uint64_t limit =
        options->memory.bytes > 0 ? options->memory.bytes : allowed / 100 * percent;
    const uint64_t slack = limit / 20 > slack_bytes_min ? limit / 20 : slack_bytes_min;
    const uint64_t taken = rg_memory_resident_bytes() + slack + thread_count * thread_bytes;

    if (limit < taken + budget_bytes_min)
        return rg_fail(err, RG_ERR_INVALID,
                       "--memory %" PRIu64 " MiB is not enough: at least %" PRIu64
                       " MiB are needed",
                       limit >> 20, (taken + budget_bytes_min + (1 << 20) - 1) >> 20);
    *ret_bytes = limit - taken;
    return RG_OK;
}

static enum rg_status run(struct rg_verify *verify, struct rg_verify_totals *ret_totals,
                          struct rg_error *err)
{
    const struct rg_options *options =
        verify->config.options != NULL ? verify->config.options : &verify->defaults;
    uint32_t thread_count = options->worker_count > 0 ? options->worker_count : weir_cpu_count();
    uint64_t memory_bytes = 0;

    RG_TRY(open_places(verify, options, err));
    const bool is_local = verify->places[0].caps.is_local && verify->places[1].caps.is_local;
    if (!is_local && thread_count < REMOTE_THREADS_MIN)
        thread_count = REMOTE_THREADS_MIN;
    if (!is_local && thread_count > options->io_max) /* Each has one request in flight. */
        thread_count = options->io_max > 0 ? options->io_max : 1;
    RG_TRY(divide_memory(options, thread_count, &memory_bytes, err));
    const struct rg_verify_request request = {
        .stores = {verify->places[0].store, verify->places[1].store},
        .only_file = verify->places[0].only_file,
        .is_one_place = strcmp(verify->places[0].identity, verify->places[1].identity) == 0,
        .source_is_local = verify->places[0].caps.is_local,
        .kind_of = kind_of,
        .may_hold_data = may_hold_data,
        .tell = tell,
        .user = verify,
        .memory_bytes = memory_bytes,
        .thread_count = thread_count,
        .allocator = &rg_allocator_system,
        .is_cancelled = &verify->is_cancelled,
        .counters = &verify->counters,
    };
    return rg_verify_places(&request, ret_totals, err);
}

enum rg_status rg_verify_run(struct rg_verify *verify, struct rg_verify_totals *ret_totals,
                             struct rg_error *err)
{
    struct rg_verify_totals totals = {.size = sizeof totals};
    struct rg_error ignored;
    struct rg_error *told = err != NULL ? err : &ignored;

    atomic_store(&verify->begin_ns, rg_clock_monotonic_ns());
    enum rg_status status = rg_cancel_watch_start(&verify->watch, &verify->is_cancelled, told);
    if (status == RG_OK) {
        status = run(verify, &totals, told);
        for (int i = 0; i < 2; i++)
            rg_place_close(&verify->places[i], &rg_allocator_system);
        rg_cancel_watch_finish(&verify->watch);
    }
    if (ret_totals == NULL)
        return status;
    if (ret_totals->size == 0)
        ret_totals->size = sizeof totals;
    rg_sized_give(ret_totals, &totals, sizeof totals);
    return status;
}

void rg_verify_take_sample(const struct rg_verify *verify, struct rg_verify_sample *ret_sample)
{
    const struct rg_verify_counters *counters = &verify->counters;
    const uint64_t begin_ns = atomic_load(&verify->begin_ns);
    const struct rg_verify_sample sample = {
        .size = sizeof sample,
        .wall_ns = begin_ns == 0 ? 0 : rg_clock_monotonic_ns() - begin_ns,
        .read_bytes = atomic_load(&counters->read_bytes),
        .total_bytes = atomic_load(&counters->total_bytes),
        .is_total_known = atomic_load(&counters->is_total_known),
        .partition_count = atomic_load(&counters->partition_count),
        .partition_done_count = atomic_load(&counters->partition_done_count),
    };

    if (ret_sample->size != 0)
        rg_sized_give(ret_sample, &sample, sizeof sample);
}

const char *rg_verify_outcome_name(enum rg_verify_outcome outcome)
{
    static const char *const names[RG_VERIFY_OUTCOME_COUNT] = {
        [RG_VERIFY_EQUAL] = "equal",   [RG_VERIFY_DIFFERENT] = "different",
        [RG_VERIFY_FAILED] = "failed", [RG_VERIFY_MISSING] = "missing",
        [RG_VERIFY_EXTRA] = "extra",
    };

    return (unsigned)outcome < RG_VERIFY_OUTCOME_COUNT ? names[outcome] : "?";
}

enum rg_status rg_verify_finding_json(const struct rg_verify_finding *finding, rg_write_fn *write,
                                      void *user, struct rg_error *err)
{
    struct rg_json_line line;
    struct rg_json *json = &line.json;

    rg_json_line_begin(&line, write, user);
    rg_json_text(json, "outcome", rg_verify_outcome_name(finding->outcome));
    rg_json_text(json, "partition", finding->partition);
    if (finding->record > 0)
        rg_json_u64(json, "record", finding->record);
    if (finding->key != NULL)
        rg_json_text(json, "key", finding->key);
    if (finding->text[0] != '\0')
        rg_json_text(json, "text", finding->text);
    if (finding->outcome == RG_VERIFY_EQUAL || finding->outcome == RG_VERIFY_DIFFERENT) {
        rg_json_u64(json, "input_files", finding->input_file_count);
        rg_json_u64(json, "output_files", finding->output_file_count);
        rg_json_u64(json, "input_rows", finding->input_row_count);
        rg_json_u64(json, "output_rows", finding->output_row_count);
        rg_json_u64(json, "columns", finding->column_count);
        rg_json_u64(json, "different_columns", finding->different_count);
    }
    return rg_json_line_end(&line, err);
}

enum rg_status rg_verify_totals_json(const struct rg_verify_totals *totals, rg_write_fn *write,
                                     void *user, struct rg_error *err)
{
    struct rg_json_line line;
    struct rg_json *json = &line.json;

    rg_json_line_begin(&line, write, user);
    rg_json_u64(json, "partitions", totals->partition_count);
    for (int i = 0; i < RG_VERIFY_OUTCOME_COUNT; i++)
        rg_json_u64(json, rg_verify_outcome_name((enum rg_verify_outcome)i),
                    totals->outcome_counts[i]);
    rg_json_u64(json, "input_files", totals->input_file_count);
    rg_json_u64(json, "output_files", totals->output_file_count);
    rg_json_u64(json, "input_rows", totals->input_row_count);
    rg_json_u64(json, "output_rows", totals->output_row_count);
    rg_json_u64(json, "read_bytes", totals->read_bytes);
    return rg_json_line_end(&line, err);
}
