/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The values of one page in any encoding. Decoded in large batches and in small ones they are the
 * same, and both fail or neither does. With a dictionary the rest of the bytes is cut in two.
 */

#include <string.h>

#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "parquet/decoder.h"

enum {
    HEAD_BYTES = 6,
    VALUES_MAX = 20000,
};

struct page {
    struct rg_value_kind kind;
    struct rg_encoded_values encoded;
    struct rg_span entries; /* Of the dictionary. */
    uint32_t entry_count;
};

static enum rg_status next_values(struct rg_decoder *decoder, const struct rg_dict *dict,
                                  uint32_t count, struct rg_value_room *room,
                                  struct rg_values *ret_values, struct rg_error *err)
{
    if (!rg_encoding_is_dictionary(decoder->encoding))
        return rg_decoder_next(decoder, count, room, ret_values, err);
    RG_TRY(rg_decoder_next_indices(decoder, count, room, err));
    rg_values_lookup(&dict->values, room->words, count, room, ret_values);
    return RG_OK;
}

/* Everything there is, into one hash. */
static enum rg_status decode(const struct page *page, const struct rg_dict *dict,
                             uint32_t batch_max, uint64_t *ret_hash, struct rg_error *err)
{
    struct rg_encoded_values encoded = page->encoded;
    struct rg_value_room room;
    struct rg_decoder decoder;
    uint32_t done = 0;

    encoded.dictionary = dict;
    *ret_hash = 0;
    RG_TRY(rg_value_room_init(&room, &rg_allocator_system, &page->kind, err));
    enum rg_status status = rg_decoder_init(&decoder, &encoded, &room, err);
    while (status == RG_OK && done < encoded.value_count) {
        struct rg_values values = {0};
        uint32_t wanted = encoded.value_count - done;

        wanted = wanted < batch_max ? wanted : batch_max;
        wanted = wanted < room.count_max ? wanted : room.count_max;
        status = next_values(&decoder, dict, wanted, &room, &values, err);
        if (status != RG_OK)
            break;
        FUZZ_CHECK(values.count > 0 && values.count <= wanted);
        for (uint32_t i = 0; i < values.count; i++)
            *ret_hash = *ret_hash * 31 + rg_hash_fast(rg_values_at(&values, i));
        done += values.count;
    }
    rg_value_room_fini(&room);
    return status;
}

static void check(const struct page *page)
{
    struct rg_dict dict = {.allocator = NULL};
    struct rg_error err;
    uint64_t large = 0;
    uint64_t small = 0;

    if (rg_encoding_is_dictionary(page->encoded.encoding) &&
        rg_dict_init(&dict, &rg_allocator_system, &page->kind, page->entries, page->entry_count,
                     &err) != RG_OK)
        return;
    const enum rg_status status = decode(page, &dict, UINT32_MAX, &large, &err);
    FUZZ_CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED);
    FUZZ_CHECK(decode(page, &dict, 3, &small, &err) == status);
    FUZZ_CHECK(status != RG_OK || large == small);
    rg_dict_fini(&dict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct page page = {.encoded = {.encoding = 0}};
    struct rg_error err;

    if (bytes < HEAD_BYTES)
        return 0;
    page.encoded.encoding = data[0] % 11;
    if (rg_value_kind_init(&page.kind, data[1] % 8, data[2], &err) != RG_OK)
        return 0;
    page.encoded.value_count = ((uint32_t)data[3] | (uint32_t)data[4] << 8) % VALUES_MAX;
    page.entry_count = data[5];
    page.encoded.bytes = (struct rg_span){data + HEAD_BYTES, bytes - HEAD_BYTES};
    if (rg_encoding_is_dictionary(page.encoded.encoding)) {
        const size_t half = page.encoded.bytes.bytes / 2;

        page.entries = (struct rg_span){page.encoded.bytes.data, half};
        page.encoded.bytes.data += half;
        page.encoded.bytes.bytes -= half;
    }
    check(&page);
    return 0;
}
