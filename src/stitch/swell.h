/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Columns that would swell: long values that repeat within their sources, so that written one by
 * one they take many times what their dictionaries take. No codec undoes that: a value as long as
 * a codec's window (64 KiB in snappy) is compressed each time anew.
 */

#ifndef STITCH_SWELL_H
#define STITCH_SWELL_H

#include "stitch/chunk.h"
#include "stitch/dict_table.h"
#include "stitch/source.h"

enum {
    RG_SWELL_VALUE_BYTES = 1024 /* Columns whose values are shorter on average do not swell. */
};

/* Sums over the sources of an output chunk. All zero: none yet. */
struct rg_swell {
    uint64_t source_count;
    uint64_t raw_bytes;       /* Of all sources, as they are. */
    uint64_t dissolved_bytes; /* Of those with a dictionary, without it; as far as known. */
    uint64_t dissolved_values;
    uint64_t entry_count; /* Of all dictionaries and values beside them, if that is given. */
    bool is_guessed;      /* Of some source it is not told how much it is. */
};

/*
 * Of the source only chunk, leaf, writer and map are looked at. `dissolved_bytes` counts where its
 * footer does not tell what its values take without a dictionary.
 */
void rg_swell_add(struct rg_swell *swell, const struct rg_stitch_source *source,
                  uint64_t dissolved_bytes);

/*
 * What values of the survey's index pages take without the dictionary, if it is used evenly. Nulls
 * take nothing, where they are counted.
 */
uint64_t rg_swell_guess(const struct rg_survey *survey);

/* Whether that may be far off: entries are long, and the footer does not tell. */
bool rg_swell_must_count(const struct rg_survey *survey);

/*
 * The same value by value, their lengths not counted; *bytes stays as it is where no entry is long.
 * `table` becomes the survey's dictionary.
 *
 * Errors:  RG_ERR_CORRUPT for pages or a dictionary that cannot be read; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_swell_count(struct rg_bench *bench, const struct rg_survey *survey,
                                            struct rg_dict_table *table, uint64_t *bytes,
                                            struct rg_error *err);

/* What its dictionary may take: at least rg_dictionary_bytes_max. */
uint32_t rg_swell_dictionary_bytes(const struct rg_swell *swell);

/* Its values belong into one dictionary, whatever encodings they come in. */
bool rg_swell_is_large(const struct rg_swell *swell);

#endif
