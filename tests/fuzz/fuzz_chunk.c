/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A whole column chunk, behind a head that tells what the footer would. It is read twice, the
 * second time with the reader that has read it before: both are alike. What was measured in advance
 * is enough memory.
 */

#include <string.h>

#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_pages.h"
#include "parquet/chunk_reader.h"

enum {
    HEAD_BYTES = 12,
    /* So many levels can be claimed in few bytes that reading them all would take too long. */
    LEVELS_MAX = 1 << 17,
    /* What DELTA_BYTE_ARRAY puts together comes on top of the measure, and so do codecs. */
    MEMORY_ON_TOP = 40 << 20,
    ALLOCATION_MAX = 64 << 20,
};

/* Counts what is held. */
struct meter {
    size_t held;
    size_t held_max;
};

static void *meter_alloc(void *context, size_t bytes)
{
    struct meter *meter = context;

    if (bytes > ALLOCATION_MAX)
        return NULL;
    meter->held += bytes;
    meter->held_max = meter->held > meter->held_max ? meter->held : meter->held_max;
    return malloc(bytes == 0 ? 1 : bytes);
}

static void meter_release(void *context, void *memory, size_t bytes)
{
    struct meter *meter = context;

    meter->held -= bytes;
    free(memory);
}

/* Everything a chunk holds, as one number; what went wrong counts, too. */
static uint64_t read_chunk(struct rg_chunk_reader *reader, const struct rg_chunk_source *source)
{
    struct rg_chunk_batch batch;
    struct rg_error err;
    uint64_t hash = 0;
    uint64_t levels = 0;
    bool is_end = false;

    enum rg_status status = rg_chunk_reader_open(reader, source, &err);
    while (status == RG_OK && levels < LEVELS_MAX) {
        struct rg_values values;

        status = rg_chunk_next(reader, &batch, &is_end, &err);
        if (status != RG_OK || is_end)
            break;
        FUZZ_CHECK(batch.level_count > 0 && batch.value_count <= batch.level_count);
        rg_chunk_batch_values(reader, &batch, &values);
        FUZZ_CHECK(values.count == batch.value_count);
        for (uint32_t i = 0; i < values.count; i++)
            hash = fuzz_mix(hash, rg_hash_fast(rg_values_at(&values, i)));
        for (uint32_t i = 0; i < batch.level_count; i++) {
            hash = fuzz_mix(hash, batch.def_levels == NULL ? 0 : batch.def_levels[i]);
            hash = fuzz_mix(hash, batch.rep_levels == NULL ? 0 : batch.rep_levels[i]);
        }
        levels += batch.level_count;
    }
    FUZZ_CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED ||
               status == RG_ERR_LIMIT || status == RG_ERR_NOMEM);
    return fuzz_mix(fuzz_mix(hash, (uint64_t)status), levels);
}

bool fuzz_describe(const uint8_t *data, size_t bytes, struct fuzz_pages *ret_pages)
{
    if (bytes <= HEAD_BYTES)
        return false;
    *ret_pages = (struct fuzz_pages){.pages_at = HEAD_BYTES,
                                     .counts_at = 6,
                                     .count_bytes = 3,
                                     .codec = data[4] % 8,
                                     .is_flat = data[2] % 4 == 0};
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct meter meter = {0, 0};
    const struct rg_allocator allocator = {meter_alloc, meter_release, &meter};
    struct rg_error err;
    size_t measured = 0;

    if (bytes < HEAD_BYTES)
        return 0;
    const struct rg_leaf leaf = {.type = data[0] % 8,
                                 .def_max = data[1] % 5,
                                 .rep_max = data[2] % 4,
                                 .type_length = data[3]};
    const struct rg_column_chunk chunk = {
        .codec = data[4] % 8,
        .value_count = (uint32_t)data[6] | (uint32_t)data[7] << 8 | (uint32_t)data[8] << 16,
        .compressed_bytes = bytes - HEAD_BYTES,
    };
    const struct rg_chunk_source source = {
        .chunk = &chunk,
        .leaf = &leaf,
        .bytes = {data + HEAD_BYTES, bytes - HEAD_BYTES},
        .row_count = (uint32_t)data[9] | (uint32_t)data[10] << 8 | (uint32_t)data[11] << 16,
        .has_dictionary_outside = (data[5] & 4) != 0,
        .has_lying_v2_flag = (data[5] & 1) != 0,
        .has_linked_delta_pages = (data[5] & 2) != 0,
    };
    struct rg_chunk_reader *reader = malloc(sizeof *reader);
    struct rg_codec_context *codecs = rg_codec_context_new(&allocator);
    FUZZ_CHECK(reader != NULL && codecs != NULL);
    const bool is_measured = rg_chunk_measure(&source, &measured, &err) == RG_OK;
    rg_chunk_reader_init(reader, codecs, &allocator);
    const uint64_t first = read_chunk(reader, &source);
    FUZZ_CHECK(!is_measured || meter.held_max <= measured + MEMORY_ON_TOP);
    FUZZ_CHECK(read_chunk(reader, &source) == first);
    rg_chunk_reader_fini(reader);
    rg_codec_context_free(codecs);
    FUZZ_CHECK(meter.held == 0);
    free(reader);
    return 0;
}
