/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads JSON where it stands, without memory: enough to compare and to rewrite the JSON that files
 * carry in their key-values. Values stay as they were written, numbers to the last digit.
 *
 * Text comes from outside: rg_json_check() first; all other functions want a value that passed it,
 * or a part of one.
 */

#ifndef STITCH_JSON_SCAN_H
#define STITCH_JSON_SCAN_H

#include "base/hash.h"
#include "base/span.h"

enum rg_json_kind {
    RG_JSON_OBJECT,
    RG_JSON_ARRAY,
    RG_JSON_STRING,
    RG_JSON_NUMBER,
    RG_JSON_WORD, /* true, false, null. */
};

/* Nesting above this is refused; the metadata we know needs five. */
enum {
    RG_JSON_DEPTH_MAX = 32
};

/* True when `text` is one value of RFC 8259 and nothing else; the value without the space around.
 */
bool rg_json_check(struct rg_span text, struct rg_span *ret_value);

enum rg_json_kind rg_json_kind_of(struct rg_span value);

/* Walks the members of an object or the elements of an array. */
struct rg_json_cursor {
    const uint8_t *next;
    const uint8_t *end;
    bool is_object;
};

void rg_json_open(struct rg_json_cursor *cursor, struct rg_span value);

/* False at the end. Keys are strings as they stand, quotes included; empty in an array. */
bool rg_json_next(struct rg_json_cursor *cursor, struct rg_span *ret_key,
                  struct rg_span *ret_value);

/* The member of that name; the last, if there are several, as most readers have it. */
bool rg_json_find(struct rg_span object, const char *name, struct rg_span *ret_value);

/* Whether two strings say the same, escapes resolved. */
bool rg_json_string_equal(struct rg_span a, struct rg_span b);
bool rg_json_string_is(struct rg_span string, const char *text);

/* A number without fraction and exponent that fits. */
bool rg_json_integer(struct rg_span number, int64_t *ret_integer);

/* By value, exactly: < 0, 0, > 0. */
int rg_json_number_compare(struct rg_span a, struct rg_span b);

/*
 * Whether a member is to be left out of a hash. `depth` is 1 for members of the outermost object,
 * `root_key` the outermost key above (or the key itself).
 */
typedef bool rg_json_filter_fn(uint32_t depth, struct rg_span root_key, struct rg_span key);

/* Equal for values that differ in space, in escapes and in the order of members; NULL: keep all. */
struct rg_hash128 rg_json_hash(struct rg_span value, rg_json_filter_fn *is_left_out);

#endif
