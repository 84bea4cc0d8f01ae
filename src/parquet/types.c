/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/types.h"

#include <stddef.h>

static const char *find_name(const char *const *names, size_t count, unsigned number)
{
    return number < count && names[number] != NULL ? names[number] : "?";
}

const char *rg_type_name(unsigned type)
{
    static const char *const names[] = {
        [RG_TYPE_BOOLEAN] = "BOOLEAN",
        [RG_TYPE_INT32] = "INT32",
        [RG_TYPE_INT64] = "INT64",
        [RG_TYPE_INT96] = "INT96",
        [RG_TYPE_FLOAT] = "FLOAT",
        [RG_TYPE_DOUBLE] = "DOUBLE",
        [RG_TYPE_BYTE_ARRAY] = "BYTE_ARRAY",
        [RG_TYPE_FIXED_LEN_BYTE_ARRAY] = "FIXED_LEN_BYTE_ARRAY",
    };

    return find_name(names, sizeof names / sizeof names[0], type);
}

const char *rg_encoding_name(unsigned encoding)
{
    static const char *const names[] = {
        [RG_ENCODING_PLAIN] = "PLAIN",
        [RG_ENCODING_PLAIN_DICTIONARY] = "PLAIN_DICTIONARY",
        [RG_ENCODING_RLE] = "RLE",
        [RG_ENCODING_BIT_PACKED] = "BIT_PACKED",
        [RG_ENCODING_DELTA_BINARY_PACKED] = "DELTA_BINARY_PACKED",
        [RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY] = "DELTA_LENGTH_BYTE_ARRAY",
        [RG_ENCODING_DELTA_BYTE_ARRAY] = "DELTA_BYTE_ARRAY",
        [RG_ENCODING_RLE_DICTIONARY] = "RLE_DICTIONARY",
        [RG_ENCODING_BYTE_STREAM_SPLIT] = "BYTE_STREAM_SPLIT",
        [RG_ENCODING_ALP] = "ALP",
    };

    return find_name(names, sizeof names / sizeof names[0], encoding);
}

const char *rg_codec_name(unsigned codec)
{
    static const char *const names[] = {
        [RG_CODEC_NONE] = "none", [RG_CODEC_SNAPPY] = "snappy",   [RG_CODEC_GZIP] = "gzip",
        [RG_CODEC_LZO] = "lzo",   [RG_CODEC_BROTLI] = "brotli",   [RG_CODEC_LZ4] = "lz4",
        [RG_CODEC_ZSTD] = "zstd", [RG_CODEC_LZ4_RAW] = "lz4_raw",
    };

    return find_name(names, sizeof names / sizeof names[0], codec);
}

const char *rg_page_type_name(unsigned page_type)
{
    static const char *const names[] = {
        [RG_PAGE_DATA] = "DATA_PAGE",
        [RG_PAGE_INDEX] = "INDEX_PAGE",
        [RG_PAGE_DICTIONARY] = "DICTIONARY_PAGE",
        [RG_PAGE_DATA_V2] = "DATA_PAGE_V2",
    };

    return find_name(names, sizeof names / sizeof names[0], page_type);
}
