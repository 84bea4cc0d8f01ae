/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mutations of a Parquet file behind one byte: in its footer, whose length is made right, or in
 * some bytes before it, which stay as many, so that offsets in the footer still lead to pages.
 */

#include <string.h>

#include "fuzz/fuzz.h"

enum {
    HEAD_BYTES = 1,
    TAIL_BYTES = 8, /* The footer's length, "PAR1". */
    WINDOW_BYTES = 48,
    FOOTER_GROWTH = 64,
};

static size_t draw(uint64_t *random, size_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(*random >> 33) % below;
}

/* Bytes of the footer; 0: it does not lie in the file. */
static size_t footer_bytes(const uint8_t *data, size_t bytes)
{
    if (bytes < HEAD_BYTES + TAIL_BYTES)
        return 0;
    const uint8_t *tail = data + bytes - TAIL_BYTES;
    const size_t footer = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16;

    return tail[3] == 0 && footer <= bytes - HEAD_BYTES - TAIL_BYTES ? footer : 0;
}

static size_t mutate_footer(uint8_t *data, size_t bytes, size_t bytes_max, size_t footer)
{
    const size_t begin = bytes - TAIL_BYTES - footer;
    const size_t more = bytes_max - bytes < FOOTER_GROWTH ? bytes_max - bytes : FOOTER_GROWTH;
    uint8_t tail[TAIL_BYTES];

    memcpy(tail, data + bytes - TAIL_BYTES, TAIL_BYTES);
    footer = LLVMFuzzerMutate(data + begin, footer, footer + more);
    for (size_t i = 0; i < 4; i++)
        tail[i] = (uint8_t)(footer >> 8 * i);
    memcpy(data + begin + footer, tail, TAIL_BYTES);
    return begin + footer + TAIL_BYTES;
}

static void mutate_window(uint8_t *data, size_t bytes, uint64_t *random)
{
    uint8_t window[WINDOW_BYTES];
    const size_t at = draw(random, bytes);
    const size_t length = bytes - at < WINDOW_BYTES ? bytes - at : WINDOW_BYTES;

    memcpy(window, data + at, length);
    const size_t left = LLVMFuzzerMutate(window, length, length);
    memcpy(data + at, window, left);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t bytes_max, unsigned seed)
{
    const size_t footer = footer_bytes(data, bytes);
    uint64_t random = seed;

    if (footer == 0 || draw(&random, 16) == 0)
        return LLVMFuzzerMutate(data, bytes, bytes_max);
    if (draw(&random, 16) == 0) {
        data[0] = (uint8_t)draw(&random, 256);
        return bytes;
    }
    const size_t body = bytes - HEAD_BYTES - TAIL_BYTES - footer;
    if (body == 0 || draw(&random, 2) == 0)
        return mutate_footer(data, bytes, bytes_max, footer);
    mutate_window(data + HEAD_BYTES, body, &random);
    return bytes;
}
