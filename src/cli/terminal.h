/* SPDX-License-Identifier: Apache-2.0 */

/* What the terminal on standard error can do. */

#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

struct terminal {
    bool is_there;    /* Standard error is a terminal. */
    bool has_escapes; /* It moves its cursor: a terminal, and TERM is neither unset nor "dumb". */
    bool has_color;   /* As NO_COLOR lets it. */
    bool is_utf8;     /* By LC_ALL, LC_CTYPE, LANG. */
    uint32_t columns; /* 0: not known. */
    uint32_t lines;
};

struct terminal rg_terminal_look(void);

/* Only the size, which changes. */
void rg_terminal_size(uint32_t *ret_columns, uint32_t *ret_lines);

#endif
