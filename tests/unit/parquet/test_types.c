/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/types.h"

#include "support/test.h"

TEST(names_are_those_of_the_specification)
{
    CHECK_TEXT(rg_type_name(RG_TYPE_FIXED_LEN_BYTE_ARRAY), "FIXED_LEN_BYTE_ARRAY");
    CHECK_TEXT(rg_type_name(RG_TYPE_INT96), "INT96");
    CHECK_TEXT(rg_encoding_name(RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY), "DELTA_LENGTH_BYTE_ARRAY");
    CHECK_TEXT(rg_encoding_name(RG_ENCODING_ALP), "ALP");
    CHECK_TEXT(rg_codec_name(RG_CODEC_NONE), "none");
    CHECK_TEXT(rg_codec_name(RG_CODEC_LZ4_RAW), "lz4_raw");
    CHECK_TEXT(rg_page_type_name(RG_PAGE_DATA_V2), "DATA_PAGE_V2");
}

TEST(unknown_numbers_have_a_name_too)
{
    CHECK_TEXT(rg_type_name(8), "?");
    CHECK_TEXT(rg_encoding_name(1), "?"); /* GROUP_VAR_INT, never used. */
    CHECK_TEXT(rg_encoding_name(UINT32_MAX), "?");
    CHECK_TEXT(rg_codec_name(8), "?");
    CHECK_TEXT(rg_page_type_name(4), "?");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"names_are_those_of_the_specification", names_are_those_of_the_specification},
        {"unknown_numbers_have_a_name_too", unknown_numbers_have_a_name_too},
    };

    return test_main("parquet/types", cases, sizeof cases / sizeof cases[0], argc, argv);
}
