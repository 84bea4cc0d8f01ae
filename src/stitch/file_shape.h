/* SPDX-License-Identifier: Apache-2.0 */

/* Which files can be inputs, and which of them may share an output. */

#ifndef STITCH_FILE_SHAPE_H
#define STITCH_FILE_SHAPE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "parquet/metadata.h"

/*
 * Inputs with equal shape may share an output row group under --schema strict: hash of the
 * structural schema (names, types, repetition, annotations, field ids; not the root's name), of
 * rg_file_semantics(), of rg_file_units(), and of whether the file has column orders (one that has
 * none would strip the others' bounds).
 */
struct rg_hash128 rg_file_shape(const struct rg_file_meta *meta);

/* True where a glance shows that both have one shape: all that it is made from is the same. */
bool rg_file_shape_is_shared(const struct rg_file_meta *a, const struct rg_file_meta *b);

/*
 * Of "ARROW:schema", where nothing else says what integers of the file are
 * (rg_arrow_schema_names_units()); 0 elsewhere. An output keeps the key if all inputs have the
 * same, so files that differ in it never share one.
 */
struct rg_hash128 rg_file_units(const struct rg_file_meta *meta);

/*
 * What besides the schema says how values are to be read: calendar and time zone of dates and
 * timestamps, who wrote INT96 (readers shift them by created_by), coordinate systems. Files that
 * differ in it never share an output, under --schema union neither. `schema` is the output's, or
 * the file's own: aspects without a column that they bear on do not count.
 */
struct rg_hash128 rg_file_semantics(const struct rg_file_meta *meta,
                                    const struct rg_schema *schema);

/* Kinds of columns that keys bear on, as bits. */
enum {
    RG_ASPECT_DATE = 1,
    RG_ASPECT_TIMESTAMP = 2,
    RG_ASPECT_INT96 = 4,
    RG_ASPECT_SETS = 8, /* How many sets of them there are. */
};

/* Which of them a schema has. */
unsigned rg_file_aspects(const struct rg_schema *schema);

/*
 * rg_file_semantics() as if there were columns of these kinds: of a file that lacks one which the
 * output has. Equal under a set, they are equal under each of its parts.
 */
struct rg_hash128 rg_file_semantics_of(const struct rg_file_meta *meta,
                                       const struct rg_schema *schema, unsigned aspects);

/*
 * Whether a file can be an input at all, from its footer alone.
 *
 * `scratch` is used only where chunks do not lie in ascending order.
 *
 * Errors:  RG_ERR_UNSUPPORTED (encrypted, Iceberg delete file, Hudi base file, data in another
 * file, FILE self-references, ...), RG_ERR_CORRUPT (chunks outside the file, overlapping it), with
 * the reason; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_file_acceptable(const struct rg_file_meta *meta,
                                                uint64_t file_bytes, struct rg_arena *scratch,
                                                struct rg_error *err);

#endif
