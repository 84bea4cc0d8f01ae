/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The "ARROW:schema" key: base64 of an Arrow IPC message, a flatbuffer (Arrow's Schema.fbs).
 *
 * Arrow puts the schema's own key-values into it once more, and reads them from there: pandas'
 * index and GeoParquet's boxes of one file. They have to say what the output's key-values say.
 */

#ifndef STITCH_ARROW_SCHEMA_H
#define STITCH_ARROW_SCHEMA_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "parquet/metadata.h"

struct rg_arrow_facts {
    struct rg_hash128 semantics; /* Of all fields; the schema's own key-values do not count. */
    bool has_dictionary;         /* Some field, however deep, is dictionary-encoded. */
    bool has_nested_dictionary;  /* One that lies in another field is. */
};

/* False for text that cannot be made out. No memory is needed. */
bool rg_arrow_schema_read(struct rg_span base64, struct rg_arrow_facts *ret_facts);

/*
 * Whether it makes more of integers of its file than the file's `schema` says: durations, and dates
 * and times that have no logical type. Without it they are numbers of nobody knows what.
 */
bool rg_arrow_schema_names_units(struct rg_span base64, const struct rg_schema *schema);

/*
 * The same schema, none of whose fields is dictionary-encoded: each has the type of its values.
 *
 * Errors:  RG_ERR_CORRUPT for text that cannot be made out; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_arrow_schema_forget_dictionaries(struct rg_span base64,
                                                                 struct rg_arena *arena,
                                                                 struct rg_span *ret_base64,
                                                                 struct rg_error *err);

/*
 * The same schema, whose own key-values are exchanged for those of `pairs` with the same keys;
 * those that are not among the pairs go. *ret_base64 is `base64` itself where nothing changes.
 *
 * Errors:  RG_ERR_CORRUPT for text that cannot be made out; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_arrow_schema_rewrite(struct rg_span base64,
                                                     const struct rg_key_value *pairs,
                                                     uint32_t pair_count, struct rg_arena *arena,
                                                     struct rg_span *ret_base64,
                                                     struct rg_error *err);

#endif
