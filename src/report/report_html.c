/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From the top: how it ended, the figures, what limited it, stages, curves, sizes, moves by column,
 * files written, what was left alone, settings. A section of which there is nothing to say is left
 * out. Tables of what can be many (columns, files) are cut at ROWS_SHOWN and say so: --report-json
 * has all.
 */

#include "report/report_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/figures.h"
#include "report/html.h"

static const uint64_t second_ns = UINT64_C(1000000000);
static const uint64_t kib = 1024;
/* Fewer say nothing over time. */
static const uint32_t point_count_min = 4;

enum {
    ROWS_SHOWN = 200,
};

static uint64_t sum(const uint64_t *counts, unsigned count)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < count; i++)
        total += counts[i];
    return total;
}

static void heading(struct rg_buffer *out, const char *text)
{
    rg_buffer_printf(out, "<h2>%s</h2>\n", text);
}

static void write_outcome(struct rg_buffer *out, const struct rg_report_html *page)
{
    const struct rg_report *report = page->report;
    const char *done = report->is_dry_run ? "Planned: nothing was written" : "Done";
    char count[RG_FIGURE_BYTES_MAX];

    rg_buffer_append_text(out, "<h1>");
    rg_html_name(out, report->source);
    if (report->dest != NULL) {
        rg_buffer_append_text(out, " \xe2\x86\x92 ");
        rg_html_name(out, report->dest);
    } else {
        rg_buffer_append_text(out, ", in place");
    }
    rg_buffer_append_text(out, "</h1>\n");
    if (report->status != RG_OK) {
        rg_buffer_printf(out, "<p class=\"bad\"><b>%s</b>: ",
                         report->status == RG_ERR_CANCELLED ? "Interrupted" : "Failed");
        rg_html_text(out, report->error);
        rg_buffer_append_text(out, "</p>\n");
    } else if (report->file_alone_count > 0) {
        rg_buffer_printf(out, "<p class=\"note\"><b>%s</b>; %s file%s left alone</p>\n", done,
                         rg_figure_count(report->file_alone_count, count),
                         report->file_alone_count == 1 ? " was" : "s were");
    } else {
        rg_buffer_printf(out, "<p class=\"good\"><b>%s</b></p>\n", done);
    }
}

static void write_when(struct rg_buffer *out, const struct rg_report_html *page)
{
    const time_t end = (time_t)(page->end_ns / second_ns);
    struct tm utc;
    char text[64] = "";

    if (gmtime_r(&end, &utc) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
    rg_buffer_printf(out, "<p class=\"soft\">ended %s; regroup %s</p>\n", text, page->version);
}

static void write_tile(struct rg_buffer *out, const char *name, const char *figure,
                       const char *more)
{
    rg_buffer_printf(out,
                     "<div class=\"tile\"><span class=\"soft\">%s</span><b>%s</b>"
                     "<span class=\"soft\">%s</span></div>\n",
                     name, figure, more);
}

static void write_change_tile(struct rg_buffer *out, const char *name, const char *before,
                              const char *after, const char *more)
{
    char text[2 * RG_FIGURE_BYTES_MAX + 8];

    snprintf(text, sizeof text, "%s \xe2\x86\x92 %s", before, after);
    write_tile(out, name, text, more);
}

static void write_tiles(struct rg_buffer *out, const struct rg_report *report)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];
    char more[3 * RG_FIGURE_BYTES_MAX];

    rg_buffer_append_text(out, "<div class=\"tiles\">\n");
    /* Outputs of earlier runs that went in again are none of those. */
    snprintf(more, sizeof more, "%s seen, own outputs aside",
             rg_figure_count(report->file_seen_count, a));
    write_change_tile(out, "files", rg_figure_count(report->file_in_count, a),
                      rg_figure_count(report->file_out_count, b), more);
    snprintf(more, sizeof more, "%s partition%s, %s batch%s",
             rg_figure_count(report->partition_written_count, a),
             rg_figure_plural(report->partition_written_count),
             rg_figure_count(report->batch_count, b), report->batch_count == 1 ? "" : "es");
    write_change_tile(out, "row groups", rg_figure_count(report->row_group_in_count, a),
                      rg_figure_count(report->row_group_out_count, b), more);
    snprintf(more, sizeof more, "%s rows", rg_figure_count(report->row_count, a));
    write_change_tile(out, report->is_dry_run ? "bytes, likely" : "bytes",
                      rg_figure_bytes(report->in_bytes, a), rg_figure_bytes(report->out_bytes, b),
                      more);
    if (report->is_dry_run)
        snprintf(more, sizeof more, "%s of CPU", rg_figure_duration(report->cpu_ns, b));
    else
        snprintf(more, sizeof more, "%s in, %s of CPU",
                 rg_figure_rate(report->in_bytes, report->wall_ns, a),
                 rg_figure_duration(report->cpu_ns, b));
    write_tile(out, "time", rg_figure_duration(report->wall_ns, a), more);
    snprintf(more, sizeof more, "of %s allowed", rg_figure_bytes(report->memory_limit_bytes, a));
    if (report->memory_peak_bytes > 0)
        write_tile(out, "most resident memory", rg_figure_bytes(report->memory_peak_bytes, a),
                   more);
    snprintf(more, sizeof more, "%s repeated", rg_figure_count(report->retry_count, a));
    write_tile(out, "store operations", rg_figure_count(report->request_count, a), more);
    rg_buffer_append_text(out, "</div>\n");
}

static void write_limit(struct rg_buffer *out, const struct rg_report *report)
{
    if (report->explanation == NULL)
        return;
    heading(out, "What limited the run");
    rg_buffer_append_text(out, "<p>");
    rg_html_text(out, report->explanation);
    rg_buffer_append_text(out, "</p>\n");
}

/* A stage's time by state. */
static void write_states(struct rg_buffer *out, const struct weir_stage_sample *stage)
{
    struct rg_html_share shares[WEIR_STATE_COUNT];
    char figures[WEIR_STATE_COUNT][RG_FIGURE_BYTES_MAX];

    for (unsigned s = 0; s < WEIR_STATE_COUNT; s++) {
        const char *name = weir_state_name((enum weir_state)s);

        shares[s] = (struct rg_html_share){
            .name = name,
            .style = name,
            .amount = stage->state_ns[s],
            .figure = rg_figure_duration(stage->state_ns[s], figures[s]),
        };
    }
    rg_html_bar(out, shares, WEIR_STATE_COUNT, sum(stage->state_ns, WEIR_STATE_COUNT));
}

/* What it did most, from left to right in time. */
static void write_timeline(struct rg_buffer *out, const struct rg_series *series, uint32_t stage)
{
    struct rg_html_share shares[RG_SERIES_POINTS_MAX];
    size_t count = 0;
    uint64_t begin_ns = 0;

    for (uint32_t i = 0; i < series->point_count; i++) {
        const char *name = weir_state_name(rg_series_state(series, i, stage));
        const uint64_t ns = series->points[i].wall_ns - begin_ns;

        begin_ns = series->points[i].wall_ns;
        if (count > 0 && strcmp(shares[count - 1].name, name) == 0)
            shares[count - 1].amount += ns;
        else
            shares[count++] = (struct rg_html_share){.name = name, .style = name, .amount = ns};
    }
    rg_html_bar(out, shares, count, begin_ns);
}

static void write_stage(struct rg_buffer *out, const struct rg_series *series, uint32_t index,
                        bool has_timeline)
{
    const struct weir_stage_sample *stage = &series->last.stages[index];
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    rg_buffer_append_text(out, "<tr><td>");
    rg_html_text(out, stage->name);
    rg_buffer_append_text(out, "</td><td class=\"wide\">");
    write_states(out, stage);
    if (has_timeline) {
        rg_buffer_append_text(out, "</td><td class=\"wide\">");
        write_timeline(out, series, index);
    }
    rg_buffer_printf(out, "</td><td class=\"n\">%s</td><td class=\"n\">%s</td>",
                     rg_figure_count(stage->jobs_done, a), rg_figure_duration(stage->busy_ns, b));
    rg_buffer_printf(out, "<td class=\"n\">%s</td></tr>\n",
                     rg_figure_bytes(stage->held_bytes_max, a));
}

static void write_stages(struct rg_buffer *out, const struct rg_series *series)
{
    const uint32_t all = series->last.engine.stage_count;
    const uint32_t count = all < RG_JOB_STAGES_MAX ? all : RG_JOB_STAGES_MAX;
    const bool has_timeline = series->point_count >= point_count_min;
    struct rg_html_share legend[WEIR_STATE_COUNT];

    if (count == 0 || series->last.size == 0)
        return;
    heading(out, "Stages");
    rg_buffer_printf(out,
                     "<div class=\"scroll\"><table><tr><th>stage</th><th>its time by state</th>%s"
                     "<th class=\"n\">items</th><th class=\"n\">busy</th>"
                     "<th class=\"n\">most held</th></tr>\n",
                     has_timeline ? "<th>from begin to end</th>" : "");
    for (uint32_t i = 0; i < count; i++)
        write_stage(out, series, i, has_timeline);
    rg_buffer_append_text(out, "</table></div>\n");
    for (unsigned s = 0; s < WEIR_STATE_COUNT; s++) {
        const char *name = weir_state_name((enum weir_state)s);

        legend[s] = (struct rg_html_share){.name = name, .style = name};
        for (uint32_t i = 0; i < count; i++)
            legend[s].amount += series->last.stages[i].state_ns[s];
    }
    rg_html_legend(out, legend, WEIR_STATE_COUNT);
}

/* The end of an axis: 1, 2 or 5 times a power of ten that is not below. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = 1;

    while (power * 10 <= value)
        power *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (value <= power * steps[i])
            return power * steps[i];
    return value;
}

static double rate_between(uint64_t now, uint64_t then, uint64_t ns)
{
    return ns == 0 || now < then ? 0 : (double)(now - then) * (double)second_ns / (double)ns;
}

static void write_throughput(struct rg_buffer *out, const struct rg_series *series)
{
    double x[RG_SERIES_POINTS_MAX];
    double in[RG_SERIES_POINTS_MAX];
    double written[RG_SERIES_POINTS_MAX];
    const struct rg_html_curve curves[] = {{"bytes in a second", "c1", in},
                                           {"bytes out a second", "c2", written}};
    struct rg_series_point before = {0};
    char time[RG_FIGURE_BYTES_MAX];
    char rate[RG_FIGURE_BYTES_MAX];
    double most = 0;

    for (uint32_t i = 0; i < series->point_count; i++) {
        const struct rg_series_point *point = &series->points[i];
        const uint64_t ns = point->wall_ns - before.wall_ns;

        x[i] = (double)point->wall_ns;
        in[i] = rate_between(point->in_bytes, before.in_bytes, ns);
        written[i] = rate_between(point->out_bytes, before.out_bytes, ns);
        most = in[i] > most ? in[i] : most;
        most = written[i] > most ? written[i] : most;
        before = *point;
    }
    const double y_max = round_up(most);
    rg_html_chart(out, &(struct rg_html_chart){
                           .title = "throughput over time",
                           .x = x,
                           .point_count = series->point_count,
                           .x_max = (double)before.wall_ns,
                           .y_max = y_max,
                           .x_text = rg_figure_duration(before.wall_ns, time),
                           .y_text = rg_figure_rate((uint64_t)y_max, second_ns, rate),
                           .curves = curves,
                           .curve_count = sizeof curves / sizeof curves[0],
                       });
}

static void write_memory(struct rg_buffer *out, const struct rg_series *series,
                         const struct rg_report *report)
{
    double x[RG_SERIES_POINTS_MAX];
    double resident[RG_SERIES_POINTS_MAX];
    double claimed[RG_SERIES_POINTS_MAX];
    const struct rg_html_curve curves[] = {{"resident memory of the process", "c1", resident},
                                           {"claimed of the budget", "c2", claimed}};
    const double limit = (double)report->memory_limit_bytes;
    char time[RG_FIGURE_BYTES_MAX];
    char top[RG_FIGURE_BYTES_MAX];
    uint64_t most = kib;
    char line_text[RG_FIGURE_BYTES_MAX + 16];
    char bytes[RG_FIGURE_BYTES_MAX];

    for (uint32_t i = 0; i < series->point_count; i++) {
        const struct rg_series_point *point = &series->points[i];

        x[i] = (double)point->wall_ns;
        resident[i] = (double)point->resident_bytes;
        claimed[i] = (double)point->claimed_bytes;
        most = point->resident_bytes > most ? point->resident_bytes : most;
        most = point->claimed_bytes > most ? point->claimed_bytes : most;
    }
    /* A limit that is far above would flatten the curves. */
    const bool has_line = limit > 0 && limit <= 10 * (double)most;
    const double y_max = has_line && limit > (double)most ? limit * 1.05 : (double)most * 1.05;
    snprintf(line_text, sizeof line_text, "--memory %s",
             rg_figure_bytes(report->memory_limit_bytes, bytes));
    const uint64_t end_ns = series->points[series->point_count - 1].wall_ns;
    rg_html_chart(out, &(struct rg_html_chart){
                           .title = "memory over time",
                           .x = x,
                           .point_count = series->point_count,
                           .x_max = (double)end_ns,
                           .y_max = y_max,
                           .x_text = rg_figure_duration(end_ns, time),
                           .y_text = rg_figure_bytes((uint64_t)y_max, top),
                           .line = has_line ? limit : 0,
                           .line_text = line_text,
                           .curves = curves,
                           .curve_count = sizeof curves / sizeof curves[0],
                       });
}

static void write_curves(struct rg_buffer *out, const struct rg_report_html *page)
{
    char bytes[RG_FIGURE_BYTES_MAX];

    if (page->series->point_count < point_count_min)
        return;
    heading(out, "Throughput over time");
    write_throughput(out, page->series);
    heading(out, "Memory over time");
    rg_buffer_printf(out, "<p class=\"soft\">All of the process counts against --memory, %s.</p>\n",
                     rg_figure_bytes(page->report->memory_limit_bytes, bytes));
    write_memory(out, page->series, page->report);
}

static void write_size(struct rg_buffer *out, const char *name, const char *style, uint64_t amount,
                       uint64_t whole, const char *figure)
{
    const struct rg_html_share share = {name, style, amount, figure};

    rg_buffer_printf(out, "<tr><td>%s</td><td class=\"wide\">", name);
    rg_html_bar(out, &share, 1, whole);
    rg_buffer_printf(out, "</td><td class=\"n\">%s</td></tr>\n", figure);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void write_sizes(struct rg_buffer *out, const struct rg_report *report)
{
    char text[RG_FIGURE_BYTES_MAX];
    const uint64_t files = larger(report->file_in_count, report->file_out_count);
    const uint64_t groups = larger(report->row_group_in_count, report->row_group_out_count);
    const uint64_t bytes = larger(report->in_bytes, report->out_bytes);

    if (files == 0)
        return;
    heading(out, "Before and after");
    rg_buffer_append_text(out, "<div class=\"scroll\"><table>\n");
    write_size(out, "files before", "before", report->file_in_count, files,
               rg_figure_count(report->file_in_count, text));
    write_size(out, "files after", "after", report->file_out_count, files,
               rg_figure_count(report->file_out_count, text));
    write_size(out, "row groups before", "before", report->row_group_in_count, groups,
               rg_figure_count(report->row_group_in_count, text));
    write_size(out, "row groups after", "after", report->row_group_out_count, groups,
               rg_figure_count(report->row_group_out_count, text));
    write_size(out, "bytes before", "before", report->in_bytes, bytes,
               rg_figure_bytes(report->in_bytes, text));
    write_size(out, "bytes after", "after", report->out_bytes, bytes,
               rg_figure_bytes(report->out_bytes, text));
    rg_buffer_append_text(out, "</table></div>\n");
}

/* Where the bytes are: in files of which size. */
static void write_size_classes(struct rg_buffer *out, const struct rg_census *census)
{
    struct rg_html_pair pairs[RG_CENSUS_SIZES];
    char names[RG_CENSUS_SIZES][RG_FIGURE_BYTES_MAX];
    char figures[RG_CENSUS_SIZES][2][RG_FIGURE_BYTES_MAX];
    const uint64_t in_bytes = sum(census->in_bytes, RG_CENSUS_SIZES);
    const uint64_t out_bytes = sum(census->out_bytes, RG_CENSUS_SIZES);
    unsigned end = RG_CENSUS_SIZES;
    unsigned begin = 0;

    while (begin < end && census->in_bytes[begin] == 0 && census->out_bytes[begin] == 0)
        begin++;
    while (end > begin && census->in_bytes[end - 1] == 0 && census->out_bytes[end - 1] == 0)
        end--;
    if (begin == end || in_bytes == 0 || out_bytes == 0)
        return;
    for (unsigned i = begin; i < end; i++)
        pairs[i] = (struct rg_html_pair){
            .name = rg_figure_bytes(UINT64_C(1) << i, names[i]),
            .before = (double)census->in_bytes[i] / (double)in_bytes,
            .after = (double)census->out_bytes[i] / (double)out_bytes,
            .figures = {rg_figure_share(census->in_bytes[i], in_bytes, figures[i][0]),
                        rg_figure_share(census->out_bytes[i], out_bytes, figures[i][1])},
        };
    rg_buffer_append_text(out, "<p class=\"soft\">Share of the bytes that lies in files of a "
                               "size; each step is twice the one before.</p>\n");
    rg_html_pairs(out, "sizes of files before and after", pairs + begin, end - begin);
}

static void write_verdicts(struct rg_buffer *out, const struct rg_moves *moves)
{
    struct rg_html_share shares[RG_VERDICT_COUNT];
    char figures[RG_VERDICT_COUNT][RG_FIGURE_BYTES_MAX];

    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        const char *name = rg_verdict_name((enum rg_verdict)v);

        shares[v] = (struct rg_html_share){
            .name = name,
            .style = name,
            .amount = moves->in_bytes[v],
            .figure = rg_figure_bytes(moves->in_bytes[v], figures[v]),
        };
    }
    rg_html_bar(out, shares, RG_VERDICT_COUNT, sum(moves->in_bytes, RG_VERDICT_COUNT));
}

/* The reason of most pages; "" where copies and promotions were enough. */
static const char *reason_of(const struct rg_moves *moves)
{
    unsigned most = RG_REASON_NONE;

    for (unsigned r = RG_REASON_NONE + 1; r < RG_REASON_COUNT; r++)
        if (moves->reason_pages[r] > 0 &&
            (most == RG_REASON_NONE || moves->reason_pages[r] > moves->reason_pages[most]))
            most = r;
    return most != RG_REASON_NONE ? rg_reason_text((enum rg_reason)most) : "";
}

static void write_column(struct rg_buffer *out, const char *name, const struct rg_moves *moves)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];
    char c[RG_FIGURE_BYTES_MAX];

    rg_buffer_append_text(out, "<tr><td class=\"path\">");
    rg_html_name(out, name);
    rg_buffer_append_text(out, "</td><td class=\"wide\">");
    write_verdicts(out, moves);
    rg_buffer_printf(out,
                     "</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
                     "<td>%s</td></tr>\n",
                     rg_figure_count(sum(moves->pages, RG_VERDICT_COUNT), a),
                     rg_figure_bytes(sum(moves->in_bytes, RG_VERDICT_COUNT), b),
                     rg_figure_bytes(sum(moves->out_bytes, RG_VERDICT_COUNT), c), reason_of(moves));
}

/* The largest columns, largest first; returns how many. */
static size_t pick_columns(const struct rg_report *report, size_t ret_picked[ROWS_SHOWN])
{
    size_t count = 0;

    for (size_t i = 0; i < report->column_count; i++) {
        const uint64_t bytes = sum(report->columns[i].moves.in_bytes, RG_VERDICT_COUNT);
        size_t at = count;

        while (at > 0 &&
               sum(report->columns[ret_picked[at - 1]].moves.in_bytes, RG_VERDICT_COUNT) < bytes)
            at--;
        if (at == ROWS_SHOWN)
            continue;
        count += count < ROWS_SHOWN ? 1 : 0;
        memmove(&ret_picked[at + 1], &ret_picked[at], (count - 1 - at) * sizeof ret_picked[0]);
        ret_picked[at] = i;
    }
    return count;
}

static void write_more(struct rg_buffer *out, size_t shown, uint64_t all)
{
    char text[RG_FIGURE_BYTES_MAX];

    if (all > shown)
        rg_buffer_printf(out, "<p class=\"soft\">and %s more</p>\n",
                         rg_figure_count(all - shown, text));
}

static enum rg_status write_moves(const struct rg_report *report, struct rg_outlet *outlet,
                                  struct rg_error *err)
{
    struct rg_buffer *out = &outlet->buffer;
    struct rg_html_share legend[RG_VERDICT_COUNT];
    size_t picked[ROWS_SHOWN];

    if (sum(report->moves.pages, RG_VERDICT_COUNT) == 0)
        return RG_OK;
    heading(out, "How pages moved");
    rg_buffer_append_text(out,
                          "<div class=\"scroll\"><table><tr><th>column</th><th>bytes moved by</th>"
                          "<th class=\"n\">pages</th><th class=\"n\">bytes in</th>"
                          "<th class=\"n\">bytes out</th><th>why not copied</th></tr>\n");
    write_column(out, "all", &report->moves);
    const size_t count = pick_columns(report, picked);
    for (size_t i = 0; i < count; i++) {
        write_column(out, report->columns[picked[i]].column, &report->columns[picked[i]].moves);
        RG_TRY(rg_outlet_pour(outlet, err));
    }
    rg_buffer_append_text(out, "</table></div>\n");
    write_more(out, count, report->column_count);
    if (report->lacks_columns)
        rg_buffer_append_text(out, "<p class=\"soft\">Not of all columns: --memory has no room for "
                                   "more</p>\n");
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        const char *name = rg_verdict_name((enum rg_verdict)v);

        legend[v] = (struct rg_html_share){
            .name = name, .style = name, .amount = report->moves.in_bytes[v]};
    }
    rg_html_legend(out, legend, RG_VERDICT_COUNT);
    return RG_OK;
}

static enum rg_status write_files(const struct rg_census *census, struct rg_outlet *outlet,
                                  struct rg_error *err)
{
    struct rg_buffer *out = &outlet->buffer;
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];
    char c[RG_FIGURE_BYTES_MAX];

    if (census->file_count == 0)
        return RG_OK;
    heading(out, "Files written");
    rg_buffer_append_text(out, "<div class=\"scroll\"><table><tr><th>file</th>"
                               "<th class=\"n\">rows</th><th class=\"n\">bytes</th>"
                               "<th class=\"n\">record</th></tr>\n");
    for (size_t i = 0; i < census->file_count; i++) {
        const struct rg_census_file *file = &census->files[i];

        rg_buffer_append_text(out, "<tr><td class=\"path\">");
        rg_html_name(out, file->path);
        rg_buffer_printf(out,
                         "</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
                         "<td class=\"n\">%s</td></tr>\n",
                         rg_figure_count(file->row_count, a), rg_figure_bytes(file->bytes, b),
                         rg_figure_count(file->record_number, c));
        RG_TRY(rg_outlet_pour(outlet, err));
    }
    rg_buffer_append_text(out, "</table></div>\n");
    write_more(out, census->file_count, census->file_count_all);
    return RG_OK;
}

static enum rg_status write_alone(const struct rg_report *report, struct rg_outlet *outlet,
                                  struct rg_error *err)
{
    struct rg_buffer *out = &outlet->buffer;
    const size_t count = report->alone_count < ROWS_SHOWN ? report->alone_count : ROWS_SHOWN;

    if (count == 0)
        return RG_OK;
    heading(out, "Left alone");
    rg_buffer_append_text(out,
                          "<div class=\"scroll\"><table><tr><th>file</th><th>reason</th></tr>\n");
    for (size_t i = 0; i < count; i++) {
        rg_buffer_append_text(out, "<tr><td class=\"path\">");
        rg_html_name(out, report->alone[i].path);
        rg_buffer_append_text(out, "</td><td class=\"path\">");
        rg_html_name(out, report->alone[i].text);
        rg_buffer_append_text(out, "</td></tr>\n");
        RG_TRY(rg_outlet_pour(outlet, err));
    }
    rg_buffer_append_text(out, "</table></div>\n");
    write_more(out, count, report->file_alone_count);
    return RG_OK;
}

static void write_settings(struct rg_buffer *out, const struct rg_report_html *page)
{
    if (page->setting_count == 0)
        return;
    heading(out, "Settings");
    rg_buffer_append_text(out, "<div class=\"scroll\"><table><tr><th>option</th><th>value</th>"
                               "<th>from</th></tr>\n");
    for (size_t i = 0; i < page->setting_count; i++) {
        const struct rg_setting *setting = &page->settings[i];
        const bool is_default = strcmp(setting->origin, "default") == 0;

        if (is_default && setting->value == NULL)
            continue;
        rg_buffer_printf(out, "<tr%s><td>--%s</td><td class=\"path\">",
                         is_default ? " class=\"soft\"" : "", setting->name);
        rg_html_name(out, setting->value != NULL ? setting->value : "");
        rg_buffer_printf(out, "</td><td>%s</td></tr>\n", setting->origin);
    }
    rg_buffer_append_text(out, "</table></div>\n");
}

enum rg_status rg_report_html_write(const struct rg_report_html *page, struct rg_outlet *outlet,
                                    struct rg_error *err)
{
    struct rg_buffer *out = &outlet->buffer;

    rg_html_begin(out, "regroup");
    write_outcome(out, page);
    write_when(out, page);
    write_tiles(out, page->report);
    write_limit(out, page->report);
    write_stages(out, page->series);
    write_curves(out, page);
    write_sizes(out, page->report);
    write_size_classes(out, page->census);
    RG_TRY(write_moves(page->report, outlet, err));
    RG_TRY(write_files(page->census, outlet, err));
    RG_TRY(write_alone(page->report, outlet, err));
    write_settings(out, page);
    rg_html_end(out);
    return rg_outlet_flush(outlet, err);
}
