/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Shows a file, as text or as one JSON document, piece by piece in this order:
 *
 *     begin { row_group_begin { chunk_begin { page } chunk_end } row_group_end } end
 *
 * Chunks are shown one by one only where rg_inspect_wants_chunks() says so. What cannot be shown to
 * its end, since the file cannot be read, ends with rg_inspect_break().
 */

#ifndef REPORT_INSPECT_H
#define REPORT_INSPECT_H

#include <regroup/file.h>

#include "base/json.h"
#include "report/outlet.h"
#include "report/table.h"

struct rg_inspect {
    struct rg_file_view view;
    const struct rg_file_info *info;
    struct rg_outlet outlet;
    struct rg_json json;
    struct rg_table table; /* Text: of row groups, or of the pages of a chunk. */
    const struct rg_row_group_info *row_group;
    uint32_t row_group_index;
    uint32_t page_index;
    bool is_in_row_group;
    bool is_in_chunk;
};

void rg_inspect_init(struct rg_inspect *inspect, const struct rg_file_view *view,
                     const struct rg_file_info *info, const struct rg_allocator *allocator,
                     rg_write_fn *write, void *user);
void rg_inspect_fini(struct rg_inspect *inspect);

bool rg_inspect_wants_chunks(const struct rg_inspect *inspect);

/*
 * Errors of all: RG_ERR_NOMEM; RG_ERR_IO when the caller's function gave up.
 */
RG_MUST_CHECK enum rg_status rg_inspect_begin(struct rg_inspect *inspect, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_row_group_begin(struct rg_inspect *inspect,
                                                        uint32_t row_group_index,
                                                        const struct rg_row_group_info *row_group,
                                                        struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_chunk_begin(struct rg_inspect *inspect,
                                                    uint32_t column_index, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_page(struct rg_inspect *inspect,
                                             const struct rg_page_info *page, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_chunk_end(struct rg_inspect *inspect, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_row_group_end(struct rg_inspect *inspect,
                                                      struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_inspect_end(struct rg_inspect *inspect, struct rg_error *err);

/* Ends what is begun, in good form; a JSON document says in `error` that this is not all. */
RG_MUST_CHECK enum rg_status rg_inspect_break(struct rg_inspect *inspect, const char *why,
                                              struct rg_error *err);

#endif
