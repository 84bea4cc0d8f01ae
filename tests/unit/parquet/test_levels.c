/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/levels.h"

#include "parquet/types.h"
#include "support/test.h"

/* Encodings.md, "Bit-packed (Deprecated)": 0 to 7 in 3 bits. */
static const uint8_t packed[] = {0x05, 0x39, 0x77};

TEST(reads_bit_packed_levels_from_the_most_significant_bit)
{
    struct rg_level_decoder decoder;
    uint8_t levels[8];
    uint32_t count = 0;

    CHECK_OK(rg_level_decoder_init(&decoder, RG_ENCODING_BIT_PACKED, 7, SPAN(packed), 8, &t->err));
    CHECK_OK(rg_level_count_equal(&decoder, 8, 5, &count, &t->err));
    CHECK_U64(count, 1);
    CHECK_OK(rg_level_decoder_next(&decoder, 3, levels, &t->err));
    CHECK_OK(rg_level_decoder_next(&decoder, 5, levels + 3, &t->err));
    for (uint32_t i = 0; i < 8; i++)
        CHECK_U64(levels[i], i);
    CHECK_ERROR(
        rg_level_decoder_init(&decoder, RG_ENCODING_BIT_PACKED, 7, SPAN(packed), 9, &t->err),
        RG_ERR_CORRUPT, "9 bit-packed levels in 3 bytes");
}

static const uint8_t runs[] = {6, 1, 3, 0xE4, 0xE4};

TEST(reads_runs_and_refuses_levels_that_are_too_large)
{
    struct rg_level_decoder decoder;
    uint8_t levels[8];
    uint32_t count = 0;

    CHECK_OK(rg_level_decoder_init(&decoder, RG_ENCODING_RLE, 3, SPAN(runs), 7, &t->err));
    CHECK_OK(rg_level_count_equal(&decoder, 7, 1, &count, &t->err));
    CHECK_U64(count, 4);
    CHECK_OK(rg_level_decoder_next(&decoder, 7, levels, &t->err));
    CHECK_U64(levels[2], 1);
    CHECK_U64(levels[6], 3);
    CHECK_OK(rg_level_decoder_init(&decoder, RG_ENCODING_RLE, 2, SPAN(runs), 7, &t->err));
    CHECK_ERROR(rg_level_decoder_next(&decoder, 7, levels, &t->err), RG_ERR_CORRUPT,
                "level 3 where the largest is 2");
}

TEST(no_levels_need_no_bytes_whatever_their_encoding)
{
    struct rg_level_decoder decoder;
    const struct rg_span nothing = {NULL, 0};
    uint8_t levels[3] = {9, 9, 9};
    uint32_t count = 0;

    CHECK_OK(rg_level_decoder_init(&decoder, 77, 0, nothing, 3, &t->err));
    CHECK_OK(rg_level_count_equal(&decoder, 3, 0, &count, &t->err));
    CHECK_U64(count, 3);
    CHECK_OK(rg_level_decoder_next(&decoder, 3, levels, &t->err));
    CHECK_U64(levels[2], 0);
    CHECK_ERROR(rg_level_decoder_init(&decoder, 0, 1, nothing, 3, &t->err), RG_ERR_UNSUPPORTED,
                "levels of encoding 0");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"reads_bit_packed_levels_from_the_most_significant_bit",
         reads_bit_packed_levels_from_the_most_significant_bit},
        {"reads_runs_and_refuses_levels_that_are_too_large",
         reads_runs_and_refuses_levels_that_are_too_large},
        {"no_levels_need_no_bytes_whatever_their_encoding",
         no_levels_need_no_bytes_whatever_their_encoding},
    };

    return test_main("parquet/levels", cases, sizeof cases / sizeof cases[0], argc, argv);
}
