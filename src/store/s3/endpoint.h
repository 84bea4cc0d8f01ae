/* SPDX-License-Identifier: Apache-2.0 */

/* Where a bucket is reached: scheme, host, style, region. Pure. */

#ifndef STORE_S3_ENDPOINT_H
#define STORE_S3_ENDPOINT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

enum {
    RG_ENDPOINT_HOST_BYTES = 448,
    RG_ENDPOINT_PATH_BYTES = 512,
    RG_ENDPOINT_REGION_BYTES = 64,
    RG_BUCKET_BYTES = 256 /* Amazon allows 63; others and old buckets more. */
};

enum rg_addressing {
    RG_ADDRESSING_AUTO, /* Amazon: by host, unless the name has dots; others: by path. */
    RG_ADDRESSING_PATH,
    RG_ADDRESSING_HOST,
};

struct rg_endpoint_options {
    const char *url; /* NULL: Amazon's. */
    const char *region;
    const char *bucket;
    enum rg_addressing addressing;
    bool is_dual_stack;
    bool is_fips;
};

struct rg_endpoint {
    char bucket[RG_BUCKET_BYTES];
    char region[RG_ENDPOINT_REGION_BYTES];
    char host[RG_ENDPOINT_HOST_BYTES];      /* With the port when it is not the scheme's; signed. */
    char base_path[RG_ENDPOINT_PATH_BYTES]; /* "" or "/x", encoded as the user gave it. */
    bool is_https;
    bool is_by_path;
    bool is_amazon; /* The host follows from the region. */
    bool is_dual_stack;
    bool is_fips;
};

/* Errors:  RG_ERR_INVALID. */
RG_MUST_CHECK enum rg_status rg_endpoint_init(struct rg_endpoint *endpoint,
                                              const struct rg_endpoint_options *options,
                                              struct rg_error *err);

/* What the names of Amazon's hosts end in there: ".amazonaws.com"; static. */
const char *rg_endpoint_suffix(const char *region);

/* True when it is Amazon's S3, by its own host or by one that a URL names (also a VPC endpoint's).
 */
bool rg_endpoint_is_amazons(const struct rg_endpoint *endpoint);

/*
 * Where the bucket's name is the only one of its kind, as text: the host and port, or Amazon, by
 * which of its hosts and ways ever.
 */
void rg_endpoint_name_place(const struct rg_endpoint *endpoint,
                            char ret_place[RG_ENDPOINT_HOST_BYTES]);

/* The bucket is in another region. Errors:  RG_ERR_INVALID for what is no region's name. */
RG_MUST_CHECK enum rg_status rg_endpoint_move(struct rg_endpoint *endpoint, const char *region,
                                              struct rg_error *err);

/* The path that is sent and signed, of a key (NULL: of the bucket), encoded. */
void rg_endpoint_path(const struct rg_endpoint *endpoint, struct rg_span root, const char *key,
                      struct rg_buffer *out);

/*
 * True when `location`, of a redirect, leads to a host that may see our signature: the endpoint's
 * own, or one of Amazon's when the endpoint is Amazon's. *ret_host: its host and port.
 */
bool rg_endpoint_trusts(const struct rg_endpoint *endpoint, struct rg_span location,
                        char ret_host[RG_ENDPOINT_HOST_BYTES]);

/* True when `location`, of a redirect, is the endpoint's own host, but by https where the endpoint
   is plain http. */
bool rg_endpoint_is_secure_twin(const struct rg_endpoint *endpoint, struct rg_span location);

/*
 * Takes "s3://bucket/prefix" apart; *ret_root is the prefix, with a '/' at its end, or empty.
 *
 * Errors:  RG_ERR_INVALID.
 */
RG_MUST_CHECK enum rg_status rg_s3_url_split(const char *url, char ret_bucket[RG_BUCKET_BYTES],
                                             struct rg_span *ret_prefix, struct rg_error *err);

#endif
