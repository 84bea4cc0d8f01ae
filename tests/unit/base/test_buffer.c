/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buffer.h"

#include <string.h>

#include "support/test.h"

TEST(appends_grow)
{
    struct rg_buffer buffer;

    rg_buffer_init(&buffer, &t->allocator, 100000);
    for (int i = 0; i < 1000; i++)
        rg_buffer_printf(&buffer, "%04d,", i);
    if (!buffer.failed) {
        CHECK_U64(buffer.bytes, 5000);
        CHECK(memcmp(buffer.data + 4995, "0999,", 5) == 0);
    }
    rg_buffer_fini(&buffer);
}

TEST(nothing_is_appended_after_a_failure)
{
    struct rg_buffer buffer;

    rg_buffer_init(&buffer, &t->allocator, 10);
    rg_buffer_append_text(&buffer, "12345678");
    rg_buffer_append_text(&buffer, "12345");
    rg_buffer_append_text(&buffer, "1");
    CHECK(buffer.failed);
    CHECK(buffer.bytes <= 8);
    CHECK(rg_buffer_check(&buffer, "the text", &t->err) != RG_OK);
    rg_buffer_fini(&buffer);
}

TEST(long_lines_are_printed_whole)
{
    struct rg_buffer buffer;
    char line[3000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    rg_buffer_init(&buffer, &t->allocator, 100000);
    rg_buffer_printf(&buffer, "<%s>", line);
    if (!buffer.failed) {
        CHECK_U64(buffer.bytes, 3001);
        CHECK_U64(buffer.data[3000], '>');
    }
    rg_buffer_fini(&buffer);
}

/* Around every length at which another way of printing might begin. */
TEST(lines_of_any_length_are_printed_whole)
{
    static char line[4097];
    struct rg_buffer buffer;

    memset(line, 'x', sizeof line - 1);
    for (size_t power = 2; power <= 4096; power *= 2) {
        for (size_t length = power - 2; length <= power + 1 && length < sizeof line; length++) {
            rg_buffer_init(&buffer, &t->allocator, 10000);
            rg_buffer_printf(&buffer, "%.*s", (int)length, line);
            rg_buffer_append_text(&buffer, "|");
            if (!buffer.failed) {
                CHECK_U64(buffer.bytes, length + 1);
                CHECK(memcmp(buffer.data, line, length) == 0);
                CHECK_U64(buffer.data[length], '|');
            }
            rg_buffer_fini(&buffer);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"appends_grow", appends_grow},
        {"nothing_is_appended_after_a_failure", nothing_is_appended_after_a_failure},
        {"long_lines_are_printed_whole", long_lines_are_printed_whole},
        {"lines_of_any_length_are_printed_whole", lines_of_any_length_are_printed_whole},
    };

    return test_main("base/buffer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
