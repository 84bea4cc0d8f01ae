/* SPDX-License-Identifier: Apache-2.0 */

/* Every cap on what bytes from outside can make us hold or do, with its reason. */

#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* arrow C++ and parquet-java refuse footers above 100 MB (parquet-java#3358). */
static const uint64_t rg_footer_bytes_max = UINT64_C(100) << 20;

/* Leaf columns of a schema, and its elements in all; wide tables seen have 50,000. */
static const uint32_t rg_columns_max = 100000;
static const uint32_t rg_schema_elements_max = 250000;

/* Paths of all leaves together: a long name above many leaves stands in each of their paths. */
static const size_t rg_schema_path_bytes_max = (size_t)16 << 20;

/* Nesting of a schema; parquet-java's own limit on recursion is near 100. */
static const uint32_t rg_schema_depth_max = 64;

/* `ordinal` is an i16, and DataFusion and parquet-go refuse more. */
static const uint32_t rg_row_groups_max = 32767;

/* arrow C++ reads lists of at most 1,000,000 elements: pages of a chunk stay below. */
static const uint32_t rg_pages_max = 1000000;

/* arrow C++ refuses page headers above 16 MiB. */
static const uint32_t rg_page_header_bytes_max = UINT32_C(16) << 20;

/* A page's size fields are i32; anything near that is not a page but an attack. */
static const uint32_t rg_page_bytes_max = INT32_MAX;

/* parquet-java <= 1.12.0 overflows at 2^31 (PARQUET-1633): output chunks stay below. */
static const uint64_t rg_chunk_bytes_max = INT32_MAX;

/* Entries of levels in an output chunk: parquet-java counts them in 32 bits (parquet-java#1939). */
static const uint64_t rg_chunk_values_max = INT32_MAX;

/* Of an output row group, uncompressed. */
static const uint64_t rg_row_group_bytes_max = UINT64_C(1) << 30;

/* United dictionaries, raw bytes: default and hard cap. */
static const uint32_t rg_dictionary_bytes_default = UINT32_C(4) << 20;
static const uint32_t rg_dictionary_bytes_max = UINT32_C(8) << 20;
/* Of long values that repeat (stitch/swell.h), which would take far more without it. */
static const uint32_t rg_dictionary_bytes_swell_max = UINT32_C(256) << 20;

/* Kernels read up to this many bytes past an input and write as many past an output. */
static const size_t rg_slack_bytes = 64;

#endif
