/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/report.h>. */

#ifndef API_REPORT_H
#define API_REPORT_H

#include <regroup/report.h>

#include "plan/option_table.h"
#include "report/report_json.h"

/* The options that a job takes, as they were resolved; returns how many. */
size_t rg_report_settings(const struct rg_options *options,
                          struct rg_setting settings[RG_OPTION_TABLE_MAX]);

#endif
