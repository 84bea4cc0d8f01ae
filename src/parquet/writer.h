/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who wrote a file, and which of its words cannot be believed because of that: the trust table of
 * src/stitch/README.md section 2, by `created_by`.
 */

#ifndef PARQUET_WRITER_H
#define PARQUET_WRITER_H

#include "base/span.h"

struct rg_writer {
    struct rg_span application; /* "parquet-mr"; empty when created_by has no such part. */
    uint32_t major, minor, patch;
    bool is_parsed;               /* A version X.Y.Z follows the application. */
    bool has_wrong_binary_bounds; /* PARQUET-251, -297: min and max of (fixed) byte arrays. */
    bool has_signed_order_only;   /* Bounds are right for signed comparison only, unless equal. */
    bool has_wrong_decimals; /* So are bounds of decimals in (fixed) byte arrays, unless equal. */
    bool has_wrong_long_decimals; /* The same of BYTE_ARRAY only. */
    /* Chunks of several pages: unsigned bounds were united as signed, floats' without NaN's pages.
     */
    bool has_wrong_unions;
    bool has_prefix_unions; /* Of byte arrays: where one begins with the other, the first page's. */
    bool has_repeated_null_counts; /* Each page with indices has the nulls of all of them. */
    /* Null counts of byte arrays with a dictionary: of all of a write, or of its first part. */
    bool has_odd_null_counts;
    bool omits_no_nulls;     /* A null count of 0 is left out, and any other said. */
    bool has_few_list_nulls; /* Below lists: without those that stand for no or an empty list. */
    bool has_running_null_counts; /* Those of the row groups before are in them. */
    bool has_first_bounds;        /* Byte arrays with a dictionary: of the first part of a write. */
    bool has_category_bounds; /* Chunks with a dictionary: first and last by their place in it. */
    bool has_nan_bounds;      /* NaN spoils bounds of floating point columns, seen or not. */
    bool has_linked_delta_pages; /* PARQUET-246: DELTA_BYTE_ARRAY pages lean on the page before. */
    /* total_compressed_size may leave out the dictionary page, and not just its header. */
    bool has_dictionary_outside;
    bool has_lying_v2_flag; /* ARROW-10353: V2 pages say uncompressed but are compressed. */
    /* unencoded_byte_array_data_bytes of DELTA_BYTE_ARRAY leaves out what values share. */
    bool has_short_sizes;
    /* That of chunks without a dictionary counts twice what was put into one before it grew too
     * large. */
    bool has_doubled_sizes;
    /* A chunk's total_uncompressed_size is counted page by page, and no copy of the other size. */
    bool has_counted_sizes;
};

/*
 * The application points into `created_by`. Flags of pages (linked, lying) tell where to look, not
 * what is there: a DELTA_BYTE_ARRAY page whose first prefix length is 0 leans on nothing.
 * `created_by` may be absent (data == NULL).
 */
struct rg_writer rg_writer_parse(struct rg_span created_by);

#endif
