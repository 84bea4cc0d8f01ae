/* SPDX-License-Identifier: Apache-2.0 */

/* A configuration sets options or names what is wrong with it; every kind of value goes this way.
 */

#include "fuzz/fuzz.h"
#include "plan/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rg_options options;
    struct rg_error err;
    struct rg_buffer shape;

    FUZZ_CHECK(rg_options_init(&options, &rg_allocator_system, &err) == RG_OK);
    const enum rg_status status =
        rg_options_set_config(&options, (const char *)data, bytes, "input", &err);
    FUZZ_CHECK(status == RG_OK || status == RG_ERR_INVALID || status == RG_ERR_LIMIT ||
               status == RG_ERR_NOMEM);
    /* Whatever came in, the options are usable. */
    FUZZ_CHECK(options.row_group_bytes >= 1024 && options.row_group_bytes <= UINT64_C(1) << 30);
    FUZZ_CHECK(options.row_groups_per_file >= 1 && options.row_groups_per_file <= 32767);
    FUZZ_CHECK(options.order.term_count >= 1 && options.order.term_count <= RG_SORT_TERMS_MAX);
    FUZZ_CHECK(options.memory.percent <= 100);
    FUZZ_CHECK(options.where.term_count <= RG_WHERE_TERMS_MAX);
    rg_buffer_init(&shape, &rg_allocator_system, (size_t)16 << 20);
    rg_options_shape(&options, &shape);
    FUZZ_CHECK(!shape.failed && shape.bytes > 0);
    rg_buffer_fini(&shape);
    rg_options_fini(&options);
    return 0;
}
