/* SPDX-License-Identifier: Apache-2.0 */

/* Headers of an answer, as they come from libcurl: each line is one, "name: value". */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "store/s3/s3_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rg_endpoint_options options = {
        .url = "http://127.0.0.1:81", .region = "r", .bucket = "bucket"};
    struct rg_s3_headers headers = {.has_length = false};
    struct rg_endpoint endpoint;
    struct rg_error err;
    size_t begin = 0;

    FUZZ_CHECK(rg_endpoint_init(&endpoint, &options, &err) == RG_OK);
    while (begin < size) {
        const uint8_t *at = data + begin;
        const uint8_t *end = memchr(at, '\n', size - begin);
        const size_t bytes = end != NULL ? (size_t)(end - at) : size - begin;
        const uint8_t *colon = memchr(at, ':', bytes);

        if (colon != NULL)
            rg_s3_headers_take(&headers, &endpoint, (struct rg_span){at, (size_t)(colon - at)},
                               (struct rg_span){colon + 1, bytes - (size_t)(colon - at) - 1});
        begin += bytes + 1;
    }
    FUZZ_CHECK(!headers.has_range || headers.range_first <= headers.range_last);
    FUZZ_CHECK(memchr(headers.tag, 0, sizeof headers.tag) != NULL);
    FUZZ_CHECK(memchr(headers.region, 0, sizeof headers.region) != NULL);
    FUZZ_CHECK(memchr(headers.location_host, 0, sizeof headers.location_host) != NULL);
    FUZZ_CHECK(headers.location_host[0] == '\0' ||
               strcmp(headers.location_host, endpoint.host) == 0);
    rg_s3_unquote(headers.tag);
    return 0;
}
