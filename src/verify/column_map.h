/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How the columns of one file stand to those of a reference schema: which is which, and how levels
 * translate, so that files whose schemas differ in what merging may change compare as equal.
 *
 * Columns are matched by field id where every column of both schemas has one, else by path. Names
 * inside LIST and MAP make no difference there: their children are matched by position, but for the
 * fields of a struct that repeats in a LIST itself. The order of columns does not matter. REQUIRED
 * and OPTIONAL do not matter: definition levels become depths. The depth of an entry is that of the
 * deepest element that is there, counted from the root, whether it could have been null or not: so
 * a null is told from a value even where the reference has room for values only. A column that the
 * file lacks stands for nulls, and so does one of type UNKNOWN, for a group too; a reference of
 * type UNKNOWN has room for no other. Types may be wider in the reference where nothing is lost.
 * Types must mean the same: 1 ms is not 1 us.
 */

#ifndef VERIFY_COLUMN_MAP_H
#define VERIFY_COLUMN_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "verify/convert.h"

/* A column of the reference, and where it comes from. */
struct rg_column_source {
    uint32_t leaf_index;  /* Of the file; leaf_count when has_no_levels. */
    bool is_missing;      /* The file lacks the column: leaf_index lends its levels only. */
    bool has_no_levels;   /* Missing, and below the root: one null for each row. */
    uint8_t rep_kept_max; /* Missing: entries with a higher repetition level are passed over. */
    bool is_integer;      /* Values of the file are INT32 or INT64. */
    uint32_t to_width;    /* Of converted values, in bytes. */
    enum rg_convert convert;
    uint8_t depths[256]; /* By definition level of the file: depth in the reference. */
};

struct rg_column_map {
    struct rg_column_source *columns; /* One for each leaf of the reference. */
    uint32_t column_count;
};

/* Why two schemas cannot be compared: the answer is "different", not an error. */
struct rg_column_conflict {
    struct rg_span path; /* Of a column. */
    const char *what;    /* "has another physical type", ...; static. NULL: no conflict. */
};

/* A schema, and whether its field ids were given by somebody (rg_field_ids_are_given()). */
struct rg_column_schema {
    const struct rg_schema *schema;
    bool has_ids;
};

/*
 * Maps `file` onto `reference`. The map lies in `arena`; where there is a conflict it is not set.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status
rg_column_map_init(const struct rg_column_schema *file, const struct rg_column_schema *reference,
                   struct rg_arena *arena, struct rg_column_map *ret_map,
                   struct rg_column_conflict *ret_conflict, struct rg_error *err);

#endif
