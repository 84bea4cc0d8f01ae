/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rates are differences over the last ten seconds, or since the last line where lines come more
 * rarely; not over the whole run: a run has phases.
 *
 * A block is drawn over the one before it: up as many lines as were drawn, each line followed by
 * "erase to the end of the line", and what was longer erased below. All escape sequences are in
 * this file, and only blocks have any.
 */

#include "report/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <regroup/plan.h>

#include "base/json.h"
#include "base/utf8.h"
#include "report/figures.h"
#include "report/report_json.h"
#include "report/table.h"

static const uint64_t second_ns = UINT64_C(1000000000);
static const uint64_t window_ns = UINT64_C(10000000000);
/* No estimate of the end before that: rates still rise. */
static const uint64_t eta_after_ns = UINT64_C(3000000000);
static const size_t text_bytes_max = (size_t)256 << 10;

enum {
    BAR_CELLS = 12,
    BLOCK_LINES_FIXED = 6, /* Lines of a block besides its stages. */
};

void rg_progress_init(struct rg_progress *progress, const struct rg_progress_style *style,
                      const char *title, const struct rg_allocator *allocator)
{
    *progress = (struct rg_progress){.style = *style};
    snprintf(progress->title, sizeof progress->title, "%s", title);
    rg_buffer_init(&progress->text, allocator, text_bytes_max);
}

void rg_progress_fini(struct rg_progress *progress)
{
    rg_buffer_fini(&progress->text);
}

/* The oldest point of the window that ends now, else the last before; the run's beginning when
   there is none. */
static struct rg_progress_point window_begin(const struct rg_progress *progress, uint64_t wall_ns)
{
    struct rg_progress_point oldest = {0};

    for (uint32_t i = 0; i < progress->point_count; i++) {
        const uint32_t at =
            (progress->point_next + RG_PROGRESS_POINTS - 1 - i) % RG_PROGRESS_POINTS;
        const struct rg_progress_point *point = &progress->points[at];

        if (point->wall_ns > wall_ns || (i > 0 && wall_ns - point->wall_ns > window_ns))
            break;
        oldest = *point;
    }
    return oldest;
}

static uint64_t rate_of(uint64_t now, uint64_t then, uint64_t ns)
{
    if (ns == 0 || now < then)
        return 0;
    return (uint64_t)((double)(now - then) / ((double)ns / (double)second_ns));
}

/* `total_bytes` is what in_bytes will be; 0: not known. */
static struct rg_pace pace_at(const struct rg_progress *progress,
                              const struct rg_progress_point *now, uint64_t total_bytes)
{
    const struct rg_progress_point begin = window_begin(progress, now->wall_ns);
    const uint64_t ns = now->wall_ns - begin.wall_ns;
    struct rg_pace pace = {
        .in_rate = rate_of(now->in_bytes, begin.in_bytes, ns),
        .out_rate = rate_of(now->out_bytes, begin.out_bytes, ns),
        .has_share = total_bytes > 0,
    };

    if (!pace.has_share)
        return pace;
    pace.share = (double)now->in_bytes / (double)total_bytes;
    if (pace.share > 1.0)
        pace.share = 1.0;
    const uint64_t left = total_bytes > now->in_bytes ? total_bytes - now->in_bytes : 0;
    /* Centuries do not go into nanoseconds. */
    pace.has_eta = now->wall_ns >= eta_after_ns && pace.in_rate > 0 &&
                   left / pace.in_rate < UINT64_MAX / second_ns - 1;
    if (pace.has_eta)
        pace.eta_ns = (uint64_t)((double)left / (double)pace.in_rate * (double)second_ns);
    return pace;
}

static struct rg_progress_point point_of(const struct rg_job_sample *sample)
{
    return (struct rg_progress_point){sample->engine.wall_ns, sample->in_bytes_moved,
                                      sample->out_bytes};
}

struct rg_pace rg_progress_pace(const struct rg_progress *progress,
                                const struct rg_job_sample *sample)
{
    const struct rg_progress_point now = point_of(sample);

    return pace_at(progress, &now,
                   sample->is_total_known && !sample->is_dry ? sample->in_bytes : 0);
}

/* How long a stage was in a state between two samples. */
static uint64_t state_ns(const struct rg_job_sample *since, const struct rg_job_sample *sample,
                         uint32_t stage, unsigned state)
{
    const uint64_t now = sample->stages[stage].state_ns[state];
    const uint64_t then = since->size != 0 ? since->stages[stage].state_ns[state] : 0;

    return now > then ? now - then : 0;
}

static uint32_t stage_count_of(const struct rg_job_sample *sample)
{
    return sample->engine.stage_count < RG_JOB_STAGES_MAX ? sample->engine.stage_count
                                                          : RG_JOB_STAGES_MAX;
}

/* Steps of this resource wait for other jobs: they run all that time, and hold up nothing. */
static bool is_waiting_for_jobs(const struct rg_job_sample *sample, uint32_t stage)
{
    const int resource = sample->stages[stage].resource;

    return resource > 0 && resource < RG_JOB_RESOURCES_MAX &&
           (uint32_t)resource < sample->engine.resource_count &&
           strcmp(sample->resources[resource].name, "waiting") == 0;
}

uint32_t rg_progress_limit(const struct rg_job_sample *since, const struct rg_job_sample *sample,
                           enum weir_state *ret_state)
{
    static const enum weir_state wanting[] = {WEIR_STATE_RUN, WEIR_STATE_NO_CPU, WEIR_STATE_NO_SLOT,
                                              WEIR_STATE_NO_MEMORY};
    const uint32_t count = stage_count_of(sample);

    for (uint32_t i = count; i > 0; i--) {
        uint64_t total = 0;
        uint64_t want = 0;
        uint64_t most = 0;

        if (is_waiting_for_jobs(sample, i - 1))
            continue;
        for (unsigned s = 0; s < WEIR_STATE_COUNT; s++)
            total += state_ns(since, sample, i - 1, s);
        for (size_t s = 0; s < sizeof wanting / sizeof wanting[0]; s++) {
            const uint64_t ns = state_ns(since, sample, i - 1, wanting[s]);

            want += ns;
            if (ns > most) {
                most = ns;
                *ret_state = wanting[s];
            }
        }
        if (total > 0 && want >= total / 2)
            return i - 1;
    }
    return count;
}

static void append_limit(struct rg_buffer *out, const struct rg_progress *progress,
                         const struct rg_job_sample *sample)
{
    enum weir_state state = WEIR_STATE_RUN;
    const uint32_t stage = rg_progress_limit(&progress->last, sample, &state);

    if (stage < stage_count_of(sample))
        rg_buffer_printf(out, "%s(%s)", sample->stages[stage].name, weir_state_name(state));
    else
        rg_buffer_append_text(out, "none");
}

static void append_planned(struct rg_buffer *out, const struct rg_job_sample *sample)
{
    char a[RG_FIGURE_BYTES_MAX];

    rg_buffer_printf(out, "planning %s partitions=%" PRIu64 "/%s%" PRIu64 " files=%" PRIu64,
                     rg_figure_bytes_tight(sample->in_bytes, a), sample->partition_done_count,
                     sample->is_total_known ? "" : ">=", sample->partition_count,
                     sample->file_count);
}

static void append_moved(struct rg_buffer *out, const struct rg_job_sample *sample,
                         const struct rg_pace *pace)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    if (pace->has_share)
        rg_buffer_printf(out, "%d%% ", (int)(pace->share * 100.0));
    else
        rg_buffer_append_text(out, "listing ");
    rg_buffer_printf(
        out, "%s/%s%s", rg_figure_bytes_tight(sample->in_bytes_moved, a),
        sample->is_total_known ? "" : ">=", rg_figure_bytes_tight(sample->in_bytes, b));
    rg_buffer_printf(out, " partitions=%" PRIu64 "/%" PRIu64 " files=%" PRIu64 "/%" PRIu64,
                     sample->partition_done_count, sample->partition_count, sample->file_done_count,
                     sample->file_count);
    rg_buffer_printf(out, " in=%s/s", rg_figure_bytes_tight(pace->in_rate, a));
    rg_buffer_printf(out, " out=%s/s", rg_figure_bytes_tight(pace->out_rate, a));
}

static void write_line(struct rg_progress *progress, const struct rg_job_sample *sample,
                       const struct rg_pace *pace, const char *clock)
{
    struct rg_buffer *out = &progress->text;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    if (clock != NULL)
        rg_buffer_printf(out, "%s ", clock);
    if (sample->is_dry)
        append_planned(out, sample);
    else
        append_moved(out, sample, pace);
    rg_buffer_printf(out, " mem=%s/%s", rg_figure_bytes_tight(sample->resident_bytes, a),
                     rg_figure_bytes_tight(sample->memory_limit_bytes, b));
    if (pace->has_eta)
        rg_buffer_printf(out, " eta=%" PRIu64 "s", pace->eta_ns / second_ns);
    rg_buffer_append_text(out, " limit=");
    append_limit(out, progress, sample);
    if (sample->retry_count > 0)
        rg_buffer_printf(out, " retries=%" PRIu64, sample->retry_count);
    if (sample->file_alone_count > 0)
        rg_buffer_printf(out, " left-alone=%" PRIu64, sample->file_alone_count);
    if (sample->is_draining)
        rg_buffer_append_text(out, " draining");
    rg_buffer_append_byte(out, '\n');
}

static void begin_line(struct rg_progress *progress, struct rg_json *json, const char *event)
{
    rg_buffer_reset(&progress->text);
    rg_json_init(json, &progress->text);
    rg_json_object_begin(json, NULL);
    rg_json_u64(json, "v", 1);
    rg_json_text(json, "event", event);
}

static void json_stages(struct rg_json *json, const struct rg_job_sample *sample)
{
    rg_json_array_begin(json, "stages");
    for (uint32_t i = 0; i < stage_count_of(sample); i++) {
        const struct weir_stage_sample *stage = &sample->stages[i];

        rg_json_object_begin(json, NULL);
        rg_json_text(json, "name", stage->name);
        rg_json_text(json, "state", weir_state_name(stage->state));
        rg_json_u64(json, "jobs_done", stage->jobs_done);
        rg_json_u64(json, "moved_bytes", stage->moved_bytes);
        rg_json_u64(json, "busy_ns", stage->busy_ns);
        rg_json_u64(json, "held_bytes", stage->held_bytes);
        rg_json_u64(json, "running", stage->running);
        rg_json_u64(json, "waiting", stage->waiting);
        rg_json_object_begin(json, "state_ns");
        for (unsigned s = 0; s < WEIR_STATE_COUNT; s++)
            rg_json_u64(json, weir_state_name((enum weir_state)s), stage->state_ns[s]);
        rg_json_object_end(json);
        rg_json_object_end(json);
    }
    rg_json_array_end(json);
}

static void write_json(struct rg_progress *progress, const struct rg_job_sample *sample,
                       const struct rg_pace *pace, const char *explanation)
{
    struct rg_json json;

    begin_line(progress, &json, "progress");
    rg_json_u64(&json, "wall_ns", sample->engine.wall_ns);
    rg_json_bool(&json, "total_known", sample->is_total_known);
    rg_json_bool(&json, "dry_run", sample->is_dry);
    rg_json_u64(&json, "partitions", sample->partition_count);
    rg_json_u64(&json, "partitions_done", sample->partition_done_count);
    rg_json_u64(&json, "files", sample->file_count);
    rg_json_u64(&json, "files_done", sample->file_done_count);
    rg_json_u64(&json, "row_groups", sample->row_group_count);
    rg_json_u64(&json, "row_groups_done", sample->row_group_done_count);
    rg_json_u64(&json, "in_bytes", sample->in_bytes);
    rg_json_u64(&json, "in_bytes_moved", sample->in_bytes_moved);
    rg_json_u64(&json, "in_bytes_done", sample->in_bytes_done);
    rg_json_u64(&json, "out_files", sample->out_file_count);
    rg_json_u64(&json, "out_bytes", sample->out_bytes);
    rg_json_u64(&json, "files_left_alone", sample->file_alone_count);
    rg_json_u64(&json, "retries", sample->retry_count);
    rg_json_u64(&json, "resident_bytes", sample->resident_bytes);
    rg_json_u64(&json, "memory_limit_bytes", sample->memory_limit_bytes);
    rg_json_u64(&json, "granted_bytes", sample->engine.data_used + sample->engine.meta_used);
    rg_json_u64(&json, "in_rate", pace->in_rate);
    rg_json_u64(&json, "out_rate", pace->out_rate);
    if (pace->has_eta)
        rg_json_u64(&json, "eta_ns", pace->eta_ns);
    rg_json_bool(&json, "draining", sample->is_draining);
    json_stages(&json, sample);
    if (explanation != NULL)
        rg_json_text(&json, "explanation", explanation);
    rg_json_object_end(&json);
    rg_buffer_append_byte(&progress->text, '\n');
}

/* How a bar's cell looks: full, half, empty. */
static const char *cell(const struct rg_progress *progress, unsigned kind)
{
    static const char *const pretty[] = {"\xe2\x96\x88", "\xe2\x96\x92", "\xe2\x96\x91"};
    static const char *const plain[] = {"#", ":", "."};

    return progress->style.is_utf8 ? pretty[kind] : plain[kind];
}

static void append_cells(struct rg_progress *progress, unsigned kind, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rg_buffer_append_text(&progress->text, cell(progress, kind));
}

static void append_share_bar(struct rg_progress *progress, double share, uint32_t cells)
{
    const uint32_t full = (uint32_t)(share * (double)cells);

    append_cells(progress, 0, full);
    append_cells(progress, 2, cells - full);
}

static uint32_t columns_of(const struct rg_progress *progress)
{
    return progress->style.column_count != 0 ? progress->style.column_count : 80;
}

/*
 * Ends a line of a block. Lines must not wrap, or the next block would be drawn over the wrong
 * ones; so they are cut at the terminal's width, counting cells and not escapes.
 */
static void end_line(struct rg_progress *progress, size_t begin)
{
    struct rg_buffer *out = &progress->text;
    const uint32_t columns = columns_of(progress);
    uint32_t width = 0;
    bool is_escape = false;
    size_t at = begin;
    size_t bytes = 1;

    for (; !out->failed && at < out->bytes; at += bytes) {
        const uint8_t byte = out->data[at];

        bytes = 1;
        if (byte == 0x1b) {
            is_escape = true;
        } else if (is_escape) {
            is_escape = byte != 'm';
        } else {
            const uint32_t cells = rg_utf8_cells(out->data + at, out->bytes - at, &bytes);

            if (width + cells > columns - 1)
                break;
            width += cells;
        }
    }
    if (!out->failed && at < out->bytes)
        out->bytes = at;
    rg_buffer_append_text(out, progress->style.has_color ? "\x1b[0m\x1b[K\n" : "\x1b[K\n");
    progress->drawn_line_count++;
}

static void append_bold(struct rg_progress *progress, const char *text)
{
    if (progress->style.has_color)
        rg_buffer_append_text(&progress->text, "\x1b[1m");
    rg_table_text(&progress->text, text);
    if (progress->style.has_color)
        rg_buffer_append_text(&progress->text, "\x1b[0m");
}

/* What a dry run has seen, in place of what another one has moved. */
static void write_planned(struct rg_progress *progress, const struct rg_job_sample *sample)
{
    struct rg_buffer *out = &progress->text;
    const size_t begin = out->bytes;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    rg_buffer_printf(out, "%s in %s files", rg_figure_bytes(sample->in_bytes, a),
                     rg_figure_count(sample->file_count, b));
    rg_buffer_printf(
        out, ", %s of %s%s partitions planned", rg_figure_count(sample->partition_done_count, a),
        sample->is_total_known ? "" : "at least ", rg_figure_count(sample->partition_count, b));
    if (sample->file_alone_count > 0)
        rg_buffer_printf(out, ", %s left alone", rg_figure_count(sample->file_alone_count, a));
    end_line(progress, begin);
}

static void write_head(struct rg_progress *progress, const struct rg_job_sample *sample,
                       const struct rg_pace *pace)
{
    struct rg_buffer *out = &progress->text;
    size_t begin = out->bytes;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];
    const uint32_t bar_cells = columns_of(progress) > 90 ? 30 : 20;

    append_bold(progress, progress->title);
    rg_buffer_printf(out, "  %s", rg_figure_duration(sample->engine.wall_ns, a));
    if (pace->has_eta)
        rg_buffer_printf(out, "  ETA %s", rg_figure_duration(pace->eta_ns, a));
    rg_buffer_printf(out, "  memory %s of %s", rg_figure_bytes(sample->resident_bytes, a),
                     rg_figure_bytes(sample->memory_limit_bytes, b));
    end_line(progress, begin);

    begin = out->bytes;
    if (sample->is_dry) {
        write_planned(progress, sample);
        return;
    }
    append_share_bar(progress, pace->has_share ? pace->share : 0.0, bar_cells);
    if (pace->has_share)
        rg_buffer_printf(out, " %3d %%", (int)(pace->share * 100.0));
    rg_buffer_printf(out, "  %s of %s%s", rg_figure_bytes(sample->in_bytes_moved, a),
                     sample->is_total_known ? "" : "at least ",
                     rg_figure_bytes(sample->in_bytes, b));
    rg_buffer_printf(out, "  in %s", rg_figure_rate(pace->in_rate, second_ns, a));
    rg_buffer_printf(out, "  out %s", rg_figure_rate(pace->out_rate, second_ns, a));
    end_line(progress, begin);

    begin = out->bytes;
    rg_buffer_printf(out, "%s of %s files", rg_figure_count(sample->file_done_count, a),
                     rg_figure_count(sample->file_count, b));
    rg_buffer_printf(out, ", %s of %s partitions done",
                     rg_figure_count(sample->partition_done_count, a),
                     rg_figure_count(sample->partition_count, b));
    if (sample->file_alone_count > 0)
        rg_buffer_printf(out, ", %s left alone", rg_figure_count(sample->file_alone_count, a));
    if (sample->retry_count > 0)
        rg_buffer_printf(out, ", %s retries", rg_figure_count(sample->retry_count, a));
    if (sample->is_draining)
        rg_buffer_append_text(out, ", finishing what is begun");
    end_line(progress, begin);
}

/* A stage's time since the last sample: running, waiting for something, starved or done. */
static void append_state_bar(struct rg_progress *progress, const struct rg_job_sample *sample,
                             uint32_t stage)
{
    uint64_t total = 0;
    uint64_t waits = 0;
    const uint64_t runs = state_ns(&progress->last, sample, stage, WEIR_STATE_RUN);

    for (unsigned s = 0; s < WEIR_STATE_COUNT; s++) {
        const bool is_waiting =
            s != WEIR_STATE_RUN && s != WEIR_STATE_STARVED && s != WEIR_STATE_DONE;
        const uint64_t ns = state_ns(&progress->last, sample, stage, s);

        total += ns;
        waits += is_waiting ? ns : 0;
    }
    const uint32_t run_cells = total > 0 ? (uint32_t)(runs * BAR_CELLS / total) : 0;
    const uint32_t wait_cells = total > 0 ? (uint32_t)(waits * BAR_CELLS / total) : 0;
    append_cells(progress, 0, run_cells);
    append_cells(progress, 1, wait_cells);
    append_cells(progress, 2, BAR_CELLS - run_cells - wait_cells);
}

static void write_stages(struct rg_progress *progress, const struct rg_job_sample *sample)
{
    struct rg_buffer *out = &progress->text;
    const uint32_t lines = progress->style.line_count != 0 ? progress->style.line_count : 24;
    const uint32_t room = lines > BLOCK_LINES_FIXED ? lines - BLOCK_LINES_FIXED : 0;
    const uint32_t count = stage_count_of(sample);
    const uint32_t shown = count < room ? count : room;
    enum weir_state state = WEIR_STATE_RUN;
    const uint32_t limit = rg_progress_limit(&progress->last, sample, &state);
    char a[RG_FIGURE_BYTES_MAX];

    for (uint32_t i = count - shown; i < count; i++) {
        const struct weir_stage_sample *stage = &sample->stages[i];
        const size_t begin = out->bytes;

        rg_buffer_printf(out, "%s %-13.13s ", i == limit ? ">" : " ", stage->name);
        append_state_bar(progress, sample, i);
        rg_buffer_printf(out, " %-9s %3u run %4u wait", weir_state_name(stage->state),
                         (unsigned)stage->running, (unsigned)stage->waiting);
        rg_buffer_printf(out, " %7s done", rg_figure_count(stage->jobs_done, a));
        rg_buffer_printf(out, " %9s", rg_figure_bytes(stage->held_bytes, a));
        end_line(progress, begin);
    }
}

/* Up to the first line of the block before. */
static void go_up(struct rg_progress *progress)
{
    if (progress->drawn_line_count > 0)
        rg_buffer_printf(&progress->text, "\x1b[%uA\r", (unsigned)progress->drawn_line_count);
    progress->drawn_line_count = 0;
}

static void write_block(struct rg_progress *progress, const struct rg_job_sample *sample,
                        const struct rg_pace *pace, const char *explanation)
{
    struct rg_buffer *out = &progress->text;

    go_up(progress);
    write_head(progress, sample, pace);
    write_stages(progress, sample);
    if (explanation != NULL && explanation[0] != 0) {
        const size_t begin = out->bytes;

        rg_table_text(out, explanation);
        end_line(progress, begin);
    }
    rg_buffer_append_text(out, "\x1b[J");
}

static void keep_point(struct rg_progress *progress, struct rg_progress_point point)
{
    progress->points[progress->point_next] = point;
    progress->point_next = (progress->point_next + 1) % RG_PROGRESS_POINTS;
    if (progress->point_count < RG_PROGRESS_POINTS)
        progress->point_count++;
}

const char *rg_progress_text(struct rg_progress *progress, const struct rg_job_sample *sample,
                             const char *clock, const char *explanation)
{
    const struct rg_pace pace = rg_progress_pace(progress, sample);

    rg_buffer_reset(&progress->text);
    switch (progress->style.form) {
    case RG_PROGRESS_FORM_LINE:
        write_line(progress, sample, &pace, clock);
        break;
    case RG_PROGRESS_FORM_BLOCK:
        write_block(progress, sample, &pace, explanation);
        break;
    case RG_PROGRESS_FORM_JSON:
        write_json(progress, sample, &pace, explanation);
        break;
    }
    rg_buffer_append_byte(&progress->text, 0);
    keep_point(progress, point_of(sample));
    progress->last = *sample;
    return progress->text.failed ? NULL : (const char *)progress->text.data;
}

static void write_verify_line(struct rg_progress *progress, const struct rg_verify_sample *sample,
                              const struct rg_pace *pace, const char *clock)
{
    struct rg_buffer *out = &progress->text;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    if (clock != NULL)
        rg_buffer_printf(out, "%s ", clock);
    if (pace->has_share)
        rg_buffer_printf(out, "%d%% %s/%s", (int)(pace->share * 100.0),
                         rg_figure_bytes_tight(sample->read_bytes, a),
                         rg_figure_bytes_tight(sample->total_bytes, b));
    else
        rg_buffer_append_text(out, "listing");
    rg_buffer_printf(out, " partitions=%" PRIu64 "/%" PRIu64, sample->partition_done_count,
                     sample->partition_count);
    rg_buffer_printf(out, " in=%s/s", rg_figure_bytes_tight(pace->in_rate, a));
    if (pace->has_eta)
        rg_buffer_printf(out, " eta=%" PRIu64 "s", pace->eta_ns / second_ns);
    rg_buffer_append_byte(out, '\n');
}

static void write_verify_block(struct rg_progress *progress, const struct rg_verify_sample *sample,
                               const struct rg_pace *pace)
{
    struct rg_buffer *out = &progress->text;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    go_up(progress);
    size_t begin = out->bytes;
    append_bold(progress, progress->title);
    rg_buffer_printf(out, "  %s", rg_figure_duration(sample->wall_ns, a));
    if (pace->has_eta)
        rg_buffer_printf(out, "  ETA %s", rg_figure_duration(pace->eta_ns, a));
    end_line(progress, begin);

    begin = out->bytes;
    append_share_bar(progress, pace->has_share ? pace->share : 0.0, 20);
    if (pace->has_share)
        rg_buffer_printf(out, " %3d %%  %s of %s", (int)(pace->share * 100.0),
                         rg_figure_bytes(sample->read_bytes, a),
                         rg_figure_bytes(sample->total_bytes, b));
    else
        rg_buffer_append_text(out, " listing");
    rg_buffer_printf(out, "  in %s", rg_figure_rate(pace->in_rate, second_ns, a));
    end_line(progress, begin);

    begin = out->bytes;
    rg_buffer_printf(out, "%s of %s partitions done",
                     rg_figure_count(sample->partition_done_count, a),
                     rg_figure_count(sample->partition_count, b));
    end_line(progress, begin);
    rg_buffer_append_text(out, "\x1b[J");
}

static void write_verify_json(struct rg_progress *progress, const struct rg_verify_sample *sample,
                              const struct rg_pace *pace)
{
    struct rg_json json;

    begin_line(progress, &json, "progress");
    rg_json_u64(&json, "wall_ns", sample->wall_ns);
    rg_json_bool(&json, "total_known", sample->is_total_known);
    rg_json_u64(&json, "read_bytes", sample->read_bytes);
    rg_json_u64(&json, "total_bytes", sample->total_bytes);
    rg_json_u64(&json, "partitions", sample->partition_count);
    rg_json_u64(&json, "partitions_done", sample->partition_done_count);
    rg_json_u64(&json, "in_rate", pace->in_rate);
    if (pace->has_eta)
        rg_json_u64(&json, "eta_ns", pace->eta_ns);
    rg_json_object_end(&json);
    rg_buffer_append_byte(&progress->text, '\n');
}

const char *rg_progress_verify_text(struct rg_progress *progress,
                                    const struct rg_verify_sample *sample, const char *clock)
{
    const struct rg_progress_point now = {sample->wall_ns, sample->read_bytes, 0};
    const struct rg_pace pace =
        pace_at(progress, &now, sample->is_total_known ? sample->total_bytes : 0);

    rg_buffer_reset(&progress->text);
    switch (progress->style.form) {
    case RG_PROGRESS_FORM_LINE:
        write_verify_line(progress, sample, &pace, clock);
        break;
    case RG_PROGRESS_FORM_BLOCK:
        write_verify_block(progress, sample, &pace);
        break;
    case RG_PROGRESS_FORM_JSON:
        write_verify_json(progress, sample, &pace);
        break;
    }
    rg_buffer_append_byte(&progress->text, 0);
    keep_point(progress, now);
    return progress->text.failed ? NULL : (const char *)progress->text.data;
}

static const char *event_name(enum rg_event_kind kind)
{
    switch (kind) {
    case RG_EVENT_LEFT_ALONE:
        return "left-alone";
    case RG_EVENT_WARNING:
        return "warning";
    case RG_EVENT_NOTE:
        return "note";
    case RG_EVENT_PLANNED:
        return "planned";
    case RG_EVENT_COMMITTED:
        return "committed";
    }
    return "?";
}

static const char *finish_line(struct rg_progress *progress, struct rg_json *json)
{
    rg_json_object_end(json);
    rg_buffer_append_text(&progress->text, "\n");
    rg_buffer_append_byte(&progress->text, 0);
    return progress->text.failed ? NULL : (const char *)progress->text.data;
}

const char *rg_progress_event(struct rg_progress *progress, const struct rg_event *event)
{
    struct rg_json json;

    begin_line(progress, &json, event_name(event->kind));
    /* That of an input is the event's too: a name stands once in an object. */
    if (event->text != NULL && event->alone == NULL)
        rg_json_text(&json, "text", event->text);
    if (event->alone != NULL) {
        rg_json_text(&json, "path", event->alone->path);
        rg_json_text(&json, "status", rg_status_name(event->alone->status));
        rg_json_text(&json, "text", event->alone->text);
    }
    if (event->plan != NULL) {
        rg_json_text(&json, "partition", event->plan->path);
        rg_json_u64(&json, "files_in", event->plan->file_in_count);
        rg_json_u64(&json, "files_out", event->plan->file_out_count);
        rg_json_u64(&json, "bytes_in", event->plan->in_bytes);
    }
    if (event->batch != NULL) {
        rg_json_text(&json, "partition", event->batch->partition);
        rg_json_u64(&json, "record", event->batch->record_number);
        rg_json_u64(&json, "files_in", event->batch->input_count);
        rg_json_u64(&json, "files_out", event->batch->output_count);
    }
    return finish_line(progress, &json);
}

const char *rg_progress_finish(struct rg_progress *progress, const struct rg_report *report,
                               enum rg_status status, const char *text)
{
    struct rg_json json;

    begin_line(progress, &json, "finished");
    rg_report_json_end(&json, status, text);
    rg_report_json_counts(&json, report);
    return finish_line(progress, &json);
}

const char *rg_progress_erase(struct rg_progress *progress)
{
    rg_buffer_reset(&progress->text);
    if (progress->drawn_line_count == 0)
        return "";
    rg_buffer_printf(&progress->text, "\x1b[%uA\r\x1b[J", (unsigned)progress->drawn_line_count);
    rg_buffer_append_byte(&progress->text, 0);
    progress->drawn_line_count = 0;
    return progress->text.failed ? "" : (const char *)progress->text.data;
}

void rg_progress_resize(struct rg_progress *progress, uint32_t column_count, uint32_t line_count)
{
    progress->style.column_count = column_count;
    progress->style.line_count = line_count;
}
