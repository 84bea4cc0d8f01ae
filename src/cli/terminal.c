/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != 0;
}

/* The first of the three that is set decides; "UTF-8" and "utf8" are both found. */
static bool is_utf8_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && *value != 0)
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

void rg_terminal_size(uint32_t *ret_columns, uint32_t *ret_lines)
{
    struct winsize size;

    *ret_columns = 0;
    *ret_lines = 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) {
        *ret_columns = size.ws_col;
        *ret_lines = size.ws_row;
    }
}

struct terminal rg_terminal_look(void)
{
    const char *name = getenv("TERM");
    struct terminal terminal = {
        .is_there = isatty(STDERR_FILENO) == 1,
        .is_utf8 = is_utf8_locale(),
    };

    terminal.has_escapes =
        terminal.is_there && name != NULL && *name != 0 && strcmp(name, "dumb") != 0;
    terminal.has_color = terminal.has_escapes && !is_set("NO_COLOR");
    rg_terminal_size(&terminal.columns, &terminal.lines);
    return terminal;
}
