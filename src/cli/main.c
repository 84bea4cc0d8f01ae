/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command regroup, written on the public headers alone. Standard output carries data only;
 * people are talked to on standard error.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/output.h"

static int show_version(const struct arguments *arguments)
{
    char text[4096];

    if (rg_options_is_on(arguments->options, "quiet")) {
        printf("%s\n", rg_version());
    } else {
        rg_version_describe(text, sizeof text);
        fputs(text, stdout);
    }
    return rg_output_finish() ? RG_EXIT_DONE : RG_EXIT_FAILED;
}

static int show_help(const struct arguments *arguments)
{
    rg_help_write(stdout, rg_commands, arguments->command);
    return rg_output_finish() ? RG_EXIT_DONE : RG_EXIT_FAILED;
}

/* Where a job is watched, the watch says it. */
static void warn_of_slips(const struct arguments *arguments)
{
    const bool is_watched =
        (rg_option_find("progress")->commands & (uint32_t)arguments->command->bit) != 0;
    char text[RG_SLIP_BYTES];
    size_t at = 0;

    if (is_watched || rg_options_count(arguments->options, "quiet") > 1)
        return;
    while (rg_arguments_next_slip(arguments, &at, text))
        rg_output_say("warning: %s", text);
}

static int run(int argc, char **argv, struct arguments *arguments)
{
    struct rg_error err;
    const enum rg_status status =
        rg_arguments_parse(arguments, rg_commands, argc, argv, (const char *const *)environ, &err);

    if (status != RG_OK) {
        rg_exit_with(&err);
        if (arguments->command != NULL)
            fprintf(stderr, "'regroup %s --help' tells how it is used\n", arguments->command->name);
        else
            fputs("'regroup --help' tells how it is used\n", stderr);
        return rg_exit_status(status);
    }
    if (arguments->wants_version)
        return show_version(arguments);
    if (arguments->wants_help)
        return show_help(arguments);
    warn_of_slips(arguments);
    return arguments->command->run(arguments);
}

/*
 * A caller may have closed 0, 1 or 2. A data file that is opened under one of these numbers would
 * be written to whenever something is said; so they are taken, by what cannot be read or written.
 */
static void hold_standard_descriptors(void)
{
    for (int i = 0; i <= 2; i++) {
        if (fcntl(i, F_GETFD) == -1 && errno == EBADF)
            (void)open("/dev/null", i == 0 ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();

    struct arguments arguments = {.options = rg_options_new()};
    int exit_status;

    if (arguments.options == NULL) {
        fputs("error: no memory to begin with\n", stderr);
        return RG_EXIT_FAILED;
    }
    exit_status = run(argc - 1, argv + 1, &arguments);
    rg_options_free(arguments.options);
    return exit_status;
}
