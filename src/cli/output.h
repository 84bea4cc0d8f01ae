/* SPDX-License-Identifier: Apache-2.0 */

/* Standard output as a rg_write_fn, and lines for people. */

#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <regroup/error.h>

/* `user` is a FILE. False when it cannot be written. */
bool rg_output_write(void *user, const void *data, size_t bytes);

/*
 * Flushes standard output and tells of a failure ("error: standard output: ..."): false then. A
 * closed pipe is no failure worth words, but the answer is false all the same.
 */
bool rg_output_finish(void);

enum {
    RG_OUTPUT_LINE_BYTES = 8193 /* An error, and the longest key twice. */
};

/*
 * Makes a line, its newline added; returns its bytes. Control bytes in it become '?': names come
 * from listings and files, and must not steer a terminal or look like lines of their own.
 */
size_t rg_output_line(char line[RG_OUTPUT_LINE_BYTES], const char *format, va_list args)
    RG_PRINTF(2, 0);

/* Writes such a line to standard error. While a job is watched the watch does that: it has time. */
void rg_output_say(const char *format, ...) RG_PRINTF(1, 2);

/* What a noun ends in behind that number: "s", or "". */
const char *rg_output_plural(uint64_t count);

#endif
