/* SPDX-License-Identifier: Apache-2.0 */

/* SHA-256, its keyed form, and CRC32C, over one span or over the segments of a body. */

#ifndef STORE_S3_DIGEST_H
#define STORE_S3_DIGEST_H

#include "base/segment.h"
#include "base/span.h"

enum {
    RG_SHA256_BYTES = 32,
    RG_SHA256_HEX_BYTES = 65 /* With the NUL. */
};

void rg_sha256_segments(const struct rg_segment *segments, size_t count,
                        uint8_t ret_digest[RG_SHA256_BYTES]);
void rg_sha256(struct rg_span span, uint8_t ret_digest[RG_SHA256_BYTES]);
void rg_hmac_sha256(struct rg_span key, struct rg_span message,
                    uint8_t ret_digest[RG_SHA256_BYTES]);

/* Lower-case digits and a NUL. */
void rg_sha256_hex(const uint8_t digest[RG_SHA256_BYTES], char ret_hex[RG_SHA256_HEX_BYTES]);

/* CRC-32C (Castagnoli, RFC 3720) of `span`, going on from `crc` (0 to begin). */
uint32_t rg_crc32c(uint32_t crc, struct rg_span span);

/* Base64 of the four bytes, most significant first, as x-amz-checksum-crc32c has it; with NUL. */
void rg_crc32c_base64(uint32_t crc, char ret_text[9]);

#endif
