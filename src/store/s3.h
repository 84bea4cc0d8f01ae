/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The S3 back end: a bucket, or what lies in it below a prefix.
 *
 * One event thread (on libcurl) does all requests of a store; operations that are started beyond
 * what the store bears wait in its queue. Bodies are read from the caller's segments and written
 * into the caller's buffers; their digests are computed by the thread that starts the operation.
 *
 * An id is size, ETag without its quotes, and LastModified in whole seconds (listings of some
 * servers tell more, HEAD never does; where both have a tag, a second apart is one time, rounded up
 * and down). PUT without an arena tells the size only. A PUT or
 * UPLOAD_FINISH whose answer was lost is found out about by HEAD: every object that is made carries
 * a mark of its operation (x-amz-meta-regroupop) beside the caller's token.
 *
 * UPLOAD_BEGIN sends nothing: the first part does. An upload without parts becomes an empty object.
 * RG_STORE_LIST_UPLOADS cannot tell whose an upload is: it names all directly below the prefix, and
 * the caller has to know its own by their keys. RG_STORE_RESTORE is RG_ERR_UNSUPPORTED, DELETE of a
 * prefix does nothing.
 *
 * How faults are met is told in the folder's README and in docs/s3-faults.md.
 *
 * Threads: operations from any thread at once. The allocator is used by any thread of the store and
 *          of its callers, under one lock of the store's; arenas of operations by the event thread.
 */

#ifndef STORE_S3_H
#define STORE_S3_H

#include "store/store.h"

struct rg_s3_options {
    const char *endpoint_url;   /* NULL: as the environment, the files, or Amazon have it. */
    const char *region;         /* NULL: likewise; found out where it is not said. */
    const char *profile;        /* NULL: AWS_PROFILE, or "default". */
    bool is_unsigned;           /* Send no credentials. */
    uint32_t request_count_max; /* At once; 0: 32. */
    uint32_t attempt_count_max; /* Of one request; 0: AWS_MAX_ATTEMPTS, or 10. */
    uint64_t stall_ns;          /* Nothing moves for so long: try again, by so much
                                   longer each time, up to six times it. 0: 20 s. */
    uint64_t slow_answer_ns;    /* The same for completing an upload. 0: 10 min. */
};

/*
 * Opens "s3://bucket/prefix". Reads environment and files and gets credentials (blocks); sends
 * nothing to the store.
 *
 * Errors:  RG_ERR_INVALID (URL, endpoint, profile, configuration); RG_ERR_DENIED without
 *          credentials; RG_ERR_AGAIN when who gives them was not reached; RG_ERR_NOMEM; RG_ERR_IO.
 */
RG_MUST_CHECK enum rg_status rg_s3_store_new(const char *url, const struct rg_s3_options *options,
                                             const struct rg_allocator *allocator,
                                             struct rg_store **ret_store, struct rg_error *err);

/* Whose bucket it is: the host and port, or a name for Amazon; valid as long as the store. */
const char *rg_s3_store_place(const struct rg_store *store);

/* Versions of libcurl and its TLS; static. */
const char *rg_s3_version(void);

#endif
