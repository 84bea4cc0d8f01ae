/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The schema as a tree: leaves and levels from a list of elements, other schemas made from parts of
 * parsed ones, and comparison.
 */

#ifndef PARQUET_SCHEMA_H
#define PARQUET_SCHEMA_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "parquet/metadata.h"

/*
 * Makes a schema of elements in depth-first order, [0] the root: parent_index of the elements,
 * leaves, levels, paths. column_order of the leaves is UNDEFINED. Keeps `elements`, and what their
 * spans point to, in use; paths lie in `arena`.
 *
 * Errors:  RG_ERR_CORRUPT when child counts make no tree, a leaf or a repetition is none, a
 *          FIXED_LEN_BYTE_ARRAY has no length; RG_ERR_LIMIT for caps of base/limits.h;
 *          RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_schema_build(struct rg_schema_element *elements,
                                             uint32_t element_count, struct rg_arena *arena,
                                             struct rg_schema *ret_schema, struct rg_error *err);

/* What rg_schema_element_change() sets; the rest of the element stays byte for byte. */
struct rg_schema_change {
    bool sets_repetition;
    bool sets_child_count;
    uint8_t repetition;
    uint32_t child_count;
};

/*
 * A copy of a parsed element with other numbers in it, as a schema needs that unites others. All
 * that the copy points to lies in `arena`.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_CORRUPT when the raw bytes are no element.
 */
RG_MUST_CHECK enum rg_status rg_schema_element_change(const struct rg_schema_element *element,
                                                      const struct rg_schema_change *change,
                                                      struct rg_arena *arena,
                                                      struct rg_schema_element *ret_element,
                                                      struct rg_error *err);

/*
 * What a converted or a logical type says, in the terms of logical types: a file that has only the
 * one means the same as one that has both. INTERVAL, which has no logical type, stays converted.
 */
struct rg_annotation {
    uint8_t logical;       /* enum rg_logical, or an unknown field number. */
    int8_t converted_type; /* RG_CONVERTED_INTERVAL or RG_CONVERTED_NONE. */
    uint8_t time_unit;
    uint8_t bit_width;
    bool is_utc;
    bool is_signed;
    int32_t scale;
    int32_t precision;
};

struct rg_annotation rg_schema_annotation(const struct rg_schema_element *element);

/*
 * What GEOMETRY and GEOGRAPHY say of coordinates, with what is meant where nothing is said
 * (LogicalTypes.md, GEOMETRY and GEOGRAPHY): "OGC:CRS84", and edges that are SPHERICAL.
 */
struct rg_coordinates {
    struct rg_span crs;
    uint8_t algorithm; /* EdgeInterpolationAlgorithm, of GEOGRAPHY; 0 for GEOMETRY. */
};

/* Of an element that is GEOMETRY or GEOGRAPHY. Points into its annotation. */
struct rg_coordinates rg_schema_coordinates(const struct rg_schema_element *element);

/* Bytes of a PLAIN value of this leaf; 0 where they vary (BYTE_ARRAY) and for BOOLEAN. */
uint32_t rg_plain_bytes(const struct rg_leaf *leaf);

/*
 * Whether a group is a LIST or a MAP, annotated so and with one child, which repeats:
 * RG_LOGICAL_LIST, RG_LOGICAL_MAP, else RG_LOGICAL_NONE. What repeats in a map is neither, though
 * old writers annotated it with MAP_KEY_VALUE, too (LogicalTypes.md, Maps).
 */
uint8_t rg_schema_nesting(const struct rg_schema *schema, uint32_t element_index);

/* Whether an element is the group that repeats in a MAP: its first child is the key. */
bool rg_schema_is_map_entry(const struct rg_schema *schema, uint32_t element_index);

/*
 * Whether what repeats in a LIST (RG_LOGICAL_LIST of rg_schema_nesting()) is its element, and not
 * a level in between (LogicalTypes.md, Backward-compatibility rules).
 */
bool rg_schema_is_two_level_list(const struct rg_schema *schema, uint32_t list_index);

/* Where two schemas differ first. */
struct rg_schema_difference {
    uint32_t element_index; /* In both; the smaller element count where one is longer. */
    const char *what;       /* "type", "name", "repetition", ...; static. */
};

/*
 * True when files of both may share an output row group: same tree, names, physical types and
 * lengths, repetitions, annotations and field ids. The root's name and repetition do not count, nor
 * does whether INT32 and INT64 without another annotation are said to be signed integers.
 * `ret_difference` is set when the answer is false; it may be NULL.
 */
bool rg_schema_is_equal(const struct rg_schema *a, const struct rg_schema *b,
                        struct rg_schema_difference *ret_difference);

/* True when they are one and the same (rg_footer_parse_like()): equal at a glance. */
static inline bool rg_schema_is_shared(const struct rg_schema *a, const struct rg_schema *b)
{
    return a->elements == b->elements;
}

/* Adds all that rg_schema_is_equal() compares: equal schemas, equal hashes. */
void rg_schema_hash(const struct rg_schema *schema, struct rg_hasher *hasher);

/* The leaf whose path (names joined by '.') is `path`, or leaf_count. */
uint32_t rg_schema_find_leaf(const struct rg_schema *schema, struct rg_span path);

/* The kinds of column order the leaves have: bit n for enum rg_column_order n, 31 for others. */
uint32_t rg_schema_column_orders(const struct rg_schema *schema);

enum {
    RG_PATH_TEXT_BYTES = 128
};

/*
 * The path of an element for messages, cut to fit and with '?' for what does not print: returns
 * `text`.
 */
const char *rg_schema_path_text(const struct rg_schema *schema, uint32_t element_index,
                                char text[RG_PATH_TEXT_BYTES]);

#endif
