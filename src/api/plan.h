/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/plan.h>. */

#ifndef API_PLAN_H
#define API_PLAN_H

#include <regroup/plan.h>

#endif
