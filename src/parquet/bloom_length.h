/* SPDX-License-Identifier: Apache-2.0 */

/* How long the bloom filters of older writers are. */

#ifndef PARQUET_BLOOM_LENGTH_H
#define PARQUET_BLOOM_LENGTH_H

#include "parquet/metadata.h"

/*
 * bloom_filter_length came with format 2.10.0 (parquet-java 1.14). Where a filter lacks it, it gets
 * one: up to what follows it in the file, by whatever offsets the footer tells, or to `data_end`,
 * where the footer begins. A filter may end before that: its header tells. Those that would be
 * longer than the format allows stay without, and so do all where there are too many to look for.
 */
void rg_bloom_lengths_complete(struct rg_file_meta *meta, uint64_t data_end);

#endif
