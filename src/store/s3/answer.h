/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The answers of S3 in XML, as structs. One reader takes any of them: an error may come where a
 * result was asked for, also with status 200 (CompleteMultipartUpload), so what it was is told by
 * the root element, and only after the document's end.
 */

#ifndef STORE_S3_ANSWER_H
#define STORE_S3_ANSWER_H

#include "base/arena.h"
#include "base/error.h"
#include "store/s3/xml.h"
#include "store/store.h"

enum rg_answer_kind {
    RG_ANSWER_NONE,         /* Nothing yet, or not at its end. */
    RG_ANSWER_ERROR,        /* <Error> */
    RG_ANSWER_LIST,         /* <ListBucketResult> */
    RG_ANSWER_LIST_UPLOADS, /* <ListMultipartUploadsResult> */
    RG_ANSWER_UPLOAD,       /* <InitiateMultipartUploadResult> */
    RG_ANSWER_COMPLETED,    /* <CompleteMultipartUploadResult> */
    RG_ANSWER_ROLE,         /* <AssumeRole...Response> */
    RG_ANSWER_OTHER,        /* A well-formed document that is none of these. */
};

enum {
    RG_ANSWER_CODE_BYTES = 64,
    RG_ANSWER_MESSAGE_BYTES = 256,
    RG_ANSWER_ID_BYTES = 2048,
    RG_ANSWER_TOKEN_BYTES = 4096
};

/* Keys of one level below a prefix. */
struct rg_answer_list {
    struct rg_object *objects;
    size_t count;
    size_t capacity;
    bool is_truncated;
};

struct rg_answer {
    /* Set at init, then constant. */
    struct rg_arena *arena; /* Of objects and what they point to. */
    const char *root;       /* What keys begin with and objects' keys do not: "a/b/" or "". */
    const char *prefix;     /* The listed prefix below that; the key equal to it is left out. */

    enum rg_answer_kind kind;
    char code[RG_ANSWER_CODE_BYTES]; /* Error: "NoSuchKey". */
    char message[RG_ANSWER_MESSAGE_BYTES];
    char region[RG_ANSWER_CODE_BYTES];      /* Error: where the bucket is. */
    char server_time[RG_ANSWER_CODE_BYTES]; /* Error: RequestTimeTooSkewed. */
    struct rg_answer_list list;
    char next_token[RG_ANSWER_TOKEN_BYTES];   /* List: of the next page; uploads: key marker. */
    char next_upload_id[RG_ANSWER_ID_BYTES];  /* Uploads: the other marker. */
    char upload_id[RG_ANSWER_ID_BYTES];       /* Upload. */
    char etag[RG_ANSWER_MESSAGE_BYTES];       /* Completed. */
    char access_key[RG_ANSWER_MESSAGE_BYTES]; /* Role. */
    char secret_key[RG_ANSWER_MESSAGE_BYTES]; /* Role. */
    char expiration[RG_ANSWER_CODE_BYTES];    /* Role: ISO 8601. */
    char session_token[RG_XML_TEXT_BYTES];    /* Role. */

    /* Of the element that is being read. */
    char key[RG_XML_TEXT_BYTES];
    size_t key_bytes;
    bool has_key;
    uint64_t object_bytes;
    uint64_t modified_ns;
    char object_tag[RG_ANSWER_ID_BYTES];
    bool is_url_encoded;
};

/* Empties it for an answer; objects of an earlier attempt are forgotten (not freed). */
void rg_answer_reset(struct rg_answer *answer, struct rg_arena *arena, const char *root,
                     const char *prefix);

/*
 * For rg_xml_new(): `user` is a struct rg_answer.
 *
 * Errors:  RG_ERR_CORRUPT (no number, no time, a key outside the prefix); RG_ERR_NOMEM.
 */
enum rg_status rg_answer_take(void *user, const struct rg_xml_element *element,
                              struct rg_error *err);

/*
 * Seconds of "2024-05-01T12:00:00.123Z" or "Wed, 01 May 2024 12:00:00 GMT", as ns since 1970. Parts
 * of a second are dropped: HEAD does not tell them, and both must name one id. What is later than
 * the year 2200 counts as that: 9999 is what some call never.
 */
bool rg_answer_parse_time(const char *text, uint64_t *ret_ns);

#endif
