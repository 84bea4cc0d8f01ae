/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/compact.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/exit_status.h"
#include "cli/output.h"
#include "cli/watch.h"

enum {
    TITLE_BYTES = 256
};

static void watch_plan(void *user, struct rg_job *job)
{
    rg_watch_job(user, job);
}

static struct rg_job_config config_of(const struct arguments *arguments, struct watch *watch)
{
    return (struct rg_job_config){
        .size = sizeof(struct rg_job_config),
        .options = arguments->options,
        .source = arguments->places[0],
        .dest = arguments->place_count > 1 ? arguments->places[1] : NULL,
        .event = rg_watch_event,
        .user = watch,
        .runs = watch_plan,
    };
}

static void make_title(const struct arguments *arguments, char title[TITLE_BYTES])
{
    if (arguments->place_count > 1)
        snprintf(title, TITLE_BYTES, "%s %s -> %s", arguments->command->name, arguments->places[0],
                 arguments->places[1]);
    else
        snprintf(title, TITLE_BYTES, "%s --in-place %s", arguments->command->name,
                 arguments->places[0]);
}

/* What the end of a job means for the process; an error is said here, unless it was as JSON. */
static int exit_of(struct watch *watch, enum rg_status status, const struct rg_report *report,
                   const struct rg_error *err, bool is_told)
{
    if (status == RG_OK)
        return report->file_alone_count > 0 ? RG_EXIT_LEFT_ALONE : RG_EXIT_DONE;
    return is_told ? rg_exit_status(status) : rg_watch_exit(watch, err);
}

/* The columns of what was made, or would be. */
struct columns {
    const struct rg_report *report;
    const struct rg_partition_plan *plan; /* NULL: `report` has them. */
};

static size_t column_count(const struct columns *columns)
{
    return columns->plan != NULL ? columns->plan->column_count : columns->report->column_count;
}

static bool lacks_columns(const struct columns *columns)
{
    return columns->plan != NULL ? columns->plan->lacks_columns : columns->report->lacks_columns;
}

static bool has_column(const struct columns *columns, const char *name, size_t bytes)
{
    for (size_t i = 0; i < column_count(columns); i++) {
        const char *column = columns->plan != NULL ? columns->plan->columns[i].column
                                                   : columns->report->columns[i].column;

        if (strlen(column) == bytes && memcmp(column, name, bytes) == 0)
            return true;
    }
    return false;
}

static void warn_of_column(struct watch *watch, const char *option, const char *name, size_t bytes)
{
    char text[300];

    snprintf(text, sizeof text, "--%s names %.*s, a column that no output has", option,
             (int)(bytes < 200 ? bytes : 200), name);
    rg_watch_event(watch, &(struct rg_event){.size = sizeof(struct rg_event),
                                             .kind = RG_EVENT_WARNING,
                                             .text = text});
}

/* The column of a key of --order, in `bytes` of it; false: it is none. */
static bool find_column(const char **at, size_t *bytes)
{
    static const char before[] = "col:";
    static const char after[] = ":desc";
    const size_t before_bytes = sizeof before - 1;
    const size_t after_bytes = sizeof after - 1;

    if (*bytes < before_bytes || memcmp(*at, before, before_bytes) != 0)
        return false;
    *at += before_bytes;
    *bytes -= before_bytes;
    if (*bytes > after_bytes && memcmp(*at + *bytes - after_bytes, after, after_bytes) == 0)
        *bytes -= after_bytes;
    return true;
}

/* What was asked for of columns, and none of the outputs has: most likely a slip of the hand. */
static void name_unknown_of(const struct arguments *arguments, struct watch *watch,
                            const struct columns *columns, const char *option, bool is_order)
{
    const char *at = rg_options_get(arguments->options, option);

    if (at == NULL || rg_options_origin(arguments->options, option) == RG_ORIGIN_DEFAULT ||
        column_count(columns) == 0 || lacks_columns(columns))
        return;
    while (*at != 0) {
        const char *name = at;
        const size_t bytes = strcspn(at, ",");
        size_t name_bytes = bytes;

        if ((!is_order || find_column(&name, &name_bytes)) &&
            !has_column(columns, name, name_bytes))
            warn_of_column(watch, option, name, name_bytes);
        at += bytes + (at[bytes] == ',');
    }
}

static void name_unknown_columns(const struct arguments *arguments, struct watch *watch,
                                 struct columns columns)
{
    name_unknown_of(arguments, watch, &columns, "bloom", false);
    name_unknown_of(arguments, watch, &columns, "order", true);
}

static int run_job(const struct arguments *arguments, struct watch *watch)
{
    const struct rg_job_config config = config_of(arguments, watch);
    struct rg_job *job;
    struct rg_error err = {.status = RG_OK};
    enum rg_status status = rg_job_new(&config, &job, &err);

    if (status != RG_OK)
        return rg_watch_fail(watch, &err);
    rg_watch_job(watch, job);
    status = rg_job_run(job, &err);
    rg_watch_job(watch, NULL);
    name_unknown_columns(arguments, watch, (struct columns){.report = rg_job_report(job)});
    rg_watch_summary(watch, rg_job_report(job), status, &err);
    const int exit_status =
        exit_of(watch, status, rg_job_report(job), &err, watch->mode == WATCH_JSON);
    rg_job_free(job);
    return exit_status;
}

static int show_plan(const struct arguments *arguments, struct watch *watch,
                     const struct rg_plan_view *plan)
{
    const bool is_verbose = rg_options_is_on(arguments->options, "verbose");
    struct rg_error err;
    enum rg_status status;

    if (rg_options_is_on(arguments->options, "json"))
        status = rg_plan_json(plan, rg_output_write, stdout, &err);
    else
        status = rg_plan_text(plan, is_verbose, rg_output_write, stdout, &err);
    if (!rg_output_finish())
        return RG_EXIT_FAILED;
    return exit_of(watch, status, rg_plan_report(plan), &err, false);
}

int rg_plan_command(const struct arguments *arguments)
{
    struct watch watch;
    struct rg_plan_view *plan;
    struct rg_error err = {.status = RG_OK};
    char title[TITLE_BYTES];

    make_title(arguments, title);
    if (!rg_watch_init(&watch, arguments, title))
        return RG_EXIT_FAILED;
    const struct rg_job_config config = config_of(arguments, &watch);
    const enum rg_status status = rg_plan_run(&config, &plan, &err);
    if (status != RG_OK) {
        const int failed = rg_watch_fail(&watch, &err);

        rg_watch_fini(&watch);
        return failed;
    }
    name_unknown_columns(arguments, &watch, (struct columns){.plan = rg_plan_total(plan)});
    if (watch.mode == WATCH_JSON)
        rg_watch_summary(&watch, rg_plan_report(plan), RG_OK, &err);
    const int exit_status = show_plan(arguments, &watch, plan);
    rg_watch_fini(&watch);
    rg_plan_free(plan);
    return exit_status;
}

int rg_compact_command(const struct arguments *arguments)
{
    struct watch watch;
    char title[TITLE_BYTES];
    int exit_status;

    if (rg_options_is_on(arguments->options, "dry-run"))
        return rg_plan_command(arguments);
    /* Whoever read along may go; the work is done to its end. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* A limit on the size of files (ulimit -f) is an error of the write, with a name. */
    (void)signal(SIGXFSZ, SIG_IGN);
    make_title(arguments, title);
    if (!rg_watch_init(&watch, arguments, title))
        return RG_EXIT_FAILED;
    exit_status = run_job(arguments, &watch);
    rg_watch_fini(&watch);
    return exit_status;
}
