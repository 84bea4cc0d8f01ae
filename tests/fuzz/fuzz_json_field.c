/* SPDX-License-Identifier: Apache-2.0 */

/* JSON of who gives credentials. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "store/s3/json_field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rg_span document = {data, size};
    struct rg_error err = {0};
    char text[24];
    bool is_there = false;

    const enum rg_status status =
        rg_json_field(document, "AccessKeyId", text, sizeof text, &is_there, &err);
    FUZZ_CHECK(memchr(text, 0, sizeof text) != NULL);
    FUZZ_CHECK(status == RG_OK || (status == RG_ERR_CORRUPT && err.text[0] != '\0'));
    FUZZ_CHECK(is_there || text[0] == '\0' || status != RG_OK);
    return 0;
}
