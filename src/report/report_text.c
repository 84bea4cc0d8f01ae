/* SPDX-License-Identifier: Apache-2.0 */

#include "report/report_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/figures.h"
#include "report/table.h"

/* Columns named in a summary that is not verbose: those that most bytes moved in. */
enum {
    COLUMNS_SHOWN = 8
};

/* What limits a run that is over in no time says nothing about longer ones. */
static const uint64_t explained_after_ns = UINT64_C(1000000000);

static uint64_t sum(const uint64_t *counts, unsigned count)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < count; i++)
        total += counts[i];
    return total;
}

/* Bytes of a column that went neither by copy nor by promote. */
static uint64_t worked_bytes(const struct rg_moves *moves)
{
    return sum(moves->in_bytes, RG_VERDICT_COUNT) - moves->in_bytes[RG_VERDICT_COPY] -
           moves->in_bytes[RG_VERDICT_PROMOTE];
}

static void write_sizes(struct rg_buffer *out, uint64_t files, uint64_t row_groups, uint64_t bytes)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];
    char c[RG_FIGURE_BYTES_MAX];

    rg_buffer_printf(out, "%s file%s, %s row group%s, %s", rg_figure_count(files, a),
                     rg_figure_plural(files), rg_figure_count(row_groups, b),
                     rg_figure_plural(row_groups), rg_figure_bytes(bytes, c));
}

static void write_work(const struct rg_report *report, struct rg_buffer *out)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    write_sizes(out, report->file_in_count, report->row_group_in_count, report->in_bytes);
    rg_buffer_append_text(out, report->is_dry_run ? " would become " : " -> ");
    write_sizes(out, report->file_out_count, report->row_group_out_count, report->out_bytes);
    rg_buffer_printf(out, "\n%s row%s in %s", rg_figure_count(report->row_count, a),
                     rg_figure_plural(report->row_count), rg_figure_duration(report->wall_ns, b));
    if (!report->is_dry_run)
        rg_buffer_printf(out, ", %s", rg_figure_rate(report->in_bytes, report->wall_ns, a));
    rg_buffer_printf(out, ", %s partition%s, %s batch%s\n",
                     rg_figure_count(report->partition_written_count, a),
                     rg_figure_plural(report->partition_written_count),
                     rg_figure_count(report->batch_count, b), report->batch_count == 1 ? "" : "es");
}

/* So many files, and what is with them; the first of such phrases names them. */
static void write_files(struct rg_buffer *out, const char **before, uint64_t count,
                        const char *of_one, const char *of_many)
{
    char a[RG_FIGURE_BYTES_MAX];

    if (count == 0)
        return;
    rg_buffer_printf(out, "%s%s", *before, rg_figure_count(count, a));
    if (**before == ':')
        rg_buffer_printf(out, " file%s", rg_figure_plural(count));
    rg_buffer_printf(out, " %s", count == 1 ? of_one : of_many);
    *before = ", ";
}

static void write_nothing(const struct rg_report *report, struct rg_buffer *out)
{
    const char *before = ": ";

    rg_buffer_append_text(out, "nothing to do");
    if (report->file_seen_count == 0)
        rg_buffer_append_text(out, report->is_selective
                                       ? ": no data files that --where, --include, --exclude, "
                                         "--files-from and --min-age let through"
                                       : ": no data files");
    write_files(out, &before, report->file_done_count, "is recorded already",
                "are recorded already");
    write_files(out, &before, report->file_good_count, "is good already", "are good already");
    write_files(out, &before, report->file_waiting_count,
                "waits for more in its partition (--min-input-files)",
                "wait for more in their partitions (--min-input-files)");
    rg_buffer_append_byte(out, '\n');
}

static void write_rest(const struct rg_report *report, struct rg_buffer *out)
{
    char a[RG_FIGURE_BYTES_MAX];
    char b[RG_FIGURE_BYTES_MAX];

    if (report->memory_peak_bytes > 0)
        rg_buffer_printf(out, "memory: at most %s of %s\n",
                         rg_figure_bytes(report->memory_peak_bytes, a),
                         rg_figure_bytes(report->memory_limit_bytes, b));
    if (report->batch_smaller_count > 0)
        rg_buffer_printf(out,
                         "row groups of %s batch%s are smaller than asked for, so that the "
                         "work fits into --memory\n",
                         rg_figure_count(report->batch_smaller_count, a),
                         report->batch_smaller_count == 1 ? "" : "es");
    if (report->deleted_count > 0) {
        /* Nobody is to fear for SOURCE. */
        const char *what = report->dest != NULL ? "output" : "file";

        rg_buffer_printf(out, "%s %s%s removed%s, %s\n", rg_figure_count(report->deleted_count, a),
                         what, rg_figure_plural(report->deleted_count),
                         report->dest != NULL ? " that no record needs" : "",
                         rg_figure_bytes(report->deleted_bytes, b));
    }
    if (report->retry_count > 0)
        rg_buffer_printf(out, "%s request%s had to be repeated\n",
                         rg_figure_count(report->retry_count, a),
                         rg_figure_plural(report->retry_count));
    if (report->file_alone_count > 0)
        rg_buffer_printf(out, "%s file%s left alone, named above\n",
                         rg_figure_count(report->file_alone_count, a),
                         report->file_alone_count == 1 ? " was" : "s were");
}

/* What compressed that which was not copied, and how hard. */
static void write_codecs(const struct rg_moves *moves, struct rg_buffer *out)
{
    char text[RG_CODEC_TEXT_MAX];
    const char *between = "made anew: compressed with ";

    for (unsigned codec = 0; codec < RG_MOVES_CODECS; codec++) {
        if ((moves->codecs & 1U << codec) == 0)
            continue;
        rg_buffer_printf(out, "%s%s", between, rg_moves_codec(moves, codec, text));
        between = ", ";
    }
    if (moves->codecs != 0)
        rg_buffer_append_byte(out, '\n');
}

static void write_moves(const struct rg_report *report, struct rg_buffer *out)
{
    static const char *const headings[] = {"pages moved by", ">pages", ">", ">bytes in",
                                           ">bytes out"};
    const uint64_t page_count = sum(report->moves.pages, RG_VERDICT_COUNT);
    struct rg_table table;

    if (page_count == 0)
        return;
    rg_table_init(&table, out, 0, headings, sizeof headings / sizeof headings[0]);
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        char figure[RG_FIGURE_BYTES_MAX];

        if (report->moves.pages[v] == 0 && v != RG_VERDICT_COPY)
            continue;
        rg_table_cell(&table, rg_verdict_name((enum rg_verdict)v));
        rg_table_cell(&table, rg_figure_count(report->moves.pages[v], figure));
        rg_table_cell(&table, rg_figure_share(report->moves.pages[v], page_count, figure));
        rg_table_cell(&table, rg_figure_bytes(report->moves.in_bytes[v], figure));
        rg_table_cell(&table, rg_figure_bytes(report->moves.out_bytes[v], figure));
    }
    rg_table_fini(&table);
    write_codecs(&report->moves, out);
}

/* The columns that most work was done on, most first; at most `max`, and how many there are. */
static size_t pick_columns(const struct rg_report *report, size_t *ret_picked, size_t max,
                           size_t *ret_all)
{
    size_t count = 0;

    *ret_all = 0;
    for (size_t i = 0; i < report->column_count; i++) {
        const uint64_t bytes = worked_bytes(&report->columns[i].moves);
        size_t at = count;

        if (bytes == 0)
            continue;
        (*ret_all)++;
        while (at > 0 && worked_bytes(&report->columns[ret_picked[at - 1]].moves) < bytes)
            at--;
        if (at == max)
            continue;
        count += count < max ? 1 : 0;
        for (size_t j = count - 1; j > at; j--)
            ret_picked[j] = ret_picked[j - 1];
        ret_picked[at] = i;
    }
    return count;
}

/* "remap 31 %, join 2 %": of the column's bytes. */
static void write_column(struct rg_table *table, const struct rg_column_moves *column)
{
    const uint64_t total = sum(column->moves.in_bytes, RG_VERDICT_COUNT);
    char ways[200] = "";
    size_t at = 0;
    unsigned reason = RG_REASON_NONE;

    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        const bool is_work = v != RG_VERDICT_COPY && v != RG_VERDICT_PROMOTE;
        char figure[RG_FIGURE_BYTES_MAX];

        if (!is_work || column->moves.in_bytes[v] == 0 || at >= sizeof ways)
            continue;
        const int length = snprintf(ways + at, sizeof ways - at, "%s%s %s", at > 0 ? ", " : "",
                                    rg_verdict_name((enum rg_verdict)v),
                                    rg_figure_share(column->moves.in_bytes[v], total, figure));
        at += length > 0 ? (size_t)length : 0;
    }
    for (unsigned r = RG_REASON_NONE + 1; r < RG_REASON_COUNT; r++)
        if (column->moves.reason_pages[r] > 0 &&
            (reason == RG_REASON_NONE ||
             column->moves.reason_pages[r] > column->moves.reason_pages[reason]))
            reason = r;
    rg_table_cell(table, column->column);
    rg_table_cell(table, ways);
    rg_table_cell(table, reason != RG_REASON_NONE ? rg_reason_text((enum rg_reason)reason) : "");
}

static void write_columns(const struct rg_report *report, bool is_verbose, struct rg_buffer *out)
{
    static const char *const headings[] = {"columns that needed more", "how", "why"};
    size_t picked[COLUMNS_SHOWN];
    size_t all;
    const size_t count = pick_columns(report, picked, COLUMNS_SHOWN, &all);
    struct rg_table table;

    if (count == 0)
        return;
    rg_table_init(&table, out, 0, headings, sizeof headings / sizeof headings[0]);
    if (is_verbose) {
        for (size_t i = 0; i < report->column_count; i++)
            if (worked_bytes(&report->columns[i].moves) > 0)
                write_column(&table, &report->columns[i]);
    } else {
        for (size_t i = 0; i < count; i++)
            write_column(&table, &report->columns[picked[i]]);
    }
    rg_table_fini(&table);
    if (!is_verbose && all > count)
        rg_buffer_printf(out, "and %zu more; --verbose shows them\n", all - count);
}

void rg_report_text_write(const struct rg_report *report, bool is_verbose, struct rg_buffer *out)
{
    if (report->file_in_count > 0 || report->file_out_count > 0)
        write_work(report, out);
    else
        write_nothing(report, out);
    write_moves(report, out);
    write_columns(report, is_verbose, out);
    if (report->lacks_columns)
        rg_buffer_printf(
            out, "of %zu columns it is known how pages moved: --memory has no room for more\n",
            report->column_count);
    if (report->explanation != NULL && report->wall_ns >= explained_after_ns) {
        rg_table_text(out, report->explanation);
        rg_buffer_append_byte(out, '\n');
    }
    write_rest(report, out);
}
