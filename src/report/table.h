/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Columns of text that line up. Cells are gathered, then written with each column as wide as its
 * widest cell; wide tables cost memory, so there is a cap on cells, above which a table goes out in
 * parts that line up each for itself.
 *
 * Text from outside (column names, paths) is made harmless: control bytes become '?', so that a
 * file cannot steer a terminal. A width counts UTF-8 sequences, not bytes.
 */

#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum {
    RG_TABLE_COLUMNS_MAX = 16,
    RG_TABLE_ROWS_MAX = 4096, /* Of one part. */
};

struct rg_table {
    struct rg_buffer *out;  /* Where lines go. */
    struct rg_buffer cells; /* Text of cells, each ended by a NUL. */
    uint32_t widths[RG_TABLE_COLUMNS_MAX];
    bool is_right[RG_TABLE_COLUMNS_MAX]; /* Numbers: aligned to the right. */
    uint32_t column_count;
    uint32_t column; /* Where the next cell goes. */
    uint32_t row_count;
    uint32_t indent;
};

/*
 * Opens a table with these headings, `column_count` of them; a heading that begins with '>' says
 * that its column is aligned to the right.
 */
void rg_table_init(struct rg_table *table, struct rg_buffer *out, uint32_t indent,
                   const char *const *headings, uint32_t column_count);

/* The next cell, from left to right, row by row; NULL is an empty one. */
void rg_table_cell(struct rg_table *table, const char *text);

/* Writes what is gathered. A failure is that of the buffer `out`. */
void rg_table_flush(struct rg_table *table);

/* Flushes and gives memory back. */
void rg_table_fini(struct rg_table *table);

/* Appends `text` with its control bytes made harmless. */
void rg_table_text(struct rg_buffer *out, const char *text);

#endif
