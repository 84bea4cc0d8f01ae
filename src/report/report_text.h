/* SPDX-License-Identifier: Apache-2.0 */

/* A finished job, for people. */

#ifndef REPORT_REPORT_TEXT_H
#define REPORT_REPORT_TEXT_H

#include <regroup/report.h>

#include "base/buffer.h"

/* Appends the summary; --verbose shows every column that needed more than copy and promote. */
void rg_report_text_write(const struct rg_report *report, bool is_verbose, struct rg_buffer *out);

#endif
