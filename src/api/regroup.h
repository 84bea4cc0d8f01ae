/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/regroup.h>. */

#ifndef API_REGROUP_H
#define API_REGROUP_H

#include <regroup/regroup.h>

#endif
