/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AWS Signature Version 4, header form. Pure: what is signed is what the caller hands over, and it
 * has to send exactly that.
 */

#ifndef STORE_S3_SIGV4_H
#define STORE_S3_SIGV4_H

#include "base/buffer.h"
#include "store/s3/digest.h"

enum {
    RG_SIGV4_DATE_BYTES = 17, /* "20130524T000000Z" and a NUL. */
    RG_SIGV4_HEADERS_MAX = 24
};

/* A header that is sent and signed; names in lower case. */
struct rg_sigv4_header {
    const char *name;
    const char *value; /* Sent as it is; blanks at its ends and runs of them are signed as one. */
};

struct rg_sigv4_request {
    const char *method;
    const char *path;  /* Encoded; "/" at least. */
    const char *query; /* As rg_uri_query() writes it; "". */
    const struct rg_sigv4_header *headers;
    size_t header_count;
    const char *payload; /* Hexadecimal SHA-256 of the body, or UNSIGNED-PAYLOAD. */
};

/* In which the signature holds. */
struct rg_sigv4_scope {
    char date[RG_SIGV4_DATE_BYTES];
    const char *region;
    const char *service;
};

/* A signing key; the same for all requests of a day, so it is kept. */
struct rg_sigv4_key {
    uint8_t bytes[RG_SHA256_BYTES];
};

/* Date and time of a moment, UTC. */
void rg_sigv4_date(uint64_t wall_ns, char ret_date[RG_SIGV4_DATE_BYTES]);

/* Errors:  RG_ERR_NOMEM; so for all of these. RG_ERR_LIMIT with too many headers. */
RG_MUST_CHECK enum rg_status rg_sigv4_derive_key(const char *secret,
                                                 const struct rg_sigv4_scope *scope,
                                                 struct rg_sigv4_key *ret_key,
                                                 struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_sigv4_canonical_request(const struct rg_sigv4_request *request,
                                                        struct rg_buffer *out,
                                                        struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_sigv4_string_to_sign(struct rg_span canonical_request,
                                                     const struct rg_sigv4_scope *scope,
                                                     struct rg_buffer *out, struct rg_error *err);

/* Appends the value of the Authorization header. `allocator` pays for scratch. */
RG_MUST_CHECK enum rg_status rg_sigv4_authorize(const struct rg_sigv4_request *request,
                                                const struct rg_sigv4_scope *scope,
                                                const char *access_key,
                                                const struct rg_sigv4_key *key,
                                                struct rg_buffer *out, struct rg_error *err);

#endif
