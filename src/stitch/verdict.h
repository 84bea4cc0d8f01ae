/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a column of an output row group is laid out: its dictionaries united, or its values PLAIN.
 * Decided before the work, from headers of all sources and the dictionaries of three; constants
 * only, no timing, so that the same inputs always give the same bytes.
 */

#ifndef STITCH_VERDICT_H
#define STITCH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "stitch/moves.h"

enum rg_layout {
    RG_LAYOUT_DICTIONARY, /* Index pages in front, as far as they go. */
    RG_LAYOUT_PLAIN,      /* Dictionaries are promoted where they can be, else dissolved. */
};

/* What the rule goes by. Sums are over all sources with index pages. */
struct rg_layout_facts {
    uint64_t source_count;
    uint64_t distinct_count;   /* Different dictionaries among them. */
    bool has_sampled_values;   /* A sampled source has pages with values that are no indices. */
    bool are_samples_identity; /* Every sampled dictionary could be promoted. */
    uint64_t value_count;      /* In index pages. */
    uint64_t index_bytes;      /* Bodies of index pages, compressed and raw. */
    uint64_t index_raw_bytes;
    uint64_t entry_count; /* Of all dictionaries together. */
    uint64_t entry_bytes; /* The same, compressed and raw. */
    uint64_t entry_raw_bytes;
    double sample_entries; /* Entries of a sampled dictionary, on average. */
    double pair_products;  /* Sum over pairs of samples: entries of one times the other's. */
    double pair_hits;      /* Entries that both of a pair have, summed. */
    double trial_bytes;    /* Of a dissolved value, compressed; by trial. */
    uint64_t dictionary_bytes_max;
    uint8_t codec;
    int level;
};

/* The choice, and why where it is not the dictionary. */
enum rg_layout rg_layout_choose(const struct rg_layout_facts *facts, enum rg_reason *ret_reason);

/* How many entries the dictionaries of all sources have together when united, by the samples. */
double rg_layout_union_entries(const struct rg_layout_facts *facts);

/* Bytes that a codec compresses in a nanosecond, about; 0: none is used. */
double rg_codec_bytes_per_ns(uint8_t codec, int level);

#endif
