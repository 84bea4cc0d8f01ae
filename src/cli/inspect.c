/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/inspect.h"

#include <stdio.h>

#include "cli/exit_status.h"
#include "cli/output.h"

static enum rg_status show_file(const struct arguments *arguments, const char *path,
                                struct rg_error *err)
{
    const struct rg_file_view view = {
        .size = sizeof view,
        .is_json = rg_options_is_on(arguments->options, "json"),
        .has_pages = rg_options_is_on(arguments->options, "pages"),
        .is_verbose = rg_options_is_on(arguments->options, "verbose"),
    };
    struct rg_file *file;
    enum rg_status status = rg_file_open(path, arguments->options, &file, err);

    if (status != RG_OK)
        return status;
    status = rg_file_show(file, &view, rg_output_write, stdout, err);
    rg_file_close(file);
    return status;
}

/* A file that cannot be shown does not keep the others from it; its status is the first to count.
 */
int rg_inspect_command(const struct arguments *arguments)
{
    const bool is_json = rg_options_is_on(arguments->options, "json");
    int exit_status = RG_EXIT_DONE;

    for (unsigned i = 0; i < arguments->place_count; i++) {
        struct rg_error err;

        if (i > 0 && !is_json)
            fputc('\n', stdout);
        const enum rg_status status = show_file(arguments, arguments->places[i], &err);
        if (status == RG_ERR_IO && ferror(stdout) != 0)
            break;
        if (status != RG_OK) {
            fflush(stdout);
            const int failed = rg_exit_with(&err);
            exit_status = exit_status == RG_EXIT_DONE ? failed : exit_status;
        }
    }
    return rg_output_finish() ? exit_status : RG_EXIT_FAILED;
}
