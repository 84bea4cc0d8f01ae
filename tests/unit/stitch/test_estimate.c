/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/estimate.h"

#include "base/limits.h"
#include "parquet/types.h"
#include "support/test.h"

static struct rg_column_chunk good_chunk(void)
{
    return (struct rg_column_chunk){
        .type = RG_TYPE_INT64,
        .codec = RG_CODEC_SNAPPY,
        .encodings = UINT32_C(1) << RG_ENCODING_PLAIN | UINT32_C(1) << RG_ENCODING_RLE,
        .value_count = 1000,
        .compressed_bytes = 4000,
        .uncompressed_bytes = 8000,
    };
}

TEST(chunks_that_cannot_be_stitched_are_named)
{
    struct rg_column_chunk chunk = good_chunk();

    CHECK_OK(rg_stitch_acceptable(&chunk, &t->err));
    chunk.is_encrypted = true;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_UNSUPPORTED, "is encrypted");
    chunk = good_chunk();
    chunk.is_elsewhere = true;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_UNSUPPORTED, "in another file");
    chunk = good_chunk();
    chunk.codec = 8;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_UNSUPPORTED, "codec ? (8)");
    chunk = good_chunk();
    chunk.encodings |= UINT32_C(1) << 1;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_UNSUPPORTED, "encoding 1");
    chunk = good_chunk();
    chunk.encodings |= UINT32_C(1) << 31;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_UNSUPPORTED, "encoding 31");
}

/* Old encodings and all that need a recode are no reason. */
TEST(old_chunks_can_be_stitched)
{
    struct rg_column_chunk chunk = good_chunk();

    chunk.type = RG_TYPE_BOOLEAN;
    chunk.codec = RG_CODEC_LZ4;
    chunk.has_dictionary_offset = true;
    chunk.encodings = UINT32_C(1) << RG_ENCODING_BIT_PACKED | UINT32_C(1)
                                                                  << RG_ENCODING_PLAIN_DICTIONARY;
    CHECK_OK(rg_stitch_acceptable(&chunk, &t->err));
}

/* Of most writers it is not known; for those who count, the size is what it says. */
TEST(one_size_given_twice_is_believed_of_writers_who_count)
{
    struct rg_column_chunk chunk = good_chunk();

    chunk.uncompressed_bytes = chunk.compressed_bytes;
    CHECK_U64(rg_raw_bytes_bound(&chunk), chunk.compressed_bytes * 64 + 65536);
    chunk.has_counted_sizes = true;
    CHECK_U64(rg_raw_bytes_bound(&chunk), chunk.compressed_bytes);
    chunk.uncompressed_bytes = 0;
    CHECK_U64(rg_raw_bytes_bound(&chunk), chunk.compressed_bytes * 64 + 65536);
}

TEST(chunks_end_below_two_gibibytes)
{
    struct rg_column_chunk chunk = good_chunk();

    chunk.compressed_bytes = rg_chunk_bytes_max;
    chunk.uncompressed_bytes = rg_chunk_bytes_max;
    CHECK_OK(rg_stitch_acceptable(&chunk, &t->err));
    chunk.compressed_bytes = rg_chunk_bytes_max + 1;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_LIMIT,
                "a chunk of 2147483648 bytes; outputs hold at most 2147483647");
    chunk = good_chunk();
    chunk.uncompressed_bytes = rg_chunk_bytes_max + 1;
    CHECK_ERROR(rg_stitch_acceptable(&chunk, &t->err), RG_ERR_LIMIT, "a chunk of");
}

/*
 * Values that share their beginnings are decoded for a bloom filter: what that takes is not what
 * their writer says, where it leaves out what they share.
 */
TEST(sizes_that_are_too_small_bound_nothing)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    struct rg_leaf leaves[] = {leaf};
    const struct rg_schema schema = {.leaves = leaves, .leaf_count = 1};
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    const struct rg_stitch_column column = {&schema, 0, &options, false, true};
    struct rg_column_chunk chunk = good_chunk();
    struct rg_writer writer = {.is_parsed = true};
    struct rg_stitch_estimate estimate;

    chunk.type = RG_TYPE_BYTE_ARRAY;
    chunk.encodings = UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY;
    chunk.size_statistics = (struct rg_size_statistics){
        .is_present = true, .has_unencoded_bytes = true, .unencoded_bytes = 8000};
    const struct rg_stitch_source source = {
        .chunk = &chunk, .leaf = &leaf, .writer = &writer, .row_count = chunk.value_count};
    rg_stitch_estimate(&column, &source, 1, &estimate);
    CHECK(estimate.scratch_bytes_max < 100 << 20);
    writer.has_short_sizes = true;
    rg_stitch_estimate(&column, &source, 1, &estimate);
    CHECK(estimate.scratch_bytes_max > rg_page_bytes_max);
}

/* Two sources with dictionaries of long strings, of which footers tell nothing. */
static uint64_t scratch_of_two(struct rg_column_chunk chunk)
{
    struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    const struct rg_schema schema = {.leaves = &leaf, .leaf_count = 1};
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    const struct rg_stitch_column column = {&schema, 0, &options, false, false};
    const struct rg_writer writer = {.is_parsed = true};
    const struct rg_stitch_source source = {
        .chunk = &chunk, .leaf = &leaf, .writer = &writer, .row_count = chunk.value_count};
    const struct rg_stitch_source sources[] = {source, source};
    struct rg_stitch_estimate estimate;

    rg_stitch_estimate(&column, sources, 2, &estimate);
    return estimate.scratch_bytes_max;
}

TEST(entries_may_be_more_than_values)
{
    struct rg_column_chunk chunk = good_chunk();

    chunk.type = RG_TYPE_BYTE_ARRAY;
    chunk.encodings = UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY;
    chunk.value_count = 10;
    chunk.compressed_bytes = 4000000;
    chunk.uncompressed_bytes = 16000000;
    /* Of 4 million empty strings: offsets and slots of the union, offsets and a map of each. */
    CHECK(scratch_of_two(chunk) > UINT64_C(4000000) * (64 + 16 + 44) * 4 / 3);
}

/* What two values share lies in a file once, but in a dictionary twice. */
TEST(a_dictionary_may_be_longer_than_its_sources)
{
    struct rg_column_chunk chunk = good_chunk();

    chunk.type = RG_TYPE_BYTE_ARRAY;
    chunk.encodings = UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY;
    CHECK(scratch_of_two(chunk) < rg_dictionary_bytes_swell_max);
    chunk.encodings |= UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY;
    chunk.size_statistics = (struct rg_size_statistics){
        .is_present = true, .has_unencoded_bytes = true, .unencoded_bytes = 100000000};
    CHECK(scratch_of_two(chunk) > UINT64_C(3) * rg_dictionary_bytes_swell_max);
}

static struct rg_stitch_estimate estimate_of(struct rg_column_chunk chunk,
                                             const struct rg_stitch_options *options)
{
    struct rg_leaf leaf = {.type = RG_TYPE_INT64};
    const struct rg_schema schema = {.leaves = &leaf, .leaf_count = 1};
    const struct rg_stitch_column column = {&schema, 0, options, false, false};
    const struct rg_writer writer = {.is_parsed = true};
    const struct rg_stitch_source source = {
        .chunk = &chunk, .leaf = &leaf, .writer = &writer, .row_count = chunk.value_count};
    struct rg_stitch_estimate estimate;

    rg_stitch_estimate(&column, &source, 1, &estimate);
    return estimate;
}

/* What a codec takes for one page is much more than the page, and no arena has it. */
TEST(codecs_are_counted)
{
    const struct rg_stitch_options keep = {.codec = RG_CODEC_KEEP};
    const struct rg_stitch_options fast = {.codec = RG_CODEC_ZSTD, .level = 1};
    const struct rg_stitch_options best = {.codec = RG_CODEC_ZSTD, .level = 19};
    const struct rg_stitch_options brotli = {.codec = RG_CODEC_BROTLI, .level = 9};
    const uint64_t mib = UINT64_C(1) << 20;
    struct rg_column_chunk chunk = good_chunk();

    chunk.value_count = 1 << 20;
    chunk.compressed_bytes = 7 * mib;
    chunk.uncompressed_bytes = 8 * mib;
    const struct rg_stitch_estimate usual = estimate_of(chunk, &fast);
    CHECK(estimate_of(chunk, &best).scratch_bytes >= usual.scratch_bytes + 16 * mib);
    CHECK(estimate_of(chunk, &best).scratch_bytes_max >= usual.scratch_bytes_max + 30 * mib);
    CHECK(estimate_of(chunk, &brotli).scratch_bytes >= usual.scratch_bytes + 46 * mib);
    chunk.codec = RG_CODEC_BROTLI;
    CHECK(estimate_of(chunk, &fast).scratch_bytes >= usual.scratch_bytes + 12 * mib);
    CHECK(estimate_of(chunk, &fast).scratch_bytes_max >= usual.scratch_bytes_max + 28 * mib);
    /* Copied pages are not opened; the bound is for those that are all the same. */
    CHECK(estimate_of(chunk, &keep).scratch_bytes < 4 * mib);
    CHECK(estimate_of(chunk, &keep).scratch_bytes_max >= 30 * mib);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"chunks_that_cannot_be_stitched_are_named", chunks_that_cannot_be_stitched_are_named},
        {"old_chunks_can_be_stitched", old_chunks_can_be_stitched},
        {"one_size_given_twice_is_believed_of_writers_who_count",
         one_size_given_twice_is_believed_of_writers_who_count},
        {"chunks_end_below_two_gibibytes", chunks_end_below_two_gibibytes},
        {"sizes_that_are_too_small_bound_nothing", sizes_that_are_too_small_bound_nothing},
        {"entries_may_be_more_than_values", entries_may_be_more_than_values},
        {"a_dictionary_may_be_longer_than_its_sources",
         a_dictionary_may_be_longer_than_its_sources},
        {"codecs_are_counted", codecs_are_counted},
    };

    return test_main("stitch/estimate", cases, sizeof cases / sizeof cases[0], argc, argv);
}
