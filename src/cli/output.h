/* SPDX-License-Identifier: Apache-2.0 */

/* Standard output as a rg_write_fn. */

#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

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

/*
 * Writes a line to standard error, its newline added. Control bytes in it become '?': names come
 * from listings and files, and must not steer a terminal or look like lines of their own.
 */
void rg_output_say(const char *format, ...) RG_PRINTF(1, 2);

/* What a noun ends in behind that number: "s", or "". */
const char *rg_output_plural(uint64_t count);

#endif
