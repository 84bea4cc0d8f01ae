/* SPDX-License-Identifier: Apache-2.0 */

/* What runs next; declared in weir/sched.h. */

#ifndef WEIR_PICK_H
#define WEIR_PICK_H

#include "weir/sched.h"

#endif
