/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/ledger.h"

#include <stdio.h>

#include "cli/exit_status.h"
#include "cli/output.h"

/* What the callbacks want to know. */
struct listing {
    bool is_json;
    bool is_silent;
};

static struct listing listing_of(const struct arguments *arguments)
{
    return (struct listing){
        .is_json = rg_options_is_on(arguments->options, "json"),
        .is_silent = rg_options_count(arguments->options, "quiet") > 1,
    };
}

static void say_event(void *user, const struct rg_event *event)
{
    const struct listing *listing = user;

    if (listing->is_silent)
        return;
    if (event->kind == RG_EVENT_LEFT_ALONE)
        rg_output_say("left alone: %s: %s", event->alone->path, event->text);
    else
        rg_output_say("warning: %s", event->text);
}

static bool show_file(void *user, const struct rg_live_file *file)
{
    const struct listing *listing = user;
    struct rg_error ignored;

    if (listing->is_json)
        return rg_live_file_json(file, rg_output_write, stdout, &ignored) == RG_OK;
    fputs(file->path, stdout);
    fputc('\n', stdout);
    return ferror(stdout) == 0;
}

int rg_list_command(const struct arguments *arguments)
{
    struct listing listing = listing_of(arguments);
    struct rg_ledger_findings findings = {.size = sizeof findings};
    struct rg_error err;
    const enum rg_status status = rg_ledger_list(arguments->places[0], arguments->options,
                                                 show_file, say_event, &listing, &findings, &err);

    if (!rg_output_finish())
        return RG_EXIT_FAILED;
    if (status != RG_OK)
        return rg_exit_with(&err);
    return findings.missing_count > 0 ? RG_EXIT_FAILED : RG_EXIT_DONE;
}

int rg_gc_command(const struct arguments *arguments)
{
    struct listing listing = listing_of(arguments);
    struct rg_ledger_findings found = {.size = sizeof found};
    struct rg_error err;
    const enum rg_status status =
        rg_ledger_gc(arguments->places[0], arguments->options, say_event, &listing, &found, &err);

    if (status != RG_OK)
        return rg_exit_with(&err);
    if (!rg_options_is_on(arguments->options, "quiet"))
        fprintf(stderr, "%llu dead file%s deleted, %llu unfinished upload%s forgotten\n",
                (unsigned long long)found.deleted_count, rg_output_plural(found.deleted_count),
                (unsigned long long)found.upload_count, rg_output_plural(found.upload_count));
    if (found.missing_count > 0)
        return RG_EXIT_FAILED;
    return found.alone_count > 0 ? RG_EXIT_LEFT_ALONE : RG_EXIT_DONE;
}
