/* SPDX-License-Identifier: Apache-2.0 */

#ifndef WEIR_CPUS_H
#define WEIR_CPUS_H

#include <stdint.h>

/* The CPUs that this process may use: affinity, and the quota of its cgroup (v1, v2). At least 1.
 */
uint32_t weir_cpus_count(void);

#endif
