/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rule and its constants are those of README.md section 8; they were tuned
 * on 543 columns against brute force. A choice costs what its bytes cost to write and to read
 * later, and the CPU that making it takes.
 */

#include "stitch/verdict.h"

#include <math.h>

#include "parquet/types.h"

static const double ns_per_byte = 2.0;           /* Of output. */
static const double ns_per_plain_value = 1.0;    /* Gathering. */
static const double ns_per_entry = 6.0;          /* Uniting. */
static const double ns_per_index = 0.6;          /* Remapping. */
static const double ratio_incompressible = 0.97; /* Above it a compressor is not worth calling. */

double rg_codec_bytes_per_ns(uint8_t codec, int level)
{
    switch (codec) {
    case RG_CODEC_NONE:
        return 0;
    case RG_CODEC_SNAPPY:
    case RG_CODEC_LZ4_RAW:
    case RG_CODEC_LZ4:
        return 0.6;
    case RG_CODEC_ZSTD:
        return level <= 1 ? 0.35 : 0.22;
    case RG_CODEC_GZIP:
        return 0.06;
    default:
        return 0.1;
    }
}

static double compress_ns(const struct rg_layout_facts *facts, double bytes)
{
    const double speed = rg_codec_bytes_per_ns(facts->codec, facts->level);

    return speed > 0 ? bytes / speed : 0;
}

double rg_layout_union_entries(const struct rg_layout_facts *facts)
{
    const double sum = (double)facts->entry_count;

    if (facts->pair_hits <= 0)
        return sum;
    /* Capture and recapture: how many values there are from which the sources draw. */
    const double population = facts->pair_products / facts->pair_hits;
    if (facts->sample_entries >= population)
        return facts->sample_entries;
    const double draws = -population * log(1 - facts->sample_entries / population);
    const double united = population * (1 - exp(-draws * (double)facts->source_count / population));
    return united < sum ? united : sum;
}

static double bits_of(double entries)
{
    return entries <= 1 ? 1 : ceil(log2(entries));
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 1 : (double)part / (double)whole;
}

static double plain_cost(const struct rg_layout_facts *facts)
{
    const double values = (double)facts->value_count;
    const double raw_bytes = ratio(facts->entry_raw_bytes, facts->entry_count);
    const bool is_compressed =
        ratio(facts->entry_bytes, facts->entry_raw_bytes) < ratio_incompressible;
    const double cpu =
        values * ns_per_plain_value + (is_compressed ? compress_ns(facts, values * raw_bytes) : 0);

    return values * facts->trial_bytes * ns_per_byte + cpu;
}

static double dictionary_cost(const struct rg_layout_facts *facts, double united)
{
    const double values = (double)facts->value_count;
    const double index_bytes = values * bits_of(united) / 8;
    const double index_ratio = ratio(facts->index_bytes, facts->index_raw_bytes);
    const bool is_compressed = index_ratio < ratio_incompressible;
    const double bytes = united * ratio(facts->entry_bytes, facts->entry_count) +
                         index_bytes * (is_compressed ? index_ratio : 1);
    const double raw_bytes = united * ratio(facts->entry_raw_bytes, facts->entry_count);
    const double cpu = (double)facts->entry_count * ns_per_entry + values * ns_per_index +
                       (is_compressed ? compress_ns(facts, index_bytes) : 0) +
                       compress_ns(facts, raw_bytes);

    return bytes * ns_per_byte + cpu;
}

enum rg_layout rg_layout_choose(const struct rg_layout_facts *facts, enum rg_reason *ret_reason)
{
    const double united = rg_layout_union_entries(facts);
    const double united_bytes = united * ratio(facts->entry_raw_bytes, facts->entry_count);

    *ret_reason = RG_REASON_NONE;
    if (facts->source_count <= 1)
        return RG_LAYOUT_DICTIONARY;
    if (facts->has_sampled_values) {
        *ret_reason = RG_REASON_PLAIN_TAIL;
        return RG_LAYOUT_PLAIN;
    }
    if (facts->distinct_count <= 1 && !facts->are_samples_identity)
        return RG_LAYOUT_DICTIONARY;
    *ret_reason = RG_REASON_VALUES_HARDLY_REPEAT;
    if (facts->are_samples_identity)
        return RG_LAYOUT_PLAIN;
    if (united_bytes > (double)facts->dictionary_bytes_max) {
        *ret_reason = RG_REASON_DICTIONARY_CAP;
        return RG_LAYOUT_PLAIN;
    }
    if (plain_cost(facts) < dictionary_cost(facts, united))
        return RG_LAYOUT_PLAIN;
    *ret_reason = RG_REASON_NONE;
    return RG_LAYOUT_DICTIONARY;
}
