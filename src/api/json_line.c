/* SPDX-License-Identifier: Apache-2.0 */

#include "api/json_line.h"

#include "base/allocator.h"

void rg_json_line_begin(struct rg_json_line *line, rg_write_fn *write, void *user)
{
    rg_outlet_init(&line->outlet, &rg_allocator_system, write, user);
    rg_json_init(&line->json, &line->outlet.buffer);
    rg_json_object_begin(&line->json, NULL);
    rg_json_u64(&line->json, "v", 1);
}

enum rg_status rg_json_line_end(struct rg_json_line *line, struct rg_error *err)
{
    struct rg_error ignored;

    rg_json_object_end(&line->json);
    rg_buffer_append_byte(&line->outlet.buffer, '\n');
    const enum rg_status status = rg_outlet_flush(&line->outlet, err != NULL ? err : &ignored);
    rg_outlet_fini(&line->outlet);
    return status;
}
