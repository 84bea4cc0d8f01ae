/* SPDX-License-Identifier: Apache-2.0 */

/* A page header that is taken says the same after it was written and read again. */

#include <string.h>

#include "fuzz/fuzz.h"
#include "parquet/page_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct rg_span input = {data, bytes};
    uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_page_header first;
    struct rg_page_header second;
    struct rg_error err;
    size_t first_bytes;
    size_t second_bytes;

    if (rg_page_header_parse(input, &first, &first_bytes, &err) != RG_OK) {
        FUZZ_CHECK(err.status == RG_ERR_CORRUPT || err.status == RG_ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(first_bytes <= bytes);
    const size_t emitted = rg_page_header_emit(&first, out);
    FUZZ_CHECK(emitted > 0 && emitted <= sizeof out);
    const struct rg_span again = {out, emitted};
    FUZZ_CHECK(rg_page_header_parse(again, &second, &second_bytes, &err) == RG_OK);
    FUZZ_CHECK(second_bytes == emitted);
    FUZZ_CHECK(!second.has_statistics);
    FUZZ_CHECK(first.type == second.type && first.encoding == second.encoding);
    FUZZ_CHECK(first.def_encoding == second.def_encoding);
    FUZZ_CHECK(first.rep_encoding == second.rep_encoding);
    FUZZ_CHECK(first.has_crc == second.has_crc && first.crc == second.crc);
    FUZZ_CHECK(first.is_compressed == second.is_compressed && first.is_sorted == second.is_sorted);
    FUZZ_CHECK(first.uncompressed_bytes == second.uncompressed_bytes);
    FUZZ_CHECK(first.compressed_bytes == second.compressed_bytes);
    FUZZ_CHECK(first.value_count == second.value_count && first.null_count == second.null_count);
    FUZZ_CHECK(first.row_count == second.row_count);
    FUZZ_CHECK(first.def_bytes == second.def_bytes && first.rep_bytes == second.rep_bytes);
    return 0;
}
