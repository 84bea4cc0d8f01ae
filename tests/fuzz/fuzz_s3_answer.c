/* SPDX-License-Identifier: Apache-2.0 */

/* XML of a server: in pieces as they come, into any of the answers. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "fuzz/fuzz.h"
#include "store/s3/answer.h"

static const size_t memory_bytes_max = (size_t)64 << 20;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rg_answer answer;
    const struct rg_span whole = {data, size};
    struct rg_error err = {0};
    struct rg_arena arena;

    if (size < 1)
        return 0;
    rg_arena_init(&arena, &rg_allocator_system, memory_bytes_max);
    struct rg_xml *xml = rg_xml_new(&rg_allocator_system, rg_answer_take, &answer);
    FUZZ_CHECK(xml != NULL);
    const size_t piece = (size_t)data[0] + 1;
    rg_answer_reset(&answer, &arena, "in/", "a/");
    enum rg_status status = RG_OK;
    for (size_t at = 1; at < size && status == RG_OK; at += piece) {
        const size_t bytes = whole.bytes - at < piece ? whole.bytes - at : piece;

        status = rg_xml_feed(xml, (struct rg_span){data + at, bytes}, false, &err);
    }
    if (status == RG_OK)
        status = rg_xml_feed(xml, (struct rg_span){data, 0}, true, &err);
    if (status == RG_OK) {
        FUZZ_CHECK(answer.kind != RG_ANSWER_NONE);
        for (size_t i = 0; i < answer.list.count && answer.kind == RG_ANSWER_LIST; i++) {
            /* What callers rely on: below the prefix, and not it. */
            FUZZ_CHECK(strncmp(answer.list.objects[i].key, "a/", 2) == 0);
            FUZZ_CHECK(answer.list.objects[i].key[2] != '\0');
            FUZZ_CHECK(answer.list.objects[i].id.tag != NULL);
        }
    } else {
        FUZZ_CHECK(err.text[0] != '\0');
    }
    rg_xml_free(xml);
    rg_arena_fini(&arena);
    return 0;
}
