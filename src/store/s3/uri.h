/* SPDX-License-Identifier: Apache-2.0 */

/* Percent encoding as S3 wants it, and the canonical query that is signed and sent. */

#ifndef STORE_S3_URI_H
#define STORE_S3_URI_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Appends `text` with every byte but A-Z a-z 0-9 - . _ ~ as %XX in upper case; '/' stays when
 * `keeps_slash`. A key is encoded once and never normalised: "//" and "/../" stay as they are.
 */
void rg_uri_encode(struct rg_buffer *out, struct rg_span text, bool keeps_slash);

/*
 * Decodes %XX in place, and '+' to a blank if `plus_is_blank`; a '%' that begins no such triple
 * stays. Returns the new length.
 */
size_t rg_uri_decode(char *text, size_t bytes, bool plus_is_blank);

/* A parameter of a query, not encoded. */
struct rg_uri_parameter {
    const char *name;
    const char *value; /* "" gives "name=". */
};

/*
 * Appends the parameters encoded, sorted by encoded name and value, joined by '&': at once what is
 * signed and what is sent.
 *
 * Errors:  RG_ERR_LIMIT with more than 16 parameters; what fails in `out` is told by `out`.
 */
RG_MUST_CHECK enum rg_status rg_uri_query(struct rg_buffer *out,
                                          const struct rg_uri_parameter *parameters, size_t count,
                                          struct rg_error *err);

#endif
