/* SPDX-License-Identifier: Apache-2.0 */

/* The part of <regroup/options.h> that allocates or reads files; the rest is in plan/options.c. */

#ifndef API_OPTIONS_H
#define API_OPTIONS_H

#include <regroup/options.h>

#endif
