/* SPDX-License-Identifier: Apache-2.0 */

/* How definition levels of a source are said in the output's schema. */

#ifndef STITCH_LEVEL_MAP_H
#define STITCH_LEVEL_MAP_H

#include "base/error.h"
#include "parquet/metadata.h"

struct rg_level_map {
    bool is_needed; /* False: levels mean the same in both. */
    uint8_t levels[256];
};

/*
 * Fields that are REQUIRED in the source may be OPTIONAL in the output; everything else along the
 * path must be equal. `from_schema` may be NULL: then the leaves must
 * have equal levels, or the source's none.
 *
 * Errors:  RG_ERR_UNSUPPORTED.
 */
RG_MUST_CHECK enum rg_status rg_level_map_make(const struct rg_schema *to_schema,
                                               const struct rg_leaf *to,
                                               const struct rg_schema *from_schema,
                                               const struct rg_leaf *from,
                                               struct rg_level_map *ret_map, struct rg_error *err);

#endif
