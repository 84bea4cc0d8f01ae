/* SPDX-License-Identifier: Apache-2.0 */

/* In the macros of man(7), which groff and mandoc both know. */

#include "cli/manual.h"

#include <string.h>

#include "cli/help.h"

/* Text that is shown as it is: no macro at a line's begin, no escape, dashes that can be copied. */
static void write_text(FILE *out, const char *text)
{
    bool is_line_begin = true;

    for (; *text != 0; text++) {
        if (is_line_begin && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        is_line_begin = *text == '\n';
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\'')
            fputs("\\(aq", out);
        else
            fputc(*text, out);
    }
}

static void write_section(FILE *out, const char *title)
{
    fprintf(out, ".SH %s\n", title);
}

static void write_line(FILE *out, const char *text)
{
    write_text(out, text);
    fputc('\n', out);
}

/* Not the first one of a section: that begins by itself. */
static void write_paragraph(FILE *out, const char *text)
{
    fputs(".PP\n", out);
    write_line(out, text);
}

static void write_synopsis(FILE *out, const struct command *commands)
{
    write_section(out, "SYNOPSIS");
    for (const struct command *command = commands; command->name != NULL; command++) {
        for (unsigned i = 0; i < 2; i++) {
            if (command->usage[i] == NULL)
                continue;
            fputs(command == commands && i == 0 ? ".B regroup\n" : ".br\n.B regroup\n", out);
            write_text(out, command->usage[i]);
            fputc('\n', out);
        }
    }
}

static void write_commands(FILE *out, const struct command *commands)
{
    write_section(out, "COMMANDS");
    for (; commands->name != NULL; commands++) {
        fprintf(out, ".TP\n.B %s\n", commands->name);
        write_text(out, commands->summary);
        fputs(".\n", out);
        if (commands->about != NULL) {
            write_text(out, commands->about);
            fputc('\n', out);
        }
    }
}

/* Who takes the option, unless all do. */
static void write_takers(FILE *out, const struct command *commands, uint32_t takers)
{
    const char *between = "Taken by ";
    bool is_all = true;

    for (const struct command *command = commands; command->name != NULL; command++)
        is_all = is_all && (takers & (uint32_t)command->bit) != 0;
    if (is_all)
        return;
    for (; commands->name != NULL; commands++) {
        if ((takers & (uint32_t)commands->bit) == 0)
            continue;
        fprintf(out, "%s%s", between, commands->name);
        between = ", ";
    }
    fputs(".\n", out);
}

static void write_option(FILE *out, const struct command *commands,
                         const struct rg_option_info *option)
{
    fputs(".TP\n", out);
    if (option->short_name != 0)
        fprintf(out, "\\fB\\-%c\\fR, ", option->short_name);
    fputs("\\fB\\-\\-", out);
    write_text(out, option->name);
    fputs("\\fR", out);
    if (option->argument != NULL) {
        fputs(" \\fI", out);
        write_text(out, option->argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    write_text(out, option->help);
    fputs(".\n", out);
    if (option->choices != NULL) {
        fputs("One of: ", out);
        write_text(out, option->choices);
        fputs(".\n", out);
    }
    if (option->is_repeatable)
        fputs("May be given more than once.\n", out);
    if (option->initial != NULL) {
        fputs("Default: ", out);
        write_text(out, option->initial);
        fputs(".\n", out);
    }
    write_takers(out, commands, option->commands);
}

static void write_statuses(FILE *out)
{
    write_section(out, "EXIT STATUS");
    for (const struct exit_meaning *row = rg_exit_meanings; row->text != NULL; row++) {
        fprintf(out, ".TP\n.B %d\n", row->status);
        write_text(out, row->text);
        fputs(".\n", out);
    }
}

static void write_signals(FILE *out)
{
    write_section(out, "SIGNALS");
    write_line(out,
               "SIGINT or SIGTERM ends a compact in order: nothing new is begun, and what is "
               "begun is finished and recorded. A second one stops it at once. Either way the "
               "next run goes on behind what is recorded. A plan or a verify ends at the first. "
               "SIGUSR1 has each say how far it is.");
}

static void write_examples(FILE *out)
{
    static const struct {
        const char *about;
        const char *command;
    } examples[] = {
        {"Merge a lake inside half a gigabyte of memory, and compare both sides by decoding them:",
         "regroup compact lake compacted --memory 512MiB\nregroup verify lake compacted"},
        {"See what would happen, and why:", "regroup plan lake compacted"},
        {"Files of a few partitions only, none that may still be written:",
         "regroup compact lake compacted --where 'dt >= 2024-05-01' --min-age 15m"},
        {"Bucket to bucket, with a page that tells how it went:",
         "regroup compact s3://bucket/lake s3://bucket/compacted --report run.html"},
    };

    write_section(out, "EXAMPLES");
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (i > 0)
            fputs(".PP\n", out);
        write_line(out, examples[i].about);
        fputs(".PP\n.nf\n.RS\n", out);
        write_text(out, examples[i].command);
        fputs("\n.RE\n.fi\n", out);
    }
}

void rg_manual_write(FILE *out, const struct command *commands, const char *version)
{
    const struct rg_option_info *option;

    fprintf(out, ".TH REGROUP 1 \"\" \"regroup %s\" \"User Commands\"\n", version);
    write_section(out, "NAME");
    fputs("regroup \\- merge small Parquet files into few with large row groups\n", out);
    write_synopsis(out, commands);
    write_section(out, "DESCRIPTION");
    write_line(out, "regroup merges any number of small Parquet files into few files with "
                    "large row groups. Pages are moved as they are wherever the format allows "
                    "it, and decoded only where nothing else can do; memory stays within a "
                    "limit.");
    write_paragraph(out, "Standard output carries data only; what people are told goes to standard "
                         "error.");
    write_commands(out, commands);
    write_section(out, "OPTIONS");
    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++)
        write_option(out, commands, option);
    write_paragraph(out, "Sizes:");
    write_line(out, rg_sizes_text);
    write_section(out, "ENVIRONMENT");
    write_line(out, rg_origins_text);
    write_paragraph(out, "For S3, the AWS_* variables and the files of the AWS command line are "
                         "read; options win over them.");
    write_section(out, "FILES");
    fputs(".TP\n.I _regroup/\n", out);
    write_text(out, "In DEST, or in SOURCE of a run in place: the ledger, which tells what is done "
                    "and which files are live.\n");
    write_statuses(out);
    write_signals(out);
    write_examples(out);
}
