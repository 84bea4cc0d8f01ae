/* SPDX-License-Identifier: Apache-2.0 */

/* One small HTTP request that blocks, and one program that is run: for who gives credentials. */

#ifndef STORE_S3_FETCH_H
#define STORE_S3_FETCH_H

#include "base/buffer.h"
#include "base/error.h"

enum {
    RG_FETCH_HEADERS_MAX = 8
};

struct rg_fetch {
    const char *method;
    const char *url;
    const char *headers[RG_FETCH_HEADERS_MAX]; /* Lines "name: value". */
    uint32_t header_count;
    const char *body;    /* NULL: none. */
    uint64_t timeout_ms; /* For all of it. */
    bool skips_proxy;    /* Link-local addresses are never reached by one. */
    const char *ca_file;
};

/*
 * Appends the answer's body, as far as `out` takes it, and tells its status.
 *
 * Errors:  RG_ERR_AGAIN when there was no answer; RG_ERR_NOMEM; RG_ERR_LIMIT (the body);
 *          RG_ERR_ABSENT (no libcurl).
 */
RG_MUST_CHECK enum rg_status rg_fetch_run(const struct rg_fetch *fetch, struct rg_buffer *out,
                                          uint32_t *ret_status, struct rg_error *err);

/*
 * Runs a command line through the shell, as AWS's tools run credential_process, and appends what it
 * writes. Its standard error is ours; it is killed after `timeout_ms`.
 *
 * Errors:  RG_ERR_DENIED when it fails or takes too long; RG_ERR_NOMEM, RG_ERR_LIMIT; RG_ERR_IO.
 */
RG_MUST_CHECK enum rg_status rg_fetch_program(const char *command, uint64_t timeout_ms,
                                              struct rg_buffer *out, struct rg_error *err);

#endif
