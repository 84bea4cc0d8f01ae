/* SPDX-License-Identifier: Apache-2.0 */

/* Type numbers of Thrift's compact protocol (apache/thrift doc/specs/thrift-compact-protocol.md).
 */

#ifndef THRIFT_WIRE_H
#define THRIFT_WIRE_H

/* In a field header the two boolean types carry the value; in a list both mean "boolean". */
enum rg_thrift_type {
    RG_THRIFT_STOP = 0,
    RG_THRIFT_TRUE = 1,
    RG_THRIFT_FALSE = 2,
    RG_THRIFT_I8 = 3,
    RG_THRIFT_I16 = 4,
    RG_THRIFT_I32 = 5,
    RG_THRIFT_I64 = 6,
    RG_THRIFT_DOUBLE = 7,
    RG_THRIFT_BINARY = 8,
    RG_THRIFT_LIST = 9,
    RG_THRIFT_SET = 10,
    RG_THRIFT_MAP = 11,
    RG_THRIFT_STRUCT = 12,
    RG_THRIFT_UUID = 13,
};

/* Structs, lists and maps inside one another that rg_thrift_skip() follows. */
enum {
    RG_THRIFT_DEPTH_MAX = 64
};

#endif
