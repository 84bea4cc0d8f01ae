/* SPDX-License-Identifier: Apache-2.0 */

#include "report/table.h"

#include <string.h>

#include "base/utf8.h"

/* The cells of one part: rows times columns of text from a footer, so with a cap of its own. */
static const size_t cells_bytes_max = (size_t)16 << 20;

static bool is_control(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/*
 * C1 controls are U+0080 to U+009F, in UTF-8 C2 80 to C2 9F: terminals obey some of them.
 */
static bool is_c1(const uint8_t *text)
{
    return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0;
}

void rg_table_text(struct rg_buffer *out, const char *text)
{
    for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++) {
        if (is_control(*at)) {
            rg_buffer_append_byte(out, '?');
        } else if (is_c1(at)) {
            rg_buffer_append_byte(out, '?');
            at++;
        } else {
            rg_buffer_append_byte(out, *at);
        }
    }
}

static uint32_t width_of(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    uint32_t width = 0;

    while (left > 0) {
        size_t bytes;

        width += rg_utf8_cells(at, left, &bytes);
        at += bytes;
        left -= bytes;
    }
    return width;
}

void rg_table_init(struct rg_table *table, struct rg_buffer *out, uint32_t indent,
                   const char *const *headings, uint32_t column_count)
{
    *table = (struct rg_table){.out = out, .indent = indent, .column_count = column_count};
    rg_buffer_init(&table->cells, out->allocator, cells_bytes_max);
    for (uint32_t i = 0; i < column_count; i++) {
        table->is_right[i] = headings[i][0] == '>';
        rg_table_cell(table, headings[i] + table->is_right[i]);
    }
}

void rg_table_cell(struct rg_table *table, const char *text)
{
    const size_t begin = table->cells.bytes;

    rg_table_text(&table->cells, text != NULL ? text : "");
    rg_buffer_append_byte(&table->cells, 0);
    if (!table->cells.failed) {
        const uint32_t width = width_of((const char *)table->cells.data + begin);

        if (width > table->widths[table->column])
            table->widths[table->column] = width;
    }
    table->column++;
    if (table->column < table->column_count)
        return;
    table->column = 0;
    table->row_count++;
    if (table->row_count == RG_TABLE_ROWS_MAX)
        rg_table_flush(table);
}

static void write_blanks(struct rg_buffer *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rg_buffer_append_byte(out, ' ');
}

void rg_table_flush(struct rg_table *table)
{
    const char *cell = (const char *)table->cells.data;

    if (table->cells.failed)
        table->out->failed = true;
    for (uint32_t row = 0; row < table->row_count && !table->cells.failed; row++) {
        uint32_t blanks = table->indent; /* Owed: none are written at the end of a line. */

        for (uint32_t i = 0; i < table->column_count; i++) {
            const uint32_t rest = table->widths[i] - width_of(cell);

            blanks += i > 0 ? 2 : 0;
            blanks += table->is_right[i] ? rest : 0;
            if (*cell != 0) {
                write_blanks(table->out, blanks);
                rg_buffer_append_text(table->out, cell);
                blanks = 0;
            }
            blanks += table->is_right[i] ? 0 : rest;
            cell += strlen(cell) + 1;
        }
        rg_buffer_append_byte(table->out, '\n');
    }
    rg_buffer_reset(&table->cells);
    memset(table->widths, 0, sizeof table->widths);
    table->row_count = 0;
}

void rg_table_fini(struct rg_table *table)
{
    rg_table_flush(table);
    rg_buffer_fini(&table->cells);
}
