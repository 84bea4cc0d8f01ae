/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/verify.h>. */

#ifndef API_VERIFY_H
#define API_VERIFY_H

#include <regroup/verify.h>

#endif
