/* SPDX-License-Identifier: Apache-2.0 */

/* The shared files of AWS's tools. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "store/s3/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rg_span text = {data, size};
    struct rg_error err = {0};
    struct rg_arena arena;
    struct rg_ini ini;

    rg_arena_init(&arena, &rg_allocator_system, (size_t)64 << 20);
    const enum rg_status status = rg_ini_parse(text, &arena, &ini, &err);
    if (status == RG_OK) {
        for (size_t i = 0; i < ini.count; i++) {
            FUZZ_CHECK(rg_ini_has_section(&ini, ini.entries[i].section));
            FUZZ_CHECK(rg_ini_find(&ini, ini.entries[i].section, ini.entries[i].key) != NULL);
        }
    }
    rg_arena_fini(&arena);
    return 0;
}
