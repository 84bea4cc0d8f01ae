/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LZ4 (codec 5, deprecated): never written, and read in the three forms that are on disks
 * (arrow compression_lz4.cc and arrow-rs compression.rs try them too).
 *
 *   Hadoop  One or more of: u32 BE raw bytes, u32 BE block bytes, LZ4 block. Hadoop itself may
 *           write several blocks for one raw length; then each has a length of its own. A raw
 *           length of 0 at the end has no block (BlockCompressorStream.finish()).
 *   frame   The LZ4 frame format: magic, descriptor, blocks with u32 LE lengths.
 *   block   A bare LZ4 block, as LZ4_RAW.
 *
 * Nothing says which one it is, so they are tried in this order, and a form counts only when it
 * uses up the input and gives exactly the bytes that the page header promises.
 */

#include "parquet/codec/lz4.h"

#include <string.h>

#include <lz4.h>

#include "parquet/codec/lz4raw.h"

static const uint32_t frame_magic = 0x184D2204;
static const uint32_t block_is_stored = UINT32_C(1) << 31;

static uint32_t read_u32_be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t read_u32_le(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool decompress_hadoop(struct rg_span in, uint8_t *out, size_t out_bytes)
{
    size_t at = 0;
    size_t done = 0;

    while (at < in.bytes) {
        if (in.bytes - at < 4)
            return false;
        const uint32_t raw_bytes = read_u32_be(in.data + at);
        at += 4;
        if (raw_bytes == 0 && at == in.bytes)
            break;
        if (raw_bytes > out_bytes - done)
            return false;
        const size_t end = done + raw_bytes;
        do {
            if (in.bytes - at < 4)
                return false;
            const uint32_t block_bytes = read_u32_be(in.data + at);
            at += 4;
            if (block_bytes > in.bytes - at)
                return false;
            const int got = LZ4_decompress_safe((const char *)in.data + at, (char *)out + done,
                                                (int)block_bytes, (int)(end - done));
            if (got < 0 || (got == 0 && done < end))
                return false;
            at += block_bytes;
            done += (size_t)got;
        } while (done < end);
    }
    return done == out_bytes;
}

/* Length of the frame's descriptor with the magic, or 0 when it is none we know. */
static size_t frame_header_bytes(struct rg_span in, bool *ret_has_block_checksums,
                                 bool *ret_has_content_checksum)
{
    if (in.bytes < 7 || read_u32_le(in.data) != frame_magic)
        return 0;
    const uint8_t flags = in.data[4];
    const bool is_version_1 = flags >> 6 == 1;
    const bool has_content_size = (flags & 8) != 0;
    const bool has_dictionary = (flags & 1) != 0;
    if (!is_version_1 || has_dictionary)
        return 0;
    *ret_has_block_checksums = (flags & 16) != 0;
    *ret_has_content_checksum = (flags & 4) != 0;
    return has_content_size ? 15 : 7;
}

/* Checksums are not looked at: a page has its own, and lengths must fit to the byte. */
static bool decompress_frame(struct rg_span in, uint8_t *out, size_t out_bytes)
{
    bool has_block_checksums = false;
    bool has_content_checksum = false;
    size_t done = 0;
    size_t at = frame_header_bytes(in, &has_block_checksums, &has_content_checksum);

    if (at == 0)
        return false;
    for (;;) {
        if (at > in.bytes || in.bytes - at < 4)
            return false;
        const uint32_t word = read_u32_le(in.data + at);
        at += 4;
        if (word == 0)
            break;
        const uint32_t block_bytes = word & ~block_is_stored;
        if (block_bytes > in.bytes - at)
            return false;
        const struct rg_span block = {in.data + at, block_bytes};
        if ((word & block_is_stored) != 0) {
            if (block_bytes > out_bytes - done)
                return false;
            memcpy(out + done, block.data, block_bytes);
            done += block_bytes;
        } else {
            /* Blocks may look back into the last 64 KiB of output, which lies right in front. */
            const size_t behind = done < 65536 ? done : 65536;
            const int got = LZ4_decompress_safe_usingDict(
                (const char *)block.data, (char *)out + done, (int)block_bytes,
                (int)(out_bytes - done), (const char *)out + done - behind, (int)behind);
            if (got < 0)
                return false;
            done += (size_t)got;
        }
        at += block_bytes + (has_block_checksums ? 4u : 0u);
    }
    return done == out_bytes && at + (has_content_checksum ? 4u : 0u) == in.bytes;
}

static enum rg_status lz4_decompress(struct rg_codec_context *context, struct rg_span in,
                                     uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    if (decompress_hadoop(in, out, out_bytes) || decompress_frame(in, out, out_bytes))
        return RG_OK;
    return rg_codec_ops_lz4raw.decompress(context, in, out, out_bytes, err);
}

static size_t lz4_decompress_bound(struct rg_span in)
{
    return rg_codec_ops_lz4raw.decompress_bound(in);
}

const struct rg_codec_ops rg_codec_ops_lz4 = {
    .decompress = lz4_decompress,
    .decompress_bound = lz4_decompress_bound,
};
