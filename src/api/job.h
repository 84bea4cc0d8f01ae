/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/job.h>. */

#ifndef API_JOB_H
#define API_JOB_H

#include <regroup/job.h>

#endif
