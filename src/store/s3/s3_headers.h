/* SPDX-License-Identifier: Apache-2.0 */

/* The headers of an answer that somebody looks at. */

#ifndef STORE_S3_S3_HEADERS_H
#define STORE_S3_S3_HEADERS_H

#include "base/span.h"
#include "store/s3/endpoint.h"

/*
 * Beside the objects that we make: which operation made it, and what the caller wants to find.
 * Letters only: Azure takes no hyphens in names (s3proxy issues 243 and 731), nginx drops
 * underscores.
 */
#define RG_S3_MARK_HEADER  "x-amz-meta-regroupop"
#define RG_S3_TOKEN_HEADER "x-amz-meta-regrouptoken"

enum {
    RG_S3_TAG_BYTES = 256,
    RG_S3_MARK_BYTES = 40,
    RG_S3_TOKEN_BYTES = 128
};

/* Zeroed before an answer. What does not fit or is no value of its kind counts as absent. */
struct rg_s3_headers {
    char tag[RG_S3_TAG_BYTES]; /* As written. */
    uint64_t modified_ns;
    uint64_t date_ns;
    bool has_length;
    uint64_t length;
    bool has_range; /* Content-Range: first-last/total. */
    uint64_t range_first;
    uint64_t range_last;
    bool has_total;
    uint64_t total;
    uint64_t retry_after_ns;
    char region[RG_ENDPOINT_REGION_BYTES];
    char location_host[RG_ENDPOINT_HOST_BYTES]; /* Of a redirect that may be followed. */
    bool is_foreign;                            /* A redirect to a host that must not see us. */
    bool wants_https;                           /* Of these: the same host, but by https. */
    char mark[RG_S3_MARK_BYTES];
    char token[RG_S3_TOKEN_BYTES];
    char request_id[64];
};

/* Takes one header in; `endpoint` tells which redirects may be followed. */
void rg_s3_headers_take(struct rg_s3_headers *headers, const struct rg_endpoint *endpoint,
                        struct rg_span name, struct rg_span value);

/* A tag without its quotes, in place. */
void rg_s3_unquote(char *tag);

#endif
