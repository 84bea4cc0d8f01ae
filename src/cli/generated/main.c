/* SPDX-License-Identifier: Apache-2.0 */

/* Used by the build: writes the manual page or a completion to standard output. */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

static bool generate(const char *kind, const char *version)
{
    if (strcmp(kind, "man") == 0)
        rg_manual_write(stdout, rg_commands, version);
    else if (strcmp(kind, "bash") == 0)
        rg_completion_bash(stdout, rg_commands);
    else if (strcmp(kind, "zsh") == 0)
        rg_completion_zsh(stdout, rg_commands);
    else if (strcmp(kind, "fish") == 0)
        rg_completion_fish(stdout, rg_commands);
    else
        return false;
    return fflush(stdout) == 0 && !ferror(stdout);
}

int main(int argc, char **argv)
{
    if (argc == 3 && generate(argv[1], argv[2]))
        return 0;
    fputs("usage: generate man|bash|zsh|fish VERSION\n", stderr);
    return 2;
}
