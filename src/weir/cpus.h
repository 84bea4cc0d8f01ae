/* SPDX-License-Identifier: Apache-2.0 */

/* weir_cpu_count() of the public header, for Linux: affinity, and cgroup quotas of v1 and v2. */

#ifndef WEIR_CPUS_H
#define WEIR_CPUS_H

#include "weir/weir.h"

#endif
