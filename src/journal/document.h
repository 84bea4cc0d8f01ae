/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads documents of the ledger (batch.h) line by line, in memory that does not grow with them.
 */

#ifndef JOURNAL_DOCUMENT_H
#define JOURNAL_DOCUMENT_H

#include "journal/batch.h"
#include "journal/home.h"

/*
 * What a document says, in its order; everything handed over is valid only during the call. Any
 * of them may be NULL. An error of theirs ends the reading and is returned.
 */
struct rg_document_visitor {
    /* Lists of `head` are empty. */
    enum rg_status (*head)(void *user, const struct rg_batch *head, struct rg_error *err);
    enum rg_status (*input)(void *user, const struct rg_batch_input *input, struct rg_error *err);
    enum rg_status (*taken)(void *user, const char *name, struct rg_error *err);
    enum rg_status (*retired)(void *user, const char *name, struct rg_error *err);
    enum rg_status (*output)(void *user, const struct rg_batch_output *output,
                             struct rg_error *err);
    enum rg_status (*run)(void *user, const struct rg_batch_run *run, struct rg_error *err);
    void *user;
};

struct rg_document_reader {
    const struct rg_home *home;           /* Set at init, then constant. */
    const char *partition;                /* Set at init, then constant. */
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    char *buffer;                         /* Of rg_document_line_max bytes; NULL before use. */
    struct rg_object_id id;               /* Of the document read last; without its tag. */
};

/*
 * No line is longer, its end included: a name has at most 1024 bytes on S3 and 255 on Linux,
 * escaped six-fold; the head has the path of a partition (3000 bytes) and the options.
 */
static const size_t rg_document_line_max = (size_t)64 << 10;

void rg_document_reader_init(struct rg_document_reader *reader, const struct rg_home *home,
                             const char *partition, const struct rg_allocator *allocator);
void rg_document_reader_fini(struct rg_document_reader *reader);

/*
 * Reads the document at `key`, of that kind and number.
 *
 * Errors:  RG_ERR_ABSENT, RG_ERR_CORRUPT (key and line named), RG_ERR_UNSUPPORTED (a later
 *          version), RG_ERR_NOMEM, those of the store and of the visitor; RG_ERR_AGAIN where the
 *          home had no id yet when it was opened.
 */
RG_MUST_CHECK enum rg_status rg_document_read(struct rg_document_reader *reader, const char *key,
                                              enum rg_document kind, uint32_t number,
                                              const struct rg_document_visitor *visitor,
                                              struct rg_error *err);

/*
 * The same from memory; `name` is for messages. For tests, and whoever has the bytes already.
 */
RG_MUST_CHECK enum rg_status rg_document_parse(struct rg_document_reader *reader, const char *name,
                                               struct rg_span bytes, enum rg_document kind,
                                               uint32_t number,
                                               const struct rg_document_visitor *visitor,
                                               struct rg_error *err);

/*
 * Whether a document that is to be written can be read again; `name` is for messages.
 *
 * Errors:  RG_ERR_LIMIT: a line is longer than rg_document_line_max.
 */
RG_MUST_CHECK enum rg_status rg_document_check(const char *name, struct rg_span bytes,
                                               struct rg_error *err);

/*
 * "_regroup/" + partition + name, in `arena`; NULL without memory.
 */
const char *rg_ledger_key(const char *partition, const char *name, struct rg_arena *arena);

#endif
