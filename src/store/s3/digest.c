/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/digest.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

void rg_sha256_segments(const struct rg_segment *segments, size_t count,
                        uint8_t ret_digest[RG_SHA256_BYTES])
{
    struct sha256_ctx context;

    sha256_init(&context);
    for (size_t i = 0; i < count; i++)
        sha256_update(&context, segments[i].bytes, segments[i].data);
    sha256_digest(&context, RG_SHA256_BYTES, ret_digest);
}
void rg_sha256(struct rg_span span, uint8_t ret_digest[RG_SHA256_BYTES])
{
    const struct rg_segment segment = {span.data, span.bytes};

    rg_sha256_segments(&segment, span.bytes > 0 ? 1 : 0, ret_digest);
}

void rg_hmac_sha256(struct rg_span key, struct rg_span message, uint8_t ret_digest[RG_SHA256_BYTES])
{
    struct hmac_sha256_ctx context;

    hmac_sha256_set_key(&context, key.bytes, key.data);
    if (message.bytes > 0)
        hmac_sha256_update(&context, message.bytes, message.data);
    hmac_sha256_digest(&context, RG_SHA256_BYTES, ret_digest);
    explicit_bzero(&context, sizeof context);
}

void rg_sha256_hex(const uint8_t digest[RG_SHA256_BYTES], char ret_hex[RG_SHA256_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < RG_SHA256_BYTES; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[RG_SHA256_HEX_BYTES - 1] = '\0';
}

/* RFC 3720, B.4: the polynomial 0x1EDC6F41, reflected. */
static const uint32_t crc32c_polynomial = 0x82f63b78;

static uint32_t crc32c_bitwise(uint32_t state, struct rg_span span)
{
    for (size_t i = 0; i < span.bytes; i++) {
        state ^= span.data[i];
        for (int bit = 0; bit < 8; bit++)
            state = (state >> 1) ^ ((state & 1) != 0 ? crc32c_polynomial : 0);
    }
    return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t state,
                                                                        struct rg_span span)
{
    uint64_t wide = state;
    size_t i = 0;

    for (; span.bytes - i >= 8; i += 8) {
        uint64_t word;

        memcpy(&word, span.data + i, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; i < span.bytes; i++)
        narrow = _mm_crc32_u8(narrow, span.data[i]);
    return narrow;
}
#endif

uint32_t rg_crc32c(uint32_t crc, struct rg_span span)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc32c_by_instruction(~crc, span);
#endif
    return ~crc32c_bitwise(~crc, span);
}

void rg_crc32c_base64(uint32_t crc, char ret_text[9])
{
    const uint8_t bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};

    base64_encode_raw(ret_text, sizeof bytes, bytes);
    ret_text[BASE64_ENCODE_RAW_LENGTH(sizeof bytes)] = '\0';
}
