# SPDX-License-Identifier: Apache-2.0

"""What parquet.thrift calls physical types and encodings, as its numbers."""

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)
PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED, DELTA = 0, 2, 3, 4, 5
DELTA_LENGTH, DELTA_BYTES, RLE_DICTIONARY, SPLIT = 6, 7, 8, 9
