/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that grow at the end, up to a cap.
 *
 * Appending never fails half-way: the first append that does not fit sets `failed`, and all later
 * ones do nothing, so a writer checks once at its end.
 */

#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/allocator.h"
#include "base/error.h"
#include "base/span.h"

struct rg_buffer {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    size_t bytes_max;                     /* Set at init, then constant. */
    uint8_t *data;
    size_t bytes;
    size_t capacity;
    bool failed; /* No memory, or the cap was reached. */
};

void rg_buffer_init(struct rg_buffer *buffer, const struct rg_allocator *allocator,
                    size_t bytes_max);
void rg_buffer_fini(struct rg_buffer *buffer);
void rg_buffer_reset(struct rg_buffer *buffer);

/* Room for `bytes` more at the end (buffer->data + buffer->bytes), or NULL and `failed` set. */
uint8_t *rg_buffer_reserve(struct rg_buffer *buffer, size_t bytes);

void rg_buffer_append(struct rg_buffer *buffer, const void *data, size_t bytes);
void rg_buffer_append_byte(struct rg_buffer *buffer, uint8_t byte);
void rg_buffer_append_text(struct rg_buffer *buffer, const char *text);
void rg_buffer_printf(struct rg_buffer *buffer, const char *format, ...) RG_PRINTF(2, 3);

/* What was written so far; valid until the next append. */
struct rg_span rg_buffer_span(const struct rg_buffer *buffer);

/* RG_OK, or RG_ERR_NOMEM / RG_ERR_LIMIT naming `what` if an append failed. */
enum rg_status rg_buffer_check(const struct rg_buffer *buffer, const char *what,
                               struct rg_error *err);

#endif
