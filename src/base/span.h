/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes that somebody else owns. */

#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed, passed by value, never freed. An empty span may have data == NULL. */
struct rg_span {
    const uint8_t *data;
    size_t bytes;
};

/* True when both hold the same bytes. */
bool rg_span_equal(struct rg_span a, struct rg_span b);

/* Bytewise unsigned order, a prefix first: < 0, 0 or > 0. */
int rg_span_compare(struct rg_span a, struct rg_span b);

/* The bytes of a NUL-terminated string, without the NUL. */
struct rg_span rg_span_of(const char *text);

#endif
