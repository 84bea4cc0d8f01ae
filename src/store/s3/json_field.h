/* SPDX-License-Identifier: Apache-2.0 */

/* Single members of small JSON documents: what sources of credentials answer. */

#ifndef STORE_S3_JSON_FIELD_H
#define STORE_S3_JSON_FIELD_H

#include "base/error.h"
#include "base/span.h"

/*
 * Finds a member of the document's top object that is a string, or a number (as written). Other
 * values count as absent, and so does what does not fit `room` bytes with its NUL. Bounded depth,
 * no recursion, no allocation; the last of several members of one name wins.
 *
 * Errors:  RG_ERR_CORRUPT when the document is no JSON object.
 */
RG_MUST_CHECK enum rg_status rg_json_field(struct rg_span document, const char *name,
                                           char *ret_text, size_t room, bool *ret_is_there,
                                           struct rg_error *err);

#endif
