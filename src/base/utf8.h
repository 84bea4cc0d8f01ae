/* SPDX-License-Identifier: Apache-2.0 */

/* Text from outside need not be UTF-8. */

#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at `text`, or 0 where it is none (overlong and surrogates included). */
size_t rg_utf8_sequence_bytes(const uint8_t *text, size_t bytes);

/* The same, and its code point; *ret_point is left alone where there is none. */
size_t rg_utf8_read(const uint8_t *text, size_t bytes, uint32_t *ret_point);

/* Cells of a terminal that the character takes: 2 for the wide ones of East Asia, else 1. */
uint32_t rg_utf8_width(uint32_t point);

/*
 * Reads what is at `text`, of `bytes` > 0, and gives the cells that it takes; *ret_bytes is its
 * length. Of no sequence it is the first byte, in a cell unless it goes on with another one.
 */
uint32_t rg_utf8_cells(const uint8_t *text, size_t bytes, size_t *ret_bytes);

/*
 * Writes the sequence of a code point (at most 0x1fffff) and gives its length, 1 to 4. A surrogate
 * is written as if it were a character: whether it may be there is the caller's question.
 */
size_t rg_utf8_write(uint32_t point, uint8_t *out);

#endif
