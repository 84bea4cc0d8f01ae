/* SPDX-License-Identifier: Apache-2.0 */

/* Chunks stitched, and the output held against them; what the targets of the stitcher share. */

#ifndef FUZZ_STITCHED_H
#define FUZZ_STITCHED_H

#include "stitch/chunk.h"

/* Bits of the byte that chooses options. */
enum {
    FUZZ_IS_SNAPPY = 1,
    FUZZ_HAS_SMALL_PAGES = 2,
    FUZZ_HAS_CRC = 4,
    FUZZ_HAS_BLOOM = 8,
    FUZZ_IS_ENCODING_SMALL = 16,
    FUZZ_IS_BLOOM_ASKED = 32,
    FUZZ_HAS_SMALL_DICTIONARY = 64,
    FUZZ_HAS_SHORT_PAGES = 128,
};

/* The codec that a byte chooses. */
uint8_t fuzz_codec(uint8_t choice);

/*
 * Stitches the sources with the options that `choice` says, under caps that must be enough for what
 * footers promise. Ends the process unless they are refused by name, or the output's parts add up
 * and decode to what its sources decode to, one behind another. Broken values of a page that was
 * only copied are broken in the output too: what cannot be decoded before is not compared.
 */
void fuzz_stitch(const struct rg_stitch_column *column, uint8_t choice,
                 const struct rg_stitch_source *sources, size_t count);

#endif
