/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a stitch will most likely need, and how its pages will most likely go, from footers. It errs
 * to the side of more memory: having to begin again is worse than holding a little too much.
 */

#ifndef STITCH_LIKELY_H
#define STITCH_LIKELY_H

#include "stitch/chunk.h"
#include "stitch/estimate.h"

struct rg_likely {
    /* Set at init, then constant. */
    const struct rg_stitch_column *column;
    const struct rg_leaf *leaf;
    uint64_t source_count;
    uint64_t page_bytes;
    uint64_t page_rows;
    uint64_t index_rows;
    uint64_t dictionary_bytes_max;
    uint8_t codec;
    /* Sums over the chunks. */
    uint64_t value_count;
    uint64_t bytes;
    uint64_t page_count;
    uint64_t indexed_bytes; /* Of chunks with a dictionary. */
    uint64_t unique_bytes;  /* Of those whose values are all different. */
    uint64_t index_values;
    uint64_t index_bytes; /* Of index pages, as they lie. */
    uint64_t index_raw_bytes;
    uint64_t indexed_count; /* Chunks with a dictionary; */
    uint64_t entry_count;   /* of all their dictionaries: entries, bytes, raw bytes. */
    uint64_t entries_unsure;
    bool is_swelling; /* rg_swell_is_large(): all values go into one dictionary. */
    uint64_t entry_bytes;
    uint64_t entry_raw_bytes;
    uint64_t dissolved_bytes; /* Compressed about as their dictionaries are. */
    uint64_t tiny_bytes;
    uint64_t other_codec_bytes;
    uint64_t recoded_bytes;   /* Of chunks whose values must be decoded, or of their PLAIN tails, */
    uint64_t recoded_made;    /* and what becomes of them, compressed about as they are. */
    uint64_t converted_bytes; /* Dictionaries of widened chunks as they become, raw. */
    uint64_t plain_bytes_max; /* All values as PLAIN take no more; UINT64_MAX: nobody knows. */
    uint64_t room_bytes_max;  /* And so much room is made for them at once, at most. */
    uint64_t union_bytes_max; /* All values, each as often as its dictionary has it. */
    uint64_t tried_bytes;     /* Of chunks without a dictionary that may get one, or deltas. */
    bool is_widened;
    bool is_decoded;         /* Pages of some chunk go through a decoder. */
    bool has_other_pages;    /* Some chunk with a dictionary has other pages too. */
    bool is_varied;          /* Not all chunks with a dictionary hold one and the same value. */
    struct rg_span constant; /* That value, of the first of them. */
    uint64_t ranged_count;   /* Chunks of integers whose bounds are known; */
    double range_sum;        /* how far theirs are apart, and those of all. */
    double range_low;
    double range_high;
    /* The largest chunk's. */
    uint64_t bytes_max;
    uint64_t raw_bytes_max;
    uint64_t dictionary_bytes_most; /* Compressed, raw, entries. */
    uint64_t dictionary_raw_most;
    uint64_t entries_most;
    uint64_t value_bytes_most; /* PLAIN, on average over the chunk. */
    uint64_t index_raw_most;
    uint64_t dissolved_most; /* Compressed. */
};

/* Adds a source to the zeroed sums. */
void rg_likely_add(struct rg_likely *likely, const struct rg_stitch_source *source);

/* Fills the likely numbers, the verdict and the reason. */
void rg_likely_finish(const struct rg_likely *likely, struct rg_stitch_estimate *estimate);

#endif
