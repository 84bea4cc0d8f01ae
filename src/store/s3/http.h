/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HTTP/1.1 on libcurl: one event thread, any number of exchanges at once.
 *
 * An exchange is one request and one answer; there are no retries and no redirects here. Bodies are
 * the caller's buffers, both ways: what is sent is read from segments, what arrives is handed over
 * as it comes. All callbacks are called by the event thread and must not block.
 *
 * libcurl says success for some answers that are none (store/README.md); what it cannot know, the
 * caller checks: status, ranges, lengths without Content-Length.
 */

#ifndef STORE_S3_HTTP_H
#define STORE_S3_HTTP_H

#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/segment.h"
#include "base/span.h"

struct rg_http;

enum rg_http_outcome {
    RG_HTTP_ANSWERED,  /* Status, headers, and a body as long as its framing said. */
    RG_HTTP_UNSENT,    /* No connection: nobody has seen the request. */
    RG_HTTP_LOST,      /* It broke: the request may have been carried out. */
    RG_HTTP_STALLED,   /* Its time was up; as LOST. */
    RG_HTTP_STOPPED,   /* on_body() did not want more. */
    RG_HTTP_NAMELESS,  /* No such host, says the name service: few tries are enough. */
    RG_HTTP_HOPELESS,  /* Certificates, the proxy, no such host: another try ends the same way. */
    RG_HTTP_CANCELLED, /* rg_http_cancel(). */
};

struct rg_http_request {
    /* Set by the caller. */
    const char *method;
    const char *url;
    const char *const *headers; /* Lines "name: value". */
    size_t header_count;
    bool has_body; /* Sends Content-Length, also of 0. */
    const struct rg_segment *segments;
    size_t segment_count;
    uint64_t body_bytes;  /* Of all segments. */
    uint64_t connect_ns;  /* Ends it when there is no connection after so long. */
    uint64_t stall_ns;    /* Ends it when nothing moved for so long; of a body that is being sent,
                             for as long as it moved before. */
    uint64_t deadline_ns; /* Ends it after so long, whatever moved. */
    bool skips_proxy;
    void (*on_header)(struct rg_http_request *request, struct rg_span name, struct rg_span value);
    bool (*on_body)(struct rg_http_request *request, struct rg_span bytes);
    void (*done)(struct rg_http_request *request);

    /* Results: status as soon as there is one, the rest in done(). */
    uint32_t status;
    enum rg_http_outcome outcome;
    bool is_length_known; /* The answer had a Content-Length. */
    uint64_t length_bytes;
    char text[256]; /* Why not ANSWERED. */

    /* The engine's own. */
    bool has_head; /* The empty line after the answer's headers was there. */
    struct rg_http_request *previous;
    struct rg_http_request *next;
    void *easy;
    char why[256]; /* What libcurl says of an error; CURL_ERROR_SIZE. */
    void *header_list;
    size_t segment_at; /* Of the next byte to send. */
    size_t segment_offset;
    uint64_t begin_ns;
    uint64_t moved_ns; /* When something moved last. */
};

struct rg_http_options {
    const char *ca_file;       /* NULL: the system's. */
    uint32_t connection_count; /* Kept open for reuse, and at most. */
    /*
     * Called by the event thread before it waits, at least whenever rg_http_wake() was called;
     * returns when it wants to be called again at the latest (monotonic; UINT64_MAX: whenever).
     */
    uint64_t (*on_turn)(void *user, uint64_t now_ns);
    void *user;
};

/*
 * Starts the event thread.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_IO (no thread), RG_ERR_ABSENT (no libcurl).
 */
RG_MUST_CHECK enum rg_status rg_http_new(const struct rg_http_options *options,
                                         const struct rg_allocator *allocator,
                                         struct rg_http **ret_http, struct rg_error *err);

/* Ends the thread; no exchange may be running. NULL is fine. */
void rg_http_free(struct rg_http *http);

/* Makes the event thread take a turn soon. Threads: any. */
void rg_http_wake(struct rg_http *http);

/* Begins an exchange; done() comes later. Threads: the event thread only, as for the next. */
void rg_http_start(struct rg_http *http, struct rg_http_request *request);

/* Ends all running exchanges as cancelled; their done() is called before this returns. */
void rg_http_cancel(struct rg_http *http);

uint32_t rg_http_running_count(const struct rg_http *http);

/* "libcurl/7.88.1 OpenSSL/3.0.11", or "no libcurl" where it is not installed; static. */
const char *rg_http_version(void);

#endif
