/* SPDX-License-Identifier: Apache-2.0 */

#include "report/outlet.h"

/* One table's part, or one footer's text; far above what is gathered between two pours. */
static const size_t buffer_bytes_max = (size_t)64 << 20;
static const size_t pour_bytes = (size_t)64 << 10;

void rg_outlet_init(struct rg_outlet *outlet, const struct rg_allocator *allocator,
                    rg_write_fn *write, void *user)
{
    *outlet = (struct rg_outlet){.write = write, .user = user};
    rg_buffer_init(&outlet->buffer, allocator, buffer_bytes_max);
}

void rg_outlet_fini(struct rg_outlet *outlet)
{
    rg_buffer_fini(&outlet->buffer);
}

enum rg_status rg_outlet_flush(struct rg_outlet *outlet, struct rg_error *err)
{
    RG_TRY(rg_buffer_check(&outlet->buffer, "text", err));
    if (outlet->buffer.bytes > 0 &&
        !outlet->write(outlet->user, outlet->buffer.data, outlet->buffer.bytes)) {
        outlet->is_broken = true;
        return rg_fail(err, RG_ERR_IO, "output could not be written");
    }
    rg_buffer_reset(&outlet->buffer);
    return RG_OK;
}

enum rg_status rg_outlet_pour(struct rg_outlet *outlet, struct rg_error *err)
{
    if (outlet->buffer.bytes < pour_bytes && !outlet->buffer.failed)
        return RG_OK;
    return rg_outlet_flush(outlet, err);
}
