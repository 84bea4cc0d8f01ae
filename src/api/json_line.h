/* SPDX-License-Identifier: Apache-2.0 */

/* One JSON object on a line of its own, handed to a caller's function. */

#ifndef API_JSON_LINE_H
#define API_JSON_LINE_H

#include "base/error.h"
#include "base/json.h"
#include "report/outlet.h"

struct rg_json_line {
    struct rg_outlet outlet;
    struct rg_json json; /* Inside the object, behind "v":1. */
};

void rg_json_line_begin(struct rg_json_line *line, rg_write_fn *write, void *user);

/*
 * Hands the line on and ends its use; `err` may be NULL.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT; RG_ERR_IO when `write` gave up.
 */
RG_MUST_CHECK enum rg_status rg_json_line_end(struct rg_json_line *line, struct rg_error *err);

#endif
