/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const size_t capacity_min = 256;

void rg_buffer_init(struct rg_buffer *buffer, const struct rg_allocator *allocator,
                    size_t bytes_max)
{
    *buffer = (struct rg_buffer){.allocator = allocator, .bytes_max = bytes_max};
}

void rg_buffer_fini(struct rg_buffer *buffer)
{
    if (buffer->data != NULL)
        rg_release(buffer->allocator, buffer->data, buffer->capacity);
    buffer->data = NULL;
    buffer->bytes = 0;
    buffer->capacity = 0;
}

void rg_buffer_reset(struct rg_buffer *buffer)
{
    buffer->bytes = 0;
    buffer->failed = false;
}

static bool grow_to(struct rg_buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity < capacity_min ? capacity_min : buffer->capacity;

    while (capacity < needed)
        capacity = capacity > buffer->bytes_max / 2 ? buffer->bytes_max : capacity * 2;
    if (capacity > buffer->bytes_max)
        capacity = buffer->bytes_max;

    uint8_t *data = rg_alloc(buffer->allocator, capacity);
    if (data == NULL)
        return false;
    if (buffer->bytes > 0)
        memcpy(data, buffer->data, buffer->bytes);
    rg_release(buffer->allocator, buffer->data, buffer->capacity);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *rg_buffer_reserve(struct rg_buffer *buffer, size_t bytes)
{
    if (buffer->failed)
        return NULL;
    if (bytes > buffer->bytes_max - buffer->bytes) {
        buffer->failed = true;
        return NULL;
    }
    const size_t needed = buffer->bytes + bytes;
    if (needed > buffer->capacity || buffer->data == NULL) {
        if (!grow_to(buffer, needed)) {
            buffer->failed = true;
            return NULL;
        }
    }
    return buffer->data + buffer->bytes;
}

void rg_buffer_append(struct rg_buffer *buffer, const void *data, size_t bytes)
{
    if (bytes == 0)
        return;
    uint8_t *room = rg_buffer_reserve(buffer, bytes);
    if (room == NULL)
        return;
    memcpy(room, data, bytes);
    buffer->bytes += bytes;
}

void rg_buffer_append_byte(struct rg_buffer *buffer, uint8_t byte)
{
    rg_buffer_append(buffer, &byte, 1);
}

void rg_buffer_append_text(struct rg_buffer *buffer, const char *text)
{
    rg_buffer_append(buffer, text, strlen(text));
}

void rg_buffer_printf(struct rg_buffer *buffer, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    const int printed = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (printed < 0) {
        buffer->failed = true;
        return;
    }
    if ((size_t)printed < sizeof text) {
        rg_buffer_append(buffer, text, (size_t)printed);
        return;
    }
    /* One byte more for the NUL, which is not counted. */
    char *room = (char *)rg_buffer_reserve(buffer, (size_t)printed + 1);
    if (room == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(room, (size_t)printed + 1, format, args);
    va_end(args);
    buffer->bytes += (size_t)printed;
}

struct rg_span rg_buffer_span(const struct rg_buffer *buffer)
{
    return (struct rg_span){buffer->data, buffer->bytes};
}

enum rg_status rg_buffer_check(const struct rg_buffer *buffer, const char *what,
                               struct rg_error *err)
{
    if (!buffer->failed)
        return RG_OK;
    if (buffer->bytes_max - buffer->bytes < buffer->bytes_max / 16)
        return rg_fail(err, RG_ERR_LIMIT, "%s is larger than %zu bytes", what, buffer->bytes_max);
    return rg_fail(err, RG_ERR_NOMEM, "no memory for %s of more than %zu bytes", what,
                   buffer->bytes);
}
