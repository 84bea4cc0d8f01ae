/* SPDX-License-Identifier: Apache-2.0 */

/* Time. Nothing that decides a byte of an output may read it. */

#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t rg_clock_monotonic_ns(void);

/* Since 1970-01-01 UTC. */
uint64_t rg_clock_wall_ns(void);

#endif
