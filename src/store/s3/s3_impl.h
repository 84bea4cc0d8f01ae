/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the S3 back end share: the store, and a task, which is one operation. */

#ifndef STORE_S3_S3_IMPL_H
#define STORE_S3_S3_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "store/s3.h"
#include "store/s3/answer.h"
#include "store/s3/credentials.h"
#include "store/s3/endpoint.h"
#include "store/s3/http.h"
#include "store/s3/keeper.h"
#include "store/s3/pace.h"
#include "store/s3/s3_headers.h"
#include "store/s3/sigv4.h"
#include "store/s3/uri.h"
#include "store/s3/xml.h"

enum {
    RG_S3_PARAMETERS_MAX = 8,
    RG_S3_HEADERS_MAX = 16,    /* Of a call's own. */
    RG_S3_KEY_BYTES_MAX = 1024 /* Amazon's, of the whole key. */
};

/*
 * How the store learns that a body arrived as it was sent: by its SHA-256, which is part of the
 * signature and which every store checks, or by x-amz-checksum-crc32c. The latter costs a tenth;
 * over plain HTTP it comes on top, since it keeps nobody from changing both.
 */
enum rg_s3_checksum {
    RG_S3_CHECKSUM_SHA256,
    RG_S3_CHECKSUM_CRC32C,
};

/* What was found out about the store. */
struct rg_s3_features {
    bool is_probed;
    bool has_put_if_absent;
    bool has_complete_if_absent;
    bool refuses_delete_if_match;
    bool refuses_get_if_match; /* It says that tags of its own do not match. */
};

struct rg_s3_task;

struct rg_s3_queue {
    struct rg_s3_task *first;
    struct rg_s3_task *last;
};

struct rg_s3_store {
    struct rg_store base; /* First. */

    /* Set at init, then constant. */
    const struct rg_allocator *given;
    struct rg_allocator allocator; /* `given` under memory_lock. */
    struct rg_s3_options options;  /* Resolved: no zeros; texts are not used any more. */
    char *root;                    /* "" or "prefix/". */
    size_t root_bytes;
    char ca_file[1024];
    char place[RG_ENDPOINT_HOST_BYTES]; /* See rg_endpoint_name_place(). */
    struct rg_http *http;
    char *profile; /* Of an option, or NULL. */
    char credentials_region[RG_ENDPOINT_REGION_BYTES];
    struct rg_credentials_source credentials_source;
    struct rg_keeper *keeper; /* NULL: requests are not signed. */
    bool is_https;
    uint64_t random; /* Makes marks of this store unlike others'. */

    /* Guarded by probe_lock. */
    pthread_mutex_t probe_lock; /* Held while the store is asked what it can do. */
    bool is_reached;            /* By the probe, before anything else. */

    pthread_mutex_t memory_lock;
    pthread_mutex_t lock;
    struct rg_s3_queue incoming; /* Guarded by lock. */

    /* Owned by the event thread. */
    struct rg_endpoint endpoint;
    uint32_t moves; /* Of it: where requests went was changed so often. */
    struct rg_pace pace;
    struct rg_s3_queue ready;
    struct rg_s3_task *sleeping; /* By wake_ns. */
    uint32_t in_flight;
    uint32_t patience; /* From 1: requests may be silent for so many times stall_ns. */
    bool has_cancelled;
    struct rg_credentials credentials;
    uint64_t generation; /* Of them. */
    struct rg_sigv4_key key;
    char key_day[9]; /* Of the key; "" when there is none. */
    uint64_t key_generation;
    int64_t clock_offset_ns;        /* The store's time less ours. */
    struct rg_s3_features features; /* By the probe, too, before anybody writes. */

    /* Atomic. */
    atomic_bool is_cancelled;
    atomic_int checksum; /* enum rg_s3_checksum: until the store refuses it. */
    atomic_uint counter; /* Of marks. */
};

/* An upload; mark and checksum may be in any thread's hands, the rest is the event thread's. */
struct rg_upload {
    char mark[RG_S3_MARK_BYTES];
    char *token;
    atomic_int checksum; /* enum rg_s3_checksum, of all its parts: until the store refuses it. */
    struct rg_arena arena;
    char *upload_id; /* NULL before it is created. */
    bool is_creating;
    bool is_broken;                  /* It could not be created. */
    bool has_lost_parts;             /* Parts may still arrive. */
    struct rg_s3_queue waiting;      /* Parts, for the upload id. */
    struct rg_s3_upload_part *parts; /* By number less one. */
    uint32_t part_capacity;
    uint32_t part_count;
    uint64_t bytes;
};

struct rg_s3_upload_part {
    const char *tag;  /* As the store wrote it, quotes and all; NULL: not there. */
    char checksum[9]; /* Base64; "" without. */
};

/* What a call sends. Texts live in the task's arena or longer. */
struct rg_s3_description {
    const char *method;
    const char *key; /* Below the root; NULL: the bucket. */
    struct rg_uri_parameter parameters[RG_S3_PARAMETERS_MAX];
    size_t parameter_count;
    struct rg_sigv4_header headers[RG_S3_HEADERS_MAX];
    size_t header_count;
    bool has_body;
    const struct rg_segment *segments;
    size_t segment_count;
    uint64_t body_bytes;
    const char *payload; /* NULL: the digest of nothing. */
    bool is_slow;        /* Silence for minutes is normal. */
};

/* What a task asks of the store: one request, tried until there is an answer that counts. */
struct rg_s3_call {
    const char *name; /* For messages: "PUT". */
    /* What the answer's body is: none that is looked at, a kind of XML, or bytes for on_body. */
    enum rg_answer_kind wanted;
    bool (*on_body)(struct rg_s3_task *task, struct rg_span bytes);
    enum rg_status (*describe)(struct rg_s3_task *task, struct rg_s3_description *ret,
                               struct rg_error *err);
    /* A whole answer with status 2xx and, if XML was wanted, that XML. */
    void (*on_success)(struct rg_s3_task *task);
    /*
     * A refusal that no retry mends: task->http.status, task->code. NULL: ends the task with what
     * it means in general. True: dealt with.
     */
    bool (*on_refusal)(struct rg_s3_task *task);
    /* Attempts are used up and the last may have been carried out. NULL: ends with AGAIN. */
    bool (*on_lost)(struct rg_s3_task *task);
    uint32_t fault_count_max;  /* Of 5xx and lost connections; 0: any. Then on_lost() finds out. */
    bool takes_digest_refusal; /* A probe: a wrong digest is an answer, not a fault. */
};

struct rg_s3_task {
    struct rg_http_request http; /* First. */
    struct rg_s3_store *store;
    struct rg_store_op *op;
    struct rg_s3_task *next;
    const struct rg_s3_call *call;
    struct rg_arena arena;   /* Of one attempt. */
    uint32_t attempt;        /* Of the call, from 1. */
    uint32_t fault_count;    /* Of these, attempts that broke, */
    uint32_t nameless_count; /* and those for which the host had no address. */
    uint32_t patience;       /* That the last attempt was sent with. */
    uint64_t stalled_ns;     /* An attempt of the call ended after so long a silence; 0: none. */
    uint32_t move_count;     /* Redirects that were followed, in the whole task. */
    uint32_t renewal_count;  /* Times that new credentials or another clock were tried. */
    bool may_have_landed;    /* An attempt of this call was lost. */
    char lost_to[200];       /* What the last attempt of all died of; "" while there are more. */
    uint64_t wake_ns;
    uint64_t used_generation;
    uint64_t doubted_generation; /* Of credentials that were refused without a word; 0: none. */
    int64_t used_offset_ns;      /* Of the clock that the last attempt was signed by, */
    uint32_t used_moves;         /* and of where it went. */
    struct rg_s3_headers headers;
    struct rg_xml *xml; /* Made when a body is read that is XML. */
    struct rg_answer *answer;
    enum rg_status body_status; /* Why on_body() stopped. */
    struct rg_error body_err;
    uint64_t text_bytes; /* Of the body that went to `xml`. */
    const char *code;    /* Of an error; "". */

    /* PUT, UPLOAD_PART: set where the operation is started. */
    char payload[RG_SHA256_HEX_BYTES]; /* Digest, or UNSIGNED-PAYLOAD. */
    char checksum[9];
    char mark[RG_S3_MARK_BYTES];
    uint64_t body_bytes;
    const struct rg_s3_call *write; /* What follows a look that allows it; of GET: GET. */
    bool is_conditional;            /* DELETE, GET: the last attempt said If-Match. */

    /* GET. */
    uint64_t first; /* Of the bytes that are wanted. */
    uint64_t wanted_bytes;
    bool is_first_known; /* Not of a suffix before its first answer. */
    uint64_t got_bytes;
    char tag[RG_S3_TAG_BYTES]; /* Of what was got. */

    /* LIST_UPLOADS, UPLOAD_ABORT; round also of GET. */
    char *marker;
    char *upload_marker;
    uint32_t round;
    struct rg_segment document; /* What COMPLETE sends. */
};

/* s3_task.c: for the files of the verbs. All by the event thread. */

/* Goes on with a call of its own attempts. */
void rg_s3_task_call(struct rg_s3_task *task, const struct rg_s3_call *call);
/* Goes on with it after a while. */
void rg_s3_task_call_later(struct rg_s3_task *task, const struct rg_s3_call *call,
                           uint64_t delay_ns);
/* Something is wrong with the answer: tries again, or ends with RG_ERR_AGAIN. */
void rg_s3_task_retry(struct rg_s3_task *task, const char *format, ...) RG_PRINTF(2, 3);
/* What the operation's key counts from: "", or the store's root with a '/' at its end. */
static inline const char *rg_s3_root_of(const struct rg_s3_store *store,
                                        const struct rg_store_op *op)
{
    return op->is_from_top ? "" : store->root;
}

/* Ends the operation. */
void rg_s3_task_end(struct rg_s3_task *task);
void rg_s3_task_fail(struct rg_s3_task *task, enum rg_status status, const char *format, ...)
    RG_PRINTF(3, 4);
/* Ends it with what the store's refusal means. */
void rg_s3_task_refused(struct rg_s3_task *task);
/* Puts it into a queue, and takes the first. */
void rg_s3_queue_push(struct rg_s3_queue *queue, struct rg_s3_task *task);
struct rg_s3_task *rg_s3_queue_pop(struct rg_s3_queue *queue);
/* Makes it ready to go on with its call. */
void rg_s3_task_ready(struct rg_s3_task *task);

#endif
