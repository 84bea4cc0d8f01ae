/* SPDX-License-Identifier: Apache-2.0 */

#include "report/table.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

/* The text of `out`, which is emptied; a failure only where torture is at work. */
static void check_out(struct test *t __attribute__((unused)), struct rg_buffer *out,
                      const char *wanted)
{
    rg_buffer_append_byte(out, 0);
    if (!out->failed)
        CHECK_TEXT((const char *)out->data, wanted);
    rg_buffer_fini(out);
}

TEST(columns_line_up)
{
    static const char *const headings[] = {"name", ">count", "rest"};
    struct rg_buffer out;
    struct rg_table table;

    rg_buffer_init(&out, &t->allocator, 10000);
    rg_table_init(&table, &out, 2, headings, 3);
    rg_table_cell(&table, "a");
    rg_table_cell(&table, "1,000,000");
    rg_table_cell(&table, "x");
    rg_table_cell(&table, "b\xc3\xa9\xc3\xa9");
    rg_table_cell(&table, "2");
    rg_table_cell(&table, NULL);
    rg_table_cell(&table, "\xe5\x90\x8d"); /* An ideograph: two cells. */
    rg_table_cell(&table, "3");
    rg_table_cell(&table, "y");
    rg_table_fini(&table);
    check_out(t, &out,
              "  name      count  rest\n"
              "  a     1,000,000  x\n"
              "  b\xc3\xa9\xc3\xa9           2\n"
              "  \xe5\x90\x8d            3  y\n");
}

TEST(control_bytes_are_made_harmless)
{
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 10000);
    rg_table_text(&out, "a\x1b[2Jb\nc\x7f\xc2\x9b d\xc2\xa0");
    check_out(t, &out, "a?[2Jb?c?? d\xc2\xa0");
}

TEST(long_tables_go_out_in_parts)
{
    static const char *const headings[] = {"n"};
    struct rg_buffer out;
    struct rg_table table;
    size_t lines = 0;

    rg_buffer_init(&out, &t->allocator, (size_t)1 << 20);
    rg_table_init(&table, &out, 0, headings, 1);
    for (uint32_t i = 0; i < 10000; i++) {
        char text[16];

        snprintf(text, sizeof text, "%u", (unsigned)i);
        rg_table_cell(&table, text);
        CHECK(table.row_count < RG_TABLE_ROWS_MAX);
    }
    rg_table_fini(&table);
    for (size_t i = 0; i < out.bytes; i++)
        lines += out.data[i] == '\n';
    if (!out.failed)
        CHECK_U64(lines, 10001);
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"columns_line_up", columns_line_up},
        {"control_bytes_are_made_harmless", control_bytes_are_made_harmless},
        {"long_tables_go_out_in_parts", long_tables_go_out_in_parts},
    };

    return test_main("report/table", cases, sizeof cases / sizeof cases[0], argc, argv);
}
