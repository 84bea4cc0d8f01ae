/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes JSON, as a stream into a buffer. Commas and quotes are the writer's business; the caller
 * opens, closes and names. Text that is not UTF-8 has its odd bytes written as U+FFFD.
 */

#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buffer.h"

struct rg_json {
    struct rg_buffer *out;
    bool needs_comma;
};

void rg_json_init(struct rg_json *json, struct rg_buffer *out);

/* In an object pass the member's name, in an array or at the top NULL. */
void rg_json_object_begin(struct rg_json *json, const char *name);
void rg_json_object_end(struct rg_json *json);
void rg_json_array_begin(struct rg_json *json, const char *name);
void rg_json_array_end(struct rg_json *json);
void rg_json_text(struct rg_json *json, const char *name, const char *value);
void rg_json_span(struct rg_json *json, const char *name, struct rg_span value);
void rg_json_u64(struct rg_json *json, const char *name, uint64_t value);
void rg_json_i64(struct rg_json *json, const char *name, int64_t value);
void rg_json_double(struct rg_json *json, const char *name, double value);
void rg_json_bool(struct rg_json *json, const char *name, bool value);
void rg_json_null(struct rg_json *json, const char *name);

#endif
