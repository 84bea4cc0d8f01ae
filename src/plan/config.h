/* SPDX-License-Identifier: Apache-2.0 */

/* The lines of a configuration file; rg_options_set_config() of <regroup/options.h> lives here. */

#ifndef PLAN_CONFIG_H
#define PLAN_CONFIG_H

#include <regroup/options.h>

#include "plan/options.h"

enum {
    RG_CONFIG_BYTES_MAX = 1 << 20
};

#endif
