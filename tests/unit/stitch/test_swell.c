/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/swell.h"

#include "parquet/types.h"
#include "support/test.h"

/* A chunk of 10,000 values with a dictionary; `unencoded_bytes` 0: its footer does not tell. */
static struct rg_column_chunk chunk_of(uint64_t raw_bytes, uint64_t unencoded_bytes)
{
    return (struct rg_column_chunk){
        .codec = RG_CODEC_SNAPPY,
        .value_count = 10000,
        .compressed_bytes = raw_bytes / 2,
        .uncompressed_bytes = raw_bytes,
        .encodings = UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY,
        .size_statistics = {.is_present = unencoded_bytes > 0,
                            .has_unencoded_bytes = unencoded_bytes > 0,
                            .unencoded_bytes = unencoded_bytes},
    };
}

/* Several sources of one chunk. */
static struct rg_swell swell_of(uint64_t count, const struct rg_column_chunk *chunk, uint8_t type,
                                uint64_t guess)
{
    const struct rg_leaf leaf = {.type = type};
    const struct rg_writer writer = {.has_short_sizes = true};
    const struct rg_stitch_source source = {.chunk = chunk, .leaf = &leaf, .writer = &writer};
    struct rg_swell swell = {.source_count = 0};

    for (uint64_t i = 0; i < count; i++)
        rg_swell_add(&swell, &source, guess);
    return swell;
}

TEST(long_values_that_repeat_swell)
{
    const uint64_t mega = UINT64_C(1) << 20;
    static const struct {
        const char *about;
        uint64_t count, raw_bytes, unencoded_bytes, guess;
        bool is_large;
    } rows[] = {
        {"100 KB each", 3, 300000, 1000000000, 0, true},
        {"the same, as guessed", 3, 300000, 0, 1000000000, true},
        {"what is told counts", 3, 300000, 600000, 1000000000, false},
        {"one source is copied", 1, 300000, 1000000000, 0, false},
        {"short values", 3, 30000, 5000000, 0, false},
        {"long values that hardly repeat", 3, 10000000, 20000000, 0, false},
        {"nothing at all", 3, 0, 1, 0, false},
        {"sums that would overflow", 3, 300000, UINT64_MAX - 5, 0, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_column_chunk chunk = chunk_of(rows[i].raw_bytes, rows[i].unencoded_bytes);
        const struct rg_swell swell =
            swell_of(rows[i].count, &chunk, RG_TYPE_BYTE_ARRAY, rows[i].guess);

        if (rg_swell_is_large(&swell) != rows[i].is_large)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        CHECK(swell.is_guessed == (rows[i].unencoded_bytes == 0));
    }
    const struct rg_column_chunk numbers = chunk_of(1000, 100 * mega);
    const struct rg_swell swell = swell_of(3, &numbers, RG_TYPE_INT64, 0);
    CHECK(!rg_swell_is_large(&swell));
}

TEST(the_cap_grows_with_what_is_avoided)
{
    struct rg_swell swell = {.dissolved_bytes = 1000};

    CHECK_U64(rg_swell_dictionary_bytes(&swell), 8 << 20);
    swell.dissolved_bytes = UINT64_C(16) * 100000000;
    CHECK_U64(rg_swell_dictionary_bytes(&swell), 100000000);
    swell.dissolved_bytes = UINT64_MAX;
    CHECK_U64(rg_swell_dictionary_bytes(&swell), 256 << 20);
    swell.entry_count = 1 << 21;
    CHECK_U64(rg_swell_dictionary_bytes(&swell), 8 << 20);
}

TEST(sizes_that_are_too_small_are_not_believed)
{
    struct rg_column_chunk chunk = chunk_of(300000, 600000);

    chunk.encodings |= UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY;
    const struct rg_swell swell = swell_of(3, &chunk, RG_TYPE_BYTE_ARRAY, 1000000000);
    CHECK(rg_swell_is_large(&swell));
    CHECK(swell.is_guessed);
}

/* Most rows of a sparse column are null: its few values are long, but need not come twice. */
TEST(nulls_take_nothing)
{
    struct rg_column_chunk chunk = chunk_of(300000, 0);
    const struct rg_stitch_source source = {.chunk = &chunk};
    struct rg_survey survey = {.source = &source,
                               .dictionary_entries = 100,
                               .dictionary_raw_bytes = 200000,
                               .index_page_count = 1,
                               .index_values = 10000};

    CHECK_U64(rg_swell_guess(&survey), 20000000);
    chunk.statistics = (struct rg_statistics){.has_null_count = true, .null_count = 9900};
    CHECK_U64(rg_swell_guess(&survey), 200000);
    chunk.statistics.null_count = 10001;
    CHECK_U64(rg_swell_guess(&survey), 20000000);
    /* What the pages say goes before what the footer says. */
    survey.has_null_count = true;
    survey.null_count = 9000;
    CHECK_U64(rg_swell_guess(&survey), 2000000);
    /* Those of pages without indices do not count. */
    survey.index_values = 50;
    CHECK_U64(rg_swell_guess(&survey), 100000);

    /* Nor do they make values short. */
    chunk = chunk_of(300000, 5000000);
    struct rg_swell swell = swell_of(3, &chunk, RG_TYPE_BYTE_ARRAY, 0);
    CHECK(!rg_swell_is_large(&swell));
    chunk.statistics = (struct rg_statistics){.has_null_count = true, .null_count = 9900};
    swell = swell_of(3, &chunk, RG_TYPE_BYTE_ARRAY, 0);
    CHECK(rg_swell_is_large(&swell));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"long_values_that_repeat_swell", long_values_that_repeat_swell},
        {"the_cap_grows_with_what_is_avoided", the_cap_grows_with_what_is_avoided},
        {"sizes_that_are_too_small_are_not_believed", sizes_that_are_too_small_are_not_believed},
        {"nulls_take_nothing", nulls_take_nothing},
    };

    return test_main("stitch/swell", cases, sizeof cases / sizeof cases[0], argc, argv);
}
