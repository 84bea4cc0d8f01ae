/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/progress.h>: what allocates; the rest is in report/progress.c. */

#ifndef API_PROGRESS_H
#define API_PROGRESS_H

#include <regroup/progress.h>

#endif
