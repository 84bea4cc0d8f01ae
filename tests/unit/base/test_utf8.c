/* SPDX-License-Identifier: Apache-2.0 */

#include "base/utf8.h"

#include <string.h>

#include "support/test.h"

struct sequence {
    const char *text;
    size_t bytes;
    size_t wanted;
};

TEST(sequences_have_their_lengths)
{
    static const struct sequence sequences[] = {
        {"", 0, 0},
        {"a", 1, 1},
        {"\0", 1, 1},
        {"\x7f", 1, 1},
        {"\xc2\x80", 2, 2},
        {"\xdf\xbf", 2, 2},
        {"\xe0\xa0\x80", 3, 3},
        {"\xed\x9f\xbf", 3, 3},
        {"\xee\x80\x80", 3, 3},
        {"\xf0\x90\x80\x80", 4, 4},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        /* What follows is the next sequence's. */
        {"ab", 2, 1},
        {"\xc2\x80\x80", 3, 2},
    };

    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        CHECK_U64(rg_utf8_sequence_bytes((const uint8_t *)sequences[i].text, sequences[i].bytes),
                  sequences[i].wanted);
}

TEST(what_is_no_sequence)
{
    static const struct sequence broken[] = {
        {"\x80", 1, 0},             /* Begins in the middle. */
        {"\xbf\x80", 2, 0},         /* The same. */
        {"\xc0\x80", 2, 0},         /* NUL, overlong. */
        {"\xc1\xbf", 2, 0},         /* Overlong. */
        {"\xe0\x9f\xbf", 3, 0},     /* Overlong. */
        {"\xf0\x8f\xbf\xbf", 4, 0}, /* Overlong. */
        {"\xed\xa0\x80", 3, 0},     /* A surrogate. */
        {"\xed\xbf\xbf", 3, 0},     /* The last of them. */
        {"\xf4\x90\x80\x80", 4, 0}, /* Above U+10FFFF. */
        {"\xf5\x80\x80\x80", 4, 0}, /* The same. */
        {"\xff", 1, 0},
        {"\xc2", 1, 0},             /* Cut off. */
        {"\xe0\xa0", 2, 0},         /* Cut off. */
        {"\xf0\x90\x80", 3, 0},     /* Cut off. */
        {"\xc2\x80", 1, 0},         /* Cut off, though the rest lies behind. */
        {"\xe0\xa0\x80", 2, 0},     /* The same. */
        {"\xf0\x90\x80\x80", 3, 0}, /* The same. */
        {"\xc2\x41", 2, 0},
        {"\xe0\xa0\x41", 3, 0},
        {"\xf0\x90\x80\xc0", 4, 0},
    };

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        CHECK_U64(rg_utf8_sequence_bytes((const uint8_t *)broken[i].text, broken[i].bytes), 0);
}

TEST(every_character_is_read_as_it_was_written)
{
    for (uint32_t point = 0; point < 0x110000; point++) {
        const bool is_surrogate = point >= 0xd800 && point < 0xe000;
        uint8_t text[4];
        uint32_t read = UINT32_MAX;
        const size_t bytes = rg_utf8_write(point, text);

        CHECK_U64(rg_utf8_read(text, sizeof text, &read), is_surrogate ? 0 : bytes);
        CHECK_U64(read, is_surrogate ? UINT32_MAX : point);
    }
}

TEST(wide_characters_take_two_cells)
{
    static const struct {
        const char *text;
        uint32_t cells;
        size_t bytes;
    } cases[] = {
        {"a", 1, 1},
        {"\xc3\xa9", 1, 2},
        {"\xe2\x96\x88", 1, 3}, /* A full block, as bars are made of. */
        {"\xe6\xbc\xa2", 2, 3}, /* An ideograph. */
        {"\xea\xb0\x80", 2, 3}, /* Hangul. */
        {"\xef\xbc\xa1", 2, 3}, /* A fullwidth A. */
        {"\xf0\xa0\x80\x80", 2, 4},
        {"\xff", 1, 1},
        {"\x80", 0, 1},
        {"\xe6\xbc", 1, 1}, /* Cut off. */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t bytes = 0;

        CHECK_U64(rg_utf8_cells((const uint8_t *)cases[i].text, strlen(cases[i].text), &bytes),
                  cases[i].cells);
        CHECK_U64(bytes, cases[i].bytes);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"sequences_have_their_lengths", sequences_have_their_lengths},
        {"what_is_no_sequence", what_is_no_sequence},
        {"every_character_is_read_as_it_was_written", every_character_is_read_as_it_was_written},
        {"wide_characters_take_two_cells", wide_characters_take_two_cells},
    };

    return test_main("base/utf8", cases, sizeof cases / sizeof cases[0], argc, argv);
}
