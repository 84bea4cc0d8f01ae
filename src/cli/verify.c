/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Exit 0: equal; 1: different, or not to be compared; 3: equal, but some inputs are not there yet,
 * or other files are.
 */

#include "cli/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/exit_status.h"
#include "cli/output.h"
#include "cli/watch.h"

/* What the callback wants to know. */
struct telling {
    struct watch *watch;
    struct rg_error err; /* Of writing. */
    bool is_json;
    bool is_verbose;
    bool is_silent;
};

/* To people, or to a program that reads along. */
static void say_finding(const struct telling *telling, const struct rg_verify_finding *finding)
{
    const char *outcome = rg_verify_outcome_name(finding->outcome);
    char record[32] = "";
    char columns[64] = "";
    struct rg_error ignored;

    if (telling->watch->mode == WATCH_JSON) {
        (void)!rg_verify_finding_json(finding, rg_watch_write, telling->watch, &ignored);
        return;
    }
    if (finding->key != NULL) {
        rg_watch_say(telling->watch, "%s: %s %s", outcome, finding->key, finding->text);
        return;
    }
    if (finding->record > 0)
        snprintf(record, sizeof record, ", record %" PRIu32, finding->record);
    if (finding->different_count > 1)
        snprintf(columns, sizeof columns, "; %" PRIu32 " of %" PRIu32 " columns differ",
                 finding->different_count, finding->column_count);
    rg_watch_say(telling->watch, "%s: partition \"%s\"%s%s%s%s", outcome, finding->partition,
                 record, finding->text[0] != '\0' ? ": " : "", finding->text, columns);
}

static void tell(void *user, const struct rg_verify_finding *finding)
{
    struct telling *telling = user;

    rg_watch_pause(telling->watch);
    if (telling->is_json && telling->err.status == RG_OK)
        telling->err.status =
            rg_verify_finding_json(finding, rg_output_write, stdout, &telling->err);
    else if (!telling->is_json && !telling->is_silent &&
             (finding->outcome != RG_VERIFY_EQUAL || telling->is_verbose))
        say_finding(telling, finding);
    rg_watch_resume(telling->watch);
}

static void say_totals(const struct telling *telling, const struct rg_verify_totals *totals)
{
    struct rg_error ignored;

    if (telling->watch->mode == WATCH_JSON) {
        (void)!rg_verify_totals_json(totals, rg_watch_write, telling->watch, &ignored);
        return;
    }

    const char *answer = totals->outcome_counts[RG_VERIFY_DIFFERENT] > 0 ? "DIFFERENT"
                         : totals->outcome_counts[RG_VERIFY_FAILED] > 0  ? "NOT VERIFIED"
                                                                         : "equal";
    const uint64_t missing = totals->outcome_counts[RG_VERIFY_MISSING];
    const uint64_t extra = totals->outcome_counts[RG_VERIFY_EXTRA];
    char missing_text[64] = "";
    char extra_text[80] = "";

    if (missing > 0)
        snprintf(missing_text, sizeof missing_text, "; %" PRIu64 " file%s not in DEST yet", missing,
                 missing == 1 ? " is" : "s are");
    if (extra > 0)
        snprintf(extra_text, sizeof extra_text, "; %" PRIu64 " file%s in DEST %s no live output%s",
                 extra, rg_output_plural(extra), extra == 1 ? "is" : "are",
                 rg_output_plural(extra));
    rg_watch_say(telling->watch,
                 "%s: %" PRIu64 " row%s of %" PRIu64 " file%s in SOURCE, %" PRIu64
                 " row%s of %" PRIu64 " in DEST, partitions: %" PRIu64 "%s%s",
                 answer, totals->input_row_count, rg_output_plural(totals->input_row_count),
                 totals->input_file_count, rg_output_plural(totals->input_file_count),
                 totals->output_row_count, rg_output_plural(totals->output_row_count),
                 totals->output_file_count, totals->partition_count, missing_text, extra_text);
}

static int exit_of(const struct rg_verify_totals *totals)
{
    const uint64_t left =
        totals->outcome_counts[RG_VERIFY_MISSING] + totals->outcome_counts[RG_VERIFY_EXTRA];

    if (totals->outcome_counts[RG_VERIFY_DIFFERENT] + totals->outcome_counts[RG_VERIFY_FAILED] > 0)
        return RG_EXIT_FAILED;
    return left > 0 ? RG_EXIT_LEFT_ALONE : RG_EXIT_DONE;
}

static enum rg_status run(const struct arguments *arguments, struct telling *telling,
                          struct rg_verify_totals *totals, struct rg_error *err)
{
    const struct rg_verify_config config = {
        .size = sizeof config,
        .options = arguments->options,
        .source = arguments->places[0],
        .dest = arguments->places[1],
        .finding = tell,
        .user = telling,
    };
    struct rg_verify *verify = NULL;

    enum rg_status status = rg_verify_new(&config, &verify, err);
    if (status != RG_OK)
        return status;
    rg_watch_verify(telling->watch, verify);
    status = rg_verify_run(verify, totals, err);
    rg_watch_verify(telling->watch, NULL);
    rg_verify_free(verify);
    if (status == RG_OK && telling->err.status != RG_OK) {
        status = telling->err.status;
        *err = telling->err;
    }
    if (status == RG_OK && telling->is_json)
        status = rg_verify_totals_json(totals, rg_output_write, stdout, err);
    return status;
}

int rg_verify_command(const struct arguments *arguments)
{
    struct watch watch;
    struct telling telling = {
        .watch = &watch,
        .is_json = rg_options_is_on(arguments->options, "json"),
        .is_verbose = rg_options_is_on(arguments->options, "verbose"),
        .is_silent = rg_options_count(arguments->options, "quiet") > 1,
    };
    struct rg_verify_totals totals = {.size = sizeof totals};
    struct rg_error err;
    char title[256];

    snprintf(title, sizeof title, "verify %s %s", arguments->places[0], arguments->places[1]);
    if (!rg_watch_init(&watch, arguments, title))
        return RG_EXIT_FAILED;
    const enum rg_status status = run(arguments, &telling, &totals, &err);
    const bool is_whole = rg_output_finish();
    const int failed = is_whole && status != RG_OK ? rg_watch_fail(&watch, &err) : RG_EXIT_FAILED;

    if (is_whole && status == RG_OK && !telling.is_json &&
        !rg_options_is_on(arguments->options, "quiet"))
        say_totals(&telling, &totals);
    rg_watch_fini(&watch);
    return is_whole && status == RG_OK ? exit_of(&totals) : failed;
}
