/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A place that holds objects under names: a directory tree, or a bucket with a prefix.
 *
 * One struct describes one operation. It is asynchronous in form for every back end:
 * rg_store_start() begins it and `done` is called exactly once, either before start returns (a
 * local read that the calling thread did itself) or later from a thread of the store. Nothing of
 * the operation may be touched in between. Buffers are the caller's and stay the caller's: a store
 * allocates no payload, so back pressure lies between operations, never inside one.
 *
 * Keys are relative to the store's root, components joined by '/', no leading '/', any bytes but
 * NUL. "dt=2024-05-01/part 1.parquet" is a key. A prefix is "" or ends in '/'. (The local back end
 * refuses the components "", "." and ".." with RG_ERR_INVALID: a key never leaves the tree.)
 *
 * An upload is made by UPLOAD_BEGIN, grows by UPLOAD_PARTs that are started in the order of their
 * numbers (any number of them may be in flight), and ends with UPLOAD_FINISH, which alone makes the
 * key appear, or with UPLOAD_ABORT. A FINISH that succeeds and every ABORT free the upload; a
 * FINISH that fails does not: abort it, or try again. After a failed part only ABORT is left.
 *
 * must_be_absent on a store that cannot do it (rg_store_caps) is a look followed by a write.
 *
 * Retries of passing faults happen inside the store; what comes out as RG_ERR_AGAIN has been tried
 * often enough.
 */

#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/segment.h"
#include "base/span.h"

struct rg_store;
struct rg_upload; /* An output that is being made and has no name yet. */

/*
 * What tells one body of a key from another. On S3: size, LastModified and the ETag as `tag`.
 * Local: size and mtime; `tag` holds ctime and inode ("c<ns>i<inode>"), which only in-place work
 * compares, and ends in "n" where the file had several names (hard links): its ctime then changes
 * with each of them that goes, so that it is known by its inode.
 */
struct rg_object_id {
    uint64_t bytes;
    uint64_t modified_ns; /* Since 1970. */
    const char *tag;      /* Opaque; never NULL, may be "". */
};

struct rg_object {
    const char *key; /* Whole key below the root, or a prefix that ends in '/'. */
    bool is_prefix;
    bool lacks_target;      /* Local: a link whose target is gone; `id` is its own, of 0 bytes. */
    struct rg_object_id id; /* Not of prefixes. */
};

enum rg_store_verb {
    RG_STORE_LIST,          /* One level below `key` (a prefix): objects and prefixes. */
    RG_STORE_HEAD,          /* Is `key` there, and what is its id? Else RG_ERR_ABSENT. */
    RG_STORE_GET,           /* Bytes offset .. offset + in_bytes of `key` into `buffer`. */
    RG_STORE_PUT,           /* `segments` become `key`. */
    RG_STORE_DELETE,        /* Removes `key`; RG_OK also when it is gone. A prefix: removes that
                               directory if it is empty (no effect where there are none). */
    RG_STORE_RESTORE,       /* Local: gives what a killed delete left in a _trash its name back. */
    RG_STORE_UPLOAD_BEGIN,  /* Opens an upload that will be called `key`. */
    RG_STORE_UPLOAD_PART,   /* Adds `segments` at its end (part_number counts from 1). */
    RG_STORE_UPLOAD_FINISH, /* Gives it its name. */
    RG_STORE_UPLOAD_ABORT,  /* Forgets it. */
    RG_STORE_LIST_UPLOADS,  /* Unfinished uploads directly below `key` (a prefix; deeper ones may
                               be among them): id.tag is the upload_id, and id.modified_ns when it
                               was begun or last written. Local: those that carry our mark. Where
                               uploads carry none: all; the caller knows its own by their keys. */
    RG_STORE_ABORT_STALE,   /* Forgets what RG_STORE_LIST_UPLOADS named (`key`, `upload_id`). */
};

struct rg_store_op {
    /* Set by the caller. */
    enum rg_store_verb verb;
    const char *key;
    void (*done)(struct rg_store_op *op);
    void *user;

    uint8_t *buffer;      /* GET: room for in_bytes. */
    uint64_t offset;      /* GET. */
    uint64_t in_bytes;    /* GET: wanted; fewer are read only where the object ends. */
    bool is_suffix;       /* GET: the last in_bytes bytes, or all if there are fewer. */
    bool must_be_absent;  /* PUT, UPLOAD_FINISH: RG_ERR_EXISTS if the key is taken. */
    bool must_be_durable; /* PUT, UPLOAD_FINISH: return only when a power cut loses nothing. HEAD,
                             and where it EXISTS: nor that name, whoever gave it and was killed
                             then. */
    bool id_is_strict;    /* Compare tags too, where the back end can choose (local). */
    const struct rg_object_id *expected; /* GET, DELETE: RG_ERR_CHANGED when it is another body. Of
                                            a link whose target is gone nothing is left to compare:
                                            DELETE removes it. */
    const struct rg_segment *segments;   /* PUT, UPLOAD_PART. */
    size_t segment_count;
    struct rg_upload *upload; /* UPLOAD_PART, _FINISH, _ABORT; set by UPLOAD_BEGIN. */
    uint32_t part_number;     /* UPLOAD_PART. */
    const char *token;        /* PUT, UPLOAD_BEGIN: stored beside the object where possible. */
    const char *upload_id;    /* ABORT_STALE. */
    struct rg_arena *arena;   /* LIST, HEAD, LIST_UPLOADS, RESTORE: where results are put. */
    const char *page_token;   /* LIST: NULL first, then what the page before returned. */
    bool is_from_top; /* LIST, HEAD: `key` counts from what the root lies in: the bucket, or "/". */
    bool names_only;  /* LIST: ids may be left empty where they cost a look at each object. */
    uint32_t page_key_max; /* LIST: at most so many entries in a page; 0: as many as it likes. */

    /* Set by the store before done(). */
    enum rg_status status;
    struct rg_error err;       /* Names store and key. */
    uint64_t out_bytes;        /* GET: read. */
    struct rg_object_id id;    /* HEAD, GET, PUT, UPLOAD_FINISH: of the whole object. tag: in
                                  `arena`, or "" without one. PUT without an arena may tell bytes
                                  only, and spare a request. */
    struct rg_object *objects; /* LIST, LIST_UPLOADS. */
    size_t object_count;
    uint64_t entry_count; /* LIST: on RG_ERR_NOMEM so many entries at least are to be listed. */
    const char *next_page_token; /* LIST: NULL at the end. */
    const char *found_token; /* HEAD with an arena: the token stored beside the object, or "". */
    const char *new_key;     /* RESTORE: what it is called now; the old name may be taken. */

    /* The store's own. */
    struct rg_store_op *next;
    void *store_private;
};

struct rg_store_caps {
    bool has_create_if_absent; /* PUT. */
    bool has_finish_if_absent; /* UPLOAD_FINISH. */
    bool has_conditional_delete;
    bool has_tokens;
    bool is_local;           /* Operations may be done by the calling thread. */
    uint64_t part_bytes_min; /* 0: parts of any size (local). Else all but the last equal. */
    uint32_t part_count_max;
    uint32_t key_bytes_max;     /* 0: nothing is known of a limit. */
    uint64_t memory_bytes_each; /* Of the store's own, for each operation in flight. */
    uint64_t memory_bytes_base;
};

/* Who wants to know how it goes; called by threads of the store, which must not be kept waiting. */
struct rg_store_listener {
    void (*retried)(void *user, const char *why); /* A request is tried again. NULL: unheard. */
    void (*throttled)(void *user); /* The place asked to be spared. NULL: likewise. */
    void *user;
};

struct rg_store_driver {
    void (*start)(struct rg_store *store, struct rg_store_op *op);
    enum rg_status (*probe)(struct rg_store *store, bool may_write, struct rg_store_caps *ret_caps,
                            struct rg_error *err);
    void (*cancel)(struct rg_store *store);
    void (*free)(struct rg_store *store);
};

/* First member of every back end's own struct. */
struct rg_store {
    const struct rg_store_driver *driver;
    char *url; /* For messages: "file:///data/x" or "s3://bucket/prefix", no trailing '/'. */
    struct rg_store_listener listener;   /* Set while no operation is in flight. */
    atomic_uint_fast64_t request_count;  /* Sent to another machine, retries included. */
    atomic_int_fast64_t clock_offset_ns; /* The place's clock less ours, by its last answer. */
};

/* Requests that were sent so far, retries included; 0 of a local store. Threads: any. */
uint64_t rg_store_request_count(const struct rg_store *store);

/*
 * What time it is by the clock that modified_ns of this place is from, as far as its answers have
 * told: never before the first answer, nor of a local store, where it is our own. For ages.
 * Threads: any.
 */
uint64_t rg_store_now_ns(const struct rg_store *store);

/* For back ends: the place says that it is this second there (since 1970, in ns). Threads: any. */
void rg_store_note_time(struct rg_store *store, uint64_t server_ns);

/* From now on tells `listener`. While no operation is in flight. */
void rg_store_listen(struct rg_store *store, const struct rg_store_listener *listener);

/* Starts `op`; see the top of this file. Threads: any. */
void rg_store_start(struct rg_store *store, struct rg_store_op *op);

/*
 * Starts `op` and waits until it is done; returns its status and copies its error. `done` and
 * `user` are used by this function. Only for threads that may block: never in a CPU step, unless
 * the store is local.
 */
RG_MUST_CHECK enum rg_status rg_store_wait(struct rg_store *store, struct rg_store_op *op,
                                           struct rg_error *err);

/* Starts all of them and waits until all are done; each has its own status. Terms as above. */
void rg_store_wait_all(struct rg_store *store, struct rg_store_op *ops, size_t op_count);

/*
 * What the place can do; what was found out is remembered. May write and delete an object below
 * "_regroup/" when `may_write`, because conditional writes can only be found out by trying; without
 * it the answer is what such a place usually can do, unless that was tried before. Blocks. Threads:
 * any.
 */
RG_MUST_CHECK enum rg_status rg_store_probe(struct rg_store *store, bool may_write,
                                            struct rg_store_caps *ret_caps, struct rg_error *err);

/* Makes running and future operations end with RG_ERR_CANCELLED soon. Threads: any. */
void rg_store_cancel(struct rg_store *store);

/* No operation may be in flight. NULL is fine. */
void rg_store_free(struct rg_store *store);

/* Lists a whole level, page after page, into `arena`; sorted by key bytes. Blocks. */
RG_MUST_CHECK enum rg_status rg_store_list_all(struct rg_store *store, const char *prefix,
                                               struct rg_arena *arena,
                                               struct rg_object **ret_objects, size_t *ret_count,
                                               struct rg_error *err);

/* The same without ids, which is cheaper on some stores. Blocks. */
RG_MUST_CHECK enum rg_status rg_store_list_names(struct rg_store *store, const char *prefix,
                                                 struct rg_arena *arena,
                                                 struct rg_object **ret_objects, size_t *ret_count,
                                                 struct rg_error *err);

/* True when what was found is the body that is known; tags are compared only if `is_strict`. */
bool rg_object_id_equal(const struct rg_object_id *found, const struct rg_object_id *known,
                        bool is_strict);

/* Local: true when it is but for its ctime, which a rename and the end of another name change. */
bool rg_object_id_moved(const struct rg_object_id *found, const struct rg_object_id *known);

#endif
