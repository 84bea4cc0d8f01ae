/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/encoding/byte_stream_split.h"

#include <assert.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum rg_status rg_byte_stream_split_decoder_init(struct rg_byte_stream_split_decoder *decoder,
                                                 const struct rg_value_kind *kind,
                                                 struct rg_span bytes, struct rg_error *err)
{
    if (kind->is_variable || kind->type == RG_TYPE_BOOLEAN)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "BYTE_STREAM_SPLIT of physical type %u",
                       kind->type);
    if (kind->width_bytes == 0 ? bytes.bytes != 0 : bytes.bytes % kind->width_bytes != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes are no streams of values of %u bytes",
                       bytes.bytes, kind->width_bytes);
    *decoder = (struct rg_byte_stream_split_decoder){
        .width_bytes = kind->width_bytes,
        .bytes = bytes,
        /* Of values without bytes there are as many as one likes. */
        .value_count = kind->width_bytes == 0 ? SIZE_MAX : bytes.bytes / kind->width_bytes,
    };
    return RG_OK;
}

/* Four bytes of `count` values, from four streams; written so that it becomes vector code. */
static void join_4(const uint8_t *streams, size_t stream_bytes, uint32_t count, uint8_t *out,
                   size_t width)
{
    const uint8_t *a = streams;
    const uint8_t *b = a + stream_bytes;
    const uint8_t *c = b + stream_bytes;
    const uint8_t *d = c + stream_bytes;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t word =
            a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
        memcpy(out + i * width, &word, sizeof word);
    }
}

#if defined(__SSE2__)

static __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static void store(uint8_t *p, __m128i value)
{
    _mm_storeu_si128((__m128i *)(void *)p, value);
}

/* Sixteen values of 4 bytes at a time; returns how many were done. */
static uint32_t interleave_4(const uint8_t *streams, size_t stream_bytes, uint32_t count,
                             uint8_t *out)
{
    uint32_t done = 0;

    for (; done + 16 <= count; done += 16) {
        const __m128i a = load(streams + done);
        const __m128i b = load(streams + stream_bytes + done);
        const __m128i c = load(streams + 2 * stream_bytes + done);
        const __m128i d = load(streams + 3 * stream_bytes + done);
        const __m128i low_ac = _mm_unpacklo_epi8(a, c);
        const __m128i high_ac = _mm_unpackhi_epi8(a, c);
        const __m128i low_bd = _mm_unpacklo_epi8(b, d);
        const __m128i high_bd = _mm_unpackhi_epi8(b, d);

        store(out + (size_t)done * 4, _mm_unpacklo_epi8(low_ac, low_bd));
        store(out + (size_t)done * 4 + 16, _mm_unpackhi_epi8(low_ac, low_bd));
        store(out + (size_t)done * 4 + 32, _mm_unpacklo_epi8(high_ac, high_bd));
        store(out + (size_t)done * 4 + 48, _mm_unpackhi_epi8(high_ac, high_bd));
    }
    return done;
}

/*
 * Sixteen values of 8 bytes at a time: three rounds of interleaving, each of streams that lie half
 * as far apart as those of the round before. Returns how many values were done.
 */
static uint32_t interleave_8(const uint8_t *streams, size_t stream_bytes, uint32_t count,
                             uint8_t *out)
{
    uint32_t done = 0;

    for (; done + 16 <= count; done += 16) {
        __m128i a[8];
        __m128i b[8];

        for (size_t k = 0; k < 8; k++)
            a[k] = load(streams + k * stream_bytes + done);
        for (size_t k = 0; k < 4; k++) {
            b[2 * k] = _mm_unpacklo_epi8(a[k], a[k + 4]);
            b[2 * k + 1] = _mm_unpackhi_epi8(a[k], a[k + 4]);
        }
        for (size_t k = 0; k < 4; k++) {
            a[2 * k] = _mm_unpacklo_epi8(b[k], b[k + 4]);
            a[2 * k + 1] = _mm_unpackhi_epi8(b[k], b[k + 4]);
        }
        for (size_t k = 0; k < 4; k++) {
            store(out + (size_t)done * 8 + 32 * k, _mm_unpacklo_epi8(a[k], a[k + 4]));
            store(out + (size_t)done * 8 + 32 * k + 16, _mm_unpackhi_epi8(a[k], a[k + 4]));
        }
    }
    return done;
}

#endif

/* `count` values of any width. */
static void join(const uint8_t *streams, size_t stream_bytes, uint32_t count, uint8_t *out,
                 size_t width)
{
    size_t k = 0;

    for (; k + 4 <= width; k += 4)
        join_4(streams + k * stream_bytes, stream_bytes, count, out + k, width);
    for (; k < width; k++) {
        const uint8_t *stream = streams + k * stream_bytes;

        for (uint32_t i = 0; i < count; i++)
            out[i * width + k] = stream[i];
    }
}

enum rg_status rg_byte_stream_split_decoder_next(struct rg_byte_stream_split_decoder *decoder,
                                                 uint32_t count, struct rg_value_room *room,
                                                 struct rg_values *ret_values, struct rg_error *err)
{
    const size_t width = decoder->width_bytes;
    const size_t left = decoder->value_count - decoder->at;
    uint32_t done = 0;

    assert(count <= room->count_max);
    if (count > left)
        return rg_fail(err, RG_ERR_CORRUPT, "byte streams have %zu values where %u are wanted",
                       left, count);
    const uint8_t *streams = decoder->bytes.data + decoder->at;
#if defined(__SSE2__)
    if (width == 4)
        done = interleave_4(streams, decoder->value_count, count, room->fixed);
    else if (width == 8)
        done = interleave_8(streams, decoder->value_count, count, room->fixed);
#endif
    join(streams + done, decoder->value_count, count - done, room->fixed + done * width, width);
    decoder->at += count;
    *ret_values = (struct rg_values){
        .count = count, .width_bytes = decoder->width_bytes, .fixed = room->fixed};
    return RG_OK;
}
