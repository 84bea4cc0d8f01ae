/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool rg_output_write(void *user, const void *data, size_t bytes)
{
    FILE *file = user;

    return fwrite(data, 1, bytes, file) == bytes;
}

bool rg_output_finish(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return true;
    if (errno != EPIPE)
        fprintf(stderr, "error: standard output: %s\n",
                errno != 0 ? strerror(errno) : "cannot be written");
    return false;
}
