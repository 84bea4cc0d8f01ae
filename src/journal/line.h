/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values on a line of the ledger, which is JSON: read in one pass, strictly, and without memory, so
 * that nothing but the line decides what is read. Text is decoded where it lies and ends with a
 * NUL: a line can be read once.
 *
 * Strict is: UTF-8 only, no NUL in a text, no integer that does not fit, nothing behind the value.
 */

#ifndef JOURNAL_LINE_H
#define JOURNAL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rg_line_kind {
    RG_LINE_ABSENT,
    RG_LINE_OTHER, /* null, a number with a fraction or exponent, an array, another object. */
    RG_LINE_TEXT,
    RG_LINE_HEX, /* {"hex":"6f64ff"}: `text` is what the digits, in lower case, stand for. */
    RG_LINE_INTEGER,
    RG_LINE_BOOL,
};

struct rg_line_value {
    enum rg_line_kind kind;
    char *text;      /* Of TEXT and HEX, in the line; else NULL. */
    int64_t integer; /* Of INTEGER, and 0 or 1 of BOOL; else 0. */
};

enum {
    RG_LINE_VALUES_MAX = 6
};

/* What stands in a list: an array or a single value. */
struct rg_line_element {
    bool is_array;
    size_t count; /* Of its values; more than RG_LINE_VALUES_MAX where they did not fit. */
    struct rg_line_value values[RG_LINE_VALUES_MAX]; /* What is behind the last one is ABSENT. */
};

/* False for what is no JSON. */
bool rg_line_read_element(char *line, size_t bytes, struct rg_line_element *ret_element);

/*
 * The members of an object that have one of `names`; others are passed over. `is_open`: it has no
 * closing bracket, since it goes on behind the line. False for what is no JSON object, and for a
 * name that is wanted and stands there twice.
 */
bool rg_line_read_members(char *line, size_t bytes, bool is_open, const char *const *names,
                          size_t name_count, struct rg_line_value *ret_values);

#endif
