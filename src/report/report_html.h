/* SPDX-License-Identifier: Apache-2.0 */

/* The page of --report: the same as the summary and --report-json, to look at. */

#ifndef REPORT_REPORT_HTML_H
#define REPORT_REPORT_HTML_H

#include <regroup/report.h>

#include "report/census.h"
#include "report/outlet.h"
#include "report/report_json.h"
#include "report/series.h"

struct rg_report_html {
    const struct rg_report *report;
    const struct rg_series *series;
    const struct rg_census *census;
    const struct rg_setting *settings;
    size_t setting_count;
    const char *version;
    uint64_t end_ns; /* Since 1970-01-01 UTC. */
};

/*
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT; RG_ERR_IO when the caller's function gave up.
 */
RG_MUST_CHECK enum rg_status rg_report_html_write(const struct rg_report_html *page,
                                                  struct rg_outlet *outlet, struct rg_error *err);

#endif
