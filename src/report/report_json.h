/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The document of --report-json: {"v":1,"replaced":[...],...}. Batches are written as they are
 * committed, so that a job of any length is reported in little memory.
 */

#ifndef REPORT_REPORT_JSON_H
#define REPORT_REPORT_JSON_H

#include <regroup/report.h>

#include "base/json.h"
#include "report/outlet.h"

/* One option as it was resolved. */
struct rg_setting {
    const char *name;
    const char *value; /* NULL: none. */
    const char *origin;
};

struct rg_report_json {
    struct rg_outlet outlet;
    struct rg_json json;
    bool is_begun;
};

void rg_report_json_init(struct rg_report_json *document, const struct rg_allocator *allocator,
                         rg_write_fn *write, void *user);
void rg_report_json_fini(struct rg_report_json *document);

/*
 * Errors of both: RG_ERR_NOMEM; RG_ERR_IO when the caller's function gave up.
 */
RG_MUST_CHECK enum rg_status rg_report_json_batch(struct rg_report_json *document,
                                                  const struct rg_report_batch *batch,
                                                  struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_report_json_finish(struct rg_report_json *document,
                                                   const struct rg_report *report,
                                                   const struct rg_setting *settings,
                                                   size_t setting_count, struct rg_error *err);

/* How a job ended, as members of the object that is open. */
void rg_report_json_end(struct rg_json *json, enum rg_status status, const char *error);

/* The numbers of a report, as members of the object that is open. */
void rg_report_json_counts(struct rg_json *json, const struct rg_report *report);

#endif
