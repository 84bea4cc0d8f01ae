/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/help.h"

#include <string.h>

#include "cli/exit_status.h"

const struct exit_meaning rg_exit_meanings[] = {
    {RG_EXIT_DONE, "done"},
    {RG_EXIT_FAILED, "failed"},
    {RG_EXIT_USAGE, "wrong usage"},
    {RG_EXIT_LEFT_ALONE, "done, but some inputs were left alone (each named)"},
    {RG_EXIT_BAD_INPUT, "input that no retry can help"},
    {RG_EXIT_TEMPORARY, "temporary, retry"},
    {RG_EXIT_INTERRUPTED, "interrupted"},
    {0, NULL},
};
const char rg_sizes_text[] = "B; K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; KB, MB, GB, "
                             "TB powers of 1000.";
const char rg_origins_text[] =
    "Every option can come from the environment as well, as REGROUP_<NAME> "
    "(REGROUP_ROW_GROUP_SIZE=64MiB), or from the file of --config. A flag wins over the "
    "environment, that over the file.";

/* Lines are at most that wide, whatever the terminal: help looks the same in a pipe. */
enum {
    WIDTH = 88,
    INDENT = 30,
};

/* Writes the words of `text` in lines of WIDTH, all but the first indented; the cursor is there. */
static void write_wrapped(FILE *out, const char *text, size_t indent)
{
    size_t at = indent;

    for (const char *word = text; *word != 0;) {
        const size_t bytes = strcspn(word, " ");
        const size_t blank = at > indent ? 1 : 0;

        if (blank != 0 && at + blank + bytes > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (blank != 0) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)bytes, word);
        at += bytes;
        word += bytes;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

static void write_option(FILE *out, const struct rg_option_info *option)
{
    char head[80];
    char text[800];
    size_t at;

    if (option->short_name != 0)
        at = (size_t)snprintf(head, sizeof head, "  -%c, --%s", option->short_name, option->name);
    else
        at = (size_t)snprintf(head, sizeof head, "  --%s", option->name);
    if (option->argument != NULL)
        at += (size_t)snprintf(head + at, sizeof head - at, " %s", option->argument);
    fputs(head, out);
    if (at + 2 > INDENT) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", (int)(INDENT - at), "");
    snprintf(text, sizeof text, "%s%s%s%s%s", option->help,
             option->is_repeatable ? "; may be given more than once" : "",
             option->initial != NULL ? " [" : "", option->initial != NULL ? option->initial : "",
             option->initial != NULL ? "]" : "");
    write_wrapped(out, text, INDENT);
}

static void write_usage(FILE *out, const struct command *command)
{
    for (unsigned i = 0; i < 2; i++)
        if (command->usage[i] != NULL)
            fprintf(out, "%s regroup %s\n", i == 0 ? "Usage:" : "      ", command->usage[i]);
}

static void write_all(FILE *out, const struct command *commands)
{
    fputs("regroup merges small Parquet files into few with large row groups, at page level,\n"
          "inside a memory limit.\n\nUsage: regroup COMMAND ...\n\n",
          out);
    for (; commands->name != NULL; commands++)
        fprintf(out, "  %-8s  %s\n", commands->name, commands->summary);
    fputs("\n'regroup COMMAND --help' tells the options of a command.\n"
          "'regroup --version' tells versions of regroup and of its libraries.\n",
          out);
}

static void write_closing(FILE *out)
{
    char text[1000];
    size_t at;

    snprintf(text, sizeof text, "Sizes: %s %s", rg_sizes_text, rg_origins_text);
    fputc('\n', out);
    write_wrapped(out, text, 0);
    fputc('\n', out);
    at = (size_t)snprintf(text, sizeof text, "Exit status:");
    for (const struct exit_meaning *row = rg_exit_meanings; row->text != NULL; row++)
        at += (size_t)snprintf(text + at, sizeof text - at, " %d %s%s", row->status, row->text,
                               row[1].text != NULL ? ";" : ".");
    write_wrapped(out, text, 0);
}

void rg_help_write(FILE *out, const struct command *commands, const struct command *command)
{
    const struct rg_option_info *option;

    if (command == NULL) {
        write_all(out, commands);
        return;
    }
    fprintf(out, "regroup %s: %s\n\n", command->name, command->summary);
    write_usage(out, command);
    if (command->about != NULL)
        fprintf(out, "\n%s\n", command->about);
    fputs("\nOptions [with their defaults]:\n", out);
    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++)
        if ((option->commands & (uint32_t)command->bit) != 0)
            write_option(out, option);
    write_closing(out);
}
