/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The enumerations of parquet.thrift (apache/parquet-format), with its numbers. Numbers that are
 * not listed here may come in from files; they are kept as numbers and refused where they matter.
 */

#ifndef PARQUET_TYPES_H
#define PARQUET_TYPES_H

#include <stdbool.h>
#include <stdint.h>

enum rg_type {
    RG_TYPE_BOOLEAN = 0,
    RG_TYPE_INT32 = 1,
    RG_TYPE_INT64 = 2,
    RG_TYPE_INT96 = 3,
    RG_TYPE_FLOAT = 4,
    RG_TYPE_DOUBLE = 5,
    RG_TYPE_BYTE_ARRAY = 6,
    RG_TYPE_FIXED_LEN_BYTE_ARRAY = 7,
};

enum rg_repetition {
    RG_REQUIRED = 0,
    RG_OPTIONAL = 1,
    RG_REPEATED = 2,
};

enum rg_encoding {
    RG_ENCODING_PLAIN = 0,
    RG_ENCODING_PLAIN_DICTIONARY = 2,
    RG_ENCODING_RLE = 3,
    RG_ENCODING_BIT_PACKED = 4,
    RG_ENCODING_DELTA_BINARY_PACKED = 5,
    RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6,
    RG_ENCODING_DELTA_BYTE_ARRAY = 7,
    RG_ENCODING_RLE_DICTIONARY = 8,
    RG_ENCODING_BYTE_STREAM_SPLIT = 9,
    RG_ENCODING_ALP = 10,
};

enum rg_codec {
    RG_CODEC_NONE = 0,
    RG_CODEC_SNAPPY = 1,
    RG_CODEC_GZIP = 2,
    RG_CODEC_LZO = 3,
    RG_CODEC_BROTLI = 4,
    RG_CODEC_LZ4 = 5, /* Deprecated; three forms on disk. */
    RG_CODEC_ZSTD = 6,
    RG_CODEC_LZ4_RAW = 7,
};

enum rg_page_type {
    RG_PAGE_DATA = 0,
    RG_PAGE_INDEX = 1,
    RG_PAGE_DICTIONARY = 2,
    RG_PAGE_DATA_V2 = 3,
};

enum rg_boundary_order {
    RG_BOUNDARY_UNORDERED = 0,
    RG_BOUNDARY_ASCENDING = 1,
    RG_BOUNDARY_DESCENDING = 2,
};

enum rg_converted_type {
    RG_CONVERTED_NONE = -1,
    RG_CONVERTED_UTF8 = 0,
    RG_CONVERTED_MAP = 1,
    RG_CONVERTED_MAP_KEY_VALUE = 2,
    RG_CONVERTED_LIST = 3,
    RG_CONVERTED_ENUM = 4,
    RG_CONVERTED_DECIMAL = 5,
    RG_CONVERTED_DATE = 6,
    RG_CONVERTED_TIME_MILLIS = 7,
    RG_CONVERTED_TIME_MICROS = 8,
    RG_CONVERTED_TIMESTAMP_MILLIS = 9,
    RG_CONVERTED_TIMESTAMP_MICROS = 10,
    RG_CONVERTED_UINT_8 = 11,
    RG_CONVERTED_UINT_16 = 12,
    RG_CONVERTED_UINT_32 = 13,
    RG_CONVERTED_UINT_64 = 14,
    RG_CONVERTED_INT_8 = 15,
    RG_CONVERTED_INT_16 = 16,
    RG_CONVERTED_INT_32 = 17,
    RG_CONVERTED_INT_64 = 18,
    RG_CONVERTED_JSON = 19,
    RG_CONVERTED_BSON = 20,
    RG_CONVERTED_INTERVAL = 21,
};

/* Field numbers of the LogicalType union; 0 is "no logical type". */
enum rg_logical {
    RG_LOGICAL_NONE = 0,
    RG_LOGICAL_STRING = 1,
    RG_LOGICAL_MAP = 2,
    RG_LOGICAL_LIST = 3,
    RG_LOGICAL_ENUM = 4,
    RG_LOGICAL_DECIMAL = 5,
    RG_LOGICAL_DATE = 6,
    RG_LOGICAL_TIME = 7,
    RG_LOGICAL_TIMESTAMP = 8,
    RG_LOGICAL_INTEGER = 10,
    RG_LOGICAL_UNKNOWN = 11,
    RG_LOGICAL_JSON = 12,
    RG_LOGICAL_BSON = 13,
    RG_LOGICAL_UUID = 14,
    RG_LOGICAL_FLOAT16 = 15,
    RG_LOGICAL_VARIANT = 16,
    RG_LOGICAL_GEOMETRY = 17,
    RG_LOGICAL_GEOGRAPHY = 18,
    RG_LOGICAL_FILE = 19,
};

enum rg_time_unit {
    RG_TIME_UNIT_NONE = 0,
    RG_TIME_UNIT_MILLIS = 1,
    RG_TIME_UNIT_MICROS = 2,
    RG_TIME_UNIT_NANOS = 3,
};

/* Field numbers of the ColumnOrder union; 0 is "not said", which makes min_value/max_value void. */
enum rg_column_order {
    RG_COLUMN_ORDER_UNDEFINED = 0,
    RG_COLUMN_ORDER_TYPE = 1,
    RG_COLUMN_ORDER_IEEE_754_TOTAL = 2,
    RG_COLUMN_ORDER_INT96_TIMESTAMP = 3,
};

/* Names as in the specification, in lower case for codecs ("lz4_raw"); "?" for unknown numbers. */
const char *rg_type_name(unsigned type);
const char *rg_encoding_name(unsigned encoding);
const char *rg_codec_name(unsigned codec);
const char *rg_page_type_name(unsigned page_type);

static inline bool rg_encoding_is_dictionary(unsigned encoding)
{
    return encoding == RG_ENCODING_PLAIN_DICTIONARY || encoding == RG_ENCODING_RLE_DICTIONARY;
}

#endif
