/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/report.h>. */

#ifndef API_REPORT_H
#define API_REPORT_H

#include <regroup/report.h>

#endif
