/* SPDX-License-Identifier: Apache-2.0 */

/* A buffer that is handed on to a caller's function whenever it has grown. */

#ifndef REPORT_OUTLET_H
#define REPORT_OUTLET_H

#include <regroup/report.h>

#include "base/buffer.h"
#include "base/error.h"

struct rg_outlet {
    struct rg_buffer buffer; /* Written to by everybody. */
    rg_write_fn *write;
    void *user;
    bool is_broken; /* `write` gave up: what comes is of no use. */
};

void rg_outlet_init(struct rg_outlet *outlet, const struct rg_allocator *allocator,
                    rg_write_fn *write, void *user);
void rg_outlet_fini(struct rg_outlet *outlet);

/*
 * Hands on what is gathered, if that is worth a call; rg_outlet_flush() whatever it is.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT from the buffer; RG_ERR_IO when `write` gave up.
 */
RG_MUST_CHECK enum rg_status rg_outlet_pour(struct rg_outlet *outlet, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_outlet_flush(struct rg_outlet *outlet, struct rg_error *err);

#endif
